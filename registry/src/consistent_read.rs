// SPDX-License-Identifier: Apache-2.0

//! Consistent snapshots of several tables.
//!
//! The tables are looked up one after the other, and checked afterwards. Versions never return, so
//! if each table still has the version that was found, all of them were current when the last one
//! was found.

use std::sync::Arc;

use kalamtable_store::{Sequence, TableId};

use crate::clocks::{ClockId, ClockReading};
use crate::error::Error;
use crate::inner::RegistryInner;
use crate::name::NameRef;
use crate::registry::SchemaRegistry;
use crate::slots::CachedTable;
use crate::snapshot::TableSnapshot;
use crate::sync::yield_now;

/// Consistent reads of several tables.
impl SchemaRegistry {
    /// Returns the current versions of several tables by name, as a consistent snapshot: at some
    /// point during the call, all of them were current. The result has one element per name, in the
    /// same order. An element is `None` if no table has the name.
    ///
    /// Schema changes do not wait for this method. If one of the tables changes during the call,
    /// the lookups are repeated, without a limit on the number of attempts.
    ///
    /// # Errors
    /// Fails under the conditions of [`find`](Self::find).
    pub async fn find_all(
        &self,
        names: &[NameRef<'_>],
    ) -> Result<Vec<Option<Arc<TableSnapshot>>>, Error> {
        let selectors = names.iter().copied().map(TableSelector::Name);
        self.inner
            .read_consistently(&selectors.collect::<Vec<_>>())
            .await
    }

    /// Returns the current versions of several tables by id, as a consistent snapshot like
    /// [`find_all`](Self::find_all). The result has one element per id, in the same order. An
    /// element is `None` if the table does not exist.
    ///
    /// # Errors
    /// Fails with [`Error::Store`] if a table has to be loaded and the store cannot be read.
    pub async fn get_all(&self, ids: &[TableId]) -> Result<Vec<Option<Arc<TableSnapshot>>>, Error> {
        let selectors = ids.iter().copied().map(TableSelector::Id);
        self.inner
            .read_consistently(&selectors.collect::<Vec<_>>())
            .await
    }

    /// Checks whether snapshots that were looked up one by one are consistent. Returns `None` if
    /// they are: at some point, all of them were current. Otherwise, returns a snapshot that was
    /// superseded, or whose table was dropped, before another one of the snapshots became current.
    ///
    /// If all snapshots are still current, the store is not read.
    ///
    /// # Errors
    /// Fails with [`Error::Store`] if the store cannot be read.
    pub async fn find_inconsistent<'a>(
        &self,
        snapshots: &'a [Arc<TableSnapshot>],
    ) -> Result<Option<&'a Arc<TableSnapshot>>, Error> {
        // A snapshot that is still current has been current since it was looked up.
        if snapshots.iter().all(|snapshot| self.is_current(snapshot)) {
            return Ok(None);
        }
        let last = snapshots.iter().map(|snapshot| snapshot.sequence()).max();
        for snapshot in snapshots {
            let end = self.end_of(snapshot).await?;
            if end.is_some() && end <= last {
                return Ok(Some(snapshot));
            }
        }
        Ok(None)
    }

    /// Returns the number of the change that superseded a version or dropped its table, or `None`
    /// if the version is current.
    async fn end_of(&self, snapshot: &TableSnapshot) -> Result<Option<Sequence>, Error> {
        let (id, version) = (snapshot.id(), snapshot.version());
        let history = self.store().history(id).await?;
        if let Some(next) = history.iter().find(|stored| stored.version() > version) {
            return Ok(Some(next.sequence));
        }
        if self.store().get(id).await?.is_some() {
            return Ok(None);
        }
        let changes = self.store().changes_since(snapshot.sequence()).await?;
        let dropped = changes.iter().find(|change| change.table == id);
        Ok(dropped.map(|change| change.sequence))
    }
}

/// The key by which a table is looked up.
#[derive(Clone, Copy)]
enum TableSelector<'a> {
    Id(TableId),
    Name(NameRef<'a>),
}

/// The result of one of several lookups.
struct ObservedTable<'a> {
    selector: TableSelector<'a>,
    snapshot: Option<Arc<TableSnapshot>>,
    clock: ClockId,
    /// A reading of the clock at which the result was current.
    reading: ClockReading,
}

impl RegistryInner {
    async fn read_consistently(
        &self,
        selectors: &[TableSelector<'_>],
    ) -> Result<Vec<Option<Arc<TableSnapshot>>>, Error> {
        loop {
            let mut observed = Vec::with_capacity(selectors.len());
            for selector in selectors {
                observed.push(self.observe(*selector).await?);
            }
            let mut is_consistent = true;
            for table in &observed {
                is_consistent &= self.is_still_current(table).await?;
            }
            if is_consistent {
                return Ok(observed.into_iter().map(|table| table.snapshot).collect());
            }
            yield_now();
        }
    }

    /// Looks up a table until its result is current at a settled reading of its clock.
    async fn observe<'a>(&self, selector: TableSelector<'a>) -> Result<ObservedTable<'a>, Error> {
        let clock = match selector {
            TableSelector::Id(id) => self.slots.table_clock(id),
            TableSelector::Name(name) => self.slots.name_clock(self.slots.hashed(name)),
        };
        loop {
            let snapshot = match selector {
                TableSelector::Id(id) => self.get(id).await?,
                TableSelector::Name(name) => self.find(name).await?,
            };
            let reading = self.slots.read_clock(clock);
            if reading.is_settled() && self.is_current(selector, snapshot.as_ref()).await? {
                return Ok(ObservedTable {
                    selector,
                    snapshot,
                    clock,
                    reading,
                });
            }
            // The thread that is publishing may need this processor.
            yield_now();
        }
    }

    async fn is_still_current(&self, table: &ObservedTable<'_>) -> Result<bool, Error> {
        let reading = self.slots.read_clock(table.clock);
        // A table that is absent twice may have existed in between. That would have advanced the
        // epoch.
        if table.snapshot.is_none()
            && (!reading.is_settled() || reading.epoch() != table.reading.epoch())
        {
            return Ok(false);
        }
        self.is_current(table.selector, table.snapshot.as_ref())
            .await
    }

    /// Returns whether the current version of a table, or its absence, is the one of `snapshot`.
    async fn is_current(
        &self,
        selector: TableSelector<'_>,
        snapshot: Option<&Arc<TableSnapshot>>,
    ) -> Result<bool, Error> {
        let id_and_version = |snapshot: &Arc<TableSnapshot>| (snapshot.id(), snapshot.version());
        let expected = snapshot.map(id_and_version);
        let cached_version =
            |cached: Option<CachedTable<'_>>| Some(cached?.snapshot().map(id_and_version));
        let cached = match selector {
            TableSelector::Id(id) => self.slots.with_table(id, cached_version),
            TableSelector::Name(name) => self
                .slots
                .with_name(self.slots.hashed(name), cached_version),
        };
        if let Some(cached) = cached {
            return Ok(cached == expected);
        }
        // The table was evicted after the lookup, so the store is read.
        let id = match selector {
            TableSelector::Id(id) => Some(id),
            TableSelector::Name(name) => self.store.find(&name.to_name()).await?,
        };
        let stored = match id {
            Some(id) => self.store.get(id).await?,
            None => None,
        };
        Ok(stored.map(|stored| (stored.id, stored.version())) == expected)
    }
}
