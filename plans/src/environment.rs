// SPDX-License-Identifier: Apache-2.0

//! [`Environment`]: the settings and rules of a session on which its plans depend.

use std::collections::{HashMap, HashSet};
use std::fmt::Debug;
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};

use datafusion::catalog::CatalogProviderList;
use datafusion::config::{ConfigEntry, ConfigOptions};
use datafusion::execution::context::QueryPlanner;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::execution::{SessionState, SessionStateBuilder};
use datafusion::logical_expr::expr_rewriter::FunctionRewrite;
use datafusion::logical_expr::planner::{ExprPlanner, RelationPlanner};
use datafusion::optimizer::{Analyzer, AnalyzerRule, Optimizer, OptimizerRule};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;

/// The settings and rules of a session on which its plans depend: sessions with one environment
/// can use each other's plans.
///
/// The default catalog and schema, the dialect and the time zone are settings. The functions of the
/// session are not included: a plan depends on those that it calls.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Environment {
    /// The settings that differ from DataFusion's defaults, ordered by name.
    settings: Vec<(String, Option<String>)>,
    rules: Vec<RuleIdentity>,
}

/// The identity of an analyzer rule, an optimizer rule, or a part of the SQL planner.
#[derive(Debug)]
enum RuleIdentity {
    /// A rule without state, or one of DataFusion's default rules. Each session has its own copy;
    /// the text contains its name and its fields.
    Stateless(String),
    /// A rule with state. The reference keeps its address from being used again.
    Shared(Arc<dyn Rule>),
}

impl PartialEq for RuleIdentity {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (RuleIdentity::Stateless(one), RuleIdentity::Stateless(other)) => one == other,
            (RuleIdentity::Shared(one), RuleIdentity::Shared(other)) => {
                one.address() == other.address()
            }
            _ => false,
        }
    }
}

/// A rule that is only held and compared.
trait Rule: Debug + Send + Sync {
    fn address(&self) -> *const ();
}

#[derive(Debug)]
struct Held<T: ?Sized>(Arc<T>);

impl<T: ?Sized + Debug + Send + Sync> Rule for Held<T> {
    fn address(&self) -> *const () {
        Arc::as_ptr(&self.0).cast()
    }
}

fn identity<T: ?Sized + Debug + Send + Sync + 'static>(name: &str, rule: &Arc<T>) -> RuleIdentity {
    let text = format!("{name}: {rule:?}");
    if size_of_val(&**rule) == 0 || DEFAULT_RULES.contains(&text) {
        RuleIdentity::Stateless(text)
    } else {
        RuleIdentity::Shared(Arc::new(Held(Arc::clone(rule))))
    }
}

/// The names and fields of DataFusion's default rules.
static DEFAULT_RULES: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let physical = PhysicalOptimizer::new().rules;
    let physical = physical
        .iter()
        .map(|rule| format!("{}: {rule:?}", rule.name()));
    let logical = Optimizer::new().rules;
    let logical = logical
        .iter()
        .map(|rule| format!("{}: {rule:?}", rule.name()));
    let analyzer = Analyzer::new().rules;
    let analyzer = analyzer
        .iter()
        .map(|rule| format!("{}: {rule:?}", rule.name()));
    physical.chain(logical).chain(analyzer).collect()
});

impl Environment {
    fn of(state: &SessionState) -> Self {
        let analyzer = state.analyzer().rules.iter();
        let optimizer = state.optimizers().iter();
        let physical = state.physical_optimizers().iter();
        let expressions = state.expr_planners().iter();
        let relations = state.relation_planners().iter();
        // DataFusion returns the planner of types only from the builder of a state.
        let types = SessionStateBuilder::new_from_existing(state.clone())
            .type_planner()
            .clone();
        let rewrites = state.analyzer().function_rewrites().iter();
        Environment {
            settings: changed_settings(state.config_options()),
            rules: analyzer
                .map(|rule| identity(rule.name(), rule))
                .chain(optimizer.map(|rule| identity(rule.name(), rule)))
                .chain(physical.map(|rule| identity(rule.name(), rule)))
                .chain(std::iter::once(identity(
                    "query planner",
                    state.query_planner(),
                )))
                .chain(expressions.map(|planner| identity("expression planner", planner)))
                .chain(relations.map(|planner| identity("relation planner", planner)))
                .chain(
                    types
                        .iter()
                        .map(|planner| identity("type planner", planner)),
                )
                .chain(rewrites.map(|rewrite| identity(rewrite.name(), rewrite)))
                .collect(),
        }
    }

    /// Returns the approximate size in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let text = |text: &String| text.len() + size_of::<String>();
        let settings = self.settings.iter();
        let settings = settings.map(|(name, value)| text(name) + value.as_ref().map_or(0, text));
        settings.sum::<usize>() + self.rules.len() * (size_of::<RuleIdentity>() + 64)
    }
}

fn changed_settings(options: &ConfigOptions) -> Vec<(String, Option<String>)> {
    let entry = |entry: ConfigEntry| (entry.key, entry.value);
    let defaults: HashMap<_, _> = ConfigOptions::default()
        .entries()
        .into_iter()
        .map(entry)
        .collect();
    let entries = options.entries().into_iter().map(entry);
    let mut changed: Vec<_> = entries
        .filter(|(name, value)| defaults.get(name) != Some(value))
        .collect();
    changed.sort_unstable();
    changed
}

/// The environments of the sessions of a cache. Equal ones are shared, so that they are compared by
/// address.
#[derive(Debug, Default)]
pub(crate) struct Environments(Mutex<Vec<Weak<Environment>>>);

impl Environments {
    /// Returns the shared environment of a session.
    pub(crate) fn of(&self, state: &SessionState) -> Arc<Environment> {
        let environment = Environment::of(state);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|environment| environment.strong_count() > 0);
        let existing = all.iter().filter_map(Weak::upgrade);
        let mut equal = existing.filter(|existing| **existing == environment);
        if let Some(equal) = equal.next() {
            return equal;
        }
        drop(equal);
        let created = Arc::new(environment);
        all.push(Arc::downgrade(&created));
        created
    }
}

/// The parts of a session state that its environment and its copies depend on, compared by address.
/// The planner of types is not included: it is set when a session is created.
#[derive(Debug)]
pub(crate) struct StateIdentity {
    session_id: String,
    options: Arc<ConfigOptions>,
    analyzer: Vec<Arc<dyn AnalyzerRule + Send + Sync>>,
    rewrites: Vec<Arc<dyn FunctionRewrite + Send + Sync>>,
    optimizer: Vec<Arc<dyn OptimizerRule + Send + Sync>>,
    physical: Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>>,
    expressions: Vec<Arc<dyn ExprPlanner>>,
    relations: Vec<Arc<dyn RelationPlanner>>,
    /// Weak to avoid a cycle: a catalog of the list holds the memory of the session, which holds
    /// this value. While the reference exists, no other list has the same address.
    catalogs: Weak<dyn CatalogProviderList>,
    runtime: Arc<RuntimeEnv>,
    planner: Arc<dyn QueryPlanner + Send + Sync>,
}

impl StateIdentity {
    pub(crate) fn of(state: &SessionState) -> Self {
        StateIdentity {
            session_id: state.session_id().to_string(),
            options: Arc::clone(state.config_options()),
            analyzer: state.analyzer().rules.clone(),
            rewrites: state.analyzer().function_rewrites().to_vec(),
            optimizer: state.optimizers().to_vec(),
            physical: state.physical_optimizers().to_vec(),
            expressions: state.expr_planners().to_vec(),
            relations: state.relation_planners().to_vec(),
            catalogs: Arc::downgrade(state.catalog_list()),
            runtime: Arc::clone(state.runtime_env()),
            planner: Arc::clone(state.query_planner()),
        }
    }

    /// Returns whether `state` has the same parts.
    pub(crate) fn is_of(&self, state: &SessionState) -> bool {
        self.session_id == state.session_id()
            && Arc::ptr_eq(&self.options, state.config_options())
            && are_same(&self.analyzer, &state.analyzer().rules)
            && are_same(&self.rewrites, state.analyzer().function_rewrites())
            && are_same(&self.optimizer, state.optimizers())
            && are_same(&self.physical, state.physical_optimizers())
            && are_same(&self.expressions, state.expr_planners())
            && are_same(&self.relations, state.relation_planners())
            && std::ptr::addr_eq(self.catalogs.as_ptr(), Arc::as_ptr(state.catalog_list()))
            && Arc::ptr_eq(&self.runtime, state.runtime_env())
            && is_same(&self.planner, state.query_planner())
    }
}

fn are_same<T: ?Sized>(one: &[Arc<T>], other: &[Arc<T>]) -> bool {
    one.len() == other.len()
        && one
            .iter()
            .zip(other)
            .all(|(one, other)| is_same(one, other))
}

/// Compares addresses without the metadata of trait objects, which can differ for one object.
fn is_same<T: ?Sized>(one: &Arc<T>, other: &Arc<T>) -> bool {
    std::ptr::addr_eq(Arc::as_ptr(one), Arc::as_ptr(other))
}
