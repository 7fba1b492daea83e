// SPDX-License-Identifier: Apache-2.0

//! [`LogError`]: the error type of the row log, and the kinds of damage that recovery reports.

use std::error::Error as StdError;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// The error that the caller's function returns to stop the replay of a row log.
pub type ReplayError = Box<dyn StdError + Send + Sync>;

/// An error of a [`RowLog`](crate::RowLog).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// Another process, or another `RowLog` of this process, has opened the folder for writing.
    #[error(
        "folder `{}` is in use by {}: stop that process, or open the log read-only",
        .folder.display(),
        .process.map_or("another process".to_string(), |id| format!("process {id}"))
    )]
    Locked {
        /// The folder of the log.
        folder: PathBuf,
        /// The id of the process, or `None` if it is not known.
        process: Option<u32>,
    },
    /// A segment does not have the content that was written.
    #[error(transparent)]
    Damaged(#[from] Box<SegmentDamage>),
    /// The log does not contain the entry after
    /// [`flushed_to`](crate::RowLogOptions::flushed_to), but may have contained it.
    #[error(
        "the log in `{}` does not contain the entries from sequence number {} on: it {}; restore \
         its missing segments",
        .folder.display(),
        .flushed_to.saturating_add(1),
        .first.map_or("has no segments".to_string(), |first| format!("begins with {first}"))
    )]
    MissingEntries {
        /// The folder of the log.
        folder: PathBuf,
        /// The sequence number up to which the caller has stored all entries elsewhere.
        flushed_to: u64,
        /// The first sequence number of the log, or `None` if it has no segments.
        first: Option<u64>,
    },
    /// The log ends before [`flushed_to`](crate::RowLogOptions::flushed_to). It was replaced by an
    /// older or another log, or its end was cut off.
    #[error(
        "the log in `{}` ends with sequence number {last}, but the entries up to {flushed_to} \
         have been flushed: restore the log that belongs to the flushed data",
        .folder.display()
    )]
    EndsEarly {
        /// The folder of the log.
        folder: PathBuf,
        /// The sequence number up to which the caller has stored all entries elsewhere.
        flushed_to: u64,
        /// The last sequence number of the log.
        last: u64,
    },
    /// A file or the folder cannot be read or written. Entries that were acknowledged earlier are
    /// not affected, and the operation can be repeated.
    #[error(transparent)]
    Io(#[from] LogFailure),
    /// A write or a sync has failed earlier. The log accepts no entries until it is opened again,
    /// because the operating system may have discarded data that it reports as written.
    #[error(
        "the log accepts no more entries, because an operation has failed: {}: {}; restart the \
         process, which recovers all acknowledged entries",
        .0,
        .0.source
    )]
    Failed(#[source] Arc<LogFailure>),
    /// The log is on a bucket, and another process has opened it for writing. Only that process can
    /// write.
    #[error(
        "another process has opened the storage for writing, and has created `{}`: this process \
         can no longer change it; use the other process, or restart this one to take the storage \
         over again",
        .path.display()
    )]
    TakenOver {
        /// The object that the other process has created.
        path: PathBuf,
    },
    /// The payload exceeds the limit, and was not appended.
    #[error("the entry has {bytes} bytes, more than the limit of {limit}")]
    TooLarge {
        /// The size of the payload in bytes.
        bytes: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// The ticket belongs to another log.
    #[error("the log has no entry with sequence number {sequence}: the ticket is of another log")]
    UnknownTicket {
        /// The sequence number of the ticket.
        sequence: u64,
    },
    /// The caller's function rejected an entry during recovery.
    #[error("cannot apply entry {sequence}, at byte {offset} of `{}`", .path.display())]
    Replay {
        /// The segment.
        path: PathBuf,
        /// The position of the entry in the segment.
        offset: u64,
        /// The sequence number of the entry.
        sequence: u64,
        /// The error that the function returned.
        source: ReplayError,
    },
    /// The operating system did not supply a random number, which identifies a log.
    #[error("cannot get a random number from the operating system")]
    Random(#[from] getrandom::Error),
}

impl LogError {
    /// Returns the error of a log that has failed. Only the creation of an object reports that a
    /// file exists.
    pub(crate) fn failed(failure: Arc<LogFailure>) -> Self {
        if failure.source.kind() == io::ErrorKind::AlreadyExists {
            LogError::TakenOver {
                path: failure.path.clone(),
            }
        } else {
            LogError::Failed(failure)
        }
    }

    pub(crate) fn damaged(path: PathBuf, offset: usize, kind: SegmentDamageKind) -> Self {
        LogError::Damaged(Box::new(SegmentDamage {
            path,
            offset: offset as u64,
            kind,
        }))
    }
}

/// An operation of the file system that failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot {operation} `{}`", .path.display())]
pub struct LogFailure {
    /// The operation, as a verb.
    pub operation: &'static str,
    /// The file or folder.
    pub path: PathBuf,
    /// The error of the operating system.
    pub source: io::Error,
}

/// A segment that is missing or does not have the content that was written.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{}` is damaged at byte {offset}: {kind}; restore the file from a backup, or, to give up \
     the entry at this position and all later ones, cut the file there and remove the later \
     segments",
    .path.display()
)]
pub struct SegmentDamage {
    /// The path of the segment.
    pub path: PathBuf,
    /// The position in the segment, in bytes.
    pub offset: u64,
    /// The reason why the segment was rejected.
    #[source]
    pub kind: SegmentDamageKind,
}

/// The reason why a segment of a row log was rejected.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SegmentDamageKind {
    /// The file is shorter than a segment header, or its header was modified.
    #[error("the segment has no valid header")]
    Header,
    /// The segment has a format that this version of the crate cannot read.
    #[error("the segment has format {found}, but this version reads format {known}")]
    UnknownFormat {
        /// The format of the segment.
        found: u32,
        /// The format that this version reads.
        known: u32,
    },
    /// The sequence number in the header differs from the number in the name of the file.
    #[error("the segment begins with sequence number {found}, unlike its name")]
    WrongName {
        /// The sequence number in the header.
        found: u64,
    },
    /// The segment belongs to another log than the segments before it.
    #[error("the segment is of another log")]
    OtherLog,
    /// The segment ends, but the following segment does not begin with the next sequence number.
    #[error(
        "the segment ends before sequence number {next}, but the following segment begins with \
         {found}: a segment or the end of this one is missing, or a segment is duplicated"
    )]
    Gap {
        /// The sequence number after the last entry of the segment.
        next: u64,
        /// The first sequence number of the following segment.
        found: u64,
    },
    /// An entry is invalid, although entries were written after it became durable.
    #[error(
        "entry {sequence} {defect}, but a later entry exists{}",
        .later.map_or(String::new(), |offset| format!(" at byte {offset}"))
    )]
    Entry {
        /// The sequence number of the entry.
        sequence: u64,
        /// The defect of the entry.
        #[source]
        defect: EntryDefect,
        /// The position of the later entry, or `None` if it is in a later segment.
        later: Option<u64>,
    },
    /// An entry of an object is invalid, although the object was written as a whole.
    #[error("entry {sequence} {defect}")]
    ObjectEntry {
        /// The sequence number of the entry.
        sequence: u64,
        /// The defect of the entry.
        #[source]
        defect: EntryDefect,
    },
    /// An object does not have the size that was written.
    #[error("the object has {found} bytes after its header, not {written}")]
    ObjectSize {
        /// The size of the entries in bytes.
        found: u64,
        /// The size that was written.
        written: u64,
    },
}

/// The reason why an entry of a row log is invalid. The error texts are predicates: the subject is
/// the entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EntryDefect {
    /// The file ends before the entry does.
    #[error("is incomplete")]
    Incomplete,
    /// The header of the entry does not match its checksum.
    #[error("has a damaged header")]
    Header,
    /// The payload does not match its checksum.
    #[error("has a damaged payload")]
    Payload,
    /// Another entry is at the position of the entry.
    #[error("is replaced by entry {found}")]
    Replaced {
        /// The sequence number of the entry that was found.
        found: u64,
    },
}
