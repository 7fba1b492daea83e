// SPDX-License-Identifier: Apache-2.0

//! Invalid definitions with their complete messages, and similar definitions that are valid.

mod golden;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use kalamtable_build::load;
use kalamtable_model::{AnyRule, Rule, Style, render};

/// Returns the files and folders in `tests/<folder>`, each of which is loaded separately.
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
fn bad_definitions_fail_with_the_expected_messages() {
    let mut golden = golden::Golden::new();
    for path in fixtures("bad") {
        let loaded = load(&[&path]);
        assert!(
            !loaded.diagnostics.is_empty(),
            "{} has no problems",
            path.display()
        );
        let output = render(&loaded.diagnostics, &loaded.sources, Style::Plain);
        golden.check(&path.with_extension("stderr"), &output);
    }
    golden.finish(Path::new("tests/bad"));
}

#[test]
fn warnings_do_not_make_a_definition_invalid() {
    let mut golden = golden::Golden::new();
    for path in fixtures("warned") {
        let loaded = load(&[&path]);
        let problems = render(&loaded.diagnostics, &loaded.sources, Style::Plain);
        assert!(problems.is_empty(), "{problems}");
        assert_eq!(loaded.tables.len(), 1);
        let output = render(&loaded.warnings, &loaded.sources, Style::Plain);
        golden.check(&path.with_extension("stderr"), &output);
    }
    golden.finish(Path::new("tests/warned"));
}

#[test]
fn good_definitions_have_the_expected_canonical_text() {
    let mut golden = golden::Golden::new();
    for path in fixtures("good") {
        let loaded = load(&[&path]);
        let problems = render(&loaded.diagnostics, &loaded.sources, Style::Plain);
        assert!(problems.is_empty(), "{problems}");
        let warnings = render(&loaded.warnings, &loaded.sources, Style::Plain);
        assert!(warnings.is_empty(), "{warnings}");
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
fn each_rule_has_a_fixture_that_breaks_it() {
    // The tests in `load.rs` break these rules, which need other files or folders.
    let elsewhere = [
        Rule::PathNotFound,
        Rule::NoDefinitions,
        Rule::FolderNamedLikeFile,
        Rule::Unreadable,
        Rule::FileTooLarge,
        Rule::LinkLoop,
        Rule::NotAFile,
        // `kalamtable fmt --check` reports this rule.
        Rule::NotFormatted,
    ];
    let mut broken: BTreeSet<Rule> = elsewhere.into();
    for path in [fixtures("bad"), fixtures("warned")].concat() {
        let loaded = load(&[path]);
        let diagnostics = loaded.diagnostics.iter().chain(&loaded.warnings);
        broken.extend(diagnostics.filter_map(|diagnostic| match diagnostic.rule {
            AnyRule::Definition(rule) => Some(rule),
            AnyRule::Evolution(_) | AnyRule::Lock(_) => None,
        }));
    }
    let never: Vec<_> = Rule::ALL
        .iter()
        .filter(|rule| !broken.contains(rule))
        .collect();
    assert!(never.is_empty(), "no fixture breaks {never:?}");
}
