// SPDX-License-Identifier: Apache-2.0

//! Edits of a lock: each is an error, or leaves the history unchanged. Nothing panics, even if an
//! edited history has valid hashes.

use kalamtable_model::{
    ReleaseContext, SchemaLock, SourceFile, Sources, Style, check_lock, next_lock, render,
};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::project::{Project, TODAY, definitions, table};

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

/// Computes the hash of each version from the edited lines.
fn with_hashes(text: &str) -> String {
    let mut out: Vec<String> = Vec::new();
    let mut previous = String::new();
    let lines: Vec<&str> = text.lines().collect();
    for (at, line) in lines.iter().enumerate() {
        if line.starts_with("table ") {
            previous = line.to_string();
        }
        let version = line.strip_prefix("version ");
        let Some(rest) = version.filter(|rest| !rest.starts_with('=')) else {
            out.push(line.to_string());
            continue;
        };
        let number = rest.split(' ').next().unwrap();
        let is_body = |line: &&&str| {
            ["+ ", "- ", "accepted ", "order "]
                .iter()
                .any(|it| line.starts_with(it))
                || **line == "dropped"
        };
        let mut hashed = format!("{previous}\nversion {number}\n");
        for line in lines[at + 1..].iter().take_while(is_body) {
            hashed += line;
            hashed.push('\n');
        }
        let digest = Sha256::digest(hashed);
        previous = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        out.push(format!("version {number} {previous}"));
    }
    out.join("\n")
}

/// Uses all parts of a lock whose hashes are valid.
fn survive(text: &str) -> bool {
    let mut sources = Sources::new();
    let source = sources.push(SourceFile::new("schemas.lock", text));
    let Ok(lock) = SchemaLock::parse(&sources, source) else {
        return false;
    };
    let tables = definitions(&mut sources, &[table("t", 5, ""), table("w", 1, "")]);
    let context = ReleaseContext::new(TODAY);
    let problems = check_lock(&tables, &lock, &context);
    render(&problems, &sources, Style::Plain);
    if let Ok(next) = next_lock(&tables, &lock, &context) {
        next.lock.to_text();
    }
    for locked in lock.tables() {
        for version in locked.versions() {
            let _ = locked.checked_table(version.number);
        }
        if let Ok(definitions) = locked.definitions() {
            definitions.iter().for_each(|it| drop(it.to_toml()));
        }
    }
    true
}

#[test]
fn hashes_of_the_test_are_those_of_the_lock() {
    let lock = lock();
    assert_eq!(with_hashes(&lock), lock.trim_end());
    assert!(survive(&with_hashes(&lock)));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

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

    #[test]
    fn forged_locks_do_not_panic(edits in prop::collection::vec(edit(), 1..4)) {
        thread_local! {
            static LOCK: String = lock();
        }
        LOCK.with(|lock| {
            let mut text = lock.clone();
            for edit in &edits {
                apply(&mut text, edit);
            }
            survive(&with_hashes(&text));
        });
    }

    #[test]
    fn text_does_not_panic(header in "[\\[\\]{}='\"a-f0-9.,#\n\\\\ -]{0,60}", text in "(\\PC|\n){0,80}") {
        survive(&text);
        survive(&format!("format = 1\n{header}"));
        let line = "---- history: written by `kalamtable lock`, do not edit below this line ----";
        survive(&format!("format = 1\n{header}\n{line}\n{text}"));
    }
}
