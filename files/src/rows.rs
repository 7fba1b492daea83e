// SPDX-License-Identifier: Apache-2.0

//! [`Rows`]: the cells of some rows of a text file, on their way to a record batch.

use std::ops::Range;
use std::path::Path;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::SchemaRef;
use kalamtable_model::{Column, ColumnType, TableDefinition};

use crate::problem::{DataError, Misfit};

/// The text of a column in one row.
#[derive(Clone, Debug)]
pub(crate) enum Cell<T> {
    /// There is none.
    Absent,
    /// It is empty, without quotes.
    Empty,
    /// What is there.
    Text(T),
}

/// Converts the cells of one column.
pub(crate) type BuildColumn = fn(&Column, &[Cell<&str>]) -> Result<ArrayRef, Misfit>;

/// Rows that were read but not yet converted.
pub(crate) struct Rows<'a> {
    definition: &'a TableDefinition,
    /// Positions of the columns to convert; none twice.
    columns: &'a [usize],
    /// For each column of the table, where it is among those to convert.
    places: Vec<Option<usize>>,
    /// The schema of these columns.
    schema: SchemaRef,
    build: BuildColumn,
    /// As many as fit in a batch.
    max_rows: usize,
    /// The text of all cells, end to end.
    text: String,
    /// Row by row, in the order of `columns`.
    cells: Vec<Cell<Range<usize>>>,
    /// On which line each row begins.
    lines: Vec<u64>,
    /// How many rows went before.
    rows_before: u64,
}

/// A batch is made when its text has this many bytes, even if it has few rows.
const TEXT_BYTES: usize = 8 * 1024 * 1024;
/// Arrow stores values of a fixed length for nulls, too; no batch has more bytes of them.
const FIXED_BYTES: usize = 64 * 1024 * 1024;

impl<'a> Rows<'a> {
    pub(crate) fn new(
        definition: &'a TableDefinition,
        columns: &'a [usize],
        schema: SchemaRef,
        build: BuildColumn,
        batch_size: usize,
    ) -> Self {
        let widths = columns
            .iter()
            .map(|&at| fixed_width(&definition.columns()[at].ty));
        let width: usize = widths.sum();
        let mut places = vec![None; definition.columns().len()];
        for (at, &position) in columns.iter().enumerate() {
            places[position] = Some(at);
        }
        Rows {
            definition,
            columns,
            places,
            schema,
            build,
            max_rows: batch_size.min(FIXED_BYTES / width.max(1)).max(1),
            text: String::new(),
            cells: Vec::new(),
            lines: Vec::new(),
            rows_before: 0,
        }
    }

    /// Whose rows they are.
    pub(crate) fn definition(&self) -> &'a TableDefinition {
        self.definition
    }

    /// Adds a row that begins on `line`, of which every cell is absent.
    pub(crate) fn begin(&mut self, line: u64) {
        self.lines.push(line);
        let cells = self.cells.len() + self.columns.len();
        self.cells.resize(cells, Cell::Absent);
    }

    /// Fills the cell of the last row in the column at `position`, if that is to be converted.
    pub(crate) fn set(&mut self, position: usize, cell: Cell<&str>) {
        let Some(at) = self.places[position] else {
            return;
        };
        let cell = match cell {
            Cell::Absent => Cell::Absent,
            Cell::Empty => Cell::Empty,
            Cell::Text(text) => {
                let begin = self.text.len();
                self.text.push_str(text);
                Cell::Text(begin..self.text.len())
            }
        };
        let last = self.cells.len() - self.columns.len();
        self.cells[last + at] = cell;
    }

    pub(crate) fn is_full(&self) -> bool {
        self.lines.len() >= self.max_rows || self.text.len() >= TEXT_BYTES
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The rows as a batch. They are forgotten.
    pub(crate) fn take(&mut self, path: &Path) -> Result<RecordBatch, DataError> {
        let mut arrays = Vec::with_capacity(self.columns.len());
        let mut first: Option<(Misfit, &Column)> = None;
        for (at, &position) in self.columns.iter().enumerate() {
            let column = &self.definition.columns()[position];
            let cells = self.cells.iter().skip(at).step_by(self.columns.len());
            let cells: Vec<Cell<&str>> = cells
                .map(|cell| match cell {
                    Cell::Absent => Cell::Absent,
                    Cell::Empty => Cell::Empty,
                    Cell::Text(range) => Cell::Text(&self.text[range.clone()]),
                })
                .collect();
            match (self.build)(column, &cells) {
                Ok(array) => arrays.push(array),
                // Of several problems the one that comes first in the file is told.
                Err(misfit)
                    if first
                        .as_ref()
                        .is_none_or(|(other, _)| misfit.index < other.index) =>
                {
                    first = Some((misfit, column));
                }
                Err(_) => {}
            }
        }
        if let Some((misfit, column)) = first {
            let line = self.lines.get(misfit.index).copied();
            let row = self.rows_before + misfit.index as u64 + 1;
            return Err(DataError::value(path, line, Some(row), column, misfit));
        }
        let options = RecordBatchOptions::new().with_row_count(Some(self.lines.len()));
        let batch = RecordBatch::try_new_with_options(self.schema.clone(), arrays, &options);
        self.rows_before += self.lines.len() as u64;
        self.text.clear();
        self.cells.clear();
        self.lines.clear();
        batch.map_err(|error| DataError::file(path, error.to_string()))
    }
}

/// Bytes of one value of a type whose values have a fixed length, be they null or not.
fn fixed_width(ty: &ColumnType) -> usize {
    match ty {
        ColumnType::FixedBytes(length) => *length as usize,
        ColumnType::Embedding(length) => *length as usize * size_of::<f32>(),
        ColumnType::Struct(fields) => fields.iter().map(|field| fixed_width(&field.ty)).sum(),
        _ => size_of::<u64>(),
    }
}
