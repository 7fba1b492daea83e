//! The table of the examples in these docs, as generated code would have it:
//!
//! ```toml
//! name = "app.events"
//! primary_key = ["id"]
//! row = "Event"
//!
//! [columns]
//! id    = { id = 1, type = "bigint" }
//! title = { id = 2, type = "text", nullable = true }
//! ```

use std::cmp::Ordering;
use std::sync::LazyLock;

use arrow::array::ArrayRef;
use arrow::datatypes::SchemaRef;
use kalamtable_model::{
    Column, ColumnType, PrimaryKey, Reserved, Shared, TableDefinition, TableKind, TableName,
    TableParts,
};

use crate::{Columns, Error, KeyedRow, Problem, Row, Table, ValueError};

static DEFINITION: TableDefinition = TableDefinition::from_checked(TableParts {
    name: TableName {
        namespace: Shared::Static("app"),
        table: Shared::Static("events"),
    },
    kind: TableKind::Shared,
    version: 1,
    comment: None,
    primary_key: PrimaryKey::Columns(Shared::Static(&[0])),
    row: Shared::Static("Event"),
    columns: Shared::Static(&[
        Column {
            id: 1,
            name: Shared::Static("id"),
            ty: ColumnType::BigInt,
            nullable: false,
            default: None,
            unit: None,
            rust: None,
            comment: None,
        },
        Column {
            id: 2,
            name: Shared::Static("title"),
            ty: ColumnType::Text,
            nullable: true,
            default: None,
            unit: None,
            rust: None,
            comment: None,
        },
    ]),
    reserved: Reserved {
        ids: Shared::Static(&[]),
        names: Shared::Static(&[]),
    },
});

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| Table::new_schema(&DEFINITION));

/// The table `app.events`.
pub static EVENTS: Table = Table {
    definition: &DEFINITION,
    schema: &SCHEMA,
};

/// A row of `app.events`.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Column `id`.
    pub id: i64,
    /// Column `title`.
    pub title: Option<String>,
}

impl Row for Event {
    const TABLE: &'static Table = &EVENTS;

    fn build_column(rows: &[&Self], position: usize) -> Result<ArrayRef, ValueError> {
        use crate::table::build_column;
        match position {
            0 => build_column(rows, 0, |row| &row.id),
            1 => build_column(rows, 1, |row| &row.title),
            _ => Err(ValueError::whole(Problem::Missing)),
        }
    }

    fn from_columns(columns: &Columns<'_>) -> Result<Vec<Self>, Error> {
        let id = columns.reader::<i64>(0)?;
        let title = columns.reader::<Option<String>>(1)?;
        columns.rows(|row| {
            Ok(Event {
                id: id.read(row)?,
                title: title.read(row)?,
            })
        })
    }
}

impl KeyedRow for Event {
    type Key<'a> = i64;

    fn key(&self) -> i64 {
        self.id
    }

    fn compare_key(&self, key: &i64) -> Ordering {
        self.id.cmp(key)
    }
}
