// SPDX-License-Identifier: Apache-2.0

//! [`Faulty`]: a store in memory that does something else when a test wants it to.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use kalamtable_model::{TableDefinition, TableName};
use kalamtable_store::{
    DefinitionChange, DefinitionStore, Error, MemoryStore, Sequence, StoredTable, TableId,
};

/// What a registry asks of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Get,
    GetVersion,
    Find,
    Write,
    Changes,
}

/// What becomes of a call.
pub(crate) enum Fate {
    /// What was asked.
    Done,
    /// An error, and nothing was done.
    Refused,
    /// It was done, and the answer is lost.
    Unanswered,
    Panic,
    /// Another answer, to a question for a table.
    Lie(StoredTable),
    /// The first change is left out.
    Gap,
    /// All changes but the last are forgotten.
    Forgotten,
}

type Script = Box<dyn FnMut(Call) -> Fate + Send>;

/// See the module.
pub(crate) struct Faulty {
    pub(crate) memory: MemoryStore,
    script: Mutex<Script>,
}

impl Faulty {
    pub(crate) fn new() -> Self {
        Faulty {
            memory: MemoryStore::new(),
            script: Mutex::new(Box::new(|_| Fate::Done)),
        }
    }

    /// What becomes of calls from here on.
    pub(crate) fn script(&self, script: impl FnMut(Call) -> Fate + Send + 'static) {
        *self.script.lock().unwrap_or_else(PoisonError::into_inner) = Box::new(script);
    }

    /// The next calls of a kind come to this, the ones after them to what was asked.
    pub(crate) fn next(&self, call: Call, mut fates: Vec<Fate>) {
        fates.reverse();
        self.script(move |asked| match asked == call {
            true => fates.pop().unwrap_or(Fate::Done),
            false => Fate::Done,
        });
    }

    fn fate(&self, call: Call) -> Fate {
        (self.script.lock().unwrap_or_else(PoisonError::into_inner))(call)
    }

    async fn write<T>(&self, write: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        match self.fate(Call::Write) {
            Fate::Refused => return Err(away()),
            Fate::Panic => panic!("the store panics"),
            Fate::Unanswered => {
                write.await?;
                return Err(Error::InDoubt {
                    path: "log/1".to_string(),
                    source: "the line went dead".into(),
                });
            }
            _ => {}
        }
        write.await
    }

    async fn read(
        &self,
        call: Call,
        read: impl Future<Output = Result<Option<StoredTable>, Error>>,
    ) -> Result<Option<StoredTable>, Error> {
        match self.fate(call) {
            Fate::Refused => Err(away()),
            Fate::Panic => panic!("the store panics"),
            Fate::Lie(table) => Ok(Some(table)),
            _ => read.await,
        }
    }
}

fn away() -> Error {
    Error::Other("the store is away".into())
}

impl fmt::Debug for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Faulty").finish_non_exhaustive()
    }
}

#[async_trait]
impl DefinitionStore for Faulty {
    async fn get(&self, id: TableId) -> Result<Option<StoredTable>, Error> {
        self.read(Call::Get, self.memory.get(id)).await
    }

    async fn get_version(&self, id: TableId, version: u32) -> Result<Option<StoredTable>, Error> {
        let read = self.memory.get_version(id, version);
        self.read(Call::GetVersion, read).await
    }

    async fn find(&self, name: &TableName) -> Result<Option<TableId>, Error> {
        match self.fate(Call::Find) {
            Fate::Refused => Err(away()),
            Fate::Panic => panic!("the store panics"),
            _ => self.memory.find(name).await,
        }
    }

    async fn list(&self) -> Result<Vec<StoredTable>, Error> {
        self.memory.list().await
    }

    async fn list_versions(&self) -> Result<Vec<StoredTable>, Error> {
        self.memory.list_versions().await
    }

    async fn count(&self) -> Result<usize, Error> {
        self.memory.count().await
    }

    async fn create(&self, definition: TableDefinition) -> Result<StoredTable, Error> {
        self.write(self.memory.create(definition)).await
    }

    async fn replace(
        &self,
        id: TableId,
        expected: u32,
        definition: TableDefinition,
    ) -> Result<StoredTable, Error> {
        self.write(self.memory.replace(id, expected, definition))
            .await
    }

    async fn drop_table(&self, id: TableId, expected: u32) -> Result<Sequence, Error> {
        self.write(self.memory.drop_table(id, expected)).await
    }

    async fn history(&self, id: TableId) -> Result<Vec<StoredTable>, Error> {
        self.memory.history(id).await
    }

    async fn changes_since(&self, sequence: Sequence) -> Result<Vec<DefinitionChange>, Error> {
        let mut changes = self.memory.changes_since(sequence).await?;
        match self.fate(Call::Changes) {
            Fate::Refused => return Err(away()),
            Fate::Panic => panic!("the store panics"),
            Fate::Gap if !changes.is_empty() => {
                changes.remove(0);
            }
            Fate::Forgotten if changes.len() > 1 => {
                return Err(Error::ChangesForgotten {
                    asked: sequence,
                    oldest: changes[changes.len() - 1].sequence,
                });
            }
            _ => {}
        }
        Ok(changes)
    }

    async fn last_sequence(&self) -> Result<Sequence, Error> {
        self.memory.last_sequence().await
    }

    async fn refresh(&self) -> Result<Sequence, Error> {
        self.memory.refresh().await
    }
}
