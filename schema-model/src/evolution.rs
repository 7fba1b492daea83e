// SPDX-License-Identifier: Apache-2.0

//! Compares a definition with the earlier definitions of its table, by the rules that
//! [`EvolutionRule`](crate::EvolutionRule) lists.
//!
//! [`compare_versions`] evaluates all rules of a direction. Each rule has a verdict at each level:
//! Rust code, queries, clients, and stored files. [`check_evolution`] evaluates the rules about
//! stored files: files that were written under any earlier version can be read under the next
//! version, and their rows and values keep their meaning. At that level, columns can be renamed and
//! moved, options, comments and defaults can change, and unique keys can be dropped. The table
//! itself can be renamed: the caller decides which definitions form one history.
//!
//! All earlier versions count, not only the last one. A column that was dropped two versions ago
//! keeps its id and its name, and rows that were written before a column was added are read with
//! that column. A problem names the latest version that conflicts.
//!
//! # Defaults of old rows
//! Rows that were written without a column read its *initial default*: the default of the first
//! version that has the column ([`initial_default`]). A later default applies only to rows that are
//! written after the change, so no rule about stored files restricts changes of defaults.
//!
//! # Types
//! Stored values stay readable if the type of a column changes to a type that represents all of its
//! values exactly. [`promotion`] returns how they are read:
//!
//! | from | to |
//! |---|---|
//! | an integer type | an integer type whose range contains its range: `int` to `bigint`, `uint` to `ubigint` or `bigint` |
//! | `tinyint`, `smallint`, `int`, `utinyint`, `usmallint` | `double` |
//! | `tinyint`, `smallint`, `int`, `utinyint`, `usmallint` | `decimal(p, s)` with `p - s` of at least 10 |
//! | `bigint`, `uint` | `decimal(p, s)` with `p - s` of at least 20 |
//! | `decimal(p, s)` | `decimal(p + a, s + b)` with `a >= b >= 0` |
//! | `float` | `double` |
//! | `date` | `timestamp(s)`, `timestamp(ms)` and `timestamp`, without a zone |
//! | `bytes(16)` | `uuid` |
//! | `enum('a', 'b')` | the same labels, followed by others |
//!
//! The table is transitive: if `a` can change to `b` and `b` to `c`, then `a` can change to `c`.
//! The dates that fit a `timestamp` are those of the years -262143 to 262142, the range of Arrow's
//! calendar. A timestamp in nanoseconds ends in the year 2262, so a `date` cannot change to it.
//!
//! The same table applies inside lists, structs and the values of maps. The type of map keys cannot
//! change.

mod columns;
mod comparison;
mod defaults;
mod forward;
mod ids;
mod indexed;
mod initial_default;
mod nested;
mod order;
mod problem;
mod summary;
mod tables;
mod types;

use std::borrow::Borrow;

pub use self::initial_default::{InitialDefault, initial_default};
pub use self::problem::{EvolutionProblem, EvolvedColumn};
pub use self::summary::HistorySummary;
pub use self::types::{Promotion, promotion};

use self::comparison::Evolution;
use crate::definition::TableDefinition;
use crate::renames::Renames;
use crate::verdict::{Direction, Verdict};

/// Checks whether `next` can follow `history`, the earlier versions of the same table in any order.
///
/// Without a history, every definition is accepted. Version numbers only order the history; they
/// are not checked.
///
/// # Errors
/// One problem for each pair of a broken rule and a column. Its message describes the conflict with
/// the latest of the earlier versions that conflict.
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
    let mut problems = compare_versions(history, next, &Renames::default(), Direction::Backward);
    problems.retain(|problem| problem.rule.verdicts().storage == Verdict::Break);
    if problems.is_empty() {
        return Ok(());
    }
    Err(problems)
}

/// Compares `next` with `history`, the earlier versions of the same table in any order, by the
/// rules of `direction` at all levels. `renames` are the renames that `next` declares.
///
/// Returns the problems of the table, then those of ids and names, then those of columns. There is
/// at most one for each pair of a rule and a column. Its message describes the conflict with the
/// latest of the earlier versions that conflict.
///
/// The rules [`TableRemoved`](crate::EvolutionRule::TableRemoved) and
/// [`TableNameReused`](crate::EvolutionRule::TableNameReused) concern several tables. They are left
/// to the caller.
pub fn compare_versions(
    history: &[impl Borrow<TableDefinition>],
    next: &TableDefinition,
    renames: &Renames,
    direction: Direction,
) -> Vec<EvolutionProblem> {
    let history = history.iter().map(Borrow::<TableDefinition>::borrow);
    let mut evolution = Evolution::new(history, next, renames);
    evolution.table();
    evolution.ids();
    evolution.dropped();
    evolution.order();
    evolution.columns();
    if direction.includes(Direction::Forward) {
        evolution.forward();
    }
    let mut problems = evolution.problems;
    problems.retain(|problem| direction.includes(problem.rule.direction()));
    problems
}
