// SPDX-License-Identifier: Apache-2.0

//! The sources that come with the library: [`FixedRows`] and [`VirtualRows`].

use std::fmt;
use std::sync::Arc;

use kalamtable_rows::__private::build_columns;
use kalamtable_rows::Row;

use crate::distinct_keys::DuplicateKey;
use crate::error::{Error, guard};
use crate::snapshot::{Snapshot, SnapshotRows, out_of_order};
use crate::source::{Rows, ScanRequest, SourceStatistics, TableSource};
use crate::statement::{BoxError, KeyOrder};

/// A source of rows that never change. If two rows have the same primary key or the same unique
/// key, every scan fails with [`Error::DuplicateKey`].
///
/// ```
/// # use kalamtable_rows::doc_example::Event;
/// use kalamtable_provider::{FixedRows, RowProvider};
///
/// let provider = RowProvider::new(FixedRows::new(vec![Event { id: 1, title: None }]));
/// # let _ = provider;
/// ```
pub struct FixedRows<R> {
    rows: Arc<Vec<R>>,
    is_in_key_order: bool,
    /// The first and the last row, if they are in key order.
    ends: Option<[Arc<R>; 2]>,
    /// A key that two rows have.
    duplicate: Option<DuplicateKey>,
}

impl<R: Row> FixedRows<R> {
    /// Creates a source that returns `rows` in this order. If `rows` are in primary key order,
    /// queries find rows by key, and need no sort for `ORDER BY` the key.
    pub fn new(rows: Vec<R>) -> Self {
        let is_in_key_order = out_of_order(&rows).is_none();
        let ends = rows.first().zip(rows.last()).filter(|_| is_in_key_order);
        FixedRows {
            duplicate: duplicate(&rows, is_in_key_order),
            is_in_key_order,
            ends: ends.map(|(first, last)| [first, last].map(|row| Arc::new(row.clone()))),
            rows: Arc::new(rows),
        }
    }
}

/// Returns a key that two of `rows` have. The rows are in primary key order if `is_in_key_order` is
/// set, so their primary keys are distinct.
fn duplicate<R: Row>(rows: &[R], is_in_key_order: bool) -> Option<DuplicateKey> {
    // A value that does not fit its column must fail only the scans that read it.
    let schema = R::TABLE.query_schema();
    let build =
        |columns: &[usize]| guard::<R, _, Error>(|| Ok(build_columns(rows, columns, schema)?));
    let arrays = |columns: &[usize]| build(columns).unwrap_or_default();
    let definition = R::TABLE.definition;
    DuplicateKey::find(definition, is_in_key_order, arrays).unwrap_or_default()
}

impl<R> fmt::Debug for FixedRows<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FixedRows({} rows)", self.rows.len())
    }
}

impl<R: Row> TableSource for FixedRows<R> {
    type Row = R;

    fn scan(&self, _request: &ScanRequest<R>) -> Result<Rows<R>, BoxError> {
        if let Some(duplicate) = &self.duplicate {
            return Err(duplicate.error(R::TABLE.definition).into());
        }
        let rows = SnapshotRows::Slice(Arc::clone(&self.rows));
        Ok(Snapshot::new(rows, self.is_in_key_order).into())
    }

    fn key_order(&self) -> KeyOrder {
        if self.is_in_key_order {
            KeyOrder::Either
        } else {
            KeyOrder::None
        }
    }

    fn statistics(&self) -> SourceStatistics<R> {
        // With statistics, the planner would answer `count(*)` without a scan, and hide the error.
        if self.duplicate.is_some() {
            return SourceStatistics::default();
        }
        SourceStatistics {
            ends: self.ends.clone(),
            ..SourceStatistics::of_count(self.rows.len())
        }
    }
}

/// A source whose rows a closure computes for each scan: a virtual table. The keys of the rows are
/// not checked, and no query relies on them.
///
/// ```
/// # use kalamtable_rows::doc_example::Event;
/// use kalamtable_provider::{RowProvider, VirtualRows};
///
/// let provider = RowProvider::new(VirtualRows::new(|| {
///     let title = std::fs::read_to_string("title.txt")?;
///     Ok(vec![Event { id: 1, title: Some(title) }])
/// }));
/// # let _ = provider;
/// ```
pub struct VirtualRows<R> {
    rows: Box<RowsFn<R>>,
}

type RowsFn<R> = dyn Fn() -> Result<Vec<R>, BoxError> + Send + Sync;

impl<R: Row> VirtualRows<R> {
    /// Creates a source that calls `rows` for each scan. An error of `rows` fails the query. The
    /// closure runs on a thread that drives futures, so it must not block for long.
    pub fn new(rows: impl Fn() -> Result<Vec<R>, BoxError> + Send + Sync + 'static) -> Self {
        VirtualRows {
            rows: Box::new(rows),
        }
    }
}

impl<R> fmt::Debug for VirtualRows<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VirtualRows")
    }
}

impl<R: Row> TableSource for VirtualRows<R> {
    type Row = R;

    fn scan(&self, _request: &ScanRequest<R>) -> Result<Rows<R>, BoxError> {
        (self.rows)().map(Rows::from)
    }
}
