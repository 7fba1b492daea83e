// SPDX-License-Identifier: Apache-2.0

//! [`SessionStates`]: the last state of a session, with copies for statements.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use datafusion::catalog::{CatalogProviderList, MemoryCatalogProviderList};
use datafusion::execution::SessionState;
use datafusion::prelude::SessionContext;

use crate::cache::PlanCache;
use crate::environment::{Environment, StateIdentity};

/// The last state of a session, with copies for statements. To copy a state takes longer than to
/// validate a cached plan.
#[derive(Debug, Default)]
pub(crate) struct SessionStates {
    observed: Mutex<Option<ObservedState>>,
    /// The cache that has plans with tables of the session, and the id of the session.
    own_plans: OnceLock<(Weak<PlanCache>, String)>,
}

#[derive(Debug)]
struct ObservedState {
    identity: StateIdentity,
    environment: Arc<Environment>,
    copies: Vec<SessionState>,
    /// An empty list of catalogs for idle copies. A catalog of the session can hold the copies, so
    /// a reference to it would form a cycle and keep the session alive.
    no_catalogs: Arc<dyn CatalogProviderList>,
}

/// The maximum number of copies of a state that wait for statements.
const MAX_COPIES: usize = 4;

/// A copy of the state of the session, for one statement. The actor and other extensions are those
/// of the session at the start of the statement. The functions can be older ones: they are compared
/// with those of the session before a cached plan runs, and [`renew`](Self::renew) copies them.
pub(crate) struct StatementState {
    state: Option<SessionState>,
    pub(crate) environment: Arc<Environment>,
    states: Arc<SessionStates>,
}

impl SessionStates {
    /// Returns the state of the session for one statement.
    pub(crate) fn observe(
        self: &Arc<Self>,
        ctx: &SessionContext,
        cache: &PlanCache,
    ) -> StatementState {
        let live = ctx.state_ref();
        let live = live.read();
        let mut observed = self.lock();
        let (environment, copy) = match &mut *observed {
            Some(observed) if observed.identity.is_of(&live) => {
                (Arc::clone(&observed.environment), observed.copies.pop())
            }
            _ => (ObservedState::replace(&mut observed, &live, cache), None),
        };
        drop(observed);
        let mut state = match copy {
            Some(mut copy) => {
                copy.register_catalog_list(Arc::clone(live.catalog_list()));
                // The extensions of the session, such as its actor, can change without its options.
                copy.config_mut().clone_from(live.config());
                let props = copy.execution_props_mut();
                props.clone_from(live.execution_props());
                copy
            }
            None => live.clone(),
        };
        state.mark_start_execution();
        StatementState {
            state: Some(state),
            environment,
            states: Arc::clone(self),
        }
    }

    /// Removes the plans of this session from the cache when the session ends.
    pub(crate) fn remove_plans_at_end(&self, cache: &Arc<PlanCache>, session_id: &str) {
        let own = || (Arc::downgrade(cache), session_id.to_string());
        self.own_plans.get_or_init(own);
    }

    fn lock(&self) -> MutexGuard<'_, Option<ObservedState>> {
        self.observed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for SessionStates {
    fn drop(&mut self) {
        if let Some((cache, session_id)) = self.own_plans.get()
            && let Some(cache) = cache.upgrade()
        {
            cache.remove_session(session_id);
        }
    }
}

impl ObservedState {
    /// Replaces the observed state, and returns its environment.
    fn replace(
        observed: &mut Option<ObservedState>,
        state: &SessionState,
        cache: &PlanCache,
    ) -> Arc<Environment> {
        let environment = cache.environment(state);
        *observed = Some(ObservedState {
            identity: StateIdentity::of(state),
            environment: Arc::clone(&environment),
            copies: Vec::new(),
            no_catalogs: Arc::new(MemoryCatalogProviderList::new()),
        });
        environment
    }
}

impl StatementState {
    pub(crate) fn state(&self) -> &SessionState {
        match &self.state {
            Some(state) => state,
            None => unreachable!("the state is taken only when this value is dropped"),
        }
    }

    /// Copies the whole state of the session, before a statement is planned.
    pub(crate) fn renew(&mut self, ctx: &SessionContext, cache: &PlanCache) {
        let live = ctx.state();
        let mut observed = self.states.lock();
        self.environment = match &mut *observed {
            Some(observed) if observed.identity.is_of(&live) => {
                // The copies can have older functions.
                observed.copies.clear();
                Arc::clone(&observed.environment)
            }
            _ => ObservedState::replace(&mut observed, &live, cache),
        };
        drop(observed);
        self.state = Some(live);
    }
}

impl Drop for StatementState {
    fn drop(&mut self) {
        let Some(mut state) = self.state.take() else {
            return;
        };
        let mut observed = self.states.lock();
        if let Some(observed) = &mut *observed
            && observed.copies.len() < MAX_COPIES
            && observed.identity.is_of(&state)
        {
            state.register_catalog_list(Arc::clone(&observed.no_catalogs));
            observed.copies.push(state);
        }
    }
}
