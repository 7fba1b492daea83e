// SPDX-License-Identifier: Apache-2.0

//! A contract suite for DataFusion table providers. It compares the results of any
//! [`TableProvider`] with those of DataFusion's [`MemTable`] over the same rows. The reference
//! table has no constraints and no field metadata, so that it shares no fault with the provider.
//!
//! One line in a test checks a provider:
//!
//! ```
//! # use std::sync::Arc;
//! # use arrow::array::{Int64Array, RecordBatch};
//! # use datafusion::datasource::MemTable;
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let ids = Arc::new(Int64Array::from_iter_values(0..20));
//! # let batch = RecordBatch::try_from_iter([("id", ids as _)])?;
//! # let provider = MemTable::try_new(batch.schema(), vec![vec![batch]])?;
//! let report = kalamtable_contract::check(Arc::new(provider)).await?;
//! # assert_eq!(report.rows, 20);
//! # Ok(())
//! # }
//! ```
//!
//! The first difference is returned as a [`Violation`], which contains the query and both results.
//!
//! | function | expected rows | session |
//! |---|---|---|
//! | [`check`] | the rows of a full scan of the table | default |
//! | [`check_against`] | given | default |
//! | [`check_in`] | the rows of a full scan of the table | with a configuration |
//! | [`check_against_in`] | given | with a configuration |
//!
//! # Checks
//!
//! The queries are derived from the rows, so a table with varied values and some nulls is checked
//! most thoroughly. A few dozen rows are enough. The suite checks:
//!
//! - the schemas of the table, the plans and the batches, including their metadata;
//! - direct calls of [`TableProvider::scan`], and SQL;
//! - projections: no column, each column, all columns, and random lists in any order and with
//!   repeats;
//! - filters: every kind of comparison on each column with values from the rows, with `IN`,
//!   `BETWEEN`, `LIKE`, `IS NULL`, `AND`, `OR` and `NOT`;
//! - limits and offsets: with and without filters, nested, and in subqueries;
//! - aggregates, groups, orders, windows, subqueries, unions, recursive queries and self-joins;
//! - unions and other combinations of two columns of one type;
//! - declared orders, statistics and constraints;
//! - a second execution of the same plan.
//!
//! All checks run with batches of 8192 rows, and a sample of them with batches of 1 and 7 rows.
//! Queries that DataFusion cannot run for the type of a column are skipped. For a limit without an
//! order, only the number of rows is compared.

mod bare;
mod cases;
mod combined;
mod declared;
mod execute;
mod nested;
mod report;
mod result_rows;
mod suite;

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;
use datafusion::error::DataFusionError;
use datafusion::prelude::SessionConfig;

use bare::{bare_batch, bare_schema};
use result_rows::ResultRows;
use suite::{Suite, full_scan};

pub use report::{Report, Violation};

/// Checks a table against the rows that a full scan of it returns. The rows must not change during
/// the check.
///
/// This cannot detect rows that every scan omits. Use [`check_against`] to detect them.
///
/// # Errors
/// Fails with the first violation. An error of the provider is a violation, too.
pub async fn check(provider: Arc<dyn TableProvider>) -> Result<Report, Violation> {
    check_in(&SessionConfig::new(), provider).await
}

/// Checks a table as [`check`] does, in sessions with this configuration. Use this function if the
/// rows depend on the session. The suite sets the batch size itself, and one target partition.
///
/// # Errors
/// Fails with the first violation.
pub async fn check_in(
    config: &SessionConfig,
    provider: Arc<dyn TableProvider>,
) -> Result<Report, Violation> {
    let rows = full_scan(config, &provider).await?;
    check_against_in(config, provider, rows).await
}

/// Checks a table against the rows of `expected`. The batches must have the schema of the table.
///
/// # Errors
/// Fails with the first violation.
pub async fn check_against(
    provider: Arc<dyn TableProvider>,
    expected: Vec<RecordBatch>,
) -> Result<Report, Violation> {
    check_against_in(&SessionConfig::new(), provider, expected).await
}

/// Checks a table as [`check_against`] does, in sessions with this configuration. The suite sets
/// the batch size itself, and one target partition.
///
/// # Errors
/// Fails with the first violation.
pub async fn check_against_in(
    config: &SessionConfig,
    provider: Arc<dyn TableProvider>,
    expected: Vec<RecordBatch>,
) -> Result<Report, Violation> {
    let schema = bare_schema(&provider.schema());
    let not_rows = |error: DataFusionError| Violation {
        check: "the rows as a table".to_string(),
        expected: format!("batches of the table's schema {}", provider.schema()),
        found: error.to_string(),
    };
    let bare = expected.iter().map(|batch| bare_batch(batch, &schema));
    let expected = bare
        .collect::<Result<Vec<RecordBatch>, ArrowError>>()
        .map_err(|error| not_rows(error.into()))?;
    let reference =
        MemTable::try_new(Arc::clone(&schema), vec![expected.clone()]).map_err(not_rows)?;
    let rows = ResultRows::new(schema, expected)
        .concat()
        .map_err(|error| Violation {
            check: "the rows as one batch".to_string(),
            expected: "batches of one schema".to_string(),
            found: error.to_string(),
        })?;
    Suite::try_new(config, provider, reference)?
        .run(&rows)
        .await
}
