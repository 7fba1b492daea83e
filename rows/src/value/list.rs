// SPDX-License-Identifier: Apache-2.0

//! Lists: `Vec` and arrays. A `Vec` or array of `u8` is a byte string, and an array of `f32` an
//! embedding.

use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, FixedSizeListArray, ListArray, UInt8Array};
use arrow::buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{BinaryType, DataType, FieldRef};

use super::primitive::{FixedBytesBuilder, check_length, fixed_bytes_reader};
use super::text::{BytesBuilder, bytes_reader};
use super::{
    BuilderOf, Element, ElementReader, OwnedElement, OwnedValue, ReaderOf, Validity, Value,
};
use crate::error::{InvalidValue, PathSegment, ValueError, mismatch};
use crate::physical::plain_type;

/// Builds an array of lists, fixed-size lists or byte strings, depending on the type of the column.
#[derive(Debug)]
pub struct ListBuilder<B>(Form<B>);

#[derive(Debug)]
enum Form<B> {
    Bytes(BytesBuilder<BinaryType>),
    FixedBytes(FixedBytesBuilder),
    List {
        item: FieldRef,
        offsets: Vec<i32>,
        elements: B,
        validity: Validity,
    },
    FixedList {
        item: FieldRef,
        length: i32,
        elements: B,
        validity: Validity,
    },
}

impl<B> ListBuilder<B> {
    fn try_new<E: Element<Value: Value<Builder = B>>>(
        ty: &DataType,
        capacity: usize,
    ) -> Result<Self, ValueError> {
        let is_byte = E::Value::IS_BYTE && !E::NULLABLE;
        let validity = Validity::default();
        let form = match ty {
            DataType::FixedSizeBinary(length) if is_byte => {
                Form::FixedBytes(FixedBytesBuilder::new(*length, capacity))
            }
            _ if is_byte && plain_type(ty) == &DataType::Binary => {
                Form::Bytes(BytesBuilder::try_new(ty, capacity)?)
            }
            DataType::List(item) => {
                let mut offsets = Vec::with_capacity(capacity + 1);
                offsets.push(0);
                Form::List {
                    item: Arc::clone(item),
                    offsets,
                    elements: E::Value::builder(item.data_type(), capacity)
                        .map_err(|error| error.under(PathSegment::Item))?,
                    validity,
                }
            }
            DataType::FixedSizeList(item, length) => Form::FixedList {
                item: Arc::clone(item),
                length: *length,
                elements: E::Value::builder(item.data_type(), capacity * *length as usize)
                    .map_err(|error| error.under(PathSegment::Item))?,
                validity,
            },
            _ => {
                return Err(ValueError::whole(InvalidValue::NotAList {
                    found: ty.clone(),
                }));
            }
        };
        Ok(ListBuilder(form))
    }

    fn append<E: Element<Value: Value<Builder = B>>>(
        &mut self,
        cells: &[Option<&[E]>],
    ) -> Result<(), ValueError> {
        match &mut self.0 {
            Form::Bytes(builder) => builder.append_nullable(&as_bytes(cells)),
            Form::FixedBytes(builder) => builder.append(&as_bytes(cells)),
            Form::List {
                offsets,
                elements,
                validity,
                ..
            } => {
                let begin = offsets.len() - 1;
                append_offsets(offsets, cells.iter().map(|cell| cell.map_or(0, <[E]>::len)))?;
                let runs = cells.iter().flat_map(|cell| cell.unwrap_or(&[]));
                append_elements::<E>(elements, runs)
                    .map_err(|error| error.in_list(&block_offsets(offsets, begin)))?;
                validity.append(cells);
                Ok(())
            }
            Form::FixedList {
                length,
                elements,
                validity,
                ..
            } => {
                let length = *length as usize;
                for (index, cell) in cells.iter().enumerate() {
                    let in_list = |error: ValueError| error.in_list_of(index);
                    match cell {
                        Some(cell) => {
                            check_length(length, cell.len(), index)?;
                            append_elements::<E>(elements, cell.iter()).map_err(in_list)?;
                        }
                        // Hidden by the null of the list.
                        None => E::Value::append_nullable(elements, &vec![None; length])
                            .map_err(in_list)?,
                    }
                }
                validity.append(cells);
                Ok(())
            }
        }
    }

    fn finish<E: Element<Value: Value<Builder = B>>>(self) -> Result<ArrayRef, ValueError> {
        let failed = |error| ValueError::whole(InvalidValue::Arrow(error));
        match self.0 {
            Form::Bytes(builder) => builder.finish(),
            Form::FixedBytes(builder) => builder.finish(),
            Form::List {
                item,
                offsets,
                elements,
                validity,
            } => {
                let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
                let elements = E::Value::finish(elements)?;
                ListArray::try_new(item, offsets, elements, validity.finish())
                    .map(|array| Arc::new(array) as ArrayRef)
                    .map_err(failed)
            }
            Form::FixedList {
                item,
                length,
                elements,
                validity,
            } => {
                let count = validity.len();
                let elements = E::Value::finish(elements)?;
                FixedSizeListArray::try_new_with_length(
                    item,
                    length,
                    elements,
                    validity.finish(),
                    count,
                )
                .map(|array| Arc::new(array) as ArrayRef)
                .map_err(failed)
            }
        }
    }
}

/// Appends the end offsets of lists of these lengths.
pub(super) fn append_offsets(
    offsets: &mut Vec<i32>,
    lengths: impl Iterator<Item = usize>,
) -> Result<(), ValueError> {
    let mut end = offsets.last().map_or(0, |&end| end as usize);
    for (index, length) in lengths.enumerate() {
        end += length;
        let offset = i32::try_from(end)
            .map_err(|_| ValueError::new(index, InvalidValue::TooManyElements))?;
        offsets.push(offset);
    }
    Ok(())
}

/// Returns the offsets from position `begin` on, relative to the first of them.
pub(super) fn block_offsets(offsets: &[i32], begin: usize) -> Vec<i32> {
    let first = offsets[begin];
    offsets[begin..]
        .iter()
        .map(|offset| offset - first)
        .collect()
}

/// Appends elements.
pub(super) fn append_elements<'a, E: Element + 'a>(
    builder: &mut BuilderOf<E>,
    elements: impl Iterator<Item = &'a E>,
) -> Result<(), ValueError> {
    let cells: Vec<E::Cell<'a>> = elements.map(Element::cell).collect();
    E::append(builder, &cells)
}

fn as_bytes<'a, E: Element>(cells: &[Option<&'a [E]>]) -> Vec<Option<&'a [u8]>> {
    let bytes = cells.iter().map(|cell| cell.and_then(E::as_bytes));
    bytes.collect()
}

/// Reads lists. A byte string is read as a list of bytes.
#[derive(Debug)]
pub struct ListReader<R> {
    /// The positions in `elements` where the lists begin and end.
    offsets: OffsetBuffer<i32>,
    elements: ElementReader<R>,
}

impl<R> ListReader<R> {
    fn try_new<E: OwnedElement<Value: OwnedValue<Reader = R>>>(
        array: &ArrayRef,
        ty: &DataType,
    ) -> Result<Self, ValueError> {
        let is_byte = E::Value::IS_BYTE && !E::NULLABLE;
        let (offsets, elements, element_type) = match ty {
            _ if is_byte && plain_type(ty) == &DataType::Binary => {
                let bytes = bytes_reader(array, ty)?;
                let elements = byte_elements(bytes.values());
                (bytes.offsets().clone(), elements, &DataType::UInt8)
            }
            DataType::FixedSizeBinary(_) if is_byte => {
                let bytes = fixed_bytes_reader(array, ty)?;
                let length = bytes.value_length() as usize;
                let elements = byte_elements(&Buffer::from_slice_ref(bytes.value_data()));
                (
                    fixed_size_offsets(length, bytes.len())?,
                    elements,
                    &DataType::UInt8,
                )
            }
            DataType::List(item) | DataType::FixedSizeList(item, _) => {
                let (offsets, elements) = lists(array, ty)?;
                (offsets, elements, item.data_type())
            }
            _ => return Err(mismatch(array.data_type(), ty)),
        };
        if is_byte
            && let Some(nulls) = elements.nulls()
            && let Some(null) = (0..nulls.len()).find(|&index| nulls.is_null(index))
        {
            return Err(ValueError::new(null, InvalidValue::Null).in_list(&offsets));
        }
        Ok(ListReader {
            offsets,
            elements: ElementReader::try_new::<E>(&elements, element_type)
                .map_err(|error| error.under(PathSegment::Item))?,
        })
    }

    fn read<E: OwnedElement<Value: OwnedValue<Reader = R>>>(
        &self,
        index: usize,
    ) -> Result<Vec<E>, ValueError> {
        let range = bounds(&self.offsets, index);
        if !self.elements.has_nulls()
            && let Some(elements) = E::read_run(self.elements.values(), range.clone())
        {
            return Ok(elements);
        }
        let read = |element| self.elements.read::<E>(element);
        range
            .map(|element| read(element).map_err(|error| error.in_list(&self.offsets)))
            .collect()
    }
}

/// Returns bytes as an array of numbers, which shares their memory.
fn byte_elements(bytes: &Buffer) -> ArrayRef {
    let bytes = ScalarBuffer::from(bytes.clone());
    Arc::new(UInt8Array::new(bytes, None))
}

/// Returns the offsets and the elements of an array of lists of any kind.
fn lists(array: &ArrayRef, ty: &DataType) -> Result<(OffsetBuffer<i32>, ArrayRef), ValueError> {
    if let DataType::FixedSizeList(_, expected) = ty {
        // The lists of any other array can have other lengths.
        let fixed = array
            .as_fixed_size_list_opt()
            .filter(|fixed| fixed.value_length() == *expected)
            .ok_or_else(|| mismatch(array.data_type(), ty))?;
        let offsets = fixed_size_offsets(fixed.value_length() as usize, fixed.len())?;
        return Ok((offsets, fixed.values().clone()));
    }
    if let Some(list) = array.as_list_opt::<i32>() {
        return Ok((list.offsets().clone(), list.values().clone()));
    }
    if let Some(list) = array.as_list_opt::<i64>() {
        let offsets = list.offsets().iter().map(|&offset| i32::try_from(offset));
        let narrow: Vec<i32> = offsets
            .collect::<Result<_, _>>()
            .map_err(|_| ValueError::whole(InvalidValue::TooManyElements))?;
        return Ok((OffsetBuffer::new(narrow.into()), list.values().clone()));
    }
    match array.as_fixed_size_list_opt() {
        Some(fixed) => {
            let offsets = fixed_size_offsets(fixed.value_length() as usize, fixed.len())?;
            Ok((offsets, fixed.values().clone()))
        }
        None => Err(mismatch(array.data_type(), ty)),
    }
}

/// Returns the offsets of `count` lists of one length.
fn fixed_size_offsets(length: usize, count: usize) -> Result<OffsetBuffer<i32>, ValueError> {
    let mut offsets = Vec::with_capacity(count + 1);
    offsets.push(0);
    append_offsets(&mut offsets, std::iter::repeat_n(length, count))?;
    Ok(OffsetBuffer::new(offsets.into()))
}

/// Returns the positions of the elements of the list at `index`.
#[inline]
pub(super) fn bounds(offsets: &OffsetBuffer<i32>, index: usize) -> Range<usize> {
    // Offsets are never negative.
    offsets[index] as usize..offsets[index + 1] as usize
}

impl<E: Element> Value for Vec<E> {
    type Cell<'a>
        = &'a [E]
    where
        E: 'a;
    type Builder = ListBuilder<BuilderOf<E>>;

    // A `bytes` column can be a key; a list cannot.
    const IN_SQL_ORDER: bool = E::Value::IS_BYTE && !E::NULLABLE;

    #[inline]
    fn cell(&self) -> &[E] {
        self
    }

    fn builder(ty: &DataType, capacity: usize) -> Result<Self::Builder, ValueError> {
        ListBuilder::try_new::<E>(ty, capacity)
    }

    fn append(builder: &mut Self::Builder, cells: &[&[E]]) -> Result<(), ValueError> {
        let cells: Vec<Option<&[E]>> = cells.iter().map(|cell| Some(*cell)).collect();
        builder.append::<E>(&cells)
    }

    fn append_nullable(
        builder: &mut Self::Builder,
        cells: &[Option<&[E]>],
    ) -> Result<(), ValueError> {
        builder.append::<E>(cells)
    }

    fn finish(builder: Self::Builder) -> Result<ArrayRef, ValueError> {
        builder.finish::<E>()
    }
}

impl<E: OwnedElement> OwnedValue for Vec<E> {
    type Reader = ListReader<ReaderOf<E>>;
    type View<'a> = ListItems<'a, E>;

    fn reader(array: &ArrayRef, ty: &DataType) -> Result<Self::Reader, ValueError> {
        ListReader::try_new::<E>(array, ty)
    }

    fn read(reader: &Self::Reader, index: usize) -> Result<Self, ValueError> {
        reader.read::<E>(index)
    }

    #[inline]
    fn view(reader: &Self::Reader, index: usize) -> Result<ListItems<'_, E>, ValueError> {
        Ok(ListItems {
            reader,
            list: index,
        })
    }
}

impl<E: Element, const N: usize> Value for [E; N] {
    type Cell<'a>
        = &'a [E]
    where
        E: 'a;
    type Builder = ListBuilder<BuilderOf<E>>;

    // A `bytes` column can be a key; a list cannot.
    const IN_SQL_ORDER: bool = E::Value::IS_BYTE && !E::NULLABLE;

    #[inline]
    fn cell(&self) -> &[E] {
        self
    }

    fn builder(ty: &DataType, capacity: usize) -> Result<Self::Builder, ValueError> {
        match ty {
            DataType::FixedSizeBinary(length) | DataType::FixedSizeList(_, length) => {
                let found = N;
                let expected = *length as usize;
                if expected != found {
                    return Err(ValueError::whole(InvalidValue::Length { expected, found }));
                }
            }
            _ => {}
        }
        ListBuilder::try_new::<E>(ty, capacity)
    }

    fn append(builder: &mut Self::Builder, cells: &[&[E]]) -> Result<(), ValueError> {
        <Vec<E> as Value>::append(builder, cells)
    }

    fn append_nullable(
        builder: &mut Self::Builder,
        cells: &[Option<&[E]>],
    ) -> Result<(), ValueError> {
        builder.append::<E>(cells)
    }

    fn finish(builder: Self::Builder) -> Result<ArrayRef, ValueError> {
        builder.finish::<E>()
    }
}

impl<E: OwnedElement, const N: usize> OwnedValue for [E; N] {
    type Reader = ListReader<ReaderOf<E>>;
    type View<'a> = ListItems<'a, E>;

    fn reader(array: &ArrayRef, ty: &DataType) -> Result<Self::Reader, ValueError> {
        ListReader::try_new::<E>(array, ty)
    }

    fn read(reader: &Self::Reader, index: usize) -> Result<Self, ValueError> {
        Self::read_boxed(reader, index).map(|array| *array)
    }

    // The array is never on the stack, where a large array does not fit.
    fn read_boxed(reader: &Self::Reader, index: usize) -> Result<Box<Self>, ValueError> {
        let elements = reader.read::<E>(index)?.into_boxed_slice();
        elements.try_into().map_err(|elements: Box<[E]>| {
            let found = elements.len();
            ValueError::new(index, InvalidValue::Length { expected: N, found })
        })
    }

    #[inline]
    fn view(reader: &Self::Reader, index: usize) -> Result<ListItems<'_, E>, ValueError> {
        let found = bounds(&reader.offsets, index).len();
        check_length(N, found, index)?;
        Ok(ListItems {
            reader,
            list: index,
        })
    }
}

/// The elements of one list, borrowed from an array.
///
/// Numbers without nulls are available as a slice; a `ListItems<u8>` derefs to `[u8]`.
///
/// ```
/// use kalamtable_rows::ListItems;
///
/// fn total(weights: ListItems<'_, f32>) -> f32 {
///     weights.iter().map(|weight| weight.unwrap_or_default()).sum()
/// }
///
/// fn first(bytes: ListItems<'_, u8>) -> Option<u8> {
///     bytes.first().copied()
/// }
/// ```
pub struct ListItems<'a, E: OwnedElement> {
    reader: &'a ListReader<ReaderOf<E>>,
    list: usize,
}

impl<E: OwnedElement> Clone for ListItems<'_, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E: OwnedElement> Copy for ListItems<'_, E> {}

impl<E: OwnedElement> fmt::Debug for ListItems<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut list = f.debug_list();
        for item in self.iter() {
            match item {
                Ok(item) => list.entry(&item),
                Err(error) => list.entry(&error),
            };
        }
        list.finish()
    }
}

impl<'a, E: OwnedElement> ListItems<'a, E> {
    /// Returns the number of elements.
    pub fn len(&self) -> usize {
        bounds(&self.reader.offsets, self.list).len()
    }

    /// Returns whether the list has no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns an iterator over views of the elements.
    ///
    /// # Errors
    /// An item is an error if its element is null and `E` is not an `Option`, or if the element is
    /// not a value of `E`.
    pub fn iter(&self) -> impl Iterator<Item = Result<E::View<'a>, ValueError>> + use<'a, E> {
        let reader = self.reader;
        bounds(&reader.offsets, self.list).map(move |element| {
            let view = reader.elements.view::<E>(element);
            view.map_err(|error| error.in_list(&reader.offsets))
        })
    }
}

macro_rules! slices {
    ($($native:ty),*) => {$(
        impl<'a> ListItems<'a, $native> {
            /// Returns the elements as a slice, or `None` if any element of the array is null, in
            /// this list or in another one.
            pub fn as_slice(&self) -> Option<&'a [$native]> {
                let elements = &self.reader.elements;
                let range = bounds(&self.reader.offsets, self.list);
                (!elements.has_nulls()).then(|| &elements.values().values()[range])
            }
        }
    )*};
}

slices!(i8, i16, i32, i64, u8, u16, u32, u64, f32, f64);

impl Deref for ListItems<'_, u8> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // `ListReader::try_new` fails for bytes with nulls.
        self.as_slice().unwrap_or_default()
    }
}

impl<T: Value> Value for Box<T> {
    type Cell<'a>
        = T::Cell<'a>
    where
        T: 'a;
    type Builder = T::Builder;

    const IN_SQL_ORDER: bool = T::IN_SQL_ORDER;

    #[inline]
    fn cell(&self) -> T::Cell<'_> {
        Value::cell(&**self)
    }

    fn builder(ty: &DataType, capacity: usize) -> Result<Self::Builder, ValueError> {
        T::builder(ty, capacity)
    }

    fn append(builder: &mut Self::Builder, cells: &[T::Cell<'_>]) -> Result<(), ValueError> {
        <T as Value>::append(builder, cells)
    }

    fn append_nullable(
        builder: &mut Self::Builder,
        cells: &[Option<T::Cell<'_>>],
    ) -> Result<(), ValueError> {
        T::append_nullable(builder, cells)
    }

    fn finish(builder: Self::Builder) -> Result<ArrayRef, ValueError> {
        T::finish(builder)
    }
}

impl<T: OwnedValue> OwnedValue for Box<T> {
    type Reader = T::Reader;
    type View<'a> = T::View<'a>;

    fn reader(array: &ArrayRef, ty: &DataType) -> Result<Self::Reader, ValueError> {
        T::reader(array, ty)
    }

    fn read(reader: &Self::Reader, index: usize) -> Result<Self, ValueError> {
        T::read_boxed(reader, index)
    }

    #[inline]
    fn view(reader: &Self::Reader, index: usize) -> Result<T::View<'_>, ValueError> {
        T::view(reader, index)
    }
}
