// SPDX-License-Identifier: Apache-2.0

//! [`DdlProblem`]: a problem of a DDL statement, with the text to write instead.

use std::fmt;

use datafusion::sql::sqlparser::ast::Ident;
use kalamtable_model::{Diagnostic, EvolutionProblem, EvolutionRule};

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
            help: (!problem.help.is_empty()).then(|| problem.help.join("; ")),
        }
    }

    /// Converts a problem with an earlier version, with the fix in SQL.
    pub(super) fn of_evolution(problem: &EvolutionProblem) -> Self {
        DdlProblem {
            message: format!("{} [{}]", problem.message, problem.rule.id()),
            help: Some(evolution_fix(problem.rule).to_string()),
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

/// Returns the fix of a rule in SQL. Rules that a statement cannot break have their own fix.
fn evolution_fix(rule: EvolutionRule) -> &'static str {
    match rule {
        EvolutionRule::KindChanged => {
            "create another table with `WITH (type = ..)`, and copy the rows with `INSERT .. SELECT`"
        }
        EvolutionRule::PrimaryKeyChanged | EvolutionRule::UniqueKeyAdded => {
            "create another table with the key, and copy the rows with `INSERT .. SELECT`"
        }
        EvolutionRule::ReserveRemoved | EvolutionRule::IdChanged => {
            "choose a name that no dropped column had"
        }
        EvolutionRule::AddedNotNull => "delete `NOT NULL`, or write a literal as `DEFAULT`",
        EvolutionRule::AddedWithCall => {
            "delete `NOT NULL` and the default, or write a literal as `DEFAULT`; a later `SET DEFAULT` \
             can change it to the call"
        }
        EvolutionRule::NullableToNotNull => {
            "keep the column nullable, or add another column with `NOT NULL` and a `DEFAULT`"
        }
        EvolutionRule::TypeChanged => {
            "keep the type, or add another column and copy the values with `UPDATE`"
        }
        rule => rule.fix(),
    }
}
