// SPDX-License-Identifier: Apache-2.0

//! [`RowKey`]: comparison of the primary key of a row with the key values of a query.

use std::cmp::Ordering;

use arrow::array::RecordBatch;

use crate::columns::{ColumnReader, Columns};
use crate::error::RowError;
use crate::to_arrow::ToArrow;
use crate::value::OwnedElement;

/// Comparison of the primary key of a row with the key values of a query. Generated code implements
/// it, also for rows without a primary key.
pub trait RowKey: ToArrow {
    /// The values of the first columns of a key.
    type Prefix: Send + Sync + 'static;

    /// Whether [`compare_keys`](Self::compare_keys) orders rows as SQL orders the key columns. If
    /// so, rows in key order need not be sorted for `ORDER BY`.
    const IN_SQL_ORDER: bool;

    /// Reads one prefix per row of `batch`. A prefix has the first `count` columns of the key.
    ///
    /// # Errors
    /// Fails if the batch lacks one of these columns, or if a value is not a value of its key
    /// column.
    fn read_prefixes(batch: &RecordBatch, count: usize) -> Result<Vec<Self::Prefix>, RowError>;

    /// Compares the first columns of the key of this row with `prefix`. The result is `Equal` if
    /// the key begins with the prefix.
    fn compare_prefix(&self, prefix: &Self::Prefix) -> Ordering;

    /// Compares the key of this row with the key of another row. Rows without a key are `Equal`.
    fn compare_keys(&self, other: &Self) -> Ordering;
}

/// A reader of one column of the key, or of nothing if prefixes do not have the column. Generated
/// code uses it.
#[derive(Debug)]
pub struct KeyReader<E: OwnedElement>(Option<ColumnReader<E>>);

impl<E: OwnedElement> KeyReader<E> {
    /// Creates the reader of the column at `position` of the table, for prefixes of `count`
    /// columns. The column is at index `number` of the key, from 0.
    ///
    /// # Errors
    /// Fails if the batch lacks the column, or if the column has another type.
    pub fn try_new(
        columns: &Columns<'_>,
        position: usize,
        number: usize,
        count: usize,
    ) -> Result<Self, RowError> {
        let reader = (number < count).then(|| columns.reader(position));
        Ok(KeyReader(reader.transpose()?))
    }

    /// Returns the value in `row`, or `None` if prefixes do not have the column.
    ///
    /// # Errors
    /// Fails if the element is not a value of the column.
    pub fn read(&self, row: usize) -> Result<Option<E>, RowError> {
        self.0.as_ref().map(|reader| reader.read(row)).transpose()
    }
}

/// Compares a column of a key with the value of a prefix. The result is `Equal` if the prefix does
/// not have the column. Generated code calls it.
pub fn compare_part<T: Ord>(value: &T, part: &Option<T>) -> Ordering {
    part.as_ref()
        .map_or(Ordering::Equal, |part| value.cmp(part))
}
