// SPDX-License-Identifier: Apache-2.0

//! The primary key, or why there is none; and the unique keys.

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

/// Looking for what was meant takes time for each column, so it is done for so many names only.
const SUGGESTIONS: usize = 16;

/// The keys of a table, as far as they are sound.
pub(super) struct Keys {
    pub(super) primary_key: Option<PrimaryKey>,
    pub(super) unique_keys: Shared<[Shared<[usize]>]>,
}

/// What a key is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Primary,
    Unique,
}

/// The columns that keys can name.
struct Names<'a> {
    columns: &'a [TypedColumn<'a>],
    positions: HashMap<&'a str, usize>,
    /// How many names were no column's.
    unknown: usize,
}

impl Checks<'_> {
    pub(super) fn keys(&mut self, columns: &[TypedColumn<'_>]) -> Keys {
        let positions = columns
            .iter()
            .enumerate()
            .map(|(index, column)| (column.raw.name.value.as_str(), index))
            .collect();
        let mut names = Names {
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

    fn primary_key(&mut self, names: &mut Names<'_>) -> Option<PrimaryKey> {
        let raw = self.raw;
        match (&raw.primary_key, &raw.no_primary_key) {
            (Some(key), None) => {
                let columns = self.key_columns(key, Role::Primary, names)?;
                Some(PrimaryKey::Columns(columns.into()))
            }
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
                );
                let help = format!("write `{key}`, or `no_primary_key = \"why\"`");
                let message = "the table has no primary key, and does not say why";
                let problem = self.problem(Rule::NoKey, &raw.name.span, message);
                self.push(problem.with_help(help));
                None
            }
        }
    }

    fn unique_keys(
        &mut self,
        primary_key: Option<&PrimaryKey>,
        names: &mut Names<'_>,
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
                format!("{count} unique keys, more than the {limit} that a table can have");
            let problem = self.problem(Rule::TooManyUniqueKeys, &key.span, message);
            self.push(problem.with_help("keep those that rows could break, and delete the others"));
            return unique.into();
        }
        // Where the key of each set of columns was written.
        let mut sets: HashMap<Vec<usize>, &SourceSpan> = HashMap::new();
        let primary = match (primary_key, &raw.primary_key) {
            (Some(PrimaryKey::Columns(columns)), Some(key)) => Some((sorted(columns), &key.span)),
            _ => None,
        };
        for key in &keys.value {
            let Some(columns) = self.key_columns(key, Role::Unique, names) else {
                continue;
            };
            let set = sorted(&columns);
            if let Some((_, place)) = primary.as_ref().filter(|(columns, _)| *columns == set) {
                let message = "the unique key has the columns of the primary key";
                let problem = self
                    .problem(Rule::RedundantUniqueKey, &key.span, message)
                    .with_label((*place).clone(), "the primary key")
                    .with_help("delete it: a primary key is unique");
                self.push(problem);
            } else if let Some(first) = sets.get(&set) {
                let message = "the unique key has the columns of another one";
                let problem = self
                    .problem(Rule::RedundantUniqueKey, &key.span, message)
                    .with_label((*first).clone(), "the other one")
                    .with_help(
                        "delete one of the two: in any order the columns allow the same rows",
                    );
                self.push(problem);
            } else {
                sets.insert(set, &key.span);
            }
            unique.push(columns.into());
        }
        unique.into()
    }

    /// Positions of a key's columns; none if it has none, or one that is not there.
    fn key_columns(
        &mut self,
        key: &RawKey,
        role: Role,
        names: &mut Names<'_>,
    ) -> Option<Vec<usize>> {
        if key.value.is_empty() {
            let (message, help) = match role {
                Role::Primary => (
                    "the primary key has no columns",
                    "name its columns, or write `no_primary_key = \"why\"`",
                ),
                Role::Unique => (
                    "the unique key has no columns",
                    "name its columns, or delete it",
                ),
            };
            let problem = self.problem(Rule::EmptyKey, &key.span, message);
            self.push(problem.with_help(help));
            return None;
        }
        let mut first_uses = HashMap::new();
        let mut positions = Vec::new();
        let mut is_known = true;
        for Spanned { value: name, span } in &key.value {
            let Some(&position) = names.positions.get(name.as_str()) else {
                is_known = false;
                let message = format!("the table has no column {}", backticked(name));
                let problem = self.problem(Rule::KeyColumnUnknown, span, message);
                self.push(problem.with_help(names.meant(name)));
                continue;
            };
            if let Some(first) = first_uses.insert(position, span) {
                let message = format!("column {} is in the key twice", backticked(name));
                let first: &SourceSpan = first;
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

    fn key_column(&mut self, column: &TypedColumn<'_>, used: &SourceSpan, role: Role) {
        let name = backticked(&column.raw.name.value);
        let nullable = column.raw.nullable.as_ref().filter(|flag| flag.value);
        if let Some(nullable) = nullable.filter(|_| role == Role::Primary) {
            let message = format!("key column {name} may be null");
            let problem = self
                .problem(Rule::KeyColumnNullable, used, message)
                .with_label(nullable.span.clone(), "said here")
                .with_help(self.raw.syntax.choose(
                    format!("delete `nullable = true` of {name}, or take it out of the key"),
                    "let the field be no `Option`, or take it out of the key".to_string(),
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
                .with_label(column.raw.ty.span.clone(), "its type")
                .with_help(help);
            self.push(problem);
        }
    }
}

impl Names<'_> {
    /// What to write for a name that is no column's.
    fn meant(&mut self, name: &str) -> String {
        self.unknown += 1;
        let names = self.columns.iter();
        let names = names.map(|column| column.raw.name.value.as_str());
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
            None => "name a column of this table".to_string(),
        }
    }
}

fn sorted(columns: &[usize]) -> Vec<usize> {
    let mut columns = columns.to_vec();
    columns.sort_unstable();
    columns
}
