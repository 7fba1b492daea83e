// SPDX-License-Identifier: Apache-2.0

//! Durable storage for the rows of dynamic tables.
//!
//! [`HybridStorage`] appends each commit to a log, and flushes the rows to Parquet files. After a
//! flush, it truncates the log, and queries read the rows from the files. [`RowLog`] is the log: it
//! appends opaque entries to the segment files of a folder, with group commit, and passes them to
//! the caller after a restart.

mod bucket;
mod bytes;
mod error;
mod hybrid;
mod log;

pub use error::{EncodeError, StorageError};
pub use hybrid::{FlushRun, FlushRunProgress, HybridOptions, HybridStats, HybridStorage};
pub use log::{
    DiskFolder, EntryDefect, LockAttempt, LogError, LogFailure, LogFile, LogFolder, LogRecovery,
    LogTicket, ObjectFolder, ReadFile, RecoveredEntry, ReplayError, RowLog, RowLogOptions,
    SegmentDamage, SegmentDamageKind, TornTail,
};

/// Compiles the example in README.md.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
