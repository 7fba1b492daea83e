// SPDX-License-Identifier: Apache-2.0

//! [`replace_file`]: writes a file as a whole or not at all.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::path::Path;

/// The number of times that another process may remove the temporary file before it is locked.
const MAX_ATTEMPTS: usize = 10;

/// Writes `bytes` to a file. If the process is interrupted, the file is either unchanged or
/// complete. An existing file keeps its permissions, and a symbolic link stays a link.
///
/// The temporary files of processes that were interrupted are removed.
///
/// # Errors
/// Fails if the file is read-only, or if its folder cannot be written.
#[doc(hidden)]
pub fn replace_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let target = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let permissions = fs::metadata(&target).ok().map(|file| file.permissions());
    if permissions.as_ref().is_some_and(Permissions::readonly) {
        let message = "the file is read-only";
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, message));
    }
    let mut name = OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    name.push(".");
    remove_abandoned(&target, &name);
    name.push(std::process::id().to_string());
    let temporary = target.with_file_name(name);
    let mut result = Ok(());
    for _ in 0..MAX_ATTEMPTS {
        result = write_and_rename(&temporary, &target, bytes, permissions.clone());
        // A process that looked for abandoned files has locked the file first, and removed it.
        let is_removed = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
        if !result.as_ref().is_err_and(is_removed) {
            break;
        }
    }
    if result.is_err() {
        let _ = fs::remove_file(&temporary);
        return result;
    }
    // Syncing the folder makes the rename durable. Not every system can open a folder.
    if let Some(folder) = target.parent().and_then(|folder| File::open(folder).ok()) {
        let _ = folder.sync_all();
    }
    Ok(())
}

/// Removes the temporary files of `target` that no process has locked. Their names are `prefix` and
/// the id of a process. Ignores all errors, because the files only waste space.
fn remove_abandoned(target: &Path, prefix: &OsString) {
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        let process = name.strip_prefix(prefix.as_encoded_bytes());
        let is_temporary = process
            .is_some_and(|id| !id.is_empty() && id.iter().all(u8::is_ascii_digit))
            && entry.file_type().is_ok_and(|ty| ty.is_file());
        if !is_temporary {
            continue;
        }
        // The system unlocks the file of a process that was interrupted.
        let file = OpenOptions::new().write(true).open(entry.path());
        if file.is_ok_and(|file| file.try_lock().is_ok()) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn write_and_rename(
    temporary: &Path,
    target: &Path,
    bytes: &[u8],
    permissions: Option<Permissions>,
) -> io::Result<()> {
    let mut file = File::create(temporary)?;
    // Not every file system has locks. Without them, no process removes files.
    let _ = file.lock();
    file.write_all(bytes)?;
    if let Some(permissions) = permissions {
        file.set_permissions(permissions)?;
    }
    file.sync_all()?;
    // Some systems do not rename a file that is open, so the lock ends here.
    drop(file);
    fs::rename(temporary, target)
}
