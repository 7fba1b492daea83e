// SPDX-License-Identifier: Apache-2.0

//! [`StatementRunner`]: plans statements of a session with its cache, and runs them.

use std::fmt;
use std::sync::Arc;

use datafusion::common::metadata::ScalarAndMetadata;
use datafusion::common::plan_err;
use datafusion::error::Result;
use datafusion::execution::{SessionState, TaskContext};
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream, execute_stream};
use datafusion::prelude::SessionContext;
use datafusion::sql::parser::Statement as DataFusionStatement;
use datafusion::sql::sqlparser::ast::Statement;
use kalamtable_provider::RowProvider;

use crate::cache::{CachedPlan, PlanCache};
use crate::dependencies::Dependencies;
use crate::error::Error;
use crate::parameters::bind_expr;
use crate::parse::parse;
use crate::planning::{Planned, plan_statement};
use crate::states::{SessionStates, StatementState};
use crate::tables::SessionTables;
use crate::template::{Template, TemplateForm};

/// Plans statements of a session with its cache, and runs them.
#[derive(Clone)]
pub(crate) struct StatementRunner {
    pub(crate) ctx: SessionContext,
    pub(crate) cache: Arc<PlanCache>,
    pub(crate) tables: Arc<dyn SessionTables>,
    pub(crate) states: Arc<SessionStates>,
}

impl StatementRunner {
    /// Returns the state of the session for one statement.
    pub(crate) fn observe(&self) -> StatementState {
        self.states.observe(&self.ctx, &self.cache)
    }

    /// Returns the cached plan of a text if it is valid.
    pub(crate) fn cached(&self, text: &str, state: &StatementState) -> Option<Arc<CachedPlan>> {
        let (live, tables) = (self.ctx.state_ref(), &*self.tables);
        self.cache
            .get(text, &state.environment, &live.read(), tables)
    }

    /// Returns whether everything that a plan depends on is unchanged.
    pub(crate) fn is_current(&self, plan: &CachedPlan, state: &StatementState) -> bool {
        let (live, tables) = (self.ctx.state_ref(), &*self.tables);
        let dependencies = &plan.dependencies;
        dependencies.are_unchanged(&state.environment, &live.read(), tables)
    }

    /// Returns the cached template of a statement to prepare, or plans the statement.
    pub(crate) async fn template(
        &self,
        text: &str,
        statement: DataFusionStatement,
        state: &StatementState,
    ) -> Result<Arc<CachedPlan>> {
        let key = cache_key(text, &statement);
        if let Some(plan) = self.cached(&key, state) {
            self.check_shadow(text, &plan, state).await?;
            return Ok(plan);
        }
        let planned = self.planned(statement, state).await?;
        self.publish(&key, planned, state)
    }

    /// Plans the text of a prepared statement again.
    pub(crate) async fn template_of(
        &self,
        text: &str,
        state: &mut StatementState,
    ) -> Result<Arc<CachedPlan>> {
        state.renew(&self.ctx, &self.cache);
        let statement = parse(text, state.state())?;
        self.template(text, statement, state).await
    }

    pub(crate) async fn planned(
        &self,
        statement: DataFusionStatement,
        state: &StatementState,
    ) -> Result<Planned> {
        let environment = Arc::clone(&state.environment);
        plan_statement(statement, environment, state.state().clone(), &*self.tables).await
    }

    /// Creates the template of a plan, and caches it if it can be used again.
    pub(crate) fn publish(
        &self,
        text: &str,
        planned: Planned,
        state: &StatementState,
    ) -> Result<Arc<CachedPlan>> {
        let template = Template::try_new(planned.plan, &planned.declared, state.state())?;
        let (dependencies, is_cacheable) = match planned.dependencies {
            Ok(dependencies) => (dependencies, true),
            Err(_) => (Dependencies::never_valid(), false),
        };
        let session_id = dependencies.has_session_tables().then(|| {
            let session_id = state.state().session_id();
            self.states.remove_plans_at_end(&self.cache, session_id);
            session_id.to_string()
        });
        let plan = Arc::new(CachedPlan {
            template,
            dependencies,
            session_id,
        });
        if is_cacheable {
            self.cache.count_miss();
            self.cache.insert(text, &plan);
        } else {
            self.cache.count_uncacheable();
        }
        Ok(plan)
    }

    /// In shadow mode, compares a cached plan, and what its names refer to, with a new plan.
    pub(crate) async fn check_shadow(
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
        let template = Template::try_new(planned.plan, &planned.declared, state.state())?;
        let difference = match planned.dependencies {
            Ok(found) if cached.dependencies.are_equal(&found, &*self.tables) => {
                let texts = (cached.template.text(), template.text());
                (texts.0 != texts.1).then_some(texts)
            }
            Ok(found) => Some((format!("{:?}", cached.dependencies), format!("{found:?}"))),
            Err(obstacle) => Some((cached.template.text(), obstacle)),
        };
        match difference {
            // A table may have changed since the cached plan was validated.
            Some((cached_text, planned_text)) if self.is_current(cached, state) => {
                let stale = Error::Stale {
                    sql: text.to_string(),
                    cached: cached_text,
                    planned: planned_text,
                };
                Err(stale.into())
            }
            _ => Ok(()),
        }
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
            TemplateForm::KeyRead(read) => read.result(rows),
            _ => rows,
        })
    }

    /// Returns the physical plan of a template, and whether it may look up functions when it runs.
    pub(crate) async fn physical(
        &self,
        template: &Template,
        values: &[ScalarAndMetadata],
        statement: &StatementState,
    ) -> Result<(Arc<dyn ExecutionPlan>, bool)> {
        let state = statement.state();
        match &template.form {
            TemplateForm::KeyRead(read) => Ok((read.plan(values, state).await?, false)),
            TemplateForm::Change(change) => {
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
            TemplateForm::RowInsert(insert) => {
                if let Some(plan) = insert.physical_plan(values, state).await? {
                    return Ok((plan, false));
                }
                let plan = insert.bind(values, state)?;
                let planner = state.query_planner();
                Ok((planner.create_physical_plan(&plan, state).await?, true))
            }
            TemplateForm::Optimized(optimized) => {
                let (plan, is_cached) = optimized.physical_plan(values, state).await?;
                if is_cached {
                    self.cache.count_physical_hit();
                }
                Ok((plan, true))
            }
            TemplateForm::Planned => {
                let plan = template.bind_planned(values)?;
                Ok((state.create_physical_plan(&plan).await?, true))
            }
        }
    }
}

impl fmt::Debug for StatementRunner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StatementRunner")
            .field("session_id", &self.ctx.session_id())
            .field("cache", &self.cache)
            .field("tables", &self.tables)
            .finish_non_exhaustive()
    }
}

/// Returns the key of a statement in the cache. The plan of a `PREPARE` is that of the prepared
/// statement, which its text does not run.
fn cache_key(text: &str, statement: &DataFusionStatement) -> String {
    match statement {
        DataFusionStatement::Statement(inner) if matches!(**inner, Statement::Prepare { .. }) => {
            format!("{text}\0")
        }
        _ => text.to_string(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::PlanCacheOptions;
    use crate::session::SqlSession;

    #[tokio::test]
    async fn shadow_mode_reports_a_plan_of_another_statement() -> Result<()> {
        let ctx = SessionContext::new();
        ctx.sql("CREATE TABLE t AS SELECT 1 AS a").await?;
        let options = PlanCacheOptions::default().with_shadow(true);
        let cache = Arc::new(PlanCache::new(&options));
        let session = SqlSession::new(ctx.clone(), Arc::clone(&cache));
        for _ in 0..2 {
            drop(session.execute("SELECT a FROM t").await?);
        }
        assert_eq!(cache.stats().hits, 1);
        // A text with the plan of another one, whose dependencies are valid.
        let state = ctx.state();
        let environment = cache.environment(&state);
        let tables = crate::tables::CompiledTables;
        let plan = cache.get("SELECT a FROM t", &environment, &state, &tables);
        cache.insert("SELECT a + 1 AS a FROM t", &plan.expect("a cached plan"));
        let stale = session.execute("SELECT a + 1 AS a FROM t").await.err();
        let stale = stale.expect("a stale plan").to_string();
        assert!(stale.contains("is stale"), "{stale}");
        Ok(())
    }
}
