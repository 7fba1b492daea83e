// SPDX-License-Identifier: Apache-2.0

//! [`convert`]: converts values from a previous type of their column to the current one.
//!
//! Fields of structs are matched by id. [`check_evolution`](kalamtable_model::check_evolution) has
//! permitted the conversion before the type changed.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, FixedSizeListArray, ListArray, MapArray, StructArray, new_null_array,
};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, FieldRef};
use kalamtable_model::{ColumnType, NestedField};

use kalamtable_rows::{InvalidValue, PathSegment, ValueError};

/// Converts `array` from type `old` to type `ty`, whose Arrow type in the query schema is `arrow`.
///
/// # Errors
/// Fails if a value does not fit the type. Only nulls become nulls.
pub(super) fn convert(
    array: &ArrayRef,
    old: &ColumnType,
    ty: &ColumnType,
    arrow: &DataType,
) -> Result<ArrayRef, ValueError> {
    // `arrow` has no ids: if a field of a struct was dropped and another one was added under its
    // name, only the types of the table schema differ.
    if array.data_type() == arrow && old.arrow_type() == ty.arrow_type() {
        return Ok(array.clone());
    }
    match (old, ty, arrow) {
        (ColumnType::List(old), ColumnType::List(element), DataType::List(field)) => {
            let Some(list) = array.as_list_opt::<i32>() else {
                return Err(mismatch(array, arrow));
            };
            let values = convert(list.values(), &old.ty, &element.ty, field.data_type())
                .map_err(|error| inside(error, PathSegment::Item))?;
            let offsets = list.offsets().clone();
            let list = ListArray::try_new(field.clone(), offsets, values, list.nulls().cloned());
            Ok(Arc::new(list.map_err(refused)?))
        }
        (ColumnType::Struct(old), ColumnType::Struct(fields), DataType::Struct(arrow_fields)) => {
            let Some(strukt) = array.as_struct_opt() else {
                return Err(mismatch(array, arrow));
            };
            let columns = fields.iter().zip(arrow_fields);
            let columns = columns
                .map(|(field, arrow)| member(strukt, old, field, arrow))
                .collect::<Result<Vec<_>, _>>()?;
            let nulls = strukt.nulls().cloned();
            let length = strukt.len();
            let fields = arrow_fields.clone();
            let strukt = StructArray::try_new_with_length(fields, columns, nulls, length);
            Ok(Arc::new(strukt.map_err(refused)?))
        }
        (ColumnType::Map(old), ColumnType::Map(fields), DataType::Map(entries, is_sorted)) => {
            let (Some(map), DataType::Struct(arrow_fields)) =
                (array.as_map_opt(), entries.data_type())
            else {
                return Err(mismatch(array, arrow));
            };
            let [key, value] = &arrow_fields[..] else {
                return Err(mismatch(array, arrow));
            };
            let keys = convert(map.keys(), &old.key.ty, &fields.key.ty, key.data_type())
                .map_err(|error| inside(error, PathSegment::Key))?;
            let (old, field) = (&old.value.ty, &fields.value.ty);
            let values = convert(map.values(), old, field, value.data_type())
                .map_err(|error| inside(error, PathSegment::Item))?;
            let columns = StructArray::try_new(arrow_fields.clone(), vec![keys, values], None);
            let map = MapArray::try_new(
                entries.clone(),
                map.offsets().clone(),
                columns.map_err(refused)?,
                map.nulls().cloned(),
                *is_sorted,
            );
            Ok(Arc::new(map.map_err(refused)?))
        }
        // Only the metadata of the element can differ.
        (ColumnType::Embedding(_), ColumnType::Embedding(_), DataType::FixedSizeList(item, n)) => {
            let Some(list) = array.as_fixed_size_list_opt() else {
                return Err(mismatch(array, arrow));
            };
            let (values, nulls) = (list.values().clone(), list.nulls().cloned());
            let list = FixedSizeListArray::try_new(item.clone(), *n, values, nulls);
            Ok(Arc::new(list.map_err(refused)?))
        }
        _ => {
            // A value that does not fit must not become a null.
            let options = CastOptions {
                safe: false,
                ..CastOptions::default()
            };
            cast_with_options(array, arrow, &options).map_err(refused)
        }
    }
}

/// Returns a field of a struct: converted, or null if the previous type does not have the field.
fn member(
    strukt: &StructArray,
    old: &[NestedField],
    field: &NestedField,
    arrow: &FieldRef,
) -> Result<ArrayRef, ValueError> {
    let found = old.iter().position(|old| old.id == field.id);
    let Some(position) = found else {
        return Ok(new_null_array(arrow.data_type(), strukt.len()));
    };
    let column = strukt.column(position);
    convert(column, &old[position].ty, &field.ty, arrow.data_type())
        .map_err(|error| inside(error, PathSegment::Field(field.name.to_string())))
}

/// Prepends a path segment. The index of the value within its parent is not known.
fn inside(error: ValueError, segment: PathSegment) -> ValueError {
    error.under(segment)
}

fn refused(error: arrow::error::ArrowError) -> ValueError {
    ValueError::whole(InvalidValue::Arrow(error))
}

fn mismatch(array: &ArrayRef, expected: &DataType) -> ValueError {
    ValueError::whole(InvalidValue::Type {
        expected: expected.clone(),
        found: array.data_type().clone(),
    })
}
