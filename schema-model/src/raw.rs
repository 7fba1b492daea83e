// SPDX-License-Identifier: Apache-2.0

//! [`RawTable`]: a definition as it is written, each part with its position, before any check.

use std::ops::Range;

use crate::default_function::DefaultFunction;
use crate::source::{SourceSpan, Spanned};
use crate::types::ColumnType;

/// The syntax in which a definition is written. Help texts use it for the text that they suggest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Syntax {
    /// A TOML file.
    Toml,
    /// A Rust struct with `#[kalam(..)]` attributes. It has no literals for dates and times, so
    /// defaults of that type are strings.
    Rust,
    /// An SQL statement. Defaults that are dates and times are strings.
    Sql,
}

impl Syntax {
    /// Returns the alternative for this syntax.
    pub(crate) fn choose<T>(self, toml: T, rust: T, sql: T) -> T {
        match self {
            Syntax::Toml => toml,
            Syntax::Rust => rust,
            Syntax::Sql => sql,
        }
    }
}

/// A table as written: its keys are known and its values have the right TOML type. Nothing else
/// has been checked.
///
/// Start from [`RawTable::new`] and set the optional fields.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RawTable {
    /// The syntax of the source.
    pub syntax: Syntax,
    /// The name, `namespace.table`.
    pub name: Spanned<String>,
    /// The earlier name.
    pub renamed_from: Option<Spanned<String>>,
    /// The kind, as text.
    pub kind: Option<Spanned<String>>,
    /// The time-to-live of rows in seconds. Saturates at the bounds of `i128`.
    pub ttl_seconds: Option<Spanned<i128>>,
    /// The access level, as text.
    pub access_level: Option<Spanned<String>>,
    /// The version. Saturates at the bounds of `i128`.
    pub version: Option<Spanned<i128>>,
    /// The comment.
    pub comment: Option<Spanned<String>>,
    /// The primary key.
    pub primary_key: Option<RawKey>,
    /// The reason for having no primary key.
    pub no_primary_key: Option<Spanned<String>>,
    /// The unique keys.
    pub unique: Option<Spanned<Vec<RawKey>>>,
    /// The name of the Rust row type.
    pub row: Option<Spanned<String>>,
    /// The columns in the order of the file. The position is that of the header.
    pub columns: Spanned<Vec<RawColumn>>,
    /// The ids of dropped columns.
    pub reserved_ids: Vec<Spanned<i128>>,
    /// The names of dropped columns.
    pub reserved_names: Vec<Spanned<String>>,
}

impl RawTable {
    /// Creates a table with a name and columns, and without any of the optional fields.
    pub fn new(syntax: Syntax, name: Spanned<String>, columns: Spanned<Vec<RawColumn>>) -> Self {
        RawTable {
            syntax,
            name,
            renamed_from: None,
            kind: None,
            ttl_seconds: None,
            access_level: None,
            version: None,
            comment: None,
            primary_key: None,
            no_primary_key: None,
            unique: None,
            row: None,
            columns,
            reserved_ids: Vec::new(),
            reserved_names: Vec::new(),
        }
    }
}

/// The names of the columns of a key, in key order.
pub type RawKey = Spanned<Vec<Spanned<String>>>;

/// A column as written.
///
/// Start from [`RawColumn::new`] and set the optional fields.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RawColumn {
    /// The name.
    pub name: Spanned<String>,
    /// The id. Saturates at the bounds of `i128`.
    pub id: Spanned<i128>,
    /// The type, in the type grammar.
    pub ty: RawText,
    /// The earlier name.
    pub renamed_from: Option<Spanned<String>>,
    /// The name in files and foreign batches.
    pub source: Option<Spanned<String>>,
    /// Whether the column is nullable; `None` means that it is not.
    pub nullable: Option<Spanned<bool>>,
    /// The default.
    pub default: Option<RawDefault>,
    /// The unit of the row field.
    pub unit: Option<Spanned<String>>,
    /// The Rust type of the row field.
    pub rust: Option<Spanned<String>>,
    /// The Rust variants of labels.
    pub variants: Option<Spanned<Vec<RawVariant>>>,
    /// The reason why the column is deprecated.
    pub deprecated: Option<Spanned<String>>,
    /// The comment.
    pub comment: Option<Spanned<String>>,
}

impl RawColumn {
    /// Creates a column that is not nullable, without any of the optional fields.
    pub fn new(name: Spanned<String>, id: Spanned<i128>, ty: RawText) -> Self {
        RawColumn {
            name,
            id,
            ty,
            renamed_from: None,
            source: None,
            nullable: None,
            default: None,
            unit: None,
            rust: None,
            variants: None,
            deprecated: None,
            comment: None,
        }
    }
}

/// The Rust variant of a label, as written.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RawVariant {
    /// The label.
    pub label: Spanned<String>,
    /// The name of the variant.
    pub name: Spanned<String>,
}

impl RawVariant {
    /// Creates the variant `name` of `label`.
    pub fn new(label: Spanned<String>, name: Spanned<String>) -> Self {
        RawVariant { label, name }
    }
}

/// A text whose parts can have positions of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RawText {
    /// The text, with escapes resolved.
    pub value: String,
    /// The position of the whole text, including its quotes.
    pub span: SourceSpan,
    /// The relation between the text and its source.
    pub origin: TextOrigin,
}

/// The relation between a [`RawText`] and its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextOrigin {
    /// The source contains the text byte for byte, beginning at this offset.
    Verbatim(usize),
    /// The source contains the text with escapes, or has no offsets.
    Quoted,
    /// The text describes a Rust type, which is what the source contains.
    RustType,
}

impl RawText {
    /// Creates a text.
    pub fn new(value: impl Into<String>, span: SourceSpan, origin: TextOrigin) -> Self {
        RawText {
            value: value.into(),
            span,
            origin,
        }
    }

    /// Returns the position of a range of the text, or that of the whole text if the source does
    /// not contain it byte for byte.
    pub fn span_of(&self, range: Range<usize>) -> SourceSpan {
        match (&self.span, self.origin) {
            (SourceSpan::Text { source, .. }, TextOrigin::Verbatim(start)) => {
                SourceSpan::text(*source, start + range.start..start + range.end)
            }
            (span, _) => span.clone(),
        }
    }
}

/// A default as written.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RawDefault {
    /// The value.
    pub value: RawValue,
    /// The position of the value, including its quotes.
    pub span: SourceSpan,
    /// The value as the source spells it, for messages.
    pub text: String,
}

impl RawDefault {
    /// Creates a default that the source spells as `text`.
    pub fn new(value: RawValue, span: SourceSpan, text: impl Into<String>) -> Self {
        RawDefault {
            value,
            span,
            text: text.into(),
        }
    }
}

/// A value that can be a default.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum RawValue {
    /// `true` or `false`.
    Boolean(bool),
    /// An integer. Saturates at the bounds of `i128`.
    Integer(i128),
    /// A number with a point or an exponent, `inf` or `nan`.
    Float(f64),
    /// A string. In TOML and Rust, it can contain the call of a function, depending on the type of
    /// the column.
    Text(String),
    /// A date, a time of day, or both.
    Datetime(RawDatetime),
    /// The call of a function, in a syntax that tells it from a string.
    Call(DefaultFunction),
    /// A string with a type before it, such as `DATE '2024-02-29'` in SQL.
    Typed {
        /// The type of the value.
        ty: ColumnType,
        /// The string.
        text: String,
    },
}

/// A date, a time of day, or both, with or without an offset from UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RawDatetime {
    /// Year, month and day.
    pub date: Option<(u16, u8, u8)>,
    /// Hour, minute, second and nanosecond.
    pub time: Option<(u8, u8, u8, u32)>,
    /// The offset in minutes east of UTC.
    pub offset: Option<i16>,
}
