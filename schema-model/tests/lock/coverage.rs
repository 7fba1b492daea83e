// SPDX-License-Identifier: Apache-2.0

//! Each rule about locks has a message that a test compares.

use kalamtable_model::LockRule;

const TESTS: [&str; 6] = [
    include_str!("acknowledgments.rs"),
    include_str!("base.rs"),
    include_str!("damage.rs"),
    include_str!("settings.rs"),
    include_str!("tables.rs"),
    include_str!("comparison.rs"),
];

#[test]
fn each_rule_is_broken_by_a_test() {
    // The tests of kalamtable-build break these rules, which need files.
    let elsewhere = [LockRule::LockMissing, LockRule::LockUnreadable];
    for rule in LockRule::ALL {
        let is_shown = |text: &str| text.contains(&format!("[{}]: ", rule.id()));
        assert!(
            elsewhere.contains(rule) || TESTS.iter().any(|text| is_shown(text)),
            "{}",
            rule.name()
        );
    }
}
