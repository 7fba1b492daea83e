// SPDX-License-Identifier: Apache-2.0

//! [`View`]: the rows of a partition that a query sees; [`ChunkReader`]: reads them.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, UInt32Array};
use datafusion::error::Result;
use kalamtable_model::TableDefinition;
use kalamtable_provider::RowReader;
use kalamtable_registry::TableSnapshot;
use kalamtable_store::UnixMicros;

use super::storage::{ChunkId, StoredChunk};
use super::versions::{Pick, Versions};
use crate::error::Error;

/// The rows of a partition that a query sees.
#[derive(Clone, Copy, Debug)]
pub(super) struct View {
    /// Rows that arrived at or before this time have expired.
    expired: Option<UnixMicros>,
    with_deleted: bool,
}

impl View {
    /// Creates the view at time `now`, with or without deleted rows.
    pub(super) fn new(definition: &TableDefinition, now: UnixMicros, with_deleted: bool) -> Self {
        let expired = definition.ttl_seconds().map(|seconds| {
            let micros = i64::try_from(seconds.get()).unwrap_or(i64::MAX);
            UnixMicros(now.0.saturating_sub(micros.saturating_mul(1_000_000)))
        });
        View {
            expired,
            with_deleted,
        }
    }

    /// Returns whether the rows of a chunk have expired.
    pub(super) fn has_expired(&self, stored: &StoredChunk) -> bool {
        let arrived_at = stored.chunk.arrived_at();
        self.expired.is_some_and(|expired| arrived_at <= expired)
    }

    /// Returns whether a row has expired.
    pub(super) fn has_row_expired(&self, stored: &StoredChunk, row: u32) -> bool {
        self.expired
            .is_some_and(|expired| stored.chunk.row_arrived_at(row) <= expired)
    }

    /// Returns whether some rows of a chunk have expired.
    fn has_expired_rows(&self, stored: &StoredChunk) -> bool {
        let first = stored.chunk.first_arrived_at();
        self.expired.is_some_and(|expired| first <= expired)
    }

    /// Returns the visible rows of a chunk.
    pub(super) fn of(&self, stored: &StoredChunk) -> Visible {
        if self.has_expired(stored) {
            return Visible::Rows(UInt32Array::from(Vec::<u32>::new()));
        }
        let deleted = stored.chunk.deleted();
        let deleted = deleted.filter(|_| !self.with_deleted && stored.chunk.tombstones() > 0);
        let length = stored.chunk.len();
        let has_expired_rows = self.has_expired_rows(stored);
        if deleted.is_none() && stored.superseded.is_none() && !has_expired_rows {
            return Visible::All(length);
        }
        let is_seen = |row: &u32| {
            stored.is_present(*row)
                && deleted.is_none_or(|deleted| !deleted.value(*row as usize))
                && !(has_expired_rows && self.has_row_expired(stored, *row))
        };
        Visible::Rows(
            (0..length as u32)
                .filter(is_seen)
                .collect::<Vec<_>>()
                .into(),
        )
    }

    /// Returns those of the rows at `positions` that are visible.
    pub(super) fn of_rows(&self, stored: &StoredChunk, positions: &[u32]) -> Visible {
        let deleted = stored.chunk.deleted().filter(|_| !self.with_deleted);
        let is_seen = |row: &u32| {
            stored.is_present(*row) && deleted.is_none_or(|deleted| !deleted.value(*row as usize))
        };
        let positions = positions.iter().copied();
        let visible = positions.filter(|row| is_seen(row) && !self.has_row_expired(stored, *row));
        Visible::Rows(visible.collect::<Vec<_>>().into())
    }

    /// Returns whether deleted rows are visible.
    pub(super) fn shows_deleted(&self) -> bool {
        self.with_deleted
    }

    /// Returns the number of visible rows of a chunk.
    pub(super) fn count(&self, stored: &StoredChunk) -> usize {
        if self.has_expired_rows(stored) || stored.superseded.is_some() {
            self.of(stored).len()
        } else if self.with_deleted {
            stored.chunk.len()
        } else {
            stored.chunk.len() - stored.chunk.tombstones()
        }
    }
}

/// Some rows of a chunk.
pub(super) enum Visible {
    /// All rows; their number.
    All(usize),
    /// The rows at these ascending positions.
    Rows(UInt32Array),
}

impl Visible {
    pub(super) fn len(&self) -> usize {
        match self {
            Visible::All(length) => *length,
            Visible::Rows(rows) => rows.len(),
        }
    }

    /// Returns the position in the chunk of the visible row with this number.
    pub(super) fn row(&self, number: usize) -> u32 {
        match self {
            Visible::All(_) => number as u32,
            Visible::Rows(rows) => rows.value(number),
        }
    }
}

/// Reads the visible rows of a chunk under the version for which a query was planned.
pub(super) struct ChunkReader {
    table: Arc<TableSnapshot>,
    stored: StoredChunk,
    visible: Visible,
    /// The number of the first row in the partition.
    first_row: usize,
}

impl ChunkReader {
    pub(super) fn new(
        table: &Arc<TableSnapshot>,
        stored: StoredChunk,
        view: &View,
        first_row: usize,
    ) -> Self {
        ChunkReader {
            table: Arc::clone(table),
            visible: view.of(&stored),
            stored,
            first_row,
        }
    }

    /// Creates a reader of those of the rows at `positions` that are visible.
    pub(super) fn at(
        table: &Arc<TableSnapshot>,
        stored: StoredChunk,
        view: &View,
        positions: &[u32],
        first_row: usize,
    ) -> Self {
        ChunkReader {
            table: Arc::clone(table),
            visible: view.of_rows(&stored, positions),
            stored,
            first_row,
        }
    }

    /// Returns the id of the chunk.
    pub(super) fn chunk(&self) -> ChunkId {
        self.stored.id
    }

    /// Returns the position in the chunk of the visible row with this number.
    pub(super) fn row(&self, number: usize) -> u32 {
        self.visible.row(number)
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
            (Visible::All(_), None) => Pick::Range(block.clone()),
            (Visible::Rows(rows), None) => Pick::Rows(rows.slice(block.start, block.len())),
            (visible, Some(selected)) => {
                let rows = selected.iter();
                let rows = rows.map(|offset| visible.row(block.start + offset));
                Pick::Rows(rows.collect::<Vec<_>>().into())
            }
        };
        let reader = Versions::reader(&self.table, self.stored.chunk.definition())?;
        let rows = self.stored.chunk.rows();
        let built = columns
            .iter()
            .map(|column| reader.column(rows, &pick, *column))
            .collect::<Result<Vec<_>, Error>>();
        let first_row = self.first_row + block.start;
        Ok(built.map_err(|error| {
            error.map_row(|row| {
                let offset = selected.map_or(Some(row), |selected| selected.get(row).copied());
                first_row + offset.unwrap_or_default()
            })
        })?)
    }
}
