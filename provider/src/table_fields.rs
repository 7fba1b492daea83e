// SPDX-License-Identifier: Apache-2.0

//! [`TableFields`]: the schema of the rows that a DML statement passes to a source.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use datafusion::error::Result;
use kalamtable_rows::physical::to_physical_type;

/// The fields of a table for rows to write, with its names.
///
/// All fields are nullable. Otherwise Arrow and DataFusion would reject a null before this crate
/// does, with a message that does not name the table, the column and the row.
#[derive(Debug)]
pub(crate) struct TableFields {
    schema: SchemaRef,
}

impl TableFields {
    pub(crate) fn new(table: &Schema) -> Self {
        let nullable = |field: &FieldRef| Arc::new(field.as_ref().clone().with_nullable(true));
        let fields: Vec<FieldRef> = table.fields().iter().map(nullable).collect();
        TableFields {
            schema: Arc::new(Schema::new(fields)),
        }
    }

    /// Returns the schema of the rows, with nullable fields.
    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Creates a batch of `columns`, which are in the order of the table, with the names of the
    /// table. DataFusion matches columns by position.
    pub(crate) fn batch(&self, columns: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch> {
        let columns: Vec<ArrayRef> = columns
            .into_iter()
            .zip(self.schema.fields())
            .map(|(array, field)| without_ids(array, field.data_type()))
            .collect();
        let fields: Vec<Field> = columns
            .iter()
            .zip(self.schema.fields())
            .map(|(array, field)| {
                let field = field.as_ref().clone();
                field.with_data_type(array.data_type().clone())
            })
            .collect();
        Ok(RecordBatch::try_new_with_options(
            Arc::new(Schema::new(fields)),
            columns,
            &RecordBatchOptions::new().with_row_count(Some(rows)),
        )?)
    }
}

/// Returns the array with the type `ty`, if only their physical forms differ. A nested array from
/// another table may carry the ids that its fields have there.
fn without_ids(array: ArrayRef, ty: &DataType) -> ArrayRef {
    if !array.data_type().is_nested() || array.data_type() == ty {
        return array;
    }
    // An array that cannot be converted is rejected later, with the column and the row.
    to_physical_type(&array, ty).unwrap_or(array)
}
