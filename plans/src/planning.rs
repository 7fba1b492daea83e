// SPDX-License-Identifier: Apache-2.0

//! Planning a statement over one consistent snapshot of its tables, with everything that the plan
//! depends on.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::arrow::datatypes::FieldRef;
use datafusion::catalog::TableProvider;
use datafusion::common::{ResolvedTableReference, plan_err};
use datafusion::error::Result;
use datafusion::execution::{SessionState, SessionStateBuilder};
use datafusion::logical_expr::{LogicalPlan, Statement as PlanStatement};
use datafusion::sql::parser::Statement;
use kalamtable_provider::statement_to_plan_in;

use crate::dependencies::{CollectedDependencies, Dependencies, Found, PlannedView};
use crate::environment::Environment;
use crate::recording::{Lookups, RecordingList};
use crate::tables::SessionTables;
use crate::view::SqlView;

/// The maximum number of views that a statement reads through one another.
const MAX_VIEW_DEPTH: usize = 32;

/// A planned statement.
pub(crate) struct Planned {
    /// The plan before its optimization.
    pub(crate) plan: LogicalPlan,
    /// The types of the parameters that a `PREPARE` states.
    pub(crate) declared: Vec<FieldRef>,
    pub(crate) dependencies: CollectedDependencies,
}

/// Plans a statement over one consistent snapshot of its tables. The plan of a `PREPARE` is that of
/// the prepared statement.
pub(crate) async fn plan_statement(
    statement: Statement,
    environment: Arc<Environment>,
    state: SessionState,
    tables: &dyn SessionTables,
) -> Result<Planned> {
    let defaults = state.config_options().catalog.clone();
    let references = state.resolve_table_references(&statement)?;
    let references = references
        .into_iter()
        .map(|name| name.resolve(&defaults.default_catalog, &defaults.default_schema));
    let mut named = NamedTables::default();
    for reference in references {
        named.add(reference, &state, tables, 0)?;
    }
    let lookups = Arc::new(Lookups::default());
    for (name, provider) in tables.consistent(&state, &named.tables).await? {
        lookups.pin(name, provider);
    }
    let catalogs = Arc::clone(state.catalog_list());
    let list = RecordingList::new(catalogs, Arc::clone(&lookups));
    let planning = SessionStateBuilder::new_from_existing(state)
        .with_catalog_list(Arc::new(list))
        .build();
    let mut views = Vec::with_capacity(named.views.len());
    for (name, view) in named.views {
        let planned: Arc<dyn TableProvider> = Arc::new(view.plan(&planning).await?);
        lookups.pin(name.clone(), Arc::clone(&planned));
        views.push(PlannedView { view, planned });
    }
    let plan = statement_to_plan_in(&planning, statement).await?;
    let (plan, declared) = match plan {
        LogicalPlan::Statement(PlanStatement::Prepare(prepare)) => {
            (Arc::unwrap_or_clone(prepare.input), prepare.fields)
        }
        plan => (plan, Vec::new()),
    };
    let looked_up: Vec<(ResolvedTableReference, Arc<dyn TableProvider>)> = lookups.take_recorded();
    let dependencies = Dependencies::collect(
        &plan,
        &Found { looked_up, views },
        environment,
        &planning,
        tables,
    )?;
    Ok(Planned {
        plan,
        declared,
        dependencies,
    })
}

/// The tables and views that a statement names, directly or through views.
#[derive(Default)]
struct NamedTables {
    tables: Vec<ResolvedTableReference>,
    /// The views. A view follows those that it reads.
    views: Vec<(ResolvedTableReference, Arc<SqlView>)>,
    known: HashSet<ResolvedTableReference>,
}

impl NamedTables {
    fn add(
        &mut self,
        name: ResolvedTableReference,
        state: &SessionState,
        tables: &dyn SessionTables,
        depth: usize,
    ) -> Result<()> {
        if depth > MAX_VIEW_DEPTH {
            return plan_err!(
                "view `{name}` is read through more than {MAX_VIEW_DEPTH} other views: read the \
                 tables directly"
            );
        }
        if !self.known.insert(name.clone()) {
            return Ok(());
        }
        let Some(view) = tables.view(&name) else {
            self.tables.push(name);
            return Ok(());
        };
        for reference in view.references(state)? {
            self.add(reference, state, tables, depth + 1)?;
        }
        self.views.push((name, view));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use datafusion::prelude::SessionContext;

    use super::*;
    use crate::environment::Environments;

    /// Tables of which one view is replaced after a number of lookups.
    #[derive(Debug)]
    struct ReplacedView {
        name: ResolvedTableReference,
        /// The views of the next lookups. The last one remains.
        views: Mutex<Vec<Option<Arc<SqlView>>>>,
    }

    impl SessionTables for ReplacedView {
        fn view(&self, name: &ResolvedTableReference) -> Option<Arc<SqlView>> {
            if *name != self.name {
                return None;
            }
            let mut views = self.views.lock().unwrap();
            if views.len() > 1 {
                views.remove(0)
            } else {
                views[0].clone()
            }
        }
    }

    /// Plans `SELECT * FROM v` while view `v` is replaced.
    async fn plan_with(views: &[Option<&str>]) -> Result<(Planned, ReplacedView, SessionState)> {
        let ctx = SessionContext::new();
        ctx.sql("CREATE TABLE v AS SELECT 0 AS n").await?;
        let state = ctx.state();
        let views = views.iter().map(|query| {
            let view = query.map(|query| SqlView::try_new(query, &state).unwrap());
            view.map(Arc::new)
        });
        let tables = ReplacedView {
            name: ResolvedTableReference {
                catalog: "datafusion".into(),
                schema: "public".into(),
                table: "v".into(),
            },
            views: Mutex::new(views.collect()),
        };
        let dialect = state.config_options().sql_parser.dialect;
        let statement = state.sql_to_statement("SELECT * FROM v", &dialect)?;
        let environment = Environments::default().of(&state);
        let planned = plan_statement(statement, environment, state.clone(), &tables).await?;
        Ok((planned, tables, state))
    }

    #[tokio::test]
    async fn view_that_is_replaced_while_it_is_planned_makes_the_plan_stale() -> Result<()> {
        let (first, second) = (
            "CREATE VIEW v AS SELECT 1 AS n",
            "CREATE VIEW v AS SELECT 2 AS n",
        );
        let (planned, tables, state) = plan_with(&[Some(first), Some(second)]).await?;
        assert!(
            planned.plan.to_string().contains("Int64(1)"),
            "{}",
            planned.plan
        );
        let dependencies = planned.dependencies.unwrap();
        let environment = Arc::clone(&dependencies.environment);
        assert!(!dependencies.are_unchanged(&environment, &state, &tables));

        // Its twin: the view stays.
        let (planned, tables, state) = plan_with(&[Some(first)]).await?;
        let dependencies = planned.dependencies.unwrap();
        let environment = Arc::clone(&dependencies.environment);
        assert!(dependencies.are_unchanged(&environment, &state, &tables));
        Ok(())
    }

    #[tokio::test]
    async fn view_that_replaces_a_table_while_it_is_planned_is_not_cached() -> Result<()> {
        let view = "CREATE VIEW v AS SELECT 1 AS n";
        let (planned, ..) = plan_with(&[None, Some(view)]).await?;
        assert!(
            planned.plan.to_string().contains("TableScan"),
            "{}",
            planned.plan
        );
        assert!(planned.dependencies.is_err());
        Ok(())
    }
}
