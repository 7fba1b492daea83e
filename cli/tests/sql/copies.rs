// SPDX-License-Identifier: Apache-2.0

//! `COPY` and the other statements that write files.

use std::fs;

use expect_test::expect;

use crate::support::{CommandFolder, check, success};

const FORMATS: [&str; 6] = ["csv", "json", "ndjson", "jsonl", "parquet", "arrow"];

/// Returns the errors of statements that have to fail, each in a new session.
fn errors(folder: &CommandFolder, statements: &[&str]) -> String {
    let errors = statements.iter().map(|statement| {
        let output = folder.run(&["sql", "-c", statement]);
        assert_eq!(output.status.code(), Some(1), "{statement}");
        String::from_utf8(output.stderr).unwrap()
    });
    errors.collect()
}

fn names(folder: &CommandFolder) -> Vec<String> {
    let entries = fs::read_dir(folder.path()).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name != "data").collect();
    names.sort();
    names
}

#[test]
fn copy_to_an_unknown_format_is_an_error() {
    let folder = CommandFolder::new();
    let statements = [
        "COPY (SELECT '' AS a) TO 'out.csv' STORED AS cvs",
        "COPY (SELECT '' AS a) TO 'out.avro'",
        "COPY (SELECT '' AS a) TO 'out.csv.gz'",
        "COPY (SELECT '' AS a) TO 'out'",
        "EXPLAIN COPY (SELECT '' AS a) TO 'out.csv' STORED AS cvs",
    ];
    expect![[r#"
        error: `COPY` writes no files of the format `cvs`: write `STORED AS` and one of `csv`, `json`, `ndjson`, `jsonl`, `parquet` and `arrow`, or a file name with this extension
        error: `COPY` writes no files of the format `avro`: write `STORED AS` and one of `csv`, `json`, `ndjson`, `jsonl`, `parquet` and `arrow`, or a file name with this extension
        error: `COPY` writes no files of the format `gz`: write `STORED AS` and one of `csv`, `json`, `ndjson`, `jsonl`, `parquet` and `arrow`, or a file name with this extension
        error: the name `out` has no extension: write `STORED AS` and one of `csv`, `json`, `ndjson`, `jsonl`, `parquet` and `arrow`, or a file name with this extension
        error: `COPY` writes no files of the format `cvs`: write `STORED AS` and one of `csv`, `json`, `ndjson`, `jsonl`, `parquet` and `arrow`, or a file name with this extension
    "#]].assert_eq(&errors(&folder, &statements));
    assert!(names(&folder).is_empty());
}

#[test]
fn explained_statements_write_no_text() {
    let folder = CommandFolder::new();
    folder.write("t/1.csv", "a\nx\n");
    let table = "CREATE EXTERNAL TABLE t (a VARCHAR) STORED AS CSV LOCATION 't/'; ";
    let stream = "CREATE UNBOUNDED EXTERNAL TABLE t (a VARCHAR) STORED AS CSV LOCATION 't/1.csv'; ";
    let insert =
        |before: &str, explain: &str| format!("{before}{explain} INSERT INTO t VALUES ('')");
    let inserts = [
        insert(table, "EXPLAIN ANALYZE"),
        insert(table, "PREPARE p AS"),
        insert(stream, ""),
    ];
    let mut statements = vec![
        "EXPLAIN ANALYZE COPY (SELECT '' AS a) TO 'out.csv'",
        "EXPLAIN ANALYZE VERBOSE COPY (SELECT '' AS a) TO 'out.parquet'",
    ];
    statements.extend(inserts.iter().map(String::as_str));
    expect![[r#"
        error: `EXPLAIN ANALYZE` of `COPY` would write `out.csv`: analyze the query that it copies
        error: `EXPLAIN ANALYZE` of `COPY` would write `out.parquet`: analyze the query that it copies
        error: `INSERT` into `t` would write empty text and `NaN` as null: write its files with `COPY (..) TO`, or store it as Parquet
          in statement 2 of -c, line 1: EXPLAIN ANALYZE INSERT INTO t VALUES ('')
        error: `INSERT` into `t` would write empty text and `NaN` as null: write its files with `COPY (..) TO`, or store it as Parquet
          in statement 2 of -c, line 1: PREPARE p AS INSERT INTO t VALUES ('')
        error: `INSERT` into `t` would write empty text and `NaN` as null: write its files with `COPY (..) TO`, or store it as Parquet
          in statement 2 of -c, line 1: INSERT INTO t VALUES ('')
    "#]].assert_eq(&errors(&folder, &statements));
    for format in FORMATS {
        let explain = format!("EXPLAIN COPY (SELECT '' AS a) TO 'out.{format}'");
        success(&folder.run(&["sql", "-c", &explain]));
    }
    assert_eq!(names(&folder), ["t"]);
    let rows = fs::read_to_string(folder.path().join("t/1.csv")).unwrap();
    assert_eq!(rows, "a\nx\n");
}

#[test]
fn failed_copy_leaves_files_of_all_formats_unchanged() {
    let folder = CommandFolder::new();
    for format in FORMATS {
        let name = format!("out.{format}");
        folder.write(&name, "before");
        let copy = format!(
            "SET datafusion.execution.batch_size = 1; \
             COPY (SELECT 1 / (3 - v) AS a FROM generate_series(1, 5) AS t(v)) TO '{name}'"
        );
        assert_eq!(folder.run(&["sql", "-c", &copy]).status.code(), Some(1));
        let content = fs::read_to_string(folder.path().join(&name)).unwrap();
        assert_eq!(content, "before", "{format}");
        success(&folder.run(&["sql", "-c", &format!("COPY (SELECT 1 AS a) TO '{name}'")]));
        let content = fs::read(folder.path().join(&name)).unwrap();
        assert_ne!(content, b"before", "{format}");
    }
    assert_eq!(names(&folder).len(), FORMATS.len());
    let copy = "SET datafusion.execution.batch_size = 1; \
                COPY (SELECT 1 / (3 - v) AS a, v FROM generate_series(1, 5) AS t(v)) \
                TO 'folder' STORED AS PARQUET PARTITIONED BY (v)";
    assert_eq!(folder.run(&["sql", "-c", copy]).status.code(), Some(1));
    assert_eq!(names(&folder).len(), FORMATS.len());
}

#[test]
fn copy_adds_files_to_a_folder() {
    let folder = CommandFolder::new();
    for value in [1, 2] {
        for statement in [
            format!(
                "COPY (SELECT {value} AS a, 7 AS b) TO 'p' STORED AS PARQUET PARTITIONED BY (b)"
            ),
            format!("COPY (SELECT {value} AS a) TO 'f/' STORED AS PARQUET"),
            format!("COPY (SELECT {value} AS a) TO 'b [1]*%20.parquet'"),
        ] {
            success(&folder.run(&["sql", "-c", &statement]));
        }
    }
    assert_eq!(names(&folder), ["b [1]*%20.parquet", "f", "p"]);
    for table in ["p", "f"] {
        let query = format!(
            "CREATE EXTERNAL TABLE t STORED AS PARQUET LOCATION '{table}/'; SELECT sum(a) AS a FROM t"
        );
        let output = folder.run(&["sql", "--format", "csv", "-c", &query]);
        assert_eq!(success(&output), "a\n3\n");
    }
}

#[cfg(unix)]
#[test]
fn copy_replaces_only_regular_files() {
    let folder = CommandFolder::new();
    folder.write("target.csv", "before");
    std::os::unix::fs::symlink("target.csv", folder.path().join("link.csv")).unwrap();
    success(&folder.run(&["sql", "-c", "COPY (SELECT 1 AS a) TO 'link.csv'"]));
    assert!(folder.path().join("link.csv").is_symlink());
    let content = fs::read_to_string(folder.path().join("target.csv")).unwrap();
    assert_eq!(content, "a\n1\n");
    fs::create_dir(folder.path().join("d.parquet")).unwrap();
    let statements = [
        "COPY (SELECT 1) TO '/dev/null' STORED AS CSV",
        "COPY (SELECT 1) TO '/dev/null' STORED AS PARQUET",
        "COPY (SELECT 1) TO 'd.parquet'",
    ];
    expect![[r#"
        error: /dev/null: is not a regular file: `COPY` replaces files, and `kalamtable sql --format` writes to stdout
        error: /dev/null: is not a folder: a file name has an extension, such as `.parquet`
        error: `d.parquet` is a folder: write `d.parquet/` to add files to it
    "#]].assert_eq(&errors(&folder, &statements));
}

#[test]
fn column_that_parquet_cannot_contain_is_named() {
    let statements = [
        "COPY (SELECT 1 AS a, INTERVAL '1 day' AS b) TO 'out.parquet'",
        "COPY (SELECT make_array(INTERVAL '1 day') AS b) TO 'out.parquet'",
    ];
    expect![[r#"
        error: column `b` (Interval(MonthDayNano)) cannot be written to Parquet: cast it, for example to text, or write CSV, NDJSON or Arrow
        error: column `b` (List(Interval(MonthDayNano))) cannot be written to Parquet: cast it, for example to text, or write CSV, NDJSON or Arrow
    "#]].assert_eq(&errors(&CommandFolder::new(), &statements));
}

#[test]
fn errors_of_external_tables_name_their_files() {
    let folder = CommandFolder::new();
    folder.write("o.csv", "1\n");
    folder.write("o.csv.gz", b"\x1f\x8b");
    let statements = [
        "CREATE EXTERNAL TABLE t STORED AS ARROW LOCATION 'o.csv'",
        "CREATE EXTERNAL TABLE t STORED AS PARQUET LOCATION 'o.csv'",
        "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION 'o.csv.gz'",
    ];
    expect![[r#"
        error: o.csv: Internal error: Failed to parse Arrow file as either file format or stream format. File format error: Io error: Invalid argument (os error 22). Stream format error: Ipc error: Expected schema message, found empty stream
        error: o.csv: Parquet error: Parquet error: Parquet files are at least 8 bytes long, but file length is 2
        error: `o.csv.gz` is compressed with gzip, which external tables do not read: decompress it, or query it with a table definition and `--data`
    "#]].assert_eq(&errors(&folder, &statements));
}

#[test]
fn errors_of_columns_and_json_state_the_fix() {
    let json = r#"FROM (VALUES ('{"a": 1}')) AS t (j)"#;
    let statements = [
        "SELECT aaa.id FROM (SELECT 1 AS id) AS t",
        "SELECT T.id FROM (SELECT 1 AS id) AS \"T\"",
        "SELECT Id FROM (SELECT 1 AS \"Id\")",
        &format!("SELECT j->'a' = 2 {json}"),
        &format!("SELECT max(j->'a') {json}"),
        "SELECT nvl2(1, arrow_cast('ab', 'FixedSizeBinary(2)'), 2)",
    ];
    expect![[r#"
        error: No field named aaa.id; did you mean t.id?
        error: No field named t.id; did you mean "T".id? Names without quotes are converted to lower case
        error: No field named id; did you mean "Id"? Names without quotes are converted to lower case
        error: Unexpected argument type to 'json_get' at position 2, expected string or int, got Boolean; comparisons bind more tightly than `->`: write `(j->'a') = 1`, or `SET datafusion.sql_parser.dialect = 'postgres'`
        error: Internal error: Min/Max accumulator not implemented for type JSON; for a value of another type, read text with `->>`, or cast it, as in `(j->'a')::int`
        error: Execution error: Function 'nvl2' user-defined coercion failed with: Internal error: Coercion from Int64 to FixedSizeBinary(2) failed... No function matches the given name and argument types 'nvl2(Int64, FixedSizeBinary(2), Int64)'. You might need to add explicit type casts.
        \tCandidate functions:
        \tnvl2(UserDefined)
    "#]].assert_eq(&errors(&CommandFolder::new(), &statements));
}

#[test]
fn deep_prefixes_are_errors() {
    let folder = CommandFolder::new();
    for (name, sql) in [
        (
            "a.sql",
            format!("SELECT {}'1 day'", "INTERVAL ".repeat(30_000)),
        ),
        (
            "b.sql",
            format!("{}SELECT 1", "EXPLAIN ANALYZE ".repeat(30_000)),
        ),
    ] {
        folder.write(name, sql);
        let output = folder.run(&["sql", "-f", name]);
        assert_eq!(output.status.code(), Some(1), "{name}");
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(errors.contains("and the maximum is 1000"), "{errors}");
    }
}

#[test]
fn text_columns_of_a_system_table_can_be_united() {
    check(
        &CommandFolder::new().run(&[
            "sql",
            "--format",
            "csv",
            "-c",
            "SELECT job_type FROM system.jobs UNION SELECT message FROM system.jobs",
        ]),
        expect![[r#"
            exit: 0
            stdout:
            job_type
        "#]],
    );
}
