// SPDX-License-Identifier: Apache-2.0

//! Tests of [`RowLog`](kalamtable_storage::RowLog): behaviour, group commit, killed processes,
//! faults of the file system, damaged files, locks and random operations.
//!
//! Expected results do not come from the code under test: `layout` parses the documented bytes,
//! `model` knows the acknowledged entries, and `simulated` is a folder that loses unsynced bytes.

mod behaviour;
mod damage;
mod driver;
mod faults;
mod groups;
mod kill;
mod layout;
mod locks;
mod model;
mod processes;
mod random;
mod recovered;
mod simulated;
