// SPDX-License-Identifier: Apache-2.0

//! [`DefinitionStore`]: what a registry asks of the place where definitions live.

use std::fmt::Debug;

use async_trait::async_trait;
use kalamtable_model::{TableDefinition, TableName};

use crate::{DefinitionChange, Error, Sequence, StoredTable, TableId};

/// Definitions of tables, every version of them, and the order in which they changed.
///
/// A store is shared by reference between threads. What was acknowledged (a method that writes
/// returned `Ok`) is seen by every later call on the same store; a store that several processes share
/// says when the others see it.
///
/// The store numbers versions itself: whatever version a definition says, it becomes 1 when the table
/// is created and the next one at each change. That is what old data names its definition by, so
/// versions are kept for ever, also those of dropped tables. It also says when each change was made:
/// see [`UnixMicros`](crate::UnixMicros).
///
/// A future of a writing method that is dropped before it is ready may or may not have changed the
/// store.
#[async_trait]
pub trait DefinitionStore: Debug + Send + Sync + 'static {
    /// The newest version of a table; none if it was dropped or never there.
    ///
    /// # Errors
    /// If the store cannot be read.
    async fn get(&self, id: TableId) -> Result<Option<StoredTable>, Error>;

    /// That version of a table, dropped or not; none if there never was one.
    ///
    /// # Errors
    /// If the store cannot be read.
    async fn get_version(&self, id: TableId, version: u32) -> Result<Option<StoredTable>, Error>;

    /// The table that has that name; none if no table does.
    ///
    /// # Errors
    /// If the store cannot be read.
    async fn find(&self, name: &TableName) -> Result<Option<TableId>, Error>;

    /// The newest version of every table that is there, by id, all taken at one moment.
    ///
    /// # Errors
    /// If the store cannot be read.
    async fn list(&self) -> Result<Vec<StoredTable>, Error>;

    /// Every version of every table that is there, by id and then from version 1, all taken at one
    /// moment.
    ///
    /// # Errors
    /// If the store cannot be read.
    async fn list_versions(&self) -> Result<Vec<StoredTable>, Error>;

    /// How many tables there are.
    ///
    /// # Errors
    /// If the store cannot be read.
    async fn count(&self) -> Result<usize, Error>;

    /// Makes a table, at version 1.
    ///
    /// # Errors
    /// [`Error::NameTaken`]; [`Error::NotStorable`]; if the store cannot be read or written.
    async fn create(&self, definition: TableDefinition) -> Result<StoredTable, Error>;

    /// Gives a table another definition, as the version after `expected_version`. Another name
    /// renames the table.
    ///
    /// # Errors
    /// [`Error::Conflict`] if the table is not at `expected_version`, and then nothing changed;
    /// [`Error::NoSuchTable`]; [`Error::NameTaken`] by another table; [`Error::NotStorable`]; if the
    /// store cannot be read or written.
    async fn replace(
        &self,
        id: TableId,
        expected_version: u32,
        definition: TableDefinition,
    ) -> Result<StoredTable, Error>;

    /// Drops a table. Its name is free at once; its id and its versions stay known.
    ///
    /// # Errors
    /// [`Error::Conflict`] if the table is not at `expected_version`, and then nothing changed;
    /// [`Error::NoSuchTable`]; if the store cannot be read or written.
    async fn drop_table(&self, id: TableId, expected_version: u32) -> Result<Sequence, Error>;

    /// Every version of a table, dropped or not, from version 1; empty if it was never there.
    ///
    /// # Errors
    /// If the store cannot be read.
    async fn history(&self, id: TableId) -> Result<Vec<StoredTable>, Error>;

    /// The changes after `sequence`, in order and without a gap; [`Sequence::START`] asks for all.
    ///
    /// # Errors
    /// [`Error::ChangesForgotten`] if the store no longer knows the first of them;
    /// [`Error::UnknownSequence`] if it never got to `sequence`; if the store cannot be read.
    async fn changes_since(&self, sequence: Sequence) -> Result<Vec<DefinitionChange>, Error>;

    /// The number of the last change; [`Sequence::START`] if there was none.
    ///
    /// # Errors
    /// If the store cannot be read.
    async fn last_sequence(&self) -> Result<Sequence, Error>;

    /// Sees what others changed in the same place, and says what the last change is.
    ///
    /// # Errors
    /// If the store cannot be read.
    async fn refresh(&self) -> Result<Sequence, Error>;
}
