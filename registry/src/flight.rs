// SPDX-License-Identifier: Apache-2.0

//! [`Flights`]: loads under way, so that however many wait for one it is made once. Who leads a load makes
//! it; who joins waits for what comes out, or takes the lead if nothing does.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, Waker};

use kalamtable_model::TableName;
use kalamtable_store::TableId;

use crate::clocks::Epoch;
use crate::error::Error;
use crate::slots::Known;
use crate::sync::Mutex;

/// What is loaded, and under which epoch of its clock: nobody joins a load that began under an older one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Load {
    Table(TableId, Epoch),
    Name(TableName, Epoch),
    Version(TableId, u32),
}

/// What comes out of a load.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    Loaded(Known),
    /// An alteration came between, or whoever led has gone: look again.
    Again,
    Failed(Error),
}

#[derive(Default)]
pub(crate) struct Flights(Mutex<HashMap<Load, Arc<Flight>>>);

#[derive(Default)]
struct Flight(Mutex<Progress>);

#[derive(Default)]
struct Progress {
    outcome: Option<Outcome>,
    waiting: Vec<Waker>,
}

/// A part in a load.
pub(crate) enum Part<'a> {
    Lead(Lead<'a>),
    Wait(Wait),
}

impl Flights {
    pub(crate) fn join(&self, load: Load) -> Part<'_> {
        let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(flight) = flights.get(&load) {
            return Part::Wait(Wait(Arc::clone(flight)));
        }
        flights.insert(load.clone(), Arc::default());
        Part::Lead(Lead {
            flights: self,
            load: Some(load),
        })
    }

    fn end(&self, load: Load, outcome: Outcome) {
        let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let flight = flights.remove(&load);
        drop(flights);
        let Some(flight) = flight else { return };
        let mut progress = flight.0.lock().unwrap_or_else(PoisonError::into_inner);
        progress.outcome = Some(outcome);
        let waiting = std::mem::take(&mut progress.waiting);
        drop(progress);
        waiting.into_iter().for_each(Waker::wake);
    }
}

/// The lead of a load. If it is dropped before it has an outcome, because its caller was cancelled or has
/// panicked, those who wait look again.
pub(crate) struct Lead<'a> {
    flights: &'a Flights,
    /// None when it has ended.
    load: Option<Load>,
}

impl Lead<'_> {
    pub(crate) fn end(mut self, outcome: Outcome) {
        if let Some(load) = self.load.take() {
            self.flights.end(load, outcome);
        }
    }
}

impl Drop for Lead<'_> {
    fn drop(&mut self) {
        if let Some(load) = self.load.take() {
            self.flights.end(load, Outcome::Again);
        }
    }
}

/// Waits for another's load.
pub(crate) struct Wait(Arc<Flight>);

impl Future for Wait {
    type Output = Outcome;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Outcome> {
        let mut progress = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(outcome) = &progress.outcome {
            return Poll::Ready(outcome.clone());
        }
        let waker = context.waker();
        if !progress
            .waiting
            .iter()
            .any(|waiting| waiting.will_wake(waker))
        {
            progress.waiting.push(waker.clone());
        }
        Poll::Pending
    }
}
