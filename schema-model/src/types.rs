// SPDX-License-Identifier: Apache-2.0

//! [`ColumnType`]: the types of columns and nested fields.

use crate::shared::Shared;

/// The unit in which a column or a row field counts time.
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
    /// All units, coarsest first.
    pub const ALL: [TimeUnit; 4] = [
        TimeUnit::Second,
        TimeUnit::Millisecond,
        TimeUnit::Microsecond,
        TimeUnit::Nanosecond,
    ];

    /// Returns the unit as definitions write it: `s`, `ms`, `us` or `ns`.
    pub const fn as_str(self) -> &'static str {
        match self {
            TimeUnit::Second => "s",
            TimeUnit::Millisecond => "ms",
            TimeUnit::Microsecond => "us",
            TimeUnit::Nanosecond => "ns",
        }
    }

    /// Returns the number of units per second.
    pub const fn per_second(self) -> i64 {
        match self {
            TimeUnit::Second => 1,
            TimeUnit::Millisecond => 1_000,
            TimeUnit::Microsecond => 1_000_000,
            TimeUnit::Nanosecond => 1_000_000_000,
        }
    }

    /// Returns the number of fractional digits of a second: 0, 3, 6 or 9.
    pub const fn fraction_digits(self) -> u8 {
        match self {
            TimeUnit::Second => 0,
            TimeUnit::Millisecond => 3,
            TimeUnit::Microsecond => 6,
            TimeUnit::Nanosecond => 9,
        }
    }
}

/// The type of a column or nested field.
///
/// `Display` writes the canonical text of the type in the type grammar, without optional spaces and
/// parameters.
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
    /// `decimal(p, s)`: `p` digits with `s` digits after the point; `1 <= p <= 38`, `s <= p`
    Decimal {
        /// The total number of digits.
        precision: u8,
        /// The number of digits after the point.
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
        /// The unit.
        unit: TimeUnit,
        /// The time zone in which values are shown. Without one, values are local times of an
        /// unknown zone.
        zone: Option<Shared<str>>,
    },
    /// `datetime`: microseconds, UTC
    DateTime,
    /// `interval`: months, days and nanoseconds
    Interval,
    /// `uuid`
    Uuid,
    /// `json`: text with one JSON value
    Json,
    /// `file`: a file reference of KalamDB, as JSON text
    File,
    /// `embedding(n)`: `n` floats that are not null
    Embedding(u32),
    /// `enum('a', 'b', ..)`: text from a closed set of labels
    Enum(Shared<[Shared<str>]>),
    /// `list<#id T>`
    List(Shared<NestedField>),
    /// `struct<#id name: T, ..>`
    Struct(Shared<[NestedField]>),
    /// `map<#id K, #id V>`
    Map(Shared<MapFields>),
    /// `arrow:<type>`: a type in the canonical notation of Arrow
    Arrow(Shared<str>),
}

/// A field inside of a column: the element of a list, a field of a struct, or the key or value of a
/// map.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NestedField {
    /// The id, which is unique in the table and never changes.
    pub id: i32,
    /// The name of a struct field. Otherwise `item`, `key` or `value`.
    pub name: Shared<str>,
    /// The type.
    pub ty: ColumnType,
    /// Whether the field is nullable.
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
    /// Returns the fields directly inside this type, without the fields inside those. The result is
    /// empty for types that are not nested.
    pub fn children(&self) -> Vec<&NestedField> {
        match self {
            ColumnType::List(element) => vec![element],
            ColumnType::Struct(fields) => fields.iter().collect(),
            ColumnType::Map(fields) => vec![&fields.key, &fields.value],
            _ => Vec::new(),
        }
    }

    /// Returns whether a column of a key, or the key of a map, can have this type. Excluded are
    /// floats, intervals, JSON, files, embeddings, nested types and `arrow:` types: equality of
    /// their values is not always what users expect.
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

    /// Returns the minimum and maximum of an integer type, or `None` for other types.
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

    /// Returns the unit of a timestamp, datetime or time, or `None` for other types.
    pub fn time_unit(&self) -> Option<TimeUnit> {
        match self {
            ColumnType::Timestamp { unit, .. } => Some(*unit),
            ColumnType::DateTime | ColumnType::Time => Some(TimeUnit::Microsecond),
            _ => None,
        }
    }
}
