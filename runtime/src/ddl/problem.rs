// SPDX-License-Identifier: Apache-2.0

//! [`DdlProblem`]: a problem of a DDL statement, with the text to write instead.

use std::fmt;

use datafusion::sql::sqlparser::ast::Ident;
use kalamtable_model::{Diagnostic, EvolutionProblem, Syntax};

/// A problem of a DDL statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DdlProblem {
    message: String,
    help: Option<String>,
}

impl DdlProblem {
    pub(super) fn new(message: impl Into<String>) -> Self {
        DdlProblem {
            message: message.into(),
            help: None,
        }
    }

    pub(super) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Names the column in the message.
    pub(super) fn in_column(mut self, column: &Ident) -> Self {
        self.message = format!("column `{}`: {}", column.value, self.message);
        self
    }

    /// Converts a problem of the checks.
    pub(super) fn of_check(problem: &Diagnostic) -> Self {
        DdlProblem {
            message: problem.message.clone(),
            help: joined(&problem.help),
        }
    }

    /// Converts the first of several problems of one type.
    pub(super) fn of_type_checks(problems: &[Diagnostic]) -> Self {
        match problems.first() {
            Some(problem) => DdlProblem::of_check(problem),
            None => DdlProblem::new("the type is not valid"),
        }
    }

    /// Converts a problem with an earlier version, with the fix in SQL.
    pub(super) fn of_evolution(problem: &EvolutionProblem) -> Self {
        DdlProblem {
            message: format!("{} [{}]", problem.message, problem.rule.id()),
            help: joined(problem.help_in(Syntax::Sql)),
        }
    }

    /// Returns the problem on one line: lower case, no trailing period, names in backticks.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Returns the text to write instead, or `None` if no statement is possible.
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }
}

impl fmt::Display for DdlProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.help {
            Some(help) => write!(f, "; help: {help}"),
            None => Ok(()),
        }
    }
}

fn joined(help: &[String]) -> Option<String> {
    (!help.is_empty()).then(|| help.join("; "))
}
