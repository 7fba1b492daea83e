// SPDX-License-Identifier: Apache-2.0

//! Assigns the files of a data folder to tables, by name.
//!
//! Every entry that can contain rows is read, or is reported as an error or a note:
//!
//! - A name that begins with that of a table and continues with a separator, such as
//!   `orders-2024.csv`, is an error, unless it is the name of another table.
//! - A name that ends with that of a table, such as `2024-orders.csv`, and a file in a subfolder,
//!   such as `app/orders.csv` or `year=2024/orders.csv`, are errors if the table has no other data,
//!   and notes if it has.
//! - A name that is similar to that of a table without data is an error.
//! - Data whose name begins with `_` or `.`, which other tools do not read either, is a note.
//! - Any other data is a note.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kalamtable_model::{TableDefinition, nearest};

use crate::compression::Compression;
use crate::error::{DataError, did_you_mean, shorten};

/// The format of a data file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataFormat {
    /// `.parquet`
    Parquet,
    /// `.csv`, `.csv.gz` or `.csv.zst`
    Csv,
    /// `.ndjson` or `.jsonl`, also with `.gz` or `.zst`
    Ndjson,
}

impl DataFormat {
    fn of_extension(extension: &str) -> Option<Self> {
        match extension.to_ascii_lowercase().as_str() {
            "parquet" => Some(DataFormat::Parquet),
            "csv" => Some(DataFormat::Csv),
            "ndjson" | "jsonl" => Some(DataFormat::Ndjson),
            _ => None,
        }
    }
}

/// The data files of a table: one file, or the files of one folder.
#[derive(Clone, Debug)]
pub struct DataFiles {
    /// The path of the file, or of the folder.
    pub path: PathBuf,
    /// The format of all files.
    pub format: DataFormat,
    /// The files, sorted by name. Never empty in a [`RegisteredTable`](crate::RegisteredTable).
    pub paths: Vec<PathBuf>,
}

/// The entries of a data folder.
#[derive(Default)]
pub(crate) struct AssignedFiles {
    /// The data files of each table, by the position of its definition.
    pub(crate) tables: BTreeMap<usize, DataFiles>,
    /// A message for each data file or folder that belongs to no table.
    pub(crate) unassigned: Vec<DataError>,
}

/// Assigns the files and folders in `folder` to tables.
///
/// # Errors
/// Fails with every entry of the folder that looks like the data of a table, but cannot be read:
/// because of its format or its place, because it belongs to several tables or to one that already
/// has data, because its name begins with that of a table, or because its name is similar to that
/// of a table without data.
pub(crate) fn assign(
    definitions: &[Arc<TableDefinition>],
    folder: &Path,
) -> Result<AssignedFiles, Vec<DataError>> {
    let names = TableLookup { definitions };
    let mut problems = Vec::new();
    let mut assigned = AssignedFiles::default();
    let mut others = Vec::new();
    let FolderEntries { shown, hidden } = entries(folder).map_err(|problem| vec![problem])?;
    assigned.unassigned.extend(hidden_data(&hidden));
    for path in shown {
        let (position, files, notes) = match entry(&names, &path) {
            Ok(Entry::Table(position, files, notes)) => (position, files, notes),
            Ok(Entry::OtherData(name)) => {
                others.push((path, name));
                continue;
            }
            Ok(Entry::OtherFormat(table)) => {
                assigned.unassigned.push(names.other_format(path, table));
                continue;
            }
            Ok(Entry::Unrelated) => continue,
            Err(problem) => {
                problems.push(problem);
                continue;
            }
        };
        assigned.unassigned.extend(notes);
        if let Some(other) = assigned.tables.get(&position) {
            let (table, other) = (definitions[position].name(), other.path.display());
            let message = format!(
                "`{table}` already has the data in `{other}`: to read several files, put them in a folder with the table's name"
            );
            problems.push(DataError::file(path, message));
            continue;
        }
        assigned.tables.insert(position, files);
    }
    for (path, name) in others {
        let is_data = !path.is_dir() || contains_data(&path, MAX_DEPTH);
        if let Some(table) = names.prefix_of(&name_of(&path))
            && is_data
        {
            problems.push(names.other_ending(path, table));
            continue;
        }
        let misplaced = match names.suffix_of(&name) {
            Some(table) => Some((table, names.other_beginning(path.clone(), table))),
            None => names.nested_in(&path, folder, MAX_DEPTH),
        };
        if let Some((table, problem)) = misplaced {
            match assigned.tables.contains_key(&table) {
                true => assigned.unassigned.push(problem),
                false => problems.push(problem),
            }
            continue;
        }
        let without_data = (0..definitions.len()).filter(|at| !assigned.tables.contains_key(at));
        let nearest = names.nearest(&name, without_data);
        let hint = did_you_mean(nearest.as_deref());
        let message = format!("no definition has the name `{}`{hint}", shorten(&name));
        let problem = DataError::file(path, message);
        match nearest {
            Some(_) => problems.push(problem),
            None => assigned.unassigned.push(problem),
        }
    }
    if problems.is_empty() {
        Ok(assigned)
    } else {
        Err(problems)
    }
}

/// The maximum depth of the folders that are searched for misplaced data.
const MAX_DEPTH: usize = 3;

/// The entries of a folder, sorted by name.
struct FolderEntries {
    shown: Vec<PathBuf>,
    /// The entries whose names begin with a dot or underscore.
    hidden: Vec<PathBuf>,
}

fn entries(folder: &Path) -> Result<FolderEntries, DataError> {
    let entries = fs::read_dir(folder).and_then(|entries| {
        let paths = entries.map(|entry| entry.map(|entry| entry.path()));
        paths.collect::<io::Result<Vec<_>>>()
    });
    let mut entries = entries.map_err(|source| DataError::Read {
        path: folder.to_path_buf(),
        source,
    })?;
    entries.sort();
    let is_hidden = |path: &PathBuf| name_of(path).starts_with(['.', '_']);
    let (hidden, shown) = entries.into_iter().partition(is_hidden);
    Ok(FolderEntries { shown, hidden })
}

/// Returns a note for each hidden entry that can contain rows.
fn hidden_data(hidden: &[PathBuf]) -> impl Iterator<Item = DataError> {
    let data = hidden.iter().filter(|path| match path.is_dir() {
        true => contains_data(path, MAX_DEPTH),
        false => has_data_name(path),
    });
    data.map(|path| DataError::file(path, HIDDEN))
}

/// Returns whether a file in the folder, or in its subfolders down to `depth` levels, has the name
/// of a data file. Does not follow links.
fn contains_data(folder: &Path, depth: usize) -> bool {
    let Ok(entries) = fs::read_dir(folder) else {
        return false;
    };
    entries.flatten().any(|entry| match entry.file_type() {
        Ok(ty) if ty.is_dir() => depth > 0 && contains_data(&entry.path(), depth - 1),
        _ => has_data_name(&entry.path()),
    })
}

fn has_data_name(path: &Path) -> bool {
    let content = FileName::parse(&name_of(path)).content;
    !matches!(content, Content::Unknown)
}

fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// An entry of a data folder.
enum Entry {
    /// The data of the table whose definition is at the position, and the notes about its folder.
    Table(usize, DataFiles, Vec<DataError>),
    /// A data file or folder with this name, which is not the name of a table.
    OtherData(String),
    /// A file that is not a data file, and whose name begins with that of the table whose
    /// definition is at the position.
    OtherFormat(usize),
    /// Any other file, for example a README.
    Unrelated,
}

/// The part of a file name that names a table, and the content that the rest of the name promises.
struct FileName<'a> {
    table: &'a str,
    content: Content,
}

enum Content {
    Data(DataFormat),
    /// Data that this crate does not read. Contains the reason.
    Unreadable(&'static str),
    Unknown,
}

impl<'a> FileName<'a> {
    fn parse(name: &'a str) -> Self {
        let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
        if let Some(format) = DataFormat::of_extension(extension) {
            return FileName {
                table: stem,
                content: Content::Data(format),
            };
        }
        let (table, inner) = stem.rsplit_once('.').unwrap_or((stem, ""));
        let Some(format) = DataFormat::of_extension(inner) else {
            return FileName {
                table: stem,
                content: Content::Unknown,
            };
        };
        let content = match (Compression::of_extension(extension), format) {
            (Some(_), DataFormat::Parquet) => Content::Unreadable(COMPRESSED_PARQUET),
            (Some(_), format) => Content::Data(format),
            (None, _) if is_other_compression(extension) => Content::Unreadable(OTHER_COMPRESSION),
            (None, _) => Content::Unknown,
        };
        FileName { table, content }
    }
}

fn is_other_compression(extension: &str) -> bool {
    let extension = extension.to_ascii_lowercase();
    ["bz2", "xz", "lz4", "br", "sz", "snappy", "zip", "7z", "z"].contains(&&*extension)
}

const COMPRESSED_PARQUET: &str =
    "is a compressed Parquet file, which cannot be read in parts: decompress it";
const OTHER_COMPRESSION: &str =
    "has a compression that is not supported: use gzip (`.gz`) or Zstandard (`.zst`)";
const OTHER_EXTENSION: &str =
    "has the name of a table, but not the extension `.parquet`, `.csv`, `.ndjson` or `.jsonl`";
const NOT_A_FILE: &str = "is not a regular file";

const HIDDEN: &str = "is not read, because its name begins with `_` or `.`: rename it to read it";

/// Extensions of files that describe a table and do not contain its rows.
const DESCRIPTIONS: [&str; 4] = ["toml", "md", "sql", "rs"];

fn entry(names: &TableLookup<'_>, path: &Path) -> Result<Entry, DataError> {
    let name = name_of(path);
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        // For example a link without a target. It matters only if it can be the data of a table.
        Err(_) if names.prefix_of(&name).is_none() && !names.is_prefix_of(&name) => {
            return Ok(Entry::Unrelated);
        }
        Err(source) => {
            let path = path.to_path_buf();
            return Err(DataError::Read { path, source });
        }
    };
    if metadata.is_dir() {
        return folder(names, path, &name);
    }
    let FileName { table, content } = FileName::parse(&name);
    match content {
        Content::Data(format) => {
            let Some(position) = names.position(table, path)? else {
                return Ok(Entry::OtherData(table.to_string()));
            };
            if !metadata.is_file() {
                return Err(DataError::file(path, NOT_A_FILE));
            }
            let files = DataFiles {
                path: path.to_path_buf(),
                format,
                paths: vec![path.to_path_buf()],
            };
            Ok(Entry::Table(position, files, Vec::new()))
        }
        Content::Unreadable(reason) if names.position(table, path)?.is_some() => {
            Err(DataError::file(path, reason))
        }
        Content::Unreadable(_) => Ok(Entry::OtherData(table.to_string())),
        Content::Unknown => {
            let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
            let is_description = DESCRIPTIONS.contains(&&*extension.to_ascii_lowercase());
            if is_description {
                return Ok(Entry::Unrelated);
            }
            if names.is_prefix_of(&name) {
                return Err(DataError::file(path, OTHER_EXTENSION));
            }
            let table = names.prefix_of(&name);
            Ok(table.map_or(Entry::Unrelated, Entry::OtherFormat))
        }
    }
}

/// Returns the entry of a folder, which may have the extension of its files, as Spark writes it.
fn folder(names: &TableLookup<'_>, path: &Path, name: &str) -> Result<Entry, DataError> {
    if let Some(position) = names.position(name, path)? {
        let (files, notes) = folder_files(path, None)?;
        return Ok(Entry::Table(position, files, notes));
    }
    let with_format = name.rsplit_once('.').and_then(|(stem, extension)| {
        let format = DataFormat::of_extension(extension)?;
        Some((stem, format))
    });
    let table = with_format.map_or(name, |(stem, _)| stem);
    match (with_format, names.position(table, path)?) {
        (Some((_, format)), Some(position)) => {
            let (files, notes) = folder_files(path, Some(format))?;
            Ok(Entry::Table(position, files, notes))
        }
        _ => Ok(Entry::OtherData(table.to_string())),
    }
}

/// Returns the files in the folder of a table, which have the format `expected` if it is given, and
/// a note for each entry that is not read.
fn folder_files(
    folder: &Path,
    expected: Option<DataFormat>,
) -> Result<(DataFiles, Vec<DataError>), DataError> {
    if folder.join("_delta_log").exists() {
        let message = "is a Delta table, whose log decides which files are valid: export its rows";
        return Err(DataError::file(folder, message));
    }
    let FolderEntries { shown, hidden } = entries(folder)?;
    let mut first = expected;
    for path in &shown {
        let name = name_of(path);
        let metadata = fs::metadata(path).map_err(|source| DataError::Read {
            path: path.clone(),
            source,
        })?;
        if metadata.is_dir() && name.contains('=') {
            let message = "is a partition folder as in Hive, which is not supported: put the files directly in the folder of the table, with the partition columns in the files";
            return Err(DataError::file(path, message));
        }
        if !metadata.is_dir() && !metadata.is_file() {
            return Err(DataError::file(path, NOT_A_FILE));
        }
        let format = match FileName::parse(&name).content {
            Content::Data(format) if metadata.is_file() => format,
            Content::Unreadable(reason) if metadata.is_file() => {
                return Err(DataError::file(path, reason));
            }
            _ => {
                let message = "is in the folder of a table, but is not a `.parquet`, `.csv`, `.ndjson` or `.jsonl` file: move it elsewhere";
                return Err(DataError::file(path, message));
            }
        };
        if *first.get_or_insert(format) != format {
            let message = match expected {
                Some(_) => "has another format than the name of its folder",
                None => {
                    "has another format than the previous files: the folder of a table contains files of one format"
                }
            };
            return Err(DataError::file(path, message));
        }
    }
    let files = DataFiles {
        path: folder.to_path_buf(),
        format: first.unwrap_or(DataFormat::Parquet),
        paths: shown,
    };
    Ok((files, hidden_data(&hidden).collect()))
}

/// The names of tables, with and without their namespaces.
struct TableLookup<'a> {
    definitions: &'a [Arc<TableDefinition>],
}

impl TableLookup<'_> {
    /// Returns the position of the table called `name`, or `None` if no table has that name.
    ///
    /// # Errors
    /// Fails if several tables have the name.
    fn position(&self, name: &str, path: &Path) -> Result<Option<usize>, DataError> {
        let names = || self.definitions.iter().map(|definition| definition.name());
        let full = names().position(|other| other.to_string() == name);
        if full.is_some() {
            return Ok(full);
        }
        let mut bare = names()
            .enumerate()
            .filter(|(_, other)| *other.table == *name);
        match (bare.next(), bare.next()) {
            (Some((_, first)), Some((_, second))) => {
                let message = format!(
                    "`{name}` may be `{first}` or `{second}`: put the namespace in the name, as in `{first}`"
                );
                Err(DataError::file(path, message))
            }
            (first, _) => Ok(first.map(|(position, _)| position)),
        }
    }

    /// Returns whether a file name is the name of a table, or begins with one and a dot.
    fn is_prefix_of(&self, file: &str) -> bool {
        let begins_with = |table: &str| {
            let rest = file.strip_prefix(table);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        self.definitions.iter().any(|definition| {
            begins_with(&definition.name().table) || begins_with(&definition.name().to_string())
        })
    }

    /// Returns the position of the table with the longest name that `text` begins with, in any
    /// case, before a separator.
    fn prefix_of(&self, text: &str) -> Option<usize> {
        self.longest(|table| {
            let (begin, rest) = text.split_at_checked(table.len())?;
            let is_separated = rest.starts_with(|c: char| !c.is_alphanumeric());
            (begin.eq_ignore_ascii_case(table) && is_separated).then_some(())
        })
    }

    /// Returns the position of the table with the longest name that `text` ends with, in any case,
    /// after a separator.
    fn suffix_of(&self, text: &str) -> Option<usize> {
        self.longest(|table| {
            let (rest, end) = text.split_at_checked(text.len().checked_sub(table.len())?)?;
            let is_separated = rest.ends_with(|c: char| !c.is_alphanumeric());
            (end.eq_ignore_ascii_case(table) && is_separated).then_some(())
        })
    }

    /// Returns the position of the table with the longest name, with or without its namespace, that
    /// matches.
    fn longest(&self, matches: impl Fn(&str) -> Option<()>) -> Option<usize> {
        let names = self.definitions.iter().enumerate();
        let lengths = names.filter_map(|(position, definition)| {
            let name = definition.name();
            let names = [name.to_string(), name.table.to_string()];
            let matching = names.iter().filter(|name| matches(name).is_some());
            Some((matching.map(String::len).max()?, position))
        });
        let longest = lengths.max_by_key(|(length, _)| *length);
        longest.map(|(_, position)| position)
    }

    /// Returns the error of the first entry of a folder that looks like the data of a table, and
    /// the position of that table. The folder is not that of a table.
    fn nested_in(
        &self,
        folder: &Path,
        data_folder: &Path,
        depth: usize,
    ) -> Option<(usize, DataError)> {
        if !folder.is_dir() {
            return None;
        }
        let paths = entries(folder).ok()?.shown;
        paths.into_iter().find_map(|path| {
            let (name, is_folder) = (name_of(&path), path.is_dir());
            let parsed = FileName::parse(&name);
            let stem = match is_folder {
                true => &*name,
                false if matches!(parsed.content, Content::Unknown) => return None,
                false => parsed.table,
            };
            let exact = self.longest(|table| (table == stem).then_some(()));
            match exact.or_else(|| self.prefix_of(&name)) {
                Some(table) if !is_folder || contains_data(&path, depth) => {
                    let name = self.definitions[table].name();
                    let target = data_folder.display();
                    let message = format!(
                        "looks like the data of `{name}`, but is in a subfolder that is not the folder of a table: move it to `{target}`, or to `{target}/{name}` if it is one of several files"
                    );
                    Some((table, DataError::file(path, message)))
                }
                _ if depth > 0 => self.nested_in(&path, data_folder, depth - 1),
                _ => None,
            }
        })
    }

    fn other_ending(&self, path: PathBuf, table: usize) -> DataError {
        let name = self.definitions[table].name();
        let bare = &name.table;
        let message = format!(
            "begins with the name of the table `{name}`, but does not end there: to read several files, put them in a folder `{bare}`; if it is not data of `{name}`, rename or move it"
        );
        DataError::file(path, message)
    }

    fn other_beginning(&self, path: PathBuf, table: usize) -> DataError {
        let name = self.definitions[table].name();
        let bare = &name.table;
        let message = format!(
            "ends with the name of the table `{name}`, but does not begin there: to read it, rename it to `{bare}` with its extension, or put it in a folder `{bare}`"
        );
        DataError::file(path, message)
    }

    fn other_format(&self, path: PathBuf, table: usize) -> DataError {
        let name = self.definitions[table].name();
        let message = format!(
            "begins with the name of the table `{name}`, but is not a `.parquet`, `.csv`, `.ndjson` or `.jsonl` file, and is not read"
        );
        DataError::file(path, message)
    }

    /// Returns the name of a table at one of the positions that is similar to `name`.
    fn nearest(&self, name: &str, positions: impl Iterator<Item = usize>) -> Option<String> {
        let (mut bare, mut full) = (Vec::new(), Vec::new());
        for position in positions {
            let table = self.definitions[position].name();
            bare.push(table.table.to_string());
            full.push(table.to_string());
        }
        let names = bare.iter().chain(&full).map(String::as_str);
        nearest(name, names).map(str::to_string)
    }
}
