// SPDX-License-Identifier: Apache-2.0

//! Batches from a stream of rows equal the batches from an iterator.

#![deny(warnings)]

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use arrow::array::RecordBatch;
use futures::executor::block_on;
use futures::stream::{self, Stream, StreamExt};
use kalamtable_rows::{FromArrow, KalamTable, RowError, ToArrow};

#[derive(Clone, Debug, PartialEq, KalamTable)]
#[kalam(table = "app.readings", no_primary_key = "only compared", crate = kalamtable_rows)]
struct Reading {
    number: i64,
    #[kalam(type = "arrow:FixedSizeList(1 x non-null Int32)")]
    parts: Vec<i32>,
}

fn readings(count: i64) -> impl Iterator<Item = Reading> + Clone {
    (0..count).map(|number| Reading {
        number,
        parts: vec![0],
    })
}

/// The number of rows of each batch, or the text of the error.
fn told(batches: impl IntoIterator<Item = Result<RecordBatch, RowError>>) -> Vec<String> {
    let batches = batches.into_iter().map(|batch| match batch {
        Ok(batch) => Reading::from_batch(&batch)
            .map(|rows| rows.iter().map(|row| format!("{} ", row.number)).collect())
            .unwrap_or_else(|error| error.to_string()),
        Err(error) => error.to_string(),
    });
    batches.collect()
}

#[test]
fn stream_returns_the_batches_of_an_iterator() {
    for count in [0, 1, 3, 4, 5, 8, 300] {
        for batch_rows in [1, 4, 128, 200, 1000] {
            let batches = Reading::to_batch_stream(stream::iter(readings(count)), batch_rows);
            let batches: Vec<_> = block_on(batches.collect());
            let expected = told(Reading::to_batches(readings(count), batch_rows));
            assert_eq!(told(batches), expected, "{count} rows by {batch_rows}");
        }
    }
}

#[test]
fn error_ends_the_batch_but_not_the_stream() {
    let rows = readings(9).map(|mut row| {
        if row.number == 5 {
            row.parts.clear();
        }
        row
    });
    let batches = Reading::to_batch_stream(stream::iter(rows.clone()), 4);
    let batches = told(block_on(batches.collect::<Vec<_>>()));
    assert_eq!(
        batches,
        [
            "0 1 2 3 ",
            "table `app.readings`, column `parts`, row 1: the length is 0, but should be 1",
            "8 ",
        ]
    );
    assert_eq!(told(Reading::to_batches(rows, 4)), batches);
}

/// A stream that is pending before each row, and must not be polled after its end.
struct Slow {
    left: Option<i64>,
    is_ready: bool,
}

impl Stream for Slow {
    type Item = Reading;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Reading>> {
        self.is_ready = !self.is_ready;
        if self.is_ready {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let left = self.left.expect("the stream is not polled after its end");
        self.left = left.checked_sub(1).filter(|left| *left >= 0);
        Poll::Ready(self.left.map(|number| Reading {
            number,
            parts: vec![1],
        }))
    }
}

#[test]
fn pending_stream_is_polled_again() {
    let slow = Slow {
        left: Some(6),
        is_ready: false,
    };
    let mut batches = Reading::to_batch_stream(slow, 4);
    let mut context = Context::from_waker(Waker::noop());
    // Pending seven times: before each row, and before the end.
    let mut pending = 0;
    let mut sizes = Vec::new();
    loop {
        match batches.poll_next_unpin(&mut context) {
            Poll::Pending => pending += 1,
            Poll::Ready(Some(batch)) => sizes.push(batch.expect("the values fit").num_rows()),
            Poll::Ready(None) => break,
        }
    }
    assert_eq!((pending, sizes), (7, vec![4, 2]));
    assert!(block_on(batches.next()).is_none());
}

#[test]
fn stream_is_send() {
    fn is_send(stream: impl Stream + Send + 'static) -> impl Stream + Send {
        stream
    }
    let batches = is_send(Reading::to_batch_stream(stream::iter(readings(5)), 4));
    let thread = std::thread::spawn(|| block_on(batches.count()));
    assert_eq!(thread.join().expect("it does not panic"), 2);
}
