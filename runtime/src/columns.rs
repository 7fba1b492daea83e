//! [`Columns`]: the columns of a batch, found by id, then by name.

use arrow::array::RecordBatch;
use arrow::datatypes::{Field, Fields};
use kalamtable_model::arrow::FIELD_ID_KEY;

use crate::value::{Element, ElementReader, Value};
use crate::{Error, Table};

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

    /// How many rows the batch has.
    pub fn num_rows(&self) -> usize {
        self.batch.num_rows()
    }

    /// One row for each row of the batch, made by `read` from its number.
    ///
    /// # Errors
    /// The first that `read` returns.
    pub fn rows<R>(&self, read: impl FnMut(usize) -> Result<R, Error>) -> Result<Vec<R>, Error> {
        (0..self.batch.num_rows()).map(read).collect()
    }

    /// The reader of the table's column at `position`.
    ///
    /// # Errors
    /// If the table has no such column; if the batch has none, and the table's may not be null; or if
    /// its type is another.
    pub fn reader<E: Element>(
        &self,
        position: usize,
    ) -> Result<ColumnReader<<E::Value as Value>::Reader>, Error> {
        let Some(field) = self.table.schema.fields().get(position) else {
            return Err(Error::NoSuchColumn {
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
                Some(reader.map_err(|source| self.value_error(position, source))?)
            }
            None if field.is_nullable() => None,
            None => {
                let column = &self.table.definition.columns()[position];
                return Err(Error::MissingColumn {
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

    fn value_error(&self, position: usize, source: crate::ValueError) -> Error {
        column_error(self.table, position, source)
    }
}

/// The reader of one column, which may be absent from the batch if it is nullable.
#[derive(Debug)]
pub struct ColumnReader<R> {
    table: &'static Table,
    position: usize,
    reader: Option<ElementReader<R>>,
}

impl<R> ColumnReader<R> {
    /// The column's value in `row`, which is in bounds.
    ///
    /// # Errors
    /// [`Error::Value`] if it does not fit.
    pub fn read<E>(&self, row: usize) -> Result<E, Error>
    where
        E: Element,
        E::Value: Value<Reader = R>,
    {
        match &self.reader {
            Some(reader) => reader.read(row),
            None => E::from_value(None, row),
        }
        .map_err(|source| column_error(self.table, self.position, source))
    }
}

fn column_error(table: &'static Table, position: usize, source: crate::ValueError) -> Error {
    Error::Value {
        table: table.definition.name().clone(),
        column: table.definition.columns()[position].name.to_string(),
        source,
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
