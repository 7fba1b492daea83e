// SPDX-License-Identifier: Apache-2.0

//! Opens a log for writing: recovers it, removes a torn tail and the files of interrupted
//! creations, or creates the first segment.
//!
//! # Fences
//! A bucket has no lock. A process that opens a log on a bucket creates a fence with the next
//! sequence number: an object without entries. An earlier writer, whose next group would have the
//! number, cannot create its object. A fence is never deleted, because an earlier writer may be
//! slow: it could otherwise create an object whose number is flushed, and acknowledge a statement
//! that is lost. A marker of each fence shows in a listing which objects are fences. It exists
//! before the log is truncated.

use std::collections::{HashSet, VecDeque};
use std::io::ErrorKind;
use std::sync::Arc;

use crate::log::error::{LogError, LogFailure};
use crate::log::folder::{LogFile, LogFolder, ObjectFolder};
use crate::log::format::LogId;
use crate::log::options::RowLogOptions;
use crate::log::recovery::{LastSegment, LogRecovery, Replay, recover, recover_following};
use crate::log::segment::{fence_marker_name, is_temporary_name, segment_name};
use crate::log::writer::{
    CurrentSegment, LogWriter, SegmentContent, create_object, create_segment, failure,
    publish_segment, write_all_at,
};

/// The first sequence number of a log.
const FIRST_SEQUENCE: u64 = 1;

/// The content of the marker of a fence.
const FENCE_MARKER: &[u8] = b"The object of this number is a fence, and must not be deleted.\n";
/// The maximum number of attempts to create the first object of a log.
const MAX_ATTEMPTS: u32 = 16;

/// Recovers a log, and prepares it for writing. The caller holds the lock of the folder.
pub(crate) fn open(
    folder: Arc<dyn LogFolder>,
    options: &RowLogOptions,
    replay: &mut Replay<'_>,
) -> Result<(LogWriter, LogRecovery), LogError> {
    if folder.objects().is_some() {
        return open_objects(folder, options, replay);
    }
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
        content: SegmentContent::File { bytes, file },
    })
}

/// Recovers a log on a bucket, and creates a fence after its last entry.
fn open_objects(
    folder: Arc<dyn LogFolder>,
    options: &RowLogOptions,
    replay: &mut Replay<'_>,
) -> Result<(LogWriter, LogRecovery), LogError> {
    let Some(objects) = folder.objects() else {
        return Err(failure(&*folder, "open", None, ErrorKind::Unsupported.into()).into());
    };
    let (log, first, older, recovery) = create_fence(&*folder, objects, options, replay)?;
    let writer = LogWriter {
        log,
        segment_bytes: options.segment_bytes,
        older,
        current: CurrentSegment {
            first,
            content: SegmentContent::Fence,
        },
        next: first.saturating_add(1),
        failure: None,
        folder,
    };
    Ok((writer, recovery))
}

/// Recovers a log on a bucket, and creates a fence and the missing markers. Returns the log, the
/// sequence number of the fence, and the segments before it that are not fences.
fn create_fence(
    folder: &dyn LogFolder,
    objects: &dyn ObjectFolder,
    options: &RowLogOptions,
    replay: &mut Replay<'_>,
) -> Result<(LogId, u64, VecDeque<u64>, LogRecovery), LogError> {
    let mut attempts = 0;
    let mut recovered = recover(folder, options, replay)?;
    let (log, first) = loop {
        let (log, first) = match &recovered {
            Some(recovered) => (recovered.log, recovered.next),
            None => (LogId::random()?, FIRST_SEQUENCE),
        };
        match create_object(objects, log, first, &[]) {
            Ok(()) => break (log, first),
            // The earlier writer has written a group, or a third process has opened the log.
            Err(error) if error.kind() == ErrorKind::AlreadyExists && attempts < MAX_ATTEMPTS => {
                match &mut recovered {
                    Some(recovered) => recover_following(folder, options, recovered, replay)?,
                    None => {
                        attempts += 1;
                        recovered = recover(folder, options, replay)?;
                    }
                }
            }
            Err(source) => {
                let name = segment_name(first);
                return Err(failure(folder, "create", Some(&name), source).into());
            }
        }
    };
    let mut marked: HashSet<u64> = HashSet::new();
    let mut unmarked = vec![first];
    let mut older = VecDeque::new();
    let mut recovery = LogRecovery::default();
    if let Some(recovered) = recovered {
        marked.extend(&recovered.marked_fences);
        unmarked.extend(&recovered.fences);
        older.extend(recovered.older);
        older.push_back(recovered.last.first);
        recovery = recovered.recovery;
    }
    for fence in unmarked {
        if marked.insert(fence) {
            let name = fence_marker_name(fence);
            (objects.create_new(&name, FENCE_MARKER.to_vec()))
                .map_err(|source| failure(folder, "create", Some(&name), source))?;
        }
    }
    older.retain(|first| !marked.contains(first));
    Ok((log, first, older, recovery))
}

fn delete_temporary_files(folder: &dyn LogFolder) -> Result<(), LogFailure> {
    let names = folder.list();
    let names = names.map_err(|source| failure(folder, "list the files of", None, source))?;
    for name in names.iter().filter(|name| is_temporary_name(name)) {
        (folder.delete(name)).map_err(|source| failure(folder, "delete", Some(name), source))?;
    }
    Ok(())
}
