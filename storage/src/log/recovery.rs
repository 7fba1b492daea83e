// SPDX-License-Identifier: Apache-2.0

//! Recovery of a log: reads the segments in order, checks them, and passes their entries to the
//! caller. It changes no file; `opening` repairs the last segment.

use std::io;
use std::path::PathBuf;

use crate::log::error::{LogError, ReplayError, SegmentDamageKind};
use crate::log::folder::LogFolder;
use crate::log::format::{
    LogId, OBJECT_HEADER_BYTES, ObjectHeader, SEGMENT_HEADER_BYTES, SegmentHeader,
};
use crate::log::options::RowLogOptions;
use crate::log::segment::{
    find_later_entry, parse_entry, parse_fence_marker_name, parse_segment_name, segment_name,
};
use crate::log::writer::failure;

/// The number of objects that are read at the same time.
const OBJECTS_READ_AHEAD: usize = 16;

/// An entry that recovery passes to the caller.
#[derive(Clone, Copy, Debug)]
pub struct RecoveredEntry<'a> {
    /// The sequence number of the entry.
    pub sequence: u64,
    /// The bytes that were appended.
    pub payload: &'a [u8],
    /// The first sequence number of the segment that contains the entry.
    pub segment: u64,
    /// The position of the entry in the segment, in bytes.
    pub offset: u64,
}

/// A summary of the recovery of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogRecovery {
    /// The number of entries that were passed to the caller.
    pub entries: u64,
    /// The total size of their payloads in bytes.
    pub bytes: u64,
    /// The sequence number of the last entry of the log, or 0 if the log never had an entry.
    /// Entries that are flushed and truncated count.
    pub last_sequence: u64,
    /// The incomplete entries at the end of the log, or `None` if all entries are complete. They
    /// were never acknowledged. [`RowLog::open`](crate::RowLog::open) removes them.
    pub torn_tail: Option<TornTail>,
}

/// Bytes at the end of a log that are not complete entries.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TornTail {
    /// The path of the segment.
    pub path: PathBuf,
    /// The position of the first incomplete entry in the segment, in bytes.
    pub offset: u64,
    /// The number of bytes from that position to the end of the file.
    pub bytes: u64,
}

/// The function that receives the entries.
pub(crate) type Replay<'a> = dyn FnMut(RecoveredEntry<'_>) -> Result<(), ReplayError> + 'a;

/// A log whose segments have been read.
pub(crate) struct RecoveredLog {
    pub(crate) log: LogId,
    /// The first sequence number of each segment before the last one, in order.
    pub(crate) older: Vec<u64>,
    pub(crate) last: LastSegment,
    /// The sequence number after the last entry.
    pub(crate) next: u64,
    pub(crate) recovery: LogRecovery,
    /// The sequence numbers of fences that have a marker.
    pub(crate) marked_fences: Vec<u64>,
    /// The sequence numbers of the fences that were read.
    pub(crate) fences: Vec<u64>,
}

/// The last segment of a log.
pub(crate) struct LastSegment {
    pub(crate) first: u64,
    /// The position of the last group of entries.
    pub(crate) group_offset: usize,
    /// The entries of the last group.
    pub(crate) group: Vec<u8>,
}

/// Reads all segments. Returns `None` if the log has no segments.
pub(crate) fn recover(
    folder: &dyn LogFolder,
    options: &RowLogOptions,
    replay: &mut Replay<'_>,
) -> Result<Option<RecoveredLog>, LogError> {
    let names = folder.list();
    let names = names.map_err(|source| failure(folder, "list the files of", None, source))?;
    let segments = names.iter().filter_map(|name| parse_segment_name(name));
    let mut segments: Vec<u64> = segments.collect();
    segments.sort_unstable();

    let flushed_to = options.flushed_to.unwrap_or(0);
    let Some((last, older)) = segments.split_last() else {
        if flushed_to > 0 {
            return Err(missing_entries(folder, flushed_to, None));
        }
        return Ok(None);
    };
    let unread = if options.flushed_to.is_some() {
        skip_flushed(folder, &segments, flushed_to)?
    } else {
        0
    };

    let mut reader = LogReader {
        folder,
        flushed_to,
        replay,
        log: None,
        recovery: LogRecovery::default(),
        fences: Vec::new(),
    };
    let mut end: Option<(u64, SegmentEnd)> = None;
    let read_ahead = folder.objects().map_or(1, |_| OBJECTS_READ_AHEAD);
    for firsts in segments[unread..].chunks(read_ahead) {
        for (first, segment) in firsts.iter().zip(read_segments(folder, firsts)) {
            if let Some((previous, end)) = &end
                && end.next != *first
            {
                let kind = SegmentDamageKind::Gap {
                    next: end.next,
                    found: *first,
                };
                return Err(reader.damaged(*previous, end.offset, kind));
            }
            end = Some((*first, reader.read_segment(*first, segment, first == last)?));
        }
    }
    // The last segment is never skipped.
    let Some((_, end)) = end else {
        return Ok(None);
    };

    let mut recovery = reader.recovery;
    recovery.last_sequence = end.next.saturating_sub(1);
    if recovery.last_sequence < flushed_to {
        return Err(LogError::EndsEarly {
            folder: folder.path(None),
            flushed_to,
            last: recovery.last_sequence,
        });
    }
    Ok(Some(RecoveredLog {
        log: end.log,
        older: older.to_vec(),
        last: LastSegment {
            first: *last,
            group_offset: end.group_offset,
            group: end.group,
        },
        next: end.next,
        recovery,
        marked_fences: names
            .iter()
            .filter_map(|name| parse_fence_marker_name(name))
            .collect(),
        fences: reader.fences,
    }))
}

/// Reads the object after the last one, which another process has created since the objects were
/// listed.
pub(crate) fn recover_following(
    folder: &dyn LogFolder,
    options: &RowLogOptions,
    log: &mut RecoveredLog,
    replay: &mut Replay<'_>,
) -> Result<(), LogError> {
    let first = log.next;
    let mut reader = LogReader {
        folder,
        flushed_to: options.flushed_to.unwrap_or(0),
        replay,
        log: Some(log.log),
        recovery: std::mem::take(&mut log.recovery),
        fences: std::mem::take(&mut log.fences),
    };
    let segment = folder.read(&segment_name(first));
    let end = reader.read_segment(first, segment, true)?;
    log.recovery = reader.recovery;
    log.recovery.last_sequence = end.next.saturating_sub(1);
    log.fences = reader.fences;
    log.older.push(log.last.first);
    log.last = LastSegment {
        first,
        group_offset: end.group_offset,
        group: end.group,
    };
    log.next = end.next;
    Ok(())
}

fn read_segments(folder: &dyn LogFolder, firsts: &[u64]) -> Vec<io::Result<Vec<u8>>> {
    let names = firsts.iter().map(|first| segment_name(*first));
    match folder.objects() {
        Some(objects) => objects.read_all(&names.collect::<Vec<_>>()),
        None => names.map(|name| folder.read(&name)).collect(),
    }
}

/// Returns the number of segments at the start whose entries are all flushed. Fails if the segment
/// after them begins after the first entry that is not.
fn skip_flushed(
    folder: &dyn LogFolder,
    segments: &[u64],
    flushed_to: u64,
) -> Result<usize, LogError> {
    let begun = segments.partition_point(|first| *first <= flushed_to.saturating_add(1));
    let first = segments.first().copied();
    begun
        .checked_sub(1)
        .ok_or_else(|| missing_entries(folder, flushed_to, first))
}

fn missing_entries(folder: &dyn LogFolder, flushed_to: u64, first: Option<u64>) -> LogError {
    LogError::MissingEntries {
        folder: folder.path(None),
        flushed_to,
        first,
    }
}

/// Reads segments in order.
struct LogReader<'a, 'r> {
    folder: &'a dyn LogFolder,
    flushed_to: u64,
    replay: &'a mut Replay<'r>,
    /// The log of the segments that have been read.
    log: Option<LogId>,
    recovery: LogRecovery,
    /// The sequence numbers of fences.
    fences: Vec<u64>,
}

/// The end of a segment that has been read.
struct SegmentEnd {
    log: LogId,
    /// The position after the last complete entry.
    offset: usize,
    /// The sequence number after the last complete entry.
    next: u64,
    group_offset: usize,
    /// The entries of the last group, if the segment is the last one.
    group: Vec<u8>,
}

impl LogReader<'_, '_> {
    /// Checks a segment that was read, and passes its entries on.
    fn read_segment(
        &mut self,
        first: u64,
        segment: io::Result<Vec<u8>>,
        is_last: bool,
    ) -> Result<SegmentEnd, LogError> {
        let name = segment_name(first);
        let segment =
            segment.map_err(|source| failure(self.folder, "read", Some(&name), source))?;
        let is_object = self.folder.objects().is_some();
        let (log, offset) = self.check_header(first, &segment, is_object)?;
        let mut end = SegmentEnd {
            log,
            offset,
            next: first,
            group_offset: offset,
            group: Vec::new(),
        };
        if is_object && segment.len() == offset {
            self.fences.push(first);
            end.next = first.saturating_add(1);
        }
        while end.offset < segment.len() {
            let entry = match parse_entry(log, &segment, end.offset, end.next) {
                Ok(entry) => entry,
                Err(defect) if is_object => {
                    let kind = SegmentDamageKind::ObjectEntry {
                        sequence: end.next,
                        defect,
                    };
                    return Err(self.damaged(first, end.offset, kind));
                }
                Err(defect) => {
                    let later = find_later_entry(log, &segment, end.offset, end.next);
                    if later.is_some() || !is_last {
                        let kind = SegmentDamageKind::Entry {
                            sequence: end.next,
                            defect,
                            later: later.map(|offset| offset as u64),
                        };
                        return Err(self.damaged(first, end.offset, kind));
                    }
                    self.recovery.torn_tail = Some(TornTail {
                        path: self.folder.path(Some(&name)),
                        offset: end.offset as u64,
                        bytes: (segment.len() - end.offset) as u64,
                    });
                    break;
                }
            };
            self.pass(RecoveredEntry {
                sequence: end.next,
                payload: entry.payload,
                segment: first,
                offset: end.offset as u64,
            })?;
            if entry.starts_group {
                end.group_offset = end.offset;
            }
            end.offset = entry.end;
            end.next = end.next.saturating_add(1);
        }
        if is_last {
            end.group = segment[end.group_offset..end.offset].to_vec();
        }
        Ok(end)
    }

    /// Checks the header of a segment, and returns the log to which the segment belongs, and the
    /// position of its first entry.
    fn check_header(
        &mut self,
        first: u64,
        segment: &[u8],
        is_object: bool,
    ) -> Result<(LogId, usize), LogError> {
        let (parsed, offset) = if is_object {
            let header = ObjectHeader::parse(segment);
            let header = header.map(|header| (header.log, header.first));
            (header, OBJECT_HEADER_BYTES)
        } else {
            let header = SegmentHeader::parse(segment);
            let header = header.map(|header| (header.log, header.first));
            (header, SEGMENT_HEADER_BYTES)
        };
        let (log, found) = parsed.map_err(|kind| self.damaged(first, 0, kind))?;
        if found != first {
            return Err(self.damaged(first, 0, SegmentDamageKind::WrongName { found }));
        }
        if *self.log.get_or_insert(log) != log {
            return Err(self.damaged(first, 0, SegmentDamageKind::OtherLog));
        }
        Ok((log, offset))
    }

    /// Passes an entry to the caller, unless it is flushed.
    fn pass(&mut self, entry: RecoveredEntry<'_>) -> Result<(), LogError> {
        if entry.sequence <= self.flushed_to {
            return Ok(());
        }
        self.recovery.entries += 1;
        self.recovery.bytes += entry.payload.len() as u64;
        (self.replay)(entry).map_err(|source| LogError::Replay {
            path: self.folder.path(Some(&segment_name(entry.segment))),
            offset: entry.offset,
            sequence: entry.sequence,
            source,
        })
    }

    fn damaged(&self, first: u64, offset: usize, kind: SegmentDamageKind) -> LogError {
        LogError::damaged(self.folder.path(Some(&segment_name(first))), offset, kind)
    }
}
