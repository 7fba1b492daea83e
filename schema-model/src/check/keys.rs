// SPDX-License-Identifier: Apache-2.0

//! The primary key, or the reason for having none, and the unique keys.

use std::collections::HashMap;

use super::context::{Checks, TypedColumn};
use crate::definition::PrimaryKey;
use crate::diagnostic::{backticked, backticked_list};
use crate::limits;
use crate::raw::RawKey;
use crate::rule::Rule;
use crate::shared::Shared;
use crate::source::{SourceSpan, Spanned};
use crate::suggest::nearest;
use crate::types::ColumnType;

/// The maximum number of unknown names for which similar columns are looked up. A lookup takes time
/// in proportion to the number of columns.
const SUGGESTIONS: usize = 16;

/// The valid keys of a table.
pub(super) struct Keys {
    pub(super) primary_key: Option<PrimaryKey>,
    pub(super) unique_keys: Shared<[Shared<[usize]>]>,
}

/// The role of a key.
#[derive(Clone, Copy, PartialEq, Eq)]
enum KeyRole {
    Primary,
    Unique,
}

/// The columns of the table by name.
struct KeyColumns<'a> {
    columns: &'a [TypedColumn<'a>],
    positions: HashMap<&'a str, usize>,
    /// The number of names that did not match a column.
    unknown: usize,
}

impl Checks<'_> {
    pub(super) fn keys(&mut self, columns: &[TypedColumn<'_>]) -> Keys {
        let positions = columns
            .iter()
            .enumerate()
            .map(|(index, column)| (column.raw.name.value.as_str(), index))
            .collect();
        let mut names = KeyColumns {
            columns,
            positions,
            unknown: 0,
        };
        let primary_key = self.primary_key(&mut names);
        let unique_keys = self.unique_keys(primary_key.as_ref(), &mut names);
        Keys {
            primary_key,
            unique_keys,
        }
    }

    fn primary_key(&mut self, names: &mut KeyColumns<'_>) -> Option<PrimaryKey> {
        let raw = self.raw;
        match (&raw.primary_key, &raw.no_primary_key) {
            (Some(key), None) => {
                let columns = self.key_columns(key, KeyRole::Primary, names)?;
                Some(PrimaryKey::Columns(columns.into()))
            }
            (None, Some(reason)) => {
                if reason.value.trim().is_empty() {
                    let message = "the reason for having no primary key is empty";
                    let problem = self.problem(Rule::EmptyReason, &reason.span, message);
                    self.push(problem.with_help(raw.syntax.choose(
                        "write the reason, for example `no_primary_key = \"lines of a log\"`",
                        "write the reason, for example `no_primary_key = \"lines of a log\"`",
                        "write the reason, for example `no_primary_key = 'lines of a log'`",
                    )));
                }
                let reason = reason.value.as_str().into();
                Some(PrimaryKey::None { reason })
            }
            (Some(key), Some(reason)) => {
                let message = "the table has a primary key and a reason for having none";
                let problem = self
                    .problem(Rule::KeyAndNoKey, &reason.span, message)
                    .with_label(key.span.clone(), "the key")
                    .with_help("delete one of the two");
                self.push(problem);
                None
            }
            (None, None) => {
                let candidate = names.columns.iter().find(|column| {
                    !column.is_nullable() && column.ty.as_ref().is_some_and(ColumnType::is_key_type)
                });
                let name = candidate.map_or("..", |column| &column.raw.name.value);
                let key = raw.syntax.choose(
                    format!("primary_key = [\"{name}\"]"),
                    format!("primary_key({name})"),
                    format!("PRIMARY KEY ({name})"),
                );
                let none = raw.syntax.choose(
                    "no_primary_key = \"why\"",
                    "no_primary_key = \"why\"",
                    "WITH (no_primary_key = 'why')",
                );
                let help = format!("write `{key}`, or `{none}`");
                let message = "the table has no primary key and no reason for having none";
                let problem = self.problem(Rule::NoKey, &raw.name.span, message);
                self.push(problem.with_help(help));
                None
            }
        }
    }

    fn unique_keys(
        &mut self,
        primary_key: Option<&PrimaryKey>,
        names: &mut KeyColumns<'_>,
    ) -> Shared<[Shared<[usize]>]> {
        let raw = self.raw;
        let mut unique = Vec::new();
        let Some(keys) = &raw.unique else {
            return unique.into();
        };
        if keys.value.is_empty() {
            let message = "the list of unique keys is empty";
            let problem = self.problem(Rule::NoUniqueKeys, &keys.span, message);
            self.push(problem.with_help("delete it, or write a key: `unique = [[\"..\"]]`"));
        }
        if let Some(key) = keys.value.get(limits::UNIQUE_KEYS) {
            let (count, limit) = (keys.value.len(), limits::UNIQUE_KEYS);
            let message =
                format!("the table has {count} unique keys, more than the maximum of {limit}");
            let problem = self.problem(Rule::TooManyUniqueKeys, &key.span, message);
            self.push(
                problem.with_help("keep the keys that rows can violate, and delete the others"),
            );
            return unique.into();
        }
        // The first key with each set of columns.
        let mut sets: HashMap<Vec<usize>, &SourceSpan> = HashMap::new();
        let primary = match (primary_key, &raw.primary_key) {
            (Some(PrimaryKey::Columns(columns)), Some(key)) => Some((sorted(columns), &key.span)),
            _ => None,
        };
        for key in &keys.value {
            let Some(columns) = self.key_columns(key, KeyRole::Unique, names) else {
                continue;
            };
            let set = sorted(&columns);
            if let Some((_, place)) = primary.as_ref().filter(|(columns, _)| *columns == set) {
                let message = "the unique key has the same columns as the primary key";
                let problem = self
                    .problem(Rule::RedundantUniqueKey, &key.span, message)
                    .with_label((*place).clone(), "the primary key")
                    .with_help("delete it: a primary key is unique");
                self.push(problem);
            } else if let Some(first) = sets.get(&set) {
                let message = "the unique key has the same columns as another unique key";
                let problem = self
                    .problem(Rule::RedundantUniqueKey, &key.span, message)
                    .with_label((*first).clone(), "the other key")
                    .with_help("delete one of the two: the order of the columns does not matter");
                self.push(problem);
            } else {
                sets.insert(set, &key.span);
            }
            unique.push(columns.into());
        }
        unique.into()
    }

    /// Returns the positions of the columns of a key, or `None` if the key is empty or has an
    /// unknown column.
    fn key_columns(
        &mut self,
        key: &RawKey,
        role: KeyRole,
        names: &mut KeyColumns<'_>,
    ) -> Option<Vec<usize>> {
        if key.value.is_empty() {
            let (message, help) = match role {
                KeyRole::Primary => (
                    "the primary key has no columns",
                    "name its columns, or write `no_primary_key = \"why\"`",
                ),
                KeyRole::Unique => (
                    "the unique key has no columns",
                    "name its columns, or delete it",
                ),
            };
            let problem = self.problem(Rule::EmptyKey, &key.span, message);
            self.push(problem.with_help(help));
            return None;
        }
        let mut first_uses: HashMap<usize, &SourceSpan> = HashMap::new();
        let mut positions = Vec::new();
        let mut is_known = true;
        for Spanned { value: name, span } in &key.value {
            let Some(&position) = names.positions.get(name.as_str()) else {
                is_known = false;
                let message = format!("the table has no column {}", backticked(name));
                let problem = self.problem(Rule::KeyColumnUnknown, span, message);
                self.push(problem.with_help(names.suggest(name)));
                continue;
            };
            if let Some(first) = first_uses.insert(position, span) {
                let message = format!("column {} is in the key twice", backticked(name));
                let problem = self
                    .problem(Rule::KeyColumnTwice, span, message)
                    .with_label(first.clone(), "first here")
                    .with_help("delete one of the two");
                self.push(problem);
                continue;
            }
            positions.push(position);
            if let Some(column) = names.columns.get(position) {
                self.key_column(column, span, role);
            }
        }
        is_known.then_some(positions)
    }

    fn key_column(&mut self, column: &TypedColumn<'_>, used: &SourceSpan, role: KeyRole) {
        let name = backticked(&column.raw.name.value);
        let nullable = column.raw.nullable.as_ref().filter(|flag| flag.value);
        if let Some(nullable) = nullable.filter(|_| role == KeyRole::Primary) {
            let message = format!("key column {name} is nullable");
            let problem = self
                .problem(Rule::KeyColumnNullable, used, message)
                .with_label(nullable.span.clone(), "declared here")
                .with_help(self.raw.syntax.choose(
                    format!("delete `nullable = true` of {name}, or remove it from the key"),
                    "remove the `Option` from the field, or the column from the key".to_string(),
                    format!("write `NOT NULL` for {name}, or remove it from the key"),
                ));
            self.push(problem);
        }
        if let Some(ty) = column.ty.as_ref().filter(|ty| !ty.is_key_type()) {
            let message = format!("key column {name} is of type `{}`", ty.keyword());
            let help = match ty {
                ColumnType::Float | ColumnType::Double => {
                    "floating-point numbers have no reliable equality: use `decimal(p, s)` or an integer"
                }
                _ => {
                    "values of this type have no reliable equality: use `text`, `uuid`, an integer or a time"
                }
            };
            let problem = self
                .problem(Rule::KeyColumnType, used, message)
                .with_label(column.raw.ty.span.clone(), "its type")
                .with_help(help);
            self.push(problem);
        }
    }
}

impl KeyColumns<'_> {
    /// Returns help for a name that does not match a column.
    fn suggest(&mut self, name: &str) -> String {
        self.unknown += 1;
        let names = self
            .columns
            .iter()
            .map(|column| column.raw.name.value.as_str());
        let near = if self.unknown <= SUGGESTIONS {
            nearest(name, names.clone())
        } else {
            None
        };
        match near {
            Some(near) => format!("did you mean `{near}`?"),
            None if self.columns.len() <= SUGGESTIONS => {
                format!("the columns are {}", backticked_list(names, "and"))
            }
            None => "use a column of this table".to_string(),
        }
    }
}

fn sorted(columns: &[usize]) -> Vec<usize> {
    let mut set = columns.to_vec();
    set.sort_unstable();
    set
}
