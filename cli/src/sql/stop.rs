// SPDX-License-Identifier: Apache-2.0

//! [`StopFlag`]: stops the parts of a query that would compute for minutes without yielding.
//!
//! A query is dropped when it yields to its runtime. The joins of DataFusion yield only when their
//! inputs do, and a nested loop join returns nothing for as long as no row matches.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow::array::RecordBatch;
use arrow::datatypes::{FieldRef, Schema};
use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::joins::utils::JoinFilter;
use datafusion::physical_plan::joins::{NestedLoopJoinExec, NestedLoopJoinExecBuilder};
use datafusion::physical_plan::{ExecutionPlan, PhysicalExpr};

/// A flag that stops a query. Its clones are the same flag.
#[derive(Clone, Debug, Default)]
pub(crate) struct StopFlag(Arc<AtomicBool>);

impl StopFlag {
    /// Stops the query.
    pub(crate) fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Returns the plan with joins that yield, and that stop when the flag is set.
    ///
    /// # Errors
    /// Fails if a plan cannot be rebuilt.
    pub(crate) fn stoppable(&self, plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
        let plan = plan.transform_up(|plan| {
            if !plan.name().ends_with("JoinExec") {
                return Ok(Transformed::no(plan));
            }
            let join = match plan.downcast_ref::<NestedLoopJoinExec>() {
                Some(join) => self.stoppable_join(join)?.unwrap_or(plan),
                None => plan,
            };
            let join: Arc<dyn ExecutionPlan> = Arc::new(CooperativeExec::new(join));
            Ok(Transformed::yes(join))
        })?;
        Ok(plan.data)
    }

    /// Returns the join with a filter that fails when the flag is set, or `None` if the join has no
    /// filter.
    fn stoppable_join(&self, join: &NestedLoopJoinExec) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let Some(filter) = join.filter() else {
            return Ok(None);
        };
        let expression = StoppableExpr {
            inner: Arc::clone(filter.expression()),
            flag: self.clone(),
        };
        let filter = JoinFilter::new(
            Arc::new(expression),
            filter.column_indices().to_vec(),
            Arc::clone(filter.schema()),
        );
        let join = NestedLoopJoinExecBuilder::from(join).with_filter(Some(filter));
        Ok(Some(Arc::new(join.build()?)))
    }
}

/// An expression that fails when its flag is set.
#[derive(Debug)]
struct StoppableExpr {
    inner: Arc<dyn PhysicalExpr>,
    flag: StopFlag,
}

impl PartialEq for StoppableExpr {
    fn eq(&self, other: &Self) -> bool {
        self.inner.eq(&other.inner)
    }
}

impl Eq for StoppableExpr {}

impl Hash for StoppableExpr {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.inner.hash(state);
    }
}

impl fmt::Display for StoppableExpr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl PhysicalExpr for StoppableExpr {
    fn return_field(&self, input_schema: &Schema) -> Result<FieldRef> {
        self.inner.return_field(input_schema)
    }

    fn evaluate(&self, batch: &RecordBatch) -> Result<ColumnarValue> {
        if self.flag.0.load(Ordering::Relaxed) {
            return Err(DataFusionError::Execution(
                "the query is stopped".to_string(),
            ));
        }
        self.inner.evaluate(batch)
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        vec![&self.inner]
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn PhysicalExpr>>,
    ) -> Result<Arc<dyn PhysicalExpr>> {
        let mut children = children.into_iter();
        match (children.next(), children.next()) {
            (Some(inner), None) => Ok(Arc::new(StoppableExpr {
                inner,
                flag: self.flag.clone(),
            })),
            _ => Err(DataFusionError::Internal(
                "the filter of a join has one expression".to_string(),
            )),
        }
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt_sql(f)
    }
}
