// SPDX-License-Identifier: Apache-2.0

//! Planning a statement over one consistent snapshot of its tables, with everything that the plan
//! depends on.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::arrow::datatypes::FieldRef;
use datafusion::catalog::TableProvider;
use datafusion::common::{ResolvedTableReference, plan_err};
use datafusion::datasource::ViewTable;
use datafusion::error::Result;
use datafusion::execution::{SessionState, SessionStateBuilder};
use datafusion::logical_expr::{LogicalPlan, Statement as PlanStatement};
use datafusion::sql::parser::Statement;
use kalamtable_provider::statement_to_plan_in;

use crate::dependencies::{CollectedDependencies, Dependencies};
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
    for (name, view) in named.views {
        let planned: Arc<ViewTable> = Arc::new(view.plan(&planning).await?);
        lookups.pin(name, planned);
    }
    let plan = statement_to_plan_in(&planning, statement).await?;
    let (plan, declared) = match plan {
        LogicalPlan::Statement(PlanStatement::Prepare(prepare)) => {
            (Arc::unwrap_or_clone(prepare.input), prepare.fields)
        }
        plan => (plan, Vec::new()),
    };
    let looked_up: Vec<(ResolvedTableReference, Arc<dyn TableProvider>)> = lookups.take_recorded();
    let dependencies = Dependencies::collect(&plan, looked_up, environment, &planning, tables)?;
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
