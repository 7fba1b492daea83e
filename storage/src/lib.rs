// SPDX-License-Identifier: Apache-2.0

//! Durable storage for the rows of dynamic tables.
//!
//! The crate contains the row log: [`RowLog`] keeps the entries of acknowledged statements in the
//! segment files of a folder, and passes them to the caller after a restart. Entries are opaque
//! bytes here.

mod log;

pub use log::{
    DiskFolder, EntryDefect, LockAttempt, LogError, LogFailure, LogFile, LogFolder, LogRecovery,
    LogTicket, RecoveredEntry, ReplayError, RowLog, RowLogOptions, SegmentDamage,
    SegmentDamageKind, TornTail,
};

/// Compiles the example in README.md.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
