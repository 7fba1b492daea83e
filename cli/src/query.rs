// SPDX-License-Identifier: Apache-2.0

//! [`run`]: one statement, to its end or until it is interrupted.

use std::future::Future;
use std::io;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::error::DataFusionError;
use datafusion::prelude::SessionContext;
use futures::StreamExt;
use kalamtable_files::DataError;
use tokio::sync::mpsc;

use crate::output::Output;

/// How a statement ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// With all its rows, which are this many; `None` for a statement that has no result.
    Finished(Option<usize>),
    /// Before its end.
    Interrupted,
}

/// Why a statement failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum QueryError {
    /// The statement, or the data it reads, has a problem.
    #[error("{}", describe(.0))]
    DataFusion(#[from] DataFusionError),
    /// Its result cannot be written.
    #[error("the result cannot be written: {0}")]
    Write(#[from] io::Error),
    /// A bug in what runs queries, which has been reported on stderr.
    #[error("the query panicked: this is a bug")]
    Panicked,
}

impl QueryError {
    /// Whether nobody reads the output any more, as in `kalamtable sql .. | head`.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        matches!(self, QueryError::Write(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

/// The error for a reader: a data file's own words, if it is about one.
fn describe(error: &DataFusionError) -> String {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = source {
        if let Some(error) = error.downcast_ref::<DataError>() {
            return error.to_string();
        }
        source = error.source();
    }
    // The root of a failed query says what failed; only for others it matters of which kind it is.
    match error.find_root() {
        DataFusionError::SQL(error, _) => error.to_string(),
        DataFusionError::External(error) => error.to_string(),
        root @ (DataFusionError::Plan(_)
        | DataFusionError::SchemaError(..)
        | DataFusionError::Execution(_)) => strip_backtrace(&root.message()).to_string(),
        _ => error.strip_backtrace(),
    }
}

/// What follows it is a backtrace, in builds with that feature.
fn strip_backtrace(message: &str) -> &str {
    let separator = DataFusionError::BACK_TRACE_SEP;
    message.split(separator).next().unwrap_or(message)
}

enum Part {
    Schema(SchemaRef),
    Batch(RecordBatch),
}

/// Runs `statement` and writes its result as it comes. Once `interrupt` is ready, the query is
/// dropped with all that it does.
///
/// # Errors
/// If the statement fails, or its result cannot be written.
pub(crate) async fn run(
    context: &SessionContext,
    statement: &str,
    output: &mut dyn Output,
    interrupt: impl Future<Output = ()>,
) -> Result<Outcome, QueryError> {
    // A task of its own, so that a query that does not come to an end, nor to a pause, does not
    // keep the interrupt from being seen.
    let (sender, mut parts) = mpsc::channel(2);
    let query = tokio::spawn(send_parts(context.clone(), statement.to_string(), sender));
    let query = AbortOnDrop(query);
    tokio::pin!(interrupt);
    let mut rows = None;
    loop {
        let part = tokio::select! {
            biased;
            () = &mut interrupt => return Ok(Outcome::Interrupted),
            part = parts.recv() => part,
        };
        match part {
            Some(Ok(Part::Schema(schema))) => {
                if !schema.fields().is_empty() {
                    rows = Some(0);
                    output.begin(&schema)?;
                }
            }
            Some(Ok(Part::Batch(batch))) => {
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
    Ok(Outcome::Finished(rows))
}

async fn send_parts(
    context: SessionContext,
    statement: String,
    sender: mpsc::Sender<Result<Part, DataFusionError>>,
) {
    if let Err(error) = try_send_parts(&context, &statement, &sender).await {
        // Without a receiver nobody wants to know.
        let _ = sender.send(Err(error)).await;
    }
}

async fn try_send_parts(
    context: &SessionContext,
    statement: &str,
    sender: &mpsc::Sender<Result<Part, DataFusionError>>,
) -> Result<(), DataFusionError> {
    let frame = context.sql(statement).await?;
    let mut batches = frame.execute_stream().await?;
    if sender
        .send(Ok(Part::Schema(batches.schema())))
        .await
        .is_err()
    {
        return Ok(());
    }
    while let Some(batch) = batches.next().await {
        if sender.send(Ok(Part::Batch(batch?))).await.is_err() {
            break;
        }
    }
    Ok(())
}

/// A task that ends with whoever waits for it.
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
