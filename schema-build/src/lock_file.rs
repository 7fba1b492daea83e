// SPDX-License-Identifier: Apache-2.0

//! Reads and writes the lock of a folder of definitions.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use kalamtable_model::{
    Diagnostic, LockRule, SchemaLock, SourceFile, Sources, limits, lock_too_large,
};

use crate::error::Error;
use crate::replace_file::replace_file;

/// The name of the lock in a folder of definitions.
pub const LOCK_FILE: &str = "schemas.lock";

const SECONDS_PER_DAY: u64 = 86_400;

/// Returns the path of the lock for definitions in `schemas`, which is a folder or a single file.
///
/// The lock is in the folder, or beside the file.
pub fn lock_path(schemas: &Path) -> PathBuf {
    let extension = schemas.extension();
    let is_file = match fs::metadata(schemas) {
        Ok(metadata) => metadata.is_file(),
        Err(_) => extension.is_some_and(|extension| extension.eq_ignore_ascii_case("toml")),
    };
    match schemas.parent() {
        Some(folder) if is_file => folder.join(LOCK_FILE),
        _ => schemas.join(LOCK_FILE),
    }
}

/// Reads a lock, and adds its text to `sources`.
///
/// # Errors
/// The problems of the lock. A missing file is one of them, with rule
/// [`LockMissing`](kalamtable_model::LockRule::LockMissing).
pub fn read_lock(path: &Path, sources: &mut Sources) -> Result<SchemaLock, Vec<Diagnostic>> {
    let shown = path.to_string_lossy().replace('\\', "/");
    let text = read_text(path, &shown).map_err(|problem| vec![*problem])?;
    let source = sources.push(SourceFile::new(shown, text));
    SchemaLock::parse(sources, source)
}

fn read_text(path: &Path, shown: &str) -> Result<String, Box<Diagnostic>> {
    let unreadable = |error: &io::Error| match error.kind() {
        io::ErrorKind::NotFound => problem(
            LockRule::LockMissing,
            shown,
            "the lock does not exist",
            "restore it from version control; if this folder never had a lock, run `kalamtable \
             lock` and commit the file",
        ),
        _ => problem(
            LockRule::LockUnreadable,
            shown,
            &format!("cannot be read: {error}"),
            "resolve the error of the operating system",
        ),
    };
    let metadata = fs::metadata(path).map_err(|error| unreadable(&error))?;
    if !metadata.is_file() {
        let message = "not a regular file, but a folder, a pipe, a socket or a device";
        let help = "delete it, and restore the lock from version control";
        return Err(problem(LockRule::LockUnreadable, shown, message, help));
    }
    if metadata.len() > limits::LOCK_BYTES {
        return Err(Box::new(lock_too_large(shown, metadata.len())));
    }
    let mut bytes = Vec::new();
    // The file may grow after its size was checked. The parser compares the size again.
    File::open(path)
        .and_then(|file| file.take(limits::LOCK_BYTES + 1).read_to_end(&mut bytes))
        .map_err(|error| unreadable(&error))?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let message = format!("the lock is not UTF-8: the byte at offset {at} is invalid");
        let help = "restore the file from version control";
        problem(LockRule::LockUnreadable, shown, &message, help)
    })
}

fn problem(rule: LockRule, shown: &str, message: &str, help: &str) -> Box<Diagnostic> {
    Box::new(Diagnostic::at_path(rule, shown, message).with_help(help))
}

/// Writes a lock. If the process is interrupted, the file is either unchanged or complete.
///
/// A file that has the text of the lock is not written.
///
/// # Errors
/// [`Error::Write`] if the file or its folder cannot be written.
pub fn write_lock(path: &Path, lock: &SchemaLock) -> Result<(), Error> {
    let text = lock.to_text();
    if fs::read(path).is_ok_and(|current| current == text.as_bytes()) {
        return Ok(());
    }
    replace_file(path, text.as_bytes()).map_err(|source| Error::Write {
        file: path.to_path_buf(),
        source,
    })
}

/// Returns the current date in UTC as the number of days since 1970-01-01.
///
/// If the environment variable `SOURCE_DATE_EPOCH` is a number of seconds, the result is the date
/// of that time, so that builds can be repeated.
pub fn today() -> i64 {
    let set = std::env::var("SOURCE_DATE_EPOCH").ok();
    let seconds = set.and_then(|text| text.parse().ok()).unwrap_or_else(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        now.map_or(0, |duration| duration.as_secs())
    });
    i64::try_from(seconds / SECONDS_PER_DAY).unwrap_or(i64::MAX)
}
