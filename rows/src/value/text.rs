//! Text, bytes, and the labels of closed sets.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, GenericByteArray, StringArray};
use arrow::buffer::{OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{BinaryType, ByteArrayType, DataType, Utf8Type};

use super::{OwnedValue, Validity, Value, logical_class, mismatch, to_physical};
use crate::error::{Problem, ValueError};

/// Collects text: into a plain array, or into a large, view or dictionary one if the column says so.
pub type TextBuilder = BytesBuilder<Utf8Type>;

/// Collects text or bytes.
pub struct BytesBuilder<T: ByteArrayType<Offset = i32>> {
    ty: DataType,
    capacity: usize,
    values: Vec<u8>,
    offsets: Vec<i32>,
    validity: Validity,
    kind: std::marker::PhantomData<T>,
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
        let mut offsets = Vec::with_capacity(capacity + 1);
        offsets.push(0);
        Ok(BytesBuilder {
            ty: ty.clone(),
            capacity,
            values: Vec::new(),
            offsets,
            validity: Validity::default(),
            kind: std::marker::PhantomData,
        })
    }

    pub(crate) fn append(&mut self, cells: &[&T::Native]) -> Result<(), ValueError> {
        self.append_bytes(cells.len(), |index| AsRef::<[u8]>::as_ref(cells[index]))?;
        self.validity.append_valid(cells.len());
        Ok(())
    }

    pub(crate) fn append_nullable(
        &mut self,
        cells: &[Option<&T::Native>],
    ) -> Result<(), ValueError> {
        self.append_bytes(cells.len(), |index| match cells[index] {
            Some(cell) => AsRef::<[u8]>::as_ref(cell),
            None => &[],
        })?;
        self.validity.append(cells);
        Ok(())
    }

    #[inline]
    fn append_bytes<'a>(
        &mut self,
        count: usize,
        bytes: impl Fn(usize) -> &'a [u8],
    ) -> Result<(), ValueError> {
        let mut total = 0;
        for index in 0..count {
            total += bytes(index).len();
        }
        if i32::try_from(self.values.len() + total).is_err() {
            return Err(self.too_many(count, bytes));
        }
        self.reserve(count, total);
        for index in 0..count {
            self.values.extend_from_slice(bytes(index));
            // It fits: the sum of all does.
            self.offsets.push(self.values.len() as i32);
        }
        Ok(())
    }

    /// Makes room for a block of `total` bytes; for all that may follow too, if they are like it.
    fn reserve(&mut self, count: usize, total: usize) {
        if self.values.capacity() - self.values.len() >= total {
            return;
        }
        let done = self.offsets.len() - 1 + count;
        let expected = (self.values.len() + total) as f64 * self.capacity as f64 / done as f64;
        let spare = if done < self.capacity { 1.05 } else { 1.0 };
        let wanted = (expected * spare) as usize;
        self.values
            .reserve(wanted.saturating_sub(self.values.len()).max(total));
    }

    #[cold]
    fn too_many<'a>(&self, count: usize, bytes: impl Fn(usize) -> &'a [u8]) -> ValueError {
        let mut total = self.values.len();
        for index in 0..count {
            total += bytes(index).len();
            if i32::try_from(total).is_err() {
                return ValueError::new(index, Problem::TooManyBytes);
            }
        }
        ValueError::whole(Problem::TooManyBytes)
    }

    pub(crate) fn finish(mut self) -> Result<ArrayRef, ValueError> {
        self.values.shrink_to_fit();
        let failed = |error| ValueError::whole(Problem::Arrow(error));
        let offsets = OffsetBuffer::new(ScalarBuffer::from(self.offsets));
        let nulls = self.validity.finish();
        let plain =
            GenericByteArray::<T>::try_new(offsets, self.values.into(), nulls).map_err(failed)?;
        if self.ty == T::DATA_TYPE {
            return Ok(Arc::new(plain));
        }
        arrow::compute::cast(&plain, &self.ty).map_err(failed)
    }
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

            #[inline]
            fn cell(&self) -> &str {
                self
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

            fn read(reader: &StringArray, index: usize) -> Result<Self, ValueError> {
                Ok($from(reader.value(index)))
            }

            #[inline]
            fn view(reader: &StringArray, index: usize) -> Result<&str, ValueError> {
                Ok(reader.value(index))
            }
        }
    )*};
}

owned_text_values!(
    String => String::from,
    Box<str> => Box::from,
    Arc<str> => Arc::from,
    Cow<'static, str> => |text: &str| Cow::Owned(text.to_string()),
);
