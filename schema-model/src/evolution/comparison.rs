// SPDX-License-Identifier: Apache-2.0

//! [`Evolution`]: the versions that are compared and the problems that were found.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use super::indexed::IndexedDefinition;
use crate::definition::{Column, TableDefinition};
use crate::diagnostic::backticked;
use crate::rule::EvolutionRule;
use crate::table_name::TableName;

/// The reason why a definition cannot follow the earlier definitions of its table.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EvolutionProblem {
    /// The rule that the definition breaks.
    pub rule: EvolutionRule,
    /// The name of the table in the next version.
    pub table: TableName,
    /// The latest of the earlier versions with which the definition conflicts.
    pub version: u32,
    /// The column or nested field, if the rule concerns one.
    pub column: Option<EvolvedColumn>,
    /// The problem on one line: lower case, no trailing period, names in backticks.
    pub message: String,
    /// Ways to fix the problem. Each may have several lines.
    pub help: Vec<String>,
}

/// The column or nested field of a problem.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EvolvedColumn {
    /// The id, in the next version if that has the column.
    pub id: i32,
    /// The name. For a nested field: the names on the path to it, joined with dots.
    pub name: String,
}

/// The renames that a definition declares with `renamed_from`. They are not part of the definition:
/// its canonical text and its fingerprint do not depend on them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Renames {
    /// The earlier name of the table.
    pub table: Option<TableName>,
    /// The earlier names of columns, by id.
    pub columns: BTreeMap<i32, String>,
}

impl fmt::Display for EvolutionProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for EvolutionProblem {}

/// A comparison of versions. The files of this module each add the rules of one subject.
pub(super) struct Evolution<'a> {
    /// The earlier versions, oldest first.
    pub(super) history: Vec<IndexedDefinition<'a>>,
    pub(super) next: IndexedDefinition<'a>,
    /// The rules that have been reported for an id, so that each is reported for one version only.
    reported: HashSet<(EvolutionRule, i32)>,
    pub(super) problems: Vec<EvolutionProblem>,
}

impl<'a> Evolution<'a> {
    pub(super) fn new(
        history: impl Iterator<Item = &'a TableDefinition>,
        next: &'a TableDefinition,
    ) -> Self {
        let mut history: Vec<_> = history.map(IndexedDefinition::new).collect();
        history.sort_by_key(|version| version.definition.version());
        Evolution {
            history,
            next: IndexedDefinition::new(next),
            reported: HashSet::new(),
            problems: Vec::new(),
        }
    }

    /// Iterates over the earlier versions, latest first.
    pub(super) fn latest_first(&self) -> impl Iterator<Item = &IndexedDefinition<'a>> {
        self.history.iter().rev()
    }

    /// Returns the column `id` of the first version after `old` that has it.
    pub(super) fn first_with(&self, id: i32, old: &IndexedDefinition<'a>) -> Option<&'a Column> {
        let later = self
            .history
            .iter()
            .filter(|version| version.definition.version() > old.definition.version());
        let mut columns = later
            .chain([&self.next])
            .map(|version| version.columns.get(&id));
        columns.find_map(|column| column.copied())
    }

    /// Reports a problem of the table as a whole.
    pub(super) fn push_table(&mut self, rule: EvolutionRule, message: String, help: String) {
        self.problems.push(EvolutionProblem {
            rule,
            table: self.next.definition.name().clone(),
            version: 0,
            column: None,
            message,
            help: vec![help],
        });
    }

    /// Reports a problem of the column or nested field `id`, unless the same rule has been reported
    /// for it.
    pub(super) fn push(
        &mut self,
        rule: EvolutionRule,
        id: i32,
        name: &str,
        message: String,
        help: String,
    ) {
        if !self.reported.insert((rule, id)) {
            return;
        }
        self.problems.push(EvolutionProblem {
            rule,
            table: self.next.definition.name().clone(),
            version: 0,
            column: Some(EvolvedColumn {
                id,
                name: name.to_string(),
            }),
            message,
            help: vec![help],
        });
    }

    /// Returns the name of the table as messages show it.
    pub(super) fn table_name(&self) -> String {
        backticked(&self.next.definition.name().to_string())
    }
}
