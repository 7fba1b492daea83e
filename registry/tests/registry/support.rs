// SPDX-License-Identifier: Apache-2.0

//! Functions that create definitions and registries for tests.

use std::sync::Arc;

use kalamtable_model::{SourceFile, Sources, TableDefinition, parse_and_check};
use kalamtable_registry::{RegistryOptions, SchemaRegistry, TableSnapshot};
use kalamtable_store::{DefinitionStore, MemoryStore};

/// Returns the definition of a table with a key column and `columns` other columns.
pub(crate) fn table(name: &str, columns: usize) -> TableDefinition {
    let mut toml = format!(
        "name = '{name}'\nprimary_key = ['id']\n[columns]\nid = {{ id = 1, type = 'bigint' }}\n"
    );
    for column in 1..=columns {
        let id = column + 1;
        toml += &format!("c{column} = {{ id = {id}, type = 'text', nullable = true }}\n");
    }
    definition(&toml)
}

pub(crate) fn definition(toml: &str) -> TableDefinition {
    let mut sources = Sources::new();
    let source = sources.push(SourceFile::new("test.toml", toml));
    match parse_and_check(&sources, source) {
        Ok(checked) => checked.definition,
        Err(problems) => panic!("{problems:#?}"),
    }
}

/// Options for tests with few tables: few clocks, which tables share, and shadow mode.
pub(crate) fn options() -> RegistryOptions {
    RegistryOptions {
        clocks: 4,
        shadow: true,
        ..RegistryOptions::default()
    }
}

pub(crate) async fn open(
    store: Arc<dyn DefinitionStore>,
    options: RegistryOptions,
) -> SchemaRegistry {
    SchemaRegistry::open(store, options)
        .await
        .expect("a store that can be read")
}

pub(crate) async fn in_memory() -> SchemaRegistry {
    open(Arc::new(MemoryStore::new()), options()).await
}

/// Creates a table, and adds a column per version until it has this version.
pub(crate) async fn create(
    registry: &SchemaRegistry,
    name: &str,
    version: u32,
) -> Arc<TableSnapshot> {
    let mut at = registry.create(table(name, 1)).await.expect("a free name");
    while at.version() < version {
        at = widen(registry, &at).await;
    }
    at
}

/// Adds a column to a table.
pub(crate) async fn widen(registry: &SchemaRegistry, at: &TableSnapshot) -> Arc<TableSnapshot> {
    let columns = at.definition().columns().len();
    let next = table(&at.name().to_string(), columns);
    registry
        .alter(at, next)
        .await
        .expect("no other caller changes the table")
}
