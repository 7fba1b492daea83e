// SPDX-License-Identifier: Apache-2.0

//! [`MemoryStore`]: definitions that last as long as the process.

use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use async_trait::async_trait;
use kalamtable_model::{TableDefinition, TableName};

use crate::state::{Operation, State};
use crate::{DefinitionChange, DefinitionStore, Error, Sequence, StoredTable, TableId, UnixMicros};

/// Definitions that last as long as the process. Every read sees every change.
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
    state: RwLock<State>,
}

impl MemoryStore {
    /// A store without tables.
    pub fn new() -> Self {
        MemoryStore::default()
    }

    // A change is applied whole or not at all, so a state behind a poisoned lock is sound.
    fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, operation: &Operation) -> Result<StoredTable, Error> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let plan = state.plan(operation, UnixMicros::now())?;
        // What was planned fits; if it does not, that is for the caller to see.
        let applied = state.apply(plan.table.changed_at, &plan.action);
        applied.map_err(|kind| Error::Other(Box::new(kind)))?;
        Ok(plan.table)
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

    async fn create(&self, definition: TableDefinition) -> Result<StoredTable, Error> {
        self.write(&Operation::Create { definition })
    }

    async fn replace(
        &self,
        id: TableId,
        expected: u32,
        definition: TableDefinition,
    ) -> Result<StoredTable, Error> {
        self.write(&Operation::Replace {
            id,
            expected,
            definition,
        })
    }

    async fn drop_table(&self, id: TableId, expected: u32) -> Result<Sequence, Error> {
        let dropped = self.write(&Operation::Drop { id, expected })?;
        Ok(dropped.sequence)
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

    async fn refresh(&self) -> Result<Sequence, Error> {
        self.last_sequence().await
    }
}
