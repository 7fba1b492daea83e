// SPDX-License-Identifier: Apache-2.0

//! Tables of typed rows for DataFusion: one [`TableProvider`] over the rows of a server.
//!
//! A server implements [`TableSource`], which returns its rows. [`RowProvider`] answers queries
//! from it: it builds only the columns that a query reads, evaluates filters, finds rows by key,
//! and runs DML statements. Servers use this crate through the facade `kalamtable`.
//!
//! # One table
//!
//! The row type of a table comes from a definition. Here it is derived from a struct;
//! `kalamtable-build` generates it from a TOML file.
//!
//! ```
//! use std::sync::Mutex;
//!
//! use datafusion::prelude::SessionContext;
//! use kalamtable_provider::{BoxError, RowProvider, Rows, ScanRequest, TableSource, register};
//! use kalamtable_rows::KalamTable;
//!
//! #[derive(Clone, Debug, KalamTable)]
//! #[kalam(table = "app.jobs", primary_key(id), crate = kalamtable_rows)]
//! struct Job {
//!     #[kalam(id = 1)]
//!     id: i64,
//!     #[kalam(id = 2)]
//!     state: String,
//! }
//!
//! /// The jobs that the server holds.
//! #[derive(Debug)]
//! struct Jobs(Mutex<Vec<Job>>);
//!
//! impl TableSource for Jobs {
//!     type Row = Job;
//!
//!     // Called once per partition each time a query runs.
//!     fn scan(&self, _request: &ScanRequest<Job>) -> Result<Rows<Job>, BoxError> {
//!         let jobs = self.0.lock().map_err(|_| "the lock of the jobs is poisoned")?;
//!         Ok(jobs.clone().into())
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> datafusion::error::Result<()> {
//! let jobs = Jobs(Mutex::new(vec![
//!     Job { id: 1, state: "done".to_string() },
//!     Job { id: 2, state: "waiting".to_string() },
//! ]));
//! let ctx = SessionContext::new();
//! register(&ctx, RowProvider::new(jobs))?;
//!
//! let waiting = ctx.sql("SELECT id FROM app.jobs WHERE state = 'waiting'").await?;
//! assert_eq!(waiting.count().await?, 1);
//! # Ok(())
//! # }
//! ```
//!
//! The `Vec` becomes a [`Snapshot`], which is read while the query runs. A source whose rows do not
//! fit in memory returns a [`RowStream`] instead, which produces them in chunks.
//!
//! Three sources are part of this crate: [`FixedRows`] never changes, [`VirtualRows`] calls a
//! closure for each scan, and [`MemoryTable`] is a table in memory with keys, indexes and DML.
//!
//! # Lookups
//!
//! A condition on the primary key, or on all columns of a unique key, restricts the keys that a
//! query can match. If the rows of a snapshot are sorted by key, the scan finds the matching rows
//! itself. Create such a snapshot with [`Snapshot::in_key_order`] and declare the order in
//! [`TableSource::key_order`], and `ORDER BY` the key needs no sort, either.
//!
//! A source with an index of its own reads the keys from [`ScanRequest::lookup`] and returns only
//! the rows that it finds. The documentation of [`TableSource`] has an example. A lookup is a hint:
//! the scan evaluates the complete filter on the rows that the source returns.
//!
//! # DML
//!
//! A source that accepts DML statements implements [`TableSource::accepts`], and for each of them
//! the method that runs it: [`write`](TableSource::write) for `INSERT`,
//! [`change`](TableSource::change) for `UPDATE` and `DELETE`, and
//! [`truncate`](TableSource::truncate). [`MemoryTable`] implements them all.
//!
//! DataFusion may pass only a part of the condition of an `UPDATE` or `DELETE` to a provider.
//! [`enable_dml`] adds a rule to the session that passes the complete condition. [`register`] calls
//! it; a server that registers its providers in another way has to call it itself. Without it, such
//! statements fail.
//!
//! ```
//! use std::sync::Arc;
//!
//! use datafusion::prelude::SessionContext;
//! # use kalamtable_rows::doc_example::Event;
//! use kalamtable_provider::{MemoryTable, RowProvider, register};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> datafusion::error::Result<()> {
//! let events = Arc::new(MemoryTable::<Event>::new());
//! let ctx = SessionContext::new();
//! register(&ctx, RowProvider::new(Arc::clone(&events)))?;
//!
//! for statement in [
//!     "INSERT INTO app.events VALUES (1, 'start'), (2, NULL)",
//!     "UPDATE app.events SET title = 'stop' WHERE id = 2",
//!     "DELETE FROM app.events WHERE id = 1",
//! ] {
//!     ctx.sql(statement).await?.collect().await?;
//! }
//! let stop = events.get(&2).and_then(|event| event.title.clone());
//! assert_eq!((events.len(), stop.as_deref()), (1, Some("stop")));
//! # Ok(())
//! # }
//! ```
//!
//! The rule also checks that no cast changes a value that `INSERT` or `UPDATE` writes. `2.7` in a
//! column of type `int` fails with the table, the column and the row; DataFusion alone would write
//! 2. `SET kalamtable.allow_lossy_casts = true` allows such values. The current time, `now()`, is
//! always rounded to the unit of its column.
//!
//! # Rows that are not Rust structs
//!
//! A source that has its rows as Arrow arrays, or whose definition is created at run time,
//! implements [`ColumnarSource`]. This is the trait that plans use; the crate implements it for
//! every [`TableSource`]. A [`RowReader`] builds the requested columns of the requested rows:
//!
//! ```
//! use std::ops::Range;
//! use std::sync::Arc;
//!
//! use arrow::array::{ArrayRef, RecordBatch, UInt64Array};
//! use arrow::compute::take;
//! use arrow::datatypes::SchemaRef;
//! use datafusion::error::{DataFusionError, Result};
//! use datafusion::execution::config::SessionConfig;
//! use datafusion::prelude::SessionContext;
//! use kalamtable_model::TableDefinition;
//! use kalamtable_provider::{
//!     ColumnarChange, ColumnarScan, ColumnarSource, KeyOrder, OpenedPartition, PlanStatistics,
//!     RowProvider, RowReader, RowWriter, SharedSource, Statement,
//! };
//! # use kalamtable_rows::{ToArrow, doc_example::Event};
//!
//! /// One batch, which has the query schema of the definition.
//! #[derive(Debug)]
//! struct BatchSource {
//!     definition: TableDefinition,
//!     batch: RecordBatch,
//! }
//!
//! struct BatchReader(RecordBatch);
//!
//! impl RowReader for BatchReader {
//!     fn len(&self) -> usize {
//!         self.0.num_rows()
//!     }
//!
//!     fn build(
//!         &mut self,
//!         block: Range<usize>,
//!         selected: Option<&[usize]>,
//!         columns: &[usize],
//!     ) -> Result<Vec<ArrayRef>> {
//!         let rows = self.0.slice(block.start, block.len());
//!         let arrays = columns.iter().map(|column| rows.column(*column));
//!         let Some(selected) = selected else {
//!             return Ok(arrays.cloned().collect());
//!         };
//!         let offsets = UInt64Array::from_iter_values(selected.iter().map(|row| *row as u64));
//!         arrays.map(|array| Ok(take(array, &offsets, None)?)).collect()
//!     }
//! }
//!
//! impl ColumnarSource for BatchSource {
//!     fn definition(&self) -> &TableDefinition {
//!         &self.definition
//!     }
//!
//!     fn schema(&self) -> &SchemaRef {
//!         self.batch.schema_ref()
//!     }
//!
//!     fn scan(&self, _scan: &ColumnarScan<'_>) -> Result<OpenedPartition> {
//!         Ok(OpenedPartition::all(BatchReader(self.batch.clone())))
//!     }
//!
//!     fn has_sql_order(&self) -> bool {
//!         true
//!     }
//!
//!     fn partitions(&self) -> Result<usize> {
//!         Ok(1)
//!     }
//!
//!     fn key_order(&self) -> Result<KeyOrder> {
//!         Ok(KeyOrder::None)
//!     }
//!
//!     fn statistics(&self) -> Result<PlanStatistics> {
//!         Ok(PlanStatistics::default())
//!     }
//!
//!     // DML. The methods below are not called, since this source accepts no statement.
//!     fn accepts(&self, _statement: Statement) -> Result<bool> {
//!         Ok(false)
//!     }
//!
//!     fn writer<'a>(&'a self, _session: &SessionConfig) -> Result<Box<dyn RowWriter + 'a>> {
//!         Err(DataFusionError::NotImplemented("INSERT".to_string()))
//!     }
//!
//!     fn change(&self, _change: &ColumnarChange, _session: &SessionConfig) -> Result<u64> {
//!         Err(DataFusionError::NotImplemented("UPDATE".to_string()))
//!     }
//!
//!     fn truncate(&self, _session: &SessionConfig) -> Result<u64> {
//!         Err(DataFusionError::NotImplemented("TRUNCATE".to_string()))
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<()> {
//! # let definition = Event::TABLE.definition.clone();
//! # let events = [Event { id: 1, title: None }, Event { id: 2, title: None }];
//! # let batch = Event::to_batch(&events).map_err(kalamtable_provider::Error::from)?;
//! let source = SharedSource::new(BatchSource { definition, batch });
//! let ctx = SessionContext::new();
//! ctx.register_table("events", Arc::new(RowProvider::from_table(source)))?;
//! assert_eq!(ctx.sql("SELECT id FROM events WHERE id > 1").await?.count().await?, 1);
//! # Ok(())
//! # }
//! ```
//!
//! For fixed batches without a type of your own, use [`RowProvider::from_batches`]. A table whose
//! rows depend on the session, such as on its user, implements [`ColumnarTable`], which returns a
//! source for each plan.
//!
//! # Metadata tables
//!
//! [`metadata::register`] adds tables to a session that contain the definitions of its tables:
//! kinds, comments, column types, defaults and keys.
//!
//! # Testing a source
//!
//! The crate `kalamtable-contract` compares the results of a provider with those of DataFusion's
//! `MemTable` over the same rows. Add it as a development dependency, and check a source in one
//! line:
//!
//! ```
//! # use std::sync::Arc;
//! # use kalamtable_provider::{FixedRows, RowProvider};
//! # use kalamtable_rows::doc_example::Event;
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), kalamtable_contract::Violation> {
//! # let source = FixedRows::new(vec![Event { id: 1, title: None }]);
//! kalamtable_contract::check(Arc::new(RowProvider::new(source))).await?;
//! # Ok(())
//! # }
//! ```
//!
//! [`TableProvider`]: datafusion::catalog::TableProvider

mod batch_rows;
mod change;
mod change_exec;
mod change_rule;
mod columnar;
mod columnar_change;
mod default;
mod distinct_keys;
mod error;
mod exact_cast;
mod filter;
mod insert;
mod key_filter;
mod leaf_plan;
mod lineage;
mod lookup;
mod memory_table;
pub mod metadata;
mod options;
mod plan;
mod provider;
mod register;
mod row_blocks;
mod row_chunks;
mod row_reader;
mod row_stream;
mod scan;
mod snapshot;
mod source;
mod sources;
mod sql;
mod sql_types;
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
pub use filter::Filter;
pub use key_filter::{KeyFilter, RangeEnds, TableKey};
pub use lineage::annotated_schema;
pub use lookup::{KeyRange, Lookup, UniqueValues};
pub use memory_table::MemoryTable;
pub use options::KalamTableOptions;
pub use provider::RowProvider;
pub use register::{register, register_as};
pub use row_blocks::RowBlock;
pub use row_reader::RowReader;
pub use row_stream::{QueryEnded, RowSender, RowStream};
pub use snapshot::Snapshot;
pub use source::{Rows, ScanRequest, SourceStatistics, TableSource};
pub use sources::{FixedRows, VirtualRows};
pub use sql::{sql, statement_to_plan, statement_to_plan_in};
pub use sql_types::enable_types;
pub use statement::{BoxError, KeyOrder, Statement};

/// Functions that the other crates of the workspace share. Not part of the public API.
#[doc(hidden)]
pub mod __private {
    pub use crate::change_rule::{Change, change_of, insert_target};
    pub use crate::error::{guard_of, source_error_of, values_text};
    pub use crate::filter::is_exact;
    pub use crate::plan::{attached_scan, detached_scan};
    pub use crate::provider::ProviderParts;
    pub use crate::row_blocks::all_rows;
    pub use kalamtable_rows::__private::*;
}
