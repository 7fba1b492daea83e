// SPDX-License-Identifier: Apache-2.0

//! Parses TOML text into a [`RawTable`]: syntax, known keys and the type of each value. The meaning
//! of the values is left to [`check`](crate::check).

mod keys;
mod reader;
mod shape;
mod syntax;
mod values;

use toml::de::DeTable;

pub(crate) use self::keys::{COLUMN_KEYS, RESERVED_KEYS, TABLE_KEYS};
use self::reader::Reader;
pub(crate) use self::values::parse_datetime;
use crate::diagnostic::Diagnostic;
use crate::limits;
use crate::raw::RawTable;
use crate::rule::Rule;
use crate::source::{SourceFile, SourceId, SourceSpan, Sources};

/// Parses one file of `sources`.
///
/// # Errors
/// All syntax errors, up to [`SYNTAX_ERRORS`](limits::SYNTAX_ERRORS), or one error if the text has
/// the conflict markers of a merge. If there are none, all
/// unknown and missing keys and all values of the wrong type. An unknown `source` and a text that
/// is too large, empty or binary are errors too.
pub fn parse(sources: &Sources, source: SourceId) -> Result<RawTable, Vec<Diagnostic>> {
    let Some(file) = sources.get(source) else {
        let message = "the file is not among the sources of this run";
        return Err(vec![Diagnostic::at_path(Rule::PathNotFound, "", message)]);
    };
    if let Some(problem) = reject_text(file, source) {
        return Err(vec![problem]);
    }
    let (document, errors) = DeTable::parse_recoverable(file.text());
    let mut reader = Reader::new(source, file.text());
    if !errors.is_empty() {
        // The text of a valid definition can contain markers in a string of several lines.
        if let Some(problem) = conflict_markers(file.text(), source) {
            return Err(vec![problem]);
        }
        reader.syntax_errors(file, document.get_ref(), &errors);
        return Err(reader.diagnostics);
    }
    match reader.table(document.get_ref()) {
        Some(table) if reader.diagnostics.is_empty() => Ok(table),
        _ => Err(reader.diagnostics),
    }
}

/// Returns the problem of a text that cannot be a definition, even if it is valid TOML.
fn reject_text(file: &SourceFile, source: SourceId) -> Option<Diagnostic> {
    let text = file.text();
    if text.len() as u64 > limits::FILE_BYTES {
        return Some(file_too_large(file.path(), text.len() as u64));
    }
    if let Some(at) = text.find('\0') {
        let span = SourceSpan::text(source, at..at + 1);
        let problem = Diagnostic::new(Rule::NulByte, span, "NUL byte in the text");
        return Some(
            problem.with_help("delete it, or restore the file: a definition is UTF-8 text"),
        );
    }
    let mut lines = text.trim_start_matches('\u{feff}').lines().map(str::trim);
    if lines.all(|line| line.is_empty() || line.starts_with('#')) {
        let message = if text.is_empty() {
            "the file is empty"
        } else {
            "the file contains no definition"
        };
        let problem = Diagnostic::at_path(Rule::EmptyFile, file.path(), message);
        return Some(problem.with_help(TEMPLATE));
    }
    None
}

/// Returns the problem of a text with the conflict markers of a merge, at the first marker.
fn conflict_markers(text: &str, source: SourceId) -> Option<Diagnostic> {
    let mut at = 0;
    let line = text.split_inclusive('\n').find_map(|line| {
        let start = at;
        at += line.len();
        let line = line.trim_end();
        let is_marker = ["<<<<<<< ", "||||||| ", ">>>>>>> "]
            .iter()
            .any(|marker| line.starts_with(marker));
        is_marker.then(|| start..start + line.len())
    })?;
    let message = "the definition has the conflict markers of a merge";
    let problem = Diagnostic::new(
        Rule::ConflictMarkers,
        SourceSpan::text(source, line),
        message,
    );
    let help = "resolve the conflict: keep the lines of one side, or combine them, and delete the \
                markers";
    Some(problem.with_help(help))
}

const TEMPLATE: &str = r#"delete it, or describe a table:
name        = "namespace.table"
primary_key = ["id"]

[columns]
id = { id = 1, type = "bigint" }"#;

/// Creates the problem of a file above the size limit, for callers that know the size before they
/// read the text.
#[doc(hidden)]
pub fn file_too_large(path: &str, bytes: u64) -> Diagnostic {
    let limit = limits::FILE_BYTES;
    let message = format!("the file has {bytes} bytes, more than the maximum of {limit}");
    Diagnostic::at_path(Rule::FileTooLarge, path, message)
        .with_help("a definition describes one table: split the file, or move it elsewhere")
}
