// SPDX-License-Identifier: Apache-2.0

//! [`HistorySummary`]: the verdict of the evolution rules, without the history.

use std::collections::HashMap;

use super::check_evolution;
use super::indexed::IndexedDefinition;
use crate::definition::TableDefinition;

/// A summary of all versions of a table, which decides whether another version can follow them. The
/// cost does not depend on the number of versions.
///
/// If each version could follow its predecessors, the rules about stored files are transitive, with
/// two exceptions: a name keeps the id that any earlier column of the name had, and an added id
/// exceeds all earlier ids. The summary therefore contains the last version, the names and the
/// largest id. If the history has a version that could not follow its predecessors, the summary
/// accepts nothing.
///
/// ```
/// use kalamtable_model::{HistorySummary, SourceFile, Sources, parse_and_check};
///
/// let table = |columns: &str| {
///     let text = format!("name = \"app.events\"\nprimary_key = [\"id\"]\n[columns]\n{columns}");
///     let mut sources = Sources::new();
///     let source = sources.push(SourceFile::new("events.toml", text));
///     parse_and_check(&sources, source).unwrap().definition
/// };
/// let first = table("id = { id = 1, type = \"int\" }");
/// let wider = table("id = { id = 1, type = \"bigint\" }");
/// let mut summary = HistorySummary::of([&first]);
/// assert!(summary.accepts(&wider));
///
/// summary.add(&wider);
/// assert!(!summary.accepts(&first));
/// ```
#[derive(Clone, Debug)]
pub struct HistorySummary {
    last: Option<TableDefinition>,
    /// Whether each version could follow its predecessors.
    is_valid: bool,
    /// The ids of all columns by their names in lower case.
    ids: HashMap<Box<str>, i32>,
    /// The length of all names in bytes.
    name_bytes: usize,
    largest_id: Option<i32>,
}

/// The bytes of an entry of a hash map in addition to its key and value: a control byte, and unused
/// capacity, which is largest after the map has grown.
const MAP_ENTRY_BYTES: usize = size_of::<(Box<str>, i32)>() + 4;

impl HistorySummary {
    /// Creates the summary of all versions of a table, oldest first.
    pub fn of<'a>(history: impl IntoIterator<Item = &'a TableDefinition>) -> Self {
        let mut summary = HistorySummary {
            last: None,
            is_valid: true,
            ids: HashMap::new(),
            name_bytes: 0,
            largest_id: None,
        };
        for version in history {
            summary.add(version);
        }
        summary
    }

    /// Returns the number of the last version, or `None` if the history is empty.
    pub fn version(&self) -> Option<u32> {
        self.last.as_ref().map(TableDefinition::version)
    }

    /// Adds the version that follows the last one.
    pub fn add(&mut self, version: &TableDefinition) {
        self.is_valid = self.accepts(version);
        for column in version.columns() {
            let name = column.name.to_ascii_lowercase();
            if !self.ids.contains_key(&*name) {
                self.name_bytes += name.len();
                self.ids.insert(name.into(), column.id);
            }
        }
        let largest_id = IndexedDefinition::new(version).largest_id();
        self.largest_id = self.largest_id.max(largest_id);
        self.last = Some(version.clone());
    }

    /// Returns the approximate size in bytes, without the last version.
    pub fn bytes(&self) -> usize {
        let entry = size_of::<(Box<str>, i32)>() + MAP_ENTRY_BYTES;
        size_of::<Self>() + self.ids.len() * entry + self.name_bytes
    }

    /// Returns whether `next` can follow the versions of this summary. The result is that of
    /// [`check_evolution`] with the whole history, or `false` if the history itself breaks a rule.
    pub fn accepts(&self, next: &TableDefinition) -> bool {
        self.is_valid
            && self.last.as_ref().is_none_or(|last| {
                self.has_valid_names(next)
                    && self.has_valid_ids(last, next)
                    && check_evolution(&[last], next).is_ok()
            })
    }

    fn has_valid_names(&self, next: &TableDefinition) -> bool {
        next.columns().iter().all(|column| {
            let known = self.ids.get(&*column.name.to_ascii_lowercase());
            known.is_none_or(|id| *id == column.id)
        })
    }

    /// Returns whether each id that the last version does not have exceeds all earlier ids.
    fn has_valid_ids(&self, last: &TableDefinition, next: &TableDefinition) -> bool {
        let last = IndexedDefinition::new(last);
        let next = IndexedDefinition::new(next);
        next.fields()
            .iter()
            .all(|field| self.largest_id < Some(field.id) || last.field(field.id).is_some())
    }
}
