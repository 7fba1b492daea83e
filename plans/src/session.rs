// SPDX-License-Identifier: Apache-2.0

//! [`SqlSession`]: runs SQL in a session with cached plans and prepared statements.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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
use kalamtable_provider::RowProvider;

use crate::cache::{CachedPlan, PlanCache};
use crate::environment::{Environment, StateIdentity};
use crate::error::Error;
use crate::explain::{explained_text, with_cache_row};
use crate::parameters::bind_expr;
use crate::planning::{Planned, plan_statement};
use crate::prepared::{PreparedStatement, PreparedStatements};
use crate::tables::{CompiledTables, SessionTables};
use crate::template::{Form, Template};

/// A session that runs SQL with cached plans and prepared statements.
///
/// A repeated text is planned once per [`PlanCache`], for all sessions with the same settings. A
/// cached plan runs only if every table, view, function and setting that it depends on is
/// unchanged. Otherwise, the statement is planned again.
///
/// Clones share the session.
#[derive(Clone, Debug)]
pub struct SqlSession {
    ctx: SessionContextRef,
    cache: Arc<PlanCache>,
    tables: Arc<dyn SessionTables>,
    memory: Arc<SessionMemory>,
}

#[derive(Clone)]
struct SessionContextRef(SessionContext);

impl std::fmt::Debug for SessionContextRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("SessionContext")
            .field(&self.0.session_id())
            .finish()
    }
}

/// The prepared statements of a session, and its state as of the last statement.
#[derive(Debug, Default)]
pub struct SessionMemory {
    pub(crate) prepared: PreparedStatements,
    observed: Mutex<Option<Observed>>,
}

/// A state of the session, with copies for statements. To copy a state takes longer than to
/// validate a cached plan.
#[derive(Debug)]
struct Observed {
    identity: StateIdentity,
    environment: Arc<Environment>,
    copies: Vec<SessionState>,
}

impl Observed {
    fn of(state: &SessionState, cache: &PlanCache) -> Self {
        Observed {
            identity: StateIdentity::of(state),
            environment: cache.environment(state),
            copies: Vec::new(),
        }
    }
}

/// The maximum number of copies of a state that wait for statements.
const MAX_COPIES: usize = 4;

/// A copy of the state of the session, for one statement. The actor and other extensions are those
/// of the session at the start of the statement. The functions can be older ones: they are compared
/// with those of the session before a cached plan runs, and [`SqlSession::renew`] copies them.
pub(crate) struct StatementState {
    state: Option<SessionState>,
    pub(crate) environment: Arc<Environment>,
    memory: Arc<SessionMemory>,
}

impl StatementState {
    pub(crate) fn state(&self) -> &SessionState {
        match &self.state {
            Some(state) => state,
            None => unreachable!("the state is taken only when this value is dropped"),
        }
    }
}

impl Drop for StatementState {
    fn drop(&mut self) {
        let Some(state) = self.state.take() else {
            return;
        };
        let mut observed = self.memory.lock_observed();
        if let Some(observed) = &mut *observed
            && Arc::ptr_eq(&observed.environment, &self.environment)
            && observed.copies.len() < MAX_COPIES
            && observed.identity.is_of(&state)
        {
            observed.copies.push(state);
        }
    }
}

impl SessionMemory {
    fn lock_observed(&self) -> MutexGuard<'_, Option<Observed>> {
        self.observed.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
            ctx: SessionContextRef(ctx),
            cache,
            tables,
            memory,
        }
    }

    /// Returns the context of the session.
    pub fn context(&self) -> &SessionContext {
        &self.ctx.0
    }

    /// Returns the cache.
    pub fn cache(&self) -> &Arc<PlanCache> {
        &self.cache
    }

    /// Runs a statement, and returns its rows.
    ///
    /// `EXPLAIN` also shows whether the plan of the statement is cached.
    ///
    /// # Errors
    /// Fails if the statement cannot be planned or started. Errors of its execution are items of
    /// the stream.
    pub async fn execute(&self, sql: &str) -> Result<SendableRecordBatchStream> {
        let mut state = self.observe();
        match self.outcome(sql, &mut state).await? {
            Outcome::Template(plan, values) => self.run(&plan.template, &values, &state).await,
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
        let mut state = self.observe();
        let plan = match self.outcome(sql, &mut state).await? {
            Outcome::Template(plan, values) => plan.template.bind_planned(&values)?,
            Outcome::Plan(plan) => plan,
            Outcome::Done(result) => return Ok(result),
        };
        self.ctx.0.execute_logical_plan(plan).await
    }

    /// Returns the physical plan of a query or DML statement.
    ///
    /// # Errors
    /// Fails if the statement cannot be planned, or if it is of another kind.
    pub async fn physical_plan(&self, sql: &str) -> Result<Arc<dyn ExecutionPlan>> {
        let mut state = self.observe();
        match self.outcome(sql, &mut state).await? {
            Outcome::Template(plan, values) => {
                let (plan, _) = self.physical(&plan.template, &values, &state).await?;
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
        let mut state = self.observe();
        self.renew(&mut state);
        let statement = parse(sql, state.state())?;
        if !is_preparable(&statement) {
            return Err(Error::NotPreparable.into());
        }
        let plan = self.template(sql, statement, &state).await?;
        Ok(PreparedStatement::new(self.clone(), sql, plan))
    }

    /// Returns the state of the session for one statement.
    pub(crate) fn observe(&self) -> StatementState {
        let live = self.ctx.0.state_ref();
        let live = live.read();
        let mut observed = self.memory.lock_observed();
        let is_known = observed
            .as_ref()
            .is_some_and(|observed| observed.identity.is_of(&live));
        if !is_known {
            *observed = Some(Observed::of(&live, &self.cache));
        }
        let (environment, copy) = match &mut *observed {
            Some(observed) => (Arc::clone(&observed.environment), observed.copies.pop()),
            None => unreachable!("the state was observed above"),
        };
        drop(observed);
        let mut state = match copy {
            Some(mut copy) => {
                // The extensions of the session, such as its actor, can change without its options.
                copy.config_mut().clone_from(live.config());
                copy.execution_props_mut()
                    .clone_from(live.execution_props());
                copy
            }
            None => live.clone(),
        };
        state.mark_start_execution();
        StatementState {
            state: Some(state),
            environment,
            memory: Arc::clone(&self.memory),
        }
    }

    /// Copies the whole state of the session, before a statement is planned.
    fn renew(&self, state: &mut StatementState) {
        let live = self.ctx.0.state();
        let mut observed = self.memory.lock_observed();
        match &mut *observed {
            Some(observed) if observed.identity.is_of(&live) => {
                // The copies can have older functions.
                observed.copies.clear();
                state.environment = Arc::clone(&observed.environment);
            }
            _ => {
                let new = Observed::of(&live, &self.cache);
                state.environment = Arc::clone(&new.environment);
                *observed = Some(new);
            }
        }
        drop(observed);
        state.state = Some(live);
    }

    async fn outcome(&self, sql: &str, state: &mut StatementState) -> Result<Outcome> {
        let text = sql.trim_end().trim_end_matches(';').trim_end();
        if let Some(plan) = self.cached(text, state) {
            self.check_shadow(text, &plan, state).await?;
            // The parameters of a text without `PREPARE` have no values.
            let values = plan.template.values(Vec::new())?;
            return Ok(Outcome::Template(plan, values));
        }
        self.renew(state);
        let statement = parse(text, state.state())?;
        if is_preparable(&statement) {
            return self.planned_once(text, statement, state).await;
        }
        if let Some(done) = self.run_prepared_statement(text, &statement, state).await? {
            return Ok(done);
        }
        let tables = &self.tables;
        if let Some(done) = tables.run(&self.ctx.0, state.state(), &statement).await? {
            return Ok(Outcome::Done(done));
        }
        let explained = explained_text(text, &statement);
        let is_cached = explained.map(|explained| {
            let tables = &*self.tables;
            self.cache
                .has(explained, &state.environment, state.state(), tables)
        });
        let planned = self.planned(statement, state).await?;
        let result = self.ctx.0.execute_logical_plan(planned.plan).await?;
        Ok(Outcome::Done(match is_cached {
            Some(is_cached) => with_cache_row(&self.ctx.0, result, is_cached).await?,
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
        let planned = self.planned(statement, state).await?;
        if planned.plan.get_parameter_names()?.is_empty() && planned.dependencies.is_ok() {
            let plan = self.publish(text, planned, state)?;
            return Ok(Outcome::Template(plan, Vec::new()));
        }
        self.cache.count_uncacheable();
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
                let plan = self.template(text, statement.clone(), state).await?;
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
                let plan = entry.current(self, state).await?;
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

    /// Returns the cached plan of a text if it is valid.
    pub(crate) fn cached(&self, text: &str, state: &StatementState) -> Option<Arc<CachedPlan>> {
        let (live, tables) = (self.ctx.0.state_ref(), &*self.tables);
        self.cache
            .get(text, &state.environment, &live.read(), tables)
    }

    /// Returns whether everything that a plan depends on is unchanged.
    pub(crate) fn is_current(&self, plan: &CachedPlan, state: &StatementState) -> bool {
        let (live, tables) = (self.ctx.0.state_ref(), &*self.tables);
        let dependencies = &plan.dependencies;
        dependencies.are_unchanged(&state.environment, &live.read(), tables)
    }

    /// Returns the template of a statement to prepare, from the cache if it is there.
    pub(crate) async fn template(
        &self,
        text: &str,
        statement: DataFusionStatement,
        state: &StatementState,
    ) -> Result<Arc<CachedPlan>> {
        if let Some(plan) = self.cached(text, state) {
            self.check_shadow(text, &plan, state).await?;
            return Ok(plan);
        }
        let planned = self.planned(statement, state).await?;
        self.publish(text, planned, state)
    }

    /// Plans the text of a prepared statement again.
    pub(crate) async fn template_of(
        &self,
        text: &str,
        state: &mut StatementState,
    ) -> Result<Arc<CachedPlan>> {
        self.renew(state);
        let statement = parse(text, state.state())?;
        self.template(text, statement, state).await
    }

    async fn planned(
        &self,
        statement: DataFusionStatement,
        state: &StatementState,
    ) -> Result<Planned> {
        let environment = Arc::clone(&state.environment);
        plan_statement(statement, environment, state.state().clone(), &*self.tables).await
    }

    /// Creates the template of a plan, and caches it if it can be used again.
    fn publish(
        &self,
        text: &str,
        planned: Planned,
        state: &StatementState,
    ) -> Result<Arc<CachedPlan>> {
        let template = Template::try_new(planned.plan, &planned.declared, state.state())?;
        let (dependencies, is_cacheable) = match planned.dependencies {
            Ok(dependencies) => (dependencies, true),
            Err(_) => (crate::dependencies::Dependencies::never_valid(), false),
        };
        let plan = Arc::new(CachedPlan {
            template,
            dependencies,
        });
        if is_cacheable {
            self.cache.count_miss();
            self.cache.insert(text, &plan);
        } else {
            self.cache.count_uncacheable();
        }
        Ok(plan)
    }

    /// In shadow mode, compares a cached plan with one that is made again.
    async fn check_shadow(
        &self,
        text: &str,
        cached: &CachedPlan,
        state: &StatementState,
    ) -> Result<()> {
        if !self.cache.is_shadowed() {
            return Ok(());
        }
        let statement = parse(text, state.state())?;
        let planned = self.planned(statement, state).await?;
        let cached_text = cached.template.planned.display_indent_schema().to_string();
        let planned_text = planned.plan.display_indent_schema().to_string();
        // A table may have changed since the cached plan was validated.
        if cached_text == planned_text || !self.is_current(cached, state) {
            return Ok(());
        }
        Err(Error::Stale {
            sql: text.to_string(),
            cached: cached_text,
            planned: planned_text,
        }
        .into())
    }

    /// Runs a template.
    pub(crate) async fn run(
        &self,
        template: &Template,
        values: &[ScalarAndMetadata],
        state: &StatementState,
    ) -> Result<SendableRecordBatchStream> {
        let (plan, needs_functions) = self.physical(template, values, state).await?;
        let task = if needs_functions {
            TaskContext::from(state.state())
        } else {
            task_without_functions(state.state())
        };
        let rows = execute_stream(plan, Arc::new(task))?;
        Ok(match &template.form {
            Form::KeyRead(read) => read.result(rows),
            _ => rows,
        })
    }

    /// Returns the physical plan of a template, and whether it may look up functions when it runs.
    async fn physical(
        &self,
        template: &Template,
        values: &[ScalarAndMetadata],
        statement: &StatementState,
    ) -> Result<(Arc<dyn ExecutionPlan>, bool)> {
        let state = statement.state();
        match &template.form {
            Form::KeyRead(read) => Ok((read.plan(values, state).await?, false)),
            Form::Change(change) => {
                let bind = |expr| bind_expr(expr, values);
                let filters = change.filters.iter().cloned().map(bind);
                let filters = filters.collect::<Result<Vec<_>>>()?;
                let Some(provider) = change.provider.downcast_ref::<RowProvider>() else {
                    return plan_err!("the target of the statement is not a table of this library");
                };
                let Some(assignments) = &change.assignments else {
                    return Ok((provider.delete_plan(state, &filters).await?, false));
                };
                let assignments = assignments.iter().cloned();
                let assignments = assignments
                    .map(|(column, value)| Ok((column, bind_expr(value, values)?)))
                    .collect::<Result<Vec<_>>>()?;
                Ok((
                    provider.update_plan(state, assignments, &filters).await?,
                    false,
                ))
            }
            Form::RowInsert(insert) => {
                if let Some(plan) = insert.physical_plan(values, state).await? {
                    return Ok((plan, false));
                }
                let plan = insert.bind(values, state)?;
                let planner = state.query_planner();
                Ok((planner.create_physical_plan(&plan, state).await?, true))
            }
            Form::Optimized(optimized) => {
                let (plan, is_cached) = optimized.physical_plan(values, state).await?;
                if is_cached {
                    self.cache.count_physical_hit();
                }
                Ok((plan, true))
            }
            Form::Planned => {
                let plan = template.bind_planned(values)?;
                Ok((state.create_physical_plan(&plan).await?, true))
            }
        }
    }

    fn empty(&self) -> Result<DataFrame> {
        self.ctx.0.read_empty()
    }
}

fn task_without_functions(state: &SessionState) -> TaskContext {
    TaskContext::new(
        None,
        state.session_id().to_string(),
        state.config().clone(),
        Default::default(),
        Default::default(),
        Default::default(),
        Default::default(),
        Arc::clone(state.runtime_env()),
    )
}

fn parse(text: &str, state: &SessionState) -> Result<DataFusionStatement> {
    let dialect = state.config_options().sql_parser.dialect;
    state.sql_to_statement(text, &dialect)
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
    match crate::row_insert::constant(value, state)? {
        Some(value) => Ok(value),
        None => plan_err!("the parameter `{text}` of `EXECUTE` is not a constant"),
    }
}
