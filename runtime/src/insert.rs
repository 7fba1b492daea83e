// SPDX-License-Identifier: Apache-2.0

//! [`RowSink`]: the rows of an `INSERT`, on their way from DataFusion to a source.

use std::fmt;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Field, FieldRef, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::datasource::sink::DataSink;
use datafusion::error::Result;
use datafusion::execution::TaskContext;
use datafusion::logical_expr::dml::InsertOp;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, SendableRecordBatchStream};
use futures::StreamExt;

use crate::erased::SourceRef;

/// Collects all rows of a statement, and then hands them to the source at once.
#[derive(Debug)]
pub(crate) struct RowSink {
    source: SourceRef,
    op: InsertOp,
    fields: TableFields,
}

impl RowSink {
    pub(crate) fn new(source: SourceRef, op: InsertOp) -> Self {
        RowSink {
            fields: TableFields::new(source.schema()),
            source,
            op,
        }
    }
}

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

#[async_trait]
impl DataSink for RowSink {
    fn schema(&self) -> &SchemaRef {
        &self.fields.schema
    }

    async fn write_all(
        &self,
        mut data: SendableRecordBatchStream,
        context: &Arc<TaskContext>,
    ) -> Result<u64> {
        let mut writer = self.source.writer(context.session_config())?;
        while let Some(batch) = data.next().await.transpose()? {
            let batch = self
                .fields
                .batch(batch.columns().to_vec(), batch.num_rows())?;
            writer.push(&batch)?;
        }
        writer.commit(self.op).await
    }
}

impl DisplayAs for RowSink {
    fn fmt_as(&self, _ty: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RowSink({}, op={})", self.source.label(), self.op)
    }
}
