// SPDX-License-Identifier: Apache-2.0

//! The parts of types in Arrow's notation. Arrow parses types for which it has no arrays, or whose
//! values it cannot write.

use crate::rule::Rule;

/// The problem of a notation.
pub(super) struct ArrowProblem {
    pub(super) rule: Rule,
    pub(super) message: String,
    pub(super) help: String,
}

#[cfg(feature = "arrow")]
impl ArrowProblem {
    fn new(rule: Rule, message: String, help: impl Into<String>) -> Self {
        ArrowProblem {
            rule,
            message,
            help: help.into(),
        }
    }
}

/// Checks a type and the types inside of it.
#[cfg(feature = "arrow")]
pub(super) fn check_parts(ty: &arrow_schema::DataType) -> Result<(), ArrowProblem> {
    check_part(ty, 1)
}

/// Checks a type of which each row has `count` values: the product of the lengths of the fixed
/// lists around it.
#[cfg(feature = "arrow")]
fn check_part(ty: &arrow_schema::DataType, count: u64) -> Result<(), ArrowProblem> {
    use arrow_schema::DataType;

    use crate::diagnostic::backticked;
    use crate::limits;
    use crate::zone;

    let length = |length: i32, name: &str| {
        let limit = u64::from(limits::FIXED_BYTES);
        match u64::try_from(length).ok().filter(|length| *length > 0) {
            Some(length) if length.saturating_mul(count) <= limit => Ok(length * count),
            _ => Err(ArrowProblem::new(
                Rule::LengthOutOfRange,
                format!("the length of `{name}` is from 1 to {limit}, inside of other lists too"),
                "choose a length in this range, or a type without a fixed length",
            )),
        }
    };
    match ty {
        DataType::Timestamp(_, Some(zone)) if !zone::is_zone(zone) => Err(ArrowProblem::new(
            Rule::BadZone,
            format!("{} is not a time zone", backticked(zone)),
            zone::help(zone, '"'),
        )),
        DataType::Decimal32(_, scale)
        | DataType::Decimal64(_, scale)
        | DataType::Decimal128(_, scale)
        | DataType::Decimal256(_, scale)
            if *scale < 0 =>
        {
            Err(ArrowProblem::new(
                Rule::DecimalRange,
                format!("the scale of {} is negative", backticked(&ty.to_string())),
                "write 0 or more digits after the point: Parquet has no negative scales",
            ))
        }
        DataType::FixedSizeBinary(bytes) => length(*bytes, "FixedSizeBinary").map(drop),
        DataType::FixedSizeList(item, items) => {
            let count = length(*items, "FixedSizeList")?;
            check_part(item.data_type(), count)
        }
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::ListView(item)
        | DataType::LargeListView(item) => check_part(item.data_type(), 1),
        DataType::Struct(fields) => {
            check_field_names(fields)?;
            fields
                .iter()
                .try_for_each(|field| check_part(field.data_type(), count))
        }
        DataType::Union(fields, _) => fields
            .iter()
            .try_for_each(|(_, field)| check_part(field.data_type(), count)),
        DataType::Dictionary(key, value) => {
            if !key.is_dictionary_key_type() {
                return Err(ArrowProblem::new(
                    Rule::ArrowType,
                    format!("the keys of a dictionary cannot be of type `{key}`"),
                    format!("write an integer type: `arrow:Dictionary(Int32, {value})`"),
                ));
            }
            check_part(value, 1)
        }
        DataType::Map(entries, _) => {
            check_entries(entries)?;
            check_part(entries.data_type(), 1)
        }
        DataType::RunEndEncoded(ends, values) => {
            if !ends.data_type().is_run_ends_type() || ends.is_nullable() {
                return Err(ArrowProblem::new(
                    Rule::ArrowType,
                    "the ends of runs are `non-null Int16`, `Int32` or `Int64`".to_string(),
                    format!(
                        "write `arrow:RunEndEncoded(\"run_ends\": non-null Int32, {:?}: {})`",
                        values.name(),
                        values.data_type()
                    ),
                ));
            }
            check_part(values.data_type(), 1)
        }
        _ => Ok(()),
    }
}

/// Checks that a struct has fields, and that no two of them have the same name.
#[cfg(feature = "arrow")]
fn check_field_names(fields: &arrow_schema::Fields) -> Result<(), ArrowProblem> {
    use std::collections::HashSet;

    use crate::diagnostic::backticked;

    if fields.is_empty() {
        return Err(ArrowProblem::new(
            Rule::ArrowType,
            "the struct has no fields".to_string(),
            "add a field: Parquet has no structs without fields",
        ));
    }
    let mut names = HashSet::new();
    match fields.iter().find(|field| !names.insert(field.name())) {
        None => Ok(()),
        Some(field) => Err(ArrowProblem::new(
            Rule::ArrowType,
            format!("two fields are named {}", backticked(field.name())),
            "rename one of the two",
        )),
    }
}

/// Checks the field of the entries of a map.
#[cfg(feature = "arrow")]
fn check_entries(entries: &arrow_schema::Field) -> Result<(), ArrowProblem> {
    use arrow_schema::DataType;

    let is_map = !entries.is_nullable()
        && match entries.data_type() {
            DataType::Struct(fields) => fields.len() == 2 && !fields[0].is_nullable(),
            _ => false,
        };
    if is_map {
        return Ok(());
    }
    Err(ArrowProblem::new(
        Rule::ArrowType,
        "the entries of a map are a non-null struct of a non-null key and a value".to_string(),
        "write `map<..>`, or `arrow:Map(\"entries\": non-null Struct(\"key\": non-null Utf8, \
         \"value\": Int32), unsorted)`",
    ))
}
