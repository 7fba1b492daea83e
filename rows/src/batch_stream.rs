// SPDX-License-Identifier: Apache-2.0

//! [`BatchStream`]: batches from a stream of rows.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use arrow::array::RecordBatch;
use futures_core::Stream;
use pin_project_lite::pin_project;

use crate::error::RowError;
use crate::to_arrow::{GrowingBatch, ToArrow};

pin_project! {
    /// The stream of batches that [`ToArrow::to_batch_stream`] returns.
    #[derive(Debug)]
    pub struct BatchStream<R, S> {
        // `None` after the end, because a stream must not be polled again then.
        #[pin]
        rows: Option<S>,
        batch: GrowingBatch<R>,
    }
}

impl<R: ToArrow, S> BatchStream<R, S> {
    pub(crate) fn new(rows: S, batch_rows: usize) -> Self {
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
