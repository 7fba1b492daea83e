// SPDX-License-Identifier: Apache-2.0

//! Names of the table, its columns, its nested fields and its dropped columns.

use std::collections::HashMap;

use super::context::Checks;
use crate::definition::TableKind;
use crate::diagnostic::backticked;
use crate::limits;
use crate::raw::RawColumn;
use crate::rule::Rule;
use crate::shared::Shared;
use crate::source::{SourceSpan, Spanned};
use crate::table_name::{NameError, TableName, check_name, check_namespace, split};

impl Checks<'_> {
    pub(super) fn table_name(&mut self) -> Option<TableName> {
        let Spanned { value, span } = &self.raw.name;
        let (namespace, table) = match split(value, self.raw.syntax) {
            Ok(sides) => sides,
            Err(error) => {
                self.push_name_error(error, span);
                return None;
            }
        };
        let is_namespace = self.is_name(namespace, span, "namespace");
        let is_table = self.is_name(table, span, "table");
        if let Err(error) = check_namespace(namespace) {
            self.push_name_error(error, span);
            return None;
        }
        (is_namespace && is_table).then(|| TableName {
            namespace: namespace.into(),
            table: table.into(),
        })
    }

    pub(super) fn column_names(&mut self) {
        let raw = self.raw;
        let mut seen = HashMap::new();
        for column in &raw.columns.value {
            let Spanned { value, span } = &column.name;
            self.is_name(value, span, "column");
            self.is_first(value, span, "columns", &mut seen);
        }
    }

    /// Checks the names of columns in files, `source`: no two columns have the same one, and it is
    /// not the name of another column, because rows are also read from batches with the names of
    /// the columns.
    pub(super) fn column_sources(&mut self) {
        let raw = self.raw;
        let names = raw.columns.value.iter().map(|column| &column.name);
        let names: HashMap<&str, &SourceSpan> =
            names.map(|name| (&*name.value, &name.span)).collect();
        let mut seen: HashMap<&str, &SourceSpan> = HashMap::new();
        for column in &raw.columns.value {
            let Some(Spanned { value, span }) = &column.source else {
                continue;
            };
            if value.is_empty() {
                let problem = self.problem(Rule::InvalidSource, span, "the source is empty");
                self.push(problem.with_help(
                    "write the name of the column in files, or delete `source` if it is the name \
                     of the column",
                ));
                continue;
            }
            if value.len() > limits::SOURCE_BYTES {
                let message = format!(
                    "the source has {} bytes, more than the maximum of {}",
                    value.len(),
                    limits::SOURCE_BYTES
                );
                let problem = self.problem(Rule::InvalidSource, span, message);
                self.push(problem.with_help("rename the column in the files"));
                continue;
            }
            let (first, label, help) = if let Some(first) = seen.insert(value, span) {
                let help = "delete one of the two: each column is read from a column of its own";
                (first, "first here", help)
            } else if let Some(other) = names.get(&**value).filter(|_| *value != column.name.value)
            {
                let help = "rename that column, and state its name in files with `source`";
                (*other, "the column with this name", help)
            } else {
                continue;
            };
            let message = format!("two columns have the source {}", backticked(value));
            let problem = self
                .problem(Rule::DuplicateSource, span, message)
                .with_label(first.clone(), label)
                .with_help(help);
            self.push(problem);
        }
    }

    /// Reports columns with the name of a system column.
    pub(super) fn system_columns(&mut self, kind: Option<TableKind>) {
        let Some(kind) = kind else {
            return;
        };
        let raw = self.raw;
        for column in &raw.columns.value {
            let Spanned { value, span } = &column.name;
            let mut added = kind.system_columns().iter();
            let Some(added) = added.find(|added| value.eq_ignore_ascii_case(&added.name)) else {
                continue;
            };
            let message = format!("column {} is reserved for the system", backticked(value));
            let help = format!(
                "tables of kind `{}` have a system column `{}`: choose another name",
                kind.as_str(),
                added.name
            );
            let problem = self.problem(Rule::SystemColumn, span, message);
            self.push(problem.with_help(help));
        }
    }

    pub(super) fn reserved_names(&mut self) {
        let raw = self.raw;
        let mut reserved: HashMap<String, &SourceSpan> = HashMap::new();
        for name in &raw.reserved_names {
            self.is_name(&name.value, &name.span, "reserved");
            let lower = name.value.to_ascii_lowercase();
            if let Some(first) = reserved.get(&lower) {
                let message = format!("{} is reserved twice", backticked(&name.value));
                let problem = self
                    .problem(Rule::DuplicateReservedName, &name.span, message)
                    .with_label((*first).clone(), "first here")
                    .with_help("delete one of the two");
                self.push(problem);
            } else {
                reserved.insert(lower, &name.span);
            }
        }
        for column in &raw.columns.value {
            let Spanned { value, span } = &column.name;
            if let Some(reserved) = reserved.get(&value.to_ascii_lowercase()) {
                let message = format!("the name {} is reserved", backticked(value));
                let problem = self
                    .problem(Rule::ReservedName, span, message)
                    .with_label((*reserved).clone(), "a dropped column had this name")
                    .with_help("choose another name for the column");
                self.push(problem);
            }
        }
    }

    /// Returns whether `name` has the characters of a name without quotes. Reports it otherwise.
    pub(super) fn is_name(&mut self, name: &str, span: &SourceSpan, of: &str) -> bool {
        match check_name(name, of) {
            Ok(()) => true,
            Err(error) => {
                self.push_name_error(error, span);
                false
            }
        }
    }

    pub(super) fn push_name_error(&mut self, error: NameError, span: &SourceSpan) {
        let mut problem = self.problem(error.rule, span, error.message);
        problem.help = error.help;
        self.push(problem);
    }

    /// Returns whether `name` differs from the names in `seen`, ignoring case. Reports it
    /// otherwise.
    pub(super) fn is_first(
        &mut self,
        name: &str,
        span: &SourceSpan,
        of: &str,
        seen: &mut HashMap<String, (String, SourceSpan)>,
    ) -> bool {
        let lower = name.to_ascii_lowercase();
        let Some((first, first_span)) = seen.get(&lower) else {
            seen.insert(lower, (name.to_string(), span.clone()));
            return true;
        };
        let message = if first == name {
            format!("two {of} are named {}", backticked(name))
        } else {
            format!(
                "{of} {} and {} differ only in case",
                backticked(first),
                backticked(name)
            )
        };
        let problem = self
            .problem(Rule::DuplicateName, span, message)
            .with_label(first_span.clone(), "first here")
            .with_help("rename one of the two: SQL ignores case");
        self.push(problem);
        false
    }
}

/// Returns the source of a column, or `None` if it is the name of the column.
pub(super) fn source(column: &RawColumn) -> Option<Shared<str>> {
    let source = column.source.as_ref()?.value.as_str();
    (source != column.name.value).then(|| source.into())
}
