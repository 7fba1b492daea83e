// SPDX-License-Identifier: Apache-2.0

//! The Rust types of columns, in a scope where `__kalam` is the runtime's `__private`.

use kalamtable_model::rust_names::{nested_type_name, unit_type_name};
use kalamtable_model::{Column, ColumnType, NestedField, TableDefinition, TimeUnit};
use proc_macro2::{Literal, TokenStream};
use quote::quote;
use syn::Type;

use crate::names::ident;
use crate::options::CodegenOptions;

/// Returns the type of a column's field, which is an `Option` for a nullable column.
pub(crate) fn column_field_type(
    definition: &TableDefinition,
    column: &Column,
    options: &CodegenOptions,
) -> Type {
    let ty = chosen_type(definition, column, options).unwrap_or_else(|| {
        let name = column_type_name(definition, column);
        value_type(&name, &column.ty, column.unit)
    });
    let tokens = optional(ty, column.nullable);
    // The generator is total: a path that is not a type is left to the compiler to report.
    syn::parse2(tokens.clone()).unwrap_or(Type::Verbatim(tokens))
}

/// Returns the type that the caller or the definition has chosen for the values of `column`.
pub(crate) fn chosen_type(
    definition: &TableDefinition,
    column: &Column,
    options: &CodegenOptions,
) -> Option<TokenStream> {
    let path = format!("{}.{}", definition.name(), column.name);
    if let Some(ty) = options.column_types.get(&path) {
        return Some(ty.clone());
    }
    match column.ty {
        // For an enum, `rust` is the name of the type to generate.
        ColumnType::Enum(_) => None,
        _ => column.rust.as_ref()?.parse().ok(),
    }
}

/// Returns the name of the enum or struct that is generated for a column, which is also the prefix
/// of the types nested in it.
fn column_type_name(definition: &TableDefinition, column: &Column) -> String {
    match (&column.ty, &column.rust) {
        (ColumnType::Enum(_), Some(name)) => name.to_string(),
        _ => nested_type_name(definition.row(), &column.name),
    }
}

/// Returns the Rust type of values of `ty`, in a scope where `__kalam` is the runtime's
/// `__private`.
///
/// An enum or a struct is the type `name`, and those nested in `ty` are named after it. `unit` is
/// the unit in which the field counts a time, if it is not the column's.
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
        // An Arrow type that no column type covers: the value carries its type.
        _ => quote!(__kalam::AnyValue),
    }
}

/// Returns the type of a field nested in the type `parent`, which is an `Option` if it is nullable.
pub(crate) fn nested_field_type(parent: &str, field: &NestedField) -> TokenStream {
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

/// Returns the marker type of a time unit; `kalam` is the path of the runtime's `__private`.
pub(crate) fn unit_type(unit: TimeUnit, kalam: &TokenStream) -> TokenStream {
    let name = ident(unit_type_name(unit));
    quote!(#kalam::#name)
}
