// SPDX-License-Identifier: Apache-2.0

//! [`ChangeRule`]: hands `UPDATE` and `DELETE` to the provider as they were written.
//!
//! DataFusion 55 tells a provider the predicates that it finds in the optimized plan, where a subquery
//! has become a join and a `LIMIT` is none: `DELETE FROM t WHERE id IN (SELECT ..)` arrives as the
//! deletion of all rows, and an assignment may name a column that only the optimizer knows. The rule
//! sees the plan before, takes the predicates and the assignments out of it, and refuses what it cannot
//! take.

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
use datafusion::logical_expr::utils::split_conjunction_owned;
use datafusion::logical_expr::{DmlStatement, Expr, LogicalPlan, TableSource, WriteOp, lit};
use datafusion::optimizer::AnalyzerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::SessionContext;

use crate::provider::RowProvider;

const NAME: &str = "kalamtable_change_statements";

/// Lets `UPDATE` and `DELETE` of this library's tables run in the sessions of `ctx`, and of those that
/// are made from it later. [`register`](crate::register) and [`register_as`](crate::register_as) do it;
/// a server that hands providers to DataFusion in another way does it itself, after it has added the
/// last analyzer rule of its own: conditions that a rule adds behind this one would be lost, and such
/// statements are refused. Optimizer rules must not add conditions to statements that write.
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
    if !is_last(&ctx.state()) {
        ctx.add_analyzer_rule(Arc::new(ChangeRule));
    }
}

/// Whether the rule is the last one that looks at a plan as it was written: one behind it may add
/// conditions that it has not seen.
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

    fn analyze(&self, plan: LogicalPlan, _config: &ConfigOptions) -> Result<LogicalPlan> {
        plan.transform_down(|plan| match plan {
            LogicalPlan::Dml(statement) => with_change(statement),
            plan => Ok(Transformed::no(plan)),
        })
        .data()
    }
}

fn with_change(statement: DmlStatement) -> Result<Transformed<LogicalPlan>> {
    let is_change = matches!(statement.op, WriteOp::Update | WriteOp::Delete);
    let Some(provider) = provider_of(&*statement.target).filter(|_| is_change) else {
        return Ok(Transformed::no(LogicalPlan::Dml(statement)));
    };
    let (assignments, filters) = match parts(&statement) {
        Ok(parts) => parts,
        Err(unsupported) => {
            let (table, op) = (&statement.table_name, statement.op.name());
            return plan_err!(
                "{op} of table `{table}` with {unsupported}: only conditions on the table's own \
                 columns are taken; select the keys first, and name them in the statement"
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

/// The provider of this library that a plan names, also where the rule has been before.
fn provider_of(source: &dyn TableSource) -> Option<Arc<dyn TableProvider>> {
    let provider = &source.downcast_ref::<DefaultTableSource>()?.table_provider;
    match provider.downcast_ref::<ChangeTarget>() {
        Some(target) => Some(target.provider.clone()),
        None => provider.is::<RowProvider>().then(|| Arc::clone(provider)),
    }
}

type Assignments = Vec<(String, Expr)>;

/// What a statement assigns, and for which rows; or what in it is neither. The plan is as it was
/// written, or that of a prepared statement, which DataFusion optimizes before.
fn parts(statement: &DmlStatement) -> Result<(Assignments, Vec<Expr>), &'static str> {
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
            // What several expressions have in common.
            LogicalPlan::Projection(projection) => {
                let values = assignments.iter_mut().map(|(_, value)| value);
                for expr in values.chain(&mut filters) {
                    *expr = over_columns(expr, &projection.schema, |index| {
                        projection.expr[index].clone().unalias()
                    })?;
                }
                &projection.input
            }
            // The optimizer may have left another table of a join.
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
    let assignments = assignments
        .into_iter()
        .map(|(column, value)| of_table(value).map(|value| (column, value)));
    let filters = filters.into_iter().map(of_table);
    Ok((
        assignments.collect::<Result<_, _>>()?,
        filters.collect::<Result<_, _>>()?,
    ))
}

/// `expr`, whose columns are those of `schema`, with another expression for each of them by its index.
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

/// `expr` with the names of the table's columns alone.
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
    match has_subquery {
        true => Err("a subquery"),
        false => unqualified.data().map_err(|_| "an unknown expression"),
    }
}

/// The target of one statement, which knows what the statement says.
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
                "an analyzer rule was added after `enable_dml`, which may add conditions: call \
                 `enable_dml` again"
            );
        }
        match self.provider.downcast_ref::<RowProvider>() {
            Some(provider) => Ok(provider),
            None => internal_err!("the target of a statement is another provider"),
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
