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
use datafusion::functions::datetime::current_date::CurrentDateFunc;
use datafusion::functions::datetime::current_time::CurrentTimeFunc;
use datafusion::functions::datetime::now::NowFunc;
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

impl NamedFunctions {
    fn is_equal(&self, other: &NamedFunctions) -> bool {
        is_same(&self.scalar, other.scalar.as_ref())
            && is_same(&self.higher_order, other.higher_order.as_ref())
            && is_same(&self.aggregate, other.aggregate.as_ref())
            && is_same(&self.window, other.window.as_ref())
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

/// The tables and views that were found while a statement was planned.
pub(crate) struct Found {
    /// The tables that the planner has looked up.
    pub(crate) looked_up: Vec<(ResolvedTableReference, Arc<dyn TableProvider>)>,
    pub(crate) views: Vec<PlannedView>,
}

/// A view, and the provider that contains its plan.
pub(crate) struct PlannedView {
    pub(crate) view: Arc<SqlView>,
    pub(crate) planned: Arc<dyn TableProvider>,
}

/// The dependencies of a plan, or the reason why the plan cannot be used again.
pub(crate) type CollectedDependencies = std::result::Result<Dependencies, String>;

impl Dependencies {
    /// Collects the dependencies of a plan before its optimization, which may remove some of them.
    pub(crate) fn collect(
        plan: &LogicalPlan,
        found: &Found,
        environment: Arc<Environment>,
        state: &SessionState,
        tables: &dyn SessionTables,
    ) -> Result<CollectedDependencies> {
        let looked_up = &found.looked_up;
        let mut dependencies = Vec::new();
        for (name, provider) in looked_up {
            if *name.schema == *INFORMATION_SCHEMA {
                return Ok(Err("it reads `information_schema`".to_string()));
            }
            let mut views = found.views.iter();
            let view = views.find(|view| Arc::ptr_eq(&view.planned, provider));
            dependencies.push(TableDependency {
                found: match view {
                    // The view that was planned. The name may refer to another one now.
                    Some(view) => FoundTable::View(Arc::clone(&view.view)),
                    None if tables.view(name).is_some() => {
                        return Ok(Err("a view was created while it was planned".to_string()));
                    }
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
                tables: dependencies,
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

    /// Returns whether the plan contains tables that end with a session: any but those of this
    /// library, which a server registers in many sessions.
    pub(crate) fn has_session_tables(&self) -> bool {
        self.tables.iter().any(|table| match &table.found {
            FoundTable::Provider(provider) => !provider.is::<RowProvider>(),
            FoundTable::Version(_) | FoundTable::View(_) => false,
        })
    }

    /// Returns whether each name refers to the same object as in another plan of the statement.
    pub(crate) fn are_equal(&self, other: &Dependencies, tables: &dyn SessionTables) -> bool {
        let pairs = self.tables.iter().zip(&other.tables);
        let functions = self.functions.iter().zip(&other.functions);
        self.tables.len() == other.tables.len()
            && self.functions.len() == other.functions.len()
            && pairs.fold(true, |are_equal, (one, other)| {
                are_equal && one.is_equal(other, tables)
            })
            && functions.fold(true, |are_equal, (one, other)| {
                are_equal && one.name == other.name && one.found.is_equal(&other.found)
            })
    }

    /// Returns the approximate size in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.tables.len() * 160 + self.functions.len() * 120
    }
}

impl TableDependency {
    fn is_equal(&self, other: &TableDependency, tables: &dyn SessionTables) -> bool {
        let is_equal = match (&self.found, &other.found) {
            (FoundTable::Version(one), FoundTable::Version(other)) => {
                let is_current = |provider: &Arc<dyn TableProvider>| {
                    let provider = provider.downcast_ref::<RowProvider>();
                    provider.is_some_and(|provider| tables.is_current(&self.name, provider))
                };
                Arc::ptr_eq(one, other) || (is_current(one) && is_current(other))
            }
            (FoundTable::Provider(one), FoundTable::Provider(other)) => Arc::ptr_eq(one, other),
            (FoundTable::View(one), FoundTable::View(other)) => one.is_same(other),
            _ => false,
        };
        self.name == other.name && is_equal
    }

    fn is_unchanged(&self, state: &SessionState, tables: &dyn SessionTables) -> bool {
        match &self.found {
            FoundTable::Version(provider) => provider
                .downcast_ref::<RowProvider>()
                .is_some_and(|provider| tables.is_current(&self.name, provider)),
            FoundTable::View(view) => tables
                .view(&self.name)
                .is_some_and(|current| current.is_same(view)),
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
    calls_stable_function(plan, |_| true)
}

/// Returns whether the plan calls a stable function that the optimizer can evaluate without the
/// start time of a statement: any but those of DataFusion.
pub(crate) fn has_other_stable_function(plan: &LogicalPlan) -> Result<bool> {
    calls_stable_function(plan, |expr| {
        !matches!(expr, Expr::ScalarFunction(call) if {
            let function = call.func.inner();
            function.is::<NowFunc>()
                || function.is::<CurrentDateFunc>()
                || function.is::<CurrentTimeFunc>()
        })
    })
}

fn calls_stable_function(plan: &LogicalPlan, is_counted: impl Fn(&Expr) -> bool) -> Result<bool> {
    let mut is_found = false;
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            expr.apply(|expr| {
                let volatility = match expr {
                    Expr::ScalarFunction(call) => Some(call.func.signature().volatility),
                    Expr::HigherOrderFunction(call) => Some(call.func.signature().volatility),
                    _ => None,
                };
                is_found |= volatility == Some(Volatility::Stable) && is_counted(expr);
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
