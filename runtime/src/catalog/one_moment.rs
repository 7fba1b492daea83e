// SPDX-License-Identifier: Apache-2.0

//! [`OneMoment`]: a query sees all its tables as they were at one moment, or does not run.

use std::sync::Arc;

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::config::ConfigOptions;
use datafusion::datasource::DefaultTableSource;
use datafusion::error::Result;
use datafusion::logical_expr::LogicalPlan;
use datafusion::optimizer::AnalyzerRule;
use kalamtable_provider::RowProvider;
use kalamtable_registry::{SchemaRegistry, TableSnapshot};

use super::wait::wait;
use crate::dynamic::DynamicTable;
use crate::error::Error;

/// Refuses a query whose tables were at no moment all there together in the versions that it has: DataFusion
/// looks them up one after the other.
#[derive(Debug)]
pub(super) struct OneMoment {
    pub(super) registry: SchemaRegistry,
}

impl AnalyzerRule for OneMoment {
    fn name(&self) -> &str {
        "kalamtable_one_moment"
    }

    fn analyze(&self, plan: LogicalPlan, _config: &ConfigOptions) -> Result<LogicalPlan> {
        let mut found: Vec<Arc<TableSnapshot>> = Vec::new();
        plan.apply_with_subqueries(|node| {
            if let LogicalPlan::TableScan(scan) = node
                && let Some(source) = scan.source.downcast_ref::<DefaultTableSource>()
                && let Some(provider) = source.table_provider.downcast_ref::<RowProvider>()
                && let Some(table) = provider.table::<DynamicTable>()
                && !found
                    .iter()
                    .any(|other| Arc::ptr_eq(other, table.snapshot()))
            {
                found.push(Arc::clone(table.snapshot()));
            }
            Ok(TreeNodeRecursion::Continue)
        })?;
        if found.len() < 2 {
            return Ok(plan);
        }
        match wait(Box::pin(self.registry.find_inconsistent(&found))).map_err(Error::from)? {
            None => Ok(plan),
            Some(table) => Err(Error::NotOneMoment {
                table: table.name().clone(),
            }
            .into()),
        }
    }
}
