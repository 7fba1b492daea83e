// SPDX-License-Identifier: Apache-2.0

//! [`RawTable`]: a definition as it was written, each part with its place, not checked yet.

use std::ops::Range;

use crate::Spanned;

/// A table as written: keys are known and values are of the right kind, nothing else is.
#[derive(Clone, Debug)]
pub struct RawTable {
    /// `namespace.table`.
    pub name: Spanned<String>,
    /// The kind, as text.
    pub kind: Option<Spanned<String>>,
    /// For how many seconds rows live; a number beyond `i128` is written as its end.
    pub ttl_seconds: Option<Spanned<i128>>,
    /// The access level, as text.
    pub access_level: Option<Spanned<String>>,
    /// The version; a number beyond `i128` is written as its end.
    pub version: Option<Spanned<i128>>,
    /// The comment.
    pub comment: Option<Spanned<String>>,
    /// The primary key.
    pub primary_key: Option<RawKey>,
    /// Why there is no primary key.
    pub no_primary_key: Option<Spanned<String>>,
    /// The unique keys.
    pub unique: Option<Spanned<Vec<RawKey>>>,
    /// The name of the Rust row type.
    pub row: Option<Spanned<String>>,
    /// In the order of the file; the place is that of the header.
    pub columns: Spanned<Vec<RawColumn>>,
    /// Ids of dropped columns.
    pub reserved_ids: Vec<Spanned<i128>>,
    /// Names of dropped columns.
    pub reserved_names: Vec<Spanned<String>>,
}

/// Names of a key's columns, in key order.
pub type RawKey = Spanned<Vec<Spanned<String>>>;

/// A column as written.
#[derive(Clone, Debug)]
pub struct RawColumn {
    /// Its name.
    pub name: Spanned<String>,
    /// Its id.
    pub id: Spanned<i128>,
    /// Its type, in the type grammar.
    pub ty: RawText,
    /// Whether it may be null; no unless it says so.
    pub nullable: Option<Spanned<bool>>,
    /// Its default.
    pub default: Option<RawDefault>,
    /// The unit of its row field.
    pub unit: Option<Spanned<String>>,
    /// The Rust type of its row field.
    pub rust: Option<Spanned<String>>,
    /// The comment.
    pub comment: Option<Spanned<String>>,
}

/// A text that has places within.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawText {
    /// What it says, escapes resolved.
    pub value: String,
    /// Where it was written, quotes included.
    pub span: Range<usize>,
    /// Where its first byte is in the file, if it is there byte for byte, without escapes.
    pub content: Option<usize>,
}

impl RawText {
    /// The place in the file of a range of the value: the whole text if escapes blur it.
    pub fn place(&self, range: Range<usize>) -> Range<usize> {
        match self.content {
            Some(start) => start + range.start..start + range.end,
            None => self.span.clone(),
        }
    }
}

/// A default as written.
#[derive(Clone, Debug)]
pub struct RawDefault {
    /// The value.
    pub value: RawValue,
    /// Where it was written, quotes included.
    pub span: Range<usize>,
    /// The value as the file spells it, for messages.
    pub text: String,
}

/// A TOML value that can be a default.
#[derive(Clone, Debug)]
pub enum RawValue {
    /// `true`, `false`.
    Boolean(bool),
    /// Digits; a number beyond `i128` is written as its end.
    Integer(i128),
    /// With a point, an exponent, `inf` or `nan`.
    Float(f64),
    /// In quotes.
    Text(String),
    /// A date, a time, or both.
    Datetime(RawDatetime),
}

/// A date, a time of day, or both, with or without an offset from UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawDatetime {
    /// Year, month and day.
    pub date: Option<(u16, u8, u8)>,
    /// Hour, minute, second and nanosecond.
    pub time: Option<(u8, u8, u8, u32)>,
    /// Minutes east of UTC.
    pub offset: Option<i16>,
}
