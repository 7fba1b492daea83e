// SPDX-License-Identifier: Apache-2.0

//! The row struct of a generated table, and the enums and structs of its fields.

use kalamtable_model::TableDefinition;
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

use crate::closed_set;
use crate::docs::label_docs;
use crate::fields::{ColumnField, GenericParameters};
use crate::options::CodegenOptions;
use crate::struct_value::ValueStruct;
use crate::table_names::{
    GeneratedMember, GeneratedSet, GeneratedStruct, GeneratedType, TableNames,
};

/// Generates the row struct, and the enums and structs of its columns that have no existing Rust
/// type.
pub(crate) fn tokens(
    definition: &TableDefinition,
    names: &TableNames,
    options: &CodegenOptions,
) -> TokenStream {
    let row = &names.fields.row;
    let name = definition.name().to_string();
    let attributes = options.row_attributes.get(&name).into_iter().flatten();
    let doc = format!(" A row of `{name}`.");
    let columns = names.fields.columns.iter().map(|field| {
        let ColumnField { name, ty, docs, .. } = field;
        quote! {
            #(#[doc = #docs])*
            pub #name: #ty
        }
    });
    let nested = names.types.iter().map(|ty| match ty {
        GeneratedType::ClosedSet(set) => set_tokens(set),
        GeneratedType::Struct(strukt) => struct_tokens(strukt),
    });
    quote! {
        #[doc = #doc]
        #[derive(Clone, Debug, PartialEq)]
        #(#attributes)*
        pub struct #row {
            #(#columns),*
        }
        #(#nested)*
    }
}

fn set_tokens(set: &GeneratedSet) -> TokenStream {
    let GeneratedSet {
        name,
        columns,
        variants,
        labels,
    } = set;
    let doc = format!(" A label of {columns}. Labels are ordered as text, as in SQL.");
    let docs = labels.iter().map(|label| label_docs(label));
    let impls = closed_set::tokens(name, variants, labels, true);
    quote! {
        #[doc = #doc]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum #name {
            #(#[doc = #docs] #variants),*
        }

        impl #name {
            /// All values, in the order of the definition.
            pub const ALL: &'static [Self] = <Self as __kalam::ClosedSet>::ALL;

            /// All labels, in the order of the definition.
            pub const LABELS: &'static [&'static str] = <Self as __kalam::ClosedSet>::LABELS;

            /// Returns the label as the column holds it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    #(Self::#variants => #labels,)*
                }
            }

            /// Returns the value with this label, or `None` if no value has it.
            pub fn from_label(label: &str) -> __kalam::Option<Self> {
                <Self as __kalam::ClosedSet>::from_label(label)
            }
        }

        impl ::core::fmt::Display for #name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl ::core::str::FromStr for #name {
            type Err = __kalam::InvalidValue;

            fn from_str(
                label: &str,
            ) -> __kalam::Result<Self, <Self as ::core::str::FromStr>::Err> {
                __kalam::parse_label(label)
            }
        }

        impl ::core::cmp::PartialOrd for #name {
            fn partial_cmp(&self, other: &Self) -> __kalam::Option<__kalam::Ordering> {
                __kalam::Option::Some(__kalam::Ord::cmp(self, other))
            }
        }

        impl ::core::cmp::Ord for #name {
            fn cmp(&self, other: &Self) -> __kalam::Ordering {
                __kalam::Ord::cmp(self.as_str(), other.as_str())
            }
        }

        #impls
    }
}

fn struct_tokens(strukt: &GeneratedStruct) -> TokenStream {
    let GeneratedStruct {
        name,
        view,
        columns,
        members,
    } = strukt;
    let doc = format!(" A struct in {columns}.");
    let view_doc = format!(" A struct in {columns}, borrowed from a batch.");
    let fields = members.iter().map(|GeneratedMember { name, field, ty }| {
        let doc = format!(" Field `{field}`.");
        quote!(#[doc = #doc] pub #name: #ty)
    });
    let view_fields = members.iter().map(|GeneratedMember { name, field, ty }| {
        let doc = format!(" Field `{field}`.");
        quote!(#[doc = #doc] pub #name: <#ty as __kalam::OwnedElement>::View<'a>)
    });
    let value = ValueStruct {
        name,
        parameters: &GenericParameters::default(),
        view,
        members: members
            .iter()
            .map(|member| (&member.name, &member.ty as &dyn ToTokens))
            .collect(),
        skipped: &[],
    };
    let values = value.value_impls();
    let owned_value = value.owned_value_impl();
    quote! {
        #[doc = #doc]
        #[derive(Clone, Debug, PartialEq)]
        pub struct #name {
            #(#fields),*
        }
        #[doc = #view_doc]
        #[derive(Clone, Copy, Debug)]
        pub struct #view<'a> {
            #(#view_fields),*
        }
        #values
        #owned_value
    }
}
