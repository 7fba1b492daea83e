// SPDX-License-Identifier: Apache-2.0

//! [`TableHandle`]: a table that somebody keeps asking for.

use std::sync::Arc;

use kalamtable_store::TableId;

use crate::clocks::{Clock, Stamp};
use crate::error::Error;
use crate::registry::SchemaRegistry;
use crate::snapshot::TableSnapshot;

/// A table that somebody keeps asking for, with what was seen of it last. As long as the table is not
/// altered, asking again costs one load and one comparison.
///
/// What a handle returns never goes back to an older version. Each session or task has its own.
///
/// What a handle has seen stays in memory for as long, also if it was evicted.
#[derive(Clone, Debug)]
pub struct TableHandle {
    registry: SchemaRegistry,
    id: TableId,
    clock: Clock,
    seen: Option<Seen>,
}

#[derive(Clone, Debug)]
struct Seen {
    /// What the clock showed before the snapshot was read; none if a change was in progress.
    stamp: Option<Stamp>,
    snapshot: Arc<TableSnapshot>,
}

impl TableHandle {
    pub(crate) fn new(registry: SchemaRegistry, id: TableId) -> Self {
        TableHandle {
            clock: registry.shared.slots.table_clock(id),
            registry,
            id,
            seen: None,
        }
    }

    /// The table's id.
    pub fn id(&self) -> TableId {
        self.id
    }

    /// The present version of the table.
    ///
    /// # Errors
    /// [`Error::NoSuchTable`] if it was dropped or never there; if it has to be read, and the store cannot be.
    pub async fn get(&mut self) -> Result<&Arc<TableSnapshot>, Error> {
        let stamp = self.registry.shared.slots.read_clock(self.clock);
        if !self.is_at(stamp) {
            let found = self.registry.get(self.id).await?;
            self.see(stamp, found.ok_or(Error::NoSuchTable { id: self.id })?);
        }
        self.seen().ok_or(Error::NoSuchTable { id: self.id })
    }

    /// The present version of the table; none if it is not in memory, or not there.
    pub fn cached(&mut self) -> Option<&Arc<TableSnapshot>> {
        let stamp = self.registry.shared.slots.read_clock(self.clock);
        if !self.is_at(stamp) {
            let found = self.registry.shared.cached(self.id)??;
            self.see(stamp, found);
        }
        self.seen()
    }

    fn is_at(&self, stamp: Stamp) -> bool {
        self.seen
            .as_ref()
            .is_some_and(|seen| seen.stamp == Some(stamp))
    }

    fn see(&mut self, stamp: Stamp, snapshot: Arc<TableSnapshot>) {
        let stamp = stamp.is_settled().then_some(stamp);
        match &mut self.seen {
            // A load that alterations kept overtaking can end with less than was seen already.
            Some(seen) if seen.snapshot.version() > snapshot.version() => seen.stamp = None,
            _ => self.seen = Some(Seen { stamp, snapshot }),
        }
    }

    fn seen(&self) -> Option<&Arc<TableSnapshot>> {
        self.seen.as_ref().map(|seen| &seen.snapshot)
    }
}
