// SPDX-License-Identifier: Apache-2.0

//! [`Stats`]: what a registry has done, and what it holds.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use kalamtable_store::Sequence;

use crate::counters::{Artefact, Count};
use crate::registry::SchemaRegistry;

/// What a registry has done since it was opened, and what it holds. The numbers are not of one moment, and to
/// add them up takes a look at all that is resident.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Slots of tables, also of ids that are known to be of none.
    pub tables_resident: usize,
    /// Slots of names, also of those that are known to be of no table.
    pub names_resident: usize,
    /// Older versions that are kept.
    pub versions_resident: usize,
    /// Bytes of all that is resident, and of what tables share.
    pub bytes_resident: usize,
    /// The part of `bytes_resident` that tables share, or that only queries still use.
    pub bytes_shared: usize,
    /// Bytes that a registry takes without any table: its clocks and locks.
    pub bytes_fixed: usize,
    /// Bytes of snapshots that are not resident any more, and are held by queries, handles and threads.
    pub bytes_pinned: usize,
    /// Look-ups by artefact that found what was made already.
    pub hits: Vec<(Artefact, u64)>,
    /// Look-ups by artefact that did not.
    pub misses: Vec<(Artefact, u64)>,
    /// Questions to the store.
    pub loads: u64,
    /// Those of them that failed.
    pub load_failures: u64,
    /// What was evicted.
    pub evictions: u64,
    /// How often a table, a name or everything had to be read again, or was altered.
    pub invalidations: u64,
    /// Alterations that are visible.
    pub schema_changes: u64,
    /// The last change of the store that is visible.
    pub sequence: Sequence,
}

impl SchemaRegistry {
    /// What the registry has done, and what it holds.
    pub fn stats(&self) -> Stats {
        let shared = &self.shared;
        let counters = &shared.ledger.counters;
        let (tables, names, versions) = shared.slots.lens();
        let resident = shared.slots.resident_bytes();
        let snapshots = shared.slots.snapshot_bytes();
        let of = |count: fn(Artefact) -> Count| {
            let counts = Artefact::ALL.map(|artefact| (artefact, counters.get(count(artefact))));
            counts.to_vec()
        };
        Stats {
            tables_resident: tables,
            names_resident: names,
            versions_resident: versions,
            bytes_resident: resident + shared.slots.shared_bytes(),
            bytes_shared: shared.slots.shared_bytes(),
            bytes_fixed: shared.slots.fixed_bytes(),
            bytes_pinned: shared
                .ledger
                .live
                .load(Ordering::Relaxed)
                .saturating_sub(snapshots),
            hits: of(Count::Hit),
            misses: of(Count::Miss),
            loads: counters.get(Count::Load),
            load_failures: counters.get(Count::LoadFailure),
            evictions: counters.get(Count::Eviction),
            invalidations: counters.get(Count::Invalidation),
            schema_changes: shared.slots.alterations(),
            sequence: *shared.cursor.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }
}
