//! [`TableSource`]: what a server implements to give a table its rows, and the sources that come
//! with the library. Answering queries from them is [`RowProvider`](crate::RowProvider)'s work.

use std::cmp::Ordering;
use std::fmt;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::SchemaRef;
use datafusion::logical_expr::dml::InsertOp;
use kalamtable_model::{TableDefinition, TableName};

use crate::__private::build_columns;
use crate::lookup::{KeyRanges, RangeEnds};
use crate::{Error, FromArrow, KeyedRow, Row, RowError, RowKey, ToArrow};

/// What a source fails with: any error, or [`Error`] or [`RowError`], which reach the query as they
/// are.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Where the rows of a table are.
///
/// The rows of a snapshot must differ in the table's primary key, if it has one: DataFusion plans
/// on it.
///
/// ```
/// use std::sync::Mutex;
/// # use kalamtable_runtime::doc_example::Event;
/// use kalamtable_runtime::{BoxError, Snapshot, TableSource};
///
/// /// The events that were not handled yet.
/// #[derive(Debug, Default)]
/// struct Pending(Mutex<Vec<Event>>);
///
/// impl TableSource for Pending {
///     type Row = Event;
///
///     fn snapshot(&self) -> Result<Snapshot<Event>, BoxError> {
///         let events = self.0.lock().map_err(|_| "a thread died while it held the events")?;
///         Ok(Snapshot::from(events.clone()))
///     }
/// }
/// ```
pub trait TableSource: fmt::Debug + Send + Sync + 'static {
    /// A row of the table.
    type Row: Row;

    /// The rows of this moment. Called once for each scan, when it is executed: not to plan it, not
    /// for `EXPLAIN`, and again each time a cached plan runs.
    ///
    /// # Errors
    /// Anything: it reaches the query, with the table's name. So does a panic.
    fn snapshot(&self) -> Result<Snapshot<Self::Row>, BoxError>;

    /// Whether every snapshot is in key order. Said when a query is planned, which then need not sort
    /// for `ORDER BY` the key; a snapshot that is not is an error.
    fn is_in_key_order(&self) -> bool {
        false
    }

    /// How many rows a snapshot taken now would have, if that is known without one: `count(*)` is
    /// answered with it when a query is planned, unless there are none.
    fn row_count(&self) -> Option<usize> {
        None
    }

    /// Whether [`insert`](Self::insert) can do what `op` asks. A statement that it cannot do is
    /// refused when it is planned.
    fn accepts(&self, _op: InsertOp) -> bool {
        false
    }

    /// Writes the rows of one statement, all of them or none: adds them (`Append`), puts them in
    /// the place of all rows (`Overwrite`), or of those with the same keys (`Replace`).
    ///
    /// # Errors
    /// Anything: it reaches the statement. [`Error::NotWritable`] unless overridden.
    fn insert(&self, op: InsertOp, _rows: Vec<Self::Row>) -> Result<(), BoxError> {
        Err(Box::new(not_writable(
            Self::Row::TABLE.definition.name(),
            op,
        )))
    }
}

impl<S: TableSource> TableSource for Arc<S> {
    type Row = S::Row;

    fn snapshot(&self) -> Result<Snapshot<S::Row>, BoxError> {
        TableSource::snapshot(&**self)
    }

    fn is_in_key_order(&self) -> bool {
        TableSource::is_in_key_order(&**self)
    }

    fn row_count(&self) -> Option<usize> {
        TableSource::row_count(&**self)
    }

    fn accepts(&self, op: InsertOp) -> bool {
        TableSource::accepts(&**self, op)
    }

    fn insert(&self, op: InsertOp, rows: Vec<S::Row>) -> Result<(), BoxError> {
        TableSource::insert(&**self, op, rows)
    }
}

/// A fixed set of rows.
///
/// ```
/// # use kalamtable_runtime::doc_example::Event;
/// use kalamtable_runtime::{FixedRows, RowProvider};
///
/// let provider = RowProvider::new(FixedRows::new(vec![Event { id: 1, title: None }]));
/// # let _ = provider;
/// ```
pub struct FixedRows<R> {
    rows: Arc<Vec<R>>,
    is_in_key_order: bool,
}

impl<R: Row> FixedRows<R> {
    /// These rows, in this order. If that is the order of their keys, a query finds rows by key, and
    /// does not sort for `ORDER BY` the key.
    pub fn new(rows: Vec<R>) -> Self {
        FixedRows {
            is_in_key_order: out_of_order(&rows).is_none(),
            rows: Arc::new(rows),
        }
    }
}

impl<R> fmt::Debug for FixedRows<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FixedRows({} rows)", self.rows.len())
    }
}

impl<R: Row> TableSource for FixedRows<R> {
    type Row = R;

    fn snapshot(&self) -> Result<Snapshot<R>, BoxError> {
        Ok(Snapshot::new(
            Rows::Slice(self.rows.clone()),
            self.is_in_key_order,
        ))
    }

    fn is_in_key_order(&self) -> bool {
        self.is_in_key_order
    }

    fn row_count(&self) -> Option<usize> {
        Some(self.rows.len())
    }
}

/// Rows that a closure computes each time the table is scanned: a virtual table.
///
/// ```
/// # use kalamtable_runtime::doc_example::Event;
/// use kalamtable_runtime::{RowProvider, VirtualRows};
///
/// let provider = RowProvider::new(VirtualRows::new(|| {
///     let title = std::fs::read_to_string("title.txt")?;
///     Ok(vec![Event { id: 1, title: Some(title) }])
/// }));
/// # let _ = provider;
/// ```
pub struct VirtualRows<R> {
    rows: Box<RowsFn<R>>,
}

type RowsFn<R> = dyn Fn() -> Result<Vec<R>, BoxError> + Send + Sync;

impl<R: Row> VirtualRows<R> {
    /// The rows that `rows` returns when it is called.
    pub fn new(rows: impl Fn() -> Result<Vec<R>, BoxError> + Send + Sync + 'static) -> Self {
        VirtualRows {
            rows: Box::new(rows),
        }
    }
}

impl<R> fmt::Debug for VirtualRows<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VirtualRows")
    }
}

impl<R: Row> TableSource for VirtualRows<R> {
    type Row = R;

    fn snapshot(&self) -> Result<Snapshot<R>, BoxError> {
        (self.rows)().map(Snapshot::from)
    }
}

/// The rows of one moment. They never change; a clone is cheap.
pub struct Snapshot<R> {
    rows: Rows<R>,
    is_in_key_order: bool,
}

enum Rows<R> {
    Slice(Arc<Vec<R>>),
    Chunks(Arc<Chunks<R>>),
}

/// Rows in chunks, none of them empty, that snapshots share.
pub(crate) struct Chunks<R> {
    pub(crate) chunks: Vec<Chunk<R>>,
    /// How many rows there are in all chunks.
    pub(crate) len: usize,
}

pub(crate) type Chunk<R> = Arc<Vec<Arc<R>>>;

impl<R: KeyedRow> Snapshot<R> {
    /// Rows in the order of their keys, each key once: a query finds rows in them by key.
    ///
    /// # Errors
    /// [`Error::NotInKeyOrder`] with the first row that does not come after the one before it.
    pub fn in_key_order(rows: Vec<R>) -> Result<Self, Error> {
        match out_of_order(&rows) {
            None => Ok(Snapshot::new(Rows::Slice(Arc::new(rows)), true)),
            Some(row) => Err(not_in_key_order::<R>(Some(row))),
        }
    }
}

impl<R> Snapshot<R> {
    fn new(rows: Rows<R>, is_in_key_order: bool) -> Self {
        Snapshot {
            rows,
            is_in_key_order,
        }
    }

    /// Chunks of rows in the order of their keys.
    pub(crate) fn from_chunks(chunks: Arc<Chunks<R>>) -> Self {
        Snapshot::new(Rows::Chunks(chunks), true)
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        match &self.rows {
            Rows::Slice(rows) => rows.len(),
            Rows::Chunks(chunks) => chunks.len,
        }
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rows, in order.
    pub fn iter(&self) -> impl Iterator<Item = &R> {
        let (slice, chunks) = match &self.rows {
            Rows::Slice(rows) => (&rows[..], &[][..]),
            Rows::Chunks(chunks) => (&[][..], &chunks.chunks[..]),
        };
        let chunked = chunks.iter().flat_map(|chunk| chunk.iter());
        slice.iter().chain(chunked.map(|row| &**row))
    }
}

impl<R> Snapshot<R> {
    /// How many of the first rows `is_before` holds for; it holds for none behind them.
    fn partition_point(&self, is_before: impl Fn(&R) -> bool) -> usize {
        match &self.rows {
            Rows::Slice(rows) => rows.partition_point(is_before),
            Rows::Chunks(chunks) => {
                let full = chunks
                    .chunks
                    .partition_point(|chunk| chunk.last().is_some_and(|row| is_before(row)));
                let before: usize = chunks.chunks[..full].iter().map(|chunk| chunk.len()).sum();
                let within = chunks.chunks.get(full);
                before + within.map_or(0, |chunk| chunk.partition_point(|row| is_before(row)))
            }
        }
    }
}

impl<R> From<Vec<R>> for Snapshot<R> {
    fn from(rows: Vec<R>) -> Self {
        Snapshot::new(Rows::Slice(Arc::new(rows)), false)
    }
}

impl<R> From<Vec<Arc<R>>> for Snapshot<R> {
    fn from(rows: Vec<Arc<R>>) -> Self {
        let len = rows.len();
        let chunks = match len {
            0 => Vec::new(),
            _ => vec![Arc::new(rows)],
        };
        Snapshot::new(Rows::Chunks(Arc::new(Chunks { chunks, len })), false)
    }
}

impl<R> Clone for Snapshot<R> {
    fn clone(&self) -> Self {
        let rows = match &self.rows {
            Rows::Slice(rows) => Rows::Slice(rows.clone()),
            Rows::Chunks(chunks) => Rows::Chunks(chunks.clone()),
        };
        Snapshot::new(rows, self.is_in_key_order)
    }
}

impl<R> fmt::Debug for Snapshot<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Snapshot({} rows)", self.len())
    }
}

/// A [`TableSource`] whose row type is forgotten, so that one provider and one scan serve every
/// table. What is compiled once per row type is in this file, below.
pub(crate) trait ErasedSource: fmt::Debug + Send + Sync {
    fn definition(&self) -> &TableDefinition;
    fn schema(&self) -> &SchemaRef;
    /// The rows of this moment; an error if they are not in key order where a plan counts on it.
    fn snapshot(&self, in_key_order: bool) -> Result<Box<dyn RowReader>, Error>;
    /// Whether the order of keys is that of SQL.
    fn has_sql_order(&self) -> bool;
    fn is_in_key_order(&self) -> Result<bool, Error>;
    fn row_count(&self) -> Result<Option<usize>, Error>;
    fn accepts(&self, op: InsertOp) -> bool;
    fn writer(&self) -> Box<dyn RowWriter + '_>;
}

/// Reads a snapshot, forwards.
pub(crate) trait RowReader: Send {
    /// How many rows the snapshot has.
    fn len(&self) -> usize;

    /// The rows whose keys are in `keys`, as ascending ranges; `None` if that is not known without a
    /// look at all rows.
    fn find(&self, keys: &KeyRanges) -> Result<Option<Vec<Range<usize>>>, Error>;

    /// The arrays of `columns` for the rows of `block`; or, with `selected`, for those of them that
    /// stand at these ascending offsets in it. An error names the row by its number in the snapshot.
    fn build(
        &mut self,
        block: Range<usize>,
        selected: Option<&[usize]>,
        columns: &[usize],
    ) -> Result<Vec<ArrayRef>, Error>;
}

/// Takes the rows of one statement.
pub(crate) trait RowWriter: Send {
    /// Takes the rows of `batch`, which has the table's column ids. An error names the row by its
    /// number in the statement.
    fn push(&mut self, batch: &RecordBatch) -> Result<(), Error>;

    /// Writes the rows, and says how many.
    fn commit(&mut self, op: InsertOp) -> Result<u64, Error>;
}

impl<S: TableSource> ErasedSource for S {
    fn definition(&self) -> &TableDefinition {
        S::Row::TABLE.definition
    }

    fn schema(&self) -> &SchemaRef {
        S::Row::TABLE.schema
    }

    fn snapshot(&self, in_key_order: bool) -> Result<Box<dyn RowReader>, Error> {
        let snapshot = guard(self.definition().name(), || {
            TableSource::snapshot(self).map_err(source_error::<S::Row>)
        })?;
        // A plan may be older than what the source says of itself at present.
        if (in_key_order || ErasedSource::is_in_key_order(self)?) && !snapshot.is_in_key_order {
            return Err(not_in_key_order::<S::Row>(None));
        }
        Ok(Box::new(TypedReader {
            snapshot,
            chunk: 0,
            chunk_begin: 0,
        }))
    }

    fn has_sql_order(&self) -> bool {
        S::Row::IN_SQL_ORDER
    }

    fn is_in_key_order(&self) -> Result<bool, Error> {
        guard(S::Row::TABLE.definition.name(), || {
            Ok(TableSource::is_in_key_order(self))
        })
    }

    fn row_count(&self) -> Result<Option<usize>, Error> {
        guard(S::Row::TABLE.definition.name(), || {
            Ok(TableSource::row_count(self))
        })
    }

    fn accepts(&self, op: InsertOp) -> bool {
        TableSource::accepts(self, op)
    }

    fn writer(&self) -> Box<dyn RowWriter + '_> {
        Box::new(TypedWriter {
            source: self,
            rows: Vec::new(),
        })
    }
}

struct TypedReader<R> {
    snapshot: Snapshot<R>,
    /// The chunk that holds the row that was asked for last, and the number of its first row.
    chunk: usize,
    chunk_begin: usize,
}

impl<R: Row> TypedReader<R> {
    fn rows<'a>(
        &'a mut self,
        block: &Range<usize>,
        offsets: impl Iterator<Item = usize>,
        capacity: usize,
    ) -> Vec<&'a R> {
        let mut rows = Vec::with_capacity(capacity);
        match &self.snapshot.rows {
            Rows::Slice(slice) => {
                let slice = &slice[block.clone()];
                rows.extend(offsets.map(|offset| &slice[offset]));
            }
            Rows::Chunks(chunks) => {
                let chunks = &chunks.chunks;
                if block.start < self.chunk_begin {
                    (self.chunk, self.chunk_begin) = (0, 0);
                }
                while self.chunk < chunks.len()
                    && block.start >= self.chunk_begin + chunks[self.chunk].len()
                {
                    self.chunk_begin += chunks[self.chunk].len();
                    self.chunk += 1;
                }
                let (mut chunk, mut begin) = (self.chunk, self.chunk_begin);
                for row in offsets.map(|offset| block.start + offset) {
                    while row >= begin + chunks[chunk].len() {
                        begin += chunks[chunk].len();
                        chunk += 1;
                    }
                    rows.push(&*chunks[chunk][row - begin]);
                }
            }
        }
        rows
    }

    /// The rows whose keys are in `keys`, where rows are in key order; `None` if a value is none that a
    /// key can have: that is for the predicate to judge.
    fn ranges(&self, keys: &KeyRanges) -> Option<Vec<Range<usize>>> {
        let read = |ends: &RangeEnds| R::read_prefixes(&ends.prefixes, ends.columns).ok();
        let (lower, upper) = (read(&keys.lower)?, read(&keys.upper)?);
        let ranges = lower.iter().zip(&upper).map(|(lower, upper)| {
            let begin = self
                .snapshot
                .partition_point(|row| match row.compare_prefix(lower) {
                    Ordering::Less => true,
                    Ordering::Equal => !keys.lower.inclusive,
                    Ordering::Greater => false,
                });
            let end = self
                .snapshot
                .partition_point(|row| match row.compare_prefix(upper) {
                    Ordering::Less => true,
                    Ordering::Equal => keys.upper.inclusive,
                    Ordering::Greater => false,
                });
            begin..end
        });
        let mut ranges: Vec<Range<usize>> = ranges.filter(|range| !range.is_empty()).collect();
        ranges.sort_unstable_by_key(|range| range.start);
        ranges.dedup_by(|next, before| {
            let is_joined = next.start <= before.end;
            if is_joined {
                before.end = before.end.max(next.end);
            }
            is_joined
        });
        Some(ranges)
    }
}

impl<R: Row> RowReader for TypedReader<R> {
    fn len(&self) -> usize {
        self.snapshot.len()
    }

    fn find(&self, keys: &KeyRanges) -> Result<Option<Vec<Range<usize>>>, Error> {
        if !self.snapshot.is_in_key_order {
            return Ok(None);
        }
        guard(R::TABLE.definition.name(), || Ok(self.ranges(keys)))
    }

    fn build(
        &mut self,
        block: Range<usize>,
        selected: Option<&[usize]>,
        columns: &[usize],
    ) -> Result<Vec<ArrayRef>, Error> {
        if columns.is_empty() {
            return Ok(Vec::new());
        }
        let rows = match selected {
            Some(selected) => self.rows(&block, selected.iter().copied(), selected.len()),
            None => self.rows(&block, 0..block.len(), block.len()),
        };
        guard(R::TABLE.definition.name(), || {
            Ok(build_columns(rows.iter().copied(), columns)?)
        })
        .map_err(|error| {
            error.map_row(|row| {
                let offset = selected.map_or(Some(row), |selected| selected.get(row).copied());
                block.start + offset.unwrap_or_default()
            })
        })
    }
}

struct TypedWriter<'a, S: TableSource> {
    source: &'a S,
    rows: Vec<S::Row>,
}

impl<S: TableSource> RowWriter for TypedWriter<'_, S> {
    fn push(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        let pushed = self.rows.len();
        let rows = guard(S::Row::TABLE.definition.name(), || {
            Ok(S::Row::from_batch(batch)?)
        });
        self.rows
            .append(&mut rows.map_err(|error| error.map_row(|row| pushed + row))?);
        Ok(())
    }

    fn commit(&mut self, op: InsertOp) -> Result<u64, Error> {
        let rows = std::mem::take(&mut self.rows);
        let count = rows.len() as u64;
        guard(S::Row::TABLE.definition.name(), || {
            let written = self.source.insert(op, rows);
            written.map_err(source_error::<S::Row>)
        })?;
        Ok(count)
    }
}

/// The first row that does not come after the one before it in the order of keys; the first if rows
/// have none.
fn out_of_order<R: Row>(rows: &[R]) -> Option<usize> {
    if R::TABLE.definition.key_columns().is_empty() {
        return Some(0);
    }
    let pairs = rows.windows(2);
    let mut pairs = pairs.map(|pair| pair[0].compare_keys(&pair[1]));
    pairs
        .position(|order| order != Ordering::Less)
        .map(|row| row + 1)
}

fn not_in_key_order<R: Row>(row: Option<usize>) -> Error {
    Error::NotInKeyOrder {
        table: R::TABLE.definition.name().clone(),
        row,
    }
}

pub(crate) fn not_writable(table: &TableName, op: InsertOp) -> Error {
    Error::NotWritable {
        table: table.clone(),
        statement: op.to_string(),
    }
}

/// What a source failed with: our own error as it is, any other with the table's name.
fn source_error<R: Row>(source: BoxError) -> Error {
    let source = match source.downcast::<Error>() {
        Ok(own) => return *own,
        Err(source) => source,
    };
    match source.downcast::<RowError>() {
        Ok(own) => Error::Row(*own),
        Err(source) => Error::Source {
            table: R::TABLE.definition.name().clone(),
            source,
        },
    }
}

/// The result of `work`, or its panic as an error.
///
/// DataFusion polls a plan's root in the task of whoever asked for it, and resumes there the panics
/// of the tasks that it starts: a panic would end the server's connection, not the query.
fn guard<T>(table: &TableName, work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    // What `work` leaves half done is dropped with it, or is the source's own, and the source said
    // by `Sync` that others may look at it meanwhile.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let message = panic
            .downcast_ref::<&str>()
            .map(|message| message.to_string())
            .or_else(|| panic.downcast_ref::<String>().cloned());
        Err(Error::Panicked {
            table: table.clone(),
            message: message.unwrap_or_else(|| "no message".to_string()),
        })
    })
}
