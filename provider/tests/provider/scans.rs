// SPDX-License-Identifier: Apache-2.0

//! The columns that a scan builds, the rows that it returns, and its statistics and plans.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use datafusion::catalog::TableProvider;
use datafusion::physical_plan::collect;
use datafusion::prelude::{SessionConfig, SessionContext, col, lit};
use futures::StreamExt;
use kalamtable_provider::{FixedRows, MemoryTable, RowProvider, VirtualRows};
use kalamtable_rows::{FromArrow, KalamTable, TimestampMillis, ToArrow};

use crate::support::{answer, error, plan_text, run, scan_line, session, session_with};
use crate::tables::{Nullable, PANIC, Probe, Required, UNFIT, Watched, built};

fn watched(rows: i64) -> FixedRows<Watched> {
    FixedRows::new((0..rows).map(Watched::sample).collect())
}

async fn scan(
    provider: &RowProvider,
    session: &SessionContext,
    projection: Option<Vec<usize>>,
    limit: Option<usize>,
) -> Vec<RecordBatch> {
    let state = session.state();
    let plan = provider
        .scan(&state, projection.as_ref(), &[], limit)
        .await
        .unwrap();
    collect(plan, session.task_ctx()).await.unwrap()
}

#[tokio::test]
async fn only_requested_columns_are_built() {
    let session = session(watched(10));
    assert_eq!(answer(&session, "SELECT sum(a) FROM t").await, "450");
    assert_eq!(built(), [10, 0]);
    assert_eq!(answer(&session, "SELECT id FROM t WHERE b = 4").await, "4");
    assert_eq!(built(), [0, 10]);
}

#[tokio::test]
async fn count_star_builds_nothing() {
    let session = session(watched(20_000));
    assert_eq!(answer(&session, "SELECT count(*) FROM t").await, "20000");
    assert_eq!(built(), [0, 0]);
    assert_eq!(
        answer(&session, "SELECT count(*) FROM t WHERE a >= 100000").await,
        "10000"
    );
    assert_eq!(built(), [20_000, 0]);
}

#[tokio::test]
async fn other_columns_are_built_for_passing_rows_only() {
    let session = session(watched(10_000));
    let rows = answer(&session, "SELECT a, b FROM t WHERE id IN (7, 9000)").await;
    assert_eq!(rows, "70 NULL\n90000 9000");
    assert_eq!(built(), [2, 2]);
}

#[tokio::test]
async fn returned_filter_column_is_built_once() {
    let session = session(watched(100));
    let rows = answer(&session, "SELECT a, a + 1 AS c, id FROM t WHERE a > 970").await;
    assert_eq!(rows, "980 981 98\n990 991 99");
    assert_eq!(built(), [100, 0]);
}

#[tokio::test]
async fn limit_stops_the_scan() {
    let session = session(watched(100_000));
    let rows = answer(&session, "SELECT a FROM t LIMIT 3").await;
    assert_eq!(rows, "0\n10\n20");
    assert_eq!(built(), [3, 0]);
    let rows = answer(&session, "SELECT a FROM t LIMIT 2 OFFSET 4").await;
    assert_eq!(rows, "40\n50");
    assert_eq!(built(), [6, 0]);
}

#[tokio::test]
async fn limit_counts_rows_that_pass_the_filter() {
    let session = session(watched(100_000));
    let rows = answer(
        &session,
        "SELECT b FROM t WHERE id % 5000 = 4999 AND a > 0 LIMIT 3",
    )
    .await;
    assert_eq!(rows, "NULL\nNULL\nNULL");
    // The first three passing rows are in two blocks of 8192 rows.
    assert_eq!(built(), [16_384, 3]);
    let rows = answer(&session, "SELECT id FROM t WHERE a >= 999980 LIMIT 3").await;
    assert_eq!(rows, "99998\n99999");
}

#[tokio::test]
async fn limit_zero_builds_nothing() {
    let provider = RowProvider::new(watched(10));
    let session = SessionContext::new();
    assert!(scan(&provider, &session, None, Some(0)).await.is_empty());
    assert_eq!(built(), [0, 0]);
}

#[tokio::test]
async fn projection_reorders_and_repeats_columns() {
    let provider = RowProvider::new(watched(2));
    let session = SessionContext::new();
    let batches = scan(&provider, &session, Some(vec![3, 0, 3, 1]), None).await;
    let names: Vec<&str> = batches[0]
        .schema_ref()
        .fields()
        .iter()
        .map(|f| f.name().as_str())
        .collect();
    assert_eq!(names, ["title", "id", "title", "a"]);
    assert_eq!(batches[0].column(0), batches[0].column(2));
    assert_eq!(built(), [2, 0]);
}

#[tokio::test]
async fn permutation_of_all_columns_is_respected() {
    let provider = RowProvider::new(watched(2));
    let session = SessionContext::new();
    let batches = scan(&provider, &session, Some(vec![3, 2, 1, 0]), None).await;
    let in_order = scan(&provider, &session, None, None).await;
    for (column, reversed) in [(0, 3), (1, 2), (2, 1), (3, 0)] {
        assert_eq!(batches[0].column(reversed), in_order[0].column(column));
    }
}

#[tokio::test]
async fn empty_projection_keeps_the_row_count() {
    let provider = RowProvider::new(watched(10_000));
    let session = SessionContext::new();
    let batches = scan(&provider, &session, Some(vec![]), None).await;
    let rows: Vec<usize> = batches.iter().map(RecordBatch::num_rows).collect();
    assert_eq!(rows, [8192, 1808]);
    assert_eq!(batches[0].num_columns(), 0);
}

#[tokio::test]
async fn invalid_projection_fails() {
    let provider = RowProvider::new(watched(2));
    let session = SessionContext::new();
    let scan = provider
        .scan(&session.state(), Some(&vec![4]), &[], None)
        .await;
    assert!(scan.is_err());
}

#[tokio::test]
async fn schema_is_the_query_schema() {
    let provider = RowProvider::new(watched(2));
    let session = SessionContext::new();
    assert_eq!(provider.schema(), **Watched::TABLE.query_schema);
    let batches = scan(&provider, &session, Some(vec![1]), None).await;
    assert_eq!(batches[0].schema_ref().field(0), provider.schema().field(1));
}

#[tokio::test]
async fn batches_have_the_session_batch_size() {
    for batch_size in [1, 7, 100] {
        let config = SessionConfig::new().with_batch_size(batch_size);
        let session = session_with(watched(50), config);
        let batches = run(&session, "SELECT id FROM t").await.unwrap();
        assert_eq!(batches.len(), 50usize.div_ceil(batch_size));
        assert!(batches.iter().all(|batch| batch.num_rows() <= batch_size));
    }
}

#[tokio::test]
async fn few_passing_rows_are_coalesced() {
    let session = session(watched(200_000));
    let batches = run(&session, "SELECT id, title FROM t WHERE id % 100 = 0")
        .await
        .unwrap();
    let rows: Vec<usize> = batches.iter().map(RecordBatch::num_rows).collect();
    assert_eq!(rows, [2000]);
    let batches = run(&session, "SELECT id, title FROM t WHERE id % 10 <> 0")
        .await
        .unwrap();
    let rows: Vec<usize> = batches.iter().map(RecordBatch::num_rows).collect();
    assert_eq!(rows.iter().sum::<usize>(), 180_000);
    assert!(rows.iter().all(|&rows| rows <= 8192), "{rows:?}");
    assert!(rows.len() <= 25, "{rows:?}");
}

#[tokio::test]
async fn empty_table_returns_the_schema() {
    let session = session(watched(0));
    assert_eq!(
        answer(&session, "SELECT count(*), min(a) FROM t").await,
        "0 NULL"
    );
    assert_eq!(answer(&session, "SELECT * FROM t").await, "");
    let provider = RowProvider::new(FixedRows::<Nullable>::new(vec![]));
    let plan = provider
        .scan(&session.state(), None, &[], None)
        .await
        .unwrap();
    assert_eq!(plan.schema(), provider.schema());
    assert!(scan(&provider, &session, None, None).await.is_empty());
}

#[tokio::test]
async fn explain_describes_the_scan() {
    let session = session(watched(3));
    let line = scan_line(
        &session,
        "SELECT title, a FROM t WHERE b > 1 AND title IS NOT NULL LIMIT 2",
    );
    assert_eq!(
        line.await,
        "RowScanExec: table=app.watched, columns=[a, title], \
         filter=b@0 > 1 AND title@1 IS NOT NULL, limit=2"
    );
    let line = scan_line(&session, "SELECT 1 FROM t").await;
    assert_eq!(line, "RowScanExec: table=app.watched, columns=[]");
    let tree = answer(
        &session,
        "EXPLAIN FORMAT TREE SELECT id FROM t WHERE id = 1",
    )
    .await;
    assert!(tree.contains("table: app.watched"), "{tree}");
}

#[tokio::test]
async fn explain_analyze_counts_rows_and_time() {
    let session = session(watched(100));
    let plan = answer(&session, "EXPLAIN ANALYZE SELECT id FROM t WHERE a > 900").await;
    assert!(plan.contains("output_rows=9,"), "{plan}");
    assert!(plan.contains("elapsed_compute="), "{plan}");
    assert!(plan.contains("rows_read=100"), "{plan}");
    assert!(plan.contains("bytes_built="), "{plan}");
}

#[tokio::test]
async fn source_is_scanned_at_execution_only() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = calls.clone();
    let session = session(VirtualRows::new(move || {
        let call = counter.fetch_add(1, Ordering::Relaxed) as i64;
        Ok((0..=call).map(Watched::sample).collect())
    }));
    assert!(
        answer(&session, "EXPLAIN SELECT * FROM t")
            .await
            .contains("RowScanExec")
    );
    assert_eq!(calls.load(Ordering::Relaxed), 0);

    let frame = session.sql("SELECT id FROM t").await.unwrap();
    let plan = frame.create_physical_plan().await.unwrap();
    assert_eq!(calls.load(Ordering::Relaxed), 0);
    for expected in 1..4 {
        let batches = collect(plan.clone(), session.task_ctx()).await.unwrap();
        assert_eq!(batches[0].num_rows(), expected);
    }
}

#[tokio::test]
async fn scan_sees_one_snapshot() {
    let table = Arc::new(MemoryTable::new());
    table.insert((0..30_000).map(Watched::sample)).unwrap();
    let provider = RowProvider::new(table.clone());
    let session = SessionContext::new();
    let plan = provider
        .scan(&session.state(), Some(&vec![0]), &[], None)
        .await
        .unwrap();
    let mut stream = plan.execute(0, session.task_ctx()).unwrap();
    let mut rows = stream.next().await.unwrap().unwrap().num_rows();
    table.replace_all([]).unwrap();
    while let Some(batch) = stream.next().await {
        rows += batch.unwrap().num_rows();
    }
    assert_eq!(rows, 30_000);
    assert!(table.is_empty());
}

#[tokio::test]
async fn failing_source_names_table_and_cause() {
    let session = session(VirtualRows::<Watched>::new(|| {
        Err("the disk is gone".into())
    }));
    assert_eq!(
        error(&session, "SELECT * FROM t").await,
        "External error: table `app.watched`: its source failed: the disk is gone"
    );
}

#[tokio::test]
async fn row_error_of_source_is_not_wrapped() {
    let session = session(VirtualRows::<Watched>::new(|| {
        let mut row = Watched::sample(1);
        row.a = Probe(UNFIT);
        Watched::to_batch(&[row])?;
        Ok(Vec::new())
    }));
    assert_eq!(
        error(&session, "SELECT * FROM t").await,
        "External error: table `app.watched`, column `a`, row 0: it is unfit"
    );
}

#[tokio::test]
async fn panicking_source_fails_only_its_query() {
    for partitions in [1, 4] {
        let session = SessionContext::new_with_config(
            SessionConfig::new().with_target_partitions(partitions),
        );
        let calls = AtomicUsize::new(0);
        crate::support::register(
            &session,
            "t",
            VirtualRows::new(move || {
                assert!(calls.fetch_add(1, Ordering::Relaxed) > 0, "the first call");
                Ok(vec![Watched::sample(1)])
            }),
        );
        let message = error(&session, "SELECT a, count(*) FROM t GROUP BY a").await;
        assert!(
            message.contains("table `app.watched`: its source panicked: the first call"),
            "{message}"
        );
        assert_eq!(
            answer(&session, "SELECT a, count(*) FROM t GROUP BY a").await,
            "10 1"
        );
    }
}

#[tokio::test]
async fn panicking_value_fails_only_its_query() {
    let mut rows: Vec<Watched> = (0..10).map(Watched::sample).collect();
    rows[5].a = Probe(PANIC);
    let session = session(FixedRows::new(rows));
    let message = error(&session, "SELECT a FROM t").await;
    assert!(
        message.contains("table `app.watched`: its source panicked: a value that panics"),
        "{message}"
    );
    assert_eq!(answer(&session, "SELECT a FROM t WHERE id = 6").await, "60");
}

#[tokio::test]
async fn invalid_value_names_its_row_in_the_source() {
    let mut rows: Vec<Watched> = (0..20_000).map(Watched::sample).collect();
    rows[10_001].a = Probe(UNFIT);
    let expected = "table `app.watched`, column `a`, row 10001: it is unfit";
    for chunked in [false, true] {
        let session = match chunked {
            false => session(FixedRows::new(rows.clone())),
            true => {
                let table = MemoryTable::new();
                table.insert(rows.clone()).unwrap();
                session(table)
            }
        };
        for sql in [
            "SELECT a FROM t",
            "SELECT id FROM t WHERE a < 0",
            "SELECT a FROM t WHERE id % 3 = 2",
        ] {
            let message = error(&session, sql).await;
            assert!(message.contains(expected), "{sql}: {message}");
        }
        assert_eq!(
            answer(&session, "SELECT count(a) FROM t WHERE id <> 10001").await,
            "19999"
        );
    }
}

#[tokio::test]
async fn scan_without_matches_yields_to_other_tasks() {
    let provider = RowProvider::new(watched(100_000));
    let session = SessionContext::new();
    let filters = [col("a").lt(lit(0i64))];
    let plan = provider
        .scan(&session.state(), None, &filters, None)
        .await
        .unwrap();
    let mut stream = plan.execute(0, session.task_ctx()).unwrap();
    // Each poll reads one block, and dropping the stream between two polls ends the work.
    for blocks in 1..4 {
        assert!(futures::poll!(stream.next()).is_pending());
        assert_eq!(built(), [8192, 0], "after {blocks}");
    }
    drop(stream);
    assert_eq!(built(), [0, 0]);
}

#[tokio::test]
async fn every_type_round_trips() {
    let required: Vec<Required> = (0..30).map(Required::sample).collect();
    let nullable: Vec<Nullable> = (0..30).map(Nullable::sample).collect();
    let session = session(FixedRows::new(required.clone()));
    crate::support::register(&session, "n", FixedRows::new(nullable.clone()));
    let batches = run(&session, "SELECT * FROM t").await.unwrap();
    assert_eq!(Required::from_batch(&batches[0]).unwrap(), required);
    let batches = run(&session, "SELECT * FROM n").await.unwrap();
    assert_eq!(Nullable::from_batch(&batches[0]).unwrap(), nullable);
}

#[tokio::test]
async fn with_fetch_limits_the_rows() {
    let provider = RowProvider::new(watched(100));
    let session = SessionContext::new();
    let plan = provider
        .scan(&session.state(), Some(&vec![0]), &[], None)
        .await
        .unwrap();
    let limited = plan.with_fetch(Some(5)).unwrap();
    assert_eq!(limited.fetch(), Some(5));
    let batches = collect(limited, session.task_ctx()).await.unwrap();
    assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 5);
    let all = collect(plan, session.task_ctx()).await.unwrap();
    assert_eq!(all.iter().map(RecordBatch::num_rows).sum::<usize>(), 100);
}

#[tokio::test]
async fn min_and_max_of_key_need_no_scan() {
    let table = Arc::new(MemoryTable::new());
    table.insert((10..20_000).map(Watched::sample)).unwrap();
    let session = session(table.clone());
    let sql = "SELECT min(id), max(id), count(*), count(id) FROM t";
    let plan = plan_text(&session, sql).await;
    assert!(!plan.contains("RowScanExec"), "{plan}");
    assert_eq!(answer(&session, sql).await, "10 19999 19990 19990");
    table.remove(&10).unwrap();
    assert_eq!(answer(&session, sql).await, "11 19999 19989 19989");
    // A filter or a limit excludes rows, so the bounds are not exact.
    assert_eq!(
        answer(&session, "SELECT min(id), max(id) FROM t WHERE a > 500").await,
        "51 19999"
    );
    let sql = "SELECT max(id), count(*) FROM (SELECT id FROM t LIMIT 5)";
    assert_eq!(answer(&session, sql).await, "15 5");
    table.replace_all([]).unwrap();
    assert_eq!(
        answer(&session, "SELECT min(id), count(*) FROM t").await,
        "NULL 0"
    );
}

#[derive(Clone, Debug, PartialEq, KalamTable)]
#[kalam(table = "app.timed_values", primary_key(at), crate = kalamtable_rows)]
struct TimedValue {
    #[kalam(type = "timestamp")]
    at: TimestampMillis,
    n: i64,
}

#[tokio::test]
async fn invalid_key_bounds_fail_only_scans_that_read_them() {
    let at = TimestampMillis::new(i64::MAX);
    let session = session(FixedRows::new(vec![TimedValue { at, n: 1 }]));
    assert_eq!(answer(&session, "SELECT n FROM t").await, "1");
    let message = error(&session, "SELECT max(at) FROM t").await;
    assert!(message.contains("column `at`, row 0"), "{message}");
}

/// The planner must not turn the key of a single row into a constant: a cached plan may see other
/// rows.
#[tokio::test]
async fn cached_plan_for_one_key_sorts_two() {
    let table = Arc::new(MemoryTable::new());
    table.insert([Watched::sample(1)]).unwrap();
    let session = session(table.clone());
    let sql =
        "SELECT id, count(*) FROM t GROUP BY id HAVING id = 1 OR count(*) > 0 ORDER BY id DESC";
    let plan = session
        .sql(sql)
        .await
        .unwrap()
        .create_physical_plan()
        .await
        .unwrap();
    table.insert([Watched::sample(2)]).unwrap();
    let batches = collect(plan, session.task_ctx()).await.unwrap();
    let ids = batches.iter().flat_map(|batch| {
        batch
            .column(0)
            .as_primitive::<Int64Type>()
            .values()
            .to_vec()
    });
    assert_eq!(ids.collect::<Vec<i64>>(), [2, 1]);
}
