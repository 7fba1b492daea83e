// SPDX-License-Identifier: Apache-2.0

//! [`ChangeExec`]: the plan of an `UPDATE`, `DELETE` or `TRUNCATE`.
//!
//! It is not a `DataSource`, because it returns a row count: it has no rows that a parent could
//! filter, limit or order.

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
    SendableRecordBatchStream,
};
use futures::stream;

use crate::columnar::SourceRef;
use crate::columnar_change::ColumnarChange;
use crate::leaf_plan::leaf_plan;
use crate::statement::Statement;

/// Runs a statement in its source. The result is one row, which holds the number of changed rows in
/// column `count`.
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
    leaf_plan!("RowChangeExec");

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
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
            return internal_err!(
                "RowChangeExec has one partition, but partition {partition} was executed"
            );
        }
        let schema = self.schema();
        let (source, work) = (Arc::clone(&self.source), self.work.clone());
        let metrics = BaselineMetrics::new(&self.metrics, partition);
        let changed = MetricBuilder::new(&self.metrics).counter("rows_changed", partition);
        let run = async move {
            let _timer = metrics.elapsed_compute().timer();
            // The statement may read many rows and wait for other statements, hence the thread for
            // blocking work. Once started it runs to completion, even if the query is cancelled, so
            // that it takes effect completely.
            let task = SpawnedTask::spawn_blocking(move || match work {
                Work::Change(change) => source.change(&change, context.session_config()),
                Work::Truncate => source.truncate(context.session_config()),
            });
            let count = task
                .join()
                .await
                .map_err(|error| DataFusionError::ExecutionJoin(Box::new(error)))??;
            changed.add(usize::try_from(count).unwrap_or(usize::MAX));
            let array: ArrayRef = Arc::new(UInt64Array::from(vec![count]));
            Ok(RecordBatch::try_from_iter([("count", array)])?)
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
