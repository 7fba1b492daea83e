// SPDX-License-Identifier: Apache-2.0

//! CSV, in the form that data files have.

use std::io::{self, Write};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use super::writer::{OutputError, ResultWriter, check_unique_names, column_cells, in_column};

/// Writes a header, then a line for each row.
pub(super) struct CsvWriter<W> {
    writer: W,
}

impl<W: Write> CsvWriter<W> {
    pub(super) fn new(writer: W) -> Self {
        CsvWriter { writer }
    }
}

impl<W: Write> ResultWriter for CsvWriter<W> {
    fn begin(&mut self, schema: &SchemaRef) -> Result<(), OutputError> {
        check_unique_names(schema.fields())?;
        for (index, field) in schema.fields().iter().enumerate() {
            write_comma(&mut self.writer, index)?;
            write_field(&mut self.writer, field.name())?;
        }
        Ok(self.writer.write_all(b"\n")?)
    }

    fn write(&mut self, batch: &RecordBatch) -> Result<(), OutputError> {
        let columns = column_cells(batch)?;
        let mut text = String::new();
        for row in 0..batch.num_rows() {
            for (index, (field, cells)) in columns.iter().enumerate() {
                write_comma(&mut self.writer, index)?;
                if cells.is_null(row) {
                    continue;
                }
                text.clear();
                cells
                    .write_text(row, &mut text)
                    .map_err(|error| in_column(field, error))?;
                write_field(&mut self.writer, &text)?;
            }
            self.writer.write_all(b"\n")?;
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), OutputError> {
        Ok(self.writer.flush()?)
    }
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
