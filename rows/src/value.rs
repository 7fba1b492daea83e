// SPDX-License-Identifier: Apache-2.0

//! [`Value`] and [`OwnedValue`]: the Rust types that a column can hold, and how they become Arrow
//! arrays and return.
//!
//! Arrays grow by blocks of rows, column after column, and nothing is dynamic per value. What physical
//! form an array has when it is read is settled once, when its reader is made.

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
mod moment;
mod primitive;
#[cfg(feature = "rust_decimal")]
mod rust_decimal;
mod std_time;
mod strukt;
mod text;
mod time;
mod validity;
mod wide;

use std::fmt::Debug;
use std::ops::Range;

use arrow::array::{Array, ArrayRef, new_null_array};
use arrow::buffer::{Buffer, NullBuffer};
use arrow::datatypes::DataType;

use crate::error::{InvalidValue, ValueError};
pub use any::{AnyBuilder, AnyValue, AnyView};
pub use list::{Items, ListBuilder, ListReader};
pub use map::{Entries, MapBuilder, MapReader};
pub(crate) use primitive::has_digits;
pub use primitive::{BooleanBuilder, Decimal, FixedBytesBuilder, NativeBuilder};
pub use strukt::{FieldReader, StructBuilder, StructFields};
pub use text::{BytesBuilder, ClosedSet, TextBuilder, read_label, text_reader};
pub use time::{
    Date, Micros, Millis, Nanos, OutOfRange, Seconds, TimeBuilder, TimeOfDay, TimeOfDayMicros,
    TimeReader, Timestamp, TimestampMicros, TimestampMillis, TimestampNanos, TimestampSeconds,
    Unit,
};
pub(crate) use validity::Validity;

/// A Rust type that a column, or a field nested in one, can hold: how it becomes Arrow.
///
/// `Option<T>` is not a value: whether a null may stand in a place is the place's business, so a
/// nullable column of `T` is a field of type `Option<T>`, and a list with nullable elements a
/// `Vec<Option<T>>`. See [`Element`]. What can be read back is an [`OwnedValue`] too.
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
/// Types of other crates stand behind features that are named like the crate, but for `uuid`, which is
/// always there. Whatever a column cannot hold exactly, or a type cannot read exactly, is an error:
/// nothing is rounded, cut off or replaced by the nearest value. `serde_json::Value` is the exception,
/// as it keeps what JSON means and not its text: of numbers beyond 64 bits their nearest double, of a
/// key that is there twice the last; a `String` keeps all of it.
///
/// A struct around one of these is one too, with `#[derive(KalamValue)]`. Any other type of your own
/// borrows the work of another one:
///
/// ```
/// use arrow::array::ArrayRef;
/// use arrow::datatypes::DataType;
/// use kalamtable_rows::{Value, ValueError};
///
/// /// Held as thousandths, stored as a double.
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
    note = "for a type of bytes, chrono, jiff, rust_decimal or serde_json: turn on the feature of that name",
    note = "for any other type: implement `kalamtable::Value`",
    note = "for a field that is not a column: `#[kalam(skip)]`"
)]
pub trait Value: Sized {
    /// What is copied out of a row before it goes into an array: a number, or a reference to bytes.
    type Cell<'a>: Copy
    where
        Self: 'a;

    /// What collects cells into an array.
    type Builder: Send + 'static;

    /// Whether this type is a byte: what makes `Vec<u8>` a `bytes` column.
    #[doc(hidden)]
    const IS_BYTE: bool = false;

    /// Whether this type is a float of 32 bits: what makes `[f32; N]` an embedding.
    #[doc(hidden)]
    const IS_FLOAT: bool = false;

    /// Whether `Ord` of this type orders values as SQL orders those of the column. Where it does, rows
    /// that are kept in key order need not be sorted for `ORDER BY`, and ranges of keys are found
    /// without a look at the other rows.
    ///
    /// Whatever it says, rows are found by `=` with `Ord`: values of a type that is part of a primary key
    /// are equal to `Ord` where their cells are.
    const IN_SQL_ORDER: bool = false;

    /// What goes into the array.
    fn cell(&self) -> Self::Cell<'_>;

    /// A builder of an array of type `ty`, which may get `capacity` elements or so.
    ///
    /// # Errors
    /// If this type is none for columns of type `ty`.
    fn builder(ty: &DataType, capacity: usize) -> Result<Self::Builder, ValueError>;

    /// Adds a block of cells.
    ///
    /// # Errors
    /// If a value does not fit; the error says at which of `cells`. The builder is of no use then.
    fn append(builder: &mut Self::Builder, cells: &[Self::Cell<'_>]) -> Result<(), ValueError>;

    /// Adds a block of cells, a null for each `None`.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    fn append_nullable(
        builder: &mut Self::Builder,
        cells: &[Option<Self::Cell<'_>>],
    ) -> Result<(), ValueError>;

    /// The array; without a null buffer if nothing in it is null.
    ///
    /// # Errors
    /// If Arrow refuses.
    fn finish(builder: Self::Builder) -> Result<ArrayRef, ValueError>;

    /// A byte of what the value holds elsewhere in memory; see [`ToArrow::touch`](crate::ToArrow).
    #[doc(hidden)]
    #[inline]
    fn touch(&self) -> u8 {
        0
    }

    /// The values as bytes, if this type is a byte.
    #[doc(hidden)]
    fn as_bytes(_values: &[Self]) -> Option<&[u8]> {
        None
    }
}

/// A [`Value`] that can be read from Arrow: as itself, or as a view that borrows from the array.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read from a KalamTable column",
    label = "not a value that can be read",
    note = "a type that borrows is written and not read: use an owned one, for example `String`",
    note = "for an enum without fields, or a struct: `#[derive(KalamValue)]`",
    note = "for a type of bytes, chrono, jiff, rust_decimal or serde_json: turn on the feature of that name",
    note = "for any other type: implement `kalamtable::Value` and `kalamtable::OwnedValue`"
)]
pub trait OwnedValue: Value + 'static {
    /// What reads values out of an array, made once per array.
    type Reader: 'static;

    /// The value as it stands in the array: `&str` for text, a number for a number.
    type View<'a>: Copy + Debug;

    /// A reader over `array`, whose logical type should be `ty`.
    ///
    /// # Errors
    /// If the array's type is neither `ty` nor another physical form of it.
    fn reader(array: &ArrayRef, ty: &DataType) -> Result<Self::Reader, ValueError>;

    /// The value at `index`, which is in bounds and not null.
    ///
    /// # Errors
    /// If what stands there is no value of this type.
    fn read(reader: &Self::Reader, index: usize) -> Result<Self, ValueError>;

    /// The value at `index`, which is in bounds and not null, borrowed from the array.
    ///
    /// # Errors
    /// If what stands there is no value of this type.
    fn view(reader: &Self::Reader, index: usize) -> Result<Self::View<'_>, ValueError>;

    /// As [`read`](Self::read), for what may be too large for the stack.
    #[doc(hidden)]
    fn read_boxed(reader: &Self::Reader, index: usize) -> Result<Box<Self>, ValueError> {
        Self::read(reader, index).map(Box::new)
    }

    /// The value at `index`, which is in bounds, or what stands there in place of a null; `None` if
    /// that cannot be told without more than a look. A place that may be null is read like this: to
    /// look first whether it is null would be a jump that the processor cannot foresee.
    #[doc(hidden)]
    #[inline]
    fn read_slot(_reader: &Self::Reader, _index: usize) -> Option<Self> {
        None
    }

    /// The same for a view.
    #[doc(hidden)]
    #[inline]
    fn view_slot(_reader: &Self::Reader, _index: usize) -> Option<Self::View<'_>> {
        None
    }

    /// The values of a range, none of which is null, if they can be copied as they stand.
    #[doc(hidden)]
    fn read_run(_reader: &Self::Reader, _range: Range<usize>) -> Option<Vec<Self>> {
        None
    }
}

/// What stands in a place that may or may not be null: a `T: Value`, or an `Option` of one.
pub trait Element: Sized {
    /// The value without the option.
    type Value: Value;

    /// What goes into the array: with `Option`, where this has it.
    type Cell<'a>: Copy
    where
        Self: 'a;

    /// Whether this is an `Option`.
    const NULLABLE: bool;

    /// What goes into the array.
    fn cell(&self) -> Self::Cell<'_>;

    /// The same cell for a place that may be null.
    fn nullable_cell(cell: Self::Cell<'_>) -> Option<<Self::Value as Value>::Cell<'_>>;

    /// Adds a block of cells.
    ///
    /// # Errors
    /// As [`Value::append`].
    fn append(
        builder: &mut <Self::Value as Value>::Builder,
        cells: &[Self::Cell<'_>],
    ) -> Result<(), ValueError>;

    /// See [`Value::touch`].
    #[doc(hidden)]
    fn touch(&self) -> u8;

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
    note = "a list, a map or a box is held if what is inside is",
    note = "for a field that is not a column: `#[kalam(skip)]`"
)]
pub trait OwnedElement: Element<Value: OwnedValue> + 'static {
    /// As it stands in the array: with `Option`, where this has it.
    type View<'a>: Copy + Debug;

    /// From the value at `index`, if there is one.
    ///
    /// # Errors
    /// [`InvalidValue::Null`] for `None` where a value must be.
    fn from_value(value: Option<Self::Value>, index: usize) -> Result<Self, ValueError>;

    /// From the view of the value at `index`, if there is one.
    ///
    /// # Errors
    /// [`InvalidValue::Null`] for `None` where a value must be.
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
    fn touch(&self) -> u8 {
        Value::touch(self)
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
    fn touch(&self) -> u8 {
        // No further: where the nulls are, and so a jump over them, cannot be foreseen.
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

/// A reader that knows where the nulls are.
#[derive(Debug)]
pub struct ElementReader<R> {
    /// A bit for each element, the lowest one first; nothing at all if no element is null.
    valid: Buffer,
    values: R,
}

impl<R> ElementReader<R> {
    /// A reader of `E` over `array`, whose logical type should be `ty`.
    ///
    /// # Errors
    /// If the array's type is neither `ty` nor another physical form of it.
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

    /// A reader of `length` nulls, for what is not there: whoever reads need not ask whether it is.
    ///
    /// # Errors
    /// If `E` is none for type `ty`.
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

    /// The element at `index`, which is in bounds.
    ///
    /// # Errors
    /// If it is null and `E` has no null, or if what stands there is no value of its type.
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

    /// The element at `index`, which is in bounds, borrowed from the array.
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

    /// The first element that is null and may not be.
    pub(crate) fn check_nulls<E: OwnedElement>(&self) -> Result<(), ValueError> {
        if E::NULLABLE || !self.has_nulls() {
            return Ok(());
        }
        let ones = self.valid.iter().map(|byte| byte.trailing_ones() as usize);
        let mut ones = ones.enumerate().filter(|(_, ones)| *ones < 8);
        let (byte, bit) = ones.next().unwrap_or_default();
        Err(ValueError::new(byte * 8 + bit, InvalidValue::Null))
    }

    /// As [`read`](Self::read), where [`check_nulls`](Self::check_nulls) found nothing.
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

    /// As [`view`](Self::view), where [`check_nulls`](Self::check_nulls) found nothing.
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

    // Neither an offset to add, nor an option to look into: this is compiled into every view.
    #[inline]
    fn is_null(&self, index: usize) -> bool {
        match self.valid.get(index / 8) {
            Some(byte) => byte >> (index % 8) & 1 == 0,
            None => false,
        }
    }

    /// The reader of the values; what it reads where a null is, is of no meaning.
    pub(crate) fn values(&self) -> &R {
        &self.values
    }

    /// Whether any element is null.
    pub(crate) fn has_nulls(&self) -> bool {
        !self.valid.is_empty()
    }
}
