// SPDX-License-Identifier: Apache-2.0

//! `kalamtable check --base`: locks that do not contain the history of the branch that a change is
//! merged into.

use std::fs;

use expect_test::{Expect, expect};

use crate::diff::{commit, git, git_output};
use crate::support::{CommandFolder, check, shown, success};

const EVENTS: &str = "name        = \"app.events\"\nversion     = 1\nprimary_key = [\"id\"]\n\n\
    [columns]\nid    = { id = 1, type = \"int\" }\ntitle = { id = 2, type = \"text\" }\n";

/// Returns a repository whose branch `main` has version 1 of `app.events` in the lock.
fn repository() -> CommandFolder {
    let folder = CommandFolder::new();
    git(&folder, &["init", "--quiet"]);
    folder.write("schemas/events.toml", EVENTS);
    success(&folder.run(&["lock"]));
    commit(&folder);
    folder
}

/// Writes a version of `app.events` with added columns, and locks it.
fn lock_version(folder: &CommandFolder, version: u32, columns: &[(&str, u32)]) {
    let mut text = EVENTS.replace("= 1\n", &format!("= {version}\n"));
    for (name, id) in columns {
        text += &format!("{name} = {{ id = {id}, type = \"int\", nullable = true }}\n");
    }
    folder.write("schemas/events.toml", text);
    success(&folder.run(&["lock"]));
}

/// Returns a repository in which `main` has locked the column `left` as version 2, and the current
/// branch has locked `right` as version 2. A merge of `main` has conflicts.
fn conflict() -> CommandFolder {
    let folder = repository();
    git(&folder, &["switch", "--quiet", "--create", "topic"]);
    lock_version(&folder, 2, &[("right", 3)]);
    commit(&folder);
    git(&folder, &["switch", "--quiet", "main"]);
    lock_version(&folder, 2, &[("left", 3)]);
    commit(&folder);
    git(&folder, &["switch", "--quiet", "topic"]);
    assert!(
        !git_output(&folder, &["merge", "--quiet", "main"])
            .status
            .success()
    );
    folder
}

fn check_base(folder: &CommandFolder, base: &str, expected: Expect) {
    check(&folder.run(&["check", "--base", base]), expected);
}

#[test]
fn lock_that_was_deleted_and_written_again_is_a_problem() {
    let folder = repository();
    folder.write("schemas/events.toml", EVENTS.replace("\"int\"", "\"text\""));
    fs::remove_file(folder.path().join("schemas/schemas.lock")).unwrap();
    success(&folder.run(&["lock"]));
    success(&folder.run(&["check"]));
    check_base(
        &folder,
        "main",
        expect![[r#"
        exit: 1
        stderr:
        error[KT1417]: version 1 of `app.events` differs from the one in the lock of `main`
          --> schemas/schemas.lock:10:1
           |
        10 | version 1 1113f318095de6698bdeb0ad75ef16dfe613cde978264e271b608b2e2188c151
           | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
           |
           = help: restore the released history with `git checkout main -- schemas/schemas.lock`, give each changed definition its next version, and run `kalamtable lock`

        1 problem found
    "#]],
    );
    commit(&folder);
    check_base(
        &folder,
        "HEAD~1",
        expect![[r#"
        exit: 1
        stderr:
        error[KT1417]: version 1 of `app.events` differs from the one in the lock of `HEAD~1`
          --> schemas/schemas.lock:10:1
           |
        10 | version 1 1113f318095de6698bdeb0ad75ef16dfe613cde978264e271b608b2e2188c151
           | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
           |
           = help: restore the released history with `git checkout HEAD~1 -- schemas/schemas.lock`, give each changed definition its next version, and run `kalamtable lock`

        1 problem found
    "#]],
    );
    check_base(
        &folder,
        "HEAD",
        expect![[r#"
        exit: 0
        stdout:
        1 file, 1 table, 2 columns: no problems
    "#]],
    );
}

#[test]
fn merge_that_keeps_the_lock_of_the_branch_is_a_problem() {
    let folder = conflict();
    git(&folder, &["checkout", "--quiet", "--ours", "schemas"]);
    commit(&folder);
    success(&folder.run(&["check"]));
    check_base(
        &folder,
        "main",
        expect![[r#"
        exit: 1
        stderr:
        error[KT1417]: version 2 of `app.events` differs from the one in the lock of `main`
          --> schemas/schemas.lock:15:1
           |
        15 | version 2 4a95106226cc296c123dee132b64459169188e5dce25ce404c3c1b9d1616e5de
           | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
           |
           = help: restore the released history with `git checkout main -- schemas/schemas.lock`, give each changed definition its next version, and run `kalamtable lock`

        1 problem found
    "#]],
    );
}

#[test]
fn merge_of_both_columns_over_the_lock_of_the_branch_is_a_problem() {
    let folder = conflict();
    git(&folder, &["checkout", "--quiet", "--ours", "schemas"]);
    lock_version(&folder, 3, &[("right", 3), ("left", 4)]);
    commit(&folder);
    success(&folder.run(&["check"]));
    check_base(
        &folder,
        "main",
        expect![[r#"
        exit: 1
        stderr:
        error[KT1417]: version 2 of `app.events` differs from the one in the lock of `main`
          --> schemas/schemas.lock:15:1
           |
        15 | version 2 4a95106226cc296c123dee132b64459169188e5dce25ce404c3c1b9d1616e5de
           | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
           |
           = help: restore the released history with `git checkout main -- schemas/schemas.lock`, give each changed definition its next version, and run `kalamtable lock`

        1 problem found
    "#]],
    );
    // The help of the problem.
    git(&folder, &["checkout", "main", "--", "schemas/schemas.lock"]);
    lock_version(&folder, 3, &[("left", 3), ("right", 4)]);
    commit(&folder);
    check_base(
        &folder,
        "main",
        expect![[r#"
        exit: 0
        stdout:
        1 file, 1 table, 4 columns: no problems
    "#]],
    );
}

#[test]
fn branch_without_the_latest_versions_of_the_base_is_a_problem() {
    let folder = conflict();
    git(&folder, &["merge", "--abort"]);
    git(&folder, &["reset", "--quiet", "--hard", "HEAD~1"]);
    check_base(
        &folder,
        "main",
        expect![[r#"
        exit: 1
        stderr:
        error[KT1417]: version 2 of `app.events` is in the lock of `main`, but not in this lock
          --> schemas/schemas.lock:10:1
           |
        10 | version 1 a83ab5f895f174b76028eab81469dd61ae05a4286cb155b7f66240a0c18ac978
           | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
           |
           = help: merge `main` if it has changed since this branch began
           = help: restore the released history with `git checkout main -- schemas/schemas.lock`, give each changed definition its next version, and run `kalamtable lock`

        1 problem found
    "#]],
    );
}

#[test]
fn table_of_the_base_that_the_lock_lacks_is_a_problem() {
    let folder = repository();
    folder.write("schemas/events.toml", EVENTS.replace("events", "others"));
    fs::remove_file(folder.path().join("schemas/schemas.lock")).unwrap();
    check_base(
        &folder,
        "main",
        expect![[r#"
        exit: 1
        stderr:
        error[KT1401]: the lock does not exist
        --> schemas/schemas.lock
         = help: restore it from version control; if this folder never had a lock, run `kalamtable lock` and commit the file

        1 problem found
    "#]],
    );
    success(&folder.run(&["lock"]));
    check_base(
        &folder,
        "main",
        expect![[r#"
        exit: 1
        stderr:
        error[KT1417]: version 1 of `app.events` is in the lock of `main`, but not in this lock
        --> schemas/schemas.lock
         = help: merge `main` if it has changed since this branch began
         = help: restore the released history with `git checkout main -- schemas/schemas.lock`, give each changed definition its next version, and run `kalamtable lock`

        1 problem found
    "#]],
    );
    let output = folder.run(&["check", "--base", "main", "--format", "github"]);
    check(
        &output,
        expect![[r#"
        exit: 1
        stdout:
        ::error file=schemas/schemas.lock,title=KT1417 history-replaced::version 1 of `app.events` is in the lock of `main`, but not in this lock%0Ahelp: merge `main` if it has changed since this branch began%0Ahelp: restore the released history with `git checkout main -- schemas/schemas.lock`, give each changed definition its next version, and run `kalamtable lock`
    "#]],
    );
}

#[test]
fn base_without_a_lock_has_a_note() {
    let folder = CommandFolder::new();
    git(&folder, &["init", "--quiet"]);
    folder.write("notes.txt", "");
    commit(&folder);
    folder.write("schemas/events.toml", EVENTS);
    success(&folder.run(&["lock"]));
    check_base(
        &folder,
        "main",
        expect![[r#"
        exit: 0
        stdout:
        1 file, 1 table, 2 columns: no problems
        note: `main` has no lock `schemas/schemas.lock`, so the history was not compared with it
    "#]],
    );
    let output = folder.run(&["check", "--base", "main", "--format", "json"]);
    assert!(shown(&output).contains("\"versions\": null"));
    commit(&folder);
    let output = folder.run(&["check", "--base", "main", "--format", "json"]);
    assert!(shown(&output).contains("\"versions\": 1"));
}

#[test]
fn damaged_lock_of_the_base_is_a_problem() {
    let folder = repository();
    let path = folder.path().join("schemas/schemas.lock");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("<<<<<<< HEAD\n{text}")).unwrap();
    commit(&folder);
    fs::write(&path, text).unwrap();
    check_base(
        &folder,
        "main",
        expect![[r#"
            exit: 1
            stderr:
            error[KT1405]: the lock has the conflict markers of a merge
             --> main:schemas/schemas.lock:1:1
              |
            1 | <<<<<<< HEAD
              | ^^^^^^^
              |
              = help: correct the lock in `main` first

            1 problem found
        "#]],
    );
}

#[test]
fn base_that_does_not_exist_exits_with_2() {
    let folder = repository();
    check_base(
        &folder,
        "mian",
        expect![[r#"
        exit: 2
        stderr:
        error: `mian` is not a git revision
          help: name the branch that the change is merged into, such as `origin/main`
    "#]],
    );
    check_base(
        &folder,
        "--all",
        expect![[r#"
        exit: 2
        stderr:
        error: unexpected argument '--all' found

          tip: to pass '--all' as a value, use '-- --all'

        Usage: kalamtable check [OPTIONS] [PATH]...

        For more information, try '--help'.
    "#]],
    );
    let mut command = folder.command(&["check", "--base", "main"]);
    command.env("PATH", folder.path());
    check(
        &command.output().unwrap(),
        expect![[r#"
        exit: 2
        stderr:
        error: git is not installed, or not in `PATH`
          help: install git, or run the command without `--base`
    "#]],
    );
}

#[test]
fn base_outside_of_a_repository_exits_with_2() {
    let folder = CommandFolder::new();
    folder.write("schemas/events.toml", EVENTS);
    let mut command = folder.command(&["check", "--base", "main"]);
    command.env("GIT_CEILING_DIRECTORIES", folder.path().parent().unwrap());
    check(
        &command.output().unwrap(),
        expect![[r#"
        exit: 2
        stderr:
        error: `schemas` is not in a git repository
          help: run the command in a clone, or run the command without `--base`
    "#]],
    );
}

#[test]
fn base_that_a_shallow_clone_lacks_exits_with_2() {
    let folder = repository();
    git(&folder, &["tag", "v1"]);
    lock_version(&folder, 2, &[("left", 3)]);
    commit(&folder);
    let origin = format!("file://{}", folder.path().display());
    let arguments = [
        "clone",
        "--quiet",
        "--depth=1",
        "--no-tags",
        &origin,
        "clone",
    ];
    git(&folder, &arguments);
    check(
        &folder.run(&["check", "clone/schemas", "--base", "v1"]),
        expect![[r#"
            exit: 2
            stderr:
            error: revision `v1` is not in this shallow clone
              help: fetch the whole history: `git fetch --unshallow`, or `fetch-depth: 0` of `actions/checkout`
        "#]],
    );
    // The repository is that of the lock.
    success(&folder.run(&["check", "clone/schemas", "--base", "HEAD"]));
}
