// SPDX-License-Identifier: Apache-2.0

//! Extreme values of every type in every position, which are written in each format and read back.

use std::fs;

use expect_test::expect;

use crate::support::{CommandFolder, check, shown, success};

/// A type, with values as JSON and the JSON in which they are written.
struct Values {
    ty: &'static str,
    /// Whether the type can be that of the keys of a map.
    is_key: bool,
    values: &'static [(&'static str, &'static str)],
}

/// A value that is written as it was read.
const fn same(value: &'static str) -> (&'static str, &'static str) {
    (value, value)
}

const VALUES: &[Values] = &[
    Values {
        ty: "boolean",
        is_key: true,
        values: &[same("true"), same("false")],
    },
    Values {
        ty: "tinyint",
        is_key: true,
        values: &[same("-128"), same("127")],
    },
    Values {
        ty: "bigint",
        is_key: true,
        values: &[same("-9223372036854775808"), same("9223372036854775807")],
    },
    Values {
        ty: "ubigint",
        is_key: true,
        values: &[same("0"), same("18446744073709551615")],
    },
    Values {
        ty: "float",
        is_key: false,
        values: &[
            same("\"NaN\""),
            same("\"inf\""),
            same("\"-inf\""),
            same("-0.0"),
            same("1e-45"),
            same("3.4028235e38"),
        ],
    },
    Values {
        ty: "double",
        is_key: false,
        values: &[
            same("\"NaN\""),
            same("\"inf\""),
            same("\"-inf\""),
            same("-0.0"),
            same("5e-324"),
            same("1.7976931348623157e308"),
        ],
    },
    Values {
        ty: "decimal(38, 4)",
        is_key: false,
        values: &[
            same("9999999999999999999999999999999999.9999"),
            same("-9999999999999999999999999999999999.9999"),
            same("0.0001"),
        ],
    },
    Values {
        ty: "text",
        is_key: true,
        values: &[
            same(r#""""#),
            same(r#"" ""#),
            same(r#""null""#),
            same(r#""NULL""#),
            same(r#""a,\"b\"\r\nc\\\t""#),
            same(r#""\u001b[2J\u009b""#),
            ("\"\u{feff}ü€😀\u{202e}\"", "\"\u{feff}ü€😀\u{202e}\""),
        ],
    },
    Values {
        ty: "bytes",
        is_key: true,
        values: &[same("\"\""), same("\"00ff\"")],
    },
    Values {
        ty: "bytes(3)",
        is_key: true,
        values: &[same("\"00ff0a\"")],
    },
    Values {
        ty: "uuid",
        is_key: true,
        values: &[same("\"67e55044-10b1-426f-9247-bb680e5fe0c8\"")],
    },
    Values {
        ty: "date",
        is_key: true,
        values: &[
            same("\"-262143-01-01\""),
            same("\"0000-01-01\""),
            same("\"+262142-12-31\""),
        ],
    },
    Values {
        ty: "time",
        is_key: true,
        values: &[same("\"00:00:00\""), same("\"23:59:59.999999\"")],
    },
    Values {
        ty: "timestamp(s)",
        is_key: true,
        values: &[
            same("\"-292277022657-01-27T08:29:52\""),
            same("\"-0001-12-31T23:59:59\""),
            same("\"+292277026596-12-04T15:30:07\""),
        ],
    },
    Values {
        ty: "timestamp(ms)",
        is_key: true,
        values: &[
            same("\"-292275055-05-16T16:47:04.192\""),
            same("\"+292278994-08-17T07:12:55.807\""),
        ],
    },
    Values {
        ty: "timestamp(us)",
        is_key: true,
        values: &[
            same("\"-290308-12-21T19:59:05.224192\""),
            same("\"+294247-01-10T04:00:54.775807\""),
        ],
    },
    Values {
        ty: "timestamp(ns)",
        is_key: true,
        values: &[
            same("\"1677-09-21T00:12:43.145224192\""),
            same("\"2262-04-11T23:47:16.854775807\""),
        ],
    },
    // The offset of Monrovia was -00:44:30 until 1972, and that of Berlin +00:53:28 until 1893.
    Values {
        ty: "timestamp(s, 'Africa/Monrovia')",
        is_key: true,
        values: &[
            same("\"1970-01-01T00:00:00Z\""),
            same("\"2000-01-01T00:00:00Z\""),
            same("\"+292277026596-12-04T15:30:07Z\""),
        ],
    },
    Values {
        ty: "timestamp(us, 'Europe/Berlin')",
        is_key: true,
        values: &[
            same("\"1890-01-01T00:00:00.000001Z\""),
            ("\"2024-07-01T10:00:00Z\"", "\"2024-07-01T12:00:00+02:00\""),
        ],
    },
    Values {
        ty: "datetime",
        is_key: true,
        values: &[same("\"1890-01-01T00:00:00Z\"")],
    },
    Values {
        ty: "json",
        is_key: false,
        values: &[
            same(r#""123""#),
            same(r#""hello \"x\"""#),
            same("1e400"),
            same("true"),
            same(r#"{"a": [1, null], "b": "\u001b"}"#),
        ],
    },
    Values {
        ty: "enum('sad', 'a,b')",
        is_key: true,
        values: &[same("\"sad\""), same("\"a,b\"")],
    },
];

/// Returns a definition with a table per type: the value itself, and in a list, a struct and a map.
fn definition(index: usize, ty: &str, is_key: bool) -> String {
    let key = if is_key { ty } else { "text" };
    let rust = if ty.starts_with("enum") {
        format!(", rust = \"Label{index}\"")
    } else {
        String::new()
    };
    format!(
        r#"
        name        = "app.t{index}"
        primary_key = ["id"]
        row         = "Row{index}"
        [columns]
        id     = {{ id = 1, type = "int" }}
        alone  = {{ id = 2, type = "{ty}", nullable = true{rust} }}
        listed = {{ id = 3, type = "list<#4 {ty} null>", nullable = true{rust} }}
        inside = {{ id = 5, type = "struct<#6 value: {ty} null>", nullable = true{rust} }}
        keyed  = {{ id = 7, type = "map<#8 {key}, #9 {ty} null>", nullable = true{rust} }}
        "#
    )
}

/// Returns a row with `value` in each column.
fn row(id: usize, value: &str) -> String {
    let key = match value.chars().next() {
        Some('"') => value.to_string(),
        Some('{') => "\"key\"".to_string(),
        _ => format!("\"{value}\""),
    };
    format!(
        r#"{{"id":{id},"alone":{value},"listed":[{value},null,{value}],"inside":{{"value":{value}}},"keyed":{{{key}:{value}}}}}"#
    )
}

#[test]
fn extreme_values_are_equal_in_every_format() {
    let folder = CommandFolder::new();
    for (index, Values { ty, is_key, values }) in VALUES.iter().enumerate() {
        let table = format!("t{index}");
        folder.write(
            &format!("schemas/{table}.toml"),
            definition(index, ty, *is_key),
        );
        let (mut read, mut written) = (String::new(), Vec::new());
        for (id, (input, output)) in values.iter().enumerate() {
            read.push_str(&row(id, input));
            read.push('\n');
            written.push(row(id, output));
        }
        let id = values.len();
        read.push_str(&format!("{{\"id\":{id}}}\n"));
        written.push(format!(
            r#"{{"id":{id},"alone":null,"listed":null,"inside":null,"keyed":null}}"#
        ));
        folder.write(&format!("data/{table}.ndjson"), read);
        let written = format!("[{}]\n", written.join(","));

        let all = format!("SELECT * FROM {table} ORDER BY id");
        let found = success(&folder.query("json", &all));
        assert_eq!(found, written, "{ty}");

        let csv = success(&folder.query("csv", &all));
        let copies = ["copy.csv", "copy.ndjson", "copy.parquet"]
            .map(|name| format!("COPY (SELECT * FROM {table} ORDER BY id) TO '{name}';"));
        success(&folder.query("csv", &copies.concat()));
        fs::remove_file(folder.path().join(format!("data/{table}.ndjson"))).unwrap();
        let copied = fs::read_to_string(folder.path().join("copy.csv")).unwrap();
        assert_eq!(copied, csv, "{ty}");
        let lines = written.trim_start_matches('[').replace("]\n", "\n");
        let copied = fs::read_to_string(folder.path().join("copy.ndjson")).unwrap();
        assert_eq!(copied, lines.replace("},{\"id\"", "}\n{\"id\""), "{ty}");

        for format in ["csv", "ndjson", "parquet"] {
            let data = folder.path().join(format!("data/{table}.{format}"));
            fs::rename(folder.path().join(format!("copy.{format}")), &data).unwrap();
            let found = success(&folder.query("json", &all));
            assert_eq!(found, written, "{ty} from {format}");
            fs::remove_file(data).unwrap();
        }
        fs::remove_file(folder.path().join(format!("schemas/{table}.toml"))).unwrap();
    }
}

#[test]
fn extreme_intervals_are_equal_in_text() {
    let folder = CommandFolder::new();
    folder.write("schemas/t0.toml", definition(0, "interval", false));
    let values = [
        "\"0 secs\"",
        "\"-2147483648 mons -2147483648 days -2562047 hours -47 mins -16.854775808 secs\"",
        "\"2147483647 mons 2147483647 days 2562047 hours 47 mins 16.854775807 secs\"",
        "\"-0.000000001 secs\"",
    ];
    let rows: Vec<String> = (0..)
        .zip(values)
        .map(|(id, value)| row(id, value))
        .collect();
    folder.write("data/t0.ndjson", rows.join("\n"));
    let all = "SELECT * FROM t0 ORDER BY id";
    let found = success(&folder.query("json", all));
    assert_eq!(found, format!("[{}]\n", rows.join(",")));
    let csv = success(&folder.query("csv", all));
    fs::remove_file(folder.path().join("data/t0.ndjson")).unwrap();
    folder.write("data/t0.csv", csv);
    assert_eq!(success(&folder.query("json", all)), found);
}

#[test]
fn types_of_query_results_have_a_text_form() {
    let query = "SELECT arrow_cast('a', 'Dictionary(Int8, Utf8)') AS dictionary,
        arrow_cast([1, NULL], 'LargeList(Int64)') AS large,
        arrow_cast([1, 2], 'FixedSizeList(2, Int64)') AS fixed,
        arrow_cast('x', 'Utf8View') AS view,
        arrow_cast(x'00ff', 'BinaryView') AS bytes,
        arrow_cast('NaN', 'Float16') AS half,
        arrow_cast(1500, 'Duration(Millisecond)') AS duration,
        arrow_cast(arrow_cast(0, 'Int64'), 'Date64') AS date64,
        arrow_cast('12:00:00', 'Time32(Second)') AS time32,
        arrow_cast('1.5', 'Decimal256(40, 2)') AS wide,
        NULL AS nothing,
        [named_struct('a', 1.5, 'b', [true])] AS nested,
        map(['k'], [interval '1 month']) AS spans";
    let folder = CommandFolder::new();
    check(
        &folder.run(&["sql", "--format", "json", "-c", query]),
        expect![[r#"
            exit: 0
            stdout:
            [{"dictionary":"a","large":[1,null],"fixed":[1,2],"view":"x","bytes":"00ff","half":"NaN","duration":"PT1.5S","date64":"1970-01-01T00:00:00","time32":"12:00:00","wide":1.50,"nothing":null,"nested":[{"a":1.5,"b":[true]}],"spans":{"k":"1 mons"}}]
        "#]],
    );
    check(
        &folder.run(&["sql", "--format", "csv", "-c", query]),
        expect![[r#"
            exit: 0
            stdout:
            dictionary,large,fixed,view,bytes,half,duration,date64,time32,wide,nothing,nested,spans
            a,"[1,null]","[1,2]",x,00ff,NaN,PT1.5S,1970-01-01T00:00:00,12:00:00,1.50,,"[{""a"":1.5,""b"":[true]}]","{""k"":""1 mons""}"
        "#]],
    );
}

#[test]
fn equal_column_names_are_rejected_except_in_tables() {
    let folder = CommandFolder::new();
    let query = "SELECT a.id, b.id FROM (VALUES (1)) a(id) CROSS JOIN (VALUES (2)) b(id)";
    for format in ["csv", "json"] {
        let output = folder.run(&["sql", "--format", format, "-c", query]);
        assert_eq!(output.status.code(), Some(1));
        assert!(output.stdout.is_empty());
        assert_eq!(
            String::from_utf8(output.stderr).unwrap(),
            "error: two columns or fields have the name `id`, so that the output could not be \
             read back: rename one with `AS`\n"
        );
    }
    let nested = "SELECT [named_struct('a', 1, 'a', 2)] AS n";
    let output = folder.run(&["sql", "--format", "json", "-c", nested]);
    assert_eq!(output.status.code(), Some(1));
    let copy = format!("COPY ({query}) TO 'ids.csv'");
    check(
        &folder.run(&["sql", "-c", &copy]),
        expect![[r#"
        exit: 1
        stderr:
        error: ids.csv: two columns or fields have the name `id`, so that the output could not be read back: rename one with `AS`
    "#]],
    );
    assert!(!folder.path().join("ids.csv").exists());
    check(
        &folder.run(&["sql", "-c", query]),
        expect![[r#"
        exit: 0
        stdout:
        +----+----+
        | id | id |
        +----+----+
        | 1  | 2  |
        +----+----+
    "#]],
    );
}

#[test]
fn copy_distinguishes_empty_text_and_null() {
    let folder = CommandFolder::new();
    let query = "CREATE VIEW v AS SELECT * FROM (VALUES (1, ''), (2, NULL)) AS t(id, text);
        COPY v TO 'a.csv'; COPY v TO 'a.json'; COPY v TO 'b' STORED AS CSV";
    check(
        &folder.run(&["sql", "--format", "csv", "-c", query]),
        expect![[r#"
            exit: 0
            stdout:
            count
            2
            count
            2
            count
            2
        "#]],
    );
    let read = |name| fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!(read("a.csv"), "id,text\n1,\"\"\n2,\n");
    assert_eq!(read("b"), "id,text\n1,\"\"\n2,\n");
    assert_eq!(
        read("a.json"),
        "{\"id\":1,\"text\":\"\"}\n{\"id\":2,\"text\":null}\n"
    );
}

#[test]
fn insert_into_text_files_is_rejected() {
    let folder = CommandFolder::new();
    fs::create_dir(folder.path().join("out")).unwrap();
    let mut found = String::new();
    for format in ["CSV", "JSON", "PARQUET"] {
        let query = format!(
            "CREATE EXTERNAL TABLE t (a INT, b TEXT) STORED AS {format} LOCATION 'out/';
             INSERT INTO t VALUES (1, ''), (2, NULL); SELECT * FROM t ORDER BY a"
        );
        let output = folder.run(&["sql", "--format", "csv", "-c", &query]);
        found.push_str(&shown(&output));
    }
    expect![[r#"
        exit: 1
        stderr:
        error: `INSERT` into `t` would write empty text and `NaN` as null: write its files with `COPY (..) TO`, or store it as Parquet
          in statement 2 of -c, line 2: INSERT INTO t VALUES (1, ''), (2, NULL)
        exit: 1
        stderr:
        error: `INSERT` into `t` would write empty text and `NaN` as null: write its files with `COPY (..) TO`, or store it as Parquet
          in statement 2 of -c, line 2: INSERT INTO t VALUES (1, ''), (2, NULL)
        exit: 0
        stdout:
        count
        2
        a,b
        1,""
        2,
    "#]].assert_eq(&found);
}

#[test]
fn copy_that_fails_leaves_the_file_unchanged() {
    let folder = CommandFolder::new();
    folder.write("a.csv", "before\n");
    let query = "COPY (SELECT 1 / (2 - value) AS a FROM generate_series(1, 3) t(value)) TO 'a.csv'";
    let output = folder.run(&["sql", "-c", query]);
    assert_eq!(output.status.code(), Some(1));
    let text = fs::read_to_string(folder.path().join("a.csv")).unwrap();
    assert_eq!(text, "before\n");
    let names = fs::read_dir(folder.path()).unwrap();
    let mut names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["a.csv", "data"]);
}

#[test]
fn copy_names_what_it_does_not_support() {
    let folder = CommandFolder::new();
    fs::create_dir(folder.path().join("folder")).unwrap();
    let mut found = String::new();
    for statement in [
        "COPY (SELECT 1) TO 'a.csv' OPTIONS ('format.delimiter' ';')",
        "COPY (SELECT 1 AS a, 2 AS b) TO 'a' STORED AS JSON PARTITIONED BY (a)",
        "COPY (SELECT 1) TO 'folder' STORED AS CSV",
        "COPY (SELECT 1) TO 'nowhere/a.csv'",
        "COPY (SELECT 1) TO 'nowhere/a.parquet'",
        "COPY (SELECT 1) TO 's3://bucket/a.csv'",
        "COPY (SELECT 1) TO ''",
        "COPY nothing TO 'a.csv'",
        "CREATE EXTERNAL TABLE t (a INT) STORED AS CSV LOCATION 'nowhere.csv'",
        "CREATE EXTERNAL TABLE t STORED AS PARQUET LOCATION 'https://example.com/a.parquet'",
        "EXPLAIN COPY (SELECT 1) TO 's3://bucket/a.parquet'",
    ] {
        let output = folder.run(&["sql", "-c", statement]);
        assert_eq!(output.status.code(), Some(1), "{statement}");
        found.push_str(&String::from_utf8(output.stderr).unwrap());
    }
    expect![[r#"
        error: `COPY` to CSV and JSON has no option `format.delimiter`: CSV has a header and commas, JSON one object per line, and neither is compressed
        error: `COPY` to CSV and JSON writes one file: use Parquet for `PARTITIONED BY`
        error: `folder` is a folder, but `COPY` to CSV and JSON writes one file: add its name
        error: nowhere: No such file or directory (os error 2)
        error: nowhere: No such file or directory (os error 2)
        error: `s3://bucket/a.csv` has the scheme `s3`: only local files are supported, such as `data/orders.csv`
        error: the path is empty
        error: table 'datafusion.public.nothing' not found
        error: nowhere.csv: No such file or directory (os error 2)
        error: `https://example.com/a.parquet` has the scheme `https`: only local files are supported, such as `data/orders.csv`
        error: `s3://bucket/a.parquet` has the scheme `s3`: only local files are supported, such as `data/orders.csv`
    "#]].assert_eq(&found);
}
