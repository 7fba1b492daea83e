// SPDX-License-Identifier: Apache-2.0

//! NDJSON: one JSON object a line, matched by column name. Blank lines count for nothing.

use std::path::Path;

use arrow::array::{ArrayRef, RecordBatch};
use kalamtable_model::{Column, TableDefinition};

use crate::json::{self, Place};
use crate::lines::Lines;
use crate::problem::{DataError, Misfit, did_you_mean, nearest, shorten};
use crate::rows::{Cell, Rows};
use crate::text;

/// Converts the cells of one column.
pub(crate) fn build(column: &Column, cells: &[Cell<&str>]) -> Result<ArrayRef, Misfit> {
    let places: Vec<Place<'_>> = cells
        .iter()
        .map(|cell| match cell {
            Cell::Absent | Cell::Empty => Place::Absent,
            Cell::Text(raw) => Place::written(raw),
        })
        .collect();
    json::build(&column.ty, column.nullable, &places)
}

/// Reads the file through `rows` and gives each batch to `emit`, until that says stop.
pub(crate) fn read(
    path: &Path,
    rows: &mut Rows<'_>,
    mut emit: impl FnMut(RecordBatch) -> bool,
) -> Result<(), DataError> {
    let mut lines = Lines::open(path)?;
    let mut seen = Seen::new(rows.definition());
    while let Some((number, line)) = lines.next()? {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        rows.begin(number);
        if let Err(message) = object(line, rows, &mut seen) {
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

/// Which columns the current object has had; those of earlier objects need no clearing.
struct Seen {
    object: u64,
    in_object: Vec<u64>,
}

impl Seen {
    fn new(definition: &TableDefinition) -> Self {
        Seen {
            object: 0,
            in_object: vec![0; definition.columns().len()],
        }
    }

    fn is_first(&mut self, position: usize) -> bool {
        std::mem::replace(&mut self.in_object[position], self.object) != self.object
    }
}

/// Reads an object into the row that was begun; or says what is wrong.
fn object(line: &str, rows: &mut Rows<'_>, seen: &mut Seen) -> Result<(), String> {
    let shown = shorten(line);
    text::json(line).map_err(|problem| {
        format!("the line {problem}; each line must hold one whole object: `{shown}`")
    })?;
    if !line.starts_with('{') {
        return Err(format!(
            "each line must hold one object with a value for each column, not `{shown}`"
        ));
    }
    seen.object += 1;
    let definition = rows.definition();
    for (key, value) in json::members(line) {
        let name = json::unquote(key).map_err(|problem| format!("the key {key} {problem}"))?;
        let Some((position, _)) = definition.column(&name) else {
            let names = definition.columns().iter().map(|column| &*column.name);
            let hint = did_you_mean(nearest(&name, names));
            let (name, table) = (shorten(&name), definition.name());
            return Err(format!("`{name}` is no column of `{table}`{hint}"));
        };
        if !seen.is_first(position) {
            return Err(format!("the key `{name}` is there twice"));
        }
        rows.set(position, Cell::Text(value));
    }
    Ok(())
}
