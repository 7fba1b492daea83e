// SPDX-License-Identifier: Apache-2.0

//! What can be wrong with a data file: [`DataError`], which says where, and [`Problem`], which says
//! what about one value.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::path::PathBuf;

use arrow::error::ArrowError;
use datafusion::error::DataFusionError;
use kalamtable_model::{Column, ColumnType, TableDefinition};

/// A data file, or a folder of them, that does not fit its definition.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// It cannot be opened or read.
    #[error("{}: cannot be read: {source}", .path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It is about the file or folder as a whole, its header or its schema.
    #[error("{}: {message}", .path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong, and what to do.
        message: String,
    },
    /// A line that is not in the file's format.
    #[error("{}:{line}: {message}", .path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: u64,
        /// What is wrong, and what to do.
        message: String,
    },
    /// A value that does not fit its column.
    #[error(transparent)]
    Value(Box<BadValue>),
}

/// A value that does not fit its column.
#[derive(Debug)]
pub struct BadValue {
    /// The file.
    pub path: PathBuf,
    /// The line on which its row begins, from 1, in a format that has lines.
    pub line: Option<u64>,
    /// Its row, from 1; a header is none.
    pub row: Option<u64>,
    /// Its column.
    pub column: String,
    /// The declared type of the column.
    pub ty: ColumnType,
    /// Where in the value and what is wrong.
    pub misfit: Misfit,
}

impl fmt::Display for BadValue {
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
            self.misfit
        )
    }
}

impl std::error::Error for BadValue {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.misfit.problem {
            Problem::Arrow(error) => Some(error),
            Problem::Conversion(error) => Some(error),
            _ => None,
        }
    }
}

impl DataError {
    /// A problem of a file or folder as a whole.
    pub(crate) fn file(path: impl Into<PathBuf>, message: impl Into<String>) -> Self {
        DataError::File {
            path: path.into(),
            message: message.into(),
        }
    }

    /// A value of `column` that does not fit.
    pub(crate) fn value(
        path: impl Into<PathBuf>,
        line: Option<u64>,
        row: Option<u64>,
        column: &Column,
        misfit: Misfit,
    ) -> Self {
        DataError::Value(Box::new(BadValue {
            path: path.into(),
            line,
            row,
            column: column.name.to_string(),
            ty: column.ty.clone(),
            misfit,
        }))
    }
}

/// One of many values, and what is wrong with it.
#[derive(Debug)]
pub struct Misfit {
    /// Its position among the values.
    pub index: usize,
    /// Where inside it: `.routes[3]`; empty for the value itself.
    pub path: String,
    /// What was found, for a reader; `None` if there is nothing to show.
    pub found: Option<String>,
    /// What is wrong.
    pub problem: Problem,
}

impl Misfit {
    /// `found` at `index`, which has a problem.
    pub(crate) fn new(index: usize, found: Option<&str>, problem: Problem) -> Self {
        Misfit {
            index,
            path: String::new(),
            found: found.map(|found| shorten(found).into_owned()),
            problem,
        }
    }

    /// The same, seen from the value at `index` that it is inside of.
    pub(crate) fn inside(mut self, index: usize, segment: &str) -> Self {
        self.index = index;
        self.path.insert_str(0, segment);
        self
    }
}

impl fmt::Display for Misfit {
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

/// What is wrong with a value. The text follows the value itself.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// Null where none may be.
    #[error("null, but the definition does not allow null")]
    Null,
    /// An empty CSV field where no null may be.
    #[error("empty, which is null, but the definition does not allow null")]
    Empty,
    /// A key that an object lacks.
    #[error("missing, but the definition does not allow null")]
    Missing,
    /// Not the text of such a value.
    #[error("is not {expected}")]
    Malformed {
        /// What it should be, with an example where that helps.
        expected: &'static str,
    },
    /// More than the type holds.
    #[error("is out of range")]
    OutOfRange,
    /// More digits than would be kept.
    #[error("has more than {digits} digits after the point, and would have to be rounded")]
    Inexact {
        /// How many would be.
        digits: u8,
    },
    /// More digits before the point than the type has.
    #[error("has more than {digits} digits before the point")]
    TooLarge {
        /// How many it has.
        digits: u8,
    },
    /// Another length than the type's.
    #[error("has {found} {of}, not {expected}")]
    Length {
        /// What is counted.
        of: &'static str,
        /// The value's.
        found: usize,
        /// The type's.
        expected: usize,
    },
    /// A time without an offset in a column with a zone.
    #[error("has no offset from UTC: end it with `Z`, or an offset such as `+02:00`")]
    NoOffset,
    /// A time with an offset in a column without a zone.
    #[error("has an offset from UTC, but the type has no zone: leave it out")]
    Offset,
    /// A text outside of a closed set.
    #[error("is none of the labels{}", did_you_mean(.nearest.as_deref()))]
    NotALabel {
        /// The label that was meant, perhaps.
        nearest: Option<String>,
    },
    /// Not one JSON value.
    #[error("is not valid JSON: {0}")]
    NotJson(String),
    /// A JSON value of the wrong kind.
    #[error("is {found}, not {expected}")]
    Kind {
        /// What it should be.
        expected: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// A key that a struct does not have.
    #[error("is a key that the type does not have{}", did_you_mean(.nearest.as_deref()))]
    UnknownKey {
        /// The field that was meant, perhaps.
        nearest: Option<String>,
    },
    /// One key twice in one object.
    #[error("is there twice")]
    DuplicateKey,
    /// Arrow refused.
    #[error("does not fit: {0}")]
    Arrow(ArrowError),
    /// DataFusion could not give it the declared type.
    #[error("does not fit: {}", .0.strip_backtrace())]
    Conversion(Box<DataFusionError>),
}

/// The answer to an `INSERT` into a table over files.
pub(crate) fn read_only(definition: &TableDefinition) -> DataFusionError {
    let table = definition.name();
    DataFusionError::Plan(format!(
        "the files of `{table}` are read, but never written"
    ))
}

/// `; did you mean ..?`, or nothing.
pub(crate) fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |nearest| {
        format!("; did you mean `{nearest}`?")
    })
}

/// The word of `known` that was most likely meant by `word`.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Comparing takes time in proportion to both lengths, and names are short.
    if word.len() > kalamtable_model::limits::LABEL_BYTES {
        return None;
    }
    let lower = word.to_lowercase();
    let allowed = 1 + word.chars().count() / 4;
    known
        .into_iter()
        .map(|known| (strsim::osa_distance(&lower, &known.to_lowercase()), known))
        .filter(|(distance, known)| *distance <= allowed && *distance < known.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

const SHOWN_CHARS: usize = 60;

/// `text` on one line, cut where it would be too long for an error.
pub(crate) fn shorten(text: &str) -> Cow<'_, str> {
    let is_plain = |c: char| !c.is_control() && c != '`';
    if text.len() <= SHOWN_CHARS && text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let mut chars = text.chars();
    let mut shown = String::new();
    for c in chars.by_ref().take(SHOWN_CHARS) {
        match c {
            c if c.is_control() => shown.extend(c.escape_default()),
            c => shown.push(c),
        }
    }
    if chars.next().is_some() {
        shown.push_str("..");
    }
    Cow::Owned(shown)
}
