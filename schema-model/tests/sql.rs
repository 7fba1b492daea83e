// SPDX-License-Identifier: Apache-2.0

//! Definitions rendered as SQL. A test of the provider shows that DataFusion parses the result.

use expect_test::{Expect, expect};
use kalamtable_model::{
    ColumnDefault, ColumnType, Literal, SourceFile, Sources, TableDefinition, check_type,
    parse_and_check,
};

fn definition(text: &str) -> TableDefinition {
    let mut sources = Sources::new();
    let id = sources.push(SourceFile::new("x.toml", text));
    match parse_and_check(&sources, id) {
        Ok(table) => table.definition,
        Err(problems) => {
            let lines: Vec<String> = problems.iter().map(|it| it.one_line(&sources)).collect();
            panic!("{}", lines.join("\n"))
        }
    }
}

fn ty(text: &str) -> ColumnType {
    let mut sources = Sources::new();
    let id = sources.push(SourceFile::new("type", text));
    check_type(text, id).unwrap_or_else(|problems| panic!("{text}: {}", problems[0].message))
}

/// Checks the statement, with one list item per line.
fn check(text: &str, expected: Expect) {
    let sql = definition(text).to_sql();
    assert!(!sql.contains('\n'), "{sql}");
    expected.assert_eq(
        &sql.replace(", \"", ",\n\"")
            .replace(", PRIMARY", ",\nPRIMARY"),
    );
}

#[test]
fn statement_has_columns_defaults_and_keys() {
    check(
        r#"
name = "app.events"
comment = "omitted"
primary_key = ["region", "id"]
unique = [["title"], ["level", "title"]]
[columns]
id     = { id = 1, type = "bigint" }
region = { id = 2, type = "text", comment = "omitted too" }
level  = { id = 3, type = "enum('new', 'it''s')", default = "it's" }
title  = { id = 4, type = "text", nullable = true, default = "none" }
"#,
        expect![[r#"
            CREATE TABLE "app"."events" ("id" BIGINT NOT NULL,
            "region" TEXT NOT NULL,
            "level" TEXT NOT NULL DEFAULT 'it''s',
            "title" TEXT DEFAULT 'none',
            PRIMARY KEY ("region",
            "id"), UNIQUE ("title"), UNIQUE ("level",
            "title"))"#]],
    );
}

#[test]
fn table_without_a_key_has_no_key_clause() {
    check(
        "name = \"app.log\"\nno_primary_key = \"lines repeat\"\n[columns]\nline = { id = 1, type = \"text\" }\n",
        expect![[r#"CREATE TABLE "app"."log" ("line" TEXT NOT NULL)"#]],
    );
}

#[test]
fn types() {
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
        "decimal(10, 2)",
        "text",
        "bytes",
        "bytes(4)",
        "date",
        "time",
        "timestamp",
        "timestamp(s)",
        "timestamp(ms)",
        "timestamp(ns)",
        "timestamp(ms, 'UTC')",
        "datetime",
        "interval",
        "uuid",
        "json",
        "file",
        "embedding(3)",
        "enum('a')",
        "list<#2 int>",
        "list<#2 list<#3 list<#4 int null> null>>",
        "struct<#2 a: int, #3 B: struct<#4 c: list<#5 text>>>",
        "map<#2 text, #3 struct<#4 a: struct<#5 b: int>>>",
        "arrow:LargeUtf8",
        r#"arrow:Struct("a b": Int32)"#,
    ];
    let lines = types.map(|text| format!("{text} => {}\n", ty(text).to_sql()));
    expect![[r#"
        boolean => BOOLEAN
        tinyint => TINYINT
        smallint => SMALLINT
        int => INT
        bigint => BIGINT
        utinyint => TINYINT UNSIGNED
        usmallint => SMALLINT UNSIGNED
        uint => INT UNSIGNED
        ubigint => BIGINT UNSIGNED
        float => REAL
        double => DOUBLE PRECISION
        decimal(10, 2) => DECIMAL(10, 2)
        text => TEXT
        bytes => BYTEA
        bytes(4) => BINARY(4)
        date => DATE
        time => TIME(6)
        timestamp => TIMESTAMP(6)
        timestamp(s) => TIMESTAMP(0)
        timestamp(ms) => TIMESTAMP(3)
        timestamp(ns) => TIMESTAMP(9)
        timestamp(ms, 'UTC') => TIMESTAMP(3) WITH TIME ZONE
        datetime => TIMESTAMP(6) WITH TIME ZONE
        interval => INTERVAL
        uuid => UUID
        json => TEXT
        file => TEXT
        embedding(3) => REAL[3]
        enum('a') => TEXT
        list<#2 int> => ARRAY<INT>
        list<#2 list<#3 list<#4 int null> null>> => ARRAY<ARRAY<ARRAY<INT>>>
        struct<#2 a: int, #3 B: struct<#4 c: list<#5 text>>> => STRUCT<"a" INT, "B" STRUCT<"c" ARRAY<TEXT>>>
        map<#2 text, #3 struct<#4 a: struct<#5 b: int>>> => MAP(TEXT, STRUCT<"a" STRUCT<"b" INT>>)
        arrow:LargeUtf8 => "arrow:LargeUtf8"
        arrow:Struct("a b": Int32) => "arrow:Struct(""a b"": Int32)"
    "#]].assert_eq(&lines.concat());
}

#[test]
fn defaults() {
    let defaults = [
        ("boolean", "true"),
        ("boolean", "false"),
        ("tinyint", "-3"),
        ("ubigint", "18446744073709551615"),
        ("float", "0.5"),
        ("double", "5"),
        ("double", "1e300"),
        ("double", "-0.0"),
        ("double", "nan"),
        ("double", "inf"),
        ("float", "-inf"),
        ("decimal(10, 2)", "\"1.50\""),
        ("decimal(10, 2)", "\"-0.01\""),
        ("decimal(15, 0)", "\"123456789012345\""),
        ("decimal(16, 4)", "\"123456789012.3456\""),
        ("decimal(38, 0)", "\"12345678901234567890\""),
        ("text", r#""it's \\ \"so\"""#),
        ("text", "\"now()\""),
        ("json", "'{\"a\": 1}'"),
        ("date", "2024-05-27"),
        ("date", "0000-01-01"),
        ("time", "07:30:00.5"),
        ("timestamp", "2024-05-27T07:30:00.000001"),
        ("timestamp(s)", "9999-12-31T23:59:59"),
        ("timestamp(ms)", "\"now()\""),
        (
            "timestamp(ns, 'Europe/Berlin')",
            "2024-05-27T07:30:00+02:00",
        ),
        ("datetime", "2024-05-27T07:30:00Z"),
        ("datetime", "\"now()\""),
        ("date", "\"current_date()\""),
        ("time", "\"current_time()\""),
        ("uuid", "\"67e55044-10b1-426f-9247-bb680e5fe0c8\""),
        ("enum('new', 'it''s')", "\"it's\""),
    ];
    let lines = defaults.map(|(ty, default)| {
        let definition = definition(&format!(
            "name = \"a.b\"\nno_primary_key = \"x\"\n[columns]\nc = {{ id = 1, type = \"{ty}\", default = {default} }}\n"
        ));
        let column = &definition.columns()[0];
        let sql = column.default.as_ref().unwrap().to_sql(&column.ty);
        format!("{ty} {default} => {sql}\n")
    });
    expect![[r#"
        boolean true => TRUE
        boolean false => FALSE
        tinyint -3 => -3
        ubigint 18446744073709551615 => 18446744073709551615
        float 0.5 => 0.5
        double 5 => 5.0
        double 1e300 => 1e300
        double -0.0 => -0.0
        double nan => DOUBLE PRECISION 'NaN'
        double inf => DOUBLE PRECISION 'Infinity'
        float -inf => REAL '-Infinity'
        decimal(10, 2) "1.50" => 1.50
        decimal(10, 2) "-0.01" => -0.01
        decimal(15, 0) "123456789012345" => 123456789012345
        decimal(16, 4) "123456789012.3456" => DECIMAL(16, 4) '123456789012.3456'
        decimal(38, 0) "12345678901234567890" => DECIMAL(38, 0) '12345678901234567890'
        text "it's \\ \"so\"" => 'it''s \ "so"'
        text "now()" => 'now()'
        json '{"a": 1}' => '{"a": 1}'
        date 2024-05-27 => DATE '2024-05-27'
        date 0000-01-01 => DATE '0000-01-01'
        time 07:30:00.5 => TIME(6) '07:30:00.5'
        timestamp 2024-05-27T07:30:00.000001 => TIMESTAMP(6) '2024-05-27 07:30:00.000001'
        timestamp(s) 9999-12-31T23:59:59 => TIMESTAMP(0) '9999-12-31 23:59:59'
        timestamp(ms) "now()" => CURRENT_TIMESTAMP
        timestamp(ns, 'Europe/Berlin') 2024-05-27T07:30:00+02:00 => TIMESTAMP(9) WITH TIME ZONE '2024-05-27 05:30:00+00:00'
        datetime 2024-05-27T07:30:00Z => TIMESTAMP(6) WITH TIME ZONE '2024-05-27 07:30:00+00:00'
        datetime "now()" => CURRENT_TIMESTAMP
        date "current_date()" => CURRENT_DATE
        time "current_time()" => CURRENT_TIME
        uuid "67e55044-10b1-426f-9247-bb680e5fe0c8" => UUID '67e55044-10b1-426f-9247-bb680e5fe0c8'
        enum('new', 'it''s') "it's" => 'it''s'
    "#]].assert_eq(&lines.concat());
}

#[test]
fn quote_inside_of_a_string_is_escaped() {
    let default = ColumnDefault::Literal(Literal::Text("'); DROP TABLE x; --".into()));
    assert_eq!(default.to_sql(&ColumnType::Text), "'''); DROP TABLE x; --'");
}

#[test]
fn constraints_are_named_as_in_postgresql() {
    let definition = definition(
        r#"
name = "app.events"
primary_key = ["region", "id"]
unique = [["level_id"], ["level", "id"]]
[columns]
level_id = { id = 4, type = "int" }
id     = { id = 1, type = "bigint" }
level  = { id = 2, type = "enum('new')" }
region = { id = 3, type = "enum('eu', 'us')" }
"#,
    );
    let lines: Vec<String> = definition
        .constraints()
        .iter()
        .map(|it| format!("{} {} {:?}", it.name, it.kind.as_str(), it.columns))
        .collect();
    expect![[r#"
        events_pkey PRIMARY KEY [3, 1]
        events_level_id_key UNIQUE [0]
        events_level_id_key1 UNIQUE [2, 1]
        events_level_check CHECK [2]
        events_region_check CHECK [3]"#]]
    .assert_eq(&lines.join("\n"));
}
