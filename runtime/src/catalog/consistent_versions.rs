// SPDX-License-Identifier: Apache-2.0

//! [`ConsistentVersions`]: an analyzer rule that keeps a query from mixing versions of tables.

use std::sync::Arc;

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::config::ConfigOptions;
use datafusion::datasource::DefaultTableSource;
use datafusion::error::Result;
use datafusion::logical_expr::LogicalPlan;
use datafusion::optimizer::AnalyzerRule;
use kalamtable_provider::RowProvider;
use kalamtable_registry::{SchemaRegistry, TableSnapshot};

use super::block_on::block_on;
use crate::dynamic::table::DynamicTable;
use crate::error::Error;

/// Rejects a plan whose tables were never current at the same time: DataFusion looks them up one
/// after the other, and a schema change may happen in between.
#[derive(Debug)]
pub(super) struct ConsistentVersions;

impl AnalyzerRule for ConsistentVersions {
    fn name(&self) -> &str {
        "kalamtable_consistent_versions"
    }

    fn analyze(&self, plan: LogicalPlan, _config: &ConfigOptions) -> Result<LogicalPlan> {
        let mut registry: Option<SchemaRegistry> = None;
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
                // A session has the tables of one registry.
                registry.get_or_insert_with(|| table.registry().clone());
                found.push(Arc::clone(table.snapshot()));
            }
            Ok(TreeNodeRecursion::Continue)
        })?;
        let Some(registry) = registry.filter(|_| found.len() > 1) else {
            return Ok(plan);
        };
        match block_on(Box::pin(registry.find_inconsistent(&found))).map_err(Error::from)? {
            None => Ok(plan),
            Some(table) => Err(Error::InconsistentVersions {
                table: table.name().clone(),
            }
            .into()),
        }
    }
}
