// SPDX-License-Identifier: Apache-2.0

//! [`ChangeStatement`]: an `UPDATE` or `DELETE` as a typed source runs it.

use std::fmt;
use std::marker::PhantomData;

use arrow::array::RecordBatch;
use kalamtable_rows::{Row, read_validated};

use crate::columnar_change::{ChangeSink, ColumnarChange};
use crate::error::Error;
use crate::look_up::{KeyRange, LookUp};
use crate::row_blocks::{RowBlock, all_rows};
use crate::snapshot::Snapshot;
use crate::statement::{BoxError, Statement};
use crate::typed_reader::TypedReader;

/// An `UPDATE` or a `DELETE`, as a source runs it.
pub struct ChangeStatement<'a, R> {
    change: &'a ColumnarChange,
    row: PhantomData<fn() -> R>,
}

/// What a statement does to one row.
#[derive(Clone, Debug, PartialEq)]
pub struct RowChange<R> {
    /// The number of the row in the snapshot, from 0.
    pub row: usize,
    /// What it is afterwards, with the fields that are no columns as they were; `None` if it is deleted.
    pub after: Option<R>,
}

impl<'a, R: Row> ChangeStatement<'a, R> {
    pub(crate) fn new(change: &'a ColumnarChange) -> Self {
        ChangeStatement {
            change,
            row: PhantomData,
        }
    }

    /// [`Statement::Update`] or [`Statement::Delete`].
    pub fn kind(&self) -> Statement {
        self.change.kind()
    }

    /// What the statement says of a key, if it does: it changes no row that this leaves out.
    pub fn look_up(&self) -> Option<LookUp<R>> {
        LookUp::new(self.change.keys()?)
    }

    /// What the statement does to `rows`: in ascending order, each row at most once. The rows may be
    /// some of the table's, if each of them is asked for once.
    ///
    /// The rows afterwards have been checked for nulls, closed sets, lengths and ranges, and not for
    /// keys: an `UPDATE` may change those.
    ///
    /// # Errors
    /// If a predicate or an assignment fails, or its value does not fit its column.
    pub fn changes(&self, rows: &Snapshot<R>) -> Result<Vec<RowChange<R>>, BoxError> {
        let ranges = self.change.keys().and_then(KeyRange::of_filter);
        let found = ranges.and_then(|ranges| rows.find(&ranges));
        let found = found.unwrap_or_else(|| all_rows(rows.len()));
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

/// The changes of a statement to a snapshot.
struct TypedChanges<R, I> {
    /// The rows before, from number `next` on.
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
        let rows = read_validated::<R>(after);
        let rows = rows.map_err(|error| {
            let number = |row| block.rows().nth(row).unwrap_or_default();
            Error::from(error).map_row(number)
        })?;
        for (row, mut after) in block.rows().zip(rows) {
            if R::HAS_SKIPPED
                && let Some(before) = self.rows.nth(row - self.next)
            {
                after.keep_skipped(before.clone());
                self.next = row + 1;
            }
            let after = Some(after);
            self.changes.push(RowChange { row, after });
        }
        Ok(())
    }
}
