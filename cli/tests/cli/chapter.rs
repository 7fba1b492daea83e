// SPDX-License-Identifier: Apache-2.0

//! Runs the commands of `docs/schema-changes.md` in an empty folder, and compares their output.
//!
//! A comment before a block of TOML names its file, or the lock to which the block is added. A
//! block `console` contains commands and their output, to which the test adds exit codes other
//! than 0.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;

use expect_test::expect_file;

use crate::support::CommandFolder;

/// The line of a lock after which entries are added.
const FORMAT: &str = "format = 1\n";

#[test]
fn chapter_about_schema_changes_is_up_to_date() {
    let folder = CommandFolder::new();
    fs::remove_dir(folder.path().join("data")).unwrap();
    let chapter = include_str!("../../../docs/schema-changes.md");
    expect_file!["../../../docs/schema-changes.md"].assert_eq(&run(chapter, &folder));
}

/// Clones the last commit into an empty folder. The definitions and the lock pass every check
/// there, and the chapter is up to date.
#[test]
fn fresh_clone_passes_all_checks_and_the_chapter() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    // A published package has no repository.
    if !workspace.join(".git").exists() {
        return;
    }
    let folder = CommandFolder::new();
    let run_all = |commands: &[&str]| {
        let outputs = commands.iter().map(|command| output(command, &folder));
        outputs.collect::<String>()
    };
    let clone = format!("git clone --quiet '{}' clone", workspace.display());
    let shown = run_all(&[
        &clone,
        "cd clone && kalamtable fmt --check",
        "cd clone && kalamtable check",
        "cd clone && kalamtable check --base HEAD",
        "cd clone && kalamtable lock",
        "cd clone && kalamtable diff HEAD",
        "git -C clone diff --exit-code",
    ]);
    assert!(!shown.contains("exit code"), "{shown}");
    assert!(shown.contains("\nschemas.lock is up to date\n"), "{shown}");

    // The commands are those of the working tree, which the last commit may not describe.
    let state = format!(
        "git -C '{}' status --porcelain cli docs schema-build schema-codegen schema-model",
        workspace.display()
    );
    if run_all(&[&state]).lines().count() > 1 {
        return;
    }
    let chapter = folder.path().join("clone/docs/schema-changes.md");
    let chapter = fs::read_to_string(chapter).unwrap();
    let empty = CommandFolder::new();
    fs::remove_dir(empty.path().join("data")).unwrap();
    assert_eq!(run(&chapter, &empty), chapter);
}

/// Returns the text of a chapter with the current output of its commands.
fn run(chapter: &str, folder: &CommandFolder) -> String {
    let mut shown = String::new();
    let mut directive = None;
    let mut lines = chapter.lines();
    while let Some(line) = lines.next() {
        shown.push_str(line);
        shown.push('\n');
        let text = line
            .strip_prefix("<!-- ")
            .and_then(|rest| rest.strip_suffix(" -->"));
        if let Some(text) = text {
            directive = text.split_once(": ");
        }
        if !matches!(line, "```toml" | "```console") {
            continue;
        }
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        if line == "```console" {
            let commands = block.iter().filter_map(|line| line.strip_prefix("$ "));
            let outputs = commands.map(|command| output(command, folder));
            shown.push_str(&outputs.collect::<String>());
        } else {
            let content = block.join("\n") + "\n";
            match directive.take() {
                Some(("file", path)) => drop(folder.write(path, &content)),
                Some(("entry", path)) => add_entry(&folder.path().join(path), &content),
                None => {}
                other => panic!("unknown directive {other:?}"),
            }
            shown.push_str(&content);
        }
        shown.push_str("```\n");
    }
    shown
}

/// Adds an entry to a lock, or a setting.
fn add_entry(path: &Path, entry: &str) {
    let text = fs::read_to_string(path).unwrap();
    let (before, after) = text.split_once(FORMAT).unwrap();
    fs::write(path, format!("{before}{FORMAT}\n{entry}{after}")).unwrap();
}

/// Runs a command in a shell, and shows it with its output.
fn output(command: &str, folder: &CommandFolder) -> String {
    let binary = Path::new(env!("CARGO_BIN_EXE_kalamtable"));
    let mut path = OsString::from(binary.parent().unwrap());
    path.push(":");
    path.push(env::var_os("PATH").unwrap_or_default());
    let output = Command::new("sh")
        .args(["-c", command])
        .current_dir(folder.path())
        .env("PATH", path)
        .env("HOME", folder.path())
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_AUTHOR_NAME", "A")
        .env("GIT_AUTHOR_EMAIL", "a@example.com")
        .env("GIT_COMMITTER_NAME", "A")
        .env("GIT_COMMITTER_EMAIL", "a@example.com")
        .env("LC_ALL", "C")
        // 2026-12-01.
        .env("SOURCE_DATE_EPOCH", "1796083200")
        .output()
        .unwrap();
    let mut shown = format!("$ {command}\n");
    for bytes in [&output.stdout, &output.stderr] {
        shown.push_str(std::str::from_utf8(bytes).unwrap());
    }
    if !output.status.success() {
        shown.push_str(&format!("exit code: {}\n", output.status.code().unwrap()));
    }
    shown
}
