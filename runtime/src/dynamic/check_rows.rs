// SPDX-License-Identifier: Apache-2.0

//! [`checked`]: whether rows that are to be written are rows of their table.

use std::collections::HashSet;
use std::fmt;
use std::ops::Range;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Decimal128Type, SchemaRef};
use arrow::row::{RowConverter, SortField};
use kalamtable_model::{ColumnType, NestedField, Shared, TableDefinition};

use kalamtable_rows::{InvalidValue, PathSegment, RowError, ValueError};

/// The first columns of `batch` as rows of a table, whose columns they are in order: under its
/// schema, and with nothing in them that may not be.
///
/// # Errors
/// The first value that does not fit, with its row in the batch.
pub(super) fn checked(
    definition: &TableDefinition,
    schema: &SchemaRef,
    batch: &RecordBatch,
) -> Result<RecordBatch, RowError> {
    let mut columns = Vec::with_capacity(schema.fields().len());
    for (position, column) in definition.columns().iter().enumerate() {
        let field = schema.field(position);
        let array = to_physical(batch.column(position), field.data_type());
        let array = array.and_then(|array| {
            let place = Place {
                ty: &column.ty,
                nullable: column.nullable,
            };
            place.check(&array, 0..array.len())?;
            Ok(array)
        });
        columns.push(array.map_err(|source| RowError::Value {
            table: definition.name().clone(),
            column: column.name.to_string(),
            source,
        })?);
    }
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(schema.clone(), columns, &options).map_err(|source| {
        RowError::Batch {
            table: definition.name().clone(),
            source,
        }
    })
}

/// `array` in the type `ty`, if it is another physical form of it, or of nothing but nulls.
fn to_physical(array: &ArrayRef, ty: &DataType) -> Result<ArrayRef, ValueError> {
    let found = array.data_type();
    if found == ty {
        return Ok(array.clone());
    }
    if !(found.is_null() || is_same(found, ty)) {
        return Err(ValueError::whole(InvalidValue::Type {
            expected: ty.clone(),
            found: found.clone(),
        }));
    }
    cast(array, ty).map_err(|error| ValueError::whole(InvalidValue::Arrow(error)))
}

/// Whether two types differ in how they are laid out, and in the names and metadata of what is
/// inside.
fn is_same(found: &DataType, ty: &DataType) -> bool {
    use DataType::{
        Binary, BinaryView, Dictionary, FixedSizeList, LargeBinary, LargeList, LargeUtf8, List,
        ListView, Map, Struct, Utf8, Utf8View,
    };
    match (found, ty) {
        (Dictionary(_, values), ty) => is_same(values, ty),
        (Utf8 | LargeUtf8 | Utf8View, Utf8 | LargeUtf8 | Utf8View) => true,
        (Binary | LargeBinary | BinaryView, Binary | LargeBinary | BinaryView) => true,
        (List(found) | LargeList(found) | ListView(found), List(field)) => {
            is_same(found.data_type(), field.data_type())
        }
        (FixedSizeList(found, length), FixedSizeList(field, expected)) => {
            length == expected && is_same(found.data_type(), field.data_type())
        }
        (Struct(found), Struct(fields)) => {
            let mut pairs = found.iter().zip(fields);
            found.len() == fields.len()
                && pairs.all(|(found, field)| {
                    found.name() == field.name() && is_same(found.data_type(), field.data_type())
                })
        }
        (Map(found, _), Map(entries, _)) => match (found.data_type(), entries.data_type()) {
            (Struct(found), Struct(fields)) => {
                let mut pairs = found.iter().zip(fields);
                pairs.all(|(found, field)| is_same(found.data_type(), field.data_type()))
            }
            _ => false,
        },
        (found, ty) => found == ty,
    }
}

/// A column, or a field inside of one.
struct Place<'a> {
    ty: &'a ColumnType,
    nullable: bool,
}

impl Place<'_> {
    /// Looks at the values in `range`.
    fn check(&self, array: &ArrayRef, range: Range<usize>) -> Result<(), ValueError> {
        if !self.nullable
            && array.null_count() > 0
            && let Some(row) = range.clone().find(|row| array.is_null(*row))
        {
            return Err(ValueError::new(row, InvalidValue::Null));
        }
        let mut there = range.filter(|row| array.is_valid(*row));
        match self.ty {
            ColumnType::Enum(labels) => check_labels(array, labels, there),
            ColumnType::Decimal { precision, .. } => {
                let Some(values) = array.as_primitive_opt::<Decimal128Type>() else {
                    return Ok(());
                };
                let most = 10i128.pow(u32::from(*precision));
                match there.find(|row| values.value(*row).unsigned_abs() >= most.unsigned_abs()) {
                    Some(row) => Err(ValueError::new(
                        row,
                        InvalidValue::OutOfRange {
                            value: values.value_as_string(row),
                            target: self.ty.to_string(),
                        },
                    )),
                    None => Ok(()),
                }
            }
            ColumnType::List(element) => {
                let Some(list) = array.as_list_opt::<i32>() else {
                    return Ok(());
                };
                let place = Place::of(element);
                let is_trivial = place.is_trivial(list.values());
                there.try_for_each(|row| {
                    let elements = offsets(list.value_offsets(), row);
                    if is_trivial {
                        return Ok(());
                    }
                    let begin = elements.start;
                    place.check(list.values(), elements).map_err(|error| {
                        at(error, row, |element| {
                            PathSegment::Index(element.saturating_sub(begin))
                        })
                    })
                })
            }
            ColumnType::Struct(fields) => {
                let Some(strukt) = array.as_struct_opt() else {
                    return Ok(());
                };
                let rows: Vec<usize> = there.collect();
                for (field, column) in fields.iter().zip(strukt.columns()) {
                    let place = Place::of(field);
                    if place.is_trivial(column) {
                        continue;
                    }
                    for row in &rows {
                        place.check(column, *row..row + 1).map_err(|error| {
                            error.under(PathSegment::Field(field.name.to_string()))
                        })?;
                    }
                }
                Ok(())
            }
            ColumnType::Map(fields) => {
                let Some(map) = array.as_map_opt() else {
                    return Ok(());
                };
                let arrow = |error| ValueError::whole(InvalidValue::Arrow(error));
                let field = SortField::new(map.keys().data_type().clone());
                let converter = RowConverter::new(vec![field]).map_err(arrow)?;
                let keys = converter.convert_columns(&[map.keys().clone()]);
                let keys = keys.map_err(arrow)?;
                let (key, value) = (Place::of(&fields.key), Place::of(&fields.value));
                there.try_for_each(|row| {
                    let entries = offsets(map.value_offsets(), row);
                    let begin = entries.start;
                    let index = |entry: usize| PathSegment::Index(entry.saturating_sub(begin));
                    key.check(map.keys(), entries.clone())
                        .map_err(|error| at(error, row, |_| PathSegment::Key))?;
                    value
                        .check(map.values(), entries.clone())
                        .map_err(|error| at(error, row, index))?;
                    let mut seen = HashSet::new();
                    let twice = entries.clone().find(|entry| !seen.insert(keys.row(*entry)));
                    match twice {
                        Some(entry) => {
                            let error = ValueError::new(entry, InvalidValue::DuplicateMapKey);
                            Err(at(error, row, index))
                        }
                        None => Ok(()),
                    }
                })
            }
            _ => Ok(()),
        }
    }

    fn of(field: &NestedField) -> Place<'_> {
        Place {
            ty: &field.ty,
            nullable: field.nullable,
        }
    }

    /// Whether there is nothing to look at in any value.
    fn is_trivial(&self, array: &ArrayRef) -> bool {
        let has_rules = matches!(
            self.ty,
            ColumnType::Enum(_)
                | ColumnType::Decimal { .. }
                | ColumnType::List(_)
                | ColumnType::Struct(_)
                | ColumnType::Map(_)
        );
        !has_rules && (self.nullable || array.null_count() == 0)
    }
}

fn check_labels(
    array: &ArrayRef,
    labels: &Shared<[Shared<str>]>,
    mut rows: impl Iterator<Item = usize>,
) -> Result<(), ValueError> {
    let Some(texts) = array.as_string_opt::<i32>() else {
        return Ok(());
    };
    let known: HashSet<&str> = labels.iter().map(|label| &**label).collect();
    match rows.find(|row| !known.contains(texts.value(*row))) {
        Some(row) => Err(ValueError::new(
            row,
            InvalidValue::Other(Box::new(NotALabel {
                found: texts.value(row).to_string(),
                labels: labels.clone(),
            })),
        )),
        None => Ok(()),
    }
}

/// [`InvalidValue::NotALabel`], of a set that is not part of the program.
#[derive(Debug)]
struct NotALabel {
    found: String,
    labels: Shared<[Shared<str>]>,
}

impl fmt::Display for NotALabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let labels = self.labels.iter().map(|label| format!("`{label}`"));
        let labels: Vec<String> = labels.collect();
        write!(f, "`{}` is not one of {}", self.found, labels.join(", "))
    }
}

impl std::error::Error for NotALabel {}

fn offsets(offsets: &[i32], row: usize) -> Range<usize> {
    offsets[row] as usize..offsets[row + 1] as usize
}

/// A problem of a value inside of the one in `row`.
fn at(error: ValueError, row: usize, segment: impl FnOnce(usize) -> PathSegment) -> ValueError {
    let inner = error.index().unwrap_or_default();
    error.under(segment(inner)).with_index(row)
}
