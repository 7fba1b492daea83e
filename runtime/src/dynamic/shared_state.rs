// SPDX-License-Identifier: Apache-2.0

//! [`SharedState`]: the state that all dynamic tables of a server share.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockWriteGuard};

use datafusion::error::Result;
use kalamtable_provider::__private::guard_of;
use kalamtable_provider::BoxError;
use kalamtable_registry::{SchemaRegistry, TableSnapshot};
use kalamtable_store::{TableId, UnixMicros};

use super::actor::UserId;
use super::partition_index::PartitionIndex;
use super::storage::{Partition, PartitionRows, RowStorage};
use super::time_source::TimeSource;
use crate::error::{Error, source_error};

/// Limits on the memory that rows use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StorageLimits {
    /// The maximum size of one stream table, in bytes. When a stream exceeds it, the oldest rows
    /// are evicted, in units of the statements that wrote them.
    pub stream_bytes: usize,
}

impl Default for StorageLimits {
    /// Returns a limit of 64 MiB per stream.
    fn default() -> Self {
        StorageLimits {
            stream_bytes: 64 * 1024 * 1024,
        }
    }
}

/// The state that the dynamic tables of a server share.
pub(super) struct SharedState {
    pub(super) registry: SchemaRegistry,
    pub(super) storage: Arc<dyn RowStorage>,
    pub(super) limits: StorageLimits,
    pub(super) time_source: Arc<dyn TimeSource>,
    states: Mutex<States>,
    /// The last [`RowStorage::moves`] for which indexes were released.
    moves: AtomicU64,
    rows_expired: AtomicU64,
    rows_evicted: AtomicU64,
}

type States = HashMap<Partition, Arc<PartitionState>>;

/// The state that this process keeps for a partition besides its rows. It can be rebuilt at any
/// time.
#[derive(Debug, Default)]
pub(super) struct PartitionState {
    /// A statement holds the lock from the comparison of keys to its commit, so that writers take
    /// turns.
    pub(super) turn: Mutex<()>,
    /// The key indexes. They change only while `turn` is held.
    pub(super) index: RwLock<PartitionIndex>,
    /// Whether a thread builds the indexes for lookups.
    is_rebuilding: AtomicBool,
    /// The rows before the first statement of each later version, the oldest first. Running queries
    /// that were planned for an earlier version read them.
    earlier: Mutex<Vec<EarlierRows>>,
}

#[derive(Debug)]
struct EarlierRows {
    rows: Arc<PartitionRows>,
    until: UnixMicros,
}

/// The time for which the rows before a schema change are kept for running plans, in microseconds.
const KEEP_MICROS: i64 = 60_000_000;

/// The maximum number of schema changes for which previous rows are kept.
const MAX_EARLIER: usize = 8;

impl PartitionState {
    /// Keeps the rows of an earlier version before a commit replaces them.
    pub(super) fn keep(&self, rows: &Arc<PartitionRows>, now: UnixMicros) {
        let mut earlier = self.lock_earlier();
        earlier.push(EarlierRows {
            rows: Arc::clone(rows),
            until: now,
        });
        if earlier.len() > MAX_EARLIER {
            earlier.remove(0);
        }
    }

    /// Drops the rows that have been kept long enough.
    pub(super) fn forget(&self, now: UnixMicros) {
        let mut earlier = self.lock_earlier();
        earlier.retain(|earlier| now.0.saturating_sub(earlier.until.0) < KEEP_MICROS);
    }

    /// Returns the latest kept rows that can be read under `version`.
    fn rows_of(&self, version: u32) -> Option<Arc<PartitionRows>> {
        let earlier = self.lock_earlier();
        let mut latest_first = earlier.iter().rev().map(|earlier| &earlier.rows);
        latest_first.find(|rows| rows.version() <= version).cloned()
    }

    /// Returns whether rows of an earlier version are kept.
    fn keeps_rows(&self) -> bool {
        !self.lock_earlier().is_empty()
    }

    /// Returns `true` if no other thread builds the indexes, and marks that one does.
    pub(super) fn begin_rebuild(&self) -> bool {
        !self.is_rebuilding.swap(true, Ordering::Relaxed)
    }

    pub(super) fn end_rebuild(&self) {
        self.is_rebuilding.store(false, Ordering::Relaxed);
    }

    pub(super) fn write_index(&self) -> RwLockWriteGuard<'_, PartitionIndex> {
        self.index.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_earlier(&self) -> MutexGuard<'_, Vec<EarlierRows>> {
        self.earlier.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SharedState {
    pub(super) fn new(
        registry: SchemaRegistry,
        storage: Arc<dyn RowStorage>,
        limits: StorageLimits,
        time_source: Arc<dyn TimeSource>,
    ) -> Self {
        SharedState {
            registry,
            storage,
            limits,
            time_source,
            states: Mutex::default(),
            moves: AtomicU64::new(0),
            rows_expired: AtomicU64::new(0),
            rows_evicted: AtomicU64::new(0),
        }
    }

    /// Deletes the rows of a table, and the state of its partitions.
    pub(super) fn remove_rows(&self, table: TableId) -> Result<(), BoxError> {
        // Without the lock, because the storage may wait for the disk.
        self.storage.remove_table(table)?;
        let mut states = self.lock_states();
        states.retain(|partition, _| partition.table != table);
        Ok(())
    }

    /// Deletes the rows of a user, and the state of their partitions.
    pub(super) fn remove_owner(&self, owner: &UserId) -> Result<(), BoxError> {
        self.storage.remove_owner(owner)?;
        let mut states = self.lock_states();
        states.retain(|partition, _| partition.owner.as_ref() != Some(owner));
        Ok(())
    }

    /// Drops the key indexes of all partitions that no statement is changing, if the storage has
    /// moved rows out of memory since the last call. The indexes would keep the keys of these rows
    /// in memory. The next statement builds the index of the rows that are still in memory.
    pub(super) fn release_indexes(&self) {
        let moves = self.storage.moves();
        if self.moves.swap(moves, Ordering::Relaxed) == moves {
            return;
        }
        let states: Vec<_> = self.lock_states().values().cloned().collect();
        for state in &states {
            if let Ok(_turn) = state.turn.try_lock() {
                *state.write_index() = PartitionIndex::default();
            }
        }
        drop(states);
        let is_used = |state: &Arc<PartitionState>| Arc::strong_count(state) > 1;
        self.lock_states()
            .retain(|_, state| is_used(state) || state.keeps_rows());
    }

    /// Returns the numbers of expired and of evicted rows.
    pub(super) fn removed_rows(&self) -> (u64, u64) {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        (load(&self.rows_expired), load(&self.rows_evicted))
    }

    /// Returns the durable rows of a partition.
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

    /// Returns the rows of a partition after the last commit.
    pub(super) fn latest_rows(
        &self,
        table: &TableSnapshot,
        partition: &Partition,
    ) -> Result<Arc<PartitionRows>> {
        guard_of(table.name(), || -> Result<_> {
            let rows = self.storage.latest_rows(partition);
            rows.map_err(|error| source_error(table.name(), error))
        })
    }

    /// Returns the latest rows of a partition that can be read under the version of `table`, or
    /// `None` if they are no longer kept.
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

    /// Fails with [`Error::Altered`] unless `table` is the current version of its table.
    pub(super) fn check_current(&self, table: &TableSnapshot) -> Result<(), Error> {
        if self.registry.is_current(table) {
            return Ok(());
        }
        // The registry may have evicted the snapshot.
        let snapshot = self.registry.get_blocking(table.id())?;
        let current = snapshot.map(|snapshot| snapshot.version());
        if current == Some(table.version()) {
            Ok(())
        } else {
            Err(self.altered(table, current))
        }
    }

    pub(super) fn altered(&self, table: &TableSnapshot, current: Option<u32>) -> Error {
        Error::Altered {
            table: table.name().clone(),
            planned: table.version(),
            current,
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

impl fmt::Debug for SharedState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedState")
            .field("storage", &self.storage)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
