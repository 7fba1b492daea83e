// SPDX-License-Identifier: Apache-2.0

//! [`run`]: runs one statement until it ends or is interrupted.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::execute_stream;
use datafusion::prelude::SessionContext;
use datafusion::sql::parser::Statement as SqlStatement;
use futures::StreamExt;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;
use tokio::task::JoinError;

use crate::sql::copy::{FileCopy, check_insert, explainable};
use crate::sql::error_text::describe;
use crate::sql::json_results::with_json_text;
use crate::sql::locations::check_location;
use crate::sql::nesting::check_nesting;
use crate::sql::output::{OutputError, ResultWriter};
use crate::sql::stop::StopFlag;

/// The outcome of a statement that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum QueryOutcome {
    /// The statement ended. Contains the numbers of rows of its result, or `None` if the statement
    /// has no result.
    Finished(Option<RowCount>),
    /// The statement was interrupted.
    Interrupted {
        /// Whether a part of the query still runs, because it cannot be stopped at once.
        is_running: bool,
    },
}

/// The numbers of rows of a result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RowCount {
    /// The number of rows that were written.
    pub(crate) shown: usize,
    /// The number of all rows.
    pub(crate) total: usize,
}

/// The reason why a statement failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum QueryError {
    /// The statement is invalid, or the data that it reads does not fit its definition. Contains
    /// the message.
    #[error("{0}")]
    Statement(String),
    /// The result cannot be written.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// The threads of the query cannot be started.
    #[error("the query cannot be started: {0}")]
    Start(io::Error),
    /// A bug in the code that runs queries. The panic message is on stderr.
    #[error("the query panicked: this is a bug")]
    Panicked(#[from] JoinError),
}

/// The stack of a thread. Parts of the planner recurse into expressions, and the frames of a debug
/// build are large. Only the used part of a stack takes memory.
const STACK_BYTES: usize = 256 * 1024 * 1024;

/// The time that an interrupted query has to stop.
const STOP_TIME: Duration = Duration::from_millis(500);

/// Runs `statement` and writes at most `max_rows` rows of its result batch by batch. When
/// `interrupt` completes, the query is abandoned.
///
/// # Errors
/// Fails if the statement fails or its result cannot be written.
pub(crate) fn run(
    context: &SessionContext,
    statement: &str,
    output: &mut dyn ResultWriter,
    max_rows: Option<usize>,
    interrupt: impl Future<Output = ()>,
) -> Result<QueryOutcome, QueryError> {
    // The query has a runtime of its own: its threads cannot be stopped while they compute, but
    // the next query does not need them.
    let runtime = Builder::new_multi_thread()
        .thread_stack_size(STACK_BYTES)
        .enable_all()
        .build()
        .map_err(QueryError::Start)?;
    let (sender, events) = mpsc::channel(2);
    let query = RunningQuery {
        context: context.clone(),
        stop: StopFlag::default(),
    };
    let stop = query.stop.clone();
    let query = runtime.spawn(send_events(query, statement.to_string(), sender));
    let abort = query.abort_handle();
    let mut results = LimitedResult::new(output, max_rows);
    let outcome = runtime.block_on(async {
        tokio::select! {
            biased;
            () = interrupt => Ok(None),
            received = receive(events, &mut results) => received.map(Some),
        }
    });
    let outcome = match outcome {
        Ok(Some(())) => runtime
            .block_on(query)
            .map_err(QueryError::from)
            .and_then(|()| Ok(QueryOutcome::Finished(results.end()?))),
        Ok(None) => {
            stop.set();
            abort.abort();
            let is_running = !is_idle(&runtime, STOP_TIME);
            Ok(QueryOutcome::Interrupted { is_running })
        }
        Err(error) => {
            stop.set();
            abort.abort();
            Err(error)
        }
    };
    // Does not wait for tasks that compute or read files.
    runtime.shutdown_background();
    outcome
}

/// Waits until all tasks have ended, and returns `false` if they have not after `timeout`.
fn is_idle(runtime: &Runtime, timeout: Duration) -> bool {
    let begin = Instant::now();
    while runtime.metrics().num_alive_tasks() > 0 {
        if begin.elapsed() > timeout {
            return false;
        }
        thread::sleep(Duration::from_millis(1));
    }
    true
}

/// A message from the task that runs a query.
enum QueryEvent {
    Schema(SchemaRef),
    Batch(RecordBatch),
}

type QueryEvents = mpsc::Sender<Result<QueryEvent, String>>;

async fn receive(
    mut events: mpsc::Receiver<Result<QueryEvent, String>>,
    results: &mut LimitedResult<'_>,
) -> Result<(), QueryError> {
    while let Some(event) = events.recv().await {
        match event.map_err(QueryError::Statement)? {
            QueryEvent::Schema(schema) => results.begin(&schema)?,
            QueryEvent::Batch(batch) => results.write(&batch)?,
        }
    }
    Ok(())
}

/// A result of which only the first rows are written. The other rows are counted.
struct LimitedResult<'a> {
    output: &'a mut dyn ResultWriter,
    max_rows: usize,
    /// `None` if the statement has no result.
    rows: Option<RowCount>,
    is_ended: bool,
}

impl<'a> LimitedResult<'a> {
    fn new(output: &'a mut dyn ResultWriter, max_rows: Option<usize>) -> Self {
        LimitedResult {
            output,
            max_rows: max_rows.unwrap_or(usize::MAX),
            rows: None,
            is_ended: false,
        }
    }

    fn begin(&mut self, schema: &SchemaRef) -> Result<(), OutputError> {
        if !schema.fields().is_empty() {
            self.rows = Some(RowCount::default());
            self.output.begin(schema)?;
        }
        Ok(())
    }

    fn write(&mut self, batch: &RecordBatch) -> Result<(), OutputError> {
        let Some(rows) = &mut self.rows else {
            return Ok(());
        };
        rows.total += batch.num_rows();
        let shown = batch.num_rows().min(self.max_rows - rows.shown);
        rows.shown += shown;
        if shown > 0 {
            self.output.write(&batch.slice(0, shown))?;
        }
        if rows.shown < rows.total && !self.is_ended {
            // Counting the other rows can take long.
            self.is_ended = true;
            self.output.end()?;
        }
        Ok(())
    }

    fn end(&mut self) -> Result<Option<RowCount>, OutputError> {
        if self.rows.is_some() && !self.is_ended {
            self.output.end()?;
        }
        Ok(self.rows)
    }
}

async fn send_events(query: RunningQuery, statement: String, sender: QueryEvents) {
    if let Err(error) = try_send_events(&query, &statement, &sender).await {
        // The receiver is dropped if the query is interrupted. The error is not needed then.
        let _ = sender.send(Err(describe(&error, &query.context))).await;
    }
}

async fn try_send_events(
    query: &RunningQuery,
    statement: &str,
    sender: &QueryEvents,
) -> Result<(), DataFusionError> {
    let mut batches = query.execute(statement).await?;
    let schema = QueryEvent::Schema(batches.schema());
    if sender.send(Ok(schema)).await.is_err() {
        return Ok(());
    }
    while let Some(batch) = batches.next().await {
        let batch = QueryEvent::Batch(batch?);
        if sender.send(Ok(batch)).await.is_err() {
            break;
        }
    }
    Ok(())
}

/// A statement that runs in a session, with the flag that stops it.
struct RunningQuery {
    context: SessionContext,
    stop: StopFlag,
}

impl RunningQuery {
    async fn execute(&self, statement: &str) -> Result<SendableRecordBatchStream, DataFusionError> {
        check_nesting(statement)?;
        let state = self.context.state();
        let dialect = state.config_options().sql_parser.dialect;
        let statement = state.sql_to_statement(statement, &dialect)?;
        check_location(&statement)?;
        if let SqlStatement::CopyTo(copy) = &statement {
            return match FileCopy::try_new(copy)? {
                FileCopy::Text(copy) => {
                    let plan = state.statement_to_plan(copy.source.clone()).await?;
                    copy.write(self.execute_plan(plan).await?).await
                }
                FileCopy::Binary(copy) => {
                    let plan = state.statement_to_plan(statement).await?;
                    let plan = copy.temporary_plan(with_json_text(plan)?)?;
                    copy.write(self.execute_plan(plan).await?).await
                }
            };
        }
        let created = match &statement {
            SqlStatement::CreateExternalTable(table) => Some(table.locations.join(", ")),
            _ => None,
        };
        let outcome = async {
            let plan = state.statement_to_plan(explainable(statement)?).await?;
            check_insert(&plan)?;
            self.execute_plan(plan).await
        };
        outcome.await.map_err(|error| match created {
            Some(locations) => match describe(&error, &self.context) {
                error if error.contains(&locations) => DataFusionError::Plan(error),
                error => DataFusionError::Plan(format!("{locations}: {error}")),
            },
            None => error,
        })
    }

    async fn execute_plan(
        &self,
        plan: LogicalPlan,
    ) -> Result<SendableRecordBatchStream, DataFusionError> {
        let plan = with_json_text(plan)?;
        let frame = self.context.execute_logical_plan(plan).await?;
        let task = Arc::new(frame.task_ctx());
        let plan = frame.create_physical_plan().await?;
        execute_stream(self.stop.stoppable(plan)?, task)
    }
}
