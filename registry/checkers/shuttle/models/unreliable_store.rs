// SPDX-License-Identifier: Apache-2.0

//! A store that occasionally fails before or after a call takes effect, panics, or is delayed.

use std::panic::resume_unwind;
use std::sync::PoisonError;

use async_trait::async_trait;
use kalamtable_model::{TableDefinition, TableName};
use kalamtable_store::{
    DefinitionChange, DefinitionStore, Error, Sequence, StoredTable, TableChange, TableId,
};
use shuttle::rand::{Rng, thread_rng};
use shuttle::sync::{Mutex, MutexGuard};

use super::tables::StoredTables;

#[derive(Debug, Default)]
pub(crate) struct UnreliableStore {
    tables: Mutex<StoredTables>,
    /// Whether calls are delayed, but neither fail nor panic.
    is_reliable: bool,
}

/// The behaviour of the store before or after a call takes effect.
enum Interruption {
    None,
    Delay,
    Failure,
    Panic,
}

impl Interruption {
    fn draw(is_reliable: bool) -> Self {
        match thread_rng().gen_range(0..20) {
            0 | 1 if is_reliable => Interruption::None,
            0 => Interruption::Failure,
            1 => Interruption::Panic,
            2..6 => Interruption::Delay,
            _ => Interruption::None,
        }
    }

    async fn occur(self) -> Result<(), Error> {
        match self {
            Interruption::None => Ok(()),
            Interruption::Delay => {
                shuttle::future::yield_now().await;
                Ok(())
            }
            Interruption::Failure => Err(Error::Other("the store is unavailable".into())),
            // Resuming a panic prints no message.
            Interruption::Panic => resume_unwind(Box::new("the store panics")),
        }
    }
}

impl UnreliableStore {
    /// Creates a store whose calls are delayed, but neither fail nor panic.
    pub(crate) fn reliable() -> Self {
        UnreliableStore {
            is_reliable: true,
            ..UnreliableStore::default()
        }
    }

    pub(crate) fn tables(&self) -> MutexGuard<'_, StoredTables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Performs a call with a random interruption before and after it.
    async fn call<T>(
        &self,
        call: impl FnOnce(&mut StoredTables) -> Result<T, Error> + Send,
    ) -> Result<T, Error> {
        Interruption::draw(self.is_reliable).occur().await?;
        let result = call(&mut self.tables());
        // An error of the call itself is always returned.
        if result.is_ok() {
            Interruption::draw(self.is_reliable).occur().await?;
        }
        result
    }
}

#[async_trait]
impl DefinitionStore for UnreliableStore {
    async fn get(&self, id: TableId) -> Result<Option<StoredTable>, Error> {
        self.call(|tables| Ok(tables.get(id))).await
    }

    async fn get_version(&self, id: TableId, version: u32) -> Result<Option<StoredTable>, Error> {
        self.call(|tables| Ok(tables.get_version(id, version)))
            .await
    }

    async fn find(&self, name: &TableName) -> Result<Option<TableId>, Error> {
        self.call(|tables| Ok(tables.find(name))).await
    }

    async fn list(&self) -> Result<Vec<StoredTable>, Error> {
        Ok(self.tables().list())
    }

    async fn list_versions(&self) -> Result<Vec<StoredTable>, Error> {
        Err(Error::Other("the registry does not list versions".into()))
    }

    async fn count(&self) -> Result<usize, Error> {
        Ok(self.tables().list().len())
    }

    async fn commit(&self, _: Vec<TableChange>) -> Result<Vec<StoredTable>, Error> {
        Err(Error::Other(
            "the registry changes one table at a time".into(),
        ))
    }

    async fn create(&self, definition: TableDefinition) -> Result<StoredTable, Error> {
        self.call(|tables| tables.create(definition)).await
    }

    async fn replace(
        &self,
        id: TableId,
        expected: u32,
        definition: TableDefinition,
    ) -> Result<StoredTable, Error> {
        self.call(|tables| tables.replace(id, expected, definition))
            .await
    }

    async fn drop_table(&self, id: TableId, expected: u32) -> Result<Sequence, Error> {
        self.call(|tables| tables.drop_table(id, expected)).await
    }

    async fn history(&self, id: TableId) -> Result<Vec<StoredTable>, Error> {
        Ok(self.tables().history(id))
    }

    async fn changes_since(&self, sequence: Sequence) -> Result<Vec<DefinitionChange>, Error> {
        self.call(|tables| Ok(tables.changes_since(sequence))).await
    }

    async fn last_sequence(&self) -> Result<Sequence, Error> {
        Ok(self.tables().last_sequence())
    }

    async fn refresh(&self) -> Result<Sequence, Error> {
        self.last_sequence().await
    }
}
