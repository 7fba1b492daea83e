// SPDX-License-Identifier: Apache-2.0

//! [`SchemaRegistry`]: look-ups, and the loads behind them. How tables change is in `alter.rs`.

use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, Weak};

use arrow_schema::SchemaRef;
use kalamtable_store::{DefinitionStore, Sequence, StoredTable, TableId};

use crate::clocks::{Clock, Epoch, Stamp};
use crate::counters::{Artefact, Count};
use crate::error::Error;
use crate::flight::{Flights, Load, Outcome, Part};
use crate::handle::TableHandle;
use crate::ledger::Ledger;
use crate::local::{self, Key, Kind, Lent, NoCopy, Stamps};
use crate::name::{HashedRef, NameRef};
use crate::shape::Shapes;
use crate::slots::{Known, Slots, is_snapshot};
use crate::snapshot::{Settle, TableSnapshot};
use crate::sync::{Mutex, block_on};

/// How often a load is made again because an alteration came between, before what was read is returned
/// without being published.
const LOADS: usize = 16;

/// The definitions of a [`DefinitionStore`], and what is made of them, in memory.
///
/// A clone is the same registry. See the [crate](crate) for what it promises.
#[derive(Clone)]
pub struct SchemaRegistry {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    number: u32,
    pub(crate) store: Arc<dyn DefinitionStore>,
    pub(crate) slots: Slots,
    pub(crate) flights: Flights,
    shapes: Shapes,
    pub(crate) ledger: Arc<Ledger>,
    /// The last change of the store that was made visible.
    pub(crate) cursor: Mutex<Sequence>,
    /// Checks what is answered from memory.
    pub(crate) is_shadowed: bool,
    this: Weak<Shared>,
}

/// How a registry uses memory and time.
#[derive(Clone, Debug)]
pub struct RegistryOptions {
    /// How many bytes may be resident; more are evicted. What queries hold beyond that is reported by
    /// [`Stats::bytes_pinned`](crate::Stats::bytes_pinned).
    pub budget_bytes: usize,
    /// How many clocks there are for tables, and as many for names; rounded up to a power of two, at most
    /// 16,777,216. Tables
    /// that share a clock cost each other a look at the shared map when one is altered.
    pub clocks: usize,
    /// Whether what [`SchemaRegistry::get`] answers from memory, and the thread's copy of it, are compared with
    /// what the store says, and what is derived with what is derived anew. It makes these look-ups as slow as
    /// if nothing was remembered: for tests.
    pub shadow: bool,
}

impl Default for RegistryOptions {
    /// 256 MiB, 65,536 clocks, no shadow.
    fn default() -> Self {
        RegistryOptions {
            budget_bytes: 256 * 1024 * 1024,
            clocks: 65_536,
            shadow: false,
        }
    }
}

/// The most clocks of tables, and of names: 128 MiB each.
const MOST_CLOCKS: usize = 1 << 24;

/// The most locks that the clocks of tables are divided among.
const LOCKS: usize = 256;

impl SchemaRegistry {
    /// A registry over a store, at the store's present state.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn open(
        store: Arc<dyn DefinitionStore>,
        options: RegistryOptions,
    ) -> Result<Self, Error> {
        // Nothing is remembered yet, so nothing older than this can be.
        let cursor = store.last_sequence().await?;
        static NUMBERS: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(1);
        let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
        let ledger = Arc::new(Ledger::new(u64::from(number)));
        let clocks = options.clocks.clamp(1, MOST_CLOCKS).next_power_of_two();
        let shared = Arc::new_cyclic(|this| Shared {
            number,
            store,
            slots: Slots::new(
                clocks,
                clocks.min(LOCKS),
                options.budget_bytes,
                Arc::clone(&ledger),
            ),
            flights: Flights::default(),
            shapes: Shapes::new(Arc::clone(&ledger)),
            ledger,
            cursor: Mutex::new(cursor),
            is_shadowed: options.shadow,
            this: this.clone(),
        });
        Ok(SchemaRegistry { shared })
    }

    /// The store.
    pub fn store(&self) -> &Arc<dyn DefinitionStore> {
        &self.shared.store
    }

    // ---- by id ----

    /// The present version of a table; none if it was dropped or never there.
    ///
    /// # Errors
    /// If it has to be read, and the store cannot be.
    pub async fn get(&self, id: TableId) -> Result<Known, Error> {
        if self.shared.is_shadowed {
            return self.shared.get_shadowed(id).await;
        }
        self.shared.get(id).await
    }

    /// The present version of a table, as [`get`](Self::get): on this thread, without a runtime. If the table
    /// has to be read, the thread stands still until it is: do not call it where that keeps a future of this
    /// registry, or of its store, from going on.
    ///
    /// # Errors
    /// If it has to be read, and the store cannot be.
    pub fn get_blocking(&self, id: TableId) -> Result<Known, Error> {
        if !self.shared.is_shadowed
            && let Some(known) = self.shared.cached(id)
        {
            return Ok(known);
        }
        block_on(self.get(id))
    }

    /// What `read` makes of the present version of a table, which is only lent; none if it is not in memory,
    /// or not there. The way that costs least: no lock, and no count of references.
    ///
    /// `read` may look up other tables.
    pub fn with<R>(&self, id: TableId, read: impl FnOnce(&TableSnapshot) -> R) -> Option<R> {
        self.shared.lend(id, |lent| read(lent.snapshot)).flatten()
    }

    /// The Arrow schema of the present version of a table; none if it is not in memory, or not there.
    ///
    /// A thread gets clones of an `Arc` of its own, whose count no other thread changes.
    pub fn schema(&self, id: TableId) -> Option<SchemaRef> {
        self.shared
            .lend(id, |lent| Arc::clone(lent.schema))
            .flatten()
    }

    /// A handle of a table, which remembers what it saw last. It is made without a look at the table.
    pub fn handle(&self, id: TableId) -> TableHandle {
        TableHandle::new(self.clone(), id)
    }

    /// That version of a table, whether it is the present one or not, dropped or not; none if there never was
    /// one. This is what data that was written long ago is read by.
    ///
    /// # Errors
    /// If it has to be read, and the store cannot be.
    pub async fn get_version(&self, id: TableId, version: u32) -> Result<Known, Error> {
        let present = self.with_present(id, |snapshot| {
            (snapshot.version() == version).then(|| Arc::clone(snapshot))
        });
        match present.flatten() {
            Some(present) => Ok(Some(present)),
            None => self.shared.load_version(id, version).await,
        }
    }

    /// Whether a snapshot is the present version of its table: one load, as long as nothing was published of
    /// it or of a table that shares its clock. Once something was, a table that is not resident is taken for
    /// one that has changed.
    pub fn is_current(&self, snapshot: &TableSnapshot) -> bool {
        let slots = &self.shared.slots;
        let clock = slots.table_clock(snapshot.id());
        if Some(slots.read_clock(clock)) == snapshot.published() {
            return true;
        }
        self.with_present(snapshot.id(), |present| {
            present.version() == snapshot.version()
        })
        .unwrap_or(false)
    }

    /// The number of alterations of any table that are visible: it has grown when one returns.
    pub fn schema_changes(&self) -> u64 {
        self.shared.slots.alterations()
    }

    /// The present epoch of a table: one load. See [`Epoch`].
    pub fn epoch(&self, id: TableId) -> Epoch {
        let slots = &self.shared.slots;
        slots.read_clock(slots.table_clock(id)).epoch()
    }

    // ---- by name ----

    /// The present version of the table of that name; none if no table has it.
    ///
    /// # Errors
    /// If it has to be read, and the store cannot be.
    pub async fn find<'a>(&self, name: impl Into<NameRef<'a>>) -> Result<Known, Error> {
        self.shared.find(name.into()).await
    }

    /// What `read` makes of the present version of the table of that name, which is only lent; none if it is
    /// not in memory, or not there.
    pub fn with_name<'a, R>(
        &self,
        name: impl Into<NameRef<'a>>,
        read: impl FnOnce(&TableSnapshot) -> R,
    ) -> Option<R> {
        self.shared
            .lend_name(name.into(), |lent| read(lent.snapshot))
            .flatten()
    }

    fn with_present<R>(
        &self,
        id: TableId,
        read: impl FnOnce(&Arc<TableSnapshot>) -> R,
    ) -> Option<R> {
        self.shared
            .slots
            .with_table(id, |known| known?.as_ref().map(read))
    }
}

// ---- what is in memory ----

impl Shared {
    /// What is known of a table without a look at the store.
    pub(crate) fn cached(&self, id: TableId) -> Option<Known> {
        let known = self.slots.with_table(id, |known| known.cloned());
        self.note(known.as_ref());
        known
    }

    fn cached_name(&self, name: HashedRef<'_>) -> Option<Known> {
        let known = self.slots.with_name(name, |known| known.cloned());
        self.note(known.as_ref());
        known
    }

    pub(crate) async fn get(&self, id: TableId) -> Result<Known, Error> {
        match self.cached(id) {
            Some(known) => Ok(known),
            None => self.load_table(id).await,
        }
    }

    pub(crate) async fn find(&self, name: NameRef<'_>) -> Result<Known, Error> {
        let name = self.slots.hashed(name);
        match self.cached_name(name) {
            Some(known) => Ok(known),
            None => self.load_name(name).await,
        }
    }

    /// Counts a look-up that got as far as the slots.
    fn note(&self, known: Option<&Known>) {
        if let Some(Some(snapshot)) = known {
            snapshot.visit();
        }
        self.count(known.is_some());
    }

    fn count(&self, is_hit: bool) {
        self.ledger.counters.add(match is_hit {
            true => Count::Hit(Artefact::Table),
            false => Count::Miss(Artefact::Table),
        });
    }

    /// What `read` makes of a table: of the thread's copy, or of its slot. The outer option is none if
    /// nothing is known, the inner one if there is no table.
    #[inline]
    pub(crate) fn lend<R>(
        &self,
        id: TableId,
        read: impl FnOnce(Lent<'_>) -> R,
    ) -> Option<Option<R>> {
        let key = Key {
            registry: self.number,
            key: id.0,
        };
        let clock = self.slots.table_clock(id);
        let is_current =
            |_: &TableSnapshot, stamps: Stamps| self.slots.read_clock(clock) == stamps.table;
        let hit = Count::Hit(Artefact::Table);
        match local::with_copy(Kind::Table, key, hit, is_current, read) {
            Ok(made) => Some(Some(made)),
            Err(no_copy) => self.lend_slot(Kind::Table, key, clock, no_copy, |read| {
                self.slots.with_table(id, read)
            }),
        }
    }

    #[inline]
    fn lend_name<R>(
        &self,
        name: NameRef<'_>,
        read: impl FnOnce(Lent<'_>) -> R,
    ) -> Option<Option<R>> {
        let name = self.slots.hashed(name);
        let key = Key {
            registry: self.number,
            key: name.hash,
        };
        let clock = self.slots.name_clock(name);
        // Both clocks: what is published of a table by its id moves that of the table alone.
        let is_current = |snapshot: &TableSnapshot, stamps: Stamps| {
            let table = self.slots.table_clock(snapshot.id());
            self.slots.read_clock(clock) == stamps.asked
                && self.slots.read_clock(table) == stamps.table
                && NameRef::from(snapshot.name()) == name.name
        };
        let hit = Count::Hit(Artefact::Table);
        match local::with_copy(Kind::Name, key, hit, is_current, read) {
            Ok(made) => Some(Some(made)),
            Err(no_copy) => self.lend_slot(Kind::Name, key, clock, no_copy, |read| {
                self.slots.with_name(name, read)
            }),
        }
    }

    /// What `read` makes of what is in a slot, of which the thread keeps a copy if it asks often.
    fn lend_slot<R, F: FnOnce(Lent<'_>) -> R>(
        &self,
        kind: Kind,
        key: Key,
        clock: Clock,
        no_copy: NoCopy<F>,
        with_slot: impl FnOnce(&mut dyn FnMut(Option<&Known>)),
    ) -> Option<Option<R>> {
        // Before the slot: what is kept with it is then that old at most.
        let asked = no_copy.is_wanted.then(|| self.slots.read_clock(clock));
        let mut read = Some(no_copy.read);
        let mut made = None;
        with_slot(&mut |known| {
            made = known.map(|known| {
                let snapshot = known.as_ref()?;
                snapshot.visit();
                if let Some(stamps) = asked.and_then(|asked| self.stamps(kind, asked, snapshot)) {
                    let tally = || self.ledger.counters.tally();
                    local::keep(kind, key, stamps, snapshot, tally);
                }
                let lent = Lent {
                    snapshot,
                    schema: snapshot.schema(),
                };
                read.take().map(|read| read(lent))
            });
        });
        // Not in there: what is read in the map is kept from going meanwhile.
        self.count(made.is_some());
        made
    }
}

impl Shared {
    /// What the clocks showed before a snapshot was read that was found after its own, or its name's, showed
    /// `asked`; none if a change is in progress.
    fn stamps(&self, kind: Kind, asked: Stamp, snapshot: &Arc<TableSnapshot>) -> Option<Stamps> {
        let table = match kind {
            Kind::Table => asked,
            Kind::Name => {
                let id = snapshot.id();
                let table = self.slots.read_clock(self.slots.table_clock(id));
                // Which table it is about is known since the look-up: so it is looked up again.
                let is_present = |known: Option<&Known>| is_snapshot(known, snapshot);
                self.slots.with_table(id, is_present).then_some(table)?
            }
        };
        let is_settled = asked.is_settled() && table.is_settled();
        is_settled.then_some(Stamps { table, asked })
    }
}

// ---- loads ----

impl Shared {
    async fn load_table(&self, id: TableId) -> Result<Known, Error> {
        let clock = self.slots.table_clock(id);
        let mut attempts = 0;
        loop {
            let epoch = self.slots.read_clock(clock).epoch();
            if let Some(known) = self.slots.with_table(id, |known| known.cloned()) {
                return Ok(known);
            }
            let lead = match self.flights.join(Load::Table(id, epoch)) {
                Part::Lead(lead) => lead,
                Part::Wait(wait) => match wait.await {
                    Outcome::Loaded(known) if self.slots.is_settled_at(clock, epoch) => {
                        return Ok(known);
                    }
                    Outcome::Failed(error) => return Err(error),
                    // It may have been altered after it was read and before this look-up began.
                    Outcome::Loaded(_) | Outcome::Again => continue,
                },
            };
            // Somebody may have led a load to its end between the two.
            if let Some(known) = self.slots.with_table(id, |known| known.cloned()) {
                lead.end(Outcome::Loaded(known.clone()));
                return Ok(known);
            }
            let (known, is_lasting) = match self.read_table(id).await {
                Ok(known) => known,
                Err(error) => {
                    lead.end(Outcome::Failed(error.clone()));
                    return Err(error);
                }
            };
            // What was found may be what nobody was told of yet.
            let found = known.as_ref().map(|snapshot| snapshot.sequence());
            let is_ahead = self.catch_up(found).await;
            if !is_ahead && (!is_lasting || self.slots.publish_table(id, epoch, &known)) {
                lead.end(Outcome::Loaded(known.clone()));
                return Ok(known);
            }
            lead.end(Outcome::Again);
            attempts += 1;
            if attempts >= LOADS {
                // It is as new as any alteration that was complete when this look-up began.
                return Ok(known);
            }
        }
    }

    /// What the store has of a table, and whether it can be remembered: an id that no table has had yet may be
    /// that of the next one.
    async fn read_table(&self, id: TableId) -> Result<(Known, bool), Error> {
        let known = self.read(self.store.get(id)).await?;
        if known.is_some() {
            return Ok((known, true));
        }
        if self.store.get_version(id, 1).await?.is_none() {
            return Ok((None, false));
        }
        // It was there: if it still is not, then never again.
        Ok((self.read(self.store.get(id)).await?, true))
    }

    async fn load_name(&self, name: HashedRef<'_>) -> Result<Known, Error> {
        let clock = self.slots.name_clock(name);
        let mut attempts = 0;
        loop {
            let epoch = self.slots.read_clock(clock).epoch();
            if let Some(known) = self.slots.with_name(name, |known| known.cloned()) {
                return Ok(known);
            }
            let lead = match self.flights.join(Load::Name(name.name.to_name(), epoch)) {
                Part::Lead(lead) => lead,
                Part::Wait(wait) => match wait.await {
                    Outcome::Failed(error) => return Err(error),
                    // What was loaded is found in its slot. If it is not there it may have been evicted, and
                    // the table loaded anew and seen by its id: then this is older.
                    Outcome::Loaded(_) | Outcome::Again => continue,
                },
            };
            if let Some(known) = self.slots.with_name(name, |known| known.cloned()) {
                lead.end(Outcome::Loaded(known.clone()));
                return Ok(known);
            }
            let known = match self.resolve(name.name).await {
                Ok(known) => known,
                Err(error) => {
                    lead.end(Outcome::Failed(error.clone()));
                    return Err(error);
                }
            };
            if self.slots.publish_name(name, epoch, &known) {
                lead.end(Outcome::Loaded(known.clone()));
                return Ok(known);
            }
            lead.end(Outcome::Again);
            attempts += 1;
            if attempts >= LOADS {
                return Ok(known);
            }
        }
    }

    /// The table that the store has under that name, in its present version.
    async fn resolve(&self, name: NameRef<'_>) -> Result<Known, Error> {
        let owned = name.to_name();
        for _ in 0..LOADS {
            self.ledger.counters.add(Count::Load);
            let found = self.store.find(&owned).await.inspect_err(|_| {
                self.ledger.counters.add(Count::LoadFailure);
            })?;
            let Some(id) = found else {
                self.catch_up(None).await;
                return Ok(None);
            };
            let known = self.load_table(id).await?;
            if let Some(snapshot) = &known
                && NameRef::from(snapshot.name()) == name
            {
                return Ok(known);
            }
            // It was renamed or dropped between the two answers; or the store has seen what another process
            // did, and what is in memory is older.
            self.slots.alter(id, None, &[]);
        }
        Err(Error::NameUnsettled { name: owned })
    }

    /// Makes the changes of the store visible up to the one that made what was found in it, or up to the last
    /// one if nothing was found: before that is published, and seen before what else these changes concern,
    /// such as the table's name. Whether there were any.
    async fn catch_up(&self, found: Option<Sequence>) -> bool {
        let seen = *self.cursor.lock().unwrap_or_else(PoisonError::into_inner);
        let newest = match found {
            Some(sequence) => sequence,
            // What the store cannot say now it says to who refreshes.
            None => self.store.last_sequence().await.unwrap_or(seen),
        };
        newest > seen && self.follow().await.is_ok_and(|last| last > seen)
    }

    async fn load_version(&self, id: TableId, version: u32) -> Result<Known, Error> {
        loop {
            if let Some(snapshot) = self.slots.version(id, version) {
                snapshot.visit();
                self.count(true);
                return Ok(Some(snapshot));
            }
            let lead = match self.flights.join(Load::Version(id, version)) {
                Part::Lead(lead) => lead,
                Part::Wait(wait) => match wait.await {
                    Outcome::Loaded(Some(known)) => return Ok(Some(known)),
                    Outcome::Failed(error) => return Err(error),
                    // It may have been made since it was looked for.
                    Outcome::Loaded(None) | Outcome::Again => continue,
                },
            };
            self.count(false);
            let outcome = match self.read(self.store.get_version(id, version)).await {
                Ok(known) => {
                    if let Some(snapshot) = &known {
                        self.slots.publish_version(snapshot);
                    }
                    Ok(known)
                }
                Err(error) => Err(error),
            };
            lead.end(match &outcome {
                Ok(known) => Outcome::Loaded(known.clone()),
                Err(error) => Outcome::Failed(error.clone()),
            });
            return outcome;
        }
    }

    /// What a question to the store is answered with, counted.
    async fn read(
        &self,
        question: impl Future<Output = Result<Option<StoredTable>, kalamtable_store::Error>>,
    ) -> Result<Known, Error> {
        self.ledger.counters.add(Count::Load);
        let stored = question.await.inspect_err(|_| {
            self.ledger.counters.add(Count::LoadFailure);
        })?;
        Ok(stored.map(|stored| self.snapshot(&stored)))
    }

    pub(crate) fn snapshot(&self, stored: &StoredTable) -> Arc<TableSnapshot> {
        let (shape, definition) = self.shapes.of(&stored.definition);
        let settle: Weak<dyn Settle> = self.this.clone();
        Arc::new(TableSnapshot::new(
            stored,
            definition,
            shape,
            Arc::clone(&self.ledger),
            settle,
        ))
    }
}

impl Settle for Shared {
    fn settle(&self, snapshot: &TableSnapshot) {
        self.slots.settle(snapshot);
    }
}

impl fmt::Debug for SchemaRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SchemaRegistry")
            .field("store", &self.shared.store)
            .finish_non_exhaustive()
    }
}
