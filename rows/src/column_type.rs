// SPDX-License-Identifier: Apache-2.0

//! [`HasType`] and [`TypeAt`]: the column type of a Rust type, as a constant.
//!
//! [`type_ids`](crate::type_ids) explains the ids of nested fields.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::marker::PhantomData;
use std::sync::Arc;

use arrow::datatypes::IntervalMonthDayNano;
use kalamtable_model::{ColumnType, MapFields, NestedField, Shared, TimeUnit};
use uuid::Uuid;

use crate::type_ids::{BaseAfter, IdBase, OffsetBase};
use crate::value::{Date, Decimal, Element, TimeOfDay, Timestamp, Unit, Value};

/// A [`Value`] with a default column type, so that a field of this type needs no `type` attribute.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no default KalamTable column type",
    label = "the column type is unknown",
    note = "for an enum without fields, or a struct: `#[derive(KalamValue)]`",
    note = "for a type of bytes, chrono, jiff, rust_decimal or serde_json: enable the feature of that name",
    note = "for any other type: implement `kalamtable::HasType` and `kalamtable::TypeAt`",
    note = "a list, a map or a box has a column type if the type inside it has one"
)]
pub trait HasType: Value {
    /// The number of ids that the nested fields need.
    const IDS: i32 = 0;
}

/// A [`HasType`] with its column type as a constant. The ids of the nested fields in that type
/// begin above the base `B`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no default KalamTable column type",
    label = "the column type is unknown",
    note = "for an enum without fields, or a struct: `#[derive(KalamValue)]`",
    note = "for a type of bytes, chrono, jiff, rust_decimal or serde_json: enable the feature of that name",
    note = "for any other type: implement `kalamtable::HasType` and `kalamtable::TypeAt`",
    note = "a list, a map or a box has a column type if the type inside it has one"
)]
pub trait TypeAt<B: IdBase>: HasType {
    /// The column type.
    const TYPE: ColumnType;
}

impl<B: IdBase, T: HasType + 'static> IdBase for BaseAfter<B, T> {
    const ID: i32 = B::ID + T::IDS;
}

macro_rules! plain_types {
    ($([$($param:tt)*] $ty:ty => $column:expr),* $(,)?) => {$(
        impl<$($param)*> $crate::column_type::HasType for $ty {}

        #[diagnostic::do_not_recommend]
        impl<B: $crate::type_ids::IdBase, $($param)*> $crate::column_type::TypeAt<B> for $ty {
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
impl<B: IdBase, T: TypeAt<B>> TypeAt<B> for Box<T> {
    const TYPE: ColumnType = T::TYPE;
}

/// The type of a decimal whose Rust type does not determine the digits. No column has this type,
/// and every decimal column holds its values.
#[cfg_attr(
    not(feature = "rust_decimal"),
    expect(dead_code, reason = "other decimals have a type with digits")
)]
pub(crate) const OPEN_DECIMAL: ColumnType = ColumnType::Decimal {
    precision: 0,
    scale: 0,
};

/// Returns whether a list of `E` is a byte string.
const fn is_byte<E: Element>() -> bool {
    E::Value::IS_BYTE && !E::NULLABLE
}

/// Returns whether an array of `E` is an embedding.
const fn is_float<E: Element>() -> bool {
    E::Value::IS_FLOAT && !E::NULLABLE
}

impl<E: Element<Value: HasType>> HasType for Vec<E> {
    const IDS: i32 = if is_byte::<E>() { 0 } else { 1 + E::Value::IDS };
}

#[diagnostic::do_not_recommend]
impl<B: IdBase, E: Element<Value: TypeAt<OffsetBase<B, 1>>> + 'static> TypeAt<B> for Vec<E> {
    const TYPE: ColumnType = if is_byte::<E>() {
        ColumnType::Bytes
    } else {
        ColumnType::List(Shared::Static(ListAt::<B, E>::ITEM))
    };
}

struct ListAt<B, E>(PhantomData<(B, E)>);

impl<B: IdBase, E: Element<Value: TypeAt<OffsetBase<B, 1>>> + 'static> ListAt<B, E> {
    const ITEM: &'static NestedField = &NestedField {
        id: B::ID + 1,
        name: Shared::Static("item"),
        ty: <E::Value as TypeAt<OffsetBase<B, 1>>>::TYPE,
        nullable: E::NULLABLE,
    };
}

// The column types of byte strings and embeddings include the length. The type of other lists does
// not: a list of another length is an error when it is read.
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
    B: IdBase,
    E: Element<Value: TypeAt<OffsetBase<B, 1>>> + 'static,
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
            B: IdBase,
            K: TypeAt<OffsetBase<B, 2>> + 'static,
            E: Element<Value: TypeAt<BaseAfter<OffsetBase<B, 2>, K>>> + 'static,
        {
            const TYPE: ColumnType = ColumnType::Map(Shared::Static(MapAt::<B, K, E>::FIELDS));
        }
    )*};
}

map_types!(BTreeMap HashMap);

struct MapAt<B, K, E>(PhantomData<(B, K, E)>);

impl<B, K, E> MapAt<B, K, E>
where
    B: IdBase,
    K: TypeAt<OffsetBase<B, 2>> + 'static,
    E: Element<Value: TypeAt<BaseAfter<OffsetBase<B, 2>, K>>> + 'static,
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
            ty: <E::Value as TypeAt<BaseAfter<OffsetBase<B, 2>, K>>>::TYPE,
            nullable: E::NULLABLE,
        },
    };
}

/// Returns the unit of the model for a unit of Arrow.
const fn model_unit(unit: arrow::datatypes::TimeUnit) -> TimeUnit {
    use arrow::datatypes::TimeUnit as Arrow;
    match unit {
        Arrow::Second => TimeUnit::Second,
        Arrow::Millisecond => TimeUnit::Millisecond,
        Arrow::Microsecond => TimeUnit::Microsecond,
        Arrow::Nanosecond => TimeUnit::Nanosecond,
    }
}
