// SPDX-License-Identifier: Apache-2.0

//! Physical plans that are used again: each operator runs twice, one after the other and at the
//! same time, with rows that change in between.

use datafusion::physical_plan::ExecutionPlan;
use futures::TryStreamExt;

use crate::sessions::{CachedServer, cached, planned};
use crate::support::{lines, table};

const COLUMNS: &str = "a = { id = 2, type = 'text', nullable = true }
b = { id = 3, type = 'int', nullable = true }
";

/// A text, the operator that it tests, and whether the physical plan can be used again.
const OPERATORS: &[(&str, &str, bool)] = &[
    ("RowScanExec", "SELECT id, a FROM app.t WHERE b > 2", true),
    (
        "ProjectionExec",
        "SELECT id + 1 AS n, upper(a) AS u FROM app.t",
        true,
    ),
    (
        "FilterExec",
        "SELECT id FROM app.t WHERE random() >= 0 AND b > 2",
        true,
    ),
    (
        "AggregateExec",
        "SELECT a, count(*) AS n, sum(b) AS s FROM app.t GROUP BY a",
        true,
    ),
    (
        "AggregateExec",
        "SELECT count(*) AS n, count(DISTINCT a) AS d FROM app.t",
        true,
    ),
    (
        "SortExec",
        "SELECT id, b FROM app.t ORDER BY b DESC, id",
        true,
    ),
    (
        "UnionExec",
        "SELECT id FROM app.t UNION ALL SELECT b FROM app.t",
        true,
    ),
    (
        "RepartitionExec",
        "SELECT b, sum(n) AS s FROM (SELECT b, count(*) AS n FROM app.t GROUP BY b, a) GROUP BY b",
        true,
    ),
    (
        "CoalescePartitionsExec",
        "SELECT sum(n) AS s FROM (SELECT id AS n FROM app.t UNION ALL SELECT b FROM app.t)",
        true,
    ),
    (
        "SortPreservingMergeExec",
        "SELECT b, count(*) AS n FROM app.t GROUP BY b ORDER BY b",
        true,
    ),
    (
        "GlobalLimitExec",
        "SELECT count(*) AS n FROM (SELECT id FROM app.t LIMIT 10 OFFSET 2)",
        true,
    ),
    // Without a dynamic filter, see `enable_dml`.
    (
        "AggregateExec",
        "SELECT min(b) AS lo, max(b) AS hi FROM app.t",
        true,
    ),
    // These have state that copies share.
    (
        "SortExec: TopK",
        "SELECT id FROM app.t ORDER BY b DESC, id LIMIT 3",
        false,
    ),
    (
        "HashJoinExec",
        "SELECT x.id, y.b FROM app.t x JOIN app.t y ON x.id = y.b",
        false,
    ),
    (
        "ScalarSubqueryExec",
        "SELECT id FROM app.t WHERE b > (SELECT avg(b) FROM app.t)",
        false,
    ),
    (
        "NestedLoopJoinExec",
        "SELECT count(*) AS n FROM app.t x JOIN app.t y ON x.id < y.b",
        false,
    ),
    (
        "BoundedWindowAggExec",
        "SELECT id, row_number() OVER (ORDER BY id) AS r FROM app.t",
        false,
    ),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plans_that_are_used_again_read_current_rows() {
    let server = CachedServer::new().await;
    server.create(&table("t", "kind = 'shared'", COLUMNS)).await;
    let session = server.session("root");
    let ctx = session.context();
    let mut next = 0;
    let mut add = async |rows: u64| {
        for _ in 0..rows {
            next += 1;
            let (a, b) = (next % 3, (next * 7) % 11);
            let insert = format!("INSERT INTO app.t (id, a, b) VALUES ({next}, 'a{a}', {b})");
            cached(&session, &insert).await.unwrap();
        }
    };
    add(20).await;
    for (operator, text, _) in OPERATORS {
        let plan = session.physical_plan(text).await.unwrap();
        let shown = datafusion::physical_plan::displayable(&*plan)
            .indent(true)
            .to_string();
        assert!(shown.contains(operator), "{text}: {shown}");
    }
    for round in 0..4 {
        add(5).await;
        if round == 2 {
            cached(&session, "DELETE FROM app.t WHERE id < 12")
                .await
                .unwrap();
        }
        for (_, text, is_reused) in OPERATORS {
            let before = server.tables.plan_cache().stats().physical_hits;
            let expected = planned(ctx, text).await.unwrap();
            assert_eq!(
                cached(&session, text).await.unwrap(),
                expected,
                "{text}, {round}"
            );
            // Two executions of one text at the same time.
            let (one, other) = tokio::join!(session.execute(text), session.execute(text));
            let (one, other) = (one.unwrap(), other.unwrap());
            let (one, other) =
                tokio::join!(one.try_collect::<Vec<_>>(), other.try_collect::<Vec<_>>());
            for rows in [one.unwrap(), other.unwrap()] {
                let mut rows: Vec<String> = lines(&rows).lines().map(str::to_string).collect();
                rows.sort_unstable();
                assert_eq!(rows.join("\n"), expected, "{text}, {round}");
            }
            let reused = server.tables.plan_cache().stats().physical_hits - before;
            assert_eq!(reused, if *is_reused { 3 } else { 0 }, "{text}");
        }
    }
}

/// A plan that is used again has the metrics of one execution.
#[tokio::test]
async fn metrics_are_those_of_one_execution() {
    let server = CachedServer::new().await;
    server.create(&table("t", "kind = 'shared'", COLUMNS)).await;
    let session = server.session("root");
    cached(&session, "INSERT INTO app.t (id) VALUES (1), (2)")
        .await
        .unwrap();
    let text = "SELECT id + 1 FROM app.t";
    for _ in 0..3 {
        let plan = session.physical_plan(text).await.unwrap();
        let task = session.context().task_ctx();
        datafusion::physical_plan::collect(std::sync::Arc::clone(&plan), task)
            .await
            .unwrap();
        fn rows(plan: &dyn ExecutionPlan) -> Vec<usize> {
            let own = plan.metrics().and_then(|metrics| metrics.output_rows());
            let below = plan.children().into_iter().flat_map(|child| rows(&**child));
            own.into_iter().chain(below).collect()
        }
        assert!(rows(&*plan).iter().all(|rows| *rows == 2));
    }
}
