// SPDX-License-Identifier: Apache-2.0

//! [`FaultyStore`]: a store in memory whose calls a test can make fail.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use kalamtable_model::TableName;
use kalamtable_store::{
    DefinitionChange, DefinitionStore, Error, MemoryStore, Sequence, StoredTable, TableChange,
    TableId,
};

/// A kind of call to the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StoreCall {
    Get,
    GetVersion,
    Find,
    Write,
    Changes,
}

/// The behaviour of the store at a call.
pub(crate) enum CallOutcome {
    /// The call succeeds.
    Success,
    /// The call fails without an effect.
    Failure,
    /// The call takes effect, and fails with an error that does not confirm it.
    Unconfirmed,
    Panic,
    /// A read returns this table.
    WrongTable(StoredTable),
    /// The first change is missing in the result.
    MissingChange,
    /// The store has kept the last change only.
    ForgottenChanges,
}

/// A function that decides the outcome of each call.
type FaultScript = Box<dyn FnMut(StoreCall) -> CallOutcome + Send>;

pub(crate) struct FaultyStore {
    pub(crate) memory: MemoryStore,
    script: Mutex<FaultScript>,
}

impl FaultyStore {
    pub(crate) fn new() -> Self {
        FaultyStore {
            memory: MemoryStore::new(),
            script: Mutex::new(Box::new(|_| CallOutcome::Success)),
        }
    }

    /// Decides the outcomes of all calls that follow.
    pub(crate) fn script(&self, script: impl FnMut(StoreCall) -> CallOutcome + Send + 'static) {
        *self.script.lock().unwrap_or_else(PoisonError::into_inner) = Box::new(script);
    }

    /// Decides the outcomes of the next calls of a kind. All other calls succeed.
    pub(crate) fn next(&self, call: StoreCall, mut outcomes: Vec<CallOutcome>) {
        outcomes.reverse();
        self.script(move |other| {
            let outcome = if other == call { outcomes.pop() } else { None };
            outcome.unwrap_or(CallOutcome::Success)
        });
    }

    fn outcome(&self, call: StoreCall) -> CallOutcome {
        (self.script.lock().unwrap_or_else(PoisonError::into_inner))(call)
    }

    async fn write<T>(&self, write: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        match self.outcome(StoreCall::Write) {
            CallOutcome::Failure => return Err(unavailable()),
            CallOutcome::Panic => panic!("the store panics"),
            CallOutcome::Unconfirmed => {
                write.await?;
                return Err(Error::InDoubt {
                    path: "log/1".to_string(),
                    source: "the connection was closed".into(),
                });
            }
            _ => {}
        }
        write.await
    }

    async fn read(
        &self,
        call: StoreCall,
        read: impl Future<Output = Result<Option<StoredTable>, Error>>,
    ) -> Result<Option<StoredTable>, Error> {
        match self.outcome(call) {
            CallOutcome::Failure => Err(unavailable()),
            CallOutcome::Panic => panic!("the store panics"),
            CallOutcome::WrongTable(table) => Ok(Some(table)),
            _ => read.await,
        }
    }
}

fn unavailable() -> Error {
    Error::Other("the store is unavailable".into())
}

impl fmt::Debug for FaultyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultyStore").finish_non_exhaustive()
    }
}

#[async_trait]
impl DefinitionStore for FaultyStore {
    async fn get(&self, id: TableId) -> Result<Option<StoredTable>, Error> {
        self.read(StoreCall::Get, self.memory.get(id)).await
    }

    async fn get_version(&self, id: TableId, version: u32) -> Result<Option<StoredTable>, Error> {
        let read = self.memory.get_version(id, version);
        self.read(StoreCall::GetVersion, read).await
    }

    async fn find(&self, name: &TableName) -> Result<Option<TableId>, Error> {
        match self.outcome(StoreCall::Find) {
            CallOutcome::Failure => Err(unavailable()),
            CallOutcome::Panic => panic!("the store panics"),
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

    async fn commit(&self, changes: Vec<TableChange>) -> Result<Vec<StoredTable>, Error> {
        self.write(self.memory.commit(changes)).await
    }

    async fn history(&self, id: TableId) -> Result<Vec<StoredTable>, Error> {
        self.memory.history(id).await
    }

    async fn changes_since(&self, sequence: Sequence) -> Result<Vec<DefinitionChange>, Error> {
        let mut changes = self.memory.changes_since(sequence).await?;
        match self.outcome(StoreCall::Changes) {
            CallOutcome::Failure => return Err(unavailable()),
            CallOutcome::Panic => panic!("the store panics"),
            CallOutcome::MissingChange if !changes.is_empty() => {
                changes.remove(0);
            }
            CallOutcome::ForgottenChanges if changes.len() > 1 => {
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
