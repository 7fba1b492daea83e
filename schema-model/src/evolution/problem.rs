// SPDX-License-Identifier: Apache-2.0

//! [`EvolutionProblem`]: a conflict with an earlier version, and its position in a definition.

use std::fmt;

use crate::check::CheckedTable;
use crate::definition::{Column, TableDefinition};
use crate::diagnostic::{Diagnostic, backticked};
use crate::raw::Syntax;
use crate::rule::EvolutionRule;
use crate::table_name::TableName;
use crate::types::ColumnType;

/// A conflict of a definition with the earlier definitions of its table.
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
    /// Ways to fix the problem in a definition file. Each may have several lines.
    pub help: Vec<String>,
    /// The way to fix the problem in a DDL statement, if it is another one.
    sql_help: Option<String>,
}

/// Help for a problem, in the syntax of definition files and in SQL.
pub(super) struct EvolutionHelp {
    text: String,
    sql: Option<String>,
}

impl EvolutionHelp {
    /// Creates help that has no TOML in it.
    pub(super) fn new(text: impl Into<String>) -> Self {
        EvolutionHelp {
            text: text.into(),
            sql: None,
        }
    }

    /// Returns the help with another text for DDL statements.
    pub(super) fn in_sql(mut self, text: impl Into<String>) -> Self {
        self.sql = Some(text.into());
        self
    }
}

impl From<String> for EvolutionHelp {
    fn from(text: String) -> Self {
        EvolutionHelp::new(text)
    }
}

impl From<&str> for EvolutionHelp {
    fn from(text: &str) -> Self {
        EvolutionHelp::new(text)
    }
}

/// The column or nested field of a problem.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EvolvedColumn {
    /// The id, in the next version if that has the column.
    pub id: i32,
    /// The name. For a nested field: the names on the path to it, joined with dots.
    pub name: String,
}

impl EvolutionProblem {
    pub(super) fn new(
        rule: EvolutionRule,
        next: &TableDefinition,
        version: u32,
        column: Option<EvolvedColumn>,
        message: String,
        help: EvolutionHelp,
    ) -> Self {
        EvolutionProblem {
            rule,
            table: next.name().clone(),
            version,
            column,
            message,
            help: vec![help.text],
            sql_help: help.sql,
        }
    }

    /// Returns ways to fix the problem in a definition file or, for [`Syntax::Sql`], in a DDL
    /// statement. Each may have several lines.
    pub fn help_in(&self, syntax: Syntax) -> &[String] {
        match (&self.sql_help, syntax) {
            (Some(help), Syntax::Sql) => std::slice::from_ref(help),
            _ => &self.help,
        }
    }

    /// Creates the problem of a table that no definition describes or renames. `definition` is its
    /// last version.
    pub fn table_removed(definition: &TableDefinition) -> Self {
        let name = definition.name().to_string();
        EvolutionProblem {
            rule: EvolutionRule::TableRemoved,
            table: definition.name().clone(),
            version: definition.version(),
            column: None,
            message: format!(
                "no definition of table {} (version {}) was found",
                backticked(&name),
                definition.version()
            ),
            help: vec![
                "restore the definition".to_string(),
                format!("if the table has another name, write `renamed_from = \"{name}\"` there"),
            ],
            sql_help: Some("restore the table".to_string()),
        }
    }

    /// Creates the problem of a table that has the name of another table, which was dropped or
    /// renamed. `dropped` is the last version with the name.
    pub fn table_name_reused(next: &TableDefinition, dropped: &TableDefinition) -> Self {
        EvolutionProblem {
            rule: EvolutionRule::TableNameReused,
            table: next.name().clone(),
            version: dropped.version(),
            column: None,
            message: format!(
                "table {} has the name of another table, which was dropped or renamed after its \
                 version {}",
                backticked(&next.name().to_string()),
                dropped.version()
            ),
            help: vec!["choose a name that was never used".to_string()],
            sql_help: None,
        }
    }

    /// Converts the problem to a diagnostic at the name of the column in the next version, `table`.
    /// If the problem concerns the whole table, or a column that `table` does not have, the
    /// diagnostic is at the name of the table.
    pub fn into_diagnostic(self, table: &CheckedTable) -> Diagnostic {
        let columns = table.definition.columns();
        let position = self.column.as_ref().and_then(|evolved| {
            let by_id = |column: &Column| column.id == evolved.id || has_id(&column.ty, evolved.id);
            // A dropped field is shown at the column that contained it.
            let outer = evolved.name.split_once('.').map(|(column, _)| column);
            let by_name = |column: &Column| Some(&*column.name) == outer;
            let position = columns.iter().position(by_id);
            position.or_else(|| columns.iter().position(by_name))
        });
        let span = position.and_then(|position| table.spans.columns.get(position));
        let span = span.unwrap_or(&table.spans.name).clone();
        let mut diagnostic = Diagnostic::new(self.rule, span, self.message);
        diagnostic.help = self.help;
        diagnostic
    }
}

/// Returns whether the type contains a field with this id.
fn has_id(ty: &ColumnType, id: i32) -> bool {
    let children = ty.children();
    let mut children = children.iter();
    children.any(|child| child.id == id || has_id(&child.ty, id))
}

impl fmt::Display for EvolutionProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for EvolutionProblem {}
