// SPDX-License-Identifier: Apache-2.0

//! [`compare_with_base`]: compares the lock with that of the git revision that a change is merged
//! into.

use std::path::Path;

use kalamtable_model::{Diagnostic, SchemaLock, SourceFile, Sources, check_base, limits};
use serde_json::{Value, json};

use crate::command_error::CommandError;
use crate::git::read_file;
use crate::lock_search::folder_of;

/// The result of [`compare_with_base`].
pub(super) struct BaseComparison {
    /// The versions of the base that the lock does not contain, or the problems of the base.
    pub(super) problems: Vec<Diagnostic>,
    /// A note for a base without a lock, with which nothing was compared. May be empty.
    pub(super) note: String,
    /// The revision and the number of its versions.
    pub(super) result: Value,
}

/// Compares a lock with the lock of the same path in a git revision. The text of that lock becomes
/// a part of `sources`. Nothing is compared if `lock` is `None`.
///
/// # Errors
/// Fails if the revision does not exist, or git cannot be run.
pub(super) fn compare_with_base(
    lock: Option<&SchemaLock>,
    path: &Path,
    revision: &str,
    sources: &mut Sources,
) -> Result<BaseComparison, CommandError> {
    let shown = path.to_string_lossy().replace('\\', "/");
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let text = read_file(revision, folder_of(path), &name, limits::LOCK_BYTES)?;
    let Some(text) = text else {
        return Ok(BaseComparison {
            problems: Vec::new(),
            note: format!(
                "\nnote: `{revision}` has no lock `{shown}`, so the history was not compared with it"
            ),
            result: json!({ "revision": revision, "versions": null }),
        });
    };
    let text = String::from_utf8_lossy(&text);
    let source = sources.push(SourceFile::new(format!("{revision}:{shown}"), text));
    let (problems, versions) = match SchemaLock::parse(sources, source) {
        Ok(base) => {
            let problems = lock.map(|lock| check_base(lock, &base, revision, &shown));
            let versions = base.tables().iter().map(|table| table.versions().len());
            (problems.unwrap_or_default(), Some(versions.sum::<usize>()))
        }
        Err(mut problems) => {
            for problem in &mut problems {
                let help = format!("correct the lock in `{revision}` first");
                problem.help = vec![help];
            }
            (problems, None)
        }
    };
    Ok(BaseComparison {
        problems,
        note: String::new(),
        result: json!({ "revision": revision, "versions": versions }),
    })
}
