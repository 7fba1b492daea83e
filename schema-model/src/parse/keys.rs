// SPDX-License-Identifier: Apache-2.0

//! The keys of a definition, and the problems of unknown keys.

use toml::de::{DeTable, DeValue};

use super::reader::{Reader, get};
use crate::diagnostic::{backticked, backticked_list};
use crate::rule::Rule;
use crate::suggest::nearest;

/// The keys of a table in canonical order.
pub(crate) const TABLE_KEYS: [&str; 13] = [
    "name",
    "renamed_from",
    "kind",
    "ttl_seconds",
    "access_level",
    "version",
    "comment",
    "primary_key",
    "no_primary_key",
    "unique",
    "row",
    "columns",
    "reserved",
];
/// The keys of a column in canonical order.
pub(crate) const COLUMN_KEYS: [&str; 11] = [
    "id",
    "type",
    "renamed_from",
    "source",
    "nullable",
    "unit",
    "rust",
    "variants",
    "default",
    "deprecated",
    "comment",
];
/// The keys of `[reserved]` in canonical order.
pub(crate) const RESERVED_KEYS: [&str; 2] = ["ids", "names"];

/// Returns whether an unknown key is most likely a misspelling of `key`, whose absence then needs
/// no problem of its own.
pub(super) fn is_misspelt(table: &DeTable<'_>, key: &str, known: &[&'static str]) -> bool {
    table.iter().any(|(written, _)| {
        let written: &str = written.get_ref();
        !known.contains(&written) && nearest(written, known.iter().copied()) == Some(key)
    })
}

impl Reader<'_> {
    pub(super) fn unknown_table_keys(&mut self, root: &DeTable<'_>) {
        for (key, value) in root.iter() {
            let name: &str = key.get_ref();
            if TABLE_KEYS.contains(&name) {
                continue;
            }
            let help = match value.get_ref() {
                DeValue::Table(table)
                    if get(table, "type").is_some() || get(table, "id").is_some() =>
                {
                    format!(
                        "columns go below `[columns]`: move {} there",
                        backticked(name)
                    )
                }
                _ => did_you_mean(name, &TABLE_KEYS, "the keys of a table are"),
            };
            let message = format!("unknown key {}", backticked(name));
            self.report(Rule::UnknownKey, key.span(), message, help);
        }
    }

    /// Reports the unknown keys of the column `name`.
    pub(super) fn unknown_column_keys(&mut self, name: &str, column: &DeTable<'_>) {
        for (key, _) in column.iter() {
            let written: &str = key.get_ref();
            if COLUMN_KEYS.contains(&written) {
                continue;
            }
            let help = match written {
                "primary_key" | "pk" | "key" => {
                    format!("declare keys above `[columns]`: `primary_key = [\"{name}\"]`")
                }
                "unique" => {
                    format!("declare keys above `[columns]`: `unique = [[\"{name}\"]]`")
                }
                "null" | "optional" => "write `nullable = true`".to_string(),
                "not_null" | "required" => {
                    "delete it: a column is not null unless it has `nullable = true`".to_string()
                }
                _ => did_you_mean(written, &COLUMN_KEYS, "the keys of a column are"),
            };
            let message = format!("unknown key {}", backticked(written));
            self.report(Rule::UnknownKey, key.span(), message, help);
        }
    }

    pub(super) fn unknown_reserved_keys(&mut self, reserved: &DeTable<'_>) {
        for (key, _) in reserved.iter() {
            let name: &str = key.get_ref();
            if RESERVED_KEYS.contains(&name) {
                continue;
            }
            let message = format!("unknown key {}", backticked(name));
            let help = did_you_mean(name, &RESERVED_KEYS, "the keys of `[reserved]` are");
            self.report(Rule::UnknownKey, key.span(), message, help);
        }
    }
}

fn did_you_mean(written: &str, known: &[&'static str], otherwise: &str) -> String {
    match nearest(written, known.iter().copied()) {
        Some(key) => format!("did you mean `{key}`?"),
        None => format!("{otherwise} {}", backticked_list(known, "and")),
    }
}
