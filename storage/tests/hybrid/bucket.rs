// SPDX-License-Identifier: Apache-2.0

//! Rows on a bucket: restarts, faults of requests, damage, and several processes.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use kalamtable_registry::{RegistryOptions, SchemaRegistry};
use kalamtable_runtime::dynamic::{Partition, RowStorage};
use kalamtable_storage::{HybridOptions, HybridStorage, LogError, StorageError};
use kalamtable_store::TableId;
use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;

use crate::server::{Server, definitions, with_causes};
use crate::test_bucket::{BucketFault, TestBucket};

const CREATE: &str = "CREATE TABLE app.t (id BIGINT PRIMARY KEY, n INT) WITH (type = 'shared')";
const ALL: &str = "SELECT id, n FROM app.t ORDER BY id";

fn prefix() -> Path {
    Path::from("rows")
}

fn try_open(bucket: &TestBucket) -> Result<HybridStorage, StorageError> {
    HybridStorage::open_bucket(
        Arc::new(bucket.clone()),
        &prefix(),
        HybridOptions::default(),
    )
}

fn open(bucket: &TestBucket) -> HybridStorage {
    try_open(bucket).unwrap_or_else(|error| panic!("{}", with_causes(&error)))
}

async fn registry() -> SchemaRegistry {
    let registry = SchemaRegistry::open(definitions(), RegistryOptions::default());
    registry.await.unwrap()
}

fn server(registry: &SchemaRegistry, storage: HybridStorage) -> Server {
    Server::with_registry(registry.clone(), Arc::new(storage))
}

/// Returns the number of objects with groups of entries. Each opening has created one fence.
async fn groups(bucket: &TestBucket) -> usize {
    let names = bucket.names("rows/log-").await;
    let count = |end: &str| names.iter().filter(|name| name.ends_with(end)).count();
    count(".log") - count(".fence")
}

async fn survives_restarts(store: Arc<dyn ObjectStore>) {
    let registry = registry().await;
    let open = || {
        let store = Arc::clone(&store);
        let storage = HybridStorage::open_bucket(store, &prefix(), HybridOptions::default());
        server(&registry, storage.unwrap())
    };
    let first = open();
    first.run(CREATE).await;
    first
        .run("INSERT INTO app.t (id, n) VALUES (1, 1), (2, 2), (3, 3)")
        .await;
    drop(first);
    let second = open();
    assert_eq!(second.run(ALL).await, "1 1\n2 2\n3 3");
    second.run("FLUSH TABLE app.t").await;
    second.run("ALTER TABLE app.t ADD COLUMN t TEXT").await;
    second.run("UPDATE app.t SET t = 'two' WHERE id = 2").await;
    second.run("DELETE FROM app.t WHERE id = 1").await;
    drop(second);
    let third = open();
    let all = "SELECT id, n, t FROM app.t ORDER BY id";
    assert_eq!(third.run(all).await, "2 2 two\n3 3 NULL");
    third.run("FLUSH TABLE app.t").await;
    third
        .run("INSERT INTO app.t (id, n, t) VALUES (4, 4, 'four')")
        .await;
    drop(third);
    let read_only = HybridStorage::open_bucket_read_only(Arc::clone(&store), &prefix());
    let read_only = server(&registry, read_only.unwrap());
    let expected = "2 2 two\n3 3 NULL\n4 4 four";
    assert_eq!(read_only.run(all).await, expected);
    let error = read_only.error("DELETE FROM app.t").await;
    assert!(error.contains("read-only"), "{error}");
    let fourth = open();
    assert_eq!(fourth.run(all).await, expected);
    // After a flush without later statements.
    fourth.run("FLUSH TABLE app.t").await;
    drop(fourth);
    assert_eq!(open().run(all).await, expected);
    assert_eq!(open().run(all).await, expected);
}

#[tokio::test]
async fn rows_in_memory_store_survive_restarts() {
    survives_restarts(Arc::new(InMemory::new())).await;
}

#[tokio::test]
async fn rows_in_local_file_system_survive_restarts() {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalFileSystem::new_with_prefix(folder.path()).unwrap();
    survives_restarts(Arc::new(store)).await;
}

#[tokio::test]
async fn empty_prefix_is_refused_read_only() {
    let store = Arc::new(InMemory::new());
    let error = HybridStorage::open_bucket_read_only(store, &prefix()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "no storage exists below `rows` of the bucket: check the prefix"
    );
}

#[tokio::test]
async fn each_statement_is_one_object() {
    let bucket = TestBucket::new();
    let registry = registry().await;
    let server = server(&registry, open(&bucket));
    server.run(CREATE).await;
    for id in 0..5 {
        let before = groups(&bucket).await;
        let insert = format!("INSERT INTO app.t (id, n) VALUES ({id}, 1)");
        server.run(&insert).await;
        assert_eq!(groups(&bucket).await, before + 1);
    }
    server.run("FLUSH TABLE app.t").await;
    // The last one shows where the log ends.
    assert_eq!(groups(&bucket).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_statements_share_an_object() {
    const STATEMENTS: u64 = 32;
    let bucket = TestBucket::new();
    let registry = registry().await;
    let storage = Arc::new(open(&bucket));
    let rows: Arc<dyn RowStorage> = Arc::clone(&storage) as _;
    let server = Arc::new(Server::with_registry(registry, rows));
    server.run(CREATE).await;
    let paused = bucket.pause_puts().await;
    let statements = (0..STATEMENTS).map(|id| {
        let server = Arc::clone(&server);
        tokio::spawn(async move {
            let insert = format!("INSERT INTO app.t (id, n) VALUES ({id}, 1)");
            server.run(&insert).await
        })
    });
    let statements: Vec<_> = statements.collect();
    let partition = Partition {
        table: TableId(1),
        owner: None,
    };
    while storage.latest_rows(&partition).unwrap().number < STATEMENTS {
        tokio::task::yield_now().await;
    }
    drop(paused);
    for statement in statements {
        statement.await.unwrap();
    }
    let groups = groups(&bucket).await;
    assert!(groups <= 2, "{groups} objects");
    assert_eq!(server.run("SELECT count(*) FROM app.t").await, "32");
}

/// The rows of the table.
type Rows = BTreeMap<i64, i64>;

/// A statement of the script, and its effect.
type Statement = (&'static str, fn(&mut Rows));

/// Each statement changes two rows, so that a partial effect would be noticed.
const BEFORE_RESTART: &[Statement] = &[
    ("INSERT INTO app.t (id, n) VALUES (1, 1), (2, 2)", |rows| {
        rows.extend([(1, 1), (2, 2)]);
    }),
    ("INSERT INTO app.t (id, n) VALUES (3, 3), (4, 4)", |rows| {
        rows.extend([(3, 3), (4, 4)]);
    }),
    ("FLUSH TABLE app.t", |_| {}),
    ("UPDATE app.t SET n = n + 10 WHERE id <= 2", |rows| {
        rows.range_mut(..=2).for_each(|(_, n)| *n += 10);
    }),
    ("DELETE FROM app.t WHERE id IN (3, 4)", |rows| {
        rows.retain(|id, _| !(3..=4).contains(id));
    }),
    ("FLUSH TABLE app.t", |_| {}),
    ("INSERT INTO app.t (id, n) VALUES (5, 5), (6, 6)", |rows| {
        rows.extend([(5, 5), (6, 6)]);
    }),
];

const AFTER_RESTART: &[Statement] = &[
    ("UPDATE app.t SET n = n + 100 WHERE id <= 5", |rows| {
        rows.range_mut(..=5).for_each(|(_, n)| *n += 100);
    }),
    ("FLUSH TABLE app.t", |_| {}),
    ("INSERT INTO app.t (id, n) VALUES (7, 7), (8, 8)", |rows| {
        rows.extend([(7, 7), (8, 8)]);
    }),
];

fn lines(rows: &Rows) -> String {
    let lines: Vec<String> = rows.iter().map(|(id, n)| format!("{id} {n}")).collect();
    lines.join("\n")
}

/// Runs statements. `states` are the possible contents: a statement that has failed may have its
/// effect or none.
async fn run_script(server: &Server, script: &[Statement], states: &mut HashSet<Rows>) {
    for (sql, effect) in script {
        let result = server.try_run(&server.root, sql).await;
        let mut changed = HashSet::new();
        for mut rows in states.iter().cloned() {
            if result.is_err() {
                changed.insert(rows.clone());
            }
            effect(&mut rows);
            changed.insert(rows);
        }
        *states = changed;
    }
}

/// Opens the storage. The opening in which the fault occurs may fail.
async fn open_again(
    bucket: &TestBucket,
    registry: &SchemaRegistry,
    states: &mut HashSet<Rows>,
    context: &str,
) -> Server {
    let opened = match try_open(bucket) {
        Ok(storage) => server(registry, storage),
        Err(first) => match try_open(bucket) {
            Ok(storage) => server(registry, storage),
            Err(second) => panic!(
                "{context}: {}; then {}",
                with_causes(&first),
                with_causes(&second)
            ),
        },
    };
    // The fault may occur here too.
    let content = match opened.try_run(&opened.root, ALL).await {
        Ok(content) => content,
        Err(_) => opened.run(ALL).await,
    };
    states.retain(|rows| lines(rows) == content);
    assert_eq!(states.len(), 1, "{context}: {content}");
    opened
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_at_any_request_loses_nothing() {
    let registry = registry().await;
    let mut faults = 0;
    // Definitions are not part of the test: the table exists.
    server(&registry, open(&TestBucket::new()))
        .run(CREATE)
        .await;
    for fault in BucketFault::ALL {
        for request in 1.. {
            let bucket = TestBucket::new();
            let context = format!("{fault:?} at request {request}");
            bucket.fail_at(request, fault);
            let mut states = HashSet::from([Rows::new()]);
            let first = open_again(&bucket, &registry, &mut states, &context).await;
            run_script(&first, BEFORE_RESTART, &mut states).await;
            drop(first);
            let second = open_again(&bucket, &registry, &mut states, &context).await;
            run_script(&second, AFTER_RESTART, &mut states).await;
            drop(second);
            let has_not_occurred = bucket.has_pending_fault();
            let third = open_again(&bucket, &registry, &mut states, &context).await;
            third.run("INSERT INTO app.t (id, n) VALUES (9, 9)").await;
            third.run("FLUSH TABLE app.t").await;
            drop(third);
            let mut expected = states.into_iter().next().unwrap();
            expected.insert(9, 9);
            let fourth = server(&registry, open(&bucket));
            assert_eq!(fourth.run(ALL).await, lines(&expected), "{context}");
            if has_not_occurred {
                assert!(states_are_certain(&bucket).await);
                break;
            }
            faults += 1;
        }
    }
    assert!(faults > 100, "{faults} faults");
    println!("{faults} faults");
}

/// Returns whether the bucket has one manifest: no flush has left another one.
async fn states_are_certain(bucket: &TestBucket) -> bool {
    bucket.names("rows/manifest-").await.len() == 1
}

#[tokio::test]
async fn second_writer_takes_over() {
    let bucket = TestBucket::new();
    let registry = registry().await;
    let first = server(&registry, open(&bucket));
    first.run(CREATE).await;
    first.run("INSERT INTO app.t (id, n) VALUES (1, 1)").await;
    first.run("FLUSH TABLE app.t").await;
    first.run("INSERT INTO app.t (id, n) VALUES (2, 2)").await;

    let second = server(&registry, open(&bucket));
    assert_eq!(second.run(ALL).await, "1 1\n2 2");
    second.run("INSERT INTO app.t (id, n) VALUES (3, 3)").await;

    let objects = bucket.content().await;
    let message = "another process has opened the storage for writing";
    for statement in [
        "DELETE FROM app.t",
        "FLUSH TABLE app.t",
        "DELETE FROM app.t",
    ] {
        let error = first.error(statement).await;
        assert!(error.contains(message), "{statement}: {error}");
    }
    assert_eq!(first.run(ALL).await, "1 1\n2 2");
    assert_eq!(bucket.content().await, objects);

    second.run("FLUSH TABLE app.t").await;
    assert_eq!(second.run(ALL).await, "1 1\n2 2\n3 3");
    drop((first, second));
    let third = server(&registry, open(&bucket));
    assert_eq!(third.run(ALL).await, "1 1\n2 2\n3 3");
}

#[tokio::test]
async fn flush_after_take_over_is_refused() {
    for second_flushes in [false, true] {
        let bucket = TestBucket::new();
        let registry = registry().await;
        let storage = open(&bucket);
        let first = server(&registry, storage);
        first.run(CREATE).await;
        first.run("INSERT INTO app.t (id, n) VALUES (1, 1)").await;
        let second = server(&registry, open(&bucket));
        second.run("INSERT INTO app.t (id, n) VALUES (2, 2)").await;
        if second_flushes {
            // The manifest and the objects of the log are deleted whose numbers the first one uses.
            for id in 3..6 {
                let insert = format!("INSERT INTO app.t (id, n) VALUES ({id}, {id})");
                second.run(&insert).await;
                second.run("FLUSH TABLE app.t").await;
            }
        }
        let expected = second.run(ALL).await;
        for statement in [
            "FLUSH TABLE app.t",
            "INSERT INTO app.t (id, n) VALUES (100, 1)",
            "FLUSH TABLE app.t",
        ] {
            let error = first.error(statement).await;
            assert!(
                error.contains("another process has opened the storage for writing"),
                "{statement}: {error}"
            );
        }
        assert_eq!(second.run(ALL).await, expected);
        second.run("UPDATE app.t SET n = n + 1").await;
        second.run("FLUSH TABLE app.t").await;
        let expected = second.run(ALL).await;
        drop((first, second));
        let third = server(&registry, open(&bucket));
        assert_eq!(third.run(ALL).await, expected);
    }
}

#[tokio::test]
async fn slow_writer_cannot_append_after_truncation() {
    let bucket = TestBucket::new();
    let registry = registry().await;
    let first = server(&registry, open(&bucket));
    first.run(CREATE).await;
    first.run("INSERT INTO app.t (id, n) VALUES (1, 1)").await;
    // Each process flushes everything that the previous one has written.
    for id in 2..5 {
        let next = server(&registry, open(&bucket));
        let insert = format!("INSERT INTO app.t (id, n) VALUES ({id}, {id})");
        next.run(&insert).await;
        next.run("FLUSH TABLE app.t").await;
    }
    let error = first.error("INSERT INTO app.t (id, n) VALUES (9, 9)").await;
    assert!(error.contains("another process"), "{error}");
    let last = server(&registry, open(&bucket));
    assert_eq!(last.run(ALL).await, "1 1\n2 2\n3 3\n4 4");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_that_open_at_the_same_time_lose_nothing() {
    let bucket = TestBucket::new();
    let registry = registry().await;
    server(&registry, open(&bucket)).run(CREATE).await;
    const OPENINGS: i64 = 8;
    let writers: Vec<_> = (0..4)
        .map(|writer: i64| {
            let (bucket, registry) = (bucket.clone(), registry.clone());
            tokio::spawn(async move {
                let mut acknowledged = Vec::new();
                for opening in 0..OPENINGS {
                    let opened = tokio::task::block_in_place(|| try_open(&bucket));
                    let storage = match opened {
                        Ok(storage) => storage,
                        Err(StorageError::Log(LogError::TakenOver { .. })) => continue,
                        Err(StorageError::Io(_)) => continue,
                        Err(error) => panic!("{}", with_causes(&error)),
                    };
                    let server = server(&registry, storage);
                    for number in 0..4 {
                        let id = writer * 1000 + opening * 10 + number;
                        let insert = format!("INSERT INTO app.t (id, n) VALUES ({id}, 1)");
                        if server.try_run(&server.root, &insert).await.is_ok() {
                            acknowledged.push(id);
                        }
                        let flush = "FLUSH TABLE app.t";
                        let _ = server.try_run(&server.root, flush).await;
                    }
                }
                acknowledged
            })
        })
        .collect();
    let mut expected = Vec::new();
    for writer in writers {
        expected.extend(writer.await.unwrap());
    }
    let last = server(&registry, open(&bucket));
    let found = last.run("SELECT id FROM app.t").await;
    let found: HashSet<i64> = found.lines().map(|id| id.parse().unwrap()).collect();
    let lost: Vec<_> = expected.iter().filter(|id| !found.contains(id)).collect();
    assert!(lost.is_empty(), "{lost:?} of {} are lost", expected.len());
    assert!(!expected.is_empty());
}

#[tokio::test]
async fn bucket_that_ignores_create_is_refused() {
    let bucket = TestBucket::new();
    bucket.ignore_create();
    let error = try_open(&bucket).unwrap_err().to_string();
    assert!(error.contains("ignores `PutMode::Create`"), "{error}");
    let names: Vec<String> = bucket.content().await.into_keys().collect();
    assert_eq!(names, ["rows/probe.json"]);
}

#[tokio::test]
async fn damaged_object_is_reported() {
    let bucket = TestBucket::new();
    let registry = registry().await;
    let first = server(&registry, open(&bucket));
    first.run(CREATE).await;
    first
        .run("INSERT INTO app.t (id, n) VALUES (1, 1), (2, 2)")
        .await;
    first.run("FLUSH TABLE app.t").await;
    for id in 3..6 {
        let insert = format!("INSERT INTO app.t (id, n) VALUES ({id}, {id})");
        first.run(&insert).await;
    }
    let expected = first.run(ALL).await;
    drop(first);
    let sample = bucket.content().await;
    let is_last = |name: &str| {
        let mut logs = sample.keys().filter(|name| name.ends_with(".log"));
        logs.next_back().map(String::as_str) == Some(name)
    };
    let mut ignored = 0;
    for (name, content) in &sample {
        let mut changes: Vec<(String, Option<Vec<u8>>)> = vec![("missing".to_string(), None)];
        for at in (0..content.len()).step_by(11) {
            let mut changed = content.clone();
            changed[at] ^= 1 << (at % 8);
            changes.push((format!("bit of byte {at}"), Some(changed)));
            let cut = content[..at].to_vec();
            changes.push((format!("{at} bytes"), Some(cut)));
        }
        changes.push(("longer".to_string(), Some([&content[..], &[0]].concat())));
        for (what, content) in changes {
            let mut damaged = sample.clone();
            match &content {
                Some(content) => damaged.insert(name.clone(), content.clone()),
                None => damaged.remove(name),
            };
            let opened = try_open(&TestBucket::with_content(&damaged).await);
            let storage = match opened {
                Ok(storage) => storage,
                Err(error) => {
                    let text = with_causes(&error);
                    let neighbor = what == "missing" && text.contains("rows/");
                    let is_named = text.contains(name.as_str()) || neighbor;
                    assert!(is_named, "{name}, {what}: {text}");
                    continue;
                }
            };
            // Objects that are not read, and the end of the log, leave no trace.
            let damaged = server(&registry, storage);
            match damaged.try_run(&damaged.root, ALL).await {
                Ok(found) => {
                    let is_end = is_last(name) && content.is_none();
                    assert!(found == expected || is_end, "{name}, {what}: {found}");
                    ignored += 1;
                }
                Err(error) => {
                    let text = error.to_string();
                    assert!(text.contains(name.as_str()), "{name}, {what}: {text}");
                }
            }
        }
    }
    println!("{ignored} changes are not read");
}

#[tokio::test]
async fn read_only_storage_opens_while_a_writer_flushes() {
    let bucket = TestBucket::new();
    let registry = registry().await;
    let writer = server(&registry, open(&bucket));
    writer.run(CREATE).await;
    for id in 0..20 {
        let insert = format!("INSERT INTO app.t (id, n) VALUES ({id}, 1)");
        writer.run(&insert).await;
        let reader = std::thread::spawn({
            let bucket = bucket.clone();
            move || HybridStorage::open_bucket_read_only(Arc::new(bucket), &prefix())
        });
        writer.run("FLUSH TABLE app.t").await;
        let reader = reader.join().unwrap();
        let reader = reader.unwrap_or_else(|error| panic!("{}", with_causes(&error)));
        // A query can find that the writer has replaced a file.
        let reader = server(&registry, reader);
        match reader
            .try_run(&reader.root, "SELECT count(*) FROM app.t")
            .await
        {
            Ok(count) => assert_eq!(count, (id + 1).to_string()),
            Err(error) => assert!(
                error.to_string().contains("the object is missing"),
                "{error}"
            ),
        }
    }
    let before = bucket.requests();
    let reader = HybridStorage::open_bucket_read_only(Arc::new(bucket.clone()), &prefix());
    let reader = server(&registry, reader.unwrap());
    assert_eq!(reader.run("SELECT count(*) FROM app.t").await, "20");
    assert!(bucket.requests() > before);
}
