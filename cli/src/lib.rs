// SPDX-License-Identifier: Apache-2.0

//! What the `kalamtable` command does: [`check`](mod@check) definitions, and query the system
//! tables and folders of data files in a [`shell`] or without one.
//!
//! A library so that other programs and tests can read a folder of data files with its declared
//! schemas: [`data::register_folder`].

pub mod check;
pub mod data;
pub mod output;
pub mod query;
pub mod session;
pub mod shell;
pub mod sql;
pub mod statements;
