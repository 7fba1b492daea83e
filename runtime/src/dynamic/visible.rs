// SPDX-License-Identifier: Apache-2.0

//! [`Visibility`]: the rows of a partition that a query sees.

use std::ops::Range;

use arrow::array::UInt32Array;
use kalamtable_model::TableDefinition;
use kalamtable_store::UnixMicros;

use super::storage::PartitionChunk;

/// The rows of a partition that a query sees.
#[derive(Clone, Copy, Debug)]
pub(super) struct Visibility {
    /// Rows that arrived at or before this time have expired.
    expired: Option<UnixMicros>,
    with_deleted: bool,
}

impl Visibility {
    /// Creates the view at time `now`, with or without deleted rows.
    pub(super) fn new(definition: &TableDefinition, now: UnixMicros, with_deleted: bool) -> Self {
        let expired = definition.ttl_seconds().map(|seconds| {
            let micros = i64::try_from(seconds.get()).unwrap_or(i64::MAX);
            UnixMicros(now.0.saturating_sub(micros.saturating_mul(1_000_000)))
        });
        Visibility {
            expired,
            with_deleted,
        }
    }

    /// Returns whether the rows of a chunk have expired.
    pub(super) fn has_expired(&self, entry: &PartitionChunk) -> bool {
        let arrived_at = entry.chunk.arrived_at();
        self.expired.is_some_and(|expired| arrived_at <= expired)
    }

    /// Returns whether a row has expired.
    pub(super) fn has_row_expired(&self, entry: &PartitionChunk, row: u32) -> bool {
        self.expired
            .is_some_and(|expired| entry.chunk.row_arrived_at(row) <= expired)
    }

    /// Returns whether some rows of a chunk have expired.
    fn has_expired_rows(&self, entry: &PartitionChunk) -> bool {
        let first = entry.chunk.first_arrived_at();
        self.expired.is_some_and(|expired| first <= expired)
    }

    /// Returns the visible rows in a part of a chunk.
    pub(super) fn of(&self, entry: &PartitionChunk, part: Range<u32>) -> Visible {
        if self.has_expired(entry) {
            return Visible::Range(0..0);
        }
        let hides_deleted = !self.with_deleted && !entry.chunk.tombstones().is_empty();
        let has_expired_rows = self.has_expired_rows(entry);
        if !hides_deleted && entry.superseded.is_none() && !has_expired_rows {
            return Visible::Range(part);
        }
        let visible = part.filter(|row| self.is_visible(entry, *row));
        Visible::Rows(visible.collect::<Vec<_>>().into())
    }

    /// Returns those of the rows at `positions` that are visible.
    pub(super) fn of_rows(&self, entry: &PartitionChunk, positions: &[u32]) -> Visible {
        let positions = positions.iter().copied();
        let visible = positions.filter(|row| self.is_visible(entry, *row));
        Visible::Rows(visible.collect::<Vec<_>>().into())
    }

    fn is_visible(&self, entry: &PartitionChunk, row: u32) -> bool {
        entry.is_present(row)
            && (self.with_deleted || !entry.chunk.tombstones().contains(row))
            && !self.has_row_expired(entry, row)
    }

    /// Returns whether deleted rows are visible.
    pub(super) fn shows_deleted(&self) -> bool {
        self.with_deleted
    }

    /// Returns the number of visible rows of a chunk.
    pub(super) fn count(&self, entry: &PartitionChunk) -> usize {
        if self.has_expired_rows(entry) {
            return self.of(entry, 0..entry.chunk.len() as u32).len();
        }
        let tombstones = entry.chunk.tombstones();
        let hidden = match &entry.superseded {
            Some(superseded) if self.with_deleted => superseded.len(),
            Some(superseded) => superseded.union_len(tombstones),
            None if self.with_deleted => 0,
            None => tombstones.len(),
        };
        entry.chunk.len() - hidden
    }
}

/// The visible rows in a part of a chunk.
pub(super) enum Visible {
    /// The rows in this range.
    Range(Range<u32>),
    /// The rows at these ascending positions.
    Rows(UInt32Array),
}

impl Visible {
    pub(super) fn len(&self) -> usize {
        match self {
            Visible::Range(rows) => rows.len(),
            Visible::Rows(rows) => rows.len(),
        }
    }

    /// Returns the position in the chunk of the visible row with this number.
    pub(super) fn row(&self, number: usize) -> u32 {
        match self {
            Visible::Range(rows) => rows.start + number as u32,
            Visible::Rows(rows) => rows.value(number),
        }
    }

    /// Keeps the first `length` rows.
    pub(super) fn truncate(&mut self, length: usize) {
        match self {
            Visible::Range(rows) => rows.end = rows.start + length.min(rows.len()) as u32,
            Visible::Rows(rows) => *rows = rows.slice(0, length.min(rows.len())),
        }
    }
}
