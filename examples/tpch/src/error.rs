// SPDX-License-Identifier: Apache-2.0

//! [`Error`]: the reasons why the Parquet files cannot be written.

use std::path::PathBuf;

use parquet::errors::ParquetError;

/// The reason why the Parquet files cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file operation failed.
    #[error("`{}`: {source}", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// The Parquet writer failed.
    #[error("`{}`: {source}", .path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// The error of the writer.
        source: ParquetError,
    },
    /// A row does not fit its table.
    #[error(transparent)]
    Row(#[from] kalamtable::RowError),
}
