// SPDX-License-Identifier: Apache-2.0

//! [`MemoryStorage`]: the rows of dynamic tables in memory.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use kalamtable_store::TableId;

use super::storage::{Commit, Partition, PartitionRows, RowStorage};
use kalamtable_provider::BoxError;

/// The rows of dynamic tables in memory.
#[derive(Default)]
pub struct MemoryStorage {
    partitions: RwLock<HashMap<Partition, Arc<PartitionRows>>>,
    /// The last number that was given for each table.
    seqs: Mutex<HashMap<TableId, i64>>,
}

impl MemoryStorage {
    /// Without rows.
    pub fn new() -> Self {
        MemoryStorage::default()
    }
}

// The locks' poison says nothing: nothing is called under them that is not ours.
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
        // Outside of the lock: readers wait for the exchange alone.
        let after = Arc::new(rows.after(&commit));
        let partitions = self.partitions.write();
        let mut partitions = partitions.unwrap_or_else(PoisonError::into_inner);
        let present = partitions.entry(partition.clone()).or_default();
        if present.number != before {
            return Ok(false);
        }
        *present = after;
        Ok(true)
    }

    fn next_seqs(&self, table: TableId, count: u64) -> Result<i64, BoxError> {
        let mut seqs = self.seqs.lock().unwrap_or_else(PoisonError::into_inner);
        let last = seqs.entry(table).or_default();
        let first = last.checked_add(1).ok_or("there are no more numbers")?;
        *last = last
            .checked_add_unsigned(count)
            .ok_or("there are no more numbers")?;
        Ok(first)
    }

    fn remove_table(&self, table: TableId) -> Result<(), BoxError> {
        let partitions = self.partitions.write();
        let mut partitions = partitions.unwrap_or_else(PoisonError::into_inner);
        partitions.retain(|partition, _| partition.table != table);
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
