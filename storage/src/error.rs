// SPDX-License-Identifier: Apache-2.0

//! [`StorageError`]: the error type of [`HybridStorage`](crate::HybridStorage).

use std::io;
use std::path::PathBuf;

use arrow::error::ArrowError;
use kalamtable_provider::BoxError;
use kalamtable_store::TableId;
use parquet::errors::ParquetError;

use crate::log::{LogError, LogFailure, LogFolder, failure};

/// An error of a [`HybridStorage`](crate::HybridStorage).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StorageError {
    /// An error of the log: the folder is in use, the log is damaged, cannot be read or written, or
    /// was written by a later release, or the effect of a statement exceeds
    /// [`max_payload_bytes`](crate::RowLogOptions::max_payload_bytes).
    #[error(transparent)]
    Log(#[from] LogError),
    /// A row file, a manifest or the folder cannot be read or written.
    #[error(transparent)]
    Io(#[from] LogFailure),
    /// A row file or a manifest is missing or does not have the content that was written.
    #[error(
        "`{}` is damaged: {reason}; restore the storage folder from a backup, as a whole",
        .path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The difference.
        reason: String,
    },
    /// A manifest was written by a later release.
    #[error(
        "`{}` has format {found}, but this release reads format {known}: use the release that \
         wrote it, or a later one",
        .path.display()
    )]
    UnknownFormat {
        /// The manifest.
        path: PathBuf,
        /// The format of the manifest.
        found: u32,
        /// The format that this release reads.
        known: u32,
    },
    /// Rows cannot be encoded.
    #[error("the rows of table {table} cannot be encoded")]
    Encode {
        /// The table.
        table: TableId,
        /// The error of Arrow or Parquet.
        source: EncodeError,
    },
    /// Rows that a commit or a flush writes cannot be read.
    #[error("the rows of table {table} cannot be read")]
    Unreadable {
        /// The table.
        table: TableId,
        /// The error.
        source: BoxError,
    },
    /// A chunk was written under a definition that the storage does not know.
    #[error("version {version} of table {table} is unknown to the storage")]
    UnknownDefinition {
        /// The table.
        table: TableId,
        /// The version.
        version: u32,
    },
    /// A chunk is in no row file, which the flush has noticed before it wrote a manifest.
    #[error("a chunk of table {table} was not written to a row file")]
    UnwrittenChunk {
        /// The table.
        table: TableId,
    },
    /// The numbers of row files or manifests are exhausted.
    #[error("the file numbers are exhausted: a file in the folder has the maximum number")]
    FilesExhausted,
    /// The sequence numbers of a table are exhausted.
    #[error("the sequence numbers of table {table} are exhausted")]
    SequenceExhausted {
        /// The table.
        table: TableId,
    },
    /// The log has reached its maximum size, and cannot be flushed.
    #[error(
        "the log entries that are not in files exceed {max_bytes} bytes, and cannot be flushed: \
         {reason}"
    )]
    NotFlushed {
        /// The maximum size in bytes.
        max_bytes: u64,
        /// The error of the last flush.
        reason: String,
    },
    /// The bucket cannot be used, because it ignores `PutMode::Create`, or cannot be reached.
    #[error(transparent)]
    Bucket(#[from] kalamtable_store::Error),
    /// No storage exists below the prefix.
    #[error("no storage exists below `{}` of the bucket: check the prefix", .prefix.display())]
    NoStorage {
        /// The prefix.
        prefix: PathBuf,
    },
    /// The storage was opened read-only.
    #[error("the storage is open read-only: change its rows in the process that opens it to write")]
    ReadOnly,
    /// The thread that flushes the storage cannot be started.
    #[error("cannot start the thread that flushes the storage")]
    Thread(#[source] io::Error),
}

/// An error of Arrow or Parquet.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// An error of Arrow.
    #[error(transparent)]
    Arrow(#[from] ArrowError),
    /// An error of Parquet.
    #[error(transparent)]
    Parquet(#[from] ParquetError),
}

impl StorageError {
    pub(crate) fn arrow(table: TableId, source: ArrowError) -> Self {
        let source = EncodeError::Arrow(source);
        StorageError::Encode { table, source }
    }

    /// Returns the error of a storage that has failed to read a chunk.
    pub(crate) fn unreadable(table: TableId, source: BoxError) -> Self {
        match source.downcast::<StorageError>() {
            Ok(error) => *error,
            Err(source) => StorageError::Unreadable { table, source },
        }
    }

    pub(crate) fn damaged(folder: &dyn LogFolder, name: &str, reason: impl ToString) -> Self {
        StorageError::Damaged {
            path: folder.path(Some(name)),
            reason: reason.to_string(),
        }
    }

    pub(crate) fn io(
        folder: &dyn LogFolder,
        operation: &'static str,
        name: Option<&str>,
        source: io::Error,
    ) -> Self {
        StorageError::Io(failure(folder, operation, name, source))
    }
}
