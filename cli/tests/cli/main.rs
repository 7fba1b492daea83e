// SPDX-License-Identifier: Apache-2.0

//! Tests of the `kalamtable` binary, with files, pipes and a terminal.

mod commands;
mod duplicate_keys;
mod json_operators;
mod round_trips;
mod scripts;
mod support;
#[cfg(unix)]
mod terminal;
mod values;
