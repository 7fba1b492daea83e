// SPDX-License-Identifier: Apache-2.0

//! A server whose tables are created by statements.

use std::sync::Arc;

use datafusion::error::Result;
use datafusion::prelude::{SessionConfig, SessionContext};
use kalamtable_model::TableDefinition;
use kalamtable_registry::{RegistryOptions, SchemaRegistry};
use kalamtable_runtime::{Actor, DynamicTables, MemoryStorage, Role};
use kalamtable_store::MemoryStore;

use crate::support::{actor, lines};

pub(crate) struct DdlServer {
    pub(crate) registry: SchemaRegistry,
    pub(crate) tables: DynamicTables,
    pub(crate) root: SessionContext,
}

impl DdlServer {
    pub(crate) async fn new() -> Self {
        let store = Arc::new(MemoryStore::new());
        let registry = SchemaRegistry::open(store, RegistryOptions::default())
            .await
            .unwrap();
        let tables = DynamicTables::new(registry.clone(), Arc::new(MemoryStorage::new()));
        let root = context(&tables, actor("root", Role::System));
        DdlServer {
            registry,
            tables,
            root,
        }
    }

    pub(crate) fn session(&self, actor: Actor) -> SessionContext {
        context(&self.tables, actor)
    }

    /// Runs a statement, and returns its rows as lines.
    pub(crate) async fn run(&self, sql: &str) -> Result<String> {
        self.run_as(&self.root, sql).await
    }

    pub(crate) async fn run_as(&self, ctx: &SessionContext, sql: &str) -> Result<String> {
        let batches = self.tables.sql(ctx, sql).await?.collect().await?;
        Ok(lines(&batches))
    }

    /// Returns the error of a statement on one line.
    pub(crate) async fn error(&self, sql: &str) -> String {
        match self.run(sql).await {
            Ok(rows) => panic!("{sql}: no error but {rows}"),
            Err(error) => error.strip_backtrace(),
        }
    }

    pub(crate) async fn definition(&self, table: &str) -> TableDefinition {
        let found = self.registry.find(("app", table)).await.unwrap();
        found
            .unwrap_or_else(|| panic!("{table} does not exist"))
            .definition()
            .clone()
    }
}

fn context(tables: &DynamicTables, actor: Actor) -> SessionContext {
    let config = SessionConfig::new()
        .with_target_partitions(1)
        .with_extension(Arc::new(actor));
    let ctx = SessionContext::new_with_config(config);
    tables.register(&ctx).unwrap();
    ctx
}
