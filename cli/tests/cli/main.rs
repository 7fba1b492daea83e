// SPDX-License-Identifier: Apache-2.0

//! Tests of the commands that need only definitions.

mod check;
#[path = "../support/folder.rs"]
mod support;
