// SPDX-License-Identifier: Apache-2.0

//! The effects of statements, and the reasons for which they are rejected.

use std::sync::Arc;

use kalamtable_provider::metadata;
use kalamtable_runtime::Role;

use crate::support::{Server, actor, answer, error, run, table};

const PUBLIC: &str = "kind = 'shared'\naccess_level = 'public'";

async fn server(columns: &str) -> (Server, datafusion::prelude::SessionContext) {
    let server = Server::new().await;
    server.create(&table("t", PUBLIC, columns)).await;
    let root = server.root();
    (server, root)
}

#[tokio::test]
async fn writes_are_numbered_and_deletes_leave_tombstones() {
    let (server, root) = server("text = { id = 2, type = 'text', nullable = true }").await;
    let sync = server.session(actor("sync", Role::Service).with_deleted());
    let all = "SELECT * FROM app.t ORDER BY _seq";
    answer(
        &root,
        "INSERT INTO app.t (id, text) VALUES (1, 'a'), (2, 'b'), (3, 'c')",
    )
    .await;
    assert_eq!(
        answer(&root, all).await,
        "1 a 1 false\n2 b 2 false\n3 c 3 false"
    );
    assert_eq!(
        answer(&root, "UPDATE app.t SET text = 'x' WHERE id = 1").await,
        "1"
    );
    assert_eq!(
        answer(&root, all).await,
        "2 b 2 false\n3 c 3 false\n1 x 4 false"
    );
    assert_eq!(answer(&root, "DELETE FROM app.t WHERE id < 3").await, "2");
    assert_eq!(answer(&root, all).await, "3 c 3 false");
    assert_eq!(
        answer(&root, "SELECT count(*) FROM app.t WHERE _deleted").await,
        "0"
    );
    assert_eq!(
        answer(&sync, all).await,
        "3 c 3 false\n2 b 5 true\n1 x 6 true"
    );
    // A deleted row is not deleted again, even by an actor who sees it.
    assert_eq!(
        answer(&sync, "SELECT count(*) FROM app.t WHERE _deleted").await,
        "2"
    );
    let admin = server.session(actor("sync", Role::Dba).with_deleted());
    assert_eq!(answer(&admin, "DELETE FROM app.t WHERE id < 3").await, "0");
    assert_eq!(
        answer(&admin, "UPDATE app.t SET text = 'z' WHERE id < 3").await,
        "0"
    );
    answer(&root, "INSERT INTO app.t (id, text) VALUES (2, 'again')").await;
    assert_eq!(answer(&root, all).await, "3 c 3 false\n2 again 7 false");
    assert_eq!(
        answer(&sync, all).await,
        "3 c 3 false\n1 x 6 true\n2 again 7 false"
    );
    assert_eq!(answer(&root, "TRUNCATE TABLE app.t").await, "2");
    assert_eq!(answer(&root, all).await, "");
    assert_eq!(
        answer(&sync, "SELECT id, _deleted FROM app.t ORDER BY id").await,
        "1 true\n2 true\n3 true"
    );
}

#[tokio::test]
async fn a_changed_key_leaves_a_tombstone() {
    let (server, root) = server("").await;
    let sync = server.session(actor("sync", Role::Service).with_deleted());
    answer(&root, "INSERT INTO app.t (id) VALUES (1), (2), (3)").await;
    assert_eq!(answer(&root, "UPDATE app.t SET id = id + 1").await, "3");
    assert_eq!(
        answer(&sync, "SELECT id, _deleted FROM app.t ORDER BY id").await,
        "1 true\n2 false\n3 false\n4 false"
    );
    let message = error(&root, "UPDATE app.t SET id = 3 WHERE id = 4").await;
    assert_eq!(
        message,
        "External error: table `app.t`: the primary key `id` = 3 exists already"
    );
    let message = error(&root, "UPDATE app.t SET id = 9").await;
    assert_eq!(
        message,
        "External error: table `app.t`: the primary key `id` = 9 exists already"
    );
    assert_eq!(
        answer(&root, "UPDATE app.t SET id = 1 WHERE id = 4").await,
        "1"
    );
    assert_eq!(
        answer(&sync, "SELECT id, _deleted FROM app.t ORDER BY id").await,
        "1 false\n2 false\n3 false\n4 true"
    );
}

#[tokio::test]
async fn insert_overwrite_and_replace() {
    let (server, root) = server("text = { id = 2, type = 'text' }").await;
    let sync = server.session(actor("sync", Role::Service).with_deleted());
    answer(
        &root,
        "INSERT INTO app.t (id, text) VALUES (1, 'a'), (2, 'b')",
    )
    .await;
    let sql = "REPLACE INTO app.t (id, text) VALUES (2, 'x'), (3, 'y'), (2, 'z')";
    assert_eq!(answer(&root, sql).await, "3");
    let all = "SELECT id, text FROM app.t ORDER BY id";
    assert_eq!(answer(&root, all).await, "1 a\n2 z\n3 y");
    answer(
        &root,
        "INSERT OVERWRITE app.t (id, text) VALUES (3, 'o'), (4, 'p')",
    )
    .await;
    assert_eq!(answer(&root, all).await, "3 o\n4 p");
    assert_eq!(
        answer(&sync, "SELECT id, _deleted FROM app.t ORDER BY id").await,
        "1 true\n2 true\n3 false\n4 false"
    );
}

#[tokio::test]
async fn values_that_do_not_fit_are_refused_and_nothing_is_written() {
    let columns = "
        text = { id = 2, type = 'text' }
        state = { id = 3, type = \"enum('new', 'old')\", default = 'new' }
        code = { id = 4, type = 'bytes(2)', nullable = true }
        list = { id = 5, type = \"list<#6 enum('a', 'b')>\", nullable = true }
        both = { id = 7, type = \"struct<#8 x: int, #9 y: text null>\", nullable = true }";
    let toml = table("t", PUBLIC, columns).replace("[columns]", "unique = [['text']]\n[columns]");
    let server = Server::new().await;
    server.create(&toml).await;
    let root = server.root();
    answer(
        &root,
        "INSERT INTO app.t (id, text) VALUES (1, 'a'), (2, 'b')",
    )
    .await;
    let before = answer(&root, "SELECT * FROM app.t ORDER BY id").await;
    let insert = "INSERT INTO app.t (id, text";
    for (sql, expected) in [
        (
            format!("{insert}) SELECT 3, 'c' UNION ALL SELECT 4, NULL"),
            "table `app.t`, column `text`, row 1: null, but null is not allowed",
        ),
        (
            format!("{insert}) SELECT 3, 'c' UNION ALL SELECT NULL, 'd'"),
            "table `app.t`, column `id`, row 1: null, but null is not allowed",
        ),
        (
            format!("{insert}, state) VALUES (3, 'c', 'new'), (4, 'd', 'odd')"),
            "table `app.t`, column `state`, row 1: `odd` is not one of `new`, `old`",
        ),
        (
            format!("{insert}) VALUES (3, 'c'), (2, 'd')"),
            "table `app.t`, row 1: the primary key `id` = 2 exists already",
        ),
        (
            format!("{insert}) VALUES (3, 'c'), (3, 'd')"),
            "table `app.t`, row 1: the primary key `id` = 3 exists already",
        ),
        (
            format!("{insert}) VALUES (3, 'c'), (4, 'a')"),
            "table `app.t`, row 1: the unique key `text` = a exists already",
        ),
        (
            format!("{insert}) VALUES (3, 'c'), (4, 'c')"),
            "table `app.t`, row 1: the unique key `text` = c exists already",
        ),
        (
            format!(
                "{insert}, list) SELECT 3, 'c', ['a', 'b'] UNION ALL SELECT 4, 'd', ['a', 'c']"
            ),
            "table `app.t`, column `list`, row 1: $[1]: `c` is not one of `a`, `b`",
        ),
        (
            format!("{insert}, _seq) VALUES (3, 'c', 7)"),
            "table `app.t`: column `_seq` is written by the system: omit it",
        ),
        (
            format!("{insert}, _deleted) VALUES (3, 'c', true)"),
            "table `app.t`: column `_deleted` is written by the system: omit it",
        ),
        (
            "UPDATE app.t SET _seq = 1".to_string(),
            "table `app.t`: column `_seq` is written by the system: omit it",
        ),
        (
            "UPDATE app.t SET text = NULL WHERE id = 2".to_string(),
            "table `app.t`, column `text`, row 0: null, but null is not allowed",
        ),
        (
            "UPDATE app.t SET text = 'same'".to_string(),
            "table `app.t`: the unique key `text` = same exists already",
        ),
        (
            "UPDATE app.t SET text = 'a' WHERE id = 2".to_string(),
            "table `app.t`: the unique key `text` = a exists already",
        ),
        (
            "UPDATE app.t SET state = 'odd' WHERE id = 1".to_string(),
            "table `app.t`, column `state`, row 0: `odd` is not one of `new`, `old`",
        ),
        (
            "INSERT OVERWRITE app.t (id, text) VALUES (3, 'c'), (3, 'd')".to_string(),
            "table `app.t`, row 1: the primary key `id` = 3 exists already",
        ),
        (
            "REPLACE INTO app.t (id, text) VALUES (1, 'b')".to_string(),
            "table `app.t`, row 0: the unique key `text` = b exists already",
        ),
    ] {
        let found = error(&root, &sql).await;
        assert!(
            found.ends_with(&format!("External error: {expected}")),
            "{sql}: {found}"
        );
        let after = answer(&root, "SELECT * FROM app.t ORDER BY id").await;
        assert_eq!(after, before, "{sql}");
    }
    // Unique keys may be exchanged, and those of rows that go are free.
    let sql = "UPDATE app.t SET text = CASE text WHEN 'a' THEN 'b' ELSE 'a' END";
    assert_eq!(answer(&root, sql).await, "2");
    answer(&root, "DELETE FROM app.t WHERE id = 1").await;
    answer(&root, "INSERT INTO app.t (id, text) VALUES (5, 'b')").await;
    answer(&root, "REPLACE INTO app.t (id, text) VALUES (5, 'b')").await;
}

#[tokio::test]
async fn defaults_are_those_of_the_definition() {
    let columns = "
        state = { id = 2, type = \"enum('new', 'old')\", default = 'new' }
        at = { id = 3, type = 'timestamp', default = 'now()' }
        n = { id = 4, type = 'int', default = 7 }
        note = { id = 5, type = 'text', nullable = true }";
    let (_, root) = server(columns).await;
    answer(&root, "INSERT INTO app.t (id) VALUES (1)").await;
    let sql = "SELECT id, state, at > to_timestamp_micros(0), n, note FROM app.t";
    assert_eq!(answer(&root, sql).await, "1 new true 7 NULL");
}

#[tokio::test]
async fn without_a_primary_key_rows_are_changed_where_they_are() {
    let server = Server::new().await;
    let toml = "name = 'app.t'\nkind = 'user'\nno_primary_key = 'a log'\n[columns]\n\
                n = { id = 1, type = 'int' }";
    server.create(toml).await;
    let ann = server.user("ann");
    answer(&ann, "INSERT INTO app.t (n) VALUES (1), (1), (2), (3)").await;
    assert_eq!(
        answer(&ann, "UPDATE app.t SET n = n + 10 WHERE n = 1").await,
        "2"
    );
    assert_eq!(answer(&ann, "DELETE FROM app.t WHERE n = 2").await, "1");
    assert_eq!(
        answer(&ann, "SELECT n, _seq FROM app.t ORDER BY _seq").await,
        "3 4\n11 5\n11 6"
    );
    let sync = server.session(actor("ann", Role::Service).with_deleted());
    assert_eq!(
        answer(&sync, "SELECT n, _deleted FROM app.t ORDER BY _seq").await,
        "3 false\n11 false\n11 false\n2 true"
    );
}

#[tokio::test]
async fn many_small_statements_make_few_chunks() {
    let (_, root) = server("n = { id = 2, type = 'int' }").await;
    for id in 0..300 {
        answer(
            &root,
            &format!("INSERT INTO app.t (id, n) VALUES ({id}, 0)"),
        )
        .await;
    }
    for _ in 0..5 {
        answer(&root, "UPDATE app.t SET n = n + 1").await;
    }
    let sql = "SELECT count(*), min(n), max(n), count(DISTINCT _seq) FROM app.t";
    assert_eq!(answer(&root, sql).await, "300 5 5 300");
    answer(&root, "DELETE FROM app.t WHERE id % 2 = 0").await;
    for id in (0..300).step_by(2) {
        answer(
            &root,
            &format!("INSERT INTO app.t (id, n) VALUES ({id}, 9)"),
        )
        .await;
    }
    assert_eq!(
        answer(&root, "SELECT n, count(*) FROM app.t GROUP BY n ORDER BY n").await,
        "5 150\n9 150"
    );
}

#[tokio::test]
async fn insert_without_column_list_counts_system_columns() {
    let (_, root) = server("").await;
    assert!(run(&root, "INSERT INTO app.t VALUES (1)").await.is_err());
    answer(&root, "INSERT INTO app.t SELECT 1, NULL, NULL AS d").await;
    assert_eq!(answer(&root, "SELECT * FROM app.t").await, "1 1 false");
}

#[tokio::test]
async fn the_definition_is_found_by_the_metadata_tables() {
    let server = Server::new().await;
    let snapshot = server.create(&table("t", PUBLIC, "")).await;
    let provider = server.tables.provider(&snapshot).unwrap();
    let found = metadata::definition_of(&*provider);
    assert_eq!(found, Some(snapshot.definition()));
    let session = server.root();
    session.register_table("t", provider).unwrap();
    assert!(answer(&session, "SELECT * FROM t").await.is_empty());
    let system = table("s", "kind = 'system'", "");
    let system = server.create(&system).await;
    assert_eq!(
        server.tables.provider(&system).unwrap_err().to_string(),
        "table `app.s` is of kind `system`: only user, shared and stream tables have dynamic rows"
    );
}

#[tokio::test]
async fn state_of_a_version_is_created_once() {
    let server = Server::new().await;
    let snapshot = server.create(&table("t", PUBLIC, "")).await;
    let count = |found: Vec<(kalamtable_registry::Artefact, u64)>| {
        let provider = kalamtable_registry::Artefact::Provider;
        found
            .into_iter()
            .find(|(artefact, _)| *artefact == provider)
            .unwrap()
            .1
    };
    for _ in 0..3 {
        let _provider: Arc<_> = server.tables.provider(&snapshot).unwrap();
    }
    let stats = server.registry.stats();
    assert_eq!((count(stats.misses), count(stats.hits)), (1, 2));
    // Nothing that is kept with a snapshot keeps it alive.
    let weak = Arc::downgrade(&snapshot);
    server.registry.drop_table(&snapshot).await.unwrap();
    server.tables.remove_rows(snapshot.id()).unwrap();
    drop(snapshot);
    server.registry.clear();
    assert!(weak.upgrade().is_none());
}

#[tokio::test]
async fn a_statement_planned_before_an_alteration_is_refused() {
    let (server, root) = server("n = { id = 2, type = 'int', nullable = true }").await;
    answer(&root, "INSERT INTO app.t (id) VALUES (1)").await;
    let mut plans = Vec::new();
    for sql in [
        "INSERT INTO app.t (id) VALUES (2)",
        "UPDATE app.t SET n = 1",
        "DELETE FROM app.t",
        "TRUNCATE TABLE app.t",
    ] {
        let frame = root.sql(sql).await.unwrap();
        plans.push(frame.create_physical_plan().await.unwrap());
    }
    let wider = "n = { id = 2, type = 'bigint', nullable = true }";
    let altered = server.alter(&table("t", PUBLIC, wider)).await;
    for plan in &plans {
        let refused = datafusion::physical_plan::collect(plan.clone(), root.task_ctx()).await;
        assert_eq!(
            refused.unwrap_err().strip_backtrace(),
            "External error: table `app.t` was altered and is at version 2; plan the statement \
             again: it was planned for version 1"
        );
    }
    server.registry.drop_table(&altered).await.unwrap();
    let refused = datafusion::physical_plan::collect(plans[0].clone(), root.task_ctx()).await;
    assert_eq!(
        refused.unwrap_err().strip_backtrace(),
        "External error: table `app.t` was dropped; plan the statement again: it was planned for \
         version 1"
    );
}

/// A dynamic table has no Rust code, so labels and names need not be names in Rust.
#[tokio::test]
async fn labels_and_names_of_dynamic_tables_are_unrestricted() {
    let labels = "enum('>=', 'α', ' ', 'gpt-3.5-turbo', 'gpt_3_5_turbo')";
    let columns = format!(
        "sign = {{ id = 2, type = \"{labels}\", default = '>=' }}\n\
         a_b = {{ id = 3, type = 'int', nullable = true }}\n\
         aB = {{ id = 4, type = 'int', nullable = true }}"
    );
    let (_server, root) = server(&columns).await;
    let insert = "INSERT INTO app.t (id, sign, a_b, \"aB\") VALUES (1, 'α', 5, 6), (2, 'gpt-3.5-turbo', 7, 8)";
    answer(&root, insert).await;
    answer(&root, "INSERT INTO app.t (id) VALUES (3)").await;
    assert_eq!(
        answer(&root, "SELECT id, sign, a_b, \"aB\" FROM app.t ORDER BY id").await,
        "1 α 5 6\n2 gpt-3.5-turbo 7 8\n3 >= NULL NULL"
    );
    assert_eq!(
        answer(&root, "SELECT id FROM app.t WHERE sign = '>='").await,
        "3"
    );
    let insert = "INSERT INTO app.t (id, sign) VALUES (4, 'gpt-3_5-turbo')";
    let rejected = error(&root, insert).await;
    assert!(
        rejected.contains("`gpt-3_5-turbo` is not one of"),
        "{rejected}"
    );
}
