// SPDX-License-Identifier: Apache-2.0

//! [`Partitions`]: the durable and the latest rows of each partition.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use kalamtable_runtime::dynamic::{ChunkId, Partition, PartitionRows};
use kalamtable_store::TableId;

use super::flush::MovedChunk;
use super::record::RemovedPartitions;

/// The rows of all partitions.
#[derive(Debug, Default)]
pub(super) struct Partitions(RwLock<HashMap<Partition, Arc<StoredPartition>>>);

/// The rows of a partition.
#[derive(Debug, Default)]
pub(super) struct StoredPartition {
    /// Held while a commit is encoded and appended, so that the log has the commits in their order.
    pub(super) commit: Mutex<()>,
    rows: Mutex<PartitionHistory>,
}

/// The durable rows, and the rows after the commits that wait for the disk.
#[derive(Debug, Default)]
struct PartitionHistory {
    durable: Arc<PartitionRows>,
    /// In the order of their numbers.
    pending: VecDeque<PendingRows>,
}

#[derive(Debug)]
struct PendingRows {
    rows: Arc<PartitionRows>,
    /// The sequence number of the commit in the log.
    sequence: u64,
}

/// Whether the commit with a number is durable.
pub(super) enum PendingCommit {
    /// They are durable.
    Durable,
    /// They are durable with this entry of the log.
    Entry(u64),
    /// The partition never had them. Its table was removed.
    Unknown,
}

// A poisoned lock is harmless: each critical section leaves valid rows.
impl Partitions {
    pub(super) fn new(rows: HashMap<Partition, Arc<PartitionRows>>) -> Self {
        let stored = |rows| {
            let history = PartitionHistory {
                durable: rows,
                pending: VecDeque::new(),
            };
            Arc::new(StoredPartition {
                commit: Mutex::default(),
                rows: Mutex::new(history),
            })
        };
        let partitions = rows
            .into_iter()
            .map(|(partition, rows)| (partition, stored(rows)));
        Partitions(RwLock::new(partitions.collect()))
    }

    pub(super) fn get(&self, partition: &Partition) -> Option<Arc<StoredPartition>> {
        let partitions = self.0.read().unwrap_or_else(PoisonError::into_inner);
        partitions.get(partition).cloned()
    }

    pub(super) fn get_or_insert(&self, partition: &Partition) -> Arc<StoredPartition> {
        if let Some(stored) = self.get(partition) {
            return stored;
        }
        let mut partitions = self.0.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(partitions.entry(partition.clone()).or_default())
    }

    /// Removes partitions, and returns their rows.
    pub(super) fn remove(&self, removed: &RemovedPartitions) -> Vec<Arc<StoredPartition>> {
        let mut partitions = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let removed = partitions.extract_if(|partition, _| removed.contains(partition));
        removed.map(|(_, stored)| stored).collect()
    }

    /// Returns the partitions that a removal concerns.
    pub(super) fn of(&self, removed: &RemovedPartitions) -> Vec<Arc<StoredPartition>> {
        let partitions = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let of = partitions
            .iter()
            .filter(|(partition, _)| removed.contains(partition));
        of.map(|(_, stored)| Arc::clone(stored)).collect()
    }

    pub(super) fn len(&self) -> usize {
        self.0.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Makes the rows of all commits up to an entry of the log visible to queries.
    pub(super) fn publish(&self, sequence: u64) {
        let stored: Vec<Arc<StoredPartition>> = {
            let partitions = self.0.read().unwrap_or_else(PoisonError::into_inner);
            partitions.values().cloned().collect()
        };
        stored.iter().for_each(|stored| stored.publish(sequence));
    }

    /// Returns the latest rows of all partitions.
    pub(super) fn latest(&self) -> Vec<(Partition, Arc<PartitionRows>)> {
        let partitions = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let latest = partitions
            .iter()
            .map(|(partition, stored)| (partition.clone(), stored.latest()));
        latest.collect()
    }

    /// Replaces chunks by those with the same rows in files, in all states of their partitions.
    pub(super) fn replace(&self, moved: Vec<MovedChunk>) {
        let mut by_partition: HashMap<Partition, HashMap<ChunkId, MovedChunk>> = HashMap::new();
        for chunk in moved {
            let of_partition = by_partition.entry(chunk.partition.clone()).or_default();
            of_partition.insert(chunk.id, chunk);
        }
        for (partition, moved) in &by_partition {
            if let Some(stored) = self.get(partition) {
                stored.replace_chunks(moved);
            }
        }
    }

    /// Returns the tables that were written to, in ascending order.
    pub(super) fn tables(&self) -> Vec<TableId> {
        let partitions = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let logged = partitions
            .iter()
            .filter(|(_, stored)| stored.latest().number > 0);
        let mut tables: Vec<TableId> = logged.map(|(partition, _)| partition.table).collect();
        tables.sort_unstable();
        tables.dedup();
        tables
    }
}

impl StoredPartition {
    pub(super) fn durable(&self) -> Arc<PartitionRows> {
        Arc::clone(&self.lock().durable)
    }

    pub(super) fn latest(&self) -> Arc<PartitionRows> {
        let history = self.lock();
        let latest = history.pending.back().map(|pending| &pending.rows);
        Arc::clone(latest.unwrap_or(&history.durable))
    }

    /// Adds the rows after a commit that is the entry of the log with this number.
    pub(super) fn push(&self, rows: Arc<PartitionRows>, sequence: u64) {
        self.lock()
            .pending
            .push_back(PendingRows { rows, sequence });
    }

    /// Replaces the rows of a partition that is not logged.
    pub(super) fn replace(&self, rows: Arc<PartitionRows>) {
        let replaced = std::mem::replace(&mut self.lock().durable, rows);
        // Without the lock, which queries take.
        drop(replaced);
    }

    /// Replaces chunks by those with the same rows in files.
    fn replace_chunks(&self, moved: &HashMap<ChunkId, MovedChunk>) {
        // A commit that runs has read the chunks, and adds them again.
        let _turn = self.commit.lock().unwrap_or_else(PoisonError::into_inner);
        let after = |rows: &Arc<PartitionRows>| {
            let mut rows = PartitionRows::clone(rows);
            for entry in &mut rows.chunks {
                // A partition that was removed can have other rows in a chunk with the same id.
                if let Some(moved) = moved.get(&entry.id)
                    && Arc::ptr_eq(&moved.from, &entry.chunk)
                {
                    entry.chunk = Arc::clone(&moved.to);
                }
            }
            Arc::new(rows)
        };
        let mut replaced = Vec::new();
        let mut history = self.lock();
        let durable = after(&history.durable);
        replaced.push(std::mem::replace(&mut history.durable, durable));
        for pending in &mut history.pending {
            let rows = after(&pending.rows);
            replaced.push(std::mem::replace(&mut pending.rows, rows));
        }
        // Freed after the lock, which queries take.
        drop(history);
    }

    /// Returns the progress of the rows with a number.
    pub(super) fn progress(&self, number: u64) -> PendingCommit {
        let history = self.lock();
        if number <= history.durable.number {
            return PendingCommit::Durable;
        }
        let mut pending = history.pending.iter();
        let found = pending.find(|pending| pending.rows.number == number);
        found.map_or(PendingCommit::Unknown, |pending| {
            PendingCommit::Entry(pending.sequence)
        })
    }

    /// Makes the rows of all commits up to an entry of the log visible to queries.
    pub(super) fn publish(&self, sequence: u64) {
        let mut replaced = Vec::new();
        let mut history = self.lock();
        while let Some(pending) = history
            .pending
            .pop_front_if(|next| next.sequence <= sequence)
        {
            replaced.push(std::mem::replace(&mut history.durable, pending.rows));
        }
        // Freed after the lock, which queries take.
        drop(history);
    }

    fn lock(&self) -> MutexGuard<'_, PartitionHistory> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
