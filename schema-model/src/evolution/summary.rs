// SPDX-License-Identifier: Apache-2.0

//! [`HistorySummary`]: accepts the usual changes of a table without its history.

use std::collections::BTreeSet;

use crate::definition::{Column, ColumnDefault, PrimaryKey, TableDefinition};
use crate::next_id::NextId;
use crate::types::ColumnType;

/// The ids and names that the versions of a table have used.
///
/// With it, the usual next versions are accepted by a comparison with the last version, whose cost
/// does not depend on the number of versions: the rules are transitive, and every earlier version
/// was compared with its predecessors. Other next versions need
/// [`check_evolution`](crate::check_evolution) with the whole history.
#[derive(Clone, Debug)]
pub struct HistorySummary {
    next_id: NextId,
    names: BTreeSet<String>,
}

impl HistorySummary {
    /// Creates the summary of all versions of a table.
    pub fn of<'a>(history: impl IntoIterator<Item = &'a TableDefinition>) -> Self {
        let mut summary = HistorySummary {
            next_id: NextId::new(),
            names: BTreeSet::new(),
        };
        for version in history {
            summary.add(version);
        }
        summary
    }

    /// Adds the version that follows.
    pub fn add(&mut self, version: &TableDefinition) {
        for column in version.columns() {
            self.next_id.observe(column.id.into());
            self.next_id.observe_type(&column.ty.to_string());
            self.names.insert(column.name.to_ascii_lowercase());
        }
        for id in version.reserved().ids.iter() {
            self.next_id.observe((*id).into());
        }
        for name in version.reserved().names.iter() {
            self.names.insert(name.to_ascii_lowercase());
        }
    }

    /// Returns the approximate size in bytes.
    pub fn bytes(&self) -> usize {
        let names = self
            .names
            .iter()
            .map(|name| name.len() + 2 * size_of::<String>());
        size_of::<Self>() + names.sum::<usize>()
    }

    /// Returns whether `next` can follow the versions of this summary, the last of which is `last`.
    /// If the result is `false`, the rules have to be checked with the whole history: the change
    /// may be valid all the same.
    pub fn accepts(&self, last: &TableDefinition, next: &TableDefinition) -> bool {
        let ids = |definition: &TableDefinition, positions: &[usize]| -> Vec<i32> {
            let columns = definition.columns();
            positions
                .iter()
                .map(|position| columns[*position].id)
                .collect()
        };
        let keys = |definition: &TableDefinition| -> Vec<Vec<i32>> {
            let unique = definition.unique_keys().iter();
            let primary = ids(definition, definition.key_columns());
            let unique = unique.map(|key| ids(definition, key));
            std::iter::once(primary).chain(unique).collect()
        };
        let reserves = |id: i32, name: Option<&str>| {
            next.reserved().ids.contains(&id)
                && name
                    .is_none_or(|name| next.reserved().names.iter().any(|other| **other == *name))
        };
        let has_same_keys = last.kind() == next.kind()
            && has_primary_key(last) == has_primary_key(next)
            && keys(last) == keys(next);
        let keeps_reserved = last.reserved().ids.iter().all(|id| reserves(*id, None))
            && last
                .reserved()
                .names
                .iter()
                .all(|name| next.reserved().names.contains(name));
        let keeps_columns = last.columns().iter().all(|column| {
            let following = next.columns().iter().find(|other| other.id == column.id);
            match following {
                Some(other) => self.accepts_column(column, other),
                // The ids of nested fields would have to be reserved too.
                None => column.ty.children().is_empty() && reserves(column.id, Some(&column.name)),
            }
        });
        has_same_keys
            && keeps_reserved
            && keeps_columns
            && next
                .columns()
                .iter()
                .filter(|column| last.columns().iter().all(|other| other.id != column.id))
                .all(|column| self.accepts_added(column))
    }

    fn accepts_column(&self, last: &Column, next: &Column) -> bool {
        let keeps_name = last.name == next.name || self.is_unused_name(&next.name);
        last.ty == next.ty
            && last.source == next.source
            && keeps_name
            && (next.nullable || !last.nullable)
    }

    fn accepts_added(&self, column: &Column) -> bool {
        let has_value =
            column.nullable || matches!(column.default, Some(ColumnDefault::Literal(_)));
        // A call as the default of a nullable column has no value for existing rows.
        let is_constant = !matches!(column.default, Some(ColumnDefault::Call(_)));
        self.is_unused_name(&column.name)
            && column.source.is_none()
            && self.next_id.is_above_all(column.id.into())
            && has_value
            && is_constant
            && has_no_ids(&column.ty)
    }

    fn is_unused_name(&self, name: &str) -> bool {
        !self.names.contains(&name.to_ascii_lowercase())
    }
}

/// Returns whether a type has no nested fields, whose ids would have to be compared too.
fn has_no_ids(ty: &ColumnType) -> bool {
    ty.children().is_empty()
}

fn has_primary_key(definition: &TableDefinition) -> bool {
    matches!(definition.primary_key(), PrimaryKey::Columns(_))
}
