// SPDX-License-Identifier: Apache-2.0

//! [`DynamicTables`]: the dynamic tables of a server, and what their providers have in common.

use std::sync::Arc;

use kalamtable_model::TableKind;
use kalamtable_provider::{BoxError, ProviderParts, RowProvider};
use kalamtable_registry::{Artefact, SchemaRegistry, TableSnapshot};
use kalamtable_store::TableId;

use super::clock::{Clock, SystemClock};
use super::shared_state::{SharedState, StorageLimits};
use super::storage::RowStorage;
use super::table::DynamicTable;
use crate::error::Error;

/// The dynamic tables of a server: their definitions are in a registry, their rows in a storage.
///
/// A clone is the same tables. See [`dynamic`](crate::dynamic).
#[derive(Clone, Debug)]
pub struct DynamicTables {
    pub(super) shared: Arc<SharedState>,
}

/// What streams may take, and what time it is for them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DynamicOptions {
    /// What rows may take.
    pub limits: StorageLimits,
    /// What tells how old rows are.
    pub clock: Arc<dyn Clock>,
}

impl Default for DynamicOptions {
    /// The default limits, and the clock of this machine.
    fn default() -> Self {
        DynamicOptions {
            limits: StorageLimits::default(),
            clock: Arc::new(SystemClock),
        }
    }
}

impl DynamicOptions {
    /// The same, with these limits.
    #[must_use]
    pub fn with_limits(mut self, limits: StorageLimits) -> Self {
        self.limits = limits;
        self
    }

    /// The same, with this clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }
}

/// What has become of the rows of streams. The numbers are not of one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DynamicStats {
    /// Rows that were removed because their time was over.
    pub rows_expired: u64,
    /// Rows that were removed before, to make room for others.
    pub rows_evicted: u64,
}

impl DynamicTables {
    /// The tables of a registry, with rows in `storage`.
    pub fn new(registry: SchemaRegistry, storage: Arc<dyn RowStorage>) -> Self {
        DynamicTables::with_options(registry, storage, DynamicOptions::default())
    }

    /// The tables of a registry, with rows in `storage`.
    pub fn with_options(
        registry: SchemaRegistry,
        storage: Arc<dyn RowStorage>,
        options: DynamicOptions,
    ) -> Self {
        DynamicTables {
            shared: Arc::new(SharedState::new(registry, storage, options.limits, options.clock)),
        }
    }

    /// Returns a provider of one version of a table. The parts that are derived from the definition are
    /// computed once and kept with the snapshot.
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
            let schema = table.schema_with_system_columns();
            Arc::new(ProviderParts::new(table.definition(), schema))
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

    /// The registry.
    pub fn registry(&self) -> &SchemaRegistry {
        &self.shared.registry
    }

    /// What has become of the rows of streams.
    pub fn stats(&self) -> DynamicStats {
        let (rows_expired, rows_evicted) = self.shared.removed_rows();
        DynamicStats {
            rows_expired,
            rows_evicted,
        }
    }

    /// Forgets the rows of a table that was dropped: a registry drops definitions alone. A plan that runs
    /// all the same finds none.
    ///
    /// # Errors
    /// If the storage cannot be written.
    pub fn remove_rows(&self, table: TableId) -> Result<(), BoxError> {
        self.shared.remove_rows(table)
    }
}
