// SPDX-License-Identifier: Apache-2.0

//! [`ParquetFile`]: one Parquet file of a table, with the facts from its footer that a scan needs.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::datatypes::{DataType, SchemaRef};
use kalamtable_model::{Column, ColumnType, TableDefinition};
use kalamtable_rows::physical::plain_type;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::file::metadata::ColumnChunkMetaData;

use crate::error::{DataError, open};
use crate::int96::{Int96Columns, Int96Leaf};
use crate::schema_check::{file_field, schema_mismatches};

/// A Parquet file whose schema fits its definition.
#[derive(Debug)]
pub(crate) struct ParquetFile {
    pub(crate) path: PathBuf,
    /// The schema to read the file with, if it differs from the one that Arrow infers.
    pub(crate) schema: Option<SchemaRef>,
    /// The timestamps whose values must be checked before the reader converts them.
    pub(crate) int96: Vec<Int96Leaf>,
    /// The number of rows when the file was registered.
    pub(crate) rows: usize,
    /// For each column of the definition, whether the statistics of the file may exclude rows.
    pub(crate) prunable: Vec<bool>,
}

/// The maximum number of mismatches that are reported in full per file.
const MAX_MESSAGES: usize = 20;

impl ParquetFile {
    /// Checks the schema of a file, and the null counts in its footer. Reads no values.
    ///
    /// # Errors
    /// Fails with every mismatch between the file and the definition.
    pub(crate) fn try_new(
        path: PathBuf,
        definition: &TableDefinition,
    ) -> Result<Self, Vec<DataError>> {
        let Footer {
            metadata,
            schema,
            int96,
        } = Footer::read(&path, definition).map_err(|problem| vec![problem])?;
        let mut messages = schema_mismatches(definition, metadata.schema());
        messages.extend(counted_nulls(definition, &metadata));
        let others = messages.len().saturating_sub(MAX_MESSAGES);
        if others > 0 {
            messages.truncate(MAX_MESSAGES);
            messages.push(format!("{others} other mismatches with the definition"));
        }
        let messages = messages.into_iter();
        let problems: Vec<DataError> = messages
            .map(|message| DataError::file(&path, message))
            .collect();
        if !problems.is_empty() {
            return Err(problems);
        }
        let groups = metadata.metadata().row_groups().iter();
        let rows = groups.map(|group| group.num_rows()).sum::<i64>();
        let columns = definition.columns().iter().enumerate();
        let prunable = columns.map(|(position, column)| {
            let is_int96 = int96.iter().any(|leaf| leaf.column == position);
            !is_int96 && is_prunable(column, &metadata)
        });
        Ok(ParquetFile {
            prunable: prunable.collect(),
            path,
            schema,
            int96,
            rows: rows.try_into().unwrap_or_default(),
        })
    }

    /// Opens the file with the schema that scans use.
    pub(crate) fn open(&self) -> Result<ParquetRecordBatchReaderBuilder<File>, DataError> {
        let file = open(&self.path)?;
        let mut options = ArrowReaderOptions::new();
        if let Some(schema) = &self.schema {
            options = options.with_schema(SchemaRef::clone(schema));
        }
        ParquetRecordBatchReaderBuilder::try_new_with_options(file, options)
            .map_err(|error| invalid(&self.path, error))
    }
}

fn invalid(path: &Path, error: impl std::fmt::Display) -> DataError {
    DataError::file(path, format!("is not a valid Parquet file: {error}"))
}

/// The footer of a file.
struct Footer {
    metadata: ArrowReaderMetadata,
    /// The schema to read the file with, if it differs from the one that Arrow infers.
    schema: Option<SchemaRef>,
    int96: Vec<Int96Leaf>,
}

impl Footer {
    fn read(path: &Path, definition: &TableDefinition) -> Result<Self, DataError> {
        let file = open(path)?;
        let inferred = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new())
            .map_err(|error| invalid(path, error))?;
        let (schema, parquet) = (inferred.schema(), inferred.parquet_schema());
        let Some(Int96Columns { schema, leaves }) = Int96Columns::find(definition, schema, parquet)
        else {
            return Ok(Footer {
                metadata: inferred,
                schema: None,
                int96: Vec::new(),
            });
        };
        let options = ArrowReaderOptions::new().with_schema(SchemaRef::clone(&schema));
        let metadata = ArrowReaderMetadata::try_new(Arc::clone(inferred.metadata()), options)
            .map_err(|error| invalid(path, error))?;
        Ok(Footer {
            metadata,
            schema: Some(schema),
            int96: leaves,
        })
    }
}

/// Returns a message for each row group that has nulls in a column that is not nullable.
fn counted_nulls(definition: &TableDefinition, metadata: &ArrowReaderMetadata) -> Vec<String> {
    let mut messages = Vec::new();
    let columns = definition.columns().iter();
    for column in columns.filter(|column| !column.nullable) {
        for (number, group) in metadata.metadata().row_groups().iter().enumerate() {
            let chunk = chunk_of(column, group.columns());
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

/// Returns the chunk of a column that is not nested: the null counts of nested columns include null
/// and empty parents.
fn chunk_of<'a>(
    column: &Column,
    chunks: &'a [ColumnChunkMetaData],
) -> Option<&'a ColumnChunkMetaData> {
    chunks
        .iter()
        .find(|chunk| matches!(chunk.column_path().parts(), [name] if column.has_file_name(name)))
}

/// Returns whether a scan may skip rows of the file because of the minimum, maximum and null count
/// of a column.
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
fn is_prunable(column: &Column, metadata: &ArrowReaderMetadata) -> bool {
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
    let Some(field) = file_field(metadata.schema(), column) else {
        // Every value is null, and DataFusion knows that.
        return has_exact_bounds;
    };
    let declared = column.ty.query_type();
    has_exact_bounds
        && is_same_kind(plain_type(&declared), plain_type(field.data_type()))
        && metadata.metadata().row_groups().iter().all(|group| {
            let chunk = chunk_of(column, group.columns());
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
