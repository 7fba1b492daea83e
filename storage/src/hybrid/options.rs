// SPDX-License-Identifier: Apache-2.0

//! [`HybridOptions`] and [`HybridStats`].

use std::time::Duration;

use crate::log::RowLogOptions;

/// Options of a [`HybridStorage`](crate::HybridStorage).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HybridOptions {
    /// The options of the log. [`RowLogOptions::flushed_to`] is ignored.
    pub log: RowLogOptions,
    /// The size of the log in bytes at which it is flushed in the background. The default is 64
    /// MiB.
    pub flush_bytes: u64,
    /// The age of the oldest entry of the log at which it is flushed in the background. The default
    /// is 10 minutes.
    pub flush_interval: Duration,
}

impl Default for HybridOptions {
    fn default() -> Self {
        HybridOptions {
            log: RowLogOptions::default(),
            flush_bytes: 64 << 20,
            flush_interval: Duration::from_secs(600),
        }
    }
}

impl HybridOptions {
    /// Sets [`log`](Self::log).
    #[must_use]
    pub fn with_log(mut self, log: RowLogOptions) -> Self {
        self.log = log;
        self
    }

    /// Sets [`flush_bytes`](Self::flush_bytes).
    #[must_use]
    pub fn with_flush_bytes(mut self, bytes: u64) -> Self {
        self.flush_bytes = bytes;
        self
    }

    /// Sets [`flush_interval`](Self::flush_interval).
    #[must_use]
    pub fn with_flush_interval(mut self, interval: Duration) -> Self {
        self.flush_interval = interval;
        self
    }
}

/// Counters of a [`HybridStorage`](crate::HybridStorage). They are read one after the other, not as
/// of one point in time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HybridStats {
    /// The number of partitions that have been written to.
    pub partitions: u64,
    /// The size of the records in the log that were appended after the last flush, in bytes.
    pub log_bytes: u64,
    /// The number of row files.
    pub files: u64,
    /// The size of the row files in bytes.
    pub file_bytes: u64,
    /// The number of rows in the row files, including superseded ones.
    pub file_rows: u64,
    /// The number of flushes that have succeeded since the storage was opened.
    pub flushes: u64,
    /// The number of flushes that have failed since the storage was opened.
    pub failed_flushes: u64,
    /// The error of the last flush, if it has failed.
    pub last_error: Option<String>,
}
