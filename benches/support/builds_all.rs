// SPDX-License-Identifier: Apache-2.0

//! A table provider as it is commonly written, and a function that runs a query.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::datasource::{MemTable, TableType};
use datafusion::logical_expr::Expr;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::SessionContext;
use kalamtable::system::jobs::{Job, SCHEMA};
use tokio::runtime::Runtime;

use crate::jobs;

/// Runs a query, and returns the number of rows.
pub(crate) fn query(runtime: &Runtime, ctx: &SessionContext, sql: &str) -> usize {
    let batches = runtime.block_on(async { ctx.sql(sql).await?.collect().await });
    let batches = batches.expect("the query runs");
    batches.iter().map(|batch| batch.num_rows()).sum()
}

/// The common implementation: a scan builds every column of every row, and lets `MemTable` project
/// them.
#[derive(Debug)]
pub(crate) struct BuildsAll {
    rows: Vec<Job>,
}

impl BuildsAll {
    /// Creates a table of these rows.
    pub(crate) fn new(rows: Vec<Job>) -> Self {
        BuildsAll { rows }
    }
}

#[async_trait]
impl TableProvider for BuildsAll {
    fn schema(&self) -> SchemaRef {
        SCHEMA.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> datafusion::error::Result<Arc<dyn ExecutionPlan>> {
        let batch = jobs::by_hand(&self.rows)?;
        let table = MemTable::try_new(SCHEMA.clone(), vec![vec![batch]])?;
        table.scan(state, projection, filters, limit).await
    }
}
