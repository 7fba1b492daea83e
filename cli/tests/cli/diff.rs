// SPDX-License-Identifier: Apache-2.0

//! `kalamtable diff`.

use std::fs;
use std::process::{Command, Output};

use expect_test::{Expect, expect};

use crate::support::{CommandFolder, check, shown};

const BEFORE: &str = "name = \"app.events\"\nprimary_key = [\"id\"]\n\n[columns]\n\
    id    = { id = 1, type = \"int\" }\ntitle = { id = 2, type = \"text\", comment = \"the title\" }\n";

fn folder() -> CommandFolder {
    let folder = CommandFolder::new();
    folder.write("old/events.toml", BEFORE);
    folder.write(
        "schemas/events.toml",
        BEFORE.replace("\"int\"", "\"bigint\""),
    );
    folder
}

fn check_diff(arguments: &[&str], expected: Expect) {
    check(&folder().run(&[&["diff"], arguments].concat()), expected);
}

/// Runs git in the folder, with settings that do not depend on the user.
pub(crate) fn git(folder: &CommandFolder, arguments: &[&str]) {
    let output = git_output(folder, arguments);
    assert!(output.status.success(), "{}", shown(&output));
}

/// Returns the output of git, which can fail.
pub(crate) fn git_output(folder: &CommandFolder, arguments: &[&str]) -> Output {
    Command::new("git")
        .args(["-c", "user.name=A", "-c", "user.email=a@example.com"])
        .args([
            "-c",
            "init.defaultBranch=main",
            "-c",
            "commit.gpgsign=false",
        ])
        .args([
            "-c",
            "core.autocrlf=false",
            "-c",
            "protocol.file.allow=always",
        ])
        .args(arguments)
        .current_dir(folder.path())
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("HOME", folder.path())
        .output()
        .unwrap()
}

pub(crate) fn commit(folder: &CommandFolder) {
    git(folder, &["add", "--all"]);
    git(folder, &["commit", "--quiet", "--message=x"]);
}

/// Returns a repository whose first commit has the tag `v1`, and that has another commit.
fn repository() -> CommandFolder {
    let folder = CommandFolder::new();
    git(&folder, &["init", "--quiet"]);
    folder.write("schemas/app/events.toml", BEFORE);
    folder.write("schemas/.hidden/x.toml", "not read");
    folder.write("schemas/notes.txt", "not read");
    commit(&folder);
    git(&folder, &["tag", "v1"]);
    folder.write(
        "schemas/app/events.toml",
        BEFORE.replace("title ", "name  "),
    );
    commit(&folder);
    folder
}

#[test]
fn break_is_reported_with_its_levels() {
    check_diff(
        &["old"],
        expect![[r#"
            exit: 1
            stdout:
            app.events: changed column `id` (id 1)
            stderr:
            error[KT1213]: `id` (id 1) of `app.events` is `bigint`, but was `int` in version 1
             --> schemas/events.toml:5:1
              |
            5 | id    = { id = 1, type = "bigint" }
              | ^^
              |
              = note: SOURCE BREAK, SQL ok, WIRE BREAK, STORAGE ok
              = help: write `type = "int"`, or accept the change when all clients read the wider type

            1 problem found (SOURCE BREAK, SQL ok, WIRE BREAK, STORAGE ok)
        "#]],
    );
}

#[test]
fn equal_folders_have_no_problems() {
    check_diff(
        &["old", "old/events.toml"],
        expect![[r#"
        exit: 0
        stdout:
        1 table compared with 1 table: no problems (SOURCE ok, SQL ok, WIRE ok, STORAGE ok)
    "#]],
    );
}

#[test]
fn warning_does_not_fail() {
    let folder = folder();
    let text = BEFORE.replace(", comment = \"the title\"", "");
    folder.write("new/events.toml", text);
    check(
        &folder.run(&["diff", "old", "new"]),
        expect![[r#"
            exit: 0
            stdout:
            app.events: changed column `title` (id 2)
            1 table compared with 1 table: no problems, 1 warning (SOURCE warn, SQL warn, WIRE warn, STORAGE warn)
            stderr:
            warning[KT1010]: column `title` (id 2) of `app.events` has no comment, but had one in version 1
             --> new/events.toml:6:1
              |
            6 | title = { id = 2, type = "text" }
              | ^^^^^
              |
              = note: SOURCE warn, SQL warn, WIRE warn, STORAGE warn
              = help: restore `comment`, or write another one
        "#]],
    );
}

#[test]
fn removed_table_is_located_in_the_first_folder() {
    let folder = folder();
    folder.write("new/other.toml", BEFORE.replace("events", "other"));
    check(
        &folder.run(&["diff", "old", "new"]),
        expect![[r#"
            exit: 1
            stdout:
            app.other: added table, version 1
            app.events: removed table, version 1
            stderr:
            error[KT1004]: no definition of table `app.events` (version 1) was found
             --> old/events.toml:1:8
              |
            1 | name = "app.events"
              |        ^^^^^^^^^^^^
              |
              = note: SOURCE BREAK, SQL BREAK, WIRE BREAK, STORAGE BREAK
              = help: restore the definition
              = help: if the table has another name, write `renamed_from = "app.events"` there

            1 problem found (SOURCE BREAK, SQL BREAK, WIRE BREAK, STORAGE BREAK)
        "#]],
    );
}

#[test]
fn forward_checks_that_old_code_reads_new_data() {
    check_diff(
        &["old", "--direction", "forward"],
        expect![[r#"
            exit: 1
            stdout:
            app.events: changed column `id` (id 1)
            stderr:
            error[KT1233]: `id` (id 1) of `app.events` is `bigint`, but version 1 can read only `int`
             --> schemas/events.toml:5:1
              |
            5 | id    = { id = 1, type = "bigint" }
              | ^^
              |
              = note: SOURCE ok, SQL ok, WIRE BREAK, STORAGE BREAK
              = help: keep the type until no server runs that version

            1 problem found (SOURCE ok, SQL ok, WIRE BREAK, STORAGE BREAK)
        "#]],
    );
    check_diff(
        &["old", "--direction", "sideways"],
        expect![[r#"
        exit: 2
        stderr:
        error: invalid value 'sideways' for '--direction <DIRECTION>': expected `backward`, `forward` or `full`

        For more information, try '--help'.
    "#]],
    );
}

#[test]
fn invalid_definitions_are_reported_instead() {
    let folder = folder();
    folder.write("new/a.toml", "name = 1\n");
    folder.write("new/b.toml", [b'#', 0xff]);
    check(
        &folder.run(&["diff", "old", "new"]),
        expect![[r#"
            exit: 1
            stderr:
            error[KT0102]: the table has no `[columns]`
             --> new/a.toml:1:1
              |
            1 | name = 1
              | ^^^^^^^^
              |
              = help: write `[columns]`, and below it a line for each column:
                      id = { id = 1, type = "bigint" }

            error[KT0103]: `name` is an integer, expected a string
             --> new/a.toml:1:8
              |
            1 | name = 1
              |        ^
              |
              = help: write it in quotes: `"1"`

            error[KT0005]: the file is not UTF-8: byte 0xff at offset 1
            --> new/b.toml

            3 problems found
        "#]],
    );
}

#[test]
fn json_has_the_verdicts() {
    check_diff(
        &["old", "--format", "json"],
        expect![[r#"
            exit: 1
            stdout:
            {
              "command": "diff",
              "error": null,
              "findings": [
                {
                  "column": "id",
                  "help": [
                    "write `type = \"int\"`, or accept the change when all clients read the wider type"
                  ],
                  "location": {
                    "column": 1,
                    "end_column": 3,
                    "end_line": 5,
                    "line": 5,
                    "path": "schemas/events.toml"
                  },
                  "message": "`id` (id 1) of `app.events` is `bigint`, but was `int` in version 1",
                  "related": [],
                  "rule": {
                    "id": "KT1213",
                    "name": "type-widened",
                    "reason": "the type of the row field and of the Arrow column changes"
                  },
                  "severity": "error",
                  "table": "app.events",
                  "verdicts": {
                    "source": "break",
                    "sql": "ok",
                    "storage": "ok",
                    "wire": "break"
                  }
                }
              ],
              "format_version": 1,
              "outcome": "findings",
              "result": {
                "after": [
                  "app.events"
                ],
                "before": [
                  "app.events"
                ],
                "changes": [
                  {
                    "added_columns": [],
                    "change": "changed",
                    "changed_columns": [
                      {
                        "id": 1,
                        "name": "id"
                      }
                    ],
                    "changed_keys": [],
                    "earlier_name": null,
                    "removed_columns": [],
                    "table": "app.events",
                    "version_after": 1,
                    "version_before": 1
                  }
                ],
                "verdicts": {
                  "source": "break",
                  "sql": "ok",
                  "storage": "ok",
                  "wire": "break"
                }
              },
              "summary": {
                "errors": 1,
                "text": "1 problem found (SOURCE BREAK, SQL ok, WIRE BREAK, STORAGE ok)",
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
fn revision_is_read_without_a_checkout() {
    let folder = repository();
    check(
        &folder.run(&["diff", "v1", "HEAD"]),
        expect![[r#"
            exit: 1
            stdout:
            app.events: changed column `name` (id 2), renamed from `title`
            stderr:
            error[KT1206]: column `name` (id 2) of `app.events` was named `title` in version 1
             --> HEAD:schemas/app/events.toml:6:1
              |
            6 | name  = { id = 2, type = "text", comment = "the title" }
              | ^^^^
              |
              = note: SOURCE BREAK, SQL BREAK, WIRE BREAK, STORAGE ok
              = help: keep the name `title`, or accept the change when everything uses the new name

            warning[KT1207]: column `name` (id 2) of `app.events` was named `title` in version 1, but `renamed_from` does not declare it
             --> HEAD:schemas/app/events.toml:6:1
              |
            6 | name  = { id = 2, type = "text", comment = "the title" }
              | ^^^^
              |
              = note: SOURCE warn, SQL warn, WIRE warn, STORAGE warn
              = help: write `renamed_from = "title"` if the column was renamed, or choose the next free id if it is another column

            1 problem, 1 warning found (SOURCE BREAK, SQL BREAK, WIRE BREAK, STORAGE warn)
        "#]],
    );
    check(
        &folder.run(&["diff", "v1:schemas/app", "v1"]),
        expect![[r#"
            exit: 0
            stdout:
            1 table compared with 1 table: no problems (SOURCE ok, SQL ok, WIRE ok, STORAGE ok)
        "#]],
    );
    check(
        &folder.run(&["diff", "v1:schemas/app/events.toml", "schemas", "--quiet"]),
        expect![[r#"
            exit: 1
            stderr:
            error[KT1206]: column `name` (id 2) of `app.events` was named `title` in version 1
             --> schemas/app/events.toml:6:1
              |
            6 | name  = { id = 2, type = "text", comment = "the title" }
              | ^^^^
              |
              = note: SOURCE BREAK, SQL BREAK, WIRE BREAK, STORAGE ok
              = help: keep the name `title`, or accept the change when everything uses the new name
        "#]],
    );
}

#[test]
fn revision_is_relative_to_the_working_directory() {
    let folder = repository();
    let mut command = folder.command(&["diff", "v1:.", "v1:app"]);
    command.current_dir(folder.path().join("schemas"));
    check(
        &command.output().unwrap(),
        expect![[r#"
        exit: 0
        stdout:
        1 table compared with 1 table: no problems (SOURCE ok, SQL ok, WIRE ok, STORAGE ok)
    "#]],
    );
}

#[test]
fn unknown_revision_exits_with_2() {
    check(
        &repository().run(&["diff", "v2"]),
        expect![[r#"
        exit: 2
        stderr:
        error: `v2` is not a path and not a git revision
          help: name a folder, a file, `lock`, a locked version such as `app.events@3`, or a revision such as `main`
    "#]],
    );
    check(
        &repository().run(&["diff", "v1..HEAD"]),
        expect![[r#"
        exit: 2
        stderr:
        error: `v1..HEAD` is not a path and not a git revision
          help: name a folder, a file, `lock`, a locked version such as `app.events@3`, or a revision such as `main`
    "#]],
    );
}

#[test]
fn revision_is_never_an_option() {
    check(
        &repository().run(&["diff", "--", "--output=x"]),
        expect![[r#"
            exit: 2
            stderr:
            error: `--output=x` is not a path and not a git revision
              help: name a folder, a file, `lock`, a locked version such as `app.events@3`, or a revision such as `main`
        "#]],
    );
}

#[test]
fn revision_without_the_folder_exits_with_2() {
    check(
        &repository().run(&["diff", "v1:tables"]),
        expect![[r#"
            exit: 2
            stderr:
            error: revision `v1` has no folder `tables`
              help: name the folder of its definitions: `v1:path/of/schemas`, or `--schemas path/of/schemas` if both sides have it
        "#]],
    );
    check(
        &repository().run(&["diff", "v1", "--schemas", "/schemas"]),
        expect![[r#"
            exit: 2
            stderr:
            error: revision `v1` has no folder `/schemas`
              help: name the folder of its definitions: `v1:path/of/schemas`, or `--schemas path/of/schemas` if both sides have it
        "#]],
    );
}

#[test]
fn revision_without_definitions_is_a_problem() {
    let folder = repository();
    folder.write("empty/notes.txt", "x");
    commit(&folder);
    check(
        &folder.run(&["diff", "HEAD:empty"]),
        expect![[r#"
        exit: 1
        stderr:
        error[KT0002]: the folder and its subfolders contain no `.toml` file
        --> HEAD:empty

        1 problem found
    "#]],
    );
}

#[test]
fn shallow_clone_names_the_fix() {
    let folder = repository();
    let origin = format!("file://{}", folder.path().display());
    git(
        &folder,
        &[
            "clone",
            "--quiet",
            "--depth=1",
            "--no-tags",
            &origin,
            "clone",
        ],
    );
    let mut command = folder.command(&["diff", "v1"]);
    command.current_dir(folder.path().join("clone"));
    check(
        &command.output().unwrap(),
        expect![[r#"
        exit: 2
        stderr:
        error: revision `v1` is not in this shallow clone
          help: fetch the whole history: `git fetch --unshallow`, or `fetch-depth: 0` of `actions/checkout`
    "#]],
    );
}

#[test]
fn folder_outside_of_a_repository_exits_with_2() {
    let folder = folder();
    let mut command = folder.command(&["diff", "v1"]);
    command.env("GIT_CEILING_DIRECTORIES", folder.path().parent().unwrap());
    check(
        &command.output().unwrap(),
        expect![[r#"
        exit: 2
        stderr:
        error: the working directory is not in a git repository
          help: run the command in a clone, or compare folders: `kalamtable diff before after`
    "#]],
    );
}

#[test]
fn missing_git_exits_with_2() {
    let folder = folder();
    let mut command = folder.command(&["diff", "v1"]);
    command.env("PATH", folder.path());
    check(
        &command.output().unwrap(),
        expect![[r#"
        exit: 2
        stderr:
        error: git is not installed, or not in `PATH`
          help: install git, or compare folders: `kalamtable diff before after`
    "#]],
    );
}

#[cfg(unix)]
#[test]
fn link_in_a_revision_exits_with_2() {
    let folder = repository();
    let link = folder.path().join("schemas/link.toml");
    std::os::unix::fs::symlink("app/events.toml", link).unwrap();
    commit(&folder);
    check(
        &folder.run(&["diff", "HEAD"]),
        expect![[r#"
            exit: 2
            stderr:
            error: `schemas/link.toml` is a symbolic link in revision `HEAD`
              help: compare a folder instead: links of a revision are not followed
        "#]],
    );
}

#[test]
fn missing_file_is_a_problem_of_the_path() {
    check_diff(
        &["old/missing.toml"],
        expect![[r#"
        exit: 1
        stderr:
        error[KT0001]: no such file or folder
        --> old/missing.toml
         = help: check the path, and the folder that it is relative to

        1 problem found
    "#]],
    );
}

#[test]
fn large_file_of_a_revision_is_a_problem() {
    let folder = repository();
    let limit = usize::try_from(kalamtable_model::limits::FILE_BYTES).unwrap();
    folder.write("schemas/large.toml", "#".repeat(limit + 1));
    folder.write("schemas/damaged.toml", [b'#', 0xff]);
    commit(&folder);
    check(
        &folder.run(&["diff", "HEAD", "schemas/app"]),
        expect![[r#"
            exit: 1
            stderr:
            error[KT0005]: the file is not UTF-8
            --> HEAD:schemas/damaged.toml

            error[KT0008]: the file has 1048577 bytes, more than the maximum of 1048576
            --> HEAD:schemas/large.toml
             = help: a definition describes one table: split the file, or move it elsewhere

            2 problems found
        "#]],
    );
}

#[test]
fn annotations_have_paths_of_the_repository() {
    let folder = repository();
    let run = |arguments: &[&str]| {
        let mut command = folder.command(arguments);
        command.current_dir(folder.path().join("schemas"));
        command.output().unwrap()
    };
    check(
        &run(&["diff", "v1:.", "HEAD:app", "--format", "github", "--quiet"]),
        expect![[r#"
            exit: 1
            stdout:
            ::error file=schemas/app/events.toml,line=6,col=1,endLine=6,endColumn=5,title=KT1206 column-renamed::column `name` (id 2) of `app.events` was named `title` in version 1%0ASOURCE BREAK, SQL BREAK, WIRE BREAK, STORAGE ok%0Ahelp: keep the name `title`, or accept the change when everything uses the new name
        "#]],
    );
    check(
        &run(&["check", "app", "--unlocked", "--format", "github"]),
        expect![[r#"
            exit: 0
            stdout:
            1 file, 1 table, 2 columns: no problems
        "#]],
    );
    folder.write("schemas/app/events.toml", BEFORE.replace("int", "itn"));
    check(
        &run(&["check", "app", "--unlocked", "--format", "github"]),
        expect![[r#"
            exit: 1
            stdout:
            ::error file=schemas/app/events.toml,line=5,col=27,endLine=5,endColumn=30,title=KT0401 unknown-type::unknown type `itn`%0Ahelp: did you mean `int`?
        "#]],
    );
    let sarif = run(&["check", "app", "--unlocked", "--format", "sarif"]);
    let sarif: serde_json::Value = serde_json::from_slice(&sarif.stdout).unwrap();
    let location = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(
        location["artifactLocation"]["uri"],
        "schemas/app/events.toml"
    );
    // People and other programs run in the working directory.
    let json = run(&["check", "app", "--unlocked", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["findings"][0]["location"]["path"], "app/events.toml");
}

#[test]
fn changes_that_break_no_rule_are_listed() {
    let folder = folder();
    folder.write("old/users.toml", BEFORE.replace("events", "users"));
    folder.write("old/tags.toml", BEFORE.replace("events", "tags"));
    let added = "version = 3\nunique = [[\"title\"]]\nprimary_key";
    let text = BEFORE
        .replace("primary_key", added)
        .replace("\"text\"", "\"text\", nullable = true");
    let text =
        text + "note  = { id = 4, type = \"text\", nullable = true, comment = \"a note\" }\n";
    folder.write("new/events.toml", text);
    folder.write("new/tags.toml", BEFORE.replace("events", "tags"));
    folder.write("new/orders.toml", BEFORE.replace("events", "orders"));
    check(
        &folder.run(&["diff", "old", "new"]),
        expect![[r#"
            exit: 1
            stdout:
            app.events: version 1 to 3; added column `note` (id 4); changed column `title` (id 2); changed `unique`
            app.orders: added table, version 1
            app.users: removed table, version 1
            stderr:
            error[KT1003]: the unique key on `title` of `app.events` is not enforced for rows of version 1
             --> new/events.toml:1:8
              |
            1 | name = "app.events"
              |        ^^^^^^^^^^^^
              |
              = note: SOURCE ok, SQL BREAK, WIRE ok, STORAGE BREAK
              = help: remove `["title"]` from `unique`, or create another table

            error[KT1210]: column `title` (id 2) of `app.events` is nullable, but was not null in version 1
             --> new/events.toml:8:1
              |
            8 | title = { id = 2, type = "text", nullable = true, comment = "the title" }
              | ^^^^^
              |
              = note: SOURCE BREAK, SQL ok, WIRE warn, STORAGE ok
              = help: delete `nullable`, or change the code that uses the column in the same release

            error[KT1004]: no definition of table `app.users` (version 1) was found
             --> old/users.toml:1:8
              |
            1 | name = "app.users"
              |        ^^^^^^^^^^^
              |
              = note: SOURCE BREAK, SQL BREAK, WIRE BREAK, STORAGE BREAK
              = help: restore the definition
              = help: if the table has another name, write `renamed_from = "app.users"` there

            3 problems found (SOURCE BREAK, SQL BREAK, WIRE BREAK, STORAGE BREAK)
        "#]],
    );
    check(
        &folder.run(&["diff", "old/tags.toml", "new"]),
        expect![[r#"
            exit: 0
            stdout:
            app.events: added table, version 3
            app.orders: added table, version 1
            1 table compared with 3 tables: no problems (SOURCE ok, SQL ok, WIRE ok, STORAGE ok)
        "#]],
    );
    let json = folder.run(&["diff", "old", "new", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    expect![[r#"
        [
          {
            "added_columns": [
              {
                "id": 4,
                "name": "note"
              }
            ],
            "change": "changed",
            "changed_columns": [
              {
                "id": 2,
                "name": "title"
              }
            ],
            "changed_keys": [
              "unique"
            ],
            "earlier_name": null,
            "removed_columns": [],
            "table": "app.events",
            "version_after": 3,
            "version_before": 1
          },
          {
            "added_columns": [],
            "change": "added",
            "changed_columns": [],
            "changed_keys": [],
            "earlier_name": null,
            "removed_columns": [],
            "table": "app.orders",
            "version_after": 1,
            "version_before": null
          },
          {
            "added_columns": [],
            "change": "removed",
            "changed_columns": [],
            "changed_keys": [],
            "earlier_name": null,
            "removed_columns": [],
            "table": "app.users",
            "version_after": null,
            "version_before": 1
          }
        ]"#]]
    .assert_eq(&format!("{:#}", json["result"]["changes"]));
}

/// Returns a repository with a lock of two versions. The second one renames the table and a column.
fn renamed() -> CommandFolder {
    let folder = CommandFolder::new();
    folder.write("schemas/events.toml", BEFORE);
    assert!(folder.run(&["lock"]).status.success());
    let after = BEFORE
        .replace(
            "\"app.events\"",
            "\"app.log\"\nversion = 2\nrenamed_from = \"app.events\"",
        )
        .replace(
            "title = { id = 2,",
            "name = { id = 2, renamed_from = \"title\",",
        );
    folder.write("schemas/events.toml", after);
    let lock = fs::read_to_string(folder.path().join("schemas/schemas.lock")).unwrap();
    let entry = |rule: &str, column: &str| {
        format!(
            "\n[[accept]]\nrule = \"{rule}\"\ntable = \"app.log\"\n{column}reason = \"a test\"\nexpires = 2999-12-31\n"
        )
    };
    let entries = entry("table-renamed", "") + &entry("column-renamed", "column = \"name\"\n");
    let lock = lock.replacen("format = 1\n", &format!("format = 1\n{entries}"), 1);
    folder.write("schemas/schemas.lock", lock);
    let output = folder.run(&["lock"]);
    assert!(output.status.success(), "{}", shown(&output));
    folder
}

#[test]
fn locked_rename_is_not_reported_again() {
    let folder = renamed();
    check(
        &folder.run(&["check"]),
        expect![[r#"
        exit: 0
        stdout:
        1 file, 1 table, 2 columns: no problems
    "#]],
    );
    check(
        &folder.run(&["diff", "lock"]),
        expect![[r#"
        exit: 0
        stdout:
        1 table compared with 1 table: no problems (SOURCE ok, SQL ok, WIRE ok, STORAGE ok)
    "#]],
    );
    let added = folder.run(&["add-column", "app.log", "level", "int", "--nullable"]);
    check(
        &added,
        expect![[r#"
        exit: 0
        stdout:
        level = { id = 3,                        type = "int", nullable = true }
        schemas/events.toml: `level` has id 3, and the table has version 3
    "#]],
    );
}
