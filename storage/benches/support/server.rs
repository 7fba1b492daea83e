// SPDX-License-Identifier: Apache-2.0

//! A server with durable rows, for benchmarks.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use datafusion::prelude::{SessionConfig, SessionContext};
use kalamtable_registry::{RegistryOptions, SchemaRegistry};
use kalamtable_runtime::dynamic::RowStorage;
use kalamtable_runtime::{Actor, DynamicTables, Role, UserId};
use kalamtable_storage::{HybridOptions, HybridStorage};
use kalamtable_store::{DefinitionStore, MemoryStore};

pub(crate) type BoxResult<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// A server, and a session of its administrator.
pub(crate) struct Server {
    pub(crate) tables: DynamicTables,
    pub(crate) storage: Arc<HybridStorage>,
    pub(crate) definitions: Arc<dyn DefinitionStore>,
    pub(crate) ctx: SessionContext,
}

impl Server {
    /// Opens a server in an empty folder, and runs a `CREATE TABLE` statement.
    pub(crate) async fn create(folder: &Path, table: &str) -> BoxResult<Self> {
        let definitions: Arc<dyn DefinitionStore> = Arc::new(MemoryStore::new());
        let server = Server::open(definitions, folder).await?;
        server.run(table).await?;
        Ok(server)
    }

    pub(crate) async fn open(
        definitions: Arc<dyn DefinitionStore>,
        folder: &Path,
    ) -> BoxResult<Self> {
        // Flushed by the benchmark only.
        let options = HybridOptions::default()
            .with_flush_bytes(u64::MAX)
            .with_max_unflushed_bytes(u64::MAX);
        let storage = Arc::new(HybridStorage::open_with(folder, options)?);
        let registry = SchemaRegistry::open(Arc::clone(&definitions), RegistryOptions::default());
        let rows: Arc<dyn RowStorage> = storage.clone();
        let tables = DynamicTables::new(registry.await?, rows);
        let root = UserId::new("root").ok_or("no name")?;
        let root = Arc::new(Actor::new(root, Role::System));
        let ctx = SessionContext::new_with_config(SessionConfig::new().with_extension(root));
        tables.register(&ctx)?;
        Ok(Server {
            tables,
            storage,
            definitions,
            ctx,
        })
    }

    /// Runs a statement, and returns the number of result rows.
    pub(crate) async fn run(&self, sql: &str) -> BoxResult<usize> {
        Ok(self.tables.sql(&self.ctx, sql).await?.count().await?)
    }
}

/// Returns the resident memory of the process in bytes.
pub(crate) fn resident_bytes() -> BoxResult<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1));
    Ok(kilobytes.ok_or("no VmRSS")?.parse::<u64>()? * 1024)
}
