// SPDX-License-Identifier: Apache-2.0

//! NDJSON: one JSON object per line, whose keys are column names. Blank lines are skipped.
//!
//! The `arrow-json` reader does not suit this crate: it truncates decimals that have too many
//! digits, accepts a key that occurs twice, and its errors have no line or row number.

use std::path::Path;

use arrow::array::{ArrayRef, RecordBatch};
use kalamtable_model::value_text;
use kalamtable_model::{Column, TableDefinition, nearest};

use crate::error::{DataError, ValueMismatch, did_you_mean, occurs_twice, shorten};
use crate::json::{self, JsonCell};
use crate::lines::Lines;
use crate::row_buffer::{RowBuffer, TextCell};

/// Builds an array from the cells of one column.
pub(crate) fn build(column: &Column, cells: &[TextCell<&str>]) -> Result<ArrayRef, ValueMismatch> {
    let json_cells: Vec<JsonCell<'_>> = cells
        .iter()
        .map(|cell| match cell {
            TextCell::Absent | TextCell::Empty => JsonCell::Absent,
            TextCell::Text(raw) => JsonCell::new(raw),
        })
        .collect();
    json::build(&column.ty, column.nullable, &json_cells)
}

/// Reads a file through `rows` and passes each batch to `emit`, until `emit` returns `false`.
pub(crate) fn read(
    path: &Path,
    rows: &mut RowBuffer<'_>,
    mut emit: impl FnMut(RecordBatch) -> bool,
) -> Result<(), DataError> {
    let mut lines = Lines::open(path)?;
    let mut seen = SeenColumns::new(&rows.versions().current);
    while let Some((number, line)) = lines.next()? {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        rows.begin(number);
        if let Err(message) = read_object(line, rows, &mut seen) {
            return Err(lines.problem(number, message));
        }
        if rows.is_full() && !emit(rows.take(path)?) {
            return Ok(());
        }
    }
    if !rows.is_empty() {
        emit(rows.take(path)?);
    }
    Ok(())
}

/// The columns that have occurred in the current object.
struct SeenColumns {
    /// The number of the current object, from 1.
    object: u64,
    /// For each column, the number of the last object that had the column. The next object
    /// therefore begins without clearing this vector.
    last_object: Vec<u64>,
}

impl SeenColumns {
    fn new(definition: &TableDefinition) -> Self {
        SeenColumns {
            object: 0,
            last_object: vec![0; definition.columns().len()],
        }
    }

    /// Marks a column as seen, and returns whether it had not been seen in the current object.
    fn insert(&mut self, position: usize) -> bool {
        std::mem::replace(&mut self.last_object[position], self.object) != self.object
    }
}

/// Reads an object into the last row of `rows`. An error is a message.
fn read_object(line: &str, rows: &mut RowBuffer<'_>, seen: &mut SeenColumns) -> Result<(), String> {
    let shown = shorten(line);
    value_text::json(line).map_err(|error| {
        format!("the line {error}; each line must hold one whole object: `{shown}`")
    })?;
    if !line.starts_with('{') {
        return Err(format!(
            "each line must hold one object with a value for each column, not `{shown}`"
        ));
    }
    seen.object += 1;
    let versions = rows.versions();
    let definition = &versions.current;
    for (key, value) in json::members(line) {
        let name = json::unquote(key).map_err(|error| format!("the key {key} {error}"))?;
        let Some((position, column)) = versions.text_column(&name) else {
            let names = definition.columns().iter().map(Column::source_name);
            let hint = did_you_mean(nearest(&name, names));
            let (name, table) = (shorten(&name), definition.name());
            return Err(format!("`{name}` is not a column of `{table}`{hint}"));
        };
        if !seen.insert(position) {
            let (twice, name) = (occurs_twice(column, &name), shorten(&name));
            return Err(format!("the key `{name}`{twice}"));
        }
        rows.set(position, TextCell::Text(value));
    }
    Ok(())
}
