// SPDX-License-Identifier: Apache-2.0

//! Query results that are written in a format and read back as data files.

use std::fs;

use expect_test::expect;

use crate::support::{CommandFolder, success};

/// Every type except `interval`, which Parquet cannot store.
const EVERY_TYPE: &str = r#"
name        = "app.every"
primary_key = ["id"]
row         = "Every"

[columns]
id     = { id = 1,  type = "bigint" }
bool   = { id = 2,  type = "boolean", nullable = true }
tiny   = { id = 3,  type = "tinyint", nullable = true }
small  = { id = 4,  type = "smallint", nullable = true }
int    = { id = 5,  type = "int", nullable = true }
utiny  = { id = 6,  type = "utinyint", nullable = true }
usmall = { id = 7,  type = "usmallint", nullable = true }
uint   = { id = 8,  type = "uint", nullable = true }
ubig   = { id = 9,  type = "ubigint", nullable = true }
float  = { id = 10, type = "float", nullable = true }
double = { id = 11, type = "double", nullable = true }
dec    = { id = 12, type = "decimal(38, 4)", nullable = true }
text   = { id = 13, type = "text", nullable = true }
bytes  = { id = 14, type = "bytes", nullable = true }
fixed  = { id = 15, type = "bytes(3)", nullable = true }
date   = { id = 16, type = "date", nullable = true }
time   = { id = 17, type = "time", nullable = true }
ts     = { id = 18, type = "timestamp", nullable = true }
ts_s   = { id = 19, type = "timestamp(s)", nullable = true }
ts_ms  = { id = 20, type = "timestamp(ms, 'Europe/Berlin')", nullable = true }
ts_ns  = { id = 21, type = "timestamp(ns)", nullable = true }
dt     = { id = 22, type = "datetime", nullable = true }
uuid   = { id = 23, type = "uuid", nullable = true }
json   = { id = 24, type = "json", nullable = true }
file   = { id = 25, type = "file", nullable = true }
emb    = { id = 26, type = "embedding(2)", nullable = true }
mood   = { id = 27, type = "enum('sad', 'ok', 'happy')", nullable = true, rust = "Mood" }
tags   = { id = 28, type = "list<#29 text null>", nullable = true }
place  = { id = 30, type = "struct<#31 lat: double, #32 name: text null, #33 ids: list<#34 uuid>>", nullable = true }
counts = { id = 35, type = "map<#36 int, #37 decimal(6, 2) null>", nullable = true }
raw    = { id = 38, type = "arrow:LargeUtf8", nullable = true }
"#;

const ROWS: &str = r#"
{"id": 1, "bool": true, "tiny": -128, "small": -32768, "int": -2147483648, "utiny": 255, "usmall": 65535, "uint": 4294967295, "ubig": 18446744073709551615, "float": 1.5, "double": -2.25e-3, "dec": 1234567890123456789012345678901234.5678, "text": "a,\"b\"\nü", "bytes": "00ff", "fixed": "0A0b0c", "date": "2024-02-29", "time": "23:59:59.999999", "ts": "2024-02-29 12:00:00.000001", "ts_s": "1969-12-31T23:59:59", "ts_ms": "2024-07-01T10:00:00.123Z", "ts_ns": "1677-09-21T00:12:43.145224193", "dt": "2024-02-29T12:00:00+00:00", "uuid": "67e55044-10b1-426f-9247-bb680e5fe0c8", "json": {"a": [1, null]}, "file": "{\"id\":1}", "emb": [0.5, -1], "mood": "happy", "tags": ["x", null, ""], "place": {"lat": 1.5, "name": null, "ids": ["67e55044-10b1-426f-9247-bb680e5fe0c8"]}, "counts": {"1": 0.50, "-2": null}, "raw": "r"}
{"id": 2}

{"id": 3, "text": "", "tags": [], "counts": {}, "place": {"ids": [], "lat": 0}, "date": "+10000-01-01", "ts_ns": "2262-04-11T23:47:16.854775807"}
"#;

#[test]
fn every_type_is_equal_in_every_format() {
    let folder = CommandFolder::new();
    folder.write("schemas/every.toml", EVERY_TYPE);
    folder.write("data/every.ndjson", ROWS);
    let all = "SELECT * FROM every ORDER BY id";
    let from_ndjson = success(&folder.query("json", all));
    expect![[r#"
        [{"id":1,"bool":true,"tiny":-128,"small":-32768,"int":-2147483648,"utiny":255,"usmall":65535,"uint":4294967295,"ubig":18446744073709551615,"float":1.5,"double":-0.00225,"dec":1234567890123456789012345678901234.5678,"text":"a,\"b\"\nü","bytes":"00ff","fixed":"0a0b0c","date":"2024-02-29","time":"23:59:59.999999","ts":"2024-02-29T12:00:00.000001","ts_s":"1969-12-31T23:59:59","ts_ms":"2024-07-01T12:00:00.123+02:00","ts_ns":"1677-09-21T00:12:43.145224193","dt":"2024-02-29T12:00:00Z","uuid":"67e55044-10b1-426f-9247-bb680e5fe0c8","json":{"a": [1, null]},"file":"{\"id\":1}","emb":[0.5,-1.0],"mood":"happy","tags":["x",null,""],"place":{"lat":1.5,"name":null,"ids":["67e55044-10b1-426f-9247-bb680e5fe0c8"]},"counts":{"1":0.50,"-2":null},"raw":"r"},
        {"id":2,"bool":null,"tiny":null,"small":null,"int":null,"utiny":null,"usmall":null,"uint":null,"ubig":null,"float":null,"double":null,"dec":null,"text":null,"bytes":null,"fixed":null,"date":null,"time":null,"ts":null,"ts_s":null,"ts_ms":null,"ts_ns":null,"dt":null,"uuid":null,"json":null,"file":null,"emb":null,"mood":null,"tags":null,"place":null,"counts":null,"raw":null},
        {"id":3,"bool":null,"tiny":null,"small":null,"int":null,"utiny":null,"usmall":null,"uint":null,"ubig":null,"float":null,"double":null,"dec":null,"text":"","bytes":null,"fixed":null,"date":"+10000-01-01","time":null,"ts":null,"ts_s":null,"ts_ms":null,"ts_ns":"2262-04-11T23:47:16.854775807","dt":null,"uuid":null,"json":null,"file":null,"emb":null,"mood":null,"tags":[],"place":{"lat":0.0,"name":null,"ids":[]},"counts":{},"raw":null}]
    "#]].assert_eq(&from_ndjson.replace("},{", "},\n{"));

    let csv = success(&folder.query("csv", all));
    success(&folder.query("csv", "COPY (SELECT * FROM every) TO 'every.parquet'"));
    fs::remove_file(folder.path().join("data/every.ndjson")).unwrap();

    let csv = folder.write("data/every.csv", csv);
    assert_eq!(success(&folder.query("json", all)), from_ndjson);
    fs::remove_file(csv).unwrap();

    let parquet = folder.path().join("data/every.parquet");
    fs::rename(folder.path().join("every.parquet"), &parquet).unwrap();
    assert_eq!(success(&folder.query("json", all)), from_ndjson);
    fs::remove_file(parquet).unwrap();

    // The output of `--format json` can be read back row by row.
    let rows = from_ndjson.trim_start_matches('[').trim_end_matches("]\n");
    folder.write("data/every.jsonl", rows.replace("},{\"id\"", "}\n{\"id\""));
    assert_eq!(success(&folder.query("json", all)), from_ndjson);
}

#[test]
fn intervals_are_read_from_csv() {
    let folder = CommandFolder::new();
    let definition = r#"
        name = "app.spans"
        no_primary_key = "a test"
        row = "Span"
        [columns]
        length = { id = 1, type = "interval" }
    "#;
    folder.write("schemas/spans.toml", definition);
    folder.write(
        "data/spans.csv",
        "length\n1 mons 2 days 3.5 secs\n-1 days\n",
    );
    let all = "SELECT * FROM spans";
    let csv = success(&folder.query("csv", all));
    expect![[r#"
        length
        1 mons 2 days 3.500000000 secs
        -1 days
    "#]]
    .assert_eq(&csv);
    folder.write("data/spans.csv", &csv);
    assert_eq!(success(&folder.query("csv", all)), csv);
}

#[test]
fn uuids_are_text_in_a_table() {
    let folder = CommandFolder::new();
    folder.write("schemas/every.toml", EVERY_TYPE);
    folder.write("data/every.ndjson", ROWS);
    let query = "SELECT id, uuid AS renamed, place FROM every WHERE id = 1";
    expect![[r#"
        +----+--------------------------------------+------------------------------------------------------------------------+
        | id | renamed                              | place                                                                  |
        +----+--------------------------------------+------------------------------------------------------------------------+
        | 1  | 67e55044-10b1-426f-9247-bb680e5fe0c8 | {"lat":1.5,"name":null,"ids":["67e55044-10b1-426f-9247-bb680e5fe0c8"]} |
        +----+--------------------------------------+------------------------------------------------------------------------+
    "#]].assert_eq(&success(&folder.query("table", query)));
}
