//! The DataFusion provider over typed rows: sources, scans, filters, `INSERT`, and the contract that a
//! provider keeps.
//!
//! Server crates use this through `kalamtable`. Rows themselves are `kalamtable_rows`'s work. It does
//! not know how a table was written: as TOML, as a struct, or made at run time.

mod chunks;
pub mod contract;
mod cursor;
mod default;
mod error;
mod filter;
mod insert;
mod lookup;
mod memory_table;
mod provider;
mod register;
mod scan;
mod source;

pub use error::Error;
// What generated code names, and everything about rows, is there under this crate's name too.
pub use kalamtable_rows::*;
pub use memory_table::MemoryTable;
pub use provider::RowProvider;
pub use register::{register, register_as};
pub use source::{BoxError, FixedRows, Snapshot, TableSource, VirtualRows};
