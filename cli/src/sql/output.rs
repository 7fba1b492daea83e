// SPDX-License-Identifier: Apache-2.0

//! Writes query results as a table, CSV or JSON: [`OutputFormat`], and a [`ResultWriter`] for each.
//!
//! Results are written as they arrive. CSV and JSON have the form of data files, so they can be
//! read back.

mod cells;
mod csv;
mod instants;
mod json;
mod table;
mod writer;

use std::io::Write;

use csv::CsvWriter;
use json::{JsonLayout, JsonWriter};
use table::{ExpandedWriter, TableWriter};
pub(crate) use writer::{OutputError, ResultWriter};

/// The format of query results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum OutputFormat {
    /// A table with borders
    Table,
    /// A header, then a line for each row
    Csv,
    /// An array with an object for each row
    Json,
    /// A line for each value
    #[value(skip)]
    Expanded,
}

impl OutputFormat {
    /// Creates a writer of results in this format.
    pub(crate) fn result_writer<'a>(self, writer: impl Write + 'a) -> Box<dyn ResultWriter + 'a> {
        match self {
            OutputFormat::Table => Box::new(TableWriter::new(writer)),
            OutputFormat::Csv => Box::new(CsvWriter::new(writer)),
            OutputFormat::Json => Box::new(JsonWriter::new(writer, JsonLayout::ARRAY)),
            OutputFormat::Expanded => Box::new(ExpandedWriter::new(writer)),
        }
    }
}

/// The format of a text file that `COPY` writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CopyFormat {
    /// A header, then a line for each row.
    Csv,
    /// An object for each row, one per line.
    JsonLines,
}

impl CopyFormat {
    /// Creates a writer of a file in this format.
    pub(crate) fn result_writer<'a>(
        self,
        file: impl Write + Send + 'a,
    ) -> Box<dyn ResultWriter + Send + 'a> {
        match self {
            CopyFormat::Csv => Box::new(CsvWriter::new(file)),
            CopyFormat::JsonLines => Box::new(JsonWriter::new(file, JsonLayout::LINES)),
        }
    }
}
