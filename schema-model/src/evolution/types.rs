// SPDX-License-Identifier: Apache-2.0

//! Which types can be read as which: the table of types.

use crate::types::{ColumnType, TimeUnit};

/// Whether every value of type `from` is one of type `to` and means the same. Neither is nested, or they
/// are equal.
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

/// How many digits before the point a decimal has that an integer type may become: as Delta Lake has it,
/// one more than `bigint` needs.
fn digits(integer: &ColumnType) -> Option<u8> {
    if is_within(integer, &ColumnType::Int) {
        Some(10)
    } else if is_within(integer, &ColumnType::BigInt) {
        Some(20)
    } else {
        None
    }
}

/// Whether both are integer types, and the second has every number of the first.
fn is_within(inner: &ColumnType, outer: &ColumnType) -> bool {
    match (inner.integer_range(), outer.integer_range()) {
        (Some((least, greatest)), Some((outer_least, outer_greatest))) => {
            outer_least <= least && greatest <= outer_greatest
        }
        _ => false,
    }
}

/// What a type may become, as a help says it; none if nothing.
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
