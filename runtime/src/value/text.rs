//! Text and the labels of closed sets; and what bytes share with them.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, GenericByteBuilder, StringArray};
use arrow::datatypes::{ByteArrayType, DataType, Utf8Type};

use super::{Problem, Value, ValueError, mismatch, to_physical};

/// A text array; see [`Value::build`] for `nullable`.
fn build_text<'a, I>(values: I, ty: &DataType, nullable: bool) -> Result<ArrayRef, ValueError>
where
    I: ExactSizeIterator<Item = Option<&'a str>> + Clone,
{
    build_bytes::<Utf8Type, _>(values, ty, nullable)
}

/// A text array of labels; see [`Value::build`] for `nullable`.
pub fn build_labels<'a, T: 'a, I>(
    values: I,
    ty: &DataType,
    nullable: bool,
    label: fn(&T) -> &'static str,
) -> Result<ArrayRef, ValueError>
where
    I: ExactSizeIterator<Item = Option<&'a T>> + Clone,
{
    build_text(values.map(|value| value.map(label)), ty, nullable)
}

/// A reader of text.
pub fn text_reader(array: &ArrayRef, ty: &DataType) -> Result<StringArray, ValueError> {
    let array = to_physical(array, ty)?;
    array
        .as_string_opt::<i32>()
        .cloned()
        .ok_or_else(|| mismatch(array.data_type(), &DataType::Utf8))
}

/// The value whose label stands at `index`, or an error that lists the labels there are.
pub fn read_text<T>(
    reader: &StringArray,
    index: usize,
    labels: &'static [&'static str],
    from_label: fn(&str) -> Option<T>,
) -> Result<T, ValueError> {
    let found = reader.value(index);
    from_label(found).ok_or_else(|| {
        ValueError::new(
            index,
            Problem::NotALabel {
                found: found.to_string(),
                labels,
            },
        )
    })
}

/// An array of text or bytes; see [`Value::build`] for `nullable`.
pub(super) fn build_bytes<'a, T, I>(
    values: I,
    ty: &DataType,
    nullable: bool,
) -> Result<ArrayRef, ValueError>
where
    T: ByteArrayType<Offset = i32>,
    T::Native: 'a,
    &'a T::Native: Default,
    I: ExactSizeIterator<Item = Option<&'a T::Native>> + Clone,
{
    if *ty != T::DATA_TYPE {
        return Err(mismatch(&T::DATA_TYPE, ty));
    }
    // 32-bit offsets: the builder would panic past them.
    let mut total = 0usize;
    for (index, value) in values.clone().enumerate() {
        total += value.map_or(0, |value| AsRef::<[u8]>::as_ref(value).len());
        if i32::try_from(total).is_err() {
            return Err(ValueError::new(index, Problem::TooManyBytes));
        }
    }
    let mut builder = GenericByteBuilder::<T>::with_capacity(values.len(), total);
    if nullable {
        for value in values {
            builder.append_option(value);
        }
    } else {
        for value in values {
            builder.append_value(value.unwrap_or_default());
        }
    }
    Ok(Arc::new(builder.finish()))
}

macro_rules! text_values {
    ($($text:ty),* $(,)?) => {$(
        impl Value for $text {
            type Reader = StringArray;

            fn build<'a, I>(values: I, ty: &DataType, nullable: bool) -> Result<ArrayRef, ValueError>
            where
                I: ExactSizeIterator<Item = Option<&'a Self>> + Clone,
            {
                build_text(values.map(|value| value.map(|value| &**value)), ty, nullable)
            }

            fn reader(array: &ArrayRef, ty: &DataType) -> Result<Self::Reader, ValueError> {
                text_reader(array, ty)
            }

            fn read(reader: &Self::Reader, index: usize) -> Result<Self, ValueError> {
                Ok(reader.value(index).into())
            }
        }
    )*};
}

text_values!(String, Box<str>, Arc<str>);
