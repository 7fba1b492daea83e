// SPDX-License-Identifier: Apache-2.0

//! [`RowFolder`]: the folder of the row files, and the state that their readers share.

use std::fmt;
use std::sync::Arc;

use parquet::bloom_filter::Sbbf;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::log::LogFolder;

/// The assumed size of a Bloom filter, from which the initial capacity of the cache is computed.
const USUAL_FILTER_BYTES: u64 = 128 * 1024;
/// The size of a block of a Bloom filter, as Parquet defines it.
const FILTER_BLOCK_BYTES: u64 = 32;

/// The folder of the row files, and the state that their readers share.
pub(super) struct RowFolder {
    pub(super) folder: Arc<dyn LogFolder>,
    /// Whether another process may delete files.
    pub(super) is_read_only: bool,
    /// Bloom filters that were used, because a lookup needs one of each chunk.
    pub(super) bloom_filters: Cache<BloomFilterId, Arc<Sbbf>, FilterWeighter>,
}

/// The location of a Bloom filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct BloomFilterId {
    pub(super) file: u64,
    pub(super) row_group: usize,
    /// The number of the Parquet column.
    pub(super) leaf: usize,
}

/// Computes the size of a Bloom filter in bytes.
#[derive(Clone)]
pub(super) struct FilterWeighter;

impl Weighter<BloomFilterId, Arc<Sbbf>> for FilterWeighter {
    fn weight(&self, _: &BloomFilterId, filter: &Arc<Sbbf>) -> u64 {
        filter.num_blocks() as u64 * FILTER_BLOCK_BYTES
    }
}

impl RowFolder {
    /// Creates the state of the readers of a folder. `cache_bytes` is the maximum size of the
    /// cached Bloom filters.
    pub(super) fn new(folder: Arc<dyn LogFolder>, is_read_only: bool, cache_bytes: u64) -> Self {
        let usual = (cache_bytes / USUAL_FILTER_BYTES).max(16) as usize;
        RowFolder {
            folder,
            is_read_only,
            bloom_filters: Cache::with_weighter(usual, cache_bytes, FilterWeighter),
        }
    }
}

impl fmt::Debug for RowFolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowFolder")
            .field("folder", &self.folder)
            .field("bloom_filter_bytes", &self.bloom_filters.weight())
            .finish_non_exhaustive()
    }
}
