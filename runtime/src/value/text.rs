//! Text and the labels of closed sets; and what bytes share with them.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, GenericByteBuilder, StringArray};
use arrow::datatypes::{ByteArrayType, DataType, Utf8Type};

use super::{Problem, Value, ValueError, mismatch, to_physical};

/// A text array; see [`Value::build`] for `nullable`.
fn build_text(
    values: &[Option<&str>],
    ty: &DataType,
    nullable: bool,
) -> Result<ArrayRef, ValueError> {
    build_bytes::<Utf8Type>(values, ty, nullable)
}

/// A text array of labels; see [`Value::build`] for `nullable`.
pub fn build_labels<T>(
    values: &[Option<&T>],
    ty: &DataType,
    nullable: bool,
    label: impl Fn(&T) -> &'static str,
) -> Result<ArrayRef, ValueError> {
    let mut labels = Vec::with_capacity(values.len());
    for value in values {
        labels.push(value.map(&label));
    }
    build_text(&labels, ty, nullable)
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
pub(super) fn build_bytes<T>(
    values: &[Option<&T::Native>],
    ty: &DataType,
    nullable: bool,
) -> Result<ArrayRef, ValueError>
where
    T: ByteArrayType<Offset = i32>,
    for<'a> &'a T::Native: Default,
{
    if *ty != T::DATA_TYPE {
        return Err(mismatch(&T::DATA_TYPE, ty));
    }
    // 32-bit offsets: the builder would panic past them.
    let mut total = 0usize;
    for (index, value) in values.iter().enumerate() {
        total += value.map_or(0, |value| AsRef::<[u8]>::as_ref(value).len());
        if i32::try_from(total).is_err() {
            return Err(ValueError::new(index, Problem::TooManyBytes));
        }
    }
    let mut builder = GenericByteBuilder::<T>::with_capacity(values.len(), total);
    for value in values {
        if nullable {
            builder.append_option(*value);
        } else {
            builder.append_value(value.unwrap_or_default());
        }
    }
    Ok(Arc::new(builder.finish()))
}

macro_rules! text_values {
    ($($text:ty),* $(,)?) => {$(
        impl Value for $text {
            type Reader = StringArray;

            fn build(
                values: &[Option<&Self>],
                ty: &DataType,
                nullable: bool,
            ) -> Result<ArrayRef, ValueError> {
                let texts = values.iter().map(|value| value.map(|value| &**value));
                let texts: Vec<Option<&str>> = texts.collect();
                build_text(&texts, ty, nullable)
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
