// SPDX-License-Identifier: Apache-2.0

//! [`ResultWriter`], and the parts that all formats share.

use std::collections::HashSet;
use std::io;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, FieldRef, Fields, SchemaRef};
use arrow::error::ArrowError;

use super::cells::Cells;

/// A writer of results, one after the other.
pub(crate) trait ResultWriter {
    /// Begins a result. A previous result may be incomplete.
    ///
    /// # Errors
    /// Fails if the format cannot represent the schema, or if the output cannot be written to.
    fn begin(&mut self, schema: &SchemaRef) -> Result<(), OutputError>;

    /// Writes rows of the result.
    ///
    /// # Errors
    /// Fails if the format cannot represent a value, or if the output cannot be written to.
    fn write(&mut self, batch: &RecordBatch) -> Result<(), OutputError>;

    /// Ends the result.
    ///
    /// # Errors
    /// Fails if the output cannot be written to.
    fn end(&mut self) -> Result<(), OutputError>;
}

/// The reason why a result cannot be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OutputError {
    /// The output cannot be written to.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A value of a column has no text form.
    #[error("column `{}` ({}): {source}", field.name(), field.data_type())]
    Column {
        /// The field of the column.
        field: FieldRef,
        /// The reason.
        source: ArrowError,
    },
    /// Two columns, or two fields of a struct, have the same name.
    #[error(
        "two columns or fields have the name `{0}`, so that the output could not be read back: rename one with `AS`"
    )]
    DuplicateName(String),
    /// A part of a table cannot be laid out.
    #[error("the table cannot be shown: {0}")]
    Layout(#[from] ArrowError),
}

/// Converts the error of a value to one of its column.
pub(super) fn in_column(field: &FieldRef, source: ArrowError) -> OutputError {
    OutputError::Column {
        field: FieldRef::clone(field),
        source,
    }
}

/// Returns the columns of the batch with their fields.
pub(super) fn column_cells(batch: &RecordBatch) -> Result<Vec<(FieldRef, Cells<'_>)>, OutputError> {
    let schema = batch.schema();
    let mut columns = Vec::with_capacity(batch.num_columns());
    for (field, array) in schema.fields().iter().zip(batch.columns()) {
        let cells = Cells::try_new(field, array).map_err(|error| in_column(field, error))?;
        columns.push((FieldRef::clone(field), cells));
    }
    Ok(columns)
}

/// Fails if two fields at the same place have the same name.
pub(super) fn check_unique_names(fields: &Fields) -> Result<(), OutputError> {
    let mut names = HashSet::with_capacity(fields.len());
    for field in fields {
        if !names.insert(field.name()) {
            return Err(OutputError::DuplicateName(field.name().clone()));
        }
        check_nested_names(field)?;
    }
    Ok(())
}

fn check_nested_names(field: &Field) -> Result<(), OutputError> {
    match field.data_type() {
        DataType::Struct(fields) => check_unique_names(fields),
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::FixedSizeList(item, _)
        | DataType::Map(item, _) => check_nested_names(item),
        _ => Ok(()),
    }
}
