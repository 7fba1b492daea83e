// SPDX-License-Identifier: Apache-2.0

//! Tables whose rows fill several pages and row groups of files: keys, pruning, damage, and files
//! that queries read while they are replaced.

use std::sync::Arc;

use datafusion::physical_plan::{ExecutionPlan, collect};
use futures::StreamExt;
use kalamtable_runtime::dynamic::{Partition, RowStorage};
use kalamtable_storage::{HybridOptions, HybridStorage, LogFolder};

use crate::restart::files;
use crate::server::{Server, definitions, with_causes};
use crate::simulated::SimulatedFolder;

const ROWS: i64 = 300_000;

/// Fills a table with rows in the order of its key, or in another order, and flushes it.
async fn fill(server: &Server, key: &str) {
    server
        .run(
            "CREATE TABLE app.t (id BIGINT PRIMARY KEY, code TEXT UNIQUE, n INT, x DOUBLE) \
             WITH (type = 'shared')",
        )
        .await;
    for from in (0..ROWS).step_by(100_000) {
        let to = from + 99_999;
        let insert = format!(
            "INSERT INTO app.t (id, code, n, x) SELECT {key}, concat('code ', {key}), value % 7, \
             value * 0.5 FROM generate_series({from}, {to})"
        );
        server.run(&insert).await;
    }
    server.run("FLUSH TABLE app.t").await;
}

/// In this order, each statement has keys between the least and the greatest key.
const SHUFFLED: &str = "(value * 104729) % 300000";

/// Returns the value of a metric of the scan of a query.
async fn metric(server: &Server, sql: &str, name: &str) -> usize {
    let plan = server.tables.sql(&server.root, sql).await.unwrap();
    let context = Arc::new(plan.task_ctx());
    let plan = plan.create_physical_plan().await.unwrap();
    collect(Arc::clone(&plan), context).await.unwrap();
    let mut leaf: Arc<dyn ExecutionPlan> = plan;
    while let Some(child) = leaf.children().first().map(|child| Arc::clone(child)) {
        leaf = child;
    }
    let metrics = leaf.metrics().unwrap();
    metrics
        .sum_by_name(name)
        .map_or(0, |value| value.as_usize())
}

#[tokio::test]
async fn keys_in_files_are_unique() {
    for key in ["value", SHUFFLED] {
        let folder = tempfile::tempdir().unwrap();
        let definitions = definitions();
        let server = Server::open(&definitions, folder.path()).await;
        fill(&server, key).await;
        drop(server);
        let server = Server::open(&definitions, folder.path()).await;
        for id in [0, 1, 8191, 8192, 131_071, 131_072, 299_999] {
            let insert = format!("INSERT INTO app.t (id, code) VALUES ({id}, 'new')");
            let error = server.error(&insert).await;
            assert!(error.contains("id"), "{error}");
            let insert = format!("INSERT INTO app.t (id, code) VALUES (-1, 'code {id}')");
            let error = server.error(&insert).await;
            assert!(error.contains("code"), "{error}");
        }
        // Among many new keys.
        let error = server
            .error(
                "INSERT INTO app.t (id, code) SELECT value, concat('other ', value) \
                 FROM generate_series(299999, 309998)",
            )
            .await;
        assert!(error.contains("299999"), "{error}");

        let updated = "UPDATE app.t SET n = 100, id = id + 1000000 WHERE id = 131072";
        assert_eq!(server.run(updated).await, "1");
        assert_eq!(server.run("DELETE FROM app.t WHERE id = 8192").await, "1");
        assert_eq!(server.run("DELETE FROM app.t WHERE id = 8192").await, "0");
        server
            .run("INSERT INTO app.t (id, code, n) VALUES (8192, 'code 8192', 1)")
            .await;
        server
            .run("REPLACE INTO app.t (id, code, n) VALUES (5, 'five', 5)")
            .await;
        let rows = "SELECT id, code, n FROM app.t \
                    WHERE id IN (5, 8192, 131072, 1131072, 299999) ORDER BY id";
        let n = server.run("SELECT n FROM app.t WHERE id = 299999").await;
        let expected =
            format!("5 five 5\n8192 code 8192 1\n299999 code 299999 {n}\n1131072 code 131072 100");
        assert_eq!(server.run(rows).await, expected);
        server.run("FLUSH TABLE app.t").await;
        assert_eq!(server.run(rows).await, expected);
        let count = server
            .run("SELECT count(*), count(DISTINCT id) FROM app.t")
            .await;
        assert_eq!(count, "300000 300000");
    }
}

#[tokio::test]
async fn keys_of_a_widened_column_are_found_in_files() {
    let folder = tempfile::tempdir().unwrap();
    let definitions = definitions();
    let server = Server::open(&definitions, folder.path()).await;
    server
        .run("CREATE TABLE app.t (id INT PRIMARY KEY, n INT) WITH (type = 'shared')")
        .await;
    server
        .run("INSERT INTO app.t (id, n) SELECT value, value + 0 FROM generate_series(1, 20000)")
        .await;
    server.run("FLUSH TABLE app.t").await;
    server
        .run("ALTER TABLE app.t ALTER COLUMN id SET DATA TYPE BIGINT")
        .await;
    let error = server.error("INSERT INTO app.t (id) VALUES (12345)").await;
    assert!(error.contains("12345"), "{error}");
    assert_eq!(
        server.run("SELECT n FROM app.t WHERE id = 12345").await,
        "12345"
    );
    assert_eq!(server.run("DELETE FROM app.t WHERE id = 12345").await, "1");
    assert_eq!(server.run("SELECT n FROM app.t WHERE id = 12345").await, "");
    let count = server
        .run("SELECT count(*) FROM app.t WHERE id > 19990")
        .await;
    assert_eq!(count, "10");
}

#[tokio::test]
async fn queries_read_the_parts_that_can_match() {
    for key in ["value", SHUFFLED] {
        let folder = tempfile::tempdir().unwrap();
        let definitions = definitions();
        let server = Server::open(&definitions, folder.path()).await;
        fill(&server, key).await;
        let by_key = "SELECT * FROM app.t WHERE id = 123456";
        // One page. With keys in another order, one page of each statement that has rows in a row
        // group with the key.
        let read = metric(&server, by_key, "rows_read").await;
        let pages = if key == "value" { 1 } else { 3 };
        assert!((1..=8192 * pages).contains(&read), "{key}: {read}");
        let by_code = "SELECT * FROM app.t WHERE code = 'code 777'";
        let read = metric(&server, by_code, "rows_read").await;
        assert!((1..=ROWS as usize / 3).contains(&read), "{key}: {read}");
        let absent = "SELECT * FROM app.t WHERE id = 900000";
        assert_eq!(metric(&server, absent, "rows_read").await, 0);
        if key == "value" {
            let range = "SELECT * FROM app.t WHERE id BETWEEN 1000 AND 1010";
            let read = metric(&server, range, "rows_read").await;
            assert!(read < ROWS as usize / 2, "{read}");
            // The dynamic filter excludes most row groups once ten rows are known.
            let first = "SELECT id FROM app.t ORDER BY id LIMIT 3";
            assert_eq!(server.run(first).await, "0\n1\n2");
            let last = "SELECT id FROM app.t ORDER BY id DESC LIMIT 3";
            assert_eq!(server.run(last).await, "299999\n299998\n299997");
        }
        let few = "SELECT id FROM app.t LIMIT 10";
        assert!(metric(&server, few, "rows_read").await <= 10);
    }
}

#[tokio::test]
async fn change_of_a_part_of_a_file_is_found_when_it_is_read() {
    let definitions = definitions();
    let folder = SimulatedFolder::new(1);
    let storage = HybridStorage::open_in(Arc::new(folder.clone()), HybridOptions::default());
    let server = Server::new(&definitions, Arc::new(storage.unwrap())).await;
    fill(&server, "value").await;
    drop(server);
    folder.restart();
    let names = folder.list().unwrap();
    let name = names
        .iter()
        .find(|name| name.ends_with(".parquet"))
        .unwrap();
    let content = folder.read(name).unwrap();
    let (mut found_by_query, mut found_at_open) = (0, 0);
    for at in (0..content.len()).step_by(content.len() / 40) {
        let mut changed = content.clone();
        changed[at] ^= 1;
        folder.put(name, &changed);
        let storage = HybridStorage::open_in(Arc::new(folder.clone()), HybridOptions::default());
        let server = match storage {
            Ok(storage) => Server::new(&definitions, Arc::new(storage)).await,
            Err(error) => {
                assert!(with_causes(&error).contains(name), "{error}");
                found_at_open += 1;
                folder.restart();
                continue;
            }
        };
        // Reads all columns of all rows.
        let all = "SELECT count(id), max(code), sum(n), sum(x), max(_seq), sum(id) FROM app.t";
        let error = server.try_run(&server.root, all).await;
        let error = match error {
            Err(error) => with_causes(&error),
            // The change is in a Bloom filter.
            Ok(rows) => {
                let expected = "300000 code 99999 899997 22499925000 300000 44999850000";
                assert_eq!(rows.replace(".0", ""), expected);
                continue;
            }
        };
        assert!(
            error.contains(name) && error.contains("checksum"),
            "{error}"
        );
        found_by_query += 1;
        drop(server);
        folder.restart();
    }
    assert!(
        found_by_query > 20 && found_at_open > 0,
        "{found_by_query} {found_at_open}"
    );
}

#[tokio::test]
async fn query_reads_files_that_are_replaced_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let definitions = definitions();
    let server = Server::open(&definitions, folder.path()).await;
    fill(&server, "value").await;
    let old = files(folder.path(), ".parquet");
    let frame = server
        .tables
        .sql(&server.root, "SELECT id, code FROM app.t")
        .await
        .unwrap();
    let mut stream = frame.execute_stream().await.unwrap();
    let mut rows = stream.next().await.unwrap().unwrap().num_rows();
    // Most rows are superseded, so the files are replaced.
    server.run("UPDATE app.t SET n = 8 WHERE id >= 10").await;
    server.run("FLUSH TABLE app.t").await;
    server.run("UPDATE app.t SET n = 9 WHERE id < 10").await;
    server.run("FLUSH TABLE app.t").await;
    let now = files(folder.path(), ".parquet");
    assert!(old.iter().all(|name| now.contains(name)), "{old:?} {now:?}");
    while let Some(batch) = stream.next().await {
        rows += batch.unwrap().num_rows();
    }
    assert_eq!(rows as i64, ROWS);
    drop(stream);
    server.run("UPDATE app.t SET n = 10 WHERE id = 1").await;
    server.run("FLUSH TABLE app.t").await;
    let now = files(folder.path(), ".parquet");
    assert!(
        !old.iter().any(|name| now.contains(name)),
        "{old:?} {now:?}"
    );
}

#[tokio::test]
async fn small_chunks_in_files_are_joined() {
    let folder = tempfile::tempdir().unwrap();
    let definitions = definitions();
    let storage = Arc::new(HybridStorage::open(folder.path()).unwrap());
    let rows: Arc<dyn RowStorage> = storage.clone();
    let server = Server::new(&definitions, rows).await;
    server
        .run("CREATE TABLE app.t (id BIGINT PRIMARY KEY, n INT) WITH (type = 'shared')")
        .await;
    let table = storage.tables();
    assert_eq!(table.len(), 0);
    for id in 0..100 {
        let insert = format!("INSERT INTO app.t (id, n) VALUES ({id}, {id}), ({id} + 1000, 0)");
        server.run(&insert).await;
        server
            .run(&format!("UPDATE app.t SET n = 1 WHERE id = {id} / 2"))
            .await;
        server.run("FLUSH TABLE app.t").await;
    }
    let partition = Partition {
        table: storage.tables()[0],
        owner: None,
    };
    let rows = storage.rows(&partition).unwrap();
    assert!(rows.chunks.len() <= 10, "{} chunks", rows.chunks.len());
    assert!(
        rows.chunks
            .iter()
            .all(|stored| !stored.chunk.is_in_memory())
    );
    let kept: usize = rows.chunks.iter().map(|stored| stored.chunk.len()).sum();
    assert!(kept <= 2 * 200 + 2, "{kept} rows for 200");
    let count = "SELECT count(*), sum(n) FROM app.t";
    let expected = server.run(count).await;
    assert!(expected.starts_with("200 "), "{expected}");
    drop((server, storage, rows));
    let server = Server::open(&definitions, folder.path()).await;
    assert_eq!(server.run(count).await, expected);
}

#[tokio::test]
async fn casts_that_change_the_order_exclude_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::open(&definitions(), folder.path()).await;
    server
        .run(
            "CREATE TABLE app.t (id BIGINT PRIMARY KEY, at TIMESTAMP, n INT) \
             WITH (type = 'shared')",
        )
        .await;
    // From the morning of a day until after the next midnight.
    server
        .run(
            "INSERT INTO app.t (id, at, n) VALUES \
             (1, '2024-01-01T09:00:00', -1), (2, '2024-01-01T20:00:00', 0), \
             (3, '2024-01-02T01:00:00', 1)",
        )
        .await;
    let queries = [
        ("CAST(at AS TIME) > TIME '08:00:00'", "1 2"),
        ("CAST(n AS BOOLEAN) = false", "2"),
        ("CAST(n AS BOOLEAN) < true", "2"),
        ("CAST(n AS BIGINT) > 0", "3"),
        ("CAST(at AS DATE) > DATE '2024-01-01'", "3"),
        ("-n > 0", "1"),
        ("NOT (CAST(at AS TIME) < TIME '08:00:00')", "1 2"),
    ];
    for flushed in [false, true] {
        for (condition, expected) in queries {
            let rows = server
                .run(&format!(
                    "SELECT id FROM app.t WHERE {condition} ORDER BY id"
                ))
                .await;
            assert_eq!(
                rows.replace('\n', " "),
                expected,
                "{condition}, flushed: {flushed}"
            );
        }
        server.run("FLUSH TABLE app.t").await;
    }
}

#[tokio::test]
async fn chunks_that_cannot_be_joined_do_not_prevent_a_flush() {
    let folder = tempfile::tempdir().unwrap();
    let storage = Arc::new(HybridStorage::open(folder.path()).unwrap());
    let rows: Arc<dyn RowStorage> = storage.clone();
    let server = Server::new(&definitions(), rows).await;
    server
        .run(
            "CREATE TABLE app.t (id BIGINT PRIMARY KEY, \
             word \"arrow:Dictionary(Int8, Utf8)\") WITH (type = 'shared')",
        )
        .await;
    // Both together have more words than the keys of a dictionary can count.
    for first in [0, 100, 200] {
        let insert = format!(
            "INSERT INTO app.t (id, word) SELECT value, concat('word ', value) \
             FROM generate_series({first}, {first} + 99)"
        );
        server.run(&insert).await;
        server.run("FLUSH TABLE app.t").await;
    }
    assert!(storage.stats().join_error.is_some());
    assert_eq!(storage.stats().log_bytes, 0);
    for id in [7, 107, 250] {
        let word = format!("SELECT word FROM app.t WHERE id = {id}");
        assert_eq!(server.run(&word).await, format!("word {id}"));
    }
}
