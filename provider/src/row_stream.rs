// SPDX-License-Identifier: Apache-2.0

//! [`RowStream`]: rows that a source produces while a query reads them.

use std::fmt;
use std::panic::resume_unwind;

use futures::StreamExt;
use futures::stream::{self, BoxStream, Stream};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use crate::statement::BoxError;

/// Rows that a source produces in chunks while a query reads them.
///
/// A scan polls for the next chunk when it has processed the previous one, so it holds one chunk
/// and the batches that it builds from it. It drops the stream when the query needs no more rows,
/// fails or is cancelled.
///
/// ```
/// use futures::stream;
/// # use kalamtable_rows::doc_example::Event;
/// use kalamtable_provider::{BoxError, RowStream, Rows, ScanRequest, TableSource};
///
/// /// The pages of a remote service.
/// #[derive(Debug)]
/// struct Pages;
///
/// async fn fetch(page: i64) -> Result<Vec<Event>, BoxError> {
///     Ok((page * 100..page * 100 + 100).map(|id| Event { id, title: None }).collect())
/// }
///
/// impl TableSource for Pages {
///     type Row = Event;
///
///     fn scan(&self, _request: &ScanRequest<Event>) -> Result<Rows<Event>, BoxError> {
///         let pages = stream::unfold(0, |page| async move {
///             (page < 10).then_some((fetch(page).await, page + 1))
///         });
///         Ok(RowStream::new(pages).into())
///     }
/// }
/// ```
pub struct RowStream<R> {
    chunks: BoxStream<'static, Result<Vec<R>, BoxError>>,
}

impl<R: Send + 'static> RowStream<R> {
    /// Creates a stream of these chunks. A chunk may have any number of rows, including zero. A
    /// chunk that is larger than the batch size yields several batches. The stream is not polled
    /// again after an error.
    ///
    /// If the source declares a key order, the keys must ascend within each chunk and from chunk to
    /// chunk, or descend if [`ScanRequest::reverse`](crate::ScanRequest::reverse) is set.
    pub fn new(chunks: impl Stream<Item = Result<Vec<R>, BoxError>> + Send + 'static) -> Self {
        RowStream {
            chunks: chunks.boxed(),
        }
    }

    /// Creates a stream of the rows that `produce` sends from a thread for blocking work.
    ///
    /// [`RowSender::send`] blocks until the query reads the rows, and fails when the query needs no
    /// more rows. `produce` should then return. An error or a panic of `produce` fails the query.
    ///
    /// ```
    /// # use kalamtable_rows::doc_example::Event;
    /// use std::io::{BufRead, BufReader};
    /// use kalamtable_provider::RowStream;
    ///
    /// let lines = RowStream::blocking(|sender| {
    ///     let file = BufReader::new(std::fs::File::open("titles.txt")?);
    ///     for (id, line) in (0..).zip(file.lines()) {
    ///         sender.send(vec![Event { id, title: Some(line?) }])?;
    ///     }
    ///     Ok(())
    /// });
    /// # let _: RowStream<Event> = lines;
    /// ```
    ///
    /// The stream requires a Tokio runtime, as DataFusion does. Each partition of a running query
    /// occupies one of its threads for blocking work, so the number of partitions should stay below
    /// the number of these threads.
    pub fn blocking(
        produce: impl FnOnce(RowSender<R>) -> Result<(), BoxError> + Send + 'static,
    ) -> Self {
        let started = async move {
            // At most one chunk is in the channel, while one is being read and one being produced.
            let (sender, receiver) = mpsc::channel(1);
            let producer = spawn_blocking(move || produce(RowSender(sender)));
            stream::unfold((receiver, Some(producer)), next_chunk)
        };
        RowStream::new(stream::once(started).flatten())
    }
}

type ProducerState<R> = (
    mpsc::Receiver<Vec<R>>,
    Option<tokio::task::JoinHandle<Result<(), BoxError>>>,
);

async fn next_chunk<R>(
    (mut receiver, producer): ProducerState<R>,
) -> Option<(Result<Vec<R>, BoxError>, ProducerState<R>)> {
    if let Some(rows) = receiver.recv().await {
        return Some((Ok(rows), (receiver, producer)));
    }
    let error = match producer?.await {
        Ok(Ok(())) => return None,
        Ok(Err(error)) => error,
        Err(failed) => match failed.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            Err(cancelled) => Box::new(cancelled),
        },
    };
    Some((Err(error), (receiver, None)))
}

impl<R> RowStream<R> {
    pub(crate) fn into_inner(self) -> BoxStream<'static, Result<Vec<R>, BoxError>> {
        self.chunks
    }
}

impl<R> fmt::Debug for RowStream<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RowStream")
    }
}

/// The sending end of a [`RowStream::blocking`].
pub struct RowSender<R>(mpsc::Sender<Vec<R>>);

impl<R> RowSender<R> {
    /// Sends a chunk. Blocks until the query has taken the previous one.
    ///
    /// # Errors
    /// Fails with [`QueryEnded`] if the query needs no more rows.
    ///
    /// # Panics
    /// Panics if it is called on a thread that drives futures.
    pub fn send(&self, rows: Vec<R>) -> Result<(), QueryEnded> {
        self.0.blocking_send(rows).map_err(|_| QueryEnded)
    }

    /// Returns whether the query needs no more rows. Work that takes long before it produces rows
    /// can call this method to stop early.
    pub fn is_ended(&self) -> bool {
        self.0.is_closed()
    }
}

impl<R> fmt::Debug for RowSender<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RowSender")
    }
}

/// The error of sending rows to a query that is complete, has failed or was cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the query has ended")]
pub struct QueryEnded;
