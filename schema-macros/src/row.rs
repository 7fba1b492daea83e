// SPDX-License-Identifier: Apache-2.0

//! [`RowStruct`]: a struct that can be a table's row, before its fields are matched with columns.

use kalamtable_codegen::Parameters;
use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::{Data, DeriveInput, Fields, GenericParam, Generics, Visibility};

use crate::attributes::{FieldAttributes, doc_lines};
use crate::problems::{Problems, Written};
use crate::rust_type::FieldType;

/// A struct with named fields.
pub(crate) struct RowStruct {
    pub(crate) name: Ident,
    pub(crate) parameters: Parameters,
    /// The names of the parameters that are no lifetimes: no column depends on them.
    pub(crate) types: Vec<Ident>,
    pub(crate) visibility: Visibility,
    /// The fields that are columns.
    pub(crate) fields: Vec<RowField>,
    /// The fields that are several columns each.
    pub(crate) flattened: Vec<FlatField>,
    /// The fields that are not.
    pub(crate) skipped: Vec<Ident>,
}

/// A field that is a column.
pub(crate) struct RowField {
    pub(crate) name: Ident,
    pub(crate) visibility: Visibility,
    /// The type as written.
    pub(crate) tokens: TokenStream,
    pub(crate) ty: FieldType,
    pub(crate) attributes: FieldAttributes,
    /// The doc comment, line by line.
    pub(crate) docs: Vec<String>,
}

/// A field whose own fields are columns.
pub(crate) struct FlatField {
    /// How many fields that are one column stand before it.
    pub(crate) before: usize,
    pub(crate) name: Ident,
    pub(crate) visibility: Visibility,
    pub(crate) ty: FieldType,
    /// Where it is said that it is flattened.
    pub(crate) key: Ident,
    pub(crate) nested_ids: Option<Written<i128>>,
    /// The doc comment, line by line.
    pub(crate) docs: Vec<String>,
}

impl RowStruct {
    /// Reads the struct and the attributes of its fields; none if it can be no row.
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
                    let help = "let each of its fields be an `Option`; or delete `flatten`, and it \
                                is one column";
                    problems.push(&field.ty, "an `Option` cannot be flattened", help);
                }
                if let (false, Some(_)) = (ty.nullable, &ty.known) {
                    let message = format!("`{}` is no struct that could be flattened", ty.name());
                    let help = "delete `flatten`: it is one column";
                    problems.push(&field.ty, &message, help);
                }
                flattened.push(FlatField {
                    before: columns.len(),
                    name,
                    visibility: field.vis.clone(),
                    ty,
                    key,
                    nested_ids: attributes.nested_ids,
                    docs: doc_lines(&field.attrs),
                });
                continue;
            }
            if ty.nullable && FieldType::of(&ty.value).nullable {
                let help = format!("write `Option<{}>`", FieldType::of(&ty.value).name());
                problems.push(&field.ty, "an `Option` in an `Option` is no column", &help);
            }
            columns.push(RowField {
                name,
                visibility: field.vis.clone(),
                tokens: field.ty.to_token_stream(),
                ty,
                attributes,
                docs: doc_lines(&field.attrs),
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

    /// Reports columns that depend on a parameter.
    pub(crate) fn check_parameters(&self, problems: &mut Problems) {
        let columns = self.fields.iter().map(|field| (&field.name, &field.ty));
        let flattened = self.flattened.iter().map(|field| (&field.name, &field.ty));
        for (name, ty) in columns.chain(flattened) {
            if let Some(parameter) = mentioned(&self.types, ty.value.to_token_stream()) {
                let message = format!(
                    "column `{}` depends on `{parameter}`, and a table has one schema",
                    name.unraw()
                );
                let help = "write its type out; a field that is no column may depend on it: \
                            `#[kalam(skip)]`";
                problems.push(&ty.value, &message, help);
            }
        }
    }

    /// Whether its rows borrow, so that none can be made from Arrow.
    pub(crate) fn is_borrowed(&self) -> bool {
        self.parameters.used.len() > self.types.len()
            || self.fields.iter().any(|field| field.ty.is_borrowed())
    }
}

impl RowField {
    /// The name of its column.
    pub(crate) fn column(&self) -> String {
        match &self.attributes.rename {
            Some(name) => name.value.clone(),
            None => self.name.unraw().to_string(),
        }
    }

    /// The tokens that say the name of its column.
    pub(crate) fn column_tokens(&self) -> TokenStream {
        match &self.attributes.rename {
            Some(name) => name.tokens.clone(),
            None => self.name.to_token_stream(),
        }
    }
}

/// The parameters, without their defaults; and the names of those that are no lifetimes.
fn parameters(generics: &Generics) -> (Parameters, Vec<Ident>) {
    let mut parameters = Parameters::default();
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
    if let Some(bounds) = &generics.where_clause {
        let bounds = bounds.predicates.iter();
        parameters.bounds = bounds.map(ToTokens::to_token_stream).collect();
    }
    (parameters, types)
}

/// The first of `names` in `tokens`.
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
                "a tuple struct is no row: columns have names",
                format!("name the fields: `struct {name} {{ id: i64 }}`"),
            ),
            Fields::Unit => (
                "a struct without fields is no row",
                format!("add a field for each column: `struct {name} {{ id: i64 }}`"),
            ),
        },
        Data::Enum(_) => (
            "an enum is no row: a table has one list of columns",
            "derive on a struct; an enum can be a column of it, with `#[derive(KalamValue)]`"
                .to_string(),
        ),
        Data::Union(_) => (
            "a union is no row: all columns hold a value",
            "derive on a struct".to_string(),
        ),
    };
    problems.push(name, message, &help);
    None
}
