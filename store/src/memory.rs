// SPDX-License-Identifier: Apache-2.0

//! [`MemoryStore`]: a store without persistence.

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use async_trait::async_trait;
use kalamtable_model::TableName;

use crate::definition_store::DefinitionStore;
use crate::error::Error;
use crate::state::StoreState;
use crate::table::{DefinitionChange, Sequence, StoredTable, TableChange, TableId};
use crate::unix_micros::UnixMicros;

/// A [`DefinitionStore`] in memory: for tests, and for programs whose definitions need not outlive
/// the process. A change is visible to every read that starts after the change returned.
///
/// ```
/// # futures::executor::block_on(async {
/// use kalamtable_store::{DefinitionStore, MemoryStore, Sequence};
///
/// let store = MemoryStore::new();
/// assert!(store.list().await?.is_empty());
/// assert_eq!(store.last_sequence().await?, Sequence::START);
/// # Ok::<(), kalamtable_store::Error>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Default)]
pub struct MemoryStore {
    state: RwLock<StoreState>,
}

impl MemoryStore {
    /// Creates an empty store.
    pub fn new() -> Self {
        MemoryStore::default()
    }

    // A change is applied as a whole or not at all, so the state in a poisoned lock is valid.
    fn state(&self) -> RwLockReadGuard<'_, StoreState> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn state_mut(&self) -> RwLockWriteGuard<'_, StoreState> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, changes: &[TableChange]) -> Result<Vec<StoredTable>, Error> {
        let mut state = self.state_mut();
        let planned = state.plan(changes, UnixMicros::now())?;
        if planned.actions.is_empty() {
            return Ok(Vec::new());
        }
        // A planned commit can always be applied. If a bug breaks this, the caller gets an error.
        let applied = state.apply(planned.changed_at, &planned.actions);
        applied.map_err(|kind| Error::Other(Box::new(kind)))?;
        Ok(planned.tables)
    }
}

#[async_trait]
impl DefinitionStore for MemoryStore {
    async fn get(&self, id: TableId) -> Result<Option<StoredTable>, Error> {
        Ok(self.state().get(id))
    }

    async fn get_version(&self, id: TableId, version: u32) -> Result<Option<StoredTable>, Error> {
        Ok(self.state().get_version(id, version))
    }

    async fn find(&self, name: &TableName) -> Result<Option<TableId>, Error> {
        Ok(self.state().find(name))
    }

    async fn list(&self) -> Result<Vec<StoredTable>, Error> {
        Ok(self.state().list())
    }

    async fn list_versions(&self) -> Result<Vec<StoredTable>, Error> {
        Ok(self.state().list_versions())
    }

    async fn count(&self) -> Result<usize, Error> {
        Ok(self.state().count())
    }

    async fn commit(&self, changes: Vec<TableChange>) -> Result<Vec<StoredTable>, Error> {
        self.write(&changes)
    }

    async fn history(&self, id: TableId) -> Result<Vec<StoredTable>, Error> {
        Ok(self.state().history(id))
    }

    async fn changes_since(&self, sequence: Sequence) -> Result<Vec<DefinitionChange>, Error> {
        self.state().changes_since(sequence)
    }

    async fn last_sequence(&self) -> Result<Sequence, Error> {
        Ok(self.state().last_sequence())
    }
}
