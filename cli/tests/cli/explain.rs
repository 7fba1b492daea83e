// SPDX-License-Identifier: Apache-2.0

//! `kalamtable explain`.

use expect_test::{Expect, expect};

use crate::support::{CommandFolder, check, success};

fn check_explain(arguments: &[&str], expected: Expect) {
    let output = CommandFolder::new().run(&[&["explain"], arguments].concat());
    check(&output, expected);
}

#[test]
fn rule_about_a_change_has_an_example() {
    check_explain(
        &["KT1204"],
        expect![[r#"
            exit: 0
            stdout:
            KT1204 type-changed

            reason:    existing values have to be values of the type with the same meaning
            severity:  error
            effect:    SOURCE BREAK, SQL BREAK, WIRE BREAK, STORAGE BREAK
            direction: backward
            fix:       restore the type, or add another column

            version 1 of the example:
                name        = "app.events"
                primary_key = ["id"]

                [columns]
                id    = { id = 1, type = "bigint" }
                seats = { id = 2, type = "bigint" }

            next version:
                name        = "app.events"
                version     = 2
                primary_key = ["id"]

                [columns]
                id    = { id = 1, type = "bigint" }
                seats = { id = 2, type = "int" }

            report:
                error[KT1204]: `seats` (id 2) of `app.events` is `int`, but was `bigint` in version 1
                 --> schemas/events.toml:7:1
                  |
                7 | seats = { id = 2, type = "int" }
                  | ^^^^^
                  |
                  = note: SOURCE BREAK, SQL BREAK, WIRE BREAK, STORAGE BREAK
                  = help: write `type = "bigint"`, or add another column: `bigint` can change to a `decimal(p, s)` with `p - s` at least 20
        "#]],
    );
}

#[test]
fn rule_about_a_removed_table_has_no_next_version() {
    check_explain(
        &["table-removed"],
        expect![[r#"
            exit: 0
            stdout:
            KT1004 table-removed

            reason:    queries, clients and stored rows refer to the table
            severity:  error
            effect:    SOURCE BREAK, SQL BREAK, WIRE BREAK, STORAGE BREAK
            direction: backward
            fix:       keep the definition, or write `renamed_from` in the definition that replaces it

            version 1 of the example:
                name        = "app.events"
                primary_key = ["id"]

                [columns]
                id    = { id = 1, type = "bigint" }
                title = { id = 2, type = "text" }

            next version: the definition is removed

            report:
                error[KT1004]: no definition of table `app.events` (version 1) was found
                --> schemas
                 = note: SOURCE BREAK, SQL BREAK, WIRE BREAK, STORAGE BREAK
                 = help: restore the definition
                 = help: if the table has another name, write `renamed_from = "app.events"` there
        "#]],
    );
}

#[test]
fn rule_about_a_definition_has_a_reason() {
    check_explain(
        &["kt0101"],
        expect![[r#"
            exit: 0
            stdout:
            KT0101 unknown-key

            reason:    a misspelt key would otherwise be ignored silently
            severity:  error
            fix:       change the definition at the reported position, as the help of the message states
        "#]],
    );
}

#[test]
fn rule_about_the_lock_has_a_reason() {
    check_explain(
        &["lock-missing"],
        expect![[r#"
            exit: 0
            stdout:
            KT1401 lock-missing

            reason:    without the released versions, a change that breaks them is not detected
            severity:  error
            fix:       restore the lock from version control, or change the definition or the entries at the top of the lock, as the help of the message states
        "#]],
    );
}

#[test]
fn unknown_rule_has_a_suggestion() {
    check_explain(
        &["column-renmed"],
        expect![[r#"
        exit: 2
        stderr:
        error: no rule has the id or the name `column-renmed`
          help: did you mean `column-renamed`?
    "#]],
    );
}

#[test]
fn unknown_id_names_the_list() {
    check_explain(
        &["KT9999"],
        expect![[r#"
        exit: 2
        stderr:
        error: no rule has the id or the name `KT9999`
          help: `kalamtable explain` lists all rules
    "#]],
    );
}

#[test]
fn json_has_the_example() {
    check_explain(
        &["KT1010", "--format", "json"],
        expect![[r#"
        exit: 0
        stdout:
        {
          "command": "explain",
          "error": null,
          "findings": [],
          "format_version": 1,
          "outcome": "success",
          "result": {
            "rules": [
              {
                "direction": "backward",
                "example": {
                  "after": "name        = \"app.events\"\nversion     = 2\nprimary_key = [\"id\"]\n\n[columns]\nid    = { id = 1, type = \"bigint\" }\nprice = { id = 2, type = \"decimal(10, 2)\" }\n",
                  "before": [
                    "name        = \"app.events\"\nprimary_key = [\"id\"]\n\n[columns]\nid    = { id = 1, type = \"bigint\" }\nprice = { id = 2, type = \"decimal(10, 2)\", comment = \"In euros, with tax\" }\n"
                  ],
                  "report": "warning[KT1010]: column `price` (id 2) of `app.events` has no comment, but had one in version 1\n --> schemas/events.toml:7:1\n  |\n7 | price = { id = 2, type = \"decimal(10, 2)\" }\n  | ^^^^^\n  |\n  = note: SOURCE warn, SQL warn, WIRE warn, STORAGE warn\n  = help: restore `comment`, or write another one\n"
                },
                "fix": "restore the comment, or write another one",
                "id": "KT1010",
                "name": "comment-removed",
                "reason": "the comment is the documentation that users of the table see",
                "severity": "warning",
                "verdicts": {
                  "source": "warn",
                  "sql": "warn",
                  "storage": "warn",
                  "wire": "warn"
                }
              }
            ]
          },
          "summary": {
            "errors": 0,
            "text": "",
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
fn list_has_each_rule_once() {
    let list = success(&CommandFolder::new().run(&["explain"]));
    assert!(list.lines().all(|line| line.starts_with("KT")), "{list}");
    assert!(list.lines().is_sorted());
    for rule in [
        "KT0001  path-not-found ",
        "KT1204  type-changed ",
        "KT1401  lock-missing ",
    ] {
        assert_eq!(list.matches(rule).count(), 1, "{rule}");
    }
}

#[test]
fn id_in_another_notation_is_found() {
    let expected = success(&CommandFolder::new().run(&["explain", "KT1401"]));
    for written in ["kt1401", "KT-1401", "1401", "[KT1401]", "Lock_Missing"] {
        let output = CommandFolder::new().run(&["explain", written]);
        assert_eq!(success(&output), expected, "{written}");
    }
}

#[test]
fn rule_of_definitions_has_a_fix() {
    check_explain(
        &["0119"],
        expect![[r#"
        exit: 0
        stdout:
        KT0119 conflict-markers

        reason:    a merge left two versions of the text, and only one of them is the definition
        severity:  error
        fix:       change the definition at the reported position, as the help of the message states
    "#]],
    );
}
