// SPDX-License-Identifier: Apache-2.0

//! [`TypedReader`] reads a snapshot of typed rows as columns. [`TypedChunks`] reads the chunks of a
//! [`RowStream`], one reader per chunk.

use std::cmp::Ordering;
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use arrow::array::ArrayRef;
use datafusion::error::Result;
use futures::StreamExt;
use futures::stream::{BoxStream, Stream};
use kalamtable_rows::__private::build_columns;
use kalamtable_rows::Row;

use crate::error::{Error, guard, source_error};
use crate::row_reader::RowReader;
use crate::row_stream::RowStream;
use crate::snapshot::{Snapshot, SnapshotRows};
use crate::statement::BoxError;

/// Reads a snapshot of typed rows as columns.
pub(crate) struct TypedReader<R> {
    snapshot: Snapshot<R>,
    /// The number of the snapshot's first row in the partition, for error messages.
    first_row: usize,
    /// The chunk that contains the start of the last block. A scan requests ascending blocks, so
    /// the search for a row starts there.
    chunk: usize,
    /// The number of the first row of `chunk`.
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
            SnapshotRows::Slice(slice) => {
                let slice = &slice[block.clone()];
                rows.extend(offsets.map(|offset| &slice[offset]));
            }
            SnapshotRows::Chunks(chunks) => {
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
        let schema = R::TABLE.query_schema();
        let built =
            guard::<R, _, Error>(|| Ok(build_columns(rows.iter().copied(), columns, schema)?));
        let numbered = built.map_err(|error| {
            error.map_row(|row| {
                let offset = selected.map_or(Some(row), |selected| selected.get(row).copied());
                first_row + offset.unwrap_or_default()
            })
        });
        Ok(numbered?)
    }
}

/// Reads the chunks of a [`RowStream`], one reader per chunk.
pub(crate) struct TypedChunks<R: Row> {
    /// `None` after the end of the stream or an error.
    chunks: Option<BoxStream<'static, Result<Vec<R>, BoxError>>>,
    /// The required comparison of each key with the following one, or `None` if any order is valid.
    order: Option<Ordering>,
    /// The number of rows in the previous chunks.
    rows: usize,
    /// The previous chunk that is not empty, if the order is checked.
    previous: Option<Snapshot<R>>,
}

impl<R: Row> TypedChunks<R> {
    pub(crate) fn new(stream: RowStream<R>, order: Option<Ordering>) -> Self {
        TypedChunks {
            chunks: Some(stream.into_inner()),
            order,
            rows: 0,
            previous: None,
        }
    }

    fn read(&mut self, rows: Vec<R>) -> Result<Box<dyn RowReader>> {
        let first_row = self.rows;
        self.rows += rows.len();
        let snapshot = Snapshot::from(rows);
        if let Some(order) = self.order
            && !snapshot.is_empty()
        {
            let last = self
                .previous
                .as_ref()
                .and_then(|previous| previous.iter().last());
            let rows = last.into_iter().chain(snapshot.iter());
            let out_of_order = {
                let mut pairs = rows.clone().zip(rows.skip(1));
                pairs.position(|(row, next)| row.compare_keys(next) != order)
            };
            if let Some(pair) = out_of_order {
                let row = first_row + pair + usize::from(last.is_none());
                return Err(Error::NotInKeyOrder {
                    table: R::TABLE.definition.name().clone(),
                    row: Some(row),
                }
                .into());
            }
            self.previous = Some(snapshot.clone());
        }
        Ok(Box::new(TypedReader::new(snapshot, first_row)))
    }
}

impl<R: Row> Stream for TypedChunks<R> {
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
