// SPDX-License-Identifier: Apache-2.0

//! The registry through its public API, over real stores.

mod budget;
mod derived;
mod faults;
mod faulty;
mod kill;
mod lookups;
mod support;
mod two_processes;
