//! Lists, maps and structs: values with values inside.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, ListArray, MapArray, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{BinaryType, DataType, FieldRef, Fields};

use super::text::build_bytes;
use super::{
    Element, ElementReader, PathSegment, Problem, Value, ValueError, mismatch, null_buffer,
    to_physical,
};

/// The reader of a `Vec`: over the bytes of a `bytes` column, or over a list.
#[derive(Debug)]
pub enum VecReader<R> {
    /// One byte string for each value.
    Bytes(BinaryArray),
    /// One run of elements for each value.
    List {
        /// Where each run begins and ends.
        offsets: OffsetBuffer<i32>,
        /// The elements.
        elements: ElementReader<R>,
    },
}

impl<E: Element> Value for Vec<E> {
    type Reader = VecReader<<E::Value as Value>::Reader>;

    fn build(
        values: &[Option<&Self>],
        ty: &DataType,
        nullable: bool,
    ) -> Result<ArrayRef, ValueError> {
        let values = values.iter().copied();
        match ty {
            DataType::Binary if E::as_bytes(&[]).is_some() => {
                let bytes: Vec<Option<&[u8]>> = values
                    .map(|value| value.and_then(|value| E::as_bytes(value)))
                    .collect();
                build_bytes::<BinaryType>(&bytes, ty, nullable)
            }
            DataType::List(item) => {
                let nulls = null_buffer(values.clone(), nullable);
                let offsets = offsets(values.clone().map(|value| value.map_or(0, Vec::len)))?;
                let elements: Vec<Option<&E::Value>> = values
                    .flat_map(|value| value.map_or(&[][..], Vec::as_slice))
                    .map(Element::as_value)
                    .collect();
                let elements = build_elements::<E>(&elements, item)
                    .map_err(|error| error.in_list(&offsets))?;
                ListArray::try_new(item.clone(), offsets, elements, nulls)
                    .map(|array| Arc::new(array) as ArrayRef)
                    .map_err(|error| ValueError::whole(Problem::Arrow(error)))
            }
            _ => Err(ValueError::whole(Problem::NotAList { found: ty.clone() })),
        }
    }

    fn reader(array: &ArrayRef, ty: &DataType) -> Result<Self::Reader, ValueError> {
        match ty {
            DataType::Binary if E::as_bytes(&[]).is_some() => {
                let array = to_physical(array, ty)?;
                let bytes = array.as_binary_opt::<i32>().cloned();
                bytes
                    .map(VecReader::Bytes)
                    .ok_or_else(|| mismatch(array.data_type(), ty))
            }
            DataType::List(item) => {
                let list = array
                    .as_list_opt::<i32>()
                    .ok_or_else(|| mismatch(array.data_type(), ty))?;
                Ok(VecReader::List {
                    offsets: list.offsets().clone(),
                    elements: ElementReader::try_new::<E>(list.values(), item.data_type())
                        .map_err(|error| error.under(PathSegment::Item))?,
                })
            }
            _ => Err(mismatch(array.data_type(), ty)),
        }
    }

    fn read(reader: &Self::Reader, index: usize) -> Result<Self, ValueError> {
        match reader {
            VecReader::Bytes(bytes) => E::from_bytes(bytes.value(index))
                .ok_or_else(|| ValueError::new(index, Problem::Null)),
            VecReader::List { offsets, elements } => run(offsets, index)
                .map(|element| {
                    elements
                        .read::<E>(element)
                        .map_err(|error| error.in_list(offsets))
                })
                .collect(),
        }
    }
}

/// The reader of a map.
#[derive(Debug)]
pub struct MapReader<K, V> {
    offsets: OffsetBuffer<i32>,
    keys: ElementReader<K>,
    values: ElementReader<V>,
}

impl<K: Value + Ord, E: Element> Value for BTreeMap<K, E> {
    type Reader = MapReader<K::Reader, <E::Value as Value>::Reader>;

    fn build(
        values: &[Option<&Self>],
        ty: &DataType,
        nullable: bool,
    ) -> Result<ArrayRef, ValueError> {
        let values = values.iter().copied();
        let (entries, fields) = map_entries(ty)?;
        let nulls = null_buffer(values.clone(), nullable);
        let offsets = offsets(values.clone().map(|value| value.map_or(0, BTreeMap::len)))?;
        let pairs = || values.clone().flatten().flatten();
        let keys: Vec<Option<&K>> = pairs().map(|(key, _)| Some(key)).collect();
        let items: Vec<Option<&E::Value>> = pairs().map(|(_, item)| item.as_value()).collect();
        let keys = build_elements::<K>(&keys, &fields[0]).map_err(|e| e.in_list(&offsets))?;
        let items = build_elements::<E>(&items, &fields[1]).map_err(|e| e.in_list(&offsets))?;
        StructArray::try_new(fields.clone(), vec![keys, items], None)
            .and_then(|pairs| MapArray::try_new(entries.clone(), offsets, pairs, nulls, false))
            .map(|array| Arc::new(array) as ArrayRef)
            .map_err(|error| ValueError::whole(Problem::Arrow(error)))
    }

    fn reader(array: &ArrayRef, ty: &DataType) -> Result<Self::Reader, ValueError> {
        let (_, fields) = map_entries(ty)?;
        let map = array
            .as_map_opt()
            .ok_or_else(|| mismatch(array.data_type(), ty))?;
        Ok(MapReader {
            offsets: map.offsets().clone(),
            keys: ElementReader::try_new::<K>(map.keys(), fields[0].data_type())
                .map_err(|error| error.under(PathSegment::Key))?,
            values: ElementReader::try_new::<E>(map.values(), fields[1].data_type())
                .map_err(|error| error.under(PathSegment::Item))?,
        })
    }

    fn read(reader: &Self::Reader, index: usize) -> Result<Self, ValueError> {
        let mut map = BTreeMap::new();
        for entry in run(&reader.offsets, index) {
            let in_map = |error: ValueError| error.in_list(&reader.offsets);
            let key = reader.keys.read::<K>(entry).map_err(in_map)?;
            let value = reader.values.read::<E>(entry).map_err(in_map)?;
            if map.insert(key, value).is_some() {
                return Err(in_map(ValueError::new(entry, Problem::DuplicateMapKey)));
            }
        }
        Ok(map)
    }
}

/// The entries field of a map type, and its two fields: key and value.
fn map_entries(ty: &DataType) -> Result<(&FieldRef, &Fields), ValueError> {
    if let DataType::Map(entries, _) = ty
        && let DataType::Struct(fields) = entries.data_type()
        && fields.len() == 2
    {
        return Ok((entries, fields));
    }
    Err(ValueError::whole(Problem::NotAMap { found: ty.clone() }))
}

fn build_elements<E: Element>(
    elements: &[Option<&E::Value>],
    field: &FieldRef,
) -> Result<ArrayRef, ValueError> {
    E::Value::build(elements, field.data_type(), field.is_nullable())
}

/// Offsets of runs of these lengths.
fn offsets(lengths: impl ExactSizeIterator<Item = usize>) -> Result<OffsetBuffer<i32>, ValueError> {
    let mut offsets = Vec::with_capacity(lengths.len() + 1);
    let mut end = 0usize;
    offsets.push(0);
    for (index, length) in lengths.enumerate() {
        end += length;
        let offset =
            i32::try_from(end).map_err(|_| ValueError::new(index, Problem::TooManyElements))?;
        offsets.push(offset);
    }
    Ok(OffsetBuffer::new(offsets.into()))
}

/// The positions of the elements that make the value at `index`.
fn run(offsets: &OffsetBuffer<i32>, index: usize) -> std::ops::Range<usize> {
    // Offsets are never negative.
    offsets[index] as usize..offsets[index + 1] as usize
}

/// The fields of a struct type, to be built; for generated code.
#[derive(Debug)]
pub struct FieldsToBuild<'a> {
    fields: &'a Fields,
    /// Whether some of the structs are null.
    some_null: bool,
}

impl FieldsToBuild<'_> {
    /// The array of the field at `position`.
    ///
    /// It is null wherever the struct is, even if the field may not be: DataFusion takes a field out
    /// of a struct without a look at the struct's own nulls, and what is hidden there would come to
    /// light (<https://github.com/apache/datafusion/issues/25120>).
    pub fn build<'a, T, E: Element + 'a>(
        &self,
        values: &[Option<&'a T>],
        position: usize,
        of: impl Fn(&'a T) -> &'a E,
    ) -> Result<ArrayRef, ValueError> {
        let field = struct_field(self.fields, position)?;
        let mut elements = Vec::with_capacity(values.len());
        for value in values {
            elements.push(value.and_then(|value| of(value).as_value()));
        }
        let nullable = field.is_nullable() || self.some_null;
        E::Value::build(&elements, field.data_type(), nullable)
            .map_err(|error| error.under(PathSegment::Field(field.name().clone())))
    }
}

/// A struct array of these fields; for generated code.
pub fn build_struct<T>(
    values: &[Option<&T>],
    ty: &DataType,
    nullable: bool,
    build_fields: impl FnOnce(FieldsToBuild<'_>) -> Result<Vec<ArrayRef>, ValueError>,
) -> Result<ArrayRef, ValueError> {
    let DataType::Struct(fields) = ty else {
        return Err(ValueError::whole(Problem::NotAStruct { found: ty.clone() }));
    };
    let length = values.len();
    let nulls = null_buffer(values.iter().copied(), nullable);
    let some_null = nulls.is_some();
    let arrays = build_fields(FieldsToBuild { fields, some_null })?;
    StructArray::try_new_with_length(fields.clone(), arrays, nulls, length)
        .map(|array| Arc::new(array) as ArrayRef)
        .map_err(|error| ValueError::whole(Problem::Arrow(error)))
}

/// The fields of a struct array, matched to those of a struct type; for generated code.
#[derive(Debug)]
pub struct StructFields<'a> {
    array: StructArray,
    fields: &'a Fields,
}

impl<'a> StructFields<'a> {
    /// The fields of `array`, whose type should be `ty`.
    pub fn try_new(array: &ArrayRef, ty: &'a DataType) -> Result<Self, ValueError> {
        let DataType::Struct(fields) = ty else {
            return Err(ValueError::whole(Problem::NotAStruct { found: ty.clone() }));
        };
        match array.as_struct_opt() {
            Some(array) => Ok(StructFields {
                array: array.clone(),
                fields,
            }),
            None => Err(mismatch(array.data_type(), ty)),
        }
    }

    /// The reader of the field at `position` of the type: found by id, then by name.
    pub fn reader<E: Element>(
        &self,
        position: usize,
    ) -> Result<FieldReader<<E::Value as Value>::Reader>, ValueError> {
        let field = struct_field(self.fields, position)?;
        let segment = PathSegment::Field(field.name().clone());
        let found = crate::columns::find_field(self.array.fields(), field);
        let reader = match found {
            Some(index) => {
                let reader =
                    ElementReader::try_new::<E>(self.array.column(index), field.data_type());
                Some(reader.map_err(|error| error.under(segment.clone()))?)
            }
            None if field.is_nullable() => None,
            None => return Err(ValueError::whole(Problem::Missing).under(segment)),
        };
        Ok(FieldReader { segment, reader })
    }
}

/// The reader of a struct's field, which may be absent from the array if it is nullable.
#[derive(Debug)]
pub struct FieldReader<R> {
    segment: PathSegment,
    reader: Option<ElementReader<R>>,
}

impl<R> FieldReader<R> {
    /// The field of the struct at `index`.
    pub fn read<E>(&self, index: usize) -> Result<E, ValueError>
    where
        E: Element,
        E::Value: Value<Reader = R>,
    {
        match &self.reader {
            Some(reader) => reader.read(index),
            None => E::from_value(None, index),
        }
        .map_err(|error| error.under(self.segment.clone()))
    }
}

fn struct_field(fields: &Fields, position: usize) -> Result<&FieldRef, ValueError> {
    fields
        .get(position)
        .ok_or_else(|| ValueError::whole(Problem::Missing))
}
