// SPDX-License-Identifier: Apache-2.0

//! Plans that run several times: a scan drops the dynamic filters of the previous run.

use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::datasource::MemTable;
use datafusion::physical_plan::execution_plan::reset_plan_states;
use datafusion::physical_plan::{ExecutionPlan, collect, displayable};
use datafusion::prelude::SessionContext;
use kalamtable_provider::{FixedRows, RowProvider};
use kalamtable_rows::ToArrow;

use crate::support::{answer, lines, session};
use crate::tables::Watched;

fn rows(count: i64) -> Vec<Watched> {
    (0..count).map(Watched::sample).collect()
}

/// Returns the number of rows that the scans of a plan have returned.
fn scanned_rows(plan: &Arc<dyn ExecutionPlan>) -> usize {
    let mut rows = 0;
    plan.apply(|node| {
        if node.name() == "RowScanExec" {
            let metrics = node.metrics().expect("a scan has metrics");
            rows += metrics.output_rows().unwrap_or(0);
        }
        Ok(TreeNodeRecursion::Continue)
    })
    .unwrap();
    rows
}

#[tokio::test]
async fn topk_returns_the_same_rows_after_reset() {
    let session = session(FixedRows::new(rows(20_000)));
    let sql = "SELECT id FROM t WHERE id < 15000 ORDER BY a DESC LIMIT 3";
    let frame = session.sql(sql).await.unwrap();
    let mut plan = frame.create_physical_plan().await.unwrap();
    let text = |plan: &Arc<dyn ExecutionPlan>| displayable(&**plan).indent(false).to_string();
    assert!(text(&plan).contains("AND DynamicFilter"), "{}", text(&plan));
    for _ in 0..3 {
        let batches = collect(Arc::clone(&plan), session.task_ctx())
            .await
            .unwrap();
        assert_eq!(lines(&batches), "14999\n14998\n14997");
        assert!(scanned_rows(&plan) > 0);
        plan = reset_plan_states(plan).unwrap();
        assert_eq!(scanned_rows(&plan), 0);
        let scan = text(&plan);
        let scan = scan.lines().last().unwrap();
        assert!(scan.contains("filter=id@0 < 15000"), "{scan}");
        assert!(!scan.contains("DynamicFilter"), "{scan}");
    }
}

#[tokio::test]
async fn recursive_query_with_aggregate_matches_mem_table() {
    let rows = rows(100);
    let batch = Watched::to_batch(&rows).unwrap();
    let reference = MemTable::try_new(batch.schema(), vec![vec![batch]]).unwrap();
    let tables: [Arc<dyn TableProvider>; 2] = [
        Arc::new(reference),
        Arc::new(RowProvider::new(FixedRows::new(rows))),
    ];
    let sql = "WITH RECURSIVE steps AS (
                   SELECT CAST(1 AS BIGINT) AS step
                   UNION ALL
                   SELECT step + 1 FROM steps
                   JOIN (SELECT max(b) AS bound FROM t WHERE a < 300) ON step < bound
               )
               SELECT count(*), max(step) FROM steps";
    for table in tables {
        // The default settings, with dynamic filters and several partitions.
        let session = SessionContext::new();
        session.register_table("t", table).unwrap();
        assert_eq!(answer(&session, sql).await, "28 28");
    }
}
