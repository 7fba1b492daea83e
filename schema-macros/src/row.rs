// SPDX-License-Identifier: Apache-2.0

//! [`RowStruct`]: a derived struct with named fields, before its fields are matched with columns.

use kalamtable_codegen::GenericParameters;
use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::{Data, DeriveInput, Fields, GenericParam, Generics, Type, Visibility};

use crate::attributes::{FieldAttributes, doc_text};
use crate::problems::{Problems, Written};
use crate::rust_type::FieldType;

/// A struct with named fields.
pub(crate) struct RowStruct {
    pub(crate) name: Ident,
    pub(crate) parameters: GenericParameters,
    /// The names of the type and const parameters. No column depends on them.
    pub(crate) types: Vec<Ident>,
    pub(crate) visibility: Visibility,
    /// The fields that are columns.
    pub(crate) fields: Vec<RowField>,
    /// The fields that are several columns each.
    pub(crate) flattened: Vec<FlatField>,
    /// The names of the fields that are not columns.
    pub(crate) skipped: Vec<Ident>,
}

/// A field that is a column.
pub(crate) struct RowField {
    pub(crate) name: Ident,
    pub(crate) visibility: Visibility,
    /// The type as written.
    pub(crate) declared: Type,
    pub(crate) ty: FieldType,
    pub(crate) attributes: FieldAttributes,
    /// The doc comment.
    pub(crate) docs: String,
}

/// A field whose own fields are columns.
pub(crate) struct FlatField {
    /// The number of fields that are one column and precede this field.
    pub(crate) before: usize,
    pub(crate) name: Ident,
    pub(crate) visibility: Visibility,
    pub(crate) ty: FieldType,
    /// The attribute key `flatten`.
    pub(crate) key: Ident,
    pub(crate) nested_ids: Option<Written<i128>>,
    /// The doc comment.
    pub(crate) docs: String,
}

impl RowStruct {
    /// Reads the struct and the attributes of its fields. Returns `None` after reporting that it
    /// cannot be a row.
    pub(crate) fn read(input: &DeriveInput, problems: &mut Problems) -> Option<Self> {
        let (parameters, types) = parameters(&input.generics);
        let fields = named_fields(input, problems)?;
        let (mut columns, mut flattened, mut skipped) = (Vec::new(), Vec::new(), Vec::new());
        for field in &fields.named {
            let Some(name) = field.ident.clone() else {
                continue;
            };
            let attributes = FieldAttributes::read(&field.attrs, problems);
            if attributes.skip {
                skipped.push(name);
                continue;
            }
            let ty = FieldType::of(&field.ty);
            if let Some(key) = attributes.flatten {
                if ty.nullable {
                    let help = "make each of its fields an `Option`, or delete `flatten` to make it \
                                one column";
                    problems.push(&field.ty, "an `Option` cannot be flattened", help);
                }
                if let (false, Some(_)) = (ty.nullable, &ty.known) {
                    let message =
                        format!("`{}` is not a struct, so it cannot be flattened", ty.name());
                    let help = "delete `flatten` to make it one column";
                    problems.push(&field.ty, &message, help);
                }
                flattened.push(FlatField {
                    before: columns.len(),
                    name,
                    visibility: field.vis.clone(),
                    ty,
                    key,
                    nested_ids: attributes.nested_ids,
                    docs: doc_text(&field.attrs),
                });
                continue;
            }
            if ty.nullable && FieldType::of(&ty.value).nullable {
                let help = format!("write `Option<{}>`", FieldType::of(&ty.value).name());
                problems.push(
                    &field.ty,
                    "a column cannot hold an `Option` in an `Option`",
                    &help,
                );
            }
            columns.push(RowField {
                name,
                visibility: field.vis.clone(),
                declared: field.ty.clone(),
                ty,
                attributes,
                docs: doc_text(&field.attrs),
            });
        }
        Some(RowStruct {
            name: input.ident.clone(),
            parameters,
            types,
            visibility: input.vis.clone(),
            fields: columns,
            flattened,
            skipped,
        })
    }

    /// Reports columns that depend on a type or const parameter.
    pub(crate) fn check_parameters(&self, problems: &mut Problems) {
        let columns = self.fields.iter().map(|field| (&field.name, &field.ty));
        let flattened = self.flattened.iter().map(|field| (&field.name, &field.ty));
        for (name, ty) in columns.chain(flattened) {
            if let Some(parameter) = mentioned(&self.types, ty.value.to_token_stream()) {
                let message = format!(
                    "column `{}` depends on `{parameter}`, but a table has one schema",
                    name.unraw()
                );
                let help = "write a concrete type; a field that is not a column may depend on a \
                            parameter: `#[kalam(skip)]`";
                problems.push(&ty.value, &message, help);
            }
        }
    }

    /// Returns whether the struct borrows, so that it cannot be read from Arrow.
    pub(crate) fn is_borrowed(&self) -> bool {
        self.parameters.used.len() > self.types.len()
            || self.fields.iter().any(|field| field.ty.is_borrowed())
    }
}

impl RowField {
    /// Returns whether the compiler infers the column type from the Rust type: the field has no
    /// attribute `type`, and the name of the Rust type is not known.
    pub(crate) fn is_inferred(&self) -> bool {
        self.ty.known.is_none() && self.attributes.ty.is_none()
    }

    /// Returns the name of the column.
    pub(crate) fn column(&self) -> String {
        match &self.attributes.rename {
            Some(name) => name.value.clone(),
            None => self.name.unraw().to_string(),
        }
    }

    /// Returns the tokens that determine the name of the column.
    pub(crate) fn column_tokens(&self) -> TokenStream {
        match &self.attributes.rename {
            Some(name) => name.tokens.clone(),
            None => self.name.to_token_stream(),
        }
    }
}

/// Returns the parameters without their defaults, and the names of the type and const parameters.
fn parameters(generics: &Generics) -> (GenericParameters, Vec<Ident>) {
    let mut parameters = GenericParameters::default();
    let mut types = Vec::new();
    for parameter in &generics.params {
        let (declared, used) = match parameter {
            GenericParam::Lifetime(parameter) => {
                let (name, colon, bounds) = (
                    &parameter.lifetime,
                    &parameter.colon_token,
                    &parameter.bounds,
                );
                (quote!(#name #colon #bounds), name.to_token_stream())
            }
            GenericParam::Type(parameter) => {
                let (name, colon, bounds) =
                    (&parameter.ident, &parameter.colon_token, &parameter.bounds);
                types.push(name.clone());
                (quote!(#name #colon #bounds), name.to_token_stream())
            }
            GenericParam::Const(parameter) => {
                let (name, ty) = (&parameter.ident, &parameter.ty);
                types.push(name.clone());
                (quote!(const #name: #ty), name.to_token_stream())
            }
        };
        parameters.declared.push(declared);
        parameters.used.push(used);
    }
    if let Some(where_clause) = &generics.where_clause {
        let predicates = where_clause.predicates.iter();
        parameters.bounds = predicates.map(ToTokens::to_token_stream).collect();
    }
    (parameters, types)
}

/// Returns the first of `names` in `tokens`.
pub(crate) fn mentioned(names: &[Ident], tokens: TokenStream) -> Option<Ident> {
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Ident(name) => names.contains(&name).then_some(name),
        TokenTree::Group(group) => mentioned(names, group.stream()),
        _ => None,
    })
}

fn named_fields<'a>(
    input: &'a DeriveInput,
    problems: &mut Problems,
) -> Option<&'a syn::FieldsNamed> {
    let name = &input.ident;
    let (message, help) = match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => return Some(fields),
            Fields::Unnamed(_) => (
                "a tuple struct cannot be a row: columns have names",
                format!("name the fields: `struct {name} {{ id: i64 }}`"),
            ),
            Fields::Unit => (
                "a struct without fields cannot be a row",
                format!("add a field for each column: `struct {name} {{ id: i64 }}`"),
            ),
        },
        Data::Enum(_) => (
            "an enum cannot be a row: a table has one list of columns",
            "derive on a struct; a column can hold an enum with `#[derive(KalamValue)]`"
                .to_string(),
        ),
        Data::Union(_) => (
            "a union cannot be a row: every column has a value",
            "derive on a struct".to_string(),
        ),
    };
    problems.push(name, message, &help);
    None
}
