// SPDX-License-Identifier: Apache-2.0

//! `arrow:` types: Arrow parses the notation, and the type does not have its own column type.

use super::arrow_parts::ArrowProblem;
#[cfg(feature = "arrow")]
use crate::rule::Rule;

/// Returns the notation. Without feature `arrow` only its outline is checked, by the type parser.
#[cfg(not(feature = "arrow"))]
pub(super) fn check(notation: &str) -> Result<String, ArrowProblem> {
    Ok(notation.to_string())
}

/// Returns the canonical notation.
#[cfg(feature = "arrow")]
pub(super) fn check(notation: &str) -> Result<String, ArrowProblem> {
    use arrow_schema::DataType;

    use super::arrow_parts::check_parts;
    use crate::diagnostic::backticked;

    let ty: DataType = notation
        .parse()
        .map_err(|error| not_arrow(notation, &error))?;
    check_parts(&ty)?;
    if let Some(own) = named(&ty) {
        return Err(ArrowProblem {
            rule: Rule::ArrowTypeHasName,
            message: format!(
                "the Arrow type {} has its own column type",
                backticked(notation)
            ),
            help: format!("write `{own}`"),
        });
    }
    let canonical = ty.to_string();
    // Arrow does not escape all names when it writes a type.
    if canonical.parse().ok().as_ref() != Some(&ty) {
        return Err(ArrowProblem {
            rule: Rule::ArrowType,
            message: format!(
                "Arrow cannot parse its own notation of {}",
                backticked(notation)
            ),
            help: "use only letters and digits in names inside of the type".to_string(),
        });
    }
    Ok(canonical)
}

/// Creates the problem of a notation that Arrow does not parse.
#[cfg(feature = "arrow")]
fn not_arrow(notation: &str, error: &arrow_schema::ArrowError) -> ArrowProblem {
    use crate::diagnostic::backticked;
    use crate::suggest::nearest;

    const WORDS: [&str; 38] = [
        "Null",
        "Boolean",
        "Int8",
        "Int16",
        "Int32",
        "Int64",
        "UInt8",
        "UInt16",
        "UInt32",
        "UInt64",
        "Float16",
        "Float32",
        "Float64",
        "Timestamp",
        "Date32",
        "Date64",
        "Time32",
        "Time64",
        "Duration",
        "Interval",
        "Binary",
        "FixedSizeBinary",
        "LargeBinary",
        "BinaryView",
        "Utf8",
        "LargeUtf8",
        "Utf8View",
        "List",
        "ListView",
        "LargeList",
        "LargeListView",
        "FixedSizeList",
        "Struct",
        "Union",
        "Dictionary",
        "Decimal256",
        "Map",
        "RunEndEncoded",
    ];
    let word = notation.split('(').next().unwrap_or_default().trim();
    let near = nearest(word, WORDS).filter(|near| *near != word);
    let text = error.to_string();
    let help = match (near, text.rsplit_once(". Error ")) {
        (Some(near), _) => format!(
            "did you mean `arrow:{near}{}`?",
            notation.get(word.len()..).unwrap_or_default()
        ),
        // Arrow repeats the whole notation before the reason.
        (None, Some((_, reason))) => {
            format!("Arrow reports: {}", backticked(reason).trim_matches('`'))
        }
        (None, None) => "for example `arrow:LargeUtf8`".to_string(),
    };
    ArrowProblem {
        rule: Rule::ArrowType,
        message: format!("{} is not an Arrow type", backticked(notation)),
        help,
    }
}

/// Returns the column type that is equal to an Arrow type, or `None` if there is no such type.
#[cfg(feature = "arrow")]
fn named(ty: &arrow_schema::DataType) -> Option<crate::types::ColumnType> {
    use arrow_schema::{DataType, IntervalUnit, TimeUnit as ArrowUnit};

    use crate::{ColumnType, TimeUnit, limits};

    let unit = |unit: &ArrowUnit| match unit {
        ArrowUnit::Second => TimeUnit::Second,
        ArrowUnit::Millisecond => TimeUnit::Millisecond,
        ArrowUnit::Microsecond => TimeUnit::Microsecond,
        ArrowUnit::Nanosecond => TimeUnit::Nanosecond,
    };
    let within = |length: i32, limit: u32| {
        u32::try_from(length)
            .ok()
            .filter(|length| (1..=limit).contains(length))
    };
    Some(match ty {
        DataType::Boolean => ColumnType::Boolean,
        DataType::Int8 => ColumnType::TinyInt,
        DataType::Int16 => ColumnType::SmallInt,
        DataType::Int32 => ColumnType::Int,
        DataType::Int64 => ColumnType::BigInt,
        DataType::UInt8 => ColumnType::UTinyInt,
        DataType::UInt16 => ColumnType::USmallInt,
        DataType::UInt32 => ColumnType::UInt,
        DataType::UInt64 => ColumnType::UBigInt,
        DataType::Float32 => ColumnType::Float,
        DataType::Float64 => ColumnType::Double,
        DataType::Decimal128(precision, scale) => ColumnType::Decimal {
            precision: *precision,
            scale: u8::try_from(*scale).ok()?,
        },
        DataType::Utf8 => ColumnType::Text,
        DataType::Binary => ColumnType::Bytes,
        DataType::FixedSizeBinary(length) => {
            ColumnType::FixedBytes(within(*length, limits::FIXED_BYTES)?)
        }
        DataType::Date32 => ColumnType::Date,
        DataType::Time64(ArrowUnit::Microsecond) => ColumnType::Time,
        DataType::Timestamp(ArrowUnit::Microsecond, Some(zone)) if &**zone == "UTC" => {
            ColumnType::DateTime
        }
        DataType::Timestamp(arrow_unit, None) => ColumnType::Timestamp {
            unit: unit(arrow_unit),
            zone: None,
        },
        DataType::Timestamp(arrow_unit, Some(zone)) => ColumnType::Timestamp {
            unit: unit(arrow_unit),
            zone: Some((&**zone).into()),
        },
        DataType::Interval(IntervalUnit::MonthDayNano) => ColumnType::Interval,
        DataType::FixedSizeList(item, length)
            if *item.data_type() == DataType::Float32
                && !item.is_nullable()
                && item.name() == "item" =>
        {
            ColumnType::Embedding(within(*length, limits::EMBEDDING)?)
        }
        _ => return None,
    })
}
