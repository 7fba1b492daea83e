// SPDX-License-Identifier: Apache-2.0

//! Whether a definition may follow earlier ones of its table, as far as stored rows are concerned:
//! files that were written under any earlier version stay readable as the next one, rows and values
//! unchanged in meaning.
//!
//! Whether Rust code, queries and clients that were written for an earlier version still work is not
//! asked here, and neither is whose history it is: a renamed table is the same table. So columns may be
//! renamed and moved, options, comments and defaults changed, and unique keys dropped.
//!
//! Every earlier version counts, not the last alone: a column that was dropped two versions ago keeps its
//! id and its name, and rows that were written before it was added are read as rows of the next version.
//!
//! # Defaults of old rows
//! Rows that were written without a column have its *initial default*: that of the first version which
//! has the column, [`initial_default`]. A later version changes what is written from then on and nothing
//! that was written before, so there is no rule about a default that changes.
//!
//! # Types
//! A column's type may become one that holds all of its values exactly:
//!
//! | from | to |
//! |---|---|
//! | an integer type | an integer type whose range contains its own: `int` to `bigint`, `uint` to `ubigint` or `bigint` |
//! | `tinyint`, `smallint`, `int`, `utinyint`, `usmallint` | `double` |
//! | the same | `decimal(p, s)`, where `p - s` is at least 10 |
//! | `bigint`, `uint` | `decimal(p, s)`, where `p - s` is at least 20 |
//! | `decimal(p, s)` | `decimal(p + a, s + b)`, where `a >= b >= 0` |
//! | `float` | `double` |
//! | `date` | `timestamp(s)`, `timestamp(ms)` and `timestamp`, without a zone |
//! | `bytes(16)` | `uuid` |
//! | `enum('a', 'b')` | the same labels, and more at the end |
//!
//! Two steps of the table make no third: where `a` may become `b` and `b` may become `c`, `a` may become
//! `c` at once. The dates that fit a `timestamp` are those of the years from -262143 to 262142, the ones
//! that Arrow's calendar has; in nanoseconds a `timestamp` ends in the year 2262, so a `date` becomes none.
//!
//! Inside lists, structs and the values of maps the same table holds. Keys of maps keep their type.

mod columns;
mod ids;
mod nested;
mod rule;
mod tables;
mod types;
mod version;

use std::borrow::Borrow;
use std::collections::HashSet;
use std::fmt;

pub use self::rule::EvolutionRule;
use self::version::Version;
use crate::definition::{Column, ColumnDefault, Literal, TableDefinition};
use crate::diagnostic::backticked;
use crate::table_name::TableName;
use crate::types::ColumnType;

/// What keeps a definition from following the earlier ones of its table.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EvolutionProblem {
    /// The rule that is broken.
    pub rule: EvolutionRule,
    /// The table, by its next name.
    pub table: TableName,
    /// The column or nested field, if the rule is about one.
    pub column: Option<EvolvedColumn>,
    /// What is wrong: lower case, no full stop, backticks round names, one line.
    pub message: String,
    /// How to mend it; each may have several lines.
    pub help: Vec<String>,
}

/// A column or a nested field that a problem is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EvolvedColumn {
    /// Its id, in the next version if it has one there.
    pub id: i32,
    /// Its name; of a nested field the names from the column down to it, with dots between.
    pub name: String,
}

impl fmt::Display for EvolutionProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for EvolutionProblem {}

/// Whether `next` may follow `history`, the earlier versions of the same table in any order.
///
/// Without a history everything may. Version numbers tell which of two definitions is the older one, and
/// are not judged themselves.
///
/// # Errors
/// Every rule that is broken, once for each column, against the latest version against which it is.
///
/// ```
/// use kalamtable_model::{EvolutionRule, SourceFile, Sources, check_evolution, parse_and_check};
///
/// let table = |columns: &str| {
///     let text = format!("name = \"app.events\"\nprimary_key = [\"id\"]\n[columns]\n{columns}");
///     let mut sources = Sources::new();
///     let source = sources.push(SourceFile::new("events.toml", text));
///     parse_and_check(&sources, source).unwrap().definition
/// };
/// let first = table("id = { id = 1, type = \"int\" }");
/// let wider = table("id = { id = 1, type = \"bigint\" }");
/// assert_eq!(check_evolution(&[&first], &wider), Ok(()));
///
/// let problems = check_evolution(&[&wider], &first).unwrap_err();
/// assert_eq!(problems[0].rule, EvolutionRule::TypeChanged);
/// ```
pub fn check_evolution(
    history: &[impl Borrow<TableDefinition>],
    next: &TableDefinition,
) -> Result<(), Vec<EvolutionProblem>> {
    let mut history: Vec<Version<'_>> = history
        .iter()
        .map(|definition| Version::new(definition.borrow()))
        .collect();
    history.sort_by_key(|version| version.definition.version());
    let mut evolution = Evolution {
        history,
        next: Version::new(next),
        reported: HashSet::new(),
        problems: Vec::new(),
    };
    evolution.table();
    evolution.ids();
    evolution.columns();
    match evolution.problems {
        problems if problems.is_empty() => Ok(()),
        problems => Err(problems),
    }
}

/// What rows that were written without a column have there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InitialDefault<'a> {
    /// The value, in the representation of `ty`.
    pub value: &'a Literal,
    /// The type that the column had when it was added: one that may become its later ones.
    pub ty: &'a ColumnType,
}

/// What rows that were written at version `absent_from_version`, which does not have the column, have
/// there: the default of the first later version in `history` that has it. Null if that is no literal, or
/// if no later version has the column.
pub fn initial_default<T: Borrow<TableDefinition>>(
    history: &[T],
    column_id: i32,
    absent_from_version: u32,
) -> Option<InitialDefault<'_>> {
    let later = history
        .iter()
        .map(Borrow::borrow)
        .filter(|definition: &&TableDefinition| definition.version() > absent_from_version);
    let with_column = later.filter_map(|definition| {
        let mut columns = definition.columns().iter();
        let column = columns.find(|column| column.id == column_id)?;
        Some((definition.version(), column))
    });
    let (_, column) = with_column.min_by_key(|(version, _)| *version)?;
    let value = literal(column)?;
    Some(InitialDefault {
        value,
        ty: &column.ty,
    })
}

/// The column's default, if it is the same for every row.
fn literal(column: &Column) -> Option<&Literal> {
    match column.default.as_ref()? {
        ColumnDefault::Literal(value) => Some(value),
        ColumnDefault::Call(_) => None,
    }
}

/// The versions that are compared, and what is wrong so far.
struct Evolution<'a> {
    /// The oldest first.
    history: Vec<Version<'a>>,
    next: Version<'a>,
    /// What was said of which id, so that it is not said of every version.
    reported: HashSet<(EvolutionRule, i32)>,
    problems: Vec<EvolutionProblem>,
}

impl<'a> Evolution<'a> {
    /// The earlier versions, the latest first.
    fn latest_first(&self) -> impl Iterator<Item = &Version<'a>> {
        self.history.iter().rev()
    }

    /// The column of that id in the first version after `old` that has it.
    fn first_with(&self, id: i32, old: &Version<'a>) -> Option<&'a Column> {
        let later = self
            .history
            .iter()
            .filter(|version| version.definition.version() > old.definition.version());
        let mut columns = later
            .chain([&self.next])
            .map(|version| version.columns.get(&id));
        columns.find_map(|column| column.copied())
    }

    /// Reports a problem of the table as a whole.
    fn push_table(&mut self, rule: EvolutionRule, message: String, help: String) {
        self.problems.push(EvolutionProblem {
            rule,
            table: self.next.definition.name().clone(),
            column: None,
            message,
            help: vec![help],
        });
    }

    /// Reports a problem of the column or nested field `id`, unless the same was reported of it.
    fn push(&mut self, rule: EvolutionRule, id: i32, name: &str, message: String, help: String) {
        if !self.reported.insert((rule, id)) {
            return;
        }
        self.problems.push(EvolutionProblem {
            rule,
            table: self.next.definition.name().clone(),
            column: Some(EvolvedColumn {
                id,
                name: name.to_string(),
            }),
            message,
            help: vec![help],
        });
    }

    /// The table as messages call it.
    fn name(&self) -> String {
        backticked(&self.next.definition.name().to_string())
    }
}
