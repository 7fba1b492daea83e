// SPDX-License-Identifier: Apache-2.0

//! Writes each table to a Parquet file with its name.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use datafusion::arrow::datatypes::SchemaRef;
use kalamtable::Row;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

use crate::error::Error;
use crate::rows;

/// The number of rows per batch. It bounds the memory, whatever the scale factor is.
const CHUNK: usize = 8192;

/// A file that [`write_all`] wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenFile {
    /// The path of the file.
    pub path: PathBuf,
    /// The number of rows in the file.
    pub rows: u64,
    /// The size of the file in bytes.
    pub bytes: u64,
}

/// Writes the eight tables with this scale factor into `folder`. Creates the folder if it does not
/// exist, and replaces existing files with the same names.
///
/// # Errors
/// If the folder or a file cannot be written.
pub fn write_all(folder: &Path, scale: f64) -> Result<Vec<WrittenFile>, Error> {
    fs::create_dir_all(folder).map_err(|source| io_error(folder, source))?;
    Ok(vec![
        write(folder, rows::regions())?,
        write(folder, rows::nations())?,
        write(folder, rows::parts(scale))?,
        write(folder, rows::suppliers(scale))?,
        write(folder, rows::part_suppliers(scale))?,
        write(folder, rows::customers(scale))?,
        write(folder, rows::orders(scale))?,
        write(folder, rows::line_items(scale))?,
    ])
}

/// Writes `rows` to the file of their table. The schema contains the Parquet field ids.
fn write<R: Row>(folder: &Path, mut rows: impl Iterator<Item = R>) -> Result<WrittenFile, Error> {
    let path = folder.join(format!("{}.parquet", R::TABLE.definition.name().table));
    let parquet_error = |source| Error::Parquet {
        path: path.clone(),
        source,
    };

    let file = File::create(&path).map_err(|source| io_error(&path, source))?;
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY);
    let schema = SchemaRef::clone(R::TABLE.schema);
    let mut writer =
        ArrowWriter::try_new(file, schema, Some(properties.build())).map_err(parquet_error)?;
    let mut chunk = Vec::with_capacity(CHUNK);
    loop {
        chunk.clear();
        chunk.extend(rows.by_ref().take(CHUNK));
        if chunk.is_empty() {
            break;
        }
        let batch = R::to_batch(&chunk)?;
        writer.write(&batch).map_err(parquet_error)?;
    }
    let metadata = writer.close().map_err(parquet_error)?;

    let size = fs::metadata(&path).map_err(|source| io_error(&path, source))?;
    Ok(WrittenFile {
        rows: metadata.file_metadata().num_rows().unsigned_abs(),
        bytes: size.len(),
        path,
    })
}

fn io_error(path: &Path, source: std::io::Error) -> Error {
    Error::Io {
        path: path.to_path_buf(),
        source,
    }
}
