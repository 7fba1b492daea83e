// SPDX-License-Identifier: Apache-2.0

//! [`CheckedFile`]: reads parts of a row file, and checks them. A file consists of blocks of 64
//! KiB, and the manifest contains the checksum of each block.

use std::fmt;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::reader::{ChunkReader, Length};

use super::block_checksums::BLOCK_BYTES;
use super::row_file::RowFile;
use crate::error::StorageError;
use crate::log::{LogFolder, ReadFile, lock};

/// Reads parts of a row file.
#[derive(Clone)]
pub(super) struct CheckedFile {
    folder: Arc<dyn LogFolder>,
    file: Arc<RowFile>,
    opened: Arc<dyn ReadFile>,
    /// The error of a read. It is kept because the libraries convert errors to texts.
    failure: Arc<Mutex<Option<StorageError>>>,
    /// Parts that were read before, in ascending order.
    loaded: Arc<[LoadedBytes]>,
}

/// A part of a file in memory.
struct LoadedBytes {
    start: u64,
    bytes: Bytes,
}

impl CheckedFile {
    /// Opens a file.
    ///
    /// # Errors
    /// Fails if the file is missing, cannot be read, or does not have the size that was written.
    pub(super) fn open(
        folder: &Arc<dyn LogFolder>,
        file: &Arc<RowFile>,
    ) -> Result<Self, StorageError> {
        let name = file.name();
        let io = |source: io::Error| {
            if source.kind() == io::ErrorKind::NotFound {
                StorageError::damaged(&**folder, &name, missing(&**folder))
            } else {
                StorageError::io(&**folder, "read", Some(&name), source)
            }
        };
        let opened = folder.open_read(&name).map_err(io)?;
        let bytes = opened.bytes().map_err(io)?;
        if bytes != file.bytes {
            let reason = format!("it has {bytes} bytes, not {}", file.bytes);
            return Err(StorageError::damaged(&**folder, &name, reason));
        }
        Ok(CheckedFile {
            folder: Arc::clone(folder),
            file: Arc::clone(file),
            opened: opened.into(),
            failure: Arc::default(),
            loaded: Arc::new([]),
        })
    }

    /// Returns the same file for another read, with its own failure.
    pub(super) fn for_read(&self) -> Self {
        CheckedFile {
            failure: Arc::default(),
            ..self.clone()
        }
    }

    /// Returns the same file, with these ranges in memory. They are ascending and disjoint.
    ///
    /// # Errors
    /// Fails if the file cannot be read or is damaged.
    pub(super) fn with_loaded(&self, ranges: &[Range<u64>]) -> Result<Self, StorageError> {
        let loaded = ranges.iter().map(|range| {
            Ok(LoadedBytes {
                start: range.start,
                bytes: self.read(range.clone())?,
            })
        });
        Ok(CheckedFile {
            loaded: loaded.collect::<Result<_, StorageError>>()?,
            ..self.clone()
        })
    }

    /// Returns the bytes in a range.
    fn read(&self, range: Range<u64>) -> Result<Bytes, StorageError> {
        let damaged =
            |reason: &str| StorageError::damaged(&*self.folder, &self.file.name(), reason);
        if range.start > range.end || range.end > self.file.bytes {
            return Err(damaged("it refers to bytes after its end"));
        }
        let loaded = self
            .loaded
            .partition_point(|loaded| loaded.start <= range.start);
        if let Some(loaded) = loaded.checked_sub(1).and_then(|last| self.loaded.get(last)) {
            let start = (range.start - loaded.start) as usize;
            let end = (range.end - loaded.start) as usize;
            if end <= loaded.bytes.len() {
                return Ok(loaded.bytes.slice(start..end));
            }
        }
        let block = BLOCK_BYTES as u64;
        let first = range.start / block;
        let start = first * block;
        let end = range.end.next_multiple_of(block).min(self.file.bytes);
        let mut bytes = vec![0; end.saturating_sub(start) as usize];
        self.opened
            .read_exact_at(start, &mut bytes)
            .map_err(|source| match source.kind() {
                io::ErrorKind::NotFound => damaged(missing(&*self.folder)),
                io::ErrorKind::UnexpectedEof => damaged("it ends early"),
                _ => StorageError::io(&*self.folder, "read", Some(&self.file.name()), source),
            })?;
        for (number, content) in (first..).zip(bytes.chunks(BLOCK_BYTES)) {
            let expected = self.file.checksums.get(number as usize);
            if expected != Some(&crc32c::crc32c(content)) {
                let at = number * block;
                return Err(damaged(&format!(
                    "the checksum of the block at byte {at} differs"
                )));
            }
        }
        let from = (range.start - start) as usize;
        let to = (range.end - start) as usize;
        Ok(Bytes::from(bytes).slice(from..to))
    }

    /// Reads for a library.
    fn read_kept(&self, range: Range<u64>) -> io::Result<Bytes> {
        self.read(range).map_err(|error| {
            let text = error.to_string();
            *lock(&self.failure) = Some(error);
            io::Error::other(text)
        })
    }

    /// Returns the error of a read, or else `error`, with which a library has failed.
    pub(super) fn failure(&self, error: impl fmt::Display) -> StorageError {
        lock(&self.failure).take().unwrap_or_else(|| {
            let reason = format!("it cannot be read: {error}");
            StorageError::damaged(&*self.folder, &self.file.name(), reason)
        })
    }
}

/// Returns the reason why a missing file cannot be read.
fn missing(folder: &dyn LogFolder) -> &'static str {
    match folder.objects() {
        // An object that a query reads can be deleted elsewhere, unlike an open file.
        Some(_) => {
            "the object is missing; if another process has opened the storage for writing, open it \
             again here, because the other process may have replaced the object"
        }
        None => "the file is missing",
    }
}

impl fmt::Debug for CheckedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CheckedFile({})", self.file.name())
    }
}

impl Length for CheckedFile {
    fn len(&self) -> u64 {
        self.file.bytes
    }
}

impl ChunkReader for CheckedFile {
    type T = FileCursor;

    fn get_read(&self, start: u64) -> ParquetResult<FileCursor> {
        Ok(FileCursor {
            file: self.clone(),
            position: start,
            buffer: Bytes::new(),
        })
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        let bytes = self.read_kept(start..start.saturating_add(length as u64));
        bytes.map_err(ParquetError::from)
    }
}

/// Reads a file from a position on.
#[derive(Debug)]
pub(super) struct FileCursor {
    file: CheckedFile,
    position: u64,
    /// The rest of a block, from the position on.
    buffer: Bytes,
}

impl FileCursor {
    pub(super) fn new(file: &CheckedFile) -> Self {
        FileCursor {
            file: file.clone(),
            position: 0,
            buffer: Bytes::new(),
        }
    }
}

impl Read for FileCursor {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let size = self.file.file.bytes;
        if self.buffer.is_empty() && self.position < size && !buffer.is_empty() {
            let wanted = self.position.saturating_add(buffer.len() as u64);
            let end = wanted.next_multiple_of(BLOCK_BYTES as u64).min(size);
            self.buffer = self.file.read_kept(self.position..end)?;
        }
        let bytes = self.buffer.split_to(buffer.len().min(self.buffer.len()));
        buffer[..bytes.len()].copy_from_slice(&bytes);
        self.position += bytes.len() as u64;
        Ok(bytes.len())
    }
}

impl Seek for FileCursor {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let (from, offset) = match to {
            SeekFrom::Start(position) => (position, 0),
            SeekFrom::End(offset) => (self.file.file.bytes, offset),
            SeekFrom::Current(offset) => (self.position, offset),
        };
        let position = from.checked_add_signed(offset);
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        self.buffer = Bytes::new();
        Ok(self.position)
    }
}
