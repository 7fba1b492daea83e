// SPDX-License-Identifier: Apache-2.0

//! [`Slots`]: what is published of each table and name, and the protocol by which it changes.
//!
//! Whatever changes a slot holds its lock, and moves its clock before and after. A load publishes what it
//! has read only if there was no alteration since it began; an alteration comes after the commit in the
//! store. So once an alteration is complete, neither a slot nor a copy that a thread keeps, nor a load that
//! is still under way, brings back what was there before.
//!
//! A name's slot holds a table's snapshot only while the table's own slot holds the same one.

use std::hash::BuildHasher;
use std::sync::{Arc, PoisonError};

use kalamtable_model::TableName;
use kalamtable_store::TableId;

use crate::clocks::{Change, Clock, Clocks, Epoch, Section, Stamp};
use crate::counters::Count;
use crate::ledger::Ledger;
use crate::name::{HashedName, HashedRef, NameRef};
use crate::sieve::{Node, Resident, Sieve};
use crate::snapshot::TableSnapshot;
use crate::sync::{Map, Mutex, RandomState};
use crate::weigh;

/// What is known of a table or a name: its snapshot, or that there is none.
pub(crate) type Known = Option<Arc<TableSnapshot>>;

pub(crate) struct Slots {
    clocks: Clocks,
    names_state: RandomState,
    tables: Map<TableId, Slot>,
    names: Map<HashedName, Slot>,
    versions: Map<(TableId, u32), Slot>,
    residents: Mutex<Sieve>,
    budget: usize,
    ledger: Arc<Ledger>,
}

struct Slot {
    /// None while it is being changed: whoever reads it then has to ask the store, and to wait for the lock.
    known: Option<Known>,
    /// The entry of what was found to be absent; that of a table is in its snapshot.
    absent: Node,
}

impl Slot {
    fn present(snapshot: &Arc<TableSnapshot>) -> Self {
        Slot {
            known: Some(Some(Arc::clone(snapshot))),
            absent: Node::NONE,
        }
    }

    fn absent(node: Node) -> Self {
        Slot {
            known: Some(None),
            absent: node,
        }
    }

    fn in_change() -> Self {
        Slot {
            known: None,
            absent: Node::NONE,
        }
    }

    fn known(&self) -> Option<&Known> {
        self.known.as_ref()
    }

    fn node(&self) -> Node {
        let snapshot = self.known().and_then(Option::as_ref);
        snapshot.map_or(self.absent, |snapshot| snapshot.node())
    }
}

/// What a map takes for an entry besides the key and the value: metadata, a pointer and free places, of which
/// there are most when the map has just grown. Measured with a counting allocator, which a test does again.
const MAP_ENTRY_BYTES: usize = 36;

/// What a resident table weighs besides its snapshot: the entries of two maps, and of the sieve.
const TABLE_ENTRY_BYTES: usize = 2 * MAP_ENTRY_BYTES
    + 2 * size_of::<Slot>()
    + size_of::<TableId>()
    + size_of::<HashedName>()
    + Sieve::ENTRY_BYTES;

const VERSION_ENTRY_BYTES: usize =
    MAP_ENTRY_BYTES + size_of::<Slot>() + size_of::<(TableId, u32)>() + Sieve::ENTRY_BYTES;

const NO_TABLE_BYTES: usize =
    MAP_ENTRY_BYTES + size_of::<Slot>() + size_of::<TableId>() + Sieve::ENTRY_BYTES;

fn no_name_bytes(name: &TableName) -> usize {
    let texts =
        [&name.namespace, &name.table].map(|text| weigh::allocation(weigh::ARC_BYTES + text.len()));
    MAP_ENTRY_BYTES
        + size_of::<Slot>()
        + size_of::<HashedName>()
        + size_of::<TableName>()
        + Sieve::ENTRY_BYTES
        + texts.iter().sum::<usize>()
}

impl Slots {
    pub(crate) fn new(stripes: usize, locks: usize, budget: usize, ledger: Arc<Ledger>) -> Self {
        Slots {
            clocks: Clocks::new(stripes, locks),
            names_state: RandomState::default(),
            tables: Map::new(),
            names: Map::new(),
            versions: Map::new(),
            residents: Mutex::new(Sieve::new()),
            budget,
            ledger,
        }
    }

    // ---- reading ----

    pub(crate) fn table_clock(&self, id: TableId) -> Clock {
        self.clocks.of_table(id.0)
    }

    /// A name, ready to be looked up.
    pub(crate) fn hashed<'a>(&self, name: impl Into<NameRef<'a>>) -> HashedRef<'a> {
        let name = name.into();
        HashedRef {
            hash: self.names_state.hash_one(name),
            name,
        }
    }

    pub(crate) fn name_clock(&self, name: HashedRef<'_>) -> Clock {
        self.clocks.of_name(name.hash)
    }

    pub(crate) fn read_clock(&self, clock: Clock) -> Stamp {
        self.clocks.read(clock)
    }

    /// Whether no alteration has begun since an epoch.
    pub(crate) fn is_settled_at(&self, clock: Clock, epoch: Epoch) -> bool {
        let stamp = self.clocks.read(clock);
        stamp.is_settled() && stamp.epoch() == epoch
    }

    pub(crate) fn alterations(&self) -> u64 {
        self.clocks.alterations()
    }

    /// What `read` makes of what is known of a table; none if nothing is.
    pub(crate) fn with_table<R>(&self, id: TableId, read: impl FnOnce(Option<&Known>) -> R) -> R {
        self.tables
            .with(&id, |slot| read(slot.and_then(Slot::known)))
    }

    /// What `read` makes of what is known of a name; none if nothing is.
    pub(crate) fn with_name<R>(
        &self,
        name: HashedRef<'_>,
        read: impl FnOnce(Option<&Known>) -> R,
    ) -> R {
        self.names
            .with(&name, |slot| read(slot.and_then(Slot::known)))
    }

    pub(crate) fn version(&self, id: TableId, version: u32) -> Known {
        self.versions
            .with(&(id, version), |slot| slot?.known()?.clone())
    }

    // ---- publications ----

    /// Publishes what a load has read of a table, if there was no alteration since `epoch`.
    pub(crate) fn publish_table(&self, id: TableId, epoch: Epoch, known: &Known) -> bool {
        let clock = self.table_clock(id);
        let mut section = self.clocks.lock(&[clock]);
        if section.read(clock).epoch() != epoch {
            return false;
        }
        self.forget_table(&mut section, id);
        let published = section.read(clock).after(Change::Publication);
        section.begin(Change::Publication, &[clock]);
        let mut residents = self.residents();
        let slot = match known {
            Some(snapshot) => {
                snapshot.set_published(published);
                let bytes = TABLE_ENTRY_BYTES + snapshot.bytes();
                snapshot.set_node(residents.insert(Resident::Table(Arc::clone(snapshot)), bytes));
                Slot::present(snapshot)
            }
            None => Slot::absent(residents.insert(Resident::NoTable(id), NO_TABLE_BYTES)),
        };
        drop(residents);
        self.tables.insert(id, slot);
        drop(section);
        self.shrink();
        true
    }

    /// Publishes that a table has a name, or that none has, if there was no alteration since `epoch`. Of a
    /// table that is not resident any more nothing is published.
    pub(crate) fn publish_name(&self, name: HashedRef<'_>, epoch: Epoch, known: &Known) -> bool {
        let clock = self.name_clock(name);
        let mut clocks = vec![clock];
        clocks.extend(
            known
                .as_ref()
                .map(|snapshot| self.table_clock(snapshot.id())),
        );
        let mut section = self.clocks.lock(&clocks);
        if section.read(clock).epoch() != epoch {
            return false;
        }
        let (owned, slot) = match known {
            Some(snapshot) => {
                let is_resident =
                    self.with_table(snapshot.id(), |known| is_snapshot(known, snapshot));
                if !is_resident {
                    return true;
                }
                (snapshot.name().clone(), Slot::present(snapshot))
            }
            None => {
                let owned = name.name.to_name();
                let bytes = no_name_bytes(&owned);
                let resident = Resident::NoName(Box::new(owned.clone()));
                let absent = self.residents().insert(resident, bytes);
                (owned, Slot::absent(absent))
            }
        };
        section.begin(Change::Publication, &[clock]);
        self.forget_absent_name(name);
        self.names.insert(name.with(owned), slot);
        drop(section);
        self.shrink();
        true
    }

    /// Keeps a version, which never changes.
    pub(crate) fn publish_version(&self, snapshot: &Arc<TableSnapshot>) {
        let key = (snapshot.id(), snapshot.version());
        // Any lock serves, if it is always the same one.
        let section = self.clocks.lock(&[self.table_clock(snapshot.id())]);
        if self.versions.with(&key, |slot| slot.is_some()) {
            return;
        }
        let bytes = VERSION_ENTRY_BYTES + snapshot.bytes();
        let resident = Resident::Version(Arc::clone(snapshot));
        snapshot.set_node(self.residents().insert(resident, bytes));
        self.versions.insert(key, Slot::present(snapshot));
        drop(section);
        self.shrink();
    }

    // ---- alterations ----

    /// Makes a change of the store visible: that the table is `altered`, or that what it is has to be read
    /// again. A version that is not newer than the one that is published changes nothing.
    ///
    /// An altered table that is not resident is not published: other alterations of it may have come and
    /// gone meanwhile.
    pub(crate) fn alter(
        &self,
        id: TableId,
        altered: Option<&Arc<TableSnapshot>>,
        names: &[&TableName],
    ) {
        let clock = self.table_clock(id);
        let mut section = self.clocks.lock(&[clock]);
        let resident = self.with_table(id, |known| known.cloned().flatten());
        let mut clocks = vec![clock];
        let own_name = resident.as_ref().map(|snapshot| snapshot.name());
        for name in names.iter().copied().chain(own_name) {
            clocks.push(self.name_clock(self.hashed(name)));
        }
        section.lock_also(&clocks);
        let published = section.read(clock).after(Change::Alteration);
        section.begin(Change::Alteration, &clocks);
        let newer = altered.filter(|altered| {
            let resident = resident.as_ref();
            resident.is_some_and(|resident| resident.version() < altered.version())
        });
        // Whatever was known of them: the names are this table's, or were.
        for name in names.iter().copied().chain(own_name) {
            let hashed = self.hashed(name);
            self.forget_absent_name(hashed);
            match newer {
                // A name that stays is written over: papaya copies a map now and then from which one key is
                // taken and put in again and again.
                Some(newer) if newer.name() == name => {
                    self.names
                        .insert(hashed.with(name.clone()), Slot::in_change());
                }
                _ => self.names.remove(&hashed),
            }
        }
        match (&resident, altered) {
            (Some(resident), Some(altered)) if resident.version() >= altered.version() => {}
            (Some(resident), Some(altered)) => {
                altered.set_published(published);
                let bytes = TABLE_ENTRY_BYTES + altered.bytes();
                let entry = Resident::Table(Arc::clone(altered));
                let (node, _before) = self.residents().replace(resident.node(), entry, bytes);
                altered.set_node(node);
                self.tables.insert(id, Slot::present(altered));
                let name = self.hashed(altered.name()).with(altered.name().clone());
                self.names.insert(name, Slot::present(altered));
            }
            (_, None) | (None, Some(_)) => self.forget_table(&mut section, id),
        }
        drop(section);
        self.ledger.counters.add(Count::Invalidation);
        self.shrink();
    }

    /// Makes it known that what a name stands for has to be read again.
    pub(crate) fn alter_name(&self, name: NameRef<'_>) {
        let name = self.hashed(name);
        let clock = self.name_clock(name);
        let mut section = self.clocks.lock(&[clock]);
        section.begin(Change::Alteration, &[clock]);
        self.forget_absent_name(name);
        self.names.remove(&name);
        drop(section);
        self.ledger.counters.add(Count::Invalidation);
    }

    /// Makes it known that everything has to be read again.
    pub(crate) fn clear(&self) {
        let section = self.clocks.alter_all();
        self.tables.clear();
        self.names.clear();
        self.versions.clear();
        let gone = self.residents().clear();
        drop(section);
        drop(gone);
        self.ledger.counters.add(Count::Invalidation);
    }

    /// Takes a table's slot away, and its name's. The table's clock is locked, and what takes the slot away
    /// moves it or does not have to.
    fn forget_table(&self, section: &mut Section<'_>, id: TableId) {
        let Some((known, node)) = self.tables.with(&id, |slot| {
            let slot = slot?;
            Some((slot.known().cloned().flatten(), slot.node()))
        }) else {
            return;
        };
        if let Some(snapshot) = known {
            section.lock_also(&[self.name_clock(self.hashed(snapshot.name()))]);
            self.forget_name_of(&snapshot);
        }
        self.tables.remove(&id);
        let _gone = self.residents().remove(node);
    }

    fn forget_name_of(&self, snapshot: &Arc<TableSnapshot>) {
        let name = self.hashed(snapshot.name());
        if self.with_name(name, |known| is_snapshot(known, snapshot)) {
            self.names.remove(&name);
        }
    }

    fn forget_absent_name(&self, name: HashedRef<'_>) {
        let absent = self
            .names
            .with(&name, |slot| slot.map_or(Node::NONE, |slot| slot.absent));
        let _gone = self.residents().remove(absent);
    }

    // ---- memory ----

    /// Takes notice that a snapshot has become larger.
    pub(crate) fn settle(&self, snapshot: &TableSnapshot) {
        self.residents()
            .weigh(snapshot.node(), |resident| match resident {
                Resident::Table(snapshot) => TABLE_ENTRY_BYTES + snapshot.bytes(),
                Resident::Version(snapshot) => VERSION_ENTRY_BYTES + snapshot.bytes(),
                Resident::NoTable(_) => NO_TABLE_BYTES,
                Resident::NoName(name) => no_name_bytes(name),
            });
        self.shrink();
    }

    /// Evicts until what is resident fits into the budget. No clock moves: nothing that a thread has read
    /// became old by it.
    fn shrink(&self) {
        let resident = self.residents().bytes();
        let mut excess = (resident + self.shared_bytes()).saturating_sub(self.budget);
        while excess > 0 {
            let Some((node, resident, bytes)) = self.residents().evict() else {
                return;
            };
            // Counted, not measured: what a reader has in its hands goes a little later, and more and more would
            // be evicted meanwhile.
            let shared = match &resident {
                Resident::Table(snapshot) | Resident::Version(snapshot) => snapshot.shape_bytes(),
                Resident::NoTable(_) | Resident::NoName(_) => 0,
            };
            excess = excess.saturating_sub(bytes + shared);
            match &resident {
                Resident::Table(snapshot) => {
                    let id = snapshot.id();
                    let mut section = self.clocks.lock(&[self.table_clock(id)]);
                    // Unless it was altered meanwhile, and has another place.
                    if self
                        .tables
                        .with(&id, |slot| slot.is_some_and(|slot| slot.node() == node))
                    {
                        self.forget_table(&mut section, id);
                    }
                }
                Resident::NoTable(id) => {
                    let mut section = self.clocks.lock(&[self.table_clock(*id)]);
                    if self
                        .tables
                        .with(id, |slot| slot.is_some_and(|slot| slot.node() == node))
                    {
                        self.forget_table(&mut section, *id);
                    }
                }
                Resident::Version(snapshot) => {
                    let key = (snapshot.id(), snapshot.version());
                    let _section = self.clocks.lock(&[self.table_clock(snapshot.id())]);
                    let is_same =
                        |slot: Option<&Slot>| slot.is_some_and(|slot| slot.node() == node);
                    if self.versions.with(&key, is_same) {
                        self.versions.remove(&key);
                    }
                }
                Resident::NoName(name) => {
                    let name = self.hashed(&**name);
                    let _section = self.clocks.lock(&[self.name_clock(name)]);
                    if self
                        .names
                        .with(&name, |slot| slot.is_some_and(|slot| slot.absent == node))
                    {
                        self.names.remove(&name);
                    }
                }
            }
            self.ledger.counters.add(Count::Eviction);
        }
    }

    /// Bytes of what tables share.
    pub(crate) fn shared_bytes(&self) -> usize {
        self.ledger
            .shared
            .load(std::sync::atomic::Ordering::Relaxed)
    }

    /// Bytes of what is resident, without what tables share.
    pub(crate) fn resident_bytes(&self) -> usize {
        self.residents().bytes()
    }

    /// Bytes of the snapshots that are resident.
    pub(crate) fn snapshot_bytes(&self) -> usize {
        self.residents().snapshot_bytes()
    }

    /// How many tables, names and older versions there are slots of.
    pub(crate) fn lens(&self) -> (usize, usize, usize) {
        (self.tables.len(), self.names.len(), self.versions.len())
    }

    /// Bytes that are there without any table.
    pub(crate) fn fixed_bytes(&self) -> usize {
        self.clocks.bytes()
    }

    fn residents(&self) -> crate::sync::MutexGuard<'_, Sieve> {
        self.residents
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether what is known is this very snapshot.
pub(crate) fn is_snapshot(known: Option<&Known>, snapshot: &Arc<TableSnapshot>) -> bool {
    matches!(known, Some(Some(known)) if Arc::ptr_eq(known, snapshot))
}
