// SPDX-License-Identifier: Apache-2.0

//! [`DynamicTables`]: the dynamic tables of a server.

use std::sync::Arc;

use datafusion::common::runtime::SpawnedTask;
use kalamtable_model::TableKind;
use kalamtable_plans::{PlanCache, PlanCacheOptions};
use kalamtable_provider::__private::ProviderParts;
use kalamtable_provider::{BoxError, RowProvider};
use kalamtable_registry::{Artefact, SchemaRegistry, TableSnapshot};
use kalamtable_store::TableId;

use super::actor::UserId;
use super::shared_state::{SharedState, StorageLimits};
use super::storage::{FlushedRows, RowStorage};
use super::table::DynamicTable;
use super::time_source::{SystemTimeSource, TimeSource};
use crate::error::Error;

/// The dynamic tables of a server: a registry of definitions and a storage of rows.
///
/// Clones share the tables. See [`dynamic`](crate::dynamic) for an example.
#[derive(Clone, Debug)]
pub struct DynamicTables {
    pub(super) shared: Arc<SharedState>,
    plans: Arc<PlanCache>,
}

/// Options of dynamic tables.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DynamicOptions {
    /// Limits on the memory that rows use.
    pub limits: StorageLimits,
    /// The source of the time that determines the age of rows.
    pub time_source: Arc<dyn TimeSource>,
    /// The options of the cache of plans.
    pub plans: PlanCacheOptions,
}

impl Default for DynamicOptions {
    /// Returns the default limits and cache, and the time of the machine.
    fn default() -> Self {
        DynamicOptions {
            limits: StorageLimits::default(),
            time_source: Arc::new(SystemTimeSource),
            plans: PlanCacheOptions::default(),
        }
    }
}

impl DynamicOptions {
    /// Sets the limits.
    #[must_use]
    pub fn with_limits(mut self, limits: StorageLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets the source of the time that determines the age of rows.
    #[must_use]
    pub fn with_time_source(mut self, time_source: Arc<dyn TimeSource>) -> Self {
        self.time_source = time_source;
        self
    }

    /// Sets the options of the cache of plans.
    #[must_use]
    pub fn with_plans(mut self, plans: PlanCacheOptions) -> Self {
        self.plans = plans;
        self
    }
}

/// Counters of the rows that streams have removed since the [`DynamicTables`] were created. The
/// counters are read one after the other, not as of one point in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DynamicStats {
    /// The number of rows that were removed because they had expired.
    pub rows_expired: u64,
    /// The number of rows that were evicted to satisfy the size limit.
    pub rows_evicted: u64,
}

impl DynamicTables {
    /// Creates the tables of a registry, with rows in `storage` and default options.
    pub fn new(registry: SchemaRegistry, storage: Arc<dyn RowStorage>) -> Self {
        DynamicTables::with_options(registry, storage, DynamicOptions::default())
    }

    /// Creates the tables of a registry, with rows in `storage`.
    pub fn with_options(
        registry: SchemaRegistry,
        storage: Arc<dyn RowStorage>,
        options: DynamicOptions,
    ) -> Self {
        DynamicTables {
            plans: Arc::new(PlanCache::new(&options.plans)),
            shared: Arc::new(SharedState::new(
                registry,
                storage,
                options.limits,
                options.time_source,
            )),
        }
    }

    /// Returns a provider of one version of a table. The parts of the provider that depend only on
    /// the definition are computed once and cached in the snapshot.
    ///
    /// # Errors
    /// Fails with [`Error::NotDynamic`] if the table is not a user, shared or stream table.
    pub fn provider(&self, table: &Arc<TableSnapshot>) -> Result<Arc<RowProvider>, Error> {
        let kind = table.definition().kind();
        match kind {
            TableKind::User | TableKind::Shared | TableKind::Stream => {}
            TableKind::System | TableKind::View => {
                return Err(Error::NotDynamic {
                    table: table.name().clone(),
                    kind: kind.as_str(),
                });
            }
        }
        let mut is_hit = true;
        let parts = table.extension(|| {
            is_hit = false;
            Arc::new(ProviderParts::new(table.definition()))
        });
        if !is_hit {
            table.charge(parts.bytes());
        }
        table.record_lookup(Artefact::Provider, is_hit);
        let dynamic = DynamicTable::new(Arc::clone(&self.shared), Arc::clone(table));
        Ok(Arc::new(RowProvider::with_parts(
            Arc::new(dynamic),
            Arc::clone(parts),
        )))
    }

    /// Returns the registry.
    pub fn registry(&self) -> &SchemaRegistry {
        &self.shared.registry
    }

    /// Returns whether a table is one of these tables.
    pub(crate) fn has(&self, table: &DynamicTable) -> bool {
        table.is_of(&self.shared)
    }

    /// Returns the cache of the plans of all sessions.
    pub fn plan_cache(&self) -> &Arc<PlanCache> {
        &self.plans
    }

    /// Returns the counters of removed rows.
    pub fn stats(&self) -> DynamicStats {
        let (rows_expired, rows_evicted) = self.shared.removed_rows();
        DynamicStats {
            rows_expired,
            rows_evicted,
        }
    }

    /// Writes the rows to files, if the storage has files. Blocks until the files are durable.
    ///
    /// # Errors
    /// Fails if a file cannot be written. No row is lost.
    pub fn flush(&self) -> Result<FlushedRows, BoxError> {
        self.shared.storage.flush()
    }

    /// Deletes all rows of a user in all user tables, without tombstones. Queries that start after
    /// the method has returned do not see these rows, even after a restart. Running queries can
    /// still return them. Rows that the user writes later are not affected.
    ///
    /// Row files and the log contain the deleted rows until the next [`flush`](Self::flush) has
    /// succeeded. A file that a running query reads is deleted by the first flush after the query.
    /// Backups are not changed. Blocks until the deletion is durable.
    ///
    /// # Errors
    /// Fails if the storage cannot be written.
    pub fn forget_user(&self, user: &UserId) -> Result<(), BoxError> {
        self.shared.remove_owner(user)
    }

    /// Deletes the stored rows of tables whose ids are not in the registry, and returns these ids.
    /// Call it when the server starts: if the server ended while it dropped a table, the rows of
    /// the table may still be stored.
    ///
    /// With a definition store that does not belong to the storage, this deletes all rows.
    ///
    /// # Errors
    /// Fails if the definitions cannot be read, or if the storage cannot be written.
    pub async fn remove_rows_of_dropped_tables(&self) -> Result<Vec<TableId>, BoxError> {
        let mut dropped = Vec::new();
        for table in self.shared.storage.tables() {
            if self.shared.registry.get(table).await?.is_none() {
                dropped.push(table);
            }
        }
        let (shared, tables) = (Arc::clone(&self.shared), dropped.clone());
        let removal = move || {
            let mut tables = tables.into_iter();
            tables.try_for_each(|table| shared.remove_rows(table))
        };
        SpawnedTask::spawn_blocking(removal).join().await??;
        Ok(dropped)
    }

    /// Deletes the rows of a dropped table. The registry drops only the definition. A plan that
    /// still runs finds no rows. May block until the deletion is durable.
    ///
    /// # Errors
    /// Fails if the storage cannot be written.
    pub fn remove_rows(&self, table: TableId) -> Result<(), BoxError> {
        self.shared.remove_rows(table)
    }
}
