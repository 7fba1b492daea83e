// SPDX-License-Identifier: Apache-2.0

//! [`Conversion`]: converts the values of a column from an earlier type of the column to a later
//! one.
//!
//! The table of types of the model ([`promotion`]) decides which types can change. Nested fields
//! are matched by id. The caller decides which columns have the same id, and which values columns
//! have in rows that were written without them.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, FixedSizeListArray, ListArray, MapArray,
    PrimitiveArray, StructArray, new_null_array,
};
use arrow::buffer::NullBuffer;
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{
    DataType, Date32Type, Field, Fields, TimeUnit, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampSecondType,
};
use kalamtable_model::{ColumnType, NestedField, Promotion, promotion};

use crate::error::{InvalidValue, PathSegment, ValueError, mismatch};
use crate::physical::{decode, elements_of, to_physical_type, to_plain};

/// The conversion of values from an earlier type of their column to a later one. Each value keeps
/// its meaning.
///
/// ```
/// use std::sync::Arc;
///
/// use arrow::array::{ArrayRef, AsArray, Int32Array};
/// use arrow::datatypes::Float64Type;
/// use kalamtable_model::ColumnType;
/// use kalamtable_rows::Conversion;
///
/// let conversion = Conversion::try_new(&ColumnType::Int, &ColumnType::Double)?;
/// let stored: ArrayRef = Arc::new(Int32Array::from(vec![7]));
/// let converted = conversion.apply(&stored, &ColumnType::Double.query_type())?;
/// assert_eq!(converted.as_primitive::<Float64Type>().value(0), 7.0);
///
/// assert!(Conversion::try_new(&ColumnType::Double, &ColumnType::Int).is_err());
/// # Ok::<(), kalamtable_rows::ValueError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Conversion(TypeChange);

/// The difference between two types.
#[derive(Clone, Debug, PartialEq)]
enum TypeChange {
    Primitive(Promotion),
    List(Box<TypeChange>),
    /// The fields of the later type, in its order.
    Struct(Vec<StructMember>),
    /// The change of the values. Keys never change.
    Map(Box<TypeChange>),
}

/// A field of the later type of a struct.
#[derive(Clone, Debug, PartialEq)]
struct StructMember {
    name: String,
    /// The position of the field in the earlier type and its change, or `None` if the earlier type
    /// does not have the field.
    earlier: Option<(usize, TypeChange)>,
}

impl Conversion {
    /// Prepares the conversion from type `from` to type `to`.
    ///
    /// # Errors
    /// Fails if [`check_evolution`](kalamtable_model::check_evolution) does not allow the change of
    /// the type: [`InvalidValue::TypeChanged`], [`InvalidValue::IdChanged`],
    /// [`InvalidValue::FieldDropped`], [`InvalidValue::FieldMoved`],
    /// [`InvalidValue::NullForbidden`] or [`InvalidValue::Missing`], with the path to the nested
    /// field.
    pub fn try_new(from: &ColumnType, to: &ColumnType) -> Result<Self, ValueError> {
        TypeChange::between(from, to).map(Conversion)
    }

    /// Returns whether the values of both types are equal and have the same structure. Names of
    /// nested fields can differ.
    pub fn is_identity(&self) -> bool {
        self.0.is_identity()
    }

    /// Converts `array`, which has a physical form of the earlier type, to the Arrow type `ty`,
    /// which is the later type in the table schema or in the query schema.
    ///
    /// The fields of structs are those of the earlier type, in its order. The result is not
    /// validated; see [`validate`](crate::validate).
    ///
    /// # Errors
    /// [`InvalidValue::OutOfRange`] for a date that no timestamp can represent,
    /// [`InvalidValue::Null`] for a null in a nested field of `ty` that is not nullable, and
    /// [`InvalidValue::Type`] if `array` or `ty` has another type.
    pub fn apply(&self, array: &ArrayRef, ty: &DataType) -> Result<ArrayRef, ValueError> {
        if self.is_identity() && array.data_type() == ty {
            return Ok(ArrayRef::clone(array));
        }
        self.0.apply(array, ty)
    }
}

impl TypeChange {
    fn between(from: &ColumnType, to: &ColumnType) -> Result<Self, ValueError> {
        match (from, to) {
            (ColumnType::List(from), ColumnType::List(to)) => {
                let change = TypeChange::of_field(from, to);
                let change = change.map_err(|error| error.under(PathSegment::Item))?;
                Ok(TypeChange::List(Box::new(change)))
            }
            (ColumnType::Struct(from), ColumnType::Struct(to)) => {
                struct_members(from, to).map(TypeChange::Struct)
            }
            (ColumnType::Map(from), ColumnType::Map(to)) => {
                let key = same_id(&from.key, &to.key).and_then(|()| {
                    if from.key.ty == to.key.ty {
                        Ok(())
                    } else {
                        Err(type_changed(&from.key.ty, &to.key.ty))
                    }
                });
                key.map_err(|error| error.under(PathSegment::Key))?;
                let change = TypeChange::of_field(&from.value, &to.value);
                let change = change.map_err(|error| error.under(PathSegment::Item))?;
                Ok(TypeChange::Map(Box::new(change)))
            }
            (from, to) => match promotion(from, to) {
                Some(promotion) => Ok(TypeChange::Primitive(promotion)),
                None => Err(type_changed(from, to)),
            },
        }
    }

    /// Returns the change of a field that both types have.
    fn of_field(from: &NestedField, to: &NestedField) -> Result<Self, ValueError> {
        same_id(from, to)?;
        if from.nullable && !to.nullable {
            return Err(ValueError::whole(InvalidValue::NullForbidden));
        }
        TypeChange::between(&from.ty, &to.ty)
    }

    fn is_identity(&self) -> bool {
        match self {
            TypeChange::Primitive(promotion) => is_same_value(*promotion),
            TypeChange::List(change) | TypeChange::Map(change) => change.is_identity(),
            TypeChange::Struct(members) => members.iter().enumerate().all(|(position, member)| {
                let earlier = member.earlier.as_ref();
                earlier.is_some_and(|(found, change)| *found == position && change.is_identity())
            }),
        }
    }

    fn apply(&self, array: &ArrayRef, ty: &DataType) -> Result<ArrayRef, ValueError> {
        match (self, ty) {
            (TypeChange::Primitive(promotion), ty) => promote(array, *promotion, ty),
            (TypeChange::List(change), DataType::List(item)) => {
                let lists = to_plain(array)?;
                let Some(lists) = lists.as_list_opt::<i32>() else {
                    return Err(mismatch(array.data_type(), ty));
                };
                let (offsets, elements) = elements_of(lists.offsets(), lists.values());
                let elements = change
                    .apply(&elements, item.data_type())
                    .and_then(|elements| without_nulls(elements, None, item))
                    .map_err(|error| error.in_list(&offsets))?;
                let nulls = lists.nulls().cloned();
                ListArray::try_new(Arc::clone(item), offsets, elements, nulls)
                    .map(|lists| Arc::new(lists) as ArrayRef)
                    .map_err(ValueError::from)
            }
            (TypeChange::Struct(members), DataType::Struct(fields)) => {
                let structs = decode(array)?;
                match structs.as_struct_opt() {
                    Some(structs) if members.len() == fields.len() => {
                        convert_struct(structs, members, fields)
                    }
                    _ => Err(mismatch(array.data_type(), ty)),
                }
            }
            (TypeChange::Map(change), DataType::Map(entries, is_sorted)) => {
                let maps = decode(array)?;
                let (Some(maps), DataType::Struct(fields)) =
                    (maps.as_map_opt(), entries.data_type())
                else {
                    return Err(mismatch(array.data_type(), ty));
                };
                let [key, value] = &fields[..] else {
                    return Err(mismatch(array.data_type(), ty));
                };
                let (offsets, keys) = elements_of(maps.offsets(), maps.keys());
                let (_, values) = elements_of(maps.offsets(), maps.values());
                let keys = to_physical_type(&keys, key.data_type())
                    .map_err(|error| error.under(PathSegment::Key).in_list(&offsets))?;
                let values = change
                    .apply(&values, value.data_type())
                    .and_then(|values| without_nulls(values, None, value))
                    .map_err(|error| error.in_list(&offsets))?;
                let nulls = maps.nulls().cloned();
                StructArray::try_new(fields.clone(), vec![keys, values], None)
                    .and_then(|pairs| {
                        MapArray::try_new(Arc::clone(entries), offsets, pairs, nulls, *is_sorted)
                    })
                    .map(|maps| Arc::new(maps) as ArrayRef)
                    .map_err(ValueError::from)
            }
            (_, ty) => Err(mismatch(array.data_type(), ty)),
        }
    }
}

/// Returns the fields of the later type of a struct. Fields are added at the end and are nullable,
/// so that readers by position find each earlier field at its place.
fn struct_members(
    from: &[NestedField],
    to: &[NestedField],
) -> Result<Vec<StructMember>, ValueError> {
    for (position, field) in from.iter().enumerate() {
        let reason = match to.iter().position(|later| later.id == field.id) {
            Some(found) if found == position => continue,
            Some(_) => InvalidValue::FieldMoved { id: field.id },
            None => InvalidValue::FieldDropped { id: field.id },
        };
        let segment = PathSegment::Field(field.name.to_string());
        return Err(ValueError::whole(reason).under(segment));
    }
    let members = to.iter().enumerate().map(|(position, field)| {
        let earlier = match from.get(position) {
            Some(earlier) => {
                TypeChange::of_field(earlier, field).map(|change| Some((position, change)))
            }
            None if field.nullable => Ok(None),
            None => Err(ValueError::whole(InvalidValue::Missing)),
        };
        let name = field.name.to_string();
        match earlier {
            Ok(earlier) => Ok(StructMember { name, earlier }),
            Err(error) => Err(error.under(PathSegment::Field(name))),
        }
    });
    members.collect()
}

fn same_id(from: &NestedField, to: &NestedField) -> Result<(), ValueError> {
    if from.id == to.id {
        return Ok(());
    }
    Err(ValueError::whole(InvalidValue::IdChanged {
        found: to.id,
        earlier: from.id,
    }))
}

fn type_changed(from: &ColumnType, to: &ColumnType) -> ValueError {
    ValueError::whole(InvalidValue::TypeChanged {
        from: from.to_string(),
        to: to.to_string(),
    })
}

fn convert_struct(
    structs: &StructArray,
    members: &[StructMember],
    fields: &Fields,
) -> Result<ArrayRef, ValueError> {
    let nulls = structs.nulls();
    let columns = members.iter().zip(fields).map(|(member, field)| {
        let column = match &member.earlier {
            Some((position, change)) => match structs.columns().get(*position) {
                Some(column) => change.apply(column, field.data_type()),
                None => Err(ValueError::whole(InvalidValue::Missing)),
            },
            None => Ok(new_null_array(field.data_type(), structs.len())),
        };
        column
            .and_then(|column| without_nulls(column, nulls, field))
            .map_err(|error| error.under(PathSegment::Field(member.name.clone())))
    });
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    // Without fields, an array would lose its length.
    StructArray::try_new_with_length(fields.clone(), columns, nulls.cloned(), structs.len())
        .map(|structs| Arc::new(structs) as ArrayRef)
        .map_err(ValueError::from)
}

/// Returns `array`, the values of `field`, if it contains no null that the field does not allow.
/// Nulls that a null in `parent` hides do not count.
fn without_nulls(
    array: ArrayRef,
    parent: Option<&NullBuffer>,
    field: &Field,
) -> Result<ArrayRef, ValueError> {
    if field.is_nullable() {
        return Ok(array);
    }
    let Some(nulls) = array.logical_nulls() else {
        return Ok(array);
    };
    let is_hidden = |row| parent.is_some_and(|parent| parent.is_null(row));
    match (0..nulls.len()).find(|&row| nulls.is_null(row) && !is_hidden(row)) {
        Some(row) => Err(ValueError::new(row, InvalidValue::Null)),
        None => Ok(array),
    }
}

/// Returns whether a promotion changes only the type, and not the array.
fn is_same_value(promotion: Promotion) -> bool {
    matches!(
        promotion,
        Promotion::Unchanged | Promotion::BytesToUuid | Promotion::MoreLabels
    )
}

fn promote(array: &ArrayRef, promotion: Promotion, ty: &DataType) -> Result<ArrayRef, ValueError> {
    match promotion {
        promotion if is_same_value(promotion) => match (array.data_type(), ty) {
            (DataType::FixedSizeList(found, n), DataType::FixedSizeList(item, length))
                if n == length && found.data_type() == item.data_type() =>
            {
                let lists = array.as_fixed_size_list();
                let (elements, nulls) = (ArrayRef::clone(lists.values()), lists.nulls().cloned());
                FixedSizeListArray::try_new(Arc::clone(item), *length, elements, nulls)
                    .map(|lists| Arc::new(lists) as ArrayRef)
                    .map_err(ValueError::from)
            }
            _ => to_physical_type(array, ty),
        },
        Promotion::DateToTimestamp => midnights(&decode(array)?, ty),
        Promotion::WiderInteger
        | Promotion::FloatToDouble
        | Promotion::WiderDecimal
        | Promotion::IntegerToDouble
        | Promotion::IntegerToDecimal => {
            // These casts are exact. A value that does not fit must not become a null.
            let options = CastOptions {
                safe: false,
                ..CastOptions::default()
            };
            cast_with_options(&decode(array)?, ty, &options).map_err(ValueError::from)
        }
        _ => Err(mismatch(array.data_type(), ty)),
    }
}

/// The first and the last day of Arrow's calendar, which does not contain all dates of 32 bits:
/// the first day of year -262143 and the last day of year 262142.
const CALENDAR_DAYS: std::ops::RangeInclusive<i32> = -96_465_292..=95_026_236;

/// Converts dates to timestamps at midnight. Arrow's cast multiplies without a check of the range.
fn midnights(array: &ArrayRef, ty: &DataType) -> Result<ArrayRef, ValueError> {
    let (Some(dates), DataType::Timestamp(unit, None)) =
        (array.as_primitive_opt::<Date32Type>(), ty)
    else {
        return Err(mismatch(array.data_type(), ty));
    };
    let outside = (0..dates.len())
        .find(|&row| dates.is_valid(row) && !CALENDAR_DAYS.contains(&dates.value(row)));
    if let Some(row) = outside {
        return Err(ValueError::new(
            row,
            InvalidValue::OutOfRange {
                value: format!("day {} since 1970-01-01", dates.value(row)),
                target: ty.to_string(),
            },
        ));
    }
    Ok(match unit {
        TimeUnit::Second => Arc::new(times::<TimestampSecondType>(dates, 86_400)),
        TimeUnit::Millisecond => Arc::new(times::<TimestampMillisecondType>(dates, 86_400_000)),
        TimeUnit::Microsecond => Arc::new(times::<TimestampMicrosecondType>(dates, 86_400_000_000)),
        TimeUnit::Nanosecond => return Err(mismatch(array.data_type(), ty)),
    })
}

fn times<T: ArrowPrimitiveType<Native = i64>>(
    dates: &PrimitiveArray<Date32Type>,
    units_per_day: i64,
) -> PrimitiveArray<T> {
    // A null slot may contain any number.
    dates.unary(|days| i64::from(days).wrapping_mul(units_per_day))
}
