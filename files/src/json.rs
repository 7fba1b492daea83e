// SPDX-License-Identifier: Apache-2.0

//! JSON to Arrow: a column of any type from the JSON text of its values, each exact or an error.
//!
//! Numbers are read from their digits, never through a float. A primitive value that JSON has no
//! kind for is a string, in the form that [`text`](crate::text) lists. In a `json` or `file` column
//! a string holds JSON text, which is how query results are written; any other value stands for
//! itself.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, FixedSizeListArray, Float32Builder, ListArray, MapArray, StructArray,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, FieldRef, Fields};
use arrow::error::ArrowError;
use kalamtable_model::{ColumnType, MapFields, NestedField};

use crate::problem::{Misfit, Problem, nearest};
use crate::text;

/// A place for a value.
#[derive(Clone, Copy)]
pub(crate) enum Place<'a> {
    /// Valid JSON text, without space around it; not `null`.
    Value(&'a str),
    /// `null`.
    Null,
    /// The key was not there.
    Absent,
    /// Inside of a struct that is null.
    Hidden,
}

impl<'a> Place<'a> {
    /// The place of a value that was written.
    pub(crate) fn written(raw: &'a str) -> Self {
        match raw {
            "null" => Place::Null,
            raw => Place::Value(raw),
        }
    }

    fn value(self) -> Option<&'a str> {
        match self {
            Place::Value(raw) => Some(raw),
            _ => None,
        }
    }
}

/// Whether [`build`] makes columns of type `ty`.
pub(crate) fn is_readable(ty: &ColumnType) -> bool {
    match ty {
        ColumnType::Embedding(_) => true,
        ColumnType::List(_) | ColumnType::Struct(_) | ColumnType::Map(_) => {
            ty.children().iter().all(|child| is_readable(&child.ty))
        }
        _ => text::is_textual(ty),
    }
}

/// The column of type `ty` with the values at these places.
///
/// # Errors
/// The first value that does not fit the type, or a null without `nullable`.
pub(crate) fn build(
    ty: &ColumnType,
    nullable: bool,
    places: &[Place<'_>],
) -> Result<ArrayRef, Misfit> {
    if !nullable {
        check_nulls(places)?;
    }
    match (ty, ty.arrow_type()) {
        (ColumnType::Embedding(_), DataType::FixedSizeList(item, length)) => {
            embeddings(item, length, places)
        }
        (ColumnType::List(element), DataType::List(item)) => lists(item, element, places),
        (ColumnType::Struct(fields), DataType::Struct(arrow_fields)) => {
            structs(arrow_fields, fields, places)
        }
        (ColumnType::Map(fields), DataType::Map(entries, _)) => maps(entries, fields, places),
        _ => scalars(ty, places),
    }
}

fn check_nulls(places: &[Place<'_>]) -> Result<(), Misfit> {
    for (index, place) in places.iter().enumerate() {
        match place {
            Place::Null => return Err(Misfit::new(index, None, Problem::Null)),
            Place::Absent => return Err(Misfit::new(index, None, Problem::Missing)),
            Place::Value(_) | Place::Hidden => {}
        }
    }
    Ok(())
}

fn scalars(ty: &ColumnType, places: &[Place<'_>]) -> Result<ArrayRef, Misfit> {
    let mut values = Vec::with_capacity(places.len());
    for (index, place) in places.iter().enumerate() {
        let text = place.value().map(|raw| scalar(ty, raw)).transpose();
        values.push(text.map_err(|problem| Misfit::new(index, place.value(), problem))?);
    }
    let values: Vec<Option<&str>> = values.iter().map(Option::as_deref).collect();
    text::build(ty, &values).map_err(|misfit| {
        // As the file has it, with its quotes.
        let found = places.get(misfit.index).and_then(|place| place.value());
        Misfit::new(misfit.index, found, misfit.problem)
    })
}

/// The value as text, if it is of the kind that the type is written as.
fn scalar<'a>(ty: &ColumnType, raw: &'a str) -> Result<Cow<'a, str>, Problem> {
    let kind = Kind::of(raw);
    let expected = match ty {
        ColumnType::Json | ColumnType::File => match kind {
            Kind::String => return unquote(raw),
            _ => return Ok(Cow::Borrowed(raw)),
        },
        ColumnType::Boolean => Kind::Boolean,
        ColumnType::TinyInt
        | ColumnType::SmallInt
        | ColumnType::Int
        | ColumnType::BigInt
        | ColumnType::UTinyInt
        | ColumnType::USmallInt
        | ColumnType::UInt
        | ColumnType::UBigInt => Kind::Number,
        // JSON has no number for those that are not finite.
        ColumnType::Float | ColumnType::Double => match kind {
            Kind::String if matches!(raw, "\"NaN\"" | "\"inf\"" | "\"-inf\"") => Kind::String,
            _ => Kind::Number,
        },
        // Readers that go through a float would lose digits of a number, so some writers quote it.
        ColumnType::Decimal { .. } if kind == Kind::String => Kind::String,
        ColumnType::Decimal { .. } => Kind::Number,
        _ => Kind::String,
    };
    match (kind, expected) {
        (Kind::String, Kind::String) => unquote(raw),
        (kind, expected) if kind == expected => Ok(Cow::Borrowed(raw)),
        (found, expected) => Err(Problem::Kind {
            expected: expected.name(),
            found: found.name(),
        }),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Object,
    Array,
    String,
    Boolean,
    Number,
}

impl Kind {
    /// Of valid JSON that is not null.
    fn of(raw: &str) -> Self {
        match raw.as_bytes().first() {
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::Array,
            Some(b'"') => Kind::String,
            Some(b't' | b'f') => Kind::Boolean,
            _ => Kind::Number,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Kind::Object => "an object",
            Kind::Array => "an array",
            Kind::String => "a string",
            Kind::Boolean => "a boolean",
            Kind::Number => "a number",
        }
    }

    fn expect(self, raw: &str, index: usize) -> Result<(), Misfit> {
        let found = Kind::of(raw);
        if found == self {
            return Ok(());
        }
        let problem = Problem::Kind {
            expected: self.name(),
            found: found.name(),
        };
        Err(Misfit::new(index, Some(raw), problem))
    }
}

fn embeddings(item: FieldRef, size: i32, places: &[Place<'_>]) -> Result<ArrayRef, Misfit> {
    let length = size as usize;
    let mut values = Float32Builder::with_capacity(places.len() * length);
    for (index, place) in places.iter().enumerate() {
        let Some(raw) = place.value() else {
            values.append_value_n(0.0, length);
            continue;
        };
        Kind::Array.expect(raw, index)?;
        let elements: Vec<Place<'_>> = elements(raw).map(Place::written).collect();
        if elements.len() != length {
            let problem = Problem::Length {
                of: "elements",
                found: elements.len(),
                expected: length,
            };
            return Err(Misfit::new(index, Some(raw), problem));
        }
        let floats = build(&ColumnType::Float, false, &elements);
        let floats = floats.map_err(|misfit| inside_list(misfit, index, 0))?;
        values.append_array(arrow::array::AsArray::as_primitive(&floats));
    }
    let nulls = nulls(places);
    finish(FixedSizeListArray::try_new(
        item,
        size,
        Arc::new(values.finish()),
        nulls,
    ))
}

fn lists(item: FieldRef, element: &NestedField, places: &[Place<'_>]) -> Result<ArrayRef, Misfit> {
    let mut inner = Vec::new();
    let mut lengths = Vec::with_capacity(places.len());
    for (index, place) in places.iter().enumerate() {
        let before = inner.len();
        if let Some(raw) = place.value() {
            Kind::Array.expect(raw, index)?;
            inner.extend(elements(raw).map(Place::written));
        }
        lengths.push(inner.len() - before);
    }
    let values = build(&element.ty, element.nullable, &inner)
        .map_err(|misfit| in_lists(misfit, &lengths))?;
    let offsets = OffsetBuffer::from_lengths(lengths);
    finish(ListArray::try_new(item, offsets, values, nulls(places)))
}

fn structs(
    arrow_fields: Fields,
    fields: &[NestedField],
    places: &[Place<'_>],
) -> Result<ArrayRef, Misfit> {
    let mut children: Vec<Vec<Place<'_>>> = fields
        .iter()
        .map(|_| Vec::with_capacity(places.len()))
        .collect();
    for (index, place) in places.iter().enumerate() {
        let empty = match place {
            Place::Value(_) => Place::Absent,
            _ => Place::Hidden,
        };
        for child in &mut children {
            child.push(empty);
        }
        let Some(raw) = place.value() else { continue };
        Kind::Object.expect(raw, index)?;
        for (key, value) in members(raw) {
            let problem = |problem| Misfit::new(index, Some(key), problem);
            let name = unquote(key).map_err(problem)?;
            let Some(at) = fields.iter().position(|field| *field.name == *name) else {
                let nearest = nearest(&name, fields.iter().map(|field| &*field.name));
                let nearest = nearest.map(str::to_string);
                return Err(problem(Problem::UnknownKey { nearest }));
            };
            let place = &mut children[at][index];
            if !matches!(place, Place::Absent) {
                return Err(problem(Problem::DuplicateKey));
            }
            *place = Place::written(value);
        }
    }
    let arrays: Result<Vec<ArrayRef>, Misfit> = fields
        .iter()
        .zip(&children)
        .map(|(field, places)| {
            build(&field.ty, field.nullable, places).map_err(|misfit| {
                let index = misfit.index;
                misfit.inside(index, &format!(".{}", field.name))
            })
        })
        .collect();
    finish(StructArray::try_new_with_length(
        arrow_fields,
        arrays?,
        nulls(places),
        places.len(),
    ))
}

/// A map is an object; keys that are no texts are written as strings of what they would be elsewhere.
fn maps(entries: FieldRef, fields: &MapFields, places: &[Place<'_>]) -> Result<ArrayRef, Misfit> {
    let (mut keys, mut values) = (Vec::new(), Vec::new());
    let mut lengths = Vec::with_capacity(places.len());
    for (index, place) in places.iter().enumerate() {
        let before = keys.len();
        if let Some(raw) = place.value() {
            Kind::Object.expect(raw, index)?;
            let mut seen = HashSet::new();
            for (key, value) in members(raw) {
                let problem = |problem| Misfit::new(index, Some(key), problem);
                let name = unquote(key).map_err(problem)?;
                if !seen.insert(name) {
                    return Err(problem(Problem::DuplicateKey));
                }
                keys.push(key);
                values.push(Place::written(value));
            }
        }
        lengths.push(keys.len() - before);
    }
    let keys = map_keys(&fields.key.ty, &keys).map_err(|misfit| in_lists(misfit, &lengths))?;
    let values = build(&fields.value.ty, fields.value.nullable, &values)
        .map_err(|misfit| in_lists(misfit, &lengths))?;
    let entry_fields = entry_fields(&entries);
    let structs = StructArray::try_new(entry_fields, vec![keys, values], None)
        .map_err(|error| Misfit::new(0, None, Problem::Arrow(error)))?;
    let offsets = OffsetBuffer::from_lengths(lengths);
    finish(MapArray::try_new(
        entries,
        offsets,
        structs,
        nulls(places),
        false,
    ))
}

fn entry_fields(entries: &FieldRef) -> Fields {
    match entries.data_type() {
        DataType::Struct(fields) => fields.clone(),
        _ => Fields::empty(),
    }
}

/// Keys of objects, which are strings whatever the type of the map's keys is.
fn map_keys(ty: &ColumnType, raws: &[&str]) -> Result<ArrayRef, Misfit> {
    let mut texts = Vec::with_capacity(raws.len());
    for (index, raw) in raws.iter().enumerate() {
        let text = unquote(raw).map_err(|problem| Misfit::new(index, Some(raw), problem))?;
        texts.push(text);
    }
    if text::is_textual(ty) {
        let texts: Vec<Option<&str>> = texts.iter().map(|text| Some(&**text)).collect();
        return text::build(ty, &texts);
    }
    for (index, text) in texts.iter().enumerate() {
        text::json(text).map_err(|problem| Misfit::new(index, Some(raws[index]), problem))?;
    }
    let places: Vec<Place<'_>> = texts
        .iter()
        .map(|text| Place::written(text.trim()))
        .collect();
    build(ty, false, &places)
}

/// A problem of an element of all lists, as one of the list that it is in.
fn in_lists(misfit: Misfit, lengths: &[usize]) -> Misfit {
    let mut begin = 0;
    for (index, length) in lengths.iter().enumerate() {
        if misfit.index < begin + length {
            return inside_list(misfit, index, begin);
        }
        begin += length;
    }
    misfit
}

fn inside_list(misfit: Misfit, list: usize, begin: usize) -> Misfit {
    let segment = format!("[{}]", misfit.index - begin);
    misfit.inside(list, &segment)
}

fn nulls(places: &[Place<'_>]) -> Option<NullBuffer> {
    let nulls: NullBuffer = places.iter().map(|place| place.value().is_some()).collect();
    (nulls.null_count() > 0).then_some(nulls)
}

fn finish<A: Array + 'static>(array: Result<A, ArrowError>) -> Result<ArrayRef, Misfit> {
    match array {
        Ok(array) => Ok(Arc::new(array)),
        Err(error) => Err(Misfit::new(0, None, Problem::Arrow(error))),
    }
}

/// The text of a string.
pub(crate) fn unquote(raw: &str) -> Result<Cow<'_, str>, Problem> {
    if !raw.contains('\\') {
        return Ok(Cow::Borrowed(raw.trim_matches('"')));
    }
    // Half of a surrogate pair is the one thing that a valid string may hold and a text may not.
    serde_json::from_str::<String>(raw)
        .map(Cow::Owned)
        .map_err(|error| Problem::NotJson(text::json_message(&error)))
}

/// The values of an array that is valid JSON.
fn elements(raw: &str) -> impl Iterator<Item = &str> {
    Parts { rest: inner(raw) }
}

/// The keys, with their quotes, and the values of an object that is valid JSON.
pub(crate) fn members(raw: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut parts = Parts { rest: inner(raw) };
    std::iter::from_fn(move || Some((parts.next()?, parts.next()?)))
}

/// What is between the outer brackets.
fn inner(raw: &str) -> &str {
    raw.trim().get(1..raw.trim().len() - 1).unwrap_or_default()
}

/// Values that are parted by commas or colons.
struct Parts<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Parts<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let is_between = |c: char| c.is_ascii_whitespace() || c == ',' || c == ':';
        let rest = self.rest.trim_start_matches(is_between);
        if rest.is_empty() {
            return None;
        }
        let (value, rest) = rest.split_at(value_length(rest.as_bytes()));
        self.rest = rest;
        Some(value)
    }
}

/// How long the value is that valid JSON begins with.
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
