// SPDX-License-Identifier: Apache-2.0

//! [`ParquetTable`]: Parquet files as a table.
//!
//! DataFusion's own reader reads the files, with its projection and pruning. The schema of each
//! file is checked when the table is registered, and the values of each batch are checked after
//! they have been read. The optimizer passes filters through [`CheckExec`].

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result;
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{ListingTableUrl, PartitionedFile};
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder};
use datafusion::datasource::table_schema::TableSchema;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::dml::InsertOp;
use datafusion::logical_expr::{Expr, TableType};
use datafusion::object_store::ObjectStoreExt;
use datafusion::physical_plan::ExecutionPlan;

use crate::batch_check::{BatchCheck, ParquetFiles};
use crate::check_exec::CheckExec;
use crate::error::{DataError, read_only};
use crate::file_adapter::FileAdapters;
use crate::nullable_schema::nullable_schema;
use crate::parquet_file::ParquetFile;
use crate::versioned_definition::FileVersions;

/// Parquet files as a table.
#[derive(Debug)]
pub(crate) struct ParquetTable {
    files: Arc<ParquetFiles>,
    /// The URL of each file.
    urls: Vec<ListingTableUrl>,
    schema: SchemaRef,
    /// The schema with every column nullable, with which the files are read.
    scan_schema: SchemaRef,
    adapters: Arc<FileAdapters>,
}

impl ParquetTable {
    /// Creates a table over files, of which there is at least one. Checks their schemas, and reads
    /// no values.
    ///
    /// # Errors
    /// Fails with every mismatch between a file and the definition, or if a path cannot be written
    /// as a URL.
    pub(crate) fn try_new(
        versions: &FileVersions,
        paths: Vec<PathBuf>,
    ) -> Result<Self, Vec<DataError>> {
        let (mut files, mut urls) = (Vec::new(), Vec::new());
        let mut problems = Vec::new();
        for path in paths {
            match listing_url(&path) {
                Ok(url) => urls.push(url),
                Err(error) => problems.push(DataError::file(&path, error.strip_backtrace())),
            }
            match ParquetFile::try_new(path, versions, files.len()) {
                Ok(file) => files.push(file),
                Err(found) => problems.extend(found),
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let definition = Arc::clone(&versions.current);
        let schema = definition.query_schema();
        Ok(ParquetTable {
            adapters: Arc::new(FileAdapters::new(
                &definition,
                files.iter().map(|file| &*file.columns),
            )),
            files: Arc::new(ParquetFiles { definition, files }),
            urls,
            scan_schema: Arc::new(nullable_schema(&schema)),
            schema: Arc::new(schema),
        })
    }

    /// Creates the scan of the files.
    ///
    /// DataFusion's `ListingTable` does not suit this crate: it computes statistics and orders from
    /// the footers, and it replaces a column by a constant if the minimum is equal to the maximum,
    /// even if the file contains NaN.
    async fn file_scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut files = Vec::with_capacity(self.urls.len());
        for (url, file) in self.urls.iter().zip(&self.files.files) {
            let store = state.runtime_env().object_store(url)?;
            let found = store.head(url.prefix()).await.map_err(|error| {
                let problem = DataError::file(&file.path, format!("cannot be read: {error}"));
                DataFusionError::External(Box::new(problem))
            })?;
            let mut scanned = PartitionedFile::from(found);
            scanned.arrow_schema = Some(Arc::clone(&file.schema));
            files.push(scanned);
        }
        let groups = FileGroup::new(files).split_files(state.config().target_partitions().max(1));
        let format = ParquetFormat::new();
        let source = format.file_source(TableSchema::from(Arc::clone(&self.scan_schema)));
        let config = FileScanConfigBuilder::new(self.urls[0].object_store(), source)
            .with_file_groups(groups)
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .with_expr_adapter(Some(Arc::clone(&self.adapters) as _))
            .build();
        format.create_physical_plan(state, config).await
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
        _filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let positions: Vec<usize> = match projection {
            Some(projection) => projection.clone(),
            None => (0..self.schema.fields().len()).collect(),
        };
        let schema = Arc::new(self.schema.project(&positions)?);
        let input = self.file_scan(state, projection, limit).await?;
        let check = BatchCheck::new(Arc::clone(&self.files), positions, schema);
        Ok(Arc::new(CheckExec::new(Arc::new(check), input)))
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
