// SPDX-License-Identifier: Apache-2.0

//! Writes query results as a table, CSV or JSON: [`OutputFormat`], and a [`ResultWriter`] for each.
//!
//! UUIDs are written in their text form. CSV and JSON are written batch by batch, in the form of
//! data files, so they can be read back. A table is written after its last row, because the widest
//! value determines the width of a column.

use std::io::{self, Write};
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, FixedSizeBinaryArray, ListArray, MapArray, RecordBatch,
    RecordBatchOptions, StringArray, StructArray,
};
use arrow::buffer::NullBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::json::writer::{EncoderOptions, JsonArray, WriterBuilder, make_encoder};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use arrow::util::pretty::pretty_format_batches_with_options;
use uuid::Uuid;

/// The format of query results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum OutputFormat {
    /// A table with borders
    Table,
    /// A header, then a line for each row
    Csv,
    /// An array with an object for each row
    Json,
}

impl OutputFormat {
    /// Creates a writer of results in this format.
    pub(crate) fn result_writer<'a>(self, writer: impl Write + 'a) -> Box<dyn ResultWriter + 'a> {
        match self {
            OutputFormat::Table => Box::new(TableWriter::new(writer)),
            OutputFormat::Csv => Box::new(CsvWriter { writer }),
            OutputFormat::Json => Box::new(JsonWriter::new(writer)),
        }
    }
}

/// A writer of results, one after the other.
pub(crate) trait ResultWriter {
    /// Begins a result. A previous result may be incomplete.
    ///
    /// # Errors
    /// Fails if the output cannot be written to.
    fn begin(&mut self, schema: &SchemaRef) -> io::Result<()>;

    /// Writes rows of the result.
    ///
    /// # Errors
    /// Fails if the output cannot be written to.
    fn write(&mut self, batch: &RecordBatch) -> io::Result<()>;

    /// Ends the result.
    ///
    /// # Errors
    /// Fails if the output cannot be written to.
    fn end(&mut self) -> io::Result<()>;
}

struct TableWriter<W> {
    writer: W,
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
}

impl<W: Write> TableWriter<W> {
    fn new(writer: W) -> Self {
        TableWriter {
            writer,
            schema: Arc::new(Schema::empty()),
            batches: Vec::new(),
        }
    }
}

impl<W: Write> ResultWriter for TableWriter<W> {
    fn begin(&mut self, schema: &SchemaRef) -> io::Result<()> {
        let empty = readable(
            &RecordBatch::new_empty(Arc::clone(schema)),
            MapKeys::Unchanged,
        )?;
        self.schema = empty.schema();
        self.batches = vec![empty];
        Ok(())
    }

    fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        self.batches.push(readable(batch, MapKeys::Unchanged)?);
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        let options = FormatOptions::new().with_null("NULL");
        let table = pretty_format_batches_with_options(&self.batches, &options);
        let table = table.map_err(to_io)?;
        self.batches.clear();
        writeln!(self.writer, "{table}")?;
        self.writer.flush()
    }
}

struct CsvWriter<W> {
    writer: W,
}

impl<W: Write> ResultWriter for CsvWriter<W> {
    fn begin(&mut self, schema: &SchemaRef) -> io::Result<()> {
        for (index, field) in schema.fields().iter().enumerate() {
            write_comma(&mut self.writer, index)?;
            write_field(&mut self.writer, field.name())?;
        }
        self.writer.write_all(b"\n")
    }

    fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        let batch = readable(batch, MapKeys::AsText)?;
        let schema = batch.schema();
        let options = FormatOptions::new();
        let encoding = json_options();
        let mut columns = Vec::with_capacity(batch.num_columns());
        for (field, array) in schema.fields().iter().zip(batch.columns()) {
            columns.push(if field.data_type().is_nested() {
                ColumnFormatter::Json(make_encoder(field, array, &encoding).map_err(to_io)?)
            } else {
                ColumnFormatter::Text(ArrayFormatter::try_new(array, &options).map_err(to_io)?)
            });
        }
        let nulls = batch.columns().iter().map(|array| array.logical_nulls());
        let nulls: Vec<Option<NullBuffer>> = nulls.collect();
        let mut json = Vec::new();
        for row in 0..batch.num_rows() {
            for (index, (column, nulls)) in columns.iter_mut().zip(&nulls).enumerate() {
                write_comma(&mut self.writer, index)?;
                if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
                    continue;
                }
                match column {
                    ColumnFormatter::Text(formatter) => {
                        let text = formatter.value(row).try_to_string().map_err(to_io)?;
                        write_field(&mut self.writer, &text)?;
                    }
                    ColumnFormatter::Json(encoder) => {
                        json.clear();
                        encoder.encode(row, &mut json);
                        write_field(&mut self.writer, &String::from_utf8_lossy(&json))?;
                    }
                }
            }
            self.writer.write_all(b"\n")?;
        }
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

enum ColumnFormatter<'a> {
    Text(ArrayFormatter<'a>),
    Json(arrow::json::writer::NullableEncoder<'a>),
}

fn write_comma(writer: &mut impl Write, index: usize) -> io::Result<()> {
    if index > 0 {
        writer.write_all(b",")?;
    }
    Ok(())
}

/// Writes a field, in quotes if necessary. Empty text has quotes, and null has none.
fn write_field(writer: &mut impl Write, text: &str) -> io::Result<()> {
    if text.is_empty() || text.contains([',', '"', '\n', '\r']) {
        write!(writer, "\"{}\"", text.replace('"', "\"\""))
    } else {
        writer.write_all(text.as_bytes())
    }
}

type ArrowJsonWriter = arrow::json::Writer<Vec<u8>, JsonArray>;

struct JsonWriter<W> {
    writer: W,
    /// Writes one batch at a time to memory.
    json: ArrowJsonWriter,
}

impl<W: Write> JsonWriter<W> {
    fn new(writer: W) -> Self {
        JsonWriter {
            writer,
            json: json_writer(),
        }
    }

    /// Moves the bytes in memory to the output.
    fn flush_memory(&mut self) -> io::Result<()> {
        self.writer.write_all(self.json.get_ref())?;
        self.json.get_mut().clear();
        Ok(())
    }
}

impl<W: Write> ResultWriter for JsonWriter<W> {
    fn begin(&mut self, _schema: &SchemaRef) -> io::Result<()> {
        self.json = json_writer();
        Ok(())
    }

    fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        let batch = readable(batch, MapKeys::AsText)?;
        self.json.write(&batch).map_err(to_io)?;
        self.flush_memory()
    }

    fn end(&mut self) -> io::Result<()> {
        self.json.finish().map_err(to_io)?;
        self.flush_memory()?;
        self.writer.write_all(b"\n")?;
        self.writer.flush()
    }
}

fn json_options() -> EncoderOptions {
    EncoderOptions::default().with_explicit_nulls(true)
}

fn json_writer() -> ArrowJsonWriter {
    WriterBuilder::new()
        .with_explicit_nulls(true)
        .build(Vec::new())
}

fn to_io(error: ArrowError) -> io::Error {
    match error {
        ArrowError::IoError(_, error) => error,
        error => io::Error::other(error),
    }
}

/// The conversion of map keys.
#[derive(Clone, Copy)]
enum MapKeys {
    Unchanged,
    /// Keys become text, as in JSON objects.
    AsText,
}

/// Returns the batch with UUIDs, and if requested map keys, as text.
fn readable(batch: &RecordBatch, keys: MapKeys) -> io::Result<RecordBatch> {
    let schema = batch.schema();
    let mut fields = Vec::with_capacity(batch.num_columns());
    let mut arrays = Vec::with_capacity(batch.num_columns());
    for (field, array) in schema.fields().iter().zip(batch.columns()) {
        let (field, array) = readable_array(field, array, keys).map_err(to_io)?;
        fields.push(field);
        arrays.push(array);
    }
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    let schema = Arc::new(Schema::new(fields));
    RecordBatch::try_new_with_options(schema, arrays, &options).map_err(to_io)
}

fn readable_array(
    field: &FieldRef,
    array: &ArrayRef,
    keys: MapKeys,
) -> Result<(FieldRef, ArrayRef), ArrowError> {
    let array: ArrayRef = match field.data_type() {
        DataType::FixedSizeBinary(16) if is_uuid(field) => {
            let Some(uuids) = array.as_any().downcast_ref::<FixedSizeBinaryArray>() else {
                return Ok((Arc::clone(field), Arc::clone(array)));
            };
            let texts = uuids.iter().map(|bytes| {
                let uuid = Uuid::from_slice(bytes?).ok()?;
                Some(uuid.to_string())
            });
            Arc::new(texts.collect::<StringArray>())
        }
        DataType::List(item) => {
            let list = array.as_list::<i32>();
            let (item, values) = readable_array(item, list.values(), keys)?;
            let (offsets, nulls) = (list.offsets().clone(), list.nulls().cloned());
            Arc::new(ListArray::try_new(item, offsets, values, nulls)?)
        }
        DataType::Struct(fields) => {
            let strukt = array.as_struct();
            let children = fields.iter().zip(strukt.columns());
            let (fields, children): (Vec<_>, Vec<_>) = children
                .map(|(field, child)| readable_array(field, child, keys))
                .collect::<Result<Vec<_>, _>>()?
                .into_iter()
                .unzip();
            let (nulls, length) = (strukt.nulls().cloned(), strukt.len());
            let fields = Fields::from(fields);
            Arc::new(StructArray::try_new_with_length(
                fields, children, nulls, length,
            )?)
        }
        DataType::Map(entries, sorted) => {
            let map = array.as_map();
            let (key, value) = map.entries_fields();
            let (mut key, mut key_array) =
                readable_array(&Arc::new(key.clone()), map.keys(), keys)?;
            if let MapKeys::AsText = keys {
                key_array = cast(&key_array, &DataType::Utf8)?;
                key = Arc::new(Field::clone(&key).with_data_type(DataType::Utf8));
            }
            let (value, values) = readable_array(&Arc::new(value.clone()), map.values(), keys)?;
            let fields = Fields::from(vec![key, value]);
            let structs = StructArray::try_new(fields.clone(), vec![key_array, values], None)?;
            let entries = Field::clone(entries).with_data_type(DataType::Struct(fields));
            let (offsets, nulls) = (map.offsets().clone(), map.nulls().cloned());
            let map = MapArray::try_new(Arc::new(entries), offsets, structs, nulls, *sorted)?;
            Arc::new(map)
        }
        _ => Arc::clone(array),
    };
    let field = Field::clone(field).with_data_type(array.data_type().clone());
    Ok((Arc::new(field), array))
}

fn is_uuid(field: &Field) -> bool {
    field.extension_type_name() == Some("arrow.uuid")
}
