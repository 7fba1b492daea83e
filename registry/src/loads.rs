// SPDX-License-Identifier: Apache-2.0

//! Lookups that read the store if the table is not cached.
//!
//! A load reads the epoch, then the store, and publishes its result if the epoch is still the same.
//! Otherwise it is repeated.

use std::sync::Arc;

use kalamtable_store::{Error as StoreError, Sequence, StoredTable, TableId};

use crate::counters::RegistryCounter;
use crate::error::Error;
use crate::inner::RegistryInner;
use crate::name::{HashedNameRef, NameRef};
use crate::single_flight::{LoadKey, LoadOutcome, LoadRole};
use crate::slots::CachedTable;
use crate::snapshot::TableSnapshot;
use crate::sync::lock;

/// The maximum number of attempts to publish a load. After the last one, the result is returned
/// without being published.
const MAX_LOAD_ATTEMPTS: usize = 16;

impl RegistryInner {
    /// Returns the current version of a table, or `None` if the table does not exist.
    pub(crate) async fn get(&self, id: TableId) -> Result<Option<Arc<TableSnapshot>>, Error> {
        match self.cached(id) {
            Some(cached) => Ok(cached),
            None => self.load_table(id).await,
        }
    }

    /// Returns the current version of the table with a name, or `None` if no table has it.
    pub(crate) async fn find(
        &self,
        name: NameRef<'_>,
    ) -> Result<Option<Arc<TableSnapshot>>, Error> {
        let name = self.slots.hashed(name);
        match self.cached_name(name) {
            Some(cached) => Ok(cached),
            None => self.load_name(name).await,
        }
    }

    async fn load_table(&self, id: TableId) -> Result<Option<Arc<TableSnapshot>>, Error> {
        let clock = self.slots.table_clock(id);
        let find_cached = || {
            let to_snapshot =
                |cached: Option<CachedTable<'_>>| cached.map(CachedTable::to_snapshot);
            self.slots.with_table(id, to_snapshot)
        };
        let mut attempts = 0;
        loop {
            let epoch = self.slots.read_clock(clock).epoch();
            if let Some(found) = find_cached() {
                return Ok(found);
            }
            let leader = match self.flights.join(LoadKey::Table(id, epoch)) {
                LoadRole::Leader(leader) => leader,
                LoadRole::Waiter(waiter) => match waiter.await {
                    LoadOutcome::Loaded(found) if self.slots.is_settled_at(clock, epoch) => {
                        return Ok(found);
                    }
                    LoadOutcome::Failed(error) => return Err(error),
                    // A schema change may have completed after the load read the store, and before
                    // this lookup began.
                    LoadOutcome::Loaded(_) | LoadOutcome::Retry => continue,
                },
            };
            // Another leader may have finished between the two steps above.
            if let Some(found) = find_cached() {
                leader.finish(LoadOutcome::Loaded(found.clone()));
                return Ok(found);
            }
            let (found, is_cacheable) = match self.read_table(id).await {
                Ok(read) => read,
                Err(error) => {
                    leader.finish(LoadOutcome::Failed(error.clone()));
                    return Err(error);
                }
            };
            // The store may have returned a change that was not applied yet.
            let sequence = found.as_ref().map(|snapshot| snapshot.sequence());
            let has_caught_up = self.catch_up(sequence).await;
            if !has_caught_up
                && (!is_cacheable || self.slots.publish_table(id, epoch, found.as_ref()))
            {
                leader.finish(LoadOutcome::Loaded(found.clone()));
                return Ok(found);
            }
            leader.finish(LoadOutcome::Retry);
            attempts += 1;
            if attempts >= MAX_LOAD_ATTEMPTS {
                // The result includes every schema change that was complete when this lookup began.
                return Ok(found);
            }
        }
    }

    /// Reads a table from the store. Also returns whether the result may be cached: the absence of
    /// an id that no table has had may not, because the next table that is created can get it.
    async fn read_table(&self, id: TableId) -> Result<(Option<Arc<TableSnapshot>>, bool), Error> {
        let found = self.read(self.store.get(id)).await?;
        if found.is_some() {
            return Ok((found, true));
        }
        if self.store.get_version(id, 1).await?.is_none() {
            return Ok((None, false));
        }
        // The table existed. If it is still absent, it was dropped, and its id is never used again.
        Ok((self.read(self.store.get(id)).await?, true))
    }

    async fn load_name(
        &self,
        name: HashedNameRef<'_>,
    ) -> Result<Option<Arc<TableSnapshot>>, Error> {
        let clock = self.slots.name_clock(name);
        let find_cached = || {
            let to_snapshot =
                |cached: Option<CachedTable<'_>>| cached.map(CachedTable::to_snapshot);
            self.slots.with_name(name, to_snapshot)
        };
        let mut attempts = 0;
        loop {
            let epoch = self.slots.read_clock(clock).epoch();
            if let Some(found) = find_cached() {
                return Ok(found);
            }
            let leader = match self.flights.join(LoadKey::Name(name.name.to_name(), epoch)) {
                LoadRole::Leader(leader) => leader,
                LoadRole::Waiter(waiter) => match waiter.await {
                    LoadOutcome::Failed(error) => return Err(error),
                    // The result is taken from the slot. If the slot is empty, the table may have
                    // been evicted, loaded again in a later version, and returned by id: then this
                    // result is stale.
                    LoadOutcome::Loaded(_) | LoadOutcome::Retry => continue,
                },
            };
            if let Some(found) = find_cached() {
                leader.finish(LoadOutcome::Loaded(found.clone()));
                return Ok(found);
            }
            let found = match self.resolve(name.name).await {
                Ok(found) => found,
                Err(error) => {
                    leader.finish(LoadOutcome::Failed(error.clone()));
                    return Err(error);
                }
            };
            if self.slots.publish_name(name, epoch, found.as_ref()) {
                leader.finish(LoadOutcome::Loaded(found.clone()));
                return Ok(found);
            }
            leader.finish(LoadOutcome::Retry);
            attempts += 1;
            if attempts >= MAX_LOAD_ATTEMPTS {
                return Ok(found);
            }
        }
    }

    /// Reads the id of a name from the store, and returns the current version of that table.
    async fn resolve(&self, name: NameRef<'_>) -> Result<Option<Arc<TableSnapshot>>, Error> {
        let owned = name.to_name();
        for _ in 0..MAX_LOAD_ATTEMPTS {
            self.metrics.counters.increment(RegistryCounter::Load);
            let found = self.store.find(&owned).await.inspect_err(|_| {
                self.metrics
                    .counters
                    .increment(RegistryCounter::LoadFailure);
            })?;
            let Some(id) = found else {
                self.catch_up(None).await;
                return Ok(None);
            };
            let found = self.load_table(id).await?;
            if let Some(snapshot) = &found
                && NameRef::from(snapshot.name()) == name
            {
                return Ok(found);
            }
            // The table was renamed or dropped between the two reads, or the store has seen a
            // change of another process that the cached table does not include.
            self.slots.apply_change(id, None, &[]);
        }
        Err(Error::NameUnsettled { name: owned })
    }

    /// Applies the changes of the store up to the change `found`, which a load has read, or up to
    /// the last change if the load found nothing. Returns whether there were any.
    ///
    /// This happens before the result of the load is published or returned, so that a lookup that
    /// follows sees the other effects of these changes too, such as the table's name.
    async fn catch_up(&self, found: Option<Sequence>) -> bool {
        let applied = *lock(&self.cursor);
        let newest = match found {
            Some(sequence) => sequence,
            // The next call of `refresh` reports the error if it persists.
            None => self.store.last_sequence().await.unwrap_or(applied),
        };
        newest > applied && self.follow().await.is_ok_and(|last| last > applied)
    }

    /// Returns an older version of a table, or `None` if the version never existed.
    pub(crate) async fn load_version(
        &self,
        id: TableId,
        version: u32,
    ) -> Result<Option<Arc<TableSnapshot>>, Error> {
        loop {
            if let Some(snapshot) = self.slots.version(id, version) {
                snapshot.visit();
                self.count_lookup(true);
                return Ok(Some(snapshot));
            }
            let leader = match self.flights.join(LoadKey::Version(id, version)) {
                LoadRole::Leader(leader) => leader,
                LoadRole::Waiter(waiter) => match waiter.await {
                    LoadOutcome::Loaded(Some(found)) => return Ok(Some(found)),
                    LoadOutcome::Failed(error) => return Err(error),
                    // The version may have been created after the load read the store.
                    LoadOutcome::Loaded(None) | LoadOutcome::Retry => continue,
                },
            };
            self.count_lookup(false);
            let result = self.read(self.store.get_version(id, version)).await;
            if let Ok(Some(snapshot)) = &result {
                self.slots.publish_version(snapshot);
            }
            leader.finish(match &result {
                Ok(found) => LoadOutcome::Loaded(found.clone()),
                Err(error) => LoadOutcome::Failed(error.clone()),
            });
            return result;
        }
    }

    /// Performs and counts a read of the store, and creates the snapshot of its result.
    async fn read(
        &self,
        read: impl Future<Output = Result<Option<StoredTable>, StoreError>>,
    ) -> Result<Option<Arc<TableSnapshot>>, Error> {
        self.metrics.counters.increment(RegistryCounter::Load);
        let stored = read.await.inspect_err(|_| {
            self.metrics
                .counters
                .increment(RegistryCounter::LoadFailure);
        })?;
        Ok(stored.map(|stored| self.snapshot(&stored)))
    }
}
