// SPDX-License-Identifier: Apache-2.0

//! `#[derive(KalamTable)]`: from the struct to tokens, or to the problems of the first stage that
//! has some.

use std::path::Path;

use kalamtable_model::rust_names::snake_case;
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::ext::IdentExt;
use syn::punctuated::Punctuated;
use syn::{Attribute, DeriveInput, Token};

use crate::attributes::{DefinitionSource, StructAttributes};
use crate::mapping::MappedTable;
use crate::output::beside_struct;
use crate::problems::Problems;
use crate::row::RowStruct;
use crate::{schema, source};

/// Expands `#[derive(KalamTable)]` in a package whose folder is `folder`.
///
/// # Errors
/// All problems of the struct and its attributes. If they have none, all problems of the table.
pub(crate) fn kalam_table(input: &DeriveInput, folder: &Path) -> syn::Result<TokenStream> {
    let mut problems = Problems::default();
    let attributes = StructAttributes::read(&input.attrs, &input.ident, &mut problems);
    let row = RowStruct::read(input, &mut problems);
    let (Some(attributes), Some(row)) = (attributes, row) else {
        return Err(problems.into_error());
    };
    row.check_parameters(&mut problems);
    row.check_view(attributes.view.as_ref(), &mut problems);
    // The next stage would report a misspelled key again, as a missing one.
    if !problems.is_empty() {
        return Err(problems.into_error());
    }
    let table = match &attributes.source {
        DefinitionSource::Struct(table) => source::table(&row, table, &mut problems),
        DefinitionSource::Schema(path) => schema::table(&row, path, folder, &mut problems),
    };
    if let Some(table) = &table {
        check_not_provided(table, &attributes, &mut problems);
    }
    match table {
        Some(table) if problems.is_empty() => {
            let expansion = expansion(row, table, &attributes);
            let warnings = match allows_warnings(&input.attrs) {
                true => TokenStream::new(),
                false => problems.into_warnings(),
            };
            Ok(quote!(#expansion #warnings))
        }
        _ => Err(problems.into_error()),
    }
}

/// Reports a table with the name of a system table or a metadata table, except in the crates of
/// this library, which are their own runtime.
fn check_not_provided(table: &MappedTable, attributes: &StructAttributes, problems: &mut Problems) {
    if attributes.runtime.to_string() == "crate" {
        return;
    }
    let Err(error) = table.definition.name().check_not_provided() else {
        return;
    };
    let message = format!("{} [{}]", error.message, error.rule.id());
    let help = error.help.join("\nhelp: ");
    match &attributes.source {
        DefinitionSource::Struct(table) => problems.push(&table.table.tokens, &message, &help),
        DefinitionSource::Schema(path) => problems.push(path, &message, &help),
    }
}

/// Returns whether the struct has `#[allow(deprecated)]`: warnings are uses of deprecated items.
fn allows_warnings(attributes: &[Attribute]) -> bool {
    let mut allowed = attributes.iter().filter(|it| it.path().is_ident("allow"));
    allowed.any(|it| {
        it.parse_args_with(Punctuated::<syn::Path, Token![,]>::parse_terminated)
            .is_ok_and(|lints| lints.iter().any(|lint| lint.is_ident("deprecated")))
    })
}

fn expansion(row: RowStruct, table: MappedTable, attributes: &StructAttributes) -> TokenStream {
    let runtime = &attributes.runtime;
    let test = table
        .freeze
        .as_ref()
        .map(|path| frozen_test(&row, path, runtime));
    let fields = row.into_fields(attributes.view.clone(), table.columns, table.flattened);
    let derived =
        kalamtable_codegen::derive_row(&table.definition, &fields, &table.overrides, runtime);
    let tokens = beside_struct(derived, &table.checks, runtime);
    quote!(#tokens #test)
}

/// Generates the test that the definition is frozen. It is beside the struct, because the test
/// harness does not find tests in a block.
fn frozen_test(row: &RowStruct, path: &str, runtime: &TokenStream) -> TokenStream {
    let strukt = &row.name;
    let row_name = snake_case(&strukt.unraw().to_string());
    let test_name = format!("{}_is_frozen", row_name.trim_start_matches("r#"));
    let test = Ident::new(&test_name, strukt.span());
    let lifetimes = row.parameters.used.iter().map(|_| quote!('static));
    quote! {
        #[cfg(test)]
        #[test]
        fn #test() {
            #runtime::__private::assert_frozen(
                <#strukt<#(#lifetimes),*> as #runtime::__private::ToArrow>::TABLE,
                env!("CARGO_MANIFEST_DIR"),
                #path,
            );
        }
    }
}
