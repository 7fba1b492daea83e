// SPDX-License-Identifier: Apache-2.0

//! [`Lookup`]: the keys that a query can match, in the key types of the rows.

use std::cmp::Ordering;
use std::fmt;
use std::ops::Bound;

use arrow::array::RecordBatch;

use kalamtable_rows::{Row, RowKey};

use crate::key_filter::{KeyFilter, RangeEnds, TableKey, compare_with_range};

/// The keys that a query can match, if its filter restricts a key of the table.
///
/// A lookup is a hint: the rows that a source returns are filtered again, so the source may return
/// other rows, too. It must return every row that matches.
#[non_exhaustive]
pub enum Lookup<R: RowKey> {
    /// Ranges of primary keys, in no particular order.
    Key(Vec<KeyRange<R>>),
    /// Values of a unique key.
    Unique(UniqueValues),
}

impl<R: Row> Lookup<R> {
    /// Converts a filter to the key types of `R`. Returns `None` if one of its values is not a
    /// value of the key type: the predicate decides about such rows.
    pub(crate) fn new(filter: &KeyFilter) -> Option<Self> {
        match filter.key {
            TableKey::Primary => KeyRange::of_filter(filter).map(Lookup::Key),
            TableKey::Unique(number) => Some(Lookup::Unique(UniqueValues {
                number,
                values: filter.lower.prefixes.clone(),
            })),
        }
    }
}

impl<R: RowKey> fmt::Debug for Lookup<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Lookup::Key(ranges) => write!(f, "Key({} ranges)", ranges.len()),
            Lookup::Unique(values) => f.debug_tuple("Unique").field(values).finish(),
        }
    }
}

/// A range of primary keys.
///
/// Its bounds are prefixes of a key: tuples with one `Option` per key column. The first column that
/// the filter does not restrict is `None`, and so are all following columns.
pub struct KeyRange<R: RowKey> {
    lower: RangeEnd<R>,
    upper: RangeEnd<R>,
    is_one_key: bool,
}

struct RangeEnd<R: RowKey> {
    prefix: R::Prefix,
    is_open: bool,
    inclusive: bool,
}

impl<R: RowKey> KeyRange<R> {
    /// Converts the primary key ranges of a filter to the key types of `R`. Returns `None` if the
    /// filter does not restrict the primary key, or if one of its values is not a value of the key
    /// type: the predicate decides about such rows.
    pub(crate) fn of_filter(filter: &KeyFilter) -> Option<Vec<Self>> {
        let primary = filter.of_primary()?;
        let read = |ends: &RangeEnds| {
            let prefixes = R::read_prefixes(&ends.prefixes, ends.columns).ok()?;
            let (is_open, inclusive) = (ends.columns == 0, ends.inclusive);
            Some(prefixes.into_iter().map(move |prefix| RangeEnd {
                prefix,
                is_open,
                inclusive,
            }))
        };
        let ends = read(&primary.lower)?.zip(read(&primary.upper)?);
        let ranges = ends.map(|(lower, upper)| KeyRange {
            lower,
            upper,
            is_one_key: primary.is_exact,
        });
        Some(ranges.collect())
    }

    /// Returns the key if the range consists of exactly one key, and otherwise `None`. All columns
    /// of a returned key are `Some`.
    pub fn one_key(&self) -> Option<&R::Prefix> {
        self.is_one_key.then_some(&self.lower.prefix)
    }

    /// Returns the lower bound, or `Unbounded`. Keys that start with the prefix are in the range if
    /// the bound is `Included`, and outside of the range if it is `Excluded`.
    pub fn lower(&self) -> Bound<&R::Prefix> {
        self.lower.bound()
    }

    /// Returns the upper bound, or `Unbounded`. Keys that start with the prefix are in the range if
    /// the bound is `Included`, and outside of the range if it is `Excluded`.
    pub fn upper(&self) -> Bound<&R::Prefix> {
        self.upper.bound()
    }

    /// Compares the key of a row with the range: `Less` if it is below the range, `Equal` if it is
    /// in the range, and `Greater` if it is above.
    pub fn compare(&self, row: &R) -> Ordering {
        let with = |end: &RangeEnd<R>| (row.compare_prefix(&end.prefix), end.inclusive);
        compare_with_range(with(&self.lower), with(&self.upper))
    }
}

impl<R: RowKey> RangeEnd<R> {
    fn bound(&self) -> Bound<&R::Prefix> {
        match (self.is_open, self.inclusive) {
            (true, _) => Bound::Unbounded,
            (false, true) => Bound::Included(&self.prefix),
            (false, false) => Bound::Excluded(&self.prefix),
        }
    }
}

impl<R: RowKey> fmt::Debug for KeyRange<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = R::TABLE.definition.key_columns().len();
        write!(f, "KeyRange(of {columns} columns)")
    }
}

/// Distinct values of a unique key, without nulls.
#[derive(Clone, Debug)]
pub struct UniqueValues {
    number: usize,
    values: RecordBatch,
}

impl UniqueValues {
    /// Returns the index of the key in
    /// [`TableDefinition::unique_keys`](kalamtable_model::TableDefinition::unique_keys).
    pub fn number(&self) -> usize {
        self.number
    }

    /// Returns the values, one per row. The columns are those of the key, with the names and ids
    /// that they have in the table.
    pub fn values(&self) -> &RecordBatch {
        &self.values
    }
}
