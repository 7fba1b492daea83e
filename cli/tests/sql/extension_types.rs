// SPDX-License-Identifier: Apache-2.0

//! Uuids and JSON in results of functions that return one of their arguments.

use crate::support::{CommandFolder, success};

const DEFINITION: &str = r#"
name        = "app.events"
primary_key = ["id"]

[columns]
id = { id = 1, type = "bigint" }
u  = { id = 2, type = "uuid" }
w  = { id = 3, type = "uuid", nullable = true }
j  = { id = 4, type = "json" }
k  = { id = 5, type = "json", nullable = true }
t  = { id = 6, type = "text" }
"#;

const ROW: &str =
    r#"{"id": 1, "u": "67e55044-10b1-426f-9247-bb680e5fe0c8", "j": {"a": [1]}, "t": "1"}"#;

fn folder() -> CommandFolder {
    let folder = CommandFolder::new();
    folder.write("schemas/events.toml", DEFINITION);
    folder.write("data/events.ndjson", ROW);
    folder
}

fn value(folder: &CommandFolder, expression: &str) -> String {
    let query = format!("SELECT {expression} AS v FROM app.events");
    let text = success(&folder.query("json", &query));
    let value = text.trim().strip_prefix(r#"[{"v":"#);
    let value = value.and_then(|value| value.strip_suffix("}]"));
    value.unwrap_or(&text).to_string()
}

/// The functions of one value, whose result is that value.
const SELECTIONS: [&str; 16] = [
    "max(?)",
    "min(?)",
    "first_value(? ORDER BY id)",
    "last_value(? ORDER BY id)",
    "first_value(?) OVER (ORDER BY id)",
    "lag(?, 0) OVER (ORDER BY id)",
    "coalesce(?, ?)",
    "nullif(?, NULL)",
    "nvl2(?, ?, ?)",
    "greatest(?, ?)",
    "CASE WHEN id = 1 THEN ? END",
    "unnest(make_array(?))",
    "make_array(?)[1]",
    "named_struct('a', ?)['a']",
    "(SELECT max(?) FROM app.events)",
    "max(coalesce(?, ?))",
];

#[test]
fn uuids_keep_their_type_in_functions() {
    let folder = folder();
    let uuid = r#""67e55044-10b1-426f-9247-bb680e5fe0c8""#;
    for selection in SELECTIONS {
        let expression = selection.replace('?', "u");
        assert_eq!(value(&folder, &expression), uuid, "{expression}");
    }
    for expression in [
        "make_array(u)",
        "array_agg(u)",
        "array_reverse(make_array(u))",
    ] {
        assert_eq!(
            value(&folder, expression),
            format!("[{uuid}]"),
            "{expression}"
        );
    }
    assert_eq!(value(&folder, "coalesce(w, u)"), uuid);
    assert_eq!(
        value(&folder, "named_struct('u', u, 'j', j, 't', t)"),
        format!(r#"{{"u":{uuid},"j":{{"a": [1]}},"t":"1"}}"#)
    );
}

#[test]
fn json_keeps_its_type_in_functions() {
    let folder = folder();
    for selection in SELECTIONS {
        let expression = selection.replace('?', "j");
        assert_eq!(value(&folder, &expression), r#"{"a": [1]}"#, "{expression}");
    }
    for expression in ["make_array(j)", "array_agg(j)"] {
        assert_eq!(
            value(&folder, expression),
            r#"[{"a": [1]}]"#,
            "{expression}"
        );
    }
    assert_eq!(value(&folder, "coalesce(k, '{}')"), "{}");
}

#[test]
fn computed_text_is_no_json() {
    let folder = folder();
    for expression in ["max(t)", "coalesce(t, j)", "upper(t)", "concat('', t)", "t"] {
        assert_eq!(value(&folder, expression), r#""1""#, "{expression}");
    }
    let text = r#""{\"a\": [1]}""#;
    for expression in [
        "j || ''",
        "string_agg(j, ',')",
        "array_to_string(make_array(j), ',')",
    ] {
        assert_eq!(value(&folder, expression), text, "{expression}");
    }
}

#[test]
fn plans_keep_the_types_of_their_inputs() {
    let folder = folder();
    let rows = r#"[{"u":"67e55044-10b1-426f-9247-bb680e5fe0c8","j":{"a": [1]}}]"#;
    let inner = "SELECT max(u) AS u, max(j) AS j FROM app.events";
    for query in [
        format!("{inner} UNION {inner}"),
        format!("WITH r AS ({inner}) SELECT DISTINCT u, j FROM r ORDER BY 1 LIMIT 1"),
        format!("SELECT a.u, b.j FROM ({inner}) AS a JOIN ({inner}) AS b ON a.u = b.u"),
        format!("CREATE VIEW v AS {inner}; SELECT u, j FROM v"),
        format!("CREATE TABLE m AS {inner}; SELECT * FROM m"),
    ] {
        assert_eq!(
            success(&folder.query("json", &query)).trim(),
            rows,
            "{query}"
        );
    }
}
