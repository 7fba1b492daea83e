// SPDX-License-Identifier: Apache-2.0

//! [`KeyRead`]: a query of columns of one table by its primary key or a unique key, which runs
//! without the physical planner.

use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use datafusion::common::metadata::ScalarAndMetadata;
use datafusion::datasource::DefaultTableSource;
use datafusion::error::Result;
use datafusion::execution::SessionState;
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{Expr, FetchType, LogicalPlan, Operator, SkipType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream};
use futures::StreamExt;
use kalamtable_provider::RowProvider;

use crate::parameters::bind_expr;

/// A query of columns of one table by key.
#[derive(Debug)]
pub(crate) struct KeyRead {
    provider: Arc<dyn TableProvider>,
    projection: Option<Vec<usize>>,
    filters: Vec<Expr>,
    fetch: Option<usize>,
    /// The position in the scan of each column of the result.
    columns: Vec<usize>,
    schema: SchemaRef,
}

impl KeyRead {
    /// Returns the query of an optimized plan, or `None` if it is not a query by key.
    pub(crate) fn of(plan: &LogicalPlan) -> Option<Self> {
        let mut columns: Vec<usize> = (0..plan.schema().fields().len()).collect();
        let mut node = plan;
        let scan = loop {
            node = match node {
                LogicalPlan::TableScan(scan) => break scan,
                LogicalPlan::SubqueryAlias(alias) => &alias.input,
                // A key has at most one row.
                LogicalPlan::Limit(limit)
                    if matches!(limit.get_skip_type(), Ok(SkipType::Literal(0)))
                        && matches!(limit.get_fetch_type(),
                            Ok(FetchType::Literal(fetch)) if fetch.is_none_or(|fetch| fetch > 0)) =>
                {
                    &limit.input
                }
                LogicalPlan::Projection(projection) => {
                    let input = projection.input.schema();
                    let position = |column: &usize| match unaliased(&projection.expr[*column]) {
                        Expr::Column(column) => input.maybe_index_of_column(column),
                        _ => None,
                    };
                    columns = columns.iter().map(position).collect::<Option<_>>()?;
                    &projection.input
                }
                _ => return None,
            };
        };
        let source = scan.source.downcast_ref::<DefaultTableSource>()?;
        let provider = source.table_provider.downcast_ref::<RowProvider>()?;
        let filters: Vec<&Expr> = scan.filters.iter().flat_map(split_conjunction).collect();
        let definition = provider.definition();
        let is_fixed = |position: &usize| {
            let name = &*definition.columns()[*position].name;
            filters.iter().any(|filter| fixes(filter, name))
        };
        let mut keys = std::iter::once(definition.key_columns())
            .chain(definition.unique_keys().iter().map(|key| &**key));
        if !keys.any(|key| !key.is_empty() && key.iter().all(is_fixed)) {
            return None;
        }
        Some(KeyRead {
            provider: Arc::clone(&source.table_provider),
            projection: scan.projection.clone(),
            filters: filters.into_iter().cloned().collect(),
            fetch: scan.fetch,
            columns,
            schema: Arc::clone(plan.schema().inner()),
        })
    }

    /// Plans the scan for a session.
    pub(crate) async fn plan(
        &self,
        values: &[ScalarAndMetadata],
        state: &SessionState,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let filters = self.filters.iter().cloned();
        let bound = filters
            .map(|filter| bind_expr(filter, values))
            .collect::<Result<Vec<_>>>()?;
        let projection = self.projection.as_ref();
        self.provider
            .scan(state, projection, &bound, self.fetch)
            .await
    }

    /// Returns the result columns of the rows of the scan.
    pub(crate) fn result(&self, rows: SendableRecordBatchStream) -> SendableRecordBatchStream {
        let is_unchanged = self
            .columns
            .iter()
            .copied()
            .eq(0..rows.schema().fields().len());
        if is_unchanged && rows.schema() == self.schema {
            return rows;
        }
        let (columns, schema) = (self.columns.clone(), Arc::clone(&self.schema));
        let renamed = rows.map(move |batch| {
            let batch = batch?;
            let arrays = columns
                .iter()
                .map(|column| Arc::clone(batch.column(*column)));
            let options = datafusion::arrow::array::RecordBatchOptions::new()
                .with_row_count(Some(batch.num_rows()));
            Ok(RecordBatch::try_new_with_options(
                Arc::clone(&schema),
                arrays.collect(),
                &options,
            )?)
        });
        Box::pin(RecordBatchStreamAdapter::new(
            Arc::clone(&self.schema),
            renamed,
        ))
    }

    /// Returns the approximate size in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let columns = self.columns.len() + self.projection.as_ref().map_or(0, Vec::len);
        self.filters.len() * 1024 + columns * size_of::<usize>() + self.schema.fields().len() * 64
    }
}

fn unaliased(expr: &Expr) -> &Expr {
    match expr {
        Expr::Alias(alias) => unaliased(&alias.expr),
        expr => expr,
    }
}

/// Returns whether a condition requires that a column has one value.
fn fixes(filter: &Expr, name: &str) -> bool {
    let Expr::BinaryExpr(binary) = filter else {
        return false;
    };
    let is_column = |expr: &Expr| matches!(expr, Expr::Column(column) if column.name == name);
    let is_value = |expr: &Expr| matches!(expr, Expr::Literal(..) | Expr::Placeholder(_));
    binary.op == Operator::Eq
        && ((is_column(&binary.left) && is_value(&binary.right))
            || (is_value(&binary.left) && is_column(&binary.right)))
}
