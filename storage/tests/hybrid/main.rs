// SPDX-License-Identifier: Apache-2.0

//! Tables whose rows are in a `HybridStorage`, through SQL: restarts, crashes, faults and damage.

mod bucket;
mod commits;
mod concurrency;
mod damage;
mod files;
mod kill;
mod large;
mod random;
mod restart;
mod server;
mod test_bucket;

#[path = "../log/layout.rs"]
#[expect(dead_code, reason = "the tests of the log use the rest")]
mod layout;
#[path = "../log/simulated.rs"]
#[expect(dead_code, reason = "the tests of the log use the rest")]
mod simulated;
