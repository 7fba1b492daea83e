// SPDX-License-Identifier: Apache-2.0

//! `#[derive(KalamValue)]` on a struct with named fields: it stands inside a column, or its fields are
//! columns where it is flattened.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::DeriveInput;
use syn::ext::IdentExt;

use crate::attributes::TableAttributes;
use crate::expand;
use crate::problems::{Problems, Written};
use crate::row::{RowStruct, mentioned};
use crate::source::{self, Describes};

/// The tokens for `input`, a struct with named fields; none if there are problems.
pub(crate) fn value(
    input: &DeriveInput,
    view: Option<Ident>,
    runtime: &TokenStream,
    problems: &mut Problems,
) -> Option<TokenStream> {
    let row = RowStruct::read(input, problems)?;
    refused(input, &row, problems);
    row.check_view(view.as_ref(), problems);
    if !problems.is_empty() {
        return None;
    }
    let name = row.name.unraw().to_string();
    let definition = source::definition(
        &row,
        &TableAttributes::of_struct(&row.name),
        Describes::Struct,
        problems,
    )?;
    let natural = source::natural(&row, &definition, &name, Describes::Struct);
    let columns = source::columns(&row, &definition);
    let fields = row.into_fields(view, columns, Vec::new());
    let derived = kalamtable_codegen::derived_value(
        &definition,
        &fields,
        &natural.overrides,
        &natural.ids,
        runtime,
    );
    Some(expand::beside(derived, &natural.checks, runtime))
}

/// Reports what a row may be and a value may not.
fn refused(input: &DeriveInput, row: &RowStruct, problems: &mut Problems) {
    let name = &row.name;
    if !row.types.is_empty() {
        let message = format!("`{name}` has parameters that are types or numbers");
        let help = "a value has one column type: write a struct for each";
        problems.push(&input.generics, &message, help);
    }
    let generics = &input.generics;
    let has_bounds = generics
        .lifetimes()
        .any(|lifetime| lifetime.colon_token.is_some());
    if has_bounds || (row.types.is_empty() && generics.where_clause.is_some()) {
        let message = format!("the lifetimes of `{name}` have bounds");
        let help = "give the struct one lifetime, for everything that it borrows";
        problems.push(name, &message, help);
    }
    if row.fields.is_empty() && row.flattened.is_empty() {
        let message = format!("`{name}` has no fields that a column could hold");
        problems.push(name, &message, "add a field");
    }
    for field in &row.flattened {
        let message = "a struct that is no row has no flattened fields";
        let help = "write the fields out, or flatten both structs in the row";
        problems.push(&field.key, message, help);
    }
    for field in &row.fields {
        if mentioned(std::slice::from_ref(name), field.ty.value.to_token_stream()).is_some() {
            let message = format!("`{name}` is inside itself, and no column type is");
            let help = "keep what is inside in a table of its own, with a key";
            problems.push(&field.ty.value, &message, help);
        }
    }
}

impl TableAttributes {
    /// What a struct that is no row would say of a table, for its fields to be checked as columns.
    fn of_struct(name: &Ident) -> Self {
        TableAttributes {
            table: Written::new("app.value".to_string(), name),
            primary_key: None,
            no_primary_key: Some(Written::new("a struct in a column".to_string(), quote!())),
            unique: Vec::new(),
            // Its fields are no columns: names that the system adds to a table are free.
            kind: Some(Written::new(
                kalamtable_model::TableKind::View.as_str().to_string(),
                quote!(),
            )),
            ttl_seconds: None,
            access_level: None,
            version: None,
            reserved_ids: Vec::new(),
            reserved_names: Vec::new(),
            comment: None,
            freeze: None,
        }
    }
}
