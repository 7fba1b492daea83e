// SPDX-License-Identifier: Apache-2.0

//! Reads and changes by key, which use the key indexes of a partition.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use datafusion::physical_plan::{ExecutionPlan, collect};
use datafusion::prelude::SessionContext;
use kalamtable_runtime::Role;
use proptest::prelude::Rng;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::support::{Server, actor, answer, run, table};

/// Runs a query, and returns the sum of a metric of its scans.
async fn metric(session: &SessionContext, sql: &str, name: &str) -> usize {
    let plan = session
        .sql(sql)
        .await
        .unwrap()
        .create_physical_plan()
        .await
        .unwrap();
    collect(Arc::clone(&plan), session.task_ctx())
        .await
        .unwrap();
    fn sum(plan: &dyn ExecutionPlan, name: &str) -> usize {
        let own = plan.metrics().and_then(|metrics| metrics.sum_by_name(name));
        let below = plan.children().into_iter().map(|child| sum(&**child, name));
        own.map_or(0, |value| value.as_usize()) + below.sum::<usize>()
    }
    sum(&*plan, name)
}

async fn filled(kind: &str, rows: usize) -> (Server, SessionContext) {
    let server = Server::new().await;
    let columns = "code = { id = 2, type = 'text', nullable = true }\nn = { id = 3, type = 'int', nullable = true }";
    let toml = table("t", &format!("{kind}\nunique = [['code']]"), columns);
    server.create(&toml).await;
    let session = server.session(actor("ann", Role::System));
    let insert = format!(
        "INSERT INTO app.t (id, code, n) SELECT value, 'c' || value, value % 7 FROM range(0, {rows})"
    );
    run(&session, &insert).await.unwrap();
    (server, session)
}

#[tokio::test]
async fn lookup_reads_the_rows_of_its_keys() {
    for kind in [
        "kind = 'user'",
        "kind = 'shared'",
        "kind = 'stream'\nttl_seconds = 60",
    ] {
        let (_server, session) = filled(kind, 100_000).await;
        for (condition, rows) in [
            ("id = 77777", 1),
            ("id = 77777 AND n > 100", 1),
            ("id IN (1, 2, 3, 1000000)", 3),
            ("id = -1", 0),
            ("code = 'c5'", 1),
            ("code IN ('c5', 'c6')", 2),
        ] {
            let sql = format!("SELECT * FROM app.t WHERE {condition}");
            assert_eq!(
                metric(&session, &sql, "rows_read").await,
                rows,
                "{kind}, {condition}"
            );
            assert!(
                metric(&session, &sql, "lookups").await > 0,
                "{kind}, {condition}"
            );
        }
        let range = "SELECT * FROM app.t WHERE id BETWEEN 5 AND 6";
        assert_eq!(metric(&session, range, "rows_read").await, 100_000);
        assert_eq!(
            answer(&session, "SELECT code FROM app.t WHERE id = 5").await,
            "c5"
        );
    }
}

/// The index follows a change of the key's type: it is built again in the background, and lookups
/// before that scan the rows.
#[tokio::test]
async fn lookup_by_a_promoted_key_finds_rows_of_each_version() {
    let server = Server::new().await;
    let toml = table(
        "t",
        "kind = 'shared'",
        "n = { id = 2, type = 'int', nullable = true }",
    );
    server.create(&toml.replace("'bigint'", "'int'")).await;
    let session = server.root();
    run(
        &session,
        "INSERT INTO app.t (id, n) VALUES (1, 10), (2, 20)",
    )
    .await
    .unwrap();
    server.alter(&toml).await;
    for _ in 0..200 {
        assert_eq!(
            answer(&session, "SELECT n FROM app.t WHERE id = 2").await,
            "20"
        );
        tokio::task::yield_now().await;
    }
    run(
        &session,
        "INSERT INTO app.t (id, n) VALUES (3000000000, 30)",
    )
    .await
    .unwrap();
    for (id, n) in [(1, "10"), (2, "20"), (3_000_000_000_i64, "30"), (4, "")] {
        let sql = format!("SELECT n FROM app.t WHERE id = {id}");
        assert_eq!(answer(&session, &sql).await, n);
    }
    assert_eq!(
        metric(
            &session,
            "SELECT n FROM app.t WHERE id = 3000000000",
            "rows_read"
        )
        .await,
        1
    );
    run(&session, "UPDATE app.t SET n = 21 WHERE id = 2")
        .await
        .unwrap();
    run(&session, "DELETE FROM app.t WHERE id = 1")
        .await
        .unwrap();
    assert_eq!(
        answer(&session, "SELECT id, n FROM app.t ORDER BY id").await,
        "2 21\n3000000000 30"
    );
}

#[tokio::test]
async fn deleted_rows_are_found_by_sessions_that_see_them() {
    let (server, session) = filled("kind = 'user'", 10).await;
    run(&session, "DELETE FROM app.t WHERE id = 3")
        .await
        .unwrap();
    assert_eq!(
        answer(&session, "SELECT id FROM app.t WHERE id = 3").await,
        ""
    );
    assert_eq!(
        answer(&session, "SELECT id FROM app.t WHERE code = 'c3'").await,
        ""
    );
    let replica = server.session(actor("ann", Role::System).with_deleted());
    for condition in ["id = 3", "code = 'c3'"] {
        let sql = format!("SELECT id, _deleted FROM app.t WHERE {condition}");
        assert_eq!(answer(&replica, &sql).await, "3 true");
    }
}

#[tokio::test]
async fn expired_rows_are_not_found() {
    let (server, session) = filled("kind = 'stream'\nttl_seconds = 60", 10).await;
    server.clock.advance(61.0);
    assert_eq!(
        answer(&session, "SELECT id FROM app.t WHERE id = 3").await,
        ""
    );
    run(&session, "INSERT INTO app.t (id) VALUES (3)")
        .await
        .unwrap();
    assert_eq!(
        answer(&session, "SELECT id FROM app.t WHERE id = 3").await,
        "3"
    );
}

#[tokio::test]
async fn users_find_their_own_rows_by_key() {
    let server = Server::new().await;
    server
        .create(&table(
            "t",
            "kind = 'user'",
            "n = { id = 2, type = 'int', nullable = true }",
        ))
        .await;
    let (ann, bob) = (server.user("ann"), server.user("bob"));
    run(&ann, "INSERT INTO app.t (id, n) VALUES (1, 10), (2, 20)")
        .await
        .unwrap();
    run(&bob, "INSERT INTO app.t (id, n) VALUES (1, 11)")
        .await
        .unwrap();
    assert_eq!(answer(&ann, "SELECT n FROM app.t WHERE id = 1").await, "10");
    assert_eq!(answer(&bob, "SELECT n FROM app.t WHERE id = 1").await, "11");
    assert_eq!(answer(&bob, "SELECT n FROM app.t WHERE id = 2").await, "");
    run(&bob, "UPDATE app.t SET n = 0 WHERE id = 2")
        .await
        .unwrap();
    run(&bob, "DELETE FROM app.t WHERE id = 1").await.unwrap();
    assert_eq!(
        answer(&ann, "SELECT n FROM app.t ORDER BY id").await,
        "10\n20"
    );
}

/// Random statements by key, compared with a map.
#[tokio::test]
async fn random_statements_by_key_agree_with_a_map() {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[11; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let server = Server::new().await;
    let columns = "code = { id = 2, type = 'text', nullable = true }\nn = { id = 3, type = 'int', nullable = true }";
    let toml = table("t", "kind = 'shared'\nunique = [['code']]", columns);
    let mut versions = vec![toml.clone(), toml.replace("'bigint'", "'int'")];
    server.create(&versions.pop().unwrap()).await;
    let session = server.root();
    let mut model: BTreeMap<i64, (Option<String>, i64)> = BTreeMap::new();
    for step in 0..1200 {
        let mut below = |end: u64| (runner.rng().next_u64() % end) as i64;
        let (id, code, n) = (below(40), format!("c{}", below(60)), below(100));
        let is_taken = |model: &BTreeMap<i64, (Option<String>, i64)>, id: i64| {
            let mut rows = model.iter();
            rows.any(|(other, row)| *other != id && row.0.as_deref() == Some(&*code))
        };
        match below(8) {
            0 | 1 => {
                let insert =
                    format!("INSERT INTO app.t (id, code, n) VALUES ({id}, '{code}', {n})");
                let is_valid = !model.contains_key(&id) && !is_taken(&model, id);
                assert_eq!(
                    run(&session, &insert).await.is_ok(),
                    is_valid,
                    "{step}: {insert}"
                );
                if is_valid {
                    model.insert(id, (Some(code.clone()), n));
                }
            }
            2 => {
                let update = format!("UPDATE app.t SET n = {n} WHERE id = {id}");
                run(&session, &update).await.unwrap();
                if let Some(row) = model.get_mut(&id) {
                    row.1 = n;
                }
            }
            3 => {
                let update = format!("UPDATE app.t SET n = n + 1 WHERE code = '{code}'");
                run(&session, &update).await.unwrap();
                for row in model
                    .values_mut()
                    .filter(|row| row.0.as_deref() == Some(&*code))
                {
                    row.1 += 1;
                }
            }
            4 => {
                run(&session, &format!("DELETE FROM app.t WHERE id = {id}"))
                    .await
                    .unwrap();
                model.remove(&id);
            }
            5 => {
                run(
                    &session,
                    &format!("UPDATE app.t SET code = NULL WHERE code = '{code}'"),
                )
                .await
                .unwrap();
                for row in model
                    .values_mut()
                    .filter(|row| row.0.as_deref() == Some(&*code))
                {
                    row.0 = None;
                }
            }
            6 => {
                let update = format!("UPDATE app.t SET id = {n} WHERE id = {id}");
                let is_valid = !model.contains_key(&id) || n == id || !model.contains_key(&n);
                assert_eq!(
                    run(&session, &update).await.is_ok(),
                    is_valid,
                    "{step}: {update}"
                );
                if is_valid && let Some(row) = model.remove(&id) {
                    model.insert(n, row);
                }
            }
            _ => {}
        }
        if step == 600 {
            server.alter(&versions.pop().unwrap()).await;
        }
        let expected = model
            .get(&id)
            .map(|row| row.1.to_string())
            .unwrap_or_default();
        assert_eq!(
            answer(&session, &format!("SELECT n FROM app.t WHERE id = {id}")).await,
            expected
        );
        let by_code: Vec<String> = model
            .iter()
            .filter(|(_, row)| row.0.as_deref() == Some(&*code))
            .map(|(id, _)| id.to_string())
            .collect();
        let sql = format!("SELECT id FROM app.t WHERE code = '{code}'");
        assert_eq!(answer(&session, &sql).await, by_code.join("\n"), "{step}");
    }
    let all = model.iter().map(|(id, row)| format!("{id} {}", row.1));
    let expected: Vec<String> = all.collect();
    assert_eq!(
        answer(&session, "SELECT id, n FROM app.t ORDER BY id").await,
        expected.join("\n")
    );
}

/// Readers find each row exactly once while writers update and compact the partition.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn lookups_are_consistent_with_concurrent_writers() {
    const IDS: i64 = 50;
    let server = Server::new().await;
    server
        .create(&table(
            "t",
            "kind = 'shared'",
            "n = { id = 2, type = 'bigint', nullable = true }",
        ))
        .await;
    let session = server.root();
    run(
        &session,
        &format!("INSERT INTO app.t (id, n) SELECT value, 0 FROM range(0, {IDS})"),
    )
    .await
    .unwrap();
    let has_ended = Arc::new(AtomicBool::new(false));
    let writers = (0..2).map(|writer| {
        let (server, has_ended) = (server.clone(), Arc::clone(&has_ended));
        tokio::spawn(async move {
            let session = server.root();
            let mut rounds = 0;
            while !has_ended.load(Ordering::Relaxed) {
                let id = (rounds * 7 + writer) % IDS;
                let update = format!("UPDATE app.t SET n = n + 1 WHERE id = {id}");
                run(&session, &update).await.unwrap();
                rounds += 1;
            }
            rounds
        })
    });
    let writers: Vec<_> = writers.collect();
    let readers = (0..2).map(|_| {
        let server = server.clone();
        tokio::spawn(async move {
            let session = server.root();
            let mut last = vec![0_i64; IDS as usize];
            for read in 0..600 {
                let id = (read * 13) % IDS;
                let sql = format!("SELECT n FROM app.t WHERE id = {id}");
                let n: i64 = answer(&session, &sql).await.parse().unwrap();
                assert!(n >= last[id as usize], "{n} after {}", last[id as usize]);
                last[id as usize] = n;
            }
        })
    });
    for reader in readers.collect::<Vec<_>>() {
        reader.await.unwrap();
    }
    has_ended.store(true, Ordering::Relaxed);
    let mut updates = 0;
    for writer in writers {
        updates += writer.await.unwrap();
    }
    assert_eq!(
        answer(&session, "SELECT sum(n) FROM app.t").await,
        updates.to_string()
    );
}

/// Rows of one chunk expire at their own times, and the key of an expired row is free.
#[tokio::test]
async fn joined_rows_of_a_stream_expire_one_by_one() {
    let server = Server::new().await;
    let toml = table(
        "t",
        "kind = 'stream'\nttl_seconds = 1600",
        "n = { id = 2, type = 'int', nullable = true }",
    );
    server.create(&toml).await;
    let session = server.root();
    for id in 0..100 {
        run(
            &session,
            &format!("INSERT INTO app.t (id, n) VALUES ({id}, {id})"),
        )
        .await
        .unwrap();
        server.clock.advance(1.0);
    }
    // Row `id` expires when its age is 1600 seconds, and 100 seconds have passed.
    for passed in [1599, 1600, 1601, 1640, 1698, 1699, 1700] {
        server
            .clock
            .advance(f64::from(passed) - server.clock.now_seconds());
        let expected: Vec<String> = (0..100)
            .filter(|id| passed - id < 1600)
            .map(|id| id.to_string())
            .collect();
        let found = answer(&session, "SELECT id FROM app.t ORDER BY id").await;
        assert_eq!(found, expected.join("\n"), "{passed}");
        let first = passed - 1600;
        for id in [first - 1, first, first + 1] {
            let is_live = (0..100).contains(&id) && passed - id < 1600;
            let sql = format!("SELECT n FROM app.t WHERE id = {id}");
            let expected = if is_live {
                id.to_string()
            } else {
                String::new()
            };
            assert_eq!(answer(&session, &sql).await, expected, "{passed}");
        }
        let count = answer(&session, "SELECT count(*) FROM app.t").await;
        assert_eq!(count, expected.len().to_string());
    }
    run(&session, "INSERT INTO app.t (id, n) VALUES (3, 33)")
        .await
        .unwrap();
    assert_eq!(
        answer(&session, "SELECT n FROM app.t WHERE id = 3").await,
        "33"
    );
    for id in 200..300 {
        run(&session, &format!("INSERT INTO app.t (id) VALUES ({id})"))
            .await
            .unwrap();
    }
    assert_eq!(
        answer(&session, "SELECT n FROM app.t WHERE id = 3").await,
        "33"
    );
    let twice = run(&session, "INSERT INTO app.t (id, n) VALUES (3, 34)").await;
    assert!(twice.is_err());
}

/// Many small statements leave few chunks: a scan opens one reader for each.
#[tokio::test]
async fn chunks_of_a_stream_are_joined() {
    let storage = Arc::new(kalamtable_runtime::MemoryStorage::new());
    let server = Server::with_storage(Default::default(), storage.clone()).await;
    let toml = table(
        "t",
        "kind = 'stream'\nttl_seconds = 3600",
        "n = { id = 2, type = 'int', nullable = true }",
    );
    let created = server.create(&toml).await;
    let session = server.root();
    for id in 0..500 {
        run(
            &session,
            &format!("INSERT INTO app.t (id, n) VALUES ({id}, {id})"),
        )
        .await
        .unwrap();
    }
    let partition = kalamtable_runtime::dynamic::Partition {
        table: created.id(),
        owner: None,
    };
    let rows = kalamtable_runtime::dynamic::RowStorage::rows(&*storage, &partition).unwrap();
    assert!(rows.chunks.len() <= 12, "{} chunks", rows.chunks.len());
    assert_eq!(
        answer(&session, "SELECT count(*), sum(n) FROM app.t").await,
        "500 124750"
    );
}
