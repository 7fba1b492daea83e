// SPDX-License-Identifier: Apache-2.0

//! [`ToArrow`]: conversion of rows to record batches.

use std::iter::Fuse;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Schema, SchemaRef};

use crate::column_builder::{BLOCK_ROWS, ColumnBuilder};
use crate::error::{RowError, ValueError, value_error};
use crate::table::Table;

#[cfg(feature = "futures-core")]
pub use batch_stream::BatchStream;

/// The maximum number of rows for which memory is reserved in advance.
const MAX_RESERVED_ROWS: usize = 1 << 20;

/// The row type of a table, which can be written to Arrow. Generated code implements it.
///
/// ```
/// # use kalamtable_rows::doc_example::Event;
/// use kalamtable_rows::{FromArrow, ToArrow};
///
/// let rows = [Event { id: 1, title: Some("first".to_string()) }, Event { id: 2, title: None }];
/// let batch = Event::to_batch(&rows)?;
/// assert_eq!(batch.num_columns(), 2);
/// assert_eq!(Event::from_batch(&batch)?, rows);
/// # Ok::<(), kalamtable_rows::RowError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the row of a KalamTable table",
    label = "not a row",
    note = "write `#[derive(KalamTable)]` and `#[kalam(table = \"namespace.table\", primary_key(..))]` on it"
)]
pub trait ToArrow: Sized {
    /// The table that the rows belong to.
    const TABLE: &'static Table;

    /// Appends the column at `position` of `rows` to `column`.
    ///
    /// # Errors
    /// Fails if a value does not fit, or with
    /// [`InvalidValue::Missing`](crate::InvalidValue::Missing) if the table has no such column.
    fn append(
        rows: &[&Self],
        position: usize,
        column: &mut ColumnBuilder,
    ) -> Result<(), ValueError>;

    /// Reads a byte of each row, and of each of its texts that cannot be null, in the order of the
    /// rows, so that the hardware prefetcher loads the block. Reading one column after the other
    /// defeats the prefetcher. The result has no meaning; it keeps the reads from being optimized
    /// away.
    #[doc(hidden)]
    fn prefetch(_rows: &[&Self]) -> u8 {
        0
    }

    /// Returns the Arrow schema of the table, with all metadata. Batches of rows have this schema.
    fn schema() -> &'static SchemaRef {
        Self::TABLE.schema()
    }

    /// Converts `rows` to a batch with all columns of the table, in its order.
    ///
    /// # Errors
    /// [`RowError::Value`] with the column of a value that does not fit, and with the position of
    /// its row in `rows`.
    fn to_batch(rows: &[Self]) -> Result<RecordBatch, RowError> {
        let schema = Self::schema();
        let columns = build_columns(rows, &all_positions::<Self>(), schema)?;
        new_batch::<Self>(schema, columns, rows.len())
    }

    /// Converts the columns at `positions` of `rows` to a batch. Positions can be in any order and
    /// can be repeated. If `positions` is empty, the batch has no columns, but has the number of
    /// rows.
    ///
    /// # Errors
    /// [`RowError::Value`] with the column and the row of a value that does not fit;
    /// [`RowError::NoSuchColumn`] for a position that the table does not have.
    fn to_batch_of(rows: &[Self], positions: &[usize]) -> Result<RecordBatch, RowError> {
        let schema = schema_of::<Self>(positions)?;
        let columns = build_columns(rows, positions, Self::schema())?;
        new_batch::<Self>(&schema, columns, rows.len())
    }

    /// Converts an iterator of rows to batches of `batch_rows` rows; the last batch has the
    /// remaining rows. At most 128 rows are buffered in addition to the batch under construction.
    ///
    /// ```
    /// # use kalamtable_rows::doc_example::Event;
    /// use kalamtable_rows::ToArrow;
    ///
    /// let rows = (0..10).map(|id| Event { id, title: None });
    /// let sizes: Result<Vec<usize>, _> =
    ///     Event::to_batches(rows, 4).map(|batch| Ok(batch?.num_rows())).collect();
    /// assert_eq!(sizes?, [4, 4, 2]);
    /// # Ok::<(), kalamtable_rows::RowError>(())
    /// ```
    ///
    /// # Errors
    /// Each item as [`to_batch`](Self::to_batch), with the number of the row in its batch. After an
    /// error, the rows of the failed batch are dropped and the next row begins another batch.
    ///
    /// # Panics
    /// If `batch_rows` is zero.
    fn to_batches<I: IntoIterator<Item = Self>>(
        rows: I,
        batch_rows: usize,
    ) -> Batches<Self, I::IntoIter> {
        Batches {
            rows: rows.into_iter().fuse(),
            batch: GrowingBatch::new(batch_rows),
        }
    }

    /// Converts a stream of rows to batches of `batch_rows` rows; the last batch has the remaining
    /// rows.
    ///
    /// ```
    /// # use kalamtable_rows::doc_example::Event;
    /// use futures::{StreamExt, TryStreamExt};
    /// use kalamtable_rows::ToArrow;
    ///
    /// # futures::executor::block_on(async {
    /// let rows = futures::stream::iter(0..10).map(|id| Event { id, title: None });
    /// let batches = Event::to_batch_stream(rows, 4);
    /// let sizes: Vec<usize> = batches.map_ok(|batch| batch.num_rows()).try_collect().await?;
    /// assert_eq!(sizes, [4, 4, 2]);
    /// # Ok::<(), kalamtable_rows::RowError>(())
    /// # })?;
    /// # Ok::<(), kalamtable_rows::RowError>(())
    /// ```
    ///
    /// # Errors
    /// As [`to_batches`](Self::to_batches).
    ///
    /// # Panics
    /// If `batch_rows` is zero.
    #[cfg(feature = "futures-core")]
    fn to_batch_stream<S: futures_core::Stream<Item = Self>>(
        rows: S,
        batch_rows: usize,
    ) -> BatchStream<Self, S> {
        BatchStream::new(rows, batch_rows)
    }
}

/// Builds a batch with all columns of a table, row by row.
///
/// ```
/// # use kalamtable_rows::doc_example::Event;
/// use kalamtable_rows::BatchBuilder;
///
/// let mut builder = BatchBuilder::new(8192);
/// builder.push(Event { id: 1, title: None })?;
/// let batch = builder.finish()?;
/// assert_eq!(batch.num_rows(), 1);
/// # Ok::<(), kalamtable_rows::RowError>(())
/// ```
pub struct BatchBuilder<R> {
    /// The rows that are not in `columns` yet, fewer than a block.
    rows: Vec<R>,
    columns: ColumnBuilders,
}

impl<R: ToArrow> BatchBuilder<R> {
    /// Creates a builder with room for `capacity` rows, but at most a million. It grows on demand.
    pub fn new(capacity: usize) -> Self {
        let capacity = capacity.min(MAX_RESERVED_ROWS);
        BatchBuilder {
            rows: Vec::with_capacity(BLOCK_ROWS.min(capacity)),
            columns: ColumnBuilders::new(&all_positions::<R>(), R::schema(), capacity),
        }
    }

    /// Returns the number of rows.
    pub fn len(&self) -> usize {
        self.columns.rows + self.rows.len()
    }

    /// Returns whether no row has been added.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Appends a row.
    ///
    /// # Errors
    /// [`RowError::Value`] for this row or one of the previous 127 rows, which are converted
    /// together. The error contains the position of the row in the batch, from 0. The builder must
    /// not be used after an error.
    pub fn push(&mut self, row: R) -> Result<(), RowError> {
        self.rows.push(row);
        if self.rows.len() == BLOCK_ROWS {
            self.flush()?;
        }
        Ok(())
    }

    /// Returns the batch.
    ///
    /// # Errors
    /// [`RowError::Value`] for one of the last 127 rows.
    pub fn finish(mut self) -> Result<RecordBatch, RowError> {
        self.flush()?;
        let rows = self.columns.rows;
        new_batch::<R>(R::schema(), self.columns.finish::<R>()?, rows)
    }

    fn flush(&mut self) -> Result<(), RowError> {
        let rows: Vec<&R> = self.rows.iter().collect();
        self.columns.append(&rows)?;
        self.rows.clear();
        Ok(())
    }
}

impl<R> std::fmt::Debug for BatchBuilder<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "BatchBuilder({} rows)",
            self.columns.rows + self.rows.len()
        )
    }
}

/// The iterator of batches that [`ToArrow::to_batches`] returns.
#[derive(Debug)]
pub struct Batches<R, I> {
    rows: Fuse<I>,
    batch: GrowingBatch<R>,
}

impl<R: ToArrow, I: Iterator<Item = R>> Iterator for Batches<R, I> {
    type Item = Result<RecordBatch, RowError>;

    fn next(&mut self) -> Option<Self::Item> {
        for row in self.rows.by_ref() {
            if let Some(batch) = self.batch.push(row) {
                return Some(batch);
            }
        }
        self.batch.take()
    }
}

/// Batches from a stream. In this file because [`ToArrow`] and [`BatchStream`] need each other.
#[cfg(feature = "futures-core")]
mod batch_stream {
    use std::pin::Pin;
    use std::task::{Context, Poll, ready};

    use arrow::array::RecordBatch;
    use futures_core::Stream;
    use pin_project_lite::pin_project;

    use super::{GrowingBatch, ToArrow};
    use crate::error::RowError;

    pin_project! {
        /// The stream of batches that [`ToArrow::to_batch_stream`] returns.
        #[derive(Debug)]
        pub struct BatchStream<R, S> {
            // `None` after the end, because the stream must not be polled after its end.
            #[pin]
            rows: Option<S>,
            batch: GrowingBatch<R>,
        }
    }

    impl<R: ToArrow, S> BatchStream<R, S> {
        pub(super) fn new(rows: S, batch_rows: usize) -> Self {
            BatchStream {
                rows: Some(rows),
                batch: GrowingBatch::new(batch_rows),
            }
        }
    }

    impl<R: ToArrow, S: Stream<Item = R>> Stream for BatchStream<R, S> {
        type Item = Result<RecordBatch, RowError>;

        fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            let mut this = self.project();
            while let Some(rows) = this.rows.as_mut().as_pin_mut() {
                match ready!(rows.poll_next(context)) {
                    Some(row) => {
                        if let Some(batch) = this.batch.push(row) {
                            return Poll::Ready(Some(batch));
                        }
                    }
                    None => this.rows.set(None),
                }
            }
            Poll::Ready(this.batch.take())
        }
    }
}

/// Builds batches of `batch_rows` rows, one after the other.
#[derive(Debug)]
struct GrowingBatch<R> {
    batch_rows: usize,
    builder: BatchBuilder<R>,
}

impl<R: ToArrow> GrowingBatch<R> {
    /// Creates a builder of batches, without rows.
    ///
    /// # Panics
    /// If `batch_rows` is zero.
    fn new(batch_rows: usize) -> Self {
        assert!(batch_rows > 0, "a batch has at least one row");
        GrowingBatch {
            batch_rows,
            builder: BatchBuilder::new(batch_rows),
        }
    }

    /// Appends a row. Returns the batch, or the error that prevents it, if this row completes the
    /// batch.
    fn push(&mut self, row: R) -> Option<Result<RecordBatch, RowError>> {
        if let Err(error) = self.builder.push(row) {
            self.builder = BatchBuilder::new(self.batch_rows);
            return Some(Err(error));
        }
        if self.builder.len() < self.batch_rows {
            return None;
        }
        self.take()
    }

    /// Returns the batch with the rows so far, or `None` if it has no rows.
    fn take(&mut self) -> Option<Result<RecordBatch, RowError>> {
        if self.builder.is_empty() {
            return None;
        }
        let builder = std::mem::replace(&mut self.builder, BatchBuilder::new(self.batch_rows));
        Some(builder.finish())
    }
}

/// Converts the columns at `positions`, which the table has, to arrays. `schema` is the table
/// schema or the query schema.
///
/// # Errors
/// [`RowError::Value`] with the column and the row of a value that does not fit.
#[doc(hidden)]
pub fn build_columns<'r, R: ToArrow + 'r>(
    rows: impl IntoIterator<Item = &'r R, IntoIter: ExactSizeIterator>,
    positions: &[usize],
    schema: &Schema,
) -> Result<Vec<ArrayRef>, RowError> {
    let mut rows = rows.into_iter();
    let mut columns = ColumnBuilders::new(positions, schema, rows.len());
    // If fewer than half of the columns are converted, the prefetch costs more than it saves.
    let is_wide = positions.len() * 2 > schema.fields().len();
    let mut block: Vec<&R> = Vec::with_capacity(BLOCK_ROWS);
    loop {
        block.clear();
        block.extend(rows.by_ref().take(BLOCK_ROWS));
        if block.is_empty() {
            return columns.finish::<R>();
        }
        if is_wide {
            std::hint::black_box(R::prefetch(&block));
        }
        columns.append(&block)?;
    }
}

fn all_positions<R: ToArrow>() -> Vec<usize> {
    (0..R::schema().fields().len()).collect()
}

/// The builders of some columns of a table, with the positions of the columns.
struct ColumnBuilders {
    columns: Vec<(usize, ColumnBuilder)>,
    rows: usize,
}

impl ColumnBuilders {
    fn new(positions: &[usize], schema: &Schema, capacity: usize) -> Self {
        let columns = positions.iter().map(|&position| {
            let ty = schema.field(position).data_type().clone();
            (position, ColumnBuilder::new(ty, capacity))
        });
        ColumnBuilders {
            columns: columns.collect(),
            rows: 0,
        }
    }

    fn append<R: ToArrow>(&mut self, rows: &[&R]) -> Result<(), RowError> {
        for (position, column) in &mut self.columns {
            R::append(rows, *position, column).map_err(|source| {
                value_error(R::TABLE.definition, *position, source.shifted(self.rows))
            })?;
        }
        self.rows += rows.len();
        Ok(())
    }

    fn finish<R: ToArrow>(self) -> Result<Vec<ArrayRef>, RowError> {
        let arrays = self.columns.into_iter().map(|(position, column)| {
            let array = column.finish();
            array.map_err(|source| value_error(R::TABLE.definition, position, source))
        });
        arrays.collect()
    }
}

/// Returns the schema of the columns at `positions`.
fn schema_of<R: ToArrow>(positions: &[usize]) -> Result<SchemaRef, RowError> {
    let schema = R::schema();
    let field = |&position: &usize| {
        let field = schema.fields().get(position).cloned();
        field.ok_or_else(|| RowError::NoSuchColumn {
            table: R::TABLE.definition.name().clone(),
            columns: schema.fields().len(),
            position,
        })
    };
    let fields = positions.iter().map(field).collect::<Result<Vec<_>, _>>()?;
    Ok(Arc::new(Schema::new_with_metadata(
        fields,
        schema.metadata().clone(),
    )))
}

fn new_batch<R: ToArrow>(
    schema: &SchemaRef,
    columns: Vec<ArrayRef>,
    rows: usize,
) -> Result<RecordBatch, RowError> {
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options).map_err(|source| {
        RowError::Batch {
            table: R::TABLE.definition.name().clone(),
            source,
        }
    })
}
