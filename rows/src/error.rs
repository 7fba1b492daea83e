// SPDX-License-Identifier: Apache-2.0

//! What can go wrong between rows and Arrow: always with table, column and row.

use std::fmt;

use arrow::datatypes::{DataType, TimeUnit};
use arrow::error::ArrowError;
use kalamtable_model::TableName;

/// What can go wrong between a table's rows and Arrow.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RowError {
    /// A value does not fit its column, or its row's field.
    #[error("table `{table}`, column `{column}`{source}")]
    Value {
        /// The table.
        table: TableName,
        /// The column.
        column: String,
        /// Which row, where in it, and why not.
        source: ValueError,
    },
    /// A batch lacks a column that may not be null.
    #[error("table `{table}`: the batch has no column `{column}` (id {id}), which may not be null")]
    MissingColumn {
        /// The table.
        table: TableName,
        /// The column.
        column: String,
        /// Its id.
        id: i32,
    },
    /// A column position that the table does not have.
    #[error("table `{table}` has {columns} columns: there is none at position {position}")]
    NoSuchColumn {
        /// The table.
        table: TableName,
        /// How many columns it has.
        columns: usize,
        /// The position that was asked for.
        position: usize,
    },
    /// Arrow refused to make a batch.
    #[error("table `{table}`: {source}")]
    Batch {
        /// The table.
        table: TableName,
        /// Why.
        source: ArrowError,
    },
}

impl RowError {
    /// The same error, with the number of its row changed by `map`.
    #[must_use]
    pub fn map_row(mut self, map: impl FnOnce(usize) -> usize) -> Self {
        if let RowError::Value { source, .. } = &mut self {
            source.0.index = source.0.index.map(map);
        }
        self
    }
}

#[cfg(feature = "datafusion")]
impl From<RowError> for datafusion_common::DataFusionError {
    fn from(error: RowError) -> Self {
        datafusion_common::DataFusionError::External(Box::new(error))
    }
}

/// A value that does not fit: which, where inside it, and why not.
#[derive(Debug)]
pub struct ValueError(Box<ValueErrorParts>);

/// Boxed, so that what can fail returns little more than what it returns when it does not.
#[derive(Debug)]
struct ValueErrorParts {
    /// The position among the values, if it is about one of them.
    index: Option<usize>,
    /// From the inside out.
    path: Vec<PathSegment>,
    problem: Problem,
}

impl ValueError {
    /// A problem of the value at `index`.
    pub fn new(index: usize, problem: Problem) -> Self {
        ValueError(Box::new(ValueErrorParts {
            index: Some(index),
            path: Vec::new(),
            problem,
        }))
    }

    /// A problem of the array as a whole.
    pub fn whole(problem: Problem) -> Self {
        ValueError(Box::new(ValueErrorParts {
            index: None,
            path: Vec::new(),
            problem,
        }))
    }

    /// The position among the values, if it is about one of them.
    pub fn index(&self) -> Option<usize> {
        self.0.index
    }

    /// Why the value does not fit.
    pub fn problem(&self) -> &Problem {
        &self.0.problem
    }

    /// The same problem, seen from outside of `segment`.
    #[must_use]
    pub fn under(mut self, segment: PathSegment) -> Self {
        self.0.path.push(segment);
        self
    }

    /// The same problem with the value's position moved by `offset`.
    #[must_use]
    pub fn shifted(mut self, offset: usize) -> Self {
        self.0.index = self.0.index.map(|index| index + offset);
        self
    }

    /// The same problem, of the value at `index`: of the one around it, where it was inside of another.
    #[must_use]
    pub fn with_index(mut self, index: usize) -> Self {
        self.0.index = Some(index);
        self
    }

    /// A problem of an element, seen from the list at `list`, whose elements alone were counted.
    #[must_use]
    pub(crate) fn in_list_of(mut self, list: usize) -> Self {
        let segment = match self.0.index.replace(list) {
            Some(element) => PathSegment::Index(element),
            None => PathSegment::Item,
        };
        self.under(segment)
    }

    /// A problem of an element, seen from the lists that these offsets make.
    #[must_use]
    pub(crate) fn in_list(mut self, offsets: &[i32]) -> Self {
        match self.0.index {
            Some(element) => {
                // Empty lists share their neighbour's offset: the last list that begins at or
                // before the element is the one that holds it.
                let list = offsets
                    .partition_point(|&offset| offset as usize <= element)
                    .saturating_sub(1);
                let begin = offsets.get(list).map_or(0, |&offset| offset as usize);
                self.0.index = Some(list);
                self.under(PathSegment::Index(element.saturating_sub(begin)))
            }
            None => self.under(PathSegment::Item),
        }
    }
}

impl fmt::Display for ValueError {
    /// Begins with `, row 17: ` or `: `, to stand behind a table and a column.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(index) = self.0.index {
            write!(f, ", row {index}")?;
        }
        f.write_str(": ")?;
        if !self.0.path.is_empty() {
            f.write_str("$")?;
            for segment in self.0.path.iter().rev() {
                write!(f, "{segment}")?;
            }
            f.write_str(": ")?;
        }
        write!(f, "{}", self.0.problem)
    }
}

impl std::error::Error for ValueError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0.problem {
            Problem::Arrow(error) => Some(error),
            Problem::NotJson(error) | Problem::Other(error) => Some(error.as_ref()),
            _ => None,
        }
    }
}

/// One step from a column to a place inside its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathSegment {
    /// A struct's field.
    Field(String),
    /// An element of one list, or an entry of one map.
    Index(usize),
    /// The elements of all lists, or the values of all maps.
    Item,
    /// The keys of all maps.
    Key,
}

impl fmt::Display for PathSegment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PathSegment::Field(name) => write!(f, ".{name}"),
            PathSegment::Index(index) => write!(f, "[{index}]"),
            PathSegment::Item => f.write_str("[]"),
            PathSegment::Key => f.write_str(".key"),
        }
    }
}

/// Why a value does not fit.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// A null where none may be.
    #[error("null, but it may not be null")]
    Null,
    /// A struct's field is absent.
    #[error("missing, but it may not be null")]
    Missing,
    /// An array of another type.
    #[error("the type is {found}, but should be {expected}")]
    Type {
        /// The type it should have.
        expected: DataType,
        /// The type it has.
        found: DataType,
    },
    /// A list's values for a column that is none.
    #[error("a list cannot be a column of type {found}")]
    NotAList {
        /// The column's type.
        found: DataType,
    },
    /// A map's values for a column that is none.
    #[error("a map cannot be a column of type {found}")]
    NotAMap {
        /// The column's type.
        found: DataType,
    },
    /// A struct's values for a column that is none.
    #[error("a struct cannot be a column of type {found}")]
    NotAStruct {
        /// The column's type.
        found: DataType,
    },
    /// An embedding for a column that is none.
    #[error("an embedding cannot be a column of type {found}")]
    NotAnEmbedding {
        /// The column's type.
        found: DataType,
    },
    /// A time for a column that is none.
    #[error("a time cannot be a column of type {found}")]
    NotATime {
        /// The column's type.
        found: DataType,
    },
    /// A decimal for a column that is none.
    #[error("a decimal cannot be a column of type {found}")]
    NotADecimal {
        /// The column's type.
        found: DataType,
    },
    /// A time that has no exact value in the other unit.
    #[error("{units} {} cannot be told exactly in {}", unit_name(.from), unit_name(.to))]
    InexactTime {
        /// How many units.
        units: i64,
        /// Of which.
        from: TimeUnit,
        /// To be told in.
        to: TimeUnit,
    },
    /// A value with more digits than the column has.
    #[error("{value} cannot be told exactly {target}: {help}")]
    Inexact {
        /// The value.
        value: String,
        /// What has fewer digits, with its preposition.
        target: String,
        /// What can be done.
        help: String,
    },
    /// A time of no zone for a column that has one.
    #[error("`{name}` has no zone, and a column of type {found} has one: use `{instead}`")]
    NoZone {
        /// The column's type.
        found: DataType,
        /// The time's Rust type.
        name: &'static str,
        /// The Rust type for such a column.
        instead: &'static str,
    },
    /// An interval of months or days, where only nanoseconds can be.
    #[error("{months} months and {days} days have no fixed length: `{target}` cannot hold them")]
    NoFixedLength {
        /// The months.
        months: i32,
        /// The days.
        days: i32,
        /// The Rust type.
        target: &'static str,
    },
    /// A number that the target cannot hold.
    #[error("{value} is out of the range of {target}")]
    OutOfRange {
        /// The number.
        value: String,
        /// What cannot hold it.
        target: String,
    },
    /// Another length than the column's fixed one.
    #[error("the length is {found}, but should be {expected}")]
    Length {
        /// The column's.
        expected: usize,
        /// The value's.
        found: usize,
    },
    /// A text outside a closed set.
    #[error("`{found}` is none of {}", quoted(.labels))]
    NotALabel {
        /// The text.
        found: String,
        /// The set.
        labels: &'static [&'static str],
    },
    /// A text that is not JSON.
    #[error("the text is not JSON: {0}")]
    NotJson(Box<dyn std::error::Error + Send + Sync>),
    /// One key twice in a map.
    #[error("the key is in the map twice")]
    DuplicateMapKey,
    /// More bytes than one array can hold.
    #[error("more than 2 GiB of text or bytes in one batch: make smaller batches")]
    TooManyBytes,
    /// More elements than one array can hold.
    #[error("more than 2,147,483,647 elements in one batch: make smaller batches")]
    TooManyElements,
    /// Arrow refused.
    #[error("{0}")]
    Arrow(ArrowError),
    /// What a [`Value`](crate::Value) of another crate has to say.
    #[error("{0}")]
    Other(Box<dyn std::error::Error + Send + Sync>),
}

pub(crate) fn unit_name(unit: &TimeUnit) -> &'static str {
    match unit {
        TimeUnit::Second => "seconds",
        TimeUnit::Millisecond => "milliseconds",
        TimeUnit::Microsecond => "microseconds",
        TimeUnit::Nanosecond => "nanoseconds",
    }
}

fn quoted(labels: &[&str]) -> String {
    let quoted: Vec<String> = labels.iter().map(|label| format!("`{label}`")).collect();
    quoted.join(", ")
}
