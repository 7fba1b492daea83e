// SPDX-License-Identifier: Apache-2.0

//! The items for an existing struct that is not a row: columns hold it, or a row flattens it.

use kalamtable_model::TableDefinition;
use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens, quote};

use crate::definition::{ColumnTokens, column_list, text, type_tokens};
use crate::fields::{GenericParameters, RowAccess, RowFields};
use crate::modules::DerivedTokens;
use crate::struct_value::ValueStruct;
use crate::view;

/// Generates the items for a struct that is not a row.
///
/// The columns of `definition` are the fields of the struct. Their ids, and the ids inside
/// `overrides`, are relative to the type parameter `__Base`. `overrides` is empty, or it has one
/// element per column. `ids` is an expression for the number of ids that the struct needs.
pub fn derive_value(
    definition: &TableDefinition,
    fields: &RowFields,
    overrides: &[ColumnTokens],
    ids: &TokenStream,
    runtime: &TokenStream,
) -> DerivedTokens {
    let doc = format!(" A `{}`, borrowed from a batch.", fields.row);
    DerivedTokens {
        view: view::tokens(definition, fields, &doc, &quote!(#runtime::__private)),
        items: items(definition, fields, overrides, ids),
    }
}

fn items(
    definition: &TableDefinition,
    fields: &RowFields,
    overrides: &[ColumnTokens],
    ids: &TokenStream,
) -> TokenStream {
    let members = fields.columns.iter();
    let strukt = ValueStruct {
        name: &fields.row,
        parameters: &fields.parameters,
        view: &fields.view,
        members: members
            .map(|field| (&field.name, &field.ty as &dyn ToTokens))
            .collect(),
        skipped: &fields.skipped,
    };
    let values = strukt.value_impls();
    let owned = (fields.access == RowAccess::ReadWrite).then(|| {
        let owned_value = strukt.owned_value_impl();
        let owned_fields = strukt.owned_fields_impl();
        quote!(#owned_value #owned_fields)
    });
    let types = type_impls(definition, fields, overrides, ids);
    quote!(#values #owned #types)
}

/// Generates `impl HasType`, `impl FieldsAt` and `impl TypeAt`, which state the column type.
fn type_impls(
    definition: &TableDefinition,
    fields: &RowFields,
    overrides: &[ColumnTokens],
    ids: &TokenStream,
) -> TokenStream {
    let RowFields {
        row, parameters, ..
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
    let pairs = definition.columns().iter().zip(&overrides);
    let nested = pairs.map(|(column, ColumnTokens { id, ty, .. })| {
        let name = text(&column.name);
        let ty = ty.clone().unwrap_or_else(|| type_tokens(&column.ty));
        let nullable = column.nullable;
        quote!(__kalam::model::NestedField { id: #id, name: #name, ty: #ty, nullable: #nullable })
    });
    let base = quote!(__Base: __kalam::IdBase);
    let with_base = GenericParameters {
        declared: parameters.declared.iter().cloned().chain([base]).collect(),
        ..parameters.clone()
    };
    let has_type = parameters.header(&quote!(__kalam::HasType), row, &[]);
    let fields_at = with_base.header(&quote!(__kalam::FieldsAt<__Base>), row, &[]);
    let type_at = with_base.header(&quote!(__kalam::TypeAt<__Base>), row, &[]);
    quote! {
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
