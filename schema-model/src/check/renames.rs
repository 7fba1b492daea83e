// SPDX-License-Identifier: Apache-2.0

//! Earlier names, `renamed_from`, and reasons of deprecated columns, `deprecated`.

use std::collections::HashMap;

use super::context::Checks;
use crate::diagnostic::backticked;
use crate::raw::RawTable;
use crate::renames::Renames;
use crate::rule::Rule;
use crate::source::{SourceSpan, Spanned};
use crate::table_name::TableName;

impl Checks<'_> {
    /// Checks that the earlier name of the table is another valid name.
    pub(super) fn table_rename(&mut self) {
        let raw = self.raw;
        let Some(Spanned { value, span }) = &raw.renamed_from else {
            return;
        };
        if let Err(mut error) = TableName::parse(value) {
            if error.rule == Rule::NoNamespace {
                let namespace = raw.name.value.split('.').next().unwrap_or_default();
                error.help = vec![format!("write `renamed_from = \"{namespace}.{value}\"`")];
            }
            self.push_name_error(error, span);
        } else if *value == raw.name.value {
            let message = format!("table {} is renamed from its own name", backticked(value));
            let problem = self.problem(Rule::RenamedFromItself, span, message);
            self.push(problem.with_help("write the earlier name, or delete `renamed_from`"));
        }
    }

    /// Checks that the earlier name of each column is a valid name that no column has.
    pub(super) fn column_renames(&mut self) {
        let raw = self.raw;
        let names = raw.columns.value.iter().map(|column| &column.name);
        let names: HashMap<String, &SourceSpan> = names
            .map(|name| (name.value.to_ascii_lowercase(), &name.span))
            .collect();
        let mut seen: HashMap<String, &SourceSpan> = HashMap::new();
        for column in &raw.columns.value {
            let Some(Spanned { value, span }) = &column.renamed_from else {
                continue;
            };
            if !self.is_name(value, span, "column") {
                continue;
            }
            let name = &column.name.value;
            if value == name {
                let message = format!("column {} is renamed from its own name", backticked(value));
                let problem = self.problem(Rule::RenamedFromItself, span, message);
                self.push(problem.with_help("write the earlier name, or delete `renamed_from`"));
                continue;
            }
            let lower = value.to_ascii_lowercase();
            let (message, first, label) = if let Some(first) = seen.get(&lower) {
                let message = format!("two columns are renamed from {}", backticked(value));
                (message, *first, "first here")
            } else if !value.eq_ignore_ascii_case(name)
                && let Some(other) = names.get(&lower)
            {
                let message = format!(
                    "column {} is renamed from {}, which is another column",
                    backticked(name),
                    backticked(value)
                );
                (message, *other, "the column with this name")
            } else {
                seen.insert(lower, span);
                continue;
            };
            let problem = self
                .problem(Rule::RenamedFromExisting, span, message)
                .with_label(first.clone(), label)
                .with_help("write the earlier name, or delete `renamed_from`");
            self.push(problem);
        }
    }

    /// Checks that each deprecated column has a reason.
    pub(super) fn deprecations(&mut self) {
        let raw = self.raw;
        for column in &raw.columns.value {
            let Some(Spanned { value, span }) = &column.deprecated else {
                continue;
            };
            if value.trim().is_empty() {
                let problem = self.problem(Rule::EmptyDeprecation, span, "the reason is empty");
                self.push(problem.with_help(
                    "write what to use in place of the column, for example `deprecated = \"use \
                     title\"`, or delete `deprecated`",
                ));
            }
        }
    }
}

/// Returns the renames that a valid table declares.
pub(super) fn renames(raw: &RawTable) -> Renames {
    let columns = raw.columns.value.iter().filter_map(|column| {
        let earlier = column.renamed_from.as_ref()?;
        Some((i32::try_from(column.id.value).ok()?, earlier.value.clone()))
    });
    let table = raw.renamed_from.as_ref();
    Renames {
        is_incomplete: false,
        table: table.and_then(|name| TableName::parse(&name.value).ok()),
        columns: columns.collect(),
    }
}
