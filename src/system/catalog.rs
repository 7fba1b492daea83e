// SPDX-License-Identifier: Apache-2.0

//! [`KnownTables`]: the definitions in this process, as the rows of `system.tables`.

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

use futures::stream::{self, StreamExt};
use kalamtable_model::{Shared, TableDefinition, TableKind, TableName};
use kalamtable_provider::{BoxError, RowStream, Rows, ScanRequest, TableSource};
use kalamtable_registry::SchemaRegistry;
use kalamtable_rows::{Table, TimestampMicros};
use serde_json::json;

use super::locks;
use super::registries::Registries;
use super::tables::{AccessLevel, TableEntry, TableType};

/// The definitions in this process. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct KnownTables {
    fixed: Arc<RwLock<BTreeMap<TableName, AddedVersions>>>,
    registries: Registries,
}

/// The versions of one table by number, each with the time at which it was added.
type AddedVersions = BTreeMap<u32, (Shared<TableDefinition>, TimestampMicros)>;

impl KnownTables {
    /// Adds compiled tables: the `TABLES` of an `include_tables!()`.
    pub fn add_static(&self, tables: &[&'static Table]) {
        for table in tables {
            self.add(Shared::Static(table.definition));
        }
    }

    /// Returns the registries whose tables each scan of `system.tables` reads from their stores, in
    /// every version. The `table_id` of these tables is the number that the store assigned.
    pub(super) fn registries(&self) -> &Registries {
        &self.registries
    }

    /// Adds one version of a table. If the version exists, its definition is replaced and its time
    /// is kept.
    pub fn add(&self, definition: Shared<TableDefinition>) {
        let now = TimestampMicros::now();
        let mut tables = locks::write(&self.fixed);
        let versions = tables.entry(definition.name().clone()).or_default();
        let added_at = versions
            .get(&definition.version())
            .map_or(now, |(_, since)| *since);
        versions.insert(definition.version(), (definition, added_at));
    }

    /// Removes all versions of a table and returns whether it had any.
    pub fn remove(&self, table: &TableName) -> bool {
        let mut tables = locks::write(&self.fixed);
        tables.remove(table).is_some()
    }

    /// Returns the number of tables.
    pub fn table_count(&self) -> usize {
        let tables = locks::read(&self.fixed);
        tables.len()
    }

    /// Returns the number of versions of all tables.
    pub fn version_count(&self) -> usize {
        let tables = locks::read(&self.fixed);
        tables.values().map(BTreeMap::len).sum()
    }

    /// Returns a row for each version of each table, without those of registries.
    fn rows(&self) -> Result<Vec<TableEntry>, BoxError> {
        let tables = locks::read(&self.fixed);
        let mut rows = Vec::new();
        for versions in tables.values() {
            let created_at = versions.values().map(|(_, since)| *since).min();
            let latest = versions.keys().next_back();
            for (version, (definition, since)) in versions {
                rows.push(TableEntry {
                    created_at: created_at.unwrap_or(*since),
                    updated_at: *since,
                    is_latest: Some(version) == latest,
                    ..entry(definition.name().to_string(), definition)?
                });
            }
        }
        Ok(rows)
    }
}

impl TableSource for KnownTables {
    type Row = TableEntry;

    fn scan(&self, _request: &ScanRequest<TableEntry>) -> Result<Rows<TableEntry>, BoxError> {
        let rows = self.rows()?;
        let registries = self.registries.all();
        if registries.is_empty() {
            return Ok(rows.into());
        }
        let stored =
            stream::iter(registries).then(|registry| async move { stored_rows(&registry).await });
        Ok(RowStream::new(stream::iter([Ok(rows)]).chain(stored)).into())
    }
}

/// Returns a row for each version of each table in the store of a registry.
async fn stored_rows(registry: &SchemaRegistry) -> Result<Vec<TableEntry>, BoxError> {
    let versions = registry.store().list_versions().await?;
    let rows = versions.iter().enumerate().map(|(index, stored)| {
        // The list is ordered by table, then by version.
        let next = versions.get(index + 1);
        Ok(TableEntry {
            created_at: TimestampMicros::new(stored.created_at.0),
            updated_at: TimestampMicros::new(stored.changed_at.0),
            is_latest: next.is_none_or(|next| next.id != stored.id),
            ..entry(stored.id.to_string(), &stored.definition)?
        })
    });
    rows.collect()
}

/// Returns the row of a definition. The caller sets the times and `is_latest`.
fn entry(table_id: String, definition: &TableDefinition) -> Result<TableEntry, BoxError> {
    Ok(TableEntry {
        table_id,
        table_name: definition.name().table.to_string(),
        namespace_id: definition.name().namespace.to_string(),
        table_type: table_type(definition.kind()),
        created_at: TimestampMicros::new(0),
        schema_version: i32::try_from(definition.version())?,
        columns: columns_json(definition),
        table_comment: definition.comment().map(str::to_string),
        updated_at: TimestampMicros::new(0),
        options: definition
            .ttl_seconds()
            .map(|ttl| json!({ "ttl_seconds": ttl }).to_string()),
        access_level: definition.access_level().map(access_level),
        is_latest: false,
        storage_id: None,
        use_user_storage: None,
    })
}

fn access_level(level: kalamtable_model::AccessLevel) -> AccessLevel {
    match level {
        kalamtable_model::AccessLevel::Public => AccessLevel::Public,
        kalamtable_model::AccessLevel::Private => AccessLevel::Private,
        kalamtable_model::AccessLevel::Restricted => AccessLevel::Restricted,
        kalamtable_model::AccessLevel::Dba => AccessLevel::Dba,
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

/// Returns the columns as a JSON array, in the order of `SELECT *`.
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
