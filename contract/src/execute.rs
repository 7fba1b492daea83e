// SPDX-License-Identifier: Apache-2.0

//! Runs plans and queries, and collects their answers.

use std::sync::Arc;

use datafusion::dataframe::DataFrame;
use datafusion::error::Result;
use datafusion::physical_plan::{ExecutionPlan, collect_partitioned};
use datafusion::prelude::SessionContext;

use crate::cases::{Limit, Query, TABLE, select_list};
use crate::result_rows::ResultRows;

/// Collects the batches of all partitions, one partition after the other.
pub(crate) async fn collect_plan(
    session: &SessionContext,
    plan: Arc<dyn ExecutionPlan>,
) -> Result<ResultRows> {
    let schema = plan.schema();
    let partitions = collect_partitioned(plan, session.task_ctx()).await?;
    Ok(ResultRows::new(
        schema,
        partitions.into_iter().flatten().collect(),
    ))
}

async fn collect_frame(frame: DataFrame) -> Result<ResultRows> {
    let schema = Arc::new(frame.schema().as_arrow().clone());
    Ok(ResultRows::new(schema, frame.collect().await?))
}

async fn frame_of(session: &SessionContext, query: &Query) -> Result<DataFrame> {
    match query {
        Query::Sql(sql) => session.sql(sql).await,
        Query::Select { columns, filter } => {
            let table = session.table(TABLE).await?;
            let selected = select_list(table.schema().as_arrow(), columns);
            let filtered = match filter {
                Some(filter) => table.filter(filter.clone())?,
                None => table,
            };
            filtered.select(selected)
        }
    }
}

/// Runs a query with limits, each applied to the result of the previous one.
pub(crate) async fn answer_of(
    session: &SessionContext,
    query: &Query,
    limits: &[Limit],
) -> Result<ResultRows> {
    let mut frame = frame_of(session, query).await?;
    for limit in limits {
        frame = frame.limit(limit.skip, Some(limit.fetch))?;
    }
    collect_frame(frame).await
}
