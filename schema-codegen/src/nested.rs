// SPDX-License-Identifier: Apache-2.0

//! What a struct that exists gets so that it can stand inside a column, or be several columns of one.

use kalamtable_model::TableDefinition;
use proc_macro2::{Literal, TokenStream};
use quote::quote;

use crate::definition::{ColumnTokens, column_list, text, type_tokens};
use crate::fields::{Access, ColumnField, RowFields};
use crate::{Derived, conversions};

/// The tokens for a struct that is no row. `definition` has its fields as columns; their ids, and those
/// inside `overrides`, are counted from the type `__Base`.
///
/// `ids` is an expression: how many ids the struct needs.
pub fn derived_value(
    definition: &TableDefinition,
    fields: &RowFields,
    overrides: &[ColumnTokens],
    ids: &TokenStream,
    runtime: &TokenStream,
) -> Derived {
    let doc = format!(" A `{}`, borrowed from a batch.", fields.row);
    Derived {
        view: conversions::view(definition, fields, &doc, &quote!(#runtime::__private)),
        items: items(definition, fields, overrides, ids),
    }
}

fn items(
    definition: &TableDefinition,
    fields: &RowFields,
    overrides: &[ColumnTokens],
    ids: &TokenStream,
) -> TokenStream {
    let RowFields {
        row,
        view,
        parameters,
        skipped,
        ..
    } = fields;
    let overrides: Vec<ColumnTokens> = definition
        .columns()
        .iter()
        .enumerate()
        .map(|(position, column)| {
            let id = Literal::i32_unsuffixed(column.id);
            ColumnTokens {
                id: Some(quote!(__Base::ID + #id)),
                ..overrides.get(position).cloned().unwrap_or_default()
            }
        })
        .collect();
    let columns = column_list(definition, &overrides);
    let nested = definition.columns().iter().zip(&overrides);
    let nested = nested.map(|(column, ColumnTokens { id, ty, .. })| {
        let name = text(&column.name);
        let ty = ty.clone().unwrap_or_else(|| type_tokens(&column.ty));
        let nullable = column.nullable;
        quote!(__kalam::model::NestedField { id: #id, name: #name, ty: #ty, nullable: #nullable })
    });
    let members: Vec<TokenStream> = fields
        .columns
        .iter()
        .enumerate()
        .map(|(position, ColumnField { name, ty, .. })| {
            let position = Literal::usize_unsuffixed(position);
            quote!(#position #name: #ty)
        })
        .collect();
    let declared = &parameters.declared;
    let owned = (fields.access == Access::ReadWrite).then(|| {
        quote! {
            __kalam::owned_struct_value!(#row, #view { #(#members),* } #(#skipped)*);
            __kalam::owned_fields!(#row, #view { #(#members),* } #(#skipped)*);
        }
    });
    let has_type = parameters.header(&quote!(__kalam::HasType), row, &[]);
    let based = crate::Parameters {
        declared: declared
            .iter()
            .cloned()
            .chain([quote!(__Base: __kalam::Base)])
            .collect(),
        ..parameters.clone()
    };
    let fields_at = based.header(&quote!(__kalam::FieldsAt<__Base>), row, &[]);
    let type_at = based.header(&quote!(__kalam::TypeAt<__Base>), row, &[]);
    quote! {
        __kalam::struct_value!([#(#declared),*] #row { #(#members),* });
        #owned

        #[automatically_derived]
        #has_type {
            const IDS: i32 = #ids;
        }

        #[automatically_derived]
        #fields_at {
            const COLUMNS: &'static [__kalam::model::Column] = &[#(#columns),*];
            const FIELDS: &'static [__kalam::model::NestedField] = &[#(#nested),*];
        }

        #[automatically_derived]
        #type_at {
            const TYPE: __kalam::model::ColumnType = __kalam::model::ColumnType::Struct(
                __kalam::model::Shared::Static(<Self as __kalam::FieldsAt<__Base>>::FIELDS),
            );
        }
    }
}
