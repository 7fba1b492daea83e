// SPDX-License-Identifier: Apache-2.0

//! Modules: one a namespace, in it one a table, and the list of all tables.

use std::collections::BTreeMap;

use kalamtable_model::TableDefinition;
use kalamtable_model::rust_names::snake_case;
use proc_macro2::{Ident, TokenStream};
use quote::quote;

use crate::definition::ColumnTokens;
use crate::fields::RowFields;
use crate::names::{constant, ident};
use crate::{Options, conversions, definition, types};

/// All tables: a module a namespace and in it one a table, sorted by name, and `TABLES`.
///
/// The order of `definitions` does not matter. A crate may use some of what is generated and hide
/// the rest: that is not for the compiler to warn of.
pub fn tables<'a>(
    definitions: impl IntoIterator<Item = &'a TableDefinition>,
    options: &Options,
) -> TokenStream {
    let mut namespaces: BTreeMap<String, Vec<&TableDefinition>> = BTreeMap::new();
    for definition in definitions {
        let module = snake_case(&definition.name().namespace);
        namespaces.entry(module).or_default().push(definition);
    }
    for definitions in namespaces.values_mut() {
        definitions.sort_by(|a, b| a.name().cmp(b.name()));
    }
    let runtime = &options.runtime;
    let mut paths = Vec::new();
    let mut modules = Vec::new();
    for (namespace, definitions) in &namespaces {
        let module = ident(namespace);
        let doc = format!(
            " The tables of namespace `{}`.",
            definitions[0].name().namespace
        );
        for definition in definitions {
            let table = table_module(definition);
            paths.push(quote!(&#module::#table::TABLE));
        }
        let tables = definitions
            .iter()
            .map(|definition| table(definition, options));
        modules.push(quote! {
            #[doc = #doc]
            #[allow(dead_code, unreachable_pub)]
            pub mod #module {
                #(#tables)*
            }
        });
    }
    let count = paths.len();
    quote! {
        /// Every table in here, sorted by name.
        #[allow(dead_code, unreachable_pub)]
        pub static TABLES: [&#runtime::__private::Table; #count] = [#(#paths),*];
        #(#modules)*
    }
}

/// The module of one table.
pub fn table(definition: &TableDefinition, options: &Options) -> TokenStream {
    let runtime = &options.runtime;
    let module = table_module(definition);
    let doc = module_doc(definition);
    let positions = definition
        .columns()
        .iter()
        .enumerate()
        .map(|(position, column)| {
            let constant = constant(&column.name);
            let doc = format!(" `{}`", column.name);
            quote! {
                #[doc = #doc]
                pub const #constant: usize = #position;
            }
        });
    let fields = RowFields::of_definition(definition, options);
    let types = types::tokens(definition, &fields, options);
    let view = conversions::view(definition, &fields, &view_doc(definition), &quote!(__kalam));
    let items = items(definition, &fields, &[]);
    quote! {
        #(#[doc = #doc])*
        pub mod #module {
            use #runtime::__private as __kalam;

            /// Positions of the columns, in the order of `SELECT *`.
            pub mod column {
                #(#positions)*
            }

            #types
            #view
            #items
        }
    }
}

/// What a struct that exists gets.
#[derive(Clone, Debug)]
pub struct Derived {
    /// Its view, which stands beside it.
    pub view: TokenStream,
    /// The static definition and the impls, for a scope in which `__kalam` is the runtime's `__private`.
    pub items: TokenStream,
}

/// The tokens for a struct that exists: those that its table has in [`table`].
///
/// `overrides` has one for each column, or is empty.
pub fn derived(
    definition: &TableDefinition,
    fields: &RowFields,
    overrides: &[ColumnTokens],
    runtime: &TokenStream,
) -> Derived {
    Derived {
        view: conversions::view(
            definition,
            fields,
            &view_doc(definition),
            &quote!(#runtime::__private),
        ),
        items: items(definition, fields, overrides),
    }
}

/// The static definition and the impls.
fn items(
    definition: &TableDefinition,
    fields: &RowFields,
    overrides: &[ColumnTokens],
) -> TokenStream {
    let static_definition = definition::tokens(definition, fields, overrides);
    let conversions = conversions::tokens(definition, fields);
    quote! {
        /// What the table is.
        pub static DEFINITION: __kalam::model::TableDefinition = #static_definition;

        /// The Arrow schema, made on first use.
        pub static SCHEMA: __kalam::LazyLock<__kalam::SchemaRef> =
            __kalam::LazyLock::new(|| __kalam::Table::new_schema(&DEFINITION));

        /// The definition and its schema.
        pub static TABLE: __kalam::Table = __kalam::Table {
            definition: &DEFINITION,
            schema: &SCHEMA,
        };

        #conversions
    }
}

fn view_doc(definition: &TableDefinition) -> String {
    format!(" A row of `{}`, borrowed from a batch.", definition.name())
}

fn table_module(definition: &TableDefinition) -> Ident {
    ident(&snake_case(&definition.name().table))
}

/// One line each: rustdoc joins them, and a comment may have several.
fn module_doc(definition: &TableDefinition) -> Vec<String> {
    let mut lines = vec![format!(" Table `{}`.", definition.name())];
    if let Some(comment) = definition.comment() {
        lines.push(String::new());
        lines.extend(comment.lines().map(|line| format!(" {line}")));
    }
    lines
}
