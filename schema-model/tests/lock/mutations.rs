// SPDX-License-Identifier: Apache-2.0

//! Random edits of a lock: each is an error, or leaves the history unchanged. Nothing panics.

use kalamtable_model::{SchemaLock, SourceFile, Sources, Style, render};
use proptest::prelude::*;

use super::project::{Project, table};

/// Returns a lock with every kind of line.
fn lock() -> String {
    let a = "a = { id = 2, type = \"text\" }\n";
    let b = "b = { id = 3, type = \"struct<#4 x: int>\", nullable = true }\n";
    let mut project = Project::locked(&[&[table("t", 1, &format!("{a}{b}")), table("u", 3, a)]]);
    project
        .lock_accepting(&[table("t", 2, &format!("{b}{a}")), table("u", 3, a)])
        .lock_accepting(&[table("t", 3, &b.replace("b =", "c =")), table("v", 4, "renamed_from = \"app.u\"\n[columns]\n")])
        .lock_accepting(&[table("v", 4, "")])
        .edit("levels = [\"sql\", \"storage\"]\n[[accept]]\nrule = \"column-renamed\"\ntable = \"app.v\"\ncolumn = \"x\"\nreason = \"r\"\nexpires = 2027-01-31\n\n[[yanked]]\ntable = \"app.t\"\nversion = 2\nreason = \"r\"\n");
    project.lock
}

/// Returns the part of a lock that is not edited by hand.
fn history(lock: &str) -> &str {
    lock.find("---- history").map_or("", |start| &lock[start..])
}

/// Parses an edited lock. If it is valid, its history is that of `original`.
fn check(original: &str, text: &str) -> bool {
    let mut sources = Sources::new();
    let source = sources.push(SourceFile::new("schemas.lock", text));
    match SchemaLock::parse(&sources, source) {
        Ok(lock) => {
            let written = lock.to_text();
            assert_eq!(history(&written), history(original), "{text}");
            true
        }
        Err(problems) => {
            assert!(!problems.is_empty());
            assert!(
                problems.iter().all(|problem| !problem.help.is_empty()),
                "{problems:?}"
            );
            assert!(!render(&problems, &sources, Style::Plain).is_empty());
            false
        }
    }
}

#[test]
fn lock_with_every_kind_of_line_is_valid() {
    let lock = lock();
    for line in [
        "accepted ",
        "order ",
        "dropped",
        "- columns",
        "+ columns",
        "contains ",
    ] {
        assert!(lock.contains(&format!("\n{line}")), "{line}\n{lock}");
    }
    assert!(check(&lock, &lock));
}

#[test]
fn each_line_can_be_deleted_repeated_or_swapped() {
    let lock = lock();
    let lines: Vec<&str> = lock.split_inclusive('\n').collect();
    for at in 0..lines.len() {
        let mut deleted = lines.clone();
        deleted.remove(at);
        check(&lock, &deleted.concat());
        let mut repeated = lines.clone();
        repeated.insert(at, lines[at]);
        check(&lock, &repeated.concat());
        for other in at + 1..lines.len() {
            let mut swapped = lines.clone();
            swapped.swap(at, other);
            check(&lock, &swapped.concat());
        }
    }
}

#[test]
fn each_range_of_lines_can_be_deleted() {
    let lock = lock();
    let lines: Vec<&str> = lock.split_inclusive('\n').collect();
    let start = lines
        .iter()
        .position(|line| line.starts_with("----"))
        .unwrap();
    for from in start + 1..lines.len() {
        for to in from + 1..=lines.len() {
            let text = [&lines[..from], &lines[to..]].concat().concat();
            check(&lock, &text);
        }
    }
}

#[test]
fn each_byte_can_be_deleted_or_replaced() {
    let lock = lock();
    assert!(lock.is_ascii());
    for at in 0..lock.len() {
        check(&lock, &lock[..at]);
        let (before, after) = (&lock[..at], &lock[at + 1..]);
        for byte in ["", " ", "\n", "\r", "\"", "0", "a", "-", "é"] {
            check(&lock, &format!("{before}{byte}{after}"));
        }
    }
}

#[derive(Clone, Debug)]
enum Edit {
    Bytes(prop::sample::Index, prop::sample::Index, String),
    Move(
        prop::sample::Index,
        prop::sample::Index,
        prop::sample::Index,
    ),
    Copy(prop::sample::Index, prop::sample::Index),
}

fn edit() -> impl Strategy<Value = Edit> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        (
            index(),
            index(),
            ".{0,4}|[0-9a-f]{1,3}|(\n|[+] |- |end |version |dropped|order 1 2){0,3}"
        )
            .prop_map(|(start, length, text)| Edit::Bytes(start, length, text)),
        (index(), index(), index()).prop_map(|(from, length, to)| Edit::Move(from, length, to)),
        (index(), index()).prop_map(|(from, to)| Edit::Copy(from, to)),
    ]
}

fn apply(text: &mut String, edit: &Edit) {
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_string).collect();
    if lines.is_empty() {
        return;
    }
    match edit {
        Edit::Bytes(start, length, new) => {
            let start = text.floor_char_boundary(start.index(text.len()));
            let end = text.floor_char_boundary((start + length.index(8)).min(text.len()));
            text.replace_range(start..end, new);
            return;
        }
        Edit::Move(from, length, to) => {
            let from = from.index(lines.len());
            let end = (from + length.index(6) + 1).min(lines.len());
            let moved: Vec<String> = lines.drain(from..end).collect();
            let to = to.index(lines.len() + 1);
            lines.splice(to..to, moved);
        }
        Edit::Copy(from, to) => {
            let line = lines[from.index(lines.len())].clone();
            let to = to.index(lines.len());
            lines[to] = line;
        }
    }
    *text = lines.concat();
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4000) })]

    #[test]
    fn edited_locks_are_rejected_or_unchanged(edits in prop::collection::vec(edit(), 1..4)) {
        thread_local! {
            static LOCK: String = lock();
        }
        LOCK.with(|lock| {
            let mut text = lock.clone();
            for edit in &edits {
                apply(&mut text, edit);
            }
            check(lock, &text);
        });
    }
}
