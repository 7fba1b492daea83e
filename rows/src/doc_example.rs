// SPDX-License-Identifier: Apache-2.0

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
use std::ops::Range;
use std::sync::LazyLock;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use kalamtable_model::{
    AccessLevel, Column, ColumnType, PrimaryKey, Reserved, Shared, TableDefinition, TableKind,
    TableName, TableParts,
};

use crate::row_key::{KeyReader, compare_part};
use crate::{
    ColumnBuilder, ColumnReader, Columns, Element, FromArrow, KeyedRow, RowError, RowKey, Table,
    ToArrow, ValueError,
};

static DEFINITION: TableDefinition = TableDefinition::from_checked(TableParts {
    name: TableName {
        namespace: Shared::Static("app"),
        table: Shared::Static("events"),
    },
    kind: TableKind::Shared,
    ttl_seconds: None,
    access_level: Some(AccessLevel::Private),
    version: 1,
    comment: None,
    primary_key: PrimaryKey::Columns(Shared::Static(&[0])),
    unique_keys: Shared::Static(&[]),
    row: Shared::Static("Event"),
    columns: Shared::Static(&[
        Column {
            id: 1,
            name: Shared::Static("id"),
            source: None,
            ty: ColumnType::BigInt,
            nullable: false,
            default: None,
            unit: None,
            rust: None,
            deprecated: None,
            comment: None,
        },
        Column {
            id: 2,
            name: Shared::Static("title"),
            source: None,
            ty: ColumnType::Text,
            nullable: true,
            default: None,
            unit: None,
            rust: None,
            deprecated: None,
            comment: None,
        },
    ]),
    reserved: Reserved {
        ids: Shared::Static(&[]),
        names: Shared::Static(&[]),
    },
});

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| Table::new_schema(&DEFINITION));
static QUERY_SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| Table::new_query_schema(&DEFINITION));

/// The table `app.events`.
pub static EVENTS: Table = Table {
    definition: &DEFINITION,
    schema: &SCHEMA,
    query_schema: &QUERY_SCHEMA,
};

/// A row of `app.events`.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Column `id`.
    pub id: i64,
    /// Column `title`.
    pub title: Option<String>,
}

impl ToArrow for Event {
    const TABLE: &'static Table = &EVENTS;

    fn append(
        rows: &[&Self],
        position: usize,
        column: &mut ColumnBuilder,
    ) -> Result<(), ValueError> {
        match position {
            0 => column.append::<i64, _>(rows, |row| Element::cell(&row.id)),
            1 => column.append::<Option<String>, _>(rows, |row| Element::cell(&row.title)),
            _ => column.missing(),
        }
    }
}

/// A row of `app.events`, borrowed from a batch.
#[derive(Clone, Copy, Debug)]
pub struct EventView<'a> {
    /// Column `id`.
    pub id: i64,
    /// Column `title`.
    pub title: Option<&'a str>,
}

impl FromArrow for Event {
    type Readers = (ColumnReader<i64>, ColumnReader<Option<String>>);
    type View<'a> = EventView<'a>;

    fn readers(columns: &Columns<'_>) -> Result<Self::Readers, RowError> {
        Ok((columns.reader(0)?, columns.reader(1)?))
    }

    fn read(
        readers: &Self::Readers,
        range: Range<usize>,
        rows: &mut Vec<Self>,
    ) -> Result<(), RowError> {
        let (id, title) = readers;
        for row in range {
            rows.push(Event {
                id: id.read(row)?,
                title: title.read(row)?,
            });
        }
        Ok(())
    }

    #[inline]
    fn view(readers: &Self::Readers, row: usize) -> Result<EventView<'_>, RowError> {
        let (id, title) = readers;
        Ok(EventView {
            id: id.view(row)?,
            title: title.view(row)?,
        })
    }
}

impl RowKey for Event {
    type Prefix = (Option<i64>,);

    const IN_SQL_ORDER: bool = true;

    fn read_prefixes(batch: &RecordBatch, count: usize) -> Result<Vec<Self::Prefix>, RowError> {
        let columns = Columns::by_name(&EVENTS, batch);
        let id = KeyReader::<i64>::try_new(&columns, 0, 0, count)?;
        (0..batch.num_rows())
            .map(|row| Ok((id.read(row)?,)))
            .collect()
    }

    fn compare_prefix(&self, prefix: &Self::Prefix) -> Ordering {
        compare_part(&self.id, &prefix.0)
    }

    fn compare_keys(&self, other: &Self) -> Ordering {
        self.id.cmp(&other.id)
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
