//! [`Columns`]: the columns of a batch, found by id, then by name.

use std::fmt;
use std::ops::Range;

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
}

impl<'a> Columns<'a> {
    /// The columns of `batch`, to be read as rows of `table`.
    pub fn new(table: &'static Table, batch: &'a RecordBatch) -> Self {
        Columns { table, batch }
    }

    /// The reader of the table's column at `position`.
    ///
    /// # Errors
    /// If the table has no such column; if the batch has none, and the table's may not be null; or if
    /// its type is another.
    pub fn reader<E: OwnedElement>(&self, position: usize) -> Result<ColumnReader<E>, RowError> {
        let Some(field) = self.table.schema.fields().get(position) else {
            return Err(RowError::NoSuchColumn {
                table: self.table.definition.name().clone(),
                columns: self.table.schema.fields().len(),
                position,
            });
        };
        let found = find_field(self.batch.schema_ref().fields(), field);
        let reader = match found {
            Some(index) => {
                let array = self.batch.column(index);
                let reader = ElementReader::try_new::<E>(array, field.data_type());
                Some(reader.map_err(|source| value_error(self.table, position, source))?)
            }
            None if field.is_nullable() => None,
            None => {
                let column = &self.table.definition.columns()[position];
                return Err(RowError::MissingColumn {
                    table: self.table.definition.name().clone(),
                    column: column.name.to_string(),
                    id: column.id,
                });
            }
        };
        Ok(ColumnReader {
            table: self.table,
            position,
            reader,
        })
    }
}

/// The reader of one column, which may be absent from the batch if it is nullable.
pub struct ColumnReader<E: OwnedElement> {
    table: &'static Table,
    position: usize,
    reader: Option<ElementReader<<E::Value as OwnedValue>::Reader>>,
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
        self.read_element(row)
            .map_err(|source| value_error(self.table, self.position, source))
    }

    /// The column's value in `row`, which is in bounds, borrowed from the batch.
    ///
    /// # Errors
    /// [`RowError::Value`] if it does not fit.
    #[inline]
    pub fn view(&self, row: usize) -> Result<E::View<'_>, RowError> {
        match &self.reader {
            Some(reader) => reader.view::<E>(row),
            None => E::from_view(None, row),
        }
        .map_err(|source| value_error(self.table, self.position, source))
    }

    /// The values of a range of rows; for generated code.
    ///
    /// # Errors
    /// [`RowError::Value`] for the first that does not fit.
    pub fn block(&self, range: &Range<usize>) -> Result<Block<E>, RowError> {
        let mut values = Vec::with_capacity(range.len());
        for row in range.clone() {
            match self.read_element(row) {
                Ok(value) => values.push(value),
                Err(source) => return Err(value_error(self.table, self.position, source)),
            }
        }
        Ok(Block(values.into_iter()))
    }

    fn read_element(&self, row: usize) -> Result<E, ValueError> {
        match &self.reader {
            Some(reader) => reader.read(row),
            None => E::from_value(None, row),
        }
    }
}

/// The values of some rows, to be taken one by one; for generated code.
#[derive(Debug)]
pub struct Block<E>(std::vec::IntoIter<E>);

impl<E> Block<E> {
    /// The next one.
    ///
    /// # Panics
    /// If more are taken than there are rows: a bug of generated code.
    #[inline]
    pub fn take(&mut self) -> E {
        match self.0.next() {
            Some(value) => value,
            None => panic!("generated code takes more values than there are rows"),
        }
    }
}

/// The position among `fields` of the one that is `wanted`: the one with its id; or, among those
/// that carry no id, the one with its name.
pub(crate) fn find_field(fields: &Fields, wanted: &Field) -> Option<usize> {
    let wanted_id = field_id(wanted);
    fields
        .iter()
        .position(|field| wanted_id.is_some() && field_id(field) == wanted_id)
        .or_else(|| {
            fields
                .iter()
                .position(|field| field.name() == wanted.name() && field_id(field).is_none())
        })
}

fn field_id(field: &Field) -> Option<&str> {
    field.metadata().get(FIELD_ID_KEY).map(String::as_str)
}
