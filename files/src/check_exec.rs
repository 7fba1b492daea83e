// SPDX-License-Identifier: Apache-2.0

//! [`CheckExec`]: a plan node that checks the batches of its input.
//!
//! The node is the boundary between the files and the planner: the planner must not use a fact
//! about the values of the files that the check has not confirmed. The node therefore reports no
//! minimum, maximum, null count or order, and the row count as an estimate. It passes limits to its
//! input, and those filters that the statistics of the files evaluate as the checked values would.
//! Because it does not maintain the order of its input, DataFusion puts no sort below it, which
//! would pass its own filters directly to the scan.

use std::fmt;
use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, Statistics, internal_err};
use datafusion::error::DataFusionError;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::expressions::DynamicFilterPhysicalExpr;
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::CardinalityEffect;
use datafusion::physical_plan::filter_pushdown::{
    ChildFilterDescription, ChildPushdownResult, FilterDescription, FilterPushdownPhase,
    FilterPushdownPropagation,
};
use datafusion::physical_plan::statistics::StatisticsArgs;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, PlanProperties,
};
use futures::{StreamExt, TryStreamExt};

use crate::batch_check::BatchCheck;

/// A plan node that applies a [`BatchCheck`] to the batches of its input.
#[derive(Debug)]
pub(crate) struct CheckExec {
    check: Arc<BatchCheck>,
    input: Arc<dyn ExecutionPlan>,
    properties: Arc<PlanProperties>,
}

impl CheckExec {
    pub(crate) fn new(check: Arc<BatchCheck>, input: Arc<dyn ExecutionPlan>) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(check.schema())),
            input.output_partitioning().clone(),
            input.pipeline_behavior(),
            input.boundedness(),
        );
        CheckExec {
            check,
            input,
            properties: Arc::new(properties),
        }
    }
}

impl DisplayAs for CheckExec {
    fn fmt_as(&self, _format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CheckExec: table={}", self.check.table().name())
    }
}

impl ExecutionPlan for CheckExec {
    fn name(&self) -> &str {
        "CheckExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        _f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        match <[_; 1]>::try_from(children) {
            Ok([input]) => Ok(Arc::new(CheckExec::new(Arc::clone(&self.check), input))),
            Err(children) => internal_err!("CheckExec has one child, not {}", children.len()),
        }
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let check = Arc::clone(&self.check);
        let input = self.input.execute(partition, context)?;
        let batches = futures::stream::once(async move {
            check.check_converted().await?;
            Ok::<_, DataFusionError>(input.map(move |batch| {
                let batch = batch.map_err(|error| check.explain(error))?;
                check.apply(&batch)
            }))
        });
        let batches = batches.try_flatten();
        let schema = Arc::clone(self.check.schema());
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, batches)))
    }

    fn statistics_from_inputs(
        &self,
        _input_stats: &[Arc<Statistics>],
        args: &StatisticsArgs,
    ) -> Result<Arc<Statistics>> {
        let statistics = Statistics::new_unknown(self.check.schema());
        Ok(Arc::new(match args.partition() {
            // Files may have changed since, so this is an estimate for the order of joins.
            None => statistics.with_num_rows(Precision::Inexact(self.check.registered_rows())),
            Some(_) => statistics,
        }))
    }

    fn supports_limit_pushdown(&self) -> bool {
        true
    }

    fn cardinality_effect(&self) -> CardinalityEffect {
        CardinalityEffect::Equal
    }

    fn gather_filters_for_pushdown(
        &self,
        _phase: FilterPushdownPhase,
        parent_filters: Vec<Arc<dyn PhysicalExpr>>,
        options: &ConfigOptions,
    ) -> Result<FilterDescription> {
        // The dynamic filter of an aggregate can exclude rows that the aggregate needs, and looks
        // like that of a sort.
        // FIXME: https://github.com/apache/datafusion/issues/24816 (`min(a), min(b + 1)`) and
        // https://github.com/apache/datafusion/issues/25147 (a race), both in DataFusion 55.2.
        if options.optimizer.enable_aggregate_dynamic_filter_pushdown
            && parent_filters.iter().any(is_dynamic)
        {
            let child = ChildFilterDescription::all_unsupported(&parent_filters);
            return Ok(FilterDescription::new().with_child(child));
        }
        let child = ChildFilterDescription::from_child_with_allowed_indices(
            &parent_filters,
            self.check.prunable(),
            &self.input,
        )?;
        Ok(FilterDescription::new().with_child(child))
    }

    fn handle_child_pushdown_result(
        &self,
        _phase: FilterPushdownPhase,
        child_pushdown_result: ChildPushdownResult,
        _config: &ConfigOptions,
    ) -> Result<FilterPushdownPropagation<Arc<dyn ExecutionPlan>>> {
        Ok(FilterPushdownPropagation::if_all(child_pushdown_result))
    }
}

/// Returns whether `filter` contains a dynamic filter, which another plan updates during execution.
fn is_dynamic(filter: &Arc<dyn PhysicalExpr>) -> bool {
    filter.is::<DynamicFilterPhysicalExpr>() || filter.children().into_iter().any(is_dynamic)
}
