// SPDX-License-Identifier: Apache-2.0

//! The commands, each with its arguments. A command returns a report, and writes files only if its
//! name states that it does.

pub(crate) mod add_column;
pub(crate) mod check;
pub(crate) mod codegen;
pub(crate) mod completions;
pub(crate) mod diff;
pub(crate) mod explain;
pub(crate) mod fmt;
pub(crate) mod lock;
