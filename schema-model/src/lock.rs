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
//! The rest is the history, which only [`next_lock`] writes. It begins with a list of the tables,
//! which is sorted. The history of a table is a list of versions, each of which consists of the
//! lines that differ from the previous version:
//!
//! ```text
//! ---- history: written by `kalamtable lock`, do not edit below this line ----
//! contains app.events
//!
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
//!
//! end of history
//! ```
//!
//! An added column takes the position of the removed one with the same id, and other columns are
//! added at the end. A line `order` with the ids of all columns states another order. A version
//! that drops the table has the line `dropped`. A table with the name of a dropped one continues
//! its history. If another table was renamed, a table that takes over its name has the history
//! `app.events#2`.
//!
//! # Changes of the history
//! The hash of a version is SHA-256 of the hash of the previous version, or of `table` and the name
//! for the first one, followed by the lines of the version without its own hash. An edited history
//! is therefore an error. Each table has its own chain of hashes, so that branches which change
//! different tables merge without a conflict. Two branches that change one table conflict in its
//! versions. The number of versions and the list of tables show that none was deleted.
//!
//! # Comparison
//! A definition is compared with all versions of its table since it was last dropped, and not with
//! the latest one only. A change that breaks users at a level of the settings is an error, unless
//! it is accepted. An acknowledgment moves into the history with the version that it was written
//! for. It then covers conflicts of later definitions with the versions before that version.
//!
//! A warning is reported for a conflict with the latest version only, since earlier conflicts were
//! reported before that version was locked. A definition that is equal to the latest version is not
//! compared, so a change of the settings applies to later changes of the table.
//!
//! A yanked version is ignored at the levels SOURCE, SQL and WIRE. Files may have been written
//! under it, so it counts at level STORAGE.

mod base;
mod check;
mod compare;
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
mod version_lines;

pub use self::base::check_base;
pub use self::check::check_lock;
pub use self::compare::compare_tables;
pub use self::header::LockSettings;
pub use self::history::{AcceptedChange, LockedTable, LockedVersion};
pub use self::next::{LockUpdate, next_lock};
pub use self::release::{ReleaseContext, ReleaseError};
pub use self::schema_lock::{SchemaLock, lock_too_large};
