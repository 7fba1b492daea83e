// SPDX-License-Identifier: Apache-2.0

//! Tables with borders, and their expanded form with one line per value.

use std::io::Write;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::util::pretty::pretty_format_batches;

use super::writer::{OutputError, ResultWriter, column_cells, in_column};
use crate::escape::escape_controls;

/// The number of rows that share their column widths. Longer tables are written in parts of this
/// length, so that their rows are not all in memory.
const MAX_PART_ROWS: usize = 1000;
/// The number of bytes of text at which a part ends even if it has fewer rows.
const MAX_PART_BYTES: usize = 8 * 1024 * 1024;

/// Writes tables with borders.
pub(super) struct TableWriter<W> {
    writer: W,
    names: Vec<String>,
    /// The cells of the current part, row by row.
    cells: Vec<String>,
    rows: usize,
    bytes: usize,
    has_header: bool,
}

impl<W: Write> TableWriter<W> {
    pub(super) fn new(writer: W) -> Self {
        TableWriter {
            writer,
            names: Vec::new(),
            cells: Vec::new(),
            rows: 0,
            bytes: 0,
            has_header: false,
        }
    }

    /// Writes the rows in memory, with the header if it is the first part, and without the last
    /// border. Returns the border.
    fn write_part(&mut self) -> Result<String, OutputError> {
        let columns = self.names.len();
        let fields = self
            .names
            .iter()
            .map(|name| Field::new(name, DataType::Utf8, false));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let arrays = (0..columns).map(|column| -> ArrayRef {
            let cells = self.cells.iter().skip(column).step_by(columns);
            Arc::new(StringArray::from_iter_values(cells))
        });
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows));
        let batch = RecordBatch::try_new_with_options(schema, arrays.collect(), &options);
        let table = batch.and_then(|batch| Ok(pretty_format_batches(&[batch])?.to_string()))?;
        // A name has no line break, so the header has three lines.
        let header_lines = if self.has_header { 3 } else { 0 };
        let lines: Vec<&str> = table.lines().skip(header_lines).collect();
        let (border, lines) = lines.split_last().unwrap_or((&"", &[]));
        for line in lines {
            writeln!(self.writer, "{line}")?;
        }
        self.has_header = true;
        self.cells.clear();
        (self.rows, self.bytes) = (0, 0);
        Ok((*border).to_string())
    }
}

impl<W: Write> ResultWriter for TableWriter<W> {
    fn begin(&mut self, schema: &SchemaRef) -> Result<(), OutputError> {
        self.names = escaped_names(schema);
        self.cells.clear();
        (self.rows, self.bytes, self.has_header) = (0, 0, false);
        Ok(())
    }

    fn write(&mut self, batch: &RecordBatch) -> Result<(), OutputError> {
        let columns = column_cells(batch)?;
        for row in 0..batch.num_rows() {
            for (field, cells) in &columns {
                let mut text = String::new();
                if cells.is_null(row) {
                    text.push_str("NULL");
                } else {
                    cells
                        .write_text(row, &mut text)
                        .map_err(|error| in_column(field, error))?;
                }
                let text = escape_controls(&text, &['\n']).into_owned();
                self.bytes += text.len();
                self.cells.push(text);
            }
            self.rows += 1;
            if self.rows >= MAX_PART_ROWS || self.bytes >= MAX_PART_BYTES {
                self.write_part()?;
            }
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), OutputError> {
        let border = self.write_part()?;
        writeln!(self.writer, "{border}")?;
        Ok(self.writer.flush()?)
    }
}

/// Writes each row as a block of lines with a name and a value.
pub(super) struct ExpandedWriter<W> {
    writer: W,
    names: Vec<String>,
    row: usize,
}

impl<W: Write> ExpandedWriter<W> {
    pub(super) fn new(writer: W) -> Self {
        ExpandedWriter {
            writer,
            names: Vec::new(),
            row: 0,
        }
    }
}

impl<W: Write> ResultWriter for ExpandedWriter<W> {
    fn begin(&mut self, schema: &SchemaRef) -> Result<(), OutputError> {
        self.names = escaped_names(schema);
        let width = self.names.iter().map(|name| name.chars().count()).max();
        for name in &mut self.names {
            *name = format!("{name:<0$}", width.unwrap_or_default());
        }
        self.row = 0;
        Ok(())
    }

    fn write(&mut self, batch: &RecordBatch) -> Result<(), OutputError> {
        let columns = column_cells(batch)?;
        for row in 0..batch.num_rows() {
            self.row += 1;
            writeln!(self.writer, "-[ row {} ]-", self.row)?;
            for (name, (field, cells)) in self.names.iter().zip(&columns) {
                let mut text = String::new();
                if cells.is_null(row) {
                    text.push_str("NULL");
                } else {
                    cells
                        .write_text(row, &mut text)
                        .map_err(|error| in_column(field, error))?;
                }
                let text = escape_controls(&text, &['\n']);
                let indent = " ".repeat(name.chars().count());
                for (index, line) in text.split('\n').enumerate() {
                    let name = if index == 0 { name } else { &indent };
                    writeln!(self.writer, "{}", format!("{name} | {line}").trim_end())?;
                }
            }
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), OutputError> {
        Ok(self.writer.flush()?)
    }
}

fn escaped_names(schema: &Schema) -> Vec<String> {
    let names = schema.fields().iter();
    names
        .map(|field| escape_controls(field.name(), &[]).into_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use arrow::array::Int64Array;

    use super::*;

    #[test]
    fn long_table_is_written_in_parts_with_one_header() {
        let mut text = Vec::new();
        let mut writer = TableWriter::new(&mut text);
        let column = |from: i64| -> ArrayRef { Arc::new(Int64Array::from_iter(from..from + 700)) };
        let batch = |from| RecordBatch::try_from_iter([("value", column(from))]).unwrap();
        writer.begin(&batch(0).schema()).unwrap();
        for from in (0..7000).step_by(700) {
            writer.write(&batch(from)).unwrap();
            assert!(writer.cells.len() < MAX_PART_ROWS);
        }
        writer.end().unwrap();
        let text = String::from_utf8(text).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 7004);
        assert_eq!(
            lines[..4],
            ["+-------+", "| value |", "+-------+", "| 0     |"]
        );
        assert_eq!(lines[1003], "| 1000  |");
        assert_eq!(lines[7002..], ["| 6999  |", "+-------+"]);
    }
}
