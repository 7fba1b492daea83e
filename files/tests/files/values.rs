// SPDX-License-Identifier: Apache-2.0

//! Values as other programs write them: digits, spellings, JSON text, and the keys of maps.

use expect_test::{Expect, expect};

use crate::support::table_of;

/// Compares the rows or the error for each value, which is written to a file of its own.
fn check_values(ty: &str, name: &str, values: &[&str], expect: Expect) {
    let lines = values.iter().map(|value| {
        let folder = table_of(ty);
        let content = match name {
            "t.ndjson" => format!("{{\"v\": {value}}}\n"),
            _ => format!("v\n{value}\n"),
        };
        folder.write(&format!("data/{name}"), content);
        let (Ok(shown) | Err(shown)) = folder.query("SELECT v FROM app.t");
        let shown = shown
            .rsplit_once("): ")
            .map_or(&*shown, |(_, reason)| reason);
        format!("{value} -> {}\n", shown.trim_end())
    });
    expect.assert_eq(&lines.collect::<String>());
}

#[test]
fn digits_of_floats_are_not_lost() {
    let values = ["16777216", "16777217", "0.1", "0.1234567890123", "1e-46"];
    check_values(
        "float",
        "t.csv",
        &values,
        expect![[r#"
            16777216 -> {"v":16777216.0}
            16777217 -> `16777217` has more digits than the type holds, and would have to be rounded to `16777216`
            0.1 -> {"v":0.1}
            0.1234567890123 -> `0.1234567890123` has more digits than the type holds, and would have to be rounded to `0.12345679`
            1e-46 -> `1e-46` has more digits than the type holds, and would have to be rounded to `0`
        "#]],
    );
    let values = [
        "1e-400",
        "5e-324",
        "9007199254740993",
        "0.30000000000000004",
    ];
    check_values(
        "double",
        "t.ndjson",
        &values,
        expect![[r#"
            1e-400 -> `1e-400` has more digits than the type holds, and would have to be rounded to `0.0`
            5e-324 -> {"v":5.0e-324}
            9007199254740993 -> `9007199254740993` has more digits than the type holds, and would have to be rounded to `9007199254740992.0`
            0.30000000000000004 -> {"v":0.30000000000000004}
        "#]],
    );
    check_values(
        "embedding(2)",
        "t.ndjson",
        &["[0.1234567890123, 16777217]"],
        expect![[r#"
            [0.1234567890123, 16777217] -> {"v":[0.12345679,16777216.0]}
        "#]],
    );
}

#[test]
fn numbers_in_the_spelling_of_other_programs() {
    for name in ["t.csv", "t.ndjson"] {
        check_values(
            "int",
            name,
            &["1.0", "-2e3", "1.5", "3e9"],
            expect![[r#"
                1.0 -> {"v":1}
                -2e3 -> {"v":-2000}
                1.5 -> `1.5` is not a whole number
                3e9 -> `3e9` is out of range
            "#]],
        );
        check_values(
            "decimal(9, 5)",
            name,
            &["1e-05", "1E2", "1e-06", "1e4"],
            expect![[r#"
                1e-05 -> {"v":0.00001}
                1E2 -> {"v":100.00000}
                1e-06 -> `1e-06` has more than 5 digits after the point, and would have to be rounded
                1e4 -> `1e4` has more than 4 digits before the point
            "#]],
        );
    }
    check_values(
        "bigint",
        "t.ndjson",
        &["\"9007199254740993\"", "\"x\"", "9007199254740993"],
        expect![[r#"
            "9007199254740993" -> {"v":9007199254740993}
            "x" -> `"x"` is not a whole number
            9007199254740993 -> {"v":9007199254740993}
        "#]],
    );
}

#[test]
fn timestamps_in_the_spelling_of_other_programs() {
    check_values(
        "timestamp(us, 'UTC')",
        "t.csv",
        &[
            "2024-02-29 12:00:00+00",
            "2024-02-29 12:00:00 UTC",
            "2024-02-29t12:00:00.5z",
            "2024-02-29T12:00:00-00:44:30",
            "2024-02-29T12:00:00 GMT",
        ],
        expect![[r#"
            2024-02-29 12:00:00+00 -> {"v":"2024-02-29T12:00:00Z"}
            2024-02-29 12:00:00 UTC -> {"v":"2024-02-29T12:00:00Z"}
            2024-02-29t12:00:00.5z -> {"v":"2024-02-29T12:00:00.500Z"}
            2024-02-29T12:00:00-00:44:30 -> {"v":"2024-02-29T12:44:30Z"}
            2024-02-29T12:00:00 GMT -> `2024-02-29T12:00:00 GMT` is not a timestamp such as `2024-02-29T23:59:59Z`
        "#]],
    );
}

#[test]
fn json_strings_stay_strings() {
    check_values(
        "json",
        "t.ndjson",
        &[
            "\"123\"",
            "\"hello\"",
            "123",
            "{\"a\": [1.0]}",
            "\"{}\"",
            "null",
        ],
        expect![[r#"
            "123" -> {"v":"\"123\""}
            "hello" -> {"v":"\"hello\""}
            123 -> {"v":"123"}
            {"a": [1.0]} -> {"v":"{\"a\": [1.0]}"}
            "{}" -> {"v":"\"{}\""}
            null -> {"v":null}
        "#]],
    );
    // The field of a CSV file is JSON text.
    check_values(
        "json",
        "t.csv",
        &["123", "\"\"\"hello\"\"\"", "null", "hello"],
        expect![[r#"
            123 -> {"v":"123"}
            """hello""" -> {"v":"\"hello\""}
            null -> {"v":"null"}
            hello -> `hello` is not valid JSON: expected value at character 1
        "#]],
    );
}

#[test]
fn keys_that_become_equal_are_an_error() {
    for (ty, value) in [
        ("map<#2 int, #3 text>", r#"{"1": "a", "01": "b"}"#),
        ("map<#2 int, #3 text>", r#"{"1": "a", "1": "b"}"#),
        ("map<#2 text, #3 text>", r#"{"a": "a", "\u0061": "b"}"#),
        (
            "map<#2 decimal(6, 2), #3 text>",
            r#"{"1": "a", "1.0": "b"}"#,
        ),
        ("map<#2 bytes, #3 text>", r#"{"ff": "a", "FF": "b"}"#),
        (
            "list<#4 map<#2 int, #3 text>>",
            r#"[{"1": "a"}, {"2": "a", "02": "b"}]"#,
        ),
    ] {
        let folder = table_of(ty);
        folder.write(
            "data/t.ndjson",
            format!("{{\"v\": {{}}}}\n{{\"v\": {value}}}\n"),
        );
        if ty.starts_with("list") {
            folder.write(
                "data/t.ndjson",
                format!("{{\"v\": []}}\n{{\"v\": {value}}}\n"),
            );
        }
        let error = folder.query("SELECT v FROM app.t").unwrap_err();
        let is_located = error.starts_with("error: data/t.ndjson:2: row 2, column `v`");
        assert!(is_located && error.ends_with("occurs twice\n"), "{error}");
    }
    let folder = table_of("map<#2 int, #3 text>");
    folder.write(
        "data/t.ndjson",
        "{\"v\": {\"1\": \"a\"}}\n{\"v\": {\"1\": \"b\"}}\n",
    );
    let count = folder.query("SELECT count(v) AS n FROM app.t");
    assert_eq!(count, Ok("{\"n\":2}\n".to_string()));
}
