// SPDX-License-Identifier: Apache-2.0

//! The lists of rules: ids, names and reasons.

use kalamtable_model::AnyRule;

#[test]
fn ids_and_names_are_unique() {
    let mut ids: Vec<_> = AnyRule::all().map(AnyRule::id).collect();
    assert!(ids.iter().all(|id| id.len() == 6 && id.starts_with("KT")));
    let mut names: Vec<_> = AnyRule::all().map(AnyRule::name).collect();
    let count = ids.len();
    for list in [&mut ids, &mut names] {
        list.sort_unstable();
        list.dedup();
        assert_eq!(list.len(), count);
    }
}

#[test]
fn rules_are_sorted_by_id() {
    assert!(AnyRule::all().is_sorted_by(|a, b| a.id() < b.id()));
}

#[test]
fn each_reason_is_one_clause_without_a_period() {
    for rule in AnyRule::all() {
        let (id, why) = (rule.id(), rule.why());
        assert!(why.split_whitespace().count() >= 4, "{id}: {why}");
        assert!(!why.ends_with('.') && !why.contains('\n'), "{id}: {why}");
    }
}
