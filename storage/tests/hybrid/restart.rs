// SPDX-License-Identifier: Apache-2.0

//! Rows after a restart, from the log, from files, and from both.

use kalamtable_runtime::UserId;
use kalamtable_runtime::dynamic::RowStorage;
use kalamtable_storage::{HybridStorage, LogError, StorageError};

use crate::server::{Server, definitions};

const NOTES: &str = "CREATE TABLE app.notes (id BIGINT PRIMARY KEY, body TEXT NOT NULL) \
                     WITH (type = 'user')";
const SHARED: &str = "CREATE TABLE app.shared (id BIGINT PRIMARY KEY, n INT) \
                      WITH (type = 'shared', access_level = 'public')";

#[tokio::test]
async fn rows_survive_a_restart_with_and_without_a_flush() {
    for flushes in [[false, false], [true, false], [false, true], [true, true]] {
        let folder = tempfile::tempdir().unwrap();
        let definitions = definitions();
        let server = Server::open(&definitions, folder.path()).await;
        server.run(NOTES).await;
        server.run(SHARED).await;
        let (ann, bob) = (server.user("ann"), server.user("bob"));
        server
            .run_as(
                &ann,
                "INSERT INTO app.notes (id, body) VALUES (1, 'a'), (2, 'b'), (3, 'c')",
            )
            .await;
        server
            .run_as(
                &bob,
                "INSERT INTO app.notes (id, body) VALUES (1, 'of bob')",
            )
            .await;
        if flushes[0] {
            let flushed = server.run("FLUSH TABLE app.notes").await;
            assert!(flushed.starts_with("1 4 "), "{flushed}");
        }
        server
            .run_as(&ann, "UPDATE app.notes SET body = 'B' WHERE id = 2")
            .await;
        server
            .run_as(&ann, "DELETE FROM app.notes WHERE id = 3")
            .await;
        server
            .run("INSERT INTO app.shared (id, n) VALUES (7, 70), (8, NULL)")
            .await;
        if flushes[1] {
            server.run("FLUSH TABLE app.shared").await;
        }
        drop((server, ann, bob));

        let server = Server::open(&definitions, folder.path()).await;
        let all = "SELECT id, body, _seq FROM app.notes ORDER BY id";
        let notes = server.run_as(&server.user("ann"), all).await;
        assert_eq!(notes, "1 a 1\n2 B 5", "{flushes:?}");
        let notes = server.run_as(&server.user("bob"), all).await;
        assert_eq!(notes, "1 of bob 4", "{flushes:?}");
        let shared = server.run("SELECT id, n FROM app.shared ORDER BY id").await;
        assert_eq!(shared, "7 70\n8 NULL", "{flushes:?}");
        // Keys, sequence numbers and deleted rows are as before.
        let taken = "INSERT INTO app.shared (id, n) VALUES (7, 71)";
        assert!(server.error(taken).await.contains("exists already"));
        let ann = server.user("ann");
        server
            .run_as(&ann, "INSERT INTO app.notes (id, body) VALUES (4, 'd')")
            .await;
        let notes = server.run_as(&ann, all).await;
        assert_eq!(notes, "1 a 1\n2 B 5\n4 d 7", "{flushes:?}");
    }
}

#[tokio::test]
async fn deleted_rows_remain_as_tombstones() {
    let folder = tempfile::tempdir().unwrap();
    let definitions = definitions();
    for flush in [false, true] {
        let server = Server::open(&definitions, folder.path()).await;
        if !flush {
            server.run(SHARED).await;
            server
                .run("INSERT INTO app.shared (id, n) VALUES (1, 1), (2, 2)")
                .await;
            server.run("DELETE FROM app.shared WHERE id = 1").await;
        } else {
            server.run("FLUSH TABLE app.shared").await;
        }
        drop(server);
        let server = Server::open(&definitions, folder.path()).await;
        let rows = "SELECT id, _deleted FROM app.shared ORDER BY id";
        let rows = server.run_as(&server.with_deleted(), rows).await;
        assert_eq!(rows, "1 true\n2 false");
    }
}

#[tokio::test]
async fn rows_of_all_versions_are_read_by_column_id() {
    for flush in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let definitions = definitions();
        let changes = [
            "INSERT INTO app.t (id, a, b) VALUES (1, 10, 'x')",
            "ALTER TABLE app.t RENAME COLUMN a TO c",
            "INSERT INTO app.t (id, c, b) VALUES (2, 20, 'y')",
            "ALTER TABLE app.t ALTER COLUMN c SET DATA TYPE BIGINT",
            "ALTER TABLE app.t ADD COLUMN d INT NOT NULL DEFAULT 5",
            "INSERT INTO app.t (id, c, b) VALUES (3, 3000000000, 'z')",
            "ALTER TABLE app.t ALTER COLUMN d SET DEFAULT 6",
            "INSERT INTO app.t (id, c, b) VALUES (4, 4, 'w')",
            "ALTER TABLE app.t DROP COLUMN b",
            // The name of the renamed column is its own again.
            "ALTER TABLE app.t RENAME COLUMN c TO a",
            "UPDATE app.t SET a = a + 1 WHERE id = 1",
        ];
        let server = Server::open(&definitions, folder.path()).await;
        server
            .run("CREATE TABLE app.t (id BIGINT PRIMARY KEY, a INT, b TEXT) WITH (type = 'shared')")
            .await;
        drop(server);
        for change in changes {
            let server = Server::open(&definitions, folder.path()).await;
            server.run(change).await;
            if flush {
                server.run("FLUSH TABLE app.t").await;
            }
        }
        let server = Server::open(&definitions, folder.path()).await;
        let rows = server.run("SELECT id, a, d FROM app.t ORDER BY id").await;
        assert_eq!(
            rows, "1 11 5\n2 20 5\n3 3000000000 5\n4 4 6",
            "flush: {flush}"
        );
    }
}

#[tokio::test]
async fn dropped_table_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let definitions = definitions();
    let server = Server::open(&definitions, folder.path()).await;
    server.run(SHARED).await;
    server
        .run("INSERT INTO app.shared (id, n) VALUES (1, 1)")
        .await;
    server.run("FLUSH TABLE app.shared").await;
    server.run("DROP TABLE app.shared").await;
    server.run(SHARED).await;
    server
        .run("INSERT INTO app.shared (id, n) VALUES (2, 2)")
        .await;
    drop(server);
    let server = Server::open(&definitions, folder.path()).await;
    assert_eq!(server.run("SELECT id FROM app.shared").await, "2");
    server.run("FLUSH TABLE app.shared").await;
    drop(server);
    let storage = HybridStorage::open(folder.path()).unwrap();
    assert_eq!(storage.tables().len(), 1);
    assert_eq!(storage.stats().file_rows, 1);
    assert_eq!(files(folder.path(), ".parquet").len(), 1);
}

#[tokio::test]
async fn rows_of_a_forgotten_user_leave_memory_and_files() {
    let folder = tempfile::tempdir().unwrap();
    let definitions = definitions();
    let (ann, bob) = (UserId::new("ann").unwrap(), "bob");
    let all = "SELECT body FROM app.notes ORDER BY id";
    let server = Server::open(&definitions, folder.path()).await;
    server.run(NOTES).await;
    for user in ["ann", bob] {
        let insert = format!("INSERT INTO app.notes (id, body) VALUES (1, 'secret of {user}')");
        server.run_as(&server.user(user), &insert).await;
    }
    server.run("FLUSH TABLE app.notes").await;
    let insert = "INSERT INTO app.notes (id, body) VALUES (2, 'more of ann')";
    server.run_as(&server.user("ann"), insert).await;

    server.tables.forget_user(&ann).unwrap();
    assert_eq!(server.run_as(&server.user("ann"), all).await, "");
    assert_eq!(server.run_as(&server.user(bob), all).await, "secret of bob");
    // The user can write again.
    let insert = "INSERT INTO app.notes (id, body) VALUES (1, 'new')";
    server.run_as(&server.user("ann"), insert).await;
    drop(server);
    let server = Server::open(&definitions, folder.path()).await;
    assert_eq!(server.run_as(&server.user("ann"), all).await, "new");
    server.run("FLUSH TABLE app.notes").await;
    assert_eq!(server.run_as(&server.user("ann"), all).await, "new");
    assert_eq!(server.run_as(&server.user(bob), all).await, "secret of bob");
    drop(server);
    assert_eq!(files(folder.path(), ".parquet").len(), 1);
    let storage = HybridStorage::open(folder.path()).unwrap();
    assert_eq!(storage.stats().file_rows, 2);
}

#[tokio::test]
async fn rows_of_a_table_that_was_dropped_in_part_are_removed() {
    let folder = tempfile::tempdir().unwrap();
    let definitions = definitions();
    let server = Server::open(&definitions, folder.path()).await;
    server.run(SHARED).await;
    server.run(NOTES).await;
    for table in [
        "shared (id, n) VALUES (1, 1)",
        "notes (id, body) VALUES (1, 'a')",
    ] {
        server.run(&format!("INSERT INTO app.{table}")).await;
    }
    // The server ends after the definition was dropped.
    let registry = server.tables.registry();
    let table = registry.find(("app", "shared")).await.unwrap().unwrap();
    registry.drop_table(&table).await.unwrap();
    drop(server);

    let server = Server::open(&definitions, folder.path()).await;
    let removed = server.tables.remove_rows_of_dropped_tables().await;
    assert_eq!(removed.unwrap(), [table.id()]);
    let removed = server.tables.remove_rows_of_dropped_tables().await;
    assert_eq!(removed.unwrap(), []);
    assert_eq!(server.run("SELECT id FROM app.notes").await, "1");
    drop(server);
    let storage = HybridStorage::open(folder.path()).unwrap();
    assert_eq!(storage.tables().len(), 1);
}

#[tokio::test]
async fn rows_are_not_read_with_other_definitions() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::open(&definitions(), folder.path()).await;
    server.run(SHARED).await;
    server
        .run("INSERT INTO app.shared (id, n) VALUES (1, 1)")
        .await;
    drop(server);
    // Another store gives the id of the table to another one.
    let server = Server::open(&definitions(), folder.path()).await;
    server
        .run("CREATE TABLE app.other (id BIGINT PRIMARY KEY, t TEXT) WITH (type = 'shared')")
        .await;
    for statement in [
        "SELECT * FROM app.other",
        "SELECT id FROM app.other WHERE id = 1",
        "UPDATE app.other SET t = 'x'",
        "INSERT INTO app.other (id, t) VALUES (1, 'x')",
    ] {
        let error = server.error(statement).await;
        assert!(
            error.contains("under another definition of version 1"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn streams_are_empty_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let definitions = definitions();
    let server = Server::open(&definitions, folder.path()).await;
    server
        .run(
            "CREATE TABLE app.events (id BIGINT PRIMARY KEY) \
             WITH (type = 'stream', ttl_seconds = 3600)",
        )
        .await;
    server.run("INSERT INTO app.events (id) VALUES (1)").await;
    assert_eq!(server.run("SELECT id FROM app.events").await, "1");
    assert!(
        server
            .run("FLUSH TABLE app.events")
            .await
            .starts_with("0 0 ")
    );
    drop(server);
    let server = Server::open(&definitions, folder.path()).await;
    assert_eq!(server.run("SELECT id FROM app.events").await, "");
    server.run("INSERT INTO app.events (id) VALUES (1)").await;
    assert_eq!(server.run("SELECT id FROM app.events").await, "1");
}

#[tokio::test]
async fn second_server_is_refused_and_can_only_read() {
    let folder = tempfile::tempdir().unwrap();
    let definitions = definitions();
    let server = Server::open(&definitions, folder.path()).await;
    server.run(SHARED).await;
    server
        .run("INSERT INTO app.shared (id, n) VALUES (1, 1)")
        .await;
    server.run("FLUSH TABLE app.shared").await;
    server
        .run("INSERT INTO app.shared (id, n) VALUES (2, 2)")
        .await;

    let error = HybridStorage::open(folder.path()).unwrap_err();
    assert!(
        matches!(&error, StorageError::Log(LogError::Locked { process: Some(id), .. })
            if *id == std::process::id()),
        "{error}"
    );
    let reader = HybridStorage::open_read_only(folder.path()).unwrap();
    let reader = Server::new(&definitions, std::sync::Arc::new(reader)).await;
    assert_eq!(
        reader.run("SELECT id FROM app.shared ORDER BY id").await,
        "1\n2"
    );
    let refused = reader.error("DELETE FROM app.shared").await;
    assert!(refused.contains("open read-only"), "{refused}");
    let refused = reader.error("FLUSH TABLE app.shared").await;
    assert!(refused.contains("open read-only"), "{refused}");
    assert_eq!(
        server.run("SELECT id FROM app.shared ORDER BY id").await,
        "1\n2"
    );
}

#[tokio::test]
async fn flush_needs_a_table_and_a_role() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::open(&definitions(), folder.path()).await;
    let missing = server.error("FLUSH TABLE app.missing").await;
    assert!(missing.contains("the table does not exist"), "{missing}");
    server.run(NOTES).await;
    let refused = server
        .try_run(&server.user("ann"), "FLUSH TABLE app.notes")
        .await;
    let refused = refused.unwrap_err().strip_backtrace();
    assert!(refused.contains("dba"), "{refused}");
    for malformed in ["FLUSH TABLE", "FLUSH TABLE app.notes x", "FLUSH TABLE 1"] {
        server.error(malformed).await;
    }
    assert_eq!(server.run("flush table app.notes;").await, "0 0 0");
}

/// Returns the names of the files in a folder that end with a text.
pub(crate) fn files(folder: &std::path::Path, end: &str) -> Vec<String> {
    let names = std::fs::read_dir(folder).unwrap();
    let names = names.map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name.ends_with(end)).collect();
    names.sort();
    names
}
