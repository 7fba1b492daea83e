// SPDX-License-Identifier: Apache-2.0

//! [`Manifest`]: the state of a storage at one position of its log: the row files, and the chunks
//! of each partition in them. Each flush writes a complete manifest with the next number. The one
//! with the highest number is valid.
//!
//! A manifest begins with the magic bytes `KTROWMAN` and the format, and ends with the CRC32C of
//! everything before it. On a bucket, the format is another one, after which the random number of
//! the writer follows: the manifests of two processes differ.

use std::io;
use std::sync::Arc;

use kalamtable_runtime::dynamic::{Arrival, ChunkId, Partition, RowSet};
use kalamtable_store::TableId;

use super::record::{read_arrivals, read_partition, write_arrivals, write_partition};
use super::row_file::{RowFile, RowFileFormat};
use super::written_definitions::WrittenDefinition;
use crate::bytes::{ByteReader, ByteWriter, Malformed};
use crate::error::StorageError;
use crate::log::{LogFolder, write_all_at};

const MAGIC: &[u8; 8] = b"KTROWMAN";
const FORMAT: u32 = 2;
/// The format on a bucket.
const BUCKET_FORMAT: u32 = 3;
const CHECKSUM_BYTES: usize = 4;

/// The state of a storage.
#[derive(Debug, Default)]
pub(super) struct Manifest {
    /// The random number of the process that has written the manifest, if it is on a bucket.
    writer: Option<[u8; 16]>,
    pub(super) number: u64,
    /// The last entry of the log whose effect the manifest contains.
    pub(super) flushed_to: u64,
    pub(super) definitions: Vec<WrittenDefinition>,
    pub(super) files: Vec<Arc<RowFile>>,
    /// The last `_seq` of each table.
    pub(super) last_seqs: Vec<(TableId, i64)>,
    pub(super) partitions: Vec<FlushedPartition>,
}

/// A partition in a manifest.
#[derive(Debug)]
pub(super) struct FlushedPartition {
    pub(super) partition: Partition,
    pub(super) number: u64,
    pub(super) next_chunk: u64,
    pub(super) chunks: Vec<FlushedChunk>,
}

/// A chunk in a manifest.
#[derive(Debug)]
pub(super) struct FlushedChunk {
    pub(super) id: ChunkId,
    pub(super) arrivals: Vec<Arrival>,
    pub(super) location: ChunkLocation,
    /// The size of the rows in memory, in bytes.
    pub(super) bytes: u64,
    pub(super) tombstones: RowSet,
    pub(super) superseded: RowSet,
}

impl FlushedChunk {
    /// Returns the number of rows.
    pub(super) fn rows(&self) -> u32 {
        self.arrivals.last().map_or(0, |arrival| arrival.end)
    }
}

/// The location of a chunk in a row file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ChunkLocation {
    /// The number of the file.
    pub(super) file: u64,
    pub(super) first_row: u64,
}

pub(super) fn manifest_name(number: u64) -> String {
    format!("manifest-{number:020}.bin")
}

/// Returns the name of a manifest while it is written.
fn temporary_name(number: u64) -> String {
    format!("manifest-{number:020}.new")
}

/// Returns the number in the name of a manifest.
pub(super) fn parse_manifest_name(name: &str) -> Option<u64> {
    let number: u64 = name
        .strip_prefix("manifest-")?
        .strip_suffix(".bin")?
        .parse()
        .ok()?;
    (manifest_name(number) == name).then_some(number)
}

/// Returns the highest number of a manifest.
pub(super) fn last_manifest_number(names: &[String]) -> Option<u64> {
    let numbers = names.iter().filter_map(|name| parse_manifest_name(name));
    numbers.max()
}

/// Returns the names of all files in a folder.
pub(super) fn file_names(folder: &dyn LogFolder) -> Result<Vec<String>, StorageError> {
    let names = folder.list();
    names.map_err(|source| StorageError::io(folder, "list", None, source))
}

/// Returns whether a file is a manifest whose creation was interrupted.
pub(super) fn is_temporary_manifest(name: &str) -> bool {
    name.starts_with("manifest-") && name.ends_with(".new")
}

impl Manifest {
    /// Reads the manifest with the highest number, or returns `None` if no manifest exists.
    pub(super) fn read_last(
        folder: &dyn LogFolder,
        names: &[String],
    ) -> Result<Option<Self>, StorageError> {
        let number = last_manifest_number(names);
        number
            .map(|number| Manifest::read(folder, number))
            .transpose()
    }

    /// Reads the manifest with a number.
    fn read(folder: &dyn LogFolder, number: u64) -> Result<Self, StorageError> {
        let name = manifest_name(number);
        let bytes = folder
            .read(&name)
            .map_err(|source| StorageError::io(folder, "read", Some(&name), source))?;
        let damaged =
            |reason: &dyn ToString| StorageError::damaged(folder, &name, reason.to_string());
        let is_object = folder.objects().is_some();
        let known = if is_object { BUCKET_FORMAT } else { FORMAT };
        let content = check_frame(&bytes, known).map_err(|error| match error {
            FrameError::Malformed(error) => damaged(&error),
            FrameError::Format(found) => StorageError::UnknownFormat {
                path: folder.path(Some(&name)),
                found,
                known,
            },
        })?;
        let manifest = Manifest::decode(content, is_object).map_err(|error| damaged(&error))?;
        if manifest.number != number {
            let reason = format!("it is manifest {}", manifest.number);
            return Err(damaged(&reason));
        }
        Ok(manifest)
    }

    /// Decodes the content between the format and the checksum.
    fn decode(content: &[u8], is_object: bool) -> Result<Self, Malformed> {
        let mut bytes = ByteReader(content);
        let manifest = Manifest {
            writer: is_object.then(|| bytes.array()).transpose()?,
            number: bytes.u64()?,
            flushed_to: bytes.u64()?,
            definitions: bytes.items(WrittenDefinition::read_from)?,
            files: bytes.items(|bytes| read_file(bytes).map(Arc::new))?,
            last_seqs: bytes.items(|bytes| Ok((TableId(bytes.u64()?), bytes.i64()?)))?,
            partitions: bytes.items(|bytes| {
                Ok(FlushedPartition {
                    partition: read_partition(bytes)?,
                    number: bytes.u64()?,
                    next_chunk: bytes.u64()?,
                    chunks: bytes.items(read_chunk)?,
                })
            })?,
        };
        bytes.end()?;
        Ok(manifest)
    }
}

/// Publishes a copy of the manifest `last` under the next number, so that an earlier writer on a
/// bucket cannot publish its own. `last` is 0 if no manifest exists. Returns the next number.
///
/// # Errors
/// Fails with [`StorageError::Io`] if another process has published a manifest with that number.
pub(super) fn publish_copy(folder: &dyn LogFolder, last: u64) -> Result<u64, StorageError> {
    let manifest = match last {
        0 => Manifest::default(),
        last => Manifest::read(folder, last)?,
    };
    let copy = NewManifest {
        number: last.checked_add(1).ok_or(StorageError::FilesExhausted)?,
        flushed_to: manifest.flushed_to,
        definitions: manifest.definitions.iter().collect(),
        files: manifest.files,
        last_seqs: manifest.last_seqs,
        partitions: manifest.partitions,
    };
    copy.publish(folder)?;
    Ok(copy.number)
}

/// Returns whether this process has written the manifest with a number. Always false in a folder,
/// where the lock excludes other processes.
pub(super) fn is_own_manifest(folder: &dyn LogFolder, number: u64) -> bool {
    let manifest = folder.objects().map(|objects| {
        let read = Manifest::read(folder, number);
        read.is_ok_and(|manifest| manifest.writer == Some(objects.writer()))
    });
    manifest.unwrap_or(false)
}

/// The content of a manifest that is written.
pub(super) struct NewManifest<'a> {
    pub(super) number: u64,
    pub(super) flushed_to: u64,
    pub(super) definitions: Vec<&'a WrittenDefinition>,
    pub(super) files: Vec<Arc<RowFile>>,
    pub(super) last_seqs: Vec<(TableId, i64)>,
    pub(super) partitions: Vec<FlushedPartition>,
}

impl NewManifest<'_> {
    /// Writes the manifest to a temporary file, durably. On a bucket, it does nothing.
    pub(super) fn write(&self, folder: &dyn LogFolder) -> Result<(), StorageError> {
        if folder.objects().is_some() {
            return Ok(());
        }
        let bytes = self.encode(None);
        let new = temporary_name(self.number);
        let io = |operation, name: Option<&str>, source: io::Error| {
            StorageError::io(folder, operation, name, source)
        };
        let mut file = folder
            .create(&new)
            .map_err(|source| io("create", Some(&new), source))?;
        write_all_at(file.as_mut(), 0, &bytes)
            .map_err(|source| io("write to", Some(&new), source))?;
        file.sync_data()
            .map_err(|source| io("sync", Some(&new), source))
    }

    /// Makes the written manifest the current one, durably. If it fails, the manifest may be the
    /// current one after a crash.
    pub(super) fn publish(&self, folder: &dyn LogFolder) -> Result<(), StorageError> {
        let (new, name) = (temporary_name(self.number), manifest_name(self.number));
        if let Some(objects) = folder.objects() {
            let created = objects.create_new(&name, self.encode(Some(objects.writer())));
            return created
                .map_err(|source| StorageError::io(folder, "create", Some(&name), source));
        }
        folder
            .rename(&new, &name)
            .map_err(|source| StorageError::io(folder, "create", Some(&name), source))?;
        folder
            .sync()
            .map_err(|source| StorageError::io(folder, "sync", None, source))
    }

    fn encode(&self, writer: Option<[u8; 16]>) -> Vec<u8> {
        let mut bytes = ByteWriter::default();
        bytes.0.extend_from_slice(MAGIC);
        match writer {
            Some(writer) => {
                bytes.u32(BUCKET_FORMAT);
                bytes.0.extend_from_slice(&writer);
            }
            None => bytes.u32(FORMAT),
        }
        bytes.u64(self.number);
        bytes.u64(self.flushed_to);
        bytes.items(self.definitions.iter(), |bytes, definition| {
            definition.write_to(bytes);
        });
        bytes.items(self.files.iter(), |bytes, file| write_file(bytes, file));
        bytes.items(self.last_seqs.iter(), |bytes, (table, last)| {
            bytes.u64(table.0);
            bytes.i64(*last);
        });
        bytes.items(self.partitions.iter(), |bytes, partition| {
            write_partition(bytes, &partition.partition);
            bytes.u64(partition.number);
            bytes.u64(partition.next_chunk);
            bytes.items(partition.chunks.iter(), write_chunk);
        });
        let checksum = crc32c::crc32c(&bytes.0);
        bytes.u32(checksum);
        bytes.0
    }
}

enum FrameError {
    Malformed(Malformed),
    Format(u32),
}

/// Checks the magic bytes, the format and the checksum, and returns the content between them.
fn check_frame(bytes: &[u8], known: u32) -> Result<&[u8], FrameError> {
    let malformed = |reason: &str| FrameError::Malformed(Malformed::new(reason));
    let content = bytes
        .strip_prefix(MAGIC)
        .ok_or_else(|| malformed("it does not begin as a manifest"))?;
    let mut content = ByteReader(content);
    // Before the checksum, because another format may have another one.
    let format = content.u32().map_err(FrameError::Malformed)?;
    if format != known {
        return Err(FrameError::Format(format));
    }
    let rest = content.0.len().checked_sub(CHECKSUM_BYTES);
    let Some((content, checksum)) = rest.map(|rest| content.0.split_at(rest)) else {
        return Err(malformed("it ends early"));
    };
    let covered = &bytes[..bytes.len() - CHECKSUM_BYTES];
    if crc32c::crc32c(covered).to_le_bytes() != checksum {
        return Err(malformed("its checksum differs"));
    }
    Ok(content)
}

fn write_file(bytes: &mut ByteWriter, file: &RowFile) {
    bytes.u64(file.number);
    bytes.u8(match file.format {
        RowFileFormat::Parquet => 0,
        RowFileFormat::Ipc => 1,
    });
    bytes.u32(file.definition);
    bytes.u64(file.rows);
    bytes.u64(file.bytes);
    bytes.items(file.checksums.iter(), |bytes, checksum| {
        bytes.u32(*checksum)
    });
}

fn read_file(bytes: &mut ByteReader<'_>) -> Result<RowFile, Malformed> {
    Ok(RowFile {
        number: bytes.u64()?,
        format: match bytes.u8()? {
            0 => RowFileFormat::Parquet,
            1 => RowFileFormat::Ipc,
            other => return Err(Malformed(format!("file format {other} is unknown"))),
        },
        definition: bytes.u32()?,
        rows: bytes.u64()?,
        bytes: bytes.u64()?,
        checksums: bytes.items(ByteReader::u32)?,
    })
}

fn write_chunk(bytes: &mut ByteWriter, chunk: &FlushedChunk) {
    bytes.u64(chunk.id.0);
    write_arrivals(bytes, &chunk.arrivals);
    bytes.u64(chunk.location.file);
    bytes.u64(chunk.location.first_row);
    bytes.u64(chunk.bytes);
    for rows in [&chunk.tombstones, &chunk.superseded] {
        let rows: Vec<u32> = rows.iter().collect();
        bytes.items(rows.iter(), |bytes, row| bytes.u32(*row));
    }
}

fn read_chunk(bytes: &mut ByteReader<'_>) -> Result<FlushedChunk, Malformed> {
    let id = ChunkId(bytes.u64()?);
    let arrivals = read_arrivals(bytes)?;
    let location = ChunkLocation {
        file: bytes.u64()?,
        first_row: bytes.u64()?,
    };
    let length = arrivals.last().map_or(0, |arrival| arrival.end);
    let size = bytes.u64()?;
    let mut row_set = || {
        let mut set = RowSet::default();
        for row in bytes.items(ByteReader::u32)? {
            if row >= length {
                return Err(Malformed(format!("chunk {} has too few rows", id.0)));
            }
            set.insert(row);
        }
        Ok(set)
    };
    let (tombstones, superseded) = (row_set()?, row_set()?);
    Ok(FlushedChunk {
        id,
        arrivals,
        location,
        bytes: size,
        tombstones,
        superseded,
    })
}
