// SPDX-License-Identifier: Apache-2.0

//! [`Dependencies`]: everything that a plan depends on, and whether it is unchanged.

use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::catalog::information_schema::INFORMATION_SCHEMA;
use datafusion::common::ResolvedTableReference;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::datasource::{DefaultTableSource, ViewTable};
use datafusion::error::Result;
use datafusion::execution::SessionState;
use datafusion::logical_expr::{
    AggregateUDF, Expr, HigherOrderUDF, LogicalPlan, ScalarUDF, TableSource, Volatility,
    WindowFunctionDefinition, WindowUDF,
};
use futures::FutureExt;
use kalamtable_provider::__private::insert_target;
use kalamtable_provider::RowProvider;

use crate::environment::Environment;
use crate::tables::SessionTables;
use crate::view::SqlView;

/// Everything that a plan depends on.
#[derive(Debug)]
pub(crate) struct Dependencies {
    pub(crate) environment: Arc<Environment>,
    tables: Vec<TableDependency>,
    functions: Vec<FunctionDependency>,
}

#[derive(Debug)]
struct TableDependency {
    name: ResolvedTableReference,
    found: FoundTable,
}

/// The object that a name referred to.
#[derive(Debug)]
enum FoundTable {
    /// A version of a table.
    Version(Arc<dyn TableProvider>),
    /// A provider that is registered under the name.
    Provider(Arc<dyn TableProvider>),
    /// A view that is planned at each use.
    View(Arc<SqlView>),
}

/// The functions of a session under one name, of all kinds: a function that is registered later can
/// take precedence over one of another kind.
#[derive(Debug)]
struct FunctionDependency {
    name: String,
    found: NamedFunctions,
}

#[derive(Debug)]
struct NamedFunctions {
    scalar: Option<Arc<ScalarUDF>>,
    higher_order: Option<Arc<HigherOrderUDF>>,
    aggregate: Option<Arc<AggregateUDF>>,
    window: Option<Arc<WindowUDF>>,
}

impl NamedFunctions {
    fn of(state: &SessionState, name: &str) -> Self {
        NamedFunctions {
            scalar: state.scalar_functions().get(name).cloned(),
            higher_order: state.higher_order_functions().get(name).cloned(),
            aggregate: state.aggregate_functions().get(name).cloned(),
            window: state.window_functions().get(name).cloned(),
        }
    }

    fn is_of(&self, state: &SessionState, name: &str) -> bool {
        is_same(&self.scalar, state.scalar_functions().get(name))
            && is_same(&self.higher_order, state.higher_order_functions().get(name))
            && is_same(&self.aggregate, state.aggregate_functions().get(name))
            && is_same(&self.window, state.window_functions().get(name))
    }
}

/// Each session has its own copy of functions that depend on settings, so that they are compared by
/// value if they are not the same.
fn is_same<T: PartialEq>(one: &Option<Arc<T>>, other: Option<&Arc<T>>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => Arc::ptr_eq(one, other) || **one == **other,
        (one, other) => one.is_none() && other.is_none(),
    }
}

/// The dependencies of a plan, or the reason why the plan cannot be used again.
pub(crate) type CollectedDependencies = std::result::Result<Dependencies, String>;

impl Dependencies {
    /// Collects the dependencies of a plan before its optimization, which may remove some of them.
    /// `looked_up` are the tables that the planner has looked up.
    pub(crate) fn collect(
        plan: &LogicalPlan,
        looked_up: Vec<(ResolvedTableReference, Arc<dyn TableProvider>)>,
        environment: Arc<Environment>,
        state: &SessionState,
        tables: &dyn SessionTables,
    ) -> Result<CollectedDependencies> {
        let mut found = Vec::new();
        for (name, provider) in &looked_up {
            if *name.schema == *INFORMATION_SCHEMA {
                return Ok(Err("it reads `information_schema`".to_string()));
            }
            found.push(TableDependency {
                found: match tables.view(name) {
                    Some(view) => FoundTable::View(view),
                    None if is_version(provider) => FoundTable::Version(Arc::clone(provider)),
                    None => FoundTable::Provider(Arc::clone(provider)),
                },
                name: name.clone(),
            });
        }
        let is_looked_up = |source: &dyn TableSource| {
            provider_of(source).is_some_and(|provider| {
                looked_up
                    .iter()
                    .any(|(_, looked_up)| Arc::ptr_eq(looked_up, &provider))
            })
        };
        let mut functions: Vec<FunctionDependency> = Vec::new();
        let mut obstacle = None;
        plan.apply_with_subqueries(|node| {
            match node {
                LogicalPlan::TableScan(scan) if !is_looked_up(&*scan.source) => {
                    obstacle = Some("it calls a table function, or reads a table without a name");
                }
                LogicalPlan::Dml(statement) if !is_looked_up(&*statement.target) => {
                    obstacle = Some("it writes to a table that was not looked up by name");
                }
                LogicalPlan::Extension(_) => obstacle = Some("it contains an extension node"),
                LogicalPlan::RecursiveQuery(_) => obstacle = Some("it is recursive"),
                _ => {}
            }
            node.apply_expressions(|expr| {
                expr.apply(|expr| {
                    for name in names_of(expr) {
                        if !functions.iter().any(|known| known.name == name) {
                            let found = NamedFunctions::of(state, &name);
                            functions.push(FunctionDependency { name, found });
                        }
                    }
                    Ok(TreeNodeRecursion::Continue)
                })
            })
        })?;
        Ok(match obstacle {
            Some(obstacle) => Err(obstacle.to_string()),
            None => Ok(Dependencies {
                environment,
                tables: found,
                functions,
            }),
        })
    }

    /// Creates the dependencies of a plan that is made again each time it runs.
    pub(crate) fn never_valid() -> Self {
        Dependencies {
            environment: Arc::default(),
            tables: Vec::new(),
            functions: Vec::new(),
        }
    }

    /// Returns whether planning the statement again would create the same plan: the session has the
    /// same environment and functions, and each name refers to the same version of the same table.
    ///
    /// All tables were current together when the plan was created. A version of a dynamic table
    /// that is replaced is never current again, so all of them were also current when the check
    /// began.
    pub(crate) fn are_unchanged(
        &self,
        environment: &Arc<Environment>,
        state: &SessionState,
        tables: &dyn SessionTables,
    ) -> bool {
        Arc::ptr_eq(&self.environment, environment)
            && self
                .tables
                .iter()
                .all(|table| table.is_unchanged(state, tables))
            && self
                .functions
                .iter()
                .all(|function| function.found.is_of(state, &function.name))
    }

    /// Returns the approximate size in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.tables.len() * 160 + self.functions.len() * 120
    }
}

impl TableDependency {
    fn is_unchanged(&self, state: &SessionState, tables: &dyn SessionTables) -> bool {
        match &self.found {
            FoundTable::Version(provider) => provider
                .downcast_ref::<RowProvider>()
                .is_some_and(|provider| tables.is_current(&self.name, provider)),
            FoundTable::View(view) => tables
                .view(&self.name)
                .is_some_and(|current| Arc::ptr_eq(&current, view)),
            FoundTable::Provider(provider) => {
                let catalog = state.catalog_list().catalog(&self.name.catalog);
                let schema = catalog.and_then(|catalog| catalog.schema(&self.name.schema));
                // A catalog that has to wait for the table is asked when the statement is planned.
                let current =
                    schema.and_then(|schema| schema.table(&self.name.table).now_or_never());
                matches!(current, Some(Ok(Some(current))) if Arc::ptr_eq(&current, provider))
            }
        }
    }
}

fn is_version(provider: &Arc<dyn TableProvider>) -> bool {
    let provider = provider.downcast_ref::<RowProvider>();
    provider.is_some_and(|provider| provider.is_current().is_some())
}

fn provider_of(source: &dyn TableSource) -> Option<Arc<dyn TableProvider>> {
    if let Some(target) = insert_target(source) {
        return Some(target);
    }
    let source = source.downcast_ref::<DefaultTableSource>()?;
    // The plan of a view is a part of the statement, so that its provider is not scanned.
    (!source.table_provider.is::<ViewTable>()).then(|| Arc::clone(&source.table_provider))
}

/// Returns all names of the function that `expr` calls.
fn names_of(expr: &Expr) -> Vec<String> {
    let (name, aliases) = match expr {
        Expr::ScalarFunction(call) => (call.func.name(), call.func.aliases()),
        Expr::HigherOrderFunction(call) => (call.func.name(), call.func.aliases()),
        Expr::AggregateFunction(call) => (call.func.name(), call.func.aliases()),
        Expr::WindowFunction(call) => match &call.fun {
            WindowFunctionDefinition::AggregateUDF(function) => {
                (function.name(), function.aliases())
            }
            WindowFunctionDefinition::WindowUDF(function) => (function.name(), function.aliases()),
        },
        _ => return Vec::new(),
    };
    let aliases = aliases.iter().cloned();
    std::iter::once(name.to_string()).chain(aliases).collect()
}

/// Returns whether the value of a function in the plan is the same during a statement, but not for
/// all statements, as that of `now()`.
pub(crate) fn has_stable_function(plan: &LogicalPlan) -> Result<bool> {
    let mut is_found = false;
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            expr.apply(|expr| {
                is_found |= matches!(expr, Expr::ScalarFunction(call)
                    if call.func.signature().volatility == Volatility::Stable);
                Ok(if is_found {
                    TreeNodeRecursion::Stop
                } else {
                    TreeNodeRecursion::Continue
                })
            })
        })
    })?;
    Ok(is_found)
}
