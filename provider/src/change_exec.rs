// SPDX-License-Identifier: Apache-2.0

//! [`ChangeExec`]: the plan of an `UPDATE`, `DELETE` or `TRUNCATE`.

use std::fmt;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::internal_err;
use datafusion::common::runtime::SpawnedTask;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::metrics::{
    BaselineMetrics, ExecutionPlanMetricsSet, MetricBuilder, MetricsSet,
};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties,
    ReplaceChildrenOptions, SendableRecordBatchStream,
};
use futures::stream;

use crate::columnar::SourceRef;
use crate::columnar_change::ColumnarChange;
use crate::statement::Statement;

/// Has a source run a statement; returns the number of rows in one row, `count`.
#[derive(Debug)]
pub(crate) struct ChangeExec {
    source: SourceRef,
    work: Work,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

#[derive(Clone, Debug)]
pub(crate) enum Work {
    Change(Arc<ColumnarChange>),
    Truncate,
}

impl ChangeExec {
    pub(crate) fn new(source: SourceRef, work: Work) -> Self {
        let count = Field::new("count", DataType::UInt64, false);
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::new(Schema::new(vec![count]))),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Final,
            Boundedness::Bounded,
        );
        ChangeExec {
            source,
            work,
            properties: Arc::new(properties),
            metrics: ExecutionPlanMetricsSet::new(),
        }
    }
}

impl ExecutionPlan for ChangeExec {
    fn name(&self) -> &str {
        "RowChangeExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        if children.is_empty() {
            Ok(self)
        } else {
            internal_err!("RowChangeExec has no children")
        }
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
        _options: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        #[expect(
            deprecated,
            reason = "the trait has one form for callers and one to implement"
        )]
        self.with_new_children(children)
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        let Work::Change(change) = &self.work else {
            return Ok(TreeNodeRecursion::Continue);
        };
        for expression in change.expressions() {
            if f(expression)? == TreeNodeRecursion::Stop {
                return Ok(TreeNodeRecursion::Stop);
            }
        }
        Ok(TreeNodeRecursion::Continue)
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        if partition != 0 {
            return internal_err!("RowChangeExec has one partition, and not number {partition}");
        }
        let schema = self.schema();
        let (source, work) = (self.source.clone(), self.work.clone());
        let metrics = BaselineMetrics::new(&self.metrics, partition);
        let changed = MetricBuilder::new(&self.metrics).counter("rows_changed", partition);
        let run = async move {
            let _timer = metrics.elapsed_compute().timer();
            // It may look at many rows, and wait for other statements. Once it has begun it runs to its end,
            // also if nobody waits for it any more: as a whole.
            let work = SpawnedTask::spawn_blocking(move || match work {
                Work::Change(change) => source.change(&change, context.session_config()),
                Work::Truncate => source.truncate(context.session_config()),
            });
            let count = work
                .join()
                .await
                .map_err(|error| DataFusionError::ExecutionJoin(Box::new(error)))??;
            changed.add(usize::try_from(count).unwrap_or(usize::MAX));
            let count: ArrayRef = Arc::new(UInt64Array::from(vec![count]));
            Ok(RecordBatch::try_from_iter([("count", count)])?)
        };
        let stream = RecordBatchStreamAdapter::new(schema, stream::once(run));
        Ok(Box::pin(stream))
    }
}

impl DisplayAs for ChangeExec {
    fn fmt_as(&self, _ty: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RowChangeExec: {}, ", self.source.label())?;
        match &self.work {
            Work::Change(change) => write!(f, "{change}"),
            Work::Truncate => write!(f, "op={}", Statement::Truncate),
        }
    }
}
