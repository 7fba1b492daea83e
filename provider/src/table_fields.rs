// SPDX-License-Identifier: Apache-2.0

//! [`TableFields`]: the schema of the rows that a DML statement passes to a source.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Field, FieldRef, Schema, SchemaRef};
use datafusion::error::Result;

/// The fields of a table for rows to write, with its names and column ids.
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

    /// Creates a batch of `columns`, which are in the order of the table, with the names and ids of
    /// the table. DataFusion matches columns by position: a field from another table would carry
    /// the column id that it has there.
    pub(crate) fn batch(&self, columns: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch> {
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
