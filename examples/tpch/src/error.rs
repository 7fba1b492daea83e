// SPDX-License-Identifier: Apache-2.0

//! [`Error`]: what can go wrong when the files are written.

use std::path::PathBuf;

use parquet::errors::ParquetError;

/// What can go wrong when the files are written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused.
    #[error("`{}`: {source}", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The Parquet writer failed.
    #[error("`{}`: {source}", .path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// Why.
        source: ParquetError,
    },
    /// A row does not fit its table.
    #[error(transparent)]
    Row(#[from] kalamtable::RowError),
}
