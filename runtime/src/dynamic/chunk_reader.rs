// SPDX-License-Identifier: Apache-2.0

//! [`ChunkReader`]: reads visible rows of a chunk under the version for which a query was planned.
//!
//! Rows in memory are read directly. Of rows in a storage, a reader loads the columns of its part
//! of the chunk when they are first needed, and keeps them. It can evaluate a filter first, and
//! then load the other columns of the rows that pass.

use std::collections::HashMap;
use std::ops::Range;
use std::slice;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::compute::concat;
use arrow::error::ArrowError;
use datafusion::error::Result;
use kalamtable_provider::{Filter, RowReader};
use kalamtable_registry::TableSnapshot;

use super::chunk::{Chunk, ChunkRows};
use super::storage::{ChunkId, PartitionChunk};
use super::stored_rows::StoredRows;
use super::versions::{Pick, Versions};
use super::visible::{Visibility, Visible};
use crate::error::{Error, arrow_error};

/// The rows that pass a filter are loaded alone if they are at most one in this number.
const SPARSE: usize = 8;

/// The number of rows on which a filter is evaluated at a time.
const FILTER_ROWS: usize = 8192;

/// Reads the visible rows of a part of a chunk.
pub(super) struct ChunkReader {
    table: Arc<TableSnapshot>,
    entry: PartitionChunk,
    /// The part of the chunk.
    part: Range<u32>,
    /// The visible rows of the part.
    visible: Visible,
    /// The number of the first row in the partition, for errors.
    first_row: usize,
    /// The columns that were loaded from a storage, by their positions in the written rows.
    loaded: HashMap<usize, ColumnBatches>,
    /// Whether the loaded columns have the visible rows only, and not all rows of the part.
    has_visible_only: bool,
    filtered_out: usize,
}

/// A column of consecutive rows, in several arrays.
struct ColumnBatches(Vec<ArrayRef>);

impl ColumnBatches {
    /// Returns the picked rows.
    fn pick(&mut self, pick: &Pick) -> Result<ArrayRef, ArrowError> {
        if let Pick::Range(range) = pick {
            let mut first = 0;
            for batch in &self.0 {
                if range.start >= first && range.end <= first + batch.len() {
                    return Ok(batch.slice(range.start - first, range.len()));
                }
                first += batch.len();
            }
        }
        pick.of(self.joined()?)
    }

    /// Returns all rows in one array.
    fn joined(&mut self) -> Result<&ArrayRef, ArrowError> {
        if self.0.len() > 1 {
            let batches: Vec<&dyn Array> = self.0.iter().map(AsRef::as_ref).collect();
            self.0 = vec![concat(&batches)?];
        }
        let missing = || ArrowError::ComputeError("no rows were read".to_string());
        self.0.first().ok_or_else(missing)
    }
}

impl ChunkReader {
    /// Creates a reader of the visible rows in a part of a chunk.
    pub(super) fn new(
        table: &Arc<TableSnapshot>,
        entry: PartitionChunk,
        view: &Visibility,
        part: Range<u32>,
    ) -> Self {
        let visible = view.of(&entry, part.clone());
        ChunkReader::of_visible(table, entry, part, visible)
    }

    /// Creates a reader of those of the rows at `positions` that are visible.
    pub(super) fn at(
        table: &Arc<TableSnapshot>,
        entry: PartitionChunk,
        view: &Visibility,
        positions: &[u32],
    ) -> Self {
        let part = 0..entry.chunk.len() as u32;
        let visible = view.of_rows(&entry, positions);
        ChunkReader::of_visible(table, entry, part, visible)
    }

    fn of_visible(
        table: &Arc<TableSnapshot>,
        entry: PartitionChunk,
        part: Range<u32>,
        visible: Visible,
    ) -> Self {
        ChunkReader {
            table: Arc::clone(table),
            entry,
            part,
            visible,
            first_row: 0,
            loaded: HashMap::new(),
            has_visible_only: false,
            filtered_out: 0,
        }
    }

    /// Keeps at most `limit` rows, the first ones.
    pub(super) fn truncate(&mut self, limit: usize) {
        if limit < self.visible.len() {
            self.visible.truncate(limit);
            let end = limit.checked_sub(1).map(|last| self.visible.row(last) + 1);
            self.part.end = end.unwrap_or(self.part.start);
        }
    }

    /// Sets the number of the first row in the partition, for errors.
    pub(super) fn set_first_row(&mut self, number: usize) {
        self.first_row = number;
    }

    /// Returns the id of the chunk.
    pub(super) fn chunk(&self) -> ChunkId {
        self.entry.id
    }

    /// Returns the position in the chunk of the visible row with this number.
    pub(super) fn row(&self, number: usize) -> u32 {
        self.visible.row(number)
    }

    /// Loads columns of the table from the storage, if the rows are not in memory. Blocks.
    ///
    /// # Errors
    /// Fails if the storage cannot be read.
    pub(super) fn load(&mut self, columns: &[usize]) -> Result<(), Error> {
        let ChunkRows::Stored(rows) = self.entry.chunk.rows() else {
            return Ok(());
        };
        if self.visible.len() == 0 {
            return Ok(());
        }
        let reader = Versions::reader(&self.table, self.entry.chunk.definition())?;
        let sources = columns.iter().filter_map(|column| reader.source(*column));
        let missing = distinct(sources.filter(|source| !self.loaded.contains_key(source)));
        let loaded = match &self.visible {
            Visible::Rows(visible) if self.has_visible_only => {
                let ranges = Pick::Rows(visible.clone()).ranges();
                read(&self.table, &**rows, &ranges, &missing)?
            }
            _ => read(&self.table, &**rows, slice::from_ref(&self.part), &missing)?,
        };
        self.loaded.extend(loaded);
        Ok(())
    }

    /// Evaluates a filter on rows in a storage, and keeps the rows that pass. Does nothing if the
    /// filter fails: the scan evaluates it again. Blocks.
    ///
    /// # Errors
    /// Fails if the storage cannot be read.
    pub(super) fn retain(&mut self, filter: &Filter) -> Result<(), Error> {
        self.load(filter.columns())?;
        let mut passing: Vec<u32> = Vec::new();
        let length = self.visible.len();
        for first in (0..length).step_by(FILTER_ROWS) {
            let block = first..length.min(first + FILTER_ROWS);
            let count = block.len();
            let passed = self
                .build(block, None, filter.columns())
                .and_then(|arrays| filter.evaluate(arrays, count));
            let Ok(passed) = passed else {
                return Ok(());
            };
            let rows = passed.values().set_indices();
            passing.extend(rows.map(|row| self.visible.row(first + row)));
        }
        if passing.len() == length {
            return Ok(());
        }
        self.filtered_out = length - passing.len();
        let rows = Pick::Rows(passing.clone().into());
        self.visible = Visible::Rows(passing.into());
        if self.visible.len() * SPARSE <= self.part.len() {
            let rows = rows.relative_to(self.part.start);
            for column in self.loaded.values_mut() {
                let visible = column.pick(&rows);
                let visible = visible.map_err(|error| arrow_error(&self.table, error))?;
                *column = ColumnBatches(Vec::from([visible]));
            }
            self.has_visible_only = true;
        }
        Ok(())
    }

    /// Builds columns of rows in a storage: of picked rows of the chunk, or, if the loaded columns
    /// have the visible rows only, of the visible rows with the picked numbers.
    fn build_stored(&mut self, pick: &Pick, columns: &[usize]) -> Result<Vec<ArrayRef>, Error> {
        self.load(columns)?;
        let reader = Versions::reader(&self.table, self.entry.chunk.definition())?;
        let pick = match self.has_visible_only {
            true => pick,
            false => &pick.relative_to(self.part.start),
        };
        let mut build = |column: &usize| {
            let loaded = reader.source(*column);
            let loaded = loaded.and_then(|source| self.loaded.get_mut(&source));
            let values = loaded.map(|loaded| loaded.pick(pick)).transpose();
            let values = values.map_err(|error| arrow_error(&self.table, error))?;
            reader.converted(*column, values, pick.len())
        };
        columns.iter().map(&mut build).collect()
    }

    /// Returns the rows of the chunk in a block.
    fn pick(&self, block: &Range<usize>, selected: Option<&[usize]>) -> Pick {
        match (&self.visible, selected) {
            (Visible::Range(rows), None) => {
                let first = rows.start as usize;
                Pick::Range(first + block.start..first + block.end)
            }
            (Visible::Rows(rows), None) => Pick::Rows(rows.slice(block.start, block.len())),
            (visible, Some(selected)) => {
                let rows = selected.iter();
                let rows = rows.map(|offset| visible.row(block.start + offset));
                Pick::Rows(rows.collect::<Vec<_>>().into())
            }
        }
    }
}

/// Returns the numbers of the visible rows in a block.
fn numbers(block: &Range<usize>, selected: Option<&[usize]>) -> Pick {
    match selected {
        None => Pick::Range(block.clone()),
        Some(selected) => {
            let rows = selected.iter().map(|offset| (block.start + offset) as u32);
            Pick::Rows(rows.collect::<Vec<_>>().into())
        }
    }
}

/// Returns each column once.
fn distinct(columns: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut distinct: Vec<usize> = columns.collect();
    distinct.sort_unstable();
    distinct.dedup();
    distinct
}

impl RowReader for ChunkReader {
    fn len(&self) -> usize {
        self.visible.len()
    }

    fn filtered_out(&self) -> usize {
        self.filtered_out
    }

    fn build(
        &mut self,
        block: Range<usize>,
        selected: Option<&[usize]>,
        columns: &[usize],
    ) -> Result<Vec<ArrayRef>> {
        let chunk = Arc::clone(&self.entry.chunk);
        let built = match chunk.rows() {
            ChunkRows::Stored(_) if self.has_visible_only => {
                self.build_stored(&numbers(&block, selected), columns)
            }
            ChunkRows::Stored(_) => self.build_stored(&self.pick(&block, selected), columns),
            ChunkRows::Memory(rows) => {
                let pick = self.pick(&block, selected);
                let reader = Versions::reader(&self.table, chunk.definition())?;
                let columns = columns.iter();
                columns
                    .map(|column| reader.column(rows, &pick, *column))
                    .collect::<Result<Vec<_>, Error>>()
            }
        };
        let first_row = self.first_row + block.start;
        Ok(built.map_err(|error| {
            error.map_row(|row| {
                let offset = selected.map_or(Some(row), |selected| selected.get(row).copied());
                first_row + offset.unwrap_or_default()
            })
        })?)
    }
}

/// Reads columns of rows in a storage, by their positions in the written rows.
fn read(
    table: &TableSnapshot,
    rows: &dyn StoredRows,
    ranges: &[Range<u32>],
    columns: &[usize],
) -> Result<HashMap<usize, ColumnBatches>, Error> {
    if columns.is_empty() {
        return Ok(HashMap::new());
    }
    let batches = rows
        .read(ranges, columns)
        .map_err(|error| Error::stored_rows(table.name(), error))?;
    let of_column = |index: usize| {
        let batches = batches.iter();
        ColumnBatches(batches.map(|batch| Arc::clone(&batch[index])).collect())
    };
    Ok(columns
        .iter()
        .enumerate()
        .map(|(index, column)| (*column, of_column(index)))
        .collect())
}

/// Reads columns of picked rows of a chunk under the version of `table`. Blocks if the rows are in
/// a storage.
pub(super) fn read_columns(
    table: &TableSnapshot,
    chunk: &Chunk,
    pick: &Pick,
    columns: &[usize],
) -> Result<Vec<ArrayRef>, Error> {
    let reader = Versions::reader(table, chunk.definition())?;
    match chunk.rows() {
        ChunkRows::Memory(rows) => {
            let columns = columns.iter();
            columns
                .map(|column| reader.column(rows, pick, *column))
                .collect()
        }
        ChunkRows::Stored(rows) => {
            let sources = columns.iter().filter_map(|column| reader.source(*column));
            let sources = distinct(sources);
            let mut values = read(table, &**rows, &pick.ranges(), &sources)?;
            let columns = columns.iter().map(|column| {
                let source = reader.source(*column);
                let values = source.and_then(|source| values.get_mut(&source));
                let values = values.map(|values| values.joined().cloned()).transpose();
                let values = values.map_err(|error| arrow_error(table, error))?;
                reader.converted(*column, values, pick.len())
            });
            columns.collect()
        }
    }
}

/// Reads picked rows of a chunk under the version of `table`, without the system columns. Blocks if
/// the rows are in a storage.
pub(super) fn read_rows(
    table: &TableSnapshot,
    chunk: &Chunk,
    pick: &Pick,
) -> Result<RecordBatch, Error> {
    let columns: Vec<usize> = (0..table.schema().fields().len()).collect();
    let arrays = read_columns(table, chunk, pick, &columns)?;
    RecordBatch::try_new(table.schema().clone(), arrays)
        .map_err(|source| arrow_error(table, source))
}
