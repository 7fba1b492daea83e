// SPDX-License-Identifier: Apache-2.0

//! Tests of the commands that need only definitions.

mod add_column;
mod base;
#[cfg(unix)]
mod chapter;
mod check;
mod codegen;
mod diff;
mod explain;
mod fmt;
mod formats;
mod help;
mod json_schema;
mod lock;
#[path = "../support/folder.rs"]
mod support;
