// SPDX-License-Identifier: Apache-2.0

//! `impl FromArrow`: rows and views from the columns of a batch.

use kalamtable_model::TableDefinition;
use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};

use crate::fields::{ColumnField, FieldRepresentation, FlattenedField, RowFields, RowMember};
use crate::names::locals;

/// The tokens for one field of the row.
struct MemberTokens<'a> {
    name: &'a Ident,
    /// The element of a column; `None` for a flattened field.
    element: Option<TokenStream>,
    /// The type of its reader.
    reader: TokenStream,
    /// The expression that creates the reader from `columns`.
    create: TokenStream,
    /// The expression that reads the field of `row`.
    read: TokenStream,
    /// The expression that reads the view's field of `row`.
    view: TokenStream,
}

/// Generates `impl FromArrow` for a row.
pub(crate) fn tokens(definition: &TableDefinition, fields: &RowFields) -> TokenStream {
    let RowFields { row, view, .. } = fields;
    let members = fields.members();
    let locals = locals(members.len());
    let members: Vec<MemberTokens<'_>> = members
        .into_iter()
        .zip(&locals)
        .map(|(member, local)| match member {
            RowMember::Column(index, field) => column(definition, fields, index, field, local),
            RowMember::Flattened(index, field) => flattened(fields, index, field, local),
        })
        .collect();
    let names: Vec<&Ident> = members.iter().map(|member| member.name).collect();
    let readers = members.iter().map(|member| &member.reader);
    let reads = members.iter().map(|member| &member.read);
    let views = members.iter().map(|member| &member.view);
    let create_readers = create_readers(&members);
    let skipped = fields.skipped.iter().map(|name| {
        // A field whose type has no `Default` is reported at its name.
        let value = quote_spanned!(name.span()=> __kalam::skipped());
        quote!(#name: #value)
    });
    let keep_skipped = keep_skipped(fields);
    let mut bounds = fields.parameters.self_bound(quote!('static));
    bounds.extend(fields.bounds(&quote!(__kalam)));
    let header = fields
        .parameters
        .header(&quote!(__kalam::FromArrow), row, &bounds);
    quote! {
        #[automatically_derived]
        #header {
            type Readers = (#(#readers,)*);
            type View<'a> = #view<'a>;

            fn readers(
                columns: &__kalam::Columns<'_>,
            ) -> __kalam::Result<<Self as __kalam::FromArrow>::Readers, __kalam::RowError> {
                #create_readers
            }

            fn read(
                readers: &<Self as __kalam::FromArrow>::Readers,
                range: __kalam::Range<usize>,
                rows: &mut __kalam::Vec<Self>,
            ) -> __kalam::Result<(), __kalam::RowError> {
                let (#(#locals,)*) = readers;
                for row in range {
                    rows.push(#row {
                        #(#names: #reads,)*
                        #(#skipped,)*
                    });
                }
                __kalam::Result::Ok(())
            }

            #[inline]
            fn view(
                readers: &<Self as __kalam::FromArrow>::Readers,
                row: usize,
            ) -> __kalam::Result<<Self as __kalam::FromArrow>::View<'_>, __kalam::RowError> {
                let (#(#locals,)*) = readers;
                __kalam::Result::Ok(#view { #(#names: #views,)* })
            }

            #keep_skipped
        }
    }
}

fn column<'a>(
    definition: &TableDefinition,
    fields: &RowFields,
    index: usize,
    field: &'a ColumnField,
    local: &Ident,
) -> MemberTokens<'a> {
    let kalam = quote!(__kalam);
    let nullable = definition.columns()[index].nullable;
    let element = field.element(nullable, &kalam);
    let position = fields.position_of_column(index, &kalam);
    let read = match field.representation {
        FieldRepresentation::Value => quote!(#local.read(row)?),
        FieldRepresentation::Units(_) if nullable => {
            quote!(#local.read(row)?.map(|value| value.get()))
        }
        FieldRepresentation::Units(_) => quote!(#local.read(row)?.get()),
    };
    MemberTokens {
        name: &field.name,
        reader: quote!(__kalam::ColumnReader<#element>),
        create: quote!(columns.reader(#position)?),
        read,
        view: quote!(#local.view(row)?),
        element: Some(element),
    }
}

fn flattened<'a>(
    fields: &RowFields,
    index: usize,
    field: &'a FlattenedField,
    local: &Ident,
) -> MemberTokens<'a> {
    let ty = &field.ty;
    let position = fields.position_of_flattened(index, &quote!(__kalam));
    MemberTokens {
        name: &field.name,
        element: None,
        reader: quote!(<#ty as __kalam::OwnedFields>::Readers),
        create: quote!(<#ty as __kalam::OwnedFields>::readers(columns, #position)?),
        read: quote!(<#ty as __kalam::OwnedFields>::read_fields(#local, row)?),
        view: quote!(<#ty as __kalam::OwnedFields>::view_fields(#local, row)?),
    }
}

/// Generates the body of `readers`.
fn create_readers(members: &[MemberTokens<'_>]) -> TokenStream {
    let elements: Option<Vec<&TokenStream>> = members
        .iter()
        .map(|member| member.element.as_ref())
        .collect();
    match elements {
        // Without flattened fields, positions follow from the order of the calls.
        Some(elements) => quote! {
            let mut readers = __kalam::ReadersBuilder::new(columns);
            #(readers.add::<#elements>();)*
            let mut readers = readers.finish()?;
            __kalam::Result::Ok((#(readers.take::<#elements>(),)*))
        },
        None => {
            let creates = members.iter().map(|member| &member.create);
            quote!(__kalam::Result::Ok((#(#creates,)*)))
        }
    }
}

/// Generates the items that keep skipped fields in an `UPDATE`, for a row that has some.
fn keep_skipped(fields: &RowFields) -> Option<TokenStream> {
    let skipped = &fields.skipped;
    (!skipped.is_empty()).then(|| {
        quote! {
            const HAS_SKIPPED: bool = true;

            fn keep_skipped(&mut self, mut before: Self) {
                #(__kalam::swap(&mut self.#skipped, &mut before.#skipped);)*
            }
        }
    })
}
