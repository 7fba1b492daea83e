// SPDX-License-Identifier: Apache-2.0

//! [`run`]: runs one statement until it ends or is interrupted.

use std::future::Future;
use std::io;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::error::DataFusionError;
use datafusion::prelude::SessionContext;
use futures::StreamExt;
use kalamtable_files::DataError;
use tokio::sync::mpsc;

use crate::output::ResultWriter;

/// The outcome of a statement that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum QueryOutcome {
    /// The statement ended. Contains the number of rows of its result, or `None` if the statement
    /// has no result.
    Finished(Option<usize>),
    /// The statement was interrupted.
    Interrupted,
}

/// The reason why a statement failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum QueryError {
    /// The statement is invalid, or the data that it reads does not fit its definition.
    #[error("{}", describe(.0))]
    DataFusion(#[from] DataFusionError),
    /// The result cannot be written.
    #[error("the result cannot be written: {0}")]
    Write(#[from] io::Error),
    /// A bug in the code that runs queries. The panic message is on stderr.
    #[error("the query panicked: this is a bug")]
    Panicked,
}

impl QueryError {
    /// Returns whether the reader of the output is closed, as in `kalamtable sql .. | head`.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        matches!(self, QueryError::Write(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

/// Returns the message of the error; if it is about a data file, the message of the [`DataError`].
fn describe(error: &DataFusionError) -> String {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = source {
        if let Some(error) = error.downcast_ref::<DataError>() {
            return error.to_string();
        }
        source = error.source();
    }
    // The root of these errors is clear without the prefix that DataFusion adds for its kind.
    match error.find_root() {
        DataFusionError::SQL(error, _) => error.to_string(),
        DataFusionError::External(error) => error.to_string(),
        root @ (DataFusionError::Plan(_)
        | DataFusionError::SchemaError(..)
        | DataFusionError::Execution(_)) => strip_backtrace(&root.message()).to_string(),
        _ => error.strip_backtrace(),
    }
}

/// Removes the backtrace that DataFusion appends if it is built with backtraces.
fn strip_backtrace(message: &str) -> &str {
    let separator = DataFusionError::BACK_TRACE_SEP;
    message.split(separator).next().unwrap_or(message)
}

/// A message from the task that runs a query.
enum QueryEvent {
    Schema(SchemaRef),
    Batch(RecordBatch),
}

/// Runs `statement` and writes its result batch by batch. When `interrupt` completes, the query is
/// dropped.
///
/// # Errors
/// Fails if the statement fails or its result cannot be written.
pub(crate) async fn run(
    context: &SessionContext,
    statement: &str,
    output: &mut dyn ResultWriter,
    interrupt: impl Future<Output = ()>,
) -> Result<QueryOutcome, QueryError> {
    // The query runs in a task of its own, so that `interrupt` is polled even while the query does
    // not yield.
    let (sender, mut events) = mpsc::channel(2);
    let query = tokio::spawn(send_events(context.clone(), statement.to_string(), sender));
    let query = AbortOnDrop(query);
    tokio::pin!(interrupt);
    let mut rows = None;
    loop {
        let event = tokio::select! {
            biased;
            () = &mut interrupt => return Ok(QueryOutcome::Interrupted),
            event = events.recv() => event,
        };
        match event {
            Some(Ok(QueryEvent::Schema(schema))) => {
                if !schema.fields().is_empty() {
                    rows = Some(0);
                    output.begin(&schema)?;
                }
            }
            Some(Ok(QueryEvent::Batch(batch))) => {
                if let Some(rows) = &mut rows {
                    *rows += batch.num_rows();
                    output.write(&batch)?;
                }
            }
            Some(Err(error)) => return Err(error.into()),
            None => break,
        }
    }
    query.finished().await?;
    if rows.is_some() {
        output.end()?;
    }
    Ok(QueryOutcome::Finished(rows))
}

async fn send_events(
    context: SessionContext,
    statement: String,
    sender: mpsc::Sender<Result<QueryEvent, DataFusionError>>,
) {
    if let Err(error) = try_send_events(&context, &statement, &sender).await {
        // The receiver is dropped if the query is interrupted. The error is not needed then.
        let _ = sender.send(Err(error)).await;
    }
}

async fn try_send_events(
    context: &SessionContext,
    statement: &str,
    sender: &mpsc::Sender<Result<QueryEvent, DataFusionError>>,
) -> Result<(), DataFusionError> {
    let frame = context.sql(statement).await?;
    let mut batches = frame.execute_stream().await?;
    if sender
        .send(Ok(QueryEvent::Schema(batches.schema())))
        .await
        .is_err()
    {
        return Ok(());
    }
    while let Some(batch) = batches.next().await {
        if sender.send(Ok(QueryEvent::Batch(batch?))).await.is_err() {
            break;
        }
    }
    Ok(())
}

/// A task that is aborted when its handle is dropped.
struct AbortOnDrop(tokio::task::JoinHandle<()>);

impl AbortOnDrop {
    async fn finished(mut self) -> Result<(), QueryError> {
        (&mut self.0).await.map_err(|_| QueryError::Panicked)
    }
}

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
