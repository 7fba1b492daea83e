//! Golden files, all of which are compared before the test fails. `UPDATE_EXPECT=1` writes them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

#[derive(Default)]
pub(crate) struct Golden {
    update: bool,
    seen: BTreeSet<PathBuf>,
    mismatches: String,
}

impl Golden {
    pub(crate) fn new() -> Self {
        let update = std::env::var_os("UPDATE_EXPECT").is_some();
        let in_ci = std::env::var_os("CI").is_some();
        assert!(
            !(update && in_ci),
            "golden files are updated on purpose, and never by CI"
        );
        Golden {
            update,
            ..Golden::default()
        }
    }

    /// Compares `actual` with the file at `path`, and records a mismatch.
    pub(crate) fn check(&mut self, path: &Path, actual: &str) {
        self.seen.insert(path.to_path_buf());
        let expected = fs::read_to_string(path).unwrap_or_default();
        if expected == actual {
            return;
        }
        if self.update {
            fs::write(path, actual).unwrap();
            return;
        }
        let path = path.display();
        self.mismatches +=
            &format!("==== {path}\n---- expected\n{expected}\n---- actual\n{actual}\n");
    }

    /// Fails with all mismatches, and with all golden files of `folder` that no test has checked.
    pub(crate) fn finish(mut self, folder: &Path) {
        for entry in folder.read_dir().unwrap() {
            let path = entry.unwrap().path();
            let is_golden = path
                .extension()
                .is_some_and(|it| it == "stderr" || it == "canonical");
            if is_golden && !self.seen.contains(&path) {
                self.mismatches += &format!("==== {}: no test checks this file\n", path.display());
            }
        }
        assert!(
            self.mismatches.is_empty(),
            "{}run again with UPDATE_EXPECT=1 if the change is intended, and review the difference",
            self.mismatches
        );
    }
}
