// SPDX-License-Identifier: Apache-2.0

//! [`AnyRule`]: a rule of any kind.

use super::definition::Rule;
use super::evolution::EvolutionRule;
use super::lock::LockRule;
use super::severity::Severity;
use crate::verdict::Verdict;

/// A rule of any kind, as a report names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AnyRule {
    /// A rule for a definition.
    Definition(Rule),
    /// A rule for the next version of a table.
    Evolution(EvolutionRule),
    /// A rule for a lock.
    Lock(LockRule),
}

impl AnyRule {
    /// Iterates over all rules in the order of their ids.
    pub fn all() -> impl Iterator<Item = AnyRule> {
        let definitions = Rule::ALL.iter().copied().map(AnyRule::Definition);
        let evolution = EvolutionRule::ALL.iter().copied().map(AnyRule::Evolution);
        let lock = LockRule::ALL.iter().copied().map(AnyRule::Lock);
        definitions.chain(evolution).chain(lock)
    }

    /// Returns the id, `KT` and four digits. It never changes and is never reused.
    pub const fn id(self) -> &'static str {
        match self {
            AnyRule::Definition(rule) => rule.id(),
            AnyRule::Evolution(rule) => rule.id(),
            AnyRule::Lock(rule) => rule.id(),
        }
    }

    /// Returns the name in kebab case.
    pub const fn name(self) -> &'static str {
        match self {
            AnyRule::Definition(rule) => rule.name(),
            AnyRule::Evolution(rule) => rule.name(),
            AnyRule::Lock(rule) => rule.name(),
        }
    }

    /// Returns the reason for the rule, in one sentence.
    pub const fn why(self) -> &'static str {
        match self {
            AnyRule::Definition(rule) => rule.why(),
            AnyRule::Evolution(rule) => rule.why(),
            AnyRule::Lock(rule) => rule.why(),
        }
    }

    /// Returns the consequence of breaking the rule. A change that breaks something at some level
    /// is an error.
    pub fn severity(self) -> Severity {
        match self {
            AnyRule::Definition(rule) => rule.severity(),
            AnyRule::Evolution(rule) if rule.verdicts().worst() < Verdict::Break => {
                Severity::Warning
            }
            AnyRule::Evolution(_) | AnyRule::Lock(_) => Severity::Error,
        }
    }
}

impl From<Rule> for AnyRule {
    fn from(rule: Rule) -> Self {
        AnyRule::Definition(rule)
    }
}

impl From<EvolutionRule> for AnyRule {
    fn from(rule: EvolutionRule) -> Self {
        AnyRule::Evolution(rule)
    }
}

impl From<LockRule> for AnyRule {
    fn from(rule: LockRule) -> Self {
        AnyRule::Lock(rule)
    }
}
