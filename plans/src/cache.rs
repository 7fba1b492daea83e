// SPDX-License-Identifier: Apache-2.0

//! [`PlanCache`]: the plans of a server by SQL text.

use std::hash::BuildHasher;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use datafusion::execution::SessionState;
use foldhash::fast::FixedState;

use crate::dependencies::Dependencies;
use crate::environment::{Environment, Environments};
use crate::sieve::SieveMap;
use crate::tables::SessionTables;
use crate::template::Template;

/// The plans of a server by SQL text. Sessions share them, see [`SqlSession`](crate::SqlSession).
#[derive(Debug)]
pub struct PlanCache {
    plans: Plans,
    environments: Environments,
    is_shadowed: bool,
    hits: AtomicU64,
    physical_hits: AtomicU64,
    misses: AtomicU64,
    invalidated: AtomicU64,
    uncacheable: AtomicU64,
}

struct Plans(SieveMap<PlanKey, CachedPlan>);

impl std::fmt::Debug for Plans {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plans")
            .field("entries", &self.0.len())
            .field("bytes", &self.0.bytes())
            .finish()
    }
}

/// Options of a [`PlanCache`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PlanCacheOptions {
    /// The maximum size of the cached plans in bytes. The default is 64 MiB. With 0, no plan is
    /// cached.
    pub budget_bytes: usize,
    /// Whether each cached plan is compared with a plan that is made again, before it runs. It then
    /// costs more than no cache at all; use it in tests. The default is `false`.
    pub is_shadowed: bool,
}

impl Default for PlanCacheOptions {
    fn default() -> Self {
        PlanCacheOptions {
            budget_bytes: 64 * 1024 * 1024,
            is_shadowed: false,
        }
    }
}

impl PlanCacheOptions {
    /// Sets the maximum size of the cached plans in bytes.
    #[must_use]
    pub fn with_budget_bytes(mut self, budget_bytes: usize) -> Self {
        self.budget_bytes = budget_bytes;
        self
    }

    /// Sets whether each cached plan is compared with a plan that is made again.
    #[must_use]
    pub fn with_shadow(mut self, is_shadowed: bool) -> Self {
        self.is_shadowed = is_shadowed;
        self
    }
}

/// Counters of a [`PlanCache`] since it was created. They are read one after the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlanCacheStats {
    /// The number of statements that ran with a cached plan.
    pub hits: u64,
    /// The number of hits whose physical plan was cached too. Reads and writes by key need none.
    pub physical_hits: u64,
    /// The number of statements that were planned, although their plan could be cached.
    pub misses: u64,
    /// The number of cached plans that were removed because a table, a function or a setting had
    /// changed. Each of them is also a miss.
    pub invalidated: u64,
    /// The number of statements whose plan cannot be cached.
    pub uncacheable: u64,
    /// The number of plans that were evicted to satisfy the budget.
    pub evicted: u64,
    /// The number of cached plans.
    pub entries: usize,
    /// The size of the cached plans in bytes.
    pub bytes: usize,
}

#[derive(Debug)]
struct PlanKey {
    environment: Arc<Environment>,
    text: Box<str>,
}

impl PartialEq for PlanKey {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.environment, &other.environment) && self.text == other.text
    }
}

/// A template and everything that it depends on.
#[derive(Debug)]
pub(crate) struct CachedPlan {
    pub(crate) template: Template,
    pub(crate) dependencies: Dependencies,
    /// The session with which the plan is removed, because it contains tables of that session.
    pub(crate) session_id: Option<String>,
}

impl PlanCache {
    /// Creates an empty cache.
    pub fn new(options: &PlanCacheOptions) -> Self {
        PlanCache {
            plans: Plans(SieveMap::new(options.budget_bytes)),
            environments: Environments::default(),
            is_shadowed: options.is_shadowed,
            hits: AtomicU64::new(0),
            physical_hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
            invalidated: AtomicU64::new(0),
            uncacheable: AtomicU64::new(0),
        }
    }

    /// Returns the counters.
    pub fn stats(&self) -> PlanCacheStats {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        PlanCacheStats {
            hits: load(&self.hits),
            physical_hits: load(&self.physical_hits),
            misses: load(&self.misses),
            invalidated: load(&self.invalidated),
            uncacheable: load(&self.uncacheable),
            evicted: self.plans.0.evicted(),
            entries: self.plans.0.len(),
            bytes: self.plans.0.bytes(),
        }
    }

    /// Removes the plans that contain tables of a session.
    pub(crate) fn remove_session(&self, session_id: &str) {
        let is_of_session = |plan: &CachedPlan| plan.session_id.as_deref() == Some(session_id);
        self.plans.0.remove_matching(is_of_session);
    }

    /// Removes all plans.
    pub fn clear(&self) {
        self.plans.0.clear();
    }

    pub(crate) fn is_shadowed(&self) -> bool {
        self.is_shadowed
    }

    pub(crate) fn environment(&self, state: &SessionState) -> Arc<Environment> {
        self.environments.of(state)
    }

    /// Returns the plan of a text if it is cached and everything that it depends on is unchanged.
    pub(crate) fn get(
        &self,
        text: &str,
        environment: &Arc<Environment>,
        state: &SessionState,
        tables: &dyn SessionTables,
    ) -> Option<Arc<CachedPlan>> {
        let hash = hash(text, environment);
        let is_key =
            |key: &PlanKey| Arc::ptr_eq(&key.environment, environment) && *key.text == *text;
        let found = self.plans.0.get(hash, is_key)?;
        if found.dependencies.are_unchanged(environment, state, tables) {
            self.hits.fetch_add(1, Ordering::Relaxed);
            return Some(found);
        }
        // A session whose tables or functions differ from those of the session that made the plan
        // replaces it as well.
        self.plans.0.remove(hash, is_key, &found);
        self.invalidated.fetch_add(1, Ordering::Relaxed);
        None
    }

    /// Returns whether the plan of a text is cached and valid, without counting the lookup.
    pub(crate) fn has(
        &self,
        text: &str,
        environment: &Arc<Environment>,
        state: &SessionState,
        tables: &dyn SessionTables,
    ) -> bool {
        let is_key =
            |key: &PlanKey| Arc::ptr_eq(&key.environment, environment) && *key.text == *text;
        let found = self.plans.0.get(hash(text, environment), is_key);
        found.is_some_and(|found| found.dependencies.are_unchanged(environment, state, tables))
    }

    /// Caches the plan of a text.
    pub(crate) fn insert(&self, text: &str, plan: &Arc<CachedPlan>) {
        let environment = &plan.dependencies.environment;
        let key = PlanKey {
            environment: Arc::clone(environment),
            text: text.into(),
        };
        let overhead = size_of::<CachedPlan>() + 2 * size_of::<PlanKey>() + 128;
        // An environment that is used once is held by one plan.
        let bytes = overhead
            + text.len()
            + plan.template.bytes()
            + plan.dependencies.bytes()
            + environment.bytes() / Arc::strong_count(environment).max(1);
        let hash = hash(text, environment);
        self.plans.0.insert(hash, key, Arc::clone(plan), bytes);
    }

    pub(crate) fn count_miss(&self) {
        self.misses.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_hit(&self) {
        self.hits.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_physical_hit(&self) {
        self.physical_hits.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_uncacheable(&self) {
        self.uncacheable.fetch_add(1, Ordering::Relaxed);
    }
}

fn hash(text: &str, environment: &Arc<Environment>) -> u64 {
    let address = Arc::as_ptr(environment) as usize;
    FixedState::default().hash_one((text, address))
}
