// SPDX-License-Identifier: Apache-2.0

//! [`Snapshot`]: the rows of one moment.

use std::cmp::Ordering;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use kalamtable_rows::{KeyedRow, Row};

use crate::error::Error;
use crate::look_up::KeyRange;

/// The rows of one moment. They never change; a clone is cheap.
pub struct Snapshot<R> {
    pub(crate) rows: RowsOf<R>,
    pub(crate) is_in_key_order: bool,
}

pub(crate) enum RowsOf<R> {
    Slice(Arc<Vec<R>>),
    Chunks(Arc<Chunks<R>>),
}

/// Rows in chunks, none of them empty, that snapshots share.
pub(crate) struct Chunks<R> {
    pub(crate) chunks: Vec<Chunk<R>>,
    /// How many rows there are in all chunks.
    pub(crate) len: usize,
}

pub(crate) type Chunk<R> = Arc<Vec<Arc<R>>>;

impl<R: KeyedRow> Snapshot<R> {
    /// Rows in the order of their keys, each key once: a query finds rows in them by key.
    ///
    /// # Errors
    /// [`Error::NotInKeyOrder`] with the first row that does not come after the one before it.
    pub fn in_key_order(rows: Vec<R>) -> Result<Self, Error> {
        match out_of_order(&rows) {
            None => Ok(Snapshot::new(RowsOf::Slice(Arc::new(rows)), true)),
            Some(row) => Err(Error::NotInKeyOrder {
                table: R::TABLE.definition.name().clone(),
                row: Some(row),
            }),
        }
    }
}

impl<R> Snapshot<R> {
    pub(crate) fn new(rows: RowsOf<R>, is_in_key_order: bool) -> Self {
        Snapshot {
            rows,
            is_in_key_order,
        }
    }

    /// Chunks of rows in the order of their keys.
    pub(crate) fn from_chunks(chunks: Arc<Chunks<R>>) -> Self {
        Snapshot::new(RowsOf::Chunks(chunks), true)
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        match &self.rows {
            RowsOf::Slice(rows) => rows.len(),
            RowsOf::Chunks(chunks) => chunks.len,
        }
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rows, in order.
    pub fn iter(&self) -> impl Iterator<Item = &R> + Clone {
        let (slice, chunks) = match &self.rows {
            RowsOf::Slice(rows) => (&rows[..], &[][..]),
            RowsOf::Chunks(chunks) => (&[][..], &chunks.chunks[..]),
        };
        let chunked = chunks.iter().flat_map(|chunk| chunk.iter());
        slice.iter().chain(chunked.map(|row| &**row))
    }
}

impl<R> Snapshot<R> {
    /// How many of the first rows `is_before` holds for; it holds for none behind them.
    fn partition_point(&self, is_before: impl Fn(&R) -> bool) -> usize {
        match &self.rows {
            RowsOf::Slice(rows) => rows.partition_point(is_before),
            RowsOf::Chunks(chunks) => {
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
    /// The rows whose keys are in `ranges`, as ascending ranges of rows that do not touch; `None` if the
    /// rows are not in key order.
    pub(crate) fn find(&self, ranges: &[KeyRange<R>]) -> Option<Vec<Range<usize>>> {
        if !self.is_in_key_order {
            return None;
        }
        let found = ranges.iter().map(|range| {
            let begin = self.partition_point(|row| range.compare(row) == Ordering::Less);
            let end = self.partition_point(|row| range.compare(row) != Ordering::Greater);
            begin..end
        });
        Some(joined(found))
    }
}

/// Ranges of rows, in any order, as ascending ones that are not empty and do not touch.
pub(crate) fn joined(ranges: impl Iterator<Item = Range<usize>>) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = ranges.filter(|range| !range.is_empty()).collect();
    ranges.sort_unstable_by_key(|range| range.start);
    ranges.dedup_by(|next, before| {
        let is_joined = next.start <= before.end;
        if is_joined {
            before.end = before.end.max(next.end);
        }
        is_joined
    });
    ranges
}

/// The first row that does not come after the one before it in the order of keys; the first if rows
/// have none.
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
        Snapshot::new(RowsOf::Slice(Arc::new(rows)), false)
    }
}

impl<R> From<Vec<Arc<R>>> for Snapshot<R> {
    fn from(rows: Vec<Arc<R>>) -> Self {
        Snapshot::new(RowsOf::Chunks(Arc::new(Chunks::of_rows(rows))), false)
    }
}

impl<R> Chunks<R> {
    /// These rows in one chunk.
    pub(crate) fn of_rows(rows: Vec<Arc<R>>) -> Self {
        let len = rows.len();
        let chunks = match len {
            0 => Vec::new(),
            _ => vec![Arc::new(rows)],
        };
        Chunks { chunks, len }
    }
}

impl<R> Clone for Snapshot<R> {
    fn clone(&self) -> Self {
        let rows = match &self.rows {
            RowsOf::Slice(rows) => RowsOf::Slice(rows.clone()),
            RowsOf::Chunks(chunks) => RowsOf::Chunks(chunks.clone()),
        };
        Snapshot::new(rows, self.is_in_key_order)
    }
}

impl<R> fmt::Debug for Snapshot<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Snapshot({} rows)", self.len())
    }
}
