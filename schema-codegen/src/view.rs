// SPDX-License-Identifier: Apache-2.0

//! The view of a row or a struct: a struct with the same fields that borrows from a batch.

use kalamtable_model::TableDefinition;
use proc_macro2::{Ident, TokenStream};
use quote::quote;

use crate::fields::{ColumnField, FlattenedField, RowAccess, RowFields, RowMember};

/// Generates the view with the documentation `doc`; empty for rows that are only written.
///
/// `kalam` is the path of the runtime's `__private`: beside a derived struct it has no alias.
pub(crate) fn tokens(
    definition: &TableDefinition,
    fields: &RowFields,
    doc: &str,
    kalam: &TokenStream,
) -> TokenStream {
    if fields.access == RowAccess::WriteOnly {
        return TokenStream::new();
    }
    let RowFields {
        view, visibility, ..
    } = fields;
    let members = fields.members().into_iter().map(|member| match member {
        RowMember::Column(position, field) => {
            let ColumnField {
                name,
                visibility,
                docs,
                ..
            } = field;
            let element = field.element(definition.columns()[position].nullable, kalam);
            quote! {
                #(#[doc = #docs])*
                #visibility #name: <#element as #kalam::OwnedElement>::View<'a>
            }
        }
        RowMember::Flattened(_, field) => {
            let FlattenedField {
                name,
                visibility,
                docs,
                ty,
                ..
            } = field;
            quote! {
                #(#[doc = #docs])*
                #visibility #name: <#ty as #kalam::OwnedValue>::View<'a>
            }
        }
    });
    let bounds = fields.bounds(kalam);
    if bounds.is_empty() {
        return quote! {
            #[doc = #doc]
            #[derive(Clone, Copy, Debug)]
            #visibility struct #view<'a> {
                #(#members),*
            }
        };
    }
    // The impls are written out because derived ones would report each failed bound again.
    let impls = impls(fields, &bounds);
    quote! {
        #[doc = #doc]
        #[allow(private_bounds)]
        #visibility struct #view<'a> where #(#bounds),* {
            #(#members),*
        }

        #impls
    }
}

/// Generates `Clone`, `Copy` and `Debug` for a view with bounds.
fn impls(fields: &RowFields, bounds: &[TokenStream]) -> TokenStream {
    let view = &fields.view;
    let names: Vec<&Ident> = fields.members().into_iter().map(RowMember::name).collect();
    let text = |name: &Ident| name.to_string().trim_start_matches("r#").to_string();
    let view_text = text(view);
    let texts = names.iter().map(|name| text(name));
    quote! {
        #[automatically_derived]
        impl<'a> ::core::clone::Clone for #view<'a> where #(#bounds),* {
            fn clone(&self) -> Self {
                *self
            }
        }

        #[automatically_derived]
        impl<'a> ::core::marker::Copy for #view<'a> where #(#bounds),* {}

        #[automatically_derived]
        impl<'a> ::core::fmt::Debug for #view<'a> where #(#bounds),* {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.debug_struct(#view_text)
                    #(.field(#texts, &self.#names))*
                    .finish()
            }
        }
    }
}
