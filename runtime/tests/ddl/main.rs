// SPDX-License-Identifier: Apache-2.0

//! DDL as SQL: accepted and rejected statements, roles, lost races, and the round trip of `SHOW
//! CREATE TABLE`.

#[expect(dead_code, reason = "the tests of dynamic tables use all of it")]
#[path = "../dynamic/support.rs"]
mod support;

mod accepted;
mod mutated;
mod races;
mod rejected;
mod roles;
mod round_trip;
mod server;
