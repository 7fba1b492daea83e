// SPDX-License-Identifier: Apache-2.0

//! One DataFusion `TableProvider` over typed or columnar sources: scans, filters, key lookups, DML and
//! the metadata of definitions.

mod batch_rows;
mod change;
mod change_exec;
mod change_rule;
mod chunks;
mod columnar;
mod columnar_change;
mod default;
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
mod row_blocks;
mod row_reader;
mod row_stream;
mod scan;
mod snapshot;
mod source;
mod sources;
mod statement;
mod table_fields;
mod typed;
mod typed_reader;
mod unique_index;

pub use change::{ChangeStatement, RowChange};
pub use change_rule::enable_dml;
pub use columnar::{
    Access, ColumnarScan, ColumnarSource, ColumnarTable, OpenedPartition, OpenedRows,
    PlanStatistics, RowWriter, SharedSource, SourceRef,
};
pub use columnar_change::{ChangeSink, ColumnarChange};
pub use error::Error;
pub use key_filter::KeyFilter;
pub use look_up::{KeyRange, LookUp, UniqueValues};
pub use memory_table::MemoryTable;
pub use provider::{ProviderParts, RowProvider};
pub use register::{register, register_as};
pub use row_blocks::{RowBlock, all_rows};
pub use row_reader::RowReader;
pub use row_stream::{QueryEnded, RowSender, RowStream};
pub use snapshot::Snapshot;
pub use source::{Rows, ScanRequest, SourceStatistics, TableSource};
pub use sources::{FixedRows, VirtualRows};
pub use statement::{BoxError, KeyOrder, Statement};

/// Functions that the other crates of the workspace share. Not part of the public API.
#[doc(hidden)]
pub mod __private {
    pub use crate::default::literal_value;
    pub use crate::error::{guard_of, source_error_of, values_text};
    pub use crate::filter::is_exact;
    pub use kalamtable_rows::__private::*;
}
