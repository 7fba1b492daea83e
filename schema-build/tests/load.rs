// SPDX-License-Identifier: Apache-2.0

//! Folders and files that are not definitions, with the complete messages.

use std::fs;
use std::path::Path;

use expect_test::{Expect, expect};
use kalamtable_build::{LoadedDefinitions, load};
use kalamtable_model::{Style, render};
use tempfile::TempDir;

const TABLE: &str = "\
name = \"app.jobs\"
primary_key = [\"id\"]

[columns]
id = { id = 1, type = \"bigint\" }
";

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// Returns all messages, with `DIR` for the path of the folder.
fn messages(loaded: &LoadedDefinitions, folder: &Path) -> String {
    render(&loaded.diagnostics, &loaded.sources, Style::Plain)
        .replace(folder.to_str().unwrap(), "DIR")
}

fn check(folder: &Path, expected: Expect) {
    expected.assert_eq(&messages(&load(&[folder]), folder));
}

#[test]
fn missing_path() {
    let dir = folder();
    let loaded = load(&[dir.path().join("schemas")]);
    expect![[r#"
        error[KT0001]: no such file or folder
        --> DIR/schemas
         = help: check the path, and the folder that it is relative to
    "#]]
    .assert_eq(&messages(&loaded, dir.path()));
    assert_eq!(loaded.inputs, [dir.path().join("schemas")]);
}

#[test]
fn empty_list_of_paths() {
    let loaded = load(&[] as &[&str]);
    expect![[r#"
        error[KT0002]: no folder of definitions is given
        -->
         = help: name a folder or a file
    "#]]
    .assert_eq(&render(&loaded.diagnostics, &loaded.sources, Style::Plain));
}

#[test]
fn folder_without_definitions() {
    let dir = folder();
    fs::write(dir.path().join("README.md"), "nothing").unwrap();
    fs::write(dir.path().join(".hidden.toml"), TABLE).unwrap();
    fs::create_dir_all(dir.path().join("empty")).unwrap();
    check(
        dir.path(),
        expect![[r#"
            error[KT0002]: the folder and its subfolders contain no `.toml` file
            --> DIR
             = help: describe a table, for example in `DIR/app/users.toml`
        "#]],
    );
}

#[test]
fn folder_named_like_a_file() {
    let dir = folder();
    fs::create_dir(dir.path().join("jobs.toml")).unwrap();
    fs::write(dir.path().join("jobs.toml/jobs.toml"), TABLE).unwrap();
    check(
        dir.path(),
        expect![[r#"
            error[KT0003]: the name of the folder ends in `.toml`
            --> DIR/jobs.toml
             = help: rename the folder: only definition files have this extension
        "#]],
    );
}

#[test]
fn file_of_two_mebibytes() {
    let dir = folder();
    let text = format!("{TABLE}# {}\n", "x".repeat(2 * 1024 * 1024));
    fs::write(dir.path().join("jobs.toml"), text).unwrap();
    check(
        dir.path(),
        expect![[r#"
            error[KT0008]: the file has 2097238 bytes, more than the maximum of 1048576
            --> DIR/jobs.toml
             = help: a definition describes one table: split the file, or move it elsewhere
        "#]],
    );
}

#[test]
fn problems_of_all_files_are_shown_by_path() {
    let dir = folder();
    fs::create_dir(dir.path().join("b")).unwrap();
    fs::write(dir.path().join("c.toml"), TABLE).unwrap();
    fs::write(dir.path().join("b/z.toml"), TABLE).unwrap();
    fs::write(dir.path().join("a.toml"), "").unwrap();
    check(
        dir.path(),
        expect![[r#"
            error[KT0007]: the file is empty
            --> DIR/a.toml
             = help: delete it, or describe a table:
                     name        = "namespace.table"
                     primary_key = ["id"]

                     [columns]
                     id = { id = 1, type = "bigint" }

            error[KT0901]: table `app.jobs` is defined twice
             --> DIR/c.toml:1:8
              |
            1 | name = "app.jobs"
              |        ^^^^^^^^^^
              |
             ::: DIR/b/z.toml:1:8
              |
            1 | name = "app.jobs"
              |        ---------- first here
              |
              = help: rename one of the two, or delete its file
        "#]],
    );
}

#[test]
fn file_and_its_folder_are_read_once() {
    let dir = folder();
    fs::write(dir.path().join("jobs.toml"), TABLE).unwrap();
    let slash = format!("{}/", dir.path().display());
    let loaded = load(&[
        dir.path().join("jobs.toml"),
        dir.path().into(),
        slash.into(),
    ]);
    assert_eq!(messages(&loaded, dir.path()), "");
    assert_eq!(loaded.tables.len(), 1);
}

#[test]
fn inputs_are_all_folders_and_definitions() {
    let dir = folder();
    let path = |name: &str| dir.path().join(name);
    fs::create_dir(path("app")).unwrap();
    fs::create_dir(path("empty")).unwrap();
    fs::write(path("app/jobs.toml"), TABLE).unwrap();
    fs::write(path("app/notes.md"), "").unwrap();
    let loaded = load(&[dir.path()]);
    assert_eq!(messages(&loaded, dir.path()), "");
    let inputs = [path(""), path("app"), path("app/jobs.toml"), path("empty")];
    assert_eq!(loaded.inputs, inputs);
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::symlink;
    use std::process::Command;

    use super::*;

    #[test]
    fn link_to_a_parent_folder_is_a_loop() {
        let dir = folder();
        fs::create_dir(dir.path().join("app")).unwrap();
        fs::write(dir.path().join("app/jobs.toml"), TABLE).unwrap();
        symlink(dir.path(), dir.path().join("app/again")).unwrap();
        check(
            dir.path(),
            expect![[r#"
                error[KT0009]: the symbolic link points to a folder that contains it
                --> DIR/app/again
                 = help: delete the link
            "#]],
        );
    }

    #[test]
    fn links_to_each_other_are_loops() {
        let dir = folder();
        symlink(dir.path().join("b.toml"), dir.path().join("a.toml")).unwrap();
        symlink(dir.path().join("a.toml"), dir.path().join("b.toml")).unwrap();
        check(
            dir.path(),
            expect![[r#"
                error[KT0009]: the symbolic link points to itself
                --> DIR/a.toml
                 = help: delete the link

                error[KT0009]: the symbolic link points to itself
                --> DIR/b.toml
                 = help: delete the link
            "#]],
        );
    }

    #[test]
    fn link_without_a_target() {
        let dir = folder();
        symlink(dir.path().join("missing"), dir.path().join("jobs.toml")).unwrap();
        symlink(dir.path().join("missing"), dir.path().join("notes")).unwrap();
        check(
            dir.path(),
            expect![[r#"
                error[KT0004]: the target of the symbolic link does not exist
                --> DIR/jobs.toml
                 = help: delete the link, or correct its target
            "#]],
        );
    }

    #[test]
    fn linked_folder_is_read() {
        let (dir, elsewhere) = (folder(), folder());
        fs::write(elsewhere.path().join("jobs.toml"), TABLE).unwrap();
        symlink(elsewhere.path(), dir.path().join("app")).unwrap();
        let loaded = load(&[dir.path()]);
        assert_eq!(messages(&loaded, dir.path()), "");
        assert_eq!(loaded.tables.len(), 1);
    }

    #[test]
    fn pipe_is_not_read() {
        let dir = folder();
        let pipe = dir.path().join("jobs.toml");
        assert!(
            Command::new("mkfifo")
                .arg(&pipe)
                .status()
                .unwrap()
                .success()
        );
        check(
            dir.path(),
            expect![[r#"
                error[KT0010]: not a regular file, but a pipe, a socket or a device
                --> DIR/jobs.toml
                 = help: replace it with a regular file, or rename it
            "#]],
        );
    }

    /// Reading this file fails for every user. Root can read any file despite its permissions.
    #[test]
    #[cfg(target_os = "linux")]
    fn unreadable_file() {
        let dir = folder();
        symlink("/proc/self/mem", dir.path().join("jobs.toml")).unwrap();
        check(
            dir.path(),
            expect![[r#"
                error[KT0004]: cannot be read: input/output error (os error 5)
                --> DIR/jobs.toml
                 = help: resolve the error of the operating system, or move the file elsewhere
            "#]],
        );
    }
}
