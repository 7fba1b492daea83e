// SPDX-License-Identifier: Apache-2.0

//! The definition as a constant expression.

use kalamtable_model::{
    Column, ColumnDefault, ColumnType, Literal, NestedField, PrimaryKey, TableDefinition, TimeUnit,
};
use proc_macro2::{Ident, Literal as Token, TokenStream};
use quote::{ToTokens, quote};

use crate::fields::{Member, RowFields};
use crate::names::ident;

/// Constant expressions that stand for what a definition says of a column: what is known only when
/// the expression is evaluated.
#[derive(Clone, Debug, Default)]
pub struct ColumnTokens {
    /// The id, an `i32`.
    pub id: Option<TokenStream>,
    /// A `ColumnType`.
    pub ty: Option<TokenStream>,
    /// A `ColumnDefault`.
    pub default: Option<TokenStream>,
}

/// The expression of a static `TableDefinition`, in a module where `__kalam` is the runtime's
/// `__private`.
///
/// `overrides` has one for each column, or is empty.
pub(crate) fn tokens(
    definition: &TableDefinition,
    fields: &RowFields,
    overrides: &[ColumnTokens],
) -> TokenStream {
    let namespace = text(&definition.name().namespace);
    let table = text(&definition.name().table);
    let kind = variant(definition.kind());
    let ttl_seconds = match definition.ttl_seconds() {
        Some(seconds) => {
            let seconds = seconds.get();
            // `new` is none for zero alone.
            quote!(::core::num::NonZeroU64::new(#seconds))
        }
        None => quote!(__kalam::Option::None),
    };
    let access_level = optional(definition.access_level(), |level| {
        let level = variant(level);
        quote!(__kalam::model::AccessLevel::#level)
    });
    let version = definition.version();
    let comment = optional(definition.comment(), text);
    let row = text(definition.row());
    let primary_key = match definition.primary_key() {
        PrimaryKey::Columns(positions) => {
            let key = key(positions, fields);
            quote!(__kalam::model::PrimaryKey::Columns(#key))
        }
        PrimaryKey::None { reason } => {
            let reason = text(reason);
            quote!(__kalam::model::PrimaryKey::None { reason: #reason })
        }
    };
    let unique_keys = unique_keys(definition, fields);
    let columns = columns(definition, fields, overrides);
    let ids = definition
        .reserved()
        .ids
        .iter()
        .map(|id| Token::i32_unsuffixed(*id));
    let names = definition.reserved().names.iter().map(text);
    quote! {
        __kalam::model::TableDefinition::from_checked(__kalam::model::TableParts {
            name: __kalam::model::TableName { namespace: #namespace, table: #table },
            kind: __kalam::model::TableKind::#kind,
            ttl_seconds: #ttl_seconds,
            access_level: #access_level,
            version: #version,
            comment: #comment,
            primary_key: #primary_key,
            unique_keys: #unique_keys,
            row: #row,
            columns: {
                #columns
                __kalam::model::Shared::Static(&COLUMNS)
            },
            reserved: __kalam::model::Reserved {
                ids: __kalam::model::Shared::Static(&[#(#ids),*]),
                names: __kalam::model::Shared::Static(&[#(#names),*]),
            },
        })
    }
}

/// The positions of a key's columns.
fn key(positions: &[usize], fields: &RowFields) -> TokenStream {
    if fields.flattened.is_empty() {
        return quote!(__kalam::model::Shared::Static(&[#(#positions),*]));
    }
    let count = positions.len();
    let kalam = quote!(__kalam);
    let positions = positions.iter();
    let positions = positions.map(|position| fields.position_of_column(*position, &kalam));
    quote!({
        static KEY: [usize; #count] = [#(#positions),*];
        __kalam::model::Shared::Static(&KEY)
    })
}

fn unique_keys(definition: &TableDefinition, fields: &RowFields) -> TokenStream {
    let keys = definition.unique_keys().iter().map(|of| key(of, fields));
    if definition.unique_keys().is_empty() || fields.flattened.is_empty() {
        return quote!(__kalam::model::Shared::Static(&[#(#keys),*]));
    }
    let count = keys.len();
    quote!({
        static KEYS: [__kalam::model::Shared<[usize]>; #count] = [#(#keys),*];
        __kalam::model::Shared::Static(&KEYS)
    })
}

/// `COLUMNS`, a static of its own: what has a destructor can't be evaluated in a temporary.
fn columns(
    definition: &TableDefinition,
    fields: &RowFields,
    overrides: &[ColumnTokens],
) -> TokenStream {
    let columns = column_list(definition, overrides);
    if fields.flattened.is_empty() {
        let count = columns.len();
        return quote! {
            static COLUMNS: [__kalam::model::Column; #count] = [#(#columns),*];
        };
    }
    let own = columns.len();
    let count = fields.count(&quote!(__kalam));
    // Each run of columns, from where to where for those of the definition.
    let mut runs: Vec<TokenStream> = Vec::new();
    let mut begin = 0;
    let mut end = 0;
    let flush = |begin: usize, end: usize, runs: &mut Vec<TokenStream>| {
        if begin < end {
            runs.push(quote!(OWN.split_at(#end).0.split_at(#begin).1));
        }
    };
    for member in fields.members() {
        match member {
            Member::Column(position, _) => end = position + 1,
            Member::Flattened(_, field) => {
                flush(begin, end, &mut runs);
                begin = end;
                let (ty, base) = (&field.static_ty, &field.base);
                runs.push(quote!(<#ty as __kalam::FieldsAt<#base>>::COLUMNS));
            }
        }
    }
    flush(begin, end, &mut runs);
    quote! {
        static OWN: [__kalam::model::Column; #own] = [#(#columns),*];
        static COLUMNS: [__kalam::model::Column; #count] = __kalam::join_columns(&[#(#runs),*]);
    }
}

/// Each column of the definition as an expression; `overrides` has one for each, or is empty.
pub(crate) fn column_list(
    definition: &TableDefinition,
    overrides: &[ColumnTokens],
) -> Vec<TokenStream> {
    let none = ColumnTokens::default();
    let columns = definition.columns().iter().enumerate();
    columns
        .map(|(position, of)| column(of, overrides.get(position).unwrap_or(&none)))
        .collect()
}

fn column(column: &Column, overrides: &ColumnTokens) -> TokenStream {
    let id = match &overrides.id {
        Some(id) => id.clone(),
        None => Token::i32_unsuffixed(column.id).to_token_stream(),
    };
    let name = text(&column.name);
    let ty = match &overrides.ty {
        Some(ty) => ty.clone(),
        None => type_tokens(&column.ty),
    };
    let nullable = column.nullable;
    let default = match &overrides.default {
        Some(default) => quote!(__kalam::Option::Some(#default)),
        None => optional(column.default.as_ref(), default_tokens),
    };
    let unit = optional(column.unit, time_unit);
    let rust = optional(column.rust.as_deref(), text);
    let comment = optional(column.comment.as_deref(), text);
    quote! {
        __kalam::model::Column {
            id: #id,
            name: #name,
            ty: #ty,
            nullable: #nullable,
            default: #default,
            unit: #unit,
            rust: #rust,
            comment: #comment,
        }
    }
}

/// A column type as a constant expression, in a scope where `__kalam` is the runtime's `__private`.
pub fn type_tokens(ty: &ColumnType) -> TokenStream {
    let plain = |name: &str| {
        let name = ident(name);
        quote!(__kalam::model::ColumnType::#name)
    };
    match ty {
        ColumnType::Decimal { precision, scale } => {
            quote!(__kalam::model::ColumnType::Decimal { precision: #precision, scale: #scale })
        }
        ColumnType::FixedBytes(length) => quote!(__kalam::model::ColumnType::FixedBytes(#length)),
        ColumnType::Embedding(length) => quote!(__kalam::model::ColumnType::Embedding(#length)),
        ColumnType::Timestamp { unit, zone } => {
            let unit = time_unit(*unit);
            let zone = optional(zone.as_deref(), text);
            quote!(__kalam::model::ColumnType::Timestamp { unit: #unit, zone: #zone })
        }
        ColumnType::Enum(labels) => {
            let labels = labels.iter().map(text);
            quote!(__kalam::model::ColumnType::Enum(__kalam::model::Shared::Static(&[#(#labels),*])))
        }
        ColumnType::List(element) => {
            let element = nested_field(element);
            quote!(__kalam::model::ColumnType::List(__kalam::model::Shared::Static(&#element)))
        }
        ColumnType::Struct(fields) => {
            let fields = fields.iter().map(nested_field);
            quote!(__kalam::model::ColumnType::Struct(__kalam::model::Shared::Static(&[#(#fields),*])))
        }
        ColumnType::Map(fields) => {
            let key = nested_field(&fields.key);
            let value = nested_field(&fields.value);
            quote! {
                __kalam::model::ColumnType::Map(__kalam::model::Shared::Static(
                    &__kalam::model::MapFields { key: #key, value: #value },
                ))
            }
        }
        ColumnType::Arrow(notation) => {
            let notation = text(notation);
            quote!(__kalam::model::ColumnType::Arrow(#notation))
        }
        // The rest have no parameters: `Debug` writes the name of the variant, and nothing else.
        plain_type => plain(&format!("{plain_type:?}")),
    }
}

fn nested_field(field: &NestedField) -> TokenStream {
    let id = Token::i32_unsuffixed(field.id);
    let name = text(&field.name);
    let ty = type_tokens(&field.ty);
    let nullable = field.nullable;
    quote!(__kalam::model::NestedField { id: #id, name: #name, ty: #ty, nullable: #nullable })
}

/// A default as a constant expression, in a scope where `__kalam` is the runtime's `__private`.
pub fn default_tokens(default: &ColumnDefault) -> TokenStream {
    match default {
        ColumnDefault::Literal(value) => {
            let value = match value {
                Literal::Boolean(value) => quote!(Boolean(#value)),
                Literal::Integer(value) => quote!(Integer(#value)),
                Literal::Float(value) => {
                    // Through its bits: tokens have no infinities, and no sign of their own.
                    let bits = value.to_bits();
                    quote!(Float(f64::from_bits(#bits)))
                }
                Literal::Text(value) => {
                    let value = text(value);
                    quote!(Text(#value))
                }
                Literal::Bytes(value) => {
                    let value = value.iter();
                    quote!(Bytes(__kalam::model::Shared::Static(&[#(#value),*])))
                }
            };
            quote!(__kalam::model::ColumnDefault::Literal(__kalam::model::Literal::#value))
        }
        ColumnDefault::Call(function) => {
            let function = variant(function);
            quote!(__kalam::model::ColumnDefault::Call(__kalam::model::DefaultFunction::#function))
        }
    }
}

fn time_unit(unit: TimeUnit) -> TokenStream {
    let unit = variant(unit);
    quote!(__kalam::model::TimeUnit::#unit)
}

/// The name of a variant without fields.
fn variant(value: impl std::fmt::Debug) -> Ident {
    ident(&format!("{value:?}"))
}

pub(crate) fn text(value: impl AsRef<str>) -> TokenStream {
    let value = value.as_ref();
    quote!(__kalam::model::Shared::Static(#value))
}

fn optional<T>(value: Option<T>, tokens: impl FnOnce(T) -> TokenStream) -> TokenStream {
    match value {
        Some(value) => {
            let value = tokens(value);
            quote!(__kalam::Option::Some(#value))
        }
        None => quote!(__kalam::Option::None),
    }
}
