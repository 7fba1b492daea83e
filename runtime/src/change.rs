// SPDX-License-Identifier: Apache-2.0

//! [`ChangeStatement`]: what an `UPDATE` or a `DELETE` does to rows, and [`ChangeExec`], which has a
//! source do it.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::Session;
use datafusion::common::runtime::SpawnedTask;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DFSchema, DFSchemaRef, internal_err, plan_err};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::logical_expr::utils::split_conjunction_owned;
use datafusion::logical_expr::{Expr, ExprSchemable, cast};
use datafusion::optimizer::simplify_expressions::ExprSimplifier;
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

use crate::cursor::{Block, Cursor, all};
use crate::erased::{RowReader, SourceRef, TypedReader};
use crate::filter::{Filter, is_never};
use crate::insert::TableFields;
use crate::key_filter::KeyFilter;
use crate::look_up::{KeyRange, LookUp};
use crate::snapshot::Snapshot;
use crate::source::{BoxError, Statement};
use crate::{Error, Row};

/// An `UPDATE` or a `DELETE`, as a source runs it.
pub struct ChangeStatement<'a, R> {
    change: &'a Change,
    row: PhantomData<fn() -> R>,
}

/// What a statement does to one row.
#[derive(Clone, Debug, PartialEq)]
pub struct RowChange<R> {
    /// The number of the row in the snapshot, from 0.
    pub row: usize,
    /// What it is afterwards, with the fields that are no columns as they were; `None` if it is deleted.
    pub after: Option<R>,
}

impl<'a, R: Row> ChangeStatement<'a, R> {
    pub(crate) fn new(change: &'a Change) -> Self {
        ChangeStatement {
            change,
            row: PhantomData,
        }
    }

    /// [`Statement::Update`] or [`Statement::Delete`].
    pub fn kind(&self) -> Statement {
        self.change.kind()
    }

    /// What the statement says of a key, if it does: it changes no row that this leaves out.
    pub fn look_up(&self) -> Option<LookUp<R>> {
        LookUp::new(self.change.keys.as_ref()?)
    }

    /// What the statement does to `rows`: in ascending order, each row at most once. The rows may be
    /// some of the table's, if each of them is asked for once.
    ///
    /// The rows afterwards have been checked for nulls, closed sets, lengths and ranges, and not for
    /// keys: an `UPDATE` may change those.
    ///
    /// # Errors
    /// If a predicate or an assignment fails, or its value does not fit its column.
    pub fn changes(&self, rows: &Snapshot<R>) -> Result<Vec<RowChange<R>>, BoxError> {
        let ranges = self.change.keys.as_ref().and_then(KeyRange::of_filter);
        let found = ranges.and_then(|ranges| rows.find(&ranges));
        let found = found.unwrap_or_else(|| all(rows.len()));
        let mut found_changes = Changes {
            rows: rows.iter(),
            next: 0,
            changes: Vec::new(),
        };
        let mut reader = TypedReader::new(rows.clone(), 0);
        self.change.run(&mut reader, found, &mut found_changes)?;
        Ok(found_changes.changes)
    }
}

impl<R> fmt::Debug for ChangeStatement<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChangeStatement({})", self.change)
    }
}

/// Where [`Change::run`] puts what it finds.
pub(crate) trait RowChanges {
    fn delete(&mut self, block: &Block);

    /// `after` has the table's column ids, and a row for each of `block`.
    fn update(&mut self, block: &Block, after: &RecordBatch) -> Result<(), Error>;
}

/// The changes of a statement to a snapshot.
struct Changes<R, I> {
    /// The rows before, from number `next` on.
    rows: I,
    next: usize,
    changes: Vec<RowChange<R>>,
}

impl<'r, R: Row, I: Iterator<Item = &'r R>> RowChanges for Changes<R, I> {
    fn delete(&mut self, block: &Block) {
        let rows = block.rows().map(|row| RowChange { row, after: None });
        self.changes.extend(rows);
    }

    fn update(&mut self, block: &Block, after: &RecordBatch) -> Result<(), Error> {
        let rows = R::from_batch(after);
        let rows = rows.map_err(|error| {
            let number = |row| block.rows().nth(row).unwrap_or_default();
            Error::from(error).map_row(number)
        })?;
        for (row, mut after) in block.rows().zip(rows) {
            if R::HAS_SKIPPED
                && let Some(before) = self.rows.nth(row - self.next)
            {
                after.keep_skipped(before.clone());
                self.next = row + 1;
            }
            let after = Some(after);
            self.changes.push(RowChange { row, after });
        }
        Ok(())
    }
}

/// An `UPDATE` or a `DELETE` of one table, whatever its row type.
#[derive(Debug)]
pub(crate) struct Change {
    filter: Option<Filter>,
    /// What the filter says of a key.
    keys: Option<KeyFilter>,
    is_never: bool,
    /// How many rows are judged at a time.
    batch_size: usize,
    /// For an `UPDATE`, what it assigns.
    assignments: Option<Assignments>,
}

#[derive(Debug)]
struct Assignments {
    table: SchemaRef,
    fields: TableFields,
    /// The position of each column that gets a value, and the value, over all columns of the table.
    values: Vec<(usize, Arc<dyn PhysicalExpr>)>,
}

impl Change {
    /// In the rows for which all of `filters` hold, gives columns new values; or without assignments,
    /// deletes the rows.
    ///
    /// # Errors
    /// If one of the filters is no predicate, or one of the values no expression, over the table's
    /// columns; if a column is not there, or is named twice.
    pub(crate) fn try_new(
        source: &SourceRef,
        assignments: Option<Vec<(String, Expr)>>,
        filters: &[Expr],
        session: &dyn Session,
    ) -> Result<Self> {
        let (table, definition) = (source.schema(), source.definition());
        let resolved = Arc::new(DFSchema::try_from(table.clone())?);
        let simplifier = simplifier(&resolved, session);
        let assignments = assignments.map(|assignments| {
            Assignments::try_new(source, assignments, &resolved, &simplifier, session)
        });
        let mut simplified = Vec::new();
        for filter in filters {
            // A `BETWEEN` is two conditions then.
            let filter = simplifier.simplify(filter.clone())?;
            simplified.extend(split_conjunction_owned(filter));
        }
        let (filters, has_order) = (simplified, source.has_sql_order());
        Ok(Change {
            filter: Filter::try_new(&filters, table, session)?,
            keys: KeyFilter::try_new(&filters, table, definition, has_order)?,
            is_never: filters.iter().any(is_never),
            batch_size: session.config().batch_size().max(1),
            assignments: assignments.transpose()?,
        })
    }

    pub(crate) fn kind(&self) -> Statement {
        match self.assignments {
            Some(_) => Statement::Update,
            None => Statement::Delete,
        }
    }

    /// What is done to those rows of `found` that pass.
    pub(crate) fn run(
        &self,
        rows: &mut dyn RowReader,
        found: Vec<Range<usize>>,
        changes: &mut dyn RowChanges,
    ) -> Result<()> {
        let mut left = Cursor::new(found, false);
        while !left.is_empty() && !self.is_never {
            let mut block = left.next(self.batch_size);
            if let Some(filter) = &self.filter {
                let of_filter = build(rows, &block, filter.columns())?;
                let mask = filter.evaluate(of_filter, block.len())?;
                let passed: Vec<usize> = mask.values().set_indices().collect();
                block = block.select(&passed);
            }
            if block.len() == 0 {
                continue;
            }
            match &self.assignments {
                Some(assignments) => {
                    changes.update(&block, &assignments.after(rows, &block)?)?;
                }
                None => changes.delete(&block),
            }
        }
        Ok(())
    }
}

impl Assignments {
    fn try_new(
        source: &SourceRef,
        assignments: Vec<(String, Expr)>,
        resolved: &DFSchema,
        simplifier: &ExprSimplifier,
        session: &dyn Session,
    ) -> Result<Self> {
        let table = source.schema();
        let mut values: Vec<(usize, Arc<dyn PhysicalExpr>)> = Vec::new();
        for (column, value) in assignments {
            let position = table.index_of(&column)?;
            if values.iter().any(|(other, _)| *other == position) {
                let name = source.definition().name();
                return plan_err!("table `{name}`: column `{column}` is assigned twice");
            }
            let ty = table.field(position).data_type();
            let value = match value.get_type(resolved)? == *ty {
                true => value,
                false => cast(value, ty.clone()),
            };
            let value = simplifier.simplify(simplifier.coerce(value, resolved)?)?;
            values.push((position, session.create_physical_expr(value, resolved)?));
        }
        Ok(Assignments {
            fields: TableFields::new(table),
            table: table.clone(),
            values,
        })
    }

    /// The rows of `block` as they are afterwards.
    fn after(&self, rows: &mut dyn RowReader, block: &Block) -> Result<RecordBatch> {
        let all: Vec<usize> = (0..self.table.fields().len()).collect();
        let mut columns = build(rows, block, &all)?;
        let before = RecordBatch::try_new(self.table.clone(), columns.clone())?;
        for (position, value) in &self.values {
            columns[*position] = value.evaluate(&before)?.into_array(block.len())?;
        }
        self.fields.batch(columns, block.len())
    }
}

/// What makes a constant of `now()`, and of what follows from it: these expressions have not met the
/// optimizer.
fn simplifier(table: &DFSchemaRef, session: &dyn Session) -> ExprSimplifier {
    let context = SimplifyContext::builder()
        .with_schema(table.clone())
        .with_config_options(session.config().options().clone());
    let context = match session.execution_props().query_execution_start_time {
        Some(start) => context.with_query_execution_start_time(Some(start)),
        None => context.with_current_time(),
    };
    ExprSimplifier::new(context.build())
}

fn build(rows: &mut dyn RowReader, block: &Block, columns: &[usize]) -> Result<Vec<ArrayRef>> {
    rows.build(block.hull.clone(), block.selected.as_deref(), columns)
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "op={}", self.kind())?;
        if let Some(assignments) = &self.assignments {
            let values = assignments.values.iter().map(|(position, value)| {
                let column = assignments.table.field(*position).name();
                format!("{column}={value}")
            });
            write!(f, ", set=[{}]", values.collect::<Vec<_>>().join(", "))?;
        }
        if let Some(filter) = &self.filter {
            write!(f, ", filter={filter}")?;
        }
        if let Some(keys) = &self.keys {
            write!(f, ", keys=[{keys}]")?;
        }
        Ok(())
    }
}

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
    Change(Arc<Change>),
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
        let values = change
            .assignments
            .iter()
            .flat_map(|assignments| &assignments.values);
        let values = values.map(|(_, value)| value);
        let filter = change.filter.iter().map(Filter::predicate);
        for expression in filter.chain(values) {
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
