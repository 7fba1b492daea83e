// SPDX-License-Identifier: Apache-2.0

//! The registry under shuttle: more threads than loom can follow, with mixed operations and a store that
//! fails, in schedules that are drawn. The files are those of the crate, with a `sync.rs` of shuttle's types.

#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "what the models do not use of the crate is used by others"
)]

#[path = "../../src/alter.rs"]
mod alter;
#[path = "../../src/append_only_map.rs"]
mod append_only_map;
#[path = "../checked/history.rs"]
mod checker;
#[path = "../../src/clocks.rs"]
mod clocks;
#[path = "../../src/counters.rs"]
mod counters;
#[path = "../../src/error.rs"]
mod error;
#[path = "../../src/flight.rs"]
mod flight;
#[path = "../../src/handle.rs"]
mod handle;
#[path = "../../src/ledger.rs"]
mod ledger;
#[path = "../../src/local.rs"]
mod local;
#[path = "../../src/moment.rs"]
mod moment;
#[path = "../../src/name.rs"]
mod name;
#[path = "../../src/pool.rs"]
mod pool;
#[path = "../../src/registry.rs"]
mod registry;
#[path = "../../src/shadow.rs"]
mod shadow;
#[path = "../../src/shape.rs"]
mod shape;
#[path = "../../src/sieve.rs"]
mod sieve;
#[path = "../../src/slots.rs"]
mod slots;
#[path = "../../src/snapshot.rs"]
mod snapshot;
#[path = "../../src/stats.rs"]
mod stats;
mod sync;
#[path = "../checked/tables.rs"]
mod tables;
#[path = "../../src/texts.rs"]
mod texts;
#[path = "../../src/weigh.rs"]
mod weigh;

mod mixed;
mod store;

pub use stats::Stats;
