// SPDX-License-Identifier: Apache-2.0

//! [`Stats`]: the counters and the memory of a registry.

use std::sync::atomic::Ordering;

use kalamtable_store::Sequence;

use crate::counters::{Artefact, RegistryCounter};
use crate::registry::SchemaRegistry;
use crate::sync::lock;

/// The counters of a registry since it was opened, and its current memory.
///
/// The values are read one after the other while other threads may change them, so they can be
/// slightly inconsistent with each other.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// The number of cached tables, including ids whose absence is cached.
    pub tables_resident: usize,
    /// The number of cached names, including names whose absence is cached.
    pub names_resident: usize,
    /// The number of cached older versions.
    pub versions_resident: usize,
    /// The bytes of all cached values, including `bytes_shared`.
    pub bytes_resident: usize,
    /// The bytes of schemas, columns and strings that tables share. They are counted until neither
    /// the cache nor a query uses them.
    pub bytes_shared: usize,
    /// The bytes of the clocks and their locks, which do not depend on the number of tables and are
    /// not part of `bytes_resident`.
    pub bytes_fixed: usize,
    /// The bytes of snapshots that are not cached any more, but are held by queries, handles and
    /// threads.
    pub bytes_pinned: usize,
    /// The number of cache hits per artefact.
    pub hits: Vec<(Artefact, u64)>,
    /// The number of cache misses per artefact.
    pub misses: Vec<(Artefact, u64)>,
    /// The number of reads of the store for lookups, including failed ones.
    pub loads: u64,
    /// The number of reads in `loads` that failed.
    pub load_failures: u64,
    /// The number of tables, older versions and absent ids or names that were evicted to stay
    /// within the budget.
    pub evictions: u64,
    /// The number of schema changes that were applied to the cache, and of calls that invalidated a
    /// table, a name or the whole cache.
    pub invalidations: u64,
    /// The number of visible schema changes, as returned by [`SchemaRegistry::schema_changes`].
    pub schema_changes: u64,
    /// The number of the last change of the store that this registry has applied.
    pub sequence: Sequence,
}

impl SchemaRegistry {
    /// Returns the counters and the memory of the registry.
    ///
    /// The call takes time proportional to the number of cached tables. During that time, loads and
    /// schema changes cannot publish their results, but cache hits are not blocked.
    pub fn stats(&self) -> Stats {
        let registry = &self.inner;
        let counters = &registry.metrics.counters;
        let (tables, names, versions) = registry.slots.slot_counts();
        let resident = registry.slots.resident_bytes();
        let shared = registry.slots.shared_bytes();
        let snapshots = registry.slots.snapshot_bytes();
        let live = registry.metrics.live_bytes.load(Ordering::Relaxed);
        let per_artefact = |counter: fn(Artefact) -> RegistryCounter| {
            let counts = Artefact::ALL.map(|artefact| (artefact, counters.get(counter(artefact))));
            counts.to_vec()
        };
        Stats {
            tables_resident: tables,
            names_resident: names,
            versions_resident: versions,
            bytes_resident: resident + shared,
            bytes_shared: shared,
            bytes_fixed: registry.slots.fixed_bytes(),
            bytes_pinned: live.saturating_sub(snapshots),
            hits: per_artefact(RegistryCounter::Hit),
            misses: per_artefact(RegistryCounter::Miss),
            loads: counters.get(RegistryCounter::Load),
            load_failures: counters.get(RegistryCounter::LoadFailure),
            evictions: counters.get(RegistryCounter::Eviction),
            invalidations: counters.get(RegistryCounter::Invalidation),
            schema_changes: registry.slots.schema_changes(),
            sequence: *lock(&registry.cursor),
        }
    }
}
