// SPDX-License-Identifier: Apache-2.0

//! [`replace_definition`]: changes the file of a definition.

use std::fs;
use std::path::Path;

use kalamtable_build::replace_file;

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
        replace_file(path, after.as_bytes()).map(|()| true)
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
