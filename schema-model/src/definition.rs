// SPDX-License-Identifier: Apache-2.0

//! [`TableDefinition`]: a table, checked, however it was written.

use std::num::{NonZeroU32, NonZeroU64};

use crate::shared::Shared;
use crate::table_name::{NameError, TableName};
use crate::types::{ColumnType, TimeUnit};

/// The smallest id a column or a nested field may have.
pub const MIN_ID: i32 = 1;
/// The largest id a column or a nested field may have. Iceberg keeps those above it for itself.
pub const MAX_ID: i32 = 2_147_483_447;

/// A table whose definition passed every check.
///
/// Its fields are private for that reason: the only ways to one are [`check`](crate::check), constants
/// that were generated from a checked definition, and another version of either. Names and ids are
/// unique, key columns exist and suit a key, defaults fit their columns, and every name it asks for is
/// valid in Rust.
#[derive(Clone, Debug, PartialEq)]
pub struct TableDefinition(TableParts);

/// What a [`TableDefinition`] is made of, before or without checks.
#[derive(Clone, Debug, PartialEq)]
pub struct TableParts {
    /// `namespace.table`.
    pub name: TableName,
    /// Whose rows it holds, and who may write them.
    pub kind: TableKind,
    /// For how many seconds rows live: of a stream, and of no other kind.
    pub ttl_seconds: Option<NonZeroU64>,
    /// Who may use it: of a shared table, and of no other kind.
    pub access_level: Option<AccessLevel>,
    /// The version of this definition, from 1.
    pub version: u32,
    /// For the person who reads `DESCRIBE`.
    pub comment: Option<Shared<str>>,
    /// How a row is told from the others.
    pub primary_key: PrimaryKey,
    /// What else no two rows share: positions of each key's columns, in key order; no key is empty.
    pub unique_keys: Shared<[Shared<[usize]>]>,
    /// The name of the Rust row type.
    pub row: Shared<str>,
    /// In the order of `SELECT *`.
    pub columns: Shared<[Column]>,
    /// What no column may use again.
    pub reserved: Reserved,
}

impl TableDefinition {
    /// Wraps parts that are known to have passed every check: for this crate's checks, and for
    /// constants in generated code, which came from them.
    #[doc(hidden)]
    pub const fn from_checked(parts: TableParts) -> Self {
        TableDefinition(parts)
    }

    /// `namespace.table`.
    pub fn name(&self) -> &TableName {
        &self.0.name
    }

    /// Whose rows it holds, and who may write them.
    pub fn kind(&self) -> TableKind {
        self.0.kind
    }

    /// For how many seconds rows live: of a stream, and of no other kind.
    pub fn ttl_seconds(&self) -> Option<NonZeroU64> {
        self.0.ttl_seconds
    }

    /// Who may use it: of a shared table, and of no other kind. [`AccessLevel::Private`] if the
    /// definition does not say.
    pub fn access_level(&self) -> Option<AccessLevel> {
        self.0.access_level
    }

    /// The version of this definition, from 1.
    pub fn version(&self) -> u32 {
        self.0.version
    }

    /// The same table as another version: no check depends on which one it is.
    pub fn with_version(mut self, version: NonZeroU32) -> Self {
        self.0.version = version.get();
        self
    }

    /// The same table under another name. Its kind and its row type stay what they are, whatever the
    /// new name would have implied.
    ///
    /// # Errors
    /// If `name`, whose fields anyone can write, is none that [`TableName::try_new`] makes.
    pub fn renamed(mut self, name: TableName) -> Result<Self, NameError> {
        self.0.name = TableName::try_new(&name.namespace, &name.table)?;
        Ok(self)
    }

    /// For the person who reads `DESCRIBE`.
    pub fn comment(&self) -> Option<&str> {
        self.0.comment.as_deref()
    }

    /// How a row is told from the others.
    pub fn primary_key(&self) -> &PrimaryKey {
        &self.0.primary_key
    }

    /// Positions of the primary key's columns, in key order; empty without a key.
    pub fn key_columns(&self) -> &[usize] {
        match &self.0.primary_key {
            PrimaryKey::Columns(columns) => columns,
            PrimaryKey::None { .. } => &[],
        }
    }

    /// The unique keys, in the order of declaration: positions of each one's columns, in key order.
    ///
    /// No two rows have the same values in all columns of one. Null is distinct from every value and
    /// from other nulls, as in SQL: the columns may be nullable, and a row with a null in one of them
    /// is like no other. The primary key is not among them, and no two are of the same columns.
    pub fn unique_keys(&self) -> &[Shared<[usize]>] {
        &self.0.unique_keys
    }

    /// The name of the Rust row type.
    pub fn row(&self) -> &str {
        &self.0.row
    }

    /// In the order of `SELECT *`.
    pub fn columns(&self) -> &[Column] {
        &self.0.columns
    }

    /// The column of that name, with its position.
    pub fn column(&self, name: &str) -> Option<(usize, &Column)> {
        self.columns()
            .iter()
            .enumerate()
            .find(|(_, column)| &*column.name == name)
    }

    /// What no column may use again.
    pub fn reserved(&self) -> &Reserved {
        &self.0.reserved
    }

    /// Everything, as plain data.
    pub const fn parts(&self) -> &TableParts {
        &self.0
    }
}

/// Whose rows a table holds, and who may write them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TableKind {
    /// The server's own; what a table in namespace `system` is unless it says otherwise.
    System,
    /// Each user sees and writes only their own rows.
    User,
    /// One set of rows for all; what a table outside `system` is unless it says otherwise.
    Shared,
    /// Rows live for a time and are never written to cold storage.
    Stream,
    /// Computed when it is read.
    View,
}

impl TableKind {
    /// Every kind.
    pub const ALL: [TableKind; 5] = [
        TableKind::System,
        TableKind::User,
        TableKind::Shared,
        TableKind::Stream,
        TableKind::View,
    ];

    /// The kind as definitions write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            TableKind::System => "system",
            TableKind::User => "user",
            TableKind::Shared => "shared",
            TableKind::Stream => "stream",
            TableKind::View => "view",
        }
    }

    /// The kind of a table in `namespace` that does not say its own.
    pub fn default_in(namespace: &str) -> Self {
        if namespace == "system" {
            TableKind::System
        } else {
            TableKind::Shared
        }
    }
}

/// Who may use a shared table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AccessLevel {
    /// Everybody reads it.
    Public,
    /// Nobody does who was not given the right to; what a table has that does not say.
    #[default]
    Private,
    /// Services and administrators use it.
    Restricted,
    /// Administrators use it.
    Dba,
}

impl AccessLevel {
    /// Every level.
    pub const ALL: [AccessLevel; 4] = [
        AccessLevel::Public,
        AccessLevel::Private,
        AccessLevel::Restricted,
        AccessLevel::Dba,
    ];

    /// The level as definitions write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            AccessLevel::Public => "public",
            AccessLevel::Private => "private",
            AccessLevel::Restricted => "restricted",
            AccessLevel::Dba => "dba",
        }
    }
}

/// How a row is told from the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PrimaryKey {
    /// Positions of its columns, in key order; never empty.
    Columns(Shared<[usize]>),
    /// The table has none.
    None {
        /// Why not.
        reason: Shared<str>,
    },
}

/// One column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Its identity for ever: the Parquet field id, and what a rename keeps.
    pub id: i32,
    /// Its name in SQL.
    pub name: Shared<str>,
    /// What it holds.
    pub ty: ColumnType,
    /// Whether it may be null.
    pub nullable: bool,
    /// What an `INSERT` that leaves it out writes.
    pub default: Option<ColumnDefault>,
    /// The unit of the row field, where it is not the column's own.
    pub unit: Option<TimeUnit>,
    /// The Rust type of the row field, where it is not the one that `ty` implies: for an enum the
    /// name of the type to generate, else a path to a type that exists.
    pub rust: Option<Shared<str>>,
    /// For the person who reads `DESCRIBE`.
    pub comment: Option<Shared<str>>,
}

/// What an `INSERT` that leaves a column out writes.
#[derive(Clone, Debug, PartialEq)]
pub enum ColumnDefault {
    /// A value, in the column's own representation.
    Literal(Literal),
    /// Computed once per statement.
    Call(DefaultFunction),
}

/// A value in its column's own representation.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// `boolean`.
    Boolean(bool),
    /// The integers; the unscaled value of a decimal; days of a date; units of a time or timestamp.
    Integer(i128),
    /// `float` and `double`.
    Float(f64),
    /// `text`, `json`, `file` and the labels of an enum.
    Text(Shared<str>),
    /// The sixteen bytes of a `uuid`.
    Bytes(Shared<[u8]>),
}

/// A function that a default may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefaultFunction {
    /// `now()`: the start of the statement; for `timestamp` and `datetime`.
    Now,
    /// `current_date()`: for `date`.
    CurrentDate,
    /// `current_time()`: for `time`.
    CurrentTime,
}

impl DefaultFunction {
    /// Every function.
    pub const ALL: [DefaultFunction; 3] = [
        DefaultFunction::Now,
        DefaultFunction::CurrentDate,
        DefaultFunction::CurrentTime,
    ];

    /// Its name, without parentheses.
    pub const fn name(self) -> &'static str {
        match self {
            DefaultFunction::Now => "now",
            DefaultFunction::CurrentDate => "current_date",
            DefaultFunction::CurrentTime => "current_time",
        }
    }

    /// Whether a column of type `ty` can take its result.
    pub fn fits(self, ty: &ColumnType) -> bool {
        match self {
            DefaultFunction::Now => {
                matches!(ty, ColumnType::Timestamp { .. } | ColumnType::DateTime)
            }
            DefaultFunction::CurrentDate => matches!(ty, ColumnType::Date),
            DefaultFunction::CurrentTime => matches!(ty, ColumnType::Time),
        }
    }
}

/// Ids and names of columns that were dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reserved {
    /// Ids, sorted.
    pub ids: Shared<[i32]>,
    /// Names, sorted.
    pub names: Shared<[Shared<str>]>,
}
