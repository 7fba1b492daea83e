// SPDX-License-Identifier: Apache-2.0

//! A store that answers as well as it can: now and then it fails before or after it has done what it was
//! asked, panics, or takes its time.

use std::panic::resume_unwind;
use std::sync::PoisonError;

use async_trait::async_trait;
use kalamtable_model::{TableDefinition, TableName};
use kalamtable_store::{DefinitionChange, DefinitionStore, Error, Sequence, StoredTable, TableId};
use shuttle::rand::{Rng, thread_rng};
use shuttle::sync::{Mutex, MutexGuard};

use crate::tables::Tables;

#[derive(Debug, Default)]
pub(crate) struct Store(Mutex<Tables>);

/// What becomes of a question.
enum Fate {
    Answered,
    Late,
    Failed,
    Panicked,
}

impl Fate {
    fn draw() -> Self {
        match thread_rng().gen_range(0..20) {
            0 => Fate::Failed,
            1 => Fate::Panicked,
            2..6 => Fate::Late,
            _ => Fate::Answered,
        }
    }

    async fn befall(self) -> Result<(), Error> {
        match self {
            Fate::Answered => Ok(()),
            Fate::Late => {
                shuttle::future::yield_now().await;
                Ok(())
            }
            Fate::Failed => Err(Error::Other("the store is away".into())),
            // Nobody is told but who catches it.
            Fate::Panicked => resume_unwind(Box::new("the store panics")),
        }
    }
}

impl Store {
    pub(crate) fn tables(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is asked, in between what may go wrong before and after.
    async fn ask<T>(
        &self,
        ask: impl FnOnce(&mut Tables) -> Result<T, Error> + Send,
    ) -> Result<T, Error> {
        Fate::draw().befall().await?;
        let answer = ask(&mut self.tables());
        // Of a refusal the caller is to know that it is one.
        if answer.is_ok() {
            Fate::draw().befall().await?;
        }
        answer
    }
}

#[async_trait]
impl DefinitionStore for Store {
    async fn get(&self, id: TableId) -> Result<Option<StoredTable>, Error> {
        self.ask(|tables| Ok(tables.get(id))).await
    }

    async fn get_version(&self, id: TableId, version: u32) -> Result<Option<StoredTable>, Error> {
        self.ask(|tables| Ok(tables.get_version(id, version))).await
    }

    async fn find(&self, name: &TableName) -> Result<Option<TableId>, Error> {
        self.ask(|tables| Ok(tables.find(name))).await
    }

    async fn list(&self) -> Result<Vec<StoredTable>, Error> {
        Ok(self.tables().list())
    }

    async fn list_versions(&self) -> Result<Vec<StoredTable>, Error> {
        Err(Error::Other("the registry does not ask for it".into()))
    }

    async fn count(&self) -> Result<usize, Error> {
        Ok(self.tables().list().len())
    }

    async fn create(&self, definition: TableDefinition) -> Result<StoredTable, Error> {
        self.ask(|tables| tables.create(definition)).await
    }

    async fn replace(
        &self,
        id: TableId,
        expected: u32,
        definition: TableDefinition,
    ) -> Result<StoredTable, Error> {
        self.ask(|tables| tables.replace(id, expected, definition))
            .await
    }

    async fn drop_table(&self, id: TableId, expected: u32) -> Result<Sequence, Error> {
        self.ask(|tables| tables.drop_table(id, expected)).await
    }

    async fn history(&self, id: TableId) -> Result<Vec<StoredTable>, Error> {
        Ok(self.tables().history(id))
    }

    async fn changes_since(&self, sequence: Sequence) -> Result<Vec<DefinitionChange>, Error> {
        self.ask(|tables| Ok(tables.changes_since(sequence))).await
    }

    async fn last_sequence(&self) -> Result<Sequence, Error> {
        Ok(self.tables().last_sequence())
    }

    async fn refresh(&self) -> Result<Sequence, Error> {
        self.last_sequence().await
    }
}
