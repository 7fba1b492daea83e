// SPDX-License-Identifier: Apache-2.0

//! `#[derive(KalamValue)]` on an enum without fields, which is a closed set of labels, and on a
//! struct that wraps one field. Structs with named fields are in `strukt`.

use kalamtable_model::rust_names::snake_case;
use kalamtable_model::{Spanned, Syntax};
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::ext::IdentExt;
use syn::{Attribute, Data, DataEnum, DataStruct, DeriveInput, Field, Fields, Member};

use crate::entries::{AllowedKeys, AttributeEntries, KeyUsage};
use crate::output::in_scope;
use crate::problems::{Problems, TokenSpans, Written};
use crate::rust_type::{FieldType, unsupported};
use crate::strukt;

const TYPE_KEYS: &[KeyUsage] = &[
    ("crate", "crate = ::kalamtable"),
    ("view", "view = RouteView"),
    ("transparent", "transparent"),
];

const VARIANT_KEYS: &[KeyUsage] = &[("rename", "rename = \"label\"")];

/// Expands `#[derive(KalamValue)]`.
///
/// # Errors
/// All problems of the type and its attributes.
pub(crate) fn kalam_value(input: &DeriveInput) -> syn::Result<TokenStream> {
    let mut problems = Problems::default();
    let keys = entries(&input.attrs, TYPE_KEYS, &mut problems);
    let runtime = keys
        .path("crate", &mut problems)
        .unwrap_or_else(|| quote!(::kalamtable));
    let view = keys.ident("view", &mut problems);
    let is_transparent = keys.flag("transparent", &mut problems);
    let is_struct = matches!(
        &input.data,
        Data::Struct(DataStruct { fields: Fields::Named(_), .. }) if !is_transparent
    );
    if is_struct {
        let strukt = strukt::value(input, view, &runtime, &mut problems);
        return match strukt {
            Some(tokens) if problems.is_empty() => Ok(tokens),
            _ => Err(problems.into_error()),
        };
    }
    for key in ["view", "transparent"] {
        let is_allowed = key == "transparent" && matches!(input.data, Data::Struct(_));
        if let Some(key) = keys.key(key).filter(|_| !is_allowed) {
            let message = format!("`{key}` is not allowed here");
            problems.push(&key, &message, "it belongs on a struct with named fields");
        }
    }
    if !input.generics.params.is_empty() {
        let message = format!("`{}` has parameters", input.ident);
        let help = "a value has one column type: write one type per column type";
        problems.push(&input.generics, &message, help);
    }
    let tokens = match &input.data {
        Data::Enum(data) => closed_set(&input.ident, data, &runtime, &mut problems),
        Data::Struct(data) => newtype(&input.ident, &data.fields, &runtime, &mut problems),
        Data::Union(_) => {
            let message = format!("`{}` is a union", input.ident);
            let help = "derive on an enum without fields, or on a struct";
            problems.push(&input.ident, &message, help);
            TokenStream::new()
        }
    };
    if problems.is_empty() {
        Ok(tokens)
    } else {
        Err(problems.into_error())
    }
}

fn closed_set(
    name: &Ident,
    data: &DataEnum,
    runtime: &TokenStream,
    problems: &mut Problems,
) -> TokenStream {
    let mut labels: Vec<Written<String>> = Vec::new();
    let mut variants = Vec::new();
    for variant in &data.variants {
        if !matches!(variant.fields, Fields::Unit) {
            let message = format!(
                "variant `{}` has fields, but a label has none",
                variant.ident
            );
            let help = "delete the fields, or store their values in separate columns";
            problems.push(&variant.fields, &message, help);
        }
        let keys = entries(&variant.attrs, VARIANT_KEYS, problems);
        let renamed = keys.text("rename", problems);
        labels.push(
            renamed.unwrap_or_else(|| Written::new(default_label(&variant.ident), &variant.ident)),
        );
        variants.push(variant.ident.clone());
    }
    check_labels(name, &labels, problems);
    let labels: Vec<String> = labels.into_iter().map(|label| label.value).collect();
    let items = kalamtable_codegen::derive_closed_set(name, &variants, &labels);
    in_scope(&items, runtime)
}

fn entries(
    attributes: &[Attribute],
    keys: &'static [KeyUsage],
    problems: &mut Problems,
) -> AttributeEntries {
    let allowed = AllowedKeys {
        keys,
        repeated: &[],
        elsewhere: &[],
        hint: "",
        hints: &[],
    };
    AttributeEntries::of_attributes(attributes, allowed, problems)
}

/// Returns the label of a variant in snake case: `in_progress` for `InProgress`.
fn default_label(variant: &Ident) -> String {
    let name = variant.unraw().to_string();
    snake_case(&name).trim_start_matches("r#").to_string()
}

/// Checks the labels with the rules of the model for an enum type.
fn check_labels(name: &Ident, labels: &[Written<String>], problems: &mut Problems) {
    if labels.is_empty() {
        let message = format!("`{name}` has no labels");
        return problems.push(name, &message, "add one variant per label");
    }
    let mut spans = TokenSpans::default();
    let whole = spans.add(name, "the enum");
    let labels: Vec<Spanned<String>> = labels
        .iter()
        .map(|label| {
            let span = spans.add(&label.tokens, format!("`{}`", label.value));
            Spanned::new(label.value.clone(), span)
        })
        .collect();
    for diagnostic in &kalamtable_model::check_labels(Syntax::Rust, &labels, &whole) {
        spans.report(diagnostic, problems);
    }
}

fn newtype(
    name: &Ident,
    fields: &Fields,
    runtime: &TokenStream,
    problems: &mut Problems,
) -> TokenStream {
    let fields: Vec<&Field> = fields.iter().collect();
    let [field] = fields[..] else {
        let count = fields.len();
        let (message, help) = match fields.first().map(|field| &field.ident) {
            Some(Some(_)) => (
                format!("`transparent` requires one field, but `{name}` has {count}"),
                "delete `transparent`".to_string(),
            ),
            _ => (
                format!("`{name}` is a tuple struct with {count} fields"),
                format!("name them: `struct {name} {{ first: .. }}`"),
            ),
        };
        problems.push(name, &message, &help);
        return TokenStream::new();
    };
    entries(&field.attrs, &[], problems);
    let ty = &field.ty;
    let field_type = FieldType::of(ty);
    if field_type.nullable {
        let (message, inner) = ("a value cannot be null", field_type.name());
        let help = format!("write `{inner}`, and `Option<{name}>` where it is used");
        problems.push(ty, message, &help);
    } else if let Some(unsupported) = unsupported(ty) {
        problems.push(unsupported.ty, &unsupported.message(), &unsupported.help);
    }
    let member = match &field.ident {
        Some(name) => Member::from(name.clone()),
        None => Member::from(0),
    };
    let items = kalamtable_codegen::derive_newtype(name, &member, ty, field_type.span());
    in_scope(&items, runtime)
}
