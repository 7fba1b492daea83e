// SPDX-License-Identifier: Apache-2.0

//! Tests of the public API of the registry, over real stores.

mod budget;
mod derived;
mod faults;
mod faulty_store;
mod kill;
mod lookups;
mod reconcile;
mod support;
mod two_processes;
