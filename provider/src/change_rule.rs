// SPDX-License-Identifier: Apache-2.0

//! [`ChangeRule`]: passes the complete condition and assignments of an `UPDATE` or `DELETE` to the
//! provider.
//!
//! DataFusion 55 extracts the predicates of a DML statement from the optimized plan, in which
//! subqueries have become joins and limits are lost: `DELETE FROM t WHERE id IN (SELECT ..)`
//! reaches the provider as the deletion of all rows, and an assignment may refer to a column that
//! exists only in the optimized plan. This analyzer rule reads the predicates and assignments
//! before the optimizer runs, and rejects statements that it cannot represent.
//!
//! The rule also replaces the casts that DataFusion has added to the values of an `INSERT` or
//! `UPDATE` by exact ones, unless [`KalamTableOptions`] allows that values are rounded.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, exec_err, internal_err, plan_err};
use datafusion::config::ConfigOptions;
use datafusion::datasource::{DefaultTableSource, TableType};
use datafusion::error::Result;
use datafusion::execution::SessionState;
use datafusion::logical_expr::dml::InsertOp;
use datafusion::logical_expr::utils::split_conjunction_owned;
use datafusion::logical_expr::{
    DmlStatement, Expr, ExprSchemable, LogicalPlan, Projection, TableSource, WriteOp, lit,
};
use datafusion::optimizer::{AnalyzerRule, ApplyOrder, OptimizerConfig, OptimizerRule};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::SessionContext;

use kalamtable_model::TableDefinition;
use kalamtable_rows::physical::is_same_logical_type;

use crate::exact_cast::{ExactCast, uncast};
use crate::options::{KalamTableOptions, allows_lossy_casts};
use crate::provider::RowProvider;
use crate::sql_types::{enable_types, rebuilt};

const NAME: &str = "kalamtable_change_statements";
const EXACT_NAME: &str = "kalamtable_exact_values";

/// Enables `UPDATE` and `DELETE` on the tables of this library in `ctx`, and in sessions that are
/// created from it later.
///
/// [`register`](crate::register) and [`register_as`](crate::register_as) call this function. A
/// server that registers its providers in another way calls it itself, after it has added the last
/// of its own analyzer rules: a condition that a later rule adds would be lost, so the statement is
/// rejected in such a session. Optimizer rules must not add conditions to DML statements. `INSERT`
/// and `TRUNCATE` do not need this function. Without it, DataFusion rounds a value that does not
/// fit its column before the provider receives it.
///
/// The function also adds [`KalamTableOptions`] to the session, unless it has them already, and
/// calls [`enable_types`]. The first call in a session turns off the option
/// `datafusion.optimizer.enable_aggregate_dynamic_filter_pushdown`: in DataFusion 55, it makes
/// queries such as `SELECT min(a), min(b + 1)` return wrong results. While it is on, scans of our
/// tables ignore the dynamic filters of sorts, joins and aggregates.
///
/// ```
/// use std::sync::Arc;
///
/// use datafusion::prelude::SessionContext;
/// # use kalamtable_rows::doc_example::Event;
/// use kalamtable_provider::{MemoryTable, RowProvider, enable_dml};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let events = Arc::new(MemoryTable::new());
/// events.insert([Event { id: 1, title: None }, Event { id: 2, title: None }])?;
///
/// let ctx = SessionContext::new();
/// ctx.register_table("events", Arc::new(RowProvider::new(events.clone())))?;
/// enable_dml(&ctx);
/// ctx.sql("DELETE FROM events WHERE id = 1").await?.collect().await?;
/// assert_eq!(events.len(), 1);
/// # Ok(())
/// # }
/// ```
pub fn enable_dml(ctx: &SessionContext) {
    enable_types(ctx);
    let state = ctx.state_ref();
    let mut state = state.write();
    if !state
        .optimizers()
        .iter()
        .any(|rule| rule.name() == EXACT_NAME)
    {
        let with_rule = rebuilt(&state, |builder| {
            if let Some(optimizer) = builder.optimizer() {
                optimizer.rules.insert(0, Arc::new(ExactValuesRule));
            }
        });
        *state = with_rule;
    }
    if !is_last(&*state) {
        state.add_analyzer_rule(Arc::new(ChangeRule));
    }
    let options = state.config_mut().options_mut();
    if options.extensions.get::<KalamTableOptions>().is_none() {
        options.optimizer.enable_aggregate_dynamic_filter_pushdown = false;
        options.extensions.insert(KalamTableOptions::default());
    }
}

/// Returns whether [`ChangeRule`] is the last analyzer rule of the session. A later rule could add
/// conditions that [`ChangeRule`] has not seen.
fn is_last(session: &dyn Session) -> bool {
    let state = session.as_any().downcast_ref::<SessionState>();
    let last = state.and_then(|state| state.analyzer().rules.last());
    last.is_some_and(|rule| rule.name() == NAME)
}

#[derive(Debug)]
struct ChangeRule;

impl AnalyzerRule for ChangeRule {
    fn name(&self) -> &str {
        NAME
    }

    fn analyze(&self, plan: LogicalPlan, config: &ConfigOptions) -> Result<LogicalPlan> {
        let is_exact = !allows_lossy_casts(config);
        plan.transform_down(|plan| match plan {
            LogicalPlan::Dml(statement) => with_exact_values(statement, is_exact),
            plan => Ok(Transformed::no(plan)),
        })
        .data()
    }
}

/// Replaces the casts of the values of an `INSERT` or `UPDATE`, before other rules evaluate casts
/// of constants. DataFusion optimizes the statement of a `PREPARE` without analyzing it.
#[derive(Debug)]
struct ExactValuesRule;

impl OptimizerRule for ExactValuesRule {
    fn name(&self) -> &str {
        EXACT_NAME
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::TopDown)
    }

    fn rewrite(
        &self,
        plan: LogicalPlan,
        config: &dyn OptimizerConfig,
    ) -> Result<Transformed<LogicalPlan>> {
        let LogicalPlan::Dml(statement) = plan else {
            return Ok(Transformed::no(plan));
        };
        let provider = provider_of(&*statement.target);
        match (&statement.op, provider) {
            _ if allows_lossy_casts(&config.options()) => {}
            (WriteOp::Insert(_), Some(provider)) => return with_exact_insert(statement, provider),
            (WriteOp::Update, Some(provider)) => {
                let exact = with_exact_assignments(statement, &provider)?;
                return exact.map_data(|statement| Ok(LogicalPlan::Dml(statement)));
            }
            _ => {}
        }
        Ok(Transformed::no(LogicalPlan::Dml(statement)))
    }
}

fn with_exact_values(statement: DmlStatement, is_exact: bool) -> Result<Transformed<LogicalPlan>> {
    let Some(provider) = provider_of(&*statement.target) else {
        return Ok(Transformed::no(LogicalPlan::Dml(statement)));
    };
    match statement.op {
        WriteOp::Insert(_) if is_exact => with_exact_insert(statement, provider),
        WriteOp::Update if is_exact => {
            let exact = with_exact_assignments(statement, &provider)?;
            with_change(exact.data, provider)
        }
        WriteOp::Update | WriteOp::Delete => with_change(statement, provider),
        _ => Ok(Transformed::no(LogicalPlan::Dml(statement))),
    }
}

/// Replaces the casts of the values of an `INSERT`.
fn with_exact_insert(
    statement: DmlStatement,
    provider: Arc<dyn TableProvider>,
) -> Result<Transformed<LogicalPlan>> {
    let Some(table) = provider.downcast_ref::<RowProvider>() else {
        return Ok(Transformed::no(LogicalPlan::Dml(statement)));
    };
    let (definition, schema) = (table.definition(), provider.schema());
    let mut input = Arc::unwrap_or_clone(statement.input);
    // The plan of a prepared statement has been optimized: a cast in it may have been written by
    // the user. Its casts have been replaced when the statement was prepared.
    let is_prepared = statement
        .target
        .downcast_ref::<DefaultTableSource>()
        .is_some_and(|source| source.table_provider.is::<ExactInsertTarget>());
    if !is_prepared
        && let LogicalPlan::Projection(projection) = &input
        && projection.expr.len() == schema.fields().len()
    {
        let mut values = projection.expr.clone();
        // System columns follow the columns of the definition. The source casts the values, and
        // knows their rows.
        let own_columns = schema.fields().iter().take(definition.columns().len());
        for (value, field) in values.iter_mut().zip(own_columns) {
            if let Expr::Alias(alias) = value
                && let Some(uncast) = uncast(&alias.expr, field.data_type())
            {
                *alias.expr = uncast;
            }
        }
        let projection = Projection::try_new(values, Arc::clone(&projection.input))?;
        input = LogicalPlan::Projection(projection);
    }
    let target = ExactInsertTarget {
        provider: Arc::clone(&provider),
    };
    let exact = LogicalPlan::Dml(DmlStatement {
        input: Arc::new(with_exact_rows(input, definition, &schema)?),
        target: Arc::new(DefaultTableSource::new(Arc::new(target))),
        ..statement
    });
    Ok(Transformed::new_transformed(exact, !is_prepared))
}

/// Replaces the casts in `VALUES`, at any depth of the input of an `INSERT`: DataFusion casts the
/// rows of each `VALUES` in the statement to the types of the table. `schema` is the schema of the
/// table.
fn with_exact_rows(
    plan: LogicalPlan,
    definition: &TableDefinition,
    schema: &SchemaRef,
) -> Result<LogicalPlan> {
    // The positions in the table of the columns of `VALUES`.
    let mut columns: Vec<Option<usize>> = (0..definition.columns().len()).map(Some).collect();
    if let LogicalPlan::Projection(projection) = &plan {
        let of_rows = projection.input.schema();
        columns = vec![None; of_rows.fields().len()];
        let values = projection.expr.iter().take(definition.columns().len());
        for (position, value) in values.enumerate() {
            if let Expr::Column(column) = value.clone().unalias()
                && let Ok(index) = of_rows.index_of_column(&column)
            {
                columns[index] = Some(position);
            }
        }
    }
    plan.transform_down_with_subqueries(|plan| {
        let LogicalPlan::Values(mut rows) = plan else {
            return Ok(Transformed::no(plan));
        };
        let mut is_replaced = false;
        for (number, row) in rows.values.iter_mut().enumerate() {
            for (index, value) in row.iter_mut().enumerate() {
                let ty = rows.schema.field(index).data_type();
                let Some(position) = columns.get(index).copied().flatten() else {
                    continue;
                };
                if ty != schema.field(position).data_type() {
                    continue;
                }
                // Without a cast, it is the value of a parameter of another type.
                let of_other_type = || {
                    let is_other = value.get_type(&rows.schema).is_ok_and(|found| found != *ty);
                    is_other.then(|| value.clone())
                };
                let Some(uncast) = uncast(value, ty).or_else(of_other_type) else {
                    continue;
                };
                // A cast to another physical form changes no value. DataFusion does not cast a
                // struct to one with required fields.
                let found = uncast.get_type(&rows.schema)?;
                if ty.is_nested() || !is_same_logical_type(&found, ty) {
                    let row = Some(number);
                    let cast = ExactCast::new(definition, position, ty.clone(), row);
                    *value = cast.call(uncast)?;
                    is_replaced = true;
                }
            }
        }
        let exact = LogicalPlan::Values(rows);
        Ok(Transformed::new_transformed(exact, is_replaced))
    })
    .data()
}

/// Replaces the casts of the assigned values of an `UPDATE`.
fn with_exact_assignments(
    statement: DmlStatement,
    provider: &Arc<dyn TableProvider>,
) -> Result<Transformed<DmlStatement>> {
    let (Some(table), LogicalPlan::Projection(projection)) =
        (provider.downcast_ref::<RowProvider>(), &*statement.input)
    else {
        return Ok(Transformed::no(statement));
    };
    let mut is_replaced = false;
    let (definition, schema) = (table.definition(), provider.schema());
    let mut values = projection.expr.clone();
    for value in &mut values {
        if let Expr::Alias(alias) = value
            && let Some((position, _)) = definition.column(&alias.name)
            && let Some(uncast) = uncast(&alias.expr, schema.field(position).data_type())
        {
            let ty = schema.field(position).data_type().clone();
            let cast = ExactCast::new(definition, position, ty, None);
            *alias.expr = cast.call(uncast)?;
            is_replaced = true;
        }
    }
    let projection = Projection::try_new(values, Arc::clone(&projection.input))?;
    let exact = DmlStatement {
        input: Arc::new(LogicalPlan::Projection(projection)),
        ..statement
    };
    Ok(Transformed::new_transformed(exact, is_replaced))
}

fn with_change(
    statement: DmlStatement,
    provider: Arc<dyn TableProvider>,
) -> Result<Transformed<LogicalPlan>> {
    let (assignments, filters) = match read_change(&statement) {
        Ok(change) => change,
        Err(unsupported) => {
            let (table, op) = (&statement.table_name, statement.op.name());
            return plan_err!(
                "{op} of table `{table}` with {unsupported} is not supported: the condition may use \
                 only columns of the table; select the keys first and list them in the statement"
            );
        }
    };
    let target = ChangeTarget {
        provider,
        assignments,
        filters,
    };
    Ok(Transformed::yes(LogicalPlan::Dml(DmlStatement {
        target: Arc::new(DefaultTableSource::new(Arc::new(target))),
        ..statement
    })))
}

/// Returns the provider of the target table if it is a [`RowProvider`]. It is unwrapped if the rule
/// has already replaced the target.
fn provider_of(source: &dyn TableSource) -> Option<Arc<dyn TableProvider>> {
    let provider = &source.downcast_ref::<DefaultTableSource>()?.table_provider;
    if let Some(target) = provider.downcast_ref::<ChangeTarget>() {
        return Some(Arc::clone(&target.provider));
    }
    if let Some(target) = provider.downcast_ref::<ExactInsertTarget>() {
        return Some(Arc::clone(&target.provider));
    }
    provider.is::<RowProvider>().then(|| Arc::clone(provider))
}

type Assignments = Vec<(String, Expr)>;

/// An analyzed `UPDATE` or `DELETE`.
#[derive(Clone, Debug)]
pub struct Change {
    /// The [`RowProvider`] of the target table.
    pub provider: Arc<dyn TableProvider>,
    /// The assigned columns and values of an `UPDATE`; `None` for a `DELETE`.
    pub assignments: Option<Vec<(String, Expr)>>,
    /// The conditions, all of which a changed row fulfills.
    pub filters: Vec<Expr>,
}

/// Returns the change of a plan that `ChangeRule` has analyzed, or `None` for any other plan.
pub fn change_of(plan: &LogicalPlan) -> Option<Change> {
    let LogicalPlan::Dml(statement) = plan else {
        return None;
    };
    let source = statement.target.downcast_ref::<DefaultTableSource>()?;
    let target = source.table_provider.downcast_ref::<ChangeTarget>()?;
    Some(Change {
        provider: Arc::clone(&target.provider),
        assignments: (statement.op == WriteOp::Update).then(|| target.assignments.clone()),
        filters: target.filters.clone(),
    })
}

/// Returns the provider that `ChangeRule` has wrapped as the target of an `INSERT`, or `None` if
/// the target is another table.
pub fn insert_target(target: &dyn TableSource) -> Option<Arc<dyn TableProvider>> {
    provider_of(target)
}

/// Returns the assignments and the conditions of a statement, or a description of a part of it that
/// is neither. DataFusion has already optimized the plan of a prepared statement; any other plan is
/// not optimized yet.
fn read_change(statement: &DmlStatement) -> Result<(Assignments, Vec<Expr>), &'static str> {
    let mut plan: &LogicalPlan = &statement.input;
    let mut assignments = Vec::new();
    if let (WriteOp::Update, LogicalPlan::Projection(projection)) = (&statement.op, plan) {
        for value in &projection.expr {
            if let Expr::Alias(alias) = value
                && !is_column(&alias.expr, &alias.name)
            {
                assignments.push((alias.name.clone(), (*alias.expr).clone()));
            }
        }
        plan = &projection.input;
    } else if statement.op == WriteOp::Update && !matches!(plan, LogicalPlan::EmptyRelation(_)) {
        return Err("more than assignments");
    }
    let mut filters = Vec::new();
    loop {
        plan = match plan {
            LogicalPlan::Filter(filter) => {
                filters.extend(split_conjunction_owned(filter.predicate.clone()));
                &filter.input
            }
            LogicalPlan::SubqueryAlias(alias) => {
                let values = assignments.iter_mut().map(|(_, value)| value);
                for expr in values.chain(&mut filters) {
                    *expr = over_columns(expr, &alias.schema, |index| {
                        let input = alias.input.schema();
                        Expr::Column(Column::from(input.qualified_field(index)))
                    })?;
                }
                &alias.input
            }
            // Common subexpressions.
            LogicalPlan::Projection(projection) => {
                let values = assignments.iter_mut().map(|(_, value)| value);
                for expr in values.chain(&mut filters) {
                    *expr = over_columns(expr, &projection.schema, |index| {
                        projection.expr[index].clone().unalias()
                    })?;
                }
                &projection.input
            }
            // The optimizer may have reduced a join to another table.
            LogicalPlan::TableScan(scan) if !scan.table_name.resolved_eq(&statement.table_name) => {
                return Err("another table");
            }
            LogicalPlan::TableScan(scan) if scan.fetch.is_none() => {
                filters.extend(scan.filters.iter().cloned());
                break;
            }
            LogicalPlan::EmptyRelation(_) => {
                filters = vec![lit(false)];
                break;
            }
            LogicalPlan::Join(_) => return Err("a subquery or another table"),
            LogicalPlan::Limit(_) | LogicalPlan::TableScan(_) => return Err("a limit"),
            _ => return Err("more than a condition"),
        };
    }
    let unqualified_assignments = assignments
        .into_iter()
        .map(|(column, value)| of_table(value).map(|value| (column, value)))
        .collect::<Result<_, _>>()?;
    let unqualified_filters = filters
        .into_iter()
        .map(of_table)
        .collect::<Result<_, _>>()?;
    Ok((unqualified_assignments, unqualified_filters))
}

/// Replaces each column of `expr`, which refers to `schema`, by the expression that `of_index`
/// returns for the index of the column.
fn over_columns(
    expr: &Expr,
    schema: &DFSchema,
    of_index: impl Fn(usize) -> Expr,
) -> Result<Expr, &'static str> {
    let over_input = expr.clone().transform(|expr| match &expr {
        Expr::Column(column) => Ok(Transformed::yes(of_index(schema.index_of_column(column)?))),
        _ => Ok(Transformed::no(expr)),
    });
    over_input.data().map_err(|_| "an unknown expression")
}

fn is_column(expr: &Expr, name: &str) -> bool {
    matches!(expr, Expr::Column(column) if column.name == name)
}

/// Removes the qualifiers of the columns in `expr`. Fails if `expr` contains a subquery.
fn of_table(expr: Expr) -> Result<Expr, &'static str> {
    let mut has_subquery = false;
    let unqualified = expr.transform(|expr| match expr {
        Expr::Column(column) if column.relation.is_some() => Ok(Transformed::yes(Expr::Column(
            Column::new_unqualified(column.name),
        ))),
        Expr::Exists(_)
        | Expr::InSubquery(_)
        | Expr::ScalarSubquery(_)
        | Expr::SetComparison(_)
        | Expr::OuterReferenceColumn(..) => {
            has_subquery = true;
            Ok(Transformed::new(expr, false, TreeNodeRecursion::Stop))
        }
        expr => Ok(Transformed::no(expr)),
    });
    if has_subquery {
        return Err("a subquery");
    }
    unqualified.data().map_err(|_| "an unknown expression")
}

/// The target table of an `INSERT` whose casts have been replaced.
#[derive(Debug)]
struct ExactInsertTarget {
    /// A [`RowProvider`].
    provider: Arc<dyn TableProvider>,
}

#[async_trait]
impl TableProvider for ExactInsertTarget {
    fn schema(&self) -> SchemaRef {
        self.provider.schema()
    }

    fn table_type(&self) -> TableType {
        self.provider.table_type()
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        self.provider.scan(state, projection, filters, limit).await
    }

    async fn insert_into(
        &self,
        state: &dyn Session,
        input: Arc<dyn ExecutionPlan>,
        op: InsertOp,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        self.provider.insert_into(state, input, op).await
    }
}

/// The target table of one statement, with the conditions and assignments of the statement.
#[derive(Debug)]
struct ChangeTarget {
    /// A [`RowProvider`].
    provider: Arc<dyn TableProvider>,
    assignments: Assignments,
    filters: Vec<Expr>,
}

impl ChangeTarget {
    fn row_provider(&self, state: &dyn Session) -> Result<&RowProvider> {
        if !is_last(state) {
            return exec_err!(
                "an analyzer rule that was added after `enable_dml` may add conditions: call \
                 `enable_dml` again"
            );
        }
        match self.provider.downcast_ref::<RowProvider>() {
            Some(provider) => Ok(provider),
            None => internal_err!("the target of the statement is not a `RowProvider`"),
        }
    }
}

#[async_trait]
impl TableProvider for ChangeTarget {
    fn schema(&self) -> SchemaRef {
        self.provider.schema()
    }

    fn table_type(&self) -> TableType {
        self.provider.table_type()
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        self.provider.scan(state, projection, filters, limit).await
    }

    async fn delete_from(
        &self,
        state: &dyn Session,
        _filters: Vec<Expr>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        self.row_provider(state)?
            .delete_plan(state, &self.filters)
            .await
    }

    async fn update(
        &self,
        state: &dyn Session,
        _assignments: Assignments,
        _filters: Vec<Expr>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let assignments = self.assignments.clone();
        let provider = self.row_provider(state)?;
        provider
            .update_plan(state, assignments, &self.filters)
            .await
    }
}
