// SPDX-License-Identifier: Apache-2.0

//! [`InferredColumns`]: column types that the compiler infers from Rust types, and the checks of
//! these types that the compiler evaluates.

use kalamtable_codegen::{ColumnTokens, FlattenedField, comment_docs};
use kalamtable_model::rust_names::{is_identifier, snake_case};
use kalamtable_model::{Column, RawValue, TableDefinition, limits};
use proc_macro2::{Literal, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;

use crate::compiler_checks::const_check;
use crate::entries::DefaultAttribute;
use crate::nested_ids::{NestedIdBase, NestedIdRanges, StructRole};
use crate::row::{FlatField, RowField, RowStruct};
use crate::rust_type::help_to_hold;

/// The parts of a definition that only the compiler knows.
pub(crate) struct InferredColumns {
    /// The inferred types and defaults, one element per column.
    pub(crate) overrides: Vec<ColumnTokens>,
    /// The flattened fields.
    pub(crate) flattened: Vec<FlattenedField>,
    /// The checks by the compiler.
    pub(crate) checks: TokenStream,
    /// The number of ids that the struct needs, as an expression.
    pub(crate) ids: TokenStream,
}

/// Generates the types and defaults that only the compiler knows, and its checks. `name` is the
/// name of the table or the struct in messages.
pub(crate) fn infer_columns(
    row: &RowStruct,
    definition: &TableDefinition,
    name: &str,
    role: StructRole,
) -> InferredColumns {
    let mut ids = NestedIdRanges::new(definition, role);
    let mut checks = TokenStream::new();
    let mut overrides = Vec::new();
    let mut flattened = Vec::new();
    let mut flat_fields = row.flattened.iter().peekable();
    for (position, (field, column)) in row.fields.iter().zip(definition.columns()).enumerate() {
        while let Some(flat) = flat_fields.next_if(|flat| flat.before <= position) {
            flattened.push(flat.to_flattened(&mut ids));
        }
        let described = match role {
            StructRole::Row => format!("column `{}` of `{name}`", column.name),
            StructRole::Value => format!("field `{}` of `{name}`", column.name),
        };
        if !field.is_inferred() {
            checks.extend(declared_type_check(field, column, &described));
            overrides.push(ColumnTokens::default());
            continue;
        }
        let base = ids.assign(field.attributes.nested_ids.as_ref(), &field.ty);
        checks.extend(type_check(field, &base, &described));
        if let Some(key) = key_of(definition, position) {
            checks.extend(key_check(field, &base, &described, key));
        }
        let mut tokens = ColumnTokens::default();
        if let Some(default) = &field.attributes.default {
            let literal = literal_tokens(default);
            checks.extend(default_check(field, &base, default, &literal, &described));
            tokens.default = Some(quote!(__kalam::model::ColumnDefault::Literal(#literal)));
        }
        tokens.ty = Some(field.inferred_type(&base.of_type));
        overrides.push(tokens);
    }
    flattened.extend(flat_fields.map(|flat| flat.to_flattened(&mut ids)));
    if role == StructRole::Row {
        for field in &row.flattened {
            checks.extend(field.columns_check(name));
        }
        if overrides.iter().any(|column| column.ty.is_some()) || !flattened.is_empty() {
            checks.extend(nested_id_checks(row, definition, name));
        }
    }
    InferredColumns {
        overrides,
        flattened,
        checks,
        ids: ids.count(),
    }
}

/// Returns the key that contains the column at `position`, as messages name it.
fn key_of(definition: &TableDefinition, position: usize) -> Option<&'static str> {
    let mut unique = definition.unique_keys().iter();
    if definition.key_columns().contains(&position) {
        Some("the primary key")
    } else if unique.any(|key| key.contains(&position)) {
        Some("a unique key")
    } else {
        None
    }
}

/// Generates the check that a field can hold the column type that it states.
fn declared_type_check(field: &RowField, column: &Column, described: &str) -> Option<TokenStream> {
    let message = format!(
        "`{}` cannot hold {described}, which is `{}`\nhelp: {}",
        field.ty.name(),
        column.ty,
        help_to_hold(&column.ty, column.unit)
    );
    field.holds_check(&column.ty, &message)
}

/// Generates the check that a definition may contain the inferred type.
fn type_check(field: &RowField, base: &NestedIdBase, described: &str) -> TokenStream {
    let ty = field.inferred_type(&base.to_check);
    let message = invalid_type_message(field, described);
    field.const_check("assert_type", &[("TYPE", "ColumnType", &ty)], &message)
}

/// Returns the message for a type that a definition cannot contain.
fn invalid_type_message(field: &RowField, described: &str) -> String {
    if field.ty.name().ends_with("Decimal") {
        return format!(
            "{described} needs a precision and a scale, which its Rust type does not have\n\
             help: write for example `#[kalam(type = \"decimal(10, 2)\")]`"
        );
    }
    format!(
        "{described} has an invalid type\n\
         help: keys of maps are text, integers, decimals, times or uuids; `[u8; N]` and `[f32; N]` \
         have from 1 to {} and {} elements; types nest at most {} levels deep",
        limits::FIXED_BYTES,
        limits::EMBEDDING,
        limits::NESTING
    )
}

/// Generates the check that a column of the inferred type can be part of a key.
fn key_check(field: &RowField, base: &NestedIdBase, described: &str, key: &str) -> TokenStream {
    let ty = field.inferred_type(&base.to_check);
    let message = format!(
        "{described} cannot be part of {key}\n\
         help: remove it: a key consists of booleans, integers, decimals, text, bytes, times, uuids \
         and enums"
    );
    field.const_check("assert_key", &[("TYPE", "ColumnType", &ty)], &message)
}

/// Generates the check that the default is a value of the inferred type.
fn default_check(
    field: &RowField,
    base: &NestedIdBase,
    default: &DefaultAttribute,
    literal: &TokenStream,
    described: &str,
) -> TokenStream {
    let ty = field.inferred_type(&base.to_check);
    let message = format!(
        "the default of {described} is not a value of its type\nhelp: {}",
        default_help(default, &field.ty.name())
    );
    let constants = [("TYPE", "ColumnType", &ty), ("DEFAULT", "Literal", literal)];
    let span = default.tokens.span();
    const_check(span, "assert_default", &constants, &message)
}

/// Returns the fix for a default that is not a value of the Rust type `ty`.
fn default_help(default: &DefaultAttribute, ty: &str) -> String {
    match &default.value {
        RawValue::Text(text) if *text != snake_case(text) && is_identifier(text) => format!(
            "labels are in snake case unless renamed: `default = \"{}\"`",
            snake_case(text)
        ),
        _ => format!(
            "write `true`, a number or a text that `{ty}` can hold; lists, maps and bytes have no \
             default: change the type of the field to an `Option`"
        ),
    }
}

/// Generates the default as a literal of the model. The compiler checks that it fits the column.
fn literal_tokens(default: &DefaultAttribute) -> TokenStream {
    let value = &default.tokens;
    let literal = match &default.value {
        RawValue::Boolean(_) => quote!(Boolean(#value)),
        RawValue::Integer(_) => quote!(Integer(#value)),
        RawValue::Float(_) => quote!(Float(#value)),
        // Attributes have no other values.
        _ => quote!(Text(__kalam::model::Shared::Static(#value))),
    };
    quote!(__kalam::model::Literal::#literal)
}

/// Generates the checks that the ids inside the columns of `table` are unique. Each is reported at
/// the attribute or the type that determines the ids.
fn nested_id_checks(row: &RowStruct, definition: &TableDefinition, table: &str) -> TokenStream {
    let columns = row.fields.iter().zip(definition.columns());
    let checks = columns
        .filter(|(field, column)| field.is_inferred() || !column.ty.children().is_empty())
        .map(|(field, column)| {
            let id = Literal::i32_unsuffixed(column.id);
            let message = format!(
                "an id inside column `{}` of `{table}` is used by another column or reserved\n\
                 help: set `nested_ids` to the number above which the ids inside it begin",
                column.name
            );
            let span = match &field.attributes.nested_ids {
                Some(nested_ids) => nested_ids.tokens.span().resolved_at(Span::call_site()),
                None => field.ty.span(),
            };
            quote_spanned! {span=>
                const _: () = __kalam::assert_unique_ids(&DEFINITION, #id, #message);
            }
        });
    checks.collect()
}

impl FlatField {
    /// Converts the field to the form that the generator takes.
    fn to_flattened(&self, ids: &mut NestedIdRanges) -> FlattenedField {
        let base = ids.assign(self.nested_ids.as_ref(), &self.ty).of_type;
        let mut docs = comment_docs(&self.docs);
        if docs.is_empty() {
            docs.push(format!(" The columns of `{}`.", self.ty.name()));
        }
        FlattenedField {
            before: self.before,
            name: self.name.clone(),
            visibility: self.visibility.to_token_stream(),
            ty: self.ty.value.to_token_stream(),
            static_ty: self.ty.to_static(),
            base,
            docs,
        }
    }

    /// Generates the check that the names, sources and ids of its columns are unique in `table`.
    fn columns_check(&self, table: &str) -> TokenStream {
        let span = self.ty.span();
        let ty = self.ty.to_static();
        let name = self.name.unraw();
        let message = format!(
            "a column of `{name}` has a name, a source or an id that is reserved or belongs to another column \
             of `{table}`\n\
             help: rename it in `{}`, or set `nested_ids` to the number above which the ids of \
             `{name}` begin",
            self.ty.name()
        );
        quote_spanned! {span=>
            const _: () = __kalam::assert_flattened(
                &DEFINITION,
                <#ty as __kalam::FieldsAt<__kalam::FixedBase<{ 0 }>>>::COLUMNS,
                #message,
            );
        }
    }
}
