// SPDX-License-Identifier: Apache-2.0

//! [`SqlSession`]: runs SQL in a session with cached plans and prepared statements.

use std::sync::Arc;

use datafusion::common::metadata::ScalarAndMetadata;
use datafusion::common::{ScalarValue, plan_err};
use datafusion::dataframe::DataFrame;
use datafusion::error::Result;
use datafusion::execution::{SessionState, TaskContext};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream, execute_stream};
use datafusion::prelude::SessionContext;
use datafusion::sql::parser::Statement as DataFusionStatement;
use datafusion::sql::sqlparser::ast::Statement;

use crate::cache::{CachedPlan, PlanCache};
use crate::error::Error;
use crate::explain::{explained_text, with_cache_row};
use crate::parse::parse;
use crate::prepared::{PreparedStatement, PreparedStatements};
use crate::row_insert;
use crate::runner::StatementRunner;
use crate::states::{SessionStates, StatementState};
use crate::tables::{CompiledTables, SessionTables};

/// A session that runs SQL with cached plans and prepared statements.
///
/// A repeated text is planned once per [`PlanCache`], for all sessions with the same settings. A
/// cached plan runs only if every table, view, function and setting that it depends on is
/// unchanged. Otherwise, the statement is planned again.
///
/// Clones share the session.
#[derive(Clone, Debug)]
pub struct SqlSession {
    runner: StatementRunner,
    memory: Arc<SessionMemory>,
}

/// The prepared statements of a session, and its last state.
#[derive(Debug, Default)]
pub struct SessionMemory {
    prepared: PreparedStatements,
    states: Arc<SessionStates>,
}

/// The result of planning a text.
enum Outcome {
    /// A template and the values of its parameters.
    Template(Arc<CachedPlan>, Vec<ScalarAndMetadata>),
    /// A plan that is used once.
    Plan(LogicalPlan),
    /// The result of a statement that has run.
    Done(DataFrame),
}

impl SqlSession {
    /// Creates a session over `ctx`, whose tables change only if another provider is registered
    /// under their name. For dynamic tables, use `DynamicTables::session`.
    pub fn new(ctx: SessionContext, cache: Arc<PlanCache>) -> Self {
        let memory = Arc::new(SessionMemory::default());
        SqlSession::with_tables(ctx, cache, Arc::new(CompiledTables), memory)
    }

    /// Creates a session whose tables change while the server runs. Sessions with the same `memory`
    /// share prepared statements.
    pub fn with_tables(
        ctx: SessionContext,
        cache: Arc<PlanCache>,
        tables: Arc<dyn SessionTables>,
        memory: Arc<SessionMemory>,
    ) -> Self {
        SqlSession {
            runner: StatementRunner {
                ctx,
                cache,
                tables,
                states: Arc::clone(&memory.states),
            },
            memory,
        }
    }

    /// Returns the context of the session.
    pub fn context(&self) -> &SessionContext {
        &self.runner.ctx
    }

    /// Returns the cache.
    pub fn cache(&self) -> &Arc<PlanCache> {
        &self.runner.cache
    }

    /// Runs a statement, and returns its rows.
    ///
    /// `EXPLAIN` also shows whether the plan of the statement is cached.
    ///
    /// # Errors
    /// Fails if the statement cannot be planned or started. Errors of its execution are items of
    /// the stream.
    pub async fn execute(&self, sql: &str) -> Result<SendableRecordBatchStream> {
        let mut state = self.runner.observe();
        match self.outcome(sql, &mut state).await? {
            Outcome::Template(plan, values) => {
                self.runner.run(&plan.template, &values, &state).await
            }
            Outcome::Plan(plan) => {
                let plan = state.state().create_physical_plan(&plan).await?;
                execute_stream(plan, Arc::new(TaskContext::from(state.state())))
            }
            Outcome::Done(result) => result.execute_stream().await,
        }
    }

    /// Plans a statement like [`SessionContext::sql`], over one consistent snapshot of its tables,
    /// and returns it as a `DataFrame`, which can be transformed further. DataFusion optimizes it
    /// when it is collected; [`execute`](Self::execute) skips that for cached plans.
    ///
    /// # Errors
    /// Fails if the statement cannot be planned. DDL runs at once, and fails if it cannot be run.
    pub async fn sql(&self, sql: &str) -> Result<DataFrame> {
        let mut state = self.runner.observe();
        let plan = match self.outcome(sql, &mut state).await? {
            Outcome::Template(plan, values) => plan.template.bind_planned(&values)?,
            Outcome::Plan(plan) => plan,
            Outcome::Done(result) => return Ok(result),
        };
        self.runner.ctx.execute_logical_plan(plan).await
    }

    /// Returns the physical plan of a query or DML statement.
    ///
    /// # Errors
    /// Fails if the statement cannot be planned, or if it is of another kind.
    pub async fn physical_plan(&self, sql: &str) -> Result<Arc<dyn ExecutionPlan>> {
        let mut state = self.runner.observe();
        match self.outcome(sql, &mut state).await? {
            Outcome::Template(plan, values) => {
                let (plan, _) = self
                    .runner
                    .physical(&plan.template, &values, &state)
                    .await?;
                Ok(plan)
            }
            Outcome::Plan(plan) => state.state().create_physical_plan(&plan).await,
            Outcome::Done(_) => plan_err!("the statement has no plan: it has run already"),
        }
    }

    /// Prepares a query, `INSERT`, `UPDATE` or `DELETE` with the parameters `$1`, `$2` and so on.
    ///
    /// # Errors
    /// Fails if the statement cannot be planned, or if it is of another kind.
    pub async fn prepare(&self, sql: &str) -> Result<PreparedStatement> {
        let mut state = self.runner.observe();
        state.renew(&self.runner.ctx, &self.runner.cache);
        let statement = parse(sql, state.state())?;
        if !is_preparable(&statement) {
            return Err(Error::NotPreparable.into());
        }
        let plan = self.runner.template(sql, statement, &state).await?;
        Ok(PreparedStatement::new(self.runner.clone(), sql, plan))
    }

    async fn outcome(&self, sql: &str, state: &mut StatementState) -> Result<Outcome> {
        let text = sql.trim_end().trim_end_matches(';').trim_end();
        if let Some(plan) = self.runner.cached(text, state) {
            self.runner.check_shadow(text, &plan, state).await?;
            // The parameters of a text without `PREPARE` have no values.
            let values = plan.template.values(Vec::new())?;
            return Ok(Outcome::Template(plan, values));
        }
        state.renew(&self.runner.ctx, &self.runner.cache);
        let statement = parse(text, state.state())?;
        if is_preparable(&statement) {
            return self.planned_once(text, statement, state).await;
        }
        if let Some(done) = self.run_prepared_statement(text, &statement, state).await? {
            return Ok(done);
        }
        let tables = &self.runner.tables;
        if let Some(done) = tables
            .run(&self.runner.ctx, state.state(), &statement)
            .await?
        {
            return Ok(Outcome::Done(done));
        }
        let explained = explained_text(text, &statement);
        let is_cached = explained.map(|explained| {
            let tables = &*self.runner.tables;
            self.runner
                .cache
                .has(explained, &state.environment, state.state(), tables)
        });
        let planned = self.runner.planned(statement, state).await?;
        let result = self.runner.ctx.execute_logical_plan(planned.plan).await?;
        Ok(Outcome::Done(match is_cached {
            Some(is_cached) => with_cache_row(&self.runner.ctx, result, is_cached).await?,
            None => result,
        }))
    }

    /// Plans a query or DML statement, and caches the plan.
    async fn planned_once(
        &self,
        text: &str,
        statement: DataFusionStatement,
        state: &StatementState,
    ) -> Result<Outcome> {
        let planned = self.runner.planned(statement, state).await?;
        if planned.plan.get_parameter_names()?.is_empty() && planned.dependencies.is_ok() {
            let plan = self.runner.publish(text, planned, state)?;
            return Ok(Outcome::Template(plan, Vec::new()));
        }
        self.runner.cache.count_uncacheable();
        Ok(Outcome::Plan(planned.plan))
    }

    /// Runs `PREPARE`, `EXECUTE` or `DEALLOCATE`. Returns `None` for another statement.
    async fn run_prepared_statement(
        &self,
        text: &str,
        statement: &DataFusionStatement,
        state: &mut StatementState,
    ) -> Result<Option<Outcome>> {
        let DataFusionStatement::Statement(inner) = statement else {
            return Ok(None);
        };
        let prepared = &self.memory.prepared;
        match &**inner {
            Statement::Prepare {
                statement: inner,
                name,
                ..
            } => {
                if !is_preparable(&DataFusionStatement::Statement(inner.clone())) {
                    return Err(Error::NotPreparable.into());
                }
                let name = prepared_name(name);
                prepared.check_free(&name)?;
                let plan = self.runner.template(text, statement.clone(), state).await?;
                prepared.insert(name, text, plan)?;
                Ok(Some(Outcome::Done(self.empty()?)))
            }
            Statement::Execute { .. } => {
                let plan = state.state().statement_to_plan(statement.clone()).await?;
                let LogicalPlan::Statement(datafusion::logical_expr::Statement::Execute(execute)) =
                    plan
                else {
                    return plan_err!("`EXECUTE` has an unexpected plan");
                };
                let entry = prepared.get(&execute.name)?;
                let values = execute
                    .parameters
                    .into_iter()
                    .map(|value| constant(value, state.state()))
                    .collect::<Result<Vec<_>>>()?;
                let plan = entry.current(&self.runner, state).await?;
                let values = plan.template.values(values)?;
                Ok(Some(Outcome::Template(plan, values)))
            }
            Statement::Deallocate { name, .. } => {
                // `DEALLOCATE ALL` of PostgreSQL.
                if name.quote_style.is_none() && name.value.eq_ignore_ascii_case("all") {
                    prepared.clear();
                } else {
                    prepared.remove(&prepared_name(name))?;
                }
                Ok(Some(Outcome::Done(self.empty()?)))
            }
            _ => Ok(None),
        }
    }

    fn empty(&self) -> Result<DataFrame> {
        self.runner.ctx.read_empty()
    }
}

/// Returns whether a statement is a query or DML.
fn is_preparable(statement: &DataFusionStatement) -> bool {
    let DataFusionStatement::Statement(statement) = statement else {
        return false;
    };
    matches!(
        **statement,
        Statement::Query(_) | Statement::Insert(_) | Statement::Update(_) | Statement::Delete(_)
    )
}

fn prepared_name(name: &datafusion::sql::sqlparser::ast::Ident) -> String {
    match name.quote_style {
        Some(_) => name.value.clone(),
        None => name.value.to_ascii_lowercase(),
    }
}

/// Evaluates a parameter of `EXECUTE`.
fn constant(value: datafusion::logical_expr::Expr, state: &SessionState) -> Result<ScalarValue> {
    let text = value.to_string();
    match row_insert::constant(value, state)? {
        Some(value) => Ok(value),
        None => plan_err!("the parameter `{text}` of `EXECUTE` is not a constant"),
    }
}
