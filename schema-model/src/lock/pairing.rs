// SPDX-License-Identifier: Apache-2.0

//! [`Pairing`]: the definitions, each with the table in the lock whose history it continues.

use std::collections::HashMap;

use super::history::LockedTable;
use super::schema_lock::SchemaLock;
use crate::check::CheckedTable;
use crate::diagnostic::{Diagnostic, backticked};
use crate::rule::LockRule;
use crate::source::SourceSpan;
use crate::suggest::nearest;
use crate::table_name::TableName;

/// The definitions and the tables of a lock that belong together.
pub(super) struct Pairing<'a> {
    /// Each definition that can be compared.
    pub(super) tables: Vec<PairedTable<'a>>,
    /// The positions of the tables in the lock that no definition continues, without dropped ones.
    pub(super) removed: Vec<usize>,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// The positions of the tables in the lock that have or had a name.
    by_any_name: HashMap<&'a TableName, Vec<usize>>,
}

/// A definition with its history.
pub(super) struct PairedTable<'a> {
    pub(super) table: &'a CheckedTable,
    /// The position of the table in the lock, or `None` if the lock does not contain it. The table
    /// can be one that was dropped.
    pub(super) position: Option<usize>,
    /// A table that had the name of the definition, and whose history it does not continue.
    pub(super) reused: Option<&'a LockedTable>,
}

impl<'a> Pairing<'a> {
    /// Finds the history of each definition: by its name, and then by its earlier name.
    pub(super) fn new(tables: &'a [CheckedTable], lock: &'a SchemaLock) -> Self {
        let mut by_name: HashMap<&TableName, usize> = HashMap::new();
        for (position, locked) in lock.tables.iter().enumerate() {
            let entry = by_name.entry(locked.name()).or_insert(position);
            if !locked.is_dropped() {
                *entry = position;
            }
        }
        let mut pairing = Pairing {
            by_any_name: tables_by_any_name(lock),
            tables: Vec::with_capacity(tables.len()),
            removed: Vec::new(),
            diagnostics: Vec::new(),
        };
        let mut claimed: HashMap<usize, &CheckedTable> = HashMap::new();
        let mut renamed = Vec::new();
        for table in tables {
            let position = by_name.get(table.definition.name()).copied();
            let is_live = position
                .and_then(|position| lock.tables.get(position))
                .is_some_and(|locked| !locked.is_dropped());
            match (position, &table.renames.table) {
                (position, Some(earlier)) if !is_live => renamed.push((table, position, earlier)),
                (position, _) => pairing.claim(table, position, lock, &mut claimed),
            }
        }
        for (table, own, earlier) in renamed {
            let position = by_name.get(earlier).copied();
            let live = position.filter(|position| {
                let locked = lock.tables.get(*position);
                locked.is_some_and(|locked| !locked.is_dropped())
            });
            if live.is_none() && !lock.tables.is_empty() && own.is_none() {
                pairing.diagnostics.push(unknown(table, earlier, lock));
            }
            pairing.claim(table, live.or(own), lock, &mut claimed);
        }
        let positions = 0..lock.tables.len();
        let is_live = |position: &usize| {
            let locked = lock.tables.get(*position);
            locked.is_some_and(|locked| !locked.is_dropped())
        };
        pairing.removed = positions
            .filter(is_live)
            .filter(|position| !claimed.contains_key(position))
            .collect();
        pairing
    }

    /// Adds a definition, unless another one continues the same table.
    fn claim(
        &mut self,
        table: &'a CheckedTable,
        position: Option<usize>,
        lock: &'a SchemaLock,
        claimed: &mut HashMap<usize, &'a CheckedTable>,
    ) {
        let Some((position, locked)) = position.zip(position.and_then(|at| lock.tables.get(at)))
        else {
            self.push(table, None, lock);
            return;
        };
        match claimed.get(&position) {
            Some(first) => {
                let problem = claimed_twice(table, locked.name(), first);
                self.diagnostics.push(problem);
            }
            None => {
                claimed.insert(position, table);
                self.push(table, Some(position), lock);
            }
        }
    }

    fn push(&mut self, table: &'a CheckedTable, position: Option<usize>, lock: &'a SchemaLock) {
        let name = table.definition.name();
        let history = position.and_then(|position| lock.tables.get(position));
        let live = history.filter(|history| !history.is_dropped());
        let keeps_name = live.is_some_and(|history| history.name() == name);
        // A table that is renamed back does not reuse its own earlier name.
        let own = position.filter(|_| live.is_some());
        let mut others = self.by_any_name.get(name).into_iter().flatten().copied();
        let reused = others
            .find(|other| !keeps_name && Some(*other) != own)
            .and_then(|other| lock.tables.get(other));
        self.tables.push(PairedTable {
            table,
            position,
            reused,
        });
    }
}

fn tables_by_any_name(lock: &SchemaLock) -> HashMap<&TableName, Vec<usize>> {
    let mut by_any_name: HashMap<&TableName, Vec<usize>> = HashMap::new();
    for (position, locked) in lock.tables.iter().enumerate() {
        let mut previous = None;
        for version in &locked.versions {
            if previous != Some(&version.name) {
                by_any_name.entry(&version.name).or_default().push(position);
            }
            previous = Some(&version.name);
        }
    }
    by_any_name
}

/// Returns the problem of a second table that continues the table `name`.
pub(super) fn claimed_twice(
    table: &CheckedTable,
    name: &TableName,
    first: &CheckedTable,
) -> Diagnostic {
    let message = format!(
        "tables {} and {} both continue the history of {}",
        backticked(&first.definition.name().to_string()),
        backticked(&table.definition.name().to_string()),
        backticked(&name.to_string())
    );
    Diagnostic::new(LockRule::TableClaimedTwice, renamed_from(table), message)
        .with_label(first.spans.name.clone(), "first here")
        .with_help("delete one of the two definitions, or its `renamed_from`")
}

fn unknown(table: &CheckedTable, earlier: &TableName, lock: &SchemaLock) -> Diagnostic {
    let message = format!(
        "table {} is renamed from {}, which the lock does not contain",
        backticked(&table.definition.name().to_string()),
        backticked(&earlier.to_string())
    );
    let names = lock.tables.iter().filter(|locked| !locked.is_dropped());
    let names: Vec<String> = names.map(|locked| locked.name().to_string()).collect();
    let help = match nearest(&earlier.to_string(), names.iter().map(String::as_str)) {
        Some(name) => format!("did you mean `{name}`?"),
        None => "delete `renamed_from` if the table is an added one".to_string(),
    };
    Diagnostic::new(LockRule::EarlierNameUnknown, renamed_from(table), message).with_help(help)
}

fn renamed_from(table: &CheckedTable) -> SourceSpan {
    let span = table.spans.renamed_from.as_ref();
    span.unwrap_or(&table.spans.name).clone()
}
