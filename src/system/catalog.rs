//! [`KnownTables`]: the definitions that the process knows, as the rows of `system.tables`.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use kalamtable_model::{Shared, TableDefinition, TableKind, TableName};
use kalamtable_runtime::{BoxError, Table, TimestampMicros};
use serde_json::json;

use super::tables::{TableEntry, TableType};

/// The definitions that the process knows. A clone shows the same ones.
#[derive(Clone, Debug, Default)]
pub struct KnownTables(Arc<RwLock<BTreeMap<TableName, Versions>>>);

/// The versions of one table by number, each with the moment it became known.
type Versions = BTreeMap<u32, (Shared<TableDefinition>, TimestampMicros)>;

impl KnownTables {
    /// Adds the tables of an `include_tables!()`.
    pub fn add_static(&self, tables: &[&'static Table]) {
        for table in tables {
            self.add(Shared::Static(table.definition));
        }
    }

    /// Adds one version of one table. A version that is known already is replaced, and keeps the
    /// moment it became known.
    pub fn add(&self, definition: Shared<TableDefinition>) {
        let now = TimestampMicros::now();
        let mut tables = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let versions = tables.entry(definition.name().clone()).or_default();
        let known_since = versions
            .get(&definition.version())
            .map_or(now, |(_, since)| *since);
        versions.insert(definition.version(), (definition, known_since));
    }

    /// Removes all versions of a table; says whether there were any.
    pub fn remove(&self, table: &TableName) -> bool {
        let mut tables = self.0.write().unwrap_or_else(PoisonError::into_inner);
        tables.remove(table).is_some()
    }

    /// How many tables are known.
    pub fn table_count(&self) -> usize {
        let tables = self.0.read().unwrap_or_else(PoisonError::into_inner);
        tables.len()
    }

    /// How many versions of all tables are known.
    pub fn version_count(&self) -> usize {
        let tables = self.0.read().unwrap_or_else(PoisonError::into_inner);
        tables.values().map(BTreeMap::len).sum()
    }

    /// One row for each version of each table.
    pub(super) fn rows(&self) -> Result<Vec<TableEntry>, BoxError> {
        let tables = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let mut rows = Vec::new();
        for versions in tables.values() {
            let created_at = versions.values().map(|(_, since)| *since).min();
            let latest = versions.keys().next_back();
            for (version, (definition, since)) in versions {
                rows.push(TableEntry {
                    table_id: definition.name().to_string(),
                    table_name: definition.name().table.to_string(),
                    namespace_id: definition.name().namespace.to_string(),
                    table_type: table_type(definition.kind()),
                    created_at: created_at.unwrap_or(*since),
                    schema_version: i32::try_from(*version)?,
                    columns: columns_json(definition),
                    table_comment: definition.comment().map(str::to_string),
                    updated_at: *since,
                    options: None,
                    access_level: None,
                    is_latest: Some(version) == latest,
                    storage_id: None,
                    use_user_storage: None,
                });
            }
        }
        Ok(rows)
    }
}

fn table_type(kind: TableKind) -> TableType {
    match kind {
        TableKind::System => TableType::System,
        TableKind::User => TableType::User,
        TableKind::Shared => TableType::Shared,
        TableKind::Stream => TableType::Stream,
        TableKind::View => TableType::View,
    }
}

/// The columns as a JSON array, in the order of `SELECT *`.
fn columns_json(definition: &TableDefinition) -> String {
    let columns: Vec<serde_json::Value> = definition
        .columns()
        .iter()
        .enumerate()
        .map(|(position, column)| {
            json!({
                "id": column.id,
                "name": &*column.name,
                "type": column.ty.to_string(),
                "nullable": column.nullable,
                "primary_key": definition.key_columns().contains(&position),
                "default": column.default.as_ref().map(|default| default.to_toml(&column.ty)),
                "comment": column.comment.as_deref(),
            })
        })
        .collect();
    serde_json::Value::Array(columns).to_string()
}
