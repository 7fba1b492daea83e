// SPDX-License-Identifier: Apache-2.0

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
    note = "for a type of bytes, chrono, jiff, rust_decimal or serde_json: turn on the feature of that name",
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
    note = "for a type of bytes, chrono, jiff, rust_decimal or serde_json: turn on the feature of that name",
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
        impl<$($param)*> $crate::column_type::HasType for $ty {}

        #[diagnostic::do_not_recommend]
        impl<B: $crate::column_type::Base, $($param)*> $crate::column_type::TypeAt<B> for $ty {
            const TYPE: kalamtable_model::ColumnType = $column;
        }
    )*};
}

pub(crate) use plain_types;

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

/// A decimal whose digits the column says, because its Rust type has none of its own: no column is of
/// this type, and every decimal column holds its values.
#[cfg_attr(
    not(feature = "rust_decimal"),
    expect(dead_code, reason = "all other decimals have digits of their own")
)]
pub(crate) const OPEN_DECIMAL: ColumnType = ColumnType::Decimal {
    precision: 0,
    scale: 0,
};

/// Whether a list of `E` is a string of bytes.
const fn is_byte<E: Element>() -> bool {
    E::Value::IS_BYTE && !E::NULLABLE
}

/// Whether lists of `E` that have one length are embeddings.
const fn is_float<E: Element>() -> bool {
    E::Value::IS_FLOAT && !E::NULLABLE
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

// Bytes and embeddings keep their length. No other column type does: a list of another length is an
// error when it is read.
impl<E: Element<Value: HasType>, const N: usize> HasType for [E; N] {
    const IDS: i32 = if is_byte::<E>() || is_float::<E>() {
        0
    } else {
        1 + E::Value::IDS
    };
}

#[diagnostic::do_not_recommend]
impl<B, E, const N: usize> TypeAt<B> for [E; N]
where
    B: Base,
    E: Element<Value: TypeAt<Above<B, 1>>> + 'static,
{
    const TYPE: ColumnType = if is_byte::<E>() {
        ColumnType::FixedBytes(length::<N>())
    } else if is_float::<E>() {
        ColumnType::Embedding(length::<N>())
    } else {
        ColumnType::List(Shared::Static(ListAt::<B, E>::ITEM))
    };
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
