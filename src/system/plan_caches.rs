// SPDX-License-Identifier: Apache-2.0

//! [`PlanCaches`]: the caches of plans in the system tables, and their counters as rows of
//! `system.stats`.

use std::sync::{Arc, RwLock, Weak};

use kalamtable_plans::{PlanCache, PlanCacheStats};

use super::locks;
use super::stats::Stat;

/// The caches of plans in the system tables. Clones share them.
///
/// The references are weak: a cached plan over `system.stats` holds this value.
#[derive(Clone, Debug, Default)]
pub(super) struct PlanCaches(Arc<RwLock<Vec<Weak<PlanCache>>>>);

impl PlanCaches {
    pub(super) fn add(&self, cache: &Arc<PlanCache>) {
        let mut caches = locks::write(&self.0);
        caches.retain(|cache| cache.strong_count() > 0);
        caches.push(Arc::downgrade(cache));
    }

    /// Returns the sums of the counters of all caches; empty without a cache.
    pub(super) fn rows(&self) -> Vec<Stat> {
        let mut sums: Vec<(&'static str, u64)> = Vec::new();
        for cache in locks::read(&self.0).iter().filter_map(Weak::upgrade) {
            for (name, value) in counters(&cache.stats()) {
                match sums.iter_mut().find(|(other, _)| *other == name) {
                    Some((_, sum)) => *sum += value,
                    None => sums.push((name, value)),
                }
            }
        }
        let rows = sums.into_iter().map(|(name, value)| Stat {
            metric_name: name.to_string(),
            metric_value: value.to_string(),
        });
        rows.collect()
    }
}

fn counters(stats: &PlanCacheStats) -> [(&'static str, u64); 8] {
    [
        ("plan_entries", stats.entries as u64),
        ("plan_bytes", stats.bytes as u64),
        ("plan_hits", stats.hits),
        ("plan_physical_hits", stats.physical_hits),
        ("plan_misses", stats.misses),
        ("plan_invalidations", stats.invalidated),
        ("plan_uncacheable", stats.uncacheable),
        ("plan_evictions", stats.evicted),
    ]
}
