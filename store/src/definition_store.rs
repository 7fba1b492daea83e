// SPDX-License-Identifier: Apache-2.0

//! [`DefinitionStore`]: the storage interface of the registry.

use std::fmt::Debug;

use async_trait::async_trait;
use kalamtable_model::{TableDefinition, TableName};

use crate::error::Error;
use crate::table::{DefinitionChange, Sequence, StoredTable, TableChange, TableId};

/// Storage for table definitions: every version of every table, and the order of all changes.
///
/// Threads share a store by reference. After a writing method has returned `Ok`, every later call
/// on the same store sees the change. A store that is shared by several processes documents when
/// the other processes see it.
///
/// All writes go through [`commit`](Self::commit); the other writing methods have implementations
/// that call it with one change.
///
/// The store assigns versions: [`create`](Self::create) stores version 1 and
/// [`replace`](Self::replace) the next version. Both ignore the version in the given definition.
/// Stored rows refer to their definition by id and version, so a store keeps all versions
/// permanently, including those of dropped tables. It also records the timestamp of each change, as
/// [`UnixMicros`](crate::UnixMicros).
///
/// If the future of a writing method is dropped before it completes, the change may or may not have
/// been committed.
///
/// A store does not check whether a definition is a valid successor of the previous version; the
/// registry does. To wrap another store and intercept some of its methods, see
/// [`forward_definition_store!`](crate::forward_definition_store).
#[async_trait]
pub trait DefinitionStore: Debug + Send + Sync + 'static {
    /// Returns the current version of a table, or `None` if the table was dropped or never existed.
    ///
    /// # Errors
    /// Fails if the store cannot be read.
    async fn get(&self, id: TableId) -> Result<Option<StoredTable>, Error>;

    /// Returns the given version of a table, which may have been dropped, or `None` if that version
    /// does not exist.
    ///
    /// # Errors
    /// Fails if the store cannot be read.
    async fn get_version(&self, id: TableId, version: u32) -> Result<Option<StoredTable>, Error>;

    /// Returns the id of the table that currently has the given name, or `None` if no table has it.
    ///
    /// # Errors
    /// Fails if the store cannot be read.
    async fn find(&self, name: &TableName) -> Result<Option<TableId>, Error>;

    /// Returns the current version of every table that has not been dropped, ordered by id, as one
    /// consistent snapshot.
    ///
    /// # Errors
    /// Fails if the store cannot be read.
    async fn list(&self) -> Result<Vec<StoredTable>, Error>;

    /// Returns all versions of every table that has not been dropped, ordered by id and version, as
    /// one consistent snapshot.
    ///
    /// # Errors
    /// Fails if the store cannot be read.
    async fn list_versions(&self) -> Result<Vec<StoredTable>, Error>;

    /// Returns the number of tables that have not been dropped.
    ///
    /// The default implementation counts the result of [`list`](Self::list).
    ///
    /// # Errors
    /// Fails if the store cannot be read.
    async fn count(&self) -> Result<usize, Error> {
        Ok(self.list().await?.len())
    }

    /// Performs `changes` together, in their order: either all of them, with one sequence number,
    /// or none. Returns one table for each change: the version that it created, or the last version
    /// of the dropped table. Without changes, nothing is written.
    ///
    /// A change is checked after the changes before it, so that a table can take the name of a
    /// table that an earlier change of the same commit renames or drops.
    ///
    /// # Errors
    /// Fails if any of the changes fails, as [`create`](Self::create),
    /// [`replace`](Self::replace) or [`drop_table`](Self::drop_table) would. Nothing has changed.
    async fn commit(&self, changes: Vec<TableChange>) -> Result<Vec<StoredTable>, Error>;

    /// Creates a table, and returns its version 1, with the id that the store assigned.
    ///
    /// # Errors
    /// - [`Error::NameTaken`] if another table has the name.
    /// - [`Error::NotStorable`] if the definition cannot be read back from its canonical text.
    /// - Any other error if the store cannot be read or written.
    async fn create(&self, definition: TableDefinition) -> Result<StoredTable, Error> {
        let create = TableChange::Create { definition };
        only_table(self.commit(vec![create]).await?)
    }

    /// Replaces the definition of a table, and returns the created version, `expected_version + 1`.
    /// If the name in `definition` differs from the current name, the table is renamed.
    ///
    /// # Errors
    /// - [`Error::Conflict`] if the current version is not `expected_version`; nothing has changed.
    /// - [`Error::NoSuchTable`] if the table was dropped or never existed.
    /// - [`Error::NameTaken`] if another table has the name in `definition`.
    /// - [`Error::NotStorable`] if the definition cannot be read back from its canonical text.
    /// - [`Error::NoMoreVersions`] if the current version is `u32::MAX`.
    /// - Any other error if the store cannot be read or written.
    async fn replace(
        &self,
        id: TableId,
        expected_version: u32,
        definition: TableDefinition,
    ) -> Result<StoredTable, Error> {
        let replace = TableChange::Replace {
            id,
            expected_version,
            definition,
        };
        only_table(self.commit(vec![replace]).await?)
    }

    /// Drops a table, and returns the number of the change. The name can be used again immediately.
    /// The id is never used again, and the versions remain readable by id.
    ///
    /// # Errors
    /// - [`Error::Conflict`] if the current version is not `expected_version`; nothing has changed.
    /// - [`Error::NoSuchTable`] if the table was dropped or never existed.
    /// - Any other error if the store cannot be read or written.
    async fn drop_table(&self, id: TableId, expected_version: u32) -> Result<Sequence, Error> {
        let drop = TableChange::Drop {
            id,
            expected_version,
        };
        Ok(only_table(self.commit(vec![drop]).await?)?.sequence)
    }

    /// Returns all versions of a table, which may have been dropped, in ascending order. The result
    /// is empty if the table never existed.
    ///
    /// # Errors
    /// Fails if the store cannot be read.
    async fn history(&self, id: TableId) -> Result<Vec<StoredTable>, Error>;

    /// Returns the changes after `sequence`, in order and without gaps. With [`Sequence::START`],
    /// it returns all changes.
    ///
    /// # Errors
    /// - [`Error::ChangesForgotten`] if the store no longer has the first of these changes.
    /// - [`Error::UnknownSequence`] if the last change of the store is before `sequence`.
    /// - Any other error if the store cannot be read.
    async fn changes_since(&self, sequence: Sequence) -> Result<Vec<DefinitionChange>, Error>;

    /// Returns the number of the last change, or [`Sequence::START`] if the store is empty.
    ///
    /// # Errors
    /// Fails if the store cannot be read.
    async fn last_sequence(&self) -> Result<Sequence, Error>;

    /// Reads the changes that other processes have made to the same data, and returns the number of
    /// the last change.
    ///
    /// The default implementation is [`last_sequence`](Self::last_sequence), for stores that no
    /// other process changes.
    ///
    /// # Errors
    /// Fails if the store cannot be read.
    async fn refresh(&self) -> Result<Sequence, Error> {
        self.last_sequence().await
    }
}

/// Returns the table of a commit with one change.
fn only_table(tables: Vec<StoredTable>) -> Result<StoredTable, Error> {
    let table = tables.into_iter().next();
    table.ok_or_else(|| Error::Other("the store has returned no table for a change".into()))
}
