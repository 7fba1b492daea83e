// SPDX-License-Identifier: Apache-2.0

//! [`replace_definition`]: changes the file of a definition.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use tempfile::NamedTempFile;

use crate::command_error::CommandError;

/// Replaces the content of a file that has the content `before`. If the process is interrupted, the
/// file has either of the contents.
///
/// # Errors
/// Fails if the file has changed since it was read, or cannot be written.
pub(crate) fn replace_definition(
    path: &Path,
    before: &str,
    after: &str,
) -> Result<(), CommandError> {
    let replaced = fs::read(path).and_then(|current| {
        if current != before.as_bytes() {
            return Ok(false);
        }
        replace(path, after).map(|()| true)
    });
    match replaced {
        Ok(true) => Ok(()),
        Ok(false) => {
            let message = format!(
                "{}: the file changed while it was processed",
                path.display()
            );
            Err(CommandError::new(message).with_help("run the command again"))
        }
        Err(error) => {
            let message = format!("{}: cannot be written: {error}", path.display());
            Err(CommandError::new(message))
        }
    }
}

/// Writes another file in the same folder, and renames it.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    // A link keeps pointing to the file.
    let path = path.canonicalize()?;
    let permissions = path.metadata()?.permissions();
    if permissions.readonly() {
        return Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "the file is read-only",
        ));
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().set_permissions(permissions)?;
    file.as_file().sync_all()?;
    file.persist(&path)?;
    Ok(())
}
