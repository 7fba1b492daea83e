// SPDX-License-Identifier: Apache-2.0

//! [`Value`] and [`OwnedValue`]: the Rust types that a column can hold, and their conversions to
//! and from Arrow arrays.
//!
//! Nullability belongs to the column, list element or struct field, not to the value: [`Value`]
//! never sees an `Option`, and [`Element`] is a value or an `Option` of one. Writing and reading
//! are separate traits, so that a struct that borrows can be written only.
//!
//! Arrays grow by blocks of rows, one column after the other, without dynamic dispatch per value.
//! The physical form of an array is resolved once, when its reader is created.

mod any;
mod bytes;
#[cfg(any(feature = "chrono", feature = "jiff"))]
mod calendar;
#[cfg(feature = "chrono")]
mod chrono;
mod computed;
#[cfg(feature = "jiff")]
mod jiff;
#[cfg(feature = "serde_json")]
mod json;
mod list;
mod map;
mod primitive;
#[cfg(feature = "rust_decimal")]
mod rust_decimal;
mod std_time;
mod strukt;
mod text;
mod time;
mod time_codec;
mod validity;
mod wide;

use std::fmt::Debug;
use std::ops::Range;

use arrow::array::{Array, ArrayRef, new_null_array};
use arrow::buffer::{Buffer, NullBuffer};
use arrow::datatypes::DataType;

use crate::error::{InvalidValue, ValueError};
pub use any::{AnyBuilder, AnyValue, AnyView};
pub use list::{ListBuilder, ListItems, ListReader};
pub use map::{MapBuilder, MapEntries, MapReader};
pub(crate) use primitive::has_digits;
pub use primitive::{BooleanBuilder, Decimal, FixedBytesBuilder, NativeBuilder};
pub use strukt::{FieldReader, StructBuilder, StructFields};
pub use text::{BytesBuilder, ClosedSet, TextBuilder, parse_label, read_label, text_reader};
pub use time::{
    Date, Micros, Millis, Nanos, OutOfRange, Seconds, TimeBuilder, TimeOfDay, TimeOfDayMicros,
    TimeReader, Timestamp, TimestampMicros, TimestampMillis, TimestampNanos, TimestampSeconds,
    Unit,
};
pub(crate) use time::{per_second, validate_times_of_day};
pub(crate) use validity::Validity;

/// A Rust type that a column, or a nested field of a column, can hold.
///
/// A value is never null: a nullable column of `T` is a field of type `Option<T>`, and a list with
/// nullable elements is a `Vec<Option<T>>`. See [`Element`]. Types that can be read from Arrow also
/// implement [`OwnedValue`].
///
/// | column type | Rust types |
/// |---|---|
/// | `boolean` | `bool` |
/// | `tinyint` .. `ubigint` | `i8` .. `u64` |
/// | `float`, `double` | `f32`, `f64` |
/// | `decimal(p, s)` | [`Decimal<p, s>`](Decimal), `rust_decimal::Decimal` |
/// | `decimal(38, 0)` | `i128`, `u128` |
/// | `text`, `json`, `file` | `String`, `Box<str>`, `Arc<str>`, `Cow<str>`, `&str` |
/// | `json` | `serde_json::Value` |
/// | `bytes` | `Vec<u8>`, `Box<[u8]>`, `Arc<[u8]>`, `Cow<[u8]>`, `&[u8]`, `bytes::Bytes` |
/// | `bytes(n)` | `[u8; n]` |
/// | `date` | [`Date`], `chrono::NaiveDate`, `jiff::civil::Date` |
/// | `time` | [`TimeOfDay`], `chrono::NaiveTime`, `jiff::civil::Time` |
/// | `timestamp`, `datetime` | [`Timestamp`], [`SystemTime`](std::time::SystemTime), `chrono::DateTime<Utc>`, `jiff::Timestamp` |
/// | `timestamp` without a zone | `chrono::NaiveDateTime`, `jiff::civil::DateTime` too |
/// | `interval` | [`IntervalMonthDayNano`](arrow::datatypes::IntervalMonthDayNano), [`Duration`](std::time::Duration), `chrono::TimeDelta`, `jiff::SignedDuration` |
/// | `uuid` | [`uuid::Uuid`] |
/// | `embedding(n)` | `[f32; n]`, `Box<[f32; n]>`, `Vec<f32>` |
/// | `enum(..)` | an enum, generated or with `#[derive(KalamValue)]` |
/// | `list<T>` | `Vec<T>`, `Vec<Option<T>>`, `[T; N]`, `[Option<T>; N]` |
/// | `struct<..>` | the generated struct |
/// | `map<K, V>` | `BTreeMap<K, V>`, `HashMap<K, V>`, values also in `Option` |
/// | `arrow:<type>` | [`AnyValue`] |
///
/// Types of other crates require the feature with the name of the crate, except `uuid`, which is
/// always available. A value that a column or a type cannot represent exactly is an error: values
/// are never rounded or truncated. The exception is `serde_json::Value`, which holds the parsed
/// JSON: a number beyond 64 bits becomes the nearest double, and only the last of several equal
/// keys is kept. A `String` keeps the text, and is not checked when it is written:
/// [`validate`](crate::validate) rejects invalid JSON where data enters a table as Arrow arrays.
///
/// A struct with one field of such a type is a value too, with `#[derive(KalamValue)]`. To
/// implement the trait for any other type, delegate to an existing implementation:
///
/// ```
/// use arrow::array::ArrayRef;
/// use arrow::datatypes::DataType;
/// use kalamtable_rows::{Value, ValueError};
///
/// /// A temperature in thousandths of a degree, stored as a double.
/// struct Celsius(i32);
///
/// impl Value for Celsius {
///     type Cell<'a> = f64;
///     type Builder = <f64 as Value>::Builder;
///
///     fn cell(&self) -> f64 {
///         f64::from(self.0) / 1000.0
///     }
///
///     fn builder(ty: &DataType, capacity: usize) -> Result<Self::Builder, ValueError> {
///         f64::builder(ty, capacity)
///     }
///
///     fn append(builder: &mut Self::Builder, cells: &[f64]) -> Result<(), ValueError> {
///         f64::append(builder, cells)
///     }
///
///     fn append_nullable(
///         builder: &mut Self::Builder,
///         cells: &[Option<f64>],
///     ) -> Result<(), ValueError> {
///         f64::append_nullable(builder, cells)
///     }
///
///     fn finish(builder: Self::Builder) -> Result<ArrayRef, ValueError> {
///         f64::finish(builder)
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be held by a KalamTable column",
    label = "not a column value",
    note = "for an enum without fields, or a struct: `#[derive(KalamValue)]`",
    note = "for a type of bytes, chrono, jiff, rust_decimal or serde_json: enable the feature of that name",
    note = "for any other type: implement `kalamtable::Value`",
    note = "for a field that is not a column: `#[kalam(skip)]`"
)]
pub trait Value: Sized {
    /// The part of a value that is copied out of a row before it is appended to an array: a number,
    /// or a reference to bytes.
    type Cell<'a>: Copy
    where
        Self: 'a;

    /// Builds an array from cells.
    type Builder: Send + 'static;

    /// Whether this type is `u8`, so that a `Vec` of it is a `bytes` column.
    #[doc(hidden)]
    const IS_BYTE: bool = false;

    /// Whether this type is `f32`, so that an array of it is an embedding.
    #[doc(hidden)]
    const IS_FLOAT: bool = false;

    /// Whether `Ord` of this type is the order that SQL gives the column. If so, rows in key order
    /// need not be sorted for `ORDER BY`, and ranges of keys are found by binary search.
    ///
    /// Rows are found by `=` with `Ord` in any case: if a column of this type is part of a primary
    /// key, `Ord` must treat two values as equal exactly if their cells are equal.
    const IN_SQL_ORDER: bool = false;

    /// Returns the cell that is appended to the array.
    fn cell(&self) -> Self::Cell<'_>;

    /// Creates a builder of an array of type `ty`, with room for about `capacity` elements.
    ///
    /// # Errors
    /// Fails if columns of type `ty` do not hold values of this type.
    fn builder(ty: &DataType, capacity: usize) -> Result<Self::Builder, ValueError>;

    /// Appends a block of cells.
    ///
    /// # Errors
    /// Fails if a value does not fit; the index of the error is a position in `cells`. The builder
    /// must not be used after an error.
    fn append(builder: &mut Self::Builder, cells: &[Self::Cell<'_>]) -> Result<(), ValueError>;

    /// Appends a block of cells, with a null for each `None`.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    fn append_nullable(
        builder: &mut Self::Builder,
        cells: &[Option<Self::Cell<'_>>],
    ) -> Result<(), ValueError>;

    /// Returns the array. It has no null buffer if none of its elements is null.
    ///
    /// # Errors
    /// Fails if Arrow cannot build the array.
    fn finish(builder: Self::Builder) -> Result<ArrayRef, ValueError>;

    /// Reads a byte of the memory that the value refers to, so that the processor fetches it; see
    /// `ToArrow::prefetch`.
    #[doc(hidden)]
    #[inline]
    fn prefetch(&self) -> u8 {
        0
    }

    /// Returns the values as bytes if this type is `u8`.
    #[doc(hidden)]
    fn as_bytes(_values: &[Self]) -> Option<&[u8]> {
        None
    }
}

/// A [`Value`] that can be read from Arrow, as an owned value or as a view that borrows from the
/// array.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read from a KalamTable column",
    label = "not a value that can be read",
    note = "a type that borrows can be written but not read: use an owned type, for example `String`",
    note = "for an enum without fields, or a struct: `#[derive(KalamValue)]`",
    note = "for a type of bytes, chrono, jiff, rust_decimal or serde_json: enable the feature of that name",
    note = "for any other type: implement `kalamtable::Value` and `kalamtable::OwnedValue`"
)]
pub trait OwnedValue: Value + 'static {
    /// Reads values of one array; created once per array.
    type Reader: 'static;

    /// The value borrowed from the array: `&str` for text, the number itself for a number.
    type View<'a>: Copy + Debug;

    /// Creates a reader of `array` as a column of type `ty`.
    ///
    /// # Errors
    /// Fails if the type of the array is not a physical form of `ty`.
    fn reader(array: &ArrayRef, ty: &DataType) -> Result<Self::Reader, ValueError>;

    /// Returns the value at `index`, which is in bounds and not null.
    ///
    /// # Errors
    /// Fails if the element is not a value of this type.
    fn read(reader: &Self::Reader, index: usize) -> Result<Self, ValueError>;

    /// Returns a view of the value at `index`, which is in bounds and not null.
    ///
    /// # Errors
    /// Fails if the element is not a value of this type.
    fn view(reader: &Self::Reader, index: usize) -> Result<Self::View<'_>, ValueError>;

    /// Returns the value at `index` in a box, for types that may be too large for the stack.
    #[doc(hidden)]
    fn read_boxed(reader: &Self::Reader, index: usize) -> Result<Box<Self>, ValueError> {
        Self::read(reader, index).map(Box::new)
    }

    /// Returns the value at `index`, which is in bounds, or an arbitrary value if the element is
    /// null; `None` if the type needs to convert values. Nullable columns are read this way without
    /// a branch per null, which the processor could not predict.
    #[doc(hidden)]
    #[inline]
    fn read_slot(_reader: &Self::Reader, _index: usize) -> Option<Self> {
        None
    }

    /// Like [`read_slot`](Self::read_slot), for a view.
    #[doc(hidden)]
    #[inline]
    fn view_slot(_reader: &Self::Reader, _index: usize) -> Option<Self::View<'_>> {
        None
    }

    /// Returns the values of a range without nulls if they can be copied without conversion.
    #[doc(hidden)]
    fn read_run(_reader: &Self::Reader, _range: Range<usize>) -> Option<Vec<Self>> {
        None
    }
}

/// The type of a row field, or of the elements of a list: a [`Value`], or an `Option` of one where
/// null is allowed.
pub trait Element: Sized {
    /// The value type, without `Option`.
    type Value: Value;

    /// The cell of the value; an `Option` if this type is one.
    type Cell<'a>: Copy
    where
        Self: 'a;

    /// Whether this type is an `Option`.
    const NULLABLE: bool;

    /// Returns the cell that is appended to the array.
    fn cell(&self) -> Self::Cell<'_>;

    /// Returns the cell in the form of a nullable column.
    fn nullable_cell(cell: Self::Cell<'_>) -> Option<<Self::Value as Value>::Cell<'_>>;

    /// Appends a block of cells.
    ///
    /// # Errors
    /// As [`Value::append`].
    fn append(
        builder: &mut <Self::Value as Value>::Builder,
        cells: &[Self::Cell<'_>],
    ) -> Result<(), ValueError>;

    /// See [`Value::prefetch`].
    #[doc(hidden)]
    fn prefetch(&self) -> u8;

    /// See [`Value::as_bytes`].
    #[doc(hidden)]
    fn as_bytes(_elements: &[Self]) -> Option<&[u8]> {
        None
    }
}

/// An [`Element`] that can be read from Arrow.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be held by a KalamTable column",
    label = "not a column value",
    note = "for an enum without fields, or a struct: `#[derive(KalamValue)]`",
    note = "for any other type: implement `kalamtable::Value` and `kalamtable::OwnedValue`",
    note = "a list, a map or a box requires a value inside it",
    note = "for a field that is not a column: `#[kalam(skip)]`"
)]
pub trait OwnedElement: Element<Value: OwnedValue> + 'static {
    /// The view of the value; an `Option` if this type is one.
    type View<'a>: Copy + Debug;

    /// Converts the value at `index`, which is `None` for a null.
    ///
    /// # Errors
    /// [`InvalidValue::Null`] for `None`, unless this type is an `Option`.
    fn from_value(value: Option<Self::Value>, index: usize) -> Result<Self, ValueError>;

    /// Converts the view of the value at `index`, which is `None` for a null.
    ///
    /// # Errors
    /// [`InvalidValue::Null`] for `None`, unless this type is an `Option`.
    fn from_view(
        view: Option<<Self::Value as OwnedValue>::View<'_>>,
        index: usize,
    ) -> Result<Self::View<'_>, ValueError>;

    /// See [`OwnedValue::read_run`].
    #[doc(hidden)]
    fn read_run(
        _reader: &<Self::Value as OwnedValue>::Reader,
        _range: Range<usize>,
    ) -> Option<Vec<Self>> {
        None
    }
}

impl<T: Value> Element for T {
    type Value = T;
    type Cell<'a>
        = T::Cell<'a>
    where
        T: 'a;

    const NULLABLE: bool = false;

    #[inline]
    fn cell(&self) -> T::Cell<'_> {
        Value::cell(self)
    }

    #[inline]
    fn nullable_cell(cell: T::Cell<'_>) -> Option<T::Cell<'_>> {
        Some(cell)
    }

    fn append(builder: &mut T::Builder, cells: &[T::Cell<'_>]) -> Result<(), ValueError> {
        <T as Value>::append(builder, cells)
    }

    #[inline]
    fn prefetch(&self) -> u8 {
        Value::prefetch(self)
    }

    fn as_bytes(elements: &[T]) -> Option<&[u8]> {
        <T as Value>::as_bytes(elements)
    }
}

#[diagnostic::do_not_recommend]
impl<T: OwnedValue> OwnedElement for T {
    type View<'a> = T::View<'a>;

    #[inline]
    fn from_value(value: Option<T>, index: usize) -> Result<T, ValueError> {
        value.ok_or_else(|| ValueError::new(index, InvalidValue::Null))
    }

    #[inline]
    fn from_view(view: Option<T::View<'_>>, index: usize) -> Result<T::View<'_>, ValueError> {
        view.ok_or_else(|| ValueError::new(index, InvalidValue::Null))
    }

    fn read_run(reader: &T::Reader, range: Range<usize>) -> Option<Vec<T>> {
        <T as OwnedValue>::read_run(reader, range)
    }
}

impl<T: Value> Element for Option<T> {
    type Value = T;
    type Cell<'a>
        = Option<T::Cell<'a>>
    where
        T: 'a;

    const NULLABLE: bool = true;

    #[inline]
    fn cell(&self) -> Option<T::Cell<'_>> {
        self.as_ref().map(Value::cell)
    }

    #[inline]
    fn nullable_cell(cell: Option<T::Cell<'_>>) -> Option<T::Cell<'_>> {
        cell
    }

    fn append(builder: &mut T::Builder, cells: &[Option<T::Cell<'_>>]) -> Result<(), ValueError> {
        T::append_nullable(builder, cells)
    }

    #[inline]
    fn prefetch(&self) -> u8 {
        // The text is not read: the processor cannot predict the branch for a null.
        u8::from(self.is_some())
    }
}

#[diagnostic::do_not_recommend]
impl<T: OwnedValue> OwnedElement for Option<T> {
    type View<'a> = Option<T::View<'a>>;

    #[inline]
    fn from_value(value: Option<T>, _index: usize) -> Result<Option<T>, ValueError> {
        Ok(value)
    }

    #[inline]
    fn from_view(
        view: Option<T::View<'_>>,
        _index: usize,
    ) -> Result<Option<T::View<'_>>, ValueError> {
        Ok(view)
    }
}

/// The builder of elements of type `E`.
type BuilderOf<E> = <<E as Element>::Value as Value>::Builder;

/// The reader of elements of type `E`.
type ReaderOf<E> = <<E as Element>::Value as OwnedValue>::Reader;

/// Reads the elements of one array, which may be null.
#[derive(Debug)]
pub struct ElementReader<R> {
    /// One bit per element, the lowest bit first; empty if no element is null.
    valid: Buffer,
    values: R,
}

impl<R> ElementReader<R> {
    /// Creates a reader of `array` as a column of type `ty`.
    ///
    /// # Errors
    /// Fails if the type of the array is not a physical form of `ty`.
    pub fn try_new<E>(array: &ArrayRef, ty: &DataType) -> Result<Self, ValueError>
    where
        E: OwnedElement,
        E::Value: OwnedValue<Reader = R>,
    {
        let nulls = array.logical_nulls().filter(|nulls| nulls.null_count() > 0);
        Ok(ElementReader {
            valid: nulls.map_or_else(Buffer::default, |nulls| nulls.inner().sliced()),
            values: E::Value::reader(array, ty)?,
        })
    }

    /// Creates a reader of `length` nulls, for a column or field that the data lacks.
    ///
    /// # Errors
    /// Fails if columns of type `ty` do not hold values of `E`.
    pub(crate) fn absent<E>(ty: &DataType, length: usize) -> Result<Self, ValueError>
    where
        E: OwnedElement,
        E::Value: OwnedValue<Reader = R>,
    {
        Ok(ElementReader {
            valid: NullBuffer::new_null(length).inner().sliced(),
            values: E::Value::reader(&new_null_array(ty, length), ty)?,
        })
    }

    /// Returns the element at `index`, which is in bounds.
    ///
    /// # Errors
    /// Fails if the element is null and `E` is not an `Option`, or if it is not a value of `E`.
    pub fn read<E>(&self, index: usize) -> Result<E, ValueError>
    where
        E: OwnedElement,
        E::Value: OwnedValue<Reader = R>,
    {
        let value = if self.is_null(index) {
            None
        } else {
            Some(E::Value::read(&self.values, index)?)
        };
        E::from_value(value, index)
    }

    /// Returns a view of the element at `index`, which is in bounds.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    #[inline]
    pub fn view<E>(&self, index: usize) -> Result<E::View<'_>, ValueError>
    where
        E: OwnedElement,
        E::Value: OwnedValue<Reader = R>,
    {
        let view = if self.is_null(index) {
            None
        } else {
            Some(E::Value::view(&self.values, index)?)
        };
        E::from_view(view, index)
    }

    /// Fails at the first null unless `E` is an `Option`.
    pub(crate) fn check_nulls<E: OwnedElement>(&self) -> Result<(), ValueError> {
        if E::NULLABLE || !self.has_nulls() {
            return Ok(());
        }
        let ones = self.valid.iter().map(|byte| byte.trailing_ones() as usize);
        let mut ones = ones.enumerate().filter(|(_, ones)| *ones < 8);
        let (byte, bit) = ones.next().unwrap_or_default();
        Err(ValueError::new(byte * 8 + bit, InvalidValue::Null))
    }

    /// Like [`read`](Self::read), after [`check_nulls`](Self::check_nulls) has succeeded.
    #[inline]
    pub(crate) fn read_checked<E>(&self, index: usize) -> Result<E, ValueError>
    where
        E: OwnedElement,
        E::Value: OwnedValue<Reader = R>,
    {
        if E::NULLABLE
            && let Some(slot) = E::Value::read_slot(&self.values, index)
        {
            let is_null = self.is_null(index);
            return E::from_value(if is_null { None } else { Some(slot) }, index);
        }
        let value = if E::NULLABLE && self.is_null(index) {
            None
        } else {
            Some(E::Value::read(&self.values, index)?)
        };
        E::from_value(value, index)
    }

    /// Like [`view`](Self::view), after [`check_nulls`](Self::check_nulls) has succeeded.
    #[inline]
    pub(crate) fn view_checked<E>(&self, index: usize) -> Result<E::View<'_>, ValueError>
    where
        E: OwnedElement,
        E::Value: OwnedValue<Reader = R>,
    {
        if E::NULLABLE
            && let Some(slot) = E::Value::view_slot(&self.values, index)
        {
            let is_null = self.is_null(index);
            return E::from_view(if is_null { None } else { Some(slot) }, index);
        }
        let view = if E::NULLABLE && self.is_null(index) {
            None
        } else {
            Some(E::Value::view(&self.values, index)?)
        };
        E::from_view(view, index)
    }

    // This is compiled into every view: it has neither an offset to add nor an option to check.
    #[inline]
    fn is_null(&self, index: usize) -> bool {
        match self.valid.get(index / 8) {
            Some(byte) => byte >> (index % 8) & 1 == 0,
            None => false,
        }
    }

    /// Returns the reader of the values; it returns arbitrary values for nulls.
    pub(crate) fn values(&self) -> &R {
        &self.values
    }

    /// Returns whether any element is null.
    pub(crate) fn has_nulls(&self) -> bool {
        !self.valid.is_empty()
    }
}
