// SPDX-License-Identifier: Apache-2.0

//! A lock compared with that of the branch that a change is merged into.

use expect_test::{Expect, expect};
use kalamtable_model::{Sources, Style, check_base, render};

use super::project::{Project, table};

const LEFT: &str = "left = { id = 2, type = \"int\", nullable = true }\n";
const RIGHT: &str = "right = { id = 2, type = \"int\", nullable = true }\n";

fn check(base: &Project, lock: &Project, expected: Expect) {
    let mut sources = Sources::new();
    let lock = lock.parsed(&mut sources);
    let base = base.parsed(&mut sources);
    let problems = check_base(&lock, &base, "origin/main", "schemas/schemas.lock");
    expected.assert_eq(&render(&problems, &sources, Style::Plain));
}

#[test]
fn later_versions_and_added_tables_continue_the_base() {
    let base = Project::locked(&[&[table("a", 1, "")]]);
    check(&base, &base, expect![""]);
    let mut later = base.clone();
    later.lock(&[table("a", 2, LEFT), table("b", 1, "")]);
    check(&base, &later, expect![""]);
    check(&Project::new(), &base, expect![""]);
}

#[test]
fn rewritten_version_is_reported() {
    let base = Project::locked(&[&[table("a", 1, "")], &[table("a", 2, LEFT)]]);
    // The versions after the first different one differ too.
    let lock = Project::locked(&[
        &[table("a", 1, "")],
        &[table("a", 2, RIGHT)],
        &[table("a", 3, &format!("{RIGHT}{}", LEFT.replace('2', "3")))],
    ]);
    check(
        &base,
        &lock,
        expect![[r#"
            error[KT1417]: version 2 of `app.a` differs from the one in the lock of `origin/main`
              --> schemas.lock:14:1
               |
            14 | version 2 2fe9d6e67168a83b6bdc0179b0ca2191f4780ada01675b7518ab7cc2aec083a9
               | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
               |
               = help: restore the released history with `git checkout origin/main -- schemas/schemas.lock`, give each changed definition its next version, and run `kalamtable lock`
        "#]],
    );
}

#[test]
fn missing_versions_and_tables_are_reported() {
    let base = Project::locked(&[
        &[table("a", 1, ""), table("b", 1, "")],
        &[table("a", 2, LEFT), table("b", 2, LEFT)],
    ]);
    let lock = Project::locked(&[&[table("a", 1, "")]]);
    check(
        &base,
        &lock,
        expect![[r#"
        error[KT1417]: version 2 of `app.a` is in the lock of `origin/main`, but not in this lock
          --> schemas.lock:10:1
           |
        10 | version 1 58a60cef7b5e463d5d825dd57f759f99dda9a3f5e31bf45ef24d1948be5a65cd
           | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
           |
           = help: merge `origin/main` if it has changed since this branch began
           = help: restore the released history with `git checkout origin/main -- schemas/schemas.lock`, give each changed definition its next version, and run `kalamtable lock`

        error[KT1417]: version 1 of `app.b` is in the lock of `origin/main`, but not in this lock
        --> schemas/schemas.lock
         = help: merge `origin/main` if it has changed since this branch began
         = help: restore the released history with `git checkout origin/main -- schemas/schemas.lock`, give each changed definition its next version, and run `kalamtable lock`
    "#]],
    );
}
