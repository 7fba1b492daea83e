// SPDX-License-Identifier: Apache-2.0

//! `kalamtable add-column`.

use std::fs;

use expect_test::{Expect, expect};

use crate::support::{CommandFolder, check, shown};

const EVENTS: &str = r#"# Events
name        = "app.events"   # every event
primary_key = ["id"]

[columns]
id      = { id = 1,  type = "uuid" } # random
payload = { id = 12, type = "list<#13 text>", comment = "raw" }
# the end

[reserved]
ids   = [20]
names = ["old"]
"#;

fn folder(text: &str) -> CommandFolder {
    let folder = CommandFolder::new();
    folder.write("schemas/events.toml", text);
    folder
}

fn content(folder: &CommandFolder) -> String {
    fs::read_to_string(folder.path().join("schemas/events.toml")).unwrap()
}

/// Adds a column to `app.events`, and shows the report and the changed lines of the file.
fn check_added(text: &str, arguments: &[&str], expected: Expect) {
    let folder = folder(text);
    let output = folder.run(&[&["add-column", "app.events"], arguments].concat());
    let after = content(&folder);
    let changes = after
        .split_inclusive('\n')
        .filter(|line| !text.split_inclusive('\n').any(|before| before == *line));
    let removed = text
        .split_inclusive('\n')
        .filter(|line| !after.split_inclusive('\n').any(|after| after == *line));
    let removed: String = removed.map(|line| format!("- {line:?}\n")).collect();
    let added: String = changes.map(|line| format!("+ {line:?}\n")).collect();
    expected.assert_eq(&format!("{}{removed}{added}", shown(&output)));
}

#[test]
fn column_gets_the_next_free_id_and_raises_the_version() {
    check_added(
        EVENTS,
        &["title", "text", "--nullable"],
        expect![[r#"
            exit: 0
            stdout:
            title   = { id = 21, type = "text", nullable = true }
            schemas/events.toml: `title` has id 21, and the table has version 2
            + "version     = 2\n"
            + "title   = { id = 21, type = \"text\", nullable = true }\n"
        "#]],
    );
}

#[test]
fn default_and_comment_are_written_in_toml() {
    let arguments = [
        "level",
        "enum( 'low','high')",
        "--default",
        "low",
        "--comment",
        "a \"b\"",
    ];
    check_added(
        EVENTS,
        &arguments,
        expect![[r#"
            exit: 0
            stdout:
            level   = { id = 21, type = "enum('low', 'high')", default = "low", comment = "a \"b\"" }
            schemas/events.toml: `level` has id 21, and the table has version 2
            + "version     = 2\n"
            + "level   = { id = 21, type = \"enum('low', 'high')\", default = \"low\", comment = \"a \\\"b\\\"\" }\n"
        "#]],
    );
}

#[test]
fn default_of_each_notation_is_accepted() {
    check_added(
        EVENTS,
        &["count", "int", "--default", "-5"],
        expect![[r#"
            exit: 0
            stdout:
            count   = { id = 21, type = "int", default = -5 }
            schemas/events.toml: `count` has id 21, and the table has version 2
            + "version     = 2\n"
            + "count   = { id = 21, type = \"int\", default = -5 }\n"
        "#]],
    );
    check_added(
        EVENTS,
        &["note", "text", "--default", "5"],
        expect![[r#"
            exit: 0
            stdout:
            note    = { id = 21, type = "text", default = "5" }
            schemas/events.toml: `note` has id 21, and the table has version 2
            + "version     = 2\n"
            + "note    = { id = 21, type = \"text\", default = \"5\" }\n"
        "#]],
    );
    check_added(
        EVENTS,
        &["day", "date", "--default", "2024-01-31"],
        expect![[r#"
            exit: 0
            stdout:
            day     = { id = 21, type = "date", default = 2024-01-31 }
            schemas/events.toml: `day` has id 21, and the table has version 2
            + "version     = 2\n"
            + "day     = { id = 21, type = \"date\", default = 2024-01-31 }\n"
        "#]],
    );
    check_added(
        EVENTS,
        &["price", "decimal(9,2)", "--default", "1.5"],
        expect![[r#"
            exit: 0
            stdout:
            price   = { id = 21, type = "decimal(9, 2)", default = "1.50" }
            schemas/events.toml: `price` has id 21, and the table has version 2
            + "version     = 2\n"
            + "price   = { id = 21, type = \"decimal(9, 2)\", default = \"1.50\" }\n"
        "#]],
    );
}

#[test]
fn existing_version_is_replaced() {
    let text = EVENTS.replace("primary_key", "version     = 0x7 # seven\nprimary_key");
    check_added(
        &text,
        &["title", "text", "--nullable"],
        expect![[r#"
            exit: 0
            stdout:
            title   = { id = 21, type = "text", nullable = true }
            schemas/events.toml: `title` has id 21, and the table has version 8
            - "version     = 0x7 # seven\n"
            + "version     = 8 # seven\n"
            + "title   = { id = 21, type = \"text\", nullable = true }\n"
        "#]],
    );
}

#[test]
fn line_ends_and_missing_last_line_end_are_kept() {
    let text = EVENTS.split("# the end").next().unwrap().trim_end();
    check_added(
        &text.replace('\n', "\r\n"),
        &["a", "int", "--nullable"],
        expect![[r#"
            exit: 0
            stdout:
            a       = { id = 14, type = "int", nullable = true }
            schemas/events.toml: `a` has id 14, and the table has version 2
            - "payload = { id = 12, type = \"list<#13 text>\", comment = \"raw\" }"
            + "version     = 2\r\n"
            + "payload = { id = 12, type = \"list<#13 text>\", comment = \"raw\" }\r\n"
            + "a       = { id = 14, type = \"int\", nullable = true }"
        "#]],
    );
}

#[test]
fn column_without_a_value_for_old_rows_is_rejected() {
    check_added(
        EVENTS,
        &["title", "text"],
        expect![[r#"
            exit: 1
            stderr:
            error[KT1201]: column `title` (id 21) of `app.events` is not null and has no default, and rows of version 1 do not have it
             --> schemas/events.toml:9:1
              |
            9 | title   = { id = 21, type = "text" }
              | ^^^^^
              |
              = note: SOURCE ok, SQL BREAK, WIRE ok, STORAGE BREAK
              = help: write `nullable = true`, or `default = ..` with the value of these rows

            1 problem found
        "#]],
    );
}

#[test]
fn invalid_columns_are_rejected() {
    check_added(
        EVENTS,
        &["id", "text", "--nullable"],
        expect![[r#"
            exit: 1
            stderr:
            error[KT0105]: `id` is written twice
             --> schemas/events.toml:9:1
              |
            7 | id      = { id = 1,  type = "uuid" } # random
              | -- first here
            8 | payload = { id = 12, type = "list<#13 text>", comment = "raw" }
            9 | id      = { id = 21, type = "text", nullable = true }
              | ^^
              |
              = help: delete one of the two, or rename it

            1 problem found
        "#]],
    );
    check_added(
        EVENTS,
        &["old", "text", "--nullable"],
        expect![[r#"
            exit: 1
            stderr:
            error[KT0205]: the name `old` is reserved
              --> schemas/events.toml:9:1
               |
             9 | old     = { id = 21, type = "text", nullable = true }
               | ^^^
            ...
            14 | names = ["old"]
               |          ----- a dropped column had this name
               |
               = help: choose another name for the column

            1 problem found
        "#]],
    );
    check_added(
        EVENTS,
        &["a\" = 1", "text", "--nullable"],
        expect![[r#"
            exit: 1
            stderr:
            error[KT0201]: `a" = 1` is not a valid column name
             --> schemas/events.toml:9:1
              |
            9 | "a\" = 1" = { id = 21, type = "text", nullable = true }
              | ^^^^^^^^^
              |
              = help: a name consists of letters a to z, digits and `_`, and does not begin with a digit
              = help: write `a____1`

            1 problem found
        "#]],
    );
    check_added(
        EVENTS,
        &["a", "itn", "--nullable"],
        expect![[r#"
            exit: 1
            stderr:
            error[KT0401]: unknown type `itn`
             --> schemas/events.toml:9:30
              |
            9 | a       = { id = 21, type = "itn", nullable = true }
              |                              ^^^
              |
              = help: did you mean `int`?

            1 problem found
        "#]],
    );
    check_added(
        EVENTS,
        &["a", "list<int>", "--nullable"],
        expect![[r#"
            exit: 0
            stdout:
            a       = { id = 21, type = "list<#22 int>", nullable = true }
            schemas/events.toml: `a` has id 21, and the table has version 2
            + "version     = 2\n"
            + "a       = { id = 21, type = \"list<#22 int>\", nullable = true }\n"
        "#]],
    );
    check_added(
        EVENTS,
        &["a", "int", "--default", "x"],
        expect![[r#"
            exit: 1
            stderr:
            error[KT0501]: the default is a string, the column is of type `int`
             --> schemas/events.toml:9:46
              |
            9 | a       = { id = 21, type = "int", default = "x" }
              |                                              ^^^
              |
              = help: write for example `default = 0`

            1 problem found
        "#]],
    );
}

#[test]
fn columns_in_sections_name_fmt() {
    let text =
        "name = \"app.events\"\nprimary_key = [\"id\"]\n[columns.id]\nid = 1\ntype = \"int\"\n";
    check_added(
        text,
        &["a", "int", "--nullable"],
        expect![[r#"
            exit: 2
            stderr:
            error: schemas/events.toml: the columns are not below `[columns]`
              help: write one line per column: `kalamtable fmt schemas/events.toml`
        "#]],
    );
}

#[test]
fn table_is_found_by_its_bare_name() {
    let output = folder(EVENTS).run(&["add-column", "events", "a", "int", "--nullable", "-q"]);
    check(
        &output,
        expect![[r#"
            exit: 0
            stdout:
            a       = { id = 21, type = "int", nullable = true }
        "#]],
    );
}

#[test]
fn unknown_table_has_a_suggestion() {
    let output = folder(EVENTS).run(&["add-column", "app.event", "a", "int"]);
    check(
        &output,
        expect![[r#"
            exit: 2
            stderr:
            error: no definition has the name `app.event`
              help: did you mean `app.events`?
        "#]],
    );
}

#[test]
fn ambiguous_table_names_both() {
    let folder = folder(EVENTS);
    folder.write(
        "schemas/web.toml",
        EVENTS.replace("app.events", "web.events"),
    );
    let output = folder.run(&["add-column", "events", "a", "int"]);
    check(
        &output,
        expect![[r#"
            exit: 2
            stderr:
            error: several tables have the name `events`
              help: write one of `app.events`, `web.events`
        "#]],
    );
}

/// Adds a column to a file in canonical form, and shows the file, which keeps that form.
fn check_canonical(text: &str, arguments: &[&str], expected: Expect) {
    let folder = folder(text);
    assert_eq!(folder.run(&["fmt", "--check"]).status.code(), Some(0));
    let output = folder.run(&[&["add-column", "app.a"], arguments].concat());
    expected.assert_eq(&format!("{}{}", shown(&output), content(&folder)));
    assert_eq!(folder.run(&["fmt", "--check"]).status.code(), Some(0));
}

#[test]
fn canonical_file_stays_canonical() {
    let text = "name = \"app.a\"\nno_primary_key = \"x\"\n\n[columns]\na = { id = 1, type = \"int\" } # first\n";
    let folder = folder(text);
    assert_eq!(folder.run(&["fmt"]).status.code(), Some(0));
    let text = content(&folder);
    check_canonical(
        &text,
        &["much_longer", "text", "--nullable"],
        expect![[r#"
            exit: 0
            stdout:
            much_longer = { id = 2, type = "text", nullable = true }
            schemas/events.toml: `much_longer` has id 2, and the table has version 2
            name           = "app.a"
            version        = 2
            no_primary_key = "x"

            [columns]
            a           = { id = 1, type = "int" } # first
            much_longer = { id = 2, type = "text", nullable = true }
        "#]],
    );
    check_canonical(
        &text,
        &[
            "b",
            "struct<p: list<int>, q: map<text, double null>>",
            "--nullable",
        ],
        expect![[r#"
            exit: 0
            stdout:
            b = { id = 2, type = "struct<#3 p: list<#4 int>, #5 q: map<#6 text, #7 double null>>", nullable = true }
            schemas/events.toml: `b` has id 2, and the table has version 2
            name           = "app.a"
            version        = 2
            no_primary_key = "x"

            [columns]
            a = { id = 1, type = "int" } # first
            b = { id = 2, type = "struct<#3 p: list<#4 int>, #5 q: map<#6 text, #7 double null>>", nullable = true }
        "#]],
    );
}
