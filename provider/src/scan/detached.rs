// SPDX-License-Identifier: Apache-2.0

//! [`DetachedSource`]: the place of a source in a cached plan.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::common::internal_err;
use datafusion::error::Result;
use datafusion::execution::config::SessionConfig;
use kalamtable_model::TableDefinition;

use crate::columnar::{
    ColumnarScan, ColumnarSource, ColumnarTable, OpenedPartition, PlanStatistics, RowWriter,
};
use crate::columnar_change::ColumnarChange;
use crate::statement::{KeyOrder, Statement};

/// The place of a source in a cached plan. It has no rows, and is replaced before the plan runs.
#[derive(Debug)]
pub(super) struct DetachedSource(pub(super) Arc<dyn ColumnarTable>);

impl ColumnarSource for DetachedSource {
    fn definition(&self) -> &TableDefinition {
        self.0.definition()
    }

    fn schema(&self) -> &SchemaRef {
        self.0.schema()
    }

    fn has_sql_order(&self) -> bool {
        false
    }

    fn partitions(&self) -> Result<usize> {
        not_attached()
    }

    fn key_order(&self) -> Result<KeyOrder> {
        not_attached()
    }

    fn statistics(&self) -> Result<PlanStatistics> {
        Ok(PlanStatistics::default())
    }

    fn accepts(&self, _statement: Statement) -> Result<bool> {
        Ok(false)
    }

    fn scan(&self, _scan: &ColumnarScan<'_>) -> Result<OpenedPartition> {
        not_attached()
    }

    fn writer<'a>(&'a self, _session: &SessionConfig) -> Result<Box<dyn RowWriter + 'a>> {
        not_attached()
    }

    fn change(&self, _change: &ColumnarChange, _session: &SessionConfig) -> Result<u64> {
        not_attached()
    }

    fn truncate(&self, _session: &SessionConfig) -> Result<u64> {
        not_attached()
    }
}

fn not_attached<T>() -> Result<T> {
    internal_err!("a cached plan runs without the rows of its tables")
}
