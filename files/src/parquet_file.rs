// SPDX-License-Identifier: Apache-2.0

//! [`ParquetFile`]: one Parquet file of a table, with the facts from its footer that a scan needs.

use std::fs::File;
use std::path::{Path, PathBuf};

use arrow::datatypes::{DataType, Field, SchemaRef};
use kalamtable_model::{Column, ColumnType};
use kalamtable_rows::physical::plain_type;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};

use crate::error::{DataError, open};
use crate::file_adapter::with_file_number;
use crate::file_columns::{FileColumn, FileColumns};
use crate::int96::Int96Leaf;
use crate::versioned_definition::FileVersions;

/// A Parquet file whose schema fits its definition.
#[derive(Debug)]
pub(crate) struct ParquetFile {
    pub(crate) path: PathBuf,
    /// The schema to read the file with. Its metadata contains the number of the file.
    pub(crate) schema: SchemaRef,
    /// The timestamps whose values must be checked before the reader converts them.
    pub(crate) int96: Vec<Int96Leaf>,
    /// For each column of the definition, the column of the file, or `None` if the file does not
    /// have the column.
    pub(crate) columns: Vec<Option<FileColumn>>,
    /// The number of rows when the file was registered.
    pub(crate) rows: usize,
    /// For each column of the definition, whether the statistics of the file may exclude rows.
    pub(crate) prunable: Vec<bool>,
}

/// The maximum number of mismatches that are reported in full per file.
const MAX_MESSAGES: usize = 20;

impl ParquetFile {
    /// Checks the schema of the file with the given number, and the null counts in its footer.
    /// Reads no values.
    ///
    /// # Errors
    /// Fails with every mismatch between the file and the current definition.
    pub(crate) fn try_new(
        path: PathBuf,
        versions: &FileVersions,
        number: usize,
    ) -> Result<Self, Vec<DataError>> {
        let metadata = footer(&path).map_err(|problem| vec![problem])?;
        let found = FileColumns::find(versions, metadata.schema(), metadata.parquet_schema());
        let FileColumns {
            schema,
            int96,
            columns,
        } = found.map_err(|messages| problems(&path, messages))?;
        let found = schema.as_ref().unwrap_or(metadata.schema());
        let definition = &versions.current;
        let pairs = || definition.columns().iter().zip(&columns);
        let mut messages = Vec::new();
        for (column, file) in pairs() {
            if let (false, Some(file)) = (column.nullable, file) {
                let name = found.field(file.position).name();
                messages.extend(counted_nulls(
                    column,
                    name,
                    metadata.metadata().row_groups(),
                ));
            }
        }
        if !messages.is_empty() {
            return Err(problems(&path, messages));
        }
        let groups = metadata.metadata().row_groups();
        let rows = groups.iter().map(|group| group.num_rows()).sum::<i64>();
        let prunable = pairs().enumerate().map(|(position, (column, file))| {
            let is_int96 = int96.iter().any(|leaf| leaf.column == position);
            let field = file.as_ref().map(|file| found.field(file.position));
            let is_converted = file.as_ref().is_some_and(|file| file.earlier.is_some());
            !is_int96 && !is_converted && is_prunable(column, field, groups)
        });
        Ok(ParquetFile {
            prunable: prunable.collect(),
            schema: with_file_number(found, number),
            path,
            int96,
            columns,
            rows: rows.try_into().unwrap_or_default(),
        })
    }

    /// Opens the file with the schema that scans use.
    pub(crate) fn open(&self) -> Result<ParquetRecordBatchReaderBuilder<File>, DataError> {
        let file = open(&self.path)?;
        let options = ArrowReaderOptions::new().with_schema(SchemaRef::clone(&self.schema));
        ParquetRecordBatchReaderBuilder::try_new_with_options(file, options)
            .map_err(|error| invalid(&self.path, error))
    }
}

fn invalid(path: &Path, error: impl std::fmt::Display) -> DataError {
    DataError::file(path, format!("is not a valid Parquet file: {error}"))
}

/// Returns an error for each message, and the number of the others if there are many.
fn problems(path: &Path, mut messages: Vec<String>) -> Vec<DataError> {
    let others = messages.len().saturating_sub(MAX_MESSAGES);
    if others > 0 {
        messages.truncate(MAX_MESSAGES);
        messages.push(format!("{others} other mismatches with the definition"));
    }
    let messages = messages.into_iter();
    messages
        .map(|message| DataError::file(path, message))
        .collect()
}

fn footer(path: &Path) -> Result<ArrowReaderMetadata, DataError> {
    let file = open(path)?;
    ArrowReaderMetadata::load(&file, ArrowReaderOptions::new())
        .map_err(|error| invalid(path, error))
}

/// Returns a message for each row group that has nulls in a column that is not nullable. `name` is
/// the name of the column in the file.
fn counted_nulls(column: &Column, name: &str, groups: &[RowGroupMetaData]) -> Vec<String> {
    let mut messages = Vec::new();
    for (number, group) in groups.iter().enumerate() {
        let chunk = chunk_of(name, group.columns());
        let nulls = chunk.and_then(|chunk| chunk.statistics()?.null_count_opt());
        if let Some(nulls @ 1..) = nulls {
            let (name, rows) = (&column.name, group.num_rows());
            messages.push(format!(
                "column `{name}` is null in {nulls} of the {rows} rows of row group {number}, but the definition does not allow null"
            ));
        }
    }
    messages
}

/// Returns the chunk of a column that is not nested: the null counts of nested columns include null
/// and empty parents.
fn chunk_of<'a>(name: &str, chunks: &'a [ColumnChunkMetaData]) -> Option<&'a ColumnChunkMetaData> {
    chunks
        .iter()
        .find(|chunk| matches!(chunk.column_path().parts(), [found] if found == name))
}

/// Returns whether a scan may skip rows of the file because of the minimum, maximum and null count
/// of a column. `field` is the column of the file, or `None` if the file does not have the column.
///
/// These statistics were computed from the values in the file, and not from the declared ones:
///
/// - The bounds of floats exclude NaN, which DataFusion orders after every other number
///   (apache/datafusion#15812).
/// - Values of closed sets and JSON may be invalid. If statistics could skip them, the same query
///   would fail or succeed, depending on the row groups.
/// - DataFusion reads a missing null count as zero, and ignores that the bounds of old writers have
///   another order for text and bytes.
/// - Bounds of another type than the declared one are compared after a cast, which is exact for
///   integers and text only.
fn is_prunable(column: &Column, field: Option<&Field>, groups: &[RowGroupMetaData]) -> bool {
    let has_exact_bounds = matches!(
        column.ty,
        ColumnType::Boolean
            | ColumnType::TinyInt
            | ColumnType::SmallInt
            | ColumnType::Int
            | ColumnType::BigInt
            | ColumnType::UTinyInt
            | ColumnType::USmallInt
            | ColumnType::UInt
            | ColumnType::UBigInt
            | ColumnType::Decimal { .. }
            | ColumnType::Text
            | ColumnType::Bytes
            | ColumnType::FixedBytes(_)
            | ColumnType::Uuid
            | ColumnType::Date
            | ColumnType::Time
            | ColumnType::Timestamp { .. }
            | ColumnType::DateTime
    );
    let Some(field) = field else {
        // Every value is the same literal, and DataFusion knows that.
        return has_exact_bounds;
    };
    let declared = column.ty.query_type();
    has_exact_bounds
        && is_same_kind(plain_type(&declared), plain_type(field.data_type()))
        && groups.iter().all(|group| {
            let chunk = chunk_of(field.name(), group.columns());
            chunk
                .and_then(|chunk| chunk.statistics())
                .is_none_or(|statistics| {
                    statistics.null_count_opt().is_some() && !statistics.is_min_max_deprecated()
                })
        })
}

fn is_same_kind(declared: &DataType, found: &DataType) -> bool {
    declared == found || declared.is_integer() && found.is_integer()
}
