// SPDX-License-Identifier: Apache-2.0

//! Builds Arrow arrays of primitive types from the text of their values.
//!
//! The grammar of the text is that of [`value_text`], which definitions share. Two types are added
//! here: `interval` in Arrow's own form (`1 mons 2 days 3.5 secs`), and Arrow's string types.

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
use kalamtable_model::value_text::{self, TextError};
use kalamtable_model::{ColumnType, TimeUnit};
use kalamtable_rows::physical::plain_type;

use crate::error::{ValueMismatch, ValueProblem};

/// Returns whether [`build`] supports columns of type `ty`.
pub(crate) fn is_textual(ty: &ColumnType) -> bool {
    match ty {
        ColumnType::Embedding(_)
        | ColumnType::List(_)
        | ColumnType::Struct(_)
        | ColumnType::Map(_) => false,
        ColumnType::Arrow(_) => *plain_type(&ty.query_type()) == DataType::Utf8,
        _ => true,
    }
}

/// Builds an array of type `ty` from the texts of its values. `None` becomes null.
///
/// # Errors
/// Fails with the first text that is not a value of the type.
pub(crate) fn build(ty: &ColumnType, values: &[Option<&str>]) -> Result<ArrayRef, ValueMismatch> {
    match ty {
        ColumnType::Boolean => booleans(values),
        ColumnType::TinyInt => primitives::<Int8Type>(ty, values, value_text::integer),
        ColumnType::SmallInt => primitives::<Int16Type>(ty, values, value_text::integer),
        ColumnType::Int => primitives::<Int32Type>(ty, values, value_text::integer),
        ColumnType::BigInt => primitives::<Int64Type>(ty, values, value_text::integer),
        ColumnType::UTinyInt => primitives::<UInt8Type>(ty, values, value_text::integer),
        ColumnType::USmallInt => primitives::<UInt16Type>(ty, values, value_text::integer),
        ColumnType::UInt => primitives::<UInt32Type>(ty, values, value_text::integer),
        ColumnType::UBigInt => primitives::<UInt64Type>(ty, values, value_text::integer),
        ColumnType::Float => primitives::<Float32Type>(ty, values, value_text::float),
        ColumnType::Double => primitives::<Float64Type>(ty, values, value_text::double),
        ColumnType::Decimal { precision, scale } => {
            primitives::<Decimal128Type>(ty, values, |text| {
                value_text::decimal(text, *precision, *scale)
            })
        }
        ColumnType::Text => strings(values, |_| Ok(())),
        ColumnType::Json | ColumnType::File => strings(values, value_text::json),
        ColumnType::Enum(labels) => strings(values, |text| value_text::label(text, labels)),
        ColumnType::Bytes => bytes(values),
        ColumnType::FixedBytes(length) => fixed_bytes(values, *length as usize, value_text::bytes),
        ColumnType::Uuid => fixed_bytes(values, 16, value_text::uuid),
        ColumnType::Date => primitives::<Date32Type>(ty, values, value_text::date),
        ColumnType::Time => primitives::<Time64MicrosecondType>(ty, values, |text| {
            value_text::time(text, TimeUnit::Microsecond)
        }),
        ColumnType::Timestamp { unit, zone } => timestamps(ty, values, *unit, zone.is_some()),
        ColumnType::DateTime => timestamps(ty, values, TimeUnit::Microsecond, true),
        ColumnType::Interval => primitives::<IntervalMonthDayNanoType>(ty, values, |text| {
            parse_interval_month_day_nano(text).map_err(|_| TextError::Malformed {
                expected: "an interval such as `1 mons 2 days 3.5 secs`",
            })
        }),
        ColumnType::Arrow(_) => {
            let array = strings(values, |_| Ok(()))?;
            arrow::compute::cast(&array, &ty.query_type())
                .map_err(|error| ValueMismatch::new(0, None, ValueProblem::Arrow(error)))
        }
        // `is_textual` excludes the nested types, and `ColumnType` is `#[non_exhaustive]`.
        _ => {
            let error = TextError::Malformed {
                expected: "a value of a type that has a text form",
            };
            Err(ValueMismatch::new(0, None, error.into()))
        }
    }
}

fn primitives<T: ArrowPrimitiveType>(
    ty: &ColumnType,
    values: &[Option<&str>],
    parse: impl Fn(&str) -> Result<T::Native, TextError>,
) -> Result<ArrayRef, ValueMismatch> {
    let mut builder =
        PrimitiveBuilder::<T>::with_capacity(values.len()).with_data_type(ty.query_type());
    for (index, text) in values.iter().enumerate() {
        builder.append_option(parsed(index, *text, &parse)?);
    }
    Ok(Arc::new(builder.finish()))
}

/// Parses `text`, and adds its index and the text itself to an error.
fn parsed<T>(
    index: usize,
    text: Option<&str>,
    parse: impl Fn(&str) -> Result<T, TextError>,
) -> Result<Option<T>, ValueMismatch> {
    text.map(parse)
        .transpose()
        .map_err(|error| ValueMismatch::new(index, text, error.into()))
}

fn booleans(values: &[Option<&str>]) -> Result<ArrayRef, ValueMismatch> {
    let mut builder = BooleanBuilder::with_capacity(values.len());
    for (index, text) in values.iter().enumerate() {
        builder.append_option(parsed(index, *text, value_text::boolean)?);
    }
    Ok(Arc::new(builder.finish()))
}

fn strings(
    values: &[Option<&str>],
    check: impl Fn(&str) -> Result<(), TextError>,
) -> Result<ArrayRef, ValueMismatch> {
    let bytes = values.iter().flatten().map(|text| text.len()).sum();
    let mut builder = StringBuilder::with_capacity(values.len(), bytes);
    for (index, text) in values.iter().enumerate() {
        parsed(index, *text, &check)?;
        builder.append_option(*text);
    }
    Ok(Arc::new(builder.finish()))
}

fn bytes(values: &[Option<&str>]) -> Result<ArrayRef, ValueMismatch> {
    let bytes: usize = values.iter().flatten().map(|text| text.len() / 2).sum();
    let mut builder = BinaryBuilder::with_capacity(values.len(), bytes);
    for (index, text) in values.iter().enumerate() {
        builder.append_option(parsed(index, *text, value_text::bytes)?);
    }
    Ok(Arc::new(builder.finish()))
}

fn fixed_bytes<B: AsRef<[u8]>>(
    values: &[Option<&str>],
    length: usize,
    parse: impl Fn(&str) -> Result<B, TextError>,
) -> Result<ArrayRef, ValueMismatch> {
    // The checks of definitions keep lengths far below 31 bits.
    let mut builder = FixedSizeBinaryBuilder::with_capacity(values.len(), length as i32);
    for (index, text) in values.iter().enumerate() {
        match parsed(index, *text, &parse)? {
            Some(bytes) => {
                let found = bytes.as_ref().len();
                builder.append_value(bytes).map_err(|_| {
                    let problem = ValueProblem::Length {
                        unit: "bytes",
                        found,
                        expected: length,
                    };
                    ValueMismatch::new(index, *text, problem)
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
) -> Result<ArrayRef, ValueMismatch> {
    let parse = |text: &str| value_text::timestamp(text, unit, has_zone);
    match unit {
        TimeUnit::Second => primitives::<TimestampSecondType>(ty, values, parse),
        TimeUnit::Millisecond => primitives::<TimestampMillisecondType>(ty, values, parse),
        TimeUnit::Microsecond => primitives::<TimestampMicrosecondType>(ty, values, parse),
        TimeUnit::Nanosecond => primitives::<TimestampNanosecondType>(ty, values, parse),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use kalamtable_model::{ColumnType, Shared, TimeUnit};

    use super::build;
    use crate::values::show;

    /// Builds an array from each text, and compares the values or errors, one per line.
    fn check(ty: ColumnType, texts: &[&str], expect: Expect) {
        let lines = texts.iter().map(|text| match build(&ty, &[Some(text)]) {
            Ok(array) => format!("{text} -> {}\n", show(&array, 0).unwrap()),
            Err(mismatch) => format!("{mismatch}\n"),
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
            "127", "-128", "+7", "007", "128", "1e2", "1.0", "1.5", "-", "0x1", "1_000", " 1",
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
                1e2 -> 100
                1.0 -> 1
                `1.5` is not a whole number
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
                `` is not a decimal number such as `-12.50`
                `.` is not a decimal number such as `-12.50`
                `-` is not a decimal number such as `-12.50`
                1e2 -> 100.00
                `1 000` is not a decimal number such as `-12.50`
                `--1` is not a decimal number such as `-12.50`
                `1.2.3` is not a decimal number such as `-12.50`
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
            `+5883517-01-01` is out of range
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
