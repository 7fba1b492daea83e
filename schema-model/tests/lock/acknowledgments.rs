// SPDX-License-Identifier: Apache-2.0

//! Entries that accept a change.

use expect_test::expect;
use kalamtable_model::ReleaseContext;

use super::project::{Project, TODAY, rejected, table};

const TITLE: &str = "title = { id = 2, type = \"text\" }\n";
const NAME: &str = "name = { id = 2, type = \"text\", renamed_from = \"title\" }\n";

fn locked() -> Project {
    Project::locked(&[&[table("a", 1, TITLE)]])
}

#[test]
fn accepted_rename_moves_into_the_history() {
    let mut project = locked();
    project.accept("column-renamed", "a", "name");
    let next = [table("a", 2, NAME)];
    project.check(
        &next,
        expect![[r#"
        error[KT1411]: version 2 of `app.a` is not in the lock
         --> a.toml:1:8
          |
        1 | name = "app.a"
          |        ^^^^^^^
          |
          = help: run `kalamtable lock`, and commit the lock
    "#]],
    );
    project.lock(&next);
    project.shows(expect![[r#"
        contains app.a

        table app.a
        versions 2
        version 1 HASH
        + name = "app.a"
        + primary_key = ["id"]
        + columns.id = { id = 1, type = "bigint" }
        + columns.title = { id = 2, type = "text" }
        version 2 HASH
        accepted column-renamed 2 name: "reviewed"
        - columns.title = { id = 2, type = "text" }
        + columns.name = { id = 2, type = "text" }
        end app.a

        end of history
    "#]]);
    assert!(!project.lock.contains("[[accept]]\n"), "{}", project.lock);
    // Later versions are compared with version 1 too.
    let later = NAME
        .replace("type", "comment = \"c\", type")
        .replace(", renamed_from = \"title\"", "");
    assert!(project.rules(&[table("a", 3, &later)]).is_empty());
}

#[test]
fn accepted_change_does_not_cover_later_versions() {
    let mut project = locked();
    project
        .accept("KT1206", "a", "name")
        .lock(&[table("a", 2, NAME)]);
    let back = "title = { id = 2, type = \"text\", renamed_from = \"name\" }\n";
    assert_eq!(project.rules(&[table("a", 3, back)]), ["column-renamed"]);
    project
        .accept("column-renamed", "a", "title")
        .lock(&[table("a", 3, back)]);
    assert_eq!(project.report(&[table("a", 3, back)]), "");
}

#[test]
fn removed_column_is_accepted_by_its_earlier_name() {
    let mut project = locked();
    let next = [table(
        "a",
        2,
        "[reserved]\nids = [2]\nnames = [\"title\"]\n",
    )];
    assert_eq!(
        project.rules(&next),
        ["column-removed", "removed-not-deprecated"]
    );
    project.accept("column-removed", "a", "title");
    project.accept("removed-not-deprecated", "a", "title");
    assert!(project.rules(&next).is_empty());
    project.lock(&next);
    assert!(
        project
            .lock
            .contains("accepted column-removed 2 title: \"reviewed\"")
    );
}

#[test]
fn nested_field_is_accepted_by_its_path() {
    let point = |name: &str| format!("p = {{ id = 2, type = \"struct<#3 {name}: int>\" }}\n");
    let mut project = Project::locked(&[&[table("a", 1, &point("x"))]]);
    let next = [table("a", 2, &point("y"))];
    assert_eq!(project.rules(&next), ["nested-renamed"]);
    project.accept("nested-renamed", "a", "p.y").lock(&next);
    assert!(
        project
            .lock
            .contains("accepted nested-renamed 3 p.y: \"reviewed\"")
    );
    assert_eq!(project.report(&next), "");
}

#[test]
fn reason_with_quotes_and_newlines_is_read_back() {
    let mut project = locked();
    project
        .edit("[[accept]]\nrule = \"column-renamed\"\ntable = \"app.a\"\ncolumn = \"name\"\nexpires = 2026-11-27\nreason = \"\"\"\na: \"b\"\n[[accept]]\n\"\"\" # why\n")
        .lock(&[table("a", 2, NAME)]);
    assert!(
        project
            .lock
            .contains(r#"accepted column-renamed 2 name: "a: \"b\"\n[[accept]]\n""#),
        "{}",
        project.lock
    );
}

#[test]
fn other_lines_of_the_header_are_unchanged() {
    let mut project = Project::locked(&[&[table("a", 1, TITLE), table("b", 1, "")]]);
    let before = "# settings\nlevels = [\"sql\", \"wire\", \"source\", \"storage\"]\n\n";
    let entry = "# ticket 7\n[[accept]]\nrule = \"column-renamed\"\ntable = \"app.a\"\n# which\ncolumn = \"name\"\nreason = \"r\"\nexpires = \"2.5.0\"\n\n\n";
    let after = "# a version\n[[yanked]]\ntable = \"app.b\"\nversion = 1\nreason = \"r\"\n";
    project.edit(&format!("{before}{entry}{after}"));
    let expected = project.lock.replace(entry, "");
    project.lock(&[table("a", 2, NAME), table("b", 1, "")]);
    let header = |lock: &str| lock.split_once("---- history").unwrap().0.to_string();
    assert_eq!(header(&project.lock), header(&expected));
}

// ---- unused and expired ----

#[test]
fn unused_entries() {
    let mut project = locked();
    project
        .accept("column-renamed", "a", "name")
        .accept("column-renamed", "a", "")
        .accept("column-removed", "b", "x")
        .accept("column-removed", "other.t", "x");
    project.check(
        &[table("a", 1, TITLE)],
        expect![[r#"
            error[KT1422]: the `[[accept]]` entry matches no change: rule `column-renamed` reports none of `name` of `app.a`
             --> schemas.lock:5:1
              |
            5 | [[accept]]
              | ^^^^^^^^^^
              |
              = help: delete the entry, or name the column in its current version

            error[KT1422]: the `[[accept]]` entry matches no change: rule `column-renamed` reports none of table `app.a`
              --> schemas.lock:12:1
               |
            12 | [[accept]]
               | ^^^^^^^^^^
               |
               = help: delete the entry, or name the column in its current version

            error[KT1422]: the `[[accept]]` entry matches no change: rule `column-removed` reports none of `x` of `app.b`
              --> schemas.lock:18:1
               |
            18 | [[accept]]
               | ^^^^^^^^^^
               |
               = help: did you mean `table = "app.a"`?

            error[KT1422]: the `[[accept]]` entry matches no change: rule `column-removed` reports none of `x` of `app.other.t`
              --> schemas.lock:25:1
               |
            25 | [[accept]]
               | ^^^^^^^^^^
               |
               = help: there is no table `app.other.t`
        "#]],
    );
}

#[test]
fn entry_of_another_column_does_not_cover() {
    let mut project = locked();
    project.accept("column-renamed", "a", "title");
    assert_eq!(
        project.rules(&[table("a", 2, NAME)]),
        ["column-renamed", "accept-unused"]
    );
}

#[test]
fn entry_at_another_level_is_unused() {
    let mut project = locked();
    project
        .edit("levels = [\"storage\"]")
        .accept("column-renamed", "a", "name");
    assert_eq!(project.rules(&[table("a", 2, NAME)]), ["accept-unused"]);
}

#[test]
fn entries_expire_after_their_last_release_or_day() {
    let context = || ReleaseContext::new(TODAY);
    let release = |release: &str| context().with_release(release).unwrap();
    for (expires, context, is_valid) in [
        ("\"2.6.0\"", release("2.5.9"), true),
        ("\"2.6.0\"", release("2.6.0"), true),
        ("\"2.6.0\"", release("2.6.0-rc.1"), true),
        ("\"2.6.0\"", release("2.6.1"), false),
        ("\"2.6.0\"", release("2.10.0"), false),
        ("\"2.6.0\"", context(), false),
        ("2026-11-27", context(), true),
        ("2026-11-26", context(), false),
        ("\"2026-11-27\"", release("9.0.0"), true),
        ("\"2025-12-31\"", context(), false),
    ] {
        let mut project = locked();
        project.context = context;
        project.edit(&format!("[[accept]]\nrule = \"column-renamed\"\ntable = \"app.a\"\ncolumn = \"name\"\nreason = \"r\"\nexpires = {expires}\n"));
        let expected: &[&str] = if is_valid { &[] } else { &["accept-expired"] };
        assert_eq!(project.rules(&[table("a", 2, NAME)]), expected, "{expires}");
    }
}

#[test]
fn expired_entries_and_an_unknown_release() {
    let mut project = locked();
    project.accept("column-renamed", "a", "name");
    let next = [table("a", 2, NAME)];
    project.context = ReleaseContext::new(TODAY).with_release("3.0.0").unwrap();
    let expired = project.report(&next);
    project.context = ReleaseContext::new(TODAY);
    let unknown = project.report(&next);
    project.lock = project.lock.replace("\"2.6.0\"", "2020-02-29");
    let past = project.report(&next);
    expect![[r#"
        error[KT1411]: version 2 of `app.a` is not in the lock
         --> a.toml:1:8
          |
        1 | name = "app.a"
          |        ^^^^^^^
          |
          = help: run `kalamtable lock`, and commit the lock

        error[KT1423]: the `[[accept]]` entry was valid up to release 2.6.0, and the current release is 3.0.0
          --> schemas.lock:10:11
           |
        10 | expires = "2.6.0"
           |           ^^^^^^^
           |
           = help: undo the change, or review it again and write a later expiry

        error[KT1411]: version 2 of `app.a` is not in the lock
         --> a.toml:1:8
          |
        1 | name = "app.a"
          |        ^^^^^^^
          |
          = help: run `kalamtable lock`, and commit the lock

        error[KT1423]: the entry is valid up to release 2.6.0, but the current release is not known
          --> schemas.lock:10:11
           |
        10 | expires = "2.6.0"
           |           ^^^^^^^
           |
           = help: pass the release with `--release`, or write a date: `expires = 2027-01-31`

        error[KT1411]: version 2 of `app.a` is not in the lock
         --> a.toml:1:8
          |
        1 | name = "app.a"
          |        ^^^^^^^
          |
          = help: run `kalamtable lock`, and commit the lock

        error[KT1423]: the `[[accept]]` entry was valid up to 2020-02-29
          --> schemas.lock:10:11
           |
        10 | expires = 2020-02-29
           |           ^^^^^^^^^^
           |
           = help: undo the change, or review it again and write a later expiry
    "#]]
    .assert_eq(&[expired, unknown, past].join("\n"));
    let error = ReleaseContext::new(TODAY).with_release("2.6").unwrap_err();
    expect!["`2.6` is not a release such as `2.6.0`: unexpected end of input while parsing minor version number"].assert_eq(&error.to_string());
}

// ---- invalid entries ----

#[test]
fn invalid_entries() {
    let mut project = locked();
    project.edit(
        "[[accept]]\nrule = \"column-renames\"\ntable = \"\"\ncolumn = 3\nreason = \" \"\nexpires = \"soon\"\n\
         [[accept]]\n\
         [[accept]]\nrule = \"unknown-key\"\ntable = \"app.a\"\nreason = \"r\"\nexpires = \"2.6\"\n\
         [[accept]]\nrules = \"x\"\ntable = \"app.a\"\nreason = \"r\"\nexpires = 2026-11-27T00:00:00\n\
         [[yanked]]\ntable = \"app.a\"\nversion = \"3\"\n\
         [[yanked]]\ntable = \"app.a\"\nversion = -1\nreasons = \"r\"\n",
    );
    expect![[r#"
        error[KT1421]: unknown rule `column-renames`
         --> schemas.lock:6:8
          |
        6 | rule = "column-renames"
          |        ^^^^^^^^^^^^^^^^
          |
          = help: did you mean `column-renamed`?

        error[KT1421]: `table` is empty
         --> schemas.lock:7:9
          |
        7 | table = ""
          |         ^^
          |
          = help: write `table = "app.events"`

        error[KT1421]: `column` is not a string
         --> schemas.lock:8:10
          |
        8 | column = 3
          |          ^
          |
          = help: write `column = "title"`

        error[KT1421]: `reason` is empty
         --> schemas.lock:9:10
          |
        9 | reason = " "
          |          ^^^
          |
          = help: write `reason = "all clients were updated"`

        error[KT1421]: `soon` is neither a release nor a date
          --> schemas.lock:10:11
           |
        10 | expires = "soon"
           |           ^^^^^^
           |
           = help: write the last release or day on which the entry is valid: `expires = "2.6.0"` or `expires = 2027-01-31`

        error[KT1421]: the entry has no `rule`
          --> schemas.lock:11:1
           |
        11 | [[accept]]
           | ^^^^^^^^^^
           |
           = help: write `rule = "column-renamed"`

        error[KT1421]: the entry has no `table`
          --> schemas.lock:11:1
           |
        11 | [[accept]]
           | ^^^^^^^^^^
           |
           = help: write `table = "app.events"`

        error[KT1421]: the entry has no `reason`
          --> schemas.lock:11:1
           |
        11 | [[accept]]
           | ^^^^^^^^^^
           |
           = help: write `reason = "all clients were updated"`

        error[KT1421]: the entry has no `expires`
          --> schemas.lock:11:1
           |
        11 | [[accept]]
           | ^^^^^^^^^^
           |
           = help: write `expires = "2.6.0"` or `expires = 2027-01-31`

        error[KT1421]: problems of rule `unknown-key` cannot be accepted
          --> schemas.lock:13:8
           |
        13 | rule = "unknown-key"
           |        ^^^^^^^^^^^^^
           |
           = help: only changes of a table can be accepted

        error[KT1421]: `2.6` is neither a release nor a date
          --> schemas.lock:16:11
           |
        16 | expires = "2.6"
           |           ^^^^^
           |
           = help: write the last release or day on which the entry is valid: `expires = "2.6.0"` or `expires = 2027-01-31`

        error[KT1421]: unknown key `rules`
          --> schemas.lock:18:1
           |
        18 | rules = "x"
           | ^^^^^
           |
           = help: did you mean `rule`?

        error[KT1421]: `2026-11-27T00:00:00` is neither a release nor a date
          --> schemas.lock:21:11
           |
        21 | expires = 2026-11-27T00:00:00
           |           ^^^^^^^^^^^^^^^^^^^
           |
           = help: write the last release or day on which the entry is valid: `expires = "2.6.0"` or `expires = 2027-01-31`

        error[KT1425]: the entry has no `reason`
          --> schemas.lock:22:1
           |
        22 | [[yanked]]
           | ^^^^^^^^^^
           |
           = help: write `reason = "it loses values"`

        error[KT1425]: `"3"` is not a version
          --> schemas.lock:24:11
           |
        24 | version = "3"
           |           ^^^
           |
           = help: write a number: `version = 3`

        error[KT1425]: `-1` is not a version
          --> schemas.lock:27:11
           |
        27 | version = -1
           |           ^^
           |
           = help: write a number: `version = 3`

        error[KT1425]: unknown key `reasons`
          --> schemas.lock:28:1
           |
        28 | reasons = "r"
           | ^^^^^^^
           |
           = help: did you mean `reason`?
    "#]].assert_eq(&rejected(&project.lock));
}

#[test]
fn entries_for_the_same_change() {
    let mut project = locked();
    project
        .accept("column-renamed", "a", "name")
        .accept("KT1206", "a", "name");
    expect![[r#"
        error[KT1421]: two entries accept the same change
          --> schemas.lock:12:1
           |
         5 | [[accept]]
           | ---------- first here
        ...
        12 | [[accept]]
           | ^^^^^^^^^^
           |
           = help: delete one of the two
    "#]]
    .assert_eq(&rejected(&project.lock));
}

#[test]
fn entries_in_an_array() {
    let mut project = locked();
    project.edit("accept = [{ rule = \"column-renamed\" }]\nyanked = 3\n");
    expect![[r#"
        error[KT1421]: `accept` is not a list of entries
         --> schemas.lock:5:10
          |
        5 | accept = [{ rule = "column-renamed" }]
          |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: begin each entry with a line `[[accept]]`

        error[KT1425]: `yanked` is not a list of entries
         --> schemas.lock:6:10
          |
        6 | yanked = 3
          |          ^
          |
          = help: begin each entry with a line `[[yanked]]`
    "#]]
    .assert_eq(&rejected(&project.lock));
}

#[test]
fn entry_of_a_renamed_column_names_the_previous_one() {
    let mut project = locked();
    project.accept("column-renamed", "a", "title");
    project.check(&[table("a", 2, NAME)], expect![[r#"
        error[KT1206]: column `name` (id 2) of `app.a` was named `title` in version 1
         --> a.toml:6:1
          |
        6 | name = { id = 2, type = "text", renamed_from = "title" }
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

        error[KT1422]: the `[[accept]]` entry matches no change: rule `column-renamed` reports none of `title` of `app.a`
         --> schemas.lock:5:1
          |
        5 | [[accept]]
          | ^^^^^^^^^^
          |
          = help: write `column = "name"`
    "#]]);
}
