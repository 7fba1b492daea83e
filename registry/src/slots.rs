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
use crate::metrics::RegistryMetrics;
use crate::name::{HashedNameRef, NameRef};
use crate::resident::{
    AbsentName, AbsentNameKey, AbsentTable, AbsentTableKey, ResidentItem, TableIdKey, TableNameKey,
    VersionKey,
};
use crate::sieve::{Sieve, SieveKey};
use crate::snapshot::TableSnapshot;
use crate::sync::{IdMap, Map, Mutex, MutexGuard, RandomState, lock};

/// The cached result of a lookup by id or by name.
#[derive(Clone, Copy, Debug)]
pub(crate) enum CachedTable<'a> {
    Exists(&'a Arc<TableSnapshot>),
    /// No table has the id or the name.
    Absent,
}

impl<'a> CachedTable<'a> {
    pub(crate) fn snapshot(self) -> Option<&'a Arc<TableSnapshot>> {
        match self {
            CachedTable::Exists(snapshot) => Some(snapshot),
            CachedTable::Absent => None,
        }
    }

    pub(crate) fn to_snapshot(self) -> Option<Arc<TableSnapshot>> {
        self.snapshot().map(Arc::clone)
    }

    /// Returns whether `cached` holds this very snapshot.
    pub(crate) fn is(cached: Option<Self>, snapshot: &Arc<TableSnapshot>) -> bool {
        matches!(cached, Some(CachedTable::Exists(found)) if Arc::ptr_eq(found, snapshot))
    }
}

pub(crate) struct Slots {
    clocks: Clocks,
    name_hasher: RandomState,
    tables: IdMap<TableIdKey>,
    /// An id is in at most one of `tables` and `absent_tables`. Readers search them in this order.
    absent_tables: Map<AbsentTableKey>,
    names: Map<TableNameKey>,
    /// A name is in at most one of `names` and `absent_names`. Readers search them in this order.
    absent_names: Map<AbsentNameKey>,
    versions: Map<VersionKey>,
    residents: Mutex<Sieve<ResidentItem>>,
    budget: usize,
    metrics: Arc<RegistryMetrics>,
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
            tables: IdMap::new(),
            absent_tables: Map::new(),
            names: Map::new(),
            absent_names: Map::new(),
            versions: Map::new(),
            residents: Mutex::new(Sieve::new()),
            budget,
            metrics,
        }
    }

    // ---- reading ----

    #[inline]
    pub(crate) fn table_clock(&self, id: TableId) -> ClockId {
        self.clocks.of_table(id.0)
    }

    #[inline]
    pub(crate) fn hashed<'a>(&self, name: impl Into<NameRef<'a>>) -> HashedNameRef<'a> {
        let name = name.into();
        HashedNameRef {
            hash: self.name_hasher.hash_one(name),
            name,
        }
    }

    #[inline]
    pub(crate) fn name_clock(&self, name: HashedNameRef<'_>) -> ClockId {
        self.clocks.of_name(name.hash)
    }

    #[inline]
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
    #[inline]
    pub(crate) fn with_table<R>(
        &self,
        id: TableId,
        read: impl FnOnce(Option<CachedTable<'_>>) -> R,
    ) -> R {
        let result = self.tables.with(id, |found| match found {
            Some(snapshot) => Ok(read(Some(CachedTable::Exists(snapshot)))),
            None => Err(read),
        });
        result.unwrap_or_else(|read| {
            let absent = |absent: Option<&Arc<AbsentTable>>| absent.map(|_| CachedTable::Absent);
            read(self.absent_tables.with(id, absent))
        })
    }

    /// Calls `read` with the cached table of a name, or with `None` on a cache miss.
    #[inline]
    pub(crate) fn with_name<R>(
        &self,
        name: HashedNameRef<'_>,
        read: impl FnOnce(Option<CachedTable<'_>>) -> R,
    ) -> R {
        let result = self.names.with(name, |found| match found {
            Some(snapshot) => Ok(read(Some(CachedTable::Exists(snapshot)))),
            None => Err(read),
        });
        result.unwrap_or_else(|read| {
            let absent = |absent: Option<&Arc<AbsentName>>| absent.map(|_| CachedTable::Absent);
            read(self.absent_names.with(name, absent))
        })
    }

    /// Returns a cached older version, or `None` on a cache miss.
    pub(crate) fn version(&self, id: TableId, version: u32) -> Option<Arc<TableSnapshot>> {
        self.versions
            .with((id, version), |snapshot| snapshot.map(Arc::clone))
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
        match loaded {
            Some(snapshot) => {
                snapshot.set_published(published);
                self.insert_snapshot(snapshot, ResidentItem::Table);
                self.tables.insert(Arc::clone(snapshot));
            }
            None => {
                let sieve_key = self.insert_absent(ResidentItem::AbsentTable(id));
                let absent = AbsentTable { id, sieve_key };
                self.absent_tables.insert(Arc::new(absent));
            }
        }
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
        if let Some(snapshot) = loaded
            && !self.with_table(snapshot.id(), |cached| CachedTable::is(cached, snapshot))
        {
            return true;
        }
        locked.begin(ClockAdvance::Load, &[clock]);
        self.remove_absent_name(name);
        match loaded {
            Some(snapshot) => self.names.insert(Arc::clone(snapshot)),
            None => {
                let owned = name.name.to_name();
                let item = ResidentItem::AbsentName(Box::new(owned.clone()));
                self.names.remove(name);
                self.absent_names.insert(Arc::new(AbsentName {
                    hash: name.hash,
                    name: owned,
                    sieve_key: self.insert_absent(item),
                }));
            }
        }
        drop(locked);
        self.evict_excess();
        true
    }

    /// Publishes an older version. It never changes, so no clock covers it.
    pub(crate) fn publish_version(&self, snapshot: &Arc<TableSnapshot>) {
        let key = (snapshot.id(), snapshot.version());
        // The lock only prevents two threads from publishing the version at the same time.
        let locked = self.clocks.lock(&[self.table_clock(snapshot.id())]);
        if self.versions.with(key, |found| found.is_some()) {
            return;
        }
        self.insert_snapshot(snapshot, ResidentItem::Version);
        self.versions.insert(Arc::clone(snapshot));
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
        let mut clocks = Vec::with_capacity(4);
        clocks.push(clock);
        let own_name = resident.as_ref().map(|snapshot| snapshot.hashed_name());
        let all_names = || {
            let names = names.iter().map(|name| self.hashed(*name));
            names.chain(own_name)
        };
        clocks.extend(all_names().map(|name| self.name_clock(name)));
        locked.lock_also(&clocks);
        let published = locked.read(clock).after(ClockAdvance::SchemaChange);
        locked.begin(ClockAdvance::SchemaChange, &clocks);
        // All slots of these names are removed: the names belong to this table, or belonged to it.
        for name in all_names() {
            self.remove_absent_name(name);
            self.names.remove(name);
        }
        match (&resident, changed) {
            (Some(resident), Some(changed)) if resident.version() >= changed.version() => {}
            (Some(resident), Some(changed)) => {
                changed.set_published(published);
                let item = ResidentItem::Table(Arc::clone(changed));
                let bytes = item.bytes();
                let (key, _replaced) = self.residents().replace(resident.sieve_key(), item, bytes);
                changed.set_sieve_key(key);
                self.tables.insert(Arc::clone(changed));
                self.names.insert(Arc::clone(changed));
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
        self.names.remove(name);
        drop(locked);
        self.metrics
            .counters
            .increment(RegistryCounter::Invalidation);
    }

    /// Invalidates everything.
    pub(crate) fn clear(&self) {
        let locked = self.clocks.begin_change_of_all();
        self.tables.clear();
        self.absent_tables.clear();
        self.names.clear();
        self.absent_names.clear();
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
        let resident = self.tables.with(id, |snapshot| snapshot.map(Arc::clone));
        let Some(snapshot) = resident else {
            self.remove_absent_table(id);
            return;
        };
        let name = snapshot.hashed_name();
        locked.lock_also(&[self.name_clock(name)]);
        if self.names.with(name, |found| {
            found.is_some_and(|found| Arc::ptr_eq(found, &snapshot))
        }) {
            self.names.remove(name);
        }
        self.tables.remove(id);
        let _removed = self.residents().remove(snapshot.sieve_key());
    }

    fn remove_absent_table(&self, id: TableId) {
        let absent = |absent: Option<&Arc<AbsentTable>>| Some(absent?.sieve_key);
        if let Some(key) = self.absent_tables.with(id, absent) {
            self.absent_tables.remove(id);
            let _removed = self.residents().remove(key);
        }
    }

    fn remove_absent_name(&self, name: HashedNameRef<'_>) {
        let absent = |absent: Option<&Arc<AbsentName>>| Some(absent?.sieve_key);
        if let Some(key) = self.absent_names.with(name, absent) {
            self.absent_names.remove(name);
            let _removed = self.residents().remove(key);
        }
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
        let has_key = |snapshot: Option<&Arc<TableSnapshot>>| {
            snapshot.is_some_and(|snapshot| snapshot.sieve_key() == key)
        };
        match item {
            ResidentItem::Table(snapshot) => {
                let id = snapshot.id();
                let mut locked = self.clocks.lock(&[self.table_clock(id)]);
                if self.tables.with(id, has_key) {
                    self.remove_table(&mut locked, id);
                }
            }
            ResidentItem::AbsentTable(id) => {
                let _locked = self.clocks.lock(&[self.table_clock(*id)]);
                let absent = |absent: Option<&Arc<AbsentTable>>| Some(absent?.sieve_key);
                if self.absent_tables.with(*id, absent) == Some(key) {
                    self.absent_tables.remove(*id);
                }
            }
            ResidentItem::Version(snapshot) => {
                let version = (snapshot.id(), snapshot.version());
                let _locked = self.clocks.lock(&[self.table_clock(snapshot.id())]);
                if self.versions.with(version, has_key) {
                    self.versions.remove(version);
                }
            }
            ResidentItem::AbsentName(name) => {
                let name = self.hashed(&**name);
                let _locked = self.clocks.lock(&[self.name_clock(name)]);
                let absent = |absent: Option<&Arc<AbsentName>>| Some(absent?.sieve_key);
                if self.absent_names.with(name, absent) == Some(key) {
                    self.absent_names.remove(name);
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
        (
            self.tables.len() + self.absent_tables.len(),
            self.names.len() + self.absent_names.len(),
            self.versions.len(),
        )
    }

    /// Returns the bytes that do not depend on the number of tables.
    pub(crate) fn fixed_bytes(&self) -> usize {
        self.clocks.bytes()
    }

    fn residents(&self) -> MutexGuard<'_, Sieve<ResidentItem>> {
        lock(&self.residents)
    }
}
