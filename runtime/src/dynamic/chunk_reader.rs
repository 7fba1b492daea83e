// SPDX-License-Identifier: Apache-2.0

//! [`ChunkReader`]: reads visible rows of a chunk under the version for which a query was planned.
//!
//! Rows in memory are read directly. Of rows in a storage, a reader loads the columns of its part
//! of the chunk when they are first needed, and keeps them. If a filter passes few rows of a block,
//! the reader loads only these at first, because the other columns may not be needed again.

use std::collections::HashMap;
use std::ops::Range;
use std::slice;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::compute::concat;
use arrow::error::ArrowError;
use datafusion::error::Result;
use kalamtable_provider::RowReader;
use kalamtable_registry::TableSnapshot;

use super::chunk::{Chunk, ChunkRows};
use super::partition_index::arrow_error;
use super::storage::{ChunkId, StoredChunk};
use super::stored_rows::StoredRows;
use super::versions::{Pick, Versions};
use super::visible::{View, Visible};
use crate::error::Error;

/// A block of which at most one row in this number passes a filter is read row by row.
const SPARSE: usize = 16;

/// Reads the visible rows of a part of a chunk.
pub(super) struct ChunkReader {
    table: Arc<TableSnapshot>,
    stored: StoredChunk,
    /// The part of the chunk.
    part: Range<u32>,
    /// The visible rows of the part.
    visible: Visible,
    /// The number of the first row in the partition, for errors.
    first_row: usize,
    loaded: LoadedColumns,
}

/// The columns of a part of a chunk that were loaded from a storage, by their positions in the
/// written rows.
#[derive(Default)]
struct LoadedColumns {
    columns: HashMap<usize, ColumnBatches>,
    /// Whether rows of a block were loaded row by row.
    has_sparse: bool,
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
        stored: StoredChunk,
        view: &View,
        part: Range<u32>,
    ) -> Self {
        let visible = view.of(&stored, part.clone());
        ChunkReader::of_visible(table, stored, part, visible)
    }

    /// Creates a reader of those of the rows at `positions` that are visible.
    pub(super) fn at(
        table: &Arc<TableSnapshot>,
        stored: StoredChunk,
        view: &View,
        positions: &[u32],
    ) -> Self {
        let part = 0..stored.chunk.len() as u32;
        let visible = view.of_rows(&stored, positions);
        ChunkReader::of_visible(table, stored, part, visible)
    }

    fn of_visible(
        table: &Arc<TableSnapshot>,
        stored: StoredChunk,
        part: Range<u32>,
        visible: Visible,
    ) -> Self {
        ChunkReader {
            table: Arc::clone(table),
            stored,
            part,
            visible,
            first_row: 0,
            loaded: LoadedColumns::default(),
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
        self.stored.id
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
        let ChunkRows::Stored(rows) = self.stored.chunk.rows() else {
            return Ok(());
        };
        if self.visible.len() == 0 {
            return Ok(());
        }
        let reader = Versions::reader(&self.table, self.stored.chunk.definition())?;
        let sources = columns.iter().filter_map(|column| reader.source(*column));
        let missing = self.loaded.missing(sources);
        let loaded = read(&self.table, &**rows, slice::from_ref(&self.part), &missing)?;
        self.loaded.columns.extend(loaded);
        Ok(())
    }

    /// Builds columns of rows in a storage.
    fn build_stored(
        &mut self,
        rows: &dyn StoredRows,
        pick: &Pick,
        is_sparse: bool,
        columns: &[usize],
    ) -> Result<Vec<ArrayRef>, Error> {
        if !is_sparse || self.loaded.has_sparse {
            self.load(columns)?;
        }
        let reader = Versions::reader(&self.table, self.stored.chunk.definition())?;
        let sources = columns.iter().filter_map(|column| reader.source(*column));
        let missing = self.loaded.missing(sources);
        let mut picked = HashMap::new();
        if !missing.is_empty() {
            self.loaded.has_sparse = true;
            picked = read(&self.table, rows, &pick.ranges(), &missing)?;
        }
        let in_part = pick.from(self.part.start);
        let mut build = |column: &usize| {
            let source = reader.source(*column);
            let loaded = source.and_then(|source| {
                let loaded = self.loaded.columns.get_mut(&source);
                loaded.map(|loaded| loaded.pick(&in_part)).or_else(|| {
                    let picked = picked.get_mut(&source)?;
                    Some(picked.joined().cloned())
                })
            });
            let values = loaded.transpose();
            let values = values.map_err(|error| arrow_error(&self.table, error))?;
            reader.converted(*column, values, pick.len())
        };
        columns.iter().map(&mut build).collect()
    }
}

impl LoadedColumns {
    /// Returns those of the columns that are not loaded, each once.
    fn missing(&self, columns: impl Iterator<Item = usize>) -> Vec<usize> {
        let mut missing: Vec<usize> = columns
            .filter(|column| !self.columns.contains_key(column))
            .collect();
        missing.sort_unstable();
        missing.dedup();
        missing
    }
}

impl RowReader for ChunkReader {
    fn len(&self) -> usize {
        self.visible.len()
    }

    fn build(
        &mut self,
        block: Range<usize>,
        selected: Option<&[usize]>,
        columns: &[usize],
    ) -> Result<Vec<ArrayRef>> {
        let pick = match (&self.visible, selected) {
            (Visible::All(rows), None) => {
                let first = rows.start as usize;
                Pick::Range(first + block.start..first + block.end)
            }
            (Visible::Rows(rows), None) => Pick::Rows(rows.slice(block.start, block.len())),
            (visible, Some(selected)) => {
                let rows = selected.iter();
                let rows = rows.map(|offset| visible.row(block.start + offset));
                Pick::Rows(rows.collect::<Vec<_>>().into())
            }
        };
        let chunk = Arc::clone(&self.stored.chunk);
        let built = match chunk.rows() {
            ChunkRows::Stored(rows) => {
                let part = self.part.len();
                let is_sparse = pick.len() * SPARSE <= part.min(SPARSE * block.len());
                self.build_stored(&**rows, &pick, selected.is_some() && is_sparse, columns)
            }
            ChunkRows::Memory(rows) => {
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
            let sources = LoadedColumns::default().missing(sources);
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
