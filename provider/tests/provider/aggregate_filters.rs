// SPDX-License-Identifier: Apache-2.0

//! Aggregates whose dynamic filter would exclude rows that they need: the filter of DataFusion 55
//! ignores expressions, and the bounds of partitions without values.

use std::sync::Arc;

use datafusion::prelude::{SessionConfig, SessionContext};
use kalamtable_provider::{FixedRows, RowProvider, enable_dml};

use crate::support::{answer, scan_line};
use crate::tables::Watched;

const OPTION: &str = "datafusion.optimizer.enable_aggregate_dynamic_filter_pushdown";

/// Returns a session in which aggregates have several partitions, and their scan many blocks.
fn session() -> SessionContext {
    let session = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(4));
    let rows: Vec<Watched> = (0..100_000).map(Watched::sample).collect();
    let provider = RowProvider::new(FixedRows::new(rows));
    session.register_table("t", Arc::new(provider)).unwrap();
    session
}

#[tokio::test]
async fn minimum_of_an_expression_is_not_excluded() {
    let sql = "SELECT min(a), min(0 - id) FROM t";
    let other = session();
    assert_eq!(answer(&other, sql).await, "0 -99999");
    enable_dml(&other);
    assert_eq!(answer(&other, sql).await, "0 -99999");
    other.sql(&format!("SET {OPTION} = true")).await.unwrap();
    assert_eq!(answer(&other, sql).await, "0 -99999");
}

#[tokio::test]
async fn filters_of_sorts_are_used_if_aggregates_have_none() {
    let sql = "SELECT a FROM t ORDER BY b LIMIT 3";
    let session = session();
    assert!(!scan_line(&session, sql).await.contains("DynamicFilter"));
    enable_dml(&session);
    assert!(scan_line(&session, sql).await.contains("DynamicFilter"));
    // A second call keeps what the user has set.
    session.sql(&format!("SET {OPTION} = true")).await.unwrap();
    enable_dml(&session);
    assert!(!scan_line(&session, sql).await.contains("DynamicFilter"));
}
