// SPDX-License-Identifier: Apache-2.0

//! [`ParquetTable`]: Parquet files as a table.
//!
//! DataFusion's own reader reads the files, with its projection, pruning and filters. The schema of
//! each file is checked when the table is registered, and the values of each batch are checked
//! after they have been read.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{
    ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl,
};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::dml::InsertOp;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use kalamtable_model::TableDefinition;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};

use crate::batch_check::{BatchCheck, ParquetFiles};
use crate::check_exec::CheckExec;
use crate::error::{DataError, read_only};
use crate::nullable_schema::nullable_schema;
use crate::schema_check::schema_mismatches;

/// Checks the schema of each file, and the null counts in its footer. Reads no values.
///
/// # Errors
/// Fails with every mismatch between a file and the definition.
pub(crate) fn check_files(
    definition: &TableDefinition,
    paths: &[PathBuf],
) -> Result<(), Vec<DataError>> {
    let mut problems = Vec::new();
    for path in paths {
        match metadata(path) {
            Ok(metadata) => {
                let mismatches = schema_mismatches(definition, metadata.schema());
                let nulls = counted_nulls(definition, &metadata);
                let messages = mismatches.into_iter().chain(nulls);
                problems.extend(messages.map(|message| DataError::file(path, message)));
            }
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems)
    }
}

fn metadata(path: &Path) -> Result<ArrowReaderMetadata, DataError> {
    let file = File::open(path).map_err(|source| DataError::Read {
        path: path.to_path_buf(),
        source,
    })?;
    ArrowReaderMetadata::load(&file, ArrowReaderOptions::new())
        .map_err(|error| DataError::file(path, format!("is not a valid Parquet file: {error}")))
}

/// Returns a message for each row group that has nulls in a column that is not nullable.
fn counted_nulls(definition: &TableDefinition, metadata: &ArrowReaderMetadata) -> Vec<String> {
    let mut messages = Vec::new();
    for column in definition
        .columns()
        .iter()
        .filter(|column| !column.nullable)
    {
        for (number, group) in metadata.metadata().row_groups().iter().enumerate() {
            let chunk = group.columns().iter().find(|chunk| {
                // The null counts of nested columns include null and empty parents.
                matches!(chunk.column_path().parts(), [name] if **name == *column.name)
            });
            let nulls = chunk.and_then(|chunk| chunk.statistics()?.null_count_opt());
            if let Some(nulls @ 1..) = nulls {
                let (name, rows) = (&column.name, group.num_rows());
                messages.push(format!(
                    "column `{name}` is null in {nulls} of the {rows} rows of row group {number}, but the definition does not allow null"
                ));
            }
        }
    }
    messages
}

/// Parquet files as a table.
#[derive(Debug)]
pub(crate) struct ParquetTable {
    files: Arc<ParquetFiles>,
    schema: SchemaRef,
    /// Reads the files with every column nullable.
    inner: ListingTable,
}

impl ParquetTable {
    /// Creates a table over files that [`check_files`] accepted.
    ///
    /// # Errors
    /// Fails if a path does not exist or cannot be written as a URL.
    pub(crate) fn try_new(
        definition: Arc<TableDefinition>,
        paths: Vec<PathBuf>,
    ) -> Result<Self, DataError> {
        let mut urls = Vec::with_capacity(paths.len());
        for path in &paths {
            let url = listing_url(path);
            urls.push(url.map_err(|error| DataError::file(path, error.strip_backtrace()))?);
        }
        let schema = definition.query_schema();
        // The files are already selected. By default DataFusion would skip `.PARQUET`.
        let options = ListingOptions::new(Arc::new(ParquetFormat::new())).with_file_extension("");
        let config = ListingTableConfig::new_with_multi_paths(urls)
            .with_listing_options(options)
            .with_schema(Arc::new(nullable_schema(&schema)));
        let inner = ListingTable::try_new(config)
            .map_err(|error| DataError::file(&paths[0], error.strip_backtrace()))?;
        Ok(ParquetTable {
            files: Arc::new(ParquetFiles { definition, paths }),
            schema: Arc::new(schema),
            inner,
        })
    }
}

/// Returns the file URL of `path`. DataFusion would read a plain path with an asterisk as a
/// pattern.
fn listing_url(path: &Path) -> Result<ListingTableUrl> {
    let path = path.canonicalize()?;
    let path = path
        .to_str()
        .ok_or_else(|| DataFusionError::Execution("the path is not valid UTF-8".to_string()))?;
    let mut url = "file://".to_string();
    if !path.starts_with('/') {
        url.push('/');
    }
    for byte in path.replace(std::path::MAIN_SEPARATOR, "/").bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'_' | b'-' | b':' => {
                url.push(char::from(byte));
            }
            byte => url.push_str(&format!("%{byte:02X}")),
        }
    }
    ListingTableUrl::parse(url)
}

#[async_trait]
impl TableProvider for ParquetTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let positions: Vec<usize> = match projection {
            Some(projection) => projection.clone(),
            None => (0..self.schema.fields().len()).collect(),
        };
        let schema = Arc::new(self.schema.project(&positions)?);
        let input = self.inner.scan(state, projection, filters, limit).await?;
        let check = BatchCheck::new(Arc::clone(&self.files), positions, schema);
        Ok(Arc::new(CheckExec::new(Arc::new(check), input)))
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        self.inner.supports_filters_pushdown(filters)
    }

    async fn insert_into(
        &self,
        _state: &dyn Session,
        _input: Arc<dyn ExecutionPlan>,
        _insert_op: InsertOp,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Err(read_only(&self.files.definition))
    }
}
