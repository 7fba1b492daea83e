//! The primary key, or why there is none.

use std::collections::HashMap;

use super::{Checks, TypedColumn};
use crate::diagnostic::{listed, tick};
use crate::suggest::nearest;
use crate::{ColumnType, PrimaryKey, Rule, Spanned};

/// Looking for what was meant takes time for each column, so it is done for so many names only.
const SUGGESTIONS: usize = 16;

impl Checks<'_> {
    pub(super) fn primary_key(&mut self, columns: &[TypedColumn<'_>]) -> Option<PrimaryKey> {
        let raw = self.raw;
        match (&raw.primary_key, &raw.no_primary_key) {
            (Some(key), None) => self.key_columns(key, columns),
            (None, Some(reason)) => {
                if reason.value.trim().is_empty() {
                    let message = "the reason for having no primary key is empty";
                    let problem = self.problem(Rule::EmptyReason, &reason.span, message);
                    self.push(
                        problem.with_help(
                            "say why, for example `no_primary_key = \"lines of a log\"`",
                        ),
                    );
                }
                let reason = reason.value.as_str().into();
                Some(PrimaryKey::None { reason })
            }
            (Some(key), Some(reason)) => {
                let message = "the table has a primary key and a reason for having none";
                let problem = self
                    .problem(Rule::KeyAndNoKey, &reason.span, message)
                    .with_label(self.source, key.span.clone(), "the key")
                    .with_help("delete one of the two");
                self.push(problem);
                None
            }
            (None, None) => {
                let candidate = columns.iter().find(|column| {
                    !column.is_nullable() && column.ty.as_ref().is_some_and(ColumnType::is_key_type)
                });
                let name = candidate.map_or("..", |column| &column.raw.name.value);
                let help =
                    format!("write `primary_key = [\"{name}\"]`, or `no_primary_key = \"why\"`");
                let message = "the table has no primary key, and does not say why";
                let problem = self.problem(Rule::NoKey, &raw.name.span, message);
                self.push(problem.with_help(help));
                None
            }
        }
    }

    fn key_columns(
        &mut self,
        key: &Spanned<Vec<Spanned<String>>>,
        columns: &[TypedColumn<'_>],
    ) -> Option<PrimaryKey> {
        if key.value.is_empty() {
            let problem = self.problem(Rule::EmptyKey, &key.span, "the primary key has no columns");
            self.push(problem.with_help("name its columns, or write `no_primary_key = \"why\"`"));
            return None;
        }
        let by_name: HashMap<&str, usize> = columns
            .iter()
            .enumerate()
            .map(|(index, column)| (column.raw.name.value.as_str(), index))
            .collect();
        let mut first_uses = HashMap::new();
        let mut positions = Vec::new();
        let mut unknown = 0;
        for Spanned { value: name, span } in &key.value {
            let Some(&position) = by_name.get(name.as_str()) else {
                unknown += 1;
                let names = columns.iter().map(|column| column.raw.name.value.as_str());
                let near = if unknown <= SUGGESTIONS {
                    nearest(name, names.clone())
                } else {
                    None
                };
                let help = match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None if columns.len() <= SUGGESTIONS => {
                        format!("the columns are {}", listed(names, "and"))
                    }
                    None => "name a column of this table".to_string(),
                };
                let message = format!("the table has no column {}", tick(name));
                self.push(
                    self.problem(Rule::KeyColumnUnknown, span, message)
                        .with_help(help),
                );
                continue;
            };
            if let Some(first) = first_uses.insert(position, span) {
                let message = format!("column {} is in the key twice", tick(name));
                let first: &std::ops::Range<usize> = first;
                let problem = self
                    .problem(Rule::KeyColumnTwice, span, message)
                    .with_label(self.source, first.clone(), "first here")
                    .with_help("delete one of the two");
                self.push(problem);
                continue;
            }
            positions.push(position);
            if let Some(column) = columns.get(position) {
                self.key_column(column, span);
            }
        }
        Some(PrimaryKey::Columns(positions.into()))
    }

    fn key_column(&mut self, column: &TypedColumn<'_>, used: &std::ops::Range<usize>) {
        let name = tick(&column.raw.name.value);
        if let Some(nullable) = column.raw.nullable.as_ref().filter(|flag| flag.value) {
            let message = format!("key column {name} may be null");
            let problem = self
                .problem(Rule::KeyColumnNullable, used, message)
                .with_label(self.source, nullable.span.clone(), "said here")
                .with_help(format!(
                    "delete `nullable = true` of {name}, or take it out of the key"
                ));
            self.push(problem);
        }
        if let Some(ty) = column.ty.as_ref().filter(|ty| !ty.is_key_type()) {
            let message = format!("key column {name} is of type `{}`", ty.keyword());
            let help = match ty {
                ColumnType::Float | ColumnType::Double => {
                    "floating point numbers that look equal need not be: use `decimal(p, s)` or an integer"
                }
                _ => {
                    "values of this type have no equality to rely on: use `text`, `uuid`, an integer or a time"
                }
            };
            let problem = self
                .problem(Rule::KeyColumnType, used, message)
                .with_label(self.source, column.raw.ty.span.clone(), "its type")
                .with_help(help);
            self.push(problem);
        }
    }
}
