// SPDX-License-Identifier: Apache-2.0

//! Assigns the files of a data folder to tables, by name.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kalamtable_model::{TableDefinition, nearest};

use crate::error::{DataError, did_you_mean, shorten};

/// The format of a data file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataFormat {
    /// `.parquet`
    Parquet,
    /// `.csv`
    Csv,
    /// `.ndjson` or `.jsonl`
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

/// Returns the data files of each table in `folder`, by the position of its definition.
///
/// # Errors
/// Fails with every entry of the folder that cannot be read, that belongs to no table or to
/// several, or that belongs to a table which already has data.
pub(crate) fn assign(
    definitions: &[Arc<TableDefinition>],
    folder: &Path,
) -> Result<BTreeMap<usize, DataFiles>, Vec<DataError>> {
    let mut problems = Vec::new();
    let mut assigned: BTreeMap<usize, DataFiles> = BTreeMap::new();
    let entries = entries(folder).map_err(|problem| vec![problem])?;
    for path in entries {
        let (position, files) = match entry(definitions, &path) {
            Ok(Some(assignment)) => assignment,
            Ok(None) => continue,
            Err(problem) => {
                problems.push(problem);
                continue;
            }
        };
        if let Some(other) = assigned.get(&position) {
            let (table, other) = (definitions[position].name(), other.path.display());
            let message = format!(
                "`{table}` already has the data in `{other}`: to read several files, put them in a folder with the table's name"
            );
            problems.push(DataError::file(path, message));
            continue;
        }
        assigned.insert(position, files);
    }
    if problems.is_empty() {
        Ok(assigned)
    } else {
        Err(problems)
    }
}

/// Returns the entries of a folder, sorted by name, without those that begin with a dot or
/// underscore.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let entries = fs::read_dir(folder).and_then(|entries| {
        let paths = entries.map(|entry| entry.map(|entry| entry.path()));
        paths.collect::<io::Result<Vec<_>>>()
    });
    let mut entries = entries.map_err(|source| DataError::Read {
        path: folder.to_path_buf(),
        source,
    })?;
    entries.retain(|path| !name_of(path).starts_with(['.', '_']));
    entries.sort();
    Ok(entries)
}

fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// Returns the position of the table that a file or folder belongs to, and its files. Returns
/// `None` for a file that is not a data file.
fn entry(
    definitions: &[Arc<TableDefinition>],
    path: &Path,
) -> Result<Option<(usize, DataFiles)>, DataError> {
    let metadata = fs::metadata(path).map_err(|source| DataError::Read {
        path: path.to_path_buf(),
        source,
    })?;
    let name = name_of(path);
    if metadata.is_dir() {
        let position = table_of(definitions, &name, path)?;
        return Ok(Some((position, folder_files(path)?)));
    }
    let (stem, extension) = name.rsplit_once('.').unwrap_or((&name, ""));
    let Some(format) = DataFormat::of_extension(extension) else {
        if table_of(definitions, stem, path).is_ok() {
            return Err(DataError::file(path, OTHER_EXTENSION));
        }
        // Other files may be beside the data, for example a README.
        return Ok(None);
    };
    let position = table_of(definitions, stem, path)?;
    let files = DataFiles {
        path: path.to_path_buf(),
        format,
        paths: vec![path.to_path_buf()],
    };
    Ok(Some((position, files)))
}

const OTHER_EXTENSION: &str =
    "has the name of a table, but not the extension `.parquet`, `.csv`, `.ndjson` or `.jsonl`";

/// Returns the files in the folder of a table.
fn folder_files(folder: &Path) -> Result<DataFiles, DataError> {
    let paths = entries(folder)?;
    let mut first: Option<DataFormat> = None;
    for path in &paths {
        let name = name_of(path);
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        let format = match DataFormat::of_extension(extension) {
            Some(format) if !path.is_dir() => format,
            _ => {
                let message = "is in the folder of a table, but is not a `.parquet`, `.csv`, `.ndjson` or `.jsonl` file: move it elsewhere";
                return Err(DataError::file(path, message));
            }
        };
        if *first.get_or_insert(format) != format {
            let message = "has another format than the previous files: the folder of a table contains files of one format";
            return Err(DataError::file(path, message));
        }
    }
    Ok(DataFiles {
        path: folder.to_path_buf(),
        format: first.unwrap_or(DataFormat::Parquet),
        paths,
    })
}

/// Returns the position of the table called `name`, with or without its namespace.
fn table_of(
    definitions: &[Arc<TableDefinition>],
    name: &str,
    path: &Path,
) -> Result<usize, DataError> {
    let full = definitions
        .iter()
        .position(|definition| definition.name().to_string() == name);
    if let Some(position) = full {
        return Ok(position);
    }
    let bare: Vec<usize> = (0..definitions.len())
        .filter(|&position| *definitions[position].name().table == *name)
        .collect();
    match bare[..] {
        [position] => Ok(position),
        [] => {
            let full: Vec<String> = definitions
                .iter()
                .map(|definition| definition.name().to_string())
                .collect();
            let bare = definitions
                .iter()
                .map(|definition| &*definition.name().table);
            let names = bare.chain(full.iter().map(String::as_str));
            let hint = did_you_mean(nearest(name, names));
            let message = format!("no definition has the name `{}`{hint}", shorten(name));
            Err(DataError::file(path, message))
        }
        [first, second, ..] => {
            let (first, second) = (definitions[first].name(), definitions[second].name());
            let message = format!(
                "`{name}` may be `{first}` or `{second}`: put the namespace in the name, as in `{first}`"
            );
            Err(DataError::file(path, message))
        }
    }
}
