// SPDX-License-Identifier: Apache-2.0

//! [`RowKey`]: how a row's primary key compares with values that a query names.

use std::cmp::Ordering;

use arrow::array::RecordBatch;

use crate::columns::{ColumnReader, Columns};
use crate::error::RowError;
use crate::to_arrow::ToArrow;
use crate::value::OwnedElement;

/// How a row's primary key compares with values that a query names. Implemented by generated code,
/// for rows without a key too.
pub trait RowKey: ToArrow {
    /// The first columns of a key, as a query names them.
    type Prefix: Send + Sync + 'static;

    /// Whether rows in the order of their keys are in the order that SQL gives the key's columns.
    const IN_SQL_ORDER: bool;

    /// The prefixes of `count` columns that stand in `batch`: one a row.
    ///
    /// # Errors
    /// If one of those columns is absent, or a value is none that the key can have.
    fn read_prefixes(batch: &RecordBatch, count: usize) -> Result<Vec<Self::Prefix>, RowError>;

    /// How the first columns of this row's key compare with `prefix`: equal if they begin with it.
    fn compare_prefix(&self, prefix: &Self::Prefix) -> Ordering;

    /// How this row's key compares with that of another row; equal if rows have none.
    fn compare_keys(&self, other: &Self) -> Ordering;
}

/// The reader of one column of a key, if prefixes have it; for generated code.
#[derive(Debug)]
pub struct KeyReader<E: OwnedElement>(Option<ColumnReader<E>>);

impl<E: OwnedElement> KeyReader<E> {
    /// The reader of the column at `position`, which is number `number` of the key, for prefixes of
    /// `count` columns.
    ///
    /// # Errors
    /// If the column is absent, or has another type.
    pub fn try_new(
        columns: &Columns<'_>,
        position: usize,
        number: usize,
        count: usize,
    ) -> Result<Self, RowError> {
        let reader = (number < count).then(|| columns.reader(position));
        Ok(KeyReader(reader.transpose()?))
    }

    /// The value in `row`, if prefixes have the column.
    ///
    /// # Errors
    /// If what stands there is none.
    pub fn read(&self, row: usize) -> Result<Option<E>, RowError> {
        self.0.as_ref().map(|reader| reader.read(row)).transpose()
    }
}

/// How one column of a key compares with that of a prefix: equal if the prefix does not have it. For
/// generated code.
pub fn compare_part<T: Ord>(value: &T, part: &Option<T>) -> Ordering {
    part.as_ref()
        .map_or(Ordering::Equal, |part| value.cmp(part))
}
