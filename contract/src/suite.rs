// SPDX-License-Identifier: Apache-2.0

//! [`Suite`]: runs the queries, scans and declarations, and compares their results with the
//! reference.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::prelude::{SessionConfig, SessionContext};

use crate::cases::{self, Query, QueryCase, ScanCase, TABLE};
use crate::execute::{answer_of, collect_plan};
use crate::report::{Report, Violation};
use crate::result_rows::{ExpectedRows, ResultRows};
use crate::{combined, declared, nested};

/// The batch sizes of the sessions that the checks run in. The last one is also that of the
/// reference.
const BATCH_SIZES: [usize; 3] = [1, 7, 8192];

/// With small batches, one of this many checks runs: each batch costs one poll.
const SMALL_BATCH_SAMPLE: usize = 4;

/// The number of rows that increase [`SMALL_BATCH_SAMPLE`] by one.
const SMALL_BATCH_ROWS: usize = 500;

/// One run of the suite.
pub(crate) struct Suite {
    config: SessionConfig,
    provider: Arc<dyn TableProvider>,
    /// A session whose table [`TABLE`] is the reference.
    reference: SessionContext,
    checks: usize,
}

impl Suite {
    /// Creates a suite that compares `provider` with `reference`.
    ///
    /// # Errors
    /// Fails if the reference cannot be registered in a session.
    pub(crate) fn try_new(
        config: &SessionConfig,
        provider: Arc<dyn TableProvider>,
        reference: MemTable,
    ) -> Result<Self, Violation> {
        let session = new_session(config, BATCH_SIZES[2]);
        register(&session, Arc::new(reference))?;
        Ok(Suite {
            config: config.clone(),
            provider,
            reference: session,
            checks: 0,
        })
    }

    /// Runs all checks. `rows` are the rows of the reference.
    ///
    /// # Errors
    /// Fails with the first violation.
    pub(crate) async fn run(mut self, rows: &RecordBatch) -> Result<Report, Violation> {
        // Constraints are checked first: DataFusion returns wrong results if a declared key is not
        // unique.
        self.checks += declared::check_constraints(&self.provider, rows)?;
        let mut queries = cases::queries(rows);
        let constraints = self.provider.constraints();
        queries.extend(nested::queries(rows, constraints));
        queries.extend(combined::queries(
            rows,
            &self.provider.schema(),
            constraints,
        ));
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
        let scans_to_check = scans
            .iter()
            .zip(&expected_of_scans)
            .filter_map(|(scan, expected)| Some((scan, expected.as_ref()?)));
        let queries_to_check = queries
            .iter()
            .zip(&expected_of_queries)
            .filter_map(|(case, expected)| Some((case, expected.as_ref()?)));
        for batch_size in BATCH_SIZES {
            let session = new_session(&self.config, batch_size);
            register(&session, Arc::clone(&self.provider))?;
            let (first, step) = sample(batch_size, rows.num_rows());
            for (scan, expected) in scans_to_check.clone().skip(first).step_by(step) {
                self.check_scan(&session, batch_size, scan, expected)
                    .await?;
            }
            for (case, expected) in queries_to_check.clone().skip(first).step_by(step) {
                self.check_query(&session, batch_size, case, expected)
                    .await?;
            }
        }
        let session = new_session(&self.config, BATCH_SIZES[2]);
        self.checks += declared::check(&self.provider, &session, rows).await?;
        Ok(Report {
            rows: rows.num_rows(),
            checks: self.checks,
        })
    }

    /// Returns the answer of the reference without limits, or `None` if DataFusion cannot run the
    /// query.
    async fn expected(&self, query: &Query) -> Option<ResultRows> {
        let answer = answer_of(&self.reference, query, &[]).await.ok()?;
        Some(answer.in_one_batch())
    }

    async fn check_query(
        &mut self,
        session: &SessionContext,
        batch_size: usize,
        case: &QueryCase,
        expected: &ResultRows,
    ) -> Result<(), Violation> {
        self.checks += 1;
        let check = || format!("{case}\nin batches of {batch_size}");
        let found = answer_of(session, &case.query, &case.limits)
            .await
            .map_err(|error| Violation {
                check: check(),
                expected: expected.to_string(),
                found: error.to_string(),
            })?;
        let limits = case.limits.iter();
        let expected_rows = if !case.limits.is_empty() {
            // The answer of the reference is the one without limits.
            ExpectedRows::Some {
                skip: limits.clone().map(|limit| limit.skip).sum(),
                count: limits.fold(expected.rows(), |rows, limit| limit.of(rows)),
            }
        } else if case.ordered {
            ExpectedRows::Ordered
        } else {
            ExpectedRows::All
        };
        match expected.difference(&found, expected_rows) {
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
        scan: &ScanCase,
        expected: &ResultRows,
    ) -> Result<(), Violation> {
        let check = || format!("{scan}\nin batches of {batch_size}");
        let failed = |expected: String| {
            move |error: DataFusionError| Violation {
                check: check(),
                expected,
                found: error.to_string(),
            }
        };
        let mut exact = true;
        if let Some(filter) = &scan.filter {
            let support = self
                .provider
                .supports_filters_pushdown(&[filter])
                .map_err(failed("an answer".to_string()))?;
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
                // DataFusion never passes such a filter to a scan.
                TableProviderFilterPushDown::Unsupported => return Ok(()),
            }
        }
        // DataFusion never passes a limit together with a filter that is not exact.
        let limit = scan.limit.filter(|_| exact);
        self.checks += 1;
        let state = session.state();
        let filters: &[Expr] = scan.filter.as_slice();
        let plan = self
            .provider
            .scan(&state, scan.projection.as_ref(), filters, limit)
            .await
            .map_err(failed("a plan".to_string()))?;
        let schema = scan.schema(&self.provider.schema());
        check_schema(&check(), "the plan's schema", &schema, &plan.schema())?;
        let found = collect_plan(session, plan)
            .await
            .map_err(failed(expected.to_string()))?;
        for batch in &found.batches {
            check_schema(&check(), "the batch's schema", &schema, &batch.schema())?;
        }
        let expected_rows = match limit {
            Some(limit) => ExpectedRows::AtLeast(limit.min(expected.rows())),
            None if exact => ExpectedRows::All,
            // An inexact filter may pass other rows, too. The queries with the same filter check
            // the result.
            None => return Ok(()),
        };
        match expected.difference(&found, expected_rows) {
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
    origin: &str,
    expected: &SchemaRef,
    found: &SchemaRef,
) -> Result<(), Violation> {
    if expected == found {
        return Ok(());
    }
    Err(Violation {
        check: format!("{check}: {origin}"),
        expected: format!("{expected:?}"),
        found: format!("{found:?}"),
    })
}

/// Returns the index of the first check to run with this batch size, and the step to the following
/// ones.
fn sample(batch_size: usize, rows: usize) -> (usize, usize) {
    if batch_size == BATCH_SIZES[2] {
        return (0, 1);
    }
    let step = SMALL_BATCH_SAMPLE + rows / SMALL_BATCH_ROWS;
    // Each batch size starts at another check.
    (batch_size % step, step)
}

/// Creates a session. It has one target partition, so that most answers have the order of the
/// reference, and can be compared without formatting.
fn new_session(config: &SessionConfig, batch_size: usize) -> SessionContext {
    let session_config = config
        .clone()
        .with_batch_size(batch_size)
        .with_target_partitions(1);
    SessionContext::new_with_config(session_config)
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

/// Returns all rows of a table.
pub(crate) async fn full_scan(
    config: &SessionConfig,
    provider: &Arc<dyn TableProvider>,
) -> Result<Vec<RecordBatch>, Violation> {
    let session = new_session(config, BATCH_SIZES[2]);
    let state = session.state();
    let scanned = match provider.scan(&state, None, &[], None).await {
        Ok(plan) => collect_plan(&session, plan).await,
        Err(error) => Err(error),
    };
    match scanned {
        Ok(answer) => Ok(answer.batches),
        Err(error) => Err(Violation {
            check: "a scan of all columns without filter and limit".to_string(),
            expected: "rows".to_string(),
            found: error.to_string(),
        }),
    }
}
