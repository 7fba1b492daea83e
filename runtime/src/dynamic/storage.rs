// SPDX-License-Identifier: Apache-2.0

//! [`RowStorage`]: the storage of the rows of dynamic tables, and the types of its content.
//!
//! A chunk never changes. A commit replaces one state of a partition by the next one: it adds
//! chunks, and marks rows of existing chunks as superseded.

use std::collections::{HashMap, HashSet};
use std::fmt::Debug;
use std::sync::Arc;

use kalamtable_provider::BoxError;
use kalamtable_store::TableId;

use super::actor::UserId;
use super::chunk::Chunk;
use super::row_set::RowSet;

/// The storage of the rows of dynamic tables.
///
/// A partition consists of immutable chunks of rows, and of the set of rows that later rows have
/// superseded. A storage keeps the current state of each partition, and replaces it by the next
/// one. It does not interpret statements, keys or versions.
///
/// # Durability
/// While statements wait for the disk, a durable implementation has two states of a partition: the
/// durable rows, which queries read, and the latest rows, which the next statement changes.
/// Statements that change one partition can therefore wait together. In an implementation that is
/// not durable, both states are the same. A commit is durable after
/// [`wait_until_durable`](Self::wait_until_durable). A removal or flush is durable when the method
/// returns.
///
/// # Threads
/// [`rows`](Self::rows) is called while queries are planned and run, on threads that drive futures,
/// and must not block. The other methods are called on threads that may block.
pub trait RowStorage: Debug + Send + Sync + 'static {
    /// Returns the durable rows of a partition, or [`PartitionRows::default`] if no rows were
    /// written to it since its table was created. A later call can return the same chunk with its
    /// rows in a file instead of in memory.
    ///
    /// # Errors
    /// Fails if the storage cannot be read.
    fn rows(&self, partition: &Partition) -> Result<Arc<PartitionRows>, BoxError>;

    /// Returns the rows of a partition after the last commit, which may not be durable yet.
    ///
    /// # Errors
    /// Fails if the storage cannot be read.
    fn latest_rows(&self, partition: &Partition) -> Result<Arc<PartitionRows>, BoxError> {
        self.rows(partition)
    }

    /// Atomically replaces the latest rows with the number `before` by the result of
    /// [`PartitionRows::after`], and returns `true`. Returns `false` and changes nothing if the
    /// latest rows have another number. The commit is durable after
    /// [`wait_until_durable`](Self::wait_until_durable). Blocks while the storage has no room for
    /// more rows.
    ///
    /// # Errors
    /// Fails if the storage cannot be written.
    fn commit(&self, partition: &Partition, before: u64, commit: Commit) -> Result<bool, BoxError>;

    /// Waits until the rows with this number, and those with smaller numbers, are durable.
    /// Afterwards, [`rows`](Self::rows) returns these rows or later ones.
    ///
    /// # Errors
    /// Fails if the storage could not be written. A restart then finds the commit either completely
    /// or not at all.
    fn wait_until_durable(&self, partition: &Partition, number: u64) -> Result<(), BoxError> {
        let _ = (partition, number);
        Ok(())
    }

    /// Allocates `count` consecutive values of `_seq` for a table, which its partitions share, and
    /// returns the first one. The values are greater than all values in earlier commits to the
    /// table. After a restart, allocated values that no commit contains can be allocated again.
    ///
    /// # Errors
    /// Fails if the storage cannot be written.
    fn next_seqs(&self, table: TableId, count: u64) -> Result<i64, BoxError>;

    /// Deletes the rows of a dropped table.
    ///
    /// # Errors
    /// Fails if the storage cannot be written.
    fn remove_table(&self, table: TableId) -> Result<(), BoxError>;

    /// Returns the tables that may have rows which survive a restart.
    fn tables(&self) -> Vec<TableId>;

    /// Deletes all rows of a user in all user tables: each partition of the user becomes the result
    /// of [`PartitionRows::without_rows`]. When the method returns, the rows are no longer visible,
    /// and the deletion is durable. The next [`flush`](Self::flush) removes the rows from the log
    /// and from the current files. A replaced file that a query still reads is deleted by a later
    /// flush.
    ///
    /// # Errors
    /// Fails if the storage cannot be written.
    fn remove_owner(&self, owner: &UserId) -> Result<(), BoxError>;

    /// Returns how often rows were moved from memory to files. When the number changes, callers
    /// drop the data that they keep about rows in memory. The default implementation returns 0.
    fn moves(&self) -> u64 {
        0
    }

    /// Writes the rows that are not in files to files, and returns the size of the written files.
    /// Includes all commits before the call. Does nothing if the implementation has no files.
    ///
    /// # Errors
    /// Fails if a file cannot be written. No row is lost, and the call can be repeated.
    fn flush(&self) -> Result<FlushedRows, BoxError> {
        Ok(FlushedRows::default())
    }
}

/// The size of the files that a flush has written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FlushedRows {
    /// The number of files.
    pub files: u64,
    /// The number of rows in the files, including superseded rows, tombstones, and rows that the
    /// flush copied from earlier files.
    pub rows: u64,
    /// The size of the files in bytes.
    pub bytes: u64,
}

impl FlushedRows {
    /// Adds a file.
    pub fn add_file(&mut self, rows: u64, bytes: u64) {
        self.files += 1;
        self.rows += rows;
        self.bytes += bytes;
    }
}

/// A partition of a table: the rows of one user in a user table, all rows in other tables.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Partition {
    /// The table.
    pub table: TableId,
    /// The owner of the rows, or `None` if the table is not a user table.
    pub owner: Option<UserId>,
}

/// The id of a chunk, which is never reused within its partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChunkId(pub u64);

/// A chunk of a partition, and the rows of the chunk that later ones have superseded.
#[derive(Clone, Debug)]
pub struct PartitionChunk {
    /// The id of the chunk.
    pub id: ChunkId,
    /// The rows.
    pub chunk: Arc<Chunk>,
    /// The superseded rows, or `None` if no row is superseded.
    pub superseded: Option<Arc<RowSet>>,
}

impl PartitionChunk {
    /// Creates a chunk of which no row is superseded.
    pub(super) fn new(id: ChunkId, chunk: &Arc<Chunk>) -> Self {
        PartitionChunk {
            id,
            chunk: Arc::clone(chunk),
            superseded: None,
        }
    }

    /// Returns the number of rows that are not superseded, including tombstones.
    pub(super) fn present(&self) -> usize {
        self.chunk.len() - self.superseded.as_ref().map_or(0, |rows| rows.len())
    }

    pub(super) fn is_present(&self, row: u32) -> bool {
        let superseded = self.superseded.as_ref();
        superseded.is_none_or(|superseded| !superseded.contains(row))
    }
}

/// An immutable snapshot of a partition.
#[derive(Clone, Debug, Default)]
pub struct PartitionRows {
    /// The number of commits that resulted in this snapshot, 0 before the first one.
    pub number: u64,
    /// The chunks, in the order of [`after`](Self::after), which compaction and the key indexes of
    /// streams depend on. A storage preserves it across a restart.
    pub chunks: Vec<PartitionChunk>,
    /// The id of the next added chunk. It is greater than the ids of all chunks, including removed
    /// ones.
    pub next_chunk: u64,
}

/// The changes of one statement to a partition.
///
/// [`added`](Self::added), [`superseded`](Self::superseded) and [`removed`](Self::removed) are
/// applied first, then [`joined`](Self::joined).
#[derive(Clone, Debug, Default)]
pub struct Commit {
    /// Added chunks, whose ids start at [`PartitionRows::next_chunk`].
    pub added: Vec<(ChunkId, Arc<Chunk>)>,
    /// The numbers of the rows that the statement supersedes, by existing chunk.
    pub superseded: HashMap<ChunkId, Vec<u32>>,
    /// Removed existing chunks, including chunks whose last current rows the statement supersedes.
    pub removed: HashSet<ChunkId>,
    /// Chunks that replace existing or added chunks, and contain the rows of these chunks that are
    /// not superseded. Their ids follow the ids of the added chunks.
    pub joined: Vec<JoinedChunk>,
}

/// A chunk that replaces others, and equals the result of [`PartitionRows::join`] on the rows after
/// the other changes of the commit. A log therefore needs only its id and the replaced ids.
#[derive(Clone, Debug)]
pub struct JoinedChunk {
    /// The id of the chunk.
    pub id: ChunkId,
    /// The ids of the replaced chunks, in the order of their rows in the joined chunk.
    pub from: Vec<ChunkId>,
    /// The rows.
    pub chunk: Arc<Chunk>,
}

impl PartitionRows {
    /// Returns the latest version under which rows were written, or 0 if the partition is empty.
    pub fn version(&self) -> u32 {
        let versions = self.chunks.iter().map(|entry| entry.chunk.version());
        versions.max().unwrap_or_default()
    }

    /// Returns whether all rows are in memory.
    pub fn is_in_memory(&self) -> bool {
        self.chunks.iter().all(|entry| entry.chunk.is_in_memory())
    }

    /// Returns the chunk with an id.
    pub fn chunk(&self, id: ChunkId) -> Option<&PartitionChunk> {
        self.chunks.iter().find(|entry| entry.id == id)
    }

    /// Returns the partition after the removal of all rows, without tombstones. Its number is the
    /// next one, and ids of chunks are not used again.
    #[must_use]
    pub fn without_rows(&self) -> PartitionRows {
        PartitionRows {
            number: self.number + 1,
            chunks: Vec::new(),
            next_chunk: self.next_chunk,
        }
    }

    /// Returns the rows after a commit.
    #[must_use]
    pub fn after(&self, commit: &Commit) -> PartitionRows {
        let joined = commit.joined.iter().flat_map(|joined| &joined.from);
        let joined: HashSet<ChunkId> = joined.copied().collect();
        let stays = |id: ChunkId| !commit.removed.contains(&id) && !joined.contains(&id);
        let old = self.chunks.iter().filter(|entry| stays(entry.id));
        let added = commit.added.iter().filter(|(id, _)| stays(*id));
        let added = added.map(|(id, chunk)| PartitionChunk::new(*id, chunk));
        let mut chunks: Vec<PartitionChunk> = old.cloned().chain(added).collect();
        for entry in &mut chunks {
            if let Some(rows) = commit.superseded.get(&entry.id) {
                // `make_mut` copies a set that another snapshot shares.
                let superseded = Arc::make_mut(entry.superseded.get_or_insert_default());
                rows.iter().for_each(|row| superseded.insert(*row));
            }
        }
        let joins = commit.joined.iter();
        chunks.extend(joins.map(|joined| PartitionChunk::new(joined.id, &joined.chunk)));
        let added = commit.added.iter().map(|(id, _)| id.0 + 1);
        let last = added.chain(commit.joined.iter().map(|joined| joined.id.0 + 1));
        PartitionRows {
            number: self.number + 1,
            chunks,
            next_chunk: self.next_chunk.max(last.max().unwrap_or_default()),
        }
    }
}

impl Commit {
    /// Returns whether the commit changes nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.added.is_empty()
            && self.superseded.is_empty()
            && self.removed.is_empty()
            && self.joined.is_empty()
    }
}
