// SPDX-License-Identifier: Apache-2.0

//! [`table_differences`]: the differences between two sets of definitions, including those that
//! break no rule.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use kalamtable_model::{CheckedTable, Column, TableDefinition, TableName};
use serde_json::{Value, json};

/// The differences of one table between two sets of definitions.
pub(crate) enum TableDifference<'a> {
    /// Only the definitions after the change contain the table.
    Added(&'a TableDefinition),
    /// Only the definitions before the change contain the table.
    Removed(&'a TableDefinition),
    /// The definitions of the table differ.
    Changed {
        /// The definition before the change.
        before: &'a TableDefinition,
        /// The definition after the change.
        after: &'a TableDefinition,
    },
}

/// Returns the tables that differ, in the order of the definitions after the change. Removed tables
/// are last.
pub(crate) fn table_differences<'a>(
    before: &'a [CheckedTable],
    after: &'a [CheckedTable],
) -> Vec<TableDifference<'a>> {
    let mut by_name: HashMap<&TableName, &TableDefinition> = before
        .iter()
        .map(|table| (table.definition.name(), &table.definition))
        .collect();
    let names: HashSet<&TableName> = after.iter().map(|table| table.definition.name()).collect();
    let mut changes = Vec::new();
    for table in after {
        let definition = &table.definition;
        let same = by_name.remove(definition.name());
        let earlier = table.renames.table.as_ref();
        // A table that has the earlier name continues the table of that name.
        let earlier = earlier.filter(|name| !names.contains(name));
        match same.or_else(|| by_name.remove(earlier?)) {
            None => changes.push(TableDifference::Added(definition)),
            Some(before) if before == definition => {}
            Some(before) => changes.push(TableDifference::Changed {
                before,
                after: definition,
            }),
        }
    }
    let removed = before.iter().map(|table| &table.definition);
    let removed = removed.filter(|table| by_name.contains_key(table.name()));
    changes.extend(removed.map(TableDifference::Removed));
    changes
}

impl TableDifference<'_> {
    /// Returns the change on one line: `app.orders: version 1 to 3; added column `note` (id 4)`.
    pub(crate) fn line(&self) -> String {
        match self {
            TableDifference::Added(table) => {
                format!("{}: added table, version {}", table.name(), table.version())
            }
            TableDifference::Removed(table) => {
                let (name, version) = (table.name(), table.version());
                format!("{name}: removed table, version {version}")
            }
            TableDifference::Changed { before, after } => {
                let mut parts = Vec::new();
                if before.version() != after.version() {
                    let (before, after) = (before.version(), after.version());
                    parts.push(format!("version {before} to {after}"));
                }
                if before.name() != after.name() {
                    parts.push(format!("renamed from `{}`", before.name()));
                }
                let named = |verb: &str, column: &Column| {
                    format!("{verb} column `{}` (id {})", column.name, column.id)
                };
                parts.extend(missing(after, before).map(|column| named("added", column)));
                parts.extend(missing(before, after).map(|column| named("removed", column)));
                parts.extend(changed(before, after).map(|(old, new)| {
                    let renamed = if old.name == new.name {
                        String::new()
                    } else {
                        format!(", renamed from `{}`", old.name)
                    };
                    named("changed", new) + &renamed
                }));
                let keys = changed_keys(before, after).into_iter();
                parts.extend(keys.map(|key| format!("changed `{key}`")));
                if order_of_common(before, after) != order_of_common(after, before) {
                    parts.push("changed order of columns".to_string());
                }
                format!("{}: {}", after.name(), parts.join("; "))
            }
        }
    }

    /// Returns the change as data.
    pub(crate) fn value(&self) -> Value {
        let columns = |columns: Vec<&Column>| -> Vec<Value> {
            let values = columns.into_iter();
            let values = values.map(|column| json!({ "id": column.id, "name": &*column.name }));
            values.collect()
        };
        let (change, table, versions) = match self {
            TableDifference::Added(table) => ("added", table, (None, Some(table.version()))),
            TableDifference::Removed(table) => ("removed", table, (Some(table.version()), None)),
            TableDifference::Changed { before, after } => {
                let versions = (Some(before.version()), Some(after.version()));
                ("changed", after, versions)
            }
        };
        let mut value = json!({
            "change": change,
            "table": table.name().to_string(),
            "earlier_name": null,
            "version_before": versions.0,
            "version_after": versions.1,
            "added_columns": [],
            "removed_columns": [],
            "changed_columns": [],
            "changed_keys": [],
        });
        if let TableDifference::Changed { before, after } = self {
            if before.name() != after.name() {
                value["earlier_name"] = before.name().to_string().into();
            }
            value["added_columns"] = columns(missing(after, before).collect()).into();
            value["removed_columns"] = columns(missing(before, after).collect()).into();
            let changed = changed(before, after).map(|(_, column)| column);
            value["changed_columns"] = columns(changed.collect()).into();
            value["changed_keys"] = changed_keys(before, after).into();
        }
        value
    }
}

/// Returns the columns of `table` whose ids `other` does not have.
fn missing<'a>(
    table: &'a TableDefinition,
    other: &'a TableDefinition,
) -> impl Iterator<Item = &'a Column> {
    let columns = table.columns().iter();
    columns.filter(move |column| by_id(other, column.id).is_none())
}

/// Returns the columns that both definitions have, and that differ.
fn changed<'a>(
    before: &'a TableDefinition,
    after: &'a TableDefinition,
) -> impl Iterator<Item = (&'a Column, &'a Column)> {
    let columns = after.columns().iter();
    let pairs = columns.filter_map(move |new| Some((by_id(before, new.id)?, new)));
    pairs.filter(|(old, new)| old != new)
}

/// Returns the keys of the table that differ, except for the name and the version.
fn changed_keys(before: &TableDefinition, after: &TableDefinition) -> Vec<String> {
    let texts = (before.to_toml(), after.to_toml());
    let (before, after) = (key_lines(&texts.0), key_lines(&texts.1));
    let keys: BTreeSet<&str> = before.keys().chain(after.keys()).copied().collect();
    keys.into_iter()
        .filter(|key| !matches!(*key, "name" | "version") && before.get(key) != after.get(key))
        .map(str::to_string)
        .collect()
}

/// Returns the lines of each key in a canonical text. The lines of `[reserved]` belong to one key.
fn key_lines(text: &str) -> BTreeMap<&str, Vec<&str>> {
    let mut keys: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut section = "";
    for line in text.lines().filter(|line| !line.is_empty()) {
        if let Some(header) = line.strip_prefix('[') {
            section = header.trim_end_matches(']');
        } else if section != "columns" {
            let key = line.split([' ', '=']).next().unwrap_or_default();
            let key = if section.is_empty() { key } else { section };
            keys.entry(key).or_default().push(line);
        }
    }
    keys
}

/// Returns the ids of the columns that the other definition also has, in the order of columns.
fn order_of_common(table: &TableDefinition, other: &TableDefinition) -> Vec<i32> {
    let columns = table.columns().iter();
    let common = columns.filter(|column| by_id(other, column.id).is_some());
    common.map(|column| column.id).collect()
}

fn by_id(table: &TableDefinition, id: i32) -> Option<&Column> {
    table.columns().iter().find(|column| column.id == id)
}
