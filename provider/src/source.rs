// SPDX-License-Identifier: Apache-2.0

//! [`TableSource`]: the trait that a server implements for a table whose rows are Rust structs.
//! [`RowProvider`](crate::RowProvider) answers queries from it.

use std::fmt;
use std::sync::Arc;

use datafusion::logical_expr::dml::InsertOp;

use kalamtable_rows::Row;

use crate::change::ChangeStatement;
use crate::error::Error;
use crate::lookup::Lookup;
use crate::row_stream::RowStream;
use crate::snapshot::Snapshot;
use crate::statement::{BoxError, KeyOrder, Statement};

/// The source of the rows of a table.
///
/// Only [`scan`](Self::scan) is required. The other methods declare facts that make queries faster,
/// or accept DML statements.
///
/// The rows that a scan returns should have distinct primary keys, and distinct values of each
/// unique key. A source that returns [`Snapshot::in_key_order`] or declares a key order must return
/// distinct primary keys. No other query relies on the keys.
///
/// ```
/// use std::sync::Mutex;
/// # use kalamtable_rows::doc_example::Event;
/// use kalamtable_provider::{BoxError, Rows, ScanRequest, TableSource};
///
/// /// The events that wait for processing.
/// #[derive(Debug, Default)]
/// struct Pending(Mutex<Vec<Event>>);
///
/// impl TableSource for Pending {
///     type Row = Event;
///
///     fn scan(&self, _request: &ScanRequest<Event>) -> Result<Rows<Event>, BoxError> {
///         let events = self.0.lock().map_err(|_| "the lock of the events is poisoned")?;
///         Ok(Rows::from(events.clone()))
///     }
/// }
/// ```
///
/// A source that can find rows by key reads the lookup of the request, and marks its result with
/// [`Rows::looked_up`]:
///
/// ```
/// use std::collections::HashMap;
/// # use kalamtable_rows::doc_example::Event;
/// use kalamtable_provider::{BoxError, Lookup, Rows, ScanRequest, TableSource};
///
/// #[derive(Debug)]
/// struct ById(HashMap<i64, Event>);
///
/// impl TableSource for ById {
///     type Row = Event;
///
///     fn scan(&self, request: &ScanRequest<Event>) -> Result<Rows<Event>, BoxError> {
///         if let Some(Lookup::Key(ranges)) = &request.lookup
///             && let Some(keys) = ranges.iter().map(|range| range.one_key()).collect::<Option<Vec<_>>>()
///         {
///             let found = keys.into_iter().filter_map(|(id,)| self.0.get(&id.as_ref().copied()?));
///             return Ok(Rows::from(found.cloned().collect::<Vec<_>>()).looked_up());
///         }
///         Ok(Rows::from(self.0.values().cloned().collect::<Vec<_>>()))
///     }
/// }
/// ```
pub trait TableSource: fmt::Debug + Send + Sync + 'static {
    /// The type of a row.
    type Row: Row;

    /// Returns the current rows of one partition, as a [`Snapshot`] or a [`RowStream`].
    ///
    /// This method is called once per partition each time a plan is executed. It is not called to
    /// plan a query, nor for `EXPLAIN`. It runs on a thread that drives futures, so it must not
    /// block for long: a source that waits for I/O returns a [`RowStream`].
    ///
    /// The restrictions in `request` are hints. The returned rows are filtered again, so a source
    /// may return more rows than requested, up to all rows of the partition.
    ///
    /// # Errors
    /// Any error fails the query. A panic is converted to [`Error::Panicked`]. [`BoxError`] states
    /// which errors are wrapped with the name of the table.
    fn scan(&self, request: &ScanRequest<Self::Row>) -> Result<Rows<Self::Row>, BoxError>;

    /// Returns the number of partitions. Each row is in exactly one of them. Called when a query is
    /// planned; zero counts as one.
    fn partitions(&self) -> usize {
        1
    }

    /// Returns the order in which [`scan`](Self::scan) returns the rows of each partition. Called
    /// when a query is planned, and possibly again when a partition is scanned.
    ///
    /// A query over a source in key order needs no sort for `ORDER BY` the key. A scan that returns
    /// rows in another order fails with [`Error::NotInKeyOrder`].
    fn key_order(&self) -> KeyOrder {
        KeyOrder::None
    }

    /// Returns facts about the current rows that the source knows without reading them. Called when
    /// a query is planned.
    fn statistics(&self) -> SourceStatistics<Self::Row> {
        SourceStatistics::default()
    }

    /// Returns whether the source supports DML statements of this kind. Other statements fail when
    /// they are planned, with [`Error::NotWritable`].
    fn accepts(&self, _statement: Statement) -> bool {
        false
    }

    /// Writes all rows of one `INSERT`, or none of them. The rows are added (`Append`), replace all
    /// rows of the table (`Overwrite`), or replace the rows with the same primary keys (`Replace`).
    ///
    /// The values of the rows are valid, but their keys are not checked: the source ensures that
    /// primary and unique keys remain distinct. This method runs on a thread that drives futures,
    /// so it must not block for long.
    ///
    /// # Errors
    /// Any error fails the statement. The default implementation fails with [`Error::NotWritable`].
    fn write(&self, op: InsertOp, _rows: Vec<Self::Row>) -> Result<(), BoxError> {
        Err(not_writable::<Self::Row>(Statement::Insert(op)))
    }

    /// Runs one `UPDATE` or `DELETE`, completely or not at all, and returns the number of changed
    /// rows.
    ///
    /// The source passes its current rows to [`ChangeStatement::changes`] and applies the changes
    /// that it returns. If the rows change in between, the source has to evaluate the statement
    /// again. This method runs on a thread for blocking work.
    ///
    /// # Errors
    /// Any error fails the statement. The default implementation fails with [`Error::NotWritable`].
    fn change(&self, statement: &ChangeStatement<'_, Self::Row>) -> Result<u64, BoxError> {
        Err(not_writable::<Self::Row>(statement.kind()))
    }

    /// Deletes all rows, and returns their number. This method runs on a thread for blocking work.
    ///
    /// # Errors
    /// Any error fails the statement. The default implementation fails with [`Error::NotWritable`].
    fn truncate(&self) -> Result<u64, BoxError> {
        Err(not_writable::<Self::Row>(Statement::Truncate))
    }
}

impl<S: TableSource> TableSource for Arc<S> {
    type Row = S::Row;

    fn scan(&self, request: &ScanRequest<S::Row>) -> Result<Rows<S::Row>, BoxError> {
        S::scan(self, request)
    }

    fn partitions(&self) -> usize {
        S::partitions(self)
    }

    fn key_order(&self) -> KeyOrder {
        S::key_order(self)
    }

    fn statistics(&self) -> SourceStatistics<S::Row> {
        S::statistics(self)
    }

    fn accepts(&self, statement: Statement) -> bool {
        S::accepts(self, statement)
    }

    fn write(&self, op: InsertOp, rows: Vec<S::Row>) -> Result<(), BoxError> {
        S::write(self, op, rows)
    }

    fn change(&self, statement: &ChangeStatement<'_, S::Row>) -> Result<u64, BoxError> {
        S::change(self, statement)
    }

    fn truncate(&self) -> Result<u64, BoxError> {
        S::truncate(self)
    }
}

/// A request for the rows of one partition.
#[non_exhaustive]
pub struct ScanRequest<R: Row> {
    /// The number of the partition, from 0.
    pub partition: usize,
    /// The keys that the query can match, or `None` if its filter restricts no key.
    pub lookup: Option<Lookup<R>>,
    /// Whether a stream must return the rows in descending key order. Only a source whose
    /// [`key_order`](TableSource::key_order) is [`KeyOrder::Either`] gets such a request. A
    /// snapshot is in ascending order in any case.
    pub reverse: bool,
    /// The maximum number of rows that the scan returns, or `None` if it returns all rows. If the
    /// source declares a key order, the scan returns the first rows in that order, or the last ones
    /// if [`reverse`](Self::reverse) is set. Otherwise it returns any rows.
    pub limit: Option<usize>,
    /// The maximum number of rows per batch.
    pub batch_size: usize,
}

impl<R: Row> ScanRequest<R> {
    /// Creates a request for all rows of a partition, in batches of 8192 rows. Servers use it to
    /// call [`TableSource::scan`] in tests.
    pub fn all(partition: usize) -> Self {
        ScanRequest {
            partition,
            lookup: None,
            reverse: false,
            limit: None,
            batch_size: 8192,
        }
    }
}

impl<R: Row> fmt::Debug for ScanRequest<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScanRequest")
            .field("partition", &self.partition)
            .field("lookup", &self.lookup)
            .field("reverse", &self.reverse)
            .field("limit", &self.limit)
            .field("batch_size", &self.batch_size)
            .finish()
    }
}

/// The rows that a source returns to a scan.
#[derive(Debug)]
pub struct Rows<R> {
    pub(crate) kind: RowsKind<R>,
    pub(crate) looked_up: bool,
}

#[derive(Debug)]
pub(crate) enum RowsKind<R> {
    Snapshot(Snapshot<R>),
    Stream(RowStream<R>),
}

impl<R> Rows<R> {
    /// Marks the rows as found by the lookup of the request. The scan then does not search them by
    /// key, and its metric `lookups` counts the keys or ranges of the lookup.
    #[must_use]
    pub fn looked_up(mut self) -> Self {
        self.looked_up = true;
        self
    }

    fn new(kind: RowsKind<R>) -> Self {
        Rows {
            kind,
            looked_up: false,
        }
    }
}

impl<R> From<Snapshot<R>> for Rows<R> {
    fn from(snapshot: Snapshot<R>) -> Self {
        Rows::new(RowsKind::Snapshot(snapshot))
    }
}

impl<R> From<Vec<R>> for Rows<R> {
    fn from(rows: Vec<R>) -> Self {
        Snapshot::from(rows).into()
    }
}

impl<R> From<RowStream<R>> for Rows<R> {
    fn from(stream: RowStream<R>) -> Self {
        Rows::new(RowsKind::Stream(stream))
    }
}

/// Facts about the rows of a source, as of one point in time.
#[non_exhaustive]
pub struct SourceStatistics<R> {
    /// The number of rows, or `None` if it is unknown. `count(*)` is answered from it when a query
    /// is planned, unless it is zero.
    pub row_count: Option<usize>,
    /// The rows with the smallest and the greatest primary key, or `None` if they are unknown.
    /// `min` and `max` of the first key column are answered from them when a query is planned, if
    /// the number of rows is also known.
    pub ends: Option<[Arc<R>; 2]>,
}

impl<R> SourceStatistics<R> {
    /// Creates statistics that consist of the number of rows.
    pub fn of_count(row_count: usize) -> Self {
        SourceStatistics {
            row_count: Some(row_count),
            ends: None,
        }
    }

    /// Adds the rows with the smallest and the greatest primary key.
    #[must_use]
    pub fn with_ends(mut self, first: Arc<R>, last: Arc<R>) -> Self {
        self.ends = Some([first, last]);
        self
    }
}

impl<R> Default for SourceStatistics<R> {
    fn default() -> Self {
        SourceStatistics {
            row_count: None,
            ends: None,
        }
    }
}

impl<R> fmt::Debug for SourceStatistics<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourceStatistics")
            .field("row_count", &self.row_count)
            .field("has_ends", &self.ends.is_some())
            .finish()
    }
}

fn not_writable<R: Row>(statement: Statement) -> BoxError {
    Box::new(Error::not_writable(R::TABLE.definition.name(), statement))
}
