// SPDX-License-Identifier: Apache-2.0

//! The list of changes in `data/evolution_rules.toml`: each has rules, or a reason for having none,
//! and each difference between its verdicts and those of its rules has a reason.

#[path = "support/versions.rs"]
mod support;

use std::collections::BTreeSet;

use kalamtable_model::{
    AnyRule, Direction, EvolutionProblem, EvolutionRule, Level, TableDefinition, compare_versions,
};
use support::{columns, types, versions};

/// A line of the list.
struct Change {
    section: String,
    change: String,
    verdicts: Option<Vec<String>>,
    rules: Vec<String>,
    deviation: Option<String>,
    absent: Option<String>,
    changes: Vec<String>,
    allowed: Vec<String>,
}

fn changes() -> Vec<Change> {
    let root: toml::Table = include_str!("data/evolution_rules.toml").parse().unwrap();
    let mut changes = Vec::new();
    for (section, lines) in &root {
        for line in lines.as_array().unwrap() {
            let line = line.as_table().unwrap();
            let text = |key: &str| line.get(key).map(|text| text.as_str().unwrap().to_string());
            let list = |key: &str| {
                let list = line.get(key)?.as_array().unwrap().iter();
                Some(
                    list.map(|text| text.as_str().unwrap().to_string())
                        .collect::<Vec<_>>(),
                )
            };
            let keys = [
                "change",
                "verdicts",
                "rules",
                "deviation",
                "absent",
                "changes",
                "allowed",
            ];
            assert!(
                line.keys().all(|key| keys.contains(&key.as_str())),
                "{line:?}"
            );
            changes.push(Change {
                section: section.clone(),
                change: text("change").unwrap(),
                verdicts: list("verdicts"),
                rules: list("rules").unwrap(),
                deviation: text("deviation"),
                absent: text("absent"),
                changes: list("changes").unwrap_or_default(),
                allowed: list("allowed").unwrap_or_default(),
            });
        }
    }
    changes
}

fn rule(id: &str) -> AnyRule {
    let mut rules = AnyRule::all();
    rules
        .find(|rule| rule.id() == id)
        .unwrap_or_else(|| panic!("{id}"))
}

fn problems(texts: &str) -> Vec<EvolutionProblem> {
    let versions = versions(texts);
    let (next, history) = versions.split_last().unwrap();
    let history: Vec<&TableDefinition> = history.iter().map(|table| &table.definition).collect();
    compare_versions(
        &history,
        &next.definition,
        &next.renames,
        Direction::Backward,
    )
}

#[test]
fn each_change_has_rules_or_a_reason() {
    for line in changes() {
        let change = format!("{}: {}", line.section, line.change);
        assert!(!line.rules.is_empty() || line.absent.is_some(), "{change}");
        for reason in line.deviation.iter().chain(&line.absent) {
            assert!(
                reason.split(' ').count() >= 5 && !reason.ends_with('.'),
                "{change}"
            );
        }
    }
}

#[test]
fn verdicts_of_rules_are_those_of_the_list() {
    for line in changes() {
        let rules = line.rules.iter().map(|id| rule(id));
        let Some(verdicts) = line.verdicts else {
            // An error of a definition or of a lock has no verdicts.
            let mut rules = rules;
            assert!(
                rules.all(|rule| !matches!(rule, AnyRule::Evolution(_))),
                "{}",
                line.change
            );
            continue;
        };
        assert_eq!(verdicts.len(), 4, "{}", line.change);
        let are_equal = rules.into_iter().all(|rule| match rule {
            AnyRule::Evolution(rule) => Level::ALL
                .iter()
                .zip(&verdicts)
                .all(|(level, verdict)| rule.verdicts().at(*level).as_str() == verdict),
            _ => panic!("{} has verdicts", line.change),
        });
        assert_eq!(are_equal, line.deviation.is_none(), "{}", line.change);
    }
}

#[test]
fn each_evolution_rule_is_in_the_list() {
    let listed: BTreeSet<String> = changes().into_iter().flat_map(|line| line.rules).collect();
    let missing = EvolutionRule::ALL
        .iter()
        .filter(|rule| !listed.contains(rule.id()));
    assert_eq!(missing.collect::<Vec<_>>(), Vec::<&EvolutionRule>::new());
}

#[test]
fn changes_are_reported_by_the_first_rule() {
    for line in changes() {
        for change in &line.changes {
            let types_of: Vec<&str> = change.split(" -> ").collect();
            assert_eq!(types_of.len(), 2, "{change}");
            let problems = problems(&types(&types_of));
            let rules: Vec<&str> = problems.iter().map(|problem| problem.rule.id()).collect();
            assert_eq!(rules, [&line.rules[0]], "{change}");
        }
        let before = "a = { id = 2, type = \"int\" }";
        for added in &line.allowed {
            let added = format!("{before}\n{}", added.replacen("a = ", "b = ", 1));
            assert_eq!(problems(&columns(&[before, &added])), [], "{added}");
        }
    }
}
