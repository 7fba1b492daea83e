// SPDX-License-Identifier: Apache-2.0

//! The eight `system.*` tables, each with a source that a server feeds.
//!
//! ```
//! use datafusion::prelude::SessionContext;
//! use kalamtable::TimestampMillis;
//! use kalamtable::system::{SystemTables, namespaces::Namespace};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let ctx = SessionContext::new();
//! let system = SystemTables::register(&ctx)?;
//!
//! system.namespaces.insert([Namespace {
//!     namespace_id: "app".to_string(),
//!     name: "The application".to_string(),
//!     created_at: TimestampMillis::now(),
//!     options: None,
//!     table_count: 0,
//! }])?;
//! let batches = ctx
//!     .sql("SELECT name FROM system.namespaces WHERE namespace_id = 'app'")
//!     .await?
//!     .collect()
//!     .await?;
//! assert_eq!(batches[0].num_rows(), 1);
//! # Ok(())
//! # }
//! ```

mod catalog;
mod counted;
mod metrics;
mod registries;

/// What the build script made of `schemas/`.
mod generated {
    crate::include_tables!();
}

use std::sync::Arc;

use datafusion::error::Result;
use datafusion::prelude::SessionContext;
use kalamtable_registry::SchemaRegistry;
use kalamtable_runtime::{MemoryTable, RowProvider, TableSource};

pub use catalog::KnownTables;
pub use generated::TABLES;
pub use generated::system::{
    audit_logs, jobs, live_queries, namespaces, stats, storages, tables, users,
};
pub use metrics::{Counter, Metrics};

use counted::Counted;
use registries::StatsSource;

/// The sources of the `system.*` tables.
///
/// Six are tables in memory. `system.tables` and `system.stats` are computed when they are read:
/// from [`known_tables`](Self::known_tables) and from [`metrics`](Self::metrics).
#[derive(Debug)]
pub struct SystemTables {
    /// `system.users`
    pub users: Arc<MemoryTable<users::User>>,
    /// `system.jobs`
    pub jobs: Arc<MemoryTable<jobs::Job>>,
    /// `system.namespaces`
    pub namespaces: Arc<MemoryTable<namespaces::Namespace>>,
    /// `system.storages`
    pub storages: Arc<MemoryTable<storages::Storage>>,
    /// `system.live_queries`
    pub live_queries: Arc<MemoryTable<live_queries::LiveQuery>>,
    /// `system.audit_logs`
    pub audit_logs: Arc<MemoryTable<audit_logs::AuditLog>>,
    /// What `system.tables` shows: the system tables, and what a server adds.
    pub known_tables: KnownTables,
    /// What `system.stats` shows: scans and writes of the system tables, and what a server adds.
    pub metrics: Metrics,
}

impl SystemTables {
    /// Makes the tables and registers each in schema `system` of the default catalog of `ctx`.
    ///
    /// # Errors
    /// If `ctx` has one of them already.
    pub fn register(ctx: &SessionContext) -> Result<Self> {
        let known_tables = KnownTables::default();
        known_tables.add_static(&TABLES);
        let metrics = Metrics::default();
        metrics.gauge("tables_registered", {
            let known_tables = known_tables.clone();
            move || known_tables.table_count() as i64
        });
        metrics.gauge("table_versions", {
            let known_tables = known_tables.clone();
            move || known_tables.version_count() as i64
        });
        let system = SystemTables {
            users: Arc::default(),
            jobs: Arc::default(),
            namespaces: Arc::default(),
            storages: Arc::default(),
            live_queries: Arc::default(),
            audit_logs: Arc::default(),
            known_tables,
            metrics,
        };
        system.register_source(ctx, system.users.clone())?;
        system.register_source(ctx, system.jobs.clone())?;
        system.register_source(ctx, system.namespaces.clone())?;
        system.register_source(ctx, system.storages.clone())?;
        system.register_source(ctx, system.live_queries.clone())?;
        system.register_source(ctx, system.audit_logs.clone())?;
        system.register_source(ctx, system.known_tables.clone())?;
        let stats = StatsSource {
            metrics: system.metrics.clone(),
            registries: system.known_tables.registries().clone(),
        };
        system.register_source(ctx, stats)?;
        Ok(system)
    }

    /// Shows a registry: its tables in `system.tables`, in every version, and its counters in
    /// `system.stats`, with `registry_` before their names. Those of several registries are added up.
    pub fn add_registry(&self, registry: &SchemaRegistry) {
        self.known_tables.registries().add(registry);
    }

    fn register_source(&self, ctx: &SessionContext, source: impl TableSource) -> Result<()> {
        let counted = Counted::new(source, &self.metrics);
        kalamtable_runtime::register(ctx, RowProvider::new(counted))
    }
}
