// SPDX-License-Identifier: Apache-2.0

//! [`Columns`]: the columns of a batch, matched to the columns of a table.
//!
//! Everything that concerns a whole column is checked when its reader is created: its type and
//! physical form, whether the batch has it, and nulls where null is not allowed. Reading a row only
//! accesses the array.

use std::any::Any;
use std::collections::VecDeque;
use std::fmt;

use arrow::array::RecordBatch;

use crate::error::{RowError, ValueError, value_error};
use crate::matching::BatchFields;
use crate::table::Table;
use crate::value::{ElementReader, OwnedElement, OwnedValue};

/// The columns of a batch, matched to the columns of a table.
#[derive(Debug)]
pub struct Columns<'a> {
    table: &'static Table,
    batch: &'a RecordBatch,
    fields: BatchFields<'a>,
}

impl<'a> Columns<'a> {
    /// Matches the columns of `batch` to the columns of `table` by name: in the result of a query,
    /// or a batch of other origin.
    pub fn by_name(table: &'static Table, batch: &'a RecordBatch) -> Self {
        Columns {
            table,
            batch,
            fields: BatchFields::by_name(batch.schema_ref().fields()),
        }
    }

    /// Matches the columns of `batch` to the columns of `table` by id, and by name for columns
    /// without an id: in data of the table itself, such as a file of the table, whose columns may
    /// have been renamed since. Fields of structs are matched in the same way.
    pub fn by_id(table: &'static Table, batch: &'a RecordBatch) -> Self {
        Columns {
            table,
            batch,
            fields: BatchFields::by_id(batch.schema_ref().fields()),
        }
    }

    /// Returns the number of rows of the batch.
    pub fn num_rows(&self) -> usize {
        self.batch.num_rows()
    }

    /// Creates the reader of the column at `position` of the table.
    ///
    /// # Errors
    /// [`RowError::NoSuchColumn`] if the table has no such column, [`RowError::MissingColumn`] if
    /// the batch lacks a column that does not allow null, [`RowError::AmbiguousColumn`] if several
    /// fields match the column, [`RowError::ContradictoryId`] if the batch is read by name and its
    /// ids contradict the names, and [`RowError::Value`] if the column has another type, or a null
    /// where null is not allowed.
    pub fn reader<E: OwnedElement>(&self, position: usize) -> Result<ColumnReader<E>, RowError> {
        // The types of the table schema contain the ids by which the fields of structs are found.
        let schema = if self.fields.is_by_id() {
            self.table.schema
        } else {
            self.table.query_schema
        };
        let Some(field) = schema.fields().get(position) else {
            return Err(RowError::NoSuchColumn {
                table: self.table.definition.name().clone(),
                columns: schema.fields().len(),
                position,
            });
        };
        let found = self.fields.find(self.table.definition, position)?;
        let reader = match found {
            Some(index) => {
                let array = self.batch.column(index);
                ElementReader::try_new::<E>(array, field.data_type())
            }
            None if field.is_nullable() => {
                ElementReader::absent::<E>(field.data_type(), self.batch.num_rows())
            }
            None => {
                let column = &self.table.definition.columns()[position];
                return Err(RowError::MissingColumn {
                    table: self.table.definition.name().clone(),
                    column: column.name.to_string(),
                    id: column.id,
                });
            }
        };
        let checked = reader.and_then(|reader| reader.check_nulls::<E>().map(|()| reader));
        Ok(ColumnReader {
            table: self.table,
            position,
            reader: checked
                .map_err(|source| value_error(self.table.definition, position, source))?,
        })
    }
}

/// Creates the readers of all columns, one after the other. Generated code uses it.
///
/// Readers are stored without their types and an error is kept until [`finish`](Self::finish).
/// Otherwise generated code would mostly consist of the code that drops the previous readers after
/// each step that can fail.
#[derive(Debug)]
pub struct ReadersBuilder<'a> {
    columns: &'a Columns<'a>,
    readers: Result<VecDeque<Box<dyn Any>>, RowError>,
}

impl<'a> ReadersBuilder<'a> {
    /// Creates a builder without readers.
    pub fn new(columns: &'a Columns<'a>) -> Self {
        ReadersBuilder {
            columns,
            readers: Ok(VecDeque::new()),
        }
    }

    /// Creates the reader of the next column.
    #[inline(never)]
    pub fn add<E: OwnedElement>(&mut self) {
        if let Ok(readers) = &mut self.readers {
            match self.columns.reader::<E>(readers.len()) {
                Ok(reader) => readers.push_back(Box::new(reader)),
                Err(error) => self.readers = Err(error),
            }
        }
    }

    /// Returns all readers.
    ///
    /// # Errors
    /// The first error of [`Columns::reader`].
    pub fn finish(self) -> Result<ColumnReaders, RowError> {
        self.readers.map(ColumnReaders)
    }
}

/// The readers of all columns, in the order of the table. Generated code uses it.
#[derive(Debug)]
pub struct ColumnReaders(VecDeque<Box<dyn Any>>);

impl ColumnReaders {
    /// Returns the next reader.
    ///
    /// # Panics
    /// If all readers have been taken, or if the reader has another type: a bug of the generated
    /// code.
    #[inline(never)]
    pub fn take<E: OwnedElement>(&mut self) -> ColumnReader<E> {
        let next = self.0.pop_front();
        match next.map(|reader| reader.downcast::<ColumnReader<E>>()) {
            Some(Ok(reader)) => *reader,
            _ => panic!("generated code takes another reader than it has created"),
        }
    }
}

/// A reader of one column of a batch. The column has no null unless `E` is an `Option`.
pub struct ColumnReader<E: OwnedElement> {
    table: &'static Table,
    position: usize,
    reader: ElementReader<<E::Value as OwnedValue>::Reader>,
}

impl<E: OwnedElement> fmt::Debug for ColumnReader<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let column = self.table.definition.columns().get(self.position);
        let name = column.map(|column| &column.name);
        f.debug_tuple("ColumnReader").field(&name).finish()
    }
}

impl<E: OwnedElement> ColumnReader<E> {
    /// Returns the value in `row`, which is in bounds.
    ///
    /// # Errors
    /// [`RowError::Value`] if it does not fit.
    pub fn read(&self, row: usize) -> Result<E, RowError> {
        match self.reader.read_checked(row) {
            Ok(value) => Ok(value),
            Err(source) => Err(does_not_fit(self.table, self.position, source)),
        }
    }

    /// Returns a view of the value in `row`, which is in bounds.
    ///
    /// # Errors
    /// [`RowError::Value`] if it does not fit.
    #[inline]
    pub fn view(&self, row: usize) -> Result<E::View<'_>, RowError> {
        match self.reader.view_checked::<E>(row) {
            Ok(view) => Ok(view),
            Err(source) => Err(does_not_fit(self.table, self.position, source)),
        }
    }
}

/// Not inlined, to keep the code that reads values small.
#[cold]
#[inline(never)]
fn does_not_fit(table: &Table, position: usize, source: ValueError) -> RowError {
    value_error(table.definition, position, source)
}
