// SPDX-License-Identifier: Apache-2.0

//! [`CommandReport`]: the result of a command, independent of the format.

use kalamtable_model::{CheckedTable, Diagnostic, Severity, Sources};
use serde_json::Value;

use super::location::TableSubject;
use crate::count::count;

/// The result of a command.
#[derive(Debug, Default)]
pub(crate) struct CommandReport {
    /// The texts to which the findings refer.
    pub(crate) sources: Sources,
    /// The problems and warnings.
    pub(crate) findings: Vec<Diagnostic>,
    /// The result as text, for stdout: generated code, an explanation, or an added line.
    pub(crate) output: String,
    /// A sentence about the run without problems. Empty if the output needs none.
    pub(crate) summary: String,
    /// Words that follow the number of problems. May be empty.
    pub(crate) problem_summary: String,
    /// The result as data, which the JSON format contains.
    pub(crate) result: Value,
    /// The git revisions of which files were read. Their paths are `REVISION:PATH`.
    pub(crate) revisions: Vec<String>,
    /// The tables to which the findings refer.
    pub(super) subjects: Vec<TableSubject>,
}

impl CommandReport {
    /// Creates a report about definitions.
    pub(crate) fn new(sources: Sources, findings: Vec<Diagnostic>) -> Self {
        CommandReport {
            sources,
            findings,
            ..CommandReport::default()
        }
    }

    /// Adds the tables to which the findings refer, so that programs learn their names.
    pub(crate) fn with_tables<'a>(
        mut self,
        tables: impl IntoIterator<Item = &'a CheckedTable>,
    ) -> Self {
        self.subjects
            .extend(tables.into_iter().map(TableSubject::new));
        self
    }

    /// Returns whether a finding is an error. Warnings do not make a command fail.
    pub(crate) fn has_problems(&self) -> bool {
        self.problem_count() > 0
    }

    /// Returns the number of errors among the findings.
    pub(crate) fn problem_count(&self) -> usize {
        let mut problems = self.findings.iter();
        let is_error = |finding: &&Diagnostic| finding.severity == Severity::Error;
        problems.by_ref().filter(is_error).count()
    }

    /// Returns the number of warnings among the findings.
    pub(crate) fn warning_count(&self) -> usize {
        self.findings.len() - self.problem_count()
    }

    /// Returns a sentence about the run: the number of problems, or the summary.
    pub(crate) fn summary_text(&self) -> String {
        if !self.has_problems() {
            return self.summary.clone();
        }
        let problems = count(self.problem_count(), "problem");
        let warnings = match self.warning_count() {
            0 => String::new(),
            warnings => format!(", {}", count(warnings, "warning")),
        };
        match self.problem_summary.as_str() {
            "" => format!("{problems}{warnings} found"),
            words => format!("{problems}{warnings} found ({words})"),
        }
    }
}
