// SPDX-License-Identifier: Apache-2.0

//! [`dynamic_table_of`]: finds a dynamic table in a plan.

use std::sync::Arc;

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::DefaultTableSource;
use datafusion::error::Result;
use datafusion::logical_expr::{LogicalPlan, TableSource};
use kalamtable_model::TableName;
use kalamtable_provider::__private::insert_target;
use kalamtable_provider::RowProvider;

use crate::dynamic::table::DynamicTable;

/// Returns the name of a dynamic table that a plan reads or writes, or `None` if it uses none.
pub(super) fn dynamic_table_of(plan: &LogicalPlan) -> Result<Option<TableName>> {
    let mut table = None;
    plan.apply_with_subqueries(|node| {
        let source = match node {
            LogicalPlan::TableScan(scan) => Some(&*scan.source),
            LogicalPlan::Dml(statement) => Some(&*statement.target),
            _ => None,
        };
        table = source.and_then(dynamic_table);
        Ok(if table.is_some() {
            TreeNodeRecursion::Stop
        } else {
            TreeNodeRecursion::Continue
        })
    })?;
    Ok(table)
}

fn dynamic_table(source: &dyn TableSource) -> Option<TableName> {
    let provider = insert_target(source).or_else(|| {
        let source = source.downcast_ref::<DefaultTableSource>()?;
        Some(Arc::clone(&source.table_provider))
    })?;
    let provider = provider.downcast_ref::<RowProvider>()?;
    let table = provider.table::<DynamicTable>()?;
    Some(table.snapshot().name().clone())
}
