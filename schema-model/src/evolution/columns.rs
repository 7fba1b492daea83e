// SPDX-License-Identifier: Apache-2.0

//! Rules about columns: what old rows have in those that were added, nulls, and types.

use super::{Evolution, EvolutionRule, literal};
use crate::definition::{Column, ColumnDefault};
use crate::diagnostic::backticked;

impl Evolution<'_> {
    pub(super) fn columns(&mut self) {
        for column in self.next.definition.columns() {
            self.added(column);
            self.nulls(column);
            self.types(column);
        }
    }

    /// A column that old rows do not have is null for them, or has a value that stays the same.
    fn added(&mut self, column: &Column) {
        let without = self
            .latest_first()
            .find(|version| !version.columns.contains_key(&column.id));
        let Some(old) = without else {
            return;
        };
        let Some(first) = self.first_with(column.id, old) else {
            return;
        };
        if column.nullable || first.nullable || literal(first).is_some() {
            return;
        }
        let version = old.definition.version();
        let (name, table) = (backticked(&column.name), self.name());
        let ty = &column.ty;
        let (rule, message, help) = match &first.default {
            Some(default @ ColumnDefault::Call(_)) => (
                EvolutionRule::AddedWithCall,
                format!(
                    "column {name} (id {}) of {table} is not null, and its default {} is no value \
                     for the rows of version {version}, which do not have it",
                    column.id,
                    backticked(default.to_toml(ty).trim_matches('"')),
                ),
                "write `nullable = true`, or a default that is a value: it may become the call in a \
                 later version",
            ),
            _ => (
                EvolutionRule::AddedNotNull,
                format!(
                    "column {name} (id {}) of {table} is not null and has no default, and rows of \
                     version {version} do not have it",
                    column.id
                ),
                "write `nullable = true`, or `default = ..` with the value that they have",
            ),
        };
        self.push(rule, column.id, &column.name, message, help.to_string());
    }

    /// What could be null still can.
    fn nulls(&mut self, column: &Column) {
        if column.nullable {
            return;
        }
        let nullable = self.latest_first().find(|version| {
            let old = version.columns.get(&column.id);
            old.is_some_and(|old| old.nullable)
        });
        if let Some(version) = nullable.map(|old| old.definition.version()) {
            let message = format!(
                "column {} (id {}) of {} is not null, and was nullable in version {version}",
                backticked(&column.name),
                column.id,
                self.name(),
            );
            let help = "write `nullable = true`".to_string();
            let rule = EvolutionRule::NullableToNotNull;
            self.push(rule, column.id, &column.name, message, help);
        }
    }

    /// Values of every old type are values of the type, all the way down.
    fn types(&mut self, column: &Column) {
        let versions = self.latest_first();
        let old_types: Vec<_> = versions
            .filter_map(|version| {
                let old = version.columns.get(&column.id)?;
                (old.ty != column.ty).then_some((version.definition.version(), &old.ty))
            })
            .collect();
        let mut seen = Vec::new();
        for (version, old) in old_types {
            // Most versions say the same of most columns.
            if !seen.contains(&old) {
                seen.push(old);
                self.type_of(version, column.id, &column.name, old, &column.ty);
            }
        }
    }
}
