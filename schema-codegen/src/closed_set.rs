// SPDX-License-Identifier: Apache-2.0

//! The impls that make an enum a closed set of labels.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

/// Generates the items that let columns hold an enum without fields, for a scope in which `__kalam`
/// is the runtime's `__private`.
///
/// `variants` and `labels` have the same length.
pub fn derive_closed_set(name: &Ident, variants: &[Ident], labels: &[String]) -> TokenStream {
    tokens(name, variants, labels, false)
}

/// Generates the impls for the enum `name`. `is_in_sql_order` states that `Ord` compares its labels
/// as text.
pub(crate) fn tokens(
    name: &Ident,
    variants: &[Ident],
    labels: &[String],
    is_in_sql_order: bool,
) -> TokenStream {
    let order = is_in_sql_order.then(|| {
        quote!(
            const IN_SQL_ORDER: bool = true;
        )
    });
    quote! {
        #[automatically_derived]
        impl __kalam::ClosedSet for #name {
            const ALL: &'static [Self] = &[#(Self::#variants),*];
            const LABELS: &'static [&'static str] = &[#(#labels),*];

            fn label(&self) -> &'static str {
                match self {
                    #(Self::#variants => #labels,)*
                }
            }

            fn from_label(label: &str) -> __kalam::Option<Self> {
                match label {
                    #(#labels => __kalam::Option::Some(Self::#variants),)*
                    _ => __kalam::Option::None,
                }
            }
        }

        #[automatically_derived]
        impl __kalam::Value for #name {
            type Cell<'a> = &'static str;
            type Builder = __kalam::TextBuilder;
            #order

            fn cell(&self) -> &'static str {
                __kalam::ClosedSet::label(self)
            }

            fn builder(
                ty: &__kalam::DataType,
                capacity: usize,
            ) -> __kalam::Result<<Self as __kalam::Value>::Builder, __kalam::ValueError> {
                <&str as __kalam::Value>::builder(ty, capacity)
            }

            fn append(
                builder: &mut <Self as __kalam::Value>::Builder,
                cells: &[&'static str],
            ) -> __kalam::Result<(), __kalam::ValueError> {
                <&str as __kalam::Value>::append(builder, cells)
            }

            fn append_nullable(
                builder: &mut <Self as __kalam::Value>::Builder,
                cells: &[__kalam::Option<&'static str>],
            ) -> __kalam::Result<(), __kalam::ValueError> {
                <&str as __kalam::Value>::append_nullable(builder, cells)
            }

            fn finish(
                builder: <Self as __kalam::Value>::Builder,
            ) -> __kalam::Result<__kalam::ArrayRef, __kalam::ValueError> {
                <&str as __kalam::Value>::finish(builder)
            }
        }

        #[automatically_derived]
        impl __kalam::OwnedValue for #name {
            type Reader = __kalam::StringArray;
            type View<'a> = Self;

            fn reader(
                array: &__kalam::ArrayRef,
                ty: &__kalam::DataType,
            ) -> __kalam::Result<<Self as __kalam::OwnedValue>::Reader, __kalam::ValueError> {
                __kalam::text_reader(array, ty)
            }

            fn read(
                reader: &<Self as __kalam::OwnedValue>::Reader,
                index: usize,
            ) -> __kalam::Result<Self, __kalam::ValueError> {
                __kalam::read_label(reader, index)
            }

            fn view(
                reader: &<Self as __kalam::OwnedValue>::Reader,
                index: usize,
            ) -> __kalam::Result<Self, __kalam::ValueError> {
                __kalam::read_label(reader, index)
            }
        }

        #[automatically_derived]
        impl __kalam::HasType for #name {}

        #[automatically_derived]
        impl<__Base: __kalam::IdBase> __kalam::TypeAt<__Base> for #name {
            const TYPE: __kalam::model::ColumnType = __kalam::model::ColumnType::Enum(
                __kalam::model::Shared::Static(&[#(__kalam::model::Shared::Static(#labels)),*]),
            );
        }
    }
}
