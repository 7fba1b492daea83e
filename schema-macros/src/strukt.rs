// SPDX-License-Identifier: Apache-2.0

//! `#[derive(KalamValue)]` on a struct with named fields, which a column holds or a row flattens.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::DeriveInput;
use syn::ext::IdentExt;

use crate::attributes::TableAttributes;
use crate::inferred::infer_columns;
use crate::nested_ids::StructRole;
use crate::output::beside_struct;
use crate::problems::{Problems, Written};
use crate::row::{RowStruct, mentioned};
use crate::source;

/// Generates the items for `input`, a struct with named fields. Returns `None` after reporting
/// problems.
pub(crate) fn value(
    input: &DeriveInput,
    view: Option<Ident>,
    runtime: &TokenStream,
    problems: &mut Problems,
) -> Option<TokenStream> {
    let row = RowStruct::read(input, problems)?;
    check_value_struct(input, &row, problems);
    row.check_view(view.as_ref(), problems);
    if !problems.is_empty() {
        return None;
    }
    let name = row.name.unraw().to_string();
    let attributes = TableAttributes::of_value(&row.name);
    let definition = source::definition(&row, &attributes, StructRole::Value, problems)?;
    let inferred = infer_columns(&row, &definition, &name, StructRole::Value);
    let columns = source::columns(&row, &definition);
    let fields = row.into_fields(view, columns, Vec::new());
    let derived = kalamtable_codegen::derive_value(
        &definition,
        &fields,
        &inferred.overrides,
        &inferred.ids,
        runtime,
    );
    Some(beside_struct(derived, &inferred.checks, runtime))
}

/// Reports the features of a row struct that a value does not support.
fn check_value_struct(input: &DeriveInput, row: &RowStruct, problems: &mut Problems) {
    let name = &row.name;
    if !row.types.is_empty() {
        let message = format!("`{name}` has type or const parameters");
        let help = "a value has one column type: write one struct per type";
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
        let message = "only a row can flatten a field";
        let help = "write the fields out, or flatten both structs in the row";
        problems.push(&field.key, message, help);
    }
    for field in &row.fields {
        if mentioned(std::slice::from_ref(name), field.ty.value.to_token_stream()).is_some() {
            let message = format!("`{name}` contains itself, but a column type is finite");
            let help = "store the nested values in a separate table with a key";
            problems.push(&field.ty.value, &message, help);
        }
    }
}

impl TableAttributes {
    /// Returns the attributes of a table whose columns are the fields of a value, so that they pass
    /// the same checks.
    fn of_value(name: &Ident) -> Self {
        TableAttributes {
            table: Written::new("app.value".to_string(), name),
            renamed_from: None,
            primary_key: None,
            no_primary_key: Some(Written::new("a struct in a column".to_string(), quote!())),
            unique: Vec::new(),
            // A view has no system columns, so fields may have their names.
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
