// SPDX-License-Identifier: Apache-2.0

//! [`RowScanExec`]: the plan of a scan.
//!
//! A scan reads its rows in blocks of at most one batch, which bounds its memory. For each block it
//! builds the columns of the filter, and then the other columns for the rows that passed. The steps
//! are in the submodules: the column layout, the statistics, the block reader and the output
//! stream.
//!
//! This is not a [`DataSource`] in a [`DataSourceExec`], which have every hook that the scan needs
//! except one. A scan has to drop its dynamic filters in [`ExecutionPlan::reset_state`]: a plan
//! that runs again, such as the recursive term of a query, creates other dynamic filters, and the
//! values of the previous run would exclude rows. `DataSource` has no such method, and
//! `DataSourceExec::reset_state` of DataFusion 55 only clears its own execution state, so the
//! filters of the source would stay.
//!
//! [`DataSource`]: datafusion::datasource::source::DataSource
//! [`DataSourceExec`]: datafusion::datasource::source::DataSourceExec

mod block_reader;
mod columns;
mod detached;
mod statistics;
mod stream;

use std::fmt;
use std::sync::Arc;

use arrow::compute::SortOptions;
use arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Statistics, internal_err};
use datafusion::config::ConfigOptions;
use datafusion::error::Result;
use datafusion::execution::TaskContext;
use datafusion::execution::config::SessionConfig;
use datafusion::functions_aggregate::min_max::MinAccumulator;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{
    AcrossPartitions, ConstExpr, EquivalenceProperties, LexOrdering, PhysicalExpr, PhysicalSortExpr,
};
use datafusion::physical_expr_common::physical_expr::is_volatile;
use datafusion::physical_plan::coop::cooperative;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, SchedulingType};
use datafusion::physical_plan::filter_pushdown::{
    ChildPushdownResult, FilterPushdownPhase, FilterPushdownPropagation, PushedDown,
};
use datafusion::physical_plan::metrics::{
    BaselineMetrics, ExecutionPlanMetricsSet, MetricBuilder, MetricsSet,
};
use datafusion::physical_plan::sort_pushdown::SortOrderPushdownResult;
use datafusion::physical_plan::statistics::StatisticsArgs;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties,
    SendableRecordBatchStream,
};

use crate::columnar::{Access, ColumnarScan, ColumnarTable, OpenedRows, PlanStatistics, SourceRef};
use crate::filter::{Filter, is_dynamic};
use crate::key_filter::KeyFilter;
use crate::leaf_plan::leaf_plan;
use crate::row_blocks::RowCursor;
use crate::statement::KeyOrder;
use block_reader::BlockReader;
use columns::ScanColumns;
use detached::DetachedSource;
use statistics::ScanStatistics;
use stream::ScanStream;

/// The scan of a table. It returns the rows that pass a filter, up to a limit per partition.
#[derive(Clone, Debug)]
pub(crate) struct RowScanExec {
    /// The table whose source this is.
    table: Arc<dyn ColumnarTable>,
    source: SourceRef,
    columns: Arc<ScanColumns>,
    /// The filter of the query, and the filters that the plan has pushed down since.
    filter: Option<Arc<Filter>>,
    /// The part of `filter` that is the same in every execution: all of it except the dynamic
    /// filters.
    static_filter: Option<Arc<Filter>>,
    /// The keys that the filter of the query can match.
    keys: Option<Arc<KeyFilter>>,
    /// The statistics of the table when the query was planned.
    planned: PlanStatistics,
    /// The order of the source when the query was planned. The plan relies on it.
    key_order: KeyOrder,
    partitions: usize,
    /// Whether the rows are returned from the last one to the first one.
    reverse: bool,
    /// The maximum number of rows to return per partition.
    fetch: Option<usize>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl RowScanExec {
    /// Creates a scan that returns the columns at the positions `projection`, in any order and
    /// possibly repeated, or all columns.
    ///
    /// # Errors
    /// Fails if the table has no column at one of the positions, or if the source fails.
    pub(crate) fn try_new(
        table: Arc<dyn ColumnarTable>,
        source: SourceRef,
        projection: Option<&Vec<usize>>,
        filter: Option<Filter>,
        keys: Option<KeyFilter>,
        fetch: Option<usize>,
    ) -> Result<Self> {
        let columns = ScanColumns::try_new(source.schema(), projection, filter.as_ref())?;
        let partitions = source.partitions()?;
        let key_order = if source.has_sql_order() {
            source.key_order()?
        } else {
            KeyOrder::None
        };
        let static_filter = filter.map(Arc::new);
        Ok(RowScanExec {
            table,
            properties: properties(
                &source,
                &columns.schema,
                static_filter.as_deref(),
                sort_options(key_order, false),
                partitions,
            )?,
            planned: source.statistics()?,
            source,
            key_order,
            partitions,
            columns: Arc::new(columns),
            filter: static_filter.clone(),
            static_filter,
            keys: keys.map(Arc::new),
            reverse: false,
            fetch,
            metrics: ExecutionPlanMetricsSet::new(),
        })
    }

    /// Returns the same scan in ascending or descending key order, with fresh metrics.
    fn with_direction(&self, reverse: bool) -> Result<Self> {
        Ok(RowScanExec {
            reverse,
            properties: properties(
                &self.source,
                &self.columns.schema,
                self.static_filter.as_deref(),
                sort_options(self.key_order, reverse),
                self.partitions,
            )?,
            metrics: ExecutionPlanMetricsSet::new(),
            ..self.clone()
        })
    }

    /// Returns the same scan with another filter, with fresh metrics.
    fn with_filter(&self, filter: Option<Arc<Filter>>) -> Result<Self> {
        let (table, positions) = (self.source.schema(), &self.columns.positions);
        let columns = ScanColumns::try_new(table, Some(positions), filter.as_deref())?;
        Ok(RowScanExec {
            columns: Arc::new(columns),
            filter,
            metrics: ExecutionPlanMetricsSet::new(),
            ..self.clone()
        })
    }

    /// Returns whether the plan above the scan contains nothing that depends on the rows: the
    /// statistics of the source are estimates, and the filter is the same in each execution.
    pub(crate) fn is_independent_of_rows(&self) -> bool {
        let statistics = &self.planned;
        let has_facts = statistics.row_count.is_some() || statistics.key_bounds.is_some();
        let has_dynamic_filter = match (&self.filter, &self.static_filter) {
            (Some(filter), Some(other)) => !Arc::ptr_eq(filter, other),
            (filter, other) => filter.is_some() || other.is_some(),
        };
        (statistics.is_estimate || !has_facts) && !has_dynamic_filter
    }

    /// Returns the same scan without its source, for a cached plan, which must not hold rows.
    pub(crate) fn detached(&self) -> Self {
        RowScanExec {
            source: Arc::new(DetachedSource(Arc::clone(&self.table))),
            planned: PlanStatistics::default(),
            metrics: ExecutionPlanMetricsSet::new(),
            ..self.clone()
        }
    }

    /// Returns the same scan with the source that the table provides for a session, or `None` if
    /// the partitions or the order of that source differ from those of this scan.
    ///
    /// # Errors
    /// Fails if the session may not access the rows, or if they cannot be opened.
    pub(crate) async fn attached(&self, session: &SessionConfig) -> Result<Option<Self>> {
        let source = self.table.source(session, Access::Read).await?;
        let key_order = if source.has_sql_order() {
            source.key_order()?
        } else {
            KeyOrder::None
        };
        if source.partitions()? != self.partitions || key_order != self.key_order {
            return Ok(None);
        }
        Ok(Some(RowScanExec {
            planned: source.statistics()?,
            source,
            metrics: ExecutionPlanMetricsSet::new(),
            ..self.clone()
        }))
    }

    /// Returns the conjunction of `filter` and `predicates`, which refer to the output of the scan.
    fn and(
        &self,
        filter: Option<&Arc<Filter>>,
        predicates: Vec<Arc<dyn PhysicalExpr>>,
    ) -> Result<Option<Arc<Filter>>> {
        if predicates.is_empty() {
            return Ok(filter.cloned());
        }
        let joined = Filter::with_more(
            filter.map(|filter| &**filter),
            predicates,
            &self.columns.positions,
            self.source.schema(),
        )?;
        Ok(Some(Arc::new(joined)))
    }

    fn statistics(&self) -> ScanStatistics<'_> {
        let key_columns = self.source.definition().key_columns();
        ScanStatistics {
            columns: &self.columns,
            planned: &self.planned,
            first_key_column: key_columns
                .first()
                .copied()
                .filter(|_| self.source.has_sql_order()),
            partitions: self.partitions,
            has_filter: self.filter.is_some(),
            fetch: self.fetch,
        }
    }

    /// Returns whether the scan evaluates `filter`, which a plan above the scan pushes down.
    fn accepts_filter(&self, filter: &Arc<dyn PhysicalExpr>, options: &ConfigOptions) -> bool {
        // The dynamic filter of an aggregate can exclude rows that the aggregate needs, and looks
        // like that of a sort.
        // FIXME: https://github.com/apache/datafusion/issues/24816 (`min(a), min(b + 1)`) and
        // https://github.com/apache/datafusion/issues/25147 (a race), both in DataFusion 55.2.
        let may_be_wrong =
            options.optimizer.enable_aggregate_dynamic_filter_pushdown && is_dynamic(filter);
        // A filter above a limit must not change which rows the limit selects.
        self.fetch.is_none()
            && !may_be_wrong
            && !is_volatile(filter)
            && is_ordered(filter, &self.columns.schema)
    }
}

/// Returns whether DataFusion can compute the minimum and the maximum of `expr` and of each of its
/// parts.
///
/// A join computes the bounds of its keys if a scan accepts its dynamic filter. In DataFusion 55
/// that fails for maps, and for lists of some types, so such filters stay above the scan. A key
/// can be a constant, so the types of the expressions decide, and not the columns.
fn is_ordered(expr: &Arc<dyn PhysicalExpr>, schema: &SchemaRef) -> bool {
    let has_bounds = |ty: DataType| !ty.is_nested() && MinAccumulator::try_new(&ty).is_ok();
    expr.data_type(schema).is_ok_and(has_bounds)
        && expr
            .children()
            .into_iter()
            .all(|child| is_ordered(child, schema))
}

/// Returns the order of each key column in the output, or `None` if the rows are in no key order.
fn sort_options(key_order: KeyOrder, reverse: bool) -> Option<SortOptions> {
    match (key_order, reverse) {
        (KeyOrder::Either, _) | (KeyOrder::Ascending, false) => Some(SortOptions {
            descending: reverse,
            nulls_first: reverse,
        }),
        (KeyOrder::None, _) | (KeyOrder::Ascending, true) => None,
    }
}

/// Computes the properties that the planner relies on: the order, as far as the key columns are in
/// the output, and the columns that the filter fixes to one value.
fn properties(
    source: &SourceRef,
    output: &SchemaRef,
    filter: Option<&Filter>,
    order: Option<SortOptions>,
    partitions: usize,
) -> Result<Arc<PlanProperties>> {
    let column = |name: &str| {
        let index = output.index_of(name).ok()?;
        Some(Arc::new(Column::new(name, index)))
    };
    let constants = filter.map_or_else(Vec::new, Filter::constants);
    let ordering = order.and_then(|options| {
        let key = source.definition().key_columns().iter();
        let columns = key
            .map(|position| source.schema().field(*position).name())
            // A constant column does not affect the order of the others.
            .filter(|name| !constants.contains(name))
            .map_while(|name| column(name));
        LexOrdering::new(columns.map(|column| PhysicalSortExpr::new(column, options)))
    });
    let mut equivalences = EquivalenceProperties::new_with_orderings(Arc::clone(output), ordering);
    let one_value = AcrossPartitions::Uniform(None);
    equivalences.add_constants(
        constants
            .iter()
            .filter_map(|name| column(name))
            .map(|column| ConstExpr::new(column, one_value.clone())),
    )?;
    let properties = PlanProperties::new(
        equivalences,
        Partitioning::UnknownPartitioning(partitions),
        EmissionType::Incremental,
        Boundedness::Bounded,
    );
    Ok(Arc::new(
        properties.with_scheduling_type(SchedulingType::Cooperative),
    ))
}

impl ExecutionPlan for RowScanExec {
    leaf_plan!("RowScanExec");

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        match &self.filter {
            Some(filter) => f(filter.predicate()),
            None => Ok(TreeNodeRecursion::Continue),
        }
    }

    fn with_fetch(&self, fetch: Option<usize>) -> Option<Arc<dyn ExecutionPlan>> {
        Some(Arc::new(RowScanExec {
            fetch,
            metrics: ExecutionPlanMetricsSet::new(),
            ..self.clone()
        }))
    }

    fn fetch(&self) -> Option<usize> {
        self.fetch
    }

    fn statistics_from_inputs(
        &self,
        _inputs: &[Arc<Statistics>],
        arguments: &StatisticsArgs,
    ) -> Result<Arc<Statistics>> {
        Ok(Arc::new(self.statistics().compute(arguments.partition())))
    }

    fn handle_child_pushdown_result(
        &self,
        _phase: FilterPushdownPhase,
        pushed: ChildPushdownResult,
        options: &ConfigOptions,
    ) -> Result<FilterPushdownPropagation<Arc<dyn ExecutionPlan>>> {
        let mut answers = Vec::new();
        let mut accepted = Vec::new();
        for parent in pushed.parent_filters {
            if self.accepts_filter(&parent.filter, options) {
                answers.push(PushedDown::Yes);
                accepted.push(parent.filter);
            } else {
                answers.push(PushedDown::No);
            }
        }
        let propagation = FilterPushdownPropagation::with_parent_pushdown_result(answers);
        if accepted.is_empty() {
            return Ok(propagation);
        }
        let static_filters: Vec<_> = accepted
            .iter()
            .filter(|filter| !is_dynamic(filter))
            .cloned()
            .collect();
        let scan = RowScanExec {
            static_filter: self.and(self.static_filter.as_ref(), static_filters)?,
            ..self.with_filter(self.and(self.filter.as_ref(), accepted)?)?
        };
        Ok(propagation.with_updated_node(Arc::new(scan)))
    }

    fn try_pushdown_sort(
        &self,
        order: &[PhysicalSortExpr],
    ) -> Result<SortOrderPushdownResult<Arc<dyn ExecutionPlan>>> {
        // A limit selects its rows before they are sorted, so the direction must not change.
        if self.fetch.is_some() {
            return Ok(SortOrderPushdownResult::Unsupported);
        }
        for reverse in [false, true] {
            let scan = self.with_direction(reverse)?;
            let properties = scan.properties.equivalence_properties();
            if properties.ordering_satisfy(order.iter().cloned())? {
                return Ok(SortOrderPushdownResult::Exact {
                    inner: Arc::new(scan),
                });
            }
        }
        Ok(SortOrderPushdownResult::Unsupported)
    }

    fn reset_state(self: Arc<Self>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(Arc::new(self.with_filter(self.static_filter.clone())?))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        if partition >= self.partitions {
            let partitions = self.partitions;
            return internal_err!("RowScanExec has no partition {partition} of {partitions}");
        }
        let metrics = BaselineMetrics::new(&self.metrics, partition);
        let elapsed = metrics.elapsed_compute().clone();
        let _timer = elapsed.timer();
        let batch_size = context.session_config().batch_size().max(1);
        // DataFusion executes most plans completely before it polls any part of them, so the
        // snapshots of the scans of one statement are taken within a short time.
        let opened = self.source.scan(&ColumnarScan {
            session: context.session_config(),
            partition,
            keys: self.keys.as_deref(),
            filter: self.filter.as_ref(),
            columns: &self.columns.after_filter,
            in_key_order: self.key_order != KeyOrder::None,
            reverse: self.reverse,
            limit: self.fetch.filter(|_| self.filter.is_none()),
            batch_size,
        })?;
        let counter = |name| MetricBuilder::new(&self.metrics).counter(name, partition);
        if let Some(keys) = &self.keys
            && opened.looked_up
        {
            counter("lookups").add(keys.range_count());
        }
        let (rows, unread, chunks) = match opened.rows {
            OpenedRows::Ranges(rows, found) => {
                (Some(rows), RowCursor::new(found, self.reverse), None)
            }
            OpenedRows::Chunks(chunks) => (None, RowCursor::new(Vec::new(), false), Some(chunks)),
        };
        let blocks = BlockReader {
            source: Arc::clone(&self.source),
            columns: Arc::clone(&self.columns),
            filter: self.filter.clone(),
            batch_size,
            wanted: self.fetch.unwrap_or(usize::MAX),
            rows,
            unread,
            // A stream returns its rows in the requested order.
            reverse: self.reverse && chunks.is_none(),
            rows_read: counter("rows_read"),
            bytes_built: counter("bytes_built"),
        };
        let stream = ScanStream::new(blocks, chunks, metrics);
        Ok(Box::pin(cooperative(stream)))
    }
}

impl DisplayAs for RowScanExec {
    fn fmt_as(&self, ty: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns: Vec<&str> = self
            .columns
            .schema
            .fields()
            .iter()
            .map(|field| field.name().as_str())
            .collect();
        let mut parts = vec![
            self.source.label(),
            format!("columns=[{}]", columns.join(", ")),
        ];
        if self.partitions > 1 {
            parts.push(format!("partitions={}", self.partitions));
        }
        if let Some(filter) = &self.filter {
            parts.push(format!("filter={filter}"));
        }
        if let Some(keys) = &self.keys {
            parts.push(format!("keys=[{keys}]"));
        }
        if self.reverse {
            parts.push("reverse".to_string());
        }
        if let Some(fetch) = self.fetch {
            parts.push(format!("limit={fetch}"));
        }
        match ty {
            DisplayFormatType::Default | DisplayFormatType::Verbose => {
                write!(f, "RowScanExec: {}", parts.join(", "))
            }
            DisplayFormatType::TreeRender => {
                parts.iter().try_for_each(|part| writeln!(f, "{part}"))
            }
        }
    }
}
