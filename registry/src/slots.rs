// SPDX-License-Identifier: Apache-2.0

//! [`Slots`]: the shared maps of cached tables and names, the protocol by which they change, and
//! eviction.
//!
//! - Every update of a slot holds the lock of its clock, and advances the clock before and after.
//! - A load publishes its result only if the epoch is the one at which it began.
//! - A schema change is applied after the store has committed it.
//!
//! So once a schema change is applied, no slot, no cache of a thread and no load in progress can
//! bring an older version back.
//!
//! The slot of a name holds a snapshot only while the slot of its table holds the same snapshot.
//! Locks are taken in the order: clocks of tables, clocks of names, resident items.

use std::hash::BuildHasher;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use kalamtable_model::TableName;
use kalamtable_store::TableId;

use crate::clocks::{ClockAdvance, ClockId, ClockReading, Clocks, Epoch, LockedClocks};
use crate::counters::RegistryCounter;
use crate::heap_size;
use crate::metrics::RegistryMetrics;
use crate::name::{HashedName, HashedNameRef, NameRef};
use crate::sieve::{Evictable, Sieve, SieveKey};
use crate::snapshot::TableSnapshot;
use crate::sync::{Map, Mutex, MutexGuard, RandomState, lock};

/// The cached result of a lookup by id or by name.
#[derive(Clone, Debug)]
pub(crate) enum CachedTable {
    Exists(Arc<TableSnapshot>),
    /// No table has the id or the name.
    Absent,
}

impl CachedTable {
    pub(crate) fn snapshot(&self) -> Option<&Arc<TableSnapshot>> {
        match self {
            CachedTable::Exists(snapshot) => Some(snapshot),
            CachedTable::Absent => None,
        }
    }

    pub(crate) fn into_snapshot(self) -> Option<Arc<TableSnapshot>> {
        match self {
            CachedTable::Exists(snapshot) => Some(snapshot),
            CachedTable::Absent => None,
        }
    }

    /// Returns whether `cached` holds this very snapshot.
    pub(crate) fn is(cached: Option<&CachedTable>, snapshot: &Arc<TableSnapshot>) -> bool {
        matches!(cached, Some(CachedTable::Exists(found)) if Arc::ptr_eq(found, snapshot))
    }
}

pub(crate) struct Slots {
    clocks: Clocks,
    name_hasher: RandomState,
    tables: Map<TableId, Slot>,
    names: Map<HashedName, Slot>,
    versions: Map<(TableId, u32), Slot>,
    residents: Mutex<Sieve<ResidentItem>>,
    budget: usize,
    metrics: Arc<RegistryMetrics>,
}

struct Slot {
    /// `None` while the slot is updated: readers then load from the store, and publishing waits for
    /// the lock.
    cached: Option<CachedTable>,
    /// The key of the sieve's item if the slot is absent. If a snapshot exists, it has the key.
    absent_key: SieveKey,
}

impl Slot {
    fn exists(snapshot: &Arc<TableSnapshot>) -> Self {
        Slot {
            cached: Some(CachedTable::Exists(Arc::clone(snapshot))),
            absent_key: SieveKey::NONE,
        }
    }

    fn absent(key: SieveKey) -> Self {
        Slot {
            cached: Some(CachedTable::Absent),
            absent_key: key,
        }
    }

    fn updating() -> Self {
        Slot {
            cached: None,
            absent_key: SieveKey::NONE,
        }
    }

    fn cached(&self) -> Option<&CachedTable> {
        self.cached.as_ref()
    }

    fn sieve_key(&self) -> SieveKey {
        let snapshot = self.cached().and_then(CachedTable::snapshot);
        snapshot.map_or(self.absent_key, |snapshot| snapshot.sieve_key())
    }
}

/// An item that occupies memory and can be evicted.
#[derive(Clone, Debug)]
pub(crate) enum ResidentItem {
    /// The current version of a table, and its name.
    Table(Arc<TableSnapshot>),
    /// An older version of a table.
    Version(Arc<TableSnapshot>),
    /// The absence of a table with this id.
    AbsentTable(TableId),
    /// The absence of a table with this name.
    AbsentName(Box<TableName>),
}

impl ResidentItem {
    fn bytes(&self) -> usize {
        match self {
            ResidentItem::Table(snapshot) => TABLE_ENTRY_BYTES + snapshot.bytes(),
            ResidentItem::Version(snapshot) => VERSION_ENTRY_BYTES + snapshot.bytes(),
            ResidentItem::AbsentTable(_) => ABSENT_TABLE_BYTES,
            ResidentItem::AbsentName(name) => absent_name_bytes(name),
        }
    }

    fn snapshot(&self) -> Option<&Arc<TableSnapshot>> {
        match self {
            ResidentItem::Table(snapshot) | ResidentItem::Version(snapshot) => Some(snapshot),
            ResidentItem::AbsentTable(_) | ResidentItem::AbsentName(_) => None,
        }
    }
}

impl Evictable for ResidentItem {
    /// Absence never counts as visited: loading it again is cheap.
    fn take_visited(&self) -> bool {
        self.snapshot()
            .is_some_and(|snapshot| snapshot.take_visited())
    }
}

/// The bytes that a map uses per entry in addition to the key and the value: metadata, a pointer,
/// and unused capacity, which is largest after the map has grown. `tests/memory` checks this number
/// with a counting allocator.
const MAP_ENTRY_BYTES: usize = 36;

const SIEVE_ENTRY_BYTES: usize = Sieve::<ResidentItem>::ENTRY_BYTES;

/// The bytes of a resident table in addition to its snapshot: the entries of two maps and of the
/// sieve.
const TABLE_ENTRY_BYTES: usize = 2 * MAP_ENTRY_BYTES
    + 2 * size_of::<Slot>()
    + size_of::<TableId>()
    + size_of::<HashedName>()
    + SIEVE_ENTRY_BYTES;

const VERSION_ENTRY_BYTES: usize =
    MAP_ENTRY_BYTES + size_of::<Slot>() + size_of::<(TableId, u32)>() + SIEVE_ENTRY_BYTES;

const ABSENT_TABLE_BYTES: usize =
    MAP_ENTRY_BYTES + size_of::<Slot>() + size_of::<TableId>() + SIEVE_ENTRY_BYTES;

fn absent_name_bytes(name: &TableName) -> usize {
    let strings = [&name.namespace, &name.table]
        .map(|text| heap_size::allocation(heap_size::ARC_BYTES + text.len()));
    MAP_ENTRY_BYTES
        + size_of::<Slot>()
        + size_of::<HashedName>()
        + size_of::<TableName>()
        + SIEVE_ENTRY_BYTES
        + strings.iter().sum::<usize>()
}

impl Slots {
    /// Creates empty slots with `clocks` clocks for tables and as many for names, and `locks` locks
    /// for each of the two.
    pub(crate) fn new(
        clocks: usize,
        locks: usize,
        budget: usize,
        metrics: Arc<RegistryMetrics>,
    ) -> Self {
        Slots {
            clocks: Clocks::new(clocks, locks),
            name_hasher: RandomState::default(),
            tables: Map::new(),
            names: Map::new(),
            versions: Map::new(),
            residents: Mutex::new(Sieve::new()),
            budget,
            metrics,
        }
    }

    // ---- reading ----

    pub(crate) fn table_clock(&self, id: TableId) -> ClockId {
        self.clocks.of_table(id.0)
    }

    pub(crate) fn hashed<'a>(&self, name: impl Into<NameRef<'a>>) -> HashedNameRef<'a> {
        let name = name.into();
        HashedNameRef {
            hash: self.name_hasher.hash_one(name),
            name,
        }
    }

    pub(crate) fn name_clock(&self, name: HashedNameRef<'_>) -> ClockId {
        self.clocks.of_name(name.hash)
    }

    pub(crate) fn read_clock(&self, clock: ClockId) -> ClockReading {
        self.clocks.read(clock)
    }

    /// Returns whether no schema change has begun since an epoch.
    pub(crate) fn is_settled_at(&self, clock: ClockId, epoch: Epoch) -> bool {
        let reading = self.clocks.read(clock);
        reading.is_settled() && reading.epoch() == epoch
    }

    pub(crate) fn schema_changes(&self) -> u64 {
        self.clocks.schema_changes()
    }

    /// Calls `read` with the cached table, or with `None` on a cache miss.
    pub(crate) fn with_table<R>(
        &self,
        id: TableId,
        read: impl FnOnce(Option<&CachedTable>) -> R,
    ) -> R {
        self.tables
            .with(&id, |slot| read(slot.and_then(Slot::cached)))
    }

    /// Calls `read` with the cached table of a name, or with `None` on a cache miss.
    pub(crate) fn with_name<R>(
        &self,
        name: HashedNameRef<'_>,
        read: impl FnOnce(Option<&CachedTable>) -> R,
    ) -> R {
        self.names
            .with(&name, |slot| read(slot.and_then(Slot::cached)))
    }

    /// Returns a cached older version, or `None` on a cache miss.
    pub(crate) fn version(&self, id: TableId, version: u32) -> Option<Arc<TableSnapshot>> {
        self.versions.with(&(id, version), |slot| {
            slot?.cached()?.snapshot().map(Arc::clone)
        })
    }

    // ---- publishing loads ----

    /// Publishes a loaded table, or its absence, unless the epoch has changed since the load began.
    /// Returns whether the result was published.
    pub(crate) fn publish_table(
        &self,
        id: TableId,
        epoch: Epoch,
        loaded: Option<&Arc<TableSnapshot>>,
    ) -> bool {
        let clock = self.table_clock(id);
        let mut locked = self.clocks.lock(&[clock]);
        if locked.read(clock).epoch() != epoch {
            return false;
        }
        self.remove_table(&mut locked, id);
        let published = locked.read(clock).after(ClockAdvance::Load);
        locked.begin(ClockAdvance::Load, &[clock]);
        let slot = match loaded {
            Some(snapshot) => {
                snapshot.set_published(published);
                self.insert_snapshot(snapshot, ResidentItem::Table);
                Slot::exists(snapshot)
            }
            None => Slot::absent(self.insert_absent(ResidentItem::AbsentTable(id))),
        };
        self.tables.insert(id, slot);
        drop(locked);
        self.evict_excess();
        true
    }

    /// Publishes the table that has a name, or the absence of one, unless the epoch of the name has
    /// changed since the load began. Returns `false` if it has.
    ///
    /// If the table itself is not resident any more, returns `true` and publishes nothing.
    pub(crate) fn publish_name(
        &self,
        name: HashedNameRef<'_>,
        epoch: Epoch,
        loaded: Option<&Arc<TableSnapshot>>,
    ) -> bool {
        let clock = self.name_clock(name);
        let mut clocks = vec![clock];
        clocks.extend(loaded.map(|snapshot| self.table_clock(snapshot.id())));
        let mut locked = self.clocks.lock(&clocks);
        if locked.read(clock).epoch() != epoch {
            return false;
        }
        let (owned, slot) = match loaded {
            Some(snapshot) => {
                let is_resident =
                    self.with_table(snapshot.id(), |cached| CachedTable::is(cached, snapshot));
                if !is_resident {
                    return true;
                }
                (snapshot.name().clone(), Slot::exists(snapshot))
            }
            None => {
                let owned = name.name.to_name();
                let item = ResidentItem::AbsentName(Box::new(owned.clone()));
                (owned, Slot::absent(self.insert_absent(item)))
            }
        };
        locked.begin(ClockAdvance::Load, &[clock]);
        self.remove_absent_name(name);
        self.names.insert(name.with_owned(owned), slot);
        drop(locked);
        self.evict_excess();
        true
    }

    /// Publishes an older version. It never changes, so no clock covers it.
    pub(crate) fn publish_version(&self, snapshot: &Arc<TableSnapshot>) {
        let key = (snapshot.id(), snapshot.version());
        // The lock only prevents two threads from publishing the version at the same time.
        let locked = self.clocks.lock(&[self.table_clock(snapshot.id())]);
        if self.versions.with(&key, |slot| slot.is_some()) {
            return;
        }
        self.insert_snapshot(snapshot, ResidentItem::Version);
        self.versions.insert(key, Slot::exists(snapshot));
        drop(locked);
        self.evict_excess();
    }

    // ---- schema changes ----

    /// Applies a committed change of a table: `changed` is its next version, or `None` if the table
    /// was dropped or has to be loaded again. `names` are its names before and after the change.
    ///
    /// A version that is not newer than the published one leaves the slot unchanged. If the table
    /// is not resident, `changed` is not published, because later changes may have been applied
    /// already.
    pub(crate) fn apply_change(
        &self,
        id: TableId,
        changed: Option<&Arc<TableSnapshot>>,
        names: &[&TableName],
    ) {
        let clock = self.table_clock(id);
        let mut locked = self.clocks.lock(&[clock]);
        let resident = self.with_table(id, |cached| {
            cached.and_then(CachedTable::snapshot).map(Arc::clone)
        });
        let mut clocks = vec![clock];
        let own_name = resident.as_ref().map(|snapshot| snapshot.name());
        for name in names.iter().copied().chain(own_name) {
            clocks.push(self.name_clock(self.hashed(name)));
        }
        locked.lock_also(&clocks);
        let published = locked.read(clock).after(ClockAdvance::SchemaChange);
        locked.begin(ClockAdvance::SchemaChange, &clocks);
        let resident_version = resident.as_ref().map(|resident| resident.version());
        let newer = changed
            .filter(|changed| resident_version.is_some_and(|version| version < changed.version()));
        // All slots of these names are removed: the names belong to this table, or belonged to it.
        for name in names.iter().copied().chain(own_name) {
            let hashed = self.hashed(name);
            self.remove_absent_name(hashed);
            match newer {
                // A name that the table keeps is overwritten: papaya occasionally copies a map in
                // which one key is removed and inserted repeatedly.
                Some(newer) if newer.name() == name => {
                    self.names
                        .insert(hashed.with_owned(name.clone()), Slot::updating());
                }
                _ => self.names.remove(&hashed),
            }
        }
        match (&resident, changed) {
            (Some(resident), Some(changed)) if resident.version() >= changed.version() => {}
            (Some(resident), Some(changed)) => {
                changed.set_published(published);
                let item = ResidentItem::Table(Arc::clone(changed));
                let bytes = item.bytes();
                let (key, _replaced) = self.residents().replace(resident.sieve_key(), item, bytes);
                changed.set_sieve_key(key);
                self.tables.insert(id, Slot::exists(changed));
                let name = self
                    .hashed(changed.name())
                    .with_owned(changed.name().clone());
                self.names.insert(name, Slot::exists(changed));
            }
            (_, None) | (None, Some(_)) => self.remove_table(&mut locked, id),
        }
        drop(locked);
        self.metrics
            .counters
            .increment(RegistryCounter::Invalidation);
        self.evict_excess();
    }

    /// Invalidates the cached table of a name, or its cached absence.
    pub(crate) fn invalidate_name(&self, name: NameRef<'_>) {
        let name = self.hashed(name);
        let clock = self.name_clock(name);
        let mut locked = self.clocks.lock(&[clock]);
        locked.begin(ClockAdvance::SchemaChange, &[clock]);
        self.remove_absent_name(name);
        self.names.remove(&name);
        drop(locked);
        self.metrics
            .counters
            .increment(RegistryCounter::Invalidation);
    }

    /// Invalidates everything.
    pub(crate) fn clear(&self) {
        let locked = self.clocks.begin_change_of_all();
        self.tables.clear();
        self.names.clear();
        self.versions.clear();
        let removed = self.residents().clear();
        drop(locked);
        // Dropped after the locks are released: dropping many snapshots is slow.
        drop(removed);
        self.metrics
            .counters
            .increment(RegistryCounter::Invalidation);
    }

    /// Removes the slots of a table and of its name. The caller has locked the table's clock, and
    /// advances it unless the table is evicted.
    fn remove_table(&self, locked: &mut LockedClocks<'_>, id: TableId) {
        let Some((snapshot, key)) = self.tables.with(&id, |slot| {
            let slot = slot?;
            let snapshot = slot.cached().and_then(CachedTable::snapshot);
            Some((snapshot.map(Arc::clone), slot.sieve_key()))
        }) else {
            return;
        };
        if let Some(snapshot) = snapshot {
            locked.lock_also(&[self.name_clock(self.hashed(snapshot.name()))]);
            self.remove_name_of(&snapshot);
        }
        self.tables.remove(&id);
        let _removed = self.residents().remove(key);
    }

    fn remove_name_of(&self, snapshot: &Arc<TableSnapshot>) {
        let name = self.hashed(snapshot.name());
        if self.with_name(name, |cached| CachedTable::is(cached, snapshot)) {
            self.names.remove(&name);
        }
    }

    /// Removes the sieve's item of an absent name. The caller removes or replaces its slot.
    fn remove_absent_name(&self, name: HashedNameRef<'_>) {
        let key = self.names.with(&name, |slot| {
            slot.map_or(SieveKey::NONE, |slot| slot.absent_key)
        });
        let _removed = self.residents().remove(key);
    }

    // ---- memory ----

    /// Accounts for a snapshot whose size, or whose layout's size, has increased.
    pub(crate) fn resize(&self, snapshot: &TableSnapshot) {
        self.residents()
            .resize(snapshot.sieve_key(), ResidentItem::bytes);
        self.evict_excess();
    }

    fn insert_snapshot(
        &self,
        snapshot: &Arc<TableSnapshot>,
        item: fn(Arc<TableSnapshot>) -> ResidentItem,
    ) {
        // The lock is held until the snapshot has its key, so that `resize` misses no increase.
        let mut residents = self.residents();
        let resident = item(Arc::clone(snapshot));
        let bytes = resident.bytes();
        snapshot.set_sieve_key(residents.insert(resident, bytes));
    }

    fn insert_absent(&self, item: ResidentItem) -> SieveKey {
        let bytes = item.bytes();
        self.residents().insert(item, bytes)
    }

    /// Evicts items until the resident bytes fit into the budget. No clock advances, because
    /// eviction does not make a snapshot stale.
    fn evict_excess(&self) {
        let resident = self.residents().bytes();
        let mut excess = (resident + self.shared_bytes()).saturating_sub(self.budget);
        while excess > 0 {
            let Some((key, item, bytes)) = self.residents().evict() else {
                return;
            };
            // The freed bytes are computed, not measured: a snapshot that a reader holds is freed
            // later, and measuring would evict further items until then.
            let layout_bytes = item
                .snapshot()
                .map_or(0, |snapshot| snapshot.own_layout_bytes());
            excess = excess.saturating_sub(bytes + layout_bytes);
            self.remove_evicted(key, &item);
            self.metrics.counters.increment(RegistryCounter::Eviction);
        }
    }

    /// Removes the slots of an evicted item, unless they have been replaced in the meantime.
    fn remove_evicted(&self, key: SieveKey, item: &ResidentItem) {
        let has_key = |slot: Option<&Slot>| slot.is_some_and(|slot| slot.sieve_key() == key);
        let remove_table = |id: TableId| {
            let mut locked = self.clocks.lock(&[self.table_clock(id)]);
            if self.tables.with(&id, has_key) {
                self.remove_table(&mut locked, id);
            }
        };
        match item {
            ResidentItem::Table(snapshot) => remove_table(snapshot.id()),
            ResidentItem::AbsentTable(id) => remove_table(*id),
            ResidentItem::Version(snapshot) => {
                let version = (snapshot.id(), snapshot.version());
                let _locked = self.clocks.lock(&[self.table_clock(snapshot.id())]);
                if self.versions.with(&version, has_key) {
                    self.versions.remove(&version);
                }
            }
            ResidentItem::AbsentName(name) => {
                let name = self.hashed(&**name);
                let _locked = self.clocks.lock(&[self.name_clock(name)]);
                let is_absent =
                    |slot: Option<&Slot>| slot.is_some_and(|slot| slot.absent_key == key);
                if self.names.with(&name, is_absent) {
                    self.names.remove(&name);
                }
            }
        }
    }

    /// Returns the bytes that tables share.
    pub(crate) fn shared_bytes(&self) -> usize {
        self.metrics.shared_bytes.load(Ordering::Relaxed)
    }

    /// Returns the resident bytes without those that tables share.
    pub(crate) fn resident_bytes(&self) -> usize {
        self.residents().bytes()
    }

    /// Returns the bytes of the resident snapshots. Takes time proportional to the number of items.
    pub(crate) fn snapshot_bytes(&self) -> usize {
        let residents = self.residents();
        let snapshots = residents.iter().filter_map(ResidentItem::snapshot);
        snapshots.map(|snapshot| snapshot.bytes()).sum()
    }

    /// Returns the numbers of slots for tables, names and older versions.
    pub(crate) fn slot_counts(&self) -> (usize, usize, usize) {
        (self.tables.len(), self.names.len(), self.versions.len())
    }

    /// Returns the bytes that do not depend on the number of tables.
    pub(crate) fn fixed_bytes(&self) -> usize {
        self.clocks.bytes()
    }

    fn residents(&self) -> MutexGuard<'_, Sieve<ResidentItem>> {
        lock(&self.residents)
    }
}
