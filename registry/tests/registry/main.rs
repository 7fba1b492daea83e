//! The registry through its public API, over real stores.

mod budget;
mod lookups;
mod support;
mod two_processes;
