// SPDX-License-Identifier: Apache-2.0

//! [`TableHandle`]: repeated lookups of one table.

use std::sync::Arc;

use kalamtable_store::TableId;

use crate::clocks::{ClockId, ClockReading};
use crate::error::Error;
use crate::inner::RegistryInner;
use crate::snapshot::TableSnapshot;

/// A handle for repeated lookups of one table, which keeps the snapshot of the previous lookup.
///
/// As long as the table does not change, a lookup costs one atomic load and one comparison. A
/// lookup never returns an older version than a previous lookup with the same handle. A lookup
/// takes `&mut self`, so each session or task needs a handle of its own. Cloning a handle creates
/// another one with the same snapshot.
///
/// The handle keeps its snapshot in memory, even if the registry has evicted the table, until a
/// lookup finds a newer version or the handle is dropped.
///
/// Create a handle with [`SchemaRegistry::handle`](crate::SchemaRegistry::handle).
#[derive(Clone, Debug)]
pub struct TableHandle {
    registry: Arc<RegistryInner>,
    id: TableId,
    clock: ClockId,
    last: Option<LastLookup>,
}

#[derive(Clone, Debug)]
struct LastLookup {
    /// The reading of the clock before the snapshot was read. `None` if an update was in progress.
    reading: Option<ClockReading>,
    snapshot: Arc<TableSnapshot>,
}

impl TableHandle {
    pub(crate) fn new(registry: Arc<RegistryInner>, id: TableId) -> Self {
        TableHandle {
            clock: registry.slots.table_clock(id),
            registry,
            id,
            last: None,
        }
    }

    /// Returns the id of the table.
    pub fn id(&self) -> TableId {
        self.id
    }

    /// Returns the current version of the table, and loads it if it is not cached.
    ///
    /// # Errors
    /// Fails with [`Error::NoSuchTable`] if the table does not exist, or with [`Error::Store`] if
    /// the table has to be loaded and the store cannot be read. In [shadow
    /// mode](crate::RegistryOptions::shadow), also fails with [`Error::Stale`] or
    /// [`Error::ArtefactMismatch`].
    pub async fn get(&mut self) -> Result<&Arc<TableSnapshot>, Error> {
        let reading = self.registry.slots.read_clock(self.clock);
        if !self.is_current(reading) {
            let found = self.registry.get_verified(self.id).await?;
            self.update(reading, found.ok_or(Error::NoSuchTable { id: self.id })?);
        }
        self.snapshot().ok_or(Error::NoSuchTable { id: self.id })
    }

    /// Returns the current version of the table, or `None` if the table is not cached or does not
    /// exist. Does not read the store.
    pub fn cached(&mut self) -> Option<&Arc<TableSnapshot>> {
        let reading = self.registry.slots.read_clock(self.clock);
        if !self.is_current(reading) {
            let found = self.registry.cached(self.id)??;
            self.update(reading, found);
        }
        self.snapshot()
    }

    fn is_current(&self, reading: ClockReading) -> bool {
        self.last
            .as_ref()
            .is_some_and(|last| last.reading == Some(reading))
    }

    fn update(&mut self, reading: ClockReading, snapshot: Arc<TableSnapshot>) {
        let reading = reading.is_settled().then_some(reading);
        match &mut self.last {
            // A load that schema changes overtake repeatedly can return an older version than a
            // previous lookup.
            Some(last) if last.snapshot.version() > snapshot.version() => last.reading = None,
            _ => self.last = Some(LastLookup { reading, snapshot }),
        }
    }

    fn snapshot(&self) -> Option<&Arc<TableSnapshot>> {
        self.last.as_ref().map(|last| &last.snapshot)
    }
}
