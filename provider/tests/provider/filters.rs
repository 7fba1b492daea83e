// SPDX-License-Identifier: Apache-2.0

//! Filters through SQL: which ones the scan evaluates, and their results.

use datafusion::prelude::SessionContext;
use kalamtable_provider::FixedRows;

use crate::support::{answer, error, scan_line, session};
use crate::tables::{Watched, built};

fn three() -> SessionContext {
    session(FixedRows::new((0..3).map(Watched::sample).collect()))
}

async fn has_filter_above_scan(session: &SessionContext, sql: &str) -> bool {
    let frame = session.sql(sql).await.unwrap();
    let plan = frame.create_physical_plan().await.unwrap();
    let plan = datafusion::physical_plan::displayable(plan.as_ref())
        .indent(false)
        .to_string();
    plan.contains("FilterExec")
}

#[tokio::test]
async fn null_does_not_pass() {
    let session = three();
    assert_eq!(answer(&session, "SELECT id FROM t WHERE b > 0").await, "2");
    assert_eq!(
        answer(&session, "SELECT id FROM t WHERE NOT (b > 0)").await,
        "0"
    );
    assert_eq!(
        answer(&session, "SELECT id FROM t WHERE (b > 0) IS NULL").await,
        "1"
    );
}

#[tokio::test]
async fn exact_filter_removes_filter_exec() {
    let session = three();
    for predicate in [
        "id = 1",
        "b IS NULL OR a > 1",
        "title LIKE '%1'",
        "id IN (1, 2)",
        "id < now()::bigint",
    ] {
        let sql = format!("SELECT id FROM t WHERE {predicate}");
        assert!(!has_filter_above_scan(&session, &sql).await, "{predicate}");
    }
}

#[tokio::test]
async fn volatile_filter_stays_above_the_scan() {
    let session = three();
    let sql = "SELECT id FROM t WHERE random() >= 0 AND id = 1";
    assert!(has_filter_above_scan(&session, sql).await);
    assert!(scan_line(&session, sql).await.contains("filter=id@0 = 1"));
    assert_eq!(answer(&session, sql).await, "1");
}

#[tokio::test]
async fn limit_above_inexact_filter_stays_above_the_scan() {
    let session = three();
    let sql = "SELECT id FROM t WHERE random() * 0 + id = 2 LIMIT 1";
    assert!(!scan_line(&session, sql).await.contains("limit"));
    assert_eq!(answer(&session, sql).await, "2");
}

#[tokio::test]
async fn subqueries_are_answered() {
    let session = three();
    assert_eq!(
        answer(
            &session,
            "SELECT id FROM t WHERE id = (SELECT max(id) FROM t)"
        )
        .await,
        "2"
    );
    assert_eq!(
        answer(
            &session,
            "SELECT id FROM t WHERE id IN (SELECT b FROM t) ORDER BY 1"
        )
        .await,
        "0\n2"
    );
    assert_eq!(
        answer(
            &session,
            "SELECT id FROM t o WHERE EXISTS (SELECT 1 FROM t i WHERE i.id = o.id + 1) ORDER BY 1"
        )
        .await,
        "0\n1"
    );
}

#[tokio::test]
async fn parameters_of_prepared_statements_reach_the_scan() {
    let session = three();
    session
        .sql("PREPARE by_id(bigint) AS SELECT title FROM t WHERE id = $1")
        .await
        .unwrap();
    assert_eq!(answer(&session, "EXECUTE by_id(2)").await, "title 2");
    assert_eq!(answer(&session, "EXECUTE by_id(0)").await, "title 0");
    assert!(
        scan_line(&session, "EXECUTE by_id(2)")
            .await
            .contains("filter=id@0 = 2")
    );
}

#[tokio::test]
async fn filter_through_alias_reaches_the_scan() {
    let session = three();
    let sql = "SELECT x.title FROM t AS x WHERE x.id = 1";
    assert!(scan_line(&session, sql).await.contains("filter=id@0 = 1"));
    assert_eq!(answer(&session, sql).await, "title 1");
}

#[tokio::test]
async fn failing_filter_fails_the_query() {
    let message = error(&three(), "SELECT id FROM t WHERE 10 / id = 5").await;
    assert!(message.contains("Divide by zero"), "{message}");
}

#[tokio::test]
async fn outer_join_filter_keeps_its_position() {
    let session = three();
    let sql = "SELECT l.id, r.id FROM t l LEFT JOIN t r ON l.id = r.id AND r.a > 10 \
               WHERE r.b IS NULL ORDER BY 1";
    assert_eq!(answer(&session, sql).await, "0 NULL\n1 NULL");
}

#[tokio::test]
async fn dynamic_filters_keep_the_answer() {
    let session = session(FixedRows::new((0..5000).map(Watched::sample).collect()));
    let sql = "SELECT id FROM t ORDER BY a DESC LIMIT 2";
    assert_eq!(answer(&session, sql).await, "4999\n4998");
    let sql = "SELECT l.id FROM t l JOIN (SELECT b FROM t WHERE id < 4) r ON l.id = r.b ORDER BY 1";
    assert_eq!(answer(&session, sql).await, "0\n2");
}

#[tokio::test]
async fn dynamic_filter_of_sort_skips_other_columns() {
    let rows = (0..100_000).map(Watched::sample).collect();
    let session = session(FixedRows::new(rows));
    let sql = "SELECT a, id FROM t ORDER BY b LIMIT 3";
    assert!(
        scan_line(&session, sql)
            .await
            .contains("filter=DynamicFilter")
    );
    assert_eq!(answer(&session, sql).await, "0 0\n20 2\n40 4");
    let [a, b] = built();
    assert_eq!(b, 100_000);
    // Only rows of the first block pass.
    assert!((3..=8192).contains(&a), "{a}");
}

#[tokio::test]
async fn dynamic_filter_of_join_skips_other_columns() {
    let rows = (0..100_000).map(Watched::sample).collect();
    let session = session(FixedRows::new(rows));
    let sql = "SELECT v.x, t.a FROM (VALUES (99999), (7), (70000)) AS v(x) JOIN t ON t.id = v.x ORDER BY 1";
    assert_eq!(
        answer(&session, sql).await,
        "7 70\n70000 700000\n99999 999990"
    );
    let [a, _] = built();
    assert_eq!(a, 3);
}

#[tokio::test]
async fn filter_above_limit_stays_above_it() {
    let rows = (0..100).map(Watched::sample).collect();
    let session = session(FixedRows::new(rows));
    let sql = "SELECT a FROM (SELECT * FROM t LIMIT 5) WHERE id > 2 ORDER BY a LIMIT 1";
    assert_eq!(answer(&session, sql).await, "30");
    let sql = "SELECT count(*) FROM (SELECT * FROM t LIMIT 5) AS l \
               JOIN (VALUES (1), (90)) AS v(x) ON l.id = v.x";
    assert_eq!(answer(&session, sql).await, "1");
}
