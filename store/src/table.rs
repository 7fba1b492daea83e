// SPDX-License-Identifier: Apache-2.0

//! The values that a store accepts and returns: ids, versions of tables, and changes.

use std::fmt;
use std::sync::Arc;

use kalamtable_model::{TableDefinition, TableName};

use crate::unix_micros::UnixMicros;

/// The identity of a table within a store, independent of its name.
///
/// The first table of a store has id 1, and each later table has the next number. An id is never
/// reused: a table that is created under the name of a dropped table has another id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TableId(pub u64);

impl fmt::Display for TableId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The sequence number of a change in a store. The first change has number 1, and each later change
/// has the next number. All tables of a store share one sequence. Changes that are committed
/// together have the same number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sequence(pub u64);

impl Sequence {
    /// The position before the first change: the last sequence number of an empty store.
    pub const START: Sequence = Sequence(0);

    /// Returns the number of the following change.
    pub(crate) fn next(self) -> Sequence {
        Sequence(self.0.saturating_add(1))
    }
}

impl fmt::Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One version of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredTable {
    /// The id of the table.
    pub id: TableId,
    /// The definition, with the version number that the store assigned.
    pub definition: Arc<TableDefinition>,
    /// The number of the change that created this version.
    pub sequence: Sequence,
    /// The timestamp of the change that created this version.
    pub changed_at: UnixMicros,
    /// The timestamp of the change that created the table, that is, its version 1.
    pub created_at: UnixMicros,
}

impl StoredTable {
    /// Returns the version number; the first version is 1. To change the table, pass the number of
    /// its current version as `expected_version`.
    pub fn version(&self) -> u32 {
        self.definition.version()
    }
}

/// A change that a caller of [`DefinitionStore::commit`](crate::DefinitionStore::commit) requests.
#[derive(Clone, Debug, PartialEq)]
pub enum TableChange {
    /// Creates a table, as [`create`](crate::DefinitionStore::create) does.
    Create {
        /// The definition. Its version is ignored.
        definition: TableDefinition,
    },
    /// Replaces a definition, as [`replace`](crate::DefinitionStore::replace) does.
    Replace {
        /// The table.
        id: TableId,
        /// The version from which the definition was derived.
        expected_version: u32,
        /// The definition. Its version is ignored.
        definition: TableDefinition,
    },
    /// Drops a table, as [`drop_table`](crate::DefinitionStore::drop_table) does.
    Drop {
        /// The table.
        id: TableId,
        /// The version at which the table is dropped.
        expected_version: u32,
    },
}

/// One change of a store: a table was created, replaced or dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefinitionChange {
    /// The number of the change.
    pub sequence: Sequence,
    /// The timestamp of the change, which is never earlier than the timestamp of the previous
    /// change.
    pub changed_at: UnixMicros,
    /// The id of the table.
    pub table: TableId,
    /// The kind of the change.
    pub kind: ChangeKind,
    /// The name of the table before the change, or `None` if the change created the table.
    pub name_before: Option<TableName>,
    /// The name of the table after the change, or `None` if the change dropped the table. It
    /// differs from `name_before` if the change renamed the table.
    pub name_after: Option<TableName>,
}

/// The kind of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChangeKind {
    /// The table was created, at version 1.
    Created,
    /// The table received another definition.
    Replaced {
        /// The version of that definition.
        version: u32,
    },
    /// The table was dropped. Its versions remain readable.
    Dropped,
}
