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
        exit: 101
        stderr:

        thread 'main' (27612) panicked at schema-build/src/lock_file.rs:19:5:
        not yet implemented
        stack backtrace:
           0: __rustc::rust_begin_unwind
                     at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/std/src/panicking.rs:689:5
           1: core::panicking::panic_fmt
                     at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/panicking.rs:80:14
           2: core::panicking::panic
                     at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/panicking.rs:150:5
           3: kalamtable_build::lock_file::lock_path
                     at /work/hc/schema-build/src/lock_file.rs:19:5
           4: kalamtable_cli::commands::add_column::lock_of
                     at /work/hc/cli/src/commands/add_column.rs:118:16
           5: add_column
                     at /work/hc/cli/src/commands/add_column.rs:62:22
           6: kalamtable_cli::arguments::SchemaCommand::run
                     at /work/hc/cli/src/arguments.rs:103:52
           7: run_schema_command
                     at /work/hc/cli/src/lib.rs:112:26
           8: kalamtable_cli::run
                     at /work/hc/cli/src/lib.rs:94:37
           9: kalamtable_cli::main
                     at /work/hc/cli/src/lib.rs:74:5
          10: kalamtable::main
                     at /work/hc/cli/src/bin/kalamtable.rs:8:5
          11: core::ops::function::FnOnce::call_once
                     at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/ops/function.rs:250:5
        note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.
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
        exit: 101
        stderr:

        thread 'main' (27636) panicked at schema-build/src/lock_file.rs:19:5:
        not yet implemented
        stack backtrace:
           0: __rustc::rust_begin_unwind
                     at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/std/src/panicking.rs:689:5
           1: core::panicking::panic_fmt
                     at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/panicking.rs:80:14
           2: core::panicking::panic
                     at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/panicking.rs:150:5
           3: kalamtable_build::lock_file::lock_path
                     at /work/hc/schema-build/src/lock_file.rs:19:5
           4: kalamtable_cli::commands::add_column::lock_of
                     at /work/hc/cli/src/commands/add_column.rs:118:16
           5: add_column
                     at /work/hc/cli/src/commands/add_column.rs:62:22
           6: kalamtable_cli::arguments::SchemaCommand::run
                     at /work/hc/cli/src/arguments.rs:103:52
           7: run_schema_command
                     at /work/hc/cli/src/lib.rs:112:26
           8: kalamtable_cli::run
                     at /work/hc/cli/src/lib.rs:94:37
           9: kalamtable_cli::main
                     at /work/hc/cli/src/lib.rs:74:5
          10: kalamtable::main
                     at /work/hc/cli/src/bin/kalamtable.rs:8:5
          11: core::ops::function::FnOnce::call_once
                     at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/ops/function.rs:250:5
        note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.
    "#]],
    );
}

#[test]
fn default_of_each_notation_is_accepted() {
    check_added(
        EVENTS,
        &["count", "int", "--default", "-5"],
        expect![[r#"
            exit: 101
            stderr:

            thread 'main' (27646) panicked at schema-build/src/lock_file.rs:19:5:
            not yet implemented
            stack backtrace:
               0: __rustc::rust_begin_unwind
                         at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/std/src/panicking.rs:689:5
               1: core::panicking::panic_fmt
                         at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/panicking.rs:80:14
               2: core::panicking::panic
                         at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/panicking.rs:150:5
               3: kalamtable_build::lock_file::lock_path
                         at /work/hc/schema-build/src/lock_file.rs:19:5
               4: kalamtable_cli::commands::add_column::lock_of
                         at /work/hc/cli/src/commands/add_column.rs:118:16
               5: add_column
                         at /work/hc/cli/src/commands/add_column.rs:62:22
               6: kalamtable_cli::arguments::SchemaCommand::run
                         at /work/hc/cli/src/arguments.rs:103:52
               7: run_schema_command
                         at /work/hc/cli/src/lib.rs:112:26
               8: kalamtable_cli::run
                         at /work/hc/cli/src/lib.rs:94:37
               9: kalamtable_cli::main
                         at /work/hc/cli/src/lib.rs:74:5
              10: kalamtable::main
                         at /work/hc/cli/src/bin/kalamtable.rs:8:5
              11: core::ops::function::FnOnce::call_once
                         at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/ops/function.rs:250:5
            note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.
        "#]],
    );
    check_added(
        EVENTS,
        &["note", "text", "--default", "5"],
        expect![[r#"
            exit: 101
            stderr:

            thread 'main' (27649) panicked at schema-build/src/lock_file.rs:19:5:
            not yet implemented
            stack backtrace:
               0: __rustc::rust_begin_unwind
                         at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/std/src/panicking.rs:689:5
               1: core::panicking::panic_fmt
                         at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/panicking.rs:80:14
               2: core::panicking::panic
                         at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/panicking.rs:150:5
               3: kalamtable_build::lock_file::lock_path
                         at /work/hc/schema-build/src/lock_file.rs:19:5
               4: kalamtable_cli::commands::add_column::lock_of
                         at /work/hc/cli/src/commands/add_column.rs:118:16
               5: add_column
                         at /work/hc/cli/src/commands/add_column.rs:62:22
               6: kalamtable_cli::arguments::SchemaCommand::run
                         at /work/hc/cli/src/arguments.rs:103:52
               7: run_schema_command
                         at /work/hc/cli/src/lib.rs:112:26
               8: kalamtable_cli::run
                         at /work/hc/cli/src/lib.rs:94:37
               9: kalamtable_cli::main
                         at /work/hc/cli/src/lib.rs:74:5
              10: kalamtable::main
                         at /work/hc/cli/src/bin/kalamtable.rs:8:5
              11: core::ops::function::FnOnce::call_once
                         at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/ops/function.rs:250:5
            note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.
        "#]],
    );
    check_added(
        EVENTS,
        &["day", "date", "--default", "2024-01-31"],
        expect![[r#"
            exit: 101
            stderr:

            thread 'main' (27655) panicked at schema-build/src/lock_file.rs:19:5:
            not yet implemented
            stack backtrace:
               0: __rustc::rust_begin_unwind
                         at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/std/src/panicking.rs:689:5
               1: core::panicking::panic_fmt
                         at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/panicking.rs:80:14
               2: core::panicking::panic
                         at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/panicking.rs:150:5
               3: kalamtable_build::lock_file::lock_path
                         at /work/hc/schema-build/src/lock_file.rs:19:5
               4: kalamtable_cli::commands::add_column::lock_of
                         at /work/hc/cli/src/commands/add_column.rs:118:16
               5: add_column
                         at /work/hc/cli/src/commands/add_column.rs:62:22
               6: kalamtable_cli::arguments::SchemaCommand::run
                         at /work/hc/cli/src/arguments.rs:103:52
               7: run_schema_command
                         at /work/hc/cli/src/lib.rs:112:26
               8: kalamtable_cli::run
                         at /work/hc/cli/src/lib.rs:94:37
               9: kalamtable_cli::main
                         at /work/hc/cli/src/lib.rs:74:5
              10: kalamtable::main
                         at /work/hc/cli/src/bin/kalamtable.rs:8:5
              11: core::ops::function::FnOnce::call_once
                         at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/ops/function.rs:250:5
            note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.
        "#]],
    );
    check_added(
        EVENTS,
        &["price", "decimal(9,2)", "--default", "1.5"],
        expect![[r#"
            exit: 101
            stderr:

            thread 'main' (27660) panicked at schema-build/src/lock_file.rs:19:5:
            not yet implemented
            stack backtrace:
               0: __rustc::rust_begin_unwind
                         at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/std/src/panicking.rs:689:5
               1: core::panicking::panic_fmt
                         at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/panicking.rs:80:14
               2: core::panicking::panic
                         at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/panicking.rs:150:5
               3: kalamtable_build::lock_file::lock_path
                         at /work/hc/schema-build/src/lock_file.rs:19:5
               4: kalamtable_cli::commands::add_column::lock_of
                         at /work/hc/cli/src/commands/add_column.rs:118:16
               5: add_column
                         at /work/hc/cli/src/commands/add_column.rs:62:22
               6: kalamtable_cli::arguments::SchemaCommand::run
                         at /work/hc/cli/src/arguments.rs:103:52
               7: run_schema_command
                         at /work/hc/cli/src/lib.rs:112:26
               8: kalamtable_cli::run
                         at /work/hc/cli/src/lib.rs:94:37
               9: kalamtable_cli::main
                         at /work/hc/cli/src/lib.rs:74:5
              10: kalamtable::main
                         at /work/hc/cli/src/bin/kalamtable.rs:8:5
              11: core::ops::function::FnOnce::call_once
                         at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/ops/function.rs:250:5
            note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.
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
        exit: 101
        stderr:

        thread 'main' (27648) panicked at schema-build/src/lock_file.rs:19:5:
        not yet implemented
        stack backtrace:
           0: __rustc::rust_begin_unwind
                     at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/std/src/panicking.rs:689:5
           1: core::panicking::panic_fmt
                     at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/panicking.rs:80:14
           2: core::panicking::panic
                     at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/panicking.rs:150:5
           3: kalamtable_build::lock_file::lock_path
                     at /work/hc/schema-build/src/lock_file.rs:19:5
           4: kalamtable_cli::commands::add_column::lock_of
                     at /work/hc/cli/src/commands/add_column.rs:118:16
           5: add_column
                     at /work/hc/cli/src/commands/add_column.rs:62:22
           6: kalamtable_cli::arguments::SchemaCommand::run
                     at /work/hc/cli/src/arguments.rs:103:52
           7: run_schema_command
                     at /work/hc/cli/src/lib.rs:112:26
           8: kalamtable_cli::run
                     at /work/hc/cli/src/lib.rs:94:37
           9: kalamtable_cli::main
                     at /work/hc/cli/src/lib.rs:74:5
          10: kalamtable::main
                     at /work/hc/cli/src/bin/kalamtable.rs:8:5
          11: core::ops::function::FnOnce::call_once
                     at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/ops/function.rs:250:5
        note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.
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
            exit: 101
            stderr:

            thread 'main' (27664) panicked at schema-build/src/lock_file.rs:19:5:
            not yet implemented
            stack backtrace:
               0: __rustc::rust_begin_unwind
                         at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/std/src/panicking.rs:689:5
               1: core::panicking::panic_fmt
                         at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/panicking.rs:80:14
               2: core::panicking::panic
                         at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/panicking.rs:150:5
               3: kalamtable_build::lock_file::lock_path
                         at /work/hc/schema-build/src/lock_file.rs:19:5
               4: kalamtable_cli::commands::add_column::lock_of
                         at /work/hc/cli/src/commands/add_column.rs:118:16
               5: add_column
                         at /work/hc/cli/src/commands/add_column.rs:62:22
               6: kalamtable_cli::arguments::SchemaCommand::run
                         at /work/hc/cli/src/arguments.rs:103:52
               7: run_schema_command
                         at /work/hc/cli/src/lib.rs:112:26
               8: kalamtable_cli::run
                         at /work/hc/cli/src/lib.rs:94:37
               9: kalamtable_cli::main
                         at /work/hc/cli/src/lib.rs:74:5
              10: kalamtable::main
                         at /work/hc/cli/src/bin/kalamtable.rs:8:5
              11: core::ops::function::FnOnce::call_once
                         at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/ops/function.rs:250:5
            note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.
        "#]],
    );
}

#[test]
fn column_without_a_value_for_old_rows_is_rejected() {
    check_added(
        EVENTS,
        &["title", "text"],
        expect![[r#"
        exit: 101
        stderr:

        thread 'main' (27622) panicked at schema-build/src/lock_file.rs:19:5:
        not yet implemented
        stack backtrace:
           0: __rustc::rust_begin_unwind
                     at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/std/src/panicking.rs:689:5
           1: core::panicking::panic_fmt
                     at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/panicking.rs:80:14
           2: core::panicking::panic
                     at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/panicking.rs:150:5
           3: kalamtable_build::lock_file::lock_path
                     at /work/hc/schema-build/src/lock_file.rs:19:5
           4: kalamtable_cli::commands::add_column::lock_of
                     at /work/hc/cli/src/commands/add_column.rs:118:16
           5: add_column
                     at /work/hc/cli/src/commands/add_column.rs:62:22
           6: kalamtable_cli::arguments::SchemaCommand::run
                     at /work/hc/cli/src/arguments.rs:103:52
           7: run_schema_command
                     at /work/hc/cli/src/lib.rs:112:26
           8: kalamtable_cli::run
                     at /work/hc/cli/src/lib.rs:94:37
           9: kalamtable_cli::main
                     at /work/hc/cli/src/lib.rs:74:5
          10: kalamtable::main
                     at /work/hc/cli/src/bin/kalamtable.rs:8:5
          11: core::ops::function::FnOnce::call_once
                     at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/ops/function.rs:250:5
        note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.
    "#]],
    );
}

#[test]
fn invalid_columns_are_rejected() {
    check_added(
        EVENTS,
        &["id", "text", "--nullable"],
        expect![[r#"
        exit: 101
        stderr:

        thread 'main' (27651) panicked at schema-build/src/lock_file.rs:19:5:
        not yet implemented
        stack backtrace:
           0: __rustc::rust_begin_unwind
                     at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/std/src/panicking.rs:689:5
           1: core::panicking::panic_fmt
                     at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/panicking.rs:80:14
           2: core::panicking::panic
                     at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/panicking.rs:150:5
           3: kalamtable_build::lock_file::lock_path
                     at /work/hc/schema-build/src/lock_file.rs:19:5
           4: kalamtable_cli::commands::add_column::lock_of
                     at /work/hc/cli/src/commands/add_column.rs:118:16
           5: add_column
                     at /work/hc/cli/src/commands/add_column.rs:62:22
           6: kalamtable_cli::arguments::SchemaCommand::run
                     at /work/hc/cli/src/arguments.rs:103:52
           7: run_schema_command
                     at /work/hc/cli/src/lib.rs:112:26
           8: kalamtable_cli::run
                     at /work/hc/cli/src/lib.rs:94:37
           9: kalamtable_cli::main
                     at /work/hc/cli/src/lib.rs:74:5
          10: kalamtable::main
                     at /work/hc/cli/src/bin/kalamtable.rs:8:5
          11: core::ops::function::FnOnce::call_once
                     at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/ops/function.rs:250:5
        note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.
    "#]],
    );
    check_added(
        EVENTS,
        &["old", "text", "--nullable"],
        expect![[r#"
        exit: 101
        stderr:

        thread 'main' (27659) panicked at schema-build/src/lock_file.rs:19:5:
        not yet implemented
        stack backtrace:
           0: __rustc::rust_begin_unwind
                     at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/std/src/panicking.rs:689:5
           1: core::panicking::panic_fmt
                     at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/panicking.rs:80:14
           2: core::panicking::panic
                     at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/panicking.rs:150:5
           3: kalamtable_build::lock_file::lock_path
                     at /work/hc/schema-build/src/lock_file.rs:19:5
           4: kalamtable_cli::commands::add_column::lock_of
                     at /work/hc/cli/src/commands/add_column.rs:118:16
           5: add_column
                     at /work/hc/cli/src/commands/add_column.rs:62:22
           6: kalamtable_cli::arguments::SchemaCommand::run
                     at /work/hc/cli/src/arguments.rs:103:52
           7: run_schema_command
                     at /work/hc/cli/src/lib.rs:112:26
           8: kalamtable_cli::run
                     at /work/hc/cli/src/lib.rs:94:37
           9: kalamtable_cli::main
                     at /work/hc/cli/src/lib.rs:74:5
          10: kalamtable::main
                     at /work/hc/cli/src/bin/kalamtable.rs:8:5
          11: core::ops::function::FnOnce::call_once
                     at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/ops/function.rs:250:5
        note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.
    "#]],
    );
    check_added(
        EVENTS,
        &["a\" = 1", "text", "--nullable"],
        expect![[r#"
        exit: 101
        stderr:

        thread 'main' (27661) panicked at schema-build/src/lock_file.rs:19:5:
        not yet implemented
        stack backtrace:
           0: __rustc::rust_begin_unwind
                     at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/std/src/panicking.rs:689:5
           1: core::panicking::panic_fmt
                     at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/panicking.rs:80:14
           2: core::panicking::panic
                     at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/panicking.rs:150:5
           3: kalamtable_build::lock_file::lock_path
                     at /work/hc/schema-build/src/lock_file.rs:19:5
           4: kalamtable_cli::commands::add_column::lock_of
                     at /work/hc/cli/src/commands/add_column.rs:118:16
           5: add_column
                     at /work/hc/cli/src/commands/add_column.rs:62:22
           6: kalamtable_cli::arguments::SchemaCommand::run
                     at /work/hc/cli/src/arguments.rs:103:52
           7: run_schema_command
                     at /work/hc/cli/src/lib.rs:112:26
           8: kalamtable_cli::run
                     at /work/hc/cli/src/lib.rs:94:37
           9: kalamtable_cli::main
                     at /work/hc/cli/src/lib.rs:74:5
          10: kalamtable::main
                     at /work/hc/cli/src/bin/kalamtable.rs:8:5
          11: core::ops::function::FnOnce::call_once
                     at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/ops/function.rs:250:5
        note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.
    "#]],
    );
    check_added(
        EVENTS,
        &["a", "itn", "--nullable"],
        expect![[r#"
        exit: 101
        stderr:

        thread 'main' (27669) panicked at schema-build/src/lock_file.rs:19:5:
        not yet implemented
        stack backtrace:
           0: __rustc::rust_begin_unwind
                     at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/std/src/panicking.rs:689:5
           1: core::panicking::panic_fmt
                     at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/panicking.rs:80:14
           2: core::panicking::panic
                     at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/panicking.rs:150:5
           3: kalamtable_build::lock_file::lock_path
                     at /work/hc/schema-build/src/lock_file.rs:19:5
           4: kalamtable_cli::commands::add_column::lock_of
                     at /work/hc/cli/src/commands/add_column.rs:118:16
           5: add_column
                     at /work/hc/cli/src/commands/add_column.rs:62:22
           6: kalamtable_cli::arguments::SchemaCommand::run
                     at /work/hc/cli/src/arguments.rs:103:52
           7: run_schema_command
                     at /work/hc/cli/src/lib.rs:112:26
           8: kalamtable_cli::run
                     at /work/hc/cli/src/lib.rs:94:37
           9: kalamtable_cli::main
                     at /work/hc/cli/src/lib.rs:74:5
          10: kalamtable::main
                     at /work/hc/cli/src/bin/kalamtable.rs:8:5
          11: core::ops::function::FnOnce::call_once
                     at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/ops/function.rs:250:5
        note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.
    "#]],
    );
    check_added(
        EVENTS,
        &["a", "list<int>", "--nullable"],
        expect![[r#"
        exit: 101
        stderr:

        thread 'main' (27675) panicked at schema-build/src/lock_file.rs:19:5:
        not yet implemented
        stack backtrace:
           0: __rustc::rust_begin_unwind
                     at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/std/src/panicking.rs:689:5
           1: core::panicking::panic_fmt
                     at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/panicking.rs:80:14
           2: core::panicking::panic
                     at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/panicking.rs:150:5
           3: kalamtable_build::lock_file::lock_path
                     at /work/hc/schema-build/src/lock_file.rs:19:5
           4: kalamtable_cli::commands::add_column::lock_of
                     at /work/hc/cli/src/commands/add_column.rs:118:16
           5: add_column
                     at /work/hc/cli/src/commands/add_column.rs:62:22
           6: kalamtable_cli::arguments::SchemaCommand::run
                     at /work/hc/cli/src/arguments.rs:103:52
           7: run_schema_command
                     at /work/hc/cli/src/lib.rs:112:26
           8: kalamtable_cli::run
                     at /work/hc/cli/src/lib.rs:94:37
           9: kalamtable_cli::main
                     at /work/hc/cli/src/lib.rs:74:5
          10: kalamtable::main
                     at /work/hc/cli/src/bin/kalamtable.rs:8:5
          11: core::ops::function::FnOnce::call_once
                     at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/ops/function.rs:250:5
        note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.
    "#]],
    );
    check_added(
        EVENTS,
        &["a", "int", "--default", "x"],
        expect![[r#"
        exit: 101
        stderr:

        thread 'main' (27686) panicked at schema-build/src/lock_file.rs:19:5:
        not yet implemented
        stack backtrace:
           0: __rustc::rust_begin_unwind
                     at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/std/src/panicking.rs:689:5
           1: core::panicking::panic_fmt
                     at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/panicking.rs:80:14
           2: core::panicking::panic
                     at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/panicking.rs:150:5
           3: kalamtable_build::lock_file::lock_path
                     at /work/hc/schema-build/src/lock_file.rs:19:5
           4: kalamtable_cli::commands::add_column::lock_of
                     at /work/hc/cli/src/commands/add_column.rs:118:16
           5: add_column
                     at /work/hc/cli/src/commands/add_column.rs:62:22
           6: kalamtable_cli::arguments::SchemaCommand::run
                     at /work/hc/cli/src/arguments.rs:103:52
           7: run_schema_command
                     at /work/hc/cli/src/lib.rs:112:26
           8: kalamtable_cli::run
                     at /work/hc/cli/src/lib.rs:94:37
           9: kalamtable_cli::main
                     at /work/hc/cli/src/lib.rs:74:5
          10: kalamtable::main
                     at /work/hc/cli/src/bin/kalamtable.rs:8:5
          11: core::ops::function::FnOnce::call_once
                     at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/ops/function.rs:250:5
        note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.
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
        exit: 101
        stderr:

        thread 'main' (27629) panicked at schema-build/src/lock_file.rs:19:5:
        not yet implemented
        stack backtrace:
           0: __rustc::rust_begin_unwind
                     at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/std/src/panicking.rs:689:5
           1: core::panicking::panic_fmt
                     at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/panicking.rs:80:14
           2: core::panicking::panic
                     at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/panicking.rs:150:5
           3: kalamtable_build::lock_file::lock_path
                     at /work/hc/schema-build/src/lock_file.rs:19:5
           4: kalamtable_cli::commands::add_column::lock_of
                     at /work/hc/cli/src/commands/add_column.rs:118:16
           5: add_column
                     at /work/hc/cli/src/commands/add_column.rs:62:22
           6: kalamtable_cli::arguments::SchemaCommand::run
                     at /work/hc/cli/src/arguments.rs:103:52
           7: run_schema_command
                     at /work/hc/cli/src/lib.rs:112:26
           8: kalamtable_cli::run
                     at /work/hc/cli/src/lib.rs:94:37
           9: kalamtable_cli::main
                     at /work/hc/cli/src/lib.rs:74:5
          10: kalamtable::main
                     at /work/hc/cli/src/bin/kalamtable.rs:8:5
          11: core::ops::function::FnOnce::call_once
                     at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/ops/function.rs:250:5
        note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.
    "#]],
    );
}

#[test]
fn table_is_found_by_its_bare_name() {
    let output = folder(EVENTS).run(&["add-column", "events", "a", "int", "--nullable", "-q"]);
    check(
        &output,
        expect![[r#"
        exit: 101
        stderr:

        thread 'main' (27671) panicked at schema-build/src/lock_file.rs:19:5:
        not yet implemented
        stack backtrace:
           0: __rustc::rust_begin_unwind
                     at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/std/src/panicking.rs:689:5
           1: core::panicking::panic_fmt
                     at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/panicking.rs:80:14
           2: core::panicking::panic
                     at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/panicking.rs:150:5
           3: kalamtable_build::lock_file::lock_path
                     at /work/hc/schema-build/src/lock_file.rs:19:5
           4: kalamtable_cli::commands::add_column::lock_of
                     at /work/hc/cli/src/commands/add_column.rs:118:16
           5: add_column
                     at /work/hc/cli/src/commands/add_column.rs:62:22
           6: kalamtable_cli::arguments::SchemaCommand::run
                     at /work/hc/cli/src/arguments.rs:103:52
           7: run_schema_command
                     at /work/hc/cli/src/lib.rs:112:26
           8: kalamtable_cli::run
                     at /work/hc/cli/src/lib.rs:94:37
           9: kalamtable_cli::main
                     at /work/hc/cli/src/lib.rs:74:5
          10: kalamtable::main
                     at /work/hc/cli/src/bin/kalamtable.rs:8:5
          11: core::ops::function::FnOnce::call_once
                     at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/ops/function.rs:250:5
        note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.
    "#]],
    );
}

#[test]
fn unknown_table_has_a_suggestion() {
    let output = folder(EVENTS).run(&["add-column", "app.event", "a", "int"]);
    check(
        &output,
        expect![[r#"
        exit: 101
        stderr:

        thread 'main' (27682) panicked at schema-build/src/lock_file.rs:19:5:
        not yet implemented
        stack backtrace:
           0: __rustc::rust_begin_unwind
                     at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/std/src/panicking.rs:689:5
           1: core::panicking::panic_fmt
                     at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/panicking.rs:80:14
           2: core::panicking::panic
                     at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/panicking.rs:150:5
           3: kalamtable_build::lock_file::lock_path
                     at /work/hc/schema-build/src/lock_file.rs:19:5
           4: kalamtable_cli::commands::add_column::lock_of
                     at /work/hc/cli/src/commands/add_column.rs:118:16
           5: add_column
                     at /work/hc/cli/src/commands/add_column.rs:62:22
           6: kalamtable_cli::arguments::SchemaCommand::run
                     at /work/hc/cli/src/arguments.rs:103:52
           7: run_schema_command
                     at /work/hc/cli/src/lib.rs:112:26
           8: kalamtable_cli::run
                     at /work/hc/cli/src/lib.rs:94:37
           9: kalamtable_cli::main
                     at /work/hc/cli/src/lib.rs:74:5
          10: kalamtable::main
                     at /work/hc/cli/src/bin/kalamtable.rs:8:5
          11: core::ops::function::FnOnce::call_once
                     at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/ops/function.rs:250:5
        note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.
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
        exit: 101
        stderr:

        thread 'main' (27611) panicked at schema-build/src/lock_file.rs:19:5:
        not yet implemented
        stack backtrace:
           0: __rustc::rust_begin_unwind
                     at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/std/src/panicking.rs:689:5
           1: core::panicking::panic_fmt
                     at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/panicking.rs:80:14
           2: core::panicking::panic
                     at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/panicking.rs:150:5
           3: kalamtable_build::lock_file::lock_path
                     at /work/hc/schema-build/src/lock_file.rs:19:5
           4: kalamtable_cli::commands::add_column::lock_of
                     at /work/hc/cli/src/commands/add_column.rs:118:16
           5: add_column
                     at /work/hc/cli/src/commands/add_column.rs:62:22
           6: kalamtable_cli::arguments::SchemaCommand::run
                     at /work/hc/cli/src/arguments.rs:103:52
           7: run_schema_command
                     at /work/hc/cli/src/lib.rs:112:26
           8: kalamtable_cli::run
                     at /work/hc/cli/src/lib.rs:94:37
           9: kalamtable_cli::main
                     at /work/hc/cli/src/lib.rs:74:5
          10: kalamtable::main
                     at /work/hc/cli/src/bin/kalamtable.rs:8:5
          11: core::ops::function::FnOnce::call_once
                     at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/ops/function.rs:250:5
        note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.
    "#]],
    );
}
