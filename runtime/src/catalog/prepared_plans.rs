// SPDX-License-Identifier: Apache-2.0

//! [`RejectPreparedPlans`]: keeps DataFusion from storing plans over dynamic tables.

use datafusion::common::plan_err;
use datafusion::common::tree_node::{Transformed, TreeNodeRecursion};
use datafusion::datasource::DefaultTableSource;
use datafusion::error::Result;
use datafusion::logical_expr::{LogicalPlan, TableSource};
use datafusion::optimizer::{OptimizerConfig, OptimizerRule};
use kalamtable_provider::__private::insert_target;
use kalamtable_provider::RowProvider;

use crate::dynamic::table::DynamicTable;

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
        let mut table = None;
        plan.apply_with_subqueries(|node| {
            let source = match node {
                LogicalPlan::TableScan(scan) => Some(&*scan.source),
                LogicalPlan::Dml(statement) => Some(&*statement.target),
                _ => None,
            };
            if let Some(name) = source.and_then(dynamic_table) {
                table = Some(name);
                return Ok(TreeNodeRecursion::Stop);
            }
            Ok(TreeNodeRecursion::Continue)
        })?;
        match table {
            None => Ok(Transformed::no(plan)),
            Some(table) => plan_err!(
                "`PREPARE` with table `{table}`, whose schema can change: run it with \
                 `DynamicTables::sql` or prepare the statement with `DynamicTables::session`"
            ),
        }
    }
}

fn dynamic_table(source: &dyn TableSource) -> Option<String> {
    let provider = insert_target(source).or_else(|| {
        let source = source.downcast_ref::<DefaultTableSource>()?;
        Some(std::sync::Arc::clone(&source.table_provider))
    })?;
    let provider = provider.downcast_ref::<RowProvider>()?;
    let table = provider.table::<DynamicTable>()?;
    Some(table.snapshot().name().to_string())
}
