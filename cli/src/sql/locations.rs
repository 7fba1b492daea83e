// SPDX-License-Identifier: Apache-2.0

//! The paths in `COPY` and `CREATE EXTERNAL TABLE`: only local files, which have to exist where
//! they are read.

use std::path::{Path, PathBuf};

use datafusion::error::DataFusionError;
use datafusion::sql::parser::{CreateExternalTable, Statement as SqlStatement};

/// Checks the paths in a statement. DataFusion reports a scheme without a store as a bug, and reads
/// a folder that does not exist as an empty table.
///
/// # Errors
/// Fails if a path is not local, or if nothing exists where a statement reads.
pub(crate) fn check_location(statement: &SqlStatement) -> Result<(), DataFusionError> {
    match statement {
        SqlStatement::CopyTo(copy) => {
            let target = local_path(&copy.target)?;
            let parent = target.parent().filter(|parent| *parent != Path::new(""));
            match parent {
                Some(parent) => check_exists(parent),
                None => Ok(()),
            }
        }
        SqlStatement::CreateExternalTable(table) => {
            for location in &table.locations {
                let path = local_path(location)?;
                check_compression(table, location)?;
                if !location.contains(['*', '?', '[']) {
                    check_exists(&path)?;
                }
            }
            Ok(())
        }
        SqlStatement::Explain(explain) => check_location(&explain.statement),
        _ => Ok(()),
    }
}

/// Returns the path of a location, which may be a `file` URL.
///
/// # Errors
/// Fails if the location is empty or a URL of another kind.
pub(crate) fn local_path(location: &str) -> Result<PathBuf, DataFusionError> {
    match location.split_once("://") {
        _ if location.is_empty() => Err(DataFusionError::Plan("the path is empty".to_string())),
        None => Ok(PathBuf::from(location)),
        Some(("file", path)) => Ok(PathBuf::from(path)),
        Some((scheme, _)) => Err(DataFusionError::Plan(format!(
            "`{location}` has the scheme `{scheme}`: only local files are supported, such as `data/orders.csv`"
        ))),
    }
}

/// Fails if the name of a text file has the extension of a compression. DataFusion would read the
/// compressed bytes as text.
fn check_compression(table: &CreateExternalTable, location: &str) -> Result<(), DataFusionError> {
    let is_text = matches!(
        &*table.file_type.to_lowercase(),
        "csv" | "json" | "ndjson" | "jsonl"
    );
    let compressions = [
        (".gz", "gzip"),
        (".bz2", "bzip2"),
        (".xz", "xz"),
        (".zst", "Zstandard"),
    ];
    let name = location.to_lowercase();
    let mut compressions = compressions.iter();
    match compressions.find(|(extension, _)| is_text && name.ends_with(extension)) {
        Some((_, compression)) => Err(DataFusionError::Plan(format!(
            "`{location}` is compressed with {compression}, which external tables do not read: decompress it, or query it with a table definition and `--data`"
        ))),
        None => Ok(()),
    }
}

fn check_exists(path: &Path) -> Result<(), DataFusionError> {
    match path.metadata() {
        Ok(_) => Ok(()),
        Err(error) => Err(DataFusionError::Plan(format!(
            "{}: {error}",
            path.display()
        ))),
    }
}
