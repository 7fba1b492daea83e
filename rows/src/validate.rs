// SPDX-License-Identifier: Apache-2.0

//! [`validate`]: the one place that decides whether the values of an Arrow array are values of a
//! column. Data files, `INSERT` and tables over record batches all use it.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{Decimal128Type, SchemaRef};
use arrow::row::{RowConverter, SortField};
use kalamtable_model::value_text::{self, TextError};
use kalamtable_model::{Column, ColumnType, MapFields, NestedField, Shared, TableDefinition};

use crate::column_form::to_column_form;
use crate::error::{InvalidValue, PathSegment, RowError, ValueError, mismatch, value_error};
use crate::from_arrow::FromArrow;
use crate::matching::BatchFields;
use crate::physical::{is_same_logical_type, to_physical_type, to_plain};
use crate::value::{has_digits, validate_times_of_day};

/// Checks that every value of `array` is a value of `column`.
///
/// The array may have any physical form of the column's type (see [`physical`](crate::physical)),
/// or be an array of nulls. Besides the type, these are checked, at any depth:
///
/// - there is no null where the definition does not allow null. Values inside a null list, struct
///   or map do not count;
/// - a value of an `enum` is one of its labels;
/// - a value of `json` or `file` is one JSON value, as RFC 8259 defines it;
/// - a `decimal` has no more digits than its precision;
/// - a time of day is from 00:00 to before 24:00;
/// - no map has the same key twice.
///
/// The rows of the error are positions in `array`, from 0.
///
/// ```
/// use arrow::array::StringArray;
/// use kalamtable_rows::doc_example::EVENTS;
/// use kalamtable_rows::validate;
///
/// let (_, title) = EVENTS.definition.column("title").unwrap();
/// assert!(validate(&StringArray::from(vec![Some("first"), None]), title).is_ok());
/// ```
///
/// # Errors
/// [`InvalidValue::Type`] if `array` has another type; otherwise an error with the row of a value
/// that does not fit, and with its path inside the column, such as `$.routes[3].topic`.
pub fn validate(array: &dyn Array, column: &Column) -> Result<(), ValueError> {
    let (found, expected) = (array.data_type(), column.ty.arrow_type());
    if !found.is_null() && !is_same_logical_type(found, &expected) {
        return Err(mismatch(found, &expected));
    }
    validate_values(array, &column.ty, column.nullable, None)
}

/// Validates `columns`, which are the columns of a table in its order, and returns them as a batch
/// of `row_count` rows with `schema`, the schema of the table. Columns in any form that
/// [`FromArrow::from_batch`] reads are converted: other physical forms, times of another unit,
/// lists of one length, and structs whose fields have other positions, or lack nullable fields.
/// Every column must have `row_count` elements.
///
/// # Errors
/// [`RowError::Value`] for the first column with a value that does not fit; [`RowError::Batch`] if
/// Arrow cannot build the batch, for example because the columns have different lengths.
///
/// # Panics
/// If `columns` has more elements than the table or `schema` has columns.
pub fn validate_batch(
    definition: &TableDefinition,
    schema: &SchemaRef,
    columns: &[ArrayRef],
    row_count: usize,
) -> Result<RecordBatch, RowError> {
    let mut arrays = Vec::with_capacity(columns.len());
    for (position, array) in columns.iter().enumerate() {
        let column = &definition.columns()[position];
        let ty = schema.field(position).data_type();
        let converted = to_column_form(array, ty)
            .and_then(|array| validate(&array, column).map(|()| array))
            .and_then(|array| to_physical_type(&array, ty));
        arrays.push(converted.map_err(|source| value_error(definition, position, source))?);
    }
    let options = RecordBatchOptions::new().with_row_count(Some(row_count));
    RecordBatch::try_new_with_options(Arc::clone(schema), arrays, &options).map_err(|source| {
        RowError::Batch {
            table: definition.name().clone(),
            source,
        }
    })
}

/// Reads the rows of `batch` like [`FromArrow::from_batch`], and validates JSON, which a field of
/// type `String` does not check. Use it for rows that a statement writes.
///
/// # Errors
/// As [`FromArrow::from_batch`], and [`RowError::Value`] for a text that is not JSON.
pub fn read_validated<R: FromArrow>(batch: &RecordBatch) -> Result<Vec<R>, RowError> {
    let definition = R::TABLE.definition;
    let fields = BatchFields::by_name(batch.schema_ref().fields());
    for (position, column) in definition.columns().iter().enumerate() {
        if contains_json(&column.ty)
            && let Some(index) = fields.find(definition, position)?
        {
            validate(batch.column(index), column)
                .map_err(|source| value_error(definition, position, source))?;
        }
    }
    R::from_batch(batch)
}

fn contains_json(ty: &ColumnType) -> bool {
    match ty {
        ColumnType::Json | ColumnType::File => true,
        ColumnType::List(item) => contains_json(&item.ty),
        ColumnType::Struct(fields) => fields.iter().any(|field| contains_json(&field.ty)),
        ColumnType::Map(fields) => contains_json(&fields.value.ty),
        _ => false,
    }
}

/// Checks the values that are not hidden by a null in `parent`.
fn validate_values(
    array: &dyn Array,
    ty: &ColumnType,
    nullable: bool,
    parent: Option<&NullBuffer>,
) -> Result<(), ValueError> {
    let nulls = array.logical_nulls().filter(|nulls| nulls.null_count() > 0);
    if !nullable && let Some(nulls) = &nulls {
        let is_hidden = |row| parent.is_some_and(|parent| parent.is_null(row));
        let mut null_rows = (0..nulls.len()).filter(|&row| nulls.is_null(row));
        if let Some(row) = null_rows.find(|&row| !is_hidden(row)) {
            return Err(ValueError::new(row, InvalidValue::Null));
        }
    }
    if array.data_type().is_null() || !has_rules(ty) {
        return Ok(());
    }
    let array = to_plain(array)?;
    let valid = NullBuffer::union(parent, nulls.as_ref());
    let valid_rows = ValidRows(valid.as_ref(), array.len());
    match ty {
        ColumnType::Enum(labels) => validate_labels(&array, labels, valid_rows),
        ColumnType::Json | ColumnType::File => validate_json(&array, valid_rows),
        ColumnType::Decimal { precision, .. } => {
            let Some(values) = array.as_primitive_opt::<Decimal128Type>() else {
                return Ok(());
            };
            match valid_rows
                .iter()
                .find(|&row| !has_digits(values.value(row), *precision))
            {
                Some(row) => Err(ValueError::new(
                    row,
                    InvalidValue::OutOfRange {
                        value: values.value_as_string(row),
                        target: ty.to_string(),
                    },
                )),
                None => Ok(()),
            }
        }
        ColumnType::Time | ColumnType::Arrow(_) => validate_times_of_day(&array, valid_rows.iter()),
        ColumnType::Embedding(length) => {
            let Some(lists) = array.as_fixed_size_list_opt() else {
                return Ok(());
            };
            let length = *length as usize;
            let Some(nulls) = lists.values().logical_nulls() else {
                return Ok(());
            };
            let mut elements = (0..nulls.len()).filter(|&element| nulls.is_null(element));
            match elements.find(|element| valid_rows.contains(element / length)) {
                Some(element) => {
                    let error = ValueError::new(element / length, InvalidValue::Null);
                    Err(error.under(PathSegment::Index(element % length)))
                }
                None => Ok(()),
            }
        }
        ColumnType::List(item) => {
            let Some(lists) = array.as_list_opt::<i32>() else {
                return Ok(());
            };
            validate_elements(lists.values(), item, lists.offsets(), valid_rows, None)
        }
        ColumnType::Struct(fields) => {
            let Some(structs) = array.as_struct_opt() else {
                return Ok(());
            };
            for (field, column) in fields.iter().zip(structs.columns()) {
                validate_values(column, &field.ty, field.nullable, valid.as_ref())
                    .map_err(|error| error.under(PathSegment::Field(field.name.to_string())))?;
            }
            Ok(())
        }
        ColumnType::Map(fields) => {
            let Some(maps) = array.as_map_opt() else {
                return Ok(());
            };
            let MapFields { key, value } = &**fields;
            let (keys, offsets) = (maps.keys(), maps.offsets());
            validate_elements(keys, key, offsets, valid_rows, Some(PathSegment::Key))?;
            validate_elements(maps.values(), value, offsets, valid_rows, None)?;
            validate_unique_keys(keys, offsets, valid_rows)
        }
        _ => Ok(()),
    }
}

/// Returns whether a value of type `ty` can be invalid without being null.
fn has_rules(ty: &ColumnType) -> bool {
    let is_restricted = |field: &NestedField| !field.nullable || has_rules(&field.ty);
    match ty {
        ColumnType::Enum(_)
        | ColumnType::Json
        | ColumnType::File
        | ColumnType::Decimal { .. }
        | ColumnType::Time
        | ColumnType::Embedding(_)
        | ColumnType::Map(_) => true,
        ColumnType::Arrow(notation) => is_time_of_day_type(notation),
        ColumnType::List(item) => is_restricted(item),
        ColumnType::Struct(fields) => fields.iter().any(is_restricted),
        _ => false,
    }
}

/// Returns whether `arrow:<notation>` is `Time32` or `Time64`.
fn is_time_of_day_type(notation: &str) -> bool {
    notation.starts_with("Time32") || notation.starts_with("Time64")
}

/// The rows of an array that are neither null nor inside a null, and the length of the array.
#[derive(Clone, Copy)]
struct ValidRows<'a>(Option<&'a NullBuffer>, usize);

impl<'a> ValidRows<'a> {
    fn contains(self, row: usize) -> bool {
        self.0.is_none_or(|valid| valid.is_valid(row))
    }

    fn iter(self) -> impl Iterator<Item = usize> + use<'a> {
        (0..self.1).filter(move |&row| self.contains(row))
    }
}

fn validate_labels(
    array: &dyn Array,
    labels: &Shared<[Shared<str>]>,
    rows: ValidRows<'_>,
) -> Result<(), ValueError> {
    let Some(texts) = array.as_string_opt::<i32>() else {
        return Ok(());
    };
    let known: HashSet<&str> = labels.iter().map(|label| &**label).collect();
    match rows.iter().find(|&row| !known.contains(texts.value(row))) {
        Some(row) => Err(ValueError::new(
            row,
            InvalidValue::NotALabel {
                found: texts.value(row).to_string(),
                labels: labels.iter().map(|label| label.to_string()).collect(),
            },
        )),
        None => Ok(()),
    }
}

fn validate_json(array: &dyn Array, rows: ValidRows<'_>) -> Result<(), ValueError> {
    let Some(texts) = array.as_string_opt::<i32>() else {
        return Ok(());
    };
    rows.iter().try_for_each(|row| {
        let text = texts.value(row);
        value_text::json(text).map_err(|error| {
            let reason = match error {
                TextError::NotJson(reason) => reason,
                error => error.to_string(),
            };
            let found = text.to_string();
            ValueError::new(row, InvalidValue::NotJson { found, reason })
        })
    })
}

/// Checks the elements of lists, or the keys or values of maps, in `rows`. `segment` follows the
/// index of the element in the path of an error.
fn validate_elements(
    elements: &dyn Array,
    field: &NestedField,
    offsets: &[i32],
    rows: ValidRows<'_>,
    segment: Option<PathSegment>,
) -> Result<(), ValueError> {
    // One pass over all elements is enough if they are valid, which is nearly always the case. Only
    // an error shows whether a list in `rows` contains the element.
    let all = offsets[0] as usize..offsets[offsets.len() - 1] as usize;
    let validate_range = |range: Range<usize>| {
        let elements = elements.slice(range.start, range.len());
        validate_values(&elements, &field.ty, field.nullable, None)
    };
    if validate_range(all).is_ok() {
        return Ok(());
    }
    rows.iter().try_for_each(|row| {
        validate_range(bounds(offsets, row)).map_err(|error| {
            let error = match &segment {
                Some(segment) => error.under(segment.clone()),
                None => error,
            };
            error.in_list_of(row)
        })
    })
}

fn validate_unique_keys(
    keys: &dyn Array,
    offsets: &[i32],
    rows: ValidRows<'_>,
) -> Result<(), ValueError> {
    if rows.iter().all(|row| bounds(offsets, row).len() < 2) {
        return Ok(());
    }
    let keys = to_plain(keys)?;
    let converter = RowConverter::new(vec![SortField::new(keys.data_type().clone())]);
    let keys = converter.and_then(|converter| converter.convert_columns(&[keys]))?;
    let mut seen = HashSet::new();
    rows.iter().try_for_each(|row| {
        seen.clear();
        let mut entries = bounds(offsets, row).enumerate();
        match entries.find(|(_, entry)| !seen.insert(keys.row(*entry))) {
            Some((index, _)) => {
                Err(ValueError::new(index, InvalidValue::DuplicateMapKey).in_list_of(row))
            }
            None => Ok(()),
        }
    })
}

/// Returns the positions of the elements of the list in `row`.
fn bounds(offsets: &[i32], row: usize) -> Range<usize> {
    offsets[row] as usize..offsets[row + 1] as usize
}
