// SPDX-License-Identifier: Apache-2.0

//! Two processes, or two logs of one process, on one folder: the second one is refused.

use std::io::{self, BufRead, BufReader};
use std::path::Path;

use kalamtable_storage::{LogError, RowLogOptions};

use crate::processes::child;
use crate::recovered::{append, open, open_in, read};
use crate::simulated::SimulatedFolder;

const FOLDER: &str = "KALAMTABLE_STORAGE_LOCK_FOLDER";

fn options() -> RowLogOptions {
    RowLogOptions::default()
}

/// Checks that the log is open in a process.
fn check_locked(folder: &Path, process: u32) {
    let error = open(folder, options()).unwrap_err();
    let text = error.to_string();
    let LogError::Locked {
        folder: path,
        process: found,
    } = error
    else {
        panic!("{error}")
    };
    assert_eq!(path, folder.canonicalize().unwrap());
    assert_eq!(found, Some(process));
    assert_eq!(
        text,
        format!(
            "folder `{}` is in use by process {process}: stop that process, or open the log \
             read-only",
            path.display()
        )
    );
}

#[test]
fn folder_of_another_process_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = child("locks::child_process", FOLDER, folder.path());
    let output = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut lines = output.map(Result::unwrap);
    assert!(lines.any(|line| line == "opened"));

    check_locked(folder.path(), child.id());
    // A refused process does not change the lock.
    check_locked(folder.path(), child.id());
    assert_eq!(read(folder.path(), options()).unwrap().entries.len(), 1);

    child.kill().unwrap();
    child.wait().unwrap();
    let (log, recovered) = open(folder.path(), options()).unwrap();
    assert_eq!(recovered.entries.len(), 1);
    append(&log, b"two").unwrap();
    check_locked(folder.path(), std::process::id());
}

/// The body of a child process, until it is killed. Does nothing without the environment variable.
#[test]
fn child_process() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let (log, _) = open(Path::new(&folder), options()).unwrap();
    append(&log, b"one").unwrap();
    println!("\nopened");
    // The parent does not write to the pipe, and kills the process.
    io::stdin().read_line(&mut String::new()).unwrap();
}

#[test]
fn second_log_of_the_process_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (log, _) = open(folder.path(), options()).unwrap();
    check_locked(folder.path(), std::process::id());
    drop(log);
    let (log, _) = open(folder.path(), options()).unwrap();
    check_locked(folder.path(), std::process::id());
    append(&log, b"one").unwrap();
}

#[cfg(unix)]
#[test]
fn folder_with_another_name_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let link = folder.path().join("link");
    let (_log, _) = open(&path, options()).unwrap();
    std::os::unix::fs::symlink(&path, &link).unwrap();
    check_locked(&link, std::process::id());
}

#[test]
fn process_without_an_id_is_refused() {
    let folder = SimulatedFolder::new(0);
    let (_log, _) = open_in(folder.clone(), options()).unwrap();
    let calls = folder.counts().all;
    let error = open_in(folder.clone(), options()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "folder `simulated` is in use by another process: stop that process, or open the log \
         read-only"
    );
    // The second log has no call after the refused lock.
    assert_eq!(folder.counts().all, calls + 1);
}
