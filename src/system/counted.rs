// SPDX-License-Identifier: Apache-2.0

//! [`Counted`]: counts the scans and writes of a source.

use datafusion::logical_expr::dml::InsertOp;
use kalamtable_provider::{
    BoxError, ChangeStatement, KeyOrder, Rows, ScanRequest, SourceStatistics, Statement,
    TableSource,
};

use super::metrics::{Counter, Metrics};

/// A source that forwards to another source and counts scans and writes.
#[derive(Debug)]
pub(super) struct Counted<S> {
    source: S,
    scans: Counter,
    scan_failures: Counter,
    writes: Counter,
    write_failures: Counter,
    rows_written: Counter,
}

impl<S> Counted<S> {
    /// Wraps `source`. All sources with the same `metrics` share their counters.
    pub(super) fn new(source: S, metrics: &Metrics) -> Self {
        Counted {
            source,
            scans: metrics.counter("scans"),
            scan_failures: metrics.counter("scan_failures"),
            writes: metrics.counter("write_statements"),
            write_failures: metrics.counter("write_failures"),
            rows_written: metrics.counter("rows_written"),
        }
    }

    /// Counts a statement and its rows; `None` if it failed.
    fn count_write(&self, rows: Option<u64>) {
        self.writes.add(1);
        match rows {
            Some(rows) => self.rows_written.add(rows),
            None => self.write_failures.add(1),
        }
    }
}

impl<S: TableSource> TableSource for Counted<S> {
    type Row = S::Row;

    fn scan(&self, request: &ScanRequest<S::Row>) -> Result<Rows<S::Row>, BoxError> {
        self.scans.add(1);
        let rows = self.source.scan(request);
        if rows.is_err() {
            self.scan_failures.add(1);
        }
        rows
    }

    fn partitions(&self) -> usize {
        self.source.partitions()
    }

    fn key_order(&self) -> KeyOrder {
        self.source.key_order()
    }

    fn statistics(&self) -> SourceStatistics<S::Row> {
        self.source.statistics()
    }

    fn accepts(&self, statement: Statement) -> bool {
        self.source.accepts(statement)
    }

    fn write(&self, op: InsertOp, rows: Vec<S::Row>) -> Result<(), BoxError> {
        let count = rows.len() as u64;
        let written = self.source.write(op, rows);
        self.count_write(written.is_ok().then_some(count));
        written
    }

    fn change(&self, statement: &ChangeStatement<'_, S::Row>) -> Result<u64, BoxError> {
        let changed = self.source.change(statement);
        self.count_write(changed.as_ref().ok().copied());
        changed
    }

    fn truncate(&self) -> Result<u64, BoxError> {
        let removed = self.source.truncate();
        self.count_write(removed.as_ref().ok().copied());
        removed
    }
}
