// SPDX-License-Identifier: Apache-2.0

//! [`RecoveredState`]: the state of a storage, from its last manifest and the log.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Weak};

use kalamtable_provider::BoxError;
use kalamtable_runtime::UserId;
use kalamtable_runtime::dynamic::{
    Chunk, ChunkId, Commit, Partition, PartitionChunk, PartitionRows, RowSet,
};
use kalamtable_store::TableId;

use super::manifest::{
    ChunkLocation, FlushedChunk, Manifest, file_names, last_manifest_number, manifest_name,
    publish_copy,
};
use super::record::{CommitRecord, LogRecord, RemovedPartitions};
use super::row_file::parse_row_file_name;
use super::row_folder::RowFolder;
use super::stored_file::StoredFile;
use super::stored_slice::StoredSlice;
use super::written_definitions::{WrittenDefinition, WrittenDefinitions};
use crate::bytes::Malformed;
use crate::error::StorageError;
use crate::log::{LogFolder, ReplayError, is_segment};

/// The number of row file numbers of each process that writes to a bucket.
const FILES_PER_WRITER: u64 = 1 << 32;

/// The locations of the chunks of each partition.
pub(super) type ChunkLocations = HashMap<Partition, HashMap<ChunkId, ChunkLocation>>;

/// The files of a manifest, and the definitions of their rows, by the numbers of the files.
type OpenFiles = HashMap<u64, (Arc<StoredFile>, Arc<WrittenDefinition>)>;

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
    /// Takes over a bucket from earlier writers, after the log was fenced: publishes a copy of the
    /// manifest. Its number is unique, so the numbers of row files that contain it are too.
    pub(super) fn take_over(&mut self, folder: &dyn LogFolder) -> Result<(), StorageError> {
        self.manifest = publish_copy(folder, self.manifest)?;
        let first_file = self.manifest.checked_mul(FILES_PER_WRITER);
        let first_file = first_file.ok_or(StorageError::FilesExhausted)?;
        self.next_file = self.next_file.max(first_file);
        Ok(())
    }

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
    pub(super) fn read(row_folder: &Arc<RowFolder>) -> Result<Self, StorageError> {
        let folder = &row_folder.folder;
        let names = file_names(&**folder)?;
        let mut state = RecoveredState::default();
        state.flushed.manifest = last_manifest_number(&names).unwrap_or_default();
        let files = names.iter().filter_map(|name| parse_row_file_name(name));
        state.flushed.next_file = files.max().map_or(1, |last| last.saturating_add(1));
        match Manifest::read_last(&**folder, &names)? {
            Some(manifest) => state.load(row_folder, manifest)?,
            // The log is older than the first row file.
            None => {
                let row_file = names
                    .iter()
                    .find(|name| parse_row_file_name(name).is_some());
                let has_log = names.iter().any(|name| is_segment(name));
                if let Some(name) = row_file
                    && !has_log
                {
                    let reason = "the log and the manifest are missing";
                    return Err(StorageError::damaged(&**folder, name, reason));
                }
                // On a bucket, the first manifest is older than the first row file.
                if let Some(name) = row_file
                    && folder.objects().is_some()
                {
                    let reason = "the manifest is missing";
                    return Err(StorageError::damaged(&**folder, name, reason));
                }
            }
        }
        Ok(state)
    }

    fn load(
        &mut self,
        row_folder: &Arc<RowFolder>,
        manifest: Manifest,
    ) -> Result<(), StorageError> {
        let folder = &row_folder.folder;
        let name = manifest_name(manifest.number);
        let damaged = |reason: String| StorageError::damaged(&**folder, &name, reason);
        for definition in manifest.definitions {
            self.definitions.insert(definition);
        }
        let mut files = OpenFiles::new();
        for file in &manifest.files {
            let definition = self.definitions.get(file.definition);
            let definition = definition
                .ok_or_else(|| damaged(format!("definition {} is missing", file.definition)))?;
            let stored = Arc::new(StoredFile::open(row_folder, file, &definition)?);
            self.flushed.files.push(Arc::clone(&stored));
            files.insert(file.number, (stored, definition));
        }
        for flushed in manifest.partitions {
            let partition = flushed.partition.clone();
            let next = flushed.next_chunk;
            if flushed.chunks.iter().any(|chunk| chunk.id.0 >= next) {
                return Err(damaged(format!("{partition:?} has a chunk after {next}")));
            }
            let chunks = flushed.chunks.iter().map(|chunk| {
                let file = files.get(&chunk.location.file);
                let missing = || damaged(format!("file {} is missing", chunk.location.file));
                partition_chunk(chunk, partition.owner.as_ref(), file.ok_or_else(missing)?)
            });
            let rows = PartitionRows {
                number: flushed.number,
                next_chunk: flushed.next_chunk,
                chunks: chunks.collect::<Result<_, StorageError>>()?,
            };
            let locations = flushed.chunks.iter();
            let locations = locations.map(|chunk| (chunk.id, chunk.location)).collect();
            let all_locations = &mut self.flushed.locations;
            all_locations.insert(partition.clone(), locations);
            self.partitions.insert(partition, Arc::new(rows));
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

/// Returns a chunk of a manifest, whose rows are in `file`.
fn partition_chunk(
    flushed: &FlushedChunk,
    owner: Option<&UserId>,
    (file, definition): &(Arc<StoredFile>, Arc<WrittenDefinition>),
) -> Result<PartitionChunk, StorageError> {
    let bytes = usize::try_from(flushed.bytes).unwrap_or(usize::MAX);
    let first_row = flushed.location.first_row;
    let rows = StoredSlice::try_new(file, owner, first_row, flushed.rows(), bytes)?;
    let chunk = Chunk::stored(
        &definition.definition,
        Arc::new(rows),
        flushed.arrivals.clone(),
        flushed.tombstones.clone(),
        bytes,
    );
    Ok(PartitionChunk {
        id: flushed.id,
        chunk: Arc::new(chunk),
        superseded: superseded(&flushed.superseded),
    })
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
