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
use datafusion::common::{DataFusionError, Result, Statistics, internal_err};
use datafusion::config::ConfigOptions;
use datafusion::execution::TaskContext;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::utils::collect_columns;
use datafusion::physical_expr::{
    EquivalenceProperties, LexOrdering, PhysicalExpr, PhysicalSortExpr,
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
use futures::Stream;

use crate::RowError;
use crate::cursor::{Block, Cursor};
use crate::filter::Filter;
use crate::lookup::KeyRanges;
use crate::source::{ErasedSource, RowReader};

/// The scan of a table: its rows that pass a filter, up to a limit, in one partition.
#[derive(Clone, Debug)]
pub(crate) struct RowScanExec {
    source: Arc<dyn ErasedSource>,
    columns: Arc<ScanColumns>,
    filter: Option<Arc<Filter>>,
    /// What the filter says of the primary key.
    keys: Option<Arc<KeyRanges>>,
    /// Whether the plan counts on the order of keys.
    is_ordered: bool,
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
        source: Arc<dyn ErasedSource>,
        projection: Option<&Vec<usize>>,
        filter: Option<Filter>,
        keys: Option<KeyRanges>,
        fetch: Option<usize>,
    ) -> Result<Self> {
        let columns = ScanColumns::try_new(source.schema(), projection, filter.as_ref())?;
        let is_ordered = source.is_in_key_order()? && source.has_sql_order();
        let scan = RowScanExec {
            properties: properties(&columns.schema, None),
            source,
            is_ordered,
            columns: Arc::new(columns),
            filter: filter.map(Arc::new),
            keys: keys.map(Arc::new),
            reverse: false,
            fetch,
            metrics: ExecutionPlanMetricsSet::new(),
        };
        Ok(scan.with_direction(false))
    }

    /// The same scan, forwards or in reverse, as one that was not executed yet.
    fn with_direction(&self, reverse: bool) -> Self {
        RowScanExec {
            reverse,
            properties: properties(&self.columns.schema, self.order(reverse)),
            metrics: ExecutionPlanMetricsSet::new(),
            ..self.clone()
        }
    }

    /// The order of the rows that come out, as far as the key's columns are among the scan's; `None` if
    /// the source keeps none.
    fn order(&self, reverse: bool) -> Option<LexOrdering> {
        if !self.is_ordered {
            return None;
        }
        let options = SortOptions {
            descending: reverse,
            nulls_first: reverse,
        };
        let key = self.source.definition().key_columns().iter();
        let columns = key.map_while(|position| {
            let name = self.source.schema().field(*position).name();
            let index = self.columns.schema.index_of(name).ok()?;
            let column = Arc::new(Column::new(name, index));
            Some(PhysicalSortExpr::new(column, options))
        });
        LexOrdering::new(columns)
    }

    /// What is known of the rows that come out before any was looked at.
    fn statistics(&self) -> Result<Statistics> {
        let mut statistics = Statistics::new_unknown(&self.columns.schema);
        let count = self.source.row_count()?;
        if let Some(count) = count {
            let most = self.fetch.map_or(count, |fetch| fetch.min(count));
            // An exact nothing lets the optimizer drop limits around it, and a plan may be kept until there
            // is something.
            statistics.num_rows = match (&self.filter, most) {
                (None, 1..) => Precision::Exact(most),
                (None, 0) if self.fetch == Some(0) => Precision::Exact(0),
                _ => Precision::Inexact(most),
            };
        }
        for (field, column) in self
            .columns
            .schema
            .fields()
            .iter()
            .zip(&mut statistics.column_statistics)
        {
            if !field.is_nullable() {
                column.null_count = Precision::Exact(0);
            }
        }
        Ok(statistics)
    }
}

/// All rows of so many, as ranges.
fn all(rows: usize) -> Vec<Range<usize>> {
    std::iter::once(0..rows).collect()
}

fn properties(schema: &SchemaRef, order: Option<LexOrdering>) -> Arc<PlanProperties> {
    let equivalences = match order {
        Some(order) => EquivalenceProperties::new_with_orderings(schema.clone(), [order]),
        None => EquivalenceProperties::new(schema.clone()),
    };
    let properties = PlanProperties::new(
        equivalences,
        Partitioning::UnknownPartitioning(1),
        EmissionType::Incremental,
        Boundedness::Bounded,
    );
    Arc::new(properties.with_scheduling_type(SchedulingType::Cooperative))
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
        _arguments: &StatisticsArgs,
    ) -> Result<Arc<Statistics>> {
        Ok(Arc::new(self.statistics()?))
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
            let scan = self.with_direction(reverse);
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
        if partition != 0 {
            return internal_err!("RowScanExec has one partition, and not number {partition}");
        }
        let metrics = BaselineMetrics::new(&self.metrics, partition);
        let elapsed = metrics.elapsed_compute().clone();
        let _timer = elapsed.timer();
        // DataFusion executes most plans as a whole before it polls any part of them: the snapshots
        // of a statement's scans are taken closely together.
        let rows = self.source.snapshot(self.is_ordered)?;
        let found = match &self.keys {
            Some(keys) => rows.find(keys)?,
            None => None,
        };
        if let (Some(keys), Some(_)) = (&self.keys, &found) {
            let lookups = MetricBuilder::new(&self.metrics).counter("lookups", partition);
            lookups.add(keys.len());
        }
        let counter = |name| MetricBuilder::new(&self.metrics).counter(name, partition);
        let batch_size = context.session_config().batch_size().max(1);
        let coalescer = self.filter.as_ref().map(|_| {
            BatchCoalescer::new(self.columns.schema.clone(), batch_size)
                .with_biggest_coalesce_batch_size(Some(batch_size / 2))
        });
        Ok(Box::pin(cooperative(ScanStream {
            scan: BlockScan {
                source: self.source.clone(),
                columns: self.columns.clone(),
                filter: self.filter.clone(),
                batch_size,
                wanted: self.fetch.unwrap_or(usize::MAX).min(rows.len()),
                left: Cursor::new(found.unwrap_or_else(|| all(rows.len())), self.reverse),
                rows,
                reverse: self.reverse,
                rows_read: counter("rows_read"),
                bytes_built: counter("bytes_built"),
            },
            coalescer,
            state: State::Scanning,
            metrics,
        })))
    }
}

impl DisplayAs for RowScanExec {
    fn fmt_as(&self, ty: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let table = self.source.definition().name();
        let columns: Vec<&str> = self
            .columns
            .schema
            .fields()
            .iter()
            .map(|field| field.name().as_str())
            .collect();
        let columns = columns.join(", ");
        match ty {
            DisplayFormatType::Default | DisplayFormatType::Verbose => {
                write!(f, "RowScanExec: table={table}, columns=[{columns}]")?;
                if let Some(filter) = &self.filter {
                    write!(f, ", filter={filter}")?;
                }
                if let Some(keys) = &self.keys {
                    write!(f, ", keys=[{keys}]")?;
                }
                if self.reverse {
                    f.write_str(", reverse")?;
                }
                if let Some(fetch) = self.fetch {
                    write!(f, ", limit={fetch}")?;
                }
            }
            DisplayFormatType::TreeRender => {
                writeln!(f, "table={table}")?;
                writeln!(f, "columns=[{columns}]")?;
                if let Some(filter) = &self.filter {
                    writeln!(f, "filter={filter}")?;
                }
                if let Some(keys) = &self.keys {
                    writeln!(f, "keys=[{keys}]")?;
                }
                if self.reverse {
                    writeln!(f, "reverse")?;
                }
                if let Some(fetch) = self.fetch {
                    writeln!(f, "limit={fetch}")?;
                }
            }
        }
        Ok(())
    }
}

/// A scan under way, block after block.
struct BlockScan {
    source: Arc<dyn ErasedSource>,
    columns: Arc<ScanColumns>,
    filter: Option<Arc<Filter>>,
    batch_size: usize,
    rows: Box<dyn RowReader>,
    /// The rows that were not looked at.
    left: Cursor,
    reverse: bool,
    /// How many rows are still to be returned, at most.
    wanted: usize,
    rows_read: Count,
    bytes_built: Count,
}

impl BlockScan {
    fn is_done(&self) -> bool {
        self.wanted == 0 || self.left.is_empty()
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

    fn build(&mut self, block: &Block, columns: &[usize]) -> Result<Vec<ArrayRef>> {
        let hull = block.hull.clone();
        let built = self.rows.build(hull, block.selected.as_deref(), columns)?;
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
    /// Joins the small batches that a filter leaves.
    coalescer: Option<BatchCoalescer>,
    state: State,
    metrics: BaselineMetrics,
}

#[derive(PartialEq)]
enum State {
    Scanning,
    /// All blocks were looked at; the coalescer may hold rows.
    Scanned,
    Done,
}

impl ScanStream {
    /// A batch, if there is one after another block; `Pending` if there may be one later.
    fn step(&mut self) -> Result<Poll<Option<RecordBatch>>> {
        if let Some(batch) = self.completed() {
            return Ok(Poll::Ready(Some(batch)));
        }
        if self.state == State::Scanning && self.scan.is_done() {
            self.state = State::Scanned;
            if let Some(coalescer) = &mut self.coalescer {
                coalescer.finish_buffered_batch()?;
            }
        }
        if self.state != State::Scanning {
            return Ok(Poll::Ready(self.completed()));
        }
        let block = self.scan.next_block()?;
        let (Some(coalescer), Some(block)) = (&mut self.coalescer, &block) else {
            return Ok(block.map_or(Poll::Pending, |block| Poll::Ready(Some(block))));
        };
        coalescer.push_batch(block.clone())?;
        Ok(match self.completed() {
            Some(batch) => Poll::Ready(Some(batch)),
            None => Poll::Pending,
        })
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
        let step = this.step();
        timer.done();
        let poll = match step {
            Ok(Poll::Ready(batch)) => Poll::Ready(batch.map(Ok)),
            Ok(Poll::Pending) => {
                // Nothing else will wake this task: it only lets others run.
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Err(error) => Poll::Ready(Some(Err(error))),
        };
        if matches!(poll, Poll::Ready(None | Some(Err(_)))) {
            this.state = State::Done;
        }
        this.metrics.record_poll(poll)
    }
}

impl RecordBatchStream for ScanStream {
    fn schema(&self) -> SchemaRef {
        self.scan.columns.schema.clone()
    }
}
