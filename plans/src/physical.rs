// SPDX-License-Identifier: Apache-2.0

//! [`ReusablePlan`]: a physical plan that is cached without rows.

use std::sync::Arc;

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::error::Result;
use datafusion::execution::config::SessionConfig;
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::physical_plan::aggregates::AggregateExec;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::limit::GlobalLimitExec;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::sorts::sort_preserving_merge::SortPreservingMergeExec;
use datafusion::physical_plan::union::UnionExec;
use datafusion::physical_plan::{ChildrenPropertiesMode, ExecutionPlan, ReplaceChildrenOptions};
use futures::future::{BoxFuture, FutureExt};
use kalamtable_provider::__private::{attached_scan, detached_scan};

/// A physical plan that is cached without rows. Its scans get the rows of a session each time it
/// runs, and every node is created again.
///
/// Only nodes whose state is not shared between the original and the copy are reused. The others
/// are, in DataFusion 55: dynamic filters, which the scan keeps from the last run, scalar
/// subqueries, whose results all copies share, and work tables.
#[derive(Debug)]
pub(crate) struct ReusablePlan(Arc<dyn ExecutionPlan>);

impl ReusablePlan {
    /// Returns the plan without rows, or `None` if it cannot be used again.
    pub(crate) fn of(logical: &LogicalPlan, plan: &Arc<dyn ExecutionPlan>) -> Option<Self> {
        if has_variable(logical) {
            return None;
        }
        detached(plan).map(ReusablePlan)
    }

    /// Returns the plan with the rows of a session, or `None` if it has to be planned again.
    ///
    /// # Errors
    /// Fails if the session may not access the rows, or if they cannot be opened.
    pub(crate) async fn attach(
        &self,
        session: &SessionConfig,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        attached(&self.0, session).await
    }
}

fn detached(plan: &Arc<dyn ExecutionPlan>) -> Option<Arc<dyn ExecutionPlan>> {
    let children = plan.children();
    if children.is_empty() {
        return detached_scan(&**plan);
    }
    if !is_reusable(&**plan) {
        return None;
    }
    let children = children.into_iter().map(detached).collect::<Option<_>>()?;
    with_children(plan, children).ok()
}

fn attached<'a>(
    plan: &'a Arc<dyn ExecutionPlan>,
    session: &'a SessionConfig,
) -> BoxFuture<'a, Result<Option<Arc<dyn ExecutionPlan>>>> {
    async move {
        let children = plan.children();
        if children.is_empty() {
            return attached_scan(&**plan, session).await;
        }
        let mut attached_children = Vec::with_capacity(children.len());
        for child in children {
            match attached(child, session).await? {
                Some(child) => attached_children.push(child),
                None => return Ok(None),
            }
        }
        with_children(plan, attached_children).map(Some)
    }
    .boxed()
}

/// Returns a copy of a node over other children with the same properties.
fn with_children(
    plan: &Arc<dyn ExecutionPlan>,
    children: Vec<Arc<dyn ExecutionPlan>>,
) -> Result<Arc<dyn ExecutionPlan>> {
    let keep = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Keep);
    Arc::clone(plan).replace_children(children, keep)
}

/// Returns whether copies of a node share no state that an execution changes.
/// `tests/plans/operators.rs` in the crate `runtime` runs each of them twice, one after the other
/// and at the same time.
fn is_reusable(plan: &dyn ExecutionPlan) -> bool {
    let is_listed = plan.is::<AggregateExec>()
        || plan.is::<CoalescePartitionsExec>()
        || plan.is::<FilterExec>()
        || plan.is::<GlobalLimitExec>()
        || plan.is::<ProjectionExec>()
        || plan.is::<RepartitionExec>()
        || plan.is::<SortPreservingMergeExec>()
        || plan.is::<UnionExec>()
        // With a limit, it has a dynamic filter.
        || plan.downcast_ref::<SortExec>().is_some_and(|sort| sort.fetch().is_none());
    is_listed && plan.dynamic_expressions_produced().is_empty()
}

/// Returns whether a plan reads a variable of the session, which becomes a constant in the physical
/// plan.
fn has_variable(plan: &LogicalPlan) -> bool {
    let mut is_found = false;
    let visited = plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            expr.apply(|expr| {
                is_found |= matches!(expr, Expr::ScalarVariable(..));
                Ok(TreeNodeRecursion::Continue)
            })
        })
    });
    is_found || visited.is_err()
}
