// SPDX-License-Identifier: Apache-2.0

//! [`RecoveredState`]: the state of a storage, from its last manifest and the log.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Weak};

use kalamtable_provider::BoxError;
use kalamtable_runtime::dynamic::{
    Chunk, ChunkId, Commit, Partition, PartitionRows, RowSet, StoredChunk,
};
use kalamtable_store::TableId;

use super::manifest::{ChunkLocation, Manifest, file_names, last_manifest_number, manifest_name};
use super::record::{CommitRecord, LogRecord, RemovedPartitions};
use super::row_file::parse_row_file_name;
use super::row_files::RowFiles;
use super::stored_file::StoredFile;
use super::written_definitions::{WrittenDefinition, WrittenDefinitions};
use crate::bytes::Malformed;
use crate::error::StorageError;
use crate::log::{ReplayError, is_segment};

/// The locations of the chunks of each partition.
pub(super) type ChunkLocations = HashMap<Partition, HashMap<ChunkId, ChunkLocation>>;

/// The state of a storage that is opened.
#[derive(Default)]
pub(super) struct RecoveredState {
    pub(super) definitions: WrittenDefinitions,
    pub(super) partitions: HashMap<Partition, Arc<PartitionRows>>,
    pub(super) last_seqs: HashMap<TableId, i64>,
    pub(super) flushed: FlushedState,
    /// The size of the records of the log that the files do not contain.
    pub(super) log_bytes: u64,
}

/// The content of the last manifest that concerns files.
#[derive(Debug, Default)]
pub(super) struct FlushedState {
    /// The highest number that a manifest has, or may have.
    pub(super) manifest: u64,
    /// The last entry of the log whose effect the files contain.
    pub(super) flushed_to: u64,
    /// The number of the next row file. No file in the folder has it or a higher one.
    pub(super) next_file: u64,
    pub(super) files: Vec<Arc<StoredFile>>,
    /// Files that the last manifest does not name, but that a query may still read.
    pub(super) replaced: Vec<Weak<StoredFile>>,
    /// The numbers of the files that contain rows of removed partitions.
    pub(super) with_removed_rows: HashSet<u64>,
    pub(super) locations: ChunkLocations,
}

impl FlushedState {
    /// Forgets the chunks of removed partitions. Later chunks of the partitions can have the same
    /// ids. The next flush replaces the files that contain their rows.
    pub(super) fn remove(&mut self, removed: &RemovedPartitions) {
        for (_, locations) in self
            .locations
            .extract_if(|partition, _| removed.contains(partition))
        {
            self.with_removed_rows
                .extend(locations.values().map(|location| location.file));
        }
    }
}

impl RecoveredState {
    /// Reads the last manifest, and the metadata of its files.
    pub(super) fn read(row_files: &Arc<RowFiles>) -> Result<Self, StorageError> {
        let folder = &row_files.folder;
        let names = file_names(&**folder)?;
        let mut state = RecoveredState::default();
        state.flushed.manifest = last_manifest_number(&names).unwrap_or_default();
        let files = names.iter().filter_map(|name| parse_row_file_name(name));
        state.flushed.next_file = files.max().map_or(1, |last| last.saturating_add(1));
        match Manifest::read_last(&**folder, &names)? {
            Some(manifest) => state.load(row_files, manifest)?,
            // The log is older than the first row file.
            None => {
                let row_file = names
                    .iter()
                    .find(|name| parse_row_file_name(name).is_some());
                if let Some(name) = row_file
                    && !names.iter().any(|name| is_segment(name))
                {
                    let reason = "the log and the manifest are missing";
                    return Err(StorageError::damaged(&**folder, name, reason));
                }
            }
        }
        Ok(state)
    }

    fn load(&mut self, row_files: &Arc<RowFiles>, manifest: Manifest) -> Result<(), StorageError> {
        let folder = &row_files.folder;
        let name = manifest_name(manifest.number);
        let damaged = |reason: String| StorageError::damaged(&**folder, &name, reason);
        for definition in manifest.definitions {
            self.definitions.insert(definition);
        }
        let mut files: HashMap<u64, (Arc<StoredFile>, Arc<WrittenDefinition>)> = HashMap::new();
        for file in &manifest.files {
            let definition = self.definitions.get(file.definition);
            let definition = definition
                .ok_or_else(|| damaged(format!("definition {} is missing", file.definition)))?;
            let stored = StoredFile::open(row_files, file, &definition)?;
            let stored = Arc::new(stored);
            self.flushed.files.push(Arc::clone(&stored));
            files.insert(file.number, (stored, definition));
        }
        for partition in &manifest.partitions {
            let stored = partition.chunks.iter().map(|chunk| {
                let location = chunk.location;
                let missing = || damaged(format!("file {} is missing", location.file));
                let (file, definition) = files.get(&location.file).ok_or_else(missing)?;
                let owner = partition.partition.owner.as_ref();
                let bytes = usize::try_from(chunk.bytes).unwrap_or(usize::MAX);
                let rows = file.slice(owner, location.first_row, chunk.rows(), bytes)?;
                let chunk_rows = Chunk::stored(
                    &definition.definition,
                    Arc::new(rows),
                    chunk.arrivals.clone(),
                    chunk.tombstones.clone(),
                    bytes,
                );
                Ok(StoredChunk {
                    id: chunk.id,
                    chunk: Arc::new(chunk_rows),
                    superseded: superseded(&chunk.superseded),
                })
            });
            if partition
                .chunks
                .iter()
                .any(|chunk| chunk.id.0 >= partition.next_chunk)
            {
                let (id, next) = (&partition.partition, partition.next_chunk);
                return Err(damaged(format!("{id:?} has a chunk after {next}")));
            }
            let rows = PartitionRows {
                number: partition.number,
                next_chunk: partition.next_chunk,
                chunks: stored.collect::<Result<_, StorageError>>()?,
            };
            let locations = partition
                .chunks
                .iter()
                .map(|chunk| (chunk.id, chunk.location));
            let locations: HashMap<ChunkId, ChunkLocation> = locations.collect();
            self.flushed
                .locations
                .insert(partition.partition.clone(), locations);
            self.partitions
                .insert(partition.partition.clone(), Arc::new(rows));
        }
        self.last_seqs = manifest.last_seqs.into_iter().collect();
        self.flushed.flushed_to = manifest.flushed_to;
        Ok(())
    }

    /// Applies an entry of the log.
    pub(super) fn apply(&mut self, payload: &[u8]) -> Result<(), ReplayError> {
        self.log_bytes += payload.len() as u64;
        match LogRecord::decode(payload, &self.definitions)? {
            LogRecord::Definition(definition) => self.definitions.insert(definition),
            LogRecord::Commit(record) => self.apply_commit(record)?,
            LogRecord::Removal(removed) => {
                self.flushed.remove(&removed);
                let of = self.partitions.iter_mut();
                let of = of.filter(|(partition, _)| removed.contains(partition));
                match removed {
                    RemovedPartitions::Table(table) => {
                        self.definitions.remove_table(table);
                        self.last_seqs.remove(&table);
                        self.partitions
                            .retain(|partition, _| partition.table != table);
                    }
                    RemovedPartitions::Owner(_) => {
                        of.for_each(|(_, rows)| *rows = Arc::new(rows.without_rows()));
                    }
                }
            }
        }
        Ok(())
    }

    fn apply_commit(&mut self, record: CommitRecord) -> Result<(), ReplayError> {
        let CommitRecord {
            partition,
            before,
            last_seq,
            mut commit,
            joined,
        } = record;
        let last = self.last_seqs.entry(partition.table).or_default();
        *last = last_seq.max(*last);
        let rows = match self.partitions.entry(partition) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(Arc::default()),
        };
        if rows.number != before || before == u64::MAX {
            let number = rows.number;
            let reason = format!("the commit follows number {before}, but the rows have {number}");
            return Err(Malformed(reason).into());
        }
        check_commit(rows, &commit, &joined)?;
        if !joined.is_empty() {
            let changed = rows.after(&commit);
            let joined = joined.iter().map(|(id, from)| changed.join(*id, from));
            commit.joined = joined.collect::<Result<_, BoxError>>()?;
        }
        *rows = Arc::new(rows.after(&commit));
        Ok(())
    }
}

/// Checks that the chunks and rows of a commit exist.
fn check_commit(
    rows: &PartitionRows,
    commit: &Commit,
    joined: &[(ChunkId, Vec<ChunkId>)],
) -> Result<(), Malformed> {
    for (id, superseded) in &commit.superseded {
        let length = rows.chunk(*id).map_or(0, |stored| stored.chunk.len());
        if superseded.iter().any(|row| *row as usize >= length) {
            return Err(Malformed(format!("chunk {} has only {length} rows", id.0)));
        }
    }
    let mut next = rows.next_chunk;
    let added = commit.added.iter().map(|(id, _)| id);
    for id in added.chain(joined.iter().map(|(id, _)| id)) {
        if id.0 < next || id.0 == u64::MAX {
            return Err(Malformed(format!("chunk {} cannot follow {next}", id.0)));
        }
        next = id.0 + 1;
    }
    Ok(())
}

fn superseded(rows: &RowSet) -> Option<Arc<RowSet>> {
    (!rows.is_empty()).then(|| Arc::new(rows.clone()))
}
