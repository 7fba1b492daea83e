// SPDX-License-Identifier: Apache-2.0

//! [`RepositoryPaths`]: converts paths to those of the files in the git repository, by which GitHub
//! finds the lines of annotations.

use std::env;
use std::path::{Component, Path, PathBuf};

use crate::git::repository_root;

/// The folders and revisions to which the paths of a report refer.
pub(super) struct RepositoryPaths<'a> {
    /// The root of the repository and the working directory, or `None` if the working directory is
    /// not in a repository.
    folders: Option<(PathBuf, PathBuf)>,
    /// The git revisions of which files were read.
    revisions: &'a [String],
}

impl<'a> RepositoryPaths<'a> {
    /// Finds the repository of the working directory.
    pub(super) fn new(revisions: &'a [String]) -> Self {
        let current = env::current_dir().and_then(|current| current.canonicalize());
        let folders = current.ok().and_then(|current| {
            let root = repository_root(&current)?;
            Some((root, current))
        });
        RepositoryPaths { folders, revisions }
    }

    /// Returns the path relative to the root of the repository, with `/` as separator. A path
    /// outside of the repository does not change.
    pub(super) fn relative(&self, path: &str) -> String {
        let mut prefixes = self.revisions.iter();
        let of_revision =
            prefixes.find_map(|revision| path.strip_prefix(revision)?.strip_prefix(':'));
        let path = of_revision.unwrap_or(path).replace('\\', "/");
        let Some((root, current)) = &self.folders else {
            return path;
        };
        let absolute = without_dots(&current.join(&path));
        let inside = absolute.strip_prefix(root).map(Path::to_path_buf);
        let inside = inside.or_else(|_| {
            // The working directory, or a folder above it, can be a link.
            let resolved = absolute.canonicalize().unwrap_or_default();
            resolved.strip_prefix(root).map(Path::to_path_buf)
        });
        match inside {
            Ok(inside) => inside.to_string_lossy().replace('\\', "/"),
            Err(_) => path,
        }
    }
}

/// Removes the components `.` and `..`. The file can be one that only a revision contains.
fn without_dots(path: &Path) -> PathBuf {
    let mut result = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                result.pop();
            }
            other => result.push(other),
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, expected: &str) {
        let revisions = ["HEAD".to_string(), "origin/main".to_string()];
        let folders = Some((PathBuf::from("/r"), PathBuf::from("/r/server")));
        let paths = RepositoryPaths {
            folders,
            revisions: &revisions,
        };
        assert_eq!(paths.relative(path), expected);
    }

    #[cfg(unix)]
    #[test]
    fn paths_start_at_the_root_of_the_repository() {
        check("schemas/a.toml", "server/schemas/a.toml");
        check("./schemas/../a.toml", "server/a.toml");
        check("../schemas/a.toml", "schemas/a.toml");
        check("schemas\\a.toml", "server/schemas/a.toml");
        check("/r/a.toml", "a.toml");
    }

    #[cfg(unix)]
    #[test]
    fn paths_outside_of_the_repository_are_kept() {
        check("../../a.toml", "../../a.toml");
        check("/srv/a.toml", "/srv/a.toml");
    }

    #[cfg(unix)]
    #[test]
    fn revision_is_not_a_part_of_the_path() {
        check("HEAD:schemas/a.toml", "server/schemas/a.toml");
        check("origin/main:../a.toml", "a.toml");
        check("HEAD:/r/a.toml", "a.toml");
        check("other:a.toml", "server/other:a.toml");
    }
}
