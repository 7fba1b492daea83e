// SPDX-License-Identifier: Apache-2.0

//! [`IndexedDefinition`]: one definition of a history, with indexes for lookups.

use std::collections::HashMap;

use crate::definition::{Column, TableDefinition};
use crate::types::ColumnType;

/// A definition with indexes by id and by name.
pub(super) struct IndexedDefinition<'a> {
    pub(super) definition: &'a TableDefinition,
    pub(super) columns: HashMap<i32, &'a Column>,
    /// The columns and nested fields by id.
    pub(super) fields: HashMap<i32, Field>,
    /// The ids of the columns by name in lower case.
    ids: HashMap<String, i32>,
}

/// A column or a nested field.
pub(super) struct Field {
    /// The names on the path from the column to the field, joined with dots.
    pub(super) path: String,
    /// The id of the containing field or column. `None` for a column.
    pub(super) parent: Option<i32>,
}

impl<'a> IndexedDefinition<'a> {
    pub(super) fn new(definition: &'a TableDefinition) -> Self {
        let columns = definition.columns().iter();
        let mut version = IndexedDefinition {
            definition,
            columns: columns.clone().map(|column| (column.id, column)).collect(),
            fields: HashMap::new(),
            ids: columns
                .clone()
                .map(|column| (column.name.to_ascii_lowercase(), column.id))
                .collect(),
        };
        for column in columns {
            version.add(column.id, None, column.name.to_string(), &column.ty);
        }
        version
    }

    fn add(&mut self, id: i32, parent: Option<i32>, path: String, ty: &ColumnType) {
        for child in ty.children() {
            let path = format!("{path}.{}", child.name);
            self.add(child.id, Some(id), path, &child.ty);
        }
        self.fields.insert(id, Field { path, parent });
    }

    /// Returns the id of the column with this name, ignoring case.
    pub(super) fn id_of(&self, name: &str) -> Option<i32> {
        self.ids.get(&name.to_ascii_lowercase()).copied()
    }

    /// Returns the ids of all columns, nested fields and dropped columns.
    pub(super) fn every_id(&self) -> impl Iterator<Item = i32> {
        let reserved = self.definition.reserved().ids.iter().copied();
        self.fields.keys().copied().chain(reserved)
    }

    pub(super) fn reserves_id(&self, id: i32) -> bool {
        self.definition.reserved().ids.contains(&id)
    }

    pub(super) fn reserves_name(&self, name: &str) -> bool {
        let mut names = self.definition.reserved().names.iter();
        names.any(|reserved| reserved.eq_ignore_ascii_case(name))
    }

    /// Returns the ids of the columns at `positions`.
    pub(super) fn ids_at(&self, positions: &[usize]) -> Vec<i32> {
        let columns = self.definition.columns();
        let at = positions
            .iter()
            .filter_map(|position| columns.get(*position));
        at.map(|column| column.id).collect()
    }

    /// Returns the names of the columns at `positions`.
    pub(super) fn names_at(&self, positions: &[usize]) -> Vec<&'a str> {
        let columns = self.definition.columns();
        let at = positions
            .iter()
            .filter_map(|position| columns.get(*position));
        at.map(|column| &*column.name).collect()
    }
}
