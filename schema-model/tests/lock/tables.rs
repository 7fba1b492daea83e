// SPDX-License-Identifier: Apache-2.0

//! Tables that are added, changed, renamed, dropped and created again.

use expect_test::expect;

use super::project::{Project, table};

const TITLE: &str = "title = { id = 2, type = \"text\" }\n";
const NAME: &str = "name = { id = 2, type = \"text\" }\n";

fn renamed(name: &str, version: u32, earlier: &str) -> String {
    let key = format!("renamed_from = \"app.{earlier}\"\n[columns]\n");
    table(name, version, &key)
}

#[test]
fn table_and_version_that_are_not_locked() {
    let project = Project::locked(&[&[table("a", 1, "")]]);
    let comment = "comment = \"c\"\n[columns]\n";
    project.check(
        &[table("a", 2, comment), table("b", 1, "")],
        expect![[r#"
        error[KT1411]: version 2 of `app.a` is not in the lock
         --> a.toml:1:8
          |
        1 | name = "app.a"
          |        ^^^^^^^
          |
          = help: run `kalamtable lock`, and commit the lock

        error[KT1411]: table `app.b` is not in the lock
         --> b.toml:1:8
          |
        1 | name = "app.b"
          |        ^^^^^^^
          |
          = help: run `kalamtable lock`, and commit the lock
    "#]],
    );
}

#[test]
fn changed_column_is_reported_with_the_entry_to_accept() {
    let project = Project::locked(&[&[table("a", 1, TITLE)]]);
    project.check(&[table("a", 2, NAME)], expect![[r#"
        error[KT1206]: column `name` (id 2) of `app.a` was named `title` in version 1
         --> a.toml:6:1
          |
        6 | name = { id = 2, type = "text" }
          | ^^^^
          |
          = note: SOURCE BREAK, SQL BREAK, WIRE BREAK, STORAGE ok
          = help: keep the name `title`, or accept the change when everything uses the new name
          = help: the entry in the lock that accepts the change:
                  [[accept]]
                  rule = "column-renamed"
                  table = "app.a"
                  column = "name"
                  reason = ".."
                  expires = "2.5.0"

        warning[KT1207]: column `name` (id 2) of `app.a` was named `title` in version 1, but `renamed_from` does not declare it
         --> a.toml:6:1
          |
        6 | name = { id = 2, type = "text" }
          | ^^^^
          |
          = note: SOURCE warn, SQL warn, WIRE warn, STORAGE warn
          = help: write `renamed_from = "title"` if the column was renamed, or choose the next free id if it is another column
    "#]]);
}

#[test]
fn later_change_is_compared_with_all_versions() {
    let title = TITLE.replace("text", "int");
    let mut project = Project::locked(&[&[table("a", 1, &title)]]);
    project.lock_accepting(&[table("a", 2, &title.replace("int", "bigint"))]);
    assert_eq!(
        project.rules(&[table("a", 3, &title.replace("int", "double"))]),
        ["type-changed", "type-converted"]
    );
    // The value was an `int` in version 1 and a `bigint` in version 2.
    project.check(&[table("a", 3, &title)], expect![[r#"
        error[KT1204]: `title` (id 2) of `app.a` is `int`, but was `bigint` in version 2
         --> a.toml:6:1
          |
        6 | title = { id = 2, type = "int" }
          | ^^^^^
          |
          = note: SOURCE BREAK, SQL BREAK, WIRE BREAK, STORAGE BREAK
          = help: write `type = "bigint"`, or add another column: `bigint` can change to a `decimal(p, s)` with `p - s` at least 20
          = help: existing values can be lost or unreadable, and a server whose store has an earlier version of the table refuses to start; the entry in the lock that accepts the change:
                  [[accept]]
                  rule = "type-changed"
                  table = "app.a"
                  column = "title"
                  reason = ".."
                  expires = "2.5.0"
    "#]]);
}

#[test]
fn warning_is_shown_until_the_version_is_locked() {
    let with_default =
        |value: u32| format!("n = {{ id = 2, type = \"int\", default = {value} }}\n");
    let mut project = Project::locked(&[&[table("a", 1, &with_default(1))]]);
    assert_eq!(
        project.rules(&[table("a", 2, &with_default(2))]),
        ["default-changed"]
    );
    project.lock(&[table("a", 2, &with_default(2))]);
    let next = format!("comment = \"c\"\n[columns]\n{}", with_default(2));
    assert!(project.rules(&[table("a", 3, &next)]).is_empty());
}

// ---- versions ----

#[test]
fn versions_that_are_not_the_next_one() {
    let comment = |version| table("a", version, "comment = \"c\"\n[columns]\n");
    let project = Project::locked(&[&[table("a", 4, "")], &[comment(5)]]);
    for (version, changed, rule) in [
        (5, true, "version-not-raised"),
        (4, true, "version-not-next"),
        (7, true, "version-not-next"),
        (6, false, "version-raised-without-change"),
        (4, false, "version-not-next"),
    ] {
        let text = match changed {
            true => comment(version).replace("\"c\"", "\"d\""),
            false => comment(version),
        };
        assert_eq!(project.rules(&[text]), [rule], "{version}");
    }
    assert!(project.report(&[comment(5)]).is_empty());
    let reports = [
        project.report(&[comment(5).replace("\"c\"", "\"d\"")]),
        project.report(&[comment(8).replace("\"c\"", "\"d\"")]),
        project.report(&[comment(6)]),
        project.report(&[comment(1)]),
    ];
    expect![[r#"
        error[KT1412]: `app.a` changed, but still has version 5
         --> a.toml:1:8
          |
        1 | name = "app.a"
          |        ^^^^^^^
          |
          = help: write `version = 6`

        error[KT1414]: `app.a` has version 8, but the next version after 5 is 6
         --> a.toml:1:8
          |
        1 | name = "app.a"
          |        ^^^^^^^
          |
          = help: write `version = 6`

        error[KT1413]: `app.a` has version 6, but nothing changed since version 5
         --> a.toml:1:8
          |
        1 | name = "app.a"
          |        ^^^^^^^
          |
          = help: write `version = 5`

        error[KT1414]: `app.a` has version 1, but version 5 is the latest one
         --> a.toml:1:8
          |
        1 | name = "app.a"
          |        ^^^^^^^
          |
          = help: write `version = 5`
    "#]]
    .assert_eq(&reports.join("\n"));
}

// ---- renamed tables ----

#[test]
fn renamed_table_continues_its_history() {
    let mut project = Project::locked(&[&[table("old", 1, "")]]);
    assert_eq!(
        project.rules(&[renamed("new", 2, "old")]),
        ["table-renamed"]
    );
    project.lock_accepting(&[renamed("new", 2, "old")]);
    project.shows(expect![[r#"
        contains app.old

        table app.old
        versions 2
        version 1 HASH
        + name = "app.old"
        + primary_key = ["id"]
        + columns.id = { id = 1, type = "bigint" }
        version 2 HASH
        accepted table-renamed: "reviewed"
        - name = "app.old"
        + name = "app.new"
        end app.old

        end of history
    "#]]);
    // The key can stay in the definition, and can be deleted.
    assert_eq!(project.report(&[renamed("new", 2, "old")]), "");
    assert_eq!(project.report(&[table("new", 2, "")]), "");
}

#[test]
fn rename_from_an_unknown_table() {
    let project = Project::locked(&[&[table("events", 1, ""), table("b", 1, "")]]);
    project.check(
        &[
            renamed("log", 2, "event"),
            table("b", 1, ""),
            table("events", 1, ""),
        ],
        expect![[r#"
            error[KT1411]: table `app.log` is not in the lock
             --> a.toml:1:8
              |
            1 | name = "app.log"
              |        ^^^^^^^^^
              |
              = help: run `kalamtable lock`, and commit the lock

            error[KT1416]: table `app.log` is renamed from `app.event`, which the lock does not contain
             --> a.toml:4:16
              |
            4 | renamed_from = "app.event"
              |                ^^^^^^^^^^^
              |
              = help: did you mean `app.events`?
        "#]],
    );
    // Without a locked table, the earlier name is part of no history.
    assert_eq!(Project::new().rules(&[renamed("log", 2, "event")]), [""; 0]);
}

#[test]
fn two_tables_that_continue_one_history() {
    let project = Project::locked(&[&[table("old", 1, "")]]);
    project.check(
        &[renamed("a", 2, "old"), renamed("b", 2, "old")],
        expect![[r#"
            error[KT1005]: table `app.a` was named `app.old` in version 1
             --> a.toml:1:8
              |
            1 | name = "app.a"
              |        ^^^^^^^
              |
              = note: SOURCE BREAK, SQL BREAK, WIRE ok, STORAGE ok
              = help: write `name = "app.old"`, or accept the change when all queries use the new name
              = help: the entry in the lock that accepts the change:
                      [[accept]]
                      rule = "table-renamed"
                      table = "app.a"
                      reason = ".."
                      expires = "2.5.0"

            error[KT1415]: tables `app.a` and `app.b` both continue the history of `app.old`
             --> b.toml:4:16
              |
            4 | renamed_from = "app.old"
              |                ^^^^^^^^^
              |
             ::: a.toml:1:8
              |
            1 | name = "app.a"
              |        ------- first here
              |
              = help: delete one of the two definitions, or its `renamed_from`
        "#]],
    );
    let twice = project.report(&[table("old", 1, ""), table("old", 1, "")]);
    assert!(twice.contains("KT1415"), "{twice}");
}

#[test]
fn name_of_a_renamed_table_is_reused() {
    let mut project = Project::locked(&[&[table("t", 1, "")]]);
    project.lock_accepting(&[renamed("archive", 2, "t")]);
    let next = [table("archive", 2, ""), table("t", 1, TITLE)];
    project.check(&next, expect![[r#"
        error[KT1006]: table `app.t` has the name of another table, which was dropped or renamed after its version 1
         --> b.toml:1:8
          |
        1 | name = "app.t"
          |        ^^^^^^^
          |
          = note: SOURCE ok, SQL warn, WIRE warn, STORAGE BREAK
          = help: choose a name that was never used
          = help: existing values can be lost or unreadable, and a server whose store has an earlier version of the table refuses to start; the entry in the lock that accepts the change:
                  [[accept]]
                  rule = "table-name-reused"
                  table = "app.t"
                  reason = ".."
                  expires = "2.5.0"
    "#]]);
    project.lock_accepting(&next);
    assert_eq!(project.report(&next), "");
    project.shows(expect![[r#"
        contains app.t
        contains app.t#2

        table app.t
        versions 2
        version 1 HASH
        + name = "app.t"
        + primary_key = ["id"]
        + columns.id = { id = 1, type = "bigint" }
        version 2 HASH
        accepted table-renamed: "reviewed"
        - name = "app.t"
        + name = "app.archive"
        end app.t

        table app.t#2
        versions 1
        version 1 HASH
        accepted table-name-reused: "reviewed"
        + name = "app.t"
        + primary_key = ["id"]
        + columns.id = { id = 1, type = "bigint" }
        + columns.title = { id = 2, type = "text" }
        end app.t#2

        end of history
    "#]]);
}

// ---- dropped tables ----

#[test]
fn removed_table_and_its_acknowledgment() {
    let mut project = Project::locked(&[&[table("a", 1, ""), table("b", 2, "")]]);
    project.check(
        &[table("a", 1, "")],
        expect![[r#"
            error[KT1004]: no definition of table `app.b` (version 2) was found
              --> schemas.lock:19:1
               |
            19 | version 2 4993b904cd67b41877d692c5d8a04423b9eac4b333819db2c87a0c1ca67ff4df
               | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
               |
               = note: SOURCE BREAK, SQL BREAK, WIRE BREAK, STORAGE BREAK
               = help: restore the definition
               = help: if the table has another name, write `renamed_from = "app.b"` there
               = help: existing values can be lost or unreadable; the entry in the lock that accepts the change:
                       [[accept]]
                       rule = "table-removed"
                       table = "app.b"
                       reason = ".."
                       expires = "2.5.0"
        "#]],
    );
    project.accept("table-removed", "b", "");
    project.check(
        &[table("a", 1, "")],
        expect![[r#"
            error[KT1411]: the removal of table `app.b` is not in the lock
              --> schemas.lock:25:1
               |
            25 | version 2 4993b904cd67b41877d692c5d8a04423b9eac4b333819db2c87a0c1ca67ff4df
               | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
               |
               = help: run `kalamtable lock`, and commit the lock
        "#]],
    );
    project.lock(&[table("a", 1, "")]);
    project.shows(expect![[r#"
        contains app.a
        contains app.b

        table app.a
        versions 1
        version 1 HASH
        + name = "app.a"
        + primary_key = ["id"]
        + columns.id = { id = 1, type = "bigint" }
        end app.a

        table app.b
        versions 2
        version 2 HASH
        + name = "app.b"
        + primary_key = ["id"]
        + columns.id = { id = 1, type = "bigint" }
        version 3 HASH
        accepted table-removed: "reviewed"
        dropped
        end app.b

        end of history
    "#]]);
    assert_eq!(project.report(&[table("a", 1, "")]), "");
}

#[test]
fn name_of_a_dropped_table_is_reused() {
    let mut project = Project::locked(&[&[table("a", 1, TITLE), table("b", 1, "")]]);
    project.lock_accepting(&[table("b", 1, "")]);
    let with = |text: String| [table("b", 1, ""), text];
    assert_eq!(
        project.rules(&with(table("a", 1, ""))),
        ["version-not-next", "table-name-reused"]
    );
    // The columns of the dropped table are not compared.
    project.check(&with(table("a", 3, "")), expect![[r#"
        error[KT1006]: table `app.a` has the name of another table, which was dropped or renamed after its version 1
         --> b.toml:1:8
          |
        1 | name = "app.a"
          |        ^^^^^^^
          |
          = note: SOURCE ok, SQL warn, WIRE warn, STORAGE BREAK
          = help: choose a name that was never used
          = help: existing values can be lost or unreadable, and a server whose store has an earlier version of the table refuses to start; the entry in the lock that accepts the change:
                  [[accept]]
                  rule = "table-name-reused"
                  table = "app.a"
                  reason = ".."
                  expires = "2.5.0"
    "#]]);
    project.lock_accepting(&with(table("a", 3, "")));
    project.shows(expect![[r#"
        contains app.a
        contains app.b

        table app.a
        versions 3
        version 1 HASH
        + name = "app.a"
        + primary_key = ["id"]
        + columns.id = { id = 1, type = "bigint" }
        + columns.title = { id = 2, type = "text" }
        version 2 HASH
        accepted table-removed: "reviewed"
        dropped
        version 3 HASH
        accepted table-name-reused: "reviewed"
        + name = "app.a"
        + primary_key = ["id"]
        + columns.id = { id = 1, type = "bigint" }
        end app.a

        table app.b
        versions 1
        version 1 HASH
        + name = "app.b"
        + primary_key = ["id"]
        + columns.id = { id = 1, type = "bigint" }
        end app.b

        end of history
    "#]]);
    let other = "title = { id = 3, type = \"int\", nullable = true }\n";
    assert!(project.rules(&with(table("a", 4, other))).is_empty());
}

#[test]
fn table_is_renamed_to_the_name_of_a_dropped_one() {
    let mut project = Project::locked(&[&[table("a", 1, TITLE), table("b", 1, "")]]);
    project.lock_accepting(&[table("b", 1, "")]);
    let next = [renamed("a", 2, "b")];
    assert_eq!(project.rules(&next), ["table-name-reused", "table-renamed"]);
    project.lock_accepting(&next);
    assert_eq!(project.report(&next), "");
    // The history is that of the renamed table.
    let column = format!("comment = \"c\"\n[columns]\n{}", TITLE.replace('2', "3"));
    assert_eq!(project.rules(&[table("a", 3, &column)]), ["added-not-null"]);
}

#[test]
fn table_is_renamed_back() {
    let mut project = Project::locked(&[&[table("a", 1, "")]]);
    project.lock_accepting(&[renamed("b", 2, "a")]);
    let back = [renamed("a", 3, "b")];
    assert_eq!(project.rules(&back), ["table-renamed"]);
    project.lock_accepting(&back);
    assert_eq!(project.report(&[table("a", 3, "")]), "");
}

#[test]
fn renamed_table_is_accepted_by_either_name() {
    for name in ["old", "new"] {
        let mut project = Project::locked(&[&[table("old", 1, "")]]);
        project.accept("table-renamed", name, "");
        assert!(project.rules(&[renamed("new", 2, "old")]).is_empty());
        project.lock(&[renamed("new", 2, "old")]);
    }
}

#[test]
fn table_dropped_twice_keeps_both_histories() {
    let mut project = Project::locked(&[&[table("a", 1, TITLE), table("b", 1, "")]]);
    let other = [table("b", 1, "")];
    project
        .lock_accepting(&other)
        .lock_accepting(&[table("a", 3, ""), table("b", 1, "")])
        .lock_accepting(&other);
    assert_eq!(project.report(&other), "");
    let mut sources = kalamtable_model::Sources::new();
    let lock = project.parsed(&mut sources);
    let versions = lock.tables()[0].versions().iter();
    let dropped: Vec<_> = versions.map(|it| (it.number, it.is_dropped)).collect();
    assert_eq!(dropped, [(1, false), (2, true), (3, false), (4, true)]);
    assert_eq!(lock.tables()[0].definitions().unwrap().len(), 2);
    let third = lock.tables()[0].checked_table(3).unwrap().unwrap();
    assert_eq!(third.definition.columns().len(), 1);
}

#[test]
fn lock_of_another_project() {
    let project = Project::locked(&[&[table("x", 1, ""), table("y", 1, "")]]);
    project.check(
        &[table("a", 1, "")],
        expect![[r#"
            error[KT1411]: table `app.a` is not in the lock
             --> a.toml:1:8
              |
            1 | name = "app.a"
              |        ^^^^^^^
              |
              = help: run `kalamtable lock`, and commit the lock

            error[KT1418]: no table of the lock has a definition: `app.x` and `app.y` are missing
              --> schemas.lock:11:1
               |
            11 | version 1 2662b86b0cf97f3a4ad1b762f897ffeb51ee755281f842abac919ef76359f829
               | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
               |
               = help: check that this is the lock of these definitions: restore it from version control, or name the folder of the definitions that it belongs to
               = help: if the tables were removed, accept the removal of each one with an entry in the lock: `kalamtable explain table-removed`
        "#]],
    );
    project.check(
        &[],
        expect![[r#"
            error[KT1004]: no definition of table `app.x` (version 1) was found
              --> schemas.lock:11:1
               |
            11 | version 1 2662b86b0cf97f3a4ad1b762f897ffeb51ee755281f842abac919ef76359f829
               | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
               |
               = note: SOURCE BREAK, SQL BREAK, WIRE BREAK, STORAGE BREAK
               = help: restore the definition
               = help: if the table has another name, write `renamed_from = "app.x"` there
               = help: check the path: no definition was found
               = help: existing values can be lost or unreadable; the entry in the lock that accepts the change:
                       [[accept]]
                       rule = "table-removed"
                       table = "app.x"
                       reason = ".."
                       expires = "2.5.0"

            error[KT1004]: no definition of table `app.y` (version 1) was found
              --> schemas.lock:19:1
               |
            19 | version 1 b7e89a0d16da10664cb5de2ee98012629dc1406cee4d17620c454c5b29359595
               | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
               |
               = note: SOURCE BREAK, SQL BREAK, WIRE BREAK, STORAGE BREAK
               = help: restore the definition
               = help: if the table has another name, write `renamed_from = "app.y"` there
               = help: check the path: no definition was found
               = help: existing values can be lost or unreadable; the entry in the lock that accepts the change:
                       [[accept]]
                       rule = "table-removed"
                       table = "app.y"
                       reason = ".."
                       expires = "2.5.0"
        "#]],
    );
}

#[test]
fn table_renamed_back_over_a_dropped_table_reuses_its_name() {
    let mut project = Project::locked(&[&[table("x", 1, "")]]);
    let moved = renamed("y", 2, "x");
    project.lock_accepting(std::slice::from_ref(&moved));
    // Without another table in between, the name is its own.
    let back = [renamed("x", 3, "y")];
    assert_eq!(project.rules(&back), ["table-renamed"]);
    project.lock_accepting(&[moved.clone(), table("x", 1, TITLE)]);
    project.lock_accepting(&[moved]);
    let rules = project.rules(&back);
    assert!(rules.contains(&"table-name-reused"), "{rules:?}");
}

#[test]
fn replaced_tables_are_accepted_one_by_one() {
    let mut project = Project::locked(&[&["a", "b", "c", "d"].map(|name| table(name, 1, ""))]);
    let others = [table("x", 1, ""), table("y", 1, "")];
    project.check(&others, expect![[r#"
        error[KT1411]: table `app.x` is not in the lock
         --> a.toml:1:8
          |
        1 | name = "app.x"
          |        ^^^^^^^
          |
          = help: run `kalamtable lock`, and commit the lock

        error[KT1411]: table `app.y` is not in the lock
         --> b.toml:1:8
          |
        1 | name = "app.y"
          |        ^^^^^^^
          |
          = help: run `kalamtable lock`, and commit the lock

        error[KT1418]: no table of the lock has a definition: `app.a`, `app.b` and 2 others are missing
          --> schemas.lock:13:1
           |
        13 | version 1 58a60cef7b5e463d5d825dd57f759f99dda9a3f5e31bf45ef24d1948be5a65cd
           | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
           |
           = help: check that this is the lock of these definitions: restore it from version control, or name the folder of the definitions that it belongs to
           = help: if the tables were removed, accept the removal of each one with an entry in the lock: `kalamtable explain table-removed`
    "#]]);

    // All tables were replaced on purpose.
    for name in ["a", "b", "c", "d"] {
        project.accept("table-removed", name, "");
    }
    assert_eq!(project.rules(&others), [""; 0]);
    project.lock(&others);
}
