// SPDX-License-Identifier: Apache-2.0

//! Compressed text files, and text files whose first bytes are those of another format.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use crate::error::{DataError, open};

/// The compression of a text file, which the last extension of its name states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compression {
    /// `.gz`
    Gzip,
    /// `.zst`
    Zstandard,
}

impl Compression {
    pub(crate) fn of_extension(extension: &str) -> Option<Self> {
        match extension.to_ascii_lowercase().as_str() {
            "gz" => Some(Compression::Gzip),
            "zst" => Some(Compression::Zstandard),
            _ => None,
        }
    }
}

/// A reader of the text in a file.
pub(crate) type TextReader = Box<dyn BufRead + Send>;

const BUFFER_BYTES: usize = 256 * 1024;

/// Opens a text file, and decompresses it if its extension is that of a compressed file.
///
/// # Errors
/// Fails if the file cannot be opened, or if its first bytes show that it contains no text.
pub(crate) fn open_text(path: &Path) -> Result<TextReader, DataError> {
    let read_error = |source| DataError::Read {
        path: path.to_path_buf(),
        source,
    };
    let mut file = BufReader::with_capacity(BUFFER_BYTES, open(path)?);
    let extension = path.extension().and_then(OsStr::to_str).unwrap_or_default();
    let begin = file.fill_buf().map_err(read_error)?;
    match Compression::of_extension(extension) {
        None => match format_of(begin) {
            Some(problem) => Err(DataError::file(path, problem)),
            None => Ok(Box::new(file)),
        },
        Some(compression) => {
            let mut text = decompress(compression, file).map_err(read_error)?;
            let begin = text.fill_buf().map_err(read_error)?;
            match format_of(begin) {
                Some(problem) => Err(DataError::file(path, problem)),
                None => Ok(text),
            }
        }
    }
}

fn decompress(compression: Compression, file: BufReader<File>) -> io::Result<TextReader> {
    fn buffered(decoder: impl Read + Send + 'static) -> TextReader {
        Box::new(BufReader::with_capacity(BUFFER_BYTES, decoder))
    }
    Ok(match compression {
        // A file may consist of several members, which some tools append in parallel.
        Compression::Gzip => buffered(MultiGzDecoder::new(file)),
        Compression::Zstandard => buffered(zstd::Decoder::with_buffer(file)?),
    })
}

/// Returns a message if the first bytes of a file are not those of UTF-8 text.
fn format_of(begin: &[u8]) -> Option<&'static str> {
    const SIGNATURES: [(&[u8], &str); 9] = [
        (
            b"\x1f\x8b",
            "is compressed with gzip: add `.gz` to its name, or decompress it",
        ),
        (
            b"\x28\xb5\x2f\xfd",
            "is compressed with Zstandard: add `.zst` to its name, or decompress it",
        ),
        (
            b"\xff\xfe",
            "is in UTF-16 and not in UTF-8: convert it, for example with `iconv -f UTF-16 -t UTF-8`",
        ),
        (
            b"\xfe\xff",
            "is in UTF-16 and not in UTF-8: convert it, for example with `iconv -f UTF-16 -t UTF-8`",
        ),
        (b"PAR1", "is a Parquet file: name it `.parquet`"),
        (b"PK\x03\x04", "is a zip archive: extract its files"),
        (b"BZh", "is compressed with bzip2: decompress it"),
        (b"\xfd7zXZ\x00", "is compressed with xz: decompress it"),
        (b"ARROW1", "is an Arrow IPC file: convert it to Parquet"),
    ];
    let signature = SIGNATURES
        .iter()
        .find(|(signature, _)| begin.starts_with(signature));
    if let Some((_, problem)) = signature {
        return Some(problem);
    }
    match begin {
        // Without a byte order mark. ASCII characters have one byte that is zero.
        [0, byte, ..] | [byte, 0, ..] if *byte != 0 => Some(
            "is in UTF-16 and not in UTF-8: convert it, for example with `iconv -f UTF-16LE -t UTF-8`",
        ),
        _ => None,
    }
}
