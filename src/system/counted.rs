//! [`Counted`]: a source whose scans and writes are counted.

use datafusion::logical_expr::dml::InsertOp;
use kalamtable_runtime::{BoxError, Snapshot, TableSource};

use super::metrics::{Counter, Metrics};

/// A source whose scans and writes are counted.
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
    /// Counts in `metrics`, together with every other source that does.
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
}

impl<S: TableSource> TableSource for Counted<S> {
    type Row = S::Row;

    fn snapshot(&self) -> Result<Snapshot<S::Row>, BoxError> {
        self.scans.add(1);
        let snapshot = self.source.snapshot();
        if snapshot.is_err() {
            self.scan_failures.add(1);
        }
        snapshot
    }

    fn accepts(&self, op: InsertOp) -> bool {
        self.source.accepts(op)
    }

    fn insert(&self, op: InsertOp, rows: Vec<S::Row>) -> Result<(), BoxError> {
        self.writes.add(1);
        let count = rows.len() as u64;
        let written = self.source.insert(op, rows);
        match written {
            Ok(()) => self.rows_written.add(count),
            Err(_) => self.write_failures.add(1),
        }
        written
    }
}
