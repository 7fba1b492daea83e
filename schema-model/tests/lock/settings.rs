// SPDX-License-Identifier: Apache-2.0

//! Settings and yanked versions.

use expect_test::expect;
use kalamtable_model::{Direction, Level, Sources};

use super::project::{Project, rejected, table};

const TITLE: &str = "title = { id = 2, type = \"text\" }\n";
const NAME: &str = "name = { id = 2, type = \"text\", renamed_from = \"title\" }\n";

fn with(settings: &str) -> Project {
    let mut project = Project::locked(&[&[table("a", 1, TITLE)]]);
    project.edit(settings);
    project
}

#[test]
fn defaults_are_all_levels_and_backward() {
    let mut sources = Sources::new();
    let lock = Project::new().parsed(&mut sources);
    assert_eq!(lock.settings().levels, Level::ALL);
    assert_eq!(lock.settings().direction, Direction::Backward);
}

#[test]
fn levels_decide_which_changes_are_reported() {
    let to_null = "title = { id = 2, type = \"text\", nullable = true }\n";
    for (levels, next, expected) in [
        ("\"source\"", NAME, "error[KT1206]"),
        ("\"storage\"", NAME, ""),
        ("\"source\", \"sql\"", to_null, "error[KT1210]"),
        ("\"wire\"", to_null, "warning[KT1210]"),
        ("\"sql\", \"storage\"", to_null, ""),
    ] {
        let project = with(&format!("levels = [{levels}]"));
        let report = project.report(&[table("a", 2, next)]);
        let lines = report.lines().filter(|line| line.contains("[KT12"));
        let found: Vec<&str> = lines.filter_map(|line| line.split(':').next()).collect();
        let expected: Vec<&str> = expected.split_whitespace().collect();
        assert_eq!(found, expected, "{levels}: {report}");
    }
}

#[test]
fn direction_decides_which_rules_apply() {
    let next = [table(
        "a",
        2,
        "title = { id = 2, type = \"text\", nullable = true }\n",
    )];
    for (direction, expected) in [
        ("backward", &["not-null-to-nullable"][..]),
        ("forward", &["forward-null"][..]),
        ("full", &["not-null-to-nullable", "forward-null"][..]),
    ] {
        let project = with(&format!("direction = \"{direction}\""));
        assert_eq!(project.rules(&next), expected, "{direction}");
    }
}

#[test]
fn unknown_settings() {
    let project = with("levels = [\"sourc\", 3]\ndirection = \"both\"\nlevel = \"sql\"\n");
    expect![[r#"
        error[KT1409]: unknown level `"sourc"`
         --> schemas.lock:5:11
          |
        5 | levels = ["sourc", 3]
          |           ^^^^^^^
          |
          = help: did you mean `"source"`?

        error[KT1409]: unknown level `3`
         --> schemas.lock:5:20
          |
        5 | levels = ["sourc", 3]
          |                    ^
          |
          = help: the levels are `source`, `sql`, `wire` and `storage`

        error[KT1409]: unknown direction `"both"`
         --> schemas.lock:6:13
          |
        6 | direction = "both"
          |             ^^^^^^
          |
          = help: the directions are `backward`, `forward` and `full`

        error[KT1409]: unknown key `level`
         --> schemas.lock:7:1
          |
        7 | level = "sql"
          | ^^^^^
          |
          = help: did you mean `levels`?
    "#]]
    .assert_eq(&rejected(&project.lock));
    let project = with("levels = []\n");
    expect![[r#"
        error[KT1409]: without a level, no change is reported
         --> schemas.lock:5:10
          |
        5 | levels = []
          |          ^^
          |
          = help: the levels are `source`, `sql`, `wire` and `storage`
    "#]]
    .assert_eq(&rejected(&project.lock));
    let project = with("levels = \"sql\"\n[x]\n");
    expect![[r#"
        error[KT1409]: `levels` is not an array of levels
         --> schemas.lock:5:10
          |
        5 | levels = "sql"
          |          ^^^^^
          |
          = help: the levels are `source`, `sql`, `wire` and `storage`

        error[KT1409]: unknown key `x`
         --> schemas.lock:6:2
          |
        6 | [x]
          |  ^
          |
          = help: the settings of a lock are `format`, `levels`, `direction`, `accept` and `yanked`
    "#]]
    .assert_eq(&rejected(&project.lock));
}

// ---- yanked versions ----

const YANKED: &str =
    "[[yanked]]\ntable = \"app.a\"\nversion = 2\nreason = \"it renamed a column\"\n";

#[test]
fn rename_of_a_yanked_version_can_be_undone() {
    let mut project = with("");
    project.lock_accepting(&[table("a", 2, NAME)]);
    let back = TITLE.replace("\"text\"", "\"text\", renamed_from = \"name\"");
    let back = [table("a", 3, &back)];
    assert_eq!(project.rules(&back), ["column-renamed"]);
    project.edit(YANKED);
    assert!(project.rules(&back).is_empty());
    project.lock(&back);
    assert_eq!(project.report(&back), "");
}

#[test]
fn change_accepted_in_a_yanked_version_is_reported_again() {
    let mut project = with("");
    project.lock_accepting(&[table("a", 2, NAME)]);
    let label = NAME.replacen("name =", "label =", 1);
    project.edit(YANKED);
    // Clients of version 1 still use `title`.
    let rules = project.rules(&[table("a", 3, &label)]);
    assert!(rules.contains(&"column-renamed"), "{rules:?}");
}

#[test]
fn files_of_a_yanked_version_count() {
    let mut project = with("");
    let added = format!("{TITLE}n = {{ id = 3, type = \"int\", nullable = true }}\n");
    project.lock_accepting(&[table("a", 2, &added)]);
    project.edit(YANKED);
    // Files of version 2 contain values of the column.
    let other = format!("{TITLE}n = {{ id = 3, type = \"text\", nullable = true }}\n");
    project.check(&[table("a", 3, &other)], expect![[r#"
        error[KT1204]: `n` (id 3) of `app.a` is `text`, but was `int` in version 2
         --> a.toml:7:1
          |
        7 | n = { id = 3, type = "text", nullable = true }
          | ^
          |
          = note: SOURCE ok, SQL ok, WIRE ok, STORAGE BREAK
          = help: write `type = "int"`, or add another column: `int` can change to `bigint`, `double`, or a `decimal(p, s)` with `p - s` at least 10
          = help: existing values can be lost or unreadable, and a server whose store has an earlier version of the table refuses to start; the entry in the lock that accepts the change:
                  [[accept]]
                  rule = "type-changed"
                  table = "app.a"
                  column = "n"
                  reason = ".."
                  expires = "2.5.0"
    "#]]);
    let removed = format!("{TITLE}[reserved]\nids = [3]\nnames = [\"n\"]\n");
    assert!(project.rules(&[table("a", 3, &removed)]).is_empty());
}

#[test]
fn warning_about_the_version_before_a_yanked_one() {
    let with_default = |version, value: u32| {
        let column = format!("n = {{ id = 2, type = \"int\", default = {value} }}\n");
        [table("a", version, &column)]
    };
    let mut project = Project::locked(&[&with_default(1, 1), &with_default(2, 2)]);
    let next =
        with_default(3, 2).map(|text| text.replace("[columns]", "comment = \"c\"\n[columns]"));
    assert!(project.rules(&next).is_empty());
    project.edit(YANKED);
    assert_eq!(project.rules(&next), ["default-changed"]);
}

#[test]
fn unknown_yanked_versions() {
    let mut project = with(YANKED);
    project.edit(&YANKED.replace("app.a", "app.b").replace('2', "1"));
    project.check(
        &[table("a", 1, TITLE)],
        expect![[r#"
        error[KT1424]: the lock does not contain version 2 of `app.a`
         --> schemas.lock:5:1
          |
        5 | [[yanked]]
          | ^^^^^^^^^^
          |
          = help: write a version of the table that the lock contains

        error[KT1424]: the lock does not contain version 1 of `app.b`
          --> schemas.lock:10:1
           |
        10 | [[yanked]]
           | ^^^^^^^^^^
           |
           = help: did you mean `table = "app.a"`?
    "#]],
    );
}
