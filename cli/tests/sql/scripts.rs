// SPDX-License-Identifier: Apache-2.0

//! Scripts from arguments, files and pipes: their order, their commands and their errors.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use expect_test::expect;

use crate::support::{CommandFolder, check, success};

const CSV: [&str; 3] = ["sql", "--format", "csv"];

fn run(folder: &CommandFolder, arguments: &[&str]) -> std::process::Output {
    folder.run(&[&CSV[..], arguments].concat())
}

#[test]
fn commands_and_files_run_in_the_order_of_the_arguments() {
    let folder = CommandFolder::new();
    folder.write(
        "b.sql",
        "\u{feff}SELECT 'b' AS b;\n-- no semicolon\nSELECT 'c' AS c",
    );
    let arguments = [
        "-c",
        "SELECT 'a' AS a",
        "-f",
        "b.sql",
        "-c",
        "SELECT 'd' AS d",
    ];
    assert_eq!(
        success(&run(&folder, &arguments)),
        "a\na\nb\nb\nc\nc\nd\nd\n"
    );
    let arguments = [&CSV[..], &["-f", "-"]].concat();
    let output = folder.run_with_stdin(&arguments, "\u{feff}SELECT 1 AS a");
    assert_eq!(success(&output), "a\n1\n");
    assert_eq!(
        success(&run(&folder, &["-c", "\u{feff}SELECT 1 AS a"])),
        "a\n1\n"
    );
}

#[test]
fn error_names_the_command_among_several() {
    let folder = CommandFolder::new();
    check(
        &run(&folder, &["-c", "SELECT 1 AS a", "-c", "SELECT nothing"]),
        expect![[r#"
            exit: 1
            stdout:
            a
            1
            stderr:
            error: No field named nothing
              in statement 1 of -c number 2, line 1: SELECT nothing
        "#]],
    );
    check(
        &run(&folder, &["-f", "data"]),
        expect![[r#"
            exit: 1
            stderr:
            error: data: Is a directory (os error 21)
        "#]],
    );
}

#[test]
fn command_may_follow_a_statement_on_its_line() {
    let folder = CommandFolder::new();
    let output = folder.run_with_stdin(&CSV, "SELECT 1 AS a; \\q\nSELECT 2 AS b;\n");
    assert_eq!(success(&output), "a\n1\n");
    let output = folder.run_with_stdin(&CSV, "SELECT 1 AS a; \\nothing\nSELECT 2 AS b;\n");
    check(
        &output,
        expect![[r#"
            exit: 1
            stdout:
            a
            1
            stderr:
            error: unknown command `\nothing`: the commands are `\d`, `\x`, `\timing`, `\?` and `\q`
              in line 1 of stdin: \nothing
        "#]],
    );
}

#[cfg(target_os = "linux")]
#[test]
fn full_output_is_named_in_the_error() {
    let folder = CommandFolder::new();
    let mut command = folder.command(&["sql", "-c", "SELECT 1"]);
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let output = command.stdin(Stdio::null()).stdout(full).output().unwrap();
    check(
        &output,
        expect![[r#"
            exit: 1
            stderr:
            error: the output cannot be written: No space left on device (os error 28)
        "#]],
    );
}

#[test]
fn error_names_the_statement_that_failed() {
    let folder = CommandFolder::new();
    folder.write(
        "a.sql",
        "-- first\nSELECT 1 AS a;\n\nSELECT\n  nothing;\nSELECT 2;\n",
    );
    check(
        &run(&folder, &["-f", "a.sql"]),
        expect![[r#"
            exit: 1
            stdout:
            a
            1
            stderr:
            error: No field named nothing
              in statement 2 of a.sql, line 4: SELECT nothing
        "#]],
    );
    check(
        &run(&folder, &["-c", "SELECT 1 AS a; SELECT nothing; SELECT 2"]),
        expect![[r#"
            exit: 1
            stdout:
            a
            1
            stderr:
            error: No field named nothing
              in statement 2 of -c, line 1: SELECT nothing
        "#]],
    );
    check(
        &run(&folder, &["-c", "SELECT nothing"]),
        expect![[r#"
        exit: 1
        stderr:
        error: No field named nothing
    "#]],
    );
    let stdin = "SELECT 1 AS a;\n\\timing\n\\d nothing\n";
    let output = folder.run_with_stdin(&CSV, stdin);
    let errors = String::from_utf8(output.stderr).unwrap();
    expect![[r#"
        times are shown
        error: No table named 'nothing'
          in line 3 of stdin: \d nothing
    "#]]
    .assert_eq(&errors);
    check(
        &run(&folder, &["-f", "nowhere.sql"]),
        expect![[r#"
        exit: 1
        stderr:
        error: nowhere.sql: No such file or directory (os error 2)
    "#]],
    );
    folder.write("utf16.sql", b"\xff\xfeS\0E\0");
    folder.write("latin1.sql", b"SELECT 1;\nSELECT '\xe9';\n");
    check(
        &run(&folder, &["-f", "utf16.sql"]),
        expect![[r#"
            exit: 1
            stderr:
            error: utf16.sql is UTF-16: save it as UTF-8
        "#]],
    );
    check(
        &run(&folder, &["-f", "latin1.sql"]),
        expect![[r#"
            exit: 1
            stdout:
            Int64(1)
            1
            stderr:
            error: line 2 of latin1.sql is not UTF-8
        "#]],
    );
}

#[test]
fn backslash_commands_work_in_a_pipe() {
    let folder = CommandFolder::with_orders();
    folder.write(
        "data/orders.ndjson",
        "{\"id\": 1, \"note\": \"a\\nb\", \"state\": \"open\"}\n",
    );
    let arguments = ["sql", "--schemas", "schemas", "--data", "data"];
    let stdin =
        "-- comment\n\\d orders\n\\x\nSELECT id,\n note, state FROM orders;\n\\q\nSELECT 2;\n";
    check(
        &folder.run_with_stdin(&arguments, stdin),
        expect![[r#"
        exit: 0
        stdout:
        +--------+---------------------------------------------------+----------+---------+---------------------+
        | column | type                                              | nullable | default | comment             |
        +--------+---------------------------------------------------+----------+---------+---------------------+
        | id     | int                                               | no       | NULL    | Number of the order |
        | price  | decimal(6, 2)                                     | yes      | NULL    | NULL                |
        | note   | text                                              | no       | "none"  | NULL                |
        | state  | enum('open', 'closed')                            | no       | NULL    | NULL                |
        | items  | list<#6 struct<#7 sku: text, #8 count: int null>> | yes      | NULL    | NULL                |
        +--------+---------------------------------------------------+----------+---------+---------------------+
        -[ row 1 ]-
        id    | 1
        note  | a
              | b
        state | open
        stderr:
        each value has its own line
    "#]],
    );
    let output = folder.run_with_stdin(&arguments, "\\timing\nSELECT 1 AS a;\n");
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(
        errors.starts_with("times are shown\n1 row in 0."),
        "{errors}"
    );
}

#[test]
fn unknown_command_in_a_script_ends_it() {
    let folder = CommandFolder::new();
    check(
        &folder.run_with_stdin(&CSV, "\\copy\nSELECT 1;\n"),
        expect![[r#"
            exit: 1
            stderr:
            error: unknown command `\copy`: the commands are `\d`, `\x`, `\timing`, `\?` and `\q`
              in line 1 of stdin: \copy
        "#]],
    );
    check(
        &run(&folder, &["-c", "\\x"]),
        expect![[r#"
        exit: 1
        stderr:
        error: `\x` applies to `--format table` alone
    "#]],
    );
}

#[test]
fn table_shows_a_limited_number_of_rows() {
    let folder = CommandFolder::new();
    let query = "SELECT value FROM generate_series(1, 20000)";
    let output = folder.run(&["sql", "-c", query]);
    assert_eq!(success(&output).lines().count(), 1004);
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "1000 of 20000 rows; `--max-rows all` shows every row\n"
    );
    let output = folder.run(&["sql", "--max-rows", "all", "-c", query]);
    let table = success(&output);
    // One header and two borders of the first part, and the last border.
    assert_eq!(table.lines().count(), 20_004);
    assert!(output.stderr.is_empty());
    check(
        &run(&folder, &["--max-rows", "2", "-c", query]),
        expect![[r#"
            exit: 0
            stdout:
            value
            1
            2
            stderr:
            2 of 20000 rows; `--max-rows all` shows every row
        "#]],
    );
    let output = folder.run(&["sql", "--max-rows", "many", "-c", query]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        success(&run(&folder, &["-c", query])).lines().count(),
        20_001
    );
}

#[cfg(target_os = "linux")]
#[test]
fn memory_of_a_long_result_is_bounded() {
    let folder = CommandFolder::new();
    let row = "arrow_cast(value, 'Utf8') AS value, repeat('x', 1000) AS text";
    let result = format!("SELECT {row} FROM generate_series(1, 300000);\n");
    let base = peak_kilobytes(&folder, &["sql"], "SELECT 1 AS a;\n");
    for arguments in [&["sql"][..], &["sql", "--format", "json"]] {
        let peak = peak_kilobytes(&folder, arguments, &result);
        // The result has 300 MB, and a few batches of 8 MB are in memory at a time.
        let limit = base + 150_000;
        assert!(peak < limit, "{arguments:?}: {peak} kB, {base} kB");
    }
}

/// Returns the peak of the resident memory of the command until `statement` has ended.
#[cfg(target_os = "linux")]
fn peak_kilobytes(folder: &CommandFolder, arguments: &[&str], statement: &str) -> u64 {
    let mut command = folder.command(arguments);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        // By default, the allocator keeps much of the memory that is freed by another thread.
        .env("MALLOC_MMAP_THRESHOLD_", "65536");
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    writeln!(stdin, "{statement}SELECT 'the end' AS a;").unwrap();
    let stdout = BufReader::new(child.stdout.take().unwrap());
    let mut lines = stdout.lines();
    assert!(lines.any(|line| line.unwrap().contains("the end")));
    // The command waits for its next line.
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak
        .unwrap()
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .unwrap();
    drop(stdin);
    assert!(child.wait().unwrap().success());
    peak
}

#[test]
fn control_characters_in_a_table_are_text() {
    let folder = CommandFolder::new();
    let query = "SELECT E'a\\x1b[2J\\tb\\u009b\nc' AS \"x\u{1b}y\", [E'\\x1b'] AS list";
    check(
        &folder.run(&["sql", "-c", query]),
        expect![[r#"
        exit: 0
        stdout:
        +---------------------+------------+
        | x\u{1b}y            | list       |
        +---------------------+------------+
        | a\u{1b}[2J\tb\u{9b} | ["\u001b"] |
        | c                   |            |
        +---------------------+------------+
    "#]],
    );
    // A message about a value.
    let query = "SELECT CAST(E'\\x1b[2J' AS INT)";
    check(
        &folder.run(&["sql", "-c", query]),
        expect![[r#"
            exit: 1
            stderr:
            error: Cast error: Cannot cast string '\u{1b}[2J' to value of Int32 type
        "#]],
    );
}

#[test]
fn expression_that_is_too_deep_is_an_error() {
    let folder = CommandFolder::new();
    for count in [16_000, 1_000_000] {
        let query = format!("SELECT 1{};\n", "+1".repeat(count));
        let output = folder.run_with_stdin(&["sql"], &query);
        assert_eq!(output.status.code(), Some(1), "{count}");
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(
            errors.starts_with(&format!(
                "error: the statement nests operators {count} levels deep, and the maximum is 1000"
            )),
            "{errors}"
        );
    }
    let union = vec!["SELECT 1"; 16_000].join(" UNION ALL ");
    let output = folder.run_with_stdin(&["sql"], &union);
    assert_eq!(output.status.code(), Some(1));
    // The deepest statements that are accepted fit the stack.
    let deepest = [
        (format!("SELECT 1{} AS a", "+1".repeat(1000)), "a\n1001\n"),
        (
            format!(
                "SELECT value AS a FROM generate_series(1, 1) t(value) WHERE value = 1{}",
                " OR value = 2".repeat(999)
            ),
            "a\n1\n",
        ),
        (
            format!(
                "SELECT value AS a FROM generate_series(1, 1) t(value) WHERE value > 0{}",
                " AND value <> 2".repeat(999)
            ),
            "a\n1\n",
        ),
    ];
    for (query, expected) in deepest {
        let arguments = [&CSV[..], &["-f", "-"]].concat();
        assert_eq!(
            success(&folder.run_with_stdin(&arguments, &query)),
            expected
        );
    }
}

#[test]
fn error_lists_some_columns_of_a_wide_table() {
    let folder = CommandFolder::new();
    let columns: Vec<String> = (0..4096).map(|n| format!("{n} AS column_{n}")).collect();
    let view = format!("CREATE VIEW v AS SELECT {};\n", columns.join(", "));
    let output = folder.run_with_stdin(&["sql"], &format!("{view}SELECT nothing FROM v"));
    check(
        &output,
        expect![[r#"
        exit: 1
        stderr:
        error: No field named nothing; the fields are v.column_0, v.column_1, v.column_2, v.column_3, v.column_4, v.column_5, v.column_6, v.column_7, v.column_8, v.column_9, v.column_10, v.column_11, v.column_12, v.column_13, v.column_14, v.column_15, v.column_16, v.column_17, v.column_18, v.column_19 and 4076 more
          in statement 2 of stdin, line 2: SELECT nothing FROM v
    "#]],
    );
    let output = folder.run_with_stdin(&["sql"], &format!("{view}SELECT colum_17 FROM v"));
    check(
        &output,
        expect![[r#"
        exit: 1
        stderr:
        error: No field named colum_17; did you mean column_17?
          in statement 2 of stdin, line 2: SELECT colum_17 FROM v
    "#]],
    );
    check(
        &folder.run(&["sql", "-c", "SELECT a FROM (SELECT 1 AS \"A\", 2 AS b)"]),
        expect![[r#"
            exit: 1
            stderr:
            error: No field named a; did you mean "A"? Names without quotes are converted to lower case
        "#]],
    );
}

#[test]
fn suggestion_is_the_same_in_each_run() {
    let folder = CommandFolder::new();
    let messages: Vec<String> = (0..8)
        .map(|_| {
            let output = folder.run(&["sql", "-c", "SELECT mxa(1)"]);
            String::from_utf8(output.stderr).unwrap()
        })
        .collect();
    assert_eq!(messages, vec![messages[0].clone(); 8]);
    expect![[r#"
        error: no function has the name `mxa`; did you mean `max`?
    "#]]
    .assert_eq(&messages[0]);
    check(
        &folder.run(&["sql", "-c", "SELECT frobnicate(1)"]),
        expect![[r#"
            exit: 1
            stderr:
            error: no function has the name `frobnicate`; `SHOW FUNCTIONS` lists all functions
        "#]],
    );
}

/// The definition in the README.
const EVENTS: &str = r#"
name        = "app.events"
comment     = "Events of the server, with their time"
primary_key = ["id"]
row         = "Event"

[columns]
id      = { id = 1, type = "bigint" }
level   = { id = 2, type = "enum('info', 'warning', 'error')", rust = "Level", default = "info" }
title   = { id = 3, type = "text", nullable = true, comment = "A summary in one line" }
seen_at = { id = 4, type = "timestamp", unit = "ms", default = "now()" }
"#;

#[test]
fn definitions_are_shown_as_in_the_readme() {
    let folder = CommandFolder::new();
    folder.write("schemas/app/events.toml", EVENTS);
    let readme = include_str!("../../../README.md");
    let query = "SELECT column_name, data_type, is_nullable, column_default
FROM kalamtable.columns WHERE table_name = 'events' ORDER BY ordinal_position;";
    assert!(readme.contains(query));
    let output = folder.run(&["sql", "--schemas", "schemas", "-c", query]);
    // The README shows DataFusion's own table, in which null is empty.
    let table = success(&output).replace("NULL", "    ");
    assert!(readme.contains(&table), "{table}");

    for data in [false, true] {
        if data {
            folder.write("data/events.csv", "id,level,title,seen_at\n");
        }
        let query = "SHOW CREATE TABLE app.events";
        let mut arguments = vec!["sql", "--schemas", "schemas", "--max-rows", "all"];
        if data {
            arguments.extend(["--data", "data"]);
        }
        arguments.extend(["-c", "\\x\n", "-c", query]);
        let output = folder.run(&arguments);
        assert!(success(&output).contains("CREATE TABLE"), "{data}");
    }
    let arguments = ["sql", "--schemas", "schemas", "--format", "csv", "-c"];
    let query = ["SHOW CREATE TABLE app.events"];
    check(
        &folder.run(&[&arguments[..], &query].concat()),
        expect![[r#"
            exit: 0
            stdout:
            table_catalog,table_schema,table_name,definition
            datafusion,app,events,"CREATE TABLE ""app"".""events"" (""id"" BIGINT NOT NULL, ""level"" TEXT NOT NULL DEFAULT 'info', ""title"" TEXT, ""seen_at"" TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP, PRIMARY KEY (""id""))"
            stderr:
            note: empty without --data: `app.events`
        "#]],
    );
    let query = ["SHOW CREATE TABLE system.stats"];
    let output = folder.run(&[&arguments[..], &query].concat());
    assert!(success(&output).contains("CREATE TABLE \"\"system\"\".\"\"stats\"\""));
}
