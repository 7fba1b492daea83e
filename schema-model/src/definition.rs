// SPDX-License-Identifier: Apache-2.0

//! [`TableDefinition`]: a checked table, independent of the syntax in which it was written.

use std::num::{NonZeroU32, NonZeroU64};

use crate::default_function::DefaultFunction;
use crate::shared::Shared;
use crate::table_name::{NameError, TableName};
use crate::types::{ColumnType, TimeUnit};

/// The smallest id of a column or nested field.
pub const MIN_ID: i32 = 1;
/// The largest id of a column or nested field. Iceberg reserves the ids above it.
pub const MAX_ID: i32 = 2_147_483_447;

/// A table whose definition passed all checks.
///
/// Names and ids are unique, key columns exist and have key types, and defaults fit their columns.
/// The fields are private to guarantee this: a value comes from [`check`](crate::check), from
/// constants that were generated from a checked definition, or from
/// [`with_version`](Self::with_version) and [`renamed`](Self::renamed). The names in generated Rust
/// code are valid after [`parse_and_check_for_rust`](crate::parse_and_check_for_rust).
#[derive(Clone, Debug, PartialEq)]
pub struct TableDefinition(TableParts);

/// The content of a [`TableDefinition`] as plain data, without the guarantee that it is valid.
#[derive(Clone, Debug, PartialEq)]
pub struct TableParts {
    /// The name, `namespace.table`.
    pub name: TableName,
    /// The kind, which decides who owns the rows and who may write them.
    pub kind: TableKind,
    /// The time-to-live of rows in seconds. Stream tables have one, other kinds do not.
    pub ttl_seconds: Option<NonZeroU64>,
    /// The access level. Shared tables have one, other kinds do not.
    pub access_level: Option<AccessLevel>,
    /// The version of this definition, starting at 1.
    pub version: u32,
    /// The comment, which `DESCRIBE` shows.
    pub comment: Option<Shared<str>>,
    /// The primary key.
    pub primary_key: PrimaryKey,
    /// The unique keys: the positions of the columns of each key, in key order. No key is empty.
    pub unique_keys: Shared<[Shared<[usize]>]>,
    /// The name of the Rust row type.
    pub row: Shared<str>,
    /// The columns in the order of `SELECT *`.
    pub columns: Shared<[Column]>,
    /// The ids and names that no column can use.
    pub reserved: Reserved,
}

impl TableDefinition {
    /// Wraps parts that have passed all checks. Only for the checks of this crate and for constants
    /// in generated code.
    #[doc(hidden)]
    pub const fn from_checked(parts: TableParts) -> Self {
        TableDefinition(parts)
    }

    /// Returns the name, `namespace.table`.
    pub fn name(&self) -> &TableName {
        &self.0.name
    }

    /// Returns the kind, which decides who owns the rows and who may write them.
    pub fn kind(&self) -> TableKind {
        self.0.kind
    }

    /// Returns the time-to-live of rows in seconds, or `None` if the table is not a stream.
    pub fn ttl_seconds(&self) -> Option<NonZeroU64> {
        self.0.ttl_seconds
    }

    /// Returns the access level, or `None` if the table is not a shared table. The default is
    /// [`AccessLevel::Private`].
    pub fn access_level(&self) -> Option<AccessLevel> {
        self.0.access_level
    }

    /// Returns the version of this definition, starting at 1.
    pub fn version(&self) -> u32 {
        self.0.version
    }

    /// Returns the definition with another version. No check depends on the version.
    pub fn with_version(mut self, version: NonZeroU32) -> Self {
        self.0.version = version.get();
        self
    }

    /// Returns the definition with another table name. The kind and the name of the row type do not
    /// change, even if they were derived from the previous name.
    ///
    /// # Errors
    /// Fails if `name` is not a name that [`TableName::try_new`] accepts.
    pub fn renamed(mut self, name: TableName) -> Result<Self, NameError> {
        self.0.name = TableName::try_new(&name.namespace, &name.table)?;
        Ok(self)
    }

    /// Returns the comment, which `DESCRIBE` shows.
    pub fn comment(&self) -> Option<&str> {
        self.0.comment.as_deref()
    }

    /// Returns the primary key.
    pub fn primary_key(&self) -> &PrimaryKey {
        &self.0.primary_key
    }

    /// Returns the positions of the columns of the primary key, in key order. The result is empty
    /// if the table has no primary key.
    pub fn key_columns(&self) -> &[usize] {
        match &self.0.primary_key {
            PrimaryKey::Columns(columns) => columns,
            PrimaryKey::None { .. } => &[],
        }
    }

    /// Returns the unique keys in the order of declaration: the positions of the columns of each
    /// key, in key order.
    ///
    /// No two rows have the same values in all columns of a unique key. As in SQL, nulls are
    /// distinct: the columns can be nullable, and a row with a null in one of them never conflicts.
    /// The primary key is not included, and no two keys have the same columns.
    pub fn unique_keys(&self) -> &[Shared<[usize]>] {
        &self.0.unique_keys
    }

    /// Returns the name of the Rust row type.
    pub fn row(&self) -> &str {
        &self.0.row
    }

    /// Returns the columns in the order of `SELECT *`.
    pub fn columns(&self) -> &[Column] {
        &self.0.columns
    }

    /// Returns the column with this name and its position, or `None` if no column has the name. The
    /// lookup is case-sensitive.
    pub fn column(&self, name: &str) -> Option<(usize, &Column)> {
        self.columns()
            .iter()
            .enumerate()
            .find(|(_, column)| &*column.name == name)
    }

    /// Returns the column that has this name in files and its position, or `None` if no column has
    /// it. The name is the column's source or its name in SQL. The lookup is case-sensitive.
    pub fn file_column(&self, name: &str) -> Option<(usize, &Column)> {
        self.columns()
            .iter()
            .enumerate()
            .find(|(_, column)| column.has_file_name(name))
    }

    /// Returns the ids and names that no column can use.
    pub fn reserved(&self) -> &Reserved {
        &self.0.reserved
    }

    /// Returns the content as plain data.
    pub const fn parts(&self) -> &TableParts {
        &self.0
    }
}

/// The kind of a table, which decides who owns the rows and who may write them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TableKind {
    /// A table of the server. The default in namespace `system`.
    System,
    /// A table in which each user sees and writes only their own rows.
    User,
    /// A table with one set of rows for all users. The default outside of namespace `system`.
    Shared,
    /// A table whose rows expire and are never written to cold storage.
    Stream,
    /// A table that is computed when it is read.
    View,
}

impl TableKind {
    /// All kinds.
    pub const ALL: [TableKind; 5] = [
        TableKind::System,
        TableKind::User,
        TableKind::Shared,
        TableKind::Stream,
        TableKind::View,
    ];

    /// Returns the kind as definitions write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            TableKind::System => "system",
            TableKind::User => "user",
            TableKind::Shared => "shared",
            TableKind::Stream => "stream",
            TableKind::View => "view",
        }
    }

    /// Returns the kind of a table in `namespace` whose definition has no `kind`.
    pub fn default_in(namespace: &str) -> Self {
        if namespace == "system" {
            TableKind::System
        } else {
            TableKind::Shared
        }
    }
}

/// The access level of a shared table, which decides who may use it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AccessLevel {
    /// All users may read the table.
    Public,
    /// Only users with an explicit grant may use the table. The default.
    #[default]
    Private,
    /// Services and administrators may use the table.
    Restricted,
    /// Administrators may use the table.
    Dba,
}

impl AccessLevel {
    /// All levels.
    pub const ALL: [AccessLevel; 4] = [
        AccessLevel::Public,
        AccessLevel::Private,
        AccessLevel::Restricted,
        AccessLevel::Dba,
    ];

    /// Returns the level as definitions write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            AccessLevel::Public => "public",
            AccessLevel::Private => "private",
            AccessLevel::Restricted => "restricted",
            AccessLevel::Dba => "dba",
        }
    }
}

/// The primary key of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PrimaryKey {
    /// The positions of the columns, in key order. Never empty.
    Columns(Shared<[usize]>),
    /// The table has no primary key.
    None {
        /// The reason for having none.
        reason: Shared<str>,
    },
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// The id, which never changes: the Parquet field id. A renamed column keeps its id.
    pub id: i32,
    /// The name in SQL.
    pub name: Shared<str>,
    /// The name in files and foreign batches, if it differs from the name in SQL.
    pub source: Option<Shared<str>>,
    /// The type.
    pub ty: ColumnType,
    /// Whether the column is nullable.
    pub nullable: bool,
    /// The value that an `INSERT` without the column writes.
    pub default: Option<ColumnDefault>,
    /// The unit of the row field, if it differs from that of the column.
    pub unit: Option<TimeUnit>,
    /// The Rust type of the row field, if it differs from the type that `ty` implies. For an enum
    /// it is the name of the type to generate, otherwise the path of an existing type.
    pub rust: Option<Shared<str>>,
    /// The reason why the column is deprecated, if a later version will drop it.
    pub deprecated: Option<Shared<str>>,
    /// The comment, which `DESCRIBE` shows.
    pub comment: Option<Shared<str>>,
}

impl Column {
    /// Returns the name of the column in files and in batches that other programs wrote: the value
    /// of the key `source`, or the name in SQL if the definition does not have the key.
    pub fn source_name(&self) -> &str {
        self.source.as_deref().unwrap_or(&self.name)
    }

    /// Returns whether `name` is the source of the column or its name in SQL. Programs of this
    /// server write files with the names in SQL, so files can have either name.
    pub fn has_file_name(&self, name: &str) -> bool {
        *self.name == *name || self.source.as_deref() == Some(name)
    }
}

/// The value that an `INSERT` without the column writes.
#[derive(Clone, Debug, PartialEq)]
pub enum ColumnDefault {
    /// A value in the representation of the column.
    Literal(Literal),
    /// A function call, computed once per statement.
    Call(DefaultFunction),
}

/// A value in the representation of its column.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// A `boolean`.
    Boolean(bool),
    /// An integer, the unscaled value of a decimal, the days of a date, or the units of a time or
    /// timestamp.
    Integer(i128),
    /// A `float` or `double`.
    Float(f64),
    /// A `text`, `json`, `file` or label of an enum.
    Text(Shared<str>),
    /// The 16 bytes of a `uuid`.
    Bytes(Shared<[u8]>),
}

/// The ids and names of dropped columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reserved {
    /// The ids in ascending order.
    pub ids: Shared<[i32]>,
    /// The names in ascending order.
    pub names: Shared<[Shared<str>]>,
}
