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
    /// The size in bytes of the log entries that are not flushed, at which a flush starts in the
    /// background. The default is 64 MiB.
    pub flush_bytes: u64,
    /// The age of the oldest entry that is not flushed, at which a flush starts in the background.
    /// Entries that recovery has read count from the opening of the storage. The default is 10
    /// minutes.
    pub flush_interval: Duration,
    /// The size in bytes of the log entries that are not flushed, above which statements wait for a
    /// flush, and fail if the flush fails. Their rows are in memory, so it bounds the memory. The
    /// default is 256 MiB.
    pub max_unflushed_bytes: u64,
    /// The maximum size in bytes of the Bloom filters of files that are kept in memory, which
    /// lookups by key use. 10,000,000 rows have about 20 MiB. The default is 32 MiB.
    pub cache_bytes: u64,
}

impl Default for HybridOptions {
    fn default() -> Self {
        HybridOptions {
            log: RowLogOptions::default(),
            flush_bytes: 64 << 20,
            flush_interval: Duration::from_secs(600),
            max_unflushed_bytes: 256 << 20,
            cache_bytes: 32 << 20,
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

    /// Sets [`cache_bytes`](Self::cache_bytes).
    #[must_use]
    pub fn with_cache_bytes(mut self, bytes: u64) -> Self {
        self.cache_bytes = bytes;
        self
    }

    /// Sets [`max_unflushed_bytes`](Self::max_unflushed_bytes).
    #[must_use]
    pub fn with_max_unflushed_bytes(mut self, bytes: u64) -> Self {
        self.max_unflushed_bytes = bytes;
        self
    }
}

/// Counters of a [`HybridStorage`](crate::HybridStorage). They are read one after the other, not as
/// of one point in time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HybridStats {
    /// The number of partitions in memory, including those of streams.
    pub partitions: u64,
    /// The size in bytes of the log entries that are not flushed.
    pub log_bytes: u64,
    /// The number of row files.
    pub files: u64,
    /// The size of the row files in bytes.
    pub file_bytes: u64,
    /// The number of rows in the row files, including superseded rows, tombstones, and rows of
    /// chunks that no longer exist.
    pub file_rows: u64,
    /// The number of flushes that have succeeded since the storage was opened.
    pub flushes: u64,
    /// The number of flushes that have failed since the storage was opened.
    pub failed_flushes: u64,
    /// The error of the last flush and its causes, or `None` if it succeeded or if the storage was
    /// never flushed.
    pub last_error: Option<String>,
    /// The error of the last flush about chunks in files that it could not join, or `None`. The
    /// chunks remain as they are, and the flush has continued.
    pub join_error: Option<String>,
}
