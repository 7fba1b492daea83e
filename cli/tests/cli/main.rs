// SPDX-License-Identifier: Apache-2.0

//! The `kalamtable` command as its users meet it: the binary itself, with files and pipes of its
//! own, and a terminal.

mod commands;
mod round_trips;
mod support;
#[cfg(unix)]
mod terminal;
