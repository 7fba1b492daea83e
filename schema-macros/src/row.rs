//! [`RowStruct`]: a struct that can be a table's row, before its fields are matched with columns.

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{Data, DeriveInput, Fields, GenericParam, Visibility};

use crate::attributes::{FieldAttributes, doc_lines};
use crate::problems::Problems;
use crate::rust_type::FieldType;

/// A struct with named fields, and no parameters but lifetimes.
pub(crate) struct RowStruct {
    pub(crate) name: Ident,
    /// Each as `'a`.
    pub(crate) lifetimes: Vec<TokenStream>,
    pub(crate) visibility: Visibility,
    /// The fields that are columns.
    pub(crate) fields: Vec<RowField>,
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

impl RowStruct {
    /// Reads the struct and the attributes of its fields; none if it can be no row.
    pub(crate) fn read(input: &DeriveInput, problems: &mut Problems) -> Option<Self> {
        let lifetimes = lifetimes(input, problems);
        let fields = named_fields(input, problems)?;
        let (mut columns, mut skipped) = (Vec::new(), Vec::new());
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
            lifetimes: lifetimes?,
            visibility: input.vis.clone(),
            fields: columns,
            skipped,
        })
    }

    /// Whether its rows borrow, so that none can be made from Arrow.
    pub(crate) fn is_borrowed(&self) -> bool {
        !self.lifetimes.is_empty() || self.fields.iter().any(|field| field.ty.is_borrowed())
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

fn lifetimes(input: &DeriveInput, problems: &mut Problems) -> Option<Vec<TokenStream>> {
    let mut lifetimes = Some(Vec::new());
    for parameter in &input.generics.params {
        match parameter {
            GenericParam::Lifetime(parameter) => {
                if parameter.colon_token.is_some() {
                    let help = "give the struct one lifetime, for everything that it borrows";
                    problems.push(parameter, "the lifetimes of a row have no bounds", help);
                }
                if let Some(lifetimes) = &mut lifetimes {
                    lifetimes.push(parameter.lifetime.to_token_stream());
                }
            }
            parameter => {
                let help = "write the type or the number out; a table has one schema";
                problems.push(parameter, "a row has no parameters but lifetimes", help);
                lifetimes = None;
            }
        }
    }
    if let Some(bounds) = &input.generics.where_clause {
        let help = "delete it; a row is a plain struct";
        problems.push(bounds, "a row has no `where`", help);
    }
    lifetimes
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
