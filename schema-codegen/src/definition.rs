// SPDX-License-Identifier: Apache-2.0

//! The static definition of a table as a constant expression.

use kalamtable_model::{
    Column, ColumnDefault, ColumnType, Literal, NestedField, PrimaryKey, TableDefinition, TimeUnit,
};
use proc_macro2::{Ident, Literal as Token, TokenStream};
use quote::{ToTokens, quote};

use crate::fields::{RowFields, RowMember};
use crate::names::ident;

/// Constant expressions that replace values of a column's definition. The compiler evaluates them,
/// and the generator does not know their results.
#[derive(Clone, Debug, Default)]
pub struct ColumnTokens {
    /// The id, of type `i32`.
    pub id: Option<TokenStream>,
    /// The type, a `ColumnType`.
    pub ty: Option<TokenStream>,
    /// The default, a `ColumnDefault`.
    pub default: Option<TokenStream>,
}

/// Returns the expression for a static `TableDefinition`, in a module where `__kalam` is the
/// runtime's `__private`.
///
/// `overrides` is empty, or it has one element per column.
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
            // `NonZeroU64::new` is an `Option`, and the seconds are not zero.
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

/// Returns the positions of a key's columns, a shared slice.
fn key(positions: &[usize], fields: &RowFields) -> TokenStream {
    if fields.flattened.is_empty() {
        return quote!(__kalam::model::Shared::Static(&[#(#positions),*]));
    }
    let count = positions.len();
    let kalam = quote!(__kalam);
    let positions = positions
        .iter()
        .map(|position| fields.position_of_column(*position, &kalam));
    quote!({
        static KEY: [usize; #count] = [#(#positions),*];
        __kalam::model::Shared::Static(&KEY)
    })
}

fn unique_keys(definition: &TableDefinition, fields: &RowFields) -> TokenStream {
    let keys = definition
        .unique_keys()
        .iter()
        .map(|positions| key(positions, fields));
    if definition.unique_keys().is_empty() || fields.flattened.is_empty() {
        return quote!(__kalam::model::Shared::Static(&[#(#keys),*]));
    }
    let count = keys.len();
    quote!({
        static KEYS: [__kalam::model::Shared<[usize]>; #count] = [#(#keys),*];
        __kalam::model::Shared::Static(&KEYS)
    })
}

/// Returns the static `COLUMNS`. It is an item of its own because a constant expression cannot
/// contain a temporary with a destructor.
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
    // Alternately a range of the definition's columns and the columns of a flattened field.
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
            RowMember::Column(position, _) => end = position + 1,
            RowMember::Flattened(_, field) => {
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

/// Returns an expression for each column of the definition. `overrides` is empty, or it has one
/// element per column.
pub(crate) fn column_list(
    definition: &TableDefinition,
    overrides: &[ColumnTokens],
) -> Vec<TokenStream> {
    let none = ColumnTokens::default();
    definition
        .columns()
        .iter()
        .enumerate()
        .map(|(index, tokens)| column(tokens, overrides.get(index).unwrap_or(&none)))
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
    let source = optional(column.source.as_deref(), text);
    let nullable = column.nullable;
    let default = match &overrides.default {
        Some(default) => quote!(__kalam::Option::Some(#default)),
        None => optional(column.default.as_ref(), default_tokens),
    };
    let unit = optional(column.unit, time_unit);
    let rust = optional(column.rust.as_deref(), text);
    let deprecated = optional(column.deprecated.as_deref(), text);
    let comment = optional(column.comment.as_deref(), text);
    quote! {
        __kalam::model::Column {
            id: #id,
            name: #name,
            source: #source,
            ty: #ty,
            nullable: #nullable,
            default: #default,
            unit: #unit,
            rust: #rust,
            deprecated: #deprecated,
            comment: #comment,
        }
    }
}

/// Returns a column type as a constant expression, in a scope where `__kalam` is the runtime's
/// `__private`.
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
        // All other types have no parameters, so `Debug` writes only the name of the variant.
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

/// Returns a default as a constant expression, in a scope where `__kalam` is the runtime's
/// `__private`.
pub fn default_tokens(default: &ColumnDefault) -> TokenStream {
    match default {
        ColumnDefault::Literal(value) => {
            let value = match value {
                Literal::Boolean(value) => quote!(Boolean(#value)),
                Literal::Integer(value) => quote!(Integer(#value)),
                Literal::Float(value) => {
                    // As bits, because literals can be neither infinite nor negative.
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

/// Returns the name of a variant without fields.
fn variant(value: impl std::fmt::Debug) -> Ident {
    ident(&format!("{value:?}"))
}

/// Returns a shared string as a constant expression.
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
