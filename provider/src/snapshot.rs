// SPDX-License-Identifier: Apache-2.0

//! [`Snapshot`]: an unchanging set of rows that a source returns to a scan.

use std::cmp::Ordering;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use kalamtable_rows::{KeyedRow, Row};

use crate::error::Error;
use crate::lookup::KeyRange;
use crate::row_chunks::RowChunks;

/// The rows of a table at one point in time.
///
/// The rows never change, and a clone shares them. Create a snapshot from a `Vec<R>` or a
/// `Vec<Arc<R>>`, or with [`in_key_order`](Self::in_key_order) if the rows are sorted by primary
/// key.
pub struct Snapshot<R> {
    pub(crate) rows: SnapshotRows<R>,
    pub(crate) is_in_key_order: bool,
}

pub(crate) enum SnapshotRows<R> {
    Slice(Arc<Vec<R>>),
    Chunks(Arc<RowChunks<R>>),
}

impl<R: KeyedRow> Snapshot<R> {
    /// Creates a snapshot of rows in primary key order with distinct keys. A query finds rows by
    /// key in such a snapshot without reading the others.
    ///
    /// # Errors
    /// Fails with [`Error::NotInKeyOrder`], which contains the number of the first row whose key is
    /// not greater than the key of the previous row.
    pub fn in_key_order(rows: Vec<R>) -> Result<Self, Error> {
        match out_of_order(&rows) {
            None => Ok(Snapshot::new(SnapshotRows::Slice(Arc::new(rows)), true)),
            Some(row) => Err(Error::NotInKeyOrder {
                table: R::TABLE.definition.name().clone(),
                row: Some(row),
            }),
        }
    }
}

impl<R> Snapshot<R> {
    pub(crate) fn new(rows: SnapshotRows<R>, is_in_key_order: bool) -> Self {
        Snapshot {
            rows,
            is_in_key_order,
        }
    }

    /// Creates a snapshot of chunks in primary key order.
    pub(crate) fn from_chunks(chunks: Arc<RowChunks<R>>) -> Self {
        Snapshot::new(SnapshotRows::Chunks(chunks), true)
    }

    /// Returns the number of rows.
    pub fn len(&self) -> usize {
        match &self.rows {
            SnapshotRows::Slice(rows) => rows.len(),
            SnapshotRows::Chunks(chunks) => chunks.len,
        }
    }

    /// Returns whether the snapshot has no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the rows in their order.
    pub fn iter(&self) -> impl Iterator<Item = &R> + Clone {
        let (slice, chunks) = match &self.rows {
            SnapshotRows::Slice(rows) => (&rows[..], &[][..]),
            SnapshotRows::Chunks(chunks) => (&[][..], &chunks.chunks[..]),
        };
        let chunked = chunks.iter().flat_map(|chunk| chunk.iter());
        slice.iter().chain(chunked.map(|row| &**row))
    }
}

impl<R> Snapshot<R> {
    /// Returns the number of rows for which `is_before` is true. These rows must precede all
    /// others.
    fn partition_point(&self, is_before: impl Fn(&R) -> bool) -> usize {
        match &self.rows {
            SnapshotRows::Slice(rows) => rows.partition_point(is_before),
            SnapshotRows::Chunks(chunks) => {
                let full = chunks
                    .chunks
                    .partition_point(|chunk| chunk.last().is_some_and(|row| is_before(row)));
                let before: usize = chunks.chunks[..full].iter().map(|chunk| chunk.len()).sum();
                let within = chunks.chunks.get(full);
                before + within.map_or(0, |chunk| chunk.partition_point(|row| is_before(row)))
            }
        }
    }
}

impl<R: Row> Snapshot<R> {
    /// Returns the row numbers of the keys in `ranges`, as ascending ranges that are not adjacent,
    /// or `None` if the rows are not in key order.
    pub(crate) fn find(&self, ranges: &[KeyRange<R>]) -> Option<Vec<Range<usize>>> {
        if !self.is_in_key_order {
            return None;
        }
        let found = ranges.iter().map(|range| {
            let begin = self.partition_point(|row| range.compare(row) == Ordering::Less);
            let end = self.partition_point(|row| range.compare(row) != Ordering::Greater);
            begin..end
        });
        Some(join_ranges(found))
    }
}

/// Sorts ranges of rows, drops the empty ones, and joins those that are adjacent or overlap.
pub(crate) fn join_ranges(ranges: impl Iterator<Item = Range<usize>>) -> Vec<Range<usize>> {
    let mut joined: Vec<Range<usize>> = ranges.filter(|range| !range.is_empty()).collect();
    joined.sort_unstable_by_key(|range| range.start);
    joined.dedup_by(|next, previous| {
        let is_joined = next.start <= previous.end;
        if is_joined {
            previous.end = previous.end.max(next.end);
        }
        is_joined
    });
    joined
}

/// Returns the number of the first row whose key is not greater than the key of the previous row,
/// or `None` if the rows are in key order. Rows without a primary key are never in key order.
pub(crate) fn out_of_order<R: Row>(rows: &[R]) -> Option<usize> {
    if R::TABLE.definition.key_columns().is_empty() {
        return Some(0);
    }
    let mut pairs = rows.windows(2);
    pairs
        .position(|pair| pair[0].compare_keys(&pair[1]) != Ordering::Less)
        .map(|row| row + 1)
}

impl<R> From<Vec<R>> for Snapshot<R> {
    fn from(rows: Vec<R>) -> Self {
        Snapshot::new(SnapshotRows::Slice(Arc::new(rows)), false)
    }
}

impl<R> From<Vec<Arc<R>>> for Snapshot<R> {
    fn from(rows: Vec<Arc<R>>) -> Self {
        Snapshot::new(
            SnapshotRows::Chunks(Arc::new(RowChunks::of_rows(rows))),
            false,
        )
    }
}

impl<R> Clone for Snapshot<R> {
    fn clone(&self) -> Self {
        let rows = match &self.rows {
            SnapshotRows::Slice(rows) => SnapshotRows::Slice(Arc::clone(rows)),
            SnapshotRows::Chunks(chunks) => SnapshotRows::Chunks(Arc::clone(chunks)),
        };
        Snapshot::new(rows, self.is_in_key_order)
    }
}

impl<R> fmt::Debug for Snapshot<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Snapshot({} rows)", self.len())
    }
}
