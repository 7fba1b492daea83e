// SPDX-License-Identifier: Apache-2.0

//! The impls of a struct that wraps one field, all of which delegate to the field's type.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Member, Type};

/// Generates the items that let columns hold the struct `name` like its only field `member`, for a
/// scope in which `__kalam` is the runtime's `__private`.
///
/// The compiler reports a type that no column can hold at `span`.
pub fn derive_newtype(name: &Ident, member: &Member, ty: &Type, span: Span) -> TokenStream {
    // A bound that fails is reported once, and not for each use of the field's type.
    let held = quote_spanned!(span=> #ty: __kalam::OwnedValue + __kalam::HasType);
    let typed = quote_spanned!(span=> #ty: __kalam::TypeAt<__Base>);
    quote! {
        #[automatically_derived]
        impl __kalam::Value for #name
        where
            #held
        {
            type Cell<'a> = <#ty as __kalam::Value>::Cell<'a>;
            type Builder = <#ty as __kalam::Value>::Builder;

            fn cell(&self) -> <Self as __kalam::Value>::Cell<'_> {
                __kalam::Value::cell(&self.#member)
            }

            fn builder(
                ty: &__kalam::DataType,
                capacity: usize,
            ) -> __kalam::Result<<Self as __kalam::Value>::Builder, __kalam::ValueError> {
                <#ty as __kalam::Value>::builder(ty, capacity)
            }

            fn append(
                builder: &mut <Self as __kalam::Value>::Builder,
                cells: &[<Self as __kalam::Value>::Cell<'_>],
            ) -> __kalam::Result<(), __kalam::ValueError> {
                <#ty as __kalam::Value>::append(builder, cells)
            }

            fn append_nullable(
                builder: &mut <Self as __kalam::Value>::Builder,
                cells: &[__kalam::Option<<Self as __kalam::Value>::Cell<'_>>],
            ) -> __kalam::Result<(), __kalam::ValueError> {
                <#ty as __kalam::Value>::append_nullable(builder, cells)
            }

            fn finish(
                builder: <Self as __kalam::Value>::Builder,
            ) -> __kalam::Result<__kalam::ArrayRef, __kalam::ValueError> {
                <#ty as __kalam::Value>::finish(builder)
            }
        }

        #[automatically_derived]
        impl __kalam::OwnedValue for #name
        where
            #held
        {
            type Reader = <#ty as __kalam::OwnedValue>::Reader;
            type View<'a> = <#ty as __kalam::OwnedValue>::View<'a>;

            fn reader(
                array: &__kalam::ArrayRef,
                ty: &__kalam::DataType,
            ) -> __kalam::Result<<Self as __kalam::OwnedValue>::Reader, __kalam::ValueError> {
                <#ty as __kalam::OwnedValue>::reader(array, ty)
            }

            fn read(
                reader: &<Self as __kalam::OwnedValue>::Reader,
                index: usize,
            ) -> __kalam::Result<Self, __kalam::ValueError> {
                let value = <#ty as __kalam::OwnedValue>::read(reader, index)?;
                __kalam::Result::Ok(Self { #member: value })
            }

            fn view(
                reader: &<Self as __kalam::OwnedValue>::Reader,
                index: usize,
            ) -> __kalam::Result<<Self as __kalam::OwnedValue>::View<'_>, __kalam::ValueError> {
                <#ty as __kalam::OwnedValue>::view(reader, index)
            }

            #[inline]
            fn read_slot(reader: &<Self as __kalam::OwnedValue>::Reader, index: usize) -> __kalam::Option<Self> {
                let value = <#ty as __kalam::OwnedValue>::read_slot(reader, index)?;
                __kalam::Option::Some(Self { #member: value })
            }

            #[inline]
            fn view_slot(reader: &<Self as __kalam::OwnedValue>::Reader, index: usize) -> __kalam::Option<<Self as __kalam::OwnedValue>::View<'_>> {
                <#ty as __kalam::OwnedValue>::view_slot(reader, index)
            }
        }

        #[automatically_derived]
        impl __kalam::HasType for #name
        where
            #held
        {
            const IDS: i32 = <#ty as __kalam::HasType>::IDS;
        }

        #[automatically_derived]
        impl<__Base: __kalam::IdBase> __kalam::TypeAt<__Base> for #name
        where
            #held,
            #typed
        {
            const TYPE: __kalam::model::ColumnType = <#ty as __kalam::TypeAt<__Base>>::TYPE;
        }
    }
}
