// SPDX-License-Identifier: Apache-2.0

//! [`StoredJoins`]: joins chunks in row files that are small or mostly superseded.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::sync::Arc;

use kalamtable_runtime::dynamic::{Chunk, ChunkId, Commit, JoinedChunk, Partition, PartitionRows};
use kalamtable_store::TableId;

use super::manifest::ChunkLocation;
use super::recovered::FlushedState;
use super::row_file::OwnedChunk;
use super::row_folder::RowFolder;
use super::written_chunk::write_chunks;
use super::written_definitions::WrittenDefinition;
use crate::error::StorageError;

/// The joined chunks of one flush, in memory.
pub(super) struct StoredJoins(Vec<PartitionJoin>);

/// The joined chunks of one partition.
struct PartitionJoin {
    partition: Partition,
    /// The number of the rows that the join replaces.
    before: u64,
    joined: Vec<JoinedChunk>,
    /// Chunks whose rows are all superseded.
    removed: HashSet<ChunkId>,
}

/// The number of a join, and of a chunk in it.
type ChunkNumber = (usize, usize);

/// A join whose chunks are in a row file.
pub(super) struct WrittenJoin {
    pub(super) partition: Partition,
    pub(super) before: u64,
    pub(super) commit: Commit,
    pub(super) locations: Vec<(ChunkId, ChunkLocation)>,
}

impl StoredJoins {
    /// Reads and joins chunks until the joined chunks have this size in memory: the next flush
    /// continues. Leaves out chunks that cannot be read or joined, and also returns the error of
    /// one of them.
    pub(super) fn prepare(
        partitions: &[(Partition, Arc<PartitionRows>)],
        max_bytes: u64,
    ) -> (Self, Option<StorageError>) {
        let max_bytes = usize::try_from(max_bytes).unwrap_or(usize::MAX);
        let mut joins = Vec::new();
        let mut failure = None;
        let mut bytes = 0;
        // The partitions with the most chunks first, so that none has to wait forever.
        let mut by_chunks: Vec<&(Partition, Arc<PartitionRows>)> = partitions.iter().collect();
        by_chunks.sort_by_key(|(_, rows)| Reverse(rows.chunks.len()));
        for (partition, rows) in by_chunks {
            let (mut joined, mut removed) = (Vec::new(), HashSet::new());
            for (id, group) in (rows.next_chunk..).zip(rows.stored_to_join(max_bytes)) {
                if bytes >= max_bytes {
                    break;
                }
                let table = partition.table;
                let chunk = match rows.join(ChunkId(id), &group) {
                    Ok(chunk) => chunk,
                    Err(source) => {
                        failure = Some(StorageError::unreadable(table, source));
                        continue;
                    }
                };
                if chunk.chunk.is_empty() {
                    removed.extend(group);
                    continue;
                }
                bytes += chunk.chunk.bytes();
                joined.push(chunk);
            }
            if !joined.is_empty() || !removed.is_empty() {
                joins.push(PartitionJoin {
                    partition: partition.clone(),
                    before: rows.number,
                    joined,
                    removed,
                });
            }
        }
        joins.sort_unstable_by(|a, b| {
            let order = |join: &PartitionJoin| (join.partition.table, join.partition.owner.clone());
            order(a).cmp(&order(b))
        });
        (StoredJoins(joins), failure)
    }

    /// Writes the joined chunks to files, which are added to the files of the storage. `definition`
    /// returns the definition of a chunk.
    pub(super) fn write(
        mut self,
        row_folder: &Arc<RowFolder>,
        state: &mut FlushedState,
        definition: impl Fn(TableId, &Chunk) -> Result<Arc<WrittenDefinition>, StorageError>,
    ) -> Result<Vec<WrittenJoin>, StorageError> {
        let folder = &*row_folder.folder;
        let mut by_definition: Vec<(Arc<WrittenDefinition>, Vec<ChunkNumber>)> = Vec::new();
        for (number, join) in self.0.iter().enumerate() {
            for (index, joined) in join.joined.iter().enumerate() {
                let written = definition(join.partition.table, &joined.chunk)?;
                let mut groups = by_definition.iter_mut();
                let group = groups.find(|(other, _)| Arc::ptr_eq(other, &written));
                match group {
                    Some((_, chunks)) => chunks.push((number, index)),
                    None => by_definition.push((written, vec![(number, index)])),
                }
            }
        }
        let mut locations: Vec<Vec<(ChunkId, ChunkLocation)>> =
            self.0.iter().map(|_| Vec::new()).collect();
        let mut files = Vec::new();
        for (written, chunks) in by_definition {
            let owned = chunks.iter().map(|(join, index)| OwnedChunk {
                owner: self.0[*join].partition.owner.as_ref(),
                chunk: &self.0[*join].joined[*index].chunk,
            });
            let owned: Vec<OwnedChunk<'_>> = owned.collect();
            let (file, in_file) = write_chunks(row_folder, state, &written, &owned)?;
            for ((join, index), in_file) in chunks.into_iter().zip(in_file) {
                let joined = &mut self.0[join].joined[index];
                joined.chunk = in_file.chunk;
                locations[join].push((joined.id, in_file.location));
            }
            files.push(file);
        }
        if !files.is_empty() {
            let synced = folder.sync();
            synced.map_err(|source| StorageError::io(folder, "sync", None, source))?;
        }
        state.files.extend(files);
        let written = self.0.into_iter().zip(locations);
        let written = written.map(|(join, locations)| WrittenJoin {
            partition: join.partition,
            before: join.before,
            commit: Commit {
                joined: join.joined,
                removed: join.removed,
                ..Commit::default()
            },
            locations,
        });
        Ok(written.collect())
    }
}
