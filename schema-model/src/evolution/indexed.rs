// SPDX-License-Identifier: Apache-2.0

//! [`IndexedDefinition`]: one definition of a history, with indexes for lookups.

use std::cell::OnceCell;
use std::collections::HashSet;

use crate::definition::{Column, TableDefinition};
use crate::types::ColumnType;

/// A definition with its columns and nested fields by id.
///
/// The indexes are sorted slices: a check of many tables builds one per version, and most ids are
/// looked up a few times.
pub(super) struct IndexedDefinition<'a> {
    pub(super) definition: &'a TableDefinition,
    /// The columns, sorted by id.
    columns: Vec<&'a Column>,
    /// The columns and nested fields, sorted by id.
    fields: Vec<IndexedField<'a>>,
    /// Created when it is first needed: most versions of a history are never searched for it.
    reserved: OnceCell<ReservedKeys>,
}

/// The ids and the names in lower case that a definition reserves. A table that has dropped many
/// columns reserves more of them than it has columns.
struct ReservedKeys {
    ids: HashSet<i32>,
    names: HashSet<String>,
}

/// A column or a nested field.
pub(super) struct IndexedField<'a> {
    pub(super) id: i32,
    name: &'a str,
    /// The id of the containing field or column. `None` for a column.
    pub(super) parent: Option<i32>,
}

impl<'a> IndexedDefinition<'a> {
    pub(super) fn new(definition: &'a TableDefinition) -> Self {
        let mut columns: Vec<&Column> = definition.columns().iter().collect();
        columns.sort_unstable_by_key(|column| column.id);
        let mut fields = Vec::with_capacity(columns.len());
        for column in &columns {
            fields.push(IndexedField {
                id: column.id,
                name: &column.name,
                parent: None,
            });
            add_children(&mut fields, column.id, &column.ty);
        }
        fields.sort_unstable_by_key(|field| field.id);
        IndexedDefinition {
            definition,
            columns,
            fields,
            reserved: OnceCell::new(),
        }
    }

    pub(super) fn version(&self) -> u32 {
        self.definition.version()
    }

    /// Returns the column with this id.
    pub(super) fn column(&self, id: i32) -> Option<&'a Column> {
        let at = self.columns.binary_search_by_key(&id, |column| column.id);
        Some(self.columns[at.ok()?])
    }

    /// Returns the column or nested field with this id.
    pub(super) fn field(&self, id: i32) -> Option<&IndexedField<'a>> {
        let at = self.fields.binary_search_by_key(&id, |field| field.id);
        Some(&self.fields[at.ok()?])
    }

    /// Iterates over the columns and nested fields in the order of their ids.
    pub(super) fn fields(&self) -> &[IndexedField<'a>] {
        &self.fields
    }

    /// Returns the names on the path from the column to the field, joined with dots.
    pub(super) fn path(&self, field: &IndexedField<'a>) -> String {
        match field.parent.and_then(|parent| self.field(parent)) {
            Some(parent) => format!("{}.{}", self.path(parent), field.name),
            None => field.name.to_string(),
        }
    }

    /// Returns the id of the column with this name, ignoring case.
    pub(super) fn id_of(&self, name: &str) -> Option<i32> {
        let mut columns = self.columns.iter();
        let column = columns.find(|column| column.name.eq_ignore_ascii_case(name))?;
        Some(column.id)
    }

    /// Returns the largest id of all columns, nested fields and dropped columns.
    pub(super) fn largest_id(&self) -> Option<i32> {
        self.every_id().max()
    }

    /// Returns the ids of all columns, nested fields and dropped columns.
    pub(super) fn every_id(&self) -> impl Iterator<Item = i32> {
        let reserved = self.definition.reserved().ids.iter().copied();
        self.fields.iter().map(|field| field.id).chain(reserved)
    }

    pub(super) fn reserves_id(&self, id: i32) -> bool {
        self.reserved().ids.contains(&id)
    }

    pub(super) fn reserves_name(&self, name: &str) -> bool {
        self.reserved().names.contains(&name.to_ascii_lowercase())
    }

    fn reserved(&self) -> &ReservedKeys {
        self.reserved.get_or_init(|| {
            let reserved = self.definition.reserved();
            let names = reserved.names.iter();
            ReservedKeys {
                ids: reserved.ids.iter().copied().collect(),
                names: names.map(|name| name.to_ascii_lowercase()).collect(),
            }
        })
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

fn add_children<'a>(fields: &mut Vec<IndexedField<'a>>, parent: i32, ty: &'a ColumnType) {
    for child in ty.children() {
        fields.push(IndexedField {
            id: child.id,
            name: &child.name,
            parent: Some(parent),
        });
        add_children(fields, child.id, &child.ty);
    }
}
