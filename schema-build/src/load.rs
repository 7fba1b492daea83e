// SPDX-License-Identifier: Apache-2.0

//! [`load`]: reads and checks all definitions below some folders.

use std::collections::HashSet;
use std::fs::{self, File, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use kalamtable_model::{
    CheckedTable, Diagnostic, Rule, SourceFile, SourceSpan, Sources, TableDefinition,
    check_provided_names, check_tables, file_too_large, limits, parse_and_check_for_rust,
    read_limited, sort_diagnostics,
};

/// The result of [`load`].
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct LoadedDefinitions {
    /// The texts of all files that could be read.
    pub sources: Sources,
    /// The tables whose own definition is valid, sorted by path. They are also valid together if
    /// and only if `diagnostics` is empty.
    pub tables: Vec<CheckedTable>,
    /// All problems in and between files, sorted by path and position.
    pub diagnostics: Vec<Diagnostic>,
    /// The warnings about `tables`, sorted by path and position.
    pub warnings: Vec<Diagnostic>,
    /// The files and folders on which the result depends, including missing ones. A build script
    /// names them in `rerun-if-changed`.
    pub inputs: Vec<PathBuf>,
}

/// Reads and checks each `*.toml` file below `paths`, which are folders or single files.
///
/// Folders are visited in the order of file names, without names that begin with a dot. A file or
/// folder that is reached twice, through a link or because one path contains another, is read once.
/// Messages show the path as given here, followed by the path inside the folder, with `/` as
/// separator.
///
/// Problems are part of the result, so this function does not fail.
///
/// ```no_run
/// use kalamtable_model::{Style, render};
///
/// let loaded = kalamtable_build::load(&["schemas"]);
/// eprint!("{}", render(&loaded.diagnostics, &loaded.sources, Style::Plain));
/// for table in &loaded.tables {
///     println!("{}", table.definition.name());
/// }
/// ```
pub fn load(paths: &[impl AsRef<Path>]) -> LoadedDefinitions {
    load_providing(paths, |_| false)
}

/// Reads and checks definitions like [`load`]. A definition that `is_provided` accepts may have the
/// name of a system table, because it is that table.
#[doc(hidden)]
pub fn load_providing(
    paths: &[impl AsRef<Path>],
    is_provided: impl Fn(&TableDefinition) -> bool,
) -> LoadedDefinitions {
    let mut loader = Loader::default();
    if paths.is_empty() {
        loader.report(
            Rule::NoDefinitions,
            "",
            "no folder of definitions is given",
            "name a folder or a file",
        );
    }
    for path in paths {
        let path = path.as_ref();
        let text = path.to_string_lossy().replace('\\', "/");
        let shown = match text.trim_end_matches('/') {
            "" => text.as_str(),
            trimmed => trimmed,
        };
        loader.root(path, shown);
    }
    let mut loaded = loader.loaded;
    loaded.diagnostics.extend(check_tables(&loaded.tables));
    let provided = check_provided_names(&loaded.tables, is_provided);
    loaded.diagnostics.extend(provided);
    let warnings = loaded.tables.iter().flat_map(|table| &table.warnings);
    loaded.warnings = warnings.cloned().collect();
    sort_diagnostics(&mut loaded.diagnostics, &loaded.sources);
    sort_diagnostics(&mut loaded.warnings, &loaded.sources);
    loaded
}

#[derive(Default)]
struct Loader {
    loaded: LoadedDefinitions,
    /// The canonical paths of the folders that contain the current one.
    ancestors: Vec<PathBuf>,
    /// The canonical paths of all files and folders that were read.
    visited: HashSet<PathBuf>,
    /// The number of paths that look like definitions, whether or not they could be read.
    candidates: usize,
}

impl Loader {
    fn report(&mut self, rule: Rule, path: &str, message: impl Into<String>, help: &str) {
        let problem = Diagnostic::at_path(rule, path, message).with_help(help);
        self.loaded.diagnostics.push(problem);
    }

    fn root(&mut self, path: &Path, shown: &str) {
        self.loaded.inputs.push(path.to_path_buf());
        let Some(metadata) = self.metadata(path, shown) else {
            return;
        };
        if !metadata.is_dir() {
            self.file(path, shown, &metadata);
            return;
        }
        let candidates = self.candidates;
        let problems = self.loaded.diagnostics.len();
        let is_repeated = self.is_visited(path);
        self.folder(path, shown);
        let found_none = self.candidates == candidates && self.loaded.diagnostics.len() == problems;
        if found_none && !is_repeated {
            let message = "the folder and its subfolders contain no `.toml` file";
            let help = format!("describe a table, for example in `{shown}/app/users.toml`");
            self.report(Rule::NoDefinitions, shown, message, &help);
        }
    }

    fn is_visited(&self, path: &Path) -> bool {
        path.canonicalize()
            .is_ok_and(|path| self.visited.contains(&path))
    }

    fn folder(&mut self, path: &Path, shown: &str) {
        if is_toml(path) {
            self.candidates += 1;
            let message = "the name of the folder ends in `.toml`";
            let help = "rename the folder: only definition files have this extension";
            self.report(Rule::FolderNamedLikeFile, shown, message, help);
            return;
        }
        let canonical = match path.canonicalize() {
            Ok(canonical) => canonical,
            Err(error) => return self.unreadable(shown, &error),
        };
        if self.ancestors.contains(&canonical) {
            let message = "the symbolic link points to a folder that contains it";
            self.report(Rule::LinkLoop, shown, message, "delete the link");
            return;
        }
        if !self.visited.insert(canonical.clone()) {
            return;
        }
        let result = fs::read_dir(path).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let mut entries = match result {
            Ok(entries) => entries,
            Err(error) => return self.unreadable(shown, &error),
        };
        entries.sort_by_key(fs::DirEntry::file_name);
        self.ancestors.push(canonical);
        for entry in entries {
            let file_name = entry.file_name();
            let name = file_name.to_string_lossy();
            if !name.starts_with('.') {
                self.entry(&entry.path(), &format!("{shown}/{name}"));
            }
        }
        self.ancestors.pop();
    }

    fn entry(&mut self, path: &Path, shown: &str) {
        // Other files are ignored, even broken ones. A link may point to a folder of definitions,
        // and one that points to itself is reported.
        let is_link = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink());
        let is_dangling =
            || fs::metadata(path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
        if !is_toml(path) && !path.is_dir() && (!is_link || is_dangling()) {
            return;
        }
        let Some(metadata) = self.metadata(path, shown) else {
            return;
        };
        if metadata.is_dir() {
            self.loaded.inputs.push(path.to_path_buf());
            self.folder(path, shown);
        } else if is_toml(path) {
            self.loaded.inputs.push(path.to_path_buf());
            self.file(path, shown, &metadata);
        }
    }

    /// Returns the metadata of a path's target, or reports why it has none.
    fn metadata(&mut self, path: &Path, shown: &str) -> Option<Metadata> {
        let error = match fs::metadata(path) {
            Ok(metadata) => return Some(metadata),
            Err(error) => error,
        };
        let is_link = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink());
        match error.kind() {
            io::ErrorKind::NotFound if is_link => {
                let message = "the target of the symbolic link does not exist";
                self.report(
                    Rule::Unreadable,
                    shown,
                    message,
                    "delete the link, or correct its target",
                );
            }
            io::ErrorKind::NotFound => {
                let message = "no such file or folder";
                self.report(
                    Rule::PathNotFound,
                    shown,
                    message,
                    "check the path, and the folder that it is relative to",
                );
            }
            // The error of a link that points to itself has no stable `ErrorKind`.
            kind if is_link && kind != io::ErrorKind::PermissionDenied => {
                let message = "the symbolic link points to itself";
                self.report(Rule::LinkLoop, shown, message, "delete the link");
            }
            _ => self.unreadable(shown, &error),
        }
        None
    }

    fn unreadable(&mut self, shown: &str, error: &io::Error) {
        let message = format!("cannot be read: {}", lower_first(&error.to_string()));
        let help = match error.kind() {
            io::ErrorKind::PermissionDenied => {
                "grant read permission to the user who runs the build"
            }
            _ => "resolve the error of the operating system, or move the file elsewhere",
        };
        self.report(Rule::Unreadable, shown, message, help);
    }

    fn file(&mut self, path: &Path, shown: &str, metadata: &Metadata) {
        self.candidates += 1;
        if !metadata.is_file() {
            let message = "not a regular file, but a pipe, a socket or a device";
            self.report(
                Rule::NotAFile,
                shown,
                message,
                "replace it with a regular file, or rename it",
            );
            return;
        }
        if metadata.len() > limits::FILE_BYTES {
            self.loaded
                .diagnostics
                .push(file_too_large(shown, metadata.len()));
            return;
        }
        if let Ok(canonical) = path.canonicalize()
            && !self.visited.insert(canonical)
        {
            return;
        }
        let bytes = match File::open(path).and_then(read_limited) {
            Ok(bytes) => bytes,
            Err(error) => return self.unreadable(shown, &error),
        };
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                return self.not_utf8(shown, error.as_bytes(), at);
            }
        };
        let source = self.loaded.sources.push(SourceFile::new(shown, text));
        match parse_and_check_for_rust(&self.loaded.sources, source) {
            Ok(table) => self.loaded.tables.push(table),
            Err(problems) => self.loaded.diagnostics.extend(problems),
        }
    }

    fn not_utf8(&mut self, shown: &str, bytes: &[u8], at: usize) {
        let byte = bytes.get(at).copied().unwrap_or_default();
        let message = format!("the file is not UTF-8: byte 0x{byte:02x} at offset {at}");
        let help = match bytes {
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "the file is UTF-16: save it as UTF-8",
            _ => "save the file as UTF-8",
        };
        // The text equals the file up to the offset, so the line and column are right.
        let text = String::from_utf8_lossy(bytes);
        let source = self.loaded.sources.push(SourceFile::new(shown, text));
        let span = at..at + char::REPLACEMENT_CHARACTER.len_utf8();
        let problem =
            Diagnostic::new(Rule::NotUtf8, SourceSpan::text(source, span), message).with_help(help);
        self.loaded.diagnostics.push(problem);
    }
}

fn is_toml(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("toml"))
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_ascii_lowercase());
    first.into_iter().chain(chars).collect()
}
