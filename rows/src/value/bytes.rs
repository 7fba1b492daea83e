// SPDX-License-Identifier: Apache-2.0

//! Byte strings of other types than `Vec<u8>`, which are converted like a `Vec<u8>`.

use std::borrow::Cow;
use std::sync::Arc;

#[cfg(feature = "bytes")]
use ::bytes::Bytes;
use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use kalamtable_model::ColumnType;

use super::{ListItems, OwnedValue, Value};
use crate::error::ValueError;

macro_rules! byte_values {
    ($($(#[$feature:meta])? $bytes:ty),* $(,)?) => {$(
        $(#[$feature])?
        impl Value for $bytes {
            type Cell<'a> = &'a [u8] where Self: 'a;
            type Builder = <Vec<u8> as Value>::Builder;

            #[inline]
            fn cell(&self) -> &[u8] {
                self
            }

            fn builder(ty: &DataType, capacity: usize) -> Result<Self::Builder, ValueError> {
                <Vec<u8> as Value>::builder(ty, capacity)
            }

            fn append(builder: &mut Self::Builder, cells: &[&[u8]]) -> Result<(), ValueError> {
                <Vec<u8> as Value>::append(builder, cells)
            }

            fn append_nullable(
                builder: &mut Self::Builder,
                cells: &[Option<&[u8]>],
            ) -> Result<(), ValueError> {
                <Vec<u8> as Value>::append_nullable(builder, cells)
            }

            fn finish(builder: Self::Builder) -> Result<ArrayRef, ValueError> {
                <Vec<u8> as Value>::finish(builder)
            }
        }

        $(#[$feature])?
        const _: () = {
            crate::column_type::plain_types!([] $bytes => ColumnType::Bytes);
        };
    )*};
}

byte_values!(
    Box<[u8]>,
    Arc<[u8]>,
    Cow<'_, [u8]>,
    &[u8],
    #[cfg(feature = "bytes")]
    Bytes,
);

macro_rules! owned_byte_values {
    ($($(#[$feature:meta])? $bytes:ty => $from:expr),* $(,)?) => {$(
        $(#[$feature])?
        impl OwnedValue for $bytes {
            type Reader = <Vec<u8> as OwnedValue>::Reader;
            type View<'a> = ListItems<'a, u8>;

            fn reader(array: &ArrayRef, ty: &DataType) -> Result<Self::Reader, ValueError> {
                <Vec<u8> as OwnedValue>::reader(array, ty)
            }

            fn read(reader: &Self::Reader, index: usize) -> Result<Self, ValueError> {
                <Vec<u8> as OwnedValue>::read(reader, index).map($from)
            }

            #[inline]
            fn view(reader: &Self::Reader, index: usize) -> Result<ListItems<'_, u8>, ValueError> {
                <Vec<u8> as OwnedValue>::view(reader, index)
            }
        }
    )*};
}

owned_byte_values!(
    Box<[u8]> => Vec::into_boxed_slice,
    Arc<[u8]> => Arc::from,
    Cow<'static, [u8]> => Cow::Owned,
    #[cfg(feature = "bytes")]
    Bytes => Bytes::from,
);
