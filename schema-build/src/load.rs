// SPDX-License-Identifier: Apache-2.0

//! [`load`]: every definition below some folders, read and checked. What to do with them is left
//! to others.

use std::collections::HashSet;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use kalamtable_model::{
    CheckedTable, Diagnostic, Rule, SourceFile, SourceSpan, Sources, check_tables, file_too_large,
    limits, parse_and_check, sort_diagnostics,
};

/// What [`load`] found.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Loaded {
    /// The text of every file that could be read.
    pub sources: Sources,
    /// Every table without a problem of its own, by path. All of them are sound if and only if
    /// there are no diagnostics.
    pub tables: Vec<CheckedTable>,
    /// Every problem of every file, and between files, by path and position.
    pub diagnostics: Vec<Diagnostic>,
    /// Files and folders that the result depends on, missing ones included: what a build script
    /// names in `rerun-if-changed`.
    pub inputs: Vec<PathBuf>,
}

/// Reads and checks each `*.toml` file below `paths`, which are folders or single files.
///
/// Folders are walked in the order of file names; what begins with a dot is passed over. A file or
/// folder that is reached twice, by a link or because one of the paths is inside another, is read
/// once. Messages show a file's path as given here, then the way to it, with `/`.
pub fn load(paths: &[impl AsRef<Path>]) -> Loaded {
    let mut loader = Loader::default();
    if paths.is_empty() {
        loader.report(
            Rule::NoDefinitions,
            "",
            "no folder of definitions is given",
            "name one",
        );
    }
    for path in paths {
        let path = path.as_ref();
        let shown = path.to_string_lossy().replace('\\', "/");
        let shown = match shown.trim_end_matches('/') {
            "" => shown.as_str(),
            trimmed => trimmed,
        };
        loader.root(path, shown);
    }
    let across = check_tables(&loader.loaded.tables);
    let mut loaded = loader.loaded;
    loaded.diagnostics.extend(across);
    sort_diagnostics(&mut loaded.diagnostics, &loaded.sources);
    loaded
}

#[derive(Default)]
struct Loader {
    loaded: Loaded,
    /// Folders around the current one, as canonical paths.
    around: Vec<PathBuf>,
    /// Everything that was read, as canonical paths.
    seen: HashSet<PathBuf>,
    /// How many paths were taken for definitions, whatever became of them.
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
        let is_repeated = self.is_seen(path);
        self.folder(path, shown);
        let found_none = self.candidates == candidates && self.loaded.diagnostics.len() == problems;
        if found_none && !is_repeated {
            let message = "there is no `.toml` file in the folder or below it";
            let help = format!("describe a table, for example in `{shown}/app/users.toml`");
            self.report(Rule::NoDefinitions, shown, message, &help);
        }
    }

    fn is_seen(&self, path: &Path) -> bool {
        path.canonicalize()
            .is_ok_and(|path| self.seen.contains(&path))
    }

    fn folder(&mut self, path: &Path, shown: &str) {
        if is_toml(path) {
            self.candidates += 1;
            let message = "a folder is named like a definition";
            let help = "rename it: its name must not end in `.toml`";
            self.report(Rule::FolderNamedLikeFile, shown, message, help);
            return;
        }
        let canonical = match path.canonicalize() {
            Ok(canonical) => canonical,
            Err(error) => return self.unreadable(shown, &error),
        };
        if self.around.contains(&canonical) {
            let message = "a symbolic link leads back to a folder that it is in";
            self.report(Rule::LinkLoop, shown, message, "delete the link");
            return;
        }
        if !self.seen.insert(canonical.clone()) {
            return;
        }
        let entries = fs::read_dir(path).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let mut entries = match entries {
            Ok(entries) => entries,
            Err(error) => return self.unreadable(shown, &error),
        };
        entries.sort_by_key(fs::DirEntry::file_name);
        self.around.push(canonical);
        for entry in entries {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if !name.starts_with('.') {
                self.entry(&entry.path(), &format!("{shown}/{name}"));
            }
        }
        self.around.pop();
    }

    fn entry(&mut self, path: &Path, shown: &str) {
        // What is no definition does not matter, be it as broken as it may; but a link may lead to
        // a folder of them, and one that leads back to itself ends the walk.
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

    /// What is at the end of a path; reported if there is nothing.
    fn metadata(&mut self, path: &Path, shown: &str) -> Option<Metadata> {
        let error = match fs::metadata(path) {
            Ok(metadata) => return Some(metadata),
            Err(error) => error,
        };
        let is_link = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink());
        match error.kind() {
            io::ErrorKind::NotFound if is_link => {
                let message = "the symbolic link leads nowhere";
                self.report(
                    Rule::Unreadable,
                    shown,
                    message,
                    "delete it, or mend its target",
                );
            }
            io::ErrorKind::NotFound => {
                let message = "there is no such file or folder";
                self.report(
                    Rule::PathNotFound,
                    shown,
                    message,
                    "check the path, and where it starts from",
                );
            }
            // There is no stable name for the error of a link that leads to itself.
            kind if is_link && kind != io::ErrorKind::PermissionDenied => {
                let message = "the symbolic link leads back to itself";
                self.report(Rule::LinkLoop, shown, message, "delete the link");
            }
            _ => self.unreadable(shown, &error),
        }
        None
    }

    fn unreadable(&mut self, shown: &str, error: &io::Error) {
        let message = format!("cannot be read: {}", lower_first(&error.to_string()));
        let help = match error.kind() {
            io::ErrorKind::PermissionDenied => "allow the user who builds to read it",
            _ => "mend what the system says is wrong, or move it elsewhere",
        };
        self.report(Rule::Unreadable, shown, message, help);
    }

    fn file(&mut self, path: &Path, shown: &str, metadata: &Metadata) {
        self.candidates += 1;
        if !metadata.is_file() {
            let message = "this is no file, but a pipe, a socket or a device";
            self.report(
                Rule::NotAFile,
                shown,
                message,
                "put a file in its place, or rename it",
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
            && !self.seen.insert(canonical)
        {
            return;
        }
        let bytes = match read(path) {
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
        match parse_and_check(&self.loaded.sources, source) {
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
        // Up to the offset the text is the file's own, so that the place is right.
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

/// Reads no more than one byte above the limit: the file may have grown since it was measured.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(limits::FILE_BYTES + 1)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_ascii_lowercase());
    first.into_iter().chain(chars).collect()
}
