// SPDX-License-Identifier: Apache-2.0

//! Text to Arrow: a column of primitive values, each exact or an error.
//!
//! | type | text |
//! |---|---|
//! | boolean | `true` or `false`, in any case |
//! | integers | digits, with a sign if need be |
//! | float, double | `1.5`, `1e-3`, `NaN`, `inf`, `-inf` |
//! | decimal | `-12.50`; what would have to be rounded is an error |
//! | text, file, json, enum | itself; json and file are one JSON value, an enum one of its labels |
//! | bytes | hexadecimal digits, two for each byte |
//! | date | `2024-02-29` |
//! | time | `23:59:59.999999` |
//! | timestamp, datetime | date, `T` or a space, time; then `Z` or `+02:00` if the type has a zone, and only then |
//! | interval | `1 mons 2 days 3.5 secs` |
//! | uuid | `67e55044-10b1-426f-9247-bb680e5fe0c8` |

use std::sync::Arc;

use arrow::array::types::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, IntervalMonthDayNanoType, Time64MicrosecondType,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow::array::{
    ArrayRef, BinaryBuilder, BooleanBuilder, FixedSizeBinaryBuilder, PrimitiveBuilder,
    StringBuilder,
};
use arrow::compute::kernels::cast_utils::parse_interval_month_day_nano;
use arrow::datatypes::DataType;
use chrono::{Datelike, NaiveDate};
use kalamtable_model::{ColumnType, Shared, TimeUnit};
use serde::de::IgnoredAny;

use crate::problem::{Misfit, Problem, nearest};

/// Whether [`build`] makes columns of type `ty`.
pub(crate) fn is_textual(ty: &ColumnType) -> bool {
    match ty {
        ColumnType::Embedding(_)
        | ColumnType::List(_)
        | ColumnType::Struct(_)
        | ColumnType::Map(_) => false,
        ColumnType::Arrow(_) => is_text_type(&ty.arrow_type()),
        _ => true,
    }
}

fn is_text_type(ty: &DataType) -> bool {
    match ty {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, values) => is_text_type(values),
        _ => false,
    }
}

/// The column of type `ty` whose values these texts are; `None` is null, whether the column allows
/// it or not.
///
/// # Errors
/// The first text that is no value of the type.
pub(crate) fn build(ty: &ColumnType, values: &[Option<&str>]) -> Result<ArrayRef, Misfit> {
    match ty {
        ColumnType::Boolean => booleans(values),
        ColumnType::TinyInt => primitives::<Int8Type>(ty, values, integer),
        ColumnType::SmallInt => primitives::<Int16Type>(ty, values, integer),
        ColumnType::Int => primitives::<Int32Type>(ty, values, integer),
        ColumnType::BigInt => primitives::<Int64Type>(ty, values, integer),
        ColumnType::UTinyInt => primitives::<UInt8Type>(ty, values, integer),
        ColumnType::USmallInt => primitives::<UInt16Type>(ty, values, integer),
        ColumnType::UInt => primitives::<UInt32Type>(ty, values, integer),
        ColumnType::UBigInt => primitives::<UInt64Type>(ty, values, integer),
        ColumnType::Float => primitives::<Float32Type>(ty, values, |text| {
            let value: f32 = number(text)?;
            in_range(value, value.is_infinite() && has_digit(text))
        }),
        ColumnType::Double => primitives::<Float64Type>(ty, values, |text| {
            let value: f64 = number(text)?;
            in_range(value, value.is_infinite() && has_digit(text))
        }),
        ColumnType::Decimal { precision, scale } => {
            primitives::<Decimal128Type>(ty, values, |text| decimal(text, *precision, *scale))
        }
        ColumnType::Text => texts(values, |_| Ok(())),
        ColumnType::Json | ColumnType::File => texts(values, json),
        ColumnType::Enum(labels) => texts(values, |text| label(text, labels)),
        ColumnType::Bytes => bytes(values),
        ColumnType::FixedBytes(length) => fixed_bytes(values, *length as usize, hexadecimal),
        ColumnType::Uuid => fixed_bytes(values, 16, uuid),
        ColumnType::Date => primitives::<Date32Type>(ty, values, date),
        ColumnType::Time => primitives::<Time64MicrosecondType>(ty, values, |text| {
            let nanos = time(text).ok_or(Problem::Malformed {
                expected: "a time such as `23:59:59.5`",
            })?;
            exact_units(nanos.into(), TimeUnit::Microsecond)
        }),
        ColumnType::Timestamp { unit, zone } => timestamps(ty, values, *unit, zone.is_some()),
        ColumnType::DateTime => timestamps(ty, values, TimeUnit::Microsecond, true),
        ColumnType::Interval => primitives::<IntervalMonthDayNanoType>(ty, values, |text| {
            parse_interval_month_day_nano(text).map_err(|_| Problem::Malformed {
                expected: "an interval such as `1 mons 2 days 3.5 secs`",
            })
        }),
        ColumnType::Arrow(_) => {
            let array = texts(values, |_| Ok(()))?;
            arrow::compute::cast(&array, &ty.arrow_type())
                .map_err(|error| Misfit::new(0, None, Problem::Arrow(error)))
        }
        // These are not textual. `ColumnType` may gain types, too.
        _ => Err(Misfit::new(0, None, NOT_TEXT)),
    }
}

const NOT_TEXT: Problem = Problem::Malformed {
    expected: "a value that text can hold",
};

fn primitives<T: ArrowPrimitiveType>(
    ty: &ColumnType,
    values: &[Option<&str>],
    parse: impl Fn(&str) -> Result<T::Native, Problem>,
) -> Result<ArrayRef, Misfit> {
    let mut builder =
        PrimitiveBuilder::<T>::with_capacity(values.len()).with_data_type(ty.arrow_type());
    for (index, text) in values.iter().enumerate() {
        builder.append_option(parsed(index, *text, &parse)?);
    }
    Ok(Arc::new(builder.finish()))
}

/// `text` parsed, with its place if it has a problem.
fn parsed<T>(
    index: usize,
    text: Option<&str>,
    parse: impl Fn(&str) -> Result<T, Problem>,
) -> Result<Option<T>, Misfit> {
    let result = text.map(parse).transpose();
    result.map_err(|problem| Misfit::new(index, text, problem))
}

fn booleans(values: &[Option<&str>]) -> Result<ArrayRef, Misfit> {
    let mut builder = BooleanBuilder::with_capacity(values.len());
    for (index, text) in values.iter().enumerate() {
        builder.append_option(parsed(index, *text, |text| {
            if text.eq_ignore_ascii_case("true") {
                Ok(true)
            } else if text.eq_ignore_ascii_case("false") {
                Ok(false)
            } else {
                Err(Problem::Malformed {
                    expected: "`true` or `false`",
                })
            }
        })?);
    }
    Ok(Arc::new(builder.finish()))
}

fn texts(
    values: &[Option<&str>],
    check: impl Fn(&str) -> Result<(), Problem>,
) -> Result<ArrayRef, Misfit> {
    let bytes = values.iter().flatten().map(|text| text.len()).sum();
    let mut builder = StringBuilder::with_capacity(values.len(), bytes);
    for (index, text) in values.iter().enumerate() {
        parsed(index, *text, &check)?;
        builder.append_option(*text);
    }
    Ok(Arc::new(builder.finish()))
}

fn bytes(values: &[Option<&str>]) -> Result<ArrayRef, Misfit> {
    let bytes: usize = values.iter().flatten().map(|text| text.len() / 2).sum();
    let mut builder = BinaryBuilder::with_capacity(values.len(), bytes);
    for (index, text) in values.iter().enumerate() {
        builder.append_option(parsed(index, *text, hexadecimal)?);
    }
    Ok(Arc::new(builder.finish()))
}

fn fixed_bytes(
    values: &[Option<&str>],
    length: usize,
    parse: impl Fn(&str) -> Result<Vec<u8>, Problem>,
) -> Result<ArrayRef, Misfit> {
    // The checks keep lengths far below 31 bits.
    let mut builder = FixedSizeBinaryBuilder::with_capacity(values.len(), length as i32);
    for (index, text) in values.iter().enumerate() {
        match parsed(index, *text, &parse)? {
            Some(bytes) => {
                let found = bytes.len();
                builder.append_value(bytes).map_err(|_| {
                    let problem = Problem::Length {
                        of: "bytes",
                        found,
                        expected: length,
                    };
                    Misfit::new(index, *text, problem)
                })?;
            }
            None => builder.append_null(),
        }
    }
    Ok(Arc::new(builder.finish()))
}

fn timestamps(
    ty: &ColumnType,
    values: &[Option<&str>],
    unit: TimeUnit,
    has_zone: bool,
) -> Result<ArrayRef, Misfit> {
    let parse = |text: &str| timestamp(text, unit, has_zone);
    match unit {
        TimeUnit::Second => primitives::<TimestampSecondType>(ty, values, parse),
        TimeUnit::Millisecond => primitives::<TimestampMillisecondType>(ty, values, parse),
        TimeUnit::Microsecond => primitives::<TimestampMicrosecondType>(ty, values, parse),
        TimeUnit::Nanosecond => primitives::<TimestampNanosecondType>(ty, values, parse),
    }
}

fn integer<T: std::str::FromStr>(text: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| {
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        match !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            true => Problem::OutOfRange,
            false => Problem::Malformed {
                expected: "a whole number",
            },
        }
    })
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| Problem::Malformed {
        expected: "a number",
    })
}

fn has_digit(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
}

fn in_range<T>(value: T, is_out_of_range: bool) -> Result<T, Problem> {
    match is_out_of_range {
        true => Err(Problem::OutOfRange),
        false => Ok(value),
    }
}

/// The unscaled value.
fn decimal(text: &str, precision: u8, scale: u8) -> Result<i128, Problem> {
    const MALFORMED: Problem = Problem::Malformed {
        expected: "a decimal such as `-12.50`",
    };
    let (is_negative, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() && fraction.is_empty() || !is_number(whole) || !is_number(fraction) {
        return Err(MALFORMED);
    }
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > usize::from(scale) {
        return Err(Problem::Inexact { digits: scale });
    }
    let whole = whole.trim_start_matches('0');
    if whole.len() > usize::from(precision.saturating_sub(scale)) {
        return Err(Problem::TooLarge {
            digits: precision.saturating_sub(scale),
        });
    }
    let zeros = usize::from(scale) - fraction.len();
    let digits = whole.bytes().chain(fraction.bytes());
    let digits = digits.chain(std::iter::repeat_n(b'0', zeros));
    // At most 38 digits, which fit.
    let value = digits.fold(0i128, |value, digit| value * 10 + i128::from(digit - b'0'));
    Ok(if is_negative { -value } else { value })
}

/// Whether `text` is one of the labels of a closed set.
pub(crate) fn label(text: &str, labels: &[Shared<str>]) -> Result<(), Problem> {
    if labels.iter().any(|label| **label == *text) {
        return Ok(());
    }
    let nearest = nearest(text, labels.iter().map(|label| &**label));
    let nearest = nearest.map(str::to_string);
    Err(Problem::NotALabel { nearest })
}

/// Whether `text` is one JSON value.
pub(crate) fn json(text: &str) -> Result<(), Problem> {
    serde_json::from_str::<IgnoredAny>(text)
        .map(|_| ())
        .map_err(|error| Problem::NotJson(json_message(&error)))
}

/// What the parser says, without the line where there is but one.
pub(crate) fn json_message(error: &serde_json::Error) -> String {
    let message = error.to_string();
    match message.strip_suffix(&format!(" at line 1 column {}", error.column())) {
        Some(message) => format!("{message} at character {}", error.column()),
        None => message,
    }
}

fn hexadecimal(text: &str) -> Result<Vec<u8>, Problem> {
    hex(text).ok_or(Problem::Malformed {
        expected: "bytes in hexadecimal, two digits each",
    })
}

fn uuid(text: &str) -> Result<Vec<u8>, Problem> {
    const GROUPS: [usize; 5] = [8, 4, 4, 4, 12];
    let is_uuid = text.split('-').map(str::len).eq(GROUPS);
    let bytes = is_uuid.then(|| hex(&text.replace('-', ""))).flatten();
    bytes.ok_or(Problem::Malformed {
        expected: "a uuid such as `67e55044-10b1-426f-9247-bb680e5fe0c8`",
    })
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let bytes = pairs
        .iter()
        .map(|&[high, low]| Some((digit(high)? * 16 + digit(low)?) as u8));
    bytes
        .collect::<Option<Vec<u8>>>()
        .filter(|_| rest.is_empty())
}

fn date(text: &str) -> Result<i32, Problem> {
    const MALFORMED: Problem = Problem::Malformed {
        expected: "a date such as `2024-02-29`",
    };
    let days = days(text).ok_or(MALFORMED)?;
    i32::try_from(days).map_err(|_| Problem::OutOfRange)
}

/// Days since 1970-01-01.
fn days(text: &str) -> Option<i64> {
    let (is_signed, year_and_rest) = match text.strip_prefix(['-', '+']) {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let mut parts = year_and_rest.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    // ISO 8601 wants a sign before a year of more than four digits.
    let is_year = year.len() == 4 || is_signed && year.len() > 4;
    if !is_year || parts.next().is_some() {
        return None;
    }
    let year: i32 = digits(year, year.len())?.try_into().ok()?;
    let year = if text.starts_with('-') { -year } else { year };
    let date = NaiveDate::from_ymd_opt(year, digits(month, 2)?, digits(day, 2)?)?;
    const DAYS_TO_1970: i64 = 719_163;
    Some(i64::from(date.num_days_from_ce()) - DAYS_TO_1970)
}

/// Nanoseconds since midnight.
fn time(text: &str) -> Option<i64> {
    let (clock, fraction) = match text.split_once('.') {
        Some((clock, fraction)) => (clock, Some(fraction)),
        None => (text, None),
    };
    let mut parts = clock.split(':');
    let hour = digits(parts.next()?, 2).filter(|hour| *hour < 24)?;
    let minute = digits(parts.next()?, 2).filter(|minute| *minute < 60)?;
    let second = parts.next().map_or(Some(0), |second| digits(second, 2));
    let second = second.filter(|second| *second < 60)?;
    if parts.next().is_some() {
        return None;
    }
    let nanos = match fraction {
        None => 0,
        Some(fraction) if (1..=9).contains(&fraction.len()) && clock.len() == 8 => {
            digits(fraction, fraction.len())? * 10u32.pow(9 - fraction.len() as u32)
        }
        Some(_) => return None,
    };
    let seconds = i64::from(hour * 3600 + minute * 60 + second);
    Some(seconds * 1_000_000_000 + i64::from(nanos))
}

/// Units since 1970-01-01, midnight.
fn timestamp(text: &str, unit: TimeUnit, has_zone: bool) -> Result<i64, Problem> {
    let malformed = || Problem::Malformed {
        expected: match has_zone {
            true => "a timestamp such as `2024-02-29T23:59:59Z`",
            false => "a timestamp such as `2024-02-29T23:59:59`",
        },
    };
    let (date, rest) = text.split_once(['T', ' ']).ok_or_else(malformed)?;
    let offset_at = rest.find(['Z', '+', '-']);
    let (clock, offset) = rest.split_at(offset_at.unwrap_or(rest.len()));
    let days = days(date).ok_or_else(malformed)?;
    let nanos = time(clock).ok_or_else(malformed)?;
    let offset = match (offset, has_zone) {
        ("", false) => 0,
        ("", true) => return Err(Problem::NoOffset),
        (offset, _) => {
            let seconds = offset_seconds(offset).ok_or_else(malformed)?;
            if !has_zone {
                return Err(Problem::Offset);
            }
            seconds
        }
    };
    let seconds = i128::from(days * 86_400 - offset);
    exact_units(seconds * 1_000_000_000 + i128::from(nanos), unit)
}

/// `Z`, `+02:00` or `+0200`, in seconds.
fn offset_seconds(text: &str) -> Option<i64> {
    if text == "Z" {
        return Some(0);
    }
    let (hour, minute) = match text.get(1..)?.split_once(':') {
        Some(parts) => parts,
        None => text.get(1..)?.split_at_checked(2)?,
    };
    let hour = digits(hour, 2).filter(|hour| *hour < 24)?;
    let minute = digits(minute, 2).filter(|minute| *minute < 60)?;
    let seconds = i64::from(hour * 3600 + minute * 60);
    Some(if text.starts_with('-') {
        -seconds
    } else {
        seconds
    })
}

/// Nanoseconds in `unit`, if it can tell them.
fn exact_units(nanos: i128, unit: TimeUnit) -> Result<i64, Problem> {
    let step = i128::from(1_000_000_000 / unit.per_second());
    if nanos % step != 0 {
        return Err(Problem::Inexact {
            digits: match unit {
                TimeUnit::Second => 0,
                TimeUnit::Millisecond => 3,
                TimeUnit::Microsecond => 6,
                TimeUnit::Nanosecond => 9,
            },
        });
    }
    i64::try_from(nanos / step).map_err(|_| Problem::OutOfRange)
}

/// Exactly `count` digits.
fn digits(text: &str, count: usize) -> Option<u32> {
    let is_number = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use kalamtable_model::{ColumnType, Shared, TimeUnit};

    use super::build;
    use crate::values::show;

    /// Each text with what becomes of it, one a line.
    fn check(ty: ColumnType, texts: &[&str], expect: Expect) {
        let lines = texts.iter().map(|text| match build(&ty, &[Some(text)]) {
            Ok(array) => format!("{text} -> {}\n", show(&array, 0).unwrap()),
            Err(misfit) => format!("{misfit}\n"),
        });
        expect.assert_eq(&lines.collect::<String>());
    }

    #[test]
    fn booleans() {
        check(
            ColumnType::Boolean,
            &["true", "FALSE", "1", "t", " true"],
            expect![[r#"
                true -> true
                FALSE -> false
                `1` is not `true` or `false`
                `t` is not `true` or `false`
                ` true` is not `true` or `false`
            "#]],
        );
    }

    #[test]
    fn integers() {
        let texts = [
            "127", "-128", "+7", "007", "128", "1e2", "1.0", "-", "0x1", "1_000", " 1",
        ];
        check(
            ColumnType::TinyInt,
            &texts,
            expect![[r#"
            127 -> 127
            -128 -> -128
            +7 -> 7
            007 -> 7
            `128` is out of range
            `1e2` is not a whole number
            `1.0` is not a whole number
            `-` is not a whole number
            `0x1` is not a whole number
            `1_000` is not a whole number
            ` 1` is not a whole number
        "#]],
        );
        check(
            ColumnType::UBigInt,
            &["18446744073709551615", "18446744073709551616", "-1"],
            expect![[r#"
                18446744073709551615 -> 18446744073709551615
                `18446744073709551616` is out of range
                `-1` is out of range
            "#]],
        );
    }

    #[test]
    fn floats() {
        let texts = [
            "1.5", "1e-3", ".5", "-0", "NaN", "inf", "-inf", "1e400", "1,5", "",
        ];
        check(
            ColumnType::Double,
            &texts,
            expect![[r#"
            1.5 -> 1.5
            1e-3 -> 0.001
            .5 -> 0.5
            -0 -> -0.0
            NaN -> NaN
            inf -> inf
            -inf -> -inf
            `1e400` is out of range
            `1,5` is not a number
            `` is not a number
        "#]],
        );
        check(
            ColumnType::Float,
            &["3.4e38", "3.5e38"],
            expect![[r#"
            3.4e38 -> 3.4e38
            `3.5e38` is out of range
        "#]],
        );
    }

    #[test]
    fn decimals() {
        let ty = |precision, scale| ColumnType::Decimal { precision, scale };
        let texts = [
            "0",
            "-0.00",
            "1",
            "-12.5",
            "+.5",
            "5.",
            "9999.99",
            "0009999.9900",
            "10000",
            "0.001",
            "1.230",
            "1.234",
            "",
            ".",
            "-",
            "1e2",
            "1 000",
            "--1",
            "1.2.3",
        ];
        check(
            ty(6, 2),
            &texts,
            expect![[r#"
            0 -> 0.00
            -0.00 -> 0.00
            1 -> 1.00
            -12.5 -> -12.50
            +.5 -> 0.50
            5. -> 5.00
            9999.99 -> 9999.99
            0009999.9900 -> 9999.99
            `10000` has more than 4 digits before the point
            `0.001` has more than 2 digits after the point, and would have to be rounded
            1.230 -> 1.23
            `1.234` has more than 2 digits after the point, and would have to be rounded
            `` is not a decimal such as `-12.50`
            `.` is not a decimal such as `-12.50`
            `-` is not a decimal such as `-12.50`
            `1e2` is not a decimal such as `-12.50`
            `1 000` is not a decimal such as `-12.50`
            `--1` is not a decimal such as `-12.50`
            `1.2.3` is not a decimal such as `-12.50`
        "#]],
        );
        let nines = "99999999999999999999999999999999999999";
        check(
            ty(38, 0),
            &[nines, &format!("-{nines}"), &format!("{nines}9")],
            expect![[r#"
                99999999999999999999999999999999999999 -> 99999999999999999999999999999999999999
                -99999999999999999999999999999999999999 -> -99999999999999999999999999999999999999
                `999999999999999999999999999999999999999` has more than 38 digits before the point
            "#]],
        );
        check(
            ty(2, 2),
            &["0.99", "-.01", "1"],
            expect![[r#"
            0.99 -> 0.99
            -.01 -> -0.01
            `1` has more than 0 digits before the point
        "#]],
        );
    }

    #[test]
    fn bytes() {
        check(
            ColumnType::Bytes,
            &["00fF", "0", "0g", "é0"],
            expect![[r#"
            00fF -> 00ff
            `0` is not bytes in hexadecimal, two digits each
            `0g` is not bytes in hexadecimal, two digits each
            `é0` is not bytes in hexadecimal, two digits each
        "#]],
        );
        check(
            ColumnType::FixedBytes(2),
            &["00ff", "00"],
            expect![[r#"
            00ff -> 00ff
            `00` has 1 bytes, not 2
        "#]],
        );
        let uuid = "67e55044-10b1-426f-9247-bb680e5fe0c8";
        let texts = [
            uuid,
            &uuid.to_uppercase(),
            &uuid.replace('-', ""),
            &uuid[1..],
        ];
        check(
            ColumnType::Uuid,
            &texts,
            expect![[r#"
            67e55044-10b1-426f-9247-bb680e5fe0c8 -> 67e5504410b1426f9247bb680e5fe0c8
            67E55044-10B1-426F-9247-BB680E5FE0C8 -> 67e5504410b1426f9247bb680e5fe0c8
            `67e5504410b1426f9247bb680e5fe0c8` is not a uuid such as `67e55044-10b1-426f-9247-bb680e5fe0c8`
            `7e55044-10b1-426f-9247-bb680e5fe0c8` is not a uuid such as `67e55044-10b1-426f-9247-bb680e5fe0c8`
        "#]],
        );
    }

    #[test]
    fn dates() {
        let texts = [
            "2024-02-29",
            "2023-02-29",
            "1900-02-29",
            "2000-02-29",
            "0001-01-01",
            "-0001-12-31",
            "+10000-01-01",
            "10000-01-01",
            "2024-2-9",
            "2024-02-30",
            "2024-13-01",
            "20240229",
            "2024-02-29T00:00:00",
            "+5883517-01-01",
        ];
        check(
            ColumnType::Date,
            &texts,
            expect![[r#"
            2024-02-29 -> 2024-02-29
            `2023-02-29` is not a date such as `2024-02-29`
            `1900-02-29` is not a date such as `2024-02-29`
            2000-02-29 -> 2000-02-29
            0001-01-01 -> 0001-01-01
            -0001-12-31 -> -0001-12-31
            +10000-01-01 -> +10000-01-01
            `10000-01-01` is not a date such as `2024-02-29`
            `2024-2-9` is not a date such as `2024-02-29`
            `2024-02-30` is not a date such as `2024-02-29`
            `2024-13-01` is not a date such as `2024-02-29`
            `20240229` is not a date such as `2024-02-29`
            `2024-02-29T00:00:00` is not a date such as `2024-02-29`
            `+5883517-01-01` is not a date such as `2024-02-29`
        "#]],
        );
    }

    #[test]
    fn times() {
        let texts = [
            "00:00",
            "23:59:59.999999",
            "23:59:59.9999990",
            "23:59:59.9999999",
            "24:00:00",
            "12:60:00",
            "12:00:60",
            "1:00:00",
            "12:00:00.",
            "12:00.5",
            "12:00:00.1234567890",
        ];
        check(
            ColumnType::Time,
            &texts,
            expect![[r#"
            00:00 -> 00:00:00
            23:59:59.999999 -> 23:59:59.999999
            23:59:59.9999990 -> 23:59:59.999999
            `23:59:59.9999999` has more than 6 digits after the point, and would have to be rounded
            `24:00:00` is not a time such as `23:59:59.5`
            `12:60:00` is not a time such as `23:59:59.5`
            `12:00:60` is not a time such as `23:59:59.5`
            `1:00:00` is not a time such as `23:59:59.5`
            `12:00:00.` is not a time such as `23:59:59.5`
            `12:00.5` is not a time such as `23:59:59.5`
            `12:00:00.1234567890` is not a time such as `23:59:59.5`
        "#]],
        );
    }

    fn timestamp(unit: TimeUnit, zone: Option<&str>) -> ColumnType {
        let zone = zone.map(Shared::from);
        ColumnType::Timestamp { unit, zone }
    }

    #[test]
    fn timestamps() {
        let texts = [
            "2024-02-29T12:00:00",
            "2024-02-29 12:00",
            "2024-02-29T12:00:00.5",
            "2024-02-29T12:00:00Z",
            "2024-02-29",
            "2024-02-29T25:00:00",
            "1969-12-31T23:59:59",
        ];
        check(
            timestamp(TimeUnit::Second, None),
            &texts,
            expect![[r#"
            2024-02-29T12:00:00 -> 2024-02-29T12:00:00
            2024-02-29 12:00 -> 2024-02-29T12:00:00
            `2024-02-29T12:00:00.5` has more than 0 digits after the point, and would have to be rounded
            `2024-02-29T12:00:00Z` has an offset from UTC, but the type has no zone: leave it out
            `2024-02-29` is not a timestamp such as `2024-02-29T23:59:59`
            `2024-02-29T25:00:00` is not a timestamp such as `2024-02-29T23:59:59`
            1969-12-31T23:59:59 -> 1969-12-31T23:59:59
        "#]],
        );
        let texts = [
            "2262-04-11T23:47:16.854775807",
            "2262-04-11T23:47:16.854775808",
            "1677-09-21T00:12:43.145224192",
        ];
        check(
            timestamp(TimeUnit::Nanosecond, None),
            &texts,
            expect![[r#"
            2262-04-11T23:47:16.854775807 -> 2262-04-11T23:47:16.854775807
            `2262-04-11T23:47:16.854775808` is out of range
            1677-09-21T00:12:43.145224192 -> 1677-09-21T00:12:43.145224192
        "#]],
        );
        let texts = [
            "2024-07-01T12:00:00+02:00",
            "2024-07-01T12:00:00Z",
            "2024-07-01T12:00:00-0330",
            "2024-07-01T12:00:00",
            "2024-07-01T12:00:00+2",
            "2024-07-01T12:00:00+02:60",
            "2024-07-01T12:00:00 Europe/Berlin",
        ];
        check(
            timestamp(TimeUnit::Millisecond, Some("Europe/Berlin")),
            &texts,
            expect![[r#"
                2024-07-01T12:00:00+02:00 -> 2024-07-01T12:00:00+02:00
                2024-07-01T12:00:00Z -> 2024-07-01T14:00:00+02:00
                2024-07-01T12:00:00-0330 -> 2024-07-01T17:30:00+02:00
                `2024-07-01T12:00:00` has no offset from UTC: end it with `Z`, or an offset such as `+02:00`
                `2024-07-01T12:00:00+2` is not a timestamp such as `2024-02-29T23:59:59Z`
                `2024-07-01T12:00:00+02:60` is not a timestamp such as `2024-02-29T23:59:59Z`
                `2024-07-01T12:00:00 Europe/Berlin` is not a timestamp such as `2024-02-29T23:59:59Z`
            "#]],
        );
    }

    #[test]
    fn intervals() {
        check(
            ColumnType::Interval,
            &["1 mons 2 days 3.5 secs", "-1 year", "soon"],
            expect![[r#"
                1 mons 2 days 3.5 secs -> 1 mons 2 days 3.500000000 secs
                -1 year -> -12 mons
                `soon` is not an interval such as `1 mons 2 days 3.5 secs`
            "#]],
        );
    }

    #[test]
    fn json() {
        check(
            ColumnType::Json,
            &["{\"a\": [1, null]}", "1", "{a: 1}", "1 2", ""],
            expect![[r#"
                {"a": [1, null]} -> {"a": [1, null]}
                1 -> 1
                `{a: 1}` is not valid JSON: key must be a string at character 2
                `1 2` is not valid JSON: trailing characters at character 3
                `` is not valid JSON: EOF while parsing a value at character 0
            "#]],
        );
    }
}
