// SPDX-License-Identifier: Apache-2.0

//! Rows that were written under older versions, read under the present one.

use kalamtable_model::check_evolution;

use crate::support::{Server, answer, definition, error, run, table};

const PUBLIC: &str = "kind = 'shared'\naccess_level = 'public'";

/// A type, and values of it in SQL: its least and its greatest among them.
const TYPES: &[(&str, &[&str])] = &[
    ("boolean", &["true", "false"]),
    ("tinyint", &["-128", "0", "127"]),
    ("smallint", &["-32768", "127", "32767"]),
    ("int", &["-2147483648", "7", "2147483647"]),
    (
        "bigint",
        &["-9223372036854775808", "7", "9223372036854775807"],
    ),
    ("utinyint", &["0", "255"]),
    ("usmallint", &["0", "65535"]),
    ("uint", &["0", "4294967295"]),
    ("ubigint", &["0", "18446744073709551615"]),
    ("float", &["0.1", "-1.5"]),
    ("double", &["0.1", "-1.5"]),
    ("decimal(5, 2)", &["-999.99", "0.05", "999.99"]),
    ("decimal(7, 2)", &["-99999.99", "0.05"]),
    ("decimal(8, 4)", &["-999.9999", "0.0005"]),
    ("decimal(10, 0)", &["-2147483648", "2147483647"]),
    ("decimal(12, 2)", &["1.25"]),
    ("decimal(20, 0)", &["9223372036854775807"]),
    ("decimal(38, 10)", &["1.5"]),
    ("text", &["'a'", "''"]),
    ("date", &["DATE '1969-12-31'", "DATE '2024-02-29'"]),
    ("timestamp(s)", &["TIMESTAMP '2024-02-29T01:02:03'"]),
    ("timestamp(ms)", &["TIMESTAMP '2024-02-29T01:02:03'"]),
    ("timestamp", &["TIMESTAMP '2024-02-29T01:02:03'"]),
    ("timestamp(ns)", &["TIMESTAMP '2024-02-29T01:02:03'"]),
    ("bytes(16)", &["X'000102030405060708090a0b0c0d0e0f'"]),
    ("uuid", &["X'000102030405060708090a0b0c0d0e0f'"]),
    ("enum('a', 'b')", &["'a'", "'b'"]),
    ("enum('a', 'b', 'c')", &["'c'"]),
    ("list<#6 int>", &["[1, 2]", "[]"]),
    ("list<#6 bigint>", &["[5000000000]"]),
    ("list<#6 bigint null>", &["[NULL, 5000000000]"]),
    ("struct<#6 x: int null>", &["named_struct('x', 1)"]),
    (
        "struct<#6 z: bigint null, #7 y: text null>",
        &["named_struct('z', 5000000000, 'y', 'a')"],
    ),
    ("map<#6 text, #7 int>", &["MAP {'a': 1, 'b': 2}"]),
    (
        "map<#6 text, #7 double null>",
        &["MAP {'a': 1.5, 'b': NULL}"],
    ),
    (
        "list<#6 struct<#7 x: date null, #8 k: smallint null> null>",
        &["[named_struct('x', DATE '2024-02-29', 'k', 1)]"],
    ),
    (
        "list<#6 struct<#7 renamed: timestamp null, #8 k: int null, #9 more: text null> null>",
        &["[named_struct('renamed', TIMESTAMP '2024-02-29T01:02:03', 'k', 100000, 'more', 'x')]"],
    ),
];

fn with_type(name: &str, ty: &str) -> String {
    let columns = format!("v = {{ id = 5, type = \"{ty}\", nullable = true }}");
    table(name, PUBLIC, &columns)
}

/// Inserts these values, and a null, from that id on.
async fn insert(
    session: &datafusion::prelude::SessionContext,
    name: &str,
    id: i64,
    values: &[&str],
) {
    let rows = values.iter().chain(&["NULL"]).zip(id..);
    for (value, id) in rows {
        let sql = format!("INSERT INTO app.{name} (id, v) SELECT {id}, {value} AS v");
        run(session, &sql)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
}

#[tokio::test]
async fn every_type_that_may_become_another_is_read_as_that() {
    let mut checked = Vec::new();
    for (old, old_values) in TYPES {
        for (new, new_values) in TYPES {
            let (first, next) = (with_type("t", old), with_type("t", new));
            if old == new || check_evolution(&[definition(&first)], &definition(&next)).is_err() {
                continue;
            }
            checked.push(format!("{old} -> {new}"));
            let server = Server::new().await;
            let root = server.root();
            server.create(&first).await;
            insert(&root, "t", 0, old_values).await;
            server.alter(&next).await;
            insert(&root, "t", 100, new_values).await;

            // The twin has never had another type. What old values are in it is for DataFusion to
            // say.
            server.create(&with_type("twin", new)).await;
            insert(&root, "twin", 100, new_values).await;
            if old.contains("struct") {
                let sql = "INSERT INTO app.twin (id, v) VALUES (1, NULL)";
                run(&root, sql).await.unwrap();
                let value = match new.starts_with("list") {
                    false => "named_struct('z', 1, 'y', NULL)",
                    true => {
                        "[named_struct('renamed', TIMESTAMP '2024-02-29T00:00:00', 'k', 1, 'more', NULL)]"
                    }
                };
                let sql = format!("INSERT INTO app.twin (id, v) SELECT 0, {value}");
                run(&root, &sql)
                    .await
                    .unwrap_or_else(|error| panic!("{sql}: {error}"));
            } else if old.starts_with("float") {
                let values = ["CAST(0.1 AS float)", "-1.5"];
                insert(&root, "twin", 0, &values).await;
            } else {
                insert(&root, "twin", 0, old_values).await;
            }
            for sql in [
                "SELECT id, v FROM app.T ORDER BY id",
                "SELECT id FROM app.T WHERE v IS NULL ORDER BY id",
                "SELECT count(v) FROM app.T",
            ] {
                let of = |name: &str| sql.replace("app.T", name);
                assert_eq!(
                    answer(&root, &of("app.t")).await,
                    answer(&root, &of("app.twin")).await,
                    "{old} -> {new}: {sql}"
                );
            }
        }
    }
    // As many as RULES.md allows among these types.
    assert!(checked.len() >= 50, "{}: {checked:#?}", checked.len());
}

#[tokio::test]
async fn columns_that_come_and_go() {
    let server = Server::new().await;
    let root = server.root();
    let t = |columns: &str| table("t", PUBLIC, columns);
    server
        .create(&t(
            "a = { id = 2, type = 'int' }\nb = { id = 3, type = 'text' }",
        ))
        .await;
    answer(&root, "INSERT INTO app.t (id, a, b) VALUES (1, 10, 'one')").await;

    // `a` is renamed and moved behind; `c` comes with a default.
    server
        .alter(&t("b = { id = 3, type = 'text' }\n\
                   c = { id = 4, type = 'int', default = 5 }\n\
                   z = { id = 2, type = 'int' }"))
        .await;
    answer(&root, "INSERT INTO app.t (id, z, b) VALUES (2, 20, 'two')").await;
    assert_eq!(
        answer(&root, "SELECT * FROM app.t ORDER BY id").await,
        "1 one 5 10 1 false\n2 two 5 20 2 false"
    );

    // Another default applies to later rows: existing rows keep theirs. `z` becomes nullable, `b`
    // is dropped.
    let dropped = "[reserved]\nids = [3]\nnames = ['b']";
    let third = format!(
        "c = {{ id = 4, type = 'bigint', default = 6 }}\n\
         z = {{ id = 2, type = 'bigint', nullable = true }}\n\
         d = {{ id = 5, type = 'text', nullable = true }}\n{dropped}"
    );
    server.alter(&t(&third)).await;
    answer(&root, "INSERT INTO app.t (id) VALUES (3)").await;
    assert_eq!(
        answer(&root, "SELECT id, c, z, d FROM app.t ORDER BY id").await,
        "1 5 10 NULL\n2 5 20 NULL\n3 6 NULL NULL"
    );
    assert!(
        error(&root, "SELECT b FROM app.t")
            .await
            .contains("No field named b")
    );

    // An update writes the row under the current version, with unchanged values.
    answer(&root, "UPDATE app.t SET d = 'x' WHERE z >= 20").await;
    answer(&root, "DELETE FROM app.t WHERE id = 1").await;
    assert_eq!(
        answer(&root, "SELECT id, c, z, d FROM app.t ORDER BY id").await,
        "2 5 20 x\n3 6 NULL NULL"
    );
}

#[tokio::test]
async fn a_key_of_a_wider_type_is_the_same_key() {
    let server = Server::new().await;
    let root = server.root();
    let t = |ty: &str| {
        format!(
            "name = 'app.t'\n{PUBLIC}\nprimary_key = ['id']\nunique = [['u']]\n[columns]\n\
             u = {{ id = 2, type = '{ty}', nullable = true }}\nid = {{ id = 1, type = '{ty}' }}"
        )
    };
    server.create(&t("int")).await;
    answer(&root, "INSERT INTO app.t (id, u) VALUES (1, 10), (2, 20)").await;
    for (version, ty) in ["bigint", "decimal(20, 0)", "decimal(25, 3)"]
        .iter()
        .enumerate()
    {
        server.alter(&t(ty)).await;
        assert!(
            error(&root, "INSERT INTO app.t (id) VALUES (1)")
                .await
                .contains("primary key `id` = 1")
        );
        let sql = "INSERT INTO app.t (id, u) VALUES (77, 20)";
        assert!(error(&root, sql).await.contains("unique key `u` = 20"));
        let (id, sql) = (100 + version, "SELECT count(*) FROM app.t WHERE id < 100");
        answer(
            &root,
            &format!("INSERT INTO app.t (id, u) VALUES ({id}, {id})"),
        )
        .await;
        answer(&root, "REPLACE INTO app.t (id, u) VALUES (2, 20)").await;
        assert_eq!(answer(&root, sql).await, "2");
    }
    assert_eq!(answer(&root, "DELETE FROM app.t").await, "5");
}

#[tokio::test]
async fn a_value_that_is_impossible_is_an_error_and_no_null() {
    let server = Server::new().await;
    let root = server.root();
    server.create(&with_type("t", "date")).await;
    let sql = "INSERT INTO app.t (id, v) SELECT 1, arrow_cast(2147483647, 'Date32')";
    answer(&root, sql).await;
    server.alter(&with_type("t", "timestamp")).await;
    answer(&root, "INSERT INTO app.t (id) VALUES (2)").await;
    let message = error(&root, "SELECT v FROM app.t").await;
    assert!(message.contains("table `app.t`, column `v`"), "{message}");
    // The rest of the row can be read.
    assert_eq!(
        answer(&root, "SELECT id FROM app.t ORDER BY id").await,
        "1\n2"
    );
}

#[tokio::test]
async fn a_plan_reads_rows_of_its_version_after_a_schema_change() {
    let server = Server::new().await;
    let root = server.root();
    let first = "n = { id = 2, type = 'int' }";
    server.create(&table("t", PUBLIC, first)).await;
    answer(&root, "INSERT INTO app.t (id, n) VALUES (1, 1)").await;
    let frame = root.sql("SELECT * FROM app.t ORDER BY id").await.unwrap();
    let plan = frame.create_physical_plan().await.unwrap();
    let run = || async {
        let batches = datafusion::physical_plan::collect(plan.clone(), root.task_ctx()).await;
        crate::support::lines(&batches.unwrap())
    };
    // Before a schema change, the plan reads the current rows.
    answer(&root, "INSERT INTO app.t (id, n) VALUES (2, 2)").await;
    assert_eq!(run().await, "1 1 1 false\n2 2 2 false");
    let second = "m = { id = 2, type = 'bigint' }";
    server.alter(&table("t", PUBLIC, second)).await;
    assert_eq!(run().await, "1 1 1 false\n2 2 2 false");
    answer(&root, "UPDATE app.t SET m = 5000000000").await;
    assert_eq!(run().await, "1 1 1 false\n2 2 2 false");
    // The previous rows are kept for a minute. After that, the plan reads the rows of its planning
    // time.
    server.clock.advance(61.0);
    answer(&root, "UPDATE app.t SET m = 5000000000").await;
    assert_eq!(run().await, "1 1 1 false");
    assert_eq!(
        answer(&root, "SELECT * FROM app.t ORDER BY id").await,
        "1 5000000000 5 false\n2 5000000000 6 false"
    );
}

#[tokio::test]
async fn readers_of_older_versions_are_made_once() {
    let server = Server::new().await;
    let root = server.root();
    server
        .create(&table("t", PUBLIC, "n = { id = 2, type = 'int' }"))
        .await;
    answer(&root, "INSERT INTO app.t (id, n) VALUES (1, 1)").await;
    server
        .alter(&table("t", PUBLIC, "n = { id = 2, type = 'bigint' }"))
        .await;
    for _ in 0..5 {
        assert_eq!(answer(&root, "SELECT n FROM app.t").await, "1");
    }
    let reader = kalamtable_registry::Artefact::Reader;
    let stats = server.registry.stats();
    let misses = stats
        .misses
        .iter()
        .find(|(artefact, _)| *artefact == reader);
    // One for each version: none was asked before the alteration.
    assert_eq!(misses.unwrap().1, 1);
}
