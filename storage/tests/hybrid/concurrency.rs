// SPDX-License-Identifier: Apache-2.0

//! Statements that wait for the disk at the same time, and queries in the meantime.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use kalamtable_storage::{FlushRunProgress, HybridOptions, HybridStorage};

use crate::server::{Server, definitions};
use crate::simulated::{Fault, SimulatedFolder};

const TABLE: &str = "CREATE TABLE app.t (id BIGINT PRIMARY KEY, n INT) WITH (type = 'shared')";

/// Stops the syncs of a folder.
#[derive(Default)]
struct Gate {
    is_closed: Mutex<bool>,
    opened: Condvar,
    has_waiters: AtomicBool,
}

impl Gate {
    fn set(&self, is_closed: bool) {
        *self.is_closed.lock().unwrap() = is_closed;
        self.opened.notify_all();
    }

    fn pass(&self) {
        let mut is_closed = self.is_closed.lock().unwrap();
        while *is_closed {
            self.has_waiters.store(true, Ordering::SeqCst);
            is_closed = self.opened.wait(is_closed).unwrap();
        }
    }

    async fn wait_for_waiter(&self) {
        while !self.has_waiters.swap(false, Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

async fn gated_server() -> (Arc<Server>, Arc<Gate>, SimulatedFolder) {
    let folder = SimulatedFolder::new(1);
    let gate = Arc::new(Gate::default());
    let own = Arc::clone(&gate);
    folder.set_on_sync(move || own.pass());
    let storage = HybridStorage::open_in(Arc::new(folder.clone()), HybridOptions::default());
    let server = Server::new(&definitions(), Arc::new(storage.unwrap())).await;
    server.run(TABLE).await;
    server
        .run("INSERT INTO app.t (id, n) VALUES (1, 1), (2, 2), (3, 3)")
        .await;
    (Arc::new(server), gate, folder)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn queries_read_durable_rows_only() {
    let (server, gate, _) = gated_server().await;
    gate.set(true);
    let mut statements = Vec::new();
    for statement in [
        "UPDATE app.t SET n = 20 WHERE id = 2",
        "DELETE FROM app.t WHERE id = 3",
        "INSERT INTO app.t (id, n) VALUES (4, 4)",
    ] {
        let server = Arc::clone(&server);
        statements.push(tokio::spawn(async move { server.run(statement).await }));
        // The statements of one partition do not wait for each other.
        if statements.len() == 1 {
            gate.wait_for_waiter().await;
        }
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(statements.iter().all(|statement| !statement.is_finished()));
    for (query, expected) in [
        ("SELECT id, n FROM app.t ORDER BY id", "1 1\n2 2\n3 3"),
        ("SELECT n FROM app.t WHERE id = 1", "1"),
        ("SELECT n FROM app.t WHERE id = 2", "2"),
        ("SELECT n FROM app.t WHERE id = 3", "3"),
        ("SELECT n FROM app.t WHERE id = 4", ""),
        ("SELECT count(*) FROM app.t", "3"),
    ] {
        assert_eq!(server.run(query).await, expected, "{query}");
    }
    // A duplicate of a row that is not durable waits until it is.
    let duplicate = {
        let server = Arc::clone(&server);
        tokio::spawn(async move {
            server
                .error("INSERT INTO app.t (id, n) VALUES (4, 5)")
                .await
        })
    };
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!duplicate.is_finished());
    gate.set(false);
    for statement in statements {
        statement.await.unwrap();
    }
    assert!(duplicate.await.unwrap().contains("exists already"));
    let rows = server.run("SELECT id, n FROM app.t ORDER BY id").await;
    assert_eq!(rows, "1 1\n2 20\n4 4");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statements_share_syncs() {
    let (server, gate, folder) = gated_server().await;
    gate.set(true);
    let first = {
        let server = Arc::clone(&server);
        tokio::spawn(async move {
            server
                .run("INSERT INTO app.t (id, n) VALUES (100, 0)")
                .await
        })
    };
    gate.wait_for_waiter().await;
    let others: Vec<_> = (101..133)
        .map(|id| {
            let server = Arc::clone(&server);
            let insert = format!("INSERT INTO app.t (id, n) VALUES ({id}, 0)");
            tokio::spawn(async move { server.run(&insert).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(1000)).await;
    let before = folder.counts().file_syncs;
    gate.set(false);
    first.await.unwrap();
    for other in others {
        other.await.unwrap();
    }
    let syncs = folder.counts().file_syncs - before;
    assert!(syncs <= 8, "{syncs} syncs of 33 statements");
    assert_eq!(server.run("SELECT count(*) FROM app.t").await, "36");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_statement_succeeds_after_a_failed_sync() {
    let (server, _, folder) = gated_server().await;
    // The calls of a statement are the write and the sync.
    folder.fail_at(2, Fault::Fail);
    let error = server.error("UPDATE app.t SET n = 0").await;
    assert!(error.contains("injected fault"), "{error}");
    let error = server
        .error("INSERT INTO app.t (id, n) VALUES (9, 9)")
        .await;
    assert!(error.contains("restart the process"), "{error}");
    // The rows of the failed statement are not visible.
    let rows = "SELECT id, n FROM app.t ORDER BY id";
    assert_eq!(server.run(rows).await, "1 1\n2 2\n3 3");
    assert_eq!(server.run("SELECT n FROM app.t WHERE id = 2").await, "2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn storage_is_flushed_in_the_background() {
    let by_size = HybridOptions::default().with_flush_bytes(20_000);
    let by_age = HybridOptions::default().with_flush_interval(Duration::from_millis(200));
    for options in [by_size, by_age] {
        let folder = tempfile::tempdir().unwrap();
        let definitions = definitions();
        let storage = Arc::new(HybridStorage::open_with(folder.path(), options).unwrap());
        let server = Server::new(&definitions, storage.clone()).await;
        server.run(TABLE).await;
        for id in 0..60 {
            server
                .run(&format!("INSERT INTO app.t (id, n) VALUES ({id}, 0)"))
                .await;
        }
        let mut waited = 0;
        while storage.stats().flushes == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
            waited += 1;
            assert!(waited < 500, "{:?}", storage.stats());
        }
        assert_eq!(storage.stats().last_error, None);
        drop((server, storage));
        let server = Server::open(&definitions, folder.path()).await;
        assert_eq!(server.run("SELECT count(*) FROM app.t").await, "60");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failed_flush_is_reported_and_repeated() {
    let folder = SimulatedFolder::new(1);
    let options = HybridOptions::default().with_flush_bytes(1);
    let storage = HybridStorage::open_in(Arc::new(folder.clone()), options).unwrap();
    let storage = Arc::new(storage);
    let server = Server::new(&definitions(), storage.clone()).await;
    server.run(TABLE).await;
    folder.set_capacity(Some(folder.used_bytes() + 1500));
    server.run("INSERT INTO app.t (id, n) VALUES (1, 1)").await;
    let mut waited = 0;
    while storage.stats().failed_flushes == 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
        waited += 1;
        assert!(waited < 500, "{:?}", storage.stats());
    }
    assert!(storage.stats().last_error.unwrap().contains("rows-"));
    // A file that was written in part is removed.
    let names = folder.names();
    let is_left = |name: &String| name.starts_with("rows-") || name.ends_with(".new");
    assert!(!names.iter().any(is_left), "{names:?}");
    assert_eq!(server.run("SELECT n FROM app.t").await, "1");
    folder.set_capacity(None);
    while storage.stats().flushes == 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
        waited += 1;
        assert!(waited < 1000, "{:?}", storage.stats());
    }
    assert_eq!(storage.stats().last_error, None);
    assert_eq!(storage.stats().files, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statements_do_not_wait_for_a_flush_that_panicked() {
    let folder = SimulatedFolder::new(1);
    let options = HybridOptions::default().with_max_unflushed_bytes(4000);
    let storage = HybridStorage::open_in(Arc::new(folder), options).unwrap();
    let panics = Arc::new(AtomicBool::new(true));
    let own = Arc::clone(&panics);
    storage.observe_flushes(move |run| {
        let is_running = run.progress == FlushRunProgress::Running;
        assert!(!is_running || !own.load(Ordering::SeqCst), "the observer");
    });
    let storage = Arc::new(storage);
    let server = Server::new(&definitions(), storage.clone()).await;
    server.run(TABLE).await;
    let insert = |id: i32| format!("INSERT INTO app.t (id, n) VALUES ({id}, 1)");
    let mut id = 0;
    let error = loop {
        match server.try_run(&server.root, &insert(id)).await {
            Ok(_) => id += 1,
            Err(error) => break error.to_string(),
        }
    };
    assert!(error.contains("the flush panicked"), "{error}");
    assert!(storage.stats().failed_flushes > 0);
    panics.store(false, Ordering::SeqCst);
    // The background thread repeats the flush.
    let mut attempts = 0;
    while server.try_run(&server.root, &insert(id)).await.is_err() {
        tokio::time::sleep(Duration::from_millis(20)).await;
        attempts += 1;
        assert!(attempts < 500, "{:?}", storage.stats());
    }
    let count = server.run("SELECT count(*) FROM app.t").await;
    assert_eq!(count, (id + 1).to_string());
}
