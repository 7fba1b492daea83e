// SPDX-License-Identifier: Apache-2.0

//! `kalamtable lock`, and `check` and `diff` with a lock.

use std::fs;

use expect_test::{Expect, expect};

use crate::support::{CommandFolder, check, shown, success};

const EVENTS: &str = "name        = \"app.events\"\nprimary_key = [\"id\"]\n\n[columns]\n\
    id    = { id = 1, type = \"int\" }\ntitle = { id = 2, type = \"text\" }\n";
const USERS: &str = "name        = \"app.users\"\nprimary_key = [\"id\"]\n\n[columns]\n\
    id = { id = 1, type = \"int\" }\n";

/// Returns a folder with two tables, whose first versions are locked.
fn locked() -> CommandFolder {
    let folder = CommandFolder::new();
    folder.write("schemas/events.toml", EVENTS);
    folder.write("schemas/users.toml", USERS);
    success(&folder.run(&["lock"]));
    folder
}

/// Writes the second version of `app.events`.
fn change(folder: &CommandFolder, from: &str, to: &str) {
    let text = EVENTS.replace("primary_key", "version     = 2\nprimary_key");
    assert!(text.contains(from));
    folder.write("schemas/events.toml", text.replace(from, to));
}

fn lock_text(folder: &CommandFolder) -> String {
    fs::read_to_string(folder.path().join("schemas/schemas.lock")).unwrap()
}

fn check_run(folder: &CommandFolder, arguments: &[&str], expected: Expect) {
    check(&folder.run(arguments), expected);
}

/// Replaces the lock, runs `check`, and shows that no command changes the lock.
fn check_lock_text(text: &str, expected: Expect) {
    let folder = locked();
    folder.write("schemas/schemas.lock", text);
    check_run(&folder, &["check"], expected);
    let output = folder.run(&["lock"]);
    assert_ne!(output.status.code(), Some(0));
    assert_eq!(lock_text(&folder), text);
}

#[test]
fn first_lock_has_all_tables() {
    let folder = CommandFolder::new();
    folder.write("schemas/events.toml", EVENTS);
    folder.write("schemas/users.toml", USERS);
    check_run(
        &folder,
        &["lock"],
        expect![[r#"
        exit: 0
        stdout:
        app.events version 1
        app.users version 1
        2 versions locked
    "#]],
    );
    check_run(
        &folder,
        &["check"],
        expect![[r#"
        exit: 0
        stdout:
        2 files, 2 tables, 3 columns: no problems
    "#]],
    );
    expect![[r##"
        # Schema history of the tables in this folder, written by `kalamtable lock`.
        # Only the part above the line is edited by hand: settings, [[accept]] and [[yanked]].
        format = 1

        ---- history: written by `kalamtable lock`, do not edit below this line ----
        contains app.events
        contains app.users

        table app.events
        versions 1
        version 1 a83ab5f895f174b76028eab81469dd61ae05a4286cb155b7f66240a0c18ac978
        + name = "app.events"
        + primary_key = ["id"]
        + columns.id = { id = 1, type = "int" }
        + columns.title = { id = 2, type = "text" }
        end app.events

        table app.users
        versions 1
        version 1 36bdf577060ab0e25af9af90542807e90ad0b8eb46bb7d1bed2d3e1bcf57d6fd
        + name = "app.users"
        + primary_key = ["id"]
        + columns.id = { id = 1, type = "int" }
        end app.users

        end of history
    "##]]
    .assert_eq(&lock_text(&folder));
    let before = lock_text(&folder);
    check_run(
        &folder,
        &["lock"],
        expect![[r#"
        exit: 0
        stdout:
        schemas.lock is up to date
    "#]],
    );
    assert_eq!(lock_text(&folder), before);
}

#[test]
fn compatible_change_is_locked_as_the_next_version() {
    let folder = locked();
    let title = "title = { id = 2, type = \"text\" }\n";
    let more = "note  = { id = 3, type = \"text\", nullable = true }\n";
    change(&folder, title, &format!("{title}{more}"));
    check_run(
        &folder,
        &["check"],
        expect![[r#"
        exit: 1
        stderr:
        error[KT1411]: version 2 of `app.events` is not in the lock
         --> schemas/events.toml:1:15
          |
        1 | name        = "app.events"
          |               ^^^^^^^^^^^^
          |
          = help: run `kalamtable lock`, and commit the lock

        1 problem found
    "#]],
    );
    check_run(
        &folder,
        &["lock", "--format", "json"],
        expect![[r#"
        exit: 0
        stdout:
        {
          "command": "lock",
          "error": null,
          "findings": [],
          "format_version": 1,
          "outcome": "success",
          "result": {
            "lock": "schemas/schemas.lock",
            "versions": [
              {
                "accepted": [],
                "dropped": false,
                "table": "app.events",
                "version": 2
              }
            ]
          },
          "summary": {
            "errors": 0,
            "text": "1 version locked",
            "warnings": 0
          },
          "tool": {
            "name": "kalamtable",
            "version": "0.1.0"
          }
        }
    "#]],
    );
    check_run(
        &folder,
        &["check"],
        expect![[r#"
        exit: 0
        stdout:
        2 files, 2 tables, 4 columns: no problems
    "#]],
    );
    check_run(
        &folder,
        &["diff", "app.events@1", "app.events@2"],
        expect![[r#"
            exit: 0
            stdout:
            app.events: version 1 to 2; added column `note` (id 3)
            1 table compared with 1 table: no problems (SOURCE ok, SQL ok, WIRE ok, STORAGE ok)
        "#]],
    );
    check_run(
        &folder,
        &["diff", "lock", "schemas"],
        expect![[r#"
        exit: 0
        stdout:
        2 tables compared with 2 tables: no problems (SOURCE ok, SQL ok, WIRE ok, STORAGE ok)
    "#]],
    );
    check_run(
        &folder,
        &["diff", "app.events@2", "app.events@1"],
        expect![[r#"
            exit: 1
            stdout:
            app.events: version 2 to 1; removed column `note` (id 3)
            stderr:
            error[KT1101]: column `note` of `app.events` (id 3 in version 2) was dropped, but neither its id nor its name is reserved
              --> schemas/schemas.lock:11:1
               |
            11 | version 1 a83ab5f895f174b76028eab81469dd61ae05a4286cb155b7f66240a0c18ac978
               | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
               |
               = note: SOURCE BREAK, SQL BREAK, WIRE BREAK, STORAGE BREAK
               = help: reserve its id and its name:
                       [reserved]
                       ids   = [3]
                       names = ["note"]

            error[KT1205]: column `note` (id 3) of `app.events` was dropped after version 2
              --> schemas/schemas.lock:11:1
               |
            11 | version 1 a83ab5f895f174b76028eab81469dd61ae05a4286cb155b7f66240a0c18ac978
               | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
               |
               = note: SOURCE BREAK, SQL BREAK, WIRE BREAK, STORAGE ok
               = help: keep the column, or accept the change when nothing reads it

            warning[KT1218]: column `note` (id 3) of `app.events` was dropped, but was not deprecated in version 2
              --> schemas/schemas.lock:11:1
               |
            11 | version 1 a83ab5f895f174b76028eab81469dd61ae05a4286cb155b7f66240a0c18ac978
               | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
               |
               = note: SOURCE warn, SQL warn, WIRE warn, STORAGE ok
               = help: restore the column with `deprecated = ".."`, and drop it in a later version

            2 problems, 1 warning found (SOURCE BREAK, SQL BREAK, WIRE BREAK, STORAGE BREAK)
        "#]],
    );
}

#[test]
fn break_is_not_locked_until_it_is_accepted() {
    let folder = locked();
    change(
        &folder,
        "title = { id = 2",
        "name = { renamed_from = \"title\", id = 2",
    );
    let before = lock_text(&folder);
    check_run(
        &folder,
        &["check"],
        expect![[r#"
            exit: 1
            stderr:
            error[KT1206]: column `name` (id 2) of `app.events` was named `title` in version 1
             --> schemas/events.toml:7:1
              |
            7 | name = { renamed_from = "title", id = 2, type = "text" }
              | ^^^^
              |
              = note: SOURCE BREAK, SQL BREAK, WIRE BREAK, STORAGE ok
              = help: keep the name `title`, or accept the change when everything uses the new name
              = help: the entry in the lock that accepts the change:
                      [[accept]]
                      rule = "column-renamed"
                      table = "app.events"
                      column = "name"
                      reason = ".."
                      expires = 2027-03-01

            1 problem found
        "#]],
    );
    check_run(
        &folder,
        &["lock"],
        expect![[r#"
            exit: 1
            stderr:
            error[KT1206]: column `name` (id 2) of `app.events` was named `title` in version 1
             --> schemas/events.toml:7:1
              |
            7 | name = { renamed_from = "title", id = 2, type = "text" }
              | ^^^^
              |
              = note: SOURCE BREAK, SQL BREAK, WIRE BREAK, STORAGE ok
              = help: keep the name `title`, or accept the change when everything uses the new name
              = help: the entry in the lock that accepts the change:
                      [[accept]]
                      rule = "column-renamed"
                      table = "app.events"
                      column = "name"
                      reason = ".."
                      expires = 2027-03-01

            1 problem found
        "#]],
    );
    assert_eq!(lock_text(&folder), before);

    let accept = "\n[[accept]]\nrule = \"column-renamed\"\ntable = \"app.events\"\ncolumn = \"name\"\n\
                  reason = \"clients moved\"\nexpires = \"2.6.0\"\n";
    let text = before.replacen("format = 1\n", &format!("format = 1\n{accept}"), 1);
    folder.write("schemas/schemas.lock", text);
    check_run(
        &folder,
        &["lock", "--release", "2.7.0"],
        expect![[r#"
            exit: 1
            stderr:
            error[KT1423]: the `[[accept]]` entry was valid up to release 2.6.0, and the current release is 2.7.0
              --> schemas/schemas.lock:10:11
               |
            10 | expires = "2.6.0"
               |           ^^^^^^^
               |
               = help: undo the change, or review it again and write a later expiry

            1 problem found
        "#]],
    );
    check_run(
        &folder,
        &["lock", "--release", "2.6.0"],
        expect![[r#"
        exit: 0
        stdout:
        app.events version 2
          accepted column-renamed of `name`: clients moved
        1 version locked
    "#]],
    );
    check_run(
        &folder,
        &["check"],
        expect![[r#"
        exit: 0
        stdout:
        2 files, 2 tables, 3 columns: no problems
    "#]],
    );
    check_run(
        &folder,
        &["diff", "app.events@1"],
        expect![[r#"
            exit: 1
            stdout:
            app.events: version 1 to 2; changed column `name` (id 2), renamed from `title`
            stderr:
            error[KT1206]: column `name` (id 2) of `app.events` was named `title` in version 1
             --> schemas/events.toml:7:1
              |
            7 | name = { renamed_from = "title", id = 2, type = "text" }
              | ^^^^
              |
              = note: SOURCE BREAK, SQL BREAK, WIRE BREAK, STORAGE ok
              = help: keep the name `title`, or accept the change when everything uses the new name

            1 problem found (SOURCE BREAK, SQL BREAK, WIRE BREAK, STORAGE ok)
        "#]],
    );
}

#[test]
fn release_is_that_of_the_package() {
    let folder = locked();
    folder.write(
        "Cargo.toml",
        "[package]\nname = \"a\"\nversion = \"2.7.0\"\n",
    );
    change(
        &folder,
        "title = { id = 2",
        "name = { renamed_from = \"title\", id = 2",
    );
    let accept = "\n[[accept]]\nrule = \"column-renamed\"\ntable = \"app.events\"\ncolumn = \"name\"\n\
                  reason = \"clients moved\"\nexpires = \"2.6.0\"\n";
    let text = lock_text(&folder).replacen("format = 1\n", &format!("format = 1\n{accept}"), 1);
    folder.write("schemas/schemas.lock", text);
    check_run(
        &folder,
        &["check", "--quiet"],
        expect![[r#"
            exit: 1
            stderr:
            error[KT1411]: version 2 of `app.events` is not in the lock
             --> schemas/events.toml:1:15
              |
            1 | name        = "app.events"
              |               ^^^^^^^^^^^^
              |
              = help: run `kalamtable lock`, and commit the lock

            error[KT1423]: the `[[accept]]` entry was valid up to release 2.6.0, and the current release is 2.7.0
              --> schemas/schemas.lock:10:11
               |
            10 | expires = "2.6.0"
               |           ^^^^^^^
               |
               = help: undo the change, or review it again and write a later expiry
        "#]],
    );
    folder.write("Cargo.toml", "[package\n");
    check_run(
        &folder,
        &["check"],
        expect![[r#"
            exit: 2
            stderr:
            error: Cargo.toml: unclosed table, expected `]`
              help: state the release: `--release 2.6.0`
        "#]],
    );
    check_run(
        &folder,
        &["check", "--release", "2.x"],
        expect![[r#"
        exit: 2
        stderr:
        error: `2.x` is not a release such as `2.6.0`: unexpected character 'x' while parsing minor version number
    "#]],
    );
}

#[test]
fn json_of_a_change_has_table_and_column() {
    let folder = locked();
    change(&folder, "type = \"text\"", "type = \"int\"");
    check_run(
        &folder,
        &["check", "--format", "json"],
        expect![[r#"
            exit: 1
            stdout:
            {
              "command": "check",
              "error": null,
              "findings": [
                {
                  "column": "title",
                  "help": [
                    "write `type = \"text\"`, or add another column",
                    "existing values can be lost or unreadable, and a server whose store has an earlier version of the table refuses to start; the entry in the lock that accepts the change:\n[[accept]]\nrule = \"type-changed\"\ntable = \"app.events\"\ncolumn = \"title\"\nreason = \"..\"\nexpires = 2027-03-01"
                  ],
                  "location": {
                    "column": 1,
                    "end_column": 6,
                    "end_line": 7,
                    "line": 7,
                    "path": "schemas/events.toml"
                  },
                  "message": "`title` (id 2) of `app.events` is `int`, but was `text` in version 1",
                  "related": [],
                  "rule": {
                    "id": "KT1204",
                    "name": "type-changed",
                    "reason": "existing values have to be values of the type with the same meaning"
                  },
                  "severity": "error",
                  "table": "app.events",
                  "verdicts": {
                    "source": "break",
                    "sql": "break",
                    "storage": "break",
                    "wire": "break"
                  }
                }
              ],
              "format_version": 1,
              "outcome": "findings",
              "result": {
                "base": null,
                "columns": 3,
                "files": 2,
                "tables": 2
              },
              "summary": {
                "errors": 1,
                "text": "1 problem found",
                "warnings": 0
              },
              "tool": {
                "name": "kalamtable",
                "version": "0.1.0"
              }
            }
        "#]],
    );
    check_run(
        &folder,
        &["check", "--format", "github"],
        expect![[r#"
            exit: 1
            stdout:
            ::error file=schemas/events.toml,line=7,col=1,endLine=7,endColumn=6,title=KT1204 type-changed::`title` (id 2) of `app.events` is `int`, but was `text` in version 1%0ASOURCE BREAK, SQL BREAK, WIRE BREAK, STORAGE BREAK%0Ahelp: write `type = "text"`, or add another column%0Ahelp: existing values can be lost or unreadable, and a server whose store has an earlier version of the table refuses to start; the entry in the lock that accepts the change:%0A[[accept]]%0Arule = "type-changed"%0Atable = "app.events"%0Acolumn = "title"%0Areason = ".."%0Aexpires = 2027-03-01
        "#]],
    );
}

#[test]
fn invalid_definitions_are_not_compared() {
    let folder = locked();
    folder.write("schemas/users.toml", "name = 1\n");
    check_run(
        &folder,
        &["check"],
        expect![[r#"
        exit: 1
        stderr:
        error[KT0102]: the table has no `[columns]`
         --> schemas/users.toml:1:1
          |
        1 | name = 1
          | ^^^^^^^^
          |
          = help: write `[columns]`, and below it a line for each column:
                  id = { id = 1, type = "bigint" }

        error[KT0103]: `name` is an integer, expected a string
         --> schemas/users.toml:1:8
          |
        1 | name = 1
          |        ^
          |
          = help: write it in quotes: `"1"`

        2 problems found
    "#]],
    );
    check_run(
        &folder,
        &["lock", "--quiet"],
        expect![[r#"
        exit: 1
        stderr:
        error[KT0102]: the table has no `[columns]`
         --> schemas/users.toml:1:1
          |
        1 | name = 1
          | ^^^^^^^^
          |
          = help: write `[columns]`, and below it a line for each column:
                  id = { id = 1, type = "bigint" }

        error[KT0103]: `name` is an integer, expected a string
         --> schemas/users.toml:1:8
          |
        1 | name = 1
          |        ^
          |
          = help: write it in quotes: `"1"`
    "#]],
    );
}

#[test]
fn locked_version_that_does_not_exist_exits_with_2() {
    let folder = locked();
    check_run(
        &folder,
        &["diff", "app.events@3", "schemas"],
        expect![[r#"
            exit: 2
            stderr:
            error: the lock has no version 3 of `app.events`
              help: the latest version is 1
        "#]],
    );
    check_run(
        &folder,
        &["diff", "app.evnts@1", "schemas"],
        expect![[r#"
            exit: 2
            stderr:
            error: the lock has no table `app.evnts`
              help: did you mean `app.events@1`?
        "#]],
    );
}

#[test]
fn add_column_uses_ids_of_the_history() {
    let folder = locked();
    let title = "title = { id = 2, type = \"text\" }\n";
    let more = "note  = { id = 7, type = \"text\", nullable = true, deprecated = \"unused\" }\n";
    change(&folder, title, &format!("{title}{more}"));
    success(&folder.run(&["lock"]));
    let arguments = ["add-column", "events", "a", "int", "--nullable"];
    check_run(
        &folder,
        &arguments,
        expect![[r#"
        exit: 0
        stdout:
        a     = { id = 8, type = "int", nullable = true }
        schemas/events.toml: `a` has id 8, and the table has version 3
    "#]],
    );
    // The second column belongs to the same version.
    let arguments = ["add-column", "events", "b", "int", "--default", "0"];
    check_run(
        &folder,
        &arguments,
        expect![[r#"
        exit: 0
        stdout:
        b     = { id = 9, type = "int", default = 0 }
        schemas/events.toml: `b` has id 9, and the table has version 3
    "#]],
    );
    check_run(
        &folder,
        &["lock"],
        expect![[r#"
        exit: 0
        stdout:
        app.events version 3
        1 version locked
    "#]],
    );
}

#[test]
fn folders_share_one_lock() {
    let folder = CommandFolder::new();
    folder.write("one/events.toml", EVENTS);
    folder.write("two/users.toml", USERS);
    check_run(
        &folder,
        &["lock", "one", "two"],
        expect![[r#"
        exit: 0
        stdout:
        app.events version 1
        app.users version 1
        2 versions locked
    "#]],
    );
    check_run(
        &folder,
        &["check", "one", "two"],
        expect![[r#"
        exit: 0
        stdout:
        2 files, 2 tables, 3 columns: no problems
    "#]],
    );
    check_run(
        &folder,
        &["lock", "two", "--lock", "other.lock"],
        expect![[r#"
            exit: 0
            stdout:
            app.users version 1
            1 version locked
        "#]],
    );
    check_run(
        &folder,
        &["check", "two", "--lock", "other.lock"],
        expect![[r#"
            exit: 0
            stdout:
            1 file, 1 table, 1 column: no problems
        "#]],
    );
}

#[test]
fn missing_lock_names_the_command() {
    let folder = CommandFolder::with_orders();
    check_run(
        &folder,
        &["check"],
        expect![[r#"
            exit: 1
            stderr:
            error[KT1401]: the lock does not exist
            --> schemas/schemas.lock
             = help: restore it from version control; if this folder never had a lock, run `kalamtable lock` and commit the file

            1 problem found
        "#]],
    );
    check_run(
        &folder,
        &["diff", "lock", "schemas"],
        expect![[r#"
            exit: 1
            stderr:
            error[KT1401]: the lock does not exist
            --> schemas/schemas.lock
             = help: restore it from version control; if this folder never had a lock, run `kalamtable lock` and commit the file

            1 problem found
        "#]],
    );
    check_run(
        &folder,
        &["check", "--lock", "other.lock"],
        expect![[r#"
            exit: 1
            stderr:
            error[KT1401]: the lock does not exist
            --> other.lock
             = help: restore it from version control; if this folder never had a lock, run `kalamtable lock` and commit the file

            1 problem found
        "#]],
    );
}

#[test]
fn empty_lock_is_a_problem() {
    check_lock_text(
        "",
        expect![[r#"
        exit: 1
        stderr:
        error[KT1404]: the lock is empty
        --> schemas/schemas.lock
         = help: restore the file from version control; if no version was released, delete it and run `kalamtable lock`

        1 problem found
    "#]],
    );
}

#[test]
fn conflict_markers_are_a_problem() {
    let text = lock_text(&locked());
    let at = text.find("version 1 ").unwrap();
    let (start, end) = text.split_at(at);
    let text = format!("{start}<<<<<<< HEAD\n=======\n>>>>>>> main\n{end}");
    check_lock_text(
        &text,
        expect![[r#"
            exit: 1
            stderr:
            error[KT1405]: the lock has the conflict markers of a merge
              --> schemas/schemas.lock:11:1
               |
            11 | <<<<<<< HEAD
               | ^^^^^^^
               |
               = help: keep the whole lock of the branch that others have: if it is `main`, run `git checkout main -- schemas/schemas.lock`; then give the other change the next version, and run `kalamtable lock`

            1 problem found
        "#]],
    );
}

#[test]
fn edited_history_is_a_problem() {
    let text = lock_text(&locked());
    check_lock_text(
        &text.replace("type = \"text\"", "type = \"json\""),
        expect![[r#"
            exit: 1
            stderr:
            error[KT1406]: version 1 of `app.events` was edited: its hash does not match its lines
              --> schemas/schemas.lock:11:1
               |
            11 | version 1 a83ab5f895f174b76028eab81469dd61ae05a4286cb155b7f66240a0c18ac978
               | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
               |
               = help: restore the file from version control, then run `kalamtable lock`

            1 problem found
        "#]],
    );
}

#[test]
fn future_format_is_a_problem() {
    let text = lock_text(&locked()).replace("format = 1", "format = 2");
    check_lock_text(
        &text,
        expect![[r#"
        exit: 1
        stderr:
        error[KT1403]: the lock has format `2`
         --> schemas/schemas.lock:3:10
          |
        3 | format = 2
          |          ^
          |
          = help: a later release of KalamTable wrote the lock: update KalamTable

        1 problem found
    "#]],
    );
}

#[test]
fn lock_that_is_not_text_is_a_problem() {
    let folder = locked();
    folder.write("schemas/schemas.lock", [0xff, 0xfe]);
    check_run(
        &folder,
        &["check"],
        expect![[r#"
        exit: 1
        stderr:
        error[KT1402]: the lock is not UTF-8: the byte at offset 0 is invalid
        --> schemas/schemas.lock
         = help: restore the file from version control

        1 problem found
    "#]],
    );
}

#[test]
fn line_ends_of_windows_are_accepted() {
    let folder = locked();
    let text = lock_text(&folder).replace('\n', "\r\n");
    folder.write("schemas/schemas.lock", text);
    check_run(
        &folder,
        &["check"],
        expect![[r#"
        exit: 0
        stdout:
        2 files, 2 tables, 3 columns: no problems
    "#]],
    );
}

#[test]
fn lock_of_another_project_is_a_problem() {
    let folder = locked();
    fs::remove_file(folder.path().join("schemas/events.toml")).unwrap();
    fs::remove_file(folder.path().join("schemas/users.toml")).unwrap();
    folder.write("schemas/others.toml", USERS.replace("users", "others"));
    check_run(
        &folder,
        &["check"],
        expect![[r#"
            exit: 1
            stderr:
            error[KT1418]: no table of the lock has a definition: `app.events` and `app.users` are missing
              --> schemas/schemas.lock:11:1
               |
            11 | version 1 a83ab5f895f174b76028eab81469dd61ae05a4286cb155b7f66240a0c18ac978
               | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
               |
               = help: check that this is the lock of these definitions: restore it from version control, or name the folder of the definitions that it belongs to
               = help: if the tables were removed, accept the removal of each one with an entry in the lock: `kalamtable explain table-removed`

            1 problem found
        "#]],
    );
}

#[test]
fn table_without_a_file_is_a_problem() {
    let folder = locked();
    fs::remove_file(folder.path().join("schemas/users.toml")).unwrap();
    check_run(
        &folder,
        &["check"],
        expect![[r#"
            exit: 1
            stderr:
            error[KT1004]: no definition of table `app.users` (version 1) was found
              --> schemas/schemas.lock:20:1
               |
            20 | version 1 36bdf577060ab0e25af9af90542807e90ad0b8eb46bb7d1bed2d3e1bcf57d6fd
               | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
               |
               = note: SOURCE BREAK, SQL BREAK, WIRE BREAK, STORAGE BREAK
               = help: restore the definition
               = help: if the table has another name, write `renamed_from = "app.users"` there
               = help: existing values can be lost or unreadable; the entry in the lock that accepts the change:
                       [[accept]]
                       rule = "table-removed"
                       table = "app.users"
                       reason = ".."
                       expires = 2027-03-01

            1 problem found
        "#]],
    );
}

#[test]
fn json_of_a_removed_table_has_its_name() {
    let folder = locked();
    fs::remove_file(folder.path().join("schemas/users.toml")).unwrap();
    let output = folder.run(&["check", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let finding = &report["findings"][0];
    assert_eq!(finding["rule"]["name"], "table-removed");
    assert_eq!(finding["table"], "app.users");
    assert!(finding["column"].is_null());
    assert_eq!(finding["location"]["path"], "schemas/schemas.lock");
}

#[test]
fn two_files_of_one_table_are_a_problem() {
    let folder = locked();
    folder.write("schemas/more.toml", USERS);
    check_run(
        &folder,
        &["check"],
        expect![[r#"
        exit: 1
        stderr:
        error[KT0901]: table `app.users` is defined twice
         --> schemas/users.toml:1:15
          |
        1 | name        = "app.users"
          |               ^^^^^^^^^^^
          |
         ::: schemas/more.toml:1:15
          |
        1 | name        = "app.users"
          |               ----------- first here
          |
          = help: rename one of the two, or delete its file

        1 problem found
    "#]],
    );
}

#[test]
fn two_columns_with_one_id_are_a_problem() {
    let folder = locked();
    change(&folder, "id = 2", "id = 1");
    check_run(
        &folder,
        &["check"],
        expect![[r#"
        exit: 1
        stderr:
        error[KT0302]: id 1 is used twice
         --> schemas/events.toml:7:16
          |
        6 | id    = { id = 1, type = "int" }
          |                - first here
        7 | title = { id = 1, type = "text" }
          |                ^
          |
          = help: the next free id is 2

        1 problem found
    "#]],
    );
}

#[test]
fn lock_that_is_a_folder_is_a_problem() {
    let folder = CommandFolder::with_orders();
    fs::create_dir(folder.path().join("schemas/schemas.lock")).unwrap();
    check_run(
        &folder,
        &["lock"],
        expect![[r#"
        exit: 1
        stderr:
        error[KT1402]: not a regular file, but a folder, a pipe, a socket or a device
        --> schemas/schemas.lock
         = help: delete it, and restore the lock from version control

        1 problem found
    "#]],
    );
}

#[cfg(target_os = "linux")]
#[test]
fn read_only_folder_exits_with_2() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;

    const NOBODY: u32 = 65_534;
    let folder = CommandFolder::with_orders();
    let set_mode = |path: &str, mode| {
        let permissions = fs::Permissions::from_mode(mode);
        fs::set_permissions(folder.path().join(path), permissions).unwrap();
    };
    set_mode("", 0o755);
    set_mode("schemas", 0o555);
    let mut command = folder.command(&["lock"]);
    // The superuser could write in the folder, so another user runs the command.
    if fs::metadata(folder.path()).unwrap().uid() == 0 {
        command.uid(NOBODY);
    }
    let output = command.output();
    set_mode("schemas", 0o755);
    match output {
        // The other user may not be allowed to run the binary.
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {}
        output => check(
            &output.unwrap(),
            expect![[r#"
            exit: 2
            stderr:
            error: cannot write `schemas/schemas.lock`: Permission denied (os error 13)
        "#]],
        ),
    }
}

/// Locks version 1 of `app.events`, and version 2 with the name `app.actions` and another column.
fn renamed() -> CommandFolder {
    let folder = locked();
    let renamed = EVENTS.replace(
        "\"app.events\"",
        "\"app.actions\"\nrenamed_from = \"app.events\"\nversion = 2",
    ) + "note = { id = 3, type = \"text\", nullable = true }\n";
    folder.write("schemas/events.toml", &renamed);
    let accept = "\n[[accept]]\nrule = \"table-renamed\"\ntable = \"app.actions\"\n\
        reason = \"the name was ambiguous\"\nexpires = \"9.0.0\"\n";
    let text = lock_text(&folder).replacen("format = 1\n", &format!("format = 1\n{accept}"), 1);
    folder.write("schemas/schemas.lock", text);
    success(&folder.run(&["lock", "--release", "1.0.0"]));
    folder
}

#[test]
fn diff_finds_a_renamed_table_by_each_name() {
    let folder = renamed();
    check_run(
        &folder,
        &["diff", "app.events@1"],
        expect![[r#"
            exit: 1
            stdout:
            app.actions: version 1 to 2; renamed from `app.events`; added column `note` (id 3)
            stderr:
            error[KT1005]: table `app.actions` was named `app.events` in version 1
             --> schemas/events.toml:1:15
              |
            1 | name        = "app.actions"
              |               ^^^^^^^^^^^^^
              |
              = note: SOURCE BREAK, SQL BREAK, WIRE ok, STORAGE ok
              = help: write `name = "app.events"`, or accept the change when all queries use the new name

            1 problem found (SOURCE BREAK, SQL BREAK, WIRE ok, STORAGE ok)
        "#]],
    );
    check_run(
        &folder,
        &["diff", "app.actions@1", "app.events@2"],
        expect![[r#"
            exit: 1
            stdout:
            app.actions: version 1 to 2; renamed from `app.events`; added column `note` (id 3)
            stderr:
            error[KT1005]: table `app.actions` was named `app.events` in version 1
              --> schemas/schemas.lock:16:1
               |
            16 | version 2 f82af2b867d100b22de5f22193b84a703e548cf052133d9505122bdd4b2413ca
               | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
               |
               = note: SOURCE BREAK, SQL BREAK, WIRE ok, STORAGE ok
               = help: write `name = "app.events"`, or accept the change when all queries use the new name

            1 problem found (SOURCE BREAK, SQL BREAK, WIRE ok, STORAGE ok)
        "#]],
    );
    check_run(
        &folder,
        &["diff", "app.events@2"],
        expect![[r#"
        exit: 0
        stdout:
        1 table compared with 1 table: no problems (SOURCE ok, SQL ok, WIRE ok, STORAGE ok)
    "#]],
    );
}

#[test]
fn diff_without_a_common_table_exits_with_2() {
    let folder = renamed();
    check_run(
        &folder,
        &["diff", "app.users@1", "app.events@1"],
        expect![[r#"
            exit: 2
            stderr:
            error: `app.users@1` has no table `app.actions`, so nothing was compared
              help: name definitions or a version of this table: `kalamtable diff app.actions@1 app.events@1`
        "#]],
    );
    folder.write("other/users.toml", USERS);
    check_run(
        &folder,
        &["diff", "other", "app.actions@2"],
        expect![[r#"
        exit: 2
        stderr:
        error: `other` has no table `app.actions`, so nothing was compared
          help: name definitions or a version of this table: `kalamtable diff app.actions@1 app.actions@2`
    "#]],
    );
    check_run(
        &folder,
        &["diff", "app.user@1"],
        expect![[r#"
        exit: 2
        stderr:
        error: the lock has no table `app.user`
          help: did you mean `app.users@1`?
    "#]],
    );
}

#[test]
fn diff_with_a_version_that_drops_the_table_exits_with_2() {
    let folder = locked();
    fs::remove_file(folder.path().join("schemas/users.toml")).unwrap();
    let accept = "\n[[accept]]\nrule = \"table-removed\"\ntable = \"app.users\"\n\
        reason = \"unused\"\nexpires = \"9.0.0\"\n";
    let text = lock_text(&folder).replacen("format = 1\n", &format!("format = 1\n{accept}"), 1);
    folder.write("schemas/schemas.lock", text);
    success(&folder.run(&["lock", "--release", "1.0.0"]));
    check_run(
        &folder,
        &["diff", "app.users@2"],
        expect![[r#"
        exit: 2
        stderr:
        error: version 2 of `app.users` drops the table
          help: write `app.users@1`
    "#]],
    );
}

#[test]
fn add_column_to_an_unlocked_table_needs_no_default() {
    let folder = locked();
    folder.write(
        "schemas/orders.toml",
        USERS.replace("app.users", "app.orders"),
    );
    let arguments = ["add-column", "app.orders", "title", "text"];
    check_run(
        &folder,
        &arguments,
        expect![[r#"
        exit: 0
        stdout:
        title = { id = 2, type = "text" }
        schemas/orders.toml: `title` has id 2, and the table has version 1
    "#]],
    );
}

#[test]
fn add_column_compares_with_locked_versions() {
    let folder = locked();
    change(&folder, "title = { id", "name  = { id");
    let arguments = ["add-column", "app.events", "note", "text"];
    check_run(
        &folder,
        &arguments,
        expect![[r#"
        exit: 1
        stderr:
        error[KT1201]: column `note` (id 3) of `app.events` is not null and has no default, and rows of version 1 do not have it
         --> schemas/events.toml:8:1
          |
        8 | note  = { id = 3, type = "text" }
          | ^^^^
          |
          = note: SOURCE ok, SQL BREAK, WIRE ok, STORAGE BREAK
          = help: write `nullable = true`, or `default = ..` with the value of these rows

        1 problem found
    "#]],
    );
    check_run(
        &folder,
        &[&arguments[..], &["--nullable"]].concat(),
        expect![[r#"
            exit: 0
            stdout:
            note  = { id = 3, type = "text", nullable = true }
            schemas/events.toml: `note` has id 3, and the table has version 2
        "#]],
    );
}

#[test]
fn add_column_to_a_renamed_table_raises_the_version() {
    let folder = locked();
    let renamed = "\"app.actions\"\nrenamed_from = \"app.events\"";
    folder.write(
        "schemas/events.toml",
        EVENTS.replace("\"app.events\"", renamed),
    );
    let arguments = ["add-column", "app.actions", "note", "text", "--nullable"];
    check_run(
        &folder,
        &arguments,
        expect![[r#"
        exit: 0
        stdout:
        note  = { id = 3, type = "text", nullable = true }
        schemas/events.toml: `note` has id 3, and the table has version 2
    "#]],
    );
}

#[test]
fn first_lock_of_later_versions_has_a_note() {
    let folder = CommandFolder::new();
    let later = |text: &str| text.replace("primary_key", "version     = 3\nprimary_key");
    folder.write("schemas/events.toml", later(EVENTS));
    check_run(
        &folder,
        &["lock"],
        expect![[r#"
        exit: 0
        stdout:
        app.events version 3
        1 version locked
        note: the lock did not exist, so the earlier versions of `app.events` (version 3) are not known, and the changes between them were not checked
        help: if a lock existed, restore it from version control, and run `kalamtable lock` again
    "#]],
    );
    fs::remove_file(folder.path().join("schemas/schemas.lock")).unwrap();
    folder.write("schemas/users.toml", later(USERS));
    check_run(
        &folder,
        &["lock"],
        expect![[r#"
        exit: 0
        stdout:
        app.events version 3
        app.users version 3
        2 versions locked
        note: the lock did not exist, so the earlier versions of `app.events` (version 3) and 1 other table are not known, and the changes between them were not checked
        help: if a lock existed, restore it from version control, and run `kalamtable lock` again
    "#]],
    );
    check_run(
        &folder,
        &["lock"],
        expect![[r#"
        exit: 0
        stdout:
        schemas.lock is up to date
    "#]],
    );
}

#[test]
fn quiet_lock_prints_nothing() {
    let folder = CommandFolder::with_orders();
    check_run(
        &folder,
        &["lock", "--quiet"],
        expect![[r#"
        exit: 0
    "#]],
    );
}

/// Locks `app.events` and `app.users` in different folders of a package.
fn nested() -> CommandFolder {
    let folder = CommandFolder::new();
    folder.write(
        "Cargo.toml",
        "[package]\nname = \"a\"\nversion = \"1.0.0\"\n",
    );
    folder.write("schemas/a/events.toml", EVENTS);
    folder.write("schemas/b/users.toml", USERS);
    success(&folder.run(&["lock"]));
    folder
}

#[test]
fn check_of_a_part_compares_only_its_tables() {
    let folder = nested();
    check_run(
        &folder,
        &["check", "schemas/a"],
        expect![[r#"
        exit: 0
        stdout:
        1 file, 1 table, 2 columns: no problems
    "#]],
    );
    check_run(
        &folder,
        &["check", "schemas/a/events.toml"],
        expect![[r#"
        exit: 0
        stdout:
        1 file, 1 table, 2 columns: no problems
    "#]],
    );
    folder.write(
        "schemas/a/events.toml",
        EVENTS.replace("\"int\"", "\"text\""),
    );
    check_run(
        &folder,
        &["check", "schemas/b"],
        expect![[r#"
        exit: 0
        stdout:
        1 file, 1 table, 1 column: no problems
    "#]],
    );
    let mut command = folder.command(&["check", "events.toml", "--quiet"]);
    command.current_dir(folder.path().join("schemas/a"));
    check(
        &command.output().unwrap(),
        expect![[r#"
            exit: 1
            stderr:
            error[KT1412]: `app.events` changed, but still has version 1
             --> events.toml:1:15
              |
            1 | name        = "app.events"
              |               ^^^^^^^^^^^^
              |
              = help: write `version = 2`

            error[KT1204]: `id` (id 1) of `app.events` is `text`, but was `int` in version 1
             --> events.toml:5:1
              |
            5 | id    = { id = 1, type = "text" }
              | ^^
              |
              = note: SOURCE BREAK, SQL BREAK, WIRE BREAK, STORAGE BREAK
              = help: write `type = "int"`, or add another column: `int` can change to `bigint`, `double`, or a `decimal(p, s)` with `p - s` at least 10
              = help: existing values can be lost or unreadable, and a server whose store has an earlier version of the table refuses to start; the entry in the lock that accepts the change:
                      [[accept]]
                      rule = "type-changed"
                      table = "app.events"
                      column = "id"
                      reason = ".."
                      expires = "1.0.0"
        "#]],
    );
}

#[test]
fn check_of_the_folder_of_the_lock_reports_removed_tables() {
    let folder = nested();
    fs::remove_file(folder.path().join("schemas/b/users.toml")).unwrap();
    check_run(
        &folder,
        &["check", "--format", "github"],
        expect![[r#"
            exit: 1
            stdout:
            ::error file=schemas/schemas.lock,line=20,col=1,endLine=20,endColumn=75,title=KT1004 table-removed::no definition of table `app.users` (version 1) was found%0ASOURCE BREAK, SQL BREAK, WIRE BREAK, STORAGE BREAK%0Ahelp: restore the definition%0Ahelp: if the table has another name, write `renamed_from = "app.users"` there%0Ahelp: existing values can be lost or unreadable; the entry in the lock that accepts the change:%0A[[accept]]%0Arule = "table-removed"%0Atable = "app.users"%0Areason = ".."%0Aexpires = "1.0.0"
        "#]],
    );
}

#[test]
fn lock_above_the_package_is_not_found() {
    let folder = nested();
    folder.write(
        "schemas/a/Cargo.toml",
        "[package]\nname = \"a\"\nversion = \"1.0.0\"\n",
    );
    check_run(
        &folder,
        &["check", "schemas/a/events.toml"],
        expect![[r#"
        exit: 1
        stderr:
        error[KT1401]: the lock does not exist
        --> schemas/a/schemas.lock
         = help: restore it from version control; if this folder never had a lock, run `kalamtable lock` and commit the file

        1 problem found
    "#]],
    );
}

#[test]
fn check_of_an_added_file_reports_that_it_is_not_locked() {
    let folder = locked();
    folder.write("schemas/added.toml", USERS.replace("users", "added"));
    check_run(
        &folder,
        &["check", "schemas/added.toml"],
        expect![[r#"
        exit: 1
        stderr:
        error[KT1411]: table `app.added` is not in the lock
         --> schemas/added.toml:1:15
          |
        1 | name        = "app.added"
          |               ^^^^^^^^^^^
          |
          = help: run `kalamtable lock`, and commit the lock

        1 problem found
    "#]],
    );
}

#[test]
fn commands_for_a_part_use_the_lock_above_it() {
    let folder = CommandFolder::new();
    folder.write("Cargo.toml", "");
    for name in ["a", "b"] {
        let text = format!(
            "name = \"app.{name}\"\nprimary_key = [\"id\"]\n\n[columns]\nid = {{ id = 1, type = \"int\" }}\n"
        );
        folder.write(&format!("schemas/{name}/{name}.toml"), text);
    }
    assert!(folder.run(&["lock"]).status.success());
    // A lock of a part would have a history of its own.
    check_run(
        &folder,
        &["lock", "schemas/a"],
        expect![[r#"
        exit: 2
        stderr:
        error: PATH is only a part of the definitions in `schemas/schemas.lock`, which contains `app.b` too
          help: pass the whole folder: `kalamtable lock schemas`
    "#]],
    );
    check_run(
        &folder,
        &["lock", "schemas/b/b.toml"],
        expect![[r#"
        exit: 2
        stderr:
        error: PATH is only a part of the definitions in `schemas/schemas.lock`, which contains `app.a` too
          help: pass the whole folder: `kalamtable lock schemas`
    "#]],
    );
    assert!(!folder.path().join("schemas/a/schemas.lock").exists());
    // Rows of version 1 do not have the column.
    let output = folder.run(&["add-column", "a", "n", "int", "--schemas", "schemas/a"]);
    assert!(
        shown(&output).contains("error[KT1201]"),
        "{}",
        shown(&output)
    );
    let output = folder.run(&["diff", "lock", "--schemas", "schemas/a"]);
    assert!(!shown(&output).contains("KT1401"), "{}", shown(&output));
}
