// SPDX-License-Identifier: Apache-2.0

//! [`Core`]: the state that all dynamic tables of a server share.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use datafusion::error::Result;
use kalamtable_provider::__private::guard_of;
use kalamtable_provider::BoxError;
use kalamtable_registry::{SchemaRegistry, TableSnapshot};
use kalamtable_store::{TableId, UnixMicros};

use super::clock::Clock;
use super::partition_index::PartitionIndex;
use super::storage::{Partition, PartitionRows, RowStorage};
use crate::error::{Error, source_error};

/// What rows may take in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StorageLimits {
    /// The bytes of one stream. Beyond them the rows that were written first are evicted, those of one
    /// statement at a time.
    pub stream_bytes: usize,
}

impl Default for StorageLimits {
    /// 64 MiB a stream.
    fn default() -> Self {
        StorageLimits {
            stream_bytes: 64 * 1024 * 1024,
        }
    }
}

/// What all providers share.
pub(super) struct Core {
    pub(super) registry: SchemaRegistry,
    pub(super) storage: Arc<dyn RowStorage>,
    pub(super) limits: StorageLimits,
    pub(super) clock: Arc<dyn Clock>,
    states: Mutex<States>,
    rows_expired: AtomicU64,
    rows_evicted: AtomicU64,
}

type States = HashMap<Partition, Arc<PartitionState>>;

/// What this process knows of a partition besides its rows. It can be made anew.
#[derive(Debug, Default)]
pub(super) struct PartitionState {
    /// Who holds the lock is the only one in this process to write to the partition.
    pub(super) index: Mutex<PartitionIndex>,
    /// What the rows were before the first statement of a later version, the oldest first: what queries
    /// read whose plans were under way then.
    earlier: Mutex<Vec<Earlier>>,
}

#[derive(Debug)]
struct Earlier {
    rows: Arc<PartitionRows>,
    until: UnixMicros,
}

/// How long rows of before an alteration are kept for plans that are under way, in microseconds; and of
/// how many alterations.
const KEPT_FOR: i64 = 60_000_000;
const MOST_EARLIER: usize = 8;

impl PartitionState {
    /// Keeps rows of an earlier version, before others take their place.
    pub(super) fn keep(&self, rows: &Arc<PartitionRows>, now: UnixMicros) {
        let mut earlier = self.lock_earlier();
        earlier.push(Earlier {
            rows: Arc::clone(rows),
            until: now,
        });
        if earlier.len() > MOST_EARLIER {
            earlier.remove(0);
        }
    }

    /// Forgets what no plan that is under way can need.
    pub(super) fn forget(&self, now: UnixMicros) {
        let mut earlier = self.lock_earlier();
        earlier.retain(|earlier| now.0.saturating_sub(earlier.until.0) < KEPT_FOR);
    }

    /// The last rows that were of that version or earlier.
    fn rows_of(&self, version: u32) -> Option<Arc<PartitionRows>> {
        let earlier = self.lock_earlier();
        let mut latest_first = earlier.iter().rev().map(|earlier| &earlier.rows);
        latest_first.find(|rows| rows.version() <= version).cloned()
    }

    fn lock_earlier(&self) -> MutexGuard<'_, Vec<Earlier>> {
        self.earlier.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Core {
    pub(super) fn new(
        registry: SchemaRegistry,
        storage: Arc<dyn RowStorage>,
        limits: StorageLimits,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Core {
            registry,
            storage,
            limits,
            clock,
            states: Mutex::default(),
            rows_expired: AtomicU64::new(0),
            rows_evicted: AtomicU64::new(0),
        }
    }

    /// Deletes the rows of a table, and the state of its partitions.
    pub(super) fn remove_rows(&self, table: TableId) -> Result<(), BoxError> {
        let mut states = self.lock_states();
        states.retain(|partition, _| partition.table != table);
        self.storage.remove_table(table)
    }

    /// Returns the numbers of expired and of evicted rows.
    pub(super) fn removed_rows(&self) -> (u64, u64) {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        (load(&self.rows_expired), load(&self.rows_evicted))
    }

    /// What is in a partition at this moment.
    pub(super) fn rows(
        &self,
        table: &TableSnapshot,
        partition: &Partition,
    ) -> Result<Arc<PartitionRows>> {
        guard_of(table.name(), || -> Result<_> {
            let rows = self.storage.rows(partition);
            rows.map_err(|error| source_error(table.name(), error))
        })
    }

    /// What is in a partition, as far as it can be read under the version of `table`: of this moment, or of
    /// before it was altered; none if that is long ago.
    pub(super) fn rows_of_version(
        &self,
        table: &TableSnapshot,
        partition: &Partition,
    ) -> Result<Option<Arc<PartitionRows>>> {
        let rows = self.rows(table, partition)?;
        if rows.version() <= table.version() {
            return Ok(Some(rows));
        }
        let state = self.lock_states().get(partition).cloned();
        Ok(state.and_then(|state| state.rows_of(table.version())))
    }

    /// That `table` is the present version of its table.
    pub(super) fn check_present(&self, table: &TableSnapshot) -> Result<(), Error> {
        if self.registry.is_current(table) {
            return Ok(());
        }
        // It may have been evicted.
        let present = self.registry.get_blocking(table.id())?;
        let present = present.map(|present| present.version());
        match present == Some(table.version()) {
            true => Ok(()),
            false => Err(self.altered(table, present)),
        }
    }

    pub(super) fn altered(&self, table: &TableSnapshot, present: Option<u32>) -> Error {
        Error::Altered {
            table: table.name().clone(),
            planned: table.version(),
            present,
        }
    }

    pub(super) fn state(&self, partition: &Partition) -> Arc<PartitionState> {
        let mut states = self.lock_states();
        match states.get(partition) {
            Some(state) => Arc::clone(state),
            None => Arc::clone(states.entry(partition.clone()).or_default()),
        }
    }

    pub(super) fn count(&self, rows_expired: u64, rows_evicted: u64) {
        self.rows_expired.fetch_add(rows_expired, Ordering::Relaxed);
        self.rows_evicted.fetch_add(rows_evicted, Ordering::Relaxed);
    }

    fn lock_states(&self) -> MutexGuard<'_, States> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Core")
            .field("storage", &self.storage)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
