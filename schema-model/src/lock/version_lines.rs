// SPDX-License-Identifier: Apache-2.0

//! [`VersionLines`]: a definition as lines of text, and the lines in which two versions differ.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt::Write;

use crate::canonical::{optional_keys, quoted};
use crate::definition::{Column, TableDefinition};

/// The keys of a table in the order of their lines. The columns follow those of [`TABLE_KEYS`].
const KEYS: [&str; 11] = [
    "name",
    "kind",
    "ttl_seconds",
    "access_level",
    "comment",
    "primary_key",
    "no_primary_key",
    "unique",
    "row",
    "reserved.ids",
    "reserved.names",
];
/// The number of keys whose lines precede the columns.
const TABLE_KEYS: usize = 9;

/// A definition as one line for each key and each column, without its version.
///
/// The lines are in the notation of definitions with single spaces, so that a change of one column
/// does not realign the lines of others. The ids of the columns are unique.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct VersionLines<'a> {
    /// The lines of keys with their positions in [`KEYS`], in ascending order.
    keys: Vec<(usize, Cow<'a, str>)>,
    /// The lines of columns with their ids, in the order of the columns.
    columns: Vec<(i32, Cow<'a, str>)>,
}

/// A problem in the lines of a version.
pub(super) struct ChangeError {
    /// The position of the line in the version, counted from 0.
    pub(super) line: usize,
    pub(super) message: String,
}

impl VersionLines<'static> {
    /// Returns the lines of a definition.
    pub(super) fn of(definition: &TableDefinition) -> Self {
        let table_keys = definition.table_keys().into_iter();
        let reserved = definition.reserved_keys().into_iter();
        let lines = table_keys
            .map(|(key, value)| (Cow::Borrowed(key), value))
            .chain(reserved.map(|(key, value)| (Cow::Owned(format!("reserved.{key}")), value)));
        // The version is part of the line that begins the block.
        let keys = lines.filter_map(|(key, value)| {
            let at = KEYS.iter().position(|known| *known == key)?;
            Some((at, Cow::Owned(format!("{key} = {value}"))))
        });
        let columns = definition.columns().iter();
        VersionLines {
            keys: keys.collect(),
            columns: columns
                .map(|column| (column.id, Cow::Owned(column_line(column))))
                .collect(),
        }
    }
}

fn column_line(column: &Column) -> String {
    let mut line = format!(
        "columns.{} = {{ id = {}, type = {}",
        column.name,
        column.id,
        quoted(&column.ty.to_string())
    );
    for (key, value) in optional_keys(column) {
        let _ = write!(line, ", {key} = {value}");
    }
    line.push_str(" }");
    line
}

/// A line of a definition with the key or the column that it describes.
enum LineSubject {
    Key(usize),
    Column(i32),
}

/// Returns the subject of a line, or `None` if it is not a line of a definition.
fn subject(line: &str) -> Option<LineSubject> {
    let (key, value) = line.split_once(" = ")?;
    if key.starts_with("columns.") {
        let (id, _) = value.strip_prefix("{ id = ")?.split_once(", ")?;
        return id.parse().ok().map(LineSubject::Column);
    }
    KEYS.iter()
        .position(|known| *known == key)
        .map(LineSubject::Key)
}

impl<'a> VersionLines<'a> {
    /// Returns the lines of the keys, and the section of the reserved ids and names without its
    /// prefix.
    pub(super) fn key_lines(&self) -> (impl Iterator<Item = &str>, impl Iterator<Item = &str>) {
        let count = self.keys.partition_point(|(at, _)| *at < TABLE_KEYS);
        let (table, reserved) = self.keys.split_at(count);
        let table = table.iter().map(|(_, line)| &**line);
        let reserved = reserved
            .iter()
            .map(|(_, line)| line.strip_prefix("reserved.").unwrap_or(line));
        (table, reserved)
    }

    /// Returns the lines of the columns without their prefix.
    pub(super) fn column_lines(&self) -> impl Iterator<Item = &str> {
        self.columns
            .iter()
            .map(|(_, line)| line.strip_prefix("columns.").unwrap_or(line))
    }

    /// Returns the value of `name` without quotes, or `None` if there is no such line.
    pub(super) fn name(&self) -> Option<&str> {
        let (_, line) = self.keys.first().filter(|(at, _)| *at == 0)?;
        line.strip_prefix("name = \"")?.strip_suffix('"')
    }

    /// Applies the lines of a version: removed lines begin with `- `, and added ones with `+ `.
    ///
    /// An added column takes the position of the removed one with the same id. Other columns are
    /// added at the end. A line `order` with the ids of all columns states another order.
    pub(super) fn apply(
        &mut self,
        lines: impl Iterator<Item = &'a str>,
    ) -> Result<(), ChangeError> {
        // The ids and positions of removed columns.
        let mut removed: HashMap<i32, usize> = HashMap::new();
        for (index, line) in lines.enumerate() {
            let fail = |message: &str| ChangeError {
                line: index,
                message: message.to_string(),
            };
            if let Some(ids) = line.strip_prefix("order ") {
                self.delete(&removed);
                removed.clear();
                self.reorder(ids)
                    .ok_or_else(|| fail("the line does not contain the id of each column once"))?;
            } else if let Some(old) = line.strip_prefix("- ") {
                match subject(old).ok_or_else(|| fail("the line is not understood"))? {
                    LineSubject::Key(at) => {
                        let found = self.keys.iter().position(|key| key.0 == at && key.1 == old);
                        let found = found
                            .ok_or_else(|| fail("the previous version does not have the line"))?;
                        self.keys.remove(found);
                    }
                    LineSubject::Column(id) => {
                        let mut columns = self.columns.iter();
                        let found = columns.position(|column| column.0 == id && column.1 == old);
                        let found = found.filter(|_| !removed.contains_key(&id));
                        let found = found
                            .ok_or_else(|| fail("the previous version does not have the line"))?;
                        removed.insert(id, found);
                    }
                }
            } else if let Some(new) = line.strip_prefix("+ ") {
                match subject(new).ok_or_else(|| fail("the line is not understood"))? {
                    LineSubject::Key(at) => {
                        let position = self.keys.partition_point(|key| key.0 < at);
                        if self.keys.get(position).is_some_and(|key| key.0 == at) {
                            return Err(fail("the version has the key twice"));
                        }
                        self.keys.insert(position, (at, Cow::Borrowed(new)));
                    }
                    LineSubject::Column(id) => {
                        if let Some(position) = removed.remove(&id) {
                            if let Some(column) = self.columns.get_mut(position) {
                                column.1 = Cow::Borrowed(new);
                            }
                        } else if self.columns.iter().any(|column| column.0 == id) {
                            return Err(fail("the version has the id twice"));
                        } else {
                            self.columns.push((id, Cow::Borrowed(new)));
                        }
                    }
                }
            } else {
                return Err(fail("the line is not understood"));
            }
        }
        self.delete(&removed);
        Ok(())
    }

    fn delete(&mut self, removed: &HashMap<i32, usize>) {
        if !removed.is_empty() {
            self.columns.retain(|(id, _)| !removed.contains_key(id));
        }
    }

    /// Sorts the columns by the ids in `order`. Returns `None` unless these are the ids of all
    /// columns.
    fn reorder(&mut self, order: &str) -> Option<()> {
        let ids = order.split(' ').map(str::parse).collect::<Result<_, _>>();
        let ids: Vec<i32> = ids.ok()?;
        let mut columns: HashMap<i32, Cow<'a, str>> = self.columns.drain(..).collect();
        if ids.len() != columns.len() {
            return None;
        }
        for id in ids {
            self.columns.push((id, columns.remove(&id)?));
        }
        Some(())
    }

    /// Returns the lines that change this content to `next`, each with a newline. They are empty if
    /// the two are equal.
    pub(super) fn changes_to(&self, next: &VersionLines<'_>) -> String {
        let mut out = String::new();
        let before_columns = |at: usize| at < TABLE_KEYS;
        self.key_changes(next, before_columns, &mut out);
        let order = self.column_changes(next, &mut out);
        self.key_changes(next, |at| !before_columns(at), &mut out);
        if order.iter().ne(next.columns.iter().map(|(id, _)| id)) {
            let ids = next.columns.iter().map(|(id, _)| id.to_string());
            let _ = writeln!(out, "order {}", ids.collect::<Vec<_>>().join(" "));
        }
        out
    }

    fn key_changes(&self, next: &VersionLines<'_>, part: impl Fn(usize) -> bool, out: &mut String) {
        for at in (0..KEYS.len()).filter(|at| part(*at)) {
            let line_of = |content: &VersionLines<'_>| {
                let mut keys = content.keys.iter();
                keys.find(|key| key.0 == at).map(|key| key.1.to_string())
            };
            let (old, new) = (line_of(self), line_of(next));
            if old == new {
                continue;
            }
            write_lines(out, old.as_deref(), new.as_deref());
        }
    }

    /// Writes the lines of changed, removed and added columns. Returns the ids of the columns in
    /// the order that results without a line `order`.
    fn column_changes(&self, next: &VersionLines<'_>, out: &mut String) -> Vec<i32> {
        let new_lines: HashMap<i32, &str> = next
            .columns
            .iter()
            .map(|(id, line)| (*id, &**line))
            .collect();
        let mut order = Vec::with_capacity(next.columns.len());
        for (id, old) in &self.columns {
            let new = new_lines.get(id).copied();
            if new.is_some() {
                order.push(*id);
            }
            if new != Some(&**old) {
                write_lines(out, Some(old), new);
            }
        }
        let known: HashSet<i32> = self.columns.iter().map(|(id, _)| *id).collect();
        for (id, new) in next.columns.iter().filter(|(id, _)| !known.contains(id)) {
            order.push(*id);
            write_lines(out, None, Some(new));
        }
        order
    }
}

fn write_lines(out: &mut String, old: Option<&str>, new: Option<&str>) {
    if let Some(old) = old {
        let _ = writeln!(out, "- {old}");
    }
    if let Some(new) = new {
        let _ = writeln!(out, "+ {new}");
    }
}
