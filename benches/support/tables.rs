// SPDX-License-Identifier: Apache-2.0

//! Large numbers of definitions, and registries that cache them.

use std::sync::Arc;

use kalamtable_model::{SourceFile, Sources, TableDefinition, parse_and_check};
use kalamtable_registry::{RegistryOptions, SchemaRegistry, TableSnapshot};
use kalamtable_store::MemoryStore;
use pollster::block_on;

/// Returns the definition of a table with `columns` columns. Tables with different values of
/// `shape` have no column in common except the key.
pub(crate) fn table(name: &str, columns: usize, shape: usize) -> TableDefinition {
    let mut toml = format!(
        "name = '{name}'\nprimary_key = ['id']\n[columns]\n\
         id = {{ id = 1, type = 'bigint', comment = 'Which' }}\n"
    );
    for column in 1..columns {
        let id = column + 1;
        let ty = ["text", "bigint", "timestamp", "double", "boolean"][column % 5];
        toml += &format!(
            "s{shape}_c{column} = {{ id = {id}, type = '{ty}', nullable = true, comment = 'What' }}\n"
        );
    }
    let mut sources = Sources::new();
    let source = sources.push(SourceFile::new("bench.toml", toml));
    let checked = parse_and_check(&sources, source);
    checked.expect("a valid definition").definition
}

pub(crate) fn name(number: usize) -> String {
    format!("n{}.table_{number}", number % 100)
}

/// Returns a registry with `tables` cached tables of `shapes` different column lists. `each` is
/// called with every table when it is created, so that a map that it fills has the memory layout
/// that it has in a server.
pub(crate) fn registry(
    tables: usize,
    columns: usize,
    shapes: usize,
    budget_bytes: usize,
    mut each: impl FnMut(&Arc<TableSnapshot>),
) -> (SchemaRegistry, Vec<Arc<TableSnapshot>>) {
    block_on(async {
        let options = RegistryOptions {
            budget_bytes,
            ..RegistryOptions::default()
        };
        let opened = SchemaRegistry::open(Arc::new(MemoryStore::new()), options).await;
        let registry = opened.expect("a store in memory");
        let templates: Vec<TableDefinition> = (0..shapes.min(1000))
            .map(|shape| table("a.b", columns, shape))
            .collect();
        let mut snapshots = Vec::with_capacity(tables);
        for number in 0..tables {
            let name = kalamtable_model::TableName::parse(&name(number)).expect("a name");
            let definition = match templates.get(number % shapes) {
                Some(template) => template.clone().renamed(name).expect("a free name"),
                None => table(&name.to_string(), columns, number % shapes),
            };
            let created = registry.create(definition).await.expect("a free name");
            let found = registry
                .find(created.name())
                .await
                .expect("a store in memory");
            let found = found.expect("the table was just created");
            each(&found);
            snapshots.push(found);
        }
        (registry, snapshots)
    })
}
