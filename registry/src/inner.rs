// SPDX-License-Identifier: Apache-2.0

//! [`RegistryInner`]: the state of a registry, and lookups that do not read the store.

use std::fmt;
use std::sync::{Arc, Weak};

use kalamtable_store::{DefinitionStore, Sequence, StoredTable, TableId};

use crate::clocks::{ClockId, ClockReading};
use crate::counters::{Artefact, RegistryCounter};
use crate::layout::LayoutPool;
use crate::metrics::RegistryMetrics;
use crate::name::{HashedNameRef, NameRef};
use crate::options::RegistryOptions;
use crate::single_flight::SingleFlight;
use crate::slots::{CachedTable, Slots};
use crate::snapshot::{SizeObserver, TableSnapshot};
use crate::sync::Mutex;
use crate::thread_cache::{
    self, BorrowedSnapshot, ClockReadings, LookupKind, ThreadCacheKey, ThreadCacheMiss,
};

/// The maximum number of clocks for tables, and for names. They take 128 MiB each.
const MAX_CLOCKS: usize = 1 << 24;

/// The maximum number of locks for the clocks of tables, and for those of names.
const MAX_CLOCK_LOCKS: usize = 256;

/// The state that all clones of a registry share.
pub(crate) struct RegistryInner {
    /// A number that is unique in the process. It is a part of the keys of thread caches.
    number: u32,
    pub(crate) store: Arc<dyn DefinitionStore>,
    pub(crate) slots: Slots,
    pub(crate) flights: SingleFlight,
    layouts: LayoutPool,
    pub(crate) metrics: Arc<RegistryMetrics>,
    /// The number of the last change in the store that was applied. Locked before any clock.
    pub(crate) cursor: Mutex<Sequence>,
    /// Whether lookups are verified against the store.
    pub(crate) is_shadowed: bool,
    /// The registry itself, for its snapshots.
    this: Weak<RegistryInner>,
}

impl RegistryInner {
    /// Creates a registry that has applied all changes up to `cursor`.
    pub(crate) fn new(
        number: u32,
        store: Arc<dyn DefinitionStore>,
        cursor: Sequence,
        options: &RegistryOptions,
    ) -> Arc<Self> {
        let metrics = Arc::new(RegistryMetrics::new(u64::from(number)));
        let clocks = options.clocks.clamp(1, MAX_CLOCKS).next_power_of_two();
        let slots = Slots::new(
            clocks,
            clocks.min(MAX_CLOCK_LOCKS),
            options.budget_bytes,
            Arc::clone(&metrics),
        );
        Arc::new_cyclic(|this| RegistryInner {
            number,
            store,
            slots,
            flights: SingleFlight::default(),
            layouts: LayoutPool::new(Arc::clone(&metrics)),
            metrics,
            cursor: Mutex::new(cursor),
            is_shadowed: options.shadow,
            this: Weak::clone(this),
        })
    }

    /// Creates the snapshot of a stored version.
    pub(crate) fn snapshot(&self, stored: &StoredTable) -> Arc<TableSnapshot> {
        let (layout, definition) = self.layouts.intern(&stored.definition);
        let name_hash = self.slots.hashed(definition.name()).hash;
        let size_observer: Weak<dyn SizeObserver> = self.this.clone();
        Arc::new(TableSnapshot::new(
            stored,
            definition,
            name_hash,
            layout,
            Arc::clone(&self.metrics),
            size_observer,
        ))
    }

    /// Calls `read` with the current snapshot of a table if it exists and is resident.
    pub(crate) fn with_resident<R>(
        &self,
        id: TableId,
        read: impl FnOnce(&Arc<TableSnapshot>) -> R,
    ) -> Option<R> {
        self.slots
            .with_table(id, |cached| cached?.snapshot().map(read))
    }
}

// ---- shared maps ----

impl RegistryInner {
    /// Returns the cached table or its cached absence, or `None` on a cache miss.
    pub(crate) fn cached(&self, id: TableId) -> Option<Option<Arc<TableSnapshot>>> {
        self.slots
            .with_table(id, |cached| self.record_lookup(cached))
    }

    /// Returns the cached table of a name or its cached absence, or `None` on a cache miss.
    pub(crate) fn cached_name(
        &self,
        name: HashedNameRef<'_>,
    ) -> Option<Option<Arc<TableSnapshot>>> {
        self.slots
            .with_name(name, |cached| self.record_lookup(cached))
    }

    fn record_lookup(&self, cached: Option<CachedTable<'_>>) -> Option<Option<Arc<TableSnapshot>>> {
        self.count_lookup(cached.is_some());
        let found = cached?.to_snapshot();
        if let Some(snapshot) = &found {
            snapshot.visit();
        }
        Some(found)
    }

    #[inline]
    pub(crate) fn count_lookup(&self, is_hit: bool) {
        self.metrics.counters.increment(if is_hit {
            RegistryCounter::Hit(Artefact::Table)
        } else {
            RegistryCounter::Miss(Artefact::Table)
        });
    }
}

// ---- thread caches ----

impl RegistryInner {
    /// Calls `read` with a table from the thread's cache, or else from the shared map.
    ///
    /// Returns `None` on a cache miss, and `Some(None)` if the absence of the table is cached.
    #[inline]
    pub(crate) fn with_snapshot<R>(
        &self,
        id: TableId,
        read: impl FnOnce(BorrowedSnapshot<'_>) -> R,
    ) -> Option<Option<R>> {
        let key = ThreadCacheKey {
            registry: self.number,
            id_or_hash: id.0,
        };
        let clock = self.slots.table_clock(id);
        let is_current = |_: &TableSnapshot, readings: ClockReadings| {
            self.slots.read_clock(clock) == readings.table
        };
        let hit = RegistryCounter::Hit(Artefact::Table);
        match thread_cache::with_entry(LookupKind::Id, key, hit, is_current, read) {
            Ok(result) => Some(Some(result)),
            Err(miss) => {
                let begun = SharedLookup::new(self, LookupKind::Id, key, clock, &miss);
                let read = |cached: Option<CachedTable<'_>>| begun.finish(cached, miss.read);
                self.slots.with_table(id, read)
            }
        }
    }

    /// Calls `read` with the table of a name, like [`with_snapshot`](Self::with_snapshot).
    #[inline]
    pub(crate) fn with_named_snapshot<R>(
        &self,
        name: NameRef<'_>,
        read: impl FnOnce(BorrowedSnapshot<'_>) -> R,
    ) -> Option<Option<R>> {
        let name = self.slots.hashed(name);
        let key = ThreadCacheKey {
            registry: self.number,
            id_or_hash: name.hash,
        };
        let clock = self.slots.name_clock(name);
        // Both clocks are read: publishing a table by its id advances only the table's clock.
        let is_current = |snapshot: &TableSnapshot, readings: ClockReadings| {
            let table = self.slots.table_clock(snapshot.id());
            self.slots.read_clock(clock) == readings.key
                && self.slots.read_clock(table) == readings.table
                && snapshot.has_name(name)
        };
        let hit = RegistryCounter::Hit(Artefact::Table);
        match thread_cache::with_entry(LookupKind::Name, key, hit, is_current, read) {
            Ok(result) => Some(Some(result)),
            Err(miss) => {
                let begun = SharedLookup::new(self, LookupKind::Name, key, clock, &miss);
                let read = |cached: Option<CachedTable<'_>>| begun.finish(cached, miss.read);
                self.slots.with_name(name, read)
            }
        }
    }

    /// Returns the readings under which a thread may cache `snapshot`, which was found after the
    /// clock of the lookup key had the reading `key`. Returns `None` if an update is in progress.
    fn clock_readings(
        &self,
        kind: LookupKind,
        key: ClockReading,
        snapshot: &Arc<TableSnapshot>,
    ) -> Option<ClockReadings> {
        let table = match kind {
            LookupKind::Id => key,
            LookupKind::Name => {
                let id = snapshot.id();
                let table = self.slots.read_clock(self.slots.table_clock(id));
                // The id was not known before the lookup, so the table's clock was read too late.
                // The second lookup verifies that the snapshot is still current after that reading.
                let is_current =
                    |cached: Option<CachedTable<'_>>| CachedTable::is(cached, snapshot);
                self.slots.with_table(id, is_current).then_some(table)?
            }
        };
        let is_settled = key.is_settled() && table.is_settled();
        is_settled.then_some(ClockReadings { table, key })
    }
}

/// A lookup in a shared map that follows a miss in the thread's cache.
struct SharedLookup<'a> {
    registry: &'a RegistryInner,
    kind: LookupKind,
    key: ThreadCacheKey,
    /// The reading of the key's clock if the table is to be inserted into the thread's cache.
    reading: Option<ClockReading>,
}

impl<'a> SharedLookup<'a> {
    /// Begins the lookup. The clock is read before the slot, so that the slot is at least as recent
    /// as the reading.
    #[inline]
    fn new<F>(
        registry: &'a RegistryInner,
        kind: LookupKind,
        key: ThreadCacheKey,
        clock: ClockId,
        miss: &ThreadCacheMiss<F>,
    ) -> Self {
        SharedLookup {
            registry,
            kind,
            key,
            reading: (miss.should_insert).then(|| registry.slots.read_clock(clock)),
        }
    }

    /// Calls `read` with the table in the slot, and inserts the table into the thread's cache if
    /// the miss requests it.
    #[inline]
    fn finish<R>(
        self,
        cached: Option<CachedTable<'_>>,
        read: impl FnOnce(BorrowedSnapshot<'_>) -> R,
    ) -> Option<Option<R>> {
        self.registry.count_lookup(cached.is_some());
        let Some(snapshot) = cached?.snapshot() else {
            return Some(None);
        };
        snapshot.visit();
        if let Some(reading) = self.reading {
            self.insert(reading, snapshot);
        }
        let borrowed = BorrowedSnapshot {
            snapshot,
            schema: snapshot.schema(),
        };
        Some(Some(read(borrowed)))
    }

    #[cold]
    fn insert(&self, reading: ClockReading, snapshot: &Arc<TableSnapshot>) {
        let registry = self.registry;
        if let Some(readings) = registry.clock_readings(self.kind, reading, snapshot) {
            let counters = || registry.metrics.counters.thread();
            thread_cache::insert(self.kind, self.key, readings, snapshot, counters);
        }
    }
}

impl SizeObserver for RegistryInner {
    fn size_increased(&self, snapshot: &TableSnapshot) {
        self.slots.resize(snapshot);
    }
}

impl fmt::Debug for RegistryInner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistryInner")
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}
