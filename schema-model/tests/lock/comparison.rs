// SPDX-License-Identifier: Apache-2.0

//! Two sets of definitions compared without a lock.

use expect_test::{Expect, expect};
use kalamtable_model::{Direction, Sources, Style, compare_tables, render};

use super::project::{Project, definitions, table};

fn check(before: &[String], after: &[String], direction: Direction, expected: Expect) {
    let mut sources = Sources::new();
    let before = definitions(&mut sources, before);
    let after = definitions(&mut sources, after);
    let problems = compare_tables(&before, &after, direction);
    expected.assert_eq(&render(&problems, &sources, Style::Plain));
}

#[test]
fn equal_sets_and_added_tables_have_no_problems() {
    let (a, b) = (table("a", 1, ""), table("b", 1, ""));
    let before = [a.clone()];
    check(&before, &[b, a], Direction::Full, expect![[""]]);
}

#[test]
fn two_tables_that_continue_one_are_reported() {
    let renamed = "renamed_from = \"app.a\"\n[columns]\n";
    check(
        &[table("a", 1, "")],
        &[table("a", 1, ""), table("b", 2, renamed)],
        Direction::Backward,
        expect![[r#"
            error[KT1415]: tables `app.a` and `app.b` both continue the history of `app.a`
             --> b.toml:4:16
              |
            4 | renamed_from = "app.a"
              |                ^^^^^^^
              |
             ::: a.toml:1:8
              |
            1 | name = "app.a"
              |        ------- first here
              |
              = help: delete one of the two definitions, or its `renamed_from`
        "#]],
    );
}

#[test]
fn removed_and_renamed_tables() {
    let renamed = "renamed_from = \"app.b\"\n[columns]\n";
    check(
        &[table("a", 1, ""), table("b", 1, "")],
        &[table("c", 2, renamed)],
        Direction::Backward,
        expect![[r#"
            error[KT1005]: table `app.c` was named `app.b` in version 1
             --> a.toml:1:8
              |
            1 | name = "app.c"
              |        ^^^^^^^
              |
              = note: SOURCE BREAK, SQL BREAK, WIRE ok, STORAGE ok
              = help: write `name = "app.b"`, or accept the change when all queries use the new name

            error[KT1004]: no definition of table `app.a` (version 1) was found
             --> a.toml:1:8
              |
            1 | name = "app.a"
              |        ^^^^^^^
              |
              = note: SOURCE BREAK, SQL BREAK, WIRE BREAK, STORAGE BREAK
              = help: restore the definition
              = help: if the table has another name, write `renamed_from = "app.a"` there
        "#]],
    );
}

#[test]
fn direction_decides_which_rules_apply() {
    let title = |rest: &str| format!("title = {{ id = 2, type = \"text\"{rest} }}\n");
    check(
        &[table("a", 1, &title(""))],
        &[table("a", 2, &title(", nullable = true"))],
        Direction::Forward,
        expect![[r#"
            error[KT1232]: `title` (id 2) of `app.a` is nullable, but version 1 cannot read null in it
             --> a.toml:6:1
              |
            6 | title = { id = 2, type = "text", nullable = true }
              | ^^^^^
              |
              = note: SOURCE ok, SQL ok, WIRE BREAK, STORAGE BREAK
              = help: keep it not null until no server runs that version
        "#]],
    );
}

#[test]
fn locked_version_is_compared_like_a_definition() {
    let mut project = Project::locked(&[&[table("a", 1, "")]]);
    project.lock(&[table("a", 2, "comment = \"c\"\n[columns]\n")]);
    let mut sources = Sources::new();
    let lock = project.parsed(&mut sources);
    let versions: Vec<_> = [1, 2]
        .into_iter()
        .map(|version| lock.tables()[0].checked_table(version).unwrap().unwrap())
        .collect();
    let problems = compare_tables(&versions[1..], &versions[..1], Direction::Backward);
    expect![[r#"
        warning[KT1010]: table `app.a` has no comment, but had one in version 2
          --> schemas.lock:10:1
           |
        10 | version 1 HASH
           | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
           |
           = note: SOURCE warn, SQL warn, WIRE warn, STORAGE warn
           = help: restore `comment`, or write another one
    "#]]
    .assert_eq(&super::project::shortened(&render(
        &problems,
        &sources,
        Style::Plain,
    )));
}
