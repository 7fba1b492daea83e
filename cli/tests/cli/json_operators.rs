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
        expect![[""]],
    );
    check(
        "SELECT id FROM app.events WHERE payload->'user'->>'name' = 'bob'",
        expect![[""]],
    );
    check(
        "SELECT id, payload ? 'ok' AS has FROM app.events ORDER BY id",
        expect![[""]],
    );
}

#[test]
fn functions_return_typed_values() {
    check(
        "SELECT id, json_get_int(payload, 'user', 'age') + 1 AS age, \
         json_get_bool(payload, 'ok') AS ok, json_length(payload, 'tags') AS tags FROM app.events",
        expect![[""]],
    );
    check(
        "SELECT sum((payload->'user'->'age')::int) AS ages FROM app.events",
        expect![[""]],
    );
}

#[test]
fn result_of_the_arrow_operator_is_shown() {
    check(
        "SELECT id, payload->'user' AS u, payload->'user'->'age' AS age, payload->'ok' AS ok \
         FROM app.events",
        expect![[""]],
    );
}

#[test]
fn grouping_by_a_member_works() {
    check(
        "SELECT payload->>'ok' AS ok, count(*) AS n FROM app.events GROUP BY 1 ORDER BY 1",
        expect![[""]],
    );
}
