// SPDX-License-Identifier: Apache-2.0

//! [`ErasedSource`]: a [`TableSource`] whose row type is forgotten, so that one provider and one scan
//! serve every table. What is compiled once per row type is in this file, and in what it calls with a
//! row type: look-ups and snapshots.

use std::cmp::Ordering;
use std::fmt;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::SchemaRef;
use datafusion::common::ScalarValue;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::config::SessionConfig;
use datafusion::logical_expr::dml::InsertOp;
use futures::StreamExt;
use futures::future::{BoxFuture, FutureExt};
use futures::stream::{BoxStream, Stream};
use kalamtable_model::{TableDefinition, TableName};

use crate::__private::build_columns;
use crate::change::{Change, ChangeStatement};
use crate::cursor::all;
use crate::key_filter::KeyFilter;
use crate::look_up::{KeyRange, LookUp};
use crate::row_stream::RowStream;
use crate::snapshot::{RowsOf, Snapshot};
use crate::source::{BoxError, KeyOrder, RowsKind, ScanRequest, Statement, TableSource};
use crate::{Error, FromArrow, Row, RowError, RowKey, ToArrow};

/// A [`TableSource`] whose row type is forgotten.
pub(crate) trait ErasedSource: fmt::Debug + Send + Sync {
    fn definition(&self) -> &TableDefinition;
    /// The definition's columns, and behind them those that the system adds, if it does.
    fn schema(&self) -> &SchemaRef;
    /// What `EXPLAIN` calls the table.
    fn label(&self) -> String {
        format!("table={}", self.definition().name())
    }
    /// Whether the order of keys is that of SQL.
    fn has_sql_order(&self) -> bool;
    fn partitions(&self) -> Result<usize>;
    fn key_order(&self) -> Result<KeyOrder>;
    fn statistics(&self) -> Result<Known>;
    fn accepts(&self, statement: Statement) -> Result<bool>;
    fn scan(&self, scan: &Scan<'_>) -> Result<Opened>;
    fn writer<'a>(&'a self, session: &SessionConfig) -> Result<Box<dyn RowWriter + 'a>>;
    fn change(&self, change: &Change, session: &SessionConfig) -> Result<u64>;
    fn truncate(&self, session: &SessionConfig) -> Result<u64>;
}

/// The source of a provider, shared with its plans.
pub(crate) type SourceRef = Arc<dyn ErasedSource>;

/// What is known of a table's rows when a query is planned.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    pub(crate) row_count: Option<usize>,
    /// Whether the rows may be others when the plan runs, or those of another session: then the planner
    /// answers nothing with their number.
    pub(crate) is_estimate: bool,
    /// The first and the last value of the key's first column, in the order of keys.
    pub(crate) ends: Option<[ScalarValue; 2]>,
}

/// What a scan wants of a partition.
pub(crate) struct Scan<'a> {
    /// The session that runs the plan: another one may have made it.
    pub(crate) session: &'a SessionConfig,
    pub(crate) partition: usize,
    pub(crate) keys: Option<&'a KeyFilter>,
    /// Whether rows that are not in key order are an error.
    pub(crate) in_key_order: bool,
    /// Whether the last row should come first.
    pub(crate) reverse: bool,
    pub(crate) limit: Option<usize>,
    pub(crate) batch_size: usize,
}

/// A partition that is being read.
pub(crate) struct Opened {
    pub(crate) rows: OpenedRows,
    /// Whether the rows were found by key.
    pub(crate) looked_up: bool,
}

pub(crate) enum OpenedRows {
    /// All at once, and those ranges of them that are wanted.
    Found(Box<dyn RowReader>, Vec<Range<usize>>),
    /// Chunk by chunk.
    Stream(BoxStream<'static, Result<Box<dyn RowReader>>>),
}

/// Reads rows.
pub(crate) trait RowReader: Send {
    /// How many rows there are.
    fn len(&self) -> usize;

    /// The arrays of `columns` for the rows of `block`; or, with `selected`, for those of them that
    /// stand at these ascending offsets in it. An error names the row by its number in the partition.
    fn build(
        &mut self,
        block: Range<usize>,
        selected: Option<&[usize]>,
        columns: &[usize],
    ) -> Result<Vec<ArrayRef>>;
}

/// Takes the rows of one `INSERT`.
pub(crate) trait RowWriter: Send {
    /// Takes the rows of `batch`, which has the table's column ids. An error names the row by its
    /// number in the statement.
    fn push(&mut self, batch: &RecordBatch) -> Result<()>;

    /// Writes the rows, and says how many.
    fn commit(&mut self, op: InsertOp) -> BoxFuture<'_, Result<u64>>;
}

impl<S: TableSource> ErasedSource for S {
    fn definition(&self) -> &TableDefinition {
        S::Row::TABLE.definition
    }

    fn schema(&self) -> &SchemaRef {
        S::Row::TABLE.schema
    }

    fn has_sql_order(&self) -> bool {
        S::Row::IN_SQL_ORDER
    }

    fn partitions(&self) -> Result<usize> {
        guard::<S::Row, _, _>(|| Ok(TableSource::partitions(self).max(1)))
    }

    fn key_order(&self) -> Result<KeyOrder> {
        guard::<S::Row, _, _>(|| Ok(TableSource::key_order(self)))
    }

    fn statistics(&self) -> Result<Known> {
        guard::<S::Row, _, _>(|| {
            let statistics = TableSource::statistics(self);
            let first_column = S::Row::TABLE.definition.key_columns().first();
            let ends = match (statistics.ends, first_column) {
                // A value that does not fit fails the scan that meets it, and not every query.
                (Some([first, last]), Some(column)) => {
                    let built = build_columns([&*first, &*last], &[*column]).ok();
                    let value = |row| ScalarValue::try_from_array(&built.as_ref()?[0], row).ok();
                    value(0).zip(value(1)).map(|(first, last)| [first, last])
                }
                _ => None,
            };
            Ok(Known {
                row_count: statistics.row_count,
                is_estimate: false,
                ends,
            })
        })
    }

    fn accepts(&self, statement: Statement) -> Result<bool> {
        guard::<S::Row, _, _>(|| Ok(TableSource::accepts(self, statement)))
    }

    fn scan(&self, scan: &Scan<'_>) -> Result<Opened> {
        guard::<S::Row, _, _>(|| {
            let request = ScanRequest {
                partition: scan.partition,
                look_up: scan.keys.and_then(LookUp::new),
                reverse: scan.reverse,
                limit: scan.limit,
                batch_size: scan.batch_size,
            };
            let rows = TableSource::scan(self, &request).map_err(source_error::<S::Row>)?;
            // A plan may be older than what the source says of itself at present.
            let in_key_order = scan.in_key_order || TableSource::key_order(self) != KeyOrder::None;
            let snapshot = match rows.kind {
                RowsKind::Snapshot(snapshot) => snapshot,
                RowsKind::Stream(stream) => {
                    let order = match (in_key_order, scan.reverse) {
                        (false, _) => None,
                        (true, false) => Some(Ordering::Less),
                        (true, true) => Some(Ordering::Greater),
                    };
                    return Ok(Opened {
                        rows: OpenedRows::Stream(ReaderStream::new(stream, order).boxed()),
                        looked_up: rows.looked_up,
                    });
                }
            };
            if in_key_order && !snapshot.is_in_key_order {
                return Err(Error::NotInKeyOrder {
                    table: S::Row::TABLE.definition.name().clone(),
                    row: None,
                }
                .into());
            }
            let found = match (&request.look_up, scan.keys) {
                _ if rows.looked_up => None,
                (Some(LookUp::Key(ranges)), _) => snapshot.find(ranges),
                (_, Some(keys)) => {
                    KeyRange::of_filter(keys).and_then(|ranges| snapshot.find(&ranges))
                }
                (_, None) => None,
            };
            let looked_up = rows.looked_up || found.is_some();
            let found = found.unwrap_or_else(|| all(snapshot.len()));
            Ok(Opened {
                rows: OpenedRows::Found(Box::new(TypedReader::new(snapshot, 0)), found),
                looked_up,
            })
        })
    }

    fn writer<'a>(&'a self, _session: &SessionConfig) -> Result<Box<dyn RowWriter + 'a>> {
        Ok(Box::new(TypedWriter {
            source: self,
            rows: Vec::new(),
        }))
    }

    fn change(&self, change: &Change, _session: &SessionConfig) -> Result<u64> {
        guard::<S::Row, _, _>(|| {
            let statement = ChangeStatement::new(change);
            TableSource::change(self, &statement).map_err(source_error::<S::Row>)
        })
    }

    fn truncate(&self, _session: &SessionConfig) -> Result<u64> {
        guard::<S::Row, _, _>(|| TableSource::truncate(self).map_err(source_error::<S::Row>))
    }
}

pub(crate) struct TypedReader<R> {
    snapshot: Snapshot<R>,
    /// The number of the snapshot's first row in the partition.
    first_row: usize,
    /// The chunk that holds the row that was asked for last, and the number of its first row.
    chunk: usize,
    chunk_begin: usize,
}

impl<R: Row> TypedReader<R> {
    pub(crate) fn new(snapshot: Snapshot<R>, first_row: usize) -> Self {
        TypedReader {
            snapshot,
            first_row,
            chunk: 0,
            chunk_begin: 0,
        }
    }

    fn rows<'a>(
        &'a mut self,
        block: &Range<usize>,
        offsets: impl Iterator<Item = usize>,
        capacity: usize,
    ) -> Vec<&'a R> {
        let mut rows = Vec::with_capacity(capacity);
        match &self.snapshot.rows {
            RowsOf::Slice(slice) => {
                let slice = &slice[block.clone()];
                rows.extend(offsets.map(|offset| &slice[offset]));
            }
            RowsOf::Chunks(chunks) => {
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
}

impl<R: Row> RowReader for TypedReader<R> {
    fn len(&self) -> usize {
        self.snapshot.len()
    }

    fn build(
        &mut self,
        block: Range<usize>,
        selected: Option<&[usize]>,
        columns: &[usize],
    ) -> Result<Vec<ArrayRef>> {
        if columns.is_empty() {
            return Ok(Vec::new());
        }
        let first_row = self.first_row + block.start;
        let rows = match selected {
            Some(selected) => self.rows(&block, selected.iter().copied(), selected.len()),
            None => self.rows(&block, 0..block.len(), block.len()),
        };
        let built = guard::<R, _, Error>(|| Ok(build_columns(rows.iter().copied(), columns)?));
        let numbered = built.map_err(|error| {
            error.map_row(|row| {
                let offset = selected.map_or(Some(row), |selected| selected.get(row).copied());
                first_row + offset.unwrap_or_default()
            })
        });
        Ok(numbered?)
    }
}

/// The chunks of a [`RowStream`], each as a reader.
struct ReaderStream<R: Row> {
    /// `None` when there is nothing more to ask for.
    chunks: Option<BoxStream<'static, Result<Vec<R>, BoxError>>>,
    /// How each key has to compare with the next one.
    order: Option<Ordering>,
    /// How many rows came.
    rows: usize,
    /// The chunk before, where the order of the rows is checked.
    before: Option<Snapshot<R>>,
}

impl<R: Row> ReaderStream<R> {
    fn new(stream: RowStream<R>, order: Option<Ordering>) -> Self {
        ReaderStream {
            chunks: Some(stream.into_inner()),
            order,
            rows: 0,
            before: None,
        }
    }

    fn read(&mut self, rows: Vec<R>) -> Result<Box<dyn RowReader>> {
        let first_row = self.rows;
        self.rows += rows.len();
        let snapshot = Snapshot::from(rows);
        if let Some(order) = self.order
            && !snapshot.is_empty()
        {
            let last = self.before.as_ref().and_then(|before| before.iter().last());
            let rows = last.into_iter().chain(snapshot.iter());
            let wrong = {
                let mut pairs = rows.clone().zip(rows.skip(1));
                pairs.position(|(row, next)| row.compare_keys(next) != order)
            };
            if let Some(pair) = wrong {
                let row = first_row + pair + usize::from(last.is_none());
                return Err(Error::NotInKeyOrder {
                    table: R::TABLE.definition.name().clone(),
                    row: Some(row),
                }
                .into());
            }
            self.before = Some(snapshot.clone());
        }
        Ok(Box::new(TypedReader::new(snapshot, first_row)))
    }
}

impl<R: Row> Stream for ReaderStream<R> {
    type Item = Result<Box<dyn RowReader>>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        let Some(chunks) = &mut this.chunks else {
            return Poll::Ready(None);
        };
        let polled = guard::<R, _, _>(|| Ok(chunks.poll_next_unpin(context)));
        let read = match polled {
            Ok(poll) => ready!(poll).map(|chunk| {
                let rows = chunk.map_err(source_error::<R>)?;
                guard::<R, _, _>(|| this.read(rows))
            }),
            Err(panicked) => Some(Err(panicked)),
        };
        if !matches!(read, Some(Ok(_))) {
            this.chunks = None;
        }
        Poll::Ready(read)
    }
}

struct TypedWriter<'a, S: TableSource> {
    source: &'a S,
    rows: Vec<S::Row>,
}

impl<S: TableSource> RowWriter for TypedWriter<'_, S> {
    fn push(&mut self, batch: &RecordBatch) -> Result<()> {
        let pushed = self.rows.len();
        let rows = guard::<S::Row, _, Error>(|| Ok(S::Row::from_batch(batch)?));
        let rows = rows.map_err(|error| error.map_row(|row| pushed + row));
        self.rows.append(&mut rows?);
        Ok(())
    }

    fn commit(&mut self, op: InsertOp) -> BoxFuture<'_, Result<u64>> {
        async move {
            let rows = std::mem::take(&mut self.rows);
            let count = rows.len() as u64;
            guard::<S::Row, _, _>(|| {
                let written = self.source.write(op, rows);
                written.map_err(source_error::<S::Row>)
            })?;
            Ok(count)
        }
        .boxed()
    }
}

/// What a source failed with: our own errors and DataFusion's as they are, any other with the table's
/// name.
fn source_error<R: Row>(source: BoxError) -> DataFusionError {
    source_error_of(R::TABLE.definition.name(), source)
}

/// As [`source_error`], of the table of that name.
pub(crate) fn source_error_of(table: &TableName, source: BoxError) -> DataFusionError {
    let source = match source.downcast::<DataFusionError>() {
        Ok(theirs) => return *theirs,
        Err(source) => source,
    };
    let source = match source.downcast::<Error>() {
        Ok(own) => return (*own).into(),
        Err(source) => source,
    };
    let error = match source.downcast::<RowError>() {
        Ok(own) => Error::Row(*own),
        Err(source) => Error::Source {
            table: table.clone(),
            source,
        },
    };
    error.into()
}

/// The result of `work` on rows of a table, or its panic as an error.
///
/// DataFusion polls a plan's root in the task of whoever asked for it, and resumes there the panics
/// of the tasks that it starts: a panic would end the server's connection, not the query.
pub(crate) fn guard<R: ToArrow, T, E: From<Error>>(
    work: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    guard_of(R::TABLE.definition.name(), work)
}

/// As [`guard`], of the table of that name.
pub(crate) fn guard_of<T, E: From<Error>>(
    table: &TableName,
    work: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    // What `work` leaves half done is dropped with it, or is the source's own, and the source said
    // by `Sync` that others may look at it meanwhile.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let message = panic
            .downcast_ref::<&str>()
            .map(|message| message.to_string())
            .or_else(|| panic.downcast_ref::<String>().cloned());
        let error = Error::Panicked {
            table: table.clone(),
            message: message.unwrap_or_else(|| "no message".to_string()),
        };
        Err(error.into())
    })
}
