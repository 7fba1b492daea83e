// SPDX-License-Identifier: Apache-2.0

//! `kalamtable sql --server-folder`: the tables of a server whose rows are on the disk.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Arc;

use datafusion::prelude::{SessionConfig, SessionContext};
use expect_test::expect;
use kalamtable::registry::{RegistryOptions, SchemaRegistry};
use kalamtable::storage::HybridStorage;
use kalamtable::store::{LogOptions, ObjectStoreLog};
use kalamtable::{Actor, DynamicTables, Role, UserId};

use crate::support::{CommandFolder, check};

/// Opens a server, and runs statements as the user `ann`.
async fn serve(folder: &Path, statements: &[&str]) -> DynamicTables {
    let definitions = folder.join("server/definitions");
    let store = ObjectStoreLog::open_folder(definitions, LogOptions::default());
    let store = Arc::new(store.await.unwrap());
    let registry = SchemaRegistry::open(store, RegistryOptions::default());
    let rows = HybridStorage::open(folder.join("server/rows")).unwrap();
    let tables = DynamicTables::new(registry.await.unwrap(), Arc::new(rows));
    let ann = Actor::new(UserId::new("ann").unwrap(), Role::System);
    let config = SessionConfig::new().with_extension(Arc::new(ann));
    let ctx = SessionContext::new_with_config(config);
    tables.register(&ctx).unwrap();
    for statement in statements {
        let result = tables.sql(&ctx, statement).await.unwrap();
        result.collect().await.unwrap();
    }
    tables
}

/// Runs statements on the tables of the server, with the rows of `ann` in user tables.
fn query_as_ann(folder: &CommandFolder, statements: &str) -> Output {
    let arguments = [
        "sql",
        "--server-folder",
        "server",
        "--user",
        "ann",
        "--format",
        "csv",
    ];
    folder.run(&[&arguments[..], &["-c", statements]].concat())
}

const STATEMENTS: &[&str] = &[
    "CREATE TABLE app.notes (id BIGINT PRIMARY KEY, body TEXT) WITH (type = 'user')",
    "CREATE TABLE app.counters (id BIGINT PRIMARY KEY, n INT) WITH (type = 'shared')",
    "INSERT INTO app.notes (id, body) VALUES (1, 'milk')",
    "FLUSH TABLE app.notes",
    "ALTER TABLE app.notes RENAME COLUMN body TO text",
    "INSERT INTO app.notes (id, text) VALUES (2, 'eggs')",
    "INSERT INTO app.counters (id, n) VALUES (1, 10), (2, 20)",
];

#[tokio::test]
async fn tables_of_a_server_are_read_while_it_runs() {
    let folder = CommandFolder::new();
    let server = serve(folder.path(), STATEMENTS).await;
    let query = "SELECT id, text FROM app.notes ORDER BY id; SELECT sum(n) AS n FROM app.counters";
    for _ in 0..2 {
        let output = query_as_ann(&folder, query);
        check(
            &output,
            expect![[r#"
                exit: 0
                stdout:
                id,text
                1,milk
                2,eggs
                n
                30
            "#]],
        );
    }
    drop(server);
    let arguments = ["sql", "--server-folder", "server", "--format", "csv"];
    let query = "SELECT count(*) AS notes FROM app.notes";
    let output = folder.run(&[&arguments[..], &["-c", query]].concat());
    check(
        &output,
        expect![[r#"
            exit: 0
            stdout:
            notes
            0
            stderr:
            note: user tables are empty without --user
        "#]],
    );
}

#[tokio::test]
async fn nothing_is_written() {
    let folder = CommandFolder::new();
    drop(serve(folder.path(), STATEMENTS).await);
    let before = files(&folder.path().join("server"));
    for statement in [
        "DELETE FROM app.counters",
        "INSERT INTO app.counters (id, n) VALUES (3, 30)",
        "DROP TABLE app.counters",
    ] {
        let output = query_as_ann(&folder, statement);
        assert!(!output.status.success(), "{statement}: {output:?}");
    }
    assert!(
        files(&folder.path().join("server")) == before,
        "a file has changed"
    );
}

/// Returns the content of each file in a folder and its subfolders.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else {
            let content = std::fs::read(&path).unwrap();
            all.insert(path, content);
        }
    }
    all
}

#[test]
fn empty_user_name_is_rejected() {
    let folder = CommandFolder::new();
    let arguments = [
        "sql",
        "--server-folder",
        "server",
        "--user",
        "",
        "-c",
        "SELECT 1",
    ];
    let output = folder.run(&arguments);
    assert_eq!(output.status.code(), Some(2));
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(errors.contains("expected the name of a user"), "{errors}");
}

#[test]
fn folder_of_no_server_is_reported() {
    let folder = CommandFolder::new();
    let output = folder.run(&["sql", "--server-folder", "data", "-c", "SELECT 1"]);
    check(
        &output,
        expect![[r#"
            exit: 1
            stderr:
            error: data is not the folder of a server: it has no folder `definitions`
        "#]],
    );
}
