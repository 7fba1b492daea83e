// SPDX-License-Identifier: Apache-2.0

//! Merges of branches that change definitions and their lock, with git.

use std::fs;
use std::path::Path;
use std::process::Command;

use expect_test::expect;
use kalamtable_build::{load, lock_path, read_lock, write_lock};
use kalamtable_model::{
    Diagnostic, ReleaseContext, SchemaLock, Sources, Style, check_lock, next_lock, render,
};
use tempfile::TempDir;

/// A repository with the branches `main`, `left` and `right`.
struct Repository {
    folder: TempDir,
}

impl Repository {
    /// Creates a repository whose `main` has the given tables, each with version 1.
    fn new(tables: &[&str]) -> Self {
        let repository = Repository {
            folder: tempfile::tempdir().unwrap(),
        };
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        for table in tables {
            repository.define(table, 1, "");
        }
        write_lock(&lock_path(repository.path()), &SchemaLock::new()).unwrap();
        repository.lock();
        repository.commit();
        repository
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Runs git, and returns whether it succeeded.
    fn git(&self, arguments: &[&str]) -> bool {
        let output = Command::new("git")
            .args(["-c", "user.name=test", "-c", "user.email=test@localhost"])
            .args(arguments)
            .current_dir(self.path())
            // The settings of the user do not matter.
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .output()
            .unwrap();
        output.status.success()
    }

    fn commit(&self) {
        assert!(self.git(&["add", "--all"]));
        assert!(self.git(&["commit", "--quiet", "--message=change"]));
    }

    /// Writes the definition of `app.TABLE`.
    fn define(&self, table: &str, version: u32, columns: &str) {
        let text = format!(
            "name = \"app.{table}\"\nversion = {version}\nprimary_key = [\"id\"]\n\n\
             [columns]\nid = {{ id = 1, type = \"bigint\" }}\n{columns}"
        );
        fs::write(self.path().join(format!("{table}.toml")), text).unwrap();
    }

    fn read(&self) -> (Sources, Result<SchemaLock, Vec<Diagnostic>>) {
        let mut sources = Sources::new();
        let lock = read_lock(&lock_path(self.path()), &mut sources);
        (sources, lock)
    }

    /// Locks the definitions.
    fn lock(&self) {
        let loaded = load(&[self.path()]);
        let lock = self.read().1.unwrap();
        let next = next_lock(&loaded.tables, &lock, &ReleaseContext::new(0)).unwrap();
        write_lock(&lock_path(self.path()), &next.lock).unwrap();
    }

    /// Makes a change on a branch that starts at `main`.
    fn branch(&self, name: &str, change: impl Fn(&Repository)) {
        assert!(self.git(&["checkout", "--quiet", "main"]));
        assert!(self.git(&["checkout", "--quiet", "-b", name]));
        change(self);
        self.lock();
        self.commit();
    }

    /// Merges `right` into `left`, and returns whether there was no conflict.
    fn merge(&self) -> bool {
        assert!(self.git(&["checkout", "--quiet", "left"]));
        self.git(&["merge", "--quiet", "--no-edit", "right"])
    }

    /// Checks that the definitions are those of the lock.
    fn is_up_to_date(&self) {
        let loaded = load(&[self.path()]);
        let (sources, lock) = self.read();
        let problems = match lock {
            Ok(lock) => check_lock(&loaded.tables, &lock, &ReleaseContext::new(0)),
            Err(problems) => problems,
        };
        assert!(
            problems.is_empty(),
            "{}",
            render(&problems, &sources, Style::Plain)
        );
    }

    fn lock_text(&self) -> String {
        fs::read_to_string(lock_path(self.path())).unwrap()
    }
}

const NOTE: &str = "note = { id = 2, type = \"text\", nullable = true }\n";
const SIZE: &str = "size = { id = 2, type = \"int\", nullable = true }\n";

#[test]
fn changes_of_different_tables_merge() {
    let repository = Repository::new(&["a", "b"]);
    repository.branch("left", |it| it.define("a", 2, NOTE));
    repository.branch("right", |it| it.define("b", 2, SIZE));
    assert!(repository.merge());
    repository.is_up_to_date();
}

#[test]
fn added_table_and_change_of_its_neighbour_merge() {
    for neighbour in ["a", "c"] {
        let repository = Repository::new(&["a", "c"]);
        repository.branch("left", |it| it.define("b", 1, NOTE));
        repository.branch("right", |it| it.define(neighbour, 2, SIZE));
        assert!(repository.merge(), "{neighbour}");
        repository.is_up_to_date();
    }
}

#[test]
fn tables_added_at_different_places_merge() {
    let repository = Repository::new(&["b", "d"]);
    repository.branch("left", |it| it.define("a", 1, NOTE));
    repository.branch("right", |it| it.define("c", 1, SIZE));
    assert!(repository.merge());
    repository.is_up_to_date();
}

#[test]
fn several_versions_on_both_branches_merge() {
    let repository = Repository::new(&["a", "b", "c"]);
    repository.branch("left", |it| {
        it.define("a", 2, NOTE);
        it.lock();
        it.commit();
        it.define("a", 3, &NOTE.replace("text\"", "text\", comment = \"c\""));
        it.define("c", 2, NOTE);
    });
    repository.branch("right", |it| {
        it.define("b", 2, NOTE);
        it.lock();
        it.commit();
        it.define("b", 3, &format!("{NOTE}{}", SIZE.replace('2', "3")));
    });
    assert!(repository.merge());
    repository.is_up_to_date();
}

#[test]
fn changes_of_one_table_conflict_in_its_versions() {
    let repository = Repository::new(&["a", "b"]);
    repository.branch("left", |it| it.define("a", 2, NOTE));
    repository.branch("right", |it| it.define("a", 2, SIZE));
    assert!(!repository.merge());
    let text = repository.lock_text();
    let start = text.find("<<<<<<<").unwrap();
    let end = text.find(">>>>>>>").unwrap();
    let conflict: Vec<String> = text[start..end]
        .lines()
        .map(
            |line| match line.len() > 64 && line.starts_with("version") {
                true => "version 2 HASH".to_string(),
                false => line.to_string(),
            },
        )
        .collect();
    expect![[r#"
        <<<<<<< HEAD
        version 2 HASH
        + columns.note = { id = 2, type = "text", nullable = true }
        =======
        version 2 HASH
        + columns.size = { id = 2, type = "int", nullable = true }"#]]
    .assert_eq(&conflict.join("\n"));
    assert_eq!(text.matches("<<<<<<<").count(), 1);
    let problems = repository.read().1.unwrap_err();
    assert_eq!(problems[0].rule.name(), "lock-conflict");

    // The right branch was released: its version stays, and the change of the left one follows it.
    assert!(repository.git(&["checkout", "--theirs", "schemas.lock"]));
    repository.define("a", 3, &format!("{SIZE}{}", NOTE.replace('2', "3")));
    repository.lock();
    repository.commit();
    repository.is_up_to_date();
    assert!(
        repository
            .lock_text()
            .contains("\ntable app.a\nversions 3\n")
    );
}

#[test]
fn tables_added_at_one_place_conflict_and_can_both_be_kept() {
    let repository = Repository::new(&["a", "d"]);
    repository.branch("left", |it| it.define("b", 1, NOTE));
    repository.branch("right", |it| it.define("c", 1, SIZE));
    assert!(!repository.merge());
    let problems = repository.read().1.unwrap_err();
    assert_eq!(problems[0].rule.name(), "lock-conflict");
    // Takes one side, and locks the table of the other one again.
    assert!(repository.git(&["checkout", "--ours", "schemas.lock"]));
    repository.lock();
    repository.commit();
    repository.is_up_to_date();
}

#[test]
fn lines_that_git_converts_are_accepted() {
    let repository = Repository::new(&["a"]);
    let text = repository.lock_text();
    fs::write(lock_path(repository.path()), text.replace('\n', "\r\n")).unwrap();
    repository.is_up_to_date();
    assert_eq!(repository.read().1.unwrap().to_text(), text);
}
