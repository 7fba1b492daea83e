//! [`Value`]: the Rust types that a column can hold, and how they become Arrow arrays and return.
//!
//! Arrays are built column by column with exact sizes, and nothing is dynamic per value. What
//! physical form an array has when it is read is settled once, when its reader is made.

mod any;
mod nested;
mod primitive;
mod text;
mod time;

use arrow::array::{Array, ArrayRef};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::datatypes::DataType;

use crate::error::{PathSegment, Problem, ValueError};
pub use any::AnyValue;
pub use nested::{FieldReader, StructFields, build_struct};
pub use primitive::Decimal;
pub use text::{build_labels, read_text, text_reader};
pub use time::{
    Date, Micros, Millis, Nanos, Seconds, TimeOfDay, TimeOfDayMicros, Timestamp, TimestampMicros,
    TimestampMillis, TimestampNanos, TimestampSeconds, Unit,
};

/// A Rust type that a column, or a field nested in one, can hold.
///
/// `Option<T>` is not a value: whether a null may stand in a place is the place's business, so a
/// nullable column of `T` is a field of type `Option<T>`, and a list with nullable elements a
/// `Vec<Option<T>>`. See [`Element`].
///
/// | column type | Rust types |
/// |---|---|
/// | `boolean` | `bool` |
/// | `tinyint` .. `ubigint` | `i8` .. `u64` |
/// | `float`, `double` | `f32`, `f64` |
/// | `decimal(p, s)` | [`Decimal<p, s>`](Decimal) |
/// | `text`, `json`, `file` | `String`, `Box<str>`, `Arc<str>` |
/// | `bytes` / `bytes(n)` | `Vec<u8>` / `[u8; n]` |
/// | `date` | [`Date`] |
/// | `time` | [`TimeOfDay`] |
/// | `timestamp`, `datetime` | [`Timestamp`] |
/// | `interval` | [`IntervalMonthDayNano`](arrow::datatypes::IntervalMonthDayNano) |
/// | `uuid` | [`uuid::Uuid`] |
/// | `embedding(n)` | `Box<[f32; n]>` |
/// | `enum(..)` | the generated enum |
/// | `list<T>` | `Vec<T>`, `Vec<Option<T>>` |
/// | `struct<..>` | the generated struct |
/// | `map<K, V>` | `BTreeMap<K, V>`, `BTreeMap<K, Option<V>>` |
/// | `arrow:<type>` | [`AnyValue`] |
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be held by a KalamTable column",
    label = "not a column value",
    note = "implement `kalamtable::Value` for it, or choose one of the types listed there"
)]
pub trait Value: Sized {
    /// What reads values out of an array, made once per array.
    type Reader;

    /// An array of type `ty` with one element for each of `values`.
    ///
    /// With `nullable`, `None` becomes a null. Without it the array has no nulls, and there is no
    /// `None`; should there be one all the same, what is written there is of no meaning.
    ///
    /// # Errors
    /// If a value does not fit in `ty`; the error says at which of the values.
    fn build(
        values: &[Option<&Self>],
        ty: &DataType,
        nullable: bool,
    ) -> Result<ArrayRef, ValueError>;

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

    /// The values as bytes, if this type is a byte: what makes `Vec<u8>` a `bytes` column.
    #[doc(hidden)]
    fn as_bytes(_values: &[Self]) -> Option<&[u8]> {
        None
    }

    /// The inverse of [`as_bytes`](Self::as_bytes).
    #[doc(hidden)]
    fn from_bytes(_bytes: &[u8]) -> Option<Vec<Self>> {
        None
    }
}

/// What stands in a place that may or may not be null: a `T: Value`, or an `Option` of one.
pub trait Element: Sized {
    /// The value without the option.
    type Value: Value;

    /// The value, if there is one.
    fn as_value(&self) -> Option<&Self::Value>;

    /// From the value at `index`, if there is one.
    ///
    /// # Errors
    /// [`Problem::Null`] for `None` where a value must be.
    fn from_value(value: Option<Self::Value>, index: usize) -> Result<Self, ValueError>;

    /// See [`Value::as_bytes`].
    #[doc(hidden)]
    fn as_bytes(_elements: &[Self]) -> Option<&[u8]> {
        None
    }

    /// See [`Value::from_bytes`].
    #[doc(hidden)]
    fn from_bytes(_bytes: &[u8]) -> Option<Vec<Self>> {
        None
    }
}

impl<T: Value> Element for T {
    type Value = T;

    fn as_value(&self) -> Option<&T> {
        Some(self)
    }

    fn from_value(value: Option<T>, index: usize) -> Result<T, ValueError> {
        value.ok_or_else(|| ValueError::new(index, Problem::Null))
    }

    fn as_bytes(elements: &[T]) -> Option<&[u8]> {
        T::as_bytes(elements)
    }

    fn from_bytes(bytes: &[u8]) -> Option<Vec<T>> {
        T::from_bytes(bytes)
    }
}

impl<T: Value> Element for Option<T> {
    type Value = T;

    fn as_value(&self) -> Option<&T> {
        self.as_ref()
    }

    fn from_value(value: Option<T>, _index: usize) -> Result<Option<T>, ValueError> {
        Ok(value)
    }
}

/// A reader that knows where the nulls are.
#[derive(Debug)]
pub struct ElementReader<R> {
    nulls: Option<NullBuffer>,
    values: R,
}

impl<R> ElementReader<R> {
    /// A reader of `E` over `array`, whose logical type should be `ty`.
    ///
    /// # Errors
    /// If the array's type is neither `ty` nor another physical form of it.
    pub fn try_new<E>(array: &ArrayRef, ty: &DataType) -> Result<Self, ValueError>
    where
        E: Element,
        E::Value: Value<Reader = R>,
    {
        Ok(ElementReader {
            nulls: array.logical_nulls().filter(|nulls| nulls.null_count() > 0),
            values: E::Value::reader(array, ty)?,
        })
    }

    /// The element at `index`, which is in bounds.
    ///
    /// # Errors
    /// If it is null and `E` has no null, or if what stands there is no value of its type.
    pub fn read<E>(&self, index: usize) -> Result<E, ValueError>
    where
        E: Element,
        E::Value: Value<Reader = R>,
    {
        let is_null = self
            .nulls
            .as_ref()
            .is_some_and(|nulls| nulls.is_null(index));
        let value = if is_null {
            None
        } else {
            Some(E::Value::read(&self.values, index)?)
        };
        E::from_value(value, index)
    }
}

/// Where `values` are null: `None` if nothing is, or if the place is not nullable.
pub(crate) fn null_buffer<T>(
    mut values: impl ExactSizeIterator<Item = Option<T>>,
    nullable: bool,
) -> Option<NullBuffer> {
    if !nullable {
        return None;
    }
    let length = values.len();
    // `collect_bool` asks for each position once, in order.
    let valid = BooleanBuffer::collect_bool(length, |_| matches!(values.next(), Some(Some(_))));
    Some(NullBuffer::new(valid)).filter(|nulls| nulls.null_count() > 0)
}

/// `array` in the form `ty` if it is another physical form of the same logical type: plain, large,
/// view or dictionary-coded.
pub(crate) fn to_physical(array: &ArrayRef, ty: &DataType) -> Result<ArrayRef, ValueError> {
    if array.data_type() == ty {
        return Ok(array.clone());
    }
    if logical_class(array.data_type()) != Some(ty) {
        return Err(mismatch(array.data_type(), ty));
    }
    arrow::compute::cast(array, ty).map_err(|error| ValueError::new(0, Problem::Arrow(error)))
}

/// The plain form of a type that has several physical ones.
fn logical_class(ty: &DataType) -> Option<&DataType> {
    match ty {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Some(&DataType::Utf8),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => Some(&DataType::Binary),
        DataType::Dictionary(_, values) => logical_class(values).or(Some(values)),
        _ => None,
    }
}

/// The error for an array of type `found` where `expected` should be.
pub(crate) fn mismatch(found: &DataType, expected: &DataType) -> ValueError {
    ValueError::whole(Problem::Type {
        expected: expected.clone(),
        found: found.clone(),
    })
}
