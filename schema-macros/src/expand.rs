// SPDX-License-Identifier: Apache-2.0

//! `#[derive(KalamTable)]`: from the struct to tokens, or to the problems of the first stage that
//! has some.

use std::path::Path;

use kalamtable_model::rust_names::snake_case;
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::DeriveInput;
use syn::ext::IdentExt;

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
    match table {
        Some(table) if problems.is_empty() => Ok(expansion(row, table, &attributes)),
        _ => Err(problems.into_error()),
    }
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
