// SPDX-License-Identifier: Apache-2.0

//! The contract suite: whether a table answers as DataFusion's own
//! [`MemTable`] does with the same rows.
//!
//! It works on any [`TableProvider`], also on one that has nothing to do with this library:
//!
//! ```
//! use std::sync::Arc;
//! # use kalamtable_rows::doc_example::Event;
//! use kalamtable_contract as contract;
//! use kalamtable_provider::{FixedRows, RowProvider};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), contract::Violation> {
//! let events = (0..20).map(|id| Event { id, title: (id % 3 != 0).then(|| format!("event {id}")) });
//! let provider = RowProvider::new(FixedRows::new(events.collect()));
//! let report = contract::check(Arc::new(provider)).await?;
//! assert_eq!(report.rows, 20);
//! # Ok(())
//! # }
//! ```
//!
//! What it checks: schemas, with their metadata, of table, plans and batches; `scan` called directly
//! and SQL; no columns, each column, all columns, random lists of columns in any order and with
//! repeats; each comparison on each column with values from the data, nulls, `IN`, `BETWEEN`, `LIKE`,
//! `AND`, `OR`, `NOT`; limits and offsets with and without filters, under other limits and in
//! subqueries; aggregates, groups, orders, windows, subqueries, unions and joins of the table with itself;
//! declared orders, statistics and constraints. All of it in batches of 8192 rows, and a sample in batches
//! of 1 and of 7. What DataFusion itself cannot do with a column's type is left out, and of a limit without
//! an order only the number of rows is compared.

mod answer;
mod cases;
mod declared;
mod nested;

use std::fmt;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;
use datafusion::error::Result as DataFusionResult;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::{SessionConfig, SessionContext};

use answer::{Answer, Comparison};
use cases::{Case, Limit, Query, Scan};

/// The name under which the table is registered.
const TABLE: &str = "t";

/// The batch sizes of the sessions that the checks run in; the last is for the reference, too.
const BATCH_SIZES: [usize; 3] = [1, 7, 8192];

/// In small batches one check stands for so many, and for one more for each so many rows: each costs
/// a poll per batch.
const SMALL_BATCH_SAMPLE: usize = 4;
const SMALL_BATCH_ROWS: usize = 500;

/// What a passed suite looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// How many rows the table has.
    pub rows: usize,
    /// How many queries, scans and declarations were compared.
    pub checks: usize,
}

/// Where a table does not answer as it must: the first place that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// The query, scan or declaration.
    pub check: String,
    /// What should be there.
    pub expected: String,
    /// What is there.
    pub found: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Violation {
            check,
            expected,
            found,
        } = self;
        write!(f, "{check}\nexpected: {expected}\nfound: {found}")
    }
}

impl std::error::Error for Violation {}

/// Checks a table whose rows do not change meanwhile, against the rows that a full scan of it
/// returns: it cannot know of rows that every scan leaves out. [`check_against`] can.
///
/// # Errors
/// The first violation.
pub async fn check(provider: Arc<dyn TableProvider>) -> Result<Report, Violation> {
    check_in(&SessionConfig::new(), provider).await
}

/// As [`check`], in sessions with this configuration, where the table's answer depends on it. How many rows
/// make a batch, and that there is one partition, is the suite's.
///
/// # Errors
/// The first violation.
pub async fn check_in(
    config: &SessionConfig,
    provider: Arc<dyn TableProvider>,
) -> Result<Report, Violation> {
    let session = new_session(config, BATCH_SIZES[2]);
    let rows = full_scan(&session, &provider).await?;
    check_against_in(config, provider, rows).await
}

/// Checks a table that should hold the rows of `expected`, whose schema is the table's.
///
/// # Errors
/// The first violation.
pub async fn check_against(
    provider: Arc<dyn TableProvider>,
    expected: Vec<RecordBatch>,
) -> Result<Report, Violation> {
    check_against_in(&SessionConfig::new(), provider, expected).await
}

/// As [`check_against`], in sessions with this configuration.
///
/// # Errors
/// The first violation.
pub async fn check_against_in(
    config: &SessionConfig,
    provider: Arc<dyn TableProvider>,
    expected: Vec<RecordBatch>,
) -> Result<Report, Violation> {
    let schema = provider.schema();
    let reference = MemTable::try_new(schema.clone(), vec![expected.clone()]);
    let reference = reference.map_err(|error| Violation {
        check: "the rows as a table".to_string(),
        expected: format!("batches of the table's schema {schema}"),
        found: error.to_string(),
    })?;
    let rows = Answer::new(schema, expected)
        .concat()
        .map_err(|error| Violation {
            check: "the rows as one batch".to_string(),
            expected: "batches of one schema".to_string(),
            found: error.to_string(),
        })?;
    let reference_session = new_session(config, BATCH_SIZES[2]);
    register(&reference_session, Arc::new(reference))?;
    let mut suite = Suite {
        config: config.clone(),
        provider,
        reference: reference_session,
        checks: 0,
    };
    suite.run(&rows).await?;
    Ok(Report {
        rows: rows.num_rows(),
        checks: suite.checks,
    })
}

struct Suite {
    config: SessionConfig,
    provider: Arc<dyn TableProvider>,
    /// A session whose table [`TABLE`] is the reference.
    reference: SessionContext,
    checks: usize,
}

impl Suite {
    async fn run(&mut self, rows: &RecordBatch) -> Result<(), Violation> {
        // First, since DataFusion answers some queries wrongly about a key that is none.
        self.checks += declared::check_constraints(&self.provider, rows)?;
        let mut queries = cases::queries(rows);
        queries.extend(nested::queries(rows, self.provider.constraints()));
        let scans = cases::scans(rows);
        let mut expected_of_queries = Vec::new();
        for case in &queries {
            expected_of_queries.push(self.expected(&case.query).await);
        }
        let mut expected_of_scans = Vec::new();
        for scan in &scans {
            let query = Query::Select {
                columns: scan.columns(rows.num_columns()),
                filter: scan.filter.clone(),
            };
            expected_of_scans.push(self.expected(&query).await);
        }
        let scans = scans.iter().zip(&expected_of_scans);
        let scans = scans.filter_map(|(scan, expected)| Some((scan, expected.as_ref()?)));
        let queries = queries.iter().zip(&expected_of_queries);
        let queries = queries.filter_map(|(case, expected)| Some((case, expected.as_ref()?)));
        for batch_size in BATCH_SIZES {
            let session = new_session(&self.config, batch_size);
            register(&session, self.provider.clone())?;
            let (first, step) = sample(batch_size, rows.num_rows());
            for (scan, expected) in scans.clone().skip(first).step_by(step) {
                self.check_scan(&session, batch_size, scan, expected)
                    .await?;
            }
            for (case, expected) in queries.clone().skip(first).step_by(step) {
                self.check_query(&session, batch_size, case, expected)
                    .await?;
            }
        }
        let session = new_session(&self.config, BATCH_SIZES[2]);
        self.checks += declared::check(&self.provider, &session, rows).await?;
        Ok(())
    }

    /// The reference's answer, without any limit; `None` if DataFusion cannot do what is asked.
    async fn expected(&self, query: &Query) -> Option<Answer> {
        let answer = answer_of(&self.reference, query, &[]).await.ok()?;
        Some(answer.in_one_batch())
    }

    async fn check_query(
        &mut self,
        session: &SessionContext,
        batch_size: usize,
        case: &Case,
        expected: &Answer,
    ) -> Result<(), Violation> {
        self.checks += 1;
        let found = answer_of(session, &case.query, &case.limits).await;
        let check = || format!("{case}\nin batches of {batch_size}");
        let found = found.map_err(|error| Violation {
            check: check(),
            expected: expected.to_string(),
            found: error.to_string(),
        })?;
        let limits = case.limits.iter();
        let comparison = match case.limits.is_empty() {
            // The reference has answered without them.
            false => Comparison::Some {
                skip: limits.clone().map(|limit| limit.skip).sum(),
                count: limits.fold(expected.rows(), |rows, limit| limit.of(rows)),
            },
            true if case.ordered => Comparison::Ordered,
            true => Comparison::All,
        };
        match expected.difference(&found, comparison) {
            Some((expected, found)) => Err(Violation {
                check: check(),
                expected,
                found,
            }),
            None => Ok(()),
        }
    }

    async fn check_scan(
        &mut self,
        session: &SessionContext,
        batch_size: usize,
        scan: &Scan,
        expected: &Answer,
    ) -> Result<(), Violation> {
        let check = || format!("{scan}\nin batches of {batch_size}");
        let failed = |expected: String| {
            move |error: datafusion::error::DataFusionError| Violation {
                check: check(),
                expected,
                found: error.to_string(),
            }
        };
        let mut exact = true;
        if let Some(filter) = &scan.filter {
            let support = self.provider.supports_filters_pushdown(&[filter]);
            let support = support.map_err(failed("an answer".to_string()))?;
            if support.len() != 1 {
                return Err(Violation {
                    check: format!("supports_filters_pushdown({filter})"),
                    expected: "one answer".to_string(),
                    found: format!("{support:?}"),
                });
            }
            match support[0] {
                TableProviderFilterPushDown::Exact => {}
                TableProviderFilterPushDown::Inexact => exact = false,
                // Such a filter is never handed to a scan.
                TableProviderFilterPushDown::Unsupported => return Ok(()),
            }
        }
        // DataFusion never hands down a limit with a filter that is not exact.
        let limit = scan.limit.filter(|_| exact);
        self.checks += 1;
        let state = session.state();
        let filters: &[Expr] = scan.filter.as_slice();
        let plan = self
            .provider
            .scan(&state, scan.projection.as_ref(), filters, limit)
            .await;
        let plan = plan.map_err(failed("a plan".to_string()))?;
        let schema = scan.schema(&self.provider.schema());
        check_schema(&check(), "the plan's schema", &schema, &plan.schema())?;
        let found = collect_plan(session, plan)
            .await
            .map_err(failed(expected.to_string()))?;
        for batch in &found.batches {
            check_schema(&check(), "the batch's schema", &schema, &batch.schema())?;
        }
        let comparison = match limit {
            Some(limit) => Comparison::AtLeast(limit.min(expected.rows())),
            None if exact => Comparison::All,
            // What more there may be, the queries with the same filter find out.
            None => return Ok(()),
        };
        match expected.difference(&found, comparison) {
            Some((expected, found)) => Err(Violation {
                check: check(),
                expected,
                found,
            }),
            None => Ok(()),
        }
    }
}

fn check_schema(
    check: &str,
    what: &str,
    expected: &SchemaRef,
    found: &SchemaRef,
) -> Result<(), Violation> {
    if expected == found {
        return Ok(());
    }
    Err(Violation {
        check: format!("{check}: {what}"),
        expected: format!("{expected:?}"),
        found: format!("{found:?}"),
    })
}

/// Which checks to make in batches of this size: from the first on, each so many.
fn sample(batch_size: usize, rows: usize) -> (usize, usize) {
    if batch_size == BATCH_SIZES[2] {
        return (0, 1);
    }
    let step = SMALL_BATCH_SAMPLE + rows / SMALL_BATCH_ROWS;
    // Each size looks at other checks.
    (batch_size % step, step)
}

/// One partition, so that most answers come in one order.
fn new_session(config: &SessionConfig, batch_size: usize) -> SessionContext {
    let config = config
        .clone()
        .with_batch_size(batch_size)
        .with_target_partitions(1);
    SessionContext::new_with_config(config)
}

fn register(session: &SessionContext, provider: Arc<dyn TableProvider>) -> Result<(), Violation> {
    match session.register_table(TABLE, provider) {
        Ok(_) => Ok(()),
        Err(error) => Err(Violation {
            check: "registering the table".to_string(),
            expected: "a session with the table".to_string(),
            found: error.to_string(),
        }),
    }
}

async fn full_scan(
    session: &SessionContext,
    provider: &Arc<dyn TableProvider>,
) -> Result<Vec<RecordBatch>, Violation> {
    let state = session.state();
    let collected = match provider.scan(&state, None, &[], None).await {
        Ok(plan) => collect_plan(session, plan).await,
        Err(error) => Err(error),
    };
    let collected = collected.map_err(|error| Violation {
        check: "a scan of all columns without filter and limit".to_string(),
        expected: "rows".to_string(),
        found: error.to_string(),
    })?;
    Ok(collected.batches)
}

/// The batches of all partitions, one after the other.
async fn collect_plan(
    session: &SessionContext,
    plan: Arc<dyn ExecutionPlan>,
) -> DataFusionResult<Answer> {
    let schema = plan.schema();
    let partitions =
        datafusion::physical_plan::collect_partitioned(plan, session.task_ctx()).await?;
    Ok(Answer::new(
        schema,
        partitions.into_iter().flatten().collect(),
    ))
}

async fn collect_frame(frame: datafusion::dataframe::DataFrame) -> DataFusionResult<Answer> {
    let schema = Arc::new(frame.schema().as_arrow().clone());
    Ok(Answer::new(schema, frame.collect().await?))
}

async fn frame_of(
    session: &SessionContext,
    query: &Query,
) -> DataFusionResult<datafusion::dataframe::DataFrame> {
    match query {
        Query::Sql(sql) => session.sql(sql).await,
        Query::Select { columns, filter } => {
            let table = session.table(TABLE).await?;
            let columns = cases::select_list(table.schema().as_arrow(), columns);
            let table = match filter {
                Some(filter) => table.filter(filter.clone())?,
                None => table,
            };
            table.select(columns)
        }
    }
}

async fn answer_of(
    session: &SessionContext,
    query: &Query,
    limits: &[Limit],
) -> DataFusionResult<Answer> {
    let mut frame = frame_of(session, query).await?;
    for limit in limits {
        frame = frame.limit(limit.skip, Some(limit.fetch))?;
    }
    collect_frame(frame).await
}
