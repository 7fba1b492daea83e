// SPDX-License-Identifier: Apache-2.0

//! The files of the workspace, for the tests that read its sources.

use std::path::{Path, PathBuf};
use std::{env, fs};

/// A text file of the workspace.
pub(crate) struct File {
    /// The path below the root of the workspace, separated by slashes on every system.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl File {
    #[cfg(test)]
    pub(crate) fn new(path: &str, text: &str) -> File {
        File {
            path: path.to_string(),
            text: text.to_string(),
        }
    }
}

/// Returns the root of the workspace.
///
/// The variable is read at run time first, so that one build of a test can check another checkout.
pub(crate) fn workspace() -> PathBuf {
    env::var_os("CARGO_MANIFEST_DIR")
        .or_else(|| option_env!("CARGO_MANIFEST_DIR").map(Into::into))
        .map(PathBuf::from)
        .expect("`CARGO_MANIFEST_DIR` is set by cargo")
}

/// Reads every file below `root` whose name ends in one of `extensions`, sorted by path.
///
/// Build output and hidden folders are skipped, and so is a file that is not UTF-8.
pub(crate) fn read(root: &Path, extensions: &[&str]) -> Vec<File> {
    let mut files = Vec::new();
    read_folder(root, "", extensions, &mut files);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

fn read_folder(folder: &Path, prefix: &str, extensions: &[&str], files: &mut Vec<File>) {
    let entries = fs::read_dir(folder).expect("a readable folder of the workspace");
    for entry in entries {
        let entry = entry.expect("a readable folder of the workspace");
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let path = format!("{prefix}{name}");
        if entry.path().is_dir() {
            if !name.starts_with('.') && name != "target" {
                read_folder(&entry.path(), &format!("{path}/"), extensions, files);
            }
        } else if name
            .rsplit_once('.')
            .is_some_and(|(_, end)| extensions.contains(&end))
            && let Ok(text) = fs::read_to_string(entry.path())
        {
            files.push(File { path, text });
        }
    }
}
