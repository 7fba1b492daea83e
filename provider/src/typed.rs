// SPDX-License-Identifier: Apache-2.0

//! Implements [`ColumnarSource`] for every [`TableSource`]. The compiler generates this code once
//! per row type, so anything that does not depend on the row type belongs elsewhere.

use std::cmp::Ordering;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::execution::config::SessionConfig;
use datafusion::logical_expr::dml::InsertOp;
use futures::StreamExt;
use futures::future::{BoxFuture, FutureExt};
use kalamtable_model::TableDefinition;
use kalamtable_rows::__private::build_columns;
use kalamtable_rows::{RowKey, ToArrow, read_validated};

use crate::change::ChangeStatement;
use crate::columnar::{
    ColumnarScan, ColumnarSource, OpenedPartition, OpenedRows, PlanStatistics, RowWriter,
};
use crate::columnar_change::ColumnarChange;
use crate::error::{Error, guard, source_error};
use crate::lookup::{KeyRange, Lookup};
use crate::row_blocks::all_rows;
use crate::source::{RowsKind, ScanRequest, TableSource};
use crate::statement::{KeyOrder, Statement};
use crate::typed_reader::{TypedChunks, TypedReader};

impl<S: TableSource> ColumnarSource for S {
    fn definition(&self) -> &TableDefinition {
        S::Row::TABLE.definition
    }

    fn schema(&self) -> &SchemaRef {
        S::Row::TABLE.query_schema()
    }

    fn has_sql_order(&self) -> bool {
        S::Row::IN_SQL_ORDER
    }

    fn partitions(&self) -> Result<usize> {
        guard::<S::Row, _, _>(|| Ok(TableSource::partitions(self).max(1)))
    }

    fn key_order(&self) -> Result<KeyOrder> {
        guard::<S::Row, _, _>(|| Ok(TableSource::key_order(self)))
    }

    fn statistics(&self) -> Result<PlanStatistics> {
        guard::<S::Row, _, _>(|| {
            let statistics = TableSource::statistics(self);
            let first_column = S::Row::TABLE.definition.key_columns().first();
            let key_bounds = match (statistics.ends, first_column) {
                // A value that does not fit its column must fail only the scans that read it, not
                // the planning of every query.
                (Some([first, last]), Some(column)) => {
                    let built = build_columns([&*first, &*last], &[*column], self.schema()).ok();
                    let value = |row| ScalarValue::try_from_array(&built.as_ref()?[0], row).ok();
                    value(0).zip(value(1)).map(|(first, last)| [first, last])
                }
                _ => None,
            };
            Ok(PlanStatistics {
                row_count: statistics.row_count,
                is_estimate: false,
                key_bounds,
            })
        })
    }

    fn accepts(&self, statement: Statement) -> Result<bool> {
        guard::<S::Row, _, _>(|| Ok(TableSource::accepts(self, statement)))
    }

    fn scan(&self, scan: &ColumnarScan<'_>) -> Result<OpenedPartition> {
        guard::<S::Row, _, _>(|| {
            let request = ScanRequest {
                partition: scan.partition,
                lookup: scan.keys.and_then(Lookup::new),
                reverse: scan.reverse,
                limit: scan.limit,
                batch_size: scan.batch_size,
            };
            let rows = TableSource::scan(self, &request).map_err(source_error::<S::Row>)?;
            // The plan may be older than the order that the source declares.
            let in_key_order = scan.in_key_order || TableSource::key_order(self) != KeyOrder::None;
            let snapshot = match rows.kind {
                RowsKind::Snapshot(snapshot) => snapshot,
                RowsKind::Stream(stream) => {
                    let order = match (in_key_order, scan.reverse) {
                        (false, _) => None,
                        (true, false) => Some(Ordering::Less),
                        (true, true) => Some(Ordering::Greater),
                    };
                    return Ok(OpenedPartition {
                        rows: OpenedRows::Chunks(TypedChunks::new(stream, order).boxed()),
                        looked_up: rows.looked_up,
                    });
                }
            };
            if in_key_order && !snapshot.is_in_key_order {
                return Err(Error::NotInKeyOrder {
                    table: S::Row::TABLE.definition.name().clone(),
                    row: None,
                }
                .into());
            }
            let found = match (&request.lookup, scan.keys) {
                _ if rows.looked_up => None,
                (Some(Lookup::Key(ranges)), _) => snapshot.find(ranges),
                (_, Some(keys)) => {
                    KeyRange::of_filter(keys).and_then(|ranges| snapshot.find(&ranges))
                }
                (_, None) => None,
            };
            let looked_up = rows.looked_up || found.is_some();
            let ranges = found.unwrap_or_else(|| all_rows(snapshot.len()));
            Ok(OpenedPartition {
                rows: OpenedRows::Ranges(Box::new(TypedReader::new(snapshot, 0)), ranges),
                looked_up,
            })
        })
    }

    fn writer<'a>(&'a self, _session: &SessionConfig) -> Result<Box<dyn RowWriter + 'a>> {
        Ok(Box::new(TypedWriter {
            source: self,
            rows: Vec::new(),
        }))
    }

    fn change(&self, change: &ColumnarChange, _session: &SessionConfig) -> Result<u64> {
        guard::<S::Row, _, _>(|| {
            let statement = ChangeStatement::new(change);
            TableSource::change(self, &statement).map_err(source_error::<S::Row>)
        })
    }

    fn truncate(&self, _session: &SessionConfig) -> Result<u64> {
        guard::<S::Row, _, _>(|| TableSource::truncate(self).map_err(source_error::<S::Row>))
    }
}

struct TypedWriter<'a, S: TableSource> {
    source: &'a S,
    rows: Vec<S::Row>,
}

impl<S: TableSource> RowWriter for TypedWriter<'_, S> {
    fn push(&mut self, batch: &RecordBatch) -> Result<()> {
        let pushed = self.rows.len();
        let mut rows = guard::<S::Row, _, Error>(|| Ok(read_validated::<S::Row>(batch)?))
            .map_err(|error| error.map_row(|row| pushed + row))?;
        self.rows.append(&mut rows);
        Ok(())
    }

    fn commit(&mut self, op: InsertOp) -> BoxFuture<'_, Result<u64>> {
        async move {
            let rows = std::mem::take(&mut self.rows);
            let count = rows.len() as u64;
            guard::<S::Row, _, _>(|| {
                let written = self.source.write(op, rows);
                written.map_err(source_error::<S::Row>)
            })?;
            Ok(count)
        }
        .boxed()
    }
}
