// SPDX-License-Identifier: Apache-2.0

//! [`Writing`]: what one statement does to a partition, as a whole or not at all.
//!
//! Writers of a partition take turns for as long as they look at keys and commit. What an `UPDATE` or
//! `DELETE` does is asked before, and once more if the rows have changed by then.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError};

use arrow::array::{ArrayRef, BooleanArray, Int64Array, RecordBatch, UInt32Array};
use arrow::compute::{concat_batches, take_record_batch};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use datafusion::error::{DataFusionError, Result};
use kalamtable_provider::__private::values_text;
use kalamtable_registry::TableSnapshot;

use super::compact::compact;
use super::core::Core;
use super::keys::{KeyBytes, KeyIndex, RowAddress};
use super::partition_index::{IndexUpdate, PartitionIndex, arrow_error, table_rows};
use super::storage::{Chunk, ChunkId, Commit, Partition, PartitionRows, StoredChunk};
use super::versions::Pick;
use super::visible::View;
use crate::error::{Error, source_error};

/// What a statement wants to do.
pub(super) struct Outcome {
    /// The rows that go.
    pub(super) removed: Removed,
    /// The rows that come, of the table's columns; none if there are none.
    pub(super) rows: Option<RecordBatch>,
    pub(super) on_conflict: OnConflict,
    /// Whether the rows that come are those that go, changed.
    pub(super) is_update: bool,
}

pub(super) enum Removed {
    None,
    All,
    Rows(Vec<RowAddress>),
}

/// What becomes of a row that comes with the primary key of one that stays.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum OnConflict {
    Refuse,
    Replace,
}

/// One statement's access to a partition.
pub(super) struct Writing<'a> {
    pub(super) core: &'a Core,
    pub(super) table: &'a TableSnapshot,
    pub(super) partition: &'a Partition,
}

/// A commit, and its effects on the counters and the key indexes.
struct Prepared {
    commit: Commit,
    /// The number of rows that the statement itself removes.
    removed: u64,
    rows_expired: u64,
    rows_evicted: u64,
    index_update: IndexUpdate,
}

impl Writing<'_> {
    /// Runs a statement, of which `ask` says what it does to the rows of a moment. Returns how many rows it
    /// has removed.
    ///
    /// # Errors
    /// What `ask` fails with; [`Error::Altered`], [`Error::DuplicateKey`]; if the storage fails. Nothing
    /// has changed then.
    pub(super) fn run(
        &self,
        ask: &mut dyn FnMut(&PartitionRows) -> Result<Outcome>,
    ) -> Result<u64> {
        self.core.check_present(self.table)?;
        let mut before = self.rows()?;
        let mut outcome = ask(&before)?;
        let state = self.core.state(self.partition);
        let mut index = state.index.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let now = self.rows()?;
            if now.number != before.number {
                before = now;
                outcome = ask(&before)?;
            }
            // Nobody who writes under a later version has been before us: an index of its keys would have
            // other bytes.
            self.core.check_present(self.table)?;
            index.follow(self.table, &before)?;
            let prepared = self.prepare(&before, &index, &outcome)?;
            if prepared.commit.is_empty() {
                return Ok(prepared.removed);
            }
            // Before the commit: who meets its rows looks for those of before.
            let now = self.core.clock.now();
            state.forget(now);
            if before.version() < self.table.version() {
                state.keep(&before, now);
            }
            let commit = prepared.commit.clone();
            let storage = &self.core.storage;
            let committed = storage
                .commit(self.partition, before.number, commit)
                .map_err(|error| source_error(self.table.name(), error))?;
            // Another process writes to the same storage: each refusal is its success.
            if committed {
                self.core
                    .count(prepared.rows_expired, prepared.rows_evicted);
                let removed = prepared.removed;
                // What is committed is committed: an index that cannot follow is made anew.
                let _ = index.apply(self.table, prepared.index_update, before.number + 1);
                return Ok(removed);
            }
        }
    }

    fn rows(&self) -> Result<Arc<PartitionRows>> {
        self.core.rows(self.table, self.partition)
    }

    fn prepare(
        &self,
        before: &PartitionRows,
        index: &PartitionIndex,
        outcome: &Outcome,
    ) -> Result<Prepared> {
        let definition = self.table.definition();
        let now = self.core.clock.now();
        let view = View::new(definition, now, false);
        let chunks: HashMap<ChunkId, &StoredChunk> = before
            .chunks
            .iter()
            .map(|stored| (stored.id, stored))
            .collect();
        let expired = before
            .chunks
            .iter()
            .filter(|stored| view.has_expired(stored));
        let mut dropped: Vec<StoredChunk> = expired.cloned().collect();
        let rows_expired: usize = dropped.iter().map(StoredChunk::present).sum();
        let is_expired = |place: RowAddress| {
            let stored = chunks.get(&place.chunk);
            stored.is_none_or(|stored| view.has_expired(stored))
        };
        let is_tombstone = |place: RowAddress| {
            let deleted = chunks
                .get(&place.chunk)
                .and_then(|stored| stored.chunk.deleted());
            deleted.is_some_and(|deleted| deleted.value(place.row as usize))
        };

        let mut gone: Vec<RowAddress> = match &outcome.removed {
            Removed::None => Vec::new(),
            Removed::Rows(places) => places.clone(),
            Removed::All => {
                let seen = before
                    .chunks
                    .iter()
                    .map(|stored| (stored.id, view.of(stored)));
                let places = seen.flat_map(|(chunk, seen)| {
                    (0..seen.len())
                        .map(|number| RowAddress {
                            chunk,
                            row: seen.row(number),
                        })
                        .collect::<Vec<_>>()
                });
                places.collect()
            }
        };
        let mut is_gone: HashSet<RowAddress> = gone.iter().copied().collect();

        // The primary key decides which rows are replaced, and which tombstones are.
        let schema = self.table.schema();
        let mut rows = match &outcome.rows {
            Some(rows) => rows.clone(),
            None => RecordBatch::new_empty(schema.clone()),
        };
        let mut numbers: Vec<usize> = (0..rows.num_rows()).collect();
        let mut superseded: Vec<RowAddress> = Vec::new();
        let mut keys: Vec<Vec<Option<KeyBytes>>> = Vec::new();
        if let Some(primary) = index.primary() {
            let mut own = primary.keys(&rows).map_err(|error| self.arrow(error))?;
            match outcome.on_conflict {
                OnConflict::Refuse => {
                    if let Some(row) = first_twice(&own) {
                        return Err(self.duplicate(primary, &rows, row, &numbers, outcome));
                    }
                }
                OnConflict::Replace => {
                    let last = last_of_each(&own);
                    if last.len() < own.len() {
                        rows = self.take(&rows, &last)?;
                        own = last.iter().map(|row| own[*row].clone()).collect();
                        numbers = last;
                    }
                }
            }
            for (row, key) in own.iter().enumerate() {
                let Some(place) = key.as_ref().and_then(|key| primary.places.get(key)) else {
                    continue;
                };
                if is_expired(*place) {
                    continue;
                }
                if is_tombstone(*place) {
                    superseded.push(*place);
                } else if !is_gone.contains(place) {
                    if outcome.on_conflict == OnConflict::Refuse {
                        return Err(self.duplicate(primary, &rows, row, &numbers, outcome));
                    }
                    is_gone.insert(*place);
                    gone.push(*place);
                }
            }
            keys.push(own);
        }
        for unique in index.indexes().iter().filter(|index| !index.is_primary) {
            let own = unique.keys(&rows).map_err(|error| self.arrow(error))?;
            let taken = own.iter().position(|key| {
                let place = key.as_ref().and_then(|key| unique.places.get(key));
                place.is_some_and(|place| !is_expired(*place) && !is_gone.contains(place))
            });
            if let Some(row) = first_twice(&own).or(taken) {
                return Err(self.duplicate(unique, &rows, row, &numbers, outcome));
            }
            keys.push(own);
        }
        gone.sort_unstable();

        let gone_rows = self.read(&chunks, &gone)?;
        let gone_keys = index.indexes().iter().map(|index| index.keys(&gone_rows));
        let gone_keys = gone_keys.collect::<Result<Vec<_>, _>>();
        let gone_keys = gone_keys.map_err(|error| self.arrow(error))?;

        // What goes leaves a tombstone, unless another row has its key from then on.
        let has_tombstones = !definition.kind().system_columns().is_empty();
        let tombstones = match (index.primary(), keys.first(), gone_keys.first()) {
            _ if !has_tombstones => Vec::new(),
            (Some(_), Some(new), Some(old)) => {
                let new: HashSet<&KeyBytes> = new.iter().flatten().collect();
                let is_left = |row: &usize| old[*row].as_ref().is_none_or(|key| !new.contains(key));
                (0..gone.len()).filter(is_left).collect()
            }
            _ if outcome.is_update => Vec::new(),
            _ => (0..gone.len()).collect::<Vec<usize>>(),
        };
        let tombstone_keys: Vec<Option<KeyBytes>> = match (index.primary(), gone_keys.first()) {
            (Some(_), Some(old)) => tombstones.iter().map(|row| old[*row].clone()).collect(),
            _ => Vec::new(),
        };
        let written = self.chunk_rows(&rows, &self.take(&gone_rows, &tombstones)?)?;

        let mut commit = Commit::default();
        let mut new_keys = Vec::new();
        let chunk = ChunkId(before.next_chunk);
        if written.num_rows() > 0 {
            let place = |row: usize| RowAddress {
                chunk,
                row: row as u32,
            };
            for (number, own) in keys.into_iter().enumerate() {
                let placed = own.into_iter().enumerate();
                let mut placed: Vec<(KeyBytes, RowAddress)> = placed
                    .filter_map(|(row, key)| Some((key?, place(row))))
                    .collect();
                if number == 0 && index.primary().is_some() {
                    let behind = tombstone_keys.iter().enumerate();
                    placed.extend(behind.filter_map(|(row, key)| {
                        Some((key.clone()?, place(rows.num_rows() + row)))
                    }));
                }
                new_keys.push(placed);
            }
            let version = self.table.version();
            let written = Arc::new(Chunk::new(written, version, now));
            commit.added.push((chunk, written));
        }
        for place in gone.iter().chain(&superseded) {
            let rows = commit.superseded.entry(place.chunk).or_default();
            rows.push(place.row);
        }
        commit
            .removed
            .extend(dropped.iter().map(|stored| stored.id));

        let emptied = before.after(&commit);
        let emptied = emptied.chunks.iter().filter(|stored| stored.present() == 0);
        commit.removed.extend(emptied.map(|stored| stored.id));
        let mut rows_evicted = 0;
        if definition.ttl_seconds().is_some() {
            let evicted = self.evicted(&before.after(&commit), &commit)?;
            rows_evicted = evicted.iter().map(StoredChunk::present).sum();
            commit
                .removed
                .extend(evicted.iter().map(|stored| stored.id));
            dropped.extend(evicted);
        }
        let mut rewritten = Vec::new();
        if definition.ttl_seconds().is_none() {
            let compacted = compact(&before.after(&commit)).map_err(|error| self.arrow(error))?;
            if let Some(compacted) = compacted {
                let taken_out = |id: &ChunkId| compacted.removed.contains(id);
                commit.added.retain(|(id, _)| !taken_out(id));
                commit.superseded.retain(|id, _| !taken_out(id));
                commit.removed.extend(compacted.removed.iter().copied());
                for (id, chunk) in compacted.added {
                    rewritten.push(StoredChunk {
                        id,
                        chunk: Arc::clone(&chunk),
                        superseded: None,
                    });
                    commit.added.push((id, chunk));
                }
            }
        }
        let known: HashSet<ChunkId> = before.chunks.iter().map(|stored| stored.id).collect();
        commit.removed.retain(|id| known.contains(id));
        commit
            .superseded
            .retain(|id, _| !commit.removed.contains(id));
        let removed = gone.len() as u64;
        Ok(Prepared {
            commit,
            removed,
            rows_expired: rows_expired as u64,
            rows_evicted: rows_evicted as u64,
            index_update: IndexUpdate {
                removed_keys: gone_keys,
                removed_rows: is_gone,
                dropped,
                added_keys: new_keys,
                rewritten,
            },
        })
    }

    /// The chunks of a stream that have to go for it to hold what it may: those that are oldest, and none
    /// that the statement adds.
    fn evicted(&self, after: &PartitionRows, commit: &Commit) -> Result<Vec<StoredChunk>> {
        let most = self.core.limits.stream_bytes;
        let added: usize = commit.added.iter().map(|(_, chunk)| chunk.bytes()).sum();
        if added > most {
            return Err(Error::TooManyBytes {
                table: self.table.name().clone(),
                bytes: added,
                most,
            }
            .into());
        }
        let is_added = |stored: &StoredChunk| commit.added.iter().any(|(id, _)| *id == stored.id);
        let old = after.chunks.iter().filter(|stored| !is_added(stored));
        let mut old: Vec<&StoredChunk> = old.collect();
        old.sort_by_key(|stored| (stored.chunk.arrived_at(), stored.id));
        let mut bytes = added + old.iter().map(|stored| stored.chunk.bytes()).sum::<usize>();
        let mut evicted = Vec::new();
        for stored in old {
            if bytes <= most {
                break;
            }
            bytes -= stored.chunk.bytes();
            evicted.push(stored.clone());
        }
        Ok(evicted)
    }

    /// Rows that are there, and rows that say that others are gone, as they are kept.
    fn chunk_rows(&self, rows: &RecordBatch, tombstones: &RecordBatch) -> Result<RecordBatch> {
        let schema = self.table.schema();
        // Copied, also if there is one batch alone: it may be a small part of what it keeps alive.
        let all: UInt32Array = (0..rows.num_rows() as u32).collect();
        let rows = take_record_batch(rows, &all).map_err(|error| self.arrow(error))?;
        let (there, gone) = (rows.num_rows(), tombstones.num_rows());
        let joined = match gone {
            0 => rows,
            _ => concat_batches(schema, [&rows, tombstones]).map_err(|error| self.arrow(error))?,
        };
        let with_system: &SchemaRef = self.table.schema_with_system_columns();
        if with_system.fields().len() == schema.fields().len() || there + gone == 0 {
            return Ok(joined);
        }
        let count = (there + gone) as u64;
        let first = self.core.storage.next_seqs(self.table.id(), count);
        let first = first.map_err(|error| source_error(self.table.name(), error))?;
        let seqs = Int64Array::from_iter_values(first..first + count as i64);
        let deleted = (0..there + gone).map(|row| Some(row >= there));
        let deleted: BooleanArray = deleted.collect();
        let mut columns = joined.columns().to_vec();
        columns.extend([Arc::new(seqs) as ArrayRef, Arc::new(deleted)]);
        let batch = RecordBatch::try_new(with_system.clone(), columns);
        batch.map_err(|error| self.arrow(error).into())
    }

    /// The rows at these places, which ascend, under the table's version.
    fn read(
        &self,
        chunks: &HashMap<ChunkId, &StoredChunk>,
        places: &[RowAddress],
    ) -> Result<RecordBatch> {
        let schema = self.table.schema();
        let mut batches = Vec::new();
        for places in places.chunk_by(|a, b| a.chunk == b.chunk) {
            let Some(stored) = places.first().and_then(|place| chunks.get(&place.chunk)) else {
                continue;
            };
            let rows: UInt32Array = places.iter().map(|place| place.row).collect();
            batches.push(table_rows(self.table, &stored.chunk, &Pick::Rows(rows))?);
        }
        concat_batches(schema, &batches).map_err(|error| self.arrow(error).into())
    }

    fn take(&self, rows: &RecordBatch, numbers: &[usize]) -> Result<RecordBatch> {
        let numbers: UInt32Array = numbers.iter().map(|number| *number as u32).collect();
        take_record_batch(rows, &numbers).map_err(|error| self.arrow(error).into())
    }

    fn duplicate(
        &self,
        index: &KeyIndex,
        rows: &RecordBatch,
        row: usize,
        numbers: &[usize],
        outcome: &Outcome,
    ) -> DataFusionError {
        let arrays: Vec<ArrayRef> = index
            .columns
            .iter()
            .map(|column| rows.column(*column).clone())
            .collect();
        // The rows of an `UPDATE` have no numbers that somebody gave them.
        let number = (!outcome.is_update).then(|| numbers[row]);
        let (definition, values) = (self.table.definition(), values_text(&arrays, row));
        kalamtable_provider::Error::duplicate_key(
            definition,
            number,
            index.is_primary,
            &index.columns,
            values,
        )
        .into()
    }

    fn arrow(&self, source: ArrowError) -> Error {
        arrow_error(self.table, source)
    }
}

impl Commit {
    fn is_empty(&self) -> bool {
        self.added.is_empty() && self.superseded.is_empty() && self.removed.is_empty()
    }
}

/// The first row whose key is that of one before it.
fn first_twice(keys: &[Option<KeyBytes>]) -> Option<usize> {
    let mut seen = HashSet::new();
    let mut rows = keys.iter();
    rows.position(|key| key.as_ref().is_some_and(|key| !seen.insert(key)))
}

/// Of several rows with one key, the last; in their order.
fn last_of_each(keys: &[Option<KeyBytes>]) -> Vec<usize> {
    let mut seen = HashSet::new();
    let rows = keys.iter().enumerate().rev();
    let last = rows.filter(|(_, key)| key.as_ref().is_none_or(|key| seen.insert(key)));
    let mut last: Vec<usize> = last.map(|(row, _)| row).collect();
    last.reverse();
    last
}
