// SPDX-License-Identifier: Apache-2.0

//! Rules about columns: names, values of added columns in old rows, nulls, types and comments.

use super::comparison::Evolution;
use super::initial_default::default_literal;
use super::problem::EvolutionHelp;
use crate::definition::{Column, ColumnDefault};
use crate::diagnostic::backticked;
use crate::rule::EvolutionRule;

impl<'a> Evolution<'a> {
    pub(super) fn columns(&mut self) {
        for column in self.next.definition.columns() {
            let earlier = self.earlier(column.id);
            self.renamed(column, &earlier);
            self.source_name(column, &earlier);
            self.added(column);
            self.nulls(column);
            self.nulls_added(column, &earlier);
            self.types(column);
            self.rust_type(column, &earlier);
            self.default_changed(column, &earlier);
            self.column_comment(column, &earlier);
        }
    }

    /// Reports a column with another name, and whether `renamed_from` declares the rename from the
    /// latest version.
    fn renamed(&mut self, column: &Column, earlier: &[(u32, &Column)]) {
        let is_renamed = |(_, old): &&(u32, &Column)| old.name != column.name;
        let Some((version, old)) = earlier.iter().find(is_renamed) else {
            return;
        };
        let described = self.described(column.into());
        let message = format!(
            "column {described} was named {} in version {version}",
            backticked(&old.name)
        );
        let help = format!(
            "keep the name {}, or accept the change when everything uses the new name",
            backticked(&old.name)
        );
        let rule = EvolutionRule::ColumnRenamed;
        self.push(rule, *version, column.into(), message, help);

        let Some((version, old)) = earlier.first().filter(|(_, old)| old.name != column.name)
        else {
            return;
        };
        let declared = self.renames.columns.get(&column.id);
        if declared.is_some_and(|declared| **declared == *old.name) {
            return;
        }
        let declared = match declared {
            Some(other) => format!("`renamed_from` is {}", backticked(other)),
            None => "`renamed_from` does not declare it".to_string(),
        };
        let message = format!(
            "column {described} was named {} in version {version}, but {declared}",
            backticked(&old.name)
        );
        let help = format!(
            "write `renamed_from = \"{}\"` if the column was renamed, or choose the next free id \
             if it is another column",
            old.name
        );
        let rule = EvolutionRule::RenameNotDeclared;
        self.push(rule, *version, column.into(), message, help);
    }

    /// Reports a column that is not found under its earlier name in files without ids.
    fn source_name(&mut self, column: &Column, earlier: &[(u32, &Column)]) {
        let changed = earlier.iter().find(|(_, old)| {
            // Otherwise the change is a rename.
            let has_source = old.source.is_some() || column.source.is_some();
            has_source && !column.has_file_name(old.source_name())
        });
        let Some((version, old)) = changed else {
            return;
        };
        let message = format!(
            "column {} is named {} in files, but was named {} in version {version}",
            self.described(column.into()),
            backticked(column.source_name()),
            backticked(old.source_name())
        );
        let help = format!("write `source = \"{}\"`", old.source_name());
        let rule = EvolutionRule::SourceNameChanged;
        self.push(rule, *version, column.into(), message, help);
    }

    /// Checks that a column without values in old rows is nullable or has a literal as initial
    /// default.
    fn added(&mut self, column: &Column) {
        let without = self
            .latest_first()
            .find(|version| version.column(column.id).is_none());
        let Some(old) = without else {
            return;
        };
        let Some(first) = self.first_with(column.id, old) else {
            return;
        };
        if column.nullable || first.nullable || default_literal(first).is_some() {
            return;
        }
        let version = old.version();
        let described = self.described(column.into());
        let (rule, message, help) = match &first.default {
            Some(default @ ColumnDefault::Call(_)) => (
                EvolutionRule::AddedWithCall,
                format!(
                    "column {described} is not null, rows of version {version} do not have it, \
                     and its default {} is not a literal",
                    backticked(default.to_toml(&first.ty).trim_matches('"')),
                ),
                EvolutionHelp::new(
                    "write `nullable = true`, or a literal as default: a later version can change \
                     it to the call",
                )
                .in_sql(
                    "delete `NOT NULL` and the default, or write a literal as `DEFAULT`; a later \
                     `SET DEFAULT` can change it to the call",
                ),
            ),
            _ => (
                EvolutionRule::AddedNotNull,
                format!(
                    "column {described} is not null and has no default, and rows of version \
                     {version} do not have it",
                ),
                EvolutionHelp::new(
                    "write `nullable = true`, or `default = ..` with the value of these rows",
                )
                .in_sql("delete `NOT NULL`, or write a literal as `DEFAULT`"),
            ),
        };
        self.push(rule, version, column.into(), message, help);
    }

    /// Checks that a nullable column stays nullable.
    fn nulls(&mut self, column: &Column) {
        if column.nullable {
            return;
        }
        let nullable = self.latest_first().find(|version| {
            let old = version.column(column.id);
            old.is_some_and(|old| old.nullable)
        });
        if let Some(version) = nullable.map(|old| old.version()) {
            let message = format!(
                "column {} is not null, but was nullable in version {version}",
                self.described(column.into()),
            );
            let help = EvolutionHelp::new("write `nullable = true`").in_sql(
                "keep the column nullable, or add another column with `NOT NULL` and a `DEFAULT`",
            );
            let rule = EvolutionRule::NullableToNotNull;
            self.push(rule, version, column.into(), message, help);
        }
    }

    /// Reports a nullable column that was not null.
    fn nulls_added(&mut self, column: &Column, earlier: &[(u32, &Column)]) {
        let not_null = earlier.iter().find(|(_, old)| !old.nullable);
        if let Some((version, _)) = not_null.filter(|_| column.nullable) {
            let message = format!(
                "column {} is nullable, but was not null in version {version}",
                self.described(column.into()),
            );
            let help = "delete `nullable`, or change the code that uses the column in the same \
                        release";
            let rule = EvolutionRule::NotNullToNullable;
            self.push(rule, *version, column.into(), message, help);
        }
    }

    /// Checks the type of a column against each of its earlier types.
    fn types(&mut self, column: &Column) {
        let versions = self.latest_first();
        let old_types: Vec<_> = versions
            .filter_map(|version| {
                let old = version.column(column.id)?;
                (old.ty != column.ty).then_some((version.version(), &old.ty))
            })
            .collect();
        let mut seen = Vec::new();
        for (version, old) in old_types {
            // A type that several versions share is checked once.
            if !seen.contains(&old) {
                seen.push(old);
                self.type_of(version, column.into(), old, &column.ty);
            }
        }
    }

    /// Reports another Rust type of the row field, if the type of the column is the same.
    fn rust_type(&mut self, column: &Column, earlier: &[(u32, &Column)]) {
        let changed = earlier.iter().find(|(_, old)| {
            old.ty == column.ty && (old.rust != column.rust || old.unit != column.unit)
        });
        let Some((version, old)) = changed else {
            return;
        };
        let (key, next, before) = if old.rust == column.rust {
            let unit = |column: &Column| column.unit.map(|unit| unit.as_str().to_string());
            ("unit", unit(column), unit(old))
        } else {
            let rust = |column: &Column| column.rust.as_deref().map(str::to_string);
            ("rust", rust(column), rust(old))
        };
        let shown =
            |value: &Option<String>| value.as_deref().map_or("absent".to_string(), backticked);
        let message = format!(
            "`{key}` of column {} is {}, but was {} in version {version}",
            self.described(column.into()),
            shown(&next),
            shown(&before)
        );
        let keep = match before {
            Some(before) => format!("write `{key} = \"{before}\"`"),
            None => format!("delete `{key}`"),
        };
        let help = format!("{keep}, or change the code that uses the field in the same release");
        let rule = EvolutionRule::RustTypeChanged;
        self.push(rule, *version, column.into(), message, help);
    }

    fn column_comment(&mut self, column: &Column, earlier: &[(u32, &Column)]) {
        let commented = earlier.iter().find(|(_, old)| old.comment.is_some());
        if let Some((version, _)) = commented.filter(|_| column.comment.is_none()) {
            let message = format!(
                "column {} has no comment, but had one in version {version}",
                self.described(column.into()),
            );
            let help = "restore `comment`, or write another one";
            let rule = EvolutionRule::CommentRemoved;
            self.push(rule, *version, column.into(), message, help);
        }
    }

    /// Reports the columns that the next version does not have, and those of them that were not
    /// deprecated before.
    pub(super) fn dropped(&mut self) {
        for (version, column) in self.dropped_columns() {
            let described = self.described(column.into());
            let message = format!("column {described} was dropped after version {version}");
            let help = "keep the column, or accept the change when nothing reads it";
            let rule = EvolutionRule::ColumnRemoved;
            self.push(rule, version, column.into(), message, help);
            if column.deprecated.is_none() {
                let message = format!(
                    "column {described} was dropped, but was not deprecated in version {version}",
                );
                let help = "restore the column with `deprecated = \"..\"`, and drop it in a later \
                            version";
                let rule = EvolutionRule::RemovedNotDeprecated;
                self.push(rule, version, column.into(), message, help);
            }
        }
    }

    /// Returns whether a column of the next version declares that it is renamed from `name`.
    fn is_renamed(&self, name: &str) -> bool {
        let mut names = self.renames.columns.values();
        names.any(|earlier| earlier.eq_ignore_ascii_case(name))
    }

    /// Returns the columns that the next version does not have, latest first, each as in its last
    /// version. A column whose name has another id, or from whose name a column is renamed, is
    /// reported as a changed id.
    pub(super) fn dropped_columns(&self) -> Vec<(u32, &'a Column)> {
        let mut dropped: Vec<(u32, &Column)> = Vec::new();
        for version in self.latest_first() {
            for column in version.definition.columns() {
                let is_known = dropped.iter().any(|(_, known)| known.id == column.id);
                let exists = self.next.column(column.id).is_some()
                    || self.next.id_of(&column.name).is_some()
                    || self.is_renamed(&column.name);
                if !is_known && !exists {
                    dropped.push((version.version(), column));
                }
            }
        }
        dropped
    }
}
