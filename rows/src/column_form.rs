// SPDX-License-Identifier: Apache-2.0

//! [`to_column_form`]: converts an array of other origin to the type of a column. It accepts the
//! forms that the readers of typed rows accept.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, FixedSizeListArray, Int64Array, ListArray, MapArray, StructArray,
    new_null_array,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Fields, Int64Type, TimeUnit};

use crate::error::{InvalidValue, PathSegment, ValueError, mismatch};
use crate::matching::find_struct_field;
use crate::physical::{decode, elements_of, is_same_logical_type, to_physical_type, to_plain};
use crate::value::per_second;

/// Returns `array` with the logical type `ty`, the type of a column. The values are not validated.
///
/// Besides another physical form, these are converted: times of another unit, lists of one length
/// in place of lists of any length, and structs whose fields have other positions, or lack fields
/// that allow null. An array of nulls is converted to any type.
///
/// # Errors
/// [`InvalidValue::Type`] if the types differ otherwise, [`InvalidValue::InexactTime`] for a time
/// that is not a whole number of the unit of `ty`, and [`InvalidValue::Missing`] if a struct lacks
/// a field.
pub(crate) fn to_column_form(array: &ArrayRef, ty: &DataType) -> Result<ArrayRef, ValueError> {
    if array.data_type() == ty || is_same_logical_type(array.data_type(), ty) {
        return Ok(ArrayRef::clone(array));
    }
    let array = decode(array)?;
    match (array.data_type(), ty) {
        (DataType::Null, _) => Ok(new_null_array(ty, array.len())),
        (DataType::Timestamp(from, found), DataType::Timestamp(to, zone)) if found == zone => {
            to_unit(&array, *from, *to, ty)
        }
        (DataType::Time64(from), DataType::Time64(to)) => to_unit(&array, *from, *to, ty),
        (DataType::Struct(_), DataType::Struct(fields)) => to_fields(array.as_struct(), fields),
        (DataType::FixedSizeList(_, found), DataType::FixedSizeList(item, length))
            if found == length =>
        {
            let lists = array.as_fixed_size_list();
            let elements = to_column_form(lists.values(), item.data_type())
                .and_then(|elements| to_physical_type(&elements, item.data_type()))
                .map_err(|error| error.under(PathSegment::Item))?;
            let nulls = lists.nulls().cloned();
            FixedSizeListArray::try_new(Arc::clone(item), *length, elements, nulls)
                .map(|lists| Arc::new(lists) as ArrayRef)
                .map_err(ValueError::from)
        }
        (
            DataType::List(found)
            | DataType::LargeList(found)
            | DataType::ListView(found)
            | DataType::LargeListView(found)
            | DataType::FixedSizeList(found, _),
            DataType::List(item),
        ) => {
            let plain = match array.data_type() {
                DataType::FixedSizeList(..) => cast(&array, &DataType::List(Arc::clone(found)))?,
                _ => to_plain(&array)?,
            };
            to_items(plain.as_list::<i32>(), item)
        }
        (DataType::Map(..), DataType::Map(entries, _)) => to_entries(array.as_map(), entries, ty),
        (found, _) => Err(mismatch(found, ty)),
    }
}

fn to_unit(
    array: &ArrayRef,
    from: TimeUnit,
    to: TimeUnit,
    ty: &DataType,
) -> Result<ArrayRef, ValueError> {
    let numbers = cast(array, &DataType::Int64)?;
    let numbers = numbers.as_primitive::<Int64Type>();
    let (from_per_second, to_per_second) = (per_second(from), per_second(to));
    let convert = |units: i64| {
        if to_per_second >= from_per_second {
            units.checked_mul(to_per_second / from_per_second)
        } else {
            let divisor = from_per_second / to_per_second;
            (units % divisor == 0).then(|| units / divisor)
        }
    };
    let converted = numbers.iter().enumerate().map(|(row, units)| match units {
        None => Ok(None),
        Some(units) => convert(units)
            .map(Some)
            .ok_or_else(|| ValueError::new(row, InvalidValue::InexactTime { units, from, to })),
    });
    let converted: Int64Array = converted.collect::<Result<_, _>>()?;
    cast(&converted, ty).map_err(ValueError::from)
}

fn to_fields(structs: &StructArray, fields: &Fields) -> Result<ArrayRef, ValueError> {
    let found = structs.fields();
    let columns = fields.iter().map(|field| {
        let column = match find_struct_field(found, field) {
            Some(index) => to_form(structs.column(index), field),
            None if field.is_nullable() => Ok(new_null_array(field.data_type(), structs.len())),
            None => Err(ValueError::whole(InvalidValue::Missing)),
        };
        column.map_err(|error| error.under(PathSegment::Field(field.name().clone())))
    });
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    let nulls = structs.nulls().cloned();
    // Without fields, an array would lose its length.
    StructArray::try_new_with_length(fields.clone(), columns, nulls, structs.len())
        .map(|structs| Arc::new(structs) as ArrayRef)
        .map_err(ValueError::from)
}

fn to_items(lists: &ListArray, item: &Arc<Field>) -> Result<ArrayRef, ValueError> {
    let (offsets, elements) = elements_of(lists.offsets(), lists.values());
    let elements = to_form(&elements, item).map_err(|error| error.in_list(&offsets))?;
    let nulls = lists.nulls().cloned();
    ListArray::try_new(Arc::clone(item), offsets, elements, nulls)
        .map(|lists| Arc::new(lists) as ArrayRef)
        .map_err(ValueError::from)
}

fn to_entries(
    maps: &MapArray,
    entries: &Arc<Field>,
    ty: &DataType,
) -> Result<ArrayRef, ValueError> {
    let (DataType::Struct(fields), DataType::Map(_, is_sorted)) = (entries.data_type(), ty) else {
        return Err(mismatch(maps.data_type(), ty));
    };
    let [key, value] = &fields[..] else {
        return Err(mismatch(maps.data_type(), ty));
    };
    let (offsets, keys) = elements_of(maps.offsets(), maps.keys());
    let (_, values) = elements_of(maps.offsets(), maps.values());
    let keys =
        to_form(&keys, key).map_err(|error| error.under(PathSegment::Key).in_list(&offsets))?;
    let values = to_form(&values, value).map_err(|error| error.in_list(&offsets))?;
    let pairs = StructArray::try_new(fields.clone(), vec![keys, values], None);
    pairs
        .and_then(|pairs| {
            let nulls = maps.nulls().cloned();
            MapArray::try_new(Arc::clone(entries), offsets, pairs, nulls, *is_sorted)
        })
        .map(|maps| Arc::new(maps) as ArrayRef)
        .map_err(ValueError::from)
}

/// Converts the values of a nested field, whose array has exactly the type of the field.
fn to_form(array: &ArrayRef, field: &Field) -> Result<ArrayRef, ValueError> {
    to_column_form(array, field.data_type())
        .and_then(|array| to_physical_type(&array, field.data_type()))
}
