// SPDX-License-Identifier: Apache-2.0

//! The table of types: the types to which a type can change.

use crate::types::{ColumnType, TimeUnit};

/// Returns whether every value of type `from` is a value of type `to` with the same meaning. The
/// types are not nested, or they are equal.
pub(super) fn reads_as(from: &ColumnType, to: &ColumnType) -> bool {
    use ColumnType::{Date, Decimal, Double, Enum, FixedBytes, Float, Timestamp, Uuid};
    if from == to {
        return true;
    }
    match (from, to) {
        (Float, Double) | (FixedBytes(16), Uuid) => true,
        (Date, Timestamp { unit, zone: None }) => *unit != TimeUnit::Nanosecond,
        (Enum(labels), Enum(more)) => more.starts_with(labels),
        (
            Decimal { precision, scale },
            Decimal {
                precision: wider,
                scale: finer,
            },
        ) => scale <= finer && precision - scale <= wider - finer,
        (integer, Decimal { precision, scale }) => {
            digits(integer).is_some_and(|digits| digits <= precision - scale)
        }
        (integer, Double) => is_within(integer, &ColumnType::Int),
        (integer, wider) => is_within(integer, wider),
    }
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
