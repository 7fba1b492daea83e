// SPDX-License-Identifier: Apache-2.0

//! Runs the chapter `docs/schema-changes.md` in an empty folder: writes the files that it shows, runs
//! its commands, and compares their output.
//!
//! A block with a path after its language is the content of that file. If the path ends with `+`, the
//! content is inserted after the line that begins with `format`. A `console` block contains
//! commands after `$`, each followed by its output and, if it fails, its exit code. The environment
//! variable `UPDATE_EXPECT` replaces the outputs in the chapter.

#![cfg(unix)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A block of code in the chapter.
enum Block<'a> {
    File { path: &'a str, content: String },
    Console { lines: Vec<&'a str> },
    Other { lines: Vec<&'a str> },
}

/// The chapter as text outside of blocks, and blocks with the line that opens each.
enum Part<'a> {
    Text(&'a str),
    Code { opening: &'a str, block: Block<'a> },
}

fn parts(chapter: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut lines = chapter.lines();
    while let Some(line) = lines.next() {
        let Some(info) = line.strip_prefix("```") else {
            parts.push(Part::Text(line));
            continue;
        };
        let content: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        let block = match info.split_once(' ') {
            Some((_, path)) => Block::File {
                path,
                content: content.join("\n") + "\n",
            },
            None if info == "console" => Block::Console { lines: content },
            None => Block::Other { lines: content },
        };
        parts.push(Part::Code {
            opening: line,
            block,
        });
    }
    parts
}

/// Writes or extends a file.
fn write(folder: &Path, path: &str, content: &str) {
    let Some(path) = path.strip_suffix('+') else {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).unwrap();
        return fs::write(path, content).unwrap();
    };
    let path = folder.join(path);
    let text = fs::read_to_string(&path).unwrap();
    let format = text.find("\nformat").map(|at| at + 1).expect("a lock");
    let end = format + text[format..].find('\n').expect("a line") + 1;
    let (before, after) = text.split_at(end);
    fs::write(path, format!("{before}{content}\n{after}")).unwrap();
}

/// Runs a command with the shell, and returns its output as the chapter shows it.
fn run(folder: &Path, command: &str) -> String {
    let binary = Path::new(env!("CARGO_BIN_EXE_kalamtable"));
    let binaries = binary.parent().expect("a folder");
    let search_path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new("sh")
        .args(["-c", &format!("{{ {command}\n}} 2>&1")])
        .current_dir(folder)
        .env("PATH", format!("{}:{search_path}", binaries.display()))
        .env("HOME", folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_AUTHOR_NAME", "Ann")
        .env("GIT_AUTHOR_EMAIL", "ann@example.com")
        .env("GIT_COMMITTER_NAME", "Ann")
        .env("GIT_COMMITTER_EMAIL", "ann@example.com")
        // 2026-12-01.
        .env("SOURCE_DATE_EPOCH", "1796083200")
        .output()
        .expect("the shell runs");
    let mut text = String::from_utf8(output.stdout).expect("UTF-8");
    match output.status.code() {
        Some(0) => {}
        Some(code) => text += &format!("[exit code {code}]\n"),
        None => text += "[killed]\n",
    }
    text
}

/// Returns the chapter with the outputs that its commands have in an empty folder.
fn executed(chapter: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut result = String::new();
    let mut push = |line: &str| {
        result.push_str(line);
        result.push('\n');
    };
    for part in parts(chapter) {
        let (opening, block) = match part {
            Part::Text(line) => {
                push(line);
                continue;
            }
            Part::Code { opening, block } => (opening, block),
        };
        push(opening);
        match block {
            Block::File { path, content } => {
                write(folder.path(), path, &content);
                content.lines().for_each(&mut push);
            }
            Block::Console { lines } => {
                let commands = lines.iter().filter_map(|line| line.strip_prefix("$ "));
                for command in commands {
                    push(&format!("$ {command}"));
                    run(folder.path(), command).lines().for_each(&mut push);
                }
            }
            Block::Other { lines } => lines.into_iter().for_each(&mut push),
        }
        push("```");
    }
    result
}

#[test]
fn chapter_shows_the_outputs_of_its_commands() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/schema-changes.md");
    let chapter = fs::read_to_string(&path).unwrap();
    let executed = executed(&chapter);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&path, executed).unwrap();
        return;
    }
    let mut lines = chapter.lines().zip(executed.lines()).enumerate();
    if let Some((index, (written, found))) = lines.find(|(_, (a, b))| a != b) {
        panic!(
            "docs/schema-changes.md:{}: the chapter has `{written}`, and the command has written \
             `{found}`\n\n{executed}",
            index + 1
        );
    }
    assert_eq!(chapter, executed);
}

#[test]
fn chapter_covers_each_kind_of_change() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/schema-changes.md");
    let chapter = fs::read_to_string(path).unwrap();
    let headings: Vec<&str> = chapter
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .collect();
    for kind in [
        "Add a column",
        "Rename a column",
        "Drop a column",
        "Widen a type",
        "Narrow a type",
        "Accept a change",
        "An acknowledgment expires",
        "Merge two branches",
        "Withdraw a released version",
    ] {
        assert!(headings.contains(&kind), "{kind}: {headings:?}");
    }
}
