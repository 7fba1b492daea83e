// SPDX-License-Identifier: Apache-2.0

//! The lists of rules: ids, names and reasons.

use kalamtable_model::{EvolutionRule, Rule};

/// Returns the id, the name and the reason of each rule.
fn rules() -> Vec<(&'static str, &'static str, &'static str)> {
    let of_definitions = Rule::ALL
        .iter()
        .map(|rule| (rule.id(), rule.name(), rule.why()));
    let of_evolution = EvolutionRule::ALL
        .iter()
        .map(|rule| (rule.id(), rule.name(), rule.why()));
    of_definitions.chain(of_evolution).collect()
}

#[test]
fn ids_are_sorted_and_names_are_unique() {
    let rules = rules();
    assert!(rules.is_sorted_by(|(a, ..), (b, ..)| a < b));
    let mut names: Vec<&str> = rules.iter().map(|(_, name, _)| *name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), rules.len());
}

#[test]
fn each_reason_is_one_clause_without_a_period() {
    for (id, _, why) in rules() {
        assert!(why.split_whitespace().count() >= 4, "{id}: {why}");
        assert!(!why.ends_with('.') && !why.contains('\n'), "{id}: {why}");
    }
}
