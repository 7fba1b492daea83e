// SPDX-License-Identifier: Apache-2.0

//! Opens a log for writing: recovers it, removes a torn tail and the files of interrupted
//! creations, or creates the first segment.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::log::error::{LogError, LogFailure};
use crate::log::folder::{LogFile, LogFolder};
use crate::log::format::LogId;
use crate::log::options::RowLogOptions;
use crate::log::recovery::{LastSegment, LogRecovery, Replay, recover};
use crate::log::segment::{is_temporary_name, segment_name};
use crate::log::writer::{
    CurrentSegment, LogWriter, create_segment, failure, publish_segment, write_all_at,
};

/// The first sequence number of a log.
const FIRST_SEQUENCE: u64 = 1;

/// Recovers a log, and prepares it for writing. The caller holds the lock of the folder.
pub(crate) fn open(
    folder: Arc<dyn LogFolder>,
    options: &RowLogOptions,
    replay: &mut Replay<'_>,
) -> Result<(LogWriter, LogRecovery), LogError> {
    let recovered = recover(&*folder, options, replay)?;
    delete_temporary_files(&*folder)?;
    let (log, older, current, next, recovery) = match recovered {
        Some(recovered) => {
            let is_torn = recovered.recovery.torn_tail.is_some();
            let current = repair(&*folder, &recovered.last, is_torn)?;
            let older = VecDeque::from(recovered.older);
            (
                recovered.log,
                older,
                current,
                recovered.next,
                recovered.recovery,
            )
        }
        None => {
            let log = LogId::random()?;
            let file = create_segment(&*folder, log, FIRST_SEQUENCE)?;
            let current = publish_segment(&*folder, FIRST_SEQUENCE, file)?;
            let recovery = LogRecovery::default();
            (log, VecDeque::new(), current, FIRST_SEQUENCE, recovery)
        }
    };
    let writer = LogWriter {
        folder,
        log,
        segment_bytes: options.segment_bytes,
        older,
        current,
        next,
        failure: None,
    };
    Ok((writer, recovery))
}

/// Makes the end of the last segment durable.
///
/// The last group may have been read from the cache of the operating system although its sync
/// failed or was never called, and the cache may regard it as written after a failed sync. It is
/// therefore written again before the caller relies on it. All earlier groups were synced before
/// it was written.
fn repair(
    folder: &dyn LogFolder,
    last: &LastSegment,
    is_torn: bool,
) -> Result<CurrentSegment, LogFailure> {
    let name = segment_name(last.first);
    let at = |operation, source| failure(folder, operation, Some(&name), source);
    let mut file: Box<dyn LogFile> = folder.open(&name).map_err(|source| at("open", source))?;
    let offset = last.group_offset as u64;
    let bytes = offset + last.group.len() as u64;
    if is_torn {
        (file.truncate(bytes)).map_err(|source| at("truncate", source))?;
    }
    write_all_at(file.as_mut(), offset, &last.group).map_err(|source| at("write to", source))?;
    file.sync_data().map_err(|source| at("sync", source))?;
    (folder.sync()).map_err(|source| failure(folder, "sync", None, source))?;
    Ok(CurrentSegment {
        first: last.first,
        bytes,
        file,
    })
}

fn delete_temporary_files(folder: &dyn LogFolder) -> Result<(), LogFailure> {
    let names = folder.list();
    let names = names.map_err(|source| failure(folder, "list the files of", None, source))?;
    for name in names.iter().filter(|name| is_temporary_name(name)) {
        (folder.delete(name)).map_err(|source| failure(folder, "delete", Some(name), source))?;
    }
    Ok(())
}
