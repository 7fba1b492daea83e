// SPDX-License-Identifier: Apache-2.0

//! The role that each statement requires, for each kind of table.

use kalamtable_runtime::Role;

use crate::server::DdlServer;
use crate::support::actor;

const TABLES: &[(&str, &str)] = &[
    ("user", "type = 'user'"),
    ("stream", "type = 'stream', ttl_seconds = 60"),
    ("public", "access_level = 'public'"),
    ("private", "access_level = 'private'"),
    ("restricted", "access_level = 'restricted'"),
    ("dba", "access_level = 'dba'"),
];

/// Returns the lowest role that may run a statement.
fn needed(statement: &str, kind: &str) -> Role {
    match statement {
        "DROP TABLE app.t" => Role::Dba,
        _ if kind == "dba" => Role::Dba,
        _ if kind == "restricted" && !statement.starts_with("CREATE") => Role::Dba,
        _ => Role::Service,
    }
}

#[tokio::test]
async fn each_statement_requires_its_role() {
    for (kind, options) in TABLES {
        let create = format!("CREATE TABLE app.t (id INT PRIMARY KEY) WITH ({options})");
        let statements = [
            create.as_str(),
            "ALTER TABLE app.t ADD COLUMN a INT",
            "ALTER TABLE app.t RENAME TO u",
            "COMMENT ON TABLE app.t IS 'x'",
            "DROP TABLE app.t",
        ];
        for statement in statements {
            for role in Role::ALL {
                let server = DdlServer::new().await;
                if statement != create {
                    server.run(&create).await.unwrap();
                }
                let before = server.registry.store().last_sequence().await.unwrap();
                let session = server.session(actor("ann", role));
                let outcome = server.run_as(&session, statement).await;
                let is_allowed = role >= needed(statement, kind);
                assert_eq!(
                    outcome.is_ok(),
                    is_allowed,
                    "{kind}, {role}: {statement}: {outcome:?}"
                );
                let after = server.registry.store().last_sequence().await.unwrap();
                assert_eq!(after > before, is_allowed, "{kind}, {role}: {statement}");
                if let Err(error) = outcome {
                    let error = error.to_string();
                    let names_role = error.contains(&format!("the role `{role}` may not run it"));
                    let hides_table = error.contains("does not exist, or the role of the session");
                    assert!(names_role || hides_table, "{error}");
                }
            }
        }
    }
}

#[tokio::test]
async fn access_level_is_changed_by_administrators() {
    let server = DdlServer::new().await;
    server
        .run("CREATE TABLE app.t (id INT PRIMARY KEY)")
        .await
        .unwrap();
    let service = server.session(actor("bot", Role::Service));
    let widen = "ALTER TABLE app.t SET (access_level = 'public')";
    let denied = server
        .run_as(&service, widen)
        .await
        .unwrap_err()
        .to_string();
    assert!(denied.contains("`dba` is required"), "{denied}");
    let dba = server.session(actor("ann", Role::Dba));
    server.run_as(&dba, widen).await.unwrap();
}

/// A role learns nothing about a table that it may not read.
#[tokio::test]
async fn hidden_table_is_reported_like_a_missing_one() {
    let server = DdlServer::new().await;
    let hidden = "CREATE TABLE app.hidden (id INT PRIMARY KEY) WITH (access_level = 'dba')";
    server.run(hidden).await.unwrap();
    let service = server.session(actor("bot", Role::Service));
    let mut errors = Vec::new();
    for table in ["hidden", "missing"] {
        let alter = format!("ALTER TABLE app.{table} ADD COLUMN a INT");
        let error = server
            .run_as(&service, &alter)
            .await
            .unwrap_err()
            .to_string();
        errors.push(error.replace(table, "TABLE"));
    }
    assert_eq!(errors[0], errors[1]);
    let user = server.session(actor("ann", Role::User));
    for statement in ["SHOW CREATE TABLE app.hidden", "DESCRIBE app.hidden"] {
        assert!(
            server.run_as(&user, statement).await.is_err(),
            "{statement}"
        );
    }
}

#[tokio::test]
async fn files_of_the_server_require_an_administrator() {
    let server = DdlServer::new().await;
    let service = server.session(actor("bot", Role::Service));
    for statement in [
        "CREATE EXTERNAL TABLE passwords STORED AS CSV LOCATION '/etc/passwd'",
        "COPY (SELECT 1 AS a) TO '/tmp/kalamtable-denied.csv'",
        "EXPLAIN ANALYZE COPY (SELECT 1 AS a) TO '/tmp/kalamtable-denied.csv'",
        "EXPLAIN ANALYZE VERBOSE COPY (SELECT 1 AS a) TO '/tmp/kalamtable-denied.csv'",
        "EXPLAIN EXPLAIN ANALYZE COPY (SELECT 1 AS a) TO '/tmp/kalamtable-denied.csv'",
        "EXPLAIN COPY (SELECT 1 AS a) TO '/tmp/kalamtable-denied.csv'",
        "CREATE DATABASE other",
    ] {
        let denied = server
            .run_as(&service, statement)
            .await
            .unwrap_err()
            .to_string();
        assert!(
            denied.contains("`dba` is required"),
            "{statement}: {denied}"
        );
    }
    assert!(!std::path::Path::new("/tmp/kalamtable-denied.csv").exists());
}
