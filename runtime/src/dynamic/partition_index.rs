// SPDX-License-Identifier: Apache-2.0

//! [`PartitionIndex`]: the key indexes of a partition.

use std::collections::HashSet;

use kalamtable_provider::{KeyFilter, TableKey};
use kalamtable_registry::TableSnapshot;

use super::chunk_reader::read_rows;
use super::keys::{KeyBytes, KeyIndex, RowAddress};
use super::storage::{ChunkId, PartitionChunk, PartitionRows};
use super::versions::Pick;
use crate::error::{Error, arrow_error};

/// The key indexes of the rows of a partition that are in memory.
///
/// An index can contain rows that a flush has moved to a storage since. Lookups ignore them,
/// because they search the stored rows, too.
#[derive(Debug, Default)]
pub(super) struct PartitionIndex {
    /// The number of the rows that the indexes describe, or `None` if they must be built.
    number: Option<u64>,
    /// The number of the rows for which the indexes were built.
    built: u64,
    /// The value of [`RowStorage::moves`](super::storage::RowStorage::moves) at that time.
    moves: u64,
    /// The chunks that were in memory at that time, or were added since.
    indexed: HashSet<ChunkId>,
    keys: Vec<KeyIndex>,
}

/// The number of removed chunks that an index may remember. A reader of an earlier snapshot needs
/// them.
const MAX_REMOVED_CHUNKS: usize = 64;

/// The reason why the indexes do not contain the rows of a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IndexMiss {
    /// The indexes have to be built.
    OutOfDate,
    /// The indexes describe later rows, which are not durable yet.
    Later,
}

/// The effect of one commit on the key indexes.
pub(super) struct IndexUpdate {
    /// The keys of the removed rows, for each index.
    pub(super) removed_keys: Vec<Vec<Option<KeyBytes>>>,
    /// The addresses of the removed rows.
    pub(super) removed_rows: HashSet<RowAddress>,
    /// Chunks that are removed without tombstones.
    pub(super) dropped: Vec<PartitionChunk>,
    /// The added chunk.
    pub(super) added: Option<ChunkId>,
    /// The keys of the added rows, for each index, and the addresses of the rows.
    pub(super) added_keys: Vec<Vec<(KeyBytes, RowAddress)>>,
    /// Chunks that compaction has written.
    pub(super) rewritten: Vec<PartitionChunk>,
}

impl PartitionIndex {
    /// Returns the indexes, the one of the primary key first.
    pub(super) fn indexes(&self) -> &[KeyIndex] {
        &self.keys
    }

    pub(super) fn primary(&self) -> Option<&KeyIndex> {
        self.keys.first().filter(|index| index.is_primary)
    }

    /// Updates the indexes to `rows`, read under the version of `table`. `moves` is the number of
    /// [`RowStorage::moves`](super::storage::RowStorage::moves) before `rows` were read. If it has
    /// changed, builds the indexes again, without the rows that are no longer in memory.
    pub(super) fn follow(
        &mut self,
        table: &TableSnapshot,
        rows: &PartitionRows,
        moves: u64,
    ) -> Result<(), Error> {
        let arrow = |error| arrow_error(table, error);
        let fresh = KeyIndex::of(table.definition()).map_err(arrow)?;
        let mut pairs = self.keys.iter().zip(&fresh);
        let has_same_encoding =
            self.keys.len() == fresh.len() && pairs.all(|(own, new)| own.has_same_encoding(new));
        if has_same_encoding && self.number == Some(rows.number) && self.moves == moves {
            // The positions of columns may have changed.
            for (own, new) in self.keys.iter_mut().zip(fresh) {
                own.columns = new.columns;
            }
            return Ok(());
        }
        self.number = None;
        self.keys = fresh;
        self.indexed.clear();
        for entry in rows
            .chunks
            .iter()
            .filter(|entry| entry.chunk.is_in_memory())
        {
            self.add(table, entry)?;
        }
        self.built = rows.number;
        self.moves = moves;
        self.number = Some(rows.number);
        Ok(())
    }

    /// Forgets the chunks that the latest rows do not contain, once they are many.
    pub(super) fn forget_removed_chunks(&mut self, latest: &PartitionRows) {
        if self.indexed.len() > 2 * latest.chunks.len() + MAX_REMOVED_CHUNKS {
            let chunks = latest.chunks.iter();
            let ids: HashSet<ChunkId> = chunks.map(|entry| entry.id).collect();
            self.indexed.retain(|id| ids.contains(id));
        }
    }

    /// Adds the rows of a chunk that are not superseded.
    fn add(&mut self, table: &TableSnapshot, entry: &PartitionChunk) -> Result<(), Error> {
        self.indexed.insert(entry.id);
        if self.keys.is_empty() {
            return Ok(());
        }
        let rows = read_rows(table, &entry.chunk, &Pick::Range(0..entry.chunk.len()))?;
        let tombstones = entry.chunk.tombstones();
        for index in &mut self.keys {
            let keys = index
                .keys(&rows)
                .map_err(|error| arrow_error(table, error))?;
            for (row, key) in keys.into_iter().enumerate() {
                let row = row as u32;
                let is_deleted = tombstones.contains(row);
                // A deleted row has no unique key.
                if entry.is_present(row)
                    && (index.is_primary || !is_deleted)
                    && let Some(key) = key
                {
                    let chunk = entry.id;
                    index.rows.insert(key, RowAddress { chunk, row });
                }
            }
        }
        Ok(())
    }

    /// Returns the addresses of the rows in memory of a snapshot with the keys of `filter`, in
    /// ascending order, or the reason why the indexes do not contain them.
    ///
    /// The index of the primary key contains tombstones. Those of unique keys do not.
    pub(super) fn find(
        &self,
        table: &TableSnapshot,
        filter: &KeyFilter,
        rows: &PartitionRows,
    ) -> Result<Vec<RowAddress>, IndexMiss> {
        let number = self.number.filter(|number| *number >= rows.number);
        let number = number.ok_or(IndexMiss::OutOfDate)?;
        let mut in_memory = rows
            .chunks
            .iter()
            .filter(|entry| entry.chunk.is_in_memory());
        if self.built > rows.number || !in_memory.all(|entry| self.indexed.contains(&entry.id)) {
            // Rows of the snapshot were in storage when the indexes were built.
            return Err(IndexMiss::Later);
        }
        let is_later = number > rows.number;
        let has_tombstones = !table.definition().kind().system_columns().is_empty();
        let is_usable = number == rows.number
            || (is_later && has_tombstones && filter.key == TableKey::Primary);
        if !is_usable {
            return Err(IndexMiss::Later);
        }
        self.lookup(table, filter)
            .ok_or(IndexMiss::OutOfDate)
            .and_then(|addresses| {
                // Each key has one row or tombstone, and a superseded row never becomes current
                // again. A row that is current now and in the snapshot is therefore also the row
                // of the key in the snapshot. A key without a row now had none in the snapshot.
                let is_known = |address: &RowAddress| rows.chunk(address.chunk).is_some();
                let is_exact = !is_later || addresses.iter().all(is_known);
                is_exact.then_some(addresses).ok_or(IndexMiss::Later)
            })
    }

    /// Returns the addresses of the rows with the keys of `filter`, or `None` if the indexes encode
    /// keys otherwise than the version of `table` does.
    fn lookup(&self, table: &TableSnapshot, filter: &KeyFilter) -> Option<Vec<RowAddress>> {
        let definition = table.definition();
        let (index, columns): (_, &[usize]) = match filter.key {
            TableKey::Primary => (self.primary()?, definition.key_columns()),
            TableKey::Unique(unique) => {
                let mut others = self.keys.iter().filter(|index| !index.is_primary);
                (others.nth(unique)?, definition.unique_keys().get(unique)?)
            }
        };
        if !index.encodes(definition, columns) {
            return None;
        }
        let keys = index.encoded(filter.lower.prefixes.columns()).ok()?;
        let found = keys.iter().flatten().filter_map(|key| index.rows.get(key));
        let mut addresses: Vec<RowAddress> = found.copied().collect();
        addresses.sort_unstable();
        addresses.dedup();
        Some(addresses)
    }

    /// Applies a commit, which resulted in the rows with this number.
    pub(super) fn apply(
        &mut self,
        table: &TableSnapshot,
        update: IndexUpdate,
        number: u64,
    ) -> Result<(), Error> {
        self.number = None;
        for entry in &update.dropped {
            if self.keys.is_empty() {
                break;
            }
            let rows = read_rows(table, &entry.chunk, &Pick::Range(0..entry.chunk.len()))?;
            for index in &mut self.keys {
                let keys = index
                    .keys(&rows)
                    .map_err(|error| arrow_error(table, error))?;
                for key in keys.iter().flatten() {
                    index.remove(key, |place| place.chunk == entry.id);
                }
            }
        }
        for (index, keys) in self.keys.iter_mut().zip(&update.removed_keys) {
            for key in keys.iter().flatten() {
                index.remove(key, |place| update.removed_rows.contains(&place));
            }
        }
        self.indexed.extend(update.added);
        for (index, keys) in self.keys.iter_mut().zip(update.added_keys) {
            index.rows.extend(keys);
        }
        for entry in &update.rewritten {
            self.add(table, entry)?;
        }
        self.number = Some(number);
        Ok(())
    }
}
