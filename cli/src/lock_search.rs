// SPDX-License-Identifier: Apache-2.0

//! [`find_lock`]: finds the lock of definitions, which can be in a folder above them.

use std::path::{Path, PathBuf};

use kalamtable_build::{LOCK_FILE, lock_path, read_lock};
use kalamtable_model::{Diagnostic, SchemaLock, Sources};

/// Returns the path of the lock: in the folder of the definitions, or else in the nearest folder
/// above it. The search ends at the root of the git repository, or at a folder with a `Cargo.toml`.
///
/// If there is no lock, returns the path that it would have in the folder of the definitions.
pub(crate) fn find_lock(schemas: &Path) -> PathBuf {
    let nearest = lock_path(schemas);
    // A lock that cannot be read is reported, so a broken link is found too.
    if nearest.symlink_metadata().is_ok() {
        return nearest;
    }
    let Some(resolved) = folder_of(&nearest).canonicalize().ok() else {
        return nearest;
    };
    let ends_at =
        |folder: &Path| folder.join(".git").exists() || folder.join("Cargo.toml").exists();
    let Some(end) = resolved.ancestors().position(ends_at) else {
        return nearest;
    };
    let mut shown = folder_of(&nearest).to_path_buf();
    for folder in resolved.ancestors().take(end + 1).skip(1) {
        shown = parent(&shown);
        if folder.join(LOCK_FILE).symlink_metadata().is_ok() {
            return match shown.as_os_str().is_empty() {
                true => PathBuf::from(LOCK_FILE),
                false => shown.join(LOCK_FILE),
            };
        }
    }
    nearest
}

/// Reads the lock of the definitions in `schemas`. Returns `None` if there is none.
///
/// # Errors
/// The problems of the lock.
pub(crate) fn read_existing_lock(
    schemas: &Path,
    sources: &mut Sources,
) -> Result<Option<SchemaLock>, Vec<Diagnostic>> {
    let path = find_lock(schemas);
    // A link without a target is a lock that cannot be read.
    if path.symlink_metadata().is_err() {
        return Ok(None);
    }
    read_lock(&path, sources).map(Some)
}

/// Returns whether the definitions at `paths` are all definitions of the lock: the paths are not
/// only single files and folders below that of the lock.
pub(crate) fn contains_all_definitions(paths: &[PathBuf], lock: &Path) -> bool {
    let Ok(lock_folder) = folder_of(lock).canonicalize() else {
        return true;
    };
    let is_part = |path: &PathBuf| {
        let resolved = path.canonicalize();
        path.is_file()
            || resolved.is_ok_and(|path| path != lock_folder && path.starts_with(&lock_folder))
    };
    !paths.iter().all(is_part)
}

/// Returns the folder of a file. A name without a folder is in the working directory.
pub(crate) fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Returns the folder above a folder, with `..` if the path does not contain its name.
fn parent(folder: &Path) -> PathBuf {
    match folder.file_name() {
        Some(_) => folder.parent().unwrap_or(Path::new("")).to_path_buf(),
        None if folder == Path::new(".") || folder.as_os_str().is_empty() => PathBuf::from(".."),
        None => folder.join(".."),
    }
}
