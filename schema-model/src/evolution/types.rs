// SPDX-License-Identifier: Apache-2.0

//! The table of types: the types to which a type can change.

use crate::types::{ColumnType, TimeUnit};

/// The relation between an earlier and a later type of a column, if each value of the earlier type
/// is a value of the later one with the same meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Promotion {
    /// The types are equal.
    Unchanged,
    /// An integer type to an integer type whose range contains its range.
    WiderInteger,
    /// `float` to `double`.
    FloatToDouble,
    /// A decimal to a decimal with no fewer digits on either side of the point.
    WiderDecimal,
    /// An integer of at most 32 bits to `double`.
    IntegerToDouble,
    /// An integer to a decimal with enough digits before the point.
    IntegerToDecimal,
    /// `date` to a `timestamp` without a zone: midnight of the day.
    DateToTimestamp,
    /// `bytes(16)` to `uuid`.
    BytesToUuid,
    /// An enum to an enum with further labels at the end.
    MoreLabels,
}

/// Returns the promotion by which values of type `from` are read as type `to`, or `None` if some
/// value has no equal value in `to`.
///
/// Lists, structs and maps are compared by the ids of their fields, and the promotion applies to
/// these fields. Here they have a promotion only to an equal type.
///
/// ```
/// use kalamtable_model::{ColumnType, Promotion, promotion};
///
/// let wider = promotion(&ColumnType::Int, &ColumnType::BigInt);
/// assert_eq!(wider, Some(Promotion::WiderInteger));
/// assert_eq!(promotion(&ColumnType::BigInt, &ColumnType::Double), None);
/// ```
pub fn promotion(from: &ColumnType, to: &ColumnType) -> Option<Promotion> {
    use ColumnType::{Date, Decimal, Double, Enum, FixedBytes, Float, Timestamp, Uuid};
    if from == to {
        return Some(Promotion::Unchanged);
    }
    let (applies, promotion) = match (from, to) {
        (Float, Double) => (true, Promotion::FloatToDouble),
        (FixedBytes(16), Uuid) => (true, Promotion::BytesToUuid),
        (Date, Timestamp { unit, zone: None }) => {
            (*unit != TimeUnit::Nanosecond, Promotion::DateToTimestamp)
        }
        (Enum(labels), Enum(more)) => (more.starts_with(labels), Promotion::MoreLabels),
        (
            Decimal { precision, scale },
            Decimal {
                precision: wider,
                scale: finer,
            },
        ) => (
            scale <= finer && precision - scale <= wider - finer,
            Promotion::WiderDecimal,
        ),
        (integer, Decimal { precision, scale }) => (
            digits(integer).is_some_and(|digits| digits <= precision - scale),
            Promotion::IntegerToDecimal,
        ),
        (integer, Double) => (
            is_within(integer, &ColumnType::Int),
            Promotion::IntegerToDouble,
        ),
        (integer, wider) => (is_within(integer, wider), Promotion::WiderInteger),
    };
    applies.then_some(promotion)
}

/// Returns the number of digits before the point that a decimal needs to represent an integer type.
/// As in Delta Lake, it is one more than `bigint` requires.
fn digits(integer: &ColumnType) -> Option<u8> {
    if is_within(integer, &ColumnType::Int) {
        Some(10)
    } else if is_within(integer, &ColumnType::BigInt) {
        Some(20)
    } else {
        None
    }
}

/// Returns whether both types are integers and `outer` contains all numbers of `inner`.
fn is_within(inner: &ColumnType, outer: &ColumnType) -> bool {
    match (inner.integer_range(), outer.integer_range()) {
        (Some((least, greatest)), Some((outer_least, outer_greatest))) => {
            outer_least <= least && greatest <= outer_greatest
        }
        _ => false,
    }
}

/// Returns the types to which a type can change, for help texts, or `None` if it cannot change.
pub(super) fn wider_types(ty: &ColumnType) -> Option<&'static str> {
    match ty {
        ColumnType::TinyInt => {
            Some("a wider signed integer, `double`, or a `decimal(p, s)` with `p - s` at least 10")
        }
        ColumnType::SmallInt => {
            Some("`int`, `bigint`, `double`, or a `decimal(p, s)` with `p - s` at least 10")
        }
        ColumnType::Int => {
            Some("`bigint`, `double`, or a `decimal(p, s)` with `p - s` at least 10")
        }
        ColumnType::BigInt => Some("a `decimal(p, s)` with `p - s` at least 20"),
        ColumnType::UTinyInt | ColumnType::USmallInt => {
            Some("a wider integer, `double`, or a `decimal(p, s)` with `p - s` at least 10")
        }
        ColumnType::UInt => {
            Some("`ubigint`, `bigint`, or a `decimal(p, s)` with `p - s` at least 20")
        }
        ColumnType::Float => Some("`double`"),
        ColumnType::Decimal { .. } => {
            Some("a `decimal` with no fewer digits on either side of the point")
        }
        ColumnType::Date => Some("`timestamp(s)`, `timestamp(ms)` or `timestamp`"),
        ColumnType::FixedBytes(16) => Some("`uuid`"),
        ColumnType::Enum(_) => Some("an enum with more labels at the end"),
        _ => None,
    }
}

/// Returns the types of [`wider_types`] in SQL.
pub(super) fn wider_sql_types(ty: &ColumnType) -> Option<&'static str> {
    match ty {
        ColumnType::Date => Some("`TIMESTAMP(0)`, `TIMESTAMP(3)` or `TIMESTAMP`"),
        ty => wider_types(ty),
    }
}
