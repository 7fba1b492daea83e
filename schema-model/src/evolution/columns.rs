// SPDX-License-Identifier: Apache-2.0

//! Rules about columns: values of added columns in old rows, nulls and types.

use super::comparison::Evolution;
use super::initial_default::default_literal;
use crate::definition::{Column, ColumnDefault};
use crate::diagnostic::backticked;
use crate::rule::EvolutionRule;

impl Evolution<'_> {
    pub(super) fn columns(&mut self) {
        for column in self.next.definition.columns() {
            self.added(column);
            self.nulls(column);
            self.types(column);
        }
    }

    /// Checks that a column without values in old rows is nullable or has a literal as initial
    /// default.
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
        if column.nullable || first.nullable || default_literal(first).is_some() {
            return;
        }
        let version = old.definition.version();
        let (name, table) = (backticked(&column.name), self.table_name());
        let ty = &column.ty;
        let (rule, message, help) = match &first.default {
            Some(default @ ColumnDefault::Call(_)) => (
                EvolutionRule::AddedWithCall,
                format!(
                    "column {name} (id {}) of {table} is not null, rows of version \
                     {version} do not have it, and its default {} is not a literal",
                    column.id,
                    backticked(default.to_toml(ty).trim_matches('"')),
                ),
                "write `nullable = true`, or a literal as default: a later version can change it to the \
                 call",
            ),
            _ => (
                EvolutionRule::AddedNotNull,
                format!(
                    "column {name} (id {}) of {table} is not null and has no default, and rows of \
                     version {version} do not have it",
                    column.id
                ),
                "write `nullable = true`, or `default = ..` with the value of these rows",
            ),
        };
        self.push(rule, column.id, &column.name, message, help.to_string());
    }

    /// Checks that a nullable column stays nullable.
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
                "column {} (id {}) of {} is not null, but was nullable in version {version}",
                backticked(&column.name),
                column.id,
                self.table_name(),
            );
            let help = "write `nullable = true`".to_string();
            let rule = EvolutionRule::NullableToNotNull;
            self.push(rule, column.id, &column.name, message, help);
        }
    }

    /// Checks the type of a column against each of its earlier types.
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
            // A type that several versions share is checked once.
            if !seen.contains(&old) {
                seen.push(old);
                self.type_of(version, column.id, &column.name, old, &column.ty);
            }
        }
    }
}
