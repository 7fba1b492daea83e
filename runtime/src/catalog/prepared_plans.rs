// SPDX-License-Identifier: Apache-2.0

//! [`RejectPreparedPlans`]: keeps DataFusion from storing plans over tables.

use datafusion::common::plan_err;
use datafusion::common::tree_node::{Transformed, TreeNodeRecursion};
use datafusion::error::Result;
use datafusion::logical_expr::LogicalPlan;
use datafusion::optimizer::{OptimizerConfig, OptimizerRule};

/// Rejects `PREPARE` in `SessionContext::sql` if the statement uses a table. DataFusion would store
/// the plan, run it after a table was changed, dropped or replaced, and return the rows of the old
/// one.
#[derive(Debug)]
pub(super) struct RejectPreparedPlans;

impl OptimizerRule for RejectPreparedPlans {
    fn name(&self) -> &str {
        "kalamtable_reject_prepared_plans"
    }

    fn supports_rewrite(&self) -> bool {
        true
    }

    fn rewrite(
        &self,
        plan: LogicalPlan,
        config: &dyn OptimizerConfig,
    ) -> Result<Transformed<LogicalPlan>> {
        // DataFusion 55 optimizes the statement of a `PREPARE` without the functions of the
        // session, and any other statement with them.
        if config.function_registry().is_some() {
            return Ok(Transformed::no(plan));
        }
        match table_of(&plan)? {
            None => Ok(Transformed::no(plan)),
            Some(table) => plan_err!(
                "`PREPARE` with table `{table}`, which can change: run it with \
                 `DynamicTables::sql` or prepare the statement with `DynamicTables::session`"
            ),
        }
    }
}

/// Returns the name of a table that a plan reads or writes, or `None` if it uses none.
fn table_of(plan: &LogicalPlan) -> Result<Option<String>> {
    let mut table = None;
    plan.apply_with_subqueries(|node| {
        table = match node {
            LogicalPlan::TableScan(scan) => Some(scan.table_name.to_string()),
            LogicalPlan::Dml(statement) => Some(statement.table_name.to_string()),
            _ => None,
        };
        Ok(match table {
            Some(_) => TreeNodeRecursion::Stop,
            None => TreeNodeRecursion::Continue,
        })
    })?;
    Ok(table)
}
