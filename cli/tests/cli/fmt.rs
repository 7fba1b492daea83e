// SPDX-License-Identifier: Apache-2.0

//! `kalamtable fmt`.

use std::fs;

use expect_test::{Expect, expect};

use crate::support::{CommandFolder, check};

const UGLY: &str =
    "primary_key=['id'] # the key\nname='app.a'\n\n[columns]\nid={type='int',id=1}\n";

fn folder() -> CommandFolder {
    let folder = CommandFolder::new();
    folder.write("schemas/a.toml", UGLY);
    folder.write("schemas/b.toml", UGLY.replace("app.a", "app.b"));
    folder.write("schemas/c.toml", "name        = \"app.c\"\nprimary_key = [\"id\"]\n\n[columns]\nid = { id = 1, type = \"int\" }\n");
    folder
}

fn content(folder: &CommandFolder, name: &str) -> String {
    fs::read_to_string(folder.path().join(name)).unwrap()
}

fn check_fmt(folder: &CommandFolder, arguments: &[&str], expected: Expect) {
    check(&folder.run(&[&["fmt"], arguments].concat()), expected);
}

#[test]
fn files_are_formatted_once() {
    let folder = folder();
    check_fmt(
        &folder,
        &[],
        expect![[r#"
        exit: 0
        stdout:
        schemas/a.toml
        schemas/b.toml
        2 of 3 files changed
    "#]],
    );
    expect![[r#"
        name        = "app.a"
        primary_key = ["id"] # the key

        [columns]
        id = { id = 1, type = "int" }
    "#]]
    .assert_eq(&content(&folder, "schemas/a.toml"));
    check_fmt(
        &folder,
        &[],
        expect![[r#"
        exit: 0
        stdout:
        0 of 3 files changed
    "#]],
    );
}

#[test]
fn check_reports_files_and_writes_nothing() {
    let folder = folder();
    check_fmt(
        &folder,
        &["--check"],
        expect![[r#"
        exit: 1
        stderr:
        error[KT0011]: the definition is not in its canonical form
         --> schemas/a.toml:1:1
          |
        1 | primary_key=['id'] # the key
          | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: run `kalamtable fmt schemas/a.toml`

        error[KT0011]: the definition is not in its canonical form
         --> schemas/b.toml:1:1
          |
        1 | primary_key=['id'] # the key
          | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: run `kalamtable fmt schemas/b.toml`

        2 problems found
    "#]],
    );
    assert_eq!(content(&folder, "schemas/a.toml"), UGLY);
}

#[test]
fn check_of_formatted_files_succeeds() {
    check_fmt(
        &folder(),
        &["--check", "schemas/c.toml"],
        expect![[r#"
        exit: 0
        stdout:
        1 file: no changes
    "#]],
    );
}

#[test]
fn invalid_files_are_reported_and_others_formatted() {
    let folder = folder();
    folder.write("schemas/d.toml", "name = 1\n");
    folder.write("schemas/e.toml", [b'#', 0xff, b'\n']);
    folder.write("schemas/f.toml", "");
    check_fmt(
        &folder,
        &["schemas"],
        expect![[r#"
            exit: 1
            stdout:
            schemas/a.toml
            schemas/b.toml
            stderr:
            error[KT0102]: the table has no `[columns]`
             --> schemas/d.toml:1:1
              |
            1 | name = 1
              | ^^^^^^^^
              |
              = help: write `[columns]`, and below it a line for each column:
                      id = { id = 1, type = "bigint" }

            error[KT0103]: `name` is an integer, expected a string
             --> schemas/d.toml:1:8
              |
            1 | name = 1
              |        ^
              |
              = help: write it in quotes: `"1"`

            error[KT0005]: the file is not UTF-8: byte 0xff at offset 1
             --> schemas/e.toml:1:2
              |
            1 | #�
              |  ^
              |
              = help: save the file as UTF-8

            error[KT0007]: the file is empty
            --> schemas/f.toml
             = help: delete it, or describe a table:
                     name        = "namespace.table"
                     primary_key = ["id"]

                     [columns]
                     id = { id = 1, type = "bigint" }

            4 problems found
        "#]],
    );
    assert_ne!(content(&folder, "schemas/a.toml"), UGLY);
    assert_eq!(content(&folder, "schemas/d.toml"), "name = 1\n");
}

#[cfg(unix)]
#[test]
fn permissions_and_links_are_kept() {
    use std::os::unix::fs::{PermissionsExt, symlink};

    let folder = folder();
    let target = folder.write("target.toml", UGLY);
    fs::set_permissions(&target, fs::Permissions::from_mode(0o640)).unwrap();
    fs::create_dir(folder.path().join("links")).unwrap();
    let link = folder.path().join("links/a.toml");
    symlink("../target.toml", &link).unwrap();
    check_fmt(
        &folder,
        &["links", "--quiet"],
        expect![[r#"
        exit: 0
        stdout:
        links/a.toml
    "#]],
    );
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_ne!(content(&folder, "target.toml"), UGLY);
    assert_eq!(
        fs::metadata(&target).unwrap().permissions().mode() & 0o777,
        0o640
    );
}

#[cfg(unix)]
#[test]
fn read_only_file_exits_with_2() {
    use std::os::unix::fs::PermissionsExt;

    let folder = folder();
    let path = folder.path().join("schemas/a.toml");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
    check_fmt(
        &folder,
        &["schemas/a.toml"],
        expect![[r#"
        exit: 2
        stderr:
        error: schemas/a.toml: cannot be written: the file is read-only
    "#]],
    );
    assert_eq!(content(&folder, "schemas/a.toml"), UGLY);
}

#[test]
fn json_lists_the_changed_files() {
    check_fmt(
        &folder(),
        &["--format", "json"],
        expect![[r#"
        exit: 0
        stdout:
        {
          "command": "fmt",
          "error": null,
          "findings": [],
          "format_version": 1,
          "outcome": "success",
          "result": {
            "changed": [
              "schemas/a.toml",
              "schemas/b.toml"
            ],
            "files": 3
          },
          "summary": {
            "errors": 0,
            "text": "2 of 3 files changed",
            "warnings": 0
          },
          "tool": {
            "name": "kalamtable",
            "version": "0.1.0"
          }
        }
    "#]],
    );
}

#[test]
fn definitions_of_the_repository_are_formatted() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let folders = [
        format!("{root}/schemas"),
        format!("{root}/examples/inventory/schemas"),
        format!("{root}/examples/tpch/schemas"),
    ];
    let folders: Vec<&str> = folders.iter().map(String::as_str).collect();
    let output = CommandFolder::new().run(&[&["fmt", "--check"], &folders[..]].concat());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}
