// SPDX-License-Identifier: Apache-2.0

//! The tables as Parquet files, one each, named like the table.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use datafusion::arrow::datatypes::SchemaRef;
use kalamtable::Row;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

use crate::{Error, rows};

/// How many rows become a batch at a time: what is in memory of a table, whatever the scale.
const CHUNK: usize = 8192;

/// One file that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The file.
    pub path: PathBuf,
    /// How many rows are in it.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
}

/// Writes the eight files of this scale factor into `folder`, which is made if it is not there;
/// files of these names are replaced.
///
/// # Errors
/// If a file can't be written.
pub fn write_all(folder: &Path, scale: f64) -> Result<Vec<Written>, Error> {
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

/// Writes `rows` to the file of their table. The table's schema gives each column its field id.
fn write<R: Row>(folder: &Path, mut rows: impl Iterator<Item = R>) -> Result<Written, Error> {
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
    Ok(Written {
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
