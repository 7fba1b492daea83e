// SPDX-License-Identifier: Apache-2.0

//! The registry under real threads: all lookups and schema changes are recorded, and then checked
//! for linearizability.

#[path = "../../checkers/shared/linearizability.rs"]
mod linearizability;

mod checker;
mod threads;
