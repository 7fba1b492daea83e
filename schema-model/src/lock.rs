// SPDX-License-Identifier: Apache-2.0

//! [`SchemaLock`]: the released versions of the tables of a project, with which definitions are
//! compared.
//!
//! A lock is one text file, which a project commits beside its definitions. It begins with settings
//! and acknowledgments in TOML, which are edited by hand:
//!
//! ```toml
//! format = 1
//! levels = ["source", "sql", "wire", "storage"]    # optional
//! direction = "backward"                           # optional
//!
//! [[accept]]
//! rule    = "column-renamed"    # the name or the id of the rule
//! table   = "app.events"
//! column  = "actor"             # absent if the problem concerns the table
//! reason  = "clients moved in 2.3"
//! expires = "2.6.0"             # the last release, or a date: 2027-01-31
//!
//! [[yanked]]                    # a released version that was withdrawn
//! table   = "app.events"
//! version = 3
//! reason  = "it lost the unit of `duration`"
//! ```
//!
//! The rest is the history, which only [`next_lock`] writes. The history of a table is a list of
//! versions, each of which consists of the lines that differ from the previous version:
//!
//! ```text
//! table app.events
//! versions 2
//! version 1 5d41402abc4b2a76b9719d911017c592b0d67fb6b1b6a7b1f5d8c4f7a3a1e1aa
//! + name = "app.events"
//! + primary_key = ["id"]
//! + columns.id = { id = 1, type = "bigint" }
//! + columns.title = { id = 3, type = "text", nullable = true }
//! version 2 7d793037a0760186574b0282f2f435e7d0e0a3f4a8d6c9b2b1a0f9e8d7c6b5a4
//! accepted column-renamed 3 name: "clients moved in 2.3"
//! - columns.title = { id = 3, type = "text", nullable = true }
//! + columns.name = { id = 3, type = "text", nullable = true }
//! end app.events
//! ```
//!
//! The hash of a version depends on its lines and on the hash of the previous version of the table.
//! An edited history is therefore an error. Each table has its own chain of hashes, so that branches
//! which change different tables merge without a conflict.

mod check;
mod compare;
mod content;
mod definitions;
mod header;
mod header_reader;
mod history;
mod history_reader;
mod next;
mod pairing;
mod release;
mod review;
mod schema_lock;

pub use self::check::check_lock;
pub use self::compare::compare_tables;
pub use self::header::LockSettings;
pub use self::history::{AcceptedChange, LockedTable, LockedVersion};
pub use self::next::next_lock;
pub use self::release::{ReleaseContext, ReleaseError};
pub use self::schema_lock::{SchemaLock, lock_too_large};
