// SPDX-License-Identifier: Apache-2.0

//! Reads and writes the lock of a folder of definitions.

use std::path::{Path, PathBuf};

use kalamtable_model::{Diagnostic, SchemaLock, Sources};

use crate::error::Error;

/// The name of the lock in a folder of definitions.
pub const LOCK_FILE: &str = "schemas.lock";

/// Returns the path of the lock for definitions in `schemas`, which is a folder or a single file.
///
/// The lock is in the folder, or beside the file.
pub fn lock_path(schemas: &Path) -> PathBuf {
    let _ = schemas;
    todo!()
}

/// Reads a lock, and adds its text to `sources`.
///
/// # Errors
/// The problems of the lock. A missing file is one of them, with rule
/// [`LockMissing`](kalamtable_model::LockRule::LockMissing).
pub fn read_lock(path: &Path, sources: &mut Sources) -> Result<SchemaLock, Vec<Diagnostic>> {
    let _ = (path, sources);
    todo!()
}

/// Writes a lock. If the process is interrupted, the file is either unchanged or complete.
///
/// # Errors
/// [`Error::Write`] if the file or its folder cannot be written.
pub fn write_lock(path: &Path, lock: &SchemaLock) -> Result<(), Error> {
    let _ = (path, lock);
    todo!()
}

/// Returns the current date in UTC as the number of days since 1970-01-01.
///
/// If the environment variable `SOURCE_DATE_EPOCH` is a number of seconds, the result is the date of
/// that time, so that builds can be repeated.
pub fn today() -> i64 {
    todo!()
}
