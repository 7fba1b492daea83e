// SPDX-License-Identifier: Apache-2.0

//! [`TableSource`]: what a server implements to give a table its rows. Answering queries from them is
//! [`RowProvider`](crate::RowProvider)'s work.

use std::fmt;
use std::sync::Arc;

use datafusion::logical_expr::dml::InsertOp;

use kalamtable_rows::Row;

use crate::change::ChangeStatement;
use crate::error::Error;
use crate::look_up::LookUp;
use crate::row_stream::RowStream;
use crate::snapshot::Snapshot;
use crate::statement::{BoxError, KeyOrder, Statement};

/// Where the rows of a table are.
///
/// The rows of one moment must differ in the table's primary key, and in each of its unique keys, if
/// it has some: DataFusion plans on it.
///
/// ```
/// use std::sync::Mutex;
/// # use kalamtable_rows::doc_example::Event;
/// use kalamtable_provider::{BoxError, Rows, ScanRequest, TableSource};
///
/// /// The events that were not handled yet.
/// #[derive(Debug, Default)]
/// struct Pending(Mutex<Vec<Event>>);
///
/// impl TableSource for Pending {
///     type Row = Event;
///
///     fn scan(&self, _request: &ScanRequest<Event>) -> Result<Rows<Event>, BoxError> {
///         let events = self.0.lock().map_err(|_| "a thread died while it held the events")?;
///         Ok(Rows::from(events.clone()))
///     }
/// }
/// ```
///
/// A source that finds rows by key without a look at all of them says so:
///
/// ```
/// use std::collections::HashMap;
/// # use kalamtable_rows::doc_example::Event;
/// use kalamtable_provider::{BoxError, LookUp, Rows, ScanRequest, TableSource};
///
/// #[derive(Debug)]
/// struct ById(HashMap<i64, Event>);
///
/// impl TableSource for ById {
///     type Row = Event;
///
///     fn scan(&self, request: &ScanRequest<Event>) -> Result<Rows<Event>, BoxError> {
///         if let Some(LookUp::Key(ranges)) = &request.look_up
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
    /// A row of the table.
    type Row: Row;

    /// The rows of this moment, as a [`Snapshot`] or a [`RowStream`]. Called once for each partition of
    /// a scan when it is executed: not to plan it, not for `EXPLAIN`, and again each time a cached plan
    /// runs.
    ///
    /// What `request` says of the rows that are wanted is a hint: those that are returned are judged
    /// again, so a source may return more, up to all of them.
    ///
    /// # Errors
    /// Anything: it reaches the query, with the table's name. So does a panic.
    fn scan(&self, request: &ScanRequest<Self::Row>) -> Result<Rows<Self::Row>, BoxError>;

    /// In how many parts a scan reads the rows, each of them in one of the parts. Said when a query is
    /// planned; zero counts as one.
    fn partitions(&self) -> usize {
        1
    }

    /// Whether what [`scan`](Self::scan) returns is always in key order, each partition in itself. Said
    /// when a query is planned, which then need not sort for `ORDER BY` the key; rows that are not are
    /// an error.
    fn key_order(&self) -> KeyOrder {
        KeyOrder::None
    }

    /// What is known of the rows without a scan; asked when a query is planned.
    fn statistics(&self) -> SourceStatistics<Self::Row> {
        SourceStatistics::default()
    }

    /// Whether the source runs statements of this kind. One that it does not is refused when it is
    /// planned.
    fn accepts(&self, _statement: Statement) -> bool {
        false
    }

    /// Writes the rows of one `INSERT`, all of them or none: adds them (`Append`), puts them in the
    /// place of all rows (`Overwrite`), or of those with the same keys (`Replace`).
    ///
    /// # Errors
    /// Anything: it reaches the statement. [`Error::NotWritable`] unless overridden.
    fn write(&self, op: InsertOp, _rows: Vec<Self::Row>) -> Result<(), BoxError> {
        Err(not_writable::<Self::Row>(Statement::Insert(op)))
    }

    /// Runs one `UPDATE` or `DELETE`, as a whole or not at all: asks
    /// [`statement`](ChangeStatement::changes) what to change in the rows of this moment, and changes
    /// it. Between the two, nobody else may change the rows, or the statement has to be asked again.
    /// Returns how many rows it changed.
    ///
    /// # Errors
    /// Anything: it reaches the statement. [`Error::NotWritable`] unless overridden.
    fn change(&self, statement: &ChangeStatement<'_, Self::Row>) -> Result<u64, BoxError> {
        Err(not_writable::<Self::Row>(statement.kind()))
    }

    /// Takes all rows out of the table. Returns how many there were.
    ///
    /// # Errors
    /// Anything: it reaches the statement. [`Error::NotWritable`] unless overridden.
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

/// What a scan wants of a source.
#[non_exhaustive]
pub struct ScanRequest<R: Row> {
    /// The number of the partition, from 0.
    pub partition: usize,
    /// What the query says of a key, if it does: rows that it leaves out are not wanted.
    pub look_up: Option<LookUp<R>>,
    /// Whether a stream should come in the reverse of key order. Only a source whose
    /// [`key_order`](TableSource::key_order) is [`KeyOrder::Either`] is asked for it; a snapshot is
    /// ascending all the same.
    pub reverse: bool,
    /// So many rows are enough, whichever they are; if the source says that it keeps an order, the first
    /// ones in it: with [`reverse`](Self::reverse), those with the greatest keys.
    pub limit: Option<usize>,
    /// How many rows make a batch.
    pub batch_size: usize,
}

impl<R: Row> ScanRequest<R> {
    /// All rows of a partition.
    pub fn all(partition: usize) -> Self {
        ScanRequest {
            partition,
            look_up: None,
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
            .field("look_up", &self.look_up)
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
    /// The same rows, which the source has found by the request's look-up: the scan's metric
    /// `lookups` counts it.
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

/// What a source knows of its rows without a scan, all of it of one moment.
#[non_exhaustive]
pub struct SourceStatistics<R> {
    /// How many rows there are: `count(*)` is answered with it when a query is planned, unless there
    /// are none.
    pub row_count: Option<usize>,
    /// The first and the last row in the order of keys: so are `min` and `max` of the key's first column
    /// found when a query is planned, if the number of rows is known too.
    pub ends: Option<[Arc<R>; 2]>,
}

impl<R> SourceStatistics<R> {
    /// That many rows, and nothing else.
    pub fn of_count(row_count: usize) -> Self {
        SourceStatistics {
            row_count: Some(row_count),
            ends: None,
        }
    }

    /// The same, and the first and the last row in the order of keys.
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
