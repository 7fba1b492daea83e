//! Golden files: compared all at once, written only when `UPDATE_EXPECT=1` says so.

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
            "golden files are updated on purpose, never by CI"
        );
        Golden {
            update,
            ..Golden::default()
        }
    }

    /// Notes whether `actual` is what the file at `path` holds.
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

    /// Fails with every mismatch, and with every golden file of `folder` that nothing produced.
    pub(crate) fn finish(mut self, folder: &Path) {
        for entry in folder.read_dir().unwrap() {
            let path = entry.unwrap().path();
            let is_golden = path
                .extension()
                .is_some_and(|it| it == "stderr" || it == "canonical");
            if is_golden && !self.seen.contains(&path) {
                self.mismatches += &format!("==== {}: nothing produces this\n", path.display());
            }
        }
        assert!(
            self.mismatches.is_empty(),
            "{}run again with UPDATE_EXPECT=1 if this is meant to be so, and read the difference",
            self.mismatches
        );
    }
}
