// SPDX-License-Identifier: Apache-2.0

//! The eight tables as dynamic tables, with durable rows.

use std::path::Path;
use std::sync::Arc;

use datafusion::error::{DataFusionError, Result};
use datafusion::prelude::{ParquetReadOptions, SessionContext};
use kalamtable::dynamic::RowStorage;
use kalamtable::registry::{RegistryOptions, SchemaRegistry};
use kalamtable::storage::{HybridOptions, HybridStorage};
use kalamtable::store::MemoryStore;
use kalamtable::{Actor, DynamicTables, Role, UserId};
use kalamtable_example_tpch::TABLES;

/// Creates the tables with the rows of the Parquet files in `files`, and registers them in
/// `server`. Rows are flushed only through the returned storage.
pub(crate) async fn create(
    server: &SessionContext,
    files: &Path,
    folder: &Path,
) -> Result<Arc<HybridStorage>> {
    let options = HybridOptions::default()
        .with_flush_bytes(u64::MAX)
        .with_max_unflushed_bytes(u64::MAX);
    let storage = HybridStorage::open_with(folder, options).map_err(external)?;
    let storage = Arc::new(storage);
    let registry = SchemaRegistry::open(Arc::new(MemoryStore::new()), RegistryOptions::default());
    let registry = registry.await.map_err(external)?;
    let rows: Arc<dyn RowStorage> = storage.clone();
    let tables = DynamicTables::new(registry.clone(), rows);
    let root = UserId::new("root").expect("a valid name");
    let config = server.copied_config();
    let config = config.with_extension(Arc::new(Actor::new(root, Role::System)));
    let writer = SessionContext::new_with_config(config);
    // In another schema, so that the names differ.
    writer.sql("CREATE SCHEMA files").await?.collect().await?;
    for table in TABLES {
        let name = &*table.definition.name().table;
        let path = files.join(format!("{name}.parquet"));
        let path = path.to_str().expect("a temporary folder's path is UTF-8");
        let (name, options) = (format!("files.{name}"), ParquetReadOptions::default());
        writer.register_parquet(name, path, options).await?;
    }
    tables.register(&writer)?;
    for table in TABLES {
        let definition = table.definition.clone();
        registry.create(definition).await.map_err(external)?;
        let columns = table.definition.columns().iter();
        let columns: Vec<&str> = columns.map(|column| &*column.name).collect();
        let (columns, name) = (columns.join(", "), &*table.definition.name().table);
        let insert =
            format!("INSERT INTO tpch.{name} ({columns}) SELECT {columns} FROM files.{name}");
        tables.sql(&writer, &insert).await?.collect().await?;
    }
    tables.register(server)?;
    Ok(storage)
}

fn external(error: impl std::error::Error + Send + Sync + 'static) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}
