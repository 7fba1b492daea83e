// SPDX-License-Identifier: Apache-2.0

//! [`RowSink`]: passes the rows of an `INSERT` to the source of its table.

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::datasource::sink::DataSink;
use datafusion::error::Result;
use datafusion::execution::TaskContext;
use datafusion::logical_expr::dml::InsertOp;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, SendableRecordBatchStream};
use futures::StreamExt;

use crate::columnar::SourceRef;
use crate::exact_cast::cast_column;
use crate::table_fields::TableFields;

/// A [`DataSink`] that pushes the batches of a statement to a [`RowWriter`](crate::RowWriter), and
/// commits after the last one. If the input fails, nothing is committed. Values of another type are
/// cast to the type of their column if that does not change them.
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

#[async_trait]
impl DataSink for RowSink {
    fn schema(&self) -> &SchemaRef {
        self.fields.schema()
    }

    async fn write_all(
        &self,
        mut data: SendableRecordBatchStream,
        context: &Arc<TaskContext>,
    ) -> Result<u64> {
        let mut writer = self.source.writer(context.session_config())?;
        let definition = self.source.definition();
        let mut rows = 0;
        while let Some(batch) = data.next().await.transpose()? {
            let columns = batch.columns().iter().enumerate();
            // System columns follow the columns of the definition.
            let columns = columns.map(|(position, array)| {
                if position < definition.columns().len() {
                    cast_column(definition, position, array, |row| rows + row)
                } else {
                    Ok(Arc::clone(array))
                }
            });
            let columns = columns.collect::<Result<Vec<_>>>()?;
            writer.push(&self.fields.batch(columns, batch.num_rows())?)?;
            rows += batch.num_rows();
        }
        writer.commit(self.op).await
    }
}

impl DisplayAs for RowSink {
    fn fmt_as(&self, _ty: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RowSink({}, op={})", self.source.label(), self.op)
    }
}
