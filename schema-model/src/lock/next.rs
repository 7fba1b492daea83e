// SPDX-License-Identifier: Apache-2.0

//! [`next_lock`]: the lock that contains the current definitions.

use std::fmt::Write;

use super::history::{AcceptedChange, DROPPED, LockedTable, LockedVersion, VersionHash};
use super::release::ReleaseContext;
use super::review::{PlannedVersion, Review};
use super::schema_lock::SchemaLock;
use super::version_lines::VersionLines;
use crate::check::CheckedTable;
use crate::diagnostic::Diagnostic;
use crate::rule::{AnyRule, LockRule, Severity};

/// A lock with the current definitions, and the warnings about their changes.
#[derive(Clone, Debug)]
pub struct LockUpdate {
    /// The lock. If no definition changed, its text is that of the previous lock.
    pub lock: SchemaLock,
    /// The warnings of [`check_lock`](super::check_lock).
    pub warnings: Vec<Diagnostic>,
}

/// Returns `lock` with the definitions as the latest versions of their tables.
///
/// Entries that accept a change move into the history.
///
/// # Errors
/// All errors and warnings of [`check_lock`](super::check_lock), except the definitions and
/// versions that are not in the lock.
pub fn next_lock(
    tables: &[CheckedTable],
    lock: &SchemaLock,
    context: &ReleaseContext,
) -> Result<LockUpdate, Vec<Diagnostic>> {
    let Review {
        mut diagnostics,
        planned,
    } = Review::new(tables, lock, context);
    diagnostics.retain(|problem| problem.rule != AnyRule::Lock(LockRule::NotLocked));
    let mut severities = diagnostics.iter().map(|problem| problem.severity);
    if severities.any(|severity| severity == Severity::Error) {
        return Err(diagnostics);
    }
    let mut next = SchemaLock {
        header: lock.header.without_accepts(),
        tables: lock.tables.clone(),
    };
    for planned in planned {
        match (planned.position, planned.table) {
            (Some(position), _) => {
                if let Some(table) = next.tables.get_mut(position) {
                    add_version(table, &planned);
                }
            }
            (None, Some(table)) => {
                let mut added = LockedTable {
                    id: unused_history_name(&next, table),
                    versions: Vec::new(),
                    name: table.definition.name().clone(),
                };
                add_version(&mut added, &planned);
                next.tables.push(added);
            }
            (None, None) => {}
        }
    }
    next.tables.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(LockUpdate {
        lock: next,
        warnings: diagnostics,
    })
}

/// Returns the name of the table, with a number if the history of another table has it.
fn unused_history_name(lock: &SchemaLock, table: &CheckedTable) -> String {
    let name = table.definition.name().to_string();
    let is_used = |id: &str| lock.tables.iter().any(|locked| locked.id == id);
    let mut id = name.clone();
    let mut number = 2;
    while is_used(&id) {
        id = format!("{name}#{number}");
        number += 1;
    }
    id
}

fn add_version(locked: &mut LockedTable, planned: &PlannedVersion<'_>) {
    let mut accepted = planned.accepted.clone();
    accepted.sort_by_key(sort_key);
    let mut body = String::new();
    for change in &accepted {
        let _ = writeln!(body, "{change}");
    }
    let previous = locked.versions.last();
    let (number, name, source, span) = match (planned.table, previous) {
        (Some(table), _) => {
            let content = VersionLines::of(&table.definition);
            body.push_str(&locked.head().changes_to(&content));
            (
                table.definition.version(),
                table.definition.name().clone(),
                table.source,
                table.spans.name.clone(),
            )
        }
        (None, Some(previous)) => {
            body.push_str(DROPPED);
            body.push('\n');
            (
                previous.number.saturating_add(1),
                previous.name.clone(),
                previous.source,
                previous.span.clone(),
            )
        }
        // A table without versions has a definition.
        (None, None) => return,
    };
    let hash = VersionHash::of(locked.hash(), number, body.lines());
    locked.push(LockedVersion {
        number,
        is_dropped: planned.table.is_none(),
        accepted,
        name,
        hash,
        body: body.into(),
        source,
        span,
    });
}

fn sort_key(change: &AcceptedChange) -> (&'static str, Option<i32>) {
    (change.rule.id(), change.column.as_ref().map(|(id, _)| *id))
}
