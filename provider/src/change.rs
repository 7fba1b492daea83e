// SPDX-License-Identifier: Apache-2.0

//! [`ChangeStatement`]: an `UPDATE` or `DELETE` as a typed source runs it.

use std::fmt;
use std::marker::PhantomData;

use arrow::array::RecordBatch;
use kalamtable_rows::{Row, read_validated};

use crate::columnar_change::{ChangeSink, ColumnarChange};
use crate::error::Error;
use crate::lookup::{KeyRange, Lookup};
use crate::row_blocks::{RowBlock, all_rows};
use crate::snapshot::Snapshot;
use crate::statement::{BoxError, Statement};
use crate::typed_reader::TypedReader;

/// An `UPDATE` or `DELETE` statement that a [`TableSource`](crate::TableSource) runs.
pub struct ChangeStatement<'a, R> {
    change: &'a ColumnarChange,
    row: PhantomData<fn() -> R>,
}

/// The effect of an `UPDATE` or `DELETE` on one row.
#[derive(Clone, Debug, PartialEq)]
pub struct RowChange<R> {
    /// The number of the row in the snapshot, from 0.
    pub row: usize,
    /// The updated row, or `None` if the row is deleted. Fields that are not columns keep their
    /// values.
    pub after: Option<R>,
}

impl<'a, R: Row> ChangeStatement<'a, R> {
    pub(crate) fn new(change: &'a ColumnarChange) -> Self {
        ChangeStatement {
            change,
            row: PhantomData,
        }
    }

    /// Returns [`Statement::Update`] or [`Statement::Delete`].
    pub fn kind(&self) -> Statement {
        self.change.kind()
    }

    /// Returns the keys that the statement can match, or `None` if its condition does not restrict
    /// a key. The statement never changes a row with another key.
    pub fn lookup(&self) -> Option<Lookup<R>> {
        Lookup::new(self.change.keys()?)
    }

    /// Evaluates the statement over `rows`, and returns its changes in ascending order of the row
    /// numbers, at most one per row.
    ///
    /// `rows` may be a part of the table. The source then calls this method once for each part, and
    /// every row of the table is in exactly one part.
    ///
    /// The updated rows satisfy the null, closed-set, length and range checks of their columns.
    /// Their keys are not checked: an `UPDATE` may change them.
    ///
    /// # Errors
    /// Fails if a predicate or an assignment fails, or if an assigned value does not fit its
    /// column.
    pub fn changes(&self, rows: &Snapshot<R>) -> Result<Vec<RowChange<R>>, BoxError> {
        let ranges = self.change.keys().and_then(KeyRange::of_filter);
        let found = ranges
            .and_then(|ranges| rows.find(&ranges))
            .unwrap_or_else(|| all_rows(rows.len()));
        let mut sink = TypedChanges {
            rows: rows.iter(),
            next: 0,
            changes: Vec::new(),
        };
        let mut reader = TypedReader::new(rows.clone(), 0);
        self.change.run(&mut reader, found, &mut sink)?;
        Ok(sink.changes)
    }
}

impl<R> fmt::Debug for ChangeStatement<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChangeStatement({})", self.change)
    }
}

/// Collects the changes of a statement as typed rows.
struct TypedChanges<R, I> {
    /// The rows before the change, from number `next` on.
    rows: I,
    next: usize,
    changes: Vec<RowChange<R>>,
}

impl<'r, R: Row, I: Iterator<Item = &'r R>> ChangeSink for TypedChanges<R, I> {
    fn delete(&mut self, block: &RowBlock) {
        let rows = block.rows().map(|row| RowChange { row, after: None });
        self.changes.extend(rows);
    }

    fn update(&mut self, block: &RowBlock, after: &RecordBatch) -> Result<(), Error> {
        let rows = read_validated::<R>(after).map_err(|error| {
            let number = |row| block.rows().nth(row).unwrap_or_default();
            Error::from(error).map_row(number)
        })?;
        for (row, mut updated) in block.rows().zip(rows) {
            if R::HAS_SKIPPED
                && let Some(before) = self.rows.nth(row - self.next)
            {
                updated.keep_skipped(before.clone());
                self.next = row + 1;
            }
            self.changes.push(RowChange {
                row,
                after: Some(updated),
            });
        }
        Ok(())
    }
}
