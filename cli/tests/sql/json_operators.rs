// SPDX-License-Identifier: Apache-2.0

//! The operators and functions for `json` columns.

use expect_test::{Expect, expect};

use crate::support::{CommandFolder, success};

const DEFINITION: &str = r#"
name        = "app.events"
primary_key = ["id"]

[columns]
id      = { id = 1, type = "bigint" }
payload = { id = 2, type = "json", nullable = true }
"#;

const ROWS: &str = r#"{"id": 1, "payload": {"user": {"name": "ann", "age": 41}, "tags": ["a", "b"], "ok": true}}
{"id": 2, "payload": {"user": {"name": "bob"}, "tags": [], "ok": null}}
{"id": 3}
"#;

fn check(query: &str, expected: Expect) {
    let folder = CommandFolder::new();
    folder.write("schemas/events.toml", DEFINITION);
    folder.write("data/events.ndjson", ROWS);
    expected.assert_eq(&success(&folder.query("csv", query)));
}

#[test]
fn operators_read_members_and_elements() {
    check(
        "SELECT id, payload->'user'->>'name' AS name, payload->'tags'->>0 AS tag FROM app.events",
        expect![[r#"
            id,name,tag
            1,ann,a
            2,bob,
            3,,
        "#]],
    );
    check(
        "SELECT id FROM app.events WHERE (payload->'user'->>'name') = 'bob'",
        expect![[r#"
            id
            2
        "#]],
    );
    check(
        "SELECT id, json_contains(payload, 'ok') AS has FROM app.events ORDER BY id",
        expect![[r#"
            id,has
            1,true
            2,true
            3,false
        "#]],
    );
}

#[test]
fn postgres_dialect_has_all_operators() {
    check(
        "SET datafusion.sql_parser.dialect = 'postgres'; \
         SELECT id FROM app.events WHERE payload ? 'ok' AND payload->'user'->>'name' = 'bob'",
        expect![[r#"
            id
            2
        "#]],
    );
}

#[test]
fn functions_return_typed_values() {
    check(
        "SELECT id, json_get_int(payload, 'user', 'age') + 1 AS age, \
         json_get_bool(payload, 'ok') AS ok, json_length(payload, 'tags') AS tags FROM app.events",
        expect![[r#"
            id,age,ok,tags
            1,42,true,2
            2,,,0
            3,,,
        "#]],
    );
    check(
        "SELECT sum((payload->'user'->'age')::int) AS ages FROM app.events",
        expect![[r#"
            ages
            41
        "#]],
    );
}

#[test]
fn result_of_the_arrow_operator_is_shown() {
    check(
        "SELECT id, payload->'user' AS u, payload->'user'->'age' AS age, payload->'ok' AS ok \
         FROM app.events",
        expect![[r#"
            id,u,age,ok
            1,"{""name"": ""ann"", ""age"": 41}",41,true
            2,"{""name"": ""bob""}",,
            3,,,
        "#]],
    );
}

#[test]
fn json_values_are_written_to_files() {
    let folder = CommandFolder::new();
    folder.write("schemas/events.toml", DEFINITION);
    folder.write("data/events.ndjson", ROWS);
    for file in ["out.csv", "out.ndjson", "out.parquet"] {
        let copy = format!("COPY (SELECT id, payload->'user' AS u FROM app.events) TO '{file}'");
        success(&folder.query("csv", &copy));
    }
    let written = |file: &str| std::fs::read_to_string(folder.path().join(file)).unwrap();
    expect![[r#"
        id,u
        1,"{""name"": ""ann"", ""age"": 41}"
        2,"{""name"": ""bob""}"
        3,
        {"id":1,"u":{"name": "ann", "age": 41}}
        {"id":2,"u":{"name": "bob"}}
        {"id":3,"u":null}
    "#]]
    .assert_eq(&(written("out.csv") + &written("out.ndjson")));
    let sql = "CREATE EXTERNAL TABLE t STORED AS PARQUET LOCATION 'out.parquet'; \
               SELECT id, u->>'name' AS name FROM t ORDER BY id";
    expect![[r#"
        id,name
        1,ann
        2,bob
        3,
    "#]]
    .assert_eq(&success(
        &folder.run(&["sql", "--format", "csv", "-c", sql]),
    ));
}

// FIXME: In the default dialect, DataFusion's parser lets `=` bind more tightly than `->>`.
#[test]
fn comparison_without_parentheses_is_an_error() {
    let folder = CommandFolder::new();
    folder.write("schemas/events.toml", DEFINITION);
    folder.write("data/events.ndjson", ROWS);
    let output = folder.query("csv", "SELECT id FROM app.events WHERE payload->>'a' = 'b'");
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(
        message.contains("expected string or int, got Boolean"),
        "{message}"
    );
}

#[test]
fn grouping_by_a_member_works() {
    check(
        "SELECT payload->>'ok' AS ok, count(*) AS n FROM app.events GROUP BY 1 ORDER BY 1",
        expect![[r#"
            ok,n
            true,1
            ,2
        "#]],
    );
}
