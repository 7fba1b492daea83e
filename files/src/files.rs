// SPDX-License-Identifier: Apache-2.0

//! Which files of a data folder belong to which table.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kalamtable_model::TableDefinition;

use crate::problem::{DataError, did_you_mean, nearest, shorten};

/// How a data file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `.parquet`
    Parquet,
    /// `.csv`
    Csv,
    /// `.ndjson` or `.jsonl`
    Ndjson,
}

impl Format {
    fn of_extension(extension: &str) -> Option<Self> {
        match extension.to_ascii_lowercase().as_str() {
            "parquet" => Some(Format::Parquet),
            "csv" => Some(Format::Csv),
            "ndjson" | "jsonl" => Some(Format::Ndjson),
            _ => None,
        }
    }
}

/// The data of a table: one file, or the files of one folder.
#[derive(Clone, Debug)]
pub struct DataFiles {
    /// The file, or the folder.
    pub place: PathBuf,
    /// How all of them are written.
    pub format: Format,
    /// The files, by name; none if the folder is empty.
    pub paths: Vec<PathBuf>,
}

/// The data of the table at each position of `definitions` that has any.
///
/// # Errors
/// Everything in the folder that cannot be read, or belongs to no table or to several, and tables
/// that have data twice.
pub(crate) fn assign(
    definitions: &[Arc<TableDefinition>],
    folder: &Path,
) -> Result<BTreeMap<usize, DataFiles>, Vec<DataError>> {
    let mut problems = Vec::new();
    let mut assigned: BTreeMap<usize, DataFiles> = BTreeMap::new();
    let entries = entries(folder).map_err(|problem| vec![problem])?;
    for path in entries {
        let table = match entry(definitions, &path) {
            Ok(Some(table)) => table,
            Ok(None) => continue,
            Err(problem) => {
                problems.push(problem);
                continue;
            }
        };
        let (position, files) = table;
        if let Some(other) = assigned.get(&position) {
            let (table, other) = (definitions[position].name(), other.place.display());
            let message = format!(
                "the data of `{table}` is in `{other}` already; to read several files, put them in a folder with the table's name"
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

/// What is in a folder, by name, but for what a dot or an underscore hides.
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

/// The table that a file or folder belongs to, if it is data at all.
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
    let Some(format) = Format::of_extension(extension) else {
        let named_like_table = table_of(definitions, stem, path).is_ok();
        return match named_like_table {
            true => Err(DataError::file(path, OTHER_EXTENSION)),
            // Anything may lie beside the data, a README for instance.
            false => Ok(None),
        };
    };
    let position = table_of(definitions, stem, path)?;
    let files = DataFiles {
        place: path.to_path_buf(),
        format,
        paths: vec![path.to_path_buf()],
    };
    Ok(Some((position, files)))
}

const OTHER_EXTENSION: &str =
    "is named like a table, but its name does not end in `.parquet`, `.csv`, `.ndjson` or `.jsonl`";

/// The files in a table's folder.
fn folder_files(folder: &Path) -> Result<DataFiles, DataError> {
    let paths = entries(folder)?;
    let mut first: Option<Format> = None;
    for path in &paths {
        let name = name_of(path);
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        let format = match Format::of_extension(extension) {
            Some(format) if !path.is_dir() => format,
            _ => {
                let message = "is in a table's folder, but no `.parquet`, `.csv`, `.ndjson` or `.jsonl` file: move it elsewhere";
                return Err(DataError::file(path, message));
            }
        };
        if *first.get_or_insert(format) != format {
            let message = "is of another format than the files before it: a table's folder holds files of one format";
            return Err(DataError::file(path, message));
        }
    }
    Ok(DataFiles {
        place: folder.to_path_buf(),
        format: first.unwrap_or(Format::Parquet),
        paths,
    })
}

/// The position of the table that is called `name`, with its namespace or without.
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
            let known = bare.chain(full.iter().map(String::as_str));
            let hint = did_you_mean(nearest(name, known));
            let message = format!("no definition is named `{}`{hint}", shorten(name));
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
