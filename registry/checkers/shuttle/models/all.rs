// SPDX-License-Identifier: Apache-2.0

//! Shuttle models of the registry: random schedules of more threads than loom can explore, with
//! mixed operations and a store that fails.
//!
//! Run them with `cargo test -p kalamtable-registry-shuttle`. They are part of
//! `cargo test --workspace`.

mod cached_plans;
#[path = "../../shared/linearizability.rs"]
mod linearizability;
mod mixed;
#[path = "../../shared/tables.rs"]
mod tables;
mod unreliable_store;
