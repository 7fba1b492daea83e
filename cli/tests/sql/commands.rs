// SPDX-License-Identifier: Apache-2.0

//! Arguments, exit codes, stdin and formats of `kalamtable sql`.

use std::io::Read;
use std::process::Stdio;

use expect_test::{Expect, expect};

use crate::support::{CommandFolder, check, success};

fn check_command(arguments: &[&str], expect: Expect) {
    check(&CommandFolder::with_orders().run(arguments), expect);
}

#[test]
fn data_without_schemas_exits_with_2() {
    let output = CommandFolder::new().run(&["sql", "--data", "data", "-c", "SELECT 1"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn sql_sees_the_system_tables() {
    let query = "SELECT table_name, schema_version FROM system.tables ORDER BY 1";
    check_command(
        &["sql", "-c", query],
        expect![[r#"
        exit: 0
        stdout:
        +--------------+----------------+
        | table_name   | schema_version |
        +--------------+----------------+
        | audit_logs   | 1              |
        | jobs         | 1              |
        | live_queries | 1              |
        | namespaces   | 1              |
        | stats        | 1              |
        | storages     | 1              |
        | tables       | 1              |
        | users        | 1              |
        +--------------+----------------+
    "#]],
    );
}

#[test]
fn sql_finds_a_table_by_its_unique_bare_name() {
    let query = "SELECT count(*) AS jobs FROM jobs; SELECT * FROM system.jobs WHERE false";
    let output = CommandFolder::new().run(&["sql", "--format", "csv", "-c", query]);
    assert!(success(&output).starts_with("jobs\n0\njob_id,"));
}

#[test]
fn bare_name_in_two_namespaces_is_ambiguous() {
    let folder = CommandFolder::with_orders();
    let other = crate::support::ORDERS.replace("app.orders", "web.orders");
    folder.write("schemas/web.toml", other);
    let arguments = ["sql", "--schemas", "schemas", "-c", "SELECT * FROM orders"];
    check(
        &folder.run(&arguments),
        expect![[r#"
            exit: 1
            stderr:
            note: empty without --data: `app.orders`, `web.orders`
            error: `orders` is ambiguous: write `app.orders` or `web.orders`
        "#]],
    );
}

#[test]
fn definitions_are_rows_of_system_tables() {
    let query = "SELECT table_id FROM system.tables WHERE namespace_id = 'app'";
    check_command(
        &[
            "sql",
            "--schemas",
            "schemas",
            "--format",
            "csv",
            "-c",
            query,
        ],
        expect![[r#"
            exit: 0
            stdout:
            table_id
            app.orders
            stderr:
            note: empty without --data: `app.orders`
        "#]],
    );
}

#[test]
fn sql_reports_problems_of_definitions() {
    let folder = CommandFolder::new();
    folder.write("schemas/a.toml", "name = 1");
    let output = folder.run(&["sql", "--schemas", "schemas", "-c", "SELECT 1"]);
    check(
        &output,
        expect![[r#"
        exit: 1
        stderr:
        error[KT0102]: the table has no `[columns]`
         --> schemas/a.toml:1:1
          |
        1 | name = 1
          | ^^^^^^^^
          |
          = help: write `[columns]`, and below it a line for each column:
                  id = { id = 1, type = "bigint" }

        error[KT0103]: `name` is an integer, expected a string
         --> schemas/a.toml:1:8
          |
        1 | name = 1
          |        ^
          |
          = help: write it in quotes: `"1"`

        2 problems found
    "#]],
    );
}

#[test]
fn query_does_not_repeat_warnings_of_definitions() {
    let folder = CommandFolder::with_orders();
    folder.write(
        "schemas/visits.toml",
        "name = \"app.visits\"\nprimary_key = [\"id\"]\n[columns]\n\
         id = { id = 1, type = \"int\" }\norder = { id = 2, type = \"int\" }\n",
    );
    let query = "SELECT count(\"order\") AS orders FROM visits";
    assert_eq!(success(&folder.query("csv", query)), "orders\n0\n");
}

#[test]
fn sql_notes_tables_without_data() {
    check(
        &CommandFolder::with_orders().query("csv", "SELECT id FROM orders"),
        expect![[r#"
            exit: 0
            stdout:
            id
            stderr:
            note: data has no files for `app.orders`
        "#]],
    );
}

#[test]
fn sql_reports_every_problem_of_data_files() {
    let folder = CommandFolder::with_orders();
    folder.write("data/order.csv", "id\n");
    folder.write("data/ordres/1.csv", "");
    check(
        &folder.query("csv", "SELECT 1"),
        expect![[r#"
            exit: 1
            stderr:
            error: data/order.csv: no definition has the name `order`; did you mean `orders`?
            error: data/ordres: no definition has the name `ordres`; did you mean `orders`?
        "#]],
    );
}

#[test]
fn sql_notes_data_without_a_definition() {
    let folder = CommandFolder::with_orders();
    folder.write("data/orders.csv", "id,price,note,state,items\n");
    folder.write("data/things/1.csv", "");
    check(
        &folder.query("csv", "SELECT 1 AS a"),
        expect![[r#"
        exit: 0
        stdout:
        a
        1
        stderr:
        note: data/things: no definition has the name `things`
    "#]],
    );
}

#[test]
fn duplicate_primary_keys_of_data_files_are_rows_of_a_view() {
    let folder = CommandFolder::with_orders();
    let row = r#"{"id": 7, "state": "open", "note": ""}"#;
    folder.write("data/orders.ndjson", format!("{row}\n{row}\n"));
    check(
        &folder.query("csv", "SELECT * FROM kalamtable.duplicate_keys"),
        expect![[r#"
            exit: 0
            stdout:
            table_schema,table_name,key,rows
            app,orders,id = 7,2
        "#]],
    );
}

#[test]
fn sql_reports_the_position_of_a_bad_value() {
    let folder = CommandFolder::with_orders();
    folder.write("data/orders.csv", "id,price,note,state,items\nx,,,open,\n");
    check(
        &folder.query("csv", "SELECT id FROM orders"),
        expect![[r#"
        exit: 1
        stdout:
        id
        stderr:
        error: data/orders.csv:2: row 1, column `id` (int): `x` is not a whole number
    "#]],
    );
}

#[test]
fn schemas_of_system_tables_keep_their_rows() {
    let folder = CommandFolder::new();
    let schemas = concat!(env!("CARGO_MANIFEST_DIR"), "/../schemas");
    let query = "SELECT count(*) > 7 AS is_live FROM system.tables";
    let output = folder.run(&["sql", "--schemas", schemas, "--format", "csv", "-c", query]);
    assert_eq!(success(&output), "is_live\ntrue\n");
}

#[test]
fn stdin_stops_at_the_first_error() {
    let statements = "SELECT 1 AS a; -- one;\nSELECT\n  ';' AS b;\nSELECT nothing;\nSELECT 2;";
    let output = CommandFolder::new().run_with_stdin(&["sql", "--format", "csv"], statements);
    check(
        &output,
        expect![[r#"
            exit: 1
            stdout:
            a
            1
            b
            ;
            stderr:
            error: No field named nothing
              in statement 3 of stdin, line 4: SELECT nothing
        "#]],
    );
}

#[test]
fn last_statement_of_stdin_needs_no_semicolon() {
    let output =
        CommandFolder::new().run_with_stdin(&["sql", "--format", "csv"], "SELECT 1 AS a\n");
    assert_eq!(success(&output), "a\n1\n");
}

#[test]
fn empty_stdin_prints_nothing() {
    check(
        &CommandFolder::new().run_with_stdin(&["sql"], " -- nothing\n;;"),
        expect![[r#"
            exit: 0
        "#]],
    );
}

const VALUES: &str =
    "SELECT * FROM (VALUES (1, 'a,\"b\"', NULL), (2, '', 1.5)) AS t(id, text, number)";

#[test]
fn table_shows_nulls() {
    check_command(
        &["sql", "-c", VALUES],
        expect![[r#"
        exit: 0
        stdout:
        +----+-------+--------+
        | id | text  | number |
        +----+-------+--------+
        | 1  | a,"b" | NULL   |
        | 2  |       | 1.5    |
        +----+-------+--------+
    "#]],
    );
}

#[test]
fn csv_distinguishes_empty_text_and_null() {
    check_command(
        &["sql", "--format", "csv", "-c", VALUES],
        expect![[r#"
        exit: 0
        stdout:
        id,text,number
        1,"a,""b""",
        2,"",1.5
    "#]],
    );
}

#[test]
fn json_is_one_array() {
    check_command(
        &["sql", "--format", "json", "-c", VALUES],
        expect![[r#"
        exit: 0
        stdout:
        [{"id":1,"text":"a,\"b\"","number":null},{"id":2,"text":"","number":1.5}]
    "#]],
    );
}

#[test]
fn empty_result_has_a_header_or_an_empty_array() {
    let query = "SELECT 1 AS a WHERE false";
    let folder = CommandFolder::new();
    check(
        &folder.run(&["sql", "-c", query]),
        expect![[r#"
        exit: 0
        stdout:
        +---+
        | a |
        +---+
        +---+
    "#]],
    );
    let csv = folder.run(&["sql", "--format", "csv", "-c", query]);
    assert_eq!(success(&csv), "a\n");
    let json = folder.run(&["sql", "--format", "json", "-c", query]);
    assert_eq!(success(&json), "[]\n");
}

#[test]
fn statements_without_a_result_print_nothing() {
    let query = "CREATE VIEW v AS SELECT 1 AS a; SELECT a FROM v";
    let output = CommandFolder::new().run(&["sql", "--format", "csv", "-c", query]);
    assert_eq!(success(&output), "a\n1\n");
}

#[test]
fn json_of_several_batches_is_one_array() {
    let query = "SELECT value FROM generate_series(1, 20000)";
    let output = CommandFolder::new().run(&["sql", "--format", "json", "-c", query]);
    let rows: Vec<serde_json::Value> = serde_json::from_str(&success(&output)).unwrap();
    assert_eq!(rows.len(), 20_000);
    assert_eq!(rows[19_999]["value"], 20_000);
}

#[test]
fn closed_stdout_ends_the_query_without_an_error() {
    for format in ["csv", "json", "table"] {
        let query = "SELECT value FROM generate_series(1, 200000)";
        let folder = CommandFolder::new();
        let arguments = ["sql", "--format", format, "--max-rows", "all", "-c", query];
        let mut command = folder.command(&arguments);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdout = child.stdout.take().unwrap();
        stdout.read_exact(&mut [0; 16]).unwrap();
        drop(stdout);
        let output = child.wait_with_output().unwrap();
        check(
            &output,
            expect![[r#"
                exit: 0
            "#]],
        );
    }
}

#[test]
fn deep_expression_fits_the_stack() {
    let query = format!("SELECT {}1 AS a", "1 + ".repeat(600));
    let output = CommandFolder::new().run(&["sql", "--format", "csv", "-c", &query]);
    assert_eq!(success(&output), "a\n601\n");
}
