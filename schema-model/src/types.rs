// SPDX-License-Identifier: Apache-2.0

//! [`ColumnType`]: the types a column can have, and their canonical text.

use std::fmt;

use crate::shared::Shared;

/// The unit of a time: a column's in Arrow, or a row field's in Rust.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TimeUnit {
    /// Seconds, `s`.
    Second,
    /// Milliseconds, `ms`.
    Millisecond,
    /// Microseconds, `us`.
    Microsecond,
    /// Nanoseconds, `ns`.
    Nanosecond,
}

impl TimeUnit {
    /// Every unit, the coarsest first.
    pub const ALL: [TimeUnit; 4] = [
        TimeUnit::Second,
        TimeUnit::Millisecond,
        TimeUnit::Microsecond,
        TimeUnit::Nanosecond,
    ];

    /// The unit as definitions write it: `s`, `ms`, `us` or `ns`.
    pub const fn as_str(self) -> &'static str {
        match self {
            TimeUnit::Second => "s",
            TimeUnit::Millisecond => "ms",
            TimeUnit::Microsecond => "us",
            TimeUnit::Nanosecond => "ns",
        }
    }

    /// How many of this unit make one second.
    pub const fn per_second(self) -> i64 {
        match self {
            TimeUnit::Second => 1,
            TimeUnit::Millisecond => 1_000,
            TimeUnit::Microsecond => 1_000_000,
            TimeUnit::Nanosecond => 1_000_000_000,
        }
    }

    /// How many digits after the point of a second it has: 0, 3, 6 or 9.
    pub const fn fraction_digits(self) -> u8 {
        match self {
            TimeUnit::Second => 0,
            TimeUnit::Millisecond => 3,
            TimeUnit::Microsecond => 6,
            TimeUnit::Nanosecond => 9,
        }
    }
}

/// What a column, or a nested field, holds.
///
/// `Display` writes the canonical text: what a definition says under `type`, without spaces or
/// words that could be left out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ColumnType {
    /// `boolean`
    Boolean,
    /// `tinyint`: 8 bits, signed
    TinyInt,
    /// `smallint`: 16 bits, signed
    SmallInt,
    /// `int`: 32 bits, signed
    Int,
    /// `bigint`: 64 bits, signed
    BigInt,
    /// `utinyint`: 8 bits, unsigned
    UTinyInt,
    /// `usmallint`: 16 bits, unsigned
    USmallInt,
    /// `uint`: 32 bits, unsigned
    UInt,
    /// `ubigint`: 64 bits, unsigned
    UBigInt,
    /// `float`: 32 bits
    Float,
    /// `double`: 64 bits
    Double,
    /// `decimal(p, s)`: `p` digits, `s` of them after the point; `1 <= p <= 38`, `s <= p`
    Decimal {
        /// Digits in all.
        precision: u8,
        /// Digits after the point.
        scale: u8,
    },
    /// `text`: UTF-8
    Text,
    /// `bytes`: any length
    Bytes,
    /// `bytes(n)`: exactly `n` bytes
    FixedBytes(u32),
    /// `date`: days since 1970-01-01
    Date,
    /// `time`: microseconds since midnight
    Time,
    /// `timestamp`, `timestamp(unit)`, `timestamp(unit, 'zone')`
    Timestamp {
        /// What one step means.
        unit: TimeUnit,
        /// The zone in which it is shown; without one it is local to nobody.
        zone: Option<Shared<str>>,
    },
    /// `datetime`: microseconds, UTC
    DateTime,
    /// `interval`: months, days and nanoseconds
    Interval,
    /// `uuid`
    Uuid,
    /// `json`: text that is one JSON value
    Json,
    /// `file`: KalamDB's reference to a file, as JSON text
    File,
    /// `embedding(n)`: `n` floats, none of them null
    Embedding(u32),
    /// `enum('a', 'b', ..)`: text, closed to these labels
    Enum(Shared<[Shared<str>]>),
    /// `list<#id T>`
    List(Shared<NestedField>),
    /// `struct<#id name: T, ..>`
    Struct(Shared<[NestedField]>),
    /// `map<#id K, #id V>`
    Map(Shared<MapFields>),
    /// `arrow:<type>`: a type in Arrow's own notation, canonical
    Arrow(Shared<str>),
}

/// A field inside a column: a list's element, a struct's field, a map's key or value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NestedField {
    /// Unique in the table, for ever.
    pub id: i32,
    /// A struct field's name; `item`, `key` and `value` elsewhere.
    pub name: Shared<str>,
    /// What it holds.
    pub ty: ColumnType,
    /// Whether it may be null.
    pub nullable: bool,
}

/// The two fields of a map. The key is never null.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MapFields {
    /// The key, named `key`.
    pub key: NestedField,
    /// The value, named `value`.
    pub value: NestedField,
}

impl ColumnType {
    /// The fields directly inside: none for a primitive type.
    pub fn children(&self) -> Vec<&NestedField> {
        match self {
            ColumnType::List(element) => vec![element],
            ColumnType::Struct(fields) => fields.iter().collect(),
            ColumnType::Map(fields) => vec![&fields.key, &fields.value],
            _ => Vec::new(),
        }
    }

    /// Whether values of the type can be compared for equality, without surprises: what keys of tables
    /// and of maps need.
    pub const fn is_key_type(&self) -> bool {
        match self {
            ColumnType::Float
            | ColumnType::Double
            | ColumnType::Interval
            | ColumnType::Json
            | ColumnType::File
            | ColumnType::Embedding(_)
            | ColumnType::List(_)
            | ColumnType::Struct(_)
            | ColumnType::Map(_)
            | ColumnType::Arrow(_) => false,
            ColumnType::Boolean
            | ColumnType::TinyInt
            | ColumnType::SmallInt
            | ColumnType::Int
            | ColumnType::BigInt
            | ColumnType::UTinyInt
            | ColumnType::USmallInt
            | ColumnType::UInt
            | ColumnType::UBigInt
            | ColumnType::Decimal { .. }
            | ColumnType::Text
            | ColumnType::Bytes
            | ColumnType::FixedBytes(_)
            | ColumnType::Date
            | ColumnType::Time
            | ColumnType::Timestamp { .. }
            | ColumnType::DateTime
            | ColumnType::Uuid
            | ColumnType::Enum(_) => true,
        }
    }

    /// The least and the greatest number that an integer type holds; none for any other type.
    pub const fn integer_range(&self) -> Option<(i128, i128)> {
        match self {
            ColumnType::TinyInt => Some((i8::MIN as i128, i8::MAX as i128)),
            ColumnType::SmallInt => Some((i16::MIN as i128, i16::MAX as i128)),
            ColumnType::Int => Some((i32::MIN as i128, i32::MAX as i128)),
            ColumnType::BigInt => Some((i64::MIN as i128, i64::MAX as i128)),
            ColumnType::UTinyInt => Some((0, u8::MAX as i128)),
            ColumnType::USmallInt => Some((0, u16::MAX as i128)),
            ColumnType::UInt => Some((0, u32::MAX as i128)),
            ColumnType::UBigInt => Some((0, u64::MAX as i128)),
            _ => None,
        }
    }

    /// The unit of a type that measures time in units: a timestamp, a datetime or a time.
    pub fn time_unit(&self) -> Option<TimeUnit> {
        match self {
            ColumnType::Timestamp { unit, .. } => Some(*unit),
            ColumnType::DateTime | ColumnType::Time => Some(TimeUnit::Microsecond),
            _ => None,
        }
    }

    /// The name before any parameters: `decimal` of `decimal(10, 2)`.
    pub fn keyword(&self) -> &'static str {
        match self {
            ColumnType::Boolean => "boolean",
            ColumnType::TinyInt => "tinyint",
            ColumnType::SmallInt => "smallint",
            ColumnType::Int => "int",
            ColumnType::BigInt => "bigint",
            ColumnType::UTinyInt => "utinyint",
            ColumnType::USmallInt => "usmallint",
            ColumnType::UInt => "uint",
            ColumnType::UBigInt => "ubigint",
            ColumnType::Float => "float",
            ColumnType::Double => "double",
            ColumnType::Decimal { .. } => "decimal",
            ColumnType::Text => "text",
            ColumnType::Bytes | ColumnType::FixedBytes(_) => "bytes",
            ColumnType::Date => "date",
            ColumnType::Time => "time",
            ColumnType::Timestamp { .. } => "timestamp",
            ColumnType::DateTime => "datetime",
            ColumnType::Interval => "interval",
            ColumnType::Uuid => "uuid",
            ColumnType::Json => "json",
            ColumnType::File => "file",
            ColumnType::Embedding(_) => "embedding",
            ColumnType::Enum(_) => "enum",
            ColumnType::List(_) => "list",
            ColumnType::Struct(_) => "struct",
            ColumnType::Map(_) => "map",
            ColumnType::Arrow(_) => "arrow",
        }
    }
}

impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.keyword())?;
        match self {
            ColumnType::Decimal { precision, scale } => write!(f, "({precision}, {scale})"),
            ColumnType::FixedBytes(length) => write!(f, "({length})"),
            ColumnType::Embedding(length) => write!(f, "({length})"),
            ColumnType::Timestamp { unit, zone } => match (unit, zone) {
                (TimeUnit::Microsecond, None) => Ok(()),
                (unit, None) => write!(f, "({})", unit.as_str()),
                (unit, Some(zone)) => write!(f, "({}, {})", unit.as_str(), quote(zone)),
            },
            ColumnType::Enum(labels) => {
                for (index, label) in labels.iter().enumerate() {
                    f.write_str(if index == 0 { "(" } else { ", " })?;
                    f.write_str(&quote(label))?;
                }
                f.write_str(")")
            }
            ColumnType::List(element) => write!(f, "<{}>", Unnamed(element)),
            ColumnType::Struct(fields) => {
                for (index, field) in fields.iter().enumerate() {
                    f.write_str(if index == 0 { "<" } else { ", " })?;
                    write!(f, "#{} {}: {}", field.id, quote_name(&field.name), field.ty)?;
                    f.write_str(null_suffix(field))?;
                }
                f.write_str(">")
            }
            ColumnType::Map(fields) => {
                write!(f, "<{}, {}>", Unnamed(&fields.key), Unnamed(&fields.value))
            }
            ColumnType::Arrow(notation) => write!(f, ":{notation}"),
            _ => Ok(()),
        }
    }
}

/// A field whose name is pinned by its place, and therefore not written.
struct Unnamed<'a>(&'a NestedField);

impl fmt::Display for Unnamed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{} {}{}", self.0.id, self.0.ty, null_suffix(self.0))
    }
}

fn null_suffix(field: &NestedField) -> &'static str {
    if field.nullable { " null" } else { "" }
}

/// A text in single quotes, as the type grammar and SQL read it: a quote inside is doubled.
pub(crate) fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A struct field's name, quoted only where the grammar would not read it bare.
fn quote_name(name: &str) -> String {
    if is_bare_name(name) {
        name.to_string()
    } else {
        quote(name)
    }
}

/// Whether the type grammar reads `name` without quotes.
pub(crate) fn is_bare_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}
