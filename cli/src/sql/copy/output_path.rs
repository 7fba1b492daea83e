// SPDX-License-Identifier: Apache-2.0

//! [`OutputPath`] and [`TemporaryOutput`]: the target of a `COPY`, and the file or folder beside it
//! that replaces it at the end.

use std::fmt::Write;
use std::fs;
use std::io;
use std::path::{self, Display, Path, PathBuf};
use std::process;

use datafusion::error::DataFusionError;

/// The target of a `COPY`.
pub(super) struct OutputPath {
    path: PathBuf,
    is_folder: bool,
}

impl OutputPath {
    /// Returns the target of a `COPY` to one file. A link is replaced by the file that it names.
    ///
    /// # Errors
    /// Fails if something that is not a regular file has the path.
    pub(super) fn file(path: PathBuf) -> Result<Self, DataFusionError> {
        match fs::metadata(&path) {
            Ok(metadata) if !metadata.is_file() => Err(DataFusionError::Plan(format!(
                "{}: is not a regular file: `COPY` replaces files, and `kalamtable sql --format` writes to stdout",
                path.display()
            ))),
            _ => Ok(OutputPath {
                path: fs::canonicalize(&path).unwrap_or(path),
                is_folder: false,
            }),
        }
    }

    /// Returns the target of a `COPY` that adds files to a folder.
    ///
    /// # Errors
    /// Fails if something that is not a folder has the path.
    pub(super) fn folder(path: PathBuf) -> Result<Self, DataFusionError> {
        match fs::metadata(&path) {
            Ok(metadata) if !metadata.is_dir() => Err(DataFusionError::Plan(format!(
                "{}: is not a folder: a file name has an extension, such as `.parquet`",
                path.display()
            ))),
            _ => Ok(OutputPath {
                path: fs::canonicalize(&path).unwrap_or(path),
                is_folder: true,
            }),
        }
    }

    pub(super) fn display(&self) -> Display<'_> {
        self.path.display()
    }
}

/// A file or folder that is deleted when it is dropped, unless it was published.
pub(super) struct TemporaryOutput {
    path: PathBuf,
    is_folder: bool,
}

impl TemporaryOutput {
    /// Returns a path in the folder of `target`, which does not exist yet. A data folder ignores
    /// names that begin with a dot.
    pub(super) fn beside(target: &OutputPath) -> Self {
        let name = format!(".kalamtable-copy-{}.tmp", process::id());
        TemporaryOutput {
            path: target.path.with_file_name(name),
            is_folder: target.is_folder,
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the path as a URL, which, unlike a path, has no wildcards.
    ///
    /// # Errors
    /// Fails if the working directory is unknown.
    pub(super) fn url(&self) -> Result<String, DataFusionError> {
        let absolute = path::absolute(&self.path)?;
        let mut url = "file://".to_string();
        for &byte in absolute.as_os_str().as_encoded_bytes() {
            match byte {
                b'/' | b'-' | b'_' | b'.' => url.push(char::from(byte)),
                byte if byte.is_ascii_alphanumeric() => url.push(char::from(byte)),
                // Writing to a string does not fail.
                byte => drop(write!(url, "%{byte:02X}")),
            }
        }
        if self.is_folder {
            url.push('/');
        }
        Ok(url)
    }

    /// Replaces the target file, or moves the files to the target folder.
    ///
    /// # Errors
    /// Fails if a file or folder cannot be moved.
    pub(super) fn publish(&self, target: &OutputPath) -> io::Result<()> {
        if !self.is_folder {
            if let Ok(replaced) = fs::metadata(&target.path) {
                fs::set_permissions(&self.path, replaced.permissions())?;
            }
            return fs::rename(&self.path, &target.path);
        }
        match self.path.is_dir() {
            true => move_files(&self.path, &target.path),
            // The result has no rows.
            false => Ok(()),
        }
    }
}

/// Moves the files of a folder and its subfolders to another folder, which may exist.
fn move_files(from: &Path, to: &Path) -> io::Result<()> {
    if !to.exists() {
        return fs::rename(from, to);
    }
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            move_files(&entry.path(), &target)?;
        } else {
            fs::rename(entry.path(), target)?;
        }
    }
    Ok(())
}

impl Drop for TemporaryOutput {
    fn drop(&mut self) {
        // It does not exist after it was published.
        let _ = match self.is_folder {
            true => fs::remove_dir_all(&self.path),
            false => fs::remove_file(&self.path),
        };
    }
}
