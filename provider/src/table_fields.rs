// SPDX-License-Identifier: Apache-2.0

//! [`TableFields`]: the fields under which written rows reach a source.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Field, FieldRef, Schema, SchemaRef};
use datafusion::error::Result;

/// The names and ids of a table's columns, for rows to write. All are nullable: else Arrow and
/// DataFusion look for nulls before we do, and their messages name neither the table, the column nor
/// the row.
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

    /// The nullable schema of the rows.
    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// These columns, in the table's order, under its names and ids: DataFusion hands columns over by
    /// position, and a field that comes from another table carries the id it has there.
    pub(crate) fn batch(&self, columns: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch> {
        let fields = columns.iter().zip(self.schema.fields());
        let fields: Vec<Field> = fields
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
