// SPDX-License-Identifier: Apache-2.0

//! [`LookUp`]: what a query says of a key, in the words of the table's rows.

use std::cmp::Ordering;
use std::fmt;
use std::ops::Bound;

use arrow::array::RecordBatch;

use kalamtable_rows::{Row, RowKey};

use crate::key_filter::{Key, KeyFilter, RangeEnds, place_in_range};

/// What a query says of a key of its table.
#[non_exhaustive]
pub enum LookUp<R: RowKey> {
    /// The rows that it wants have primary keys in one of these ranges, which may touch each other.
    Key(Vec<KeyRange<R>>),
    /// The rows that it wants have one of these values of a unique key.
    Unique(UniqueValues),
}

impl<R: Row> LookUp<R> {
    /// `None` if a value is none that the key can have: that is for the predicate to judge.
    pub(crate) fn new(filter: &KeyFilter) -> Option<Self> {
        match filter.key {
            Key::Primary => KeyRange::of_filter(filter).map(LookUp::Key),
            Key::Unique(number) => Some(LookUp::Unique(UniqueValues {
                number,
                values: filter.lower.prefixes.clone(),
            })),
        }
    }
}

impl<R: RowKey> fmt::Debug for LookUp<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LookUp::Key(ranges) => write!(f, "Key({} ranges)", ranges.len()),
            LookUp::Unique(values) => f.debug_tuple("Unique").field(values).finish(),
        }
    }
}

/// A range of primary keys. Its ends are prefixes of a key: a tuple with an `Option` for each column
/// of the key, `None` from the first column on that the query does not name.
pub struct KeyRange<R: RowKey> {
    lower: End<R>,
    upper: End<R>,
    is_one_key: bool,
}

struct End<R: RowKey> {
    prefix: R::Prefix,
    is_open: bool,
    inclusive: bool,
}

impl<R: RowKey> KeyRange<R> {
    /// What a filter says of the primary key; `None` if it says nothing, or names a value that is none
    /// that the key can have: that is for the predicate to judge.
    pub(crate) fn of_filter(filter: &KeyFilter) -> Option<Vec<Self>> {
        let filter = filter.of_primary()?;
        let read = |ends: &RangeEnds| {
            let prefixes = R::read_prefixes(&ends.prefixes, ends.columns).ok()?;
            let (is_open, inclusive) = (ends.columns == 0, ends.inclusive);
            Some(prefixes.into_iter().map(move |prefix| End {
                prefix,
                is_open,
                inclusive,
            }))
        };
        let ends = read(&filter.lower)?.zip(read(&filter.upper)?);
        let ranges = ends.map(|(lower, upper)| KeyRange {
            lower,
            upper,
            is_one_key: filter.is_exact,
        });
        Some(ranges.collect())
    }

    /// The key, with all its columns, if the range is that one key.
    pub fn one_key(&self) -> Option<&R::Prefix> {
        self.is_one_key.then_some(&self.lower.prefix)
    }

    /// Where the range begins: keys that begin with an inclusive prefix are in it.
    pub fn lower(&self) -> Bound<&R::Prefix> {
        self.lower.bound()
    }

    /// Where the range ends: keys that begin with an inclusive prefix are in it.
    pub fn upper(&self) -> Bound<&R::Prefix> {
        self.upper.bound()
    }

    /// Whether a row is before the range (`Less`), in it, or behind it (`Greater`).
    pub fn compare(&self, row: &R) -> Ordering {
        let with = |end: &End<R>| (row.compare_prefix(&end.prefix), end.inclusive);
        place_in_range(with(&self.lower), with(&self.upper))
    }
}

impl<R: RowKey> End<R> {
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

/// Values of a unique key, none of them null, each once.
#[derive(Clone, Debug)]
pub struct UniqueValues {
    number: usize,
    values: RecordBatch,
}

impl UniqueValues {
    /// The number of the key in
    /// [`TableDefinition::unique_keys`](kalamtable_model::TableDefinition::unique_keys).
    pub fn number(&self) -> usize {
        self.number
    }

    /// The values, one a row: the columns of the key under their names and ids in the table.
    pub fn values(&self) -> &RecordBatch {
        &self.values
    }
}
