// SPDX-License-Identifier: Apache-2.0

//! The row struct, and the types of its fields: closed sets and nested structs.

use std::collections::BTreeMap;

use kalamtable_model::rust_names::{
    camel_case, generated_types, nested_type_name, snake_case, unit_type_name, view_name,
};
use kalamtable_model::{Column, ColumnType, NestedField, Shared, TableDefinition, TimeUnit};
use proc_macro2::{Literal, TokenStream};
use quote::quote;

use crate::Options;
use crate::fields::{ColumnField, RowFields};
use crate::names::ident;

/// The row struct and every type it needs that does not exist yet.
pub(crate) fn tokens(
    definition: &TableDefinition,
    fields: &RowFields,
    options: &Options,
) -> TokenStream {
    let row = &fields.row;
    let attributes = options
        .row_attributes
        .get(&definition.name().to_string())
        .into_iter()
        .flatten();
    let doc = format!(" A row of `{}`.", definition.name());
    let columns = fields.columns.iter().map(|field| {
        let ColumnField { name, ty, docs, .. } = field;
        quote! {
            #(#[doc = #docs])*
            pub #name: #ty
        }
    });
    // By name: columns may share a closed set.
    let mut nested = BTreeMap::new();
    for column in definition.columns() {
        if has_own_type(definition, column, options) {
            continue;
        }
        let types = generated_types(
            definition.row(),
            &column.name,
            column.rust.as_deref(),
            &column.ty,
        );
        for (name, ty) in types {
            let item = generated_type(&name, ty);
            nested.insert(name, item);
        }
    }
    let nested = nested.into_values();
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

/// The type of a column's field, with `Option` where it may be null.
pub(crate) fn column_field_type(
    definition: &TableDefinition,
    column: &Column,
    options: &Options,
) -> TokenStream {
    let ty = column_value_type(definition, column, options);
    optional(ty, column.nullable)
}

/// The type of a column's values: a caller's, the definition's, or the one its type implies.
pub(crate) fn column_value_type(
    definition: &TableDefinition,
    column: &Column,
    options: &Options,
) -> TokenStream {
    if let Some(ty) = options.column_types.get(&column_path(definition, column)) {
        return ty.clone();
    }
    if let (Some(path), false) = (&column.rust, matches!(column.ty, ColumnType::Enum(_)))
        && let Ok(path) = path.parse()
    {
        return path;
    }
    value_type(
        &column_type_name(definition, column),
        &column.ty,
        column.unit,
    )
}

/// Whether the values of `column` have a type that is not for this crate to generate or choose.
pub(crate) fn has_own_type(
    definition: &TableDefinition,
    column: &Column,
    options: &Options,
) -> bool {
    let by_definition = column.rust.is_some() && !matches!(column.ty, ColumnType::Enum(_));
    by_definition
        || options
            .column_types
            .contains_key(&column_path(definition, column))
}

fn column_path(definition: &TableDefinition, column: &Column) -> String {
    format!("{}.{}", definition.name(), column.name)
}

/// The name of the type that a column's enum or struct gets, and the beginning of those nested in
/// it.
fn column_type_name(definition: &TableDefinition, column: &Column) -> String {
    match (&column.ty, &column.rust) {
        (ColumnType::Enum(_), Some(name)) => name.to_string(),
        _ => nested_type_name(definition.row(), &column.name),
    }
}

/// The Rust type of values of `ty`, in a scope where `__kalam` is the runtime's `__private`; `name` is
/// what a generated type is called.
pub fn value_type(name: &str, ty: &ColumnType, unit: Option<TimeUnit>) -> TokenStream {
    match ty {
        ColumnType::Boolean => quote!(bool),
        ColumnType::TinyInt => quote!(i8),
        ColumnType::SmallInt => quote!(i16),
        ColumnType::Int => quote!(i32),
        ColumnType::BigInt => quote!(i64),
        ColumnType::UTinyInt => quote!(u8),
        ColumnType::USmallInt => quote!(u16),
        ColumnType::UInt => quote!(u32),
        ColumnType::UBigInt => quote!(u64),
        ColumnType::Float => quote!(f32),
        ColumnType::Double => quote!(f64),
        ColumnType::Decimal { precision, scale } => {
            let precision = Literal::u8_unsuffixed(*precision);
            let scale = Literal::u8_unsuffixed(*scale);
            quote!(__kalam::Decimal<#precision, #scale>)
        }
        ColumnType::Text | ColumnType::Json | ColumnType::File => quote!(__kalam::String),
        ColumnType::Bytes => quote!(__kalam::Vec<u8>),
        ColumnType::FixedBytes(length) => {
            let length = Literal::u32_unsuffixed(*length);
            quote!([u8; #length])
        }
        ColumnType::Date => quote!(__kalam::Date),
        ColumnType::Time => {
            let unit = unit_type(unit.unwrap_or(TimeUnit::Microsecond), &quote!(__kalam));
            quote!(__kalam::TimeOfDay<#unit>)
        }
        ColumnType::Timestamp { unit: own, .. } => {
            let unit = unit_type(unit.unwrap_or(*own), &quote!(__kalam));
            quote!(__kalam::Timestamp<#unit>)
        }
        ColumnType::DateTime => {
            let unit = unit_type(unit.unwrap_or(TimeUnit::Microsecond), &quote!(__kalam));
            quote!(__kalam::Timestamp<#unit>)
        }
        ColumnType::Interval => quote!(__kalam::IntervalMonthDayNano),
        ColumnType::Uuid => quote!(__kalam::Uuid),
        ColumnType::Embedding(length) => {
            let length = Literal::u32_unsuffixed(*length);
            quote!(__kalam::Box<[f32; #length]>)
        }
        ColumnType::Enum(_) | ColumnType::Struct(_) => {
            let name = ident(name);
            quote!(#name)
        }
        ColumnType::List(element) => {
            let element = nested_field_type(name, element);
            quote!(__kalam::Vec<#element>)
        }
        ColumnType::Map(fields) => {
            let key = nested_field_type(name, &fields.key);
            let value = nested_field_type(name, &fields.value);
            quote!(__kalam::BTreeMap<#key, #value>)
        }
        // What Arrow has and no column type of ours: a value that knows its own type.
        _ => quote!(__kalam::AnyValue),
    }
}

/// The type of a field nested in the type called `parent`, with `Option` where it may be null.
fn nested_field_type(parent: &str, field: &NestedField) -> TokenStream {
    let ty = value_type(&nested_type_name(parent, &field.name), &field.ty, None);
    optional(ty, field.nullable)
}

fn optional(ty: TokenStream, nullable: bool) -> TokenStream {
    if nullable {
        quote!(__kalam::Option<#ty>)
    } else {
        ty
    }
}

/// A unit at the level of types; `__kalam` is the path of the runtime's `__private`.
pub(crate) fn unit_type(unit: TimeUnit, kalam: &TokenStream) -> TokenStream {
    let name = ident(unit_type_name(unit));
    quote!(#kalam::#name)
}

/// The type for an enum or a struct.
fn generated_type(name: &str, ty: &ColumnType) -> TokenStream {
    match ty {
        ColumnType::Enum(labels) => closed_set(name, labels),
        ColumnType::Struct(fields) => nested_struct(name, fields),
        _ => TokenStream::new(),
    }
}

fn closed_set(name: &str, labels: &[Shared<str>]) -> TokenStream {
    let name = ident(name);
    let labels: Vec<&str> = labels.iter().map(|label| &**label).collect();
    let variants: Vec<_> = labels
        .iter()
        .map(|label| ident(&camel_case(label)))
        .collect();
    let docs = labels.iter().map(|label| format!(" `{label}`"));
    quote! {
        /// A closed set of labels, ordered as SQL orders them: as text.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum #name {
            #(#[doc = #docs] #variants),*
        }
        __kalam::closed_set!(#name { #(#variants = #labels),* });
    }
}

fn nested_struct(name: &str, fields: &[NestedField]) -> TokenStream {
    let strukt = ident(name);
    let names: Vec<_> = fields
        .iter()
        .map(|field| ident(&snake_case(&field.name)))
        .collect();
    let types: Vec<_> = fields
        .iter()
        .map(|field| nested_field_type(name, field))
        .collect();
    let docs: Vec<_> = fields
        .iter()
        .map(|field| format!(" Field `{}`.", field.name))
        .collect();
    let fields: Vec<TokenStream> = names
        .iter()
        .zip(&types)
        .enumerate()
        .map(|(position, (name, ty))| {
            let position = Literal::usize_unsuffixed(position);
            quote!(#position #name: #ty)
        })
        .collect();
    let view = ident(&view_name(name));
    quote! {
        /// A struct inside a column.
        #[derive(Clone, Debug, PartialEq)]
        pub struct #strukt {
            #(#[doc = #docs] pub #names: #types),*
        }
        /// The same, borrowed from a batch.
        #[derive(Clone, Copy, Debug)]
        pub struct #view<'a> {
            #(#[doc = #docs] pub #names: <#types as __kalam::OwnedElement>::View<'a>),*
        }
        __kalam::struct_value!([] #strukt { #(#fields),* });
        __kalam::owned_struct_value!(#strukt, #view { #(#fields),* });
    }
}
