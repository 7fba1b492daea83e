// SPDX-License-Identifier: Apache-2.0

//! [`TypedReader`]: reads typed rows as columns; [`TypedChunks`]: reads the chunks of a stream.

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
use crate::snapshot::{RowsOf, Snapshot};
use crate::statement::BoxError;

/// Reads a snapshot.
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
pub(crate) struct TypedChunks<R: Row> {
    /// `None` when there is nothing more to ask for.
    chunks: Option<BoxStream<'static, Result<Vec<R>, BoxError>>>,
    /// How each key has to compare with the next one.
    order: Option<Ordering>,
    /// How many rows came.
    rows: usize,
    /// The chunk before, where the order of the rows is checked.
    before: Option<Snapshot<R>>,
}

impl<R: Row> TypedChunks<R> {
    pub(crate) fn new(stream: RowStream<R>, order: Option<Ordering>) -> Self {
        TypedChunks {
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
