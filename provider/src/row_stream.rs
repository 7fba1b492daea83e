// SPDX-License-Identifier: Apache-2.0

//! [`RowStream`]: rows that a source produces while a query reads them.

use std::fmt;
use std::panic::resume_unwind;

use futures::StreamExt;
use futures::stream::{self, BoxStream, Stream};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use crate::statement::BoxError;

/// Rows that a source produces while a query reads them, in chunks.
///
/// The next chunk is asked for when the rows of the one before were used, and not before: a scan holds
/// one chunk and the batches that it makes of it. When the query has enough, fails or is cancelled, the
/// stream is dropped.
///
/// ```
/// use futures::stream;
/// # use kalamtable_rows::doc_example::Event;
/// use kalamtable_provider::{BoxError, RowStream, Rows, ScanRequest, TableSource};
///
/// /// Pages of some remote service.
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
    /// The rows of these chunks, which may be empty and of any size: of a chunk that is larger than a
    /// batch, several batches are made. What comes after an error is not asked for.
    pub fn new(chunks: impl Stream<Item = Result<Vec<R>, BoxError>> + Send + 'static) -> Self {
        RowStream {
            chunks: chunks.boxed(),
        }
    }

    /// The rows that `produce` sends from a thread for blocking work, which waits there until they are
    /// wanted. When nobody wants them any more, sending fails, and `produce` should return.
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
    /// It needs a Tokio runtime, as DataFusion does, and one of its threads for blocking work for each
    /// partition of a query that runs: let there be fewer partitions than threads.
    pub fn blocking(
        produce: impl FnOnce(RowSender<R>) -> Result<(), BoxError> + Send + 'static,
    ) -> Self {
        let started = async move {
            // One chunk waits in the channel, one is being read, and one being made.
            let (sender, receiver) = mpsc::channel(1);
            let producer = spawn_blocking(move || produce(RowSender(sender)));
            stream::unfold((receiver, Some(producer)), next_chunk)
        };
        RowStream::new(stream::once(started).flatten())
    }
}

type Producing<R> = (
    mpsc::Receiver<Vec<R>>,
    Option<tokio::task::JoinHandle<Result<(), BoxError>>>,
);

async fn next_chunk<R>(
    (mut receiver, producer): Producing<R>,
) -> Option<(Result<Vec<R>, BoxError>, Producing<R>)> {
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

/// Where a [`RowStream::blocking`] sends its rows.
pub struct RowSender<R>(mpsc::Sender<Vec<R>>);

impl<R> RowSender<R> {
    /// Sends a chunk, and waits while there is no room for it.
    ///
    /// # Errors
    /// [`QueryEnded`] when nobody wants more rows.
    pub fn send(&self, rows: Vec<R>) -> Result<(), QueryEnded> {
        self.0.blocking_send(rows).map_err(|_| QueryEnded)
    }

    /// Whether nobody wants more rows: for work that takes long until it has some.
    pub fn is_ended(&self) -> bool {
        self.0.is_closed()
    }
}

impl<R> fmt::Debug for RowSender<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RowSender")
    }
}

/// Nobody wants more rows: the query has enough, has failed or was cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the query has ended")]
pub struct QueryEnded;
