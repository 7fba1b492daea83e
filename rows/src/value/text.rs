// SPDX-License-Identifier: Apache-2.0

//! Texts, byte strings, and the labels of closed sets.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, GenericByteArray, GenericByteBuilder, StringArray,
};
use arrow::datatypes::{BinaryType, ByteArrayType, DataType, Utf8Type};

use super::validity::{Validity, WORD};
use super::{OwnedValue, Value};
use crate::error::{InvalidValue, ValueError, mismatch};
use crate::physical::{plain_type, to_physical_type};

/// Builds an array of texts in any physical form: plain, large, view or dictionary.
pub type TextBuilder = BytesBuilder<Utf8Type>;

/// Builds an array of texts or byte strings in any physical form.
pub struct BytesBuilder<T: ByteArrayType<Offset = i32>> {
    ty: DataType,
    capacity: usize,
    // The builder of Arrow, which need not validate UTF-8 again. Nulls are appended as empty
    // values, because it sets validity bits one by one.
    plain: GenericByteBuilder<T>,
    validity: Validity,
}

impl<T: ByteArrayType<Offset = i32>> std::fmt::Debug for BytesBuilder<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "BytesBuilder({})", self.ty)
    }
}

impl<T: ByteArrayType<Offset = i32>> BytesBuilder<T>
where
    for<'a> &'a T::Native: Default,
{
    pub(crate) fn try_new(ty: &DataType, capacity: usize) -> Result<Self, ValueError> {
        if plain_type(ty) != &T::DATA_TYPE {
            return Err(mismatch(&T::DATA_TYPE, ty));
        }
        Ok(BytesBuilder {
            ty: ty.clone(),
            capacity,
            plain: GenericByteBuilder::with_capacity(0, 0),
            validity: Validity::default(),
        })
    }

    pub(crate) fn append(&mut self, cells: &[&T::Native]) -> Result<(), ValueError> {
        self.validity.append_valid(cells.len());
        let mut prefetch = BlockPrefetch::default();
        for cell in cells {
            prefetch.read(cell.as_ref());
        }
        self.append_values(cells, prefetch.bytes())
    }

    pub(crate) fn append_nullable(
        &mut self,
        cells: &[Option<&T::Native>],
    ) -> Result<(), ValueError> {
        let mut before = 0;
        for cells in cells.chunks(WORD) {
            let valid = self.validity.append_word(cells);
            let mut values = [<&T::Native>::default(); WORD];
            let mut prefetch = BlockPrefetch::default();
            // Iterates over the bits of valid cells: the processor cannot predict a branch per
            // null.
            let mut left = valid;
            while left != 0 {
                let index = left.trailing_zeros() as usize;
                left &= left - 1;
                if let Some(value) = cells[index] {
                    values[index] = value;
                    prefetch.read(value.as_ref());
                }
            }
            self.append_values(&values[..cells.len()], prefetch.bytes())
                .map_err(|error| error.shifted(before))?;
            before += cells.len();
        }
        Ok(())
    }

    /// Appends `values`, which have `bytes` bytes in total.
    fn append_values(&mut self, values: &[&T::Native], bytes: usize) -> Result<(), ValueError> {
        let before = self.plain.values_slice().len();
        if i32::try_from(before + bytes).is_err() {
            // The builder would panic.
            return Err(too_many(before, values.len(), |index| {
                length(values[index])
            }));
        }
        self.reserve(values.len(), bytes);
        if bytes == 0 {
            self.plain
                .append_value_n(<&T::Native>::default(), values.len());
            return Ok(());
        }
        for value in values {
            self.plain.append_value(value);
        }
        Ok(())
    }

    /// Before the first values are appended, reserves memory for all values that are expected,
    /// assuming that they have the average length of the first `count` values.
    fn reserve(&mut self, count: usize, bytes: usize) {
        let done = self.plain.offsets_slice().len() - 1;
        if done == 0 && count > 0 {
            let expected = bytes as f64 * self.capacity as f64 / count as f64;
            // A few percent more, so that slightly longer values do not double the buffer.
            let bytes = if count < self.capacity {
                expected * 1.03
            } else {
                expected
            };
            self.plain = GenericByteBuilder::with_capacity(self.capacity, bytes as usize);
        }
    }

    pub(crate) fn finish(mut self) -> Result<ArrayRef, ValueError> {
        let mut array: ArrayRef = Arc::new(self.plain.finish());
        if let Some(nulls) = self.validity.finish() {
            let is_null = BooleanArray::new(!nulls.inner(), None);
            array = arrow::compute::nullif(&array, &is_null)?;
        }
        if self.ty == T::DATA_TYPE {
            return Ok(array);
        }
        arrow::compute::cast(&array, &self.ty).map_err(ValueError::from)
    }
}

/// Reads the first byte of each value of a block before any value is copied, so that the processor
/// fetches the memory of many values at the same time.
#[derive(Default)]
struct BlockPrefetch {
    bytes: usize,
    seen: u8,
}

impl BlockPrefetch {
    #[inline]
    fn read(&mut self, value: &[u8]) {
        self.bytes += value.len();
        self.seen ^= value.first().copied().unwrap_or_default();
    }

    /// Returns the number of bytes of all values.
    fn bytes(self) -> usize {
        std::hint::black_box(self.seen);
        self.bytes
    }
}

fn length<N: AsRef<[u8]> + ?Sized>(value: &N) -> usize {
    value.as_ref().len()
}

#[cold]
fn too_many(before: usize, count: usize, length: impl Fn(usize) -> usize) -> ValueError {
    let mut end = before;
    for index in 0..count {
        end += length(index);
        if i32::try_from(end).is_err() {
            return ValueError::new(index, InvalidValue::TooManyBytes);
        }
    }
    ValueError::whole(InvalidValue::TooManyBytes)
}

/// Returns `array`, in any physical form of text, as a plain array.
pub fn text_reader(array: &ArrayRef, ty: &DataType) -> Result<StringArray, ValueError> {
    let array = to_physical_type(array, plain_type(ty))?;
    array
        .as_string_opt::<i32>()
        .cloned()
        .ok_or_else(|| mismatch(array.data_type(), &DataType::Utf8))
}

/// Returns `array`, in any physical form of byte strings, as a plain array.
pub(super) fn bytes_reader(
    array: &ArrayRef,
    ty: &DataType,
) -> Result<GenericByteArray<BinaryType>, ValueError> {
    let array = to_physical_type(array, plain_type(ty))?;
    array
        .as_binary_opt::<i32>()
        .cloned()
        .ok_or_else(|| mismatch(array.data_type(), &DataType::Binary))
}

/// A closed set of labels: a Rust enum that is generated from an `enum(..)` column, or that has
/// `#[derive(KalamValue)]`.
pub trait ClosedSet: Sized + 'static {
    /// Every value, in the order of the definition.
    const ALL: &'static [Self];

    /// Every label, in the order of the definition.
    const LABELS: &'static [&'static str];

    /// Returns the label, which is the text in the column.
    fn label(&self) -> &'static str;

    /// Returns the value with this label, or `None` if the set does not have the label.
    fn from_label(label: &str) -> Option<Self>;
}

/// Returns the value with this label, or an error that lists the labels of the set.
pub fn parse_label<T: ClosedSet>(label: &str) -> Result<T, InvalidValue> {
    T::from_label(label).ok_or_else(|| InvalidValue::NotALabel {
        found: label.to_string(),
        labels: T::LABELS.iter().map(ToString::to_string).collect(),
    })
}

/// Returns the value whose label is at `index`, or an error that lists the labels of the set.
pub fn read_label<T: ClosedSet>(reader: &StringArray, index: usize) -> Result<T, ValueError> {
    parse_label(reader.value(index)).map_err(|problem| ValueError::new(index, problem))
}

macro_rules! text_values {
    ($($text:ty),* $(,)?) => {$(
        impl Value for $text {
            type Cell<'a> = &'a str where Self: 'a;
            type Builder = TextBuilder;

            const IN_SQL_ORDER: bool = true;

            #[inline]
            fn cell(&self) -> &str {
                self
            }

            #[inline]
            fn prefetch(&self) -> u8 {
                self.as_bytes().first().copied().unwrap_or_default()
            }

            fn builder(ty: &DataType, capacity: usize) -> Result<TextBuilder, ValueError> {
                TextBuilder::try_new(ty, capacity)
            }

            fn append(builder: &mut TextBuilder, cells: &[&str]) -> Result<(), ValueError> {
                builder.append(cells)
            }

            fn append_nullable(
                builder: &mut TextBuilder,
                cells: &[Option<&str>],
            ) -> Result<(), ValueError> {
                builder.append_nullable(cells)
            }

            fn finish(builder: TextBuilder) -> Result<ArrayRef, ValueError> {
                builder.finish()
            }
        }
    )*};
}

text_values!(String, Box<str>, Arc<str>, Cow<'_, str>, &str);

macro_rules! owned_text_values {
    ($($text:ty => $from:expr),* $(,)?) => {$(
        impl OwnedValue for $text {
            type Reader = StringArray;
            type View<'a> = &'a str;

            fn reader(array: &ArrayRef, ty: &DataType) -> Result<StringArray, ValueError> {
                text_reader(array, ty)
            }

            #[inline]
            fn read(reader: &StringArray, index: usize) -> Result<Self, ValueError> {
                Ok($from(reader, index))
            }

            #[inline]
            fn view(reader: &StringArray, index: usize) -> Result<&str, ValueError> {
                Ok(reader.value(index))
            }

            #[inline]
            fn view_slot(reader: &StringArray, index: usize) -> Option<&str> {
                Some(reader.value(index))
            }
        }
    )*};
}

owned_text_values!(
    String => owned_text,
    Box<str> => |reader: &StringArray, index| Box::from(reader.value(index)),
    Arc<str> => |reader: &StringArray, index| Arc::from(reader.value(index)),
    Cow<'static, str> => |reader, index| Cow::Owned(owned_text(reader, index)),
);

/// Not inlined: the cost of a call is small compared with the allocation.
#[inline(never)]
fn owned_text(reader: &StringArray, index: usize) -> String {
    String::from(reader.value(index))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn builder() -> TextBuilder {
        TextBuilder::try_new(&DataType::Utf8, 0).expect("texts fit the type")
    }

    #[test]
    fn blocks_with_nulls_are_appended_at_any_length() {
        let texts: Vec<String> = (0..300).map(|n| "x".repeat(n % 5)).collect();
        for nulls in [0..0, 0..300, 0..64, 64..128, 1..300, 0..299] {
            let cells: Vec<Option<&str>> = (0..300)
                .map(|n| (!nulls.contains(&n)).then_some(&*texts[n]))
                .collect();
            for first in [0, 1, 63, 64, 65, 128, 200] {
                let mut builder = builder();
                builder.append(&["before"]).expect("the values fit");
                builder
                    .append_nullable(&cells[..first])
                    .expect("the values fit");
                builder
                    .append_nullable(&cells[first..])
                    .expect("the values fit");
                let array = builder.finish().expect("the array can be built");
                let expected = [Some("before")].into_iter().chain(cells.iter().copied());
                assert_eq!(
                    array.as_string::<i32>(),
                    &expected.collect::<StringArray>(),
                    "nulls {nulls:?}, first block of {first}"
                );
            }
        }
    }

    #[test]
    fn more_bytes_than_an_array_holds_is_an_error() {
        let long = "x".repeat(1 << 26);
        let mut cells = vec![None; 70];
        cells.resize(110, Some(&*long));
        let error = builder().append_nullable(&cells);
        let error = error.expect_err("32 texts exceed 2 GiB");
        assert_eq!(error.index(), Some(70 + 31));
        assert!(matches!(error.reason(), InvalidValue::TooManyBytes));
    }
}
