// SPDX-License-Identifier: Apache-2.0

//! [`TextTable`]: CSV and NDJSON files as a table.
//!
//! A scan converts only the columns in its projection. DataFusion evaluates filters.

use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result;
use datafusion::error::DataFusionError;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::dml::InsertOp;
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::stream::RecordBatchReceiverStreamBuilder;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};

use crate::error::{DataError, read_only};
use crate::row_buffer::RowBuffer;
use crate::versioned_definition::FileVersions;
use crate::{csv, ndjson};

/// The format of a text file.
#[derive(Clone, Copy, Debug)]
pub(crate) enum TextFormat {
    Csv,
    Ndjson,
}

/// Text files as a table, with one partition per file.
#[derive(Debug)]
pub(crate) struct TextTable {
    versions: Arc<FileVersions>,
    schema: SchemaRef,
    format: TextFormat,
    paths: Vec<PathBuf>,
}

impl TextTable {
    pub(crate) fn new(
        versions: Arc<FileVersions>,
        format: TextFormat,
        paths: Vec<PathBuf>,
    ) -> Self {
        let schema = Arc::new(versions.current.query_schema());
        TextTable {
            versions,
            schema,
            format,
            paths,
        }
    }
}

#[async_trait]
impl TableProvider for TextTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        _state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut columns: Vec<usize> = match projection {
            Some(projection) => projection.clone(),
            None => (0..self.schema.fields().len()).collect(),
        };
        columns.sort_unstable();
        columns.dedup();
        let schema = Arc::new(self.schema.project(&columns)?);
        // Files are read in the order of their columns. The plan then restores the order of the
        // query, which may contain a column twice.
        let order = projection.map(|projection| {
            let index = |position| columns.partition_point(|column| column < position);
            projection.iter().map(index).collect::<Vec<_>>()
        });
        let partition = |path: &PathBuf| -> Arc<dyn PartitionStream> {
            Arc::new(FilePartition {
                versions: Arc::clone(&self.versions),
                format: self.format,
                path: path.clone(),
                columns: columns.clone(),
                schema: Arc::clone(&schema),
            })
        };
        let partitions = self.paths.iter().map(partition).collect();
        let plan = StreamingTableExec::try_new(
            Arc::clone(&schema),
            partitions,
            order.as_ref(),
            [],
            false,
            limit,
        )?;
        Ok(Arc::new(plan))
    }

    async fn insert_into(
        &self,
        _state: &dyn Session,
        _input: Arc<dyn ExecutionPlan>,
        _insert_op: InsertOp,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Err(read_only(&self.versions.current))
    }
}

/// One file as a partition of a scan.
#[derive(Clone, Debug)]
struct FilePartition {
    versions: Arc<FileVersions>,
    format: TextFormat,
    path: PathBuf,
    /// The positions of the columns to convert, ascending.
    columns: Vec<usize>,
    /// The schema of these columns.
    schema: SchemaRef,
}

impl FilePartition {
    fn read(
        &self,
        batch_size: usize,
        emit: impl FnMut(RecordBatch) -> bool,
    ) -> Result<(), DataError> {
        let build = match self.format {
            TextFormat::Csv => csv::build,
            TextFormat::Ndjson => ndjson::build,
        };
        let schema = Arc::clone(&self.schema);
        let mut rows = RowBuffer::new(&self.versions, &self.columns, schema, build, batch_size);
        match self.format {
            TextFormat::Csv => csv::read(&self.path, &mut rows, emit),
            TextFormat::Ndjson => ndjson::read(&self.path, &mut rows, emit),
        }
    }
}

impl PartitionStream for FilePartition {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let batch_size = context.session_config().batch_size();
        // The number of batches that are read ahead.
        let capacity = 2;
        let schema = Arc::clone(&self.schema);
        let mut builder = RecordBatchReceiverStreamBuilder::new(schema, capacity);
        let sender = builder.tx();
        let partition = self.clone();
        builder.spawn_blocking(move || {
            // The receiver is dropped when a limit is reached or the query is cancelled.
            let emit = |batch| sender.blocking_send(Ok(batch)).is_ok();
            partition
                .read(batch_size, emit)
                .map_err(|error| DataFusionError::External(Box::new(error)))
        });
        builder.build()
    }
}
