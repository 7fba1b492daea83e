// SPDX-License-Identifier: Apache-2.0

//! [`PartitionWriter`]: applies one statement to a partition, completely or not at all.
//!
//! The writers of a partition take turns while they compare keys and commit. The effect of an
//! `UPDATE` or `DELETE` is computed before that, and again if the rows have changed in between.
//!
//! A statement commits only if the version for which it was planned is current. This is checked
//! under the lock of the partition, because the keys in the index have the types of one version.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError};

use arrow::array::{ArrayRef, BooleanArray, Int64Array, RecordBatch, UInt32Array};
use arrow::compute::{concat_batches, take_record_batch};
use datafusion::error::Result;
use kalamtable_model::TableDefinition;
use kalamtable_registry::TableSnapshot;
use kalamtable_store::UnixMicros;

use super::chunk::Chunk;
use super::chunk_reader::read_rows;
use super::compact::{CompactionLimits, compact};
use super::conflicts::{ResolvedRows, resolve_conflicts};
use super::current_rows::CurrentRows;
use super::keys::{KeyBytes, RowAddress};
use super::partition_index::{IndexUpdate, PartitionIndex};
use super::shared_state::SharedState;
use super::statement_effect::StatementEffect;
use super::storage::{ChunkId, Commit, Partition, PartitionChunk, PartitionRows};
use super::versions::Pick;
use super::visible::Visibility;
use crate::error::{Error, arrow_error, source_error};

/// The access of one statement to a partition.
pub(super) struct PartitionWriter<'a> {
    pub(super) shared: &'a SharedState,
    pub(super) table: &'a TableSnapshot,
    pub(super) partition: &'a Partition,
}

/// A commit, and its effects on the counters and the key indexes.
struct PreparedCommit {
    commit: Commit,
    /// The number of rows that the statement itself removes.
    removed: u64,
    rows_expired: u64,
    rows_evicted: u64,
    index_update: IndexUpdate,
}

/// The removed rows that leave a tombstone.
struct Tombstones {
    /// Positions in the removed rows.
    rows: Vec<usize>,
    /// The primary key of each; empty if the table has no primary key.
    keys: Vec<Option<KeyBytes>>,
}

/// The definition of a version as its chunks hold it, kept with the snapshot of the version.
struct ChunkDefinition(Arc<TableDefinition>);

impl ChunkDefinition {
    fn of(table: &TableSnapshot) -> &Self {
        let mut is_created = false;
        let definition = table.extension(|| {
            is_created = true;
            ChunkDefinition(Arc::new(table.definition().clone()))
        });
        if is_created {
            table.charge(size_of::<TableDefinition>());
        }
        definition
    }
}

impl PartitionWriter<'_> {
    /// Runs a statement: `plan` computes its effect on a snapshot of the partition. Returns the
    /// number of rows that the statement removed. The effect is durable, and so are the rows that
    /// the statement has read.
    ///
    /// # Errors
    /// Fails with the error of `plan`, with [`Error::Altered`] or a duplicate key, or if the
    /// storage fails. The partition is then unchanged, unless the storage failed while the commit
    /// was made durable.
    pub(super) fn run(
        &self,
        plan: &mut dyn FnMut(&Arc<PartitionRows>) -> Result<StatementEffect>,
    ) -> Result<u64> {
        self.shared.check_current(self.table)?;
        let mut rows = self.shared.latest_rows(self.table, self.partition)?;
        let result = self.commit_effect(&mut rows, plan);
        // Without the turn, so that the next statement of the partition can wait for the same write
        // to the disk. The rows may not be durable even if the statement failed or changed nothing.
        self.wait_until_durable(rows.number)?;
        self.shared.release_indexes();
        result
    }

    /// Computes the effect of a statement, and commits it. Replaces `rows` by the latest rows,
    /// those after the commit.
    fn commit_effect(
        &self,
        rows: &mut Arc<PartitionRows>,
        plan: &mut dyn FnMut(&Arc<PartitionRows>) -> Result<StatementEffect>,
    ) -> Result<u64> {
        let mut effect = plan(rows)?;
        let state = self.shared.state(self.partition);
        let _turn = state.turn.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let moves = self.shared.storage.moves();
            let current = self.shared.latest_rows(self.table, self.partition)?;
            if current.number != rows.number {
                *rows = current;
                effect = plan(rows)?;
            }
            // After this check, no writer under a later version can have changed the index, whose
            // keys would then have other bytes.
            self.shared.check_current(self.table)?;
            state.write_index().follow(self.table, rows, moves)?;
            let prepared = {
                let index = state.index.read();
                let index = index.unwrap_or_else(PoisonError::into_inner);
                self.prepare(rows, &index, &effect)?
            };
            if prepared.commit.is_empty() {
                return Ok(prepared.removed);
            }
            // Before the commit, because readers that find its rows look for the previous ones.
            let now = self.shared.time_source.now();
            state.forget(now);
            if rows.version() < self.table.version() {
                // Queries read the rows that are kept.
                self.wait_until_durable(rows.number)?;
                state.keep(rows, now);
            }
            let storage = &self.shared.storage;
            let committed = storage
                .commit(self.partition, rows.number, prepared.commit)
                .map_err(|error| source_error(self.table.name(), error))?;
            // Another process may write to the same storage: each refusal is a commit of that
            // process.
            if committed {
                self.shared
                    .count(prepared.rows_expired, prepared.rows_evicted);
                // The commit remains valid if the index cannot follow: the index is then built
                // again.
                let mut index = state.write_index();
                let _ = index.apply(self.table, prepared.index_update, rows.number + 1);
                *rows = self.shared.latest_rows(self.table, self.partition)?;
                index.forget_removed_chunks(rows);
                return Ok(prepared.removed);
            }
        }
    }

    fn wait_until_durable(&self, number: u64) -> Result<()> {
        let waited = self
            .shared
            .storage
            .wait_until_durable(self.partition, number);
        waited.map_err(|error| source_error(self.table.name(), error))
    }

    /// Computes the commit of a statement.
    fn prepare(
        &self,
        before: &PartitionRows,
        index: &PartitionIndex,
        effect: &StatementEffect,
    ) -> Result<PreparedCommit> {
        let definition = self.table.definition();
        let now = self.shared.time_source.now();
        let current = CurrentRows::new(before, Visibility::new(definition, now, false));
        let mut dropped = current.expired();
        let rows_expired: usize = dropped.iter().map(PartitionChunk::present).sum();

        let resolved = resolve_conflicts(self.table, &current, index, effect)?;
        let removed_rows = self.read(&current, &resolved.removed)?;
        let removed_keys = self.keys_of(index, &removed_rows)?;
        let tombstones = self.tombstones(index, effect, &resolved, &removed_keys);
        let tombstone_rows = self.take(&removed_rows, &tombstones.rows)?;
        let written = self.chunk_rows(&resolved.added, &tombstone_rows)?;

        let chunk = ChunkId(before.next_chunk);
        let mut commit = self.commit(chunk, written, &resolved, &dropped, now);
        let added = commit.added.first().map(|(id, _)| *id);
        remove_empty_chunks(before, &mut commit);
        let mut rows_evicted = 0;
        let mut limits = CompactionLimits::permanent();
        if let Some(ttl_seconds) = definition.ttl_seconds() {
            let evicted = self.evict(before, &mut commit)?;
            rows_evicted = evicted.iter().map(PartitionChunk::present).sum();
            dropped.extend(evicted);
            let stream_bytes = self.shared.limits.stream_bytes;
            limits = CompactionLimits::stream(ttl_seconds.get(), stream_bytes);
        }
        let rewritten = self.compact(before, &mut commit, &limits)?;
        keep_known_chunks(before, &mut commit);
        Ok(PreparedCommit {
            commit,
            removed: resolved.removed.len() as u64,
            rows_expired: rows_expired as u64,
            rows_evicted: rows_evicted as u64,
            index_update: IndexUpdate {
                removed_keys,
                removed_rows: resolved.removed.iter().copied().collect(),
                dropped,
                added,
                added_keys: added_keys(index, chunk, &resolved, tombstones),
                rewritten,
            },
        })
    }

    /// Creates the commit that adds a chunk of written rows and supersedes the removed ones.
    fn commit(
        &self,
        chunk: ChunkId,
        written: RecordBatch,
        resolved: &ResolvedRows,
        dropped: &[PartitionChunk],
        now: UnixMicros,
    ) -> Commit {
        let mut commit = Commit::default();
        if written.num_rows() > 0 {
            let definition = ChunkDefinition::of(self.table);
            let written = Arc::new(Chunk::new(&definition.0, written, now));
            commit.added.push((chunk, written));
        }
        let tombstones = &resolved.superseded_tombstones;
        for address in resolved.removed.iter().chain(tombstones) {
            let rows = commit.superseded.entry(address.chunk).or_default();
            rows.push(address.row);
        }
        commit.removed.extend(dropped.iter().map(|entry| entry.id));
        commit
    }

    /// Selects the removed rows that leave a tombstone: those whose key no added row has.
    fn tombstones(
        &self,
        index: &PartitionIndex,
        effect: &StatementEffect,
        resolved: &ResolvedRows,
        removed_keys: &[Vec<Option<KeyBytes>>],
    ) -> Tombstones {
        let definition = self.table.definition();
        let none = Tombstones {
            rows: Vec::new(),
            keys: Vec::new(),
        };
        if definition.kind().system_columns().is_empty() {
            return none;
        }
        let primary_keys = index
            .primary()
            .and_then(|_| resolved.keys.first().zip(removed_keys.first()));
        match primary_keys {
            Some((added, removed)) => {
                let added: HashSet<&KeyBytes> = added.iter().flatten().collect();
                let is_free =
                    |key: &Option<KeyBytes>| key.as_ref().is_none_or(|key| !added.contains(key));
                let rows: Vec<usize> = (0..removed.len())
                    .filter(|row| is_free(&removed[*row]))
                    .collect();
                Tombstones {
                    keys: rows.iter().map(|row| removed[*row].clone()).collect(),
                    rows,
                }
            }
            None if effect.is_update => none,
            None => Tombstones {
                rows: (0..resolved.removed.len()).collect(),
                keys: Vec::new(),
            },
        }
    }

    /// Removes the oldest chunks of a stream until it fits its limit, and returns them. Chunks that
    /// the statement adds are never removed.
    fn evict(&self, before: &PartitionRows, commit: &mut Commit) -> Result<Vec<PartitionChunk>> {
        let after = before.after(commit);
        let max_bytes = self.shared.limits.stream_bytes;
        let added: usize = commit.added.iter().map(|(_, chunk)| chunk.bytes()).sum();
        if added > max_bytes {
            return Err(Error::TooManyBytes {
                table: self.table.name().clone(),
                bytes: added,
                max_bytes,
            }
            .into());
        }
        let is_added = |entry: &&PartitionChunk| commit.added.iter().any(|(id, _)| *id == entry.id);
        let chunks = after.chunks.iter();
        let mut oldest_first: Vec<&PartitionChunk> =
            chunks.filter(|entry| !is_added(entry)).collect();
        oldest_first.sort_by_key(|entry| (entry.chunk.arrived_at(), entry.id));
        let sizes = oldest_first.iter().map(|entry| entry.chunk.bytes());
        let mut bytes = added + sizes.sum::<usize>();
        let mut evicted = Vec::new();
        for entry in oldest_first {
            if bytes <= max_bytes {
                break;
            }
            bytes -= entry.chunk.bytes();
            evicted.push(entry.clone());
        }
        commit.removed.extend(evicted.iter().map(|entry| entry.id));
        Ok(evicted)
    }

    /// Joins small or sparse chunks in the commit, and returns the chunks that this writes.
    fn compact(
        &self,
        before: &PartitionRows,
        commit: &mut Commit,
        limits: &CompactionLimits,
    ) -> Result<Vec<PartitionChunk>> {
        let joined = compact(&before.after(commit), limits);
        commit.joined = joined.map_err(|error| source_error(self.table.name(), error))?;
        let joined = commit.joined.iter();
        Ok(joined
            .map(|joined| PartitionChunk::new(joined.id, &joined.chunk))
            .collect())
    }

    /// Returns added rows and tombstones as one chunk stores them: with the system columns, if the
    /// table has any.
    fn chunk_rows(&self, added: &RecordBatch, tombstones: &RecordBatch) -> Result<RecordBatch> {
        let schema = self.table.schema();
        // Copied even if there are no tombstones, because the batch may be a small slice of large
        // buffers.
        let all: UInt32Array = (0..added.num_rows() as u32).collect();
        let added =
            take_record_batch(added, &all).map_err(|error| arrow_error(self.table, error))?;
        let joined = if tombstones.num_rows() == 0 {
            added.clone()
        } else {
            concat_batches(schema, [&added, tombstones])
                .map_err(|error| arrow_error(self.table, error))?
        };
        let with_system_columns = self.table.schema_with_system_columns();
        let has_system_columns = with_system_columns.fields().len() > schema.fields().len();
        if !has_system_columns || joined.num_rows() == 0 {
            return Ok(joined);
        }
        let count = joined.num_rows();
        let first = self
            .shared
            .storage
            .next_seqs(self.table.id(), count as u64)
            .map_err(|error| source_error(self.table.name(), error))?;
        let seqs = Int64Array::from_iter_values(first..first + count as i64);
        let deleted: BooleanArray = (0..count)
            .map(|row| Some(row >= added.num_rows()))
            .collect();
        let mut columns = joined.columns().to_vec();
        columns.extend([Arc::new(seqs) as ArrayRef, Arc::new(deleted)]);
        let batch = RecordBatch::try_new(Arc::clone(with_system_columns), columns);
        batch.map_err(|error| arrow_error(self.table, error).into())
    }

    /// Reads the rows at `addresses`, which ascend, under the version of the table.
    fn read(&self, current: &CurrentRows<'_>, addresses: &[RowAddress]) -> Result<RecordBatch> {
        let mut batches = Vec::new();
        for addresses in addresses.chunk_by(|a, b| a.chunk == b.chunk) {
            let chunk = addresses.first().map(|address| address.chunk);
            let Some(entry) = chunk.and_then(|chunk| current.chunk(chunk)) else {
                continue;
            };
            let rows: UInt32Array = addresses.iter().map(|address| address.row).collect();
            batches.push(read_rows(self.table, &entry.chunk, &Pick::Rows(rows))?);
        }
        concat_batches(self.table.schema(), &batches)
            .map_err(|error| arrow_error(self.table, error).into())
    }

    fn take(&self, rows: &RecordBatch, numbers: &[usize]) -> Result<RecordBatch> {
        let numbers: UInt32Array = numbers.iter().map(|number| *number as u32).collect();
        take_record_batch(rows, &numbers).map_err(|error| arrow_error(self.table, error).into())
    }

    /// Returns the keys of `rows`, for each index.
    fn keys_of(
        &self,
        index: &PartitionIndex,
        rows: &RecordBatch,
    ) -> Result<Vec<Vec<Option<KeyBytes>>>> {
        let keys = index.indexes().iter().map(|index| index.keys(rows));
        let keys = keys.collect::<Result<Vec<_>, _>>();
        keys.map_err(|error| arrow_error(self.table, error).into())
    }
}

/// Returns the keys of the rows of the chunk that a statement writes, for each index, and their
/// addresses: the added rows, followed by the tombstones, which only the primary key finds.
fn added_keys(
    index: &PartitionIndex,
    chunk: ChunkId,
    resolved: &ResolvedRows,
    tombstones: Tombstones,
) -> Vec<Vec<(KeyBytes, RowAddress)>> {
    let addressed = |keys: &[Option<KeyBytes>], first: usize| -> Vec<(KeyBytes, RowAddress)> {
        let rows = keys.iter().enumerate();
        let with_key = rows.filter_map(|(row, key)| Some((key.clone()?, first + row)));
        with_key
            .map(|(key, row)| {
                let row = row as u32;
                (key, RowAddress { chunk, row })
            })
            .collect()
    };
    let keys = resolved.keys.iter();
    let mut added: Vec<Vec<(KeyBytes, RowAddress)>> = keys.map(|keys| addressed(keys, 0)).collect();
    if let (Some(primary), true) = (added.first_mut(), index.primary().is_some()) {
        primary.extend(addressed(&tombstones.keys, resolved.added.num_rows()));
    }
    added
}

/// Removes the chunks that keep no row after the commit.
fn remove_empty_chunks(before: &PartitionRows, commit: &mut Commit) {
    let after = before.after(commit);
    let empty = after.chunks.iter().filter(|entry| entry.present() == 0);
    commit.removed.extend(empty.map(|entry| entry.id));
}

/// Restricts the removed and superseded rows to chunks that exist before the commit and remain
/// after it.
fn keep_known_chunks(before: &PartitionRows, commit: &mut Commit) {
    let known: HashSet<ChunkId> = before.chunks.iter().map(|entry| entry.id).collect();
    commit.removed.retain(|id| known.contains(id));
    let removed = &commit.removed;
    commit.superseded.retain(|id, _| !removed.contains(id));
}
