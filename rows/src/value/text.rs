//! Text, bytes, and the labels of closed sets.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, GenericByteArray, GenericByteBuilder, StringArray};
use arrow::datatypes::{BinaryType, ByteArrayType, DataType, Utf8Type};

use super::{OwnedValue, Value, logical_class, mismatch, to_physical};
use crate::error::{Problem, ValueError};

/// Collects text: into a plain array, or into a large, view or dictionary one if the column says so.
pub type TextBuilder = BytesBuilder<Utf8Type>;

/// Collects text or bytes.
pub struct BytesBuilder<T: ByteArrayType<Offset = i32>> {
    ty: DataType,
    capacity: usize,
    // Arrow's own builder: it need not look at the bytes again to know that they are text.
    plain: GenericByteBuilder<T>,
}

impl<T: ByteArrayType<Offset = i32>> std::fmt::Debug for BytesBuilder<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "BytesBuilder({})", self.ty)
    }
}

impl<T: ByteArrayType<Offset = i32>> BytesBuilder<T> {
    pub(crate) fn try_new(ty: &DataType, capacity: usize) -> Result<Self, ValueError> {
        if logical_class(ty) != Some(&T::DATA_TYPE) {
            return Err(mismatch(&T::DATA_TYPE, ty));
        }
        Ok(BytesBuilder {
            ty: ty.clone(),
            capacity,
            plain: GenericByteBuilder::with_capacity(capacity, 0),
        })
    }

    pub(crate) fn append(&mut self, cells: &[&T::Native]) -> Result<(), ValueError> {
        self.make_room(cells.len(), |index| length(cells[index]))?;
        for cell in cells {
            self.plain.append_value(cell);
        }
        Ok(())
    }

    pub(crate) fn append_nullable(
        &mut self,
        cells: &[Option<&T::Native>],
    ) -> Result<(), ValueError> {
        self.make_room(cells.len(), |index| cells[index].map_or(0, length))?;
        for cell in cells {
            match cell {
                Some(cell) => self.plain.append_value(cell),
                None => self.plain.append_null(),
            }
        }
        Ok(())
    }

    /// Makes room for a block of values of these lengths; with the first one for all that may follow,
    /// if they are like it.
    fn make_room(
        &mut self,
        count: usize,
        length: impl Fn(usize) -> usize,
    ) -> Result<(), ValueError> {
        let before = self.plain.values_slice().len();
        let mut end = before;
        for index in 0..count {
            end += length(index);
        }
        if i32::try_from(end).is_err() {
            // The builder would panic there.
            return Err(too_many(before, count, length));
        }
        let done = self.plain.offsets_slice().len() - 1;
        if done == 0 && count > 0 {
            let expected = end as f64 * self.capacity as f64 / count as f64;
            // A little more than expected, so that few more bytes do not double what is there.
            let bytes = if count < self.capacity {
                expected * 1.03
            } else {
                expected
            };
            self.plain = GenericByteBuilder::with_capacity(self.capacity, bytes as usize);
        }
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Result<ArrayRef, ValueError> {
        let plain = self.plain.finish();
        if self.ty == T::DATA_TYPE {
            return Ok(Arc::new(plain));
        }
        arrow::compute::cast(&plain, &self.ty)
            .map_err(|error| ValueError::whole(Problem::Arrow(error)))
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
            return ValueError::new(index, Problem::TooManyBytes);
        }
    }
    ValueError::whole(Problem::TooManyBytes)
}

/// A reader of text.
pub fn text_reader(array: &ArrayRef, ty: &DataType) -> Result<StringArray, ValueError> {
    let plain = logical_class(ty).unwrap_or(ty);
    let array = to_physical(array, plain)?;
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
    let plain = logical_class(ty).unwrap_or(ty);
    let array = to_physical(array, plain)?;
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
            Problem::NotALabel {
                found: found.to_string(),
                labels: T::LABELS,
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
