//! `#[derive(KalamValue)]`: an enum without fields is a closed set, a struct around one field is what that
//! field is.

use kalamtable_model::rust_names::snake_case;
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::{Attribute, Data, DataEnum, DeriveInput, Field, Fields, LitStr, Path};

use crate::problems::Problems;

/// Expands `#[derive(KalamValue)]`.
///
/// # Errors
/// Every problem of the type and its attributes.
pub(crate) fn kalam_value(input: &DeriveInput) -> syn::Result<TokenStream> {
    let mut problems = Problems::default();
    let keys = Keys::read(&input.attrs, &["crate"], &mut problems);
    let runtime = match &keys.krate {
        Some(path) => path.to_token_stream(),
        None => quote!(::kalamtable),
    };
    if !input.generics.params.is_empty() {
        let message = format!("`{}` has parameters", input.ident);
        let help = "a value has one column type: write a type for each";
        problems.push(&input.generics, &message, help);
    }
    let tokens = match &input.data {
        Data::Enum(data) => closed_set(&input.ident, data, &runtime, &mut problems),
        Data::Struct(data) => newtype(&input.ident, &data.fields, &runtime, &mut problems),
        Data::Union(_) => {
            let message = format!("`{}` is a union", input.ident);
            let help = "derive on an enum without fields, or on a struct around one field";
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
    if data.variants.is_empty() {
        let message = format!("`{name}` has no labels");
        problems.push(name, &message, "write a variant for each label");
    }
    let mut labels: Vec<String> = Vec::new();
    let mut variants = Vec::new();
    for variant in &data.variants {
        if !matches!(variant.fields, Fields::Unit) {
            let message = format!("`{}` has fields, and a label has none", variant.ident);
            let help = "delete the fields, or keep what they hold in columns of its own";
            problems.push(&variant.fields, &message, help);
        }
        let keys = Keys::read(&variant.attrs, &["rename"], problems);
        let label = match &keys.rename {
            Some(label) => label.value(),
            None => default_label(&variant.ident),
        };
        if labels.contains(&label) {
            let message = format!("two variants have the label `{label}`");
            let help = "give one of them another: `#[kalam(rename = \"..\")]`";
            problems.push(&variant.ident, &message, help);
        }
        labels.push(label);
        variants.push(&variant.ident);
    }
    quote! {
        #runtime::__private::closed_set_value!(#name { #(#variants = #labels),* });
    }
}

/// `in_progress` of `InProgress`.
fn default_label(variant: &Ident) -> String {
    let name = variant.unraw().to_string();
    snake_case(&name).trim_start_matches("r#").to_string()
}

fn newtype(
    name: &Ident,
    fields: &Fields,
    runtime: &TokenStream,
    problems: &mut Problems,
) -> TokenStream {
    let fields: Vec<&Field> = fields.iter().collect();
    let [field] = fields[..] else {
        let message = format!("`{name}` has {} fields", fields.len());
        let help = "a value is an enum without fields, or a struct around one field: write the \
                    columns of others in the table, or describe the table in TOML, which has \
                    `struct<..>`";
        problems.push(name, &message, help);
        return TokenStream::new();
    };
    Keys::read(&field.attrs, &[], problems);
    let ty = &field.ty;
    let member = match &field.ident {
        Some(name) => name.to_token_stream(),
        None => quote!(0),
    };
    quote! {
        #runtime::__private::newtype_value!(#name, #member: #ty);
    }
}

/// What `#[kalam(..)]` says.
#[derive(Default)]
struct Keys {
    krate: Option<Path>,
    rename: Option<LitStr>,
}

impl Keys {
    /// `known` are the keys that the place takes.
    fn read(attributes: &[Attribute], known: &[&str], problems: &mut Problems) -> Self {
        let mut keys = Keys::default();
        for attribute in attributes {
            if !attribute.path().is_ident("kalam") {
                continue;
            }
            let parsed = attribute.parse_nested_meta(|meta| {
                let key = meta.path.to_token_stream().to_string();
                if !known.contains(&key.as_str()) {
                    let help = match known {
                        [] => "delete it".to_string(),
                        known => format!("the keys here are `{}`", known.join("`, `")),
                    };
                    return Err(meta.error(format!("unknown key `{key}`\nhelp: {help}")));
                }
                if key == "crate" {
                    keys.krate = Some(meta.value()?.call(Path::parse_mod_style)?);
                } else {
                    keys.rename = Some(meta.value()?.parse()?);
                }
                Ok(())
            });
            if let Err(error) = parsed {
                problems.error(error);
            }
        }
        keys
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(input: &str, expected: Expect) {
        let expanded = syn::parse_str(input).and_then(|input| kalam_value(&input));
        let text = match expanded {
            Ok(tokens) => format!("{tokens}\n"),
            Err(error) => error
                .into_iter()
                .map(|error| {
                    let place = error.span().source_text().unwrap_or_default();
                    format!("{place}: {error}\n")
                })
                .collect(),
        };
        expected.assert_eq(&text);
    }

    #[test]
    fn labels_are_the_names_in_snake_case_unless_renamed() {
        check(
            "#[kalam(crate = rows)] enum Status { New, InProgress, #[kalam(rename = \"it's done\")] Done }",
            expect![[r#"
                rows :: __private :: closed_set_value ! (Status { New = "new" , InProgress = "in_progress" , Done = "it's done" }) ;
            "#]],
        );
    }

    #[test]
    fn a_newtype_is_what_its_field_is() {
        check(
            "struct JobId(String);",
            expect![[r#"
            :: kalamtable :: __private :: newtype_value ! (JobId , 0 : String) ;
        "#]],
        );
        check(
            "struct Port { number: u16 }",
            expect![[r#"
            :: kalamtable :: __private :: newtype_value ! (Port , number : u16) ;
        "#]],
        );
    }

    #[test]
    fn every_problem_is_told() {
        check(
            "enum None {}",
            expect![[r#"
            None: `None` has no labels
            help: write a variant for each label
        "#]],
        );
        check(
            "enum A { B(i32), C, #[kalam(rename = \"c\")] D, #[kalam(label = \"e\")] E }",
            expect![[r#"
                (i32): `B` has fields, and a label has none
                help: delete the fields, or keep what they hold in columns of its own
                D: two variants have the label `c`
                help: give one of them another: `#[kalam(rename = "..")]`
                label: unknown key `label`
                help: the keys here are `rename`
            "#]],
        );
        check(
            "struct Pair(i32, i32);",
            expect![[r#"
            Pair: `Pair` has 2 fields
            help: a value is an enum without fields, or a struct around one field: write the columns of others in the table, or describe the table in TOML, which has `struct<..>`
        "#]],
        );
        check(
            "struct Page<T>(Vec<T>);",
            expect![[r#"
            <T>: `Page` has parameters
            help: a value has one column type: write a type for each
        "#]],
        );
        check(
            "struct Id(#[kalam(id = 1)] i32);",
            expect![[r#"
            id: unknown key `id`
            help: delete it
        "#]],
        );
        check(
            "union Either { a: i32, b: f32 }",
            expect![[r#"
            Either: `Either` is a union
            help: derive on an enum without fields, or on a struct around one field
        "#]],
        );
    }
}
