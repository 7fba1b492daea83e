// SPDX-License-Identifier: Apache-2.0

//! JSON: an object for each row, in one array or one per line.

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use super::cells::push_json_string;
use super::writer::{OutputError, ResultWriter, check_unique_names, column_cells, in_column};

/// The separators of the objects of a result.
pub(super) struct JsonLayout {
    begin: &'static str,
    separator: &'static str,
    end: &'static str,
}

impl JsonLayout {
    /// An array on one line.
    pub(super) const ARRAY: JsonLayout = JsonLayout {
        begin: "[",
        separator: ",",
        end: "]\n",
    };
    /// A line for each object.
    pub(super) const LINES: JsonLayout = JsonLayout {
        begin: "",
        separator: "\n",
        end: "\n",
    };
}

/// Writes an object for each row.
pub(super) struct JsonWriter<W> {
    writer: W,
    layout: JsonLayout,
    has_rows: bool,
}

impl<W: Write> JsonWriter<W> {
    pub(super) fn new(writer: W, layout: JsonLayout) -> Self {
        JsonWriter {
            writer,
            layout,
            has_rows: false,
        }
    }
}

impl<W: Write> ResultWriter for JsonWriter<W> {
    fn begin(&mut self, schema: &SchemaRef) -> Result<(), OutputError> {
        check_unique_names(schema.fields())?;
        self.has_rows = false;
        Ok(self.writer.write_all(self.layout.begin.as_bytes())?)
    }

    fn write(&mut self, batch: &RecordBatch) -> Result<(), OutputError> {
        let columns = column_cells(batch)?;
        let names = columns.iter().map(|(field, _)| {
            let mut name = String::new();
            push_json_string(&mut name, field.name());
            name
        });
        let names: Vec<String> = names.collect();
        let mut object = String::new();
        for row in 0..batch.num_rows() {
            object.clear();
            if self.has_rows {
                object.push_str(self.layout.separator);
            }
            self.has_rows = true;
            for (index, (name, (field, cells))) in names.iter().zip(&columns).enumerate() {
                object.push(if index == 0 { '{' } else { ',' });
                object.push_str(name);
                object.push(':');
                cells
                    .write_json(row, &mut object)
                    .map_err(|error| in_column(field, error))?;
            }
            object.push('}');
            self.writer.write_all(object.as_bytes())?;
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), OutputError> {
        if self.has_rows || self.layout.begin == "[" {
            self.writer.write_all(self.layout.end.as_bytes())?;
        }
        Ok(self.writer.flush()?)
    }
}
