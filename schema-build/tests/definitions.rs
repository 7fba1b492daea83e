// SPDX-License-Identifier: Apache-2.0

//! Definitions that are refused, each with the whole of what its author is told, and neighbours
//! that are taken.

mod golden;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use kalamtable_build::load;
use kalamtable_model::{Rule, Style, render};

/// Files and folders directly in `tests/<folder>` that are to be loaded, each on its own.
fn fixtures(folder: &str) -> Vec<PathBuf> {
    let mut fixtures: Vec<PathBuf> = Path::new("tests")
        .join(folder)
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir() || path.extension().is_some_and(|it| it == "toml"))
        .collect();
    fixtures.sort();
    fixtures
}

#[test]
fn bad_definitions_are_refused_with_the_expected_words() {
    let mut golden = golden::Golden::new();
    for path in fixtures("bad") {
        let loaded = load(&[&path]);
        assert!(
            !loaded.diagnostics.is_empty(),
            "{} is taken",
            path.display()
        );
        let output = render(&loaded.diagnostics, &loaded.sources, Style::Plain);
        golden.check(&path.with_extension("stderr"), &output);
    }
    golden.finish(Path::new("tests/bad"));
}

#[test]
fn good_definitions_are_taken_and_written_back_the_same() {
    let mut golden = golden::Golden::new();
    for path in fixtures("good") {
        let loaded = load(&[&path]);
        let problems = render(&loaded.diagnostics, &loaded.sources, Style::Plain);
        assert!(problems.is_empty(), "{problems}");
        for table in &loaded.tables {
            golden.check(
                &path.with_extension("canonical"),
                &table.definition.to_toml(),
            );
        }
    }
    golden.finish(Path::new("tests/good"));
}

#[test]
fn each_rule_is_broken_by_a_fixture() {
    // Those that need a file system of their own are in `load.rs`.
    let elsewhere = [
        Rule::PathNotFound,
        Rule::NoDefinitions,
        Rule::FolderNamedLikeFile,
        Rule::Unreadable,
        Rule::FileTooLarge,
        Rule::LinkLoop,
        Rule::NotAFile,
    ];
    let mut broken: BTreeSet<Rule> = elsewhere.into();
    for path in fixtures("bad") {
        broken.extend(
            load(&[path])
                .diagnostics
                .iter()
                .map(|diagnostic| diagnostic.rule),
        );
    }
    let never: Vec<_> = Rule::ALL
        .iter()
        .filter(|rule| !broken.contains(rule))
        .collect();
    assert!(never.is_empty(), "no fixture breaks {never:?}");
}
