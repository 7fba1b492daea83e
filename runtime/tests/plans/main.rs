// SPDX-License-Identifier: Apache-2.0

//! Cached plans, prepared statements and views over dynamic tables, compared with sessions that
//! plan each statement.

#[expect(dead_code, reason = "the tests of dynamic tables use all of it")]
#[path = "../dynamic/support.rs"]
mod support;

mod differential;
mod forms;
mod history;
mod matrix;
mod operators;
mod prepared;
mod sessions;
mod views;
