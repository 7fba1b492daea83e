// SPDX-License-Identifier: Apache-2.0

//! [`RejectPreparedPlans`]: keeps DataFusion from storing plans over dynamic tables.

use datafusion::common::plan_err;
use datafusion::common::tree_node::Transformed;
use datafusion::error::Result;
use datafusion::logical_expr::LogicalPlan;
use datafusion::optimizer::{OptimizerConfig, OptimizerRule};

use super::dynamic_scans::dynamic_table_of;

/// Rejects `PREPARE` in `SessionContext::sql` if the statement uses a dynamic table. DataFusion
/// would store the plan, run it after a schema change or a drop, and return the rows of the old
/// version.
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
        match dynamic_table_of(&plan)? {
            None => Ok(Transformed::no(plan)),
            Some(table) => plan_err!(
                "`PREPARE` with table `{table}`, whose schema can change: run it with \
                 `DynamicTables::sql` or prepare the statement with `DynamicTables::session`"
            ),
        }
    }
}
