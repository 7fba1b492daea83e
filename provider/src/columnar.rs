// SPDX-License-Identifier: Apache-2.0

//! [`ColumnarSource`]: the rows of a table as columns, for one plan. [`ColumnarTable`]: a table
//! that provides such a source for each plan.
//!
//! A table whose rows have a Rust type implements [`TableSource`](crate::TableSource) instead, for
//! which the crate implements [`ColumnarSource`].

use std::any::Any;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::execution::config::SessionConfig;
use datafusion::logical_expr::dml::InsertOp;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use kalamtable_model::TableDefinition;

use crate::columnar_change::ColumnarChange;
use crate::filter::Filter;
use crate::key_filter::KeyFilter;
use crate::row_blocks::all_rows;
use crate::row_reader::RowReader;
use crate::statement::{KeyOrder, Statement};

/// A table that provides the source of each plan.
///
/// [`RowProvider`](crate::RowProvider) plans queries and DML over it. A table whose rows do not
/// depend on the session is a [`ColumnarSource`] wrapped in [`SharedSource`].
#[async_trait]
pub trait ColumnarTable: Any + fmt::Debug + Send + Sync {
    /// Returns the definition of the table.
    fn definition(&self) -> &TableDefinition;

    /// Returns the schema that queries see: the fields of [`TableDefinition::query_schema`],
    /// followed by the system columns, if the table has any.
    fn schema(&self) -> &SchemaRef;

    /// Returns whether this is the current version of the table, or `None` if the table has one
    /// version, which the catalog returns until another table is registered under its name.
    ///
    /// A cached plan calls this method each time before it runs. The method must not block.
    fn is_current(&self) -> Option<bool> {
        None
    }

    /// Returns the source of one plan of a session.
    ///
    /// # Errors
    /// Fails if the session may not access the rows, or if they cannot be opened.
    async fn source(&self, session: &SessionConfig, access: Access) -> Result<SourceRef>;
}

/// The kind of access that a plan needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// A query.
    Read,
    /// A DML statement.
    Write,
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Access::Read => "read",
            Access::Write => "write to",
        })
    }
}

/// A [`ColumnarTable`] whose plans share one source.
#[derive(Debug)]
pub struct SharedSource(SourceRef);

impl SharedSource {
    /// Creates a table whose plans all read and write this source.
    pub fn new(source: impl ColumnarSource) -> Self {
        SharedSource(Arc::new(source))
    }
}

#[async_trait]
impl ColumnarTable for SharedSource {
    fn definition(&self) -> &TableDefinition {
        self.0.definition()
    }

    fn schema(&self) -> &SchemaRef {
        self.0.schema()
    }

    async fn source(&self, _session: &SessionConfig, _access: Access) -> Result<SourceRef> {
        Ok(Arc::clone(&self.0))
    }
}

/// A shared reference to the source of a plan.
pub type SourceRef = Arc<dyn ColumnarSource>;

/// The rows of a table as columns.
///
/// Plans call the methods up to [`accepts`](Self::accepts) when a statement is planned, and the
/// others when it runs, possibly in another session and more than once. Plans call
/// [`change`](Self::change) and [`truncate`](Self::truncate) on a thread for blocking work. The
/// other methods run on threads that drive futures, and must not block for long.
pub trait ColumnarSource: fmt::Debug + Send + Sync + 'static {
    /// Returns the definition of the table.
    fn definition(&self) -> &TableDefinition;

    /// Returns the schema of the rows: the fields of [`TableDefinition::query_schema`], followed by
    /// the system columns, if the table has any.
    fn schema(&self) -> &SchemaRef;

    /// Returns the text that `EXPLAIN` shows for the table.
    fn label(&self) -> String {
        format!("table={}", self.definition().name())
    }

    /// Returns whether the source orders keys as SQL orders the key columns. Key ranges and the key
    /// order are used only in that case.
    fn has_sql_order(&self) -> bool;

    /// Returns the number of partitions, at least 1.
    ///
    /// # Errors
    /// Any error fails the statement.
    fn partitions(&self) -> Result<usize>;

    /// Returns the order of the rows within each partition.
    ///
    /// # Errors
    /// Any error fails the statement.
    fn key_order(&self) -> Result<KeyOrder>;

    /// Returns the facts about the rows that the source knows without reading them.
    ///
    /// # Errors
    /// Any error fails the statement.
    fn statistics(&self) -> Result<PlanStatistics>;

    /// Returns whether the source runs statements of this kind.
    ///
    /// # Errors
    /// Any error fails the statement.
    fn accepts(&self, statement: Statement) -> Result<bool>;

    /// Opens a partition. Called once per partition each time a plan is executed.
    ///
    /// The keys, the filter, the columns and the limit of `scan` are hints. The opened rows are
    /// filtered and limited again, so a source may open more rows than requested, up to all rows of
    /// the partition. Apart from the limit, it must not leave out a row that passes the filter.
    ///
    /// # Errors
    /// Any error fails the query.
    fn scan(&self, scan: &ColumnarScan<'_>) -> Result<OpenedPartition>;

    /// Starts one `INSERT`. Rows that are not committed when the writer is dropped are discarded.
    ///
    /// # Errors
    /// Any error fails the statement.
    fn writer<'a>(&'a self, session: &SessionConfig) -> Result<Box<dyn RowWriter + 'a>>;

    /// Runs one `UPDATE` or `DELETE`, completely or not at all, and returns the number of rows that
    /// it changed.
    ///
    /// # Errors
    /// Any error fails the statement.
    fn change(&self, change: &ColumnarChange, session: &SessionConfig) -> Result<u64>;

    /// Deletes all rows, and returns their number.
    ///
    /// # Errors
    /// Any error fails the statement.
    fn truncate(&self, session: &SessionConfig) -> Result<u64>;
}

/// Facts about the rows of a table that the planner uses.
#[derive(Clone, Debug, Default)]
pub struct PlanStatistics {
    /// The number of rows, or `None` if it is unknown.
    pub row_count: Option<usize>,
    /// Whether the row count may differ when the plan runs. The planner never answers a query from
    /// an estimate.
    pub is_estimate: bool,
    /// The smallest and the greatest value of the first key column, or `None` if they are unknown.
    pub key_bounds: Option<[ScalarValue; 2]>,
}

/// A request to open one partition.
#[derive(Debug)]
pub struct ColumnarScan<'a> {
    /// The session that runs the plan. Another session may have planned it.
    pub session: &'a SessionConfig,
    /// The number of the partition, from 0.
    pub partition: usize,
    /// The keys that the query can match, or `None` if its filter restricts no key.
    pub keys: Option<&'a KeyFilter>,
    /// The filter that the scan evaluates on the rows, or `None`. A source can skip rows that do
    /// not pass it.
    pub filter: Option<&'a Arc<Filter>>,
    /// The positions of the columns that the scan builds for the rows that pass, besides those of
    /// the filter. A source that loads columns can load them ahead.
    pub columns: &'a [usize],
    /// Whether the plan relies on key order. The source then fails if the rows are not in that
    /// order.
    pub in_key_order: bool,
    /// Whether the scan returns the rows from the last one to the first one. The source then opens
    /// chunks in descending key order. The order of [`OpenedRows::Ranges`] does not change: the
    /// scan reads them backwards.
    pub reverse: bool,
    /// The maximum number of rows that the scan returns, or `None` if it returns all rows.
    pub limit: Option<usize>,
    /// The maximum number of rows per batch.
    pub batch_size: usize,
}

/// The rows of an opened partition.
pub struct OpenedPartition {
    /// The rows.
    pub rows: OpenedRows,
    /// Whether the source found the rows by key. If so, the metric `lookups` of the plan counts the
    /// ranges of [`ColumnarScan::keys`].
    pub looked_up: bool,
}

impl OpenedPartition {
    /// Creates a partition of all rows of `reader`, without a search by key.
    pub fn all(reader: impl RowReader + 'static) -> Self {
        let found = all_rows(reader.len());
        OpenedPartition {
            rows: OpenedRows::Ranges(Box::new(reader), found),
            looked_up: false,
        }
    }
}

/// The two forms in which a partition is read.
pub enum OpenedRows {
    /// A reader of all rows, and the ranges of row numbers that can match. The ranges are
    /// ascending, and are not adjacent.
    Ranges(Box<dyn RowReader>, Vec<Range<usize>>),
    /// One reader per chunk, in the order of the scan.
    Chunks(BoxStream<'static, Result<Box<dyn RowReader>>>),
}

/// The rows of one `INSERT`.
pub trait RowWriter: Send {
    /// Adds the rows of `batch`. It has the columns of [`ColumnarSource::schema`], including the
    /// system columns, and all columns are nullable.
    ///
    /// # Errors
    /// Fails if a value does not fit its column. The error names the row by its number in the
    /// statement.
    fn push(&mut self, batch: &RecordBatch) -> Result<()>;

    /// Writes all added rows, or none of them, and returns their number. The rows are added
    /// (`Append`), replace all rows of the table (`Overwrite`), or replace the rows with the same
    /// primary keys (`Replace`).
    ///
    /// # Errors
    /// Fails if a key exists already, or if the rows cannot be written.
    fn commit(&mut self, op: InsertOp) -> BoxFuture<'_, Result<u64>>;
}
