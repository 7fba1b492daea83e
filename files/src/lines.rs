// SPDX-License-Identifier: Apache-2.0

//! [`Lines`]: reads a text file line by line, with line numbers, as UTF-8 and with a maximum
//! length.

use std::io::{BufRead, Read};
use std::path::{Path, PathBuf};

use crate::compression::{TextReader, open_text};
use crate::error::DataError;

/// The maximum length of a record of a text file. Without a limit, a quote that is never closed
/// would turn the rest of the file into one record in memory.
pub(crate) const MAX_RECORD_BYTES: usize = 64 * 1024 * 1024;

/// A text file that is read line by line.
pub(crate) struct Lines {
    path: PathBuf,
    reader: TextReader,
    line: Vec<u8>,
    /// The number of the last line that was read, from 1.
    number: u64,
}

impl Lines {
    pub(crate) fn open(path: &Path) -> Result<Self, DataError> {
        Ok(Lines {
            path: path.to_path_buf(),
            reader: open_text(path)?,
            line: Vec::new(),
            number: 0,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns an error about a line.
    pub(crate) fn problem(&self, line: u64, message: impl Into<String>) -> DataError {
        DataError::Line {
            path: self.path.clone(),
            line,
            message: message.into(),
        }
    }

    /// Returns the number and the text of the next line, including its line break, or `None` after
    /// the last line. Skips a byte order mark.
    pub(crate) fn next(&mut self) -> Result<Option<(u64, &str)>, DataError> {
        self.line.clear();
        self.number += 1;
        let number = self.number;
        let limit = MAX_RECORD_BYTES as u64 + 1;
        let read = self
            .reader
            .by_ref()
            .take(limit)
            .read_until(b'\n', &mut self.line);
        read.map_err(|source| DataError::Read {
            path: self.path.clone(),
            source,
        })?;
        if self.line.len() > MAX_RECORD_BYTES {
            return Err(self.problem(number, "the line is longer than 64 MiB"));
        }
        if self.line.is_empty() {
            return Ok(None);
        }
        match std::str::from_utf8(&self.line) {
            Ok(line) => {
                let mark = if number == 1 { "\u{feff}" } else { "" };
                Ok(Some((number, line.strip_prefix(mark).unwrap_or(line))))
            }
            Err(error) => {
                let at = error.valid_up_to();
                let byte = self.line[at];
                let message = format!("the line is not UTF-8: byte 0x{byte:02x} at offset {at}");
                Err(self.problem(number, message))
            }
        }
    }
}
