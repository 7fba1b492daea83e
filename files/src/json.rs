// SPDX-License-Identifier: Apache-2.0

//! Builds Arrow arrays of any type from the JSON text of their values.
//!
//! Numbers are parsed from their digits and never through a float. Integers of 64 bits and decimals
//! may be strings, because many readers parse numbers as floats and lose digits. Primitive types
//! without a kind of JSON value are strings, with the grammar of
//! [`value_text`](kalamtable_model::value_text). The elements of an embedding are rounded to the
//! nearest `float`. In a `json` column, every value is the JSON value itself: a string is a JSON
//! string, whatever text it contains. In a `file` column, whose values are objects, a string
//! contains the JSON text of the object.
//!
//! The text is split without building a tree: it is valid JSON, so the end of a value follows from
//! its brackets and quotes. This keeps the digits of numbers and the original text for errors,
//! which `serde_json::Value` does not.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, FixedSizeListArray, Float32Builder, ListArray, MapArray, StructArray,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, FieldRef, Fields};
use arrow::error::ArrowError;
use arrow::row::{RowConverter, SortField};
use kalamtable_model::value_text::{self, TextError};
use kalamtable_model::{ColumnType, MapFields, NestedField, nearest};

use crate::error::{ValueMismatch, ValueProblem};
use crate::text;

/// The JSON text of one value of a column, field or element.
#[derive(Clone, Copy)]
pub(crate) enum JsonCell<'a> {
    /// Valid JSON text other than `null`, without surrounding whitespace.
    Value(&'a str),
    /// `null`.
    Null,
    /// The object does not have the key.
    Absent,
    /// The struct that contains the field is null.
    Hidden,
}

impl<'a> JsonCell<'a> {
    /// Creates a cell from valid JSON text without surrounding whitespace.
    pub(crate) fn new(raw: &'a str) -> Self {
        match raw {
            "null" => JsonCell::Null,
            raw => JsonCell::Value(raw),
        }
    }

    fn value(self) -> Option<&'a str> {
        match self {
            JsonCell::Value(raw) => Some(raw),
            _ => None,
        }
    }
}

/// Returns whether [`build`] supports columns of type `ty`.
pub(crate) fn is_readable(ty: &ColumnType) -> bool {
    match ty {
        ColumnType::Embedding(_) => true,
        ColumnType::List(_) | ColumnType::Struct(_) | ColumnType::Map(_) => {
            ty.children().iter().all(|child| is_readable(&child.ty))
        }
        _ => text::is_textual(ty),
    }
}

/// Builds an array of type `ty` from cells.
///
/// # Errors
/// Fails with the first value that does not fit the type, or that is null if `nullable` is false.
pub(crate) fn build(
    ty: &ColumnType,
    nullable: bool,
    cells: &[JsonCell<'_>],
) -> Result<ArrayRef, ValueMismatch> {
    if !nullable {
        check_nulls(cells)?;
    }
    match (ty, ty.query_type()) {
        (ColumnType::Embedding(_), DataType::FixedSizeList(item, length)) => {
            embeddings(item, length, cells)
        }
        (ColumnType::List(element), DataType::List(item)) => lists(item, element, cells),
        (ColumnType::Struct(fields), DataType::Struct(arrow_fields)) => {
            structs(arrow_fields, fields, cells)
        }
        (ColumnType::Map(fields), DataType::Map(entries, _)) => maps(entries, fields, cells),
        _ => scalars(ty, cells),
    }
}

fn check_nulls(cells: &[JsonCell<'_>]) -> Result<(), ValueMismatch> {
    for (index, cell) in cells.iter().enumerate() {
        match cell {
            JsonCell::Null => return Err(ValueMismatch::new(index, None, ValueProblem::Null)),
            JsonCell::Absent => return Err(ValueMismatch::new(index, None, ValueProblem::Missing)),
            JsonCell::Value(_) | JsonCell::Hidden => {}
        }
    }
    Ok(())
}

fn scalars(ty: &ColumnType, cells: &[JsonCell<'_>]) -> Result<ArrayRef, ValueMismatch> {
    let mut values = Vec::with_capacity(cells.len());
    for (index, cell) in cells.iter().enumerate() {
        let text = cell.value().map(|raw| scalar(ty, raw)).transpose();
        values.push(text.map_err(|problem| ValueMismatch::new(index, cell.value(), problem))?);
    }
    let values: Vec<Option<&str>> = values.iter().map(Option::as_deref).collect();
    text::build(ty, &values).map_err(|mismatch| {
        // The text in the file, which includes the quotes of a string.
        let found = cells.get(mismatch.index).and_then(|cell| cell.value());
        ValueMismatch::new(mismatch.index, found, mismatch.problem)
    })
}

/// Returns the text of a primitive value. Fails if the type is written as another kind of JSON
/// value.
fn scalar<'a>(ty: &ColumnType, raw: &'a str) -> Result<Cow<'a, str>, ValueProblem> {
    let kind = JsonKind::of(raw);
    let expected = match ty {
        ColumnType::Json => return Ok(Cow::Borrowed(raw)),
        ColumnType::File => match kind {
            JsonKind::String => return unquote(raw),
            _ => return Ok(Cow::Borrowed(raw)),
        },
        ColumnType::Boolean => JsonKind::Boolean,
        ColumnType::TinyInt
        | ColumnType::SmallInt
        | ColumnType::Int
        | ColumnType::UTinyInt
        | ColumnType::USmallInt
        | ColumnType::UInt => JsonKind::Number,
        // JSON has no numbers that are not finite.
        ColumnType::Float | ColumnType::Double => match kind {
            JsonKind::String if matches!(raw, "\"NaN\"" | "\"inf\"" | "\"-inf\"") => {
                JsonKind::String
            }
            _ => JsonKind::Number,
        },
        ColumnType::BigInt | ColumnType::UBigInt | ColumnType::Decimal { .. } => match kind {
            JsonKind::String => JsonKind::String,
            _ => JsonKind::Number,
        },
        _ => JsonKind::String,
    };
    match (kind, expected) {
        (JsonKind::String, JsonKind::String) => unquote(raw),
        (kind, expected) if kind == expected => Ok(Cow::Borrowed(raw)),
        (found, expected) => Err(ValueProblem::JsonKind {
            expected: expected.name(),
            found: found.name(),
        }),
    }
}

/// The kinds of JSON values other than null.
#[derive(Clone, Copy, PartialEq, Eq)]
enum JsonKind {
    Object,
    Array,
    String,
    Boolean,
    Number,
}

impl JsonKind {
    /// Returns the kind of valid JSON text other than `null`.
    fn of(raw: &str) -> Self {
        match raw.as_bytes().first() {
            Some(b'{') => JsonKind::Object,
            Some(b'[') => JsonKind::Array,
            Some(b'"') => JsonKind::String,
            Some(b't' | b'f') => JsonKind::Boolean,
            _ => JsonKind::Number,
        }
    }

    fn name(self) -> &'static str {
        match self {
            JsonKind::Object => "an object",
            JsonKind::Array => "an array",
            JsonKind::String => "a string",
            JsonKind::Boolean => "a boolean",
            JsonKind::Number => "a number",
        }
    }

    fn expect(self, raw: &str, index: usize) -> Result<(), ValueMismatch> {
        let found = JsonKind::of(raw);
        if found == self {
            return Ok(());
        }
        let problem = ValueProblem::JsonKind {
            expected: self.name(),
            found: found.name(),
        };
        Err(ValueMismatch::new(index, Some(raw), problem))
    }
}

fn embeddings(
    item: FieldRef,
    size: i32,
    cells: &[JsonCell<'_>],
) -> Result<ArrayRef, ValueMismatch> {
    let length = size as usize;
    let mut values = Float32Builder::with_capacity(cells.len() * length);
    for (index, cell) in cells.iter().enumerate() {
        let Some(raw) = cell.value() else {
            values.append_value_n(0.0, length);
            continue;
        };
        JsonKind::Array.expect(raw, index)?;
        let elements: Vec<JsonCell<'_>> = elements(raw).map(JsonCell::new).collect();
        if elements.len() != length {
            let problem = ValueProblem::Length {
                unit: "elements",
                found: elements.len(),
                expected: length,
            };
            return Err(ValueMismatch::new(index, Some(raw), problem));
        }
        check_nulls(&elements).map_err(|mismatch| inside_list(mismatch, index, 0))?;
        for (at, element) in elements.iter().filter_map(|cell| cell.value()).enumerate() {
            let value = scalar(&ColumnType::Float, element)
                .and_then(|text| Ok(value_text::nearest_float(&text)?));
            values.append_value(value.map_err(|problem| {
                let mismatch = ValueMismatch::new(at, Some(element), problem);
                inside_list(mismatch, index, 0)
            })?);
        }
    }
    let nulls = nulls(cells);
    finish(FixedSizeListArray::try_new(
        item,
        size,
        Arc::new(values.finish()),
        nulls,
    ))
}

fn lists(
    item: FieldRef,
    element: &NestedField,
    cells: &[JsonCell<'_>],
) -> Result<ArrayRef, ValueMismatch> {
    let mut inner = Vec::new();
    let mut lengths = Vec::with_capacity(cells.len());
    for (index, cell) in cells.iter().enumerate() {
        let before = inner.len();
        if let Some(raw) = cell.value() {
            JsonKind::Array.expect(raw, index)?;
            inner.extend(elements(raw).map(JsonCell::new));
        }
        lengths.push(inner.len() - before);
    }
    let values = build(&element.ty, element.nullable, &inner)
        .map_err(|mismatch| in_lists(mismatch, &lengths))?;
    let offsets = OffsetBuffer::from_lengths(lengths);
    finish(ListArray::try_new(item, offsets, values, nulls(cells)))
}

fn structs(
    arrow_fields: Fields,
    fields: &[NestedField],
    cells: &[JsonCell<'_>],
) -> Result<ArrayRef, ValueMismatch> {
    let mut children: Vec<Vec<JsonCell<'_>>> = fields
        .iter()
        .map(|_| Vec::with_capacity(cells.len()))
        .collect();
    for (index, cell) in cells.iter().enumerate() {
        let empty = match cell {
            JsonCell::Value(_) => JsonCell::Absent,
            _ => JsonCell::Hidden,
        };
        for child in &mut children {
            child.push(empty);
        }
        let Some(raw) = cell.value() else { continue };
        JsonKind::Object.expect(raw, index)?;
        for (key, value) in members(raw) {
            let problem = |problem| ValueMismatch::new(index, Some(key), problem);
            let name = unquote(key).map_err(problem)?;
            let Some(at) = fields.iter().position(|field| *field.name == *name) else {
                let nearest = nearest(&name, fields.iter().map(|field| &*field.name));
                return Err(problem(ValueProblem::UnknownKey {
                    nearest: nearest.map(str::to_string),
                }));
            };
            let cell = &mut children[at][index];
            if !matches!(cell, JsonCell::Absent) {
                return Err(problem(ValueProblem::DuplicateKey));
            }
            *cell = JsonCell::new(value);
        }
    }
    let arrays: Result<Vec<ArrayRef>, ValueMismatch> = fields
        .iter()
        .zip(&children)
        .map(|(field, cells)| {
            build(&field.ty, field.nullable, cells).map_err(|mismatch| {
                let index = mismatch.index;
                mismatch.inside(index, &format!(".{}", field.name))
            })
        })
        .collect();
    finish(StructArray::try_new_with_length(
        arrow_fields,
        arrays?,
        nulls(cells),
        cells.len(),
    ))
}

/// Builds maps from objects. A key is a string that contains the text of its value.
fn maps(
    entries: FieldRef,
    fields: &MapFields,
    cells: &[JsonCell<'_>],
) -> Result<ArrayRef, ValueMismatch> {
    let (mut keys, mut values) = (Vec::new(), Vec::new());
    let mut lengths = Vec::with_capacity(cells.len());
    for (index, cell) in cells.iter().enumerate() {
        let before = keys.len();
        if let Some(raw) = cell.value() {
            JsonKind::Object.expect(raw, index)?;
            for (key, value) in members(raw) {
                keys.push(key);
                values.push(JsonCell::new(value));
            }
        }
        lengths.push(keys.len() - before);
    }
    let raw_keys = keys;
    let keys =
        map_keys(&fields.key.ty, &raw_keys).map_err(|mismatch| in_lists(mismatch, &lengths))?;
    check_unique_keys(&keys, &raw_keys, &lengths)?;
    let values = build(&fields.value.ty, fields.value.nullable, &values)
        .map_err(|mismatch| in_lists(mismatch, &lengths))?;
    let entry_fields = entry_fields(&entries);
    let structs = StructArray::try_new(entry_fields, vec![keys, values], None)
        .map_err(|error| ValueMismatch::new(0, None, ValueProblem::Arrow(error)))?;
    let offsets = OffsetBuffer::from_lengths(lengths);
    finish(MapArray::try_new(
        entries,
        offsets,
        structs,
        nulls(cells),
        false,
    ))
}

/// Checks that no map has a key twice. Keys are compared as values: `"1"` and `"01"` are the same
/// integer.
fn check_unique_keys(
    keys: &ArrayRef,
    raw_keys: &[&str],
    lengths: &[usize],
) -> Result<(), ValueMismatch> {
    if lengths.iter().all(|length| *length < 2) {
        return Ok(());
    }
    let field = SortField::new(keys.data_type().clone());
    let rows = RowConverter::new(vec![field])
        .and_then(|converter| converter.convert_columns(&[Arc::clone(keys)]))
        .map_err(|error| ValueMismatch::new(0, None, ValueProblem::Arrow(error)))?;
    let mut begin = 0;
    let mut seen = HashSet::new();
    for (index, length) in lengths.iter().enumerate() {
        seen.clear();
        let mut entries = begin..begin + length;
        if let Some(entry) = entries.find(|entry| !seen.insert(rows.row(*entry))) {
            let raw = raw_keys[entry];
            return Err(ValueMismatch::new(
                index,
                Some(raw),
                ValueProblem::DuplicateKey,
            ));
        }
        begin += length;
    }
    Ok(())
}

fn entry_fields(entries: &FieldRef) -> Fields {
    match entries.data_type() {
        DataType::Struct(fields) => fields.clone(),
        _ => Fields::empty(),
    }
}

/// Builds the keys of maps from the keys of objects, which are strings for every key type.
fn map_keys(ty: &ColumnType, raws: &[&str]) -> Result<ArrayRef, ValueMismatch> {
    let mut texts = Vec::with_capacity(raws.len());
    for (index, raw) in raws.iter().enumerate() {
        let text = unquote(raw).map_err(|problem| ValueMismatch::new(index, Some(raw), problem))?;
        texts.push(text);
    }
    if text::is_textual(ty) {
        let texts: Vec<Option<&str>> = texts.iter().map(|text| Some(&**text)).collect();
        return text::build(ty, &texts);
    }
    for (index, text) in texts.iter().enumerate() {
        value_text::json(text)
            .map_err(|error| ValueMismatch::new(index, Some(raws[index]), error.into()))?;
    }
    let cells: Vec<JsonCell<'_>> = texts
        .iter()
        .map(|text| JsonCell::new(text.trim()))
        .collect();
    build(ty, false, &cells)
}

/// Converts a mismatch of an element, whose index counts the elements of all lists, to one of its
/// list.
fn in_lists(mismatch: ValueMismatch, lengths: &[usize]) -> ValueMismatch {
    let mut begin = 0;
    for (index, length) in lengths.iter().enumerate() {
        if mismatch.index < begin + length {
            return inside_list(mismatch, index, begin);
        }
        begin += length;
    }
    mismatch
}

fn inside_list(mismatch: ValueMismatch, list: usize, begin: usize) -> ValueMismatch {
    let segment = format!("[{}]", mismatch.index - begin);
    mismatch.inside(list, &segment)
}

fn nulls(cells: &[JsonCell<'_>]) -> Option<NullBuffer> {
    let nulls: NullBuffer = cells.iter().map(|cell| cell.value().is_some()).collect();
    (nulls.null_count() > 0).then_some(nulls)
}

fn finish<A: Array + 'static>(array: Result<A, ArrowError>) -> Result<ArrayRef, ValueMismatch> {
    match array {
        Ok(array) => Ok(Arc::new(array)),
        Err(error) => Err(ValueMismatch::new(0, None, ValueProblem::Arrow(error))),
    }
}

/// Returns the text of a valid JSON string.
///
/// # Errors
/// Fails if the string contains half of a surrogate pair.
pub(crate) fn unquote(raw: &str) -> Result<Cow<'_, str>, ValueProblem> {
    if !raw.contains('\\') {
        return Ok(Cow::Borrowed(raw.trim_matches('"')));
    }
    serde_json::from_str::<String>(raw)
        .map(Cow::Owned)
        .map_err(|error| TextError::NotJson(value_text::json_message(&error)).into())
}

/// Returns the elements of an array that is valid JSON.
fn elements(raw: &str) -> impl Iterator<Item = &str> {
    JsonItems { rest: inner(raw) }
}

/// Returns the keys, including their quotes, and the values of an object that is valid JSON.
pub(crate) fn members(raw: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut items = JsonItems { rest: inner(raw) };
    std::iter::from_fn(move || Some((items.next()?, items.next()?)))
}

/// Returns the text between the outer brackets.
fn inner(raw: &str) -> &str {
    raw.trim().get(1..raw.trim().len() - 1).unwrap_or_default()
}

/// The keys and values inside an object or array, which commas or colons separate.
struct JsonItems<'a> {
    rest: &'a str,
}

impl<'a> Iterator for JsonItems<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let is_separator = |c: char| c.is_ascii_whitespace() || c == ',' || c == ':';
        let rest = self.rest.trim_start_matches(is_separator);
        if rest.is_empty() {
            return None;
        }
        let (value, rest) = rest.split_at(value_length(rest.as_bytes()));
        self.rest = rest;
        Some(value)
    }
}

/// Returns the length of the value at the beginning of valid JSON.
fn value_length(bytes: &[u8]) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at += string_length(&bytes[at..]);
                if depth == 0 {
                    return at;
                }
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            b',' | b':' | b' ' | b'\t' | b'\r' | b'\n' if depth == 0 => return at,
            _ => {}
        }
        at += 1;
    }
    at
}

/// Returns the length of the string at the beginning of valid JSON, including its quotes.
fn string_length(bytes: &[u8]) -> usize {
    let mut at = 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    at.min(bytes.len())
}
