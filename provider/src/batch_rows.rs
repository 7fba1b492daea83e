// SPDX-License-Identifier: Apache-2.0

//! [`BatchRows`]: a columnar source over fixed record batches.

use std::cmp::Ordering;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, UInt64Array, new_null_array};
use arrow::compute::{concat_batches, take};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::execution::config::SessionConfig;
use datafusion::logical_expr::dml::InsertOp;
use kalamtable_model::TableDefinition;

use kalamtable_rows::__private::BatchFields;
use kalamtable_rows::{RowError, validate_batch};

use crate::columnar::{
    ColumnarScan, ColumnarSource, OpenedPartition, OpenedRows, PlanStatistics, RowWriter,
};
use crate::columnar_change::ColumnarChange;
use crate::distinct_keys::{DuplicateKey, keys_of};
use crate::error::Error;
use crate::key_filter::{KeyFilter, RangeEnds, compare_with_range};
use crate::row_blocks::all_rows;
use crate::row_reader::RowReader;
use crate::snapshot::join_ranges;
use crate::statement::{KeyOrder, Statement};

/// Fixed rows of a table as columns. Scans find rows by primary key if the rows are in key order.
pub(crate) struct BatchRows {
    definition: TableDefinition,
    schema: SchemaRef,
    rows: RecordBatch,
    /// The primary keys as bytes that compare as SQL compares the keys; `None` if the rows are not
    /// in key order.
    keys: Option<arrow::row::Rows>,
}

impl BatchRows {
    /// Creates a source over the rows of `batches`. Columns are matched by name, and a nullable
    /// column may be missing.
    ///
    /// # Errors
    /// Fails with [`Error::Row`] if a required column is missing or if a value is not valid in its
    /// column, or with [`Error::DuplicateKey`] if two rows have the same key.
    pub(crate) fn try_new(
        definition: TableDefinition,
        batches: &[RecordBatch],
    ) -> Result<Self, Error> {
        let schema: SchemaRef = Arc::new(definition.query_schema());
        let batches = batches
            .iter()
            .map(|batch| with_schema(&definition, &schema, batch));
        let batches = batches.collect::<Result<Vec<RecordBatch>, RowError>>()?;
        let invalid = |source: ArrowError| RowError::Batch {
            table: definition.name().clone(),
            source,
        };
        let rows = concat_batches(&schema, &batches).map_err(invalid)?;
        let keys = keys_of(&columns_of(&rows, definition.key_columns())).map_err(invalid)?;
        let is_sorted = keys
            .as_ref()
            .is_some_and(|keys| (1..keys.num_rows()).all(|row| keys.row(row - 1) < keys.row(row)));
        let arrays = |columns: &[usize]| columns_of(&rows, columns);
        if let Some(duplicate) = DuplicateKey::find(&definition, is_sorted, arrays)? {
            return Err(duplicate.error(&definition));
        }
        Ok(BatchRows {
            definition,
            schema,
            rows,
            keys: keys.filter(|_| is_sorted),
        })
    }

    /// Returns the row numbers of the keys in the ranges of `filter`, or `None` if all rows have to
    /// be read.
    fn find(&self, filter: &KeyFilter) -> Result<Option<Vec<Range<usize>>>> {
        let (Some(keys), Some(filter)) = (&self.keys, filter.of_primary()) else {
            return Ok(None);
        };
        let bytes = |ends: &RangeEnds| -> Result<Vec<Vec<u8>>> {
            let columns: Vec<usize> = (0..ends.columns).collect();
            Ok(match keys_of(&columns_of(&ends.prefixes, &columns))? {
                Some(keys) => keys.iter().map(|key| key.as_ref().to_vec()).collect(),
                None => vec![Vec::new(); ends.prefixes.num_rows()],
            })
        };
        let ends = bytes(&filter.lower)?.into_iter().zip(bytes(&filter.upper)?);
        let found = ends.map(|(lower, upper)| {
            let position = |key: &[u8]| {
                let lower = (compare(key, &lower), filter.lower.inclusive);
                compare_with_range(lower, (compare(key, &upper), filter.upper.inclusive))
            };
            let begin = partition_point(keys, |key| position(key) == Ordering::Less);
            let end = partition_point(keys, |key| position(key) != Ordering::Greater);
            begin..end
        });
        Ok(Some(join_ranges(found)))
    }
}

/// Compares the first columns of a key with a prefix. The bytes of a key are those of its columns,
/// one after the other.
fn compare(key: &[u8], prefix: &[u8]) -> Ordering {
    if key.starts_with(prefix) {
        Ordering::Equal
    } else {
        key.cmp(prefix)
    }
}

fn partition_point(keys: &arrow::row::Rows, is_before: impl Fn(&[u8]) -> bool) -> usize {
    let (mut begin, mut end) = (0, keys.num_rows());
    while begin < end {
        let middle = begin + (end - begin) / 2;
        if is_before(keys.row(middle).as_ref()) {
            begin = middle + 1;
        } else {
            end = middle;
        }
    }
    begin
}

/// Returns `batch` with the columns of the table, in the order of the table.
fn with_schema(
    definition: &TableDefinition,
    schema: &SchemaRef,
    batch: &RecordBatch,
) -> Result<RecordBatch, RowError> {
    let fields = BatchFields::by_name(batch.schema_ref().fields());
    let columns = definition.columns().iter().enumerate();
    let columns = columns.map(
        |(position, column)| match fields.find(definition, position)? {
            Some(index) => Ok(batch.column(index).clone()),
            None if column.nullable => {
                let ty = schema.field(position).data_type();
                Ok(new_null_array(ty, batch.num_rows()))
            }
            None => Err(RowError::MissingColumn {
                table: definition.name().clone(),
                column: column.name.to_string(),
                id: column.id,
            }),
        },
    );
    let columns = columns.collect::<Result<Vec<ArrayRef>, RowError>>()?;
    validate_batch(definition, schema, &columns, batch.num_rows())
}

fn columns_of(rows: &RecordBatch, columns: &[usize]) -> Vec<ArrayRef> {
    columns
        .iter()
        .map(|column| Arc::clone(rows.column(*column)))
        .collect()
}

impl fmt::Debug for BatchRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BatchRows({} rows)", self.rows.num_rows())
    }
}

impl ColumnarSource for BatchRows {
    fn definition(&self) -> &TableDefinition {
        &self.definition
    }

    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn has_sql_order(&self) -> bool {
        true
    }

    fn partitions(&self) -> Result<usize> {
        Ok(1)
    }

    fn key_order(&self) -> Result<KeyOrder> {
        Ok(match self.keys {
            Some(_) => KeyOrder::Either,
            None => KeyOrder::None,
        })
    }

    fn statistics(&self) -> Result<PlanStatistics> {
        let rows = self.rows.num_rows();
        let first_column = self.definition.key_columns().first();
        let ends = match (&self.keys, first_column) {
            (Some(_), Some(column)) if rows > 0 => {
                let value = |row| ScalarValue::try_from_array(self.rows.column(*column), row);
                Some([value(0)?, value(rows - 1)?])
            }
            _ => None,
        };
        Ok(PlanStatistics {
            row_count: Some(rows),
            is_estimate: false,
            key_bounds: ends,
        })
    }

    fn accepts(&self, _statement: Statement) -> Result<bool> {
        Ok(false)
    }

    fn scan(&self, scan: &ColumnarScan<'_>) -> Result<OpenedPartition> {
        let found = match scan.keys {
            Some(keys) => self.find(keys)?,
            None => None,
        };
        let looked_up = found.is_some();
        let ranges = found.unwrap_or_else(|| all_rows(self.rows.num_rows()));
        Ok(OpenedPartition {
            rows: OpenedRows::Ranges(Box::new(BatchReader(self.rows.clone())), ranges),
            looked_up,
        })
    }

    fn writer<'a>(&'a self, _session: &SessionConfig) -> Result<Box<dyn RowWriter + 'a>> {
        Err(self.not_writable(Statement::Insert(InsertOp::Append)))
    }

    fn change(&self, change: &ColumnarChange, _session: &SessionConfig) -> Result<u64> {
        Err(self.not_writable(change.kind()))
    }

    fn truncate(&self, _session: &SessionConfig) -> Result<u64> {
        Err(self.not_writable(Statement::Truncate))
    }
}

impl BatchRows {
    fn not_writable(&self, statement: Statement) -> datafusion::error::DataFusionError {
        Error::not_writable(self.definition.name(), statement).into()
    }
}

struct BatchReader(RecordBatch);

impl RowReader for BatchReader {
    fn len(&self) -> usize {
        self.0.num_rows()
    }

    fn build(
        &mut self,
        block: Range<usize>,
        selected: Option<&[usize]>,
        columns: &[usize],
    ) -> Result<Vec<ArrayRef>> {
        let arrays = columns.iter().map(|column| self.0.column(*column));
        let Some(selected) = selected else {
            return Ok(arrays
                .map(|array| array.slice(block.start, block.len()))
                .collect());
        };
        let numbers = selected.iter().map(|offset| (block.start + offset) as u64);
        let rows = UInt64Array::from_iter_values(numbers);
        arrays.map(|array| Ok(take(array, &rows, None)?)).collect()
    }
}
