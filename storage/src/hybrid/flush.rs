// SPDX-License-Identifier: Apache-2.0

//! Flushing: writes the chunks of all partitions that no file contains to row files, then a
//! manifest, and then truncates the log.
//!
//! # Failures
//! If the publication of a manifest fails, its files are not deleted, because the manifest may be
//! durable although the rename has reported a failure. The next successful manifest has a higher
//! number, and [`delete_unused_files`] follows it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Weak};

use kalamtable_runtime::dynamic::{
    Chunk, ChunkId, FlushedRows, Partition, PartitionChunk, PartitionRows,
};
use kalamtable_store::TableId;

use super::manifest::{
    ChunkLocation, FlushedChunk, FlushedPartition, NewManifest, is_own_manifest,
    is_temporary_manifest, parse_manifest_name,
};
use super::recovered::{ChunkLocations, FlushedState};
use super::row_file::{OwnedChunk, RowFile, parse_row_file_name};
use super::row_folder::RowFolder;
use super::stored_file::StoredFile;
use super::written_chunk::write_chunks;
use super::written_definitions::WrittenDefinition;
use crate::error::StorageError;
use crate::log::LogFolder;

/// The size in memory of the rows of one file, above which the next file begins.
const FILE_BYTES: usize = 128 * 1024 * 1024;

/// Files of at least this size are not joined with others.
const LARGE_FILE_BYTES: u64 = 16 * 1024 * 1024;

/// The state of a storage after one entry of the log.
pub(super) struct StorageSnapshot {
    /// The entry.
    pub(super) sequence: u64,
    /// The rows of all partitions that are logged.
    pub(super) partitions: Vec<(Partition, Arc<PartitionRows>)>,
    pub(super) last_seqs: HashMap<TableId, i64>,
    pub(super) definitions: Vec<Arc<WrittenDefinition>>,
}

/// A chunk that a flush writes to a file.
struct NewChunk<'a> {
    partition: &'a Partition,
    id: ChunkId,
    chunk: &'a Arc<Chunk>,
}

/// A chunk whose rows a flush has moved to a file, or to another file.
#[derive(Debug)]
pub(super) struct MovedChunk {
    pub(super) partition: Partition,
    pub(super) id: ChunkId,
    pub(super) from: Arc<Chunk>,
    pub(super) to: Arc<Chunk>,
}

/// The result of a flush.
#[derive(Debug, Default)]
pub(super) struct FlushResult {
    pub(super) flushed: FlushedRows,
    pub(super) moved: Vec<MovedChunk>,
}

/// The chunks of one definition.
struct DefinitionChunks<'a> {
    definition: &'a WrittenDefinition,
    chunks: Vec<NewChunk<'a>>,
}

/// Writes the files and the manifest of a snapshot, whose entry is durable.
pub(super) fn flush(
    row_folder: &Arc<RowFolder>,
    state: &mut FlushedState,
    mut snapshot: StorageSnapshot,
) -> Result<FlushResult, StorageError> {
    let folder = &*row_folder.folder;
    // The rows of a file are in this order.
    snapshot
        .partitions
        .sort_unstable_by(|(a, _), (b, _)| (a.table, &a.owner).cmp(&(b.table, &b.owner)));
    let first_file = state.next_file;
    let written = write_files(row_folder, state, &snapshot).and_then(|written| {
        Ok((
            prepare_manifest(folder, state, &snapshot, &written)?,
            written,
        ))
    });
    let (manifest, written) = match written {
        Ok(written) => written,
        Err(error) => {
            delete_files_from(folder, first_file, state);
            return Err(error);
        }
    };
    // From here on, a crash can make the new manifest the current one.
    if let Err(error) = manifest.publish(folder) {
        if is_own_manifest(folder, manifest.number) {
            // Of an earlier flush, whose request has succeeded after its failure was reported. The
            // next flush publishes the number after it.
            state.manifest = manifest.number;
        }
        return Err(error);
    }
    state.manifest = manifest.number;
    state.flushed_to = snapshot.sequence;
    state.with_removed_rows.clear();
    let is_kept = |file: &Arc<StoredFile>| written.files.iter().any(|kept| Arc::ptr_eq(kept, file));
    let replaced = state.files.iter().filter(|file| !is_kept(file));
    state.replaced.extend(replaced.map(Arc::downgrade));
    state.files = written.files;
    state.locations = written.locations;
    Ok(FlushResult {
        flushed: written.flushed,
        moved: written.moved,
    })
}

/// The files of the next manifest, and the locations of the chunks in them.
struct WrittenFiles {
    flushed: FlushedRows,
    files: Vec<Arc<StoredFile>>,
    locations: ChunkLocations,
    moved: Vec<MovedChunk>,
}

/// Writes the chunks that no file contains, or that have to move to another file.
fn write_files(
    row_folder: &Arc<RowFolder>,
    state: &mut FlushedState,
    snapshot: &StorageSnapshot,
) -> Result<WrittenFiles, StorageError> {
    let folder = &*row_folder.folder;
    let kept = kept_files(state, snapshot);
    let mut written = WrittenFiles {
        flushed: FlushedRows::default(),
        files: Vec::new(),
        locations: ChunkLocations::new(),
        moved: Vec::new(),
    };
    for group in new_chunks(state, snapshot, &kept)? {
        for chunks in parts(group.chunks) {
            let owned = chunks.iter().map(|new| OwnedChunk {
                owner: new.partition.owner.as_ref(),
                chunk: new.chunk,
            });
            let owned: Vec<OwnedChunk<'_>> = owned.collect();
            let (file, in_file) = write_chunks(row_folder, state, group.definition, &owned)?;
            written.flushed.add_file(file.file.rows, file.file.bytes);
            for (new, in_file) in chunks.iter().zip(in_file) {
                let of_partition = written.locations.entry(new.partition.clone()).or_default();
                of_partition.insert(new.id, in_file.location);
                written.moved.push(MovedChunk {
                    partition: new.partition.clone(),
                    id: new.id,
                    from: Arc::clone(new.chunk),
                    to: in_file.chunk,
                });
            }
            written.files.push(file);
        }
    }
    if !written.files.is_empty() {
        let synced = folder.sync();
        synced.map_err(|source| StorageError::io(folder, "sync", None, source))?;
    }
    let old = state.files.iter();
    let old = old.filter(|file| kept.contains(&file.file.number)).cloned();
    written.files.splice(0..0, old);
    for (partition, rows) in &snapshot.partitions {
        let new = written.locations.entry(partition.clone()).or_default();
        let old = state.locations.get(partition);
        for entry in &rows.chunks {
            if let Some(location) = old.and_then(|old| old.get(&entry.id)) {
                new.entry(entry.id).or_insert(*location);
            }
        }
    }
    Ok(written)
}

/// Writes the next manifest to a temporary file.
fn prepare_manifest<'a>(
    folder: &dyn LogFolder,
    state: &mut FlushedState,
    snapshot: &'a StorageSnapshot,
    written: &WrittenFiles,
) -> Result<NewManifest<'a>, StorageError> {
    let mut partitions = Vec::with_capacity(snapshot.partitions.len());
    for (partition, rows) in &snapshot.partitions {
        let locations = written.locations.get(partition);
        let chunks = rows.chunks.iter().map(|entry| {
            let location = locations.and_then(|locations| locations.get(&entry.id));
            let location = location.ok_or(StorageError::UnwrittenChunk {
                table: partition.table,
            })?;
            Ok(flushed_chunk(entry, *location))
        });
        partitions.push(FlushedPartition {
            partition: partition.clone(),
            number: rows.number,
            next_chunk: rows.next_chunk,
            chunks: chunks.collect::<Result<_, StorageError>>()?,
        });
    }
    let number = state.manifest.checked_add(1);
    let number = number.ok_or(StorageError::FilesExhausted)?;
    if folder.objects().is_none() {
        // Not used again, even if the manifest cannot be written. On a bucket, a writer that skips
        // a number would pass over the manifest with which another process has taken over.
        state.manifest = number;
    }
    let last_seqs = snapshot.last_seqs.iter();
    let mut last_seqs: Vec<(TableId, i64)> = last_seqs.map(|(table, seq)| (*table, *seq)).collect();
    last_seqs.sort_unstable();
    let manifest = NewManifest {
        number,
        flushed_to: snapshot.sequence,
        definitions: snapshot
            .definitions
            .iter()
            .map(|written| &**written)
            .collect(),
        files: written
            .files
            .iter()
            .map(|file| Arc::clone(&file.file))
            .collect(),
        last_seqs,
        partitions,
    };
    manifest.write(folder)?;
    Ok(manifest)
}

/// Deletes the files of a flush that has failed before its manifest was published. A file that
/// cannot be deleted is deleted after the next flush.
pub(super) fn delete_files_from(folder: &dyn LogFolder, first_file: u64, state: &FlushedState) {
    let Ok(names) = folder.list() else {
        return;
    };
    for name in names {
        let is_new = |number| (first_file..state.next_file).contains(&number);
        if is_temporary_manifest(&name) || parse_row_file_name(&name).is_some_and(is_new) {
            let _ = folder.delete(&name);
        }
    }
}

fn flushed_chunk(entry: &PartitionChunk, location: ChunkLocation) -> FlushedChunk {
    FlushedChunk {
        id: entry.id,
        arrivals: entry.chunk.arrivals().to_vec(),
        location,
        bytes: entry.chunk.bytes() as u64,
        tombstones: entry.chunk.tombstones().clone(),
        superseded: entry.superseded.as_deref().cloned().unwrap_or_default(),
    }
}

/// Returns the numbers of the files that the flush keeps. The chunks of other files are written
/// again.
///
/// A file is kept if at least half of its rows are in chunks that still exist, if it has no rows of
/// removed partitions, and if it is large, or has more than twice as many rows as the flush writes
/// for the same definition, from the log and from smaller files.
fn kept_files(state: &FlushedState, snapshot: &StorageSnapshot) -> HashSet<u64> {
    let mut used: HashMap<u64, u64> = HashMap::new();
    // The new rows of each definition, by its table and version.
    let mut new: HashMap<(TableId, u32), u64> = HashMap::new();
    for (partition, rows) in &snapshot.partitions {
        let locations = state.locations.get(partition);
        for entry in &rows.chunks {
            let rows = entry.chunk.len() as u64;
            match locations.and_then(|locations| locations.get(&entry.id)) {
                Some(location) => *used.entry(location.file).or_default() += rows,
                None => {
                    let version = (partition.table, entry.chunk.version());
                    *new.entry(version).or_default() += rows;
                }
            }
        }
    }
    let is_dense = |file: &RowFile| {
        let used = used.get(&file.number).copied().unwrap_or_default();
        let has_removed_rows = state.with_removed_rows.contains(&file.number);
        used > 0 && used.saturating_mul(2) >= file.rows && !has_removed_rows
    };
    let mut by_definition: HashMap<u32, Vec<&RowFile>> = HashMap::new();
    for stored in &state.files {
        let of_definition = by_definition.entry(stored.file.definition).or_default();
        of_definition.push(&stored.file);
    }
    let mut kept = HashSet::new();
    for (number, mut files) in by_definition {
        let mut definitions = snapshot.definitions.iter();
        let definition = definitions.find(|written| written.number == number);
        let version = definition.map(|written| (written.table, written.definition.version()));
        let new = version.and_then(|version| new.get(&version));
        let mut rewritten = new.copied().unwrap_or_default();
        let sparse = files.extract_if(.., |file| !is_dense(file));
        rewritten += sparse
            .filter_map(|file| used.get(&file.number))
            .sum::<u64>();
        files.sort_unstable_by_key(|file| file.rows);
        for file in files {
            if file.bytes < LARGE_FILE_BYTES && file.rows <= rewritten.saturating_mul(2) {
                rewritten += file.rows;
            } else {
                kept.insert(file.number);
            }
        }
    }
    kept
}

/// Returns the chunks that no kept file contains, by table and definition.
fn new_chunks<'a>(
    state: &FlushedState,
    snapshot: &'a StorageSnapshot,
    kept: &HashSet<u64>,
) -> Result<Vec<DefinitionChunks<'a>>, StorageError> {
    let mut by_version: HashMap<(TableId, u32), Vec<&WrittenDefinition>> = HashMap::new();
    for written in &snapshot.definitions {
        let version = (written.table, written.definition.version());
        by_version.entry(version).or_default().push(written);
    }
    let mut groups: BTreeMap<(TableId, u32), DefinitionChunks<'a>> = BTreeMap::new();
    for (partition, rows) in &snapshot.partitions {
        let locations = state.locations.get(partition);
        for entry in &rows.chunks {
            let location = locations.and_then(|locations| locations.get(&entry.id));
            if location.is_some_and(|location| kept.contains(&location.file)) {
                continue;
            }
            let table = partition.table;
            let written = by_version.get(&(table, entry.chunk.version()));
            let written = written.and_then(|written| {
                let mut written = written.iter();
                written.find(|written| written.is_of(&entry.chunk)).copied()
            });
            let written = written.ok_or_else(|| StorageError::UnknownDefinition {
                table,
                version: entry.chunk.version(),
            })?;
            let group = groups.entry((table, written.number));
            let group = group.or_insert_with(|| DefinitionChunks {
                definition: written,
                chunks: Vec::new(),
            });
            group.chunks.push(NewChunk {
                partition,
                id: entry.id,
                chunk: &entry.chunk,
            });
        }
    }
    Ok(groups.into_values().collect())
}

/// Splits chunks into the parts that are written to one file each.
fn parts(chunks: Vec<NewChunk<'_>>) -> Vec<Vec<NewChunk<'_>>> {
    let mut parts: Vec<Vec<NewChunk<'_>>> = Vec::new();
    let mut bytes = 0;
    for chunk in chunks {
        let size = chunk.chunk.bytes();
        match parts.last_mut() {
            Some(part) if bytes + size <= FILE_BYTES => {
                bytes += size;
                part.push(chunk);
            }
            _ => {
                bytes = size;
                parts.push(vec![chunk]);
            }
        }
    }
    parts
}

/// Deletes the row files that neither the current manifest names nor a query reads, and the other
/// manifests. They belong to earlier flushes, or to flushes that have failed. `names` are all files
/// in the folder.
///
/// On a bucket, files with higher numbers than those of this process belong to a process that has
/// taken over.
pub(super) fn delete_unused_files(
    folder: &dyn LogFolder,
    state: &mut FlushedState,
    names: &[String],
) -> Result<(), StorageError> {
    state.replaced.retain(|file| file.strong_count() > 0);
    let replaced: Vec<Arc<StoredFile>> = state.replaced.iter().filter_map(Weak::upgrade).collect();
    let used = state.files.iter().chain(&replaced);
    let used: HashSet<u64> = used.map(|stored| stored.file.number).collect();
    for name in names {
        let is_unused = is_temporary_manifest(name)
            || parse_manifest_name(name).is_some_and(|number| number < state.manifest)
            || parse_row_file_name(name)
                .is_some_and(|number| number < state.next_file && !used.contains(&number));
        if is_unused {
            match folder.delete(name) {
                Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                    return Err(StorageError::io(folder, "delete", Some(name), source));
                }
                _ => {}
            }
        }
    }
    Ok(())
}
