// SPDX-License-Identifier: Apache-2.0

//! [`Evolution`]: the versions that are compared and the problems that were found.

use std::collections::HashSet;

use super::indexed::IndexedDefinition;
use super::problem::{EvolutionHelp, EvolutionProblem, EvolvedColumn};
use crate::definition::{Column, TableDefinition};
use crate::diagnostic::backticked;
use crate::renames::Renames;
use crate::rule::EvolutionRule;

/// A comparison of versions. The files of this module each add the rules of one subject.
pub(super) struct Evolution<'a> {
    /// The earlier versions, oldest first.
    pub(super) history: Vec<IndexedDefinition<'a>>,
    pub(super) next: IndexedDefinition<'a>,
    pub(super) renames: &'a Renames,
    /// The rules that have been reported for an id, so that each is reported for one version only.
    reported: HashSet<(EvolutionRule, i32)>,
    pub(super) problems: Vec<EvolutionProblem>,
}

/// A column or nested field of a problem.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) id: i32,
    /// The name. For a nested field: the names on the path to it, joined with dots.
    pub(super) path: &'a str,
}

impl<'a> From<&'a Column> for Subject<'a> {
    fn from(column: &'a Column) -> Self {
        Subject {
            id: column.id,
            path: &column.name,
        }
    }
}

impl<'a> Evolution<'a> {
    pub(super) fn new(
        history: impl Iterator<Item = &'a TableDefinition>,
        next: &'a TableDefinition,
        renames: &'a Renames,
    ) -> Self {
        let mut history: Vec<_> = history.map(IndexedDefinition::new).collect();
        history.sort_by_key(IndexedDefinition::version);
        Evolution {
            history,
            next: IndexedDefinition::new(next),
            renames,
            reported: HashSet::new(),
            problems: Vec::new(),
        }
    }

    /// Iterates over the earlier versions, latest first.
    pub(super) fn latest_first(&self) -> impl Iterator<Item = &IndexedDefinition<'a>> {
        self.history.iter().rev()
    }

    /// Returns the column `id` in the versions directly before the next one that have it, latest
    /// first, each with its version. Versions before one without the column are omitted: in these,
    /// the id belongs to a column that was dropped.
    pub(super) fn earlier(&self, id: i32) -> Vec<(u32, &'a Column)> {
        let versions = self.latest_first();
        let columns = versions.map_while(|old| Some((old.version(), old.column(id)?)));
        columns.collect()
    }

    /// Returns the column `id` of the first version after `old` that has it.
    pub(super) fn first_with(&self, id: i32, old: &IndexedDefinition<'a>) -> Option<&'a Column> {
        let later = self
            .history
            .iter()
            .filter(|version| version.version() > old.version());
        let mut columns = later.chain([&self.next]).map(|version| version.column(id));
        columns.find_map(|column| column)
    }

    /// Reports a problem of the table as a whole.
    pub(super) fn push_table(
        &mut self,
        rule: EvolutionRule,
        version: u32,
        message: String,
        help: impl Into<EvolutionHelp>,
    ) {
        let next = self.next.definition;
        let help = help.into();
        self.problems.push(EvolutionProblem::new(
            rule, next, version, None, message, help,
        ));
    }

    /// Reports a problem of a column or nested field, unless the same rule has been reported for
    /// it. Callers compare the latest version first, so that the problem names the latest version.
    pub(super) fn push(
        &mut self,
        rule: EvolutionRule,
        version: u32,
        subject: Subject<'_>,
        message: String,
        help: impl Into<EvolutionHelp>,
    ) {
        if !self.reported.insert((rule, subject.id)) {
            return;
        }
        let column = EvolvedColumn {
            id: subject.id,
            name: subject.path.to_string(),
        };
        let next = self.next.definition;
        let (column, help) = (Some(column), help.into());
        self.problems.push(EvolutionProblem::new(
            rule, next, version, column, message, help,
        ));
    }

    /// Returns the name of the table as messages show it.
    pub(super) fn table_name(&self) -> String {
        backticked(&self.next.definition.name().to_string())
    }

    /// Returns the column or field with its id and its table as messages show it.
    pub(super) fn described(&self, subject: Subject<'_>) -> String {
        let (path, id) = (backticked(subject.path), subject.id);
        format!("{path} (id {id}) of {}", self.table_name())
    }
}
