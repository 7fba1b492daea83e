// SPDX-License-Identifier: Apache-2.0

//! Tests of `kalamtable sql`, with files, pipes and a terminal.

mod commands;
mod copies;
mod duplicate_keys;
mod extension_types;
mod json_operators;
mod locked_versions;
mod round_trips;
mod scripts;
mod server_folder;
#[path = "../support/folder.rs"]
mod support;
#[cfg(unix)]
mod terminal;
mod values;
