// SPDX-License-Identifier: Apache-2.0

//! Opens and reads logs, and collects their entries.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use kalamtable_storage::{LogError, LogFolder, LogRecovery, RecoveredEntry, RowLog, RowLogOptions};

/// The entries that a log has passed to the caller.
#[derive(Debug)]
pub(crate) struct Recovered {
    pub(crate) entries: Vec<(u64, Vec<u8>)>,
    /// The first sequence number of the segment and the position of each entry.
    pub(crate) positions: Vec<(u64, u64)>,
    pub(crate) recovery: LogRecovery,
}

impl Recovered {
    /// Calls `open` with a function that collects the entries. If `open` fails, returns the error
    /// and the entries before it.
    #[expect(clippy::type_complexity, reason = "the result of one function")]
    fn collect<T>(
        open: impl FnOnce(
            &mut dyn FnMut(RecoveredEntry<'_>) -> Result<(), Box<dyn Error + Send + Sync>>,
        ) -> Result<(T, LogRecovery), LogError>,
    ) -> Result<(T, Recovered), (LogError, Vec<(u64, Vec<u8>)>)> {
        let mut entries = Vec::new();
        let mut positions = Vec::new();
        let opened = open(&mut |entry| {
            entries.push((entry.sequence, entry.payload.to_vec()));
            positions.push((entry.segment, entry.offset));
            Ok(())
        });
        match opened {
            Ok((log, recovery)) => {
                assert_eq!(recovery.entries, entries.len() as u64);
                let bytes: usize = entries.iter().map(|(_, payload)| payload.len()).sum();
                assert_eq!(recovery.bytes, bytes as u64);
                let recovered = Recovered {
                    entries,
                    positions,
                    recovery,
                };
                Ok((log, recovered))
            }
            Err(error) => Err((error, entries)),
        }
    }
}

pub(crate) fn open(folder: &Path, options: RowLogOptions) -> Result<(RowLog, Recovered), LogError> {
    let opened = Recovered::collect(|replay| RowLog::open(folder, options, replay));
    opened.map_err(|(error, _)| error)
}

pub(crate) fn read(folder: &Path, options: RowLogOptions) -> Result<Recovered, LogError> {
    let read = Recovered::collect(|replay| Ok(((), RowLog::read(folder, options, replay)?)));
    read.map(|((), recovered)| recovered)
        .map_err(|(error, _)| error)
}

pub(crate) fn open_in(
    folder: impl LogFolder + 'static,
    options: RowLogOptions,
) -> Result<(RowLog, Recovered), LogError> {
    let folder = Arc::new(folder);
    let opened = Recovered::collect(|replay| RowLog::open_in(folder, options, replay));
    opened.map_err(|(error, _)| error)
}

/// Reads a log. If this fails, returns the error and the entries before it.
#[expect(clippy::type_complexity, reason = "the result of one function")]
pub(crate) fn read_in(
    folder: &dyn LogFolder,
    options: RowLogOptions,
) -> Result<Recovered, (LogError, Vec<(u64, Vec<u8>)>)> {
    let read = Recovered::collect(|replay| Ok(((), RowLog::read_in(folder, options, replay)?)));
    read.map(|((), recovered)| recovered)
}

/// Appends an entry, and waits for it. Returns its sequence number.
pub(crate) fn append(log: &RowLog, payload: &[u8]) -> Result<u64, LogError> {
    let ticket = log.append(payload)?;
    log.wait(ticket)?;
    Ok(ticket.sequence())
}

/// Appends entries as one group, and waits for them.
pub(crate) fn append_group(log: &RowLog, payloads: &[&[u8]]) -> Result<(), LogError> {
    let tickets: Result<Vec<_>, _> = payloads.iter().map(|p| log.append(p)).collect();
    tickets?.last().map_or(Ok(()), |last| log.wait(*last))
}
