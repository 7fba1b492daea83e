// SPDX-License-Identifier: Apache-2.0

//! `SHOW CREATE TABLE` prints a statement that creates an equal table.

use kalamtable_model::TableDefinition;

use crate::server::DdlServer;
use crate::support::definition;

/// Returns the definition without ids, which SQL does not contain.
fn without_ids(definition: &TableDefinition) -> String {
    let toml = definition.to_toml();
    let mut text = String::new();
    let mut rest = toml.as_str();
    while let Some(at) = rest.find("id = ").or(None) {
        let (before, after) = rest.split_at(at + 5);
        text += before;
        rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
    }
    text += rest;
    let mut out = String::new();
    for (index, part) in text.split('#').enumerate() {
        let part = if index == 0 {
            part
        } else {
            part.trim_start_matches(|c: char| c.is_ascii_digit())
        };
        out += part;
    }
    // The columns of the text are aligned.
    out.replace("  type", " type")
}

async fn check(toml: &str) {
    let (one, other) = (DdlServer::new().await, DdlServer::new().await);
    let original = definition(toml);
    let table = original.name().table.to_string();
    one.registry.create(original.clone()).await.unwrap();
    let shown = one
        .tables
        .sql(&one.root, &format!("SHOW CREATE TABLE app.\"{table}\""))
        .await;
    let batches = shown.unwrap().collect().await.unwrap();
    let column = batches[0].column_by_name("definition").unwrap();
    let statement = arrow::util::display::array_value_to_string(column, 0).unwrap();
    if let Err(error) = other.run(&statement).await {
        panic!("{statement}: {error}");
    }
    let created = other.definition(&table).await;
    let (created, original) = (without_ids(&created), without_ids(&original));
    for (created, original) in created.lines().zip(original.lines()) {
        assert_eq!(created, original, "{statement}");
    }
    assert_eq!(created, original);
}

#[tokio::test]
async fn shown_statement_creates_an_equal_table() {
    let types = [
        "boolean",
        "tinyint",
        "smallint",
        "int",
        "bigint",
        "utinyint",
        "usmallint",
        "uint",
        "ubigint",
        "float",
        "double",
        "decimal(38, 10)",
        "decimal(5, 0)",
        "text",
        "bytes",
        "bytes(7)",
        "date",
        "time",
        "timestamp(s)",
        "timestamp(ms)",
        "timestamp(us)",
        "timestamp(ns)",
        "timestamp(ms, 'Europe/Berlin')",
        "timestamp(us, 'UTC')",
        "datetime",
        "interval",
        "uuid",
        "json",
        "file",
        "embedding(384)",
        "enum('a', 'b c')",
        "list<#900 text null>",
        "list<#900 text>",
        "list<#900 list<#901 int null> null>",
        "struct<#900 a: int, #901 b_c: text null>",
        "map<#900 text, #901 list<#902 int>>",
        "list<#900 decimal(4, 1) null>",
        "list<#900 timestamp(s, 'UTC') null>",
        "arrow:LargeUtf8",
        "arrow:Duration(ms)",
    ];
    for ty in types {
        for nullable in ["", ", nullable = true"] {
            let columns = format!("a = {{ id = 2, type = \"{ty}\"{nullable} }}");
            check(&crate::support::table("t", "kind = 'user'", &columns)).await;
        }
    }
}

#[tokio::test]
async fn shown_statement_has_defaults_keys_options_and_comments() {
    check(
        r#"
name = "app.all"
kind = "stream"
ttl_seconds = 86400
comment = "It's \"all\""
primary_key = ["b", "a"]
unique = [["c"], ["d", "a"]]
[columns]
a = { id = 7, type = "int", comment = "with ' quotes" }
b = { id = 3, type = "text" }
c = { id = 4, type = "text", default = "it's" }
d = { id = 5, type = "bigint", nullable = true, default = -9223372036854775808 }
e = { id = 6, type = "double", default = 1.5 }
f = { id = 8, type = "double", default = nan }
g = { id = 9, type = "double", default = -inf }
h = { id = 10, type = "decimal(20, 3)", default = "12345678901234567.125" }
i = { id = 11, type = "date", default = 2024-02-29 }
j = { id = 12, type = "time", default = 12:30:00.5 }
k = { id = 13, type = "timestamp", default = 2024-02-29T12:30:00.123456 }
l = { id = 14, type = "datetime", default = "now()" }
m = { id = 15, type = "uuid", default = "67e55044-10b1-426f-9247-bb680e5fe0c8" }
n = { id = 16, type = "boolean", default = true }
o = { id = 17, type = "json", default = '{"a": [1, "x"]}' }
p = { id = 18, type = "enum('x', 'y')", default = "y" }
q = { id = 19, type = "timestamp(ms, 'UTC')", default = 2024-02-29T12:30:00Z }
r = { id = 20, type = "date", default = "current_date()" }
s = { id = 21, type = "time", default = "current_time()" }
t = { id = 22, type = "float", default = 0.1 }
"select" = { id = 23, type = "text", nullable = true }
"#,
    )
    .await;
    check("name = 'app.open'\nkind = 'shared'\naccess_level = 'public'\nno_primary_key = \"it's a log\"\n[columns]\na = { id = 1, type = 'int' }").await;
}
