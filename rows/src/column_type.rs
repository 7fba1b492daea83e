//! [`HasType`] and [`TypeAt`]: the column type that a Rust type stands for, known when the program is
//! compiled; and the checks that compiled definitions are held to.
//!
//! The fields inside a type have ids. A type knows how many it needs, and its place in a table says
//! above which number they begin: that number is a type too, so that ids are constants.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::marker::PhantomData;
use std::sync::Arc;

use arrow::datatypes::IntervalMonthDayNano;
use kalamtable_model::{ColumnType, MapFields, NestedField, Shared, TimeUnit};
use uuid::Uuid;

use crate::value::{Date, Decimal, Element, TimeOfDay, Timestamp, Unit, Value};

/// A [`Value`] that stands for a column type of its own, so that a field of it needs no `type`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no KalamTable column type of its own",
    label = "which column type?",
    note = "for an enum without fields, or a struct: `#[derive(KalamValue)]`",
    note = "for any other type: implement `kalamtable::HasType` and `kalamtable::TypeAt`",
    note = "a list, a map or a box has the type of what is inside: that needs one"
)]
pub trait HasType: Value {
    /// How many ids the fields inside it need.
    const IDS: i32 = 0;
}

/// The column type of a [`HasType`] whose nested ids begin above `B`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no KalamTable column type of its own",
    label = "which column type?",
    note = "for an enum without fields, or a struct: `#[derive(KalamValue)]`",
    note = "for any other type: implement `kalamtable::HasType` and `kalamtable::TypeAt`",
    note = "a list, a map or a box has the type of what is inside: that needs one"
)]
pub trait TypeAt<B: Base>: HasType {
    /// The column type.
    const TYPE: ColumnType;
}

/// A number at the level of types: the id above which nested ids begin.
pub trait Base: 'static {
    /// The number.
    const ID: i32;
}

/// A [`Base`] that is a constant.
#[derive(Debug)]
pub enum Ids<const N: i32> {}

impl<const N: i32> Base for Ids<N> {
    const ID: i32 = N;
}

/// A [`Base`] that is `N` above another.
#[derive(Debug)]
pub struct Above<B, const N: i32>(PhantomData<B>);

impl<B: Base, const N: i32> Base for Above<B, N> {
    const ID: i32 = B::ID + N;
}

/// A [`Base`] that leaves room for the ids of `T`.
#[derive(Debug)]
pub struct After<B, T>(PhantomData<(B, T)>);

impl<B: Base, T: HasType + 'static> Base for After<B, T> {
    const ID: i32 = B::ID + T::IDS;
}

macro_rules! plain_types {
    ($([$($param:tt)*] $ty:ty => $column:expr),* $(,)?) => {$(
        impl<$($param)*> HasType for $ty {}

        #[diagnostic::do_not_recommend]
        impl<B: Base, $($param)*> TypeAt<B> for $ty {
            const TYPE: ColumnType = $column;
        }
    )*};
}

plain_types!(
    [] bool => ColumnType::Boolean,
    [] i8 => ColumnType::TinyInt,
    [] i16 => ColumnType::SmallInt,
    [] i32 => ColumnType::Int,
    [] i64 => ColumnType::BigInt,
    [] u8 => ColumnType::UTinyInt,
    [] u16 => ColumnType::USmallInt,
    [] u32 => ColumnType::UInt,
    [] u64 => ColumnType::UBigInt,
    [] f32 => ColumnType::Float,
    [] f64 => ColumnType::Double,
    [const P: u8, const S: u8] Decimal<P, S> => ColumnType::Decimal { precision: P, scale: S },
    [] String => ColumnType::Text,
    [] Box<str> => ColumnType::Text,
    [] Arc<str> => ColumnType::Text,
    [] Cow<'_, str> => ColumnType::Text,
    [] &str => ColumnType::Text,
    [] Date => ColumnType::Date,
    [U: Unit] TimeOfDay<U> => ColumnType::Time,
    [U: Unit] Timestamp<U> => ColumnType::Timestamp { unit: model_unit(U::UNIT), zone: None },
    [] IntervalMonthDayNano => ColumnType::Interval,
    [] Uuid => ColumnType::Uuid,
);

impl<T: HasType> HasType for Box<T> {
    const IDS: i32 = T::IDS;
}

#[diagnostic::do_not_recommend]
impl<B: Base, T: TypeAt<B>> TypeAt<B> for Box<T> {
    const TYPE: ColumnType = T::TYPE;
}

/// Whether a list of `E` is a string of bytes.
const fn is_byte<E: Element>() -> bool {
    E::Value::IS_BYTE && !E::NULLABLE
}

impl<E: Element<Value: HasType>> HasType for Vec<E> {
    const IDS: i32 = if is_byte::<E>() { 0 } else { 1 + E::Value::IDS };
}

#[diagnostic::do_not_recommend]
impl<B: Base, E: Element<Value: TypeAt<Above<B, 1>>> + 'static> TypeAt<B> for Vec<E> {
    const TYPE: ColumnType = if is_byte::<E>() {
        ColumnType::Bytes
    } else {
        ColumnType::List(Shared::Static(ListAt::<B, E>::ITEM))
    };
}

struct ListAt<B, E>(PhantomData<(B, E)>);

impl<B: Base, E: Element<Value: TypeAt<Above<B, 1>>> + 'static> ListAt<B, E> {
    const ITEM: &'static NestedField = &NestedField {
        id: B::ID + 1,
        name: Shared::Static("item"),
        ty: <E::Value as TypeAt<Above<B, 1>>>::TYPE,
        nullable: E::NULLABLE,
    };
}

// An array of numbers of 32 bits is an embedding; any other array, but for bytes, has no column type
// that keeps its length.
impl<const N: usize> HasType for [f32; N] {}

#[diagnostic::do_not_recommend]
impl<B: Base, const N: usize> TypeAt<B> for [f32; N] {
    const TYPE: ColumnType = ColumnType::Embedding(length::<N>());
}

impl<const N: usize> HasType for [u8; N] {}

#[diagnostic::do_not_recommend]
impl<B: Base, const N: usize> TypeAt<B> for [u8; N] {
    const TYPE: ColumnType = ColumnType::FixedBytes(length::<N>());
}

const fn length<const N: usize>() -> u32 {
    assert!(
        N >= 1 && N <= i32::MAX as usize,
        "an array in a column has a length from 1 to 2^31 - 1"
    );
    N as u32
}

macro_rules! map_types {
    ($($map:ident)*) => {$(
        impl<K, E> HasType for $map<K, E>
        where
            $map<K, E>: Value,
            K: HasType,
            E: Element<Value: HasType>,
        {
            const IDS: i32 = 2 + K::IDS + E::Value::IDS;
        }

        #[diagnostic::do_not_recommend]
        impl<B, K, E> TypeAt<B> for $map<K, E>
        where
            $map<K, E>: Value,
            B: Base,
            K: TypeAt<Above<B, 2>> + 'static,
            E: Element<Value: TypeAt<After<Above<B, 2>, K>>> + 'static,
        {
            const TYPE: ColumnType = ColumnType::Map(Shared::Static(MapAt::<B, K, E>::FIELDS));
        }
    )*};
}

map_types!(BTreeMap HashMap);

struct MapAt<B, K, E>(PhantomData<(B, K, E)>);

impl<B, K, E> MapAt<B, K, E>
where
    B: Base,
    K: TypeAt<Above<B, 2>> + 'static,
    E: Element<Value: TypeAt<After<Above<B, 2>, K>>> + 'static,
{
    const FIELDS: &'static MapFields = &MapFields {
        key: NestedField {
            id: B::ID + 1,
            name: Shared::Static("key"),
            ty: K::TYPE,
            nullable: false,
        },
        value: NestedField {
            id: B::ID + 2,
            name: Shared::Static("value"),
            ty: <E::Value as TypeAt<After<Above<B, 2>, K>>>::TYPE,
            nullable: E::NULLABLE,
        },
    };
}

/// A unit, as the model says it.
const fn model_unit(unit: arrow::datatypes::TimeUnit) -> TimeUnit {
    use arrow::datatypes::TimeUnit as Arrow;
    match unit {
        Arrow::Second => TimeUnit::Second,
        Arrow::Millisecond => TimeUnit::Millisecond,
        Arrow::Microsecond => TimeUnit::Microsecond,
        Arrow::Nanosecond => TimeUnit::Nanosecond,
    }
}
