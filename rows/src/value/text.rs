// SPDX-License-Identifier: Apache-2.0

//! Text, bytes, and the labels of closed sets.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, GenericByteArray, GenericByteBuilder, StringArray,
};
use arrow::datatypes::{BinaryType, ByteArrayType, DataType, Utf8Type};
use arrow::error::ArrowError;

use super::validity::{Validity, WORD};
use super::{OwnedValue, Value};
use crate::error::{InvalidValue, ValueError, mismatch};
use crate::physical::{plain_type, to_physical_type};

/// Collects text: into a plain array, or into a large, view or dictionary one if the column says so.
pub type TextBuilder = BytesBuilder<Utf8Type>;

/// Collects text or bytes.
pub struct BytesBuilder<T: ByteArrayType<Offset = i32>> {
    ty: DataType,
    capacity: usize,
    // Arrow's own builder: it need not look at the bytes again to know that they are text. It is told
    // of no null: it would set a bit for each element, one after the other.
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
        let mut look = Look::default();
        for cell in cells {
            look.at(cell.as_ref());
        }
        self.append_values(cells, look.bytes())
    }

    pub(crate) fn append_nullable(
        &mut self,
        cells: &[Option<&T::Native>],
    ) -> Result<(), ValueError> {
        let mut before = 0;
        for cells in cells.chunks(WORD) {
            let valid = self.validity.append_word(cells);
            let mut values = [<&T::Native>::default(); WORD];
            let mut look = Look::default();
            // From one value that is there to the next: a jump for each null cannot be foreseen.
            let mut left = valid;
            while left != 0 {
                let index = left.trailing_zeros() as usize;
                left &= left - 1;
                if let Some(value) = cells[index] {
                    values[index] = value;
                    look.at(value.as_ref());
                }
            }
            self.append_values(&values[..cells.len()], look.bytes())
                .map_err(|error| error.shifted(before))?;
            before += cells.len();
        }
        Ok(())
    }

    /// Adds `values`, which have so many `bytes` together.
    fn append_values(&mut self, values: &[&T::Native], bytes: usize) -> Result<(), ValueError> {
        let before = self.plain.values_slice().len();
        if i32::try_from(before + bytes).is_err() {
            // The builder would panic there.
            return Err(too_many(before, values.len(), |index| {
                length(values[index])
            }));
        }
        self.make_room(values.len(), bytes);
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

    /// With the first values, which take so many bytes, makes room for all that may follow, if they
    /// are like them.
    fn make_room(&mut self, count: usize, bytes: usize) {
        let done = self.plain.offsets_slice().len() - 1;
        if done == 0 && count > 0 {
            let expected = bytes as f64 * self.capacity as f64 / count as f64;
            // A little more than expected, so that few more bytes do not double what is there.
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
            array = arrow::compute::nullif(&array, &is_null).map_err(arrow_error)?;
        }
        if self.ty == T::DATA_TYPE {
            return Ok(array);
        }
        arrow::compute::cast(&array, &self.ty).map_err(arrow_error)
    }
}

fn arrow_error(error: ArrowError) -> ValueError {
    ValueError::whole(InvalidValue::Arrow(error))
}

/// A look at each value of a block before any is copied: what no cache holds is then on its way for many
/// rows at once.
#[derive(Default)]
struct Look {
    bytes: usize,
    seen: u8,
}

impl Look {
    #[inline]
    fn at(&mut self, value: &[u8]) {
        self.bytes += value.len();
        self.seen ^= value.first().copied().unwrap_or_default();
    }

    /// How many bytes there were in all values.
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

/// A reader of text.
pub fn text_reader(array: &ArrayRef, ty: &DataType) -> Result<StringArray, ValueError> {
    let array = to_physical_type(array, plain_type(ty))?;
    array
        .as_string_opt::<i32>()
        .cloned()
        .ok_or_else(|| mismatch(array.data_type(), &DataType::Utf8))
}

/// A reader of bytes.
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

/// An enum that is a closed set of labels: generated from an `enum(..)` column, or with
/// `#[derive(KalamValue)]`.
pub trait ClosedSet: Sized + 'static {
    /// Every value, in the order of the definition.
    const ALL: &'static [Self];

    /// Every label, in the order of the definition.
    const LABELS: &'static [&'static str];

    /// The label: what stands in the column.
    fn label(&self) -> &'static str;

    /// The value with that label, if there is one.
    fn from_label(label: &str) -> Option<Self>;
}

/// The value whose label stands at `index`, or an error that lists the labels there are.
pub fn read_label<T: ClosedSet>(reader: &StringArray, index: usize) -> Result<T, ValueError> {
    let found = reader.value(index);
    T::from_label(found).ok_or_else(|| {
        ValueError::new(
            index,
            InvalidValue::NotALabel {
                found: found.to_string(),
                labels: T::LABELS.iter().map(ToString::to_string).collect(),
            },
        )
    })
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
            fn touch(&self) -> u8 {
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

/// Compiled once: a call costs little beside the memory that it takes.
#[inline(never)]
fn owned_text(reader: &StringArray, index: usize) -> String {
    String::from(reader.value(index))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn builder() -> TextBuilder {
        TextBuilder::try_new(&DataType::Utf8, 0).expect("text is text")
    }

    #[test]
    fn blocks_of_any_length_with_nulls_follow_one_another() {
        let texts: Vec<String> = (0..300).map(|n| "x".repeat(n % 5)).collect();
        for nulls in [0..0, 0..300, 0..64, 64..128, 1..300, 0..299] {
            let cells: Vec<Option<&str>> = (0..300)
                .map(|n| (!nulls.contains(&n)).then_some(&*texts[n]))
                .collect();
            for first in [0, 1, 63, 64, 65, 128, 200] {
                let mut builder = builder();
                builder.append(&["before"]).expect("it fits");
                builder.append_nullable(&cells[..first]).expect("it fits");
                builder.append_nullable(&cells[first..]).expect("it fits");
                let array = builder.finish().expect("it is an array");
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
    fn more_bytes_than_offsets_count_are_an_error_with_its_index() {
        let long = "x".repeat(1 << 26);
        let mut cells = vec![None; 70];
        cells.resize(110, Some(&*long));
        let error = builder().append_nullable(&cells);
        let error = error.expect_err("32 of them are too many");
        assert_eq!(error.index(), Some(70 + 31));
        assert!(matches!(error.reason(), InvalidValue::TooManyBytes));
    }
}
