// SPDX-License-Identifier: Apache-2.0

//! The eight `system.*` tables, each with a source to which the server adds rows.
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
#[cfg(feature = "durable")]
mod flush_jobs;
mod locks;
mod metrics;
mod plan_caches;
mod registries;

/// The code that the build script generates from `schemas/`.
mod generated {
    crate::include_tables!();
}

use std::sync::Arc;

use datafusion::error::Result;
use datafusion::prelude::SessionContext;
use kalamtable_plans::PlanCache;
use kalamtable_provider::{MemoryTable, RowProvider, TableSource};
use kalamtable_registry::SchemaRegistry;
#[cfg(feature = "durable")]
use kalamtable_storage::{HybridStats, HybridStorage};

pub use catalog::KnownTables;
pub use generated::TABLES;
pub use generated::system::{
    audit_logs, jobs, live_queries, namespaces, stats, storages, tables, users,
};
pub use metrics::{Counter, Metrics};

use counted::Counted;
#[cfg(feature = "durable")]
use flush_jobs::FlushJobs;
use plan_caches::PlanCaches;
use registries::StatsSource;

/// The sources of the `system.*` tables.
///
/// Six are in-memory tables. `system.tables` and `system.stats` are computed by each scan, from
/// [`known_tables`](Self::known_tables) and from [`metrics`](Self::metrics).
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
    /// The rows of `system.tables`: the system tables, and the tables that the server adds.
    pub known_tables: KnownTables,
    /// The rows of `system.stats`: counts of scans and writes of the system tables, and the metrics
    /// that the server adds.
    pub metrics: Metrics,
    plan_caches: PlanCaches,
}

impl SystemTables {
    /// Creates the tables and registers them in schema `system` of the default catalog of `ctx`.
    ///
    /// # Errors
    ///
    /// Fails if one of the tables is already registered.
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
            plan_caches: PlanCaches::default(),
        };
        system.register_source(ctx, Arc::clone(&system.users))?;
        system.register_source(ctx, Arc::clone(&system.jobs))?;
        system.register_source(ctx, Arc::clone(&system.namespaces))?;
        system.register_source(ctx, Arc::clone(&system.storages))?;
        system.register_source(ctx, Arc::clone(&system.live_queries))?;
        system.register_source(ctx, Arc::clone(&system.audit_logs))?;
        system.register_source(ctx, system.known_tables.clone())?;
        let stats = StatsSource {
            metrics: system.metrics.clone(),
            registries: system.known_tables.registries().clone(),
            plan_caches: system.plan_caches.clone(),
        };
        system.register_source(ctx, stats)?;
        Ok(system)
    }

    /// Adds every version of the tables of a registry to `system.tables`, and its counters to
    /// `system.stats`, where their names start with `registry_`.
    ///
    /// The counters of several registries are added up.
    pub fn add_registry(&self, registry: &SchemaRegistry) {
        self.known_tables.registries().add(registry);
    }

    /// Adds the counters of a cache of plans to `system.stats`, where their names start with
    /// `plan_`. The counters of several caches are added up.
    pub fn add_plan_cache(&self, cache: &Arc<PlanCache>) {
        self.plan_caches.add(cache);
    }

    /// Adds the counters of a storage to `system.stats`, where their names start with `storage_`. A
    /// later call replaces the storage.
    #[cfg(feature = "durable")]
    pub fn add_storage(&self, storage: &Arc<HybridStorage>) {
        type Counter = fn(&HybridStats) -> u64;
        let counters: [(&str, Counter); 7] = [
            ("storage_partitions", |stats| stats.partitions),
            ("storage_log_bytes", |stats| stats.log_bytes),
            ("storage_files", |stats| stats.files),
            ("storage_file_bytes", |stats| stats.file_bytes),
            ("storage_file_rows", |stats| stats.file_rows),
            ("storage_flushes", |stats| stats.flushes),
            ("storage_failed_flushes", |stats| stats.failed_flushes),
        ];
        for (name, counter) in counters {
            // The counters must not keep the folder locked.
            let storage = Arc::downgrade(storage);
            self.metrics.gauge(name, move || {
                let stats = storage.upgrade().map(|storage| storage.stats());
                stats.map_or(0, |stats| {
                    i64::try_from(counter(&stats)).unwrap_or(i64::MAX)
                })
            });
        }
    }

    /// Adds the flushes of a storage to `system.jobs` from now on, as jobs of the node `node_id`.
    /// The table contains the last 100 of them.
    #[cfg(feature = "durable")]
    pub fn add_flush_jobs(&self, storage: &HybridStorage, node_id: i64) {
        let jobs = FlushJobs::new(&self.jobs, node_id);
        storage.observe_flushes(move |run| jobs.record(run));
    }

    fn register_source(&self, ctx: &SessionContext, source: impl TableSource) -> Result<()> {
        let counted = Counted::new(source, &self.metrics);
        kalamtable_provider::register(ctx, RowProvider::new(counted))
    }
}
