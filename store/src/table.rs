// SPDX-License-Identifier: Apache-2.0

//! What a store answers with: tables, their versions, and changes.

use std::fmt;
use std::sync::Arc;

use kalamtable_model::{TableDefinition, TableName};

use crate::UnixMicros;

/// Names one table of a store, whatever it is called: from 1, and never used again, also not by a
/// table that is created under the name of a dropped one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TableId(pub u64);

impl fmt::Display for TableId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The number of a change of the whole store: the first change has 1, each one the next number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sequence(pub u64);

impl Sequence {
    /// Before the first change.
    pub const START: Sequence = Sequence(0);

    /// That of the change after this one.
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
    /// The table.
    pub id: TableId,
    /// The definition, with the version that the store gave it.
    pub definition: Arc<TableDefinition>,
    /// The change that made this version.
    pub sequence: Sequence,
    /// The moment of that change.
    pub changed_at: UnixMicros,
    /// The moment of the change that made version 1.
    pub created_at: UnixMicros,
}

impl StoredTable {
    /// The version, from 1: what the next change has to expect.
    pub fn version(&self) -> u32 {
        self.definition.version()
    }
}

/// One change of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefinitionChange {
    /// Its number.
    pub sequence: Sequence,
    /// When it was made: not before the change before it.
    pub changed_at: UnixMicros,
    /// The table that changed.
    pub table: TableId,
    /// What happened to it.
    pub kind: ChangeKind,
    /// The table's name before; none if it was created.
    pub name_before: Option<TableName>,
    /// The table's name after; none if it was dropped. Differs from `name_before` if it was renamed.
    pub name_after: Option<TableName>,
}

/// What happened to a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChangeKind {
    /// It is there, at version 1.
    Created,
    /// It has another definition.
    Replaced {
        /// The version of that.
        version: u32,
    },
    /// It is gone; its versions can still be read.
    Dropped,
}
