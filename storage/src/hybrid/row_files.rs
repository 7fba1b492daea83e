// SPDX-License-Identifier: Apache-2.0

//! [`RowFiles`]: the folder of the row files, and what their readers share.

use std::fmt;
use std::sync::Arc;

use parquet::bloom_filter::Sbbf;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::log::LogFolder;

/// The size of a Bloom filter that the capacity of the cache is computed with.
const USUAL_FILTER_BYTES: u64 = 128 * 1024;
/// The size of a block of a Bloom filter.
const BLOCK_BYTES: u64 = 32;

/// The folder of the row files, and what their readers share.
pub(super) struct RowFiles {
    pub(super) folder: Arc<dyn LogFolder>,
    /// Whether another process may delete files.
    pub(super) is_read_only: bool,
    /// Bloom filters that were used, because a lookup needs one of each chunk.
    pub(super) bloom_filters: Cache<BloomFilterId, Arc<Sbbf>, FilterWeighter>,
}

/// The place of a Bloom filter.
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
        filter.num_blocks() as u64 * BLOCK_BYTES
    }
}

impl RowFiles {
    /// Creates the state of the readers of a folder. `cache_bytes` is the maximum size of the
    /// cached Bloom filters.
    pub(super) fn new(folder: Arc<dyn LogFolder>, is_read_only: bool, cache_bytes: u64) -> Self {
        let usual = (cache_bytes / USUAL_FILTER_BYTES).max(16) as usize;
        RowFiles {
            folder,
            is_read_only,
            bloom_filters: Cache::with_weighter(usual, cache_bytes, FilterWeighter),
        }
    }
}

impl fmt::Debug for RowFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowFiles")
            .field("folder", &self.folder)
            .field("bloom_filter_bytes", &self.bloom_filters.weight())
            .finish_non_exhaustive()
    }
}
