// SPDX-License-Identifier: Apache-2.0

//! The registry under real threads: everything that was looked up and altered is written down, and judged
//! afterwards.

#[path = "../checked/history.rs"]
mod checker;

mod checker_tests;
mod threads;
