// SPDX-License-Identifier: Apache-2.0

//! Row files: the chunks of one version of a table, of one or many partitions. A file is written
//! once and never changed.
//!
//! The columns of a file are the columns of the definition, named by their ids (`c5`) and with
//! field ids, then the system columns, and then `_owner` in user tables, which has no field id. The
//! metadata contains the definition, which has the names. The rows are sorted by owner, and each
//! chunk is contiguous.
//!
//! This module writes the files, and `stored_file` reads them.
//!
//! A file is in Parquet format. If Parquet cannot represent one of the types, such as intervals in
//! nanoseconds, it is in Arrow's IPC file format.

use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::compute::{BatchCoalescer, cast};
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef, TimeUnit};
use arrow::error::ArrowError;
use arrow::ipc::writer::FileWriter;
use kalamtable_model::{TableDefinition, TableKind};
use kalamtable_provider::BoxError;
use kalamtable_runtime::UserId;
use kalamtable_runtime::dynamic::Chunk;
use kalamtable_store::TableId;
use parquet::arrow::{ArrowSchemaConverter, ArrowWriter};
use parquet::basic::{Compression, Type, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use super::block_checksums::BlockChecksums;
use super::written_definitions::WrittenDefinition;
use crate::error::{EncodeError, StorageError};
use crate::log::{LogFile, LogFolder};

/// The name of the column with the owner of a row.
const OWNER_COLUMN: &str = "_owner";
/// The metadata key of the definition.
const DEFINITION_KEY: &str = "kalamtable.definition";
/// The metadata key of the table id.
const TABLE_KEY: &str = "kalamtable.table_id";
/// The maximum number of rows in a row group.
pub(super) const ROW_GROUP_ROWS: usize = 128 * 1024;
/// The maximum size of a row group, which is in memory while it is written.
const ROW_GROUP_BYTES: usize = 16 * 1024 * 1024;
/// The number of rows in a data page, and thus the number of rows that are read to find one.
pub(super) const PAGE_ROWS: usize = 8 * 1024;
/// The rate at which a Bloom filter admits a key that is absent.
const BLOOM_FILTER_ERRORS: f64 = 0.01;
/// The number of rows from which on a chunk has row groups of its own.
const LARGE_CHUNK_ROWS: usize = 4 * PAGE_ROWS;
/// The maximum size of a dictionary, which is read with each page.
const DICTIONARY_BYTES: usize = 64 * 1024;
/// The number of rows of each batch in a file in IPC format, except for the last one.
pub(super) const IPC_BATCH_ROWS: usize = 8 * 1024;

/// A file with rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RowFile {
    pub(super) number: u64,
    pub(super) format: RowFileFormat,
    /// The number of the definition under which the rows were written.
    pub(super) definition: u32,
    pub(super) rows: u64,
    pub(super) bytes: u64,
    /// The CRC32C of each block of [`BLOCK_BYTES`].
    pub(super) checksums: Vec<u32>,
}

/// The format of a row file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowFileFormat {
    Parquet,
    Ipc,
}

impl RowFileFormat {
    /// Returns the format for columns of these types.
    fn of(schema: &Schema) -> Self {
        let mut types = schema.fields().iter().map(|field| field.data_type());
        if types.all(is_parquet_type) {
            RowFileFormat::Parquet
        } else {
            RowFileFormat::Ipc
        }
    }
}

impl RowFile {
    pub(super) fn name(&self) -> String {
        row_file_name(self.number, self.format)
    }
}

fn row_file_name(number: u64, format: RowFileFormat) -> String {
    let extension = match format {
        RowFileFormat::Parquet => "parquet",
        RowFileFormat::Ipc => "arrow",
    };
    format!("rows-{number:020}.{extension}")
}

/// Returns the number in the name of a row file.
pub(super) fn parse_row_file_name(name: &str) -> Option<u64> {
    let number = name.strip_prefix("rows-")?;
    let number = number
        .strip_suffix(".parquet")
        .or_else(|| number.strip_suffix(".arrow"))?;
    (number.len() == 20).then(|| number.parse().ok())?
}

/// Returns whether Parquet stores all values of a type, and reads them as the same type.
fn is_parquet_type(ty: &DataType) -> bool {
    use DataType as D;
    match ty {
        D::Boolean | D::Int8 | D::Int16 | D::Int32 | D::Int64 => true,
        D::UInt8 | D::UInt16 | D::UInt32 | D::UInt64 | D::Float32 | D::Float64 => true,
        D::Decimal128(..) | D::Utf8 | D::Binary | D::FixedSizeBinary(_) | D::Date32 => true,
        D::Time64(TimeUnit::Microsecond | TimeUnit::Nanosecond) => true,
        D::Timestamp(..) => true,
        D::List(item) | D::FixedSizeList(item, _) | D::Map(item, _) => {
            is_parquet_type(item.data_type())
        }
        // Parquet has no structs without fields.
        D::Struct(fields) if fields.is_empty() => false,
        D::Struct(fields) => fields
            .iter()
            .all(|field| is_parquet_type(field.data_type())),
        _ => false,
    }
}

/// A chunk that is written to a file, and its owner.
pub(super) struct OwnedChunk<'a> {
    pub(super) owner: Option<&'a UserId>,
    pub(super) chunk: &'a Chunk,
}

/// Writes a file, durably. Its name is durable after the next sync of the folder.
pub(super) fn write_row_file(
    folder: &dyn LogFolder,
    number: u64,
    definition: &WrittenDefinition,
    chunks: &[OwnedChunk<'_>],
) -> Result<RowFile, StorageError> {
    let schema = Arc::new(file_schema(definition));
    let format = RowFileFormat::of(&schema);
    let name = row_file_name(number, format);
    let io = |operation, source| StorageError::io(folder, operation, Some(&name), source);
    let file = folder
        .create(&name)
        .map_err(|source| io("create", source))?;
    let sink = FileSink {
        file,
        bytes: 0,
        checksums: BlockChecksums::default(),
        failure: None,
    };
    let batches = chunks.iter().map(|chunk| file_batch(&schema, chunk));
    let written = match format {
        RowFileFormat::Parquet => write_parquet(sink, &schema, definition, batches),
        RowFileFormat::Ipc => write_ipc(sink, &schema, batches),
    };
    let table = definition.table;
    let mut sink = written.map_err(|failure| match failure {
        WriteFailure::Read(source) => StorageError::unreadable(table, source),
        WriteFailure::Encode(source) => StorageError::Encode { table, source },
    })?;
    if let Some(source) = sink.failure.take() {
        return Err(io("write to", source));
    }
    let synced = sink.file.sync_data();
    synced.map_err(|source| io("sync", source))?;
    Ok(RowFile {
        number,
        format,
        definition: definition.number,
        rows: chunks.iter().map(|chunk| chunk.chunk.len() as u64).sum(),
        bytes: sink.bytes,
        checksums: sink.checksums.finish(),
    })
}

fn write_parquet(
    sink: FileSink,
    schema: &SchemaRef,
    definition: &WrittenDefinition,
    batches: impl Iterator<Item = Result<RecordBatch, BoxError>>,
) -> Result<FileSink, WriteFailure> {
    let mut metadata: Vec<KeyValue> = schema
        .metadata()
        .iter()
        .map(|(key, value)| KeyValue::new(key.clone(), value.clone()))
        .collect();
    metadata.sort_unstable_by(|a, b| a.key.cmp(&b.key));
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_max_row_group_bytes(Some(ROW_GROUP_BYTES))
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_dictionary_page_size_limit(DICTIONARY_BYTES)
        .set_key_value_metadata(Some(metadata));
    let keys = definition.definition.unique_keys().iter();
    let unique = keys.flat_map(|key| key.iter());
    for position in definition.definition.key_columns().iter().chain(unique) {
        let path = ColumnPath::from(schema.field(*position).name().as_str());
        properties = properties
            .set_column_bloom_filter_enabled(path.clone(), true)
            .set_column_bloom_filter_fpp(path.clone(), BLOOM_FILTER_ERRORS)
            // The values differ.
            .set_column_dictionary_enabled(path, false);
    }
    // The bounds of Parquet do not include NaN. A reader that regards NaN as the greatest value
    // would skip rows.
    let parquet_schema = ArrowSchemaConverter::new().convert(schema);
    for column in parquet_schema.map_err(EncodeError::from)?.columns() {
        if matches!(column.physical_type(), Type::FLOAT | Type::DOUBLE) {
            let path = column.path().clone();
            properties = properties.set_column_statistics_enabled(path, EnabledStatistics::None);
        }
    }
    let properties = Some(properties.build());
    let writer = ArrowWriter::try_new(sink, Arc::clone(schema), properties);
    let mut writer = writer.map_err(EncodeError::from)?;
    for batch in batches {
        let batch = batch.map_err(WriteFailure::Read)?;
        // A large chunk has row groups of its own, so that it is read without its neighbours.
        let is_large = batch.num_rows() >= LARGE_CHUNK_ROWS;
        if is_large {
            writer.flush().map_err(EncodeError::from)?;
        }
        writer.write(&batch).map_err(EncodeError::from)?;
        if is_large {
            writer.flush().map_err(EncodeError::from)?;
        }
    }
    Ok(writer.into_inner().map_err(EncodeError::from)?)
}

/// Writes batches of [`IPC_BATCH_ROWS`] rows, so that a reader finds a row by its number.
fn write_ipc(
    sink: FileSink,
    schema: &SchemaRef,
    batches: impl Iterator<Item = Result<RecordBatch, BoxError>>,
) -> Result<FileSink, WriteFailure> {
    let mut writer = FileWriter::try_new(sink, schema).map_err(EncodeError::from)?;
    let mut coalescer = BatchCoalescer::new(Arc::clone(schema), IPC_BATCH_ROWS);
    for batch in batches {
        let batch = batch.map_err(WriteFailure::Read)?;
        coalescer.push_batch(batch).map_err(EncodeError::from)?;
        while let Some(complete) = coalescer.next_completed_batch() {
            writer.write(&complete).map_err(EncodeError::from)?;
        }
    }
    coalescer
        .finish_buffered_batch()
        .map_err(EncodeError::from)?;
    while let Some(last) = coalescer.next_completed_batch() {
        writer.write(&last).map_err(EncodeError::from)?;
    }
    Ok(writer.into_inner().map_err(EncodeError::from)?)
}

/// The failure to write a file, except for those of the file system.
enum WriteFailure {
    /// A chunk cannot be read from another file.
    Read(BoxError),
    Encode(EncodeError),
}

impl From<EncodeError> for WriteFailure {
    fn from(error: EncodeError) -> Self {
        WriteFailure::Encode(error)
    }
}

/// Returns the schema of the files of a definition.
pub(super) fn file_schema(written: &WrittenDefinition) -> Schema {
    let definition = &written.definition;
    let table_schema = definition.arrow_schema();
    let columns = definition.columns().iter().zip(table_schema.fields());
    let columns = columns.map(|(column, field)| {
        let field = with_plain_values(field).as_ref().clone();
        Arc::new(field.with_name(format!("c{}", column.id)))
    });
    let mut fields: Vec<FieldRef> = columns.collect();
    fields.extend(definition.kind().system_fields().iter().cloned());
    if definition.kind() == TableKind::User {
        fields.push(Arc::new(Field::new(OWNER_COLUMN, DataType::Utf8, true)));
    }
    Schema::new_with_metadata(fields, file_metadata(definition, written.table))
}

/// Returns a field without dictionaries and runs, because chunks have different dictionaries, and a
/// column of a file has one.
fn with_plain_values(field: &FieldRef) -> FieldRef {
    use DataType as D;
    let ty = match field.data_type() {
        D::Dictionary(_, values) => D::clone(values),
        D::RunEndEncoded(_, values) => values.data_type().clone(),
        D::List(item) => D::List(with_plain_values(item)),
        D::LargeList(item) => D::LargeList(with_plain_values(item)),
        D::FixedSizeList(item, length) => D::FixedSizeList(with_plain_values(item), *length),
        D::Map(entries, is_sorted) => D::Map(with_plain_values(entries), *is_sorted),
        D::Struct(fields) => D::Struct(fields.iter().map(with_plain_values).collect()),
        _ => return Arc::clone(field),
    };
    let plain = Arc::new(field.as_ref().clone().with_data_type(ty));
    if plain.data_type() == field.data_type() {
        Arc::clone(field)
    } else {
        with_plain_values(&plain)
    }
}

fn file_metadata(definition: &TableDefinition, table: TableId) -> HashMap<String, String> {
    HashMap::from([
        (TABLE_KEY.to_string(), table.to_string()),
        (DEFINITION_KEY.to_string(), definition.to_toml()),
    ])
}

/// Reads the rows of a chunk, and converts them to the schema of a file.
fn file_batch(schema: &SchemaRef, owned: &OwnedChunk<'_>) -> Result<RecordBatch, BoxError> {
    let rows = owned.chunk.read()?;
    let columns = rows.columns().iter().zip(schema.fields());
    let columns = columns.map(|(array, field)| converted(array, field));
    let mut columns = columns.collect::<Result<Vec<ArrayRef>, _>>()?;
    if columns.len() < schema.fields().len() {
        let owner = owned.owner.map(UserId::as_str);
        let owners: StringArray = (0..rows.num_rows()).map(|_| owner).collect();
        columns.push(Arc::new(owners));
    }
    Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
}

/// Converts an array to a type that differs at most in the metadata of nested fields.
pub(super) fn converted(array: &ArrayRef, field: &FieldRef) -> Result<ArrayRef, ArrowError> {
    if array.data_type() == field.data_type() {
        return Ok(Arc::clone(array));
    }
    cast(array, field.data_type())
}

/// Writes to a file, and computes the size and the checksum. An error of the file is kept, because
/// the libraries convert errors to texts.
struct FileSink {
    file: Box<dyn LogFile>,
    bytes: u64,
    checksums: BlockChecksums,
    failure: Option<io::Error>,
}

impl Write for FileSink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.failure.is_some() {
            return Ok(bytes.len());
        }
        match self.file.write_at(self.bytes, bytes) {
            Ok(0) if !bytes.is_empty() => {
                self.failure = Some(io::ErrorKind::WriteZero.into());
                Ok(bytes.len())
            }
            Ok(count) => {
                self.bytes += count as u64;
                self.checksums.append(&bytes[..count]);
                Ok(count)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                self.failure = Some(error);
                Ok(bytes.len())
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
