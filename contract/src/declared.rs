// SPDX-License-Identifier: Apache-2.0

//! Checks of the properties that a provider and its plans declare: constraints, orders, statistics
//! and limits.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::row::{RowConverter, SortField};
use datafusion::catalog::TableProvider;
use datafusion::common::stats::Precision;
use datafusion::common::{Constraint, ScalarValue, Statistics};
use datafusion::error::Result;
use datafusion::physical_expr::LexOrdering;
use datafusion::physical_plan::execution_plan::Boundedness;
use datafusion::physical_plan::statistics::{StatisticsArgs, StatisticsContext};
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties, collect_partitioned};
use datafusion::prelude::SessionContext;

use crate::report::Violation;

/// Checks the declarations of `provider` and its plans, except constraints, against its `rows`.
/// Returns the number of checks.
pub(crate) async fn check(
    provider: &Arc<dyn TableProvider>,
    session: &SessionContext,
    rows: &RecordBatch,
) -> Result<usize, Violation> {
    let mut checks = 0;
    if let Some(statistics) = provider.statistics() {
        checks += check_statistics("the table", &statistics, rows)?;
    }
    let state = session.state();
    let failed = |error: datafusion::error::DataFusionError| Violation {
        check: "a plan of all columns".to_string(),
        expected: "its properties".to_string(),
        found: error.to_string(),
    };
    let plan = provider
        .scan(&state, None, &[], None)
        .await
        .map_err(failed)?;
    checks += check_plan(&plan, session, rows).await?;
    // A plan that runs again must return the same rows.
    checks += check_plan(&plan, session, rows).await?;
    for fetch in [0, 1, rows.num_rows(), rows.num_rows() + 1] {
        if let Some(limited) = plan.with_fetch(Some(fetch)) {
            let partitions = partitions(&limited, session).await.map_err(failed)?;
            let found: usize = partitions.iter().flatten().map(RecordBatch::num_rows).sum();
            let expected = fetch.min(rows.num_rows());
            if found != expected && plan.output_partitioning().partition_count() == 1 {
                return Err(Violation {
                    check: format!("a plan with_fetch({fetch})"),
                    expected: format!("{expected} rows"),
                    found: format!("{found} rows"),
                });
            }
            checks += 1;
        }
    }
    Ok(checks)
}

/// Checks the keys that `provider` declares. Returns the number of checks.
pub(crate) fn check_constraints(
    provider: &Arc<dyn TableProvider>,
    rows: &RecordBatch,
) -> Result<usize, Violation> {
    let mut checks = 0;
    for constraint in provider
        .constraints()
        .into_iter()
        .flat_map(|all| all.iter())
    {
        checks += 1;
        let (columns, nullable) = match constraint {
            Constraint::PrimaryKey(columns) => (columns, false),
            Constraint::Unique(columns) => (columns, true),
        };
        let violation = |found: String| Violation {
            check: format!("the constraint {constraint:?}"),
            expected: "rows that satisfy it".to_string(),
            found,
        };
        if columns.iter().any(|&column| column >= rows.num_columns()) {
            return Err(violation(format!("{} columns", rows.num_columns())));
        }
        let arrays: Vec<ArrayRef> = columns
            .iter()
            .map(|&column| Arc::clone(rows.column(column)))
            .collect();
        let Some(keys) = comparable(&arrays, None) else {
            continue;
        };
        let mut seen = HashSet::new();
        for (row, key) in keys.iter().enumerate() {
            let has_null = arrays.iter().any(|array| array.is_null(row));
            if has_null && !nullable {
                return Err(violation(format!("a null in row {row}")));
            }
            if !has_null && !seen.insert(key) {
                return Err(violation(format!(
                    "row {row}, whose key a previous row has"
                )));
            }
        }
    }
    Ok(checks)
}

/// Checks the statistics that are declared as exact. `origin` is the table or a plan.
fn check_statistics(
    origin: &str,
    declared: &Statistics,
    rows: &RecordBatch,
) -> Result<usize, Violation> {
    let differ = |name: String, expected: String, found: String| Violation {
        check: format!("the exact {name} of {origin}"),
        expected,
        found,
    };
    let count = |name: String, declared: &Precision<usize>, count: usize| match declared {
        Precision::Exact(declared) if *declared != count => {
            Err(differ(name, count.to_string(), declared.to_string()))
        }
        _ => Ok(()),
    };
    count("row count".to_string(), &declared.num_rows, rows.num_rows())?;
    let columns = rows.columns().iter().zip(rows.schema_ref().fields());
    for ((array, field), declared) in columns.zip(&declared.column_statistics) {
        let name = field.name();
        count(
            format!("null count of column `{name}`"),
            &declared.null_count,
            array.null_count(),
        )?;
        let bounds = [
            ("minimum", &declared.min_value),
            ("maximum", &declared.max_value),
        ];
        if !bounds
            .iter()
            .any(|(_, bound)| bound.is_exact() == Some(true))
        {
            continue;
        }
        let values: Vec<ScalarValue> = (0..array.len())
            .filter(|row| !array.is_null(*row))
            .filter_map(|row| ScalarValue::try_from_array(array, row).ok())
            .collect();
        for (bound, declared) in bounds {
            let Precision::Exact(declared) = declared else {
                continue;
            };
            let outside = match bound {
                "minimum" => values.iter().find(|value| *value < declared),
                _ => values.iter().find(|value| *value > declared),
            };
            // An exact bound must also be the value of a row.
            if outside.is_some() || !values.contains(declared) {
                let expected = format!("the {bound} of {} values", values.len());
                return Err(differ(
                    format!("{bound} of column `{name}`"),
                    expected,
                    declared.to_string(),
                ));
            }
        }
    }
    Ok(1)
}

async fn check_plan(
    plan: &Arc<dyn ExecutionPlan>,
    session: &SessionContext,
    rows: &RecordBatch,
) -> Result<usize, Violation> {
    let failed = |error: datafusion::error::DataFusionError| Violation {
        check: "a plan of all columns".to_string(),
        expected: "rows, statistics and orders".to_string(),
        found: error.to_string(),
    };
    let violation = |property: &str, expected: String, found: String| Violation {
        check: format!("{property} of a plan of all columns"),
        expected,
        found,
    };
    if plan.boundedness() != Boundedness::Bounded {
        let found = format!("{:?}", plan.boundedness());
        return Err(violation("the boundedness", "Bounded".to_string(), found));
    }
    let statistics = StatisticsContext::new().compute(plan.as_ref(), &StatisticsArgs::new());
    check_statistics("a plan", &*statistics.map_err(failed)?, rows)?;
    let partitions = partitions(plan, session).await.map_err(failed)?;
    let found: usize = partitions.iter().flatten().map(RecordBatch::num_rows).sum();
    if found != rows.num_rows() {
        let expected = format!("{} rows", rows.num_rows());
        return Err(violation("the rows", expected, format!("{found} rows")));
    }
    let Some(order) = plan.output_ordering() else {
        return Ok(3);
    };
    for (number, batches) in partitions.iter().enumerate() {
        if let Some(row) = first_out_of_order(order, batches).map_err(failed)? {
            let expected = format!("partition {number} ordered by {order}");
            let found = format!("row {row}, which belongs before the previous row");
            return Err(violation("the declared order", expected, found));
        }
    }
    Ok(4)
}

async fn partitions(
    plan: &Arc<dyn ExecutionPlan>,
    session: &SessionContext,
) -> Result<Vec<Vec<RecordBatch>>> {
    collect_partitioned(Arc::clone(plan), session.task_ctx()).await
}

fn first_out_of_order(order: &LexOrdering, batches: &[RecordBatch]) -> Result<Option<usize>> {
    let Some(first) = batches.first() else {
        return Ok(None);
    };
    let rows = arrow::compute::concat_batches(&first.schema(), batches)?;
    let arrays = order
        .iter()
        .map(|sort| sort.expr.evaluate(&rows)?.into_array(rows.num_rows()))
        .collect::<Result<Vec<ArrayRef>>>()?;
    let Some(keys) = comparable(&arrays, Some(order)) else {
        return Ok(None);
    };
    Ok((1..keys.num_rows()).find(|&row| keys.row(row) < keys.row(row - 1)))
}

/// Converts the rows of `arrays` to a form that compares like the values, or returns `None` if a
/// type has no such form.
pub(crate) fn comparable(
    arrays: &[ArrayRef],
    order: Option<&LexOrdering>,
) -> Option<arrow::row::Rows> {
    let fields = arrays.iter().enumerate().map(|(index, array)| {
        let ty = array.data_type().clone();
        match order.and_then(|order| order.get(index)) {
            Some(sort) => SortField::new_with_options(ty, sort.options),
            None => SortField::new(ty),
        }
    });
    let converter = RowConverter::new(fields.collect()).ok()?;
    converter.convert_columns(arrays).ok()
}
