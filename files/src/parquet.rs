// SPDX-License-Identifier: Apache-2.0

//! Parquet files as a table: DataFusion's own reader, with its projection, pruning and filters,
//! between a check of each file's schema before and a check of the values after it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow::compute::{cast_with_options, take};
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result;
use datafusion::common::nested_struct::cast_column;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{
    ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl,
};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::dml::InsertOp;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use kalamtable_model::{Column, TableDefinition};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};

use crate::check_exec::CheckExec;
use crate::fit;
use crate::problem::{DataError, Misfit, Problem, read_only};
use crate::values;

/// Checks schemas, and nulls as far as the footers count them.
///
/// # Errors
/// Everything in each file that does not fit the definition.
pub(crate) fn check_files(
    definition: &TableDefinition,
    paths: &[PathBuf],
) -> Result<(), Vec<DataError>> {
    let mut problems = Vec::new();
    for path in paths {
        match metadata(path) {
            Ok(metadata) => {
                let misfits = fit::misfits(definition, metadata.schema());
                let nulls = counted_nulls(definition, &metadata);
                let messages = misfits.into_iter().chain(nulls);
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
        .map_err(|error| DataError::file(path, format!("is not a sound Parquet file: {error}")))
}

/// Columns that may not be null, with the row groups that have nulls in them.
fn counted_nulls(definition: &TableDefinition, metadata: &ArrowReaderMetadata) -> Vec<String> {
    let mut messages = Vec::new();
    for column in definition
        .columns()
        .iter()
        .filter(|column| !column.nullable)
    {
        for (number, group) in metadata.metadata().row_groups().iter().enumerate() {
            let chunk = group.columns().iter().find(|chunk| {
                // Of nested columns the footer counts other things, too.
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
    files: Arc<Files>,
    schema: SchemaRef,
    /// Reads the files, without a word about nulls.
    inner: ListingTable,
}

impl ParquetTable {
    /// Over files that were checked.
    ///
    /// # Errors
    /// If a path cannot be told to DataFusion.
    pub(crate) fn try_new(
        definition: Arc<TableDefinition>,
        paths: Vec<PathBuf>,
    ) -> Result<Self, DataError> {
        let mut urls = Vec::with_capacity(paths.len());
        for path in &paths {
            let url = listing_url(path);
            urls.push(url.map_err(|error| DataError::file(path, error.strip_backtrace()))?);
        }
        let schema = definition.arrow_schema();
        // The files have been chosen already, whatever the case of their names' ends.
        let options = ListingOptions::new(Arc::new(ParquetFormat::new())).with_file_extension("");
        let config = ListingTableConfig::new_with_multi_paths(urls)
            .with_listing_options(options)
            .with_schema(Arc::new(relaxed_schema(&schema)));
        let inner = ListingTable::try_new(config)
            .map_err(|error| DataError::file(&paths[0], error.strip_backtrace()))?;
        Ok(ParquetTable {
            files: Arc::new(Files { definition, paths }),
            schema: Arc::new(schema),
            inner,
        })
    }
}

/// DataFusion takes a path for a pattern where it has an asterisk, but never a URL.
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
        self.schema.clone()
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
        let check = Check {
            files: self.files.clone(),
            positions,
            schema,
        };
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

/// The files of a table.
#[derive(Debug)]
struct Files {
    definition: Arc<TableDefinition>,
    paths: Vec<PathBuf>,
}

/// What is checked in the batches of one scan.
#[derive(Debug)]
pub(crate) struct Check {
    files: Arc<Files>,
    /// Of the columns in a batch.
    positions: Vec<usize>,
    /// Of a batch that was checked: the declared fields.
    schema: SchemaRef,
}

impl Check {
    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    pub(crate) fn table(&self) -> &TableDefinition {
        &self.files.definition
    }

    fn columns(&self) -> impl Iterator<Item = &Column> {
        let columns = self.files.definition.columns();
        self.positions.iter().map(|&position| &columns[position])
    }

    /// The batch with the declared schema.
    ///
    /// # Errors
    /// The first value in the files that does not fit, if one in the batch does not.
    pub(crate) fn apply(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let mut arrays = Vec::with_capacity(batch.num_columns());
        let fields = self.schema.fields();
        for ((column, field), array) in self.columns().zip(fields).zip(batch.columns()) {
            if values::needs_check(&column.ty, column.nullable)
                && let Err(misfit) = values::check(array, &column.ty, column.nullable)
            {
                let located = self.files.locate(column);
                // The batch does not know which of the files' rows it has.
                let error = located.unwrap_or_else(|| {
                    DataError::value(self.files.name(), None, None, column, misfit)
                });
                return Err(DataFusionError::External(Box::new(error)));
            }
            arrays.push(cast_with_options(array, field.data_type(), &STRICT)?);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let checked = RecordBatch::try_new_with_options(self.schema.clone(), arrays, &options);
        Ok(checked?)
    }

    /// The error of a scan; with its place, if it is about a value.
    pub(crate) fn explain(&self, error: DataFusionError) -> DataFusionError {
        match self.columns().find_map(|column| self.files.locate(column)) {
            Some(located) => DataFusionError::External(Box::new(located)),
            None => error,
        }
    }
}

/// A value that does not fit is an error, and not null.
const STRICT: arrow::compute::CastOptions<'static> = arrow::compute::CastOptions {
    safe: false,
    format_options: arrow::util::display::FormatOptions::new(),
};

impl Files {
    /// What stands for all files.
    fn name(&self) -> &Path {
        match &self.paths[..] {
            [path] => path,
            paths => paths[0].parent().unwrap_or(&paths[0]),
        }
    }

    /// Looks for the first value of `column` that does not fit. Reads nothing but that column.
    fn locate(&self, column: &Column) -> Option<DataError> {
        self.paths
            .iter()
            .find_map(|path| locate_in(path, column).ok().flatten())
    }
}

fn locate_in(
    path: &Path,
    column: &Column,
) -> Result<Option<DataError>, Box<dyn std::error::Error>> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?;
    let mask = ProjectionMask::columns(builder.parquet_schema(), [&*column.name]);
    let ty = relaxed_type(&column.ty.arrow_type());
    let mut row = 0;
    for batch in builder.with_projection(mask).build()? {
        let batch = batch?;
        let Some(array) = batch.columns().first() else {
            break;
        };
        let found = match cast_column(array, &ty, &STRICT) {
            Ok(array) => values::check(&array, &column.ty, column.nullable).err(),
            Err(_) => first_cast_error(array, &ty),
        };
        if let Some(misfit) = found {
            let row = row + misfit.index as u64 + 1;
            return Ok(Some(DataError::value(
                path,
                None,
                Some(row),
                column,
                misfit,
            )));
        }
        row += batch.num_rows() as u64;
    }
    Ok(None)
}

fn first_cast_error(array: &ArrayRef, ty: &DataType) -> Option<Misfit> {
    (0..array.len()).find_map(|index| {
        // A copy: the cast of a list to one of a fixed size does not see where a slice begins.
        let value = take(array, &UInt32Array::from(vec![index as u32]), None).ok()?;
        let error = cast_column(&value, ty, &STRICT).err()?;
        let found = values::show(array, index);
        let problem = Problem::Conversion(Box::new(error));
        Some(Misfit::new(index, found.as_deref(), problem))
    })
}

/// The same schema, with nulls everywhere: values are checked after they are read, where it can be
/// said which of them is wrong.
fn relaxed_schema(schema: &Schema) -> Schema {
    let fields: Fields = schema.fields().iter().map(relaxed_field).collect();
    Schema::new_with_metadata(fields, schema.metadata().clone())
}

fn relaxed_field(field: &FieldRef) -> FieldRef {
    let ty = relaxed_type(field.data_type());
    Arc::new(Field::clone(field).with_data_type(ty).with_nullable(true))
}

fn relaxed_type(ty: &DataType) -> DataType {
    match ty {
        DataType::List(item) => DataType::List(relaxed_field(item)),
        DataType::FixedSizeList(item, size) => DataType::FixedSizeList(relaxed_field(item), *size),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(relaxed_field).collect()),
        DataType::Map(entries, sorted) => {
            // Arrow allows a null neither for an entry nor for its key.
            let DataType::Struct(fields) = entries.data_type() else {
                return ty.clone();
            };
            let fields: Fields = fields
                .iter()
                .map(|field| {
                    let relaxed = relaxed_field(field);
                    let nullable = field.name() != "key";
                    Arc::new(Field::clone(&relaxed).with_nullable(nullable))
                })
                .collect();
            let entries = Field::clone(entries).with_data_type(DataType::Struct(fields));
            DataType::Map(Arc::new(entries), *sorted)
        }
        ty => ty.clone(),
    }
}
