// SPDX-License-Identifier: Apache-2.0

//! `#[derive(KalamValue)]`: an enum without fields is a closed set, a struct around one field is what that
//! field is. Structs with named fields are in `strukt`.

use kalamtable_model::rust_names::snake_case;
use kalamtable_model::{Spanned, Syntax};
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{Attribute, Data, DataEnum, DataStruct, DeriveInput, Field, Fields};

use crate::entries::{Entries, Key, Place};
use crate::problems::{Problems, TokenSpans, Written};
use crate::rust_type::{FieldType, refused};
use crate::strukt;

const TYPE_KEYS: &[Key] = &[
    ("crate", "crate = ::kalamtable"),
    ("view", "view = RouteView"),
    ("transparent", "transparent"),
];

const VARIANT_KEYS: &[Key] = &[("rename", "rename = \"label\"")];

/// Expands `#[derive(KalamValue)]`.
///
/// # Errors
/// Every problem of the type and its attributes.
pub(crate) fn kalam_value(input: &DeriveInput) -> syn::Result<TokenStream> {
    let mut problems = Problems::default();
    let keys = entries(&input.attrs, TYPE_KEYS, &mut problems);
    let runtime = keys.path("crate", &mut problems);
    let runtime = runtime.unwrap_or_else(|| quote!(::kalamtable));
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
            let message = format!("`{key}` has no place here");
            problems.push(&key, &message, "it is said of a struct with named fields");
        }
    }
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
            let message = format!("`{}` has fields, and a label has none", variant.ident);
            let help = "delete the fields, or keep what they hold in columns of its own";
            problems.push(&variant.fields, &message, help);
        }
        let keys = entries(&variant.attrs, VARIANT_KEYS, problems);
        let label = keys.text("rename", problems);
        let label =
            label.unwrap_or_else(|| Written::new(default_label(&variant.ident), &variant.ident));
        labels.push(label);
        variants.push(&variant.ident);
    }
    check_labels(name, &labels, problems);
    let labels = labels.iter().map(|label| &label.value);
    quote! {
        #runtime::__private::closed_set_value!(#name { #(#variants = #labels),* });
    }
}

fn entries(attributes: &[Attribute], keys: &'static [Key], problems: &mut Problems) -> Entries {
    let place = Place {
        keys,
        repeated: &[],
        elsewhere: &[],
        hint: "",
        hints: &[],
    };
    Entries::of_attributes(attributes, place, problems)
}

/// `in_progress` of `InProgress`.
fn default_label(variant: &Ident) -> String {
    let name = variant.unraw().to_string();
    snake_case(&name).trim_start_matches("r#").to_string()
}

/// The model's own checks of an enum type with these labels.
fn check_labels(name: &Ident, labels: &[Written<String>], problems: &mut Problems) {
    if labels.is_empty() {
        let message = format!("`{name}` has no labels");
        return problems.push(name, &message, "write a variant for each label");
    }
    let mut places = TokenSpans::default();
    let whole = places.add(name, "the enum");
    let labels: Vec<Spanned<String>> = labels
        .iter()
        .map(|label| {
            let place = places.add(&label.tokens, format!("`{}`", label.value));
            Spanned::new(label.value.clone(), place)
        })
        .collect();
    for diagnostic in &kalamtable_model::check_labels(Syntax::Rust, &labels, &whole) {
        places.report(diagnostic, problems);
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
                format!("`{name}` has {count} fields, and none of them alone is what it holds"),
                "delete `transparent`".to_string(),
            ),
            _ => (
                format!("`{name}` has {count} fields without names"),
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
        let (message, inner) = ("a value is never null", field_type.name());
        let help = format!("write `{inner}`, and `Option<{name}>` where it can be missing");
        problems.push(ty, message, &help);
    } else if let Some(refused) = refused(ty) {
        problems.push(refused.ty, &refused.message(), &refused.help);
    }
    let member = match &field.ident {
        Some(name) => name.to_token_stream(),
        None => quote!(0),
    };
    let span = field_type.span();
    let kalam = quote!(#runtime::__private);
    // Asked for once, so that a type that is no value is not told for every use of it.
    let held = quote_spanned!(span=> #ty: #kalam::OwnedValue + #kalam::HasType);
    let typed = quote_spanned!(span=> #ty: #kalam::TypeAt<__Base>);
    quote! {
        #runtime::__private::newtype_value!(#name, #member: #ty where [#held] [#typed]);
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
                :: kalamtable :: __private :: newtype_value ! (JobId , 0 : String where [String : :: kalamtable :: __private :: OwnedValue + :: kalamtable :: __private :: HasType] [String : :: kalamtable :: __private :: TypeAt < __Base >]) ;
            "#]],
        );
        check(
            "#[kalam(transparent)] struct Port { number: u16 }",
            expect![[r#"
                :: kalamtable :: __private :: newtype_value ! (Port , number : u16 where [u16 : :: kalamtable :: __private :: OwnedValue + :: kalamtable :: __private :: HasType] [u16 : :: kalamtable :: __private :: TypeAt < __Base >]) ;
            "#]],
        );
    }

    #[test]
    fn every_problem_is_told() {
        check(
            "enum Label { #[kalam(rename = \"\")] Empty }",
            expect![[r#"
                "": a label is empty [KT0703]
                help: give it a label; where a value can be missing, let the field be an `Option`
            "#]],
        );
        check(
            "enum Same { A, #[kalam(rename = \"-a\")] B }",
            expect![[r#"
                "-a": labels `a` and `-a` are both `A` in Rust [KT0704]
                note: first here: `a`
                help: rename one of the two, or use `text` if both have to stay
            "#]],
        );
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
                label: unknown key `label`
                help: the only key is `rename`
                "c": label `c` is there twice [KT0702]
                note: first here: `c`
                help: delete one of the two
            "#]],
        );
        check(
            "struct Pair(i32, i32);",
            expect![[r#"
                Pair: `Pair` has 2 fields without names
                help: name them: `struct Pair { first: .. }`
            "#]],
        );
        check(
            "#[kalam(transparent, view = B)] struct Pair { a: i32, b: i32 }",
            expect![[r#"
                view: `view` has no place here
                help: it is said of a struct with named fields
                Pair: `Pair` has 2 fields, and none of them alone is what it holds
                help: delete `transparent`
            "#]],
        );
        check(
            "#[kalam(transparent)] enum Label { A }",
            expect![[r#"
            transparent: `transparent` has no place here
            help: it is said of a struct with named fields
        "#]],
        );
        check(
            "struct Tree { label: String, branches: Vec<Tree> }",
            expect![[r#"
                Vec<Tree>: `Tree` is inside itself, and no column type is
                help: keep what is inside in a table of its own, with a key
            "#]],
        );
        check(
            "struct Nothing { #[kalam(skip)] a: i32 }",
            expect![[r#"
            Nothing: `Nothing` has no fields that a column could hold
            help: add a field
        "#]],
        );
        check(
            "struct Page<T> { rows: Vec<T>, #[kalam(skip)] next: T }",
            expect![[r#"
                <T>: `Page` has parameters that are types or numbers
                help: a value has one column type: write a struct for each
            "#]],
        );
        check(
            "struct Stop { #[kalam(unit = \"ms\")] at: i64, #[kalam(type = \"timestamp\")] until: i64, \
             #[kalam(flatten)] place: Place }",
            expect![[r#"
                flatten: a struct that is no row has no flattened fields
                help: write the fields out, or flatten both structs in the row
            "#]],
        );
        check(
            "struct Stop { #[kalam(unit = \"ms\")] at: i64, #[kalam(type = \"timestamp\")] until: i64 }",
            expect![[r#"
                "ms": `unit` has no place in a struct that is no row: `i64` is no time
                help: let the field be of type `TimestampMillis`
                i64: `i64` in a `timestamp` field does not say its unit
                help: let the field be of type `Timestamp<Millis>`
            "#]],
        );
        check(
            "struct Stop { name: String, Name: String, #[kalam(id = 2)] at: bool }",
            expect![[r#"
                name: `name` and `Name` have no id, and other columns do
                help: write `#[kalam(id = 3)]` and so on, or let no column say one
                Name: columns `name` and `Name` differ in case alone [KT0203]
                note: first here: column `name`
                help: rename one of the two: SQL does not tell them apart
            "#]],
        );
        check(
            "#[kalam(view = StopView)] struct Stop<'a> { name: &'a str }",
            expect![[r#"
                StopView: `Stop` borrows, and has no view
                help: delete `view`, or let the fields own what they hold
            "#]],
        );
        check(
            "struct Stop<'a, 'b: 'a> { name: &'a str, note: &'b str }",
            expect![[r#"
                Stop: the lifetimes of `Stop` have bounds
                help: give the struct one lifetime, for everything that it borrows
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
                id: `id` has no place here
                help: delete it: there is nothing to say here
            "#]],
        );
        check(
            "union Either { a: i32, b: f32 }",
            expect![[r#"
                Either: `Either` is a union
                help: derive on an enum without fields, or on a struct
            "#]],
        );
    }
}
