// SPDX-License-Identifier: Apache-2.0

//! [`compare_tables`]: compares two sets of definitions without a lock.

use std::collections::HashMap;

use super::pairing::claimed_twice;
use crate::check::CheckedTable;
use crate::definition::{Column, TableDefinition};
use crate::diagnostic::Diagnostic;
use crate::evolution::{EvolutionProblem, compare_versions};
use crate::renames::Renames;
use crate::rule::EvolutionRule;
use crate::table_name::TableName;
use crate::verdict::Direction;

/// Compares two sets of definitions by the rules of `direction` at all levels.
///
/// A table is compared with the table of the same name, or of the name that it states with
/// `renamed_from`. Two tables that continue the same one are a problem. Added tables are not
/// reported. Problems of a table that only `before` contains are located in `before`, and all
/// others in `after`.
pub fn compare_tables(
    before: &[CheckedTable],
    after: &[CheckedTable],
    direction: Direction,
) -> Vec<Diagnostic> {
    let by_name: HashMap<&TableName, &CheckedTable> = before
        .iter()
        .map(|table| (table.definition.name(), table))
        .collect();
    let mut continued: HashMap<&TableName, &CheckedTable> = HashMap::new();
    let mut diagnostics = Vec::new();
    for table in after {
        let same = by_name.get(table.definition.name());
        let earlier = table.renames.table.as_ref();
        let old = same.or_else(|| earlier.and_then(|earlier| by_name.get(earlier)));
        let Some(old) = old else {
            continue;
        };
        if let Some(first) = continued.insert(old.definition.name(), table) {
            diagnostics.push(claimed_twice(table, old.definition.name(), first));
            continue;
        }
        let history = [&old.definition];
        let renames = renames_since(&old.definition, table);
        let mut problems = compare_versions(&history, &table.definition, &renames, direction);
        if renames.is_incomplete {
            problems.retain(|problem| problem.rule != EvolutionRule::RenameNotDeclared);
        }
        diagnostics.extend(problems.into_iter().map(|it| it.into_diagnostic(table)));
    }
    let removed = before
        .iter()
        .filter(|table| !continued.contains_key(table.definition.name()));
    diagnostics
        .extend(removed.map(|table| {
            EvolutionProblem::table_removed(&table.definition).into_diagnostic(table)
        }));
    diagnostics
}

/// Returns the renames that `next` declares, without those that were made before `old`.
fn renames_since(old: &TableDefinition, next: &CheckedTable) -> Renames {
    let mut renames = next.renames.clone();
    let columns = next.definition.columns();
    renames.columns.retain(|id, _| {
        let name_in = |columns: &[Column]| {
            let column = columns.iter().find(|column| column.id == *id);
            column.map(|column| column.name.clone())
        };
        name_in(old.columns()) != name_in(columns)
    });
    renames
}
