// SPDX-License-Identifier: Apache-2.0

//! `kalamtable check`.

use expect_test::{Expect, expect};

use crate::support::{CommandFolder, check, success};

fn check_command(arguments: &[&str], expect: Expect) {
    check(&CommandFolder::with_orders().run(arguments), expect);
}

#[test]
fn check_counts_valid_definitions() {
    check_command(
        &["check", "--unlocked"],
        expect![[r#"
        exit: 0
        stdout:
        1 file, 1 table, 5 columns: no problems
    "#]],
    );
}

#[test]
fn check_reports_every_problem() {
    let folder = CommandFolder::with_orders();
    folder.write(
        "more/a.toml",
        "name = \"app.a\"\nrow = \"A\"\n[columns]\nid = { id = 1, type = \"itn\" }\n",
    );
    folder.write("empty.toml", "");
    check(
        &folder.run(&["check", "--unlocked", "schemas", "more", "empty.toml"]),
        expect![[r#"
            exit: 1
            stderr:
            error[KT0007]: the file is empty
            --> empty.toml
             = help: delete it, or describe a table:
                     name        = "namespace.table"
                     primary_key = ["id"]

                     [columns]
                     id = { id = 1, type = "bigint" }

            error[KT0601]: the table has no primary key and no reason for having none
             --> more/a.toml:1:8
              |
            1 | name = "app.a"
              |        ^^^^^^^
              |
              = help: write `primary_key = [".."]`, or `no_primary_key = "why"`

            error[KT0401]: unknown type `itn`
             --> more/a.toml:4:24
              |
            4 | id = { id = 1, type = "itn" }
              |                        ^^^
              |
              = help: did you mean `int`?

            3 problems found
        "#]],
    );
}

#[test]
fn check_of_a_missing_folder_exits_with_2() {
    check_command(
        &["check", "--unlocked", "nowhere"],
        expect![[r#"
            exit: 2
            stderr:
            error: `nowhere`: no such file or folder
              help: name a folder of definitions, or a file: the default is `schemas` in the working directory
        "#]],
    );
}

/// Without definitions, it is not known whether there should be a lock.
#[test]
fn folder_without_definitions_is_one_problem() {
    let folder = CommandFolder::new();
    check(
        &folder.run(&["check"]),
        expect![[r#"
        exit: 2
        stderr:
        error: `schemas`: no such file or folder
          help: name a folder of definitions, or a file: the default is `schemas` in the working directory
    "#]],
    );
    folder.write("schemas/notes.txt", "");
    check(
        &folder.run(&["check"]),
        expect![[r#"
        exit: 1
        stderr:
        error[KT0002]: the folder and its subfolders contain no `.toml` file
        --> schemas
         = help: describe a table, for example in `schemas/app/users.toml`

        1 problem found
    "#]],
    );
}

#[test]
fn commands_for_a_missing_path_exit_with_2() {
    for command in ["fmt", "codegen", "lock"] {
        check_command(
            &[command, "schemas", "nowhere"],
            expect![[r#"
            exit: 2
            stderr:
            error: `nowhere`: no such file or folder
              help: name a folder of definitions, or a file: the default is `schemas` in the working directory
        "#]],
        );
    }
    let arguments = [
        "add-column",
        "app.orders",
        "a",
        "int",
        "--schemas",
        "nowhere",
    ];
    let output = CommandFolder::with_orders().run(&arguments);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn check_shows_warnings_and_succeeds() {
    let folder = CommandFolder::with_orders();
    folder.write(
        "schemas/visits.toml",
        "name = \"app.visits\"\nprimary_key = [\"id\"]\n[columns]\n\
         id = { id = 1, type = \"int\" }\norder = { id = 2, type = \"int\" }\n",
    );
    check(
        &folder.run(&["check", "--unlocked"]),
        expect![[r#"
        exit: 0
        stdout:
        2 files, 2 tables, 7 columns: no problems, 1 warning
        stderr:
        warning[KT0209]: SQL accepts `order` only in quotes
         --> schemas/visits.toml:5:1
          |
        5 | order = { id = 2, type = "int" }
          | ^^^^^
          |
          = help: write `"order"` in queries, or choose a name that is not a keyword
    "#]],
    );
}

/// A session has system tables, which a definition can neither replace nor repeat.
#[test]
fn check_rejects_the_names_of_system_tables() {
    let folder = CommandFolder::new();
    let table = |name: &str| {
        format!(
            "name = \"{name}\"\nno_primary_key = \"x\"\n[columns]\na = {{ id = 1, type = \"int\" }}\n"
        )
    };
    folder.write("schemas/columns.toml", table("kalamtable.columns"));
    folder.write("schemas/jobs.toml", table("system.jobs"));
    folder.write("schemas/mine.toml", table("information_schema.mine"));
    check(
        &folder.run(&["check", "--unlocked"]),
        expect![[r#"
        exit: 1
        stderr:
        error[KT0208]: `kalamtable.columns` is the name of a metadata table
         --> schemas/columns.toml:1:8
          |
        1 | name = "kalamtable.columns"
          |        ^^^^^^^^^^^^^^^^^^^^
          |
          = help: choose another name: queries of `kalamtable.columns` read the metadata table

        error[KT0208]: `system.jobs` is the name of a system table
         --> schemas/jobs.toml:1:8
          |
        1 | name = "system.jobs"
          |        ^^^^^^^^^^^^^
          |
          = help: choose another name: queries of `system.jobs` read the system table

        error[KT0208]: no table can be defined in namespace `information_schema`
         --> schemas/mine.toml:1:8
          |
        1 | name = "information_schema.mine"
          |        ^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: choose another namespace: DataFusion resolves names in `information_schema` itself

        3 problems found
    "#]],
    );
}

#[test]
fn check_accepts_the_system_tables_themselves() {
    let schemas = concat!(env!("CARGO_MANIFEST_DIR"), "/../schemas");
    let output = CommandFolder::new().run(&["check", schemas]);
    assert!(success(&output).starts_with("8 files, 8 tables, "));
}

#[test]
fn unknown_argument_exits_with_2() {
    let output = CommandFolder::new().run(&["check", "--frobnicate"]);
    assert_eq!(output.status.code(), Some(2));
}

/// A commit that only deletes files passes no file names to a hook.
#[test]
fn hook_runs_after_definitions_were_deleted() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../.pre-commit-hooks.yaml");
    let hooks = std::fs::read_to_string(path).unwrap();
    let hook = hooks
        .split("- id: ")
        .find(|hook| hook.starts_with("kalamtable-check\n"));
    let lines: Vec<&str> = hook.unwrap().lines().map(str::trim).collect();
    assert!(lines.contains(&"always_run: true"));
    assert!(lines.contains(&"pass_filenames: false"));
    assert!(!lines.iter().any(|line| line.starts_with("files:")));
}
