// SPDX-License-Identifier: Apache-2.0

//! [`Cells`]: the values of an array as text or as JSON, in the form of data files, so that they
//! can be read back.
//!
//! Arrow's JSON encoders do not suit this crate: they write numbers that are not finite as null,
//! and nothing but text as the key of a map.

use std::fmt::Write;
use std::ops::Range;

use arrow::array::cast::AsArray;
use arrow::array::types::{
    Date32Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType,
};
use arrow::array::{Array, FixedSizeBinaryArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Field, Fields, TimeUnit as ArrowUnit};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use kalamtable_model::{TimeUnit, value_text};
use uuid::Uuid;

use super::instants;

/// The values of an array, with the form that each of them is written in.
pub(super) struct Cells<'a> {
    nulls: Option<NullBuffer>,
    form: CellForm<'a>,
}

enum CellForm<'a> {
    /// Text, which is a string in JSON.
    Text(ArrayFormatter<'a>),
    /// A number or a boolean, which has no quotes in JSON.
    Bare(ArrayFormatter<'a>),
    /// A floating point number. JSON has no number for `NaN`, `inf` and `-inf`, so these are
    /// strings.
    Float(ArrayFormatter<'a>),
    /// JSON text, which is part of the JSON that contains it.
    Json(ArrayFormatter<'a>),
    Uuid(&'a FixedSizeBinaryArray),
    Date(ArrayFormatter<'a>, &'a [i32]),
    Timestamp(TimestampCells<'a>),
    List(Box<dyn Fn(usize) -> Range<usize> + 'a>, Box<Cells<'a>>),
    /// The fields, with their names as JSON strings.
    Struct(Vec<(String, Cells<'a>)>),
    /// The entries of each map, and the keys and values.
    Map(Box<dyn Fn(usize) -> Range<usize> + 'a>, Box<[Cells<'a>; 2]>),
    /// The index of each row in the values.
    Dictionary(Vec<usize>, Box<Cells<'a>>),
}

struct TimestampCells<'a> {
    /// `None` if the zone is unknown.
    formatter: Option<ArrayFormatter<'a>>,
    values: &'a [i64],
    unit: TimeUnit,
    has_zone: bool,
}

impl<'a> Cells<'a> {
    /// Prepares the values of `array`, whose field has the extension type.
    ///
    /// # Errors
    /// Fails if the type has no text form.
    pub(super) fn try_new(field: &Field, array: &'a dyn Array) -> Result<Self, ArrowError> {
        Ok(Cells {
            nulls: array.logical_nulls(),
            form: CellForm::try_new(field, array)?,
        })
    }

    /// Returns whether the value in `row` is null.
    pub(super) fn is_null(&self, row: usize) -> bool {
        self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row))
    }

    /// Appends the value in `row`, which is not null, as text. A nested value is JSON.
    ///
    /// # Errors
    /// Fails if the value has no text form.
    pub(super) fn write_text(&self, row: usize, out: &mut String) -> Result<(), ArrowError> {
        match &self.form {
            CellForm::Text(formatter)
            | CellForm::Bare(formatter)
            | CellForm::Float(formatter)
            | CellForm::Json(formatter) => formatter.value(row).write(out),
            CellForm::Uuid(uuids) => {
                let bytes = uuids.value(row);
                match Uuid::from_slice(bytes) {
                    Ok(uuid) => push(out, format_args!("{uuid}")),
                    Err(error) => Err(ArrowError::ExternalError(Box::new(error))),
                }
            }
            CellForm::Date(formatter, days) => match formatter.value(row).try_to_string() {
                Ok(text) => push(out, format_args!("{text}")),
                // Arrow formats only the years of `chrono`.
                Err(_) => push(out, format_args!("{}", instants::date(days[row].into()))),
            },
            CellForm::Timestamp(timestamps) => timestamps.write_text(row, out),
            CellForm::Dictionary(keys, values) => values.write_text(keys[row], out),
            CellForm::List(..) | CellForm::Struct(_) | CellForm::Map(..) => {
                self.write_json(row, out)
            }
        }
    }

    /// Appends the value in `row` as JSON.
    ///
    /// # Errors
    /// Fails if the value has no text form.
    pub(super) fn write_json(&self, row: usize, out: &mut String) -> Result<(), ArrowError> {
        if self.is_null(row) {
            out.push_str("null");
            return Ok(());
        }
        match &self.form {
            CellForm::Bare(formatter) => formatter.value(row).write(out),
            CellForm::Float(formatter) => {
                let text = formatter.value(row).try_to_string()?;
                let is_finite = text.ends_with(|c: char| c.is_ascii_digit());
                if is_finite {
                    out.push_str(&text);
                } else {
                    push_json_string(out, &text);
                }
                Ok(())
            }
            CellForm::Json(formatter) => {
                let text = formatter.value(row).try_to_string()?;
                if value_text::json(&text).is_ok() {
                    // Line breaks in valid JSON are between its tokens. Each row is one line.
                    out.push_str(&text.trim().replace(['\n', '\r'], " "));
                } else {
                    push_json_string(out, &text);
                }
                Ok(())
            }
            CellForm::List(range, items) => {
                write_sequence(out, ['[', ']'], range(row), |out, item| {
                    items.write_json(item, out)
                })
            }
            CellForm::Struct(fields) => {
                write_sequence(out, ['{', '}'], 0..fields.len(), |out, index| {
                    let (name, values) = &fields[index];
                    out.push_str(name);
                    out.push(':');
                    values.write_json(row, out)
                })
            }
            CellForm::Map(range, entries) => {
                let [keys, values] = &**entries;
                write_sequence(out, ['{', '}'], range(row), |out, entry| {
                    let mut key = String::new();
                    keys.write_text(entry, &mut key)?;
                    push_json_string(out, &key);
                    out.push(':');
                    values.write_json(entry, out)
                })
            }
            CellForm::Dictionary(keys, values) => values.write_json(keys[row], out),
            CellForm::Text(_) | CellForm::Uuid(_) | CellForm::Date(..) | CellForm::Timestamp(_) => {
                let mut text = String::new();
                self.write_text(row, &mut text)?;
                push_json_string(out, &text);
                Ok(())
            }
        }
    }
}

impl<'a> CellForm<'a> {
    fn try_new(field: &Field, array: &'a dyn Array) -> Result<Self, ArrowError> {
        let formatter = || ArrayFormatter::try_new(array, &FormatOptions::new());
        Ok(match array.data_type() {
            data_type if data_type.is_integer() => CellForm::Bare(formatter()?),
            data_type if data_type.is_decimal() => CellForm::Bare(formatter()?),
            data_type if data_type.is_floating() => CellForm::Float(formatter()?),
            DataType::Boolean => CellForm::Bare(formatter()?),
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View
                if field.extension_type_name() == Some("arrow.json") =>
            {
                CellForm::Json(formatter()?)
            }
            DataType::FixedSizeBinary(16) if field.extension_type_name() == Some("arrow.uuid") => {
                CellForm::Uuid(array.as_fixed_size_binary())
            }
            DataType::Date32 => {
                CellForm::Date(formatter()?, array.as_primitive::<Date32Type>().values())
            }
            DataType::Timestamp(unit, zone) => CellForm::Timestamp(TimestampCells {
                formatter: formatter().ok(),
                values: timestamp_values(array, *unit),
                unit: match unit {
                    ArrowUnit::Second => TimeUnit::Second,
                    ArrowUnit::Millisecond => TimeUnit::Millisecond,
                    ArrowUnit::Microsecond => TimeUnit::Microsecond,
                    ArrowUnit::Nanosecond => TimeUnit::Nanosecond,
                },
                has_zone: zone.is_some(),
            }),
            DataType::List(item) => {
                let list = array.as_list::<i32>();
                let range = |row| offsets(list.value_offsets(), row);
                let items = Cells::try_new(item, list.values())?;
                CellForm::List(Box::new(range), Box::new(items))
            }
            DataType::LargeList(item) => {
                let list = array.as_list::<i64>();
                let range = |row| offsets(list.value_offsets(), row);
                let items = Cells::try_new(item, list.values())?;
                CellForm::List(Box::new(range), Box::new(items))
            }
            DataType::FixedSizeList(item, length) => {
                let list = array.as_fixed_size_list();
                let length = usize::try_from(*length).unwrap_or_default();
                let range = move |row| row * length..(row + 1) * length;
                let items = Cells::try_new(item, list.values())?;
                CellForm::List(Box::new(range), Box::new(items))
            }
            DataType::Struct(fields) => {
                let strukt = array.as_struct();
                CellForm::Struct(struct_fields(fields, strukt.columns().iter())?)
            }
            DataType::Map(..) => {
                let map = array.as_map();
                let (key, value) = map.entries_fields();
                let entries = [
                    Cells::try_new(key, map.keys())?,
                    Cells::try_new(value, map.values())?,
                ];
                let range = |row| offsets(map.value_offsets(), row);
                CellForm::Map(Box::new(range), Box::new(entries))
            }
            DataType::Dictionary(_, value_type) => {
                let dictionary = array.as_any_dictionary();
                let field = field.clone().with_data_type((**value_type).clone());
                let values = Cells::try_new(&field, dictionary.values().as_ref())?;
                // Arrow does not normalize keys without values, which are all null.
                let keys = match dictionary.values().is_empty() {
                    true => vec![0; dictionary.len()],
                    false => dictionary.normalized_keys(),
                };
                CellForm::Dictionary(keys, Box::new(values))
            }
            _ => CellForm::Text(formatter()?),
        })
    }
}

fn struct_fields<'a>(
    fields: &Fields,
    columns: impl Iterator<Item = &'a arrow::array::ArrayRef>,
) -> Result<Vec<(String, Cells<'a>)>, ArrowError> {
    let fields = fields.iter().zip(columns).map(|(field, column)| {
        let mut name = String::new();
        push_json_string(&mut name, field.name());
        Ok((name, Cells::try_new(field, column)?))
    });
    fields.collect()
}

fn timestamp_values(array: &dyn Array, unit: ArrowUnit) -> &[i64] {
    match unit {
        ArrowUnit::Second => array.as_primitive::<TimestampSecondType>().values(),
        ArrowUnit::Millisecond => array.as_primitive::<TimestampMillisecondType>().values(),
        ArrowUnit::Microsecond => array.as_primitive::<TimestampMicrosecondType>().values(),
        ArrowUnit::Nanosecond => array.as_primitive::<TimestampNanosecondType>().values(),
    }
}

fn offsets<O: arrow::array::OffsetSizeTrait>(offsets: &[O], row: usize) -> Range<usize> {
    offsets[row].as_usize()..offsets[row + 1].as_usize()
}

impl TimestampCells<'_> {
    /// Appends the timestamp with the offset of its zone, or in UTC if the offset has seconds, the
    /// zone is unknown, or Arrow does not format the year.
    fn write_text(&self, row: usize, out: &mut String) -> Result<(), ArrowError> {
        let value = self.values[row];
        let formatter = self.formatter.as_ref();
        let text = formatter.and_then(|formatter| formatter.value(row).try_to_string().ok());
        // Arrow drops the seconds of an offset, which moves the instant.
        let is_exact =
            |text: &String| value_text::timestamp(text, self.unit, self.has_zone) == Ok(value);
        match text.filter(is_exact) {
            Some(text) => out.push_str(&text),
            None => {
                out.push_str(&instants::timestamp(value, self.unit));
                if self.has_zone {
                    out.push('Z');
                }
            }
        }
        Ok(())
    }
}

fn write_sequence(
    out: &mut String,
    [begin, end]: [char; 2],
    range: Range<usize>,
    mut write: impl FnMut(&mut String, usize) -> Result<(), ArrowError>,
) -> Result<(), ArrowError> {
    out.push(begin);
    for index in range.clone() {
        if index > range.start {
            out.push(',');
        }
        write(out, index)?;
    }
    out.push(end);
    Ok(())
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) -> Result<(), ArrowError> {
    out.write_fmt(text)
        .map_err(|error| ArrowError::ExternalError(Box::new(error)))
}

/// Appends `text` as a JSON string. Control characters are escaped, including those above ASCII,
/// which JSON permits but a terminal interprets.
pub(super) fn push_json_string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                // Writing to a string does not fail.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
