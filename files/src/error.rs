// SPDX-License-Identifier: Apache-2.0

//! Errors: [`Error`] for a folder, [`DataError`] for one file that does not fit its definition, and
//! [`ValueMismatch`] for one value.

use std::borrow::Cow;
use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use arrow::error::ArrowError;
use datafusion::error::DataFusionError;
use kalamtable_model::value_text::TextError;
use kalamtable_model::{Column, ColumnType, TableDefinition};

/// The reason why [`register_folder`](crate::register_folder) failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Files and folders that cannot be read, do not fit their definitions, or do not belong to
    /// exactly one definition. Never empty. No table was registered.
    #[error("{}", joined(.0))]
    Data(Vec<DataError>),
    /// DataFusion failed to register a table. Tables that precede it may have been registered.
    #[error(transparent)]
    DataFusion(#[from] DataFusionError),
}

fn joined(problems: &[DataError]) -> String {
    let lines: Vec<String> = problems.iter().map(DataError::to_string).collect();
    lines.join("\n")
}

/// A data file, or a folder of data files, that does not fit its definition.
///
/// A query over a registered table fails with [`DataFusionError::External`], which contains this
/// type.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// A file or folder that cannot be opened or read.
    #[error("{}: cannot be read: {source}", .path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// A problem of a file or folder as a whole, of its header or of its schema.
    #[error("{}: {message}", .path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// The problem and its fix.
        message: String,
    },
    /// A line that is not valid in the format of the file.
    #[error("{}:{line}: {message}", .path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The number of the line, from 1.
        line: u64,
        /// The problem and its fix.
        message: String,
    },
    /// A value that does not fit its column.
    #[error(transparent)]
    Value(Box<FileValueError>),
}

impl DataError {
    pub(crate) fn file(path: impl Into<PathBuf>, message: impl Into<String>) -> Self {
        DataError::File {
            path: path.into(),
            message: message.into(),
        }
    }

    pub(crate) fn value(
        path: impl Into<PathBuf>,
        line: Option<u64>,
        row: Option<u64>,
        column: &Column,
        mismatch: ValueMismatch,
    ) -> Self {
        DataError::Value(Box::new(FileValueError {
            path: path.into(),
            line,
            row,
            column: column.name.to_string(),
            ty: column.ty.clone(),
            mismatch,
        }))
    }
}

/// A value in a data file that does not fit its column.
#[derive(Debug)]
pub struct FileValueError {
    /// The file.
    pub path: PathBuf,
    /// The line on which the row begins, from 1; `None` for formats without lines.
    pub line: Option<u64>,
    /// The number of the row, from 1, without the header; `None` if it is unknown.
    pub row: Option<u64>,
    /// The name of the column.
    pub column: String,
    /// The declared type of the column.
    pub ty: ColumnType,
    /// The value, and the reason why it does not fit.
    pub mismatch: ValueMismatch,
}

impl fmt::Display for FileValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.path.display())?;
        if let Some(line) = self.line {
            write!(f, "{line}:")?;
        }
        if let Some(row) = self.row {
            write!(f, " row {row},")?;
        }
        let ty = self.ty.to_string();
        write!(
            f,
            " column `{}` ({}): {}",
            self.column,
            shorten(&ty),
            self.mismatch
        )
    }
}

impl std::error::Error for FileValueError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.mismatch.problem {
            ValueProblem::Text(error) => Some(error),
            ValueProblem::Arrow(error) => Some(error),
            ValueProblem::Conversion(error) => Some(error),
            _ => None,
        }
    }
}

/// A value that does not fit its column, with its position among the values that were checked.
#[derive(Debug)]
pub struct ValueMismatch {
    /// The position of the value among the values that were checked, from 0.
    pub index: usize,
    /// The path inside a nested value, such as `.routes[3]`; empty for the value itself.
    pub path: String,
    /// The value, shortened for display; `None` if it has no text.
    pub found: Option<String>,
    /// The reason why the value does not fit.
    pub problem: ValueProblem,
}

impl ValueMismatch {
    pub(crate) fn new(index: usize, found: Option<&str>, problem: ValueProblem) -> Self {
        ValueMismatch {
            index,
            path: String::new(),
            found: found.map(|found| shorten(found).into_owned()),
            problem,
        }
    }

    /// Converts the mismatch to one of the outer value at `index`, which contains this value at the
    /// path `segment`.
    pub(crate) fn inside(mut self, index: usize, segment: &str) -> Self {
        self.index = index;
        self.path.insert_str(0, segment);
        self
    }
}

impl fmt::Display for ValueMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "at `${}`: ", self.path)?;
        }
        if let Some(found) = &self.found {
            write!(f, "`{found}` ")?;
        }
        write!(f, "{}", self.problem)
    }
}

/// The reason why a value does not fit its column. The message follows the value itself.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ValueProblem {
    /// Null in a column, field or element that is not nullable.
    #[error("null, but the definition does not allow null")]
    Null,
    /// An empty CSV field in a column that is not nullable.
    #[error("empty, which is null, but the definition does not allow null")]
    Empty,
    /// A JSON object without the key of a column or field that is not nullable.
    #[error("missing, but the definition does not allow null")]
    Missing,
    /// A text that is not a value of the type.
    #[error(transparent)]
    Text(#[from] TextError),
    /// A value of another length than the type requires.
    #[error("has {found} {unit}, not {expected}")]
    Length {
        /// The unit of the length: bytes or elements.
        unit: &'static str,
        /// The length of the value.
        found: usize,
        /// The length that the type requires.
        expected: usize,
    },
    /// A JSON value of the wrong kind, such as a string instead of a number.
    #[error("is {found}, not {expected}")]
    JsonKind {
        /// The kind that the type requires.
        expected: &'static str,
        /// The kind of the value.
        found: &'static str,
    },
    /// A key of a JSON object that is not a field of the struct.
    #[error("is a key that the type does not have{}", did_you_mean(.nearest.as_deref()))]
    UnknownKey {
        /// The field that was probably meant.
        nearest: Option<String>,
    },
    /// A key that occurs twice in one JSON object.
    #[error("occurs twice")]
    DuplicateKey,
    /// Arrow cannot build an array with the value.
    #[error("does not fit: {0}")]
    Arrow(ArrowError),
    /// DataFusion cannot cast the value to the declared type.
    #[error("does not fit: {}", .0.strip_backtrace())]
    Conversion(Box<DataFusionError>),
}

/// Opens a file.
pub(crate) fn open(path: &Path) -> Result<File, DataError> {
    File::open(path).map_err(|source| DataError::Read {
        path: path.to_path_buf(),
        source,
    })
}

/// Returns the error of a column whose values cannot be read.
pub(crate) fn unreadable(path: &Path, column: &Column, error: &dyn fmt::Display) -> DataError {
    let name = &column.name;
    let message = format!("column `{name}` cannot be read, the file is damaged: {error}");
    DataError::file(path, message)
}

/// Returns the error of an `INSERT` into a table over files.
pub(crate) fn read_only(definition: &TableDefinition) -> DataFusionError {
    let table = definition.name();
    DataFusionError::Plan(format!("table `{table}` over data files is read-only"))
}

/// Returns the text after `name` in the message that a file has `column` twice: under one name, or
/// under its name and its source or an earlier name.
pub(crate) fn occurs_twice(column: &Column, name: &str) -> String {
    if column.source.is_none() && *column.name == *name {
        " occurs twice".to_string()
    } else {
        format!(" is a second column for `{}`", column.name)
    }
}

/// Returns `; did you mean ..?`, or an empty string.
pub(crate) fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |nearest| {
        format!("; did you mean `{nearest}`?")
    })
}

/// Returns the first few items of a list, and the number of the others.
pub(crate) fn shorten_list(items: &[String]) -> String {
    const MAX_SHOWN: usize = 8;
    match items.len().checked_sub(MAX_SHOWN) {
        None | Some(0) => items.join(", "),
        Some(others) => format!("{} and {others} others", items[..MAX_SHOWN].join(", ")),
    }
}

const MAX_SHOWN_CHARS: usize = 60;

/// Returns `text` on one line, cut to a length that suits an error message.
pub(crate) fn shorten(text: &str) -> Cow<'_, str> {
    let is_plain = |c: char| !c.is_control() && c != '`';
    if text.len() <= MAX_SHOWN_CHARS && text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let mut chars = text.chars();
    let mut shown = String::new();
    for c in chars.by_ref().take(MAX_SHOWN_CHARS) {
        if c.is_control() {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    if chars.next().is_some() {
        shown.push_str("..");
    }
    Cow::Owned(shown)
}
