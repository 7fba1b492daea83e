// SPDX-License-Identifier: Apache-2.0

//! Errors of conversions between rows and Arrow, with table, column, row and the path inside the
//! value.

use std::fmt;

use arrow::datatypes::{DataType, TimeUnit};
use arrow::error::ArrowError;
use kalamtable_model::{TableDefinition, TableName};

/// An error of a conversion between the rows of a table and Arrow.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RowError {
    /// A value does not fit its column, or the field of its row.
    #[error("table `{table}`, column `{column}`{source}")]
    Value {
        /// The table.
        table: TableName,
        /// The column.
        column: String,
        /// The row, the path inside the value, and the reason.
        source: ValueError,
    },
    /// A batch lacks a column that does not allow null.
    #[error(
        "table `{table}`: the batch lacks column `{column}` (id {id}), which does not allow null"
    )]
    MissingColumn {
        /// The table.
        table: TableName,
        /// The column.
        column: String,
        /// The id of the column.
        id: i32,
    },
    /// Several fields of a batch match one column.
    #[error(
        "table `{table}`: {fields} fields of the batch match column `{column}` (id {id}): rename or \
         remove all but one"
    )]
    AmbiguousColumn {
        /// The table.
        table: TableName,
        /// The column.
        column: String,
        /// The id of the column.
        id: i32,
        /// The number of fields.
        fields: usize,
    },
    /// A batch is read by name, and a field has the name of a column and another id, or the id of a
    /// column and another name.
    #[error(
        "table `{table}`: column `{column}` (id {id}) and field `{field}` (id {field_id}) of the batch have {}: \
         {READ_BY_ID}",
        equal_part(.column, .field)
    )]
    ContradictoryId {
        /// The table.
        table: TableName,
        /// The column.
        column: String,
        /// The id of the column.
        id: i32,
        /// The name of the field.
        field: Box<str>,
        /// The id of the field.
        field_id: Box<str>,
    },
    /// A column position that the table does not have.
    #[error("table `{table}` has no column at position {position}: it has {columns} columns")]
    NoSuchColumn {
        /// The table.
        table: TableName,
        /// The number of columns of the table.
        columns: usize,
        /// The requested position.
        position: usize,
    },
    /// A history that lacks the version under which rows were written.
    #[error(
        "table `{table}` has no version {version}: the current version is {current}, and the history \
         has {}",
        versions(.history)
    )]
    NoSuchVersion {
        /// The table.
        table: TableName,
        /// The version under which the rows were written.
        version: u32,
        /// The current version of the table.
        current: u32,
        /// The earlier versions that are known.
        history: Vec<u32>,
    },
    /// Rows of an earlier version that cannot be read as the current version.
    #[error("{source} (rows of version {from}, read as version {to})")]
    Migration {
        /// The version under which the rows were written.
        from: u32,
        /// The current version.
        to: u32,
        /// The table, the column, the row and the reason.
        source: Box<RowError>,
    },
    /// Arrow failed to build a batch.
    #[error("table `{table}`: {source}")]
    Batch {
        /// The table.
        table: TableName,
        /// The error of Arrow.
        source: ArrowError,
    },
}

/// The fix for a batch whose names and ids contradict each other.
const READ_BY_ID: &str = "read data of this table by id, as `FromArrow::from_batch_by_id` does, \
    and remove `PARQUET:field_id` from the fields of other data";

fn versions(history: &[u32]) -> String {
    if history.is_empty() {
        return "no version".to_string();
    }
    let versions: Vec<String> = history.iter().map(u32::to_string).collect();
    versions.join(", ")
}

fn equal_part(column: &str, field: &str) -> &'static str {
    if column == field {
        "the same name and different ids"
    } else {
        "the same id and different names"
    }
}

impl RowError {
    /// Returns the error with its row number, which counts from 0, replaced by the result of `map`.
    /// Use it if the rows of the error are a part of a larger sequence. An error without a row is
    /// unchanged.
    #[must_use]
    pub fn map_row(mut self, map: impl FnOnce(usize) -> usize) -> Self {
        match &mut self {
            RowError::Value { source, .. } => source.0.index = source.0.index.map(map),
            RowError::Migration { source: inner, .. } => {
                if let RowError::Value { source, .. } = &mut **inner {
                    source.0.index = source.0.index.map(map);
                }
            }
            _ => {}
        }
        self
    }
}

/// Returns `source` with the table and the column at `position` of the table.
pub(crate) fn value_error(
    definition: &TableDefinition,
    position: usize,
    source: ValueError,
) -> RowError {
    let column = definition.columns().get(position);
    RowError::Value {
        table: definition.name().clone(),
        column: column.map_or_else(|| position.to_string(), |column| column.name.to_string()),
        source,
    }
}

/// The error for an array of type `found` in place of one of type `expected`.
pub(crate) fn mismatch(found: &DataType, expected: &DataType) -> ValueError {
    ValueError::whole(InvalidValue::Type {
        expected: expected.clone(),
        found: found.clone(),
    })
}

#[cfg(feature = "datafusion")]
impl From<RowError> for datafusion_common::DataFusionError {
    fn from(error: RowError) -> Self {
        datafusion_common::DataFusionError::External(Box::new(error))
    }
}

/// The error of a value that does not fit: the position of the value, the path to the invalid part
/// inside the value, and the reason.
#[derive(Debug)]
pub struct ValueError(Box<ValueErrorParts>);

/// Boxed so that a `Result` is hardly larger than its success value.
#[derive(Debug)]
struct ValueErrorParts {
    /// The position of the value, or `None` if the error concerns the array.
    index: Option<usize>,
    /// The innermost segment comes first.
    path: Vec<PathSegment>,
    reason: InvalidValue,
}

impl ValueError {
    /// Creates an error of the value at `index`.
    pub fn new(index: usize, reason: InvalidValue) -> Self {
        ValueError(Box::new(ValueErrorParts {
            index: Some(index),
            path: Vec::new(),
            reason,
        }))
    }

    /// Creates an error of the array as a whole, such as an array of another type.
    pub fn whole(reason: InvalidValue) -> Self {
        ValueError(Box::new(ValueErrorParts {
            index: None,
            path: Vec::new(),
            reason,
        }))
    }

    /// Returns the position of the value in its array, from 0, or `None` if the error concerns the
    /// array as a whole.
    pub fn index(&self) -> Option<usize> {
        self.0.index
    }

    /// Returns the reason why the value does not fit.
    pub fn reason(&self) -> &InvalidValue {
        &self.0.reason
    }

    /// Returns the reason why the value does not fit, without its position.
    pub fn into_reason(self) -> InvalidValue {
        self.0.reason
    }

    /// Returns the path from the value to the part that does not fit, such as `.routes[3].topic`;
    /// it is empty for the value itself.
    pub fn path(&self) -> String {
        let segments = self.0.path.iter().rev();
        segments.map(PathSegment::to_string).collect()
    }

    /// Prepends `segment` to the path: the error of a part becomes an error of the value around it.
    #[must_use]
    pub fn under(mut self, segment: PathSegment) -> Self {
        self.0.path.push(segment);
        self
    }

    /// Adds `offset` to the position of the value.
    #[must_use]
    pub fn shifted(mut self, offset: usize) -> Self {
        self.0.index = self.0.index.map(|index| index + offset);
        self
    }

    /// Replaces the position of the value by `index`.
    #[must_use]
    pub fn with_index(mut self, index: usize) -> Self {
        self.0.index = Some(index);
        self
    }

    /// Converts the error of an element to an error of the list at `list`. The position of the
    /// element is counted from the beginning of that list.
    #[must_use]
    pub(crate) fn in_list_of(mut self, list: usize) -> Self {
        let segment = match self.0.index.replace(list) {
            Some(element) => PathSegment::Index(element),
            None => PathSegment::Item,
        };
        self.under(segment)
    }

    /// Converts the error of an element to an error of the list that contains the element. All
    /// lists have `length` elements.
    #[must_use]
    pub(crate) fn in_lists_of_length(mut self, length: usize) -> Self {
        let segment = match self.0.index {
            Some(element) => {
                self.0.index = Some(element / length.max(1));
                PathSegment::Index(element % length.max(1))
            }
            None => PathSegment::Item,
        };
        self.under(segment)
    }

    /// Converts the error of an element to an error of the list that contains the element. The
    /// position of the element is counted from the beginning of the first list; `offsets` are the
    /// offsets of all lists.
    #[must_use]
    pub(crate) fn in_list(mut self, offsets: &[i32]) -> Self {
        match self.0.index {
            Some(element) => {
                // Empty lists share the offset of the following list: the last list that begins at
                // or before the element contains it.
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
    /// Begins with `, row 17: ` or `: `, because it follows the names of a table and a column.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(index) = self.0.index {
            write!(f, ", row {index}")?;
        }
        f.write_str(": ")?;
        if !self.0.path.is_empty() {
            write!(f, "${}: ", self.path())?;
        }
        write!(f, "{}", self.0.reason)
    }
}

impl From<ArrowError> for ValueError {
    /// Creates an error of the array as a whole.
    fn from(error: ArrowError) -> Self {
        ValueError::whole(InvalidValue::Arrow(error))
    }
}

impl std::error::Error for ValueError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0.reason {
            InvalidValue::Arrow(error) => Some(error),
            InvalidValue::Other(error) => Some(error.as_ref()),
            _ => None,
        }
    }
}

/// One step of the path from a value to a part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathSegment {
    /// A field of a struct.
    Field(String),
    /// The element of a list, or the entry of a map, at this position.
    Index(usize),
    /// The elements of every list, or the values of every map.
    Item,
    /// The key of a map entry, or the keys of every map.
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

/// The reason why a value does not fit.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidValue {
    /// A null where null is not allowed.
    #[error("null, but null is not allowed")]
    Null,
    /// A struct is read by name, and a field has the name of another field or another id.
    #[error(
        "the id is {id}, but field `{field}` of the batch has id {field_id} at this place: {READ_BY_ID}"
    )]
    ContradictoryId {
        /// The id of the field in the definition.
        id: i32,
        /// The name of the field in the batch.
        field: String,
        /// The id of the field in the batch.
        field_id: String,
    },
    /// A struct lacks a field that does not allow null.
    #[error("missing, but null is not allowed")]
    Missing,
    /// A change of a type that the evolution rules do not allow.
    #[error("values of type `{}` cannot be read as `{}`", cut(.from), cut(.to))]
    TypeChanged {
        /// The earlier type.
        from: String,
        /// The later type.
        to: String,
    },
    /// The element of a list, or the key or value of a map, with another id than in the earlier
    /// type.
    #[error("the id is {found}, but was {earlier}")]
    IdChanged {
        /// The id in the later type.
        found: i32,
        /// The id in the earlier type.
        earlier: i32,
    },
    /// A field of a struct that the later type lacks.
    #[error("the field with id {id} was dropped: keep it, and allow null")]
    FieldDropped {
        /// The id of the field.
        id: i32,
    },
    /// A field of a struct that has another position in the later type.
    #[error(
        "the field with id {id} was moved: keep the order of the fields, and add fields at the end"
    )]
    FieldMoved {
        /// The id of the field.
        id: i32,
    },
    /// A field that allowed null in the earlier type, and does not allow it in the later type.
    #[error("null is not allowed, but was allowed before")]
    NullForbidden,
    /// An array of another type.
    #[error("the type is {found}, but should be {expected}")]
    Type {
        /// The type that it should have.
        expected: DataType,
        /// The type that it has.
        found: DataType,
    },
    /// Lists for a column of another type.
    #[error("a column of type {found} cannot hold lists")]
    NotAList {
        /// The type of the column.
        found: DataType,
    },
    /// Maps for a column of another type.
    #[error("a column of type {found} cannot hold maps")]
    NotAMap {
        /// The type of the column.
        found: DataType,
    },
    /// Structs for a column of another type.
    #[error("a column of type {found} cannot hold structs")]
    NotAStruct {
        /// The type of the column.
        found: DataType,
    },
    /// Times for a column of another type.
    #[error("a column of type {found} cannot hold times")]
    NotATime {
        /// The type of the column.
        found: DataType,
    },
    /// Decimals for a column of another type.
    #[error("a column of type {found} cannot hold decimals")]
    NotADecimal {
        /// The type of the column.
        found: DataType,
    },
    /// A time that is not a whole number of the other unit, or out of its range.
    #[error("{units} {} cannot be represented exactly in {}", unit_name(.from), unit_name(.to))]
    InexactTime {
        /// The number of units.
        units: i64,
        /// The unit of the value.
        from: TimeUnit,
        /// The unit that it should be converted to.
        to: TimeUnit,
    },
    /// A value with more digits than the column has.
    #[error("{value} cannot be represented exactly {target}: {help}")]
    Inexact {
        /// The value.
        value: String,
        /// The column or type that has fewer digits, with a preposition.
        target: String,
        /// The fix.
        help: String,
    },
    /// A time without a zone for a column that has a zone.
    #[error("`{name}` has no zone, but a column of type {found} has one: use `{instead}`")]
    NoZone {
        /// The type of the column.
        found: DataType,
        /// The Rust type of the time.
        name: &'static str,
        /// The Rust type for such a column.
        instead: &'static str,
    },
    /// An interval of months or days for a Rust type that holds only nanoseconds.
    #[error("{months} months and {days} days have no fixed length: `{target}` cannot hold them")]
    NoFixedLength {
        /// The number of months.
        months: i32,
        /// The number of days.
        days: i32,
        /// The Rust type.
        target: &'static str,
    },
    /// A value outside the range of a type.
    #[error("{value} is out of the range of {target}")]
    OutOfRange {
        /// The value.
        value: String,
        /// The type that cannot hold it.
        target: String,
    },
    /// A length other than the fixed length of the column.
    #[error("the length is {found}, but should be {expected}")]
    Length {
        /// The length that the column requires.
        expected: usize,
        /// The length of the value.
        found: usize,
    },
    /// A text that is not a label of a closed set.
    #[error("`{found}` is not one of {}", quoted(.labels))]
    NotALabel {
        /// The text.
        found: String,
        /// The labels, in the order of the definition.
        labels: Vec<String>,
    },
    /// A text that is not one JSON value.
    #[error("{} is not valid JSON: {reason}", shortened(.found))]
    NotJson {
        /// The text.
        found: String,
        /// The message of the JSON parser.
        reason: String,
    },
    /// A map that has the same key twice.
    #[error("the map has this key twice")]
    DuplicateMapKey,
    /// More bytes than one array can hold.
    #[error("more than 2 GiB of text or bytes in one batch: build smaller batches")]
    TooManyBytes,
    /// More elements than one array can hold.
    #[error("more than 2,147,483,647 elements in one batch: build smaller batches")]
    TooManyElements,
    /// An error of Arrow.
    #[error("{0}")]
    Arrow(ArrowError),
    /// An error of a [`Value`](crate::Value) that another crate implements.
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

fn quoted(labels: &[String]) -> String {
    let quoted: Vec<String> = labels.iter().map(|label| format!("`{label}`")).collect();
    quoted.join(", ")
}

/// Returns a type as an error shows it, truncated if it is long.
fn cut(ty: &str) -> String {
    match ty.char_indices().nth(MAX_SHOWN_CHARS) {
        Some((end, _)) => format!("{}..", &ty[..end]),
        None => ty.to_string(),
    }
}

/// The maximum number of characters of a text that an error shows.
const MAX_SHOWN_CHARS: usize = 60;

/// Returns `text` in backticks, without control characters and truncated if it is long.
fn shortened(text: &str) -> String {
    let mut chars = text.chars();
    let mut shown = String::from("`");
    for c in chars.by_ref().take(MAX_SHOWN_CHARS) {
        if c.is_control() {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown.push_str(if chars.next().is_some() { "..`" } else { "`" });
    shown
}
