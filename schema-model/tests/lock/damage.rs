// SPDX-License-Identifier: Apache-2.0

//! Damaged, edited and foreign files: each is an error with its line and a fix.

use expect_test::{Expect, expect};
use kalamtable_model::{SchemaLock, SourceFile, Sources, limits};

use super::project::{Project, rejected, shortened, table};

/// Returns a lock with two tables, one of which has two versions.
fn lock() -> String {
    let title = "title = { id = 2, type = \"text\" }\n";
    let project = Project::locked(&[
        &[table("a", 1, title), table("b", 1, "")],
        &[
            table("a", 2, &format!("comment = \"c\"\n[columns]\n{title}")),
            table("b", 1, ""),
        ],
    ]);
    project.lock
}

fn check(text: &str, expected: Expect) {
    expected.assert_eq(&shortened(&rejected(text)));
}

/// Replaces a text that the lock contains.
fn edited(from: &str, to: &str) -> String {
    let lock = lock();
    assert!(lock.contains(from), "{lock}");
    lock.replace(from, to)
}

#[test]
fn empty_file() {
    check(
        "",
        expect![[r#"
        error[KT1404]: the lock is empty
        --> schemas.lock
         = help: restore the file from version control; if no version was released, delete it and run `kalamtable lock`
    "#]],
    );
    check(
        "\u{feff}\r\n \n",
        expect![[r#"
        error[KT1404]: the lock is empty
        --> schemas.lock
         = help: restore the file from version control; if no version was released, delete it and run `kalamtable lock`
    "#]],
    );
}

#[test]
fn file_of_another_kind() {
    check(
        "version = 4\n\n[[package]]\nname = \"a\"\n",
        expect![[r#"
        error[KT1403]: the lock does not state its format
         --> schemas.lock:1:1
          |
        1 | version = 4
          | ^
          |
          = help: write `format = 1` at the top, or restore the file from version control
    "#]],
    );
    check(
        "\u{0}\u{1}\u{2}binary",
        expect![[r#"
        error[KT1403]: the lock does not state its format
         --> schemas.lock:1:1
          |
        1 | ␀␁␂binary
          | ^
          |
          = help: write `format = 1` at the top, or restore the file from version control
    "#]],
    );
}

#[test]
fn format_of_a_later_release() {
    let text = edited("format = 1", "format = 2").replace("---- history: written", "==== ");
    check(
        &text,
        expect![[r#"
        error[KT1403]: the lock has format `2`
         --> schemas.lock:3:10
          |
        3 | format = 2
          |          ^
          |
          = help: a later release of KalamTable wrote the lock: update KalamTable
    "#]],
    );
    check(
        &edited("format = 1", "format = \"1\""),
        expect![[r#"
        error[KT1403]: the lock has format `"1"`
         --> schemas.lock:3:10
          |
        3 | format = "1"
          |          ^^^
          |
          = help: write `format = 1`
    "#]],
    );
}

#[test]
fn settings_that_are_not_toml() {
    check(
        &edited("format = 1", "format = 1\nlevels = [\"sql\"\n"),
        expect![[r#"
            error[KT1404]: unclosed array, expected `]`
             --> schemas.lock:4:16
              |
            4 | levels = ["sql"
              |                ^
              |
              = help: write valid TOML
        "#]],
    );
}

#[test]
fn line_that_begins_the_history() {
    check(
        &edited("do not edit below this line", "do not edit"),
        expect![[r#"
            error[KT1404]: the line that begins the history was edited
             --> schemas.lock:5:1
              |
            5 | ---- history: written by `kalamtable lock`, do not edit ----
              | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
              |
              = help: restore the file from version control: the history follows the line
                      ---- history: written by `kalamtable lock`, do not edit below this line ----
        "#]],
    );
    let (header, _) = lock()
        .split_once("---- history")
        .map(|(a, b)| (a.to_string(), b.len()))
        .unwrap();
    check(
        &header,
        expect![[r#"
            error[KT1404]: the line that begins the history is missing
             --> schemas.lock:5:1
              |
            5 |
              | ^
              |
              = help: restore the file from version control: the history follows the line
                      ---- history: written by `kalamtable lock`, do not edit below this line ----
        "#]],
    );
}

#[test]
fn conflict_markers() {
    let text = edited(
        "+ comment = \"c\"\n",
        "<<<<<<< HEAD\n+ comment = \"c\"\n=======\n+ comment = \"d\"\n>>>>>>> other\n",
    );
    check(
        &text,
        expect![[r#"
            error[KT1405]: the lock has the conflict markers of a merge
              --> schemas.lock:17:1
               |
            17 | <<<<<<< HEAD
               | ^^^^^^^
               |
               = help: keep the whole lock of the branch that others have: if it is `main`, run `git checkout main -- schemas.lock`; then give the other change the next version, and run `kalamtable lock`
        "#]],
    );
}

#[test]
fn edited_lines() {
    check(
        &edited("comment = \"c\"", "comment = \"d\""),
        expect![[r#"
            error[KT1406]: version 2 of `app.a` was edited: its hash does not match its lines
              --> schemas.lock:16:1
               |
            16 | version 2 HASH
               | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
               |
               = help: restore the file from version control, then run `kalamtable lock`
        "#]],
    );
    check(
        &edited(
            "table app.b\nversions 1\nversion 1",
            "table app.b\nversions 1\nversion 2",
        ),
        expect![[r#"
            error[KT1406]: version 2 of `app.b` was edited: its hash does not match its lines
              --> schemas.lock:22:1
               |
            22 | version 2 HASH
               | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
               |
               = help: restore the file from version control, then run `kalamtable lock`
        "#]],
    );
    check(
        &edited("+ columns", "- columns").replace("+ name = \"app.b\"", "name = \"app.b\""),
        expect![[r#"
            error[KT1406]: version 1 of `app.a` was edited: its hash does not match its lines
              --> schemas.lock:11:1
               |
            11 | version 1 HASH
               | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
               |
               = help: restore the file from version control, then run `kalamtable lock`

            error[KT1406]: version 1 of `app.b` was edited: its hash does not match its lines
              --> schemas.lock:22:1
               |
            22 | version 1 HASH
               | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
               |
               = help: restore the file from version control, then run `kalamtable lock`
        "#]],
    );
}

#[test]
fn deleted_lines() {
    check(
        &edited("+ primary_key = [\"id\"]\n", ""),
        expect![[r#"
            error[KT1406]: version 1 of `app.a` was edited: its hash does not match its lines
              --> schemas.lock:11:1
               |
            11 | version 1 HASH
               | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
               |
               = help: restore the file from version control, then run `kalamtable lock`

            error[KT1406]: version 1 of `app.b` was edited: its hash does not match its lines
              --> schemas.lock:21:1
               |
            21 | version 1 HASH
               | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
               |
               = help: restore the file from version control, then run `kalamtable lock`
        "#]],
    );
    check(
        &edited("end app.a\n", ""),
        expect![[r#"
            error[KT1404]: the line is not part of a history
              --> schemas.lock:18:1
               |
            18 |
               | ^
               |
               = help: restore the file from version control, then run `kalamtable lock`
        "#]],
    );
    check(
        &edited("contains app.a\n", ""),
        expect![[r#"
            error[KT1406]: the history contains `app.a`, but the list of tables does not
              --> schemas.lock:10:1
               |
            10 | version 1 HASH
               | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
               |
               = help: restore the file from version control, then run `kalamtable lock`
        "#]],
    );
}

#[test]
fn deleted_version() {
    let lock = lock();
    let start = lock.find("version 2 ").unwrap();
    let end = lock.find("end app.a").unwrap();
    check(
        &format!("{}{}", &lock[..start], &lock[end..]),
        expect![[r#"
            error[KT1406]: the history of `app.a` does not have the number of versions that it states
              --> schemas.lock:16:1
               |
            16 | end app.a
               | ^^^^^^^^^
               |
               = help: restore the file from version control, then run `kalamtable lock`
        "#]],
    );
    let start = lock.find("version 1 ").unwrap();
    let end = lock.find("version 2 ").unwrap();
    check(
        &format!("{}{}", &lock[..start], &lock[end..]),
        expect![[r#"
            error[KT1406]: version 2 of `app.a` was edited: its hash does not match its lines
              --> schemas.lock:11:1
               |
            11 | version 2 HASH
               | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
               |
               = help: restore the file from version control, then run `kalamtable lock`
        "#]],
    );
}

#[test]
fn deleted_moved_and_repeated_tables() {
    let lock = lock();
    let a = lock.find("table app.a").unwrap();
    let b = lock.find("table app.b").unwrap();
    let end = lock.find("end of history").unwrap();
    let (start, first, second, rest) = (&lock[..a], &lock[a..b], &lock[b..end], &lock[end..]);
    check(
        &format!("{start}{first}{rest}"),
        expect![[r#"
        error[KT1406]: the history of `app.b` is missing
         --> schemas.lock:7:1
          |
        7 | contains app.b
          | ^^^^^^^^^^^^^^
          |
          = help: restore the file from version control, then run `kalamtable lock`
    "#]],
    );
    check(
        &format!("{start}{second}{first}{rest}"),
        expect![[r#"
        error[KT1406]: the tables are not sorted, or a table is listed twice
         --> schemas.lock:6:1
          |
        6 | contains app.a
          | ^^^^^^^^^^^^^^
          |
          = help: restore the file from version control, then run `kalamtable lock`
    "#]],
    );
    check(
        &format!("{start}{first}{first}{second}{rest}"),
        expect![[r#"
            error[KT1406]: the tables are not sorted, or a table is listed twice
             --> schemas.lock:6:1
              |
            6 | contains app.a
              | ^^^^^^^^^^^^^^
              |
              = help: restore the file from version control, then run `kalamtable lock`
        "#]],
    );
}

#[test]
fn truncated_file() {
    let lock = lock();
    check(
        &lock[..lock.find("end of history").unwrap()],
        expect![[r#"
            error[KT1404]: the history is incomplete: its last line is missing
              --> schemas.lock:27:1
               |
            27 |
               | ^
               |
               = help: restore the file from version control, then run `kalamtable lock`
        "#]],
    );
    check(
        &lock[..lock.find("version 2").unwrap()],
        expect![[r#"
            error[KT1404]: the history of `app.a` is incomplete
              --> schemas.lock:15:44
               |
            15 | + columns.title = { id = 2, type = "text" }
               |                                            ^
               |
               = help: restore the file from version control, then run `kalamtable lock`
        "#]],
    );
    check(
        &lock[..lock.find("version 2").unwrap() + 40],
        expect![[r#"
            error[KT1406]: version 2 of `app.a` was edited: its hash does not match its lines
              --> schemas.lock:16:1
               |
            16 | version 2 935c0a30f771ed4e6ed8eee319810d
               | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
               |
               = help: restore the file from version control, then run `kalamtable lock`
        "#]],
    );
}

#[test]
fn text_after_the_history() {
    check(
        &format!("{}\nx\n", lock()),
        expect![[r#"
            error[KT1404]: the history continues after its last line
              --> schemas.lock:30:1
               |
            30 | x
               | ^
               |
               = help: restore the file from version control, then run `kalamtable lock`
        "#]],
    );
}

#[test]
fn rule_of_a_later_release() {
    // The hash is valid, because it is computed here.
    use sha2::{Digest, Sha256};
    let body = "accepted column-recoloured 2 a: \"x\"\n+ name = \"app.b\"\n";
    let digest = Sha256::digest(format!("table app.b\nversion 1\n{body}"));
    let hash: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let lock = lock();
    let start = lock.find("table app.b").unwrap();
    let text = format!(
        "{}table app.b\nversions 1\nversion 1 {hash}\n{body}end app.b\n\nend of history\n",
        &lock[..start]
    );
    check(
        &text,
        expect![[r#"
            error[KT1404]: the line names an unknown rule, or is not understood
              --> schemas.lock:23:1
               |
            23 | accepted column-recoloured 2 a: "x"
               | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
               |
               = help: update KalamTable if a later release wrote the lock, or restore the file from version control
        "#]],
    );
}

#[test]
fn version_that_is_not_a_definition() {
    use sha2::{Digest, Sha256};
    let body = "+ name = \"app.b\"\n+ primary_key = [\"id\"]\n+ columns.id = { id = 1, type = \"bigin\" }\n";
    let digest = Sha256::digest(format!("table app.b\nversion 1\n{body}"));
    let hash: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let lock = lock();
    let start = lock.find("table app.b").unwrap();
    let mut project = Project::new();
    project.lock = format!(
        "{}table app.b\nversions 1\nversion 1 {hash}\n{body}end app.b\n\nend of history\n",
        &lock[..start]
    );
    let title = "comment = \"c\"\n[columns]\ntitle = { id = 2, type = \"text\" }\n";
    let report = project.report(&[table("a", 2, title), table("b", 2, "")]);
    expect![[r#"
        error[KT1407]: version 1 of `app.b` is not a valid definition: unknown type `bigin`
          --> schemas.lock:22:1
           |
        22 | version 1 HASH
           | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
           |
           = help: use the release of KalamTable that wrote the version, or a later one
    "#]]
    .assert_eq(&shortened(&report));
}

#[test]
fn more_versions_than_the_limit() {
    use sha2::{Digest, Sha256};
    let mut previous = "table app.b".to_string();
    let mut text = "format = 1\n---- history: written by `kalamtable lock`, do not edit below \
                    this line ----\ncontains app.b\n\ntable app.b\nversions 10001\n"
        .to_string();
    for version in 1..=limits::LOCK_VERSIONS + 1 {
        let body = match version {
            1 => "+ name = \"app.b\"\n",
            _ => "",
        };
        let digest = Sha256::digest(format!("{previous}\nversion {version}\n{body}"));
        previous = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        text += &format!("version {version} {previous}\n{body}");
    }
    text += "end app.b\n\nend of history\n";
    check(
        &text,
        expect![[r#"
        error[KT1408]: the history of `app.b` has more than 10000 versions
             --> schemas.lock:10008:1
              |
        10008 | version 10001 HASH
              | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
              |
              = help: restore the file from version control, then run `kalamtable lock`
    "#]],
    );
}

#[test]
fn line_above_the_limit() {
    let long = "x".repeat(limits::LOCK_LINE_BYTES);
    check(
        &edited("comment = \"c\"", &format!("comment = \"{long}\"")),
        expect![[r#"
            error[KT1408]: the line has 2097167 bytes, more than the maximum of 2097152
            --> schemas.lock:17:1
             = help: restore the file from version control
        "#]],
    );
}

#[test]
fn line_ends_and_byte_order_marks_are_accepted() {
    let lock = lock();
    for text in [
        lock.replace('\n', "\r\n"),
        format!("\u{feff}{lock}"),
        format!("{lock}\n\n"),
    ] {
        let mut sources = Sources::new();
        let source = sources.push(SourceFile::new("schemas.lock", text));
        let parsed = SchemaLock::parse(&sources, source).unwrap();
        assert_eq!(parsed.to_text(), lock);
    }
}

#[test]
fn other_spelling_of_a_version_number() {
    for number in ["+1", "01", "1_"] {
        let report = rejected(&edited("\nversion 1 ", &format!("\nversion {number} ")));
        assert!(report.contains("KT1404"), "{report}");
    }
}

#[test]
fn settings_below_the_history_are_rejected() {
    for line in [
        "[[accept]]",
        "[[yanked]]",
        "direction = \"full\"",
        "levels = [\"sql\"]",
    ] {
        for lock in [
            format!("{}{line}\n", lock()),
            edited("table app.b", &format!("{line}\ntable app.b")),
        ] {
            let report = rejected(&lock);
            assert!(
                report.contains("move it above the line that begins the history"),
                "{report}"
            );
            assert_eq!(report.matches("error[").count(), 1, "{report}");
        }
    }
}

#[test]
fn version_of_both_branches_is_rejected() {
    let lock = lock();
    let start = lock.find("version 2 ").unwrap();
    let end = start + lock[start..].find("end ").unwrap();
    let text = format!("{}{}", &lock[..end], &lock[start..]);
    check(
        &text,
        expect![[r#"
        error[KT1404]: version 2 of `app.a` is in the lock twice
          --> schemas.lock:18:1
           |
        18 | version 2 HASH
           | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
           |
           = help: keep the block of the branch that was merged first, give the other change the next version, and run `kalamtable lock`
    "#]],
    );
}
