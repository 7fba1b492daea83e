// SPDX-License-Identifier: Apache-2.0

//! [`MemoryStorage`]: the rows of dynamic tables in memory.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use kalamtable_provider::BoxError;
use kalamtable_store::TableId;

use super::actor::UserId;
use super::storage::{Commit, Partition, PartitionRows, RowStorage};

/// The rows of dynamic tables in memory.
#[derive(Default)]
pub struct MemoryStorage {
    partitions: RwLock<HashMap<Partition, Arc<PartitionRows>>>,
    /// The last sequence number of each table.
    seqs: Mutex<HashMap<TableId, i64>>,
}

impl MemoryStorage {
    /// Creates an empty storage.
    pub fn new() -> Self {
        MemoryStorage::default()
    }
}

// A poisoned lock is harmless: no foreign code runs while one is held.
impl RowStorage for MemoryStorage {
    fn rows(&self, partition: &Partition) -> Result<Arc<PartitionRows>, BoxError> {
        let partitions = self.partitions.read();
        let partitions = partitions.unwrap_or_else(PoisonError::into_inner);
        Ok(partitions.get(partition).cloned().unwrap_or_default())
    }

    fn commit(&self, partition: &Partition, before: u64, commit: Commit) -> Result<bool, BoxError> {
        let rows = self.rows(partition)?;
        if rows.number != before {
            return Ok(false);
        }
        // Outside of the lock, so that readers only wait for the exchange.
        let after = Arc::new(rows.after(&commit));
        let partitions = self.partitions.write();
        let mut partitions = partitions.unwrap_or_else(PoisonError::into_inner);
        let current = partitions.entry(partition.clone()).or_default();
        if current.number != before {
            return Ok(false);
        }
        *current = after;
        Ok(true)
    }

    fn next_seqs(&self, table: TableId, count: u64) -> Result<i64, BoxError> {
        let mut seqs = self.seqs.lock().unwrap_or_else(PoisonError::into_inner);
        let last = seqs.entry(table).or_default();
        let first = last
            .checked_add(1)
            .ok_or("the sequence numbers of the table are exhausted")?;
        *last = last
            .checked_add_unsigned(count)
            .ok_or("the sequence numbers of the table are exhausted")?;
        Ok(first)
    }

    fn remove_table(&self, table: TableId) -> Result<(), BoxError> {
        let partitions = self.partitions.write();
        let mut partitions = partitions.unwrap_or_else(PoisonError::into_inner);
        partitions.retain(|partition, _| partition.table != table);
        Ok(())
    }

    fn tables(&self) -> Vec<TableId> {
        Vec::new()
    }

    fn remove_owner(&self, owner: &UserId) -> Result<(), BoxError> {
        let partitions = self.partitions.write();
        let mut partitions = partitions.unwrap_or_else(PoisonError::into_inner);
        for (partition, rows) in partitions.iter_mut() {
            if partition.owner.as_ref() == Some(owner) {
                *rows = Arc::new(rows.without_rows());
            }
        }
        Ok(())
    }
}

impl fmt::Debug for MemoryStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let partitions = self.partitions.read();
        let partitions = partitions.unwrap_or_else(PoisonError::into_inner);
        write!(f, "MemoryStorage({} partitions)", partitions.len())
    }
}
