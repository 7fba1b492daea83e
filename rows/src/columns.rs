// SPDX-License-Identifier: Apache-2.0

//! [`Columns`]: the columns of a batch, found by id, then by name.

use std::any::Any;
use std::collections::VecDeque;
use std::fmt;

use arrow::array::RecordBatch;
use arrow::datatypes::{Field, Fields};
use kalamtable_model::arrow::FIELD_ID_KEY;

use crate::error::{RowError, ValueError};
use crate::table::Table;
use crate::to_arrow::value_error;
use crate::value::{ElementReader, OwnedElement, OwnedValue};

/// The columns of a batch, seen as those of a table.
#[derive(Debug)]
pub struct Columns<'a> {
    table: &'static Table,
    batch: &'a RecordBatch,
    /// Those of the batch's fields, asked for once: each column is looked for among them.
    ids: Vec<Option<&'a str>>,
}

impl<'a> Columns<'a> {
    /// The columns of `batch`, to be read as rows of `table`.
    pub fn new(table: &'static Table, batch: &'a RecordBatch) -> Self {
        let ids = field_ids(batch.schema_ref().fields());
        Columns { table, batch, ids }
    }

    /// The reader of the table's column at `position`.
    ///
    /// # Errors
    /// If the table has no such column; if the batch has none, or a null in it, and the table's may not
    /// be null; or if its type is another.
    pub fn reader<E: OwnedElement>(&self, position: usize) -> Result<ColumnReader<E>, RowError> {
        let Some(field) = self.table.schema.fields().get(position) else {
            return Err(RowError::NoSuchColumn {
                table: self.table.definition.name().clone(),
                columns: self.table.schema.fields().len(),
                position,
            });
        };
        let found = find_field(self.batch.schema_ref().fields(), &self.ids, field);
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
        let reader = reader.and_then(|reader| reader.check_nulls::<E>().map(|()| reader));
        Ok(ColumnReader {
            table: self.table,
            position,
            reader: reader.map_err(|source| value_error(self.table, position, source))?,
        })
    }
}

/// The readers of all columns while they are made, one after the other; for generated code.
///
/// An error stops the making only at its end, when nothing typed is held that had to be dropped at each
/// step: that is what generated code would consist of for the most part.
#[derive(Debug)]
pub struct Readers<'a> {
    columns: &'a Columns<'a>,
    made: Result<VecDeque<Box<dyn Any>>, RowError>,
}

impl<'a> Readers<'a> {
    /// None so far.
    pub fn new(columns: &'a Columns<'a>) -> Self {
        Readers {
            columns,
            made: Ok(VecDeque::new()),
        }
    }

    /// Makes the reader of the next column.
    #[inline(never)]
    pub fn add<E: OwnedElement>(&mut self) {
        if let Ok(made) = &mut self.made {
            match self.columns.reader::<E>(made.len()) {
                Ok(reader) => made.push_back(Box::new(reader)),
                Err(error) => self.made = Err(error),
            }
        }
    }

    /// All of them.
    ///
    /// # Errors
    /// As [`Columns::reader`], for the first that could not be made.
    pub fn finish(self) -> Result<MadeReaders, RowError> {
        self.made.map(MadeReaders)
    }
}

/// The readers of all columns, to be taken in the order in which they were made; for generated code.
#[derive(Debug)]
pub struct MadeReaders(VecDeque<Box<dyn Any>>);

impl MadeReaders {
    /// The next one.
    ///
    /// # Panics
    /// If it was not made, or as one of another type: a bug of generated code.
    #[inline(never)]
    pub fn take<E: OwnedElement>(&mut self) -> ColumnReader<E> {
        let next = self.0.pop_front();
        match next.map(|reader| reader.downcast::<ColumnReader<E>>()) {
            Some(Ok(reader)) => *reader,
            _ => panic!("generated code takes another reader than it made"),
        }
    }
}

/// The reader of one column. Nothing in it is null that may not be.
pub struct ColumnReader<E: OwnedElement> {
    table: &'static Table,
    position: usize,
    reader: ElementReader<<E::Value as OwnedValue>::Reader>,
}

impl<E: OwnedElement> fmt::Debug for ColumnReader<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let column = self.table.definition.columns().get(self.position);
        let column = column.map(|column| &column.name);
        f.debug_tuple("ColumnReader").field(&column).finish()
    }
}

impl<E: OwnedElement> ColumnReader<E> {
    /// The column's value in `row`, which is in bounds.
    ///
    /// # Errors
    /// [`RowError::Value`] if it does not fit.
    pub fn read(&self, row: usize) -> Result<E, RowError> {
        match self.reader.read_checked(row) {
            Ok(value) => Ok(value),
            Err(source) => Err(does_not_fit(self.table, self.position, source)),
        }
    }

    /// The column's value in `row`, which is in bounds, borrowed from the batch.
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

/// Apart from where values are read: no room is taken there for what hardly ever happens.
#[cold]
#[inline(never)]
fn does_not_fit(table: &Table, position: usize, source: ValueError) -> RowError {
    value_error(table, position, source)
}

/// The position among `fields`, which have these ids, of the one that is `wanted`: the one with its id;
/// or, among those that carry no id, the one with its name.
pub(crate) fn find_field(fields: &Fields, ids: &[Option<&str>], wanted: &Field) -> Option<usize> {
    let wanted_id = field_id(wanted);
    ids.iter()
        .position(|id| wanted_id.is_some() && *id == wanted_id)
        .or_else(|| {
            let mut fields = fields.iter().zip(ids);
            fields.position(|(field, id)| field.name() == wanted.name() && id.is_none())
        })
}

/// The index of the field of a batch that holds the column `wanted`: by id, then by name among fields
/// without one.
pub fn find_column(fields: &Fields, wanted: &Field) -> Option<usize> {
    find_field(fields, &field_ids(fields), wanted)
}

pub(crate) fn field_ids(fields: &Fields) -> Vec<Option<&str>> {
    fields.iter().map(|field| field_id(field)).collect()
}

fn field_id(field: &Field) -> Option<&str> {
    field.metadata().get(FIELD_ID_KEY).map(String::as_str)
}
