// SPDX-License-Identifier: Apache-2.0

//! [`replace_file`]: writes a file as a whole or not at all.

use std::ffi::OsString;
use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::path::Path;

/// Writes `bytes` to a file. If the process is interrupted, the file is either unchanged or
/// complete. An existing file keeps its permissions, and a symbolic link stays a link.
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
    name.push(format!(".{}", std::process::id()));
    let temporary = target.with_file_name(name);
    let result =
        write_synced(&temporary, bytes, permissions).and_then(|()| fs::rename(&temporary, &target));
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

fn write_synced(path: &Path, bytes: &[u8], permissions: Option<Permissions>) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    if let Some(permissions) = permissions {
        file.set_permissions(permissions)?;
    }
    file.sync_all()
}
