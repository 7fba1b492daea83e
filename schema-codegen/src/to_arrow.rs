// SPDX-License-Identifier: Apache-2.0

//! `impl ToArrow`: the cells of one column of a slice of rows.

use kalamtable_model::TableDefinition;
use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens, quote};

use crate::fields::{ColumnField, FieldRepresentation, FlattenedField, RowFields, RowMember};
use crate::names::ident;

/// Generates `impl ToArrow` for a row.
pub(crate) fn tokens(definition: &TableDefinition, fields: &RowFields) -> TokenStream {
    let kalam = quote!(__kalam);
    let mut constants = Vec::new();
    let mut arms = Vec::new();
    for (number, member) in fields.members().into_iter().enumerate() {
        // The position after a flattened field is an expression, which cannot be a pattern.
        let constant = ident(&format!("P{number}"));
        match member {
            RowMember::Column(index, field) => {
                let nullable = definition.columns()[index].nullable;
                let position = fields.position_of_column(index, &kalam);
                let pattern = if fields.is_after_flattened(index) {
                    constants.push(quote!(const #constant: usize = #position;));
                    constant.into_token_stream()
                } else {
                    Literal::usize_unsuffixed(index).into_token_stream()
                };
                let element = field.element(nullable, &kalam);
                let cell = cell(field);
                arms.push(quote!(#pattern => column.append::<#element, _>(rows, |row| #cell)));
            }
            RowMember::Flattened(index, field) => {
                let FlattenedField {
                    name,
                    ty,
                    static_ty,
                    ..
                } = field;
                let position = fields.position_of_flattened(index, &kalam);
                constants.push(quote!(const #constant: usize = #position;));
                arms.push(quote! {
                    #constant.. if position - #constant < <#static_ty as __kalam::Fields>::COUNT => {
                        column.append_field::<#ty, _>(rows, |row| &row.#name, position - #constant)
                    }
                });
            }
        }
    }
    let header = fields.parameters.header(
        &quote!(__kalam::ToArrow),
        &fields.row,
        &fields.bounds(&kalam),
    );
    // Flattened fields are left out: their own fields are several cells.
    let prefetched = fields.columns.iter().map(|field| &field.name);
    quote! {
        #[automatically_derived]
        #header {
            const TABLE: &'static __kalam::Table = &TABLE;

            fn append(
                rows: &[&Self],
                position: usize,
                column: &mut __kalam::ColumnBuilder,
            ) -> __kalam::Result<(), __kalam::ValueError> {
                #(#constants)*
                match position {
                    #(#arms,)*
                    _ => column.missing(),
                }
            }

            fn prefetch(rows: &[&Self]) -> u8 {
                let mut seen = 0;
                for row in rows {
                    #(seen ^= __kalam::Element::prefetch(&row.#prefetched);)*
                }
                seen
            }
        }
    }
}

/// Generates the cell of a field of `row`.
fn cell(field: &ColumnField) -> TokenStream {
    let name = &field.name;
    match field.representation {
        FieldRepresentation::Value => quote!(__kalam::Element::cell(&row.#name)),
        // The cell of a time is its number of units.
        FieldRepresentation::Units(_) => quote!(row.#name),
    }
}
