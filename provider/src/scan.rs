// SPDX-License-Identifier: Apache-2.0

//! [`RowScanExec`]: the scan of a table, block by block.
//!
//! For each block of rows it builds the columns of the filter, and then the other columns for the
//! rows that passed. A block is what a batch may hold, so memory is bounded by it.

use std::fmt;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use arrow::array::{Array, ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions, UInt64Array};
use arrow::compute::{BatchCoalescer, SortOptions};
use arrow::datatypes::{Schema, SchemaRef};
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result, ScalarValue, Statistics, internal_err};
use datafusion::config::ConfigOptions;
use datafusion::execution::TaskContext;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::utils::collect_columns;
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
    BaselineMetrics, Count, ExecutionPlanMetricsSet, MetricBuilder, MetricsSet,
};
use datafusion::physical_plan::sort_pushdown::SortOrderPushdownResult;
use datafusion::physical_plan::statistics::StatisticsArgs;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties, RecordBatchStream,
    ReplaceChildrenOptions, SendableRecordBatchStream,
};
use futures::stream::{BoxStream, Stream, StreamExt};

use kalamtable_rows::RowError;

use crate::columnar::{ColumnarScan, OpenedRows, PlanStatistics, SourceRef};
use crate::filter::Filter;
use crate::key_filter::KeyFilter;
use crate::row_blocks::{RowBlock, RowCursor, all_rows};
use crate::row_reader::RowReader;
use crate::statement::KeyOrder;

/// The scan of a table: its rows that pass a filter, up to a limit in each of its partitions.
#[derive(Clone, Debug)]
pub(crate) struct RowScanExec {
    source: SourceRef,
    columns: Arc<ScanColumns>,
    filter: Option<Arc<Filter>>,
    /// What the filter says of a key.
    keys: Option<Arc<KeyFilter>>,
    /// What was known of the rows when the plan was made.
    planned: PlanStatistics,
    /// The order of keys that the plan counts on.
    key_order: KeyOrder,
    partitions: usize,
    /// Whether the rows come in the reverse of their order.
    reverse: bool,
    /// The most rows to return.
    fetch: Option<usize>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

/// Which columns of a table a scan builds, when, and where it puts them.
#[derive(Debug)]
struct ScanColumns {
    /// What the scan returns.
    schema: SchemaRef,
    /// The positions in the table of what the scan returns.
    positions: Vec<usize>,
    /// The positions in the table of what is built after the filter: each once.
    after_filter: Vec<usize>,
    /// For each column of `schema`, what it is.
    output: Vec<OutputColumn>,
}

#[derive(Clone, Copy, Debug)]
enum OutputColumn {
    /// The filter's column at this position.
    OfFilter(usize),
    /// The one at this position of `after_filter`.
    AfterFilter(usize),
}

impl RowScanExec {
    /// A scan of the columns at the positions `projection`, or of all: in any order, with repeats.
    ///
    /// # Errors
    /// If there is no column at one of the positions.
    pub(crate) fn try_new(
        source: SourceRef,
        projection: Option<&Vec<usize>>,
        filter: Option<Filter>,
        keys: Option<KeyFilter>,
        fetch: Option<usize>,
    ) -> Result<Self> {
        let columns = ScanColumns::try_new(source.schema(), projection, filter.as_ref())?;
        let partitions = source.partitions()?;
        let key_order = match source.has_sql_order() {
            true => source.key_order()?,
            false => KeyOrder::None,
        };
        Ok(RowScanExec {
            properties: properties(
                &source,
                &columns.schema,
                filter.as_ref(),
                order(key_order, false),
                partitions,
            )?,
            planned: source.statistics()?,
            source,
            key_order,
            partitions,
            columns: Arc::new(columns),
            filter: filter.map(Arc::new),
            keys: keys.map(Arc::new),
            reverse: false,
            fetch,
            metrics: ExecutionPlanMetricsSet::new(),
        })
    }

    /// The same scan, forwards or in reverse, as one that was not executed yet.
    fn with_direction(&self, reverse: bool) -> Result<Self> {
        Ok(RowScanExec {
            reverse,
            properties: properties(
                &self.source,
                &self.columns.schema,
                self.filter.as_deref(),
                order(self.key_order, reverse),
                self.partitions,
            )?,
            metrics: ExecutionPlanMetricsSet::new(),
            ..self.clone()
        })
    }

    /// What is known of the rows that come out before any was looked at; of one partition, nothing but
    /// which columns have no nulls.
    fn statistics(&self, partition: Option<usize>) -> Statistics {
        let schema = &self.columns.schema;
        let mut statistics = Statistics::new_unknown(schema);
        let columns = statistics.column_statistics.iter_mut();
        for (field, column) in schema.fields().iter().zip(columns) {
            if !field.is_nullable() {
                column.null_count = Precision::Exact(0);
            }
        }
        if partition.is_some() && self.partitions > 1 {
            return statistics;
        }
        let is_whole = self.filter.is_none() && self.fetch.is_none();
        if let Some(count) = self.planned.row_count {
            let most = self.fetch.map_or(count, |fetch| {
                fetch.saturating_mul(self.partitions).min(count)
            });
            // An exact nothing lets the optimizer drop limits around it, and a plan may be kept until there
            // is something. How a limit falls on several partitions is not known.
            statistics.num_rows = match (most, self.fetch) {
                (0, Some(0)) => Precision::Exact(0),
                _ if self.planned.is_estimate => Precision::Inexact(most),
                (1.., None) if is_whole => Precision::Exact(most),
                (1.., Some(_)) if self.filter.is_none() && self.partitions == 1 => {
                    Precision::Exact(most)
                }
                _ => Precision::Inexact(most),
            };
        }
        let first_column = self.source.definition().key_columns().first();
        let place = self.columns.positions.iter();
        let places = place
            .enumerate()
            .filter(|(_, position)| Some(*position) == first_column);
        if let Some([least, most]) = &self.planned.key_bounds
            && self.source.has_sql_order()
        {
            // Of an exact and only value the optimizer makes a constant, and a plan may be kept until there
            // is another.
            let is_exact = is_whole && least != most;
            let precision = |value: &ScalarValue| match is_exact {
                true => Precision::Exact(value.clone()),
                false => Precision::Inexact(value.clone()),
            };
            for (place, _) in places {
                let column = &mut statistics.column_statistics[place];
                column.min_value = precision(least);
                column.max_value = precision(most);
            }
        }
        statistics
    }
}

/// How each column of the key is ordered in the rows that come out; `None` if they are in no order of
/// keys.
fn order(key_order: KeyOrder, reverse: bool) -> Option<SortOptions> {
    match (key_order, reverse) {
        (KeyOrder::Either, _) | (KeyOrder::Ascending, false) => Some(SortOptions {
            descending: reverse,
            nulls_first: reverse,
        }),
        (KeyOrder::None, _) | (KeyOrder::Ascending, true) => None,
    }
}

/// What the planner may count on: the order, as far as the key's columns are among those of `output`,
/// and the columns that have one value in all rows that pass the filter.
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
    let order = order.and_then(|options| {
        let key = source.definition().key_columns().iter();
        let key = key.map(|position| source.schema().field(*position).name());
        // What is the same in all rows has no place in their order.
        let key = key.filter(|name| !constants.contains(name));
        let columns = key.map_while(|name| column(name));
        LexOrdering::new(columns.map(|column| PhysicalSortExpr::new(column, options)))
    });
    let mut equivalences = EquivalenceProperties::new_with_orderings(output.clone(), order);
    let constants = constants.iter().filter_map(|name| column(name));
    let one_value = AcrossPartitions::Uniform(None);
    equivalences
        .add_constants(constants.map(|column| ConstExpr::new(column, one_value.clone())))?;
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

impl ScanColumns {
    fn try_new(
        table: &SchemaRef,
        projection: Option<&Vec<usize>>,
        filter: Option<&Filter>,
    ) -> Result<Self> {
        let (schema, positions) = match projection {
            Some(positions) => (Arc::new(table.project(positions)?), positions.clone()),
            None => (table.clone(), (0..table.fields().len()).collect()),
        };
        let of_filter = filter.map_or(&[][..], Filter::columns);
        let mut after_filter: Vec<usize> = Vec::new();
        let output = positions.iter().map(|position| {
            let found = |columns: &[usize]| columns.iter().position(|column| column == position);
            if let Some(index) = found(of_filter) {
                return OutputColumn::OfFilter(index);
            }
            let index = found(&after_filter).unwrap_or_else(|| {
                after_filter.push(*position);
                after_filter.len() - 1
            });
            OutputColumn::AfterFilter(index)
        });
        let output = output.collect();
        Ok(ScanColumns {
            schema,
            positions,
            after_filter,
            output,
        })
    }
}

impl ExecutionPlan for RowScanExec {
    fn name(&self) -> &str {
        "RowScanExec"
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
            internal_err!("RowScanExec has no children")
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
        Ok(Arc::new(self.statistics(arguments.partition())))
    }

    fn handle_child_pushdown_result(
        &self,
        _phase: FilterPushdownPhase,
        pushed: ChildPushdownResult,
        _config: &ConfigOptions,
    ) -> Result<FilterPushdownPropagation<Arc<dyn ExecutionPlan>>> {
        let offered = pushed
            .parent_filters
            .into_iter()
            .map(|parent| parent.filter);
        let offered: Vec<Arc<dyn PhysicalExpr>> = offered.collect();
        // A join that may filter by a map looks for the least one, and fails: DataFusion 55 does not
        // order maps.
        let has_nested = |filter: &Arc<dyn PhysicalExpr>| {
            let fields = self.columns.schema.fields();
            collect_columns(filter).iter().any(|column| {
                let field = fields.get(column.index());
                field.is_none_or(|field| field.data_type().is_nested())
            })
        };
        // What the scan counts for its limit has not met a filter above it.
        let is_taken = |filter: &Arc<dyn PhysicalExpr>| {
            self.fetch.is_none() && !is_volatile(filter) && !has_nested(filter)
        };
        let answers = offered.iter().map(|filter| match is_taken(filter) {
            true => PushedDown::Yes,
            false => PushedDown::No,
        });
        let answers = FilterPushdownPropagation::with_parent_pushdown_result(answers.collect());
        let taken: Vec<_> = offered.into_iter().filter(is_taken).collect();
        if taken.is_empty() {
            return Ok(answers);
        }
        let table = self.source.schema();
        let positions = &self.columns.positions;
        let filter = Filter::with_more(self.filter.as_deref(), taken, positions, table)?;
        let columns = ScanColumns::try_new(table, Some(positions), Some(&filter))?;
        let scan = RowScanExec {
            columns: Arc::new(columns),
            filter: Some(Arc::new(filter)),
            metrics: ExecutionPlanMetricsSet::new(),
            ..self.clone()
        };
        Ok(answers.with_updated_node(Arc::new(scan)))
    }

    fn try_pushdown_sort(
        &self,
        order: &[PhysicalSortExpr],
    ) -> Result<SortOrderPushdownResult<Arc<dyn ExecutionPlan>>> {
        // Which rows a limit is for is settled before they are sorted.
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
        // DataFusion executes most plans as a whole before it polls any part of them: the snapshots
        // of a statement's scans are taken closely together.
        let opened = self.source.scan(&ColumnarScan {
            session: context.session_config(),
            partition,
            keys: self.keys.as_deref(),
            in_key_order: self.key_order != KeyOrder::None,
            reverse: self.reverse,
            limit: self.fetch.filter(|_| self.filter.is_none()),
            batch_size,
        })?;
        if let (Some(keys), true) = (&self.keys, opened.looked_up) {
            let lookups = MetricBuilder::new(&self.metrics).counter("lookups", partition);
            lookups.add(keys.len());
        }
        let counter = |name| MetricBuilder::new(&self.metrics).counter(name, partition);
        let mut scan = BlockScan {
            source: self.source.clone(),
            columns: self.columns.clone(),
            filter: self.filter.clone(),
            batch_size,
            wanted: self.fetch.unwrap_or(usize::MAX),
            rows: None,
            left: RowCursor::new(Vec::new(), false),
            reverse: self.reverse,
            rows_read: counter("rows_read"),
            bytes_built: counter("bytes_built"),
        };
        let chunks = match opened.rows {
            OpenedRows::Ranges(rows, found) => {
                scan.left = RowCursor::new(found, self.reverse);
                scan.rows = Some(rows);
                None
            }
            OpenedRows::Chunks(chunks) => {
                // Its rows come in the order that was asked for.
                scan.reverse = false;
                Some(chunks)
            }
        };
        let makes_small_batches = self.filter.is_some() || chunks.is_some();
        let coalescer = makes_small_batches.then(|| {
            BatchCoalescer::new(self.columns.schema.clone(), batch_size)
                .with_biggest_coalesce_batch_size(Some(batch_size / 2))
        });
        Ok(Box::pin(cooperative(ScanStream {
            scan,
            chunks,
            coalescer,
            state: State::Scanning,
            metrics,
        })))
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
        let columns = columns.join(", ");
        let mut parts = vec![self.source.label(), format!("columns=[{columns}]")];
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

/// A scan under way, block after block.
struct BlockScan {
    source: SourceRef,
    columns: Arc<ScanColumns>,
    filter: Option<Arc<Filter>>,
    batch_size: usize,
    /// What is being read; `None` before the first chunk.
    rows: Option<Box<dyn RowReader>>,
    /// The rows of it that were not looked at.
    left: RowCursor,
    /// Whether the last row is to come first.
    reverse: bool,
    /// How many rows are still to be returned, at most.
    wanted: usize,
    rows_read: Count,
    bytes_built: Count,
}

impl BlockScan {
    /// Whether nothing more is wanted of the rows that are being read.
    fn is_done(&self) -> bool {
        self.wanted == 0 || self.left.is_empty()
    }

    fn read(&mut self, rows: Box<dyn RowReader>) {
        self.left = RowCursor::new(all_rows(rows.len()), false);
        self.rows = Some(rows);
    }

    /// The rows of the next block that pass, as a batch; `None` if none does.
    fn next_block(&mut self) -> Result<Option<RecordBatch>> {
        let Some(filter) = self.filter.clone() else {
            let block = self.left.next(self.batch_size.min(self.wanted));
            let length = block.len();
            self.wanted -= length;
            self.rows_read.add(length);
            let built = self.build(&block, &self.columns.clone().after_filter)?;
            return self.batch(&[], &built, length).map(Some);
        };
        let block = self.left.next(self.batch_size);
        let length = block.len();
        self.rows_read.add(length);
        let of_filter = self.build(&block, filter.columns())?;
        let mask = filter.evaluate(of_filter.clone(), length)?;
        let passed = mask.true_count();
        if passed == 0 {
            return Ok(None);
        }
        if passed == length && passed <= self.wanted {
            self.wanted -= passed;
            let built = self.build(&block, &self.columns.clone().after_filter)?;
            return self.batch(&of_filter, &built, length).map(Some);
        }
        let count = passed.min(self.wanted);
        self.wanted -= count;
        // Of more than are wanted, those that come first: the last ones in reverse.
        let wanted = if self.reverse {
            passed - count..passed
        } else {
            0..count
        };
        let selected: Vec<usize> = mask.values().set_indices().collect();
        let block = block.select(&selected[wanted.clone()]);
        let built = self.build(&block, &self.columns.clone().after_filter)?;
        let of_filter = self.passed(&of_filter, &mask, &wanted)?;
        self.batch(&of_filter, &built, count).map(Some)
    }

    fn build(&mut self, block: &RowBlock, columns: &[usize]) -> Result<Vec<ArrayRef>> {
        let hull = block.hull.clone();
        let Some(rows) = &mut self.rows else {
            return internal_err!("a block of rows that nobody has read");
        };
        let built = rows.build(hull, block.selected.as_deref(), columns)?;
        let bytes = built.iter().map(|array| array.get_buffer_memory_size());
        self.bytes_built.add(bytes.sum());
        Ok(built)
    }

    /// Those of the filter's columns that passed and are `wanted`; as they are, where a column is not
    /// returned.
    fn passed(
        &self,
        of_filter: &[ArrayRef],
        mask: &BooleanArray,
        wanted: &Range<usize>,
    ) -> Result<Vec<ArrayRef>> {
        let mut passed = of_filter.to_vec();
        for output in &self.columns.output {
            // A column that is returned twice has been filtered the second time.
            if let OutputColumn::OfFilter(index) = *output
                && Arc::ptr_eq(&passed[index], &of_filter[index])
            {
                let rows = arrow::compute::filter(&of_filter[index], mask)?;
                passed[index] = rows.slice(wanted.start, wanted.len());
            }
        }
        Ok(passed)
    }

    fn batch(
        &self,
        of_filter: &[ArrayRef],
        after_filter: &[ArrayRef],
        rows: usize,
    ) -> Result<RecordBatch> {
        let columns = self.columns.output.iter().map(|output| match *output {
            OutputColumn::OfFilter(index) => of_filter[index].clone(),
            OutputColumn::AfterFilter(index) => after_filter[index].clone(),
        });
        let mut columns: Vec<ArrayRef> = columns.collect();
        if self.reverse && rows > 1 {
            let last_first = UInt64Array::from_iter_values((0..rows as u64).rev());
            for column in &mut columns {
                *column = arrow::compute::take(column, &last_first, None)?;
            }
        }
        let schema: &Arc<Schema> = &self.columns.schema;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(schema.clone(), columns, &options).map_err(|source| {
            let table = self.source.definition().name().clone();
            DataFusionError::from(RowError::Batch { table, source })
        })
    }
}

/// The batches of a scan. One poll looks at one block, so that a query that finds little can be
/// cancelled, and lets others run.
struct ScanStream {
    scan: BlockScan,
    /// The chunks that the source has still to send; dropped as soon as no more are wanted.
    chunks: Option<BoxStream<'static, Result<Box<dyn RowReader>>>>,
    /// Joins the small batches that a filter leaves.
    coalescer: Option<BatchCoalescer>,
    state: State,
    metrics: BaselineMetrics,
}

/// What one look at a block, or at the source, has brought.
enum Step {
    Batch(RecordBatch),
    /// No batch; there may be one later.
    Nothing,
    End,
}

#[derive(PartialEq)]
enum State {
    Scanning,
    /// All blocks were looked at; the coalescer may hold rows.
    Scanned,
    Done,
}

impl ScanStream {
    /// A batch, if there is one after another block; `None` if this was one that made none.
    fn step(&mut self, context: &mut Context<'_>) -> Result<Poll<Step>> {
        if let Some(batch) = self.completed() {
            return Ok(Poll::Ready(Step::Batch(batch)));
        }
        if self.scan.wanted == 0 {
            self.chunks = None;
        }
        if self.state == State::Scanning && self.scan.is_done() {
            if let Some(chunks) = &mut self.chunks {
                match chunks.poll_next_unpin(context) {
                    Poll::Pending => return Ok(Poll::Pending),
                    Poll::Ready(Some(rows)) => self.scan.read(rows?),
                    Poll::Ready(None) => self.chunks = None,
                }
                return Ok(Poll::Ready(Step::Nothing));
            }
            self.state = State::Scanned;
            if let Some(coalescer) = &mut self.coalescer {
                coalescer.finish_buffered_batch()?;
            }
        }
        if self.state != State::Scanning {
            let last = self.completed();
            return Ok(Poll::Ready(last.map_or(Step::End, Step::Batch)));
        }
        let block = self.scan.next_block()?;
        let batch = match (&mut self.coalescer, block) {
            (Some(coalescer), Some(block)) => {
                coalescer.push_batch(block)?;
                self.completed()
            }
            (_, block) => block,
        };
        Ok(Poll::Ready(batch.map_or(Step::Nothing, Step::Batch)))
    }

    fn completed(&mut self) -> Option<RecordBatch> {
        self.coalescer.as_mut()?.next_completed_batch()
    }
}

impl Stream for ScanStream {
    type Item = Result<RecordBatch>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.state == State::Done {
            return Poll::Ready(None);
        }
        let elapsed = this.metrics.elapsed_compute().clone();
        let timer = elapsed.timer();
        let step = this.step(context);
        timer.done();
        let poll = match step {
            Ok(Poll::Ready(Step::Batch(batch))) => Poll::Ready(Some(Ok(batch))),
            Ok(Poll::Ready(Step::End)) => Poll::Ready(None),
            Ok(Poll::Ready(Step::Nothing)) => {
                // Nothing else will wake this task: it only lets others run.
                context.waker().wake_by_ref();
                Poll::Pending
            }
            // The source will.
            Ok(Poll::Pending) => Poll::Pending,
            Err(error) => Poll::Ready(Some(Err(error))),
        };
        if matches!(poll, Poll::Ready(None | Some(Err(_)))) {
            this.state = State::Done;
            this.chunks = None;
        }
        this.metrics.record_poll(poll)
    }
}

impl RecordBatchStream for ScanStream {
    fn schema(&self) -> SchemaRef {
        self.scan.columns.schema.clone()
    }
}
