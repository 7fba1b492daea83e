//! [`Table`], a compiled definition, and [`Row`], its rows.

use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Schema, SchemaRef};
use kalamtable_model::TableDefinition;

use crate::columns::Columns;
use crate::value::{Element, Value};
use crate::{Error, ValueError};

/// A definition that was compiled into the program, and its schema.
#[derive(Debug)]
pub struct Table {
    /// What the table is.
    pub definition: &'static TableDefinition,
    /// Its Arrow schema, made on first use.
    pub schema: &'static LazyLock<SchemaRef>,
}

impl Table {
    /// Its Arrow schema, made on first use.
    pub fn schema(&self) -> &'static SchemaRef {
        self.schema
    }

    /// For the initialiser of a generated `SCHEMA`.
    #[doc(hidden)]
    pub fn new_schema(definition: &TableDefinition) -> SchemaRef {
        Arc::new(definition.arrow_schema())
    }
}

/// A row of one table. Implemented by generated code.
///
/// ```
/// # use kalamtable_runtime::doc_example::{Event, EVENTS};
/// use kalamtable_runtime::Row;
///
/// let rows = [Event { id: 1, title: Some("first".to_string()) }, Event { id: 2, title: None }];
/// let batch = Row::to_batch(&rows)?;
/// assert_eq!(batch.num_columns(), 2);
/// assert_eq!(Event::from_batch(&batch)?, rows);
/// # Ok::<(), kalamtable_runtime::Error>(())
/// ```
pub trait Row: Clone + std::fmt::Debug + Send + Sync + Sized + 'static {
    /// The table.
    const TABLE: &'static Table;

    /// The array of the column at `position`, one element for each of `rows`.
    ///
    /// # Errors
    /// If a value does not fit; or, with [`Problem::Missing`](crate::Problem::Missing), if there is
    /// no such column.
    fn build_column(rows: &[&Self], position: usize) -> Result<ArrayRef, ValueError>;

    /// The rows of a batch whose columns were found.
    ///
    /// # Errors
    /// If a required column is absent, or a value does not fit its field.
    fn from_columns(columns: &Columns<'_>) -> Result<Vec<Self>, Error>;

    /// All columns of `rows`, in order.
    ///
    /// # Errors
    /// [`Error::Value`] with the column and the row whose value does not fit.
    fn to_batch(rows: &[Self]) -> Result<RecordBatch, Error> {
        let rows: Vec<&Self> = rows.iter().collect();
        let positions: Vec<usize> = (0..Self::TABLE.definition.columns().len()).collect();
        let columns = build_columns(&rows, &positions)?;
        new_batch::<Self>(Self::TABLE.schema, columns, rows.len())
    }

    /// The columns at `positions` of `rows`: any, in any order, also repeated, also none.
    ///
    /// # Errors
    /// [`Error::Value`] with the column and the row whose value does not fit;
    /// [`Error::NoSuchColumn`] for a position that the table does not have.
    fn to_batch_of(rows: &[Self], positions: &[usize]) -> Result<RecordBatch, Error> {
        let table = Self::TABLE;
        let count = table.definition.columns().len();
        if let Some(&position) = positions.iter().find(|&&position| position >= count) {
            return Err(Error::NoSuchColumn {
                table: table.definition.name().clone(),
                columns: count,
                position,
            });
        }
        let rows: Vec<&Self> = rows.iter().collect();
        let columns = build_columns(&rows, positions)?;
        let fields = positions
            .iter()
            .map(|&position| table.schema.fields()[position].clone());
        let schema =
            Schema::new_with_metadata(fields.collect::<Vec<_>>(), table.schema.metadata().clone());
        new_batch::<Self>(&Arc::new(schema), columns, rows.len())
    }

    /// The rows of `batch`, whose columns are matched by id, then by name, never by position.
    ///
    /// A nullable column that the batch lacks is null in every row.
    ///
    /// # Errors
    /// If a required column is absent, or a value does not fit its field.
    fn from_batch(batch: &RecordBatch) -> Result<Vec<Self>, Error> {
        Self::from_columns(&Columns::new(Self::TABLE, batch))
    }
}

/// A row that its primary key tells from the others.
pub trait KeyedRow: Row {
    /// The key, borrowed from a row: the key column's value, or a tuple in key order.
    type Key<'a>: Ord + std::fmt::Debug;

    /// This row's key.
    fn key(&self) -> Self::Key<'_>;

    /// How this row's key compares with `key`.
    fn compare_key(&self, key: &Self::Key<'_>) -> std::cmp::Ordering;
}

/// How many rows are turned into arrays at a time: so few that they stay in the processor's cache
/// while one column after the other is read from them.
const BLOCK_ROWS: usize = 1024;

/// The arrays of the columns at `positions`.
pub(crate) fn build_columns<R: Row>(
    rows: &[&R],
    positions: &[usize],
) -> Result<Vec<ArrayRef>, Error> {
    if rows.len() <= BLOCK_ROWS || positions.len() < 2 {
        return build_block(rows, positions, 0);
    }
    let mut blocks = Vec::with_capacity(rows.len().div_ceil(BLOCK_ROWS));
    for (number, block) in rows.chunks(BLOCK_ROWS).enumerate() {
        blocks.push(build_block(block, positions, number * BLOCK_ROWS)?);
    }
    (0..positions.len())
        .map(|index| {
            let arrays: Vec<&dyn Array> = blocks.iter().map(|block| &*block[index]).collect();
            arrow::compute::concat(&arrays).map_err(|source| Error::Batch {
                table: R::TABLE.definition.name().clone(),
                source,
            })
        })
        .collect()
}

/// The arrays of a block of rows, the first of which is row number `begin`.
fn build_block<R: Row>(
    rows: &[&R],
    positions: &[usize],
    begin: usize,
) -> Result<Vec<ArrayRef>, Error> {
    let build = |&position: &usize| {
        R::build_column(rows, position)
            .map_err(|source| value_error::<R>(position, source.shifted(begin)))
    };
    positions.iter().map(build).collect()
}

/// `source` with the table and the column at `position`.
pub(crate) fn value_error<R: Row>(position: usize, source: ValueError) -> Error {
    let definition = R::TABLE.definition;
    let column = definition.columns().get(position);
    Error::Value {
        table: definition.name().clone(),
        column: column.map_or_else(|| position.to_string(), |column| column.name.to_string()),
        source,
    }
}

fn new_batch<R: Row>(
    schema: &SchemaRef,
    columns: Vec<ArrayRef>,
    rows: usize,
) -> Result<RecordBatch, Error> {
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(schema.clone(), columns, &options).map_err(|source| {
        Error::Batch {
            table: R::TABLE.definition.name().clone(),
            source,
        }
    })
}

/// The array of one column; for generated code.
///
/// It is compiled once for each column, so it does no more than gather: what makes the array is
/// compiled once for each type of value.
pub fn build_column<'a, R: Row, E: Element + 'a>(
    rows: &[&'a R],
    position: usize,
    field: impl Fn(&'a R) -> &'a E,
) -> Result<ArrayRef, ValueError> {
    let mut values = Vec::with_capacity(rows.len());
    for row in rows {
        values.push(field(row).as_value());
    }
    build_values(R::TABLE, position, &values)
}

fn build_values<V: Value>(
    table: &Table,
    position: usize,
    values: &[Option<&V>],
) -> Result<ArrayRef, ValueError> {
    let column = &table.schema().fields()[position];
    V::build(values, column.data_type(), column.is_nullable())
}
