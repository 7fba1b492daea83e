// SPDX-License-Identifier: Apache-2.0

//! The DataFusion provider over typed rows: sources, scans, filters, look-ups, statements that write, and
//! the contract that a provider keeps. And that of tables that are made while a server runs: [`dynamic`].
//!
//! Server crates use this through `kalamtable`. Rows themselves are `kalamtable_rows`'s work. It does
//! not know how a table was written: as TOML, as a struct, or made at run time.

mod batch_rows;
pub mod catalog;
mod change;
mod change_rule;
mod chunks;
pub mod contract;
mod cursor;
mod default;
pub mod dynamic;
mod erased;
mod error;
mod filter;
mod insert;
mod key_filter;
mod look_up;
mod memory_table;
pub mod metadata;
mod plan;
mod provider;
mod register;
mod row_stream;
mod scan;
mod snapshot;
mod source;
mod sources;
mod unique_index;

pub use change::{ChangeStatement, RowChange};
pub use change_rule::enable_changes;
pub use dynamic::{
    Actor, DynamicOptions, DynamicProvider, DynamicTables, MemoryStorage, Role, UserId,
};
pub use error::Error;
// What generated code names, and everything about rows, is there under this crate's name too.
pub use kalamtable_rows::*;
pub use look_up::{KeyRange, LookUp, UniqueValues};
pub use memory_table::MemoryTable;
pub use provider::RowProvider;
pub use register::{register, register_as};
pub use row_stream::{QueryEnded, RowSender, RowStream};
pub use snapshot::Snapshot;
pub use source::{BoxError, KeyOrder, Rows, ScanRequest, SourceStatistics, Statement, TableSource};
pub use sources::{FixedRows, VirtualRows};
