// SPDX-License-Identifier: Apache-2.0

//! [`SingleFlight`]: the loads in progress, so that concurrent lookups of a table load it once.
//!
//! The first lookup leads the load, and later ones wait for its outcome. If the leader is dropped
//! before it has one, the waiters retry.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use kalamtable_model::TableName;
use kalamtable_store::TableId;

use crate::clocks::Epoch;
use crate::error::Error;
use crate::snapshot::TableSnapshot;
use crate::sync::{Mutex, lock};

/// The key of a load. It includes the epoch, so that no lookup joins a load that began before a
/// schema change.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum LoadKey {
    Table(TableId, Epoch),
    Name(TableName, Epoch),
    Version(TableId, u32),
}

/// The outcome of a load for the lookups that wait for it.
#[derive(Clone, Debug)]
pub(crate) enum LoadOutcome {
    /// The loaded table, or `None` if the store has none.
    Loaded(Option<Arc<TableSnapshot>>),
    /// The load was overtaken by a schema change, or its leader was dropped.
    Retry,
    Failed(Error),
}

#[derive(Default)]
pub(crate) struct SingleFlight(Mutex<HashMap<LoadKey, Arc<Flight>>>);

/// A load in progress.
#[derive(Default)]
struct Flight(Mutex<FlightState>);

#[derive(Default)]
struct FlightState {
    outcome: Option<LoadOutcome>,
    waiting: Vec<Waker>,
}

/// The role of a lookup in a load.
pub(crate) enum LoadRole<'a> {
    Leader(LoadLeader<'a>),
    Waiter(LoadWaiter),
}

impl SingleFlight {
    pub(crate) fn join(&self, key: LoadKey) -> LoadRole<'_> {
        let mut flights = lock(&self.0);
        if let Some(flight) = flights.get(&key) {
            return LoadRole::Waiter(LoadWaiter(Arc::clone(flight)));
        }
        flights.insert(key.clone(), Arc::default());
        LoadRole::Leader(LoadLeader {
            flights: self,
            key: Some(key),
        })
    }

    fn finish(&self, key: LoadKey, outcome: LoadOutcome) {
        let mut flights = lock(&self.0);
        let flight = flights.remove(&key);
        drop(flights);
        let Some(flight) = flight else { return };
        let mut state = lock(&flight.0);
        state.outcome = Some(outcome);
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
    }
}

/// The right and the duty to perform a load. Dropping it without an outcome, because the caller was
/// cancelled or has panicked, lets the waiters retry.
pub(crate) struct LoadLeader<'a> {
    flights: &'a SingleFlight,
    /// `None` once the load is finished.
    key: Option<LoadKey>,
}

impl LoadLeader<'_> {
    pub(crate) fn finish(mut self, outcome: LoadOutcome) {
        if let Some(key) = self.key.take() {
            self.flights.finish(key, outcome);
        }
    }
}

impl Drop for LoadLeader<'_> {
    fn drop(&mut self) {
        if let Some(key) = self.key.take() {
            self.flights.finish(key, LoadOutcome::Retry);
        }
    }
}

/// A future that waits for the outcome of a load that another lookup leads.
pub(crate) struct LoadWaiter(Arc<Flight>);

impl Future for LoadWaiter {
    type Output = LoadOutcome;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<LoadOutcome> {
        let mut state = lock(&self.0.0);
        if let Some(outcome) = &state.outcome {
            return Poll::Ready(outcome.clone());
        }
        let waker = context.waker();
        if !state.waiting.iter().any(|waiting| waiting.will_wake(waker)) {
            state.waiting.push(waker.clone());
        }
        Poll::Pending
    }
}
