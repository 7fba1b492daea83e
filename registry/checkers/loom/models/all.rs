// SPDX-License-Identifier: Apache-2.0

//! Loom models of the registry: every interleaving of few threads, with few preemptions.
//!
//! Each model has a twin with a [`PrimitiveFault`](crate::sync::under_loom::PrimitiveFault) or with
//! a wrong order of steps, in which loom finds a failure. Loom does not interleave the bookkeeping
//! (see [`crate::sync::bookkeeping`]), nor the cells of derived values, which are the standard
//! library's and never wait.
//!
//! Run them with `cargo test -p kalamtable-registry-loom`. They are part of
//! `cargo test --workspace`.

mod loads;
mod memory;
mod protocols;
mod schema_changes;
#[path = "../../shared/tables.rs"]
mod tables;
mod world;
