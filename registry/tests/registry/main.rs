//! The registry through its public API, over real stores.

mod lookups;
mod support;
