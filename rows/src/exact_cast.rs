// SPDX-License-Identifier: Apache-2.0

//! [`cast_exact`]: casts the values that a statement writes to the type of their column, and
//! rejects a value that the cast would change.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, FixedSizeBinaryBuilder, FixedSizeListArray, ListArray, MapArray,
    StructArray, make_array, new_null_array,
};
use arrow::buffer::NullBuffer;
use arrow::compute::{CastOptions, can_cast_types, cast_with_options, kernels::cmp};
use arrow::datatypes::{DataType, Field, Fields, Float32Type, Float64Type, TimeUnit};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use kalamtable_model::{Column, ColumnType, value_text};

use crate::error::{InvalidValue, PathSegment, ValueError, mismatch};
use crate::matching::find_struct_field;
use crate::physical::{
    decode, elements_of, is_same_logical_type, plain_type, to_physical_type, to_plain,
};

/// Casts `array` to the type of `column`, as SQL casts it, if every value remains the same.
///
/// A number, decimal, date, time or timestamp must have the same value in both types. There is one
/// exception: a fractional number in a column of type `float` or `double` becomes the nearest value
/// of the column. A text must not have more digits than the column keeps. Text in a column of type
/// `uuid` is parsed. An array that differs only in its physical form is returned unchanged.
///
/// The result is not validated; see [`validate`](crate::validate).
///
/// # Errors
/// [`InvalidValue::Inexact`] with the row of the first value that the cast would change;
/// [`InvalidValue::OutOfRange`] or [`InvalidValue::Other`] with the row of the first value that the
/// cast cannot convert; [`InvalidValue::Type`] if SQL has no cast between the types.
pub fn cast_exact(array: &ArrayRef, column: &Column) -> Result<ArrayRef, ValueError> {
    let target = column.ty.arrow_type();
    if column.ty == ColumnType::Uuid && *plain_type(array.data_type()) == DataType::Utf8 {
        return parse_uuids(array);
    }
    cast_to(array, &target)
}

fn cast_to(array: &ArrayRef, target: &DataType) -> Result<ArrayRef, ValueError> {
    let found = array.data_type();
    if found == target || is_same_logical_type(found, target) {
        return Ok(ArrayRef::clone(array));
    }
    let array = decode(array)?;
    match (array.data_type(), target) {
        (DataType::Null, _) => Ok(new_null_array(target, array.len())),
        (DataType::Struct(_), DataType::Struct(fields)) => cast_fields(array.as_struct(), fields),
        (DataType::Map(..), DataType::Map(entries, _)) => cast_map(array.as_map(), entries, target),
        (found, DataType::List(item) | DataType::FixedSizeList(item, _)) if is_list(found) => {
            cast_lists(&array, item, target)
        }
        _ => cast_values(&array, target),
    }
}

fn is_list(ty: &DataType) -> bool {
    matches!(
        ty,
        DataType::List(_)
            | DataType::LargeList(_)
            | DataType::ListView(_)
            | DataType::LargeListView(_)
            | DataType::FixedSizeList(..)
    )
}

fn parse_uuids(array: &ArrayRef) -> Result<ArrayRef, ValueError> {
    let texts = to_plain(array)?;
    let mut builder = FixedSizeBinaryBuilder::with_capacity(texts.len(), 16);
    for (row, text) in texts.as_string::<i32>().iter().enumerate() {
        let Some(text) = text else {
            builder.append_null();
            continue;
        };
        let bytes = value_text::uuid(text).map_err(|error| {
            let reason = format!("`{text}` {error}");
            ValueError::new(row, InvalidValue::Other(reason.into()))
        })?;
        builder
            .append_value(bytes)
            .map_err(|error| ValueError::new(row, InvalidValue::Arrow(error)))?;
    }
    Ok(Arc::new(builder.finish()))
}

fn cast_fields(structs: &StructArray, fields: &Fields) -> Result<ArrayRef, ValueError> {
    let found = structs.fields();
    let columns = fields.iter().map(|field| {
        let column = match find_struct_field(found, field) {
            Some(index) => cast_nested(&within(structs, structs.column(index))?, field),
            None if field.is_nullable() => Ok(new_null_array(field.data_type(), structs.len())),
            None => Err(ValueError::whole(InvalidValue::Missing)),
        };
        column.map_err(|error| error.under(PathSegment::Field(field.name().clone())))
    });
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    let fields = nullable(fields, &columns);
    let nulls = structs.nulls().cloned();
    // Without fields, an array would lose its length.
    StructArray::try_new_with_length(fields, columns, nulls, structs.len())
        .map(|structs| Arc::new(structs) as ArrayRef)
        .map_err(ValueError::from)
}

/// Returns the field `column` of `structs`, with nulls where the struct is null: a value that is
/// hidden there does not count.
fn within(structs: &StructArray, column: &ArrayRef) -> Result<ArrayRef, ValueError> {
    let nulls = NullBuffer::union(structs.nulls(), column.nulls());
    if nulls.as_ref() == column.nulls() || column.data_type().is_null() {
        return Ok(ArrayRef::clone(column));
    }
    let data = column.to_data().into_builder().nulls(nulls).build();
    data.map(make_array).map_err(ValueError::from)
}

fn cast_lists(
    array: &ArrayRef,
    item: &Arc<Field>,
    target: &DataType,
) -> Result<ArrayRef, ValueError> {
    if let (DataType::FixedSizeList(_, found), DataType::FixedSizeList(_, length)) =
        (array.data_type(), target)
        && found == length
    {
        let lists = array.as_fixed_size_list();
        let elements = cast_nested(lists.values(), item)
            .map_err(|error| error.in_lists_of_length(*length as usize))?;
        let item = nullable_item(item, &elements);
        return FixedSizeListArray::try_new(item, *length, elements, lists.nulls().cloned())
            .map(|lists| Arc::new(lists) as ArrayRef)
            .map_err(ValueError::from);
    }
    let plain = match array.data_type() {
        DataType::FixedSizeList(found, _) => {
            let ty = DataType::List(Arc::clone(found));
            arrow::compute::cast(array, &ty)?
        }
        _ => to_plain(array)?,
    };
    let lists = plain.as_list::<i32>();
    let offsets = lists.offsets();
    if let DataType::FixedSizeList(_, expected) = target {
        let expected = *expected as usize;
        let lengths = offsets.windows(2).map(|pair| (pair[1] - pair[0]) as usize);
        for (row, found) in lengths.enumerate() {
            if found != expected && lists.is_valid(row) {
                return Err(ValueError::new(
                    row,
                    InvalidValue::Length { expected, found },
                ));
            }
        }
    }
    let (offsets, elements) = elements_of(offsets, lists.values());
    let elements = cast_nested(&elements, item).map_err(|error| error.in_list(&offsets))?;
    let list_item = nullable_item(item, &elements);
    let nulls = lists.nulls().cloned();
    let lists = ListArray::try_new(Arc::clone(&list_item), offsets, elements, nulls)
        .map(|lists| Arc::new(lists) as ArrayRef)?;
    match target {
        DataType::FixedSizeList(_, length) => {
            arrow::compute::cast(&lists, &DataType::FixedSizeList(list_item, *length))
                .map_err(ValueError::from)
        }
        _ => Ok(lists),
    }
}

fn cast_map(
    maps: &MapArray,
    entries: &Arc<Field>,
    target: &DataType,
) -> Result<ArrayRef, ValueError> {
    let (DataType::Struct(fields), DataType::Map(_, is_sorted)) = (entries.data_type(), target)
    else {
        return Err(mismatch(maps.data_type(), target));
    };
    let [key, value] = &fields[..] else {
        return Err(mismatch(maps.data_type(), target));
    };
    let (offsets, keys) = elements_of(maps.offsets(), maps.keys());
    let (_, values) = elements_of(maps.offsets(), maps.values());
    let keys =
        cast_nested(&keys, key).map_err(|error| error.under(PathSegment::Key).in_list(&offsets))?;
    let values = cast_nested(&values, value).map_err(|error| error.in_list(&offsets))?;
    // Arrow has no maps with nullable keys.
    if let Some(nulls) = keys.logical_nulls()
        && let Some(null) = (0..nulls.len()).find(|&index| nulls.is_null(index))
    {
        let error = ValueError::new(null, InvalidValue::Null);
        return Err(error.under(PathSegment::Key).in_list(&offsets));
    }
    let key = key.as_ref().clone().with_nullable(false);
    let key = key.with_data_type(keys.data_type().clone());
    let fields: Fields = vec![Arc::new(key), nullable_item(value, &values)].into();
    let columns = vec![keys, values];
    let entries = entries
        .as_ref()
        .clone()
        .with_data_type(DataType::Struct(fields.clone()));
    let nulls = maps.nulls().cloned();
    StructArray::try_new(fields, columns, None)
        .and_then(|pairs| MapArray::try_new(Arc::new(entries), offsets, pairs, nulls, *is_sorted))
        .map(|maps| Arc::new(maps) as ArrayRef)
        .map_err(ValueError::from)
}

/// Casts the values of a nested field. The array has exactly the type of the field.
fn cast_nested(array: &ArrayRef, field: &Field) -> Result<ArrayRef, ValueError> {
    cast_to(array, field.data_type()).and_then(|array| {
        match is_same_logical_type(array.data_type(), field.data_type()) {
            true if !array.data_type().is_nested() => to_physical_type(&array, field.data_type()),
            _ => Ok(array),
        }
    })
}

/// Returns `fields` with the types of `columns`, and nullable: the validation reports nulls with
/// their row, and Arrow does not.
fn nullable(fields: &Fields, columns: &[ArrayRef]) -> Fields {
    let pairs = fields.iter().zip(columns);
    pairs
        .map(|(field, column)| nullable_item(field, column))
        .collect()
}

fn nullable_item(item: &Arc<Field>, elements: &ArrayRef) -> Arc<Field> {
    let field = item.as_ref().clone().with_nullable(true);
    Arc::new(field.with_data_type(elements.data_type().clone()))
}

fn cast_values(array: &ArrayRef, target: &DataType) -> Result<ArrayRef, ValueError> {
    let found = array.data_type();
    if !can_cast_types(found, target) {
        return Err(mismatch(found, target));
    }
    // A value that cannot be converted becomes null, which shows its row.
    let options = CastOptions {
        safe: true,
        ..CastOptions::default()
    };
    let cast = |array: &ArrayRef, ty: &DataType| {
        cast_with_options(array, ty, &options).map_err(ValueError::from)
    };
    let result = cast(array, target)?;
    let lost = (0..array.len()).find(|&row| array.is_valid(row) && result.is_null(row));
    if let Some(row) = lost {
        let value = value_text_of(array, row);
        let reason = match (plain_type(found), target) {
            (DataType::Utf8, _) => {
                InvalidValue::Other(format!("`{value}` is not a value of type {target}").into())
            }
            (DataType::Binary, DataType::FixedSizeBinary(length)) => InvalidValue::Length {
                expected: *length as usize,
                found: to_plain(array)?.as_binary::<i32>().value(row).len(),
            },
            _ => InvalidValue::OutOfRange {
                value,
                target: target.to_string(),
            },
        };
        return Err(ValueError::new(row, reason));
    }
    let changed = if *plain_type(found) == DataType::Utf8 {
        let texts = to_plain(array)?;
        let texts = texts.as_string::<i32>();
        let dates = match target {
            DataType::Date32 => {
                let timestamps = DataType::Timestamp(TimeUnit::Microsecond, None);
                Some((cast(array, &timestamps)?, cast(&result, &timestamps)?))
            }
            _ => None,
        };
        (0..texts.len()).find(|&row| {
            let has_time = || {
                dates.as_ref().is_some_and(|(exact, midnight)| {
                    exact.is_valid(row)
                        && exact.slice(row, 1).to_data() != midnight.slice(row, 1).to_data()
                })
            };
            texts.is_valid(row) && (has_time() || !keeps_digits(texts.value(row), &result, row))
        })
    } else if is_total(found, target) || !can_cast_types(target, found) {
        None
    } else {
        let back = cast(&result, found)?;
        let differs = cmp::distinct(&back, array)?;
        let may_round = rounds_fractions(array, &result);
        (0..differs.len()).find(|&row| differs.value(row) && !may_round(row))
    };
    match changed {
        Some(row) => Err(inexact(array, row, target)),
        None => Ok(result),
    }
}

/// Returns whether no cast from `found` to `target` changes a value.
fn is_total(found: &DataType, target: &DataType) -> bool {
    let is_text = *plain_type(target) == DataType::Utf8;
    let is_binary = *plain_type(target) == DataType::Binary;
    is_text || is_binary || *found == DataType::Boolean || found.is_nested()
}

/// Returns a function that tells whether the number in a row of `array` is fractional, and `result`
/// contains the nearest floating point number.
fn rounds_fractions(array: &ArrayRef, result: &ArrayRef) -> impl Fn(usize) -> bool {
    // In double precision, which holds every value of `result`.
    let doubles = |array: &ArrayRef| {
        let is_float = matches!(result.data_type(), DataType::Float32 | DataType::Float64);
        let doubles = is_float.then(|| arrow::compute::cast(array, &DataType::Float64));
        doubles.and_then(Result::ok)
    };
    let (exact, rounded) = (doubles(array), doubles(result));
    move |row| match (&exact, &rounded) {
        (Some(exact), Some(rounded)) => {
            let exact = exact.as_primitive::<Float64Type>().value(row);
            is_nearest(exact, rounded.as_primitive::<Float64Type>().value(row))
        }
        _ => false,
    }
}

/// Returns whether a column of floating point numbers may hold `rounded` for `exact`, which is
/// another number.
fn is_nearest(exact: f64, rounded: f64) -> bool {
    if exact.is_nan() {
        return rounded.is_nan();
    }
    // A whole number is exact or rejected.
    exact.fract() != 0.0 && rounded.is_finite() && rounded != 0.0
}

// `value_text`, the grammar of data files and defaults, is not used here: a statement casts a text
// as `CAST` in a query does, so that both accept the same spellings, such as a date without a time
// for a timestamp, and both round a fraction to the nearest floating point number. The functions
// below only find the values that Arrow's cast has changed beyond that.

/// Returns whether `result`, which `text` was cast to, has all digits of `text`.
fn keeps_digits(text: &str, result: &ArrayRef, row: usize) -> bool {
    let text = text.trim();
    match result.data_type() {
        DataType::Decimal128(_, scale) | DataType::Decimal256(_, scale) => {
            fraction_digits(text).is_some_and(|digits| digits <= i64::from(*scale))
        }
        DataType::Float32 => {
            let value = result.as_primitive::<Float32Type>().value(row);
            keeps_number(text, f64::from(value))
        }
        DataType::Float64 => keeps_number(text, result.as_primitive::<Float64Type>().value(row)),
        DataType::Timestamp(unit, _) | DataType::Time32(unit) | DataType::Time64(unit) => {
            let digits = match unit {
                TimeUnit::Second => 0,
                TimeUnit::Millisecond => 3,
                TimeUnit::Microsecond => 6,
                TimeUnit::Nanosecond => 9,
            };
            second_digits(text) <= digits
        }
        _ => true,
    }
}

/// Returns the number of digits after the decimal point of a number, without zeros at the end. It
/// is negative if the number ends with zeros. Returns `None` if `text` is not a number.
fn fraction_digits(text: &str) -> Option<i64> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{}{fraction}", whole.trim_start_matches(['+', '-']));
    let significant = digits.trim_end_matches('0');
    if significant.is_empty() {
        return Some(0);
    }
    let zeros = (digits.len() - significant.len()) as i64;
    Some(fraction.len() as i64 - zeros - exponent)
}

/// Returns whether a floating point column may hold `value` for the number `text`: a whole number
/// must be exact, and a fraction must neither become zero nor infinite.
fn keeps_number(text: &str, value: f64) -> bool {
    let Some(digits) = fraction_digits(text) else {
        return true;
    };
    let has_digits = text.contains(|c: char| c.is_ascii_digit());
    if !has_digits {
        // `NaN` and infinities.
        return true;
    }
    let is_zero = !text
        .split(['e', 'E'])
        .next()
        .is_some_and(|mantissa| mantissa.contains(|c: char| ('1'..='9').contains(&c)));
    match digits {
        _ if is_zero => value == 0.0,
        1.. => value.is_finite() && value != 0.0,
        // Beyond 38 digits, the value only has to be finite.
        _ => match text.parse::<i128>() {
            Ok(exact) => value.is_finite() && value as i128 == exact,
            Err(_) => value.is_finite(),
        },
    }
}

/// Returns the number of digits of the fraction of a second in `text`, without zeros at the end.
fn second_digits(text: &str) -> usize {
    let Some((_, after)) = text.split_once('.') else {
        return 0;
    };
    let end = after.find(|c: char| !c.is_ascii_digit());
    after[..end.unwrap_or(after.len())]
        .trim_end_matches('0')
        .len()
}

fn value_text_of(array: &ArrayRef, row: usize) -> String {
    match ArrayFormatter::try_new(array.as_ref(), &FormatOptions::new()) {
        Ok(formatter) => formatter.value(row).to_string(),
        Err(error) => error.to_string(),
    }
}

#[cold]
fn inexact(array: &ArrayRef, row: usize, target: &DataType) -> ValueError {
    let help = match target {
        DataType::Date32 | DataType::Time32(_) | DataType::Time64(_) | DataType::Timestamp(..) => {
            "round it with `date_trunc`"
        }
        _ => "round it with `round(x, digits)`, `trunc(x)` or `floor(x)`",
    };
    ValueError::new(
        row,
        InvalidValue::Inexact {
            value: value_text_of(array, row),
            target: format!("as {target}"),
            help: help.to_string(),
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fraction_digits_ignore_zeros_at_the_end() {
        let digits = |text| fraction_digits(text).unwrap();
        assert_eq!(digits("1.239"), 3);
        assert_eq!(digits("-1.500"), 1);
        assert_eq!(digits("1200"), -2);
        assert_eq!(digits("1.5e-3"), 4);
        assert_eq!(digits("1.5e1"), 0);
        assert_eq!(digits("0.000"), 0);
        assert_eq!(fraction_digits("1e"), None);
    }

    #[test]
    fn second_digits_end_at_the_zone() {
        assert_eq!(second_digits("2024-01-01T00:00:00.1230Z"), 3);
        assert_eq!(second_digits("2024-01-01 00:00:00+02:00"), 0);
        assert_eq!(second_digits("00:00:00.000000001"), 9);
    }
}
