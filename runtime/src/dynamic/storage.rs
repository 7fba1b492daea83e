// SPDX-License-Identifier: Apache-2.0

//! [`RowStorage`]: where the rows of dynamic tables are, and what is in there.

use std::collections::{HashMap, HashSet};
use std::fmt::Debug;
use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use kalamtable_model::TableKind;
use kalamtable_model::arrow::FIELD_ID_KEY;
use kalamtable_store::{TableId, UnixMicros};

use super::actor::UserId;
use kalamtable_provider::BoxError;

/// Where the rows of dynamic tables are.
///
/// What is kept for a partition are chunks of rows, which never change, and which rows of them have been
/// superseded by later ones. What a statement means, which keys rows have, and how rows of older versions
/// are read, is settled before a storage is asked: it keeps, and puts one state in the place of another.
///
/// Whatever a method does is done when it returns. [`rows`](Self::rows) is called when queries are planned
/// and run, on threads that drive futures: it answers from memory. The others are called on threads that
/// may wait.
pub trait RowStorage: Debug + Send + Sync + 'static {
    /// What is there at this moment; nothing, if nothing was ever written.
    ///
    /// # Errors
    /// If the storage cannot be read.
    fn rows(&self, partition: &Partition) -> Result<Arc<PartitionRows>, BoxError>;

    /// Makes of the rows with the number `before` those that [`PartitionRows::after`] makes of them, as one
    /// step for everybody. Says whether it did: not if the rows have another number by then.
    ///
    /// # Errors
    /// If the storage cannot be written.
    fn commit(&self, partition: &Partition, before: u64, commit: Commit) -> Result<bool, BoxError>;

    /// The first of `count` numbers in a row, for rows of a table: greater than all that were ever given
    /// for it, whatever the partition.
    ///
    /// # Errors
    /// If the storage cannot be written.
    fn next_seqs(&self, table: TableId, count: u64) -> Result<i64, BoxError>;

    /// Forgets the rows of a table that was dropped.
    ///
    /// # Errors
    /// If the storage cannot be written.
    fn remove_table(&self, table: TableId) -> Result<(), BoxError>;
}

/// Whose rows: those of one user in a user table, all in others.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Partition {
    /// The table.
    pub table: TableId,
    /// The user.
    pub owner: Option<UserId>,
}

/// Names a chunk of a partition. Never used again in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChunkId(pub u64);

/// Rows that are kept together. They never change.
#[derive(Debug)]
pub struct Chunk {
    rows: RecordBatch,
    version: u32,
    arrived_at: UnixMicros,
    deleted: Option<BooleanArray>,
    tombstones: usize,
    bytes: usize,
}

impl Chunk {
    /// Rows that were written under a version of their table's definition: its columns in their order, and
    /// behind them those that the system adds to tables of this kind.
    pub fn new(rows: RecordBatch, version: u32, arrived_at: UnixMicros) -> Self {
        let deleted = deleted(&rows);
        Chunk {
            version,
            arrived_at,
            tombstones: deleted.as_ref().map_or(0, BooleanArray::true_count),
            deleted,
            bytes: rows.get_array_memory_size(),
            rows,
        }
    }

    /// The rows.
    pub fn rows(&self) -> &RecordBatch {
        &self.rows
    }

    /// The version of the definition that they were written under.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// When the last of them was written.
    pub fn arrived_at(&self) -> UnixMicros {
        self.arrived_at
    }

    /// What they take in memory.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many of them say that a row was deleted.
    pub(super) fn tombstones(&self) -> usize {
        self.tombstones
    }

    /// For each row, whether it says that a row was deleted; none in tables without such rows.
    pub(super) fn deleted(&self) -> Option<&BooleanArray> {
        self.deleted.as_ref()
    }

    pub(super) fn len(&self) -> usize {
        self.rows.num_rows()
    }
}

/// The last column, if it is `_deleted`: by its id, since a stream may have one of that name.
fn deleted(rows: &RecordBatch) -> Option<BooleanArray> {
    let [_, deleted] = TableKind::Shared.system_columns() else {
        return None;
    };
    let last = rows.num_columns().checked_sub(1)?;
    let id = rows.schema_ref().field(last).metadata().get(FIELD_ID_KEY)?;
    match *id == deleted.id.to_string() {
        true => rows.column(last).as_boolean_opt().cloned(),
        false => None,
    }
}

/// Some rows of a chunk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowSet {
    words: Vec<u64>,
    len: usize,
}

impl RowSet {
    /// Whether a row is among them.
    pub fn contains(&self, row: u32) -> bool {
        let word = self.words.get(row as usize / 64);
        word.is_some_and(|word| word >> (row % 64) & 1 == 1)
    }

    /// Adds a row.
    pub fn insert(&mut self, row: u32) {
        let word = row as usize / 64;
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        let bit = 1 << (row % 64);
        self.len += usize::from(self.words[word] & bit == 0);
        self.words[word] |= bit;
    }

    /// How many they are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

/// A chunk of a partition, and which of its rows later ones have superseded.
#[derive(Clone, Debug)]
pub struct StoredChunk {
    /// Its name.
    pub id: ChunkId,
    /// The rows.
    pub chunk: Arc<Chunk>,
    /// Those that are not there any more; none if all are.
    pub superseded: Option<Arc<RowSet>>,
}

impl StoredChunk {
    /// How many rows are there, those that say that one was deleted among them.
    pub(super) fn present(&self) -> usize {
        self.chunk.len() - self.superseded.as_ref().map_or(0, |rows| rows.len())
    }

    pub(super) fn is_present(&self, row: u32) -> bool {
        let superseded = self.superseded.as_ref();
        superseded.is_none_or(|superseded| !superseded.contains(row))
    }
}

/// All of a partition at one moment. It never changes.
#[derive(Clone, Debug, Default)]
pub struct PartitionRows {
    /// How many commits have led here.
    pub number: u64,
    /// The chunks, in no order that would mean something.
    pub chunks: Vec<StoredChunk>,
    /// The name of the next chunk.
    pub next_chunk: u64,
}

/// What a statement makes of a partition.
#[derive(Clone, Debug, Default)]
pub struct Commit {
    /// Chunks that are added, named from [`PartitionRows::next_chunk`] on.
    pub added: Vec<(ChunkId, Arc<Chunk>)>,
    /// Rows that are superseded from then on.
    pub superseded: HashMap<ChunkId, Vec<u32>>,
    /// Chunks that are taken out. Those of which nothing is left are among them.
    pub removed: HashSet<ChunkId>,
}

impl PartitionRows {
    /// The latest version that rows were written under; 0 without rows.
    pub fn version(&self) -> u32 {
        let versions = self.chunks.iter().map(|stored| stored.chunk.version());
        versions.max().unwrap_or_default()
    }

    /// What a commit makes of these rows.
    #[must_use]
    pub fn after(&self, commit: &Commit) -> PartitionRows {
        let stays = |stored: &&StoredChunk| !commit.removed.contains(&stored.id);
        let old = self.chunks.iter().filter(stays).cloned();
        let added = commit.added.iter().map(|(id, chunk)| StoredChunk {
            id: *id,
            chunk: Arc::clone(chunk),
            superseded: None,
        });
        let mut chunks: Vec<StoredChunk> = old.chain(added).collect();
        for stored in &mut chunks {
            if let Some(rows) = commit.superseded.get(&stored.id) {
                // Copied: these rows stay as they are.
                let superseded = Arc::make_mut(stored.superseded.get_or_insert_default());
                rows.iter().for_each(|row| superseded.insert(*row));
            }
        }
        let last = commit.added.iter().map(|(id, _)| id.0 + 1).max();
        PartitionRows {
            number: self.number + 1,
            chunks,
            next_chunk: self.next_chunk.max(last.unwrap_or_default()),
        }
    }
}
