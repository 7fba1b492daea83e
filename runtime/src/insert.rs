//! [`RowSink`]: the rows of an `INSERT`, on their way from DataFusion to a source.

use std::fmt;
use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Field, FieldRef, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::datasource::sink::DataSink;
use datafusion::error::Result;
use datafusion::execution::TaskContext;
use datafusion::logical_expr::dml::InsertOp;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, SendableRecordBatchStream};
use futures::StreamExt;

use crate::source::ErasedSource;

/// Collects all rows of a statement, and then hands them to the source at once.
#[derive(Debug)]
pub(crate) struct RowSink {
    source: Arc<dyn ErasedSource>,
    op: InsertOp,
    schema: SchemaRef,
}

impl RowSink {
    pub(crate) fn new(source: Arc<dyn ErasedSource>, op: InsertOp) -> Self {
        // All nullable: else DataFusion looks for nulls before we do, and its message names neither
        // the table, the column nor the row.
        let nullable = |field: &FieldRef| Arc::new(field.as_ref().clone().with_nullable(true));
        let fields: Vec<FieldRef> = source.schema().fields().iter().map(nullable).collect();
        RowSink {
            source,
            op,
            schema: Arc::new(Schema::new(fields)),
        }
    }

    /// The batch under the names and ids of the table's columns: DataFusion hands columns over by
    /// position, and a field that comes from another table carries the id it has there.
    fn relabel(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let fields = batch.columns().iter().zip(self.schema.fields());
        let fields: Vec<Field> = fields
            .map(|(array, field)| {
                let field = field.as_ref().clone();
                field.with_data_type(array.data_type().clone())
            })
            .collect();
        Ok(RecordBatch::try_new_with_options(
            Arc::new(Schema::new(fields)),
            batch.columns().to_vec(),
            &RecordBatchOptions::new().with_row_count(Some(batch.num_rows())),
        )?)
    }
}

#[async_trait]
impl DataSink for RowSink {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    async fn write_all(
        &self,
        mut data: SendableRecordBatchStream,
        _context: &Arc<TaskContext>,
    ) -> Result<u64> {
        let mut writer = self.source.writer();
        while let Some(batch) = data.next().await.transpose()? {
            writer.push(&self.relabel(&batch)?)?;
        }
        Ok(writer.commit(self.op)?)
    }
}

impl DisplayAs for RowSink {
    fn fmt_as(&self, _ty: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let table = self.source.definition().name();
        write!(f, "RowSink(table={table}, op={})", self.op)
    }
}
