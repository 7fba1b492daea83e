// SPDX-License-Identifier: Apache-2.0

//! [`RowBuffer`]: the cells of rows of a text file that are not yet converted to a record batch.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::SchemaRef;
use kalamtable_model::{Column, ColumnType};

use crate::error::{DataError, ValueMismatch};
use crate::versioned_definition::FileVersions;

/// The text of one column in one row.
#[derive(Clone, Debug)]
pub(crate) enum TextCell<T> {
    /// The row does not have the column.
    Absent,
    /// An empty field without quotes.
    Empty,
    /// Text, which is empty for an empty field in quotes.
    Text(T),
}

/// A function that builds an array from the cells of one column.
pub(crate) type BuildColumn = fn(&Column, &[TextCell<&str>]) -> Result<ArrayRef, ValueMismatch>;

/// Rows that were read but not yet converted.
pub(crate) struct RowBuffer<'a> {
    versions: &'a FileVersions,
    /// The positions of the columns to convert, without duplicates.
    columns: &'a [usize],
    /// For each column of the table, its index in `columns`.
    indices: Vec<Option<usize>>,
    /// The schema of these columns.
    schema: SchemaRef,
    build: BuildColumn,
    /// The maximum number of rows of a batch.
    max_rows: usize,
    /// The text of all cells, end to end.
    text: String,
    /// The cells row by row, each row in the order of `columns`.
    cells: Vec<TextCell<Range<usize>>>,
    /// For each row, the line on which it begins.
    lines: Vec<u64>,
    /// The number of rows in earlier batches.
    rows_before: u64,
}

/// The number of bytes of text at which a batch is full, even if it has few rows.
const MAX_TEXT_BYTES: usize = 8 * 1024 * 1024;
/// The maximum number of bytes of fixed-length values in a batch. Arrow stores such values for
/// nulls too, so a few bytes of text can become many rows of them.
const MAX_FIXED_BYTES: usize = 64 * 1024 * 1024;

impl<'a> RowBuffer<'a> {
    pub(crate) fn new(
        versions: &'a FileVersions,
        columns: &'a [usize],
        schema: SchemaRef,
        build: BuildColumn,
        batch_size: usize,
    ) -> Self {
        let definition = &versions.current;
        let widths = columns
            .iter()
            .map(|&at| fixed_width(&definition.columns()[at].ty));
        let width: usize = widths.sum();
        let mut indices = vec![None; definition.columns().len()];
        for (at, &position) in columns.iter().enumerate() {
            indices[position] = Some(at);
        }
        RowBuffer {
            versions,
            columns,
            indices,
            schema,
            build,
            max_rows: batch_size.min(MAX_FIXED_BYTES / width.max(1)).max(1),
            text: String::new(),
            cells: Vec::new(),
            lines: Vec::new(),
            rows_before: 0,
        }
    }

    /// Returns the versions of the table.
    pub(crate) fn versions(&self) -> &'a FileVersions {
        self.versions
    }

    /// Adds a row that begins on `line`, with every cell absent.
    pub(crate) fn begin(&mut self, line: u64) {
        self.lines.push(line);
        let cells = self.cells.len() + self.columns.len();
        self.cells.resize(cells, TextCell::Absent);
    }

    /// Sets the cell of the last row in the column at `position`, unless the column is not
    /// converted.
    pub(crate) fn set(&mut self, position: usize, cell: TextCell<&str>) {
        let Some(at) = self.indices[position] else {
            return;
        };
        let cell = match cell {
            TextCell::Absent => TextCell::Absent,
            TextCell::Empty => TextCell::Empty,
            TextCell::Text(text) => {
                let begin = self.text.len();
                self.text.push_str(text);
                TextCell::Text(begin..self.text.len())
            }
        };
        let last = self.cells.len() - self.columns.len();
        self.cells[last + at] = cell;
    }

    pub(crate) fn is_full(&self) -> bool {
        self.lines.len() >= self.max_rows || self.text.len() >= MAX_TEXT_BYTES
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Converts the rows to a batch and clears the buffer.
    ///
    /// # Errors
    /// Fails with the first value in the file that does not fit its column.
    pub(crate) fn take(&mut self, path: &Path) -> Result<RecordBatch, DataError> {
        let mut arrays = Vec::with_capacity(self.columns.len());
        let mut first: Option<(ValueMismatch, &Column)> = None;
        for (at, &position) in self.columns.iter().enumerate() {
            let column = &self.versions.current.columns()[position];
            let cells = self.cells.iter().skip(at).step_by(self.columns.len());
            let cells: Vec<TextCell<&str>> = cells
                .map(|cell| match cell {
                    TextCell::Absent => TextCell::Absent,
                    TextCell::Empty => TextCell::Empty,
                    TextCell::Text(range) => TextCell::Text(&self.text[range.clone()]),
                })
                .collect();
            match (self.build)(column, &cells) {
                Ok(array) => arrays.push(array),
                // Columns are converted one after the other, but the error concerns the first
                // row that has one.
                Err(mismatch)
                    if first
                        .as_ref()
                        .is_none_or(|(other, _)| mismatch.index < other.index) =>
                {
                    first = Some((mismatch, column));
                }
                Err(_) => {}
            }
        }
        if let Some((mismatch, column)) = first {
            let line = self.lines.get(mismatch.index).copied();
            let row = self.rows_before + mismatch.index as u64 + 1;
            return Err(DataError::value(path, line, Some(row), column, mismatch));
        }
        let options = RecordBatchOptions::new().with_row_count(Some(self.lines.len()));
        let schema = Arc::clone(&self.schema);
        let batch = RecordBatch::try_new_with_options(schema, arrays, &options);
        self.rows_before += self.lines.len() as u64;
        self.text.clear();
        self.cells.clear();
        self.lines.clear();
        batch.map_err(|error| DataError::file(path, error.to_string()))
    }
}

/// Returns the number of bytes that one value takes in arrays of a fixed width, even if it is null.
fn fixed_width(ty: &ColumnType) -> usize {
    match ty {
        ColumnType::FixedBytes(length) => *length as usize,
        ColumnType::Embedding(length) => *length as usize * size_of::<f32>(),
        ColumnType::Struct(fields) => fields.iter().map(|field| fixed_width(&field.ty)).sum(),
        _ => size_of::<u64>(),
    }
}
