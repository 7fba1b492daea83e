// SPDX-License-Identifier: Apache-2.0

//! The modules of namespaces and tables, and the items of a table.

use kalamtable_model::TableDefinition;
use proc_macro2::TokenStream;
use quote::quote;

use crate::definition::ColumnTokens;
use crate::docs::comment_docs;
use crate::fields::{RowAccess, RowFields};
use crate::options::CodegenOptions;
use crate::table_names::TableNames;
use crate::{definition, from_arrow, row_key, to_arrow, types, view};

/// Generates one module per namespace, in it one module per table, and the statics `TABLES` and
/// `COMPILED_TABLES`.
///
/// The output is sorted by name, so the order of `definitions` does not matter. The names and the
/// modules of the definitions must be unique; see `kalamtable_model::check_tables`.
pub fn tables<'a>(
    definitions: impl IntoIterator<Item = &'a TableDefinition>,
    options: &CodegenOptions,
) -> TokenStream {
    let mut tables: Vec<(TableNames, &TableDefinition)> = definitions
        .into_iter()
        .map(|definition| (TableNames::new(definition, options), definition))
        .collect();
    tables.sort_by(|(a_names, a), (b_names, b)| {
        let key = (&a_names.namespace, a.name());
        key.cmp(&(&b_names.namespace, b.name()))
    });
    let runtime = &options.runtime;
    let paths = tables.iter().map(|(names, _)| {
        let TableNames {
            namespace, table, ..
        } = names;
        quote!(&#namespace::#table::TABLE)
    });
    let count = tables.len();
    let compiled = tables.iter().map(|(names, definition)| {
        let TableNames {
            namespace, table, ..
        } = names;
        let earlier = options.earlier_names.get(&definition.name().to_string());
        let earlier = earlier.into_iter().flatten().map(|name| {
            let (namespace, table) = (&*name.namespace, &*name.table);
            quote! {
                #runtime::__private::model::TableName {
                    namespace: #runtime::__private::model::Shared::Static(#namespace),
                    table: #runtime::__private::model::Shared::Static(#table),
                }
            }
        });
        quote! {
            #runtime::__private::model::CompiledTable {
                definition: &#namespace::#table::DEFINITION,
                earlier_names: &[#(#earlier),*],
            }
        }
    });
    let allow = allow();
    let namespaces = tables
        .chunk_by(|(a, _), (b, _)| a.namespace == b.namespace)
        .map(|tables| namespace_module(tables, options));
    quote! {
        /// All tables, sorted by name.
        #allow
        pub static TABLES: [&#runtime::__private::Table; #count] = [#(#paths),*];

        /// All tables with their earlier names, sorted by name, for `reconcile`.
        #allow
        pub static COMPILED_TABLES: [#runtime::__private::model::CompiledTable<'static>; #count] =
            [#(#compiled),*];
        #(#namespaces)*
    }
}

/// Generates the module of a namespace for its tables, of which there is at least one.
fn namespace_module(
    tables: &[(TableNames, &TableDefinition)],
    options: &CodegenOptions,
) -> TokenStream {
    let (names, first) = &tables[0];
    let module = &names.namespace;
    let doc = format!(" The tables of namespace `{}`.", first.name().namespace);
    let tables = tables
        .iter()
        .map(|(names, definition)| table_module(names, definition, options));
    let allow = allow();
    quote! {
        #[doc = #doc]
        #allow
        pub mod #module {
            #(#tables)*
        }
    }
}

/// Generates the attribute for lints that a definition can provoke and its author cannot fix.
fn allow() -> TokenStream {
    // A crate may keep the modules private and use only some of their items. All paths are
    // absolute, so that no name of a definition changes their meaning. The lints of clippy concern
    // names and the length of code, which follow from the definition; each release adds some.
    quote! {
        #[allow(dead_code, unreachable_pub, unused_qualifications, clippy::all, clippy::pedantic)]
    }
}

/// Generates the module of one table.
pub fn table(definition: &TableDefinition, options: &CodegenOptions) -> TokenStream {
    table_module(&TableNames::new(definition, options), definition, options)
}

fn table_module(
    names: &TableNames,
    definition: &TableDefinition,
    options: &CodegenOptions,
) -> TokenStream {
    let runtime = &options.runtime;
    let module = &names.table;
    let doc = module_doc(definition);
    let indices_doc = format!(
        " Column indices of `{}`, in the order of `SELECT *`.",
        definition.name()
    );
    let columns = definition
        .columns()
        .iter()
        .zip(&names.constants)
        .enumerate();
    let indices = columns.map(|(index, (column, constant))| {
        let doc = format!(" The index of column `{}`.", column.name);
        quote! {
            #[doc = #doc]
            pub const #constant: usize = #index;
        }
    });
    let types = types::tokens(definition, names, options);
    let fields = &names.fields;
    let view = view::tokens(definition, fields, &view_doc(definition), &quote!(__kalam));
    let items = items(definition, fields, &[]);
    quote! {
        #(#[doc = #doc])*
        pub mod #module {
            use #runtime::__private as __kalam;

            #[doc = #indices_doc]
            pub mod column {
                #(#indices)*
            }

            #types
            #view
            #items
        }
    }
}

/// The generated items for an existing struct.
#[derive(Clone, Debug)]
pub struct DerivedTokens {
    /// The view, for the module of the struct. Empty if the struct has none.
    pub view: TokenStream,
    /// All other items, for a scope in which `__kalam` is the runtime's `__private`.
    pub items: TokenStream,
}

/// Generates the items of a table for an existing row struct. They are the same tokens as in the
/// module that [`table`] generates.
///
/// `fields.columns` has one element per column of `definition`. `overrides` is empty, or it has one
/// element per column. `runtime` is the path of a crate that has the module `__private`.
pub fn derive_row(
    definition: &TableDefinition,
    fields: &RowFields,
    overrides: &[ColumnTokens],
    runtime: &TokenStream,
) -> DerivedTokens {
    let kalam = quote!(#runtime::__private);
    DerivedTokens {
        view: view::tokens(definition, fields, &view_doc(definition), &kalam),
        items: items(definition, fields, overrides),
    }
}

/// Generates the static definition and the impls of a row.
fn items(
    definition: &TableDefinition,
    fields: &RowFields,
    overrides: &[ColumnTokens],
) -> TokenStream {
    let name = definition.name();
    let definition_doc = format!(" The definition of `{name}`.");
    let schema_doc = format!(" The Arrow schema of `{name}`, built on first use.");
    let query_schema_doc =
        format!(" The Arrow schema of `{name}` for DataFusion, built on first use.");
    let table_doc = format!(" Table `{name}`: its definition and its Arrow schemas.");
    let static_definition = definition::tokens(definition, fields, overrides);
    let to_arrow = to_arrow::tokens(definition, fields);
    let reads = (fields.access == RowAccess::ReadWrite).then(|| {
        let from_arrow = from_arrow::tokens(definition, fields);
        let keys = row_key::tokens(definition, fields);
        quote!(#from_arrow #keys)
    });
    quote! {
        #[doc = #definition_doc]
        pub static DEFINITION: __kalam::model::TableDefinition = #static_definition;

        #[doc = #schema_doc]
        pub static SCHEMA: __kalam::LazyLock<__kalam::SchemaRef> =
            __kalam::LazyLock::new(|| __kalam::Table::new_schema(&DEFINITION));

        #[doc = #query_schema_doc]
        pub static QUERY_SCHEMA: __kalam::LazyLock<__kalam::SchemaRef> =
            __kalam::LazyLock::new(|| __kalam::Table::new_query_schema(&DEFINITION));

        #[doc = #table_doc]
        pub static TABLE: __kalam::Table = __kalam::Table {
            definition: &DEFINITION,
            schema: &SCHEMA,
            query_schema: &QUERY_SCHEMA,
        };

        #to_arrow
        #reads
    }
}

fn view_doc(definition: &TableDefinition) -> String {
    format!(" A row of `{}`, borrowed from a batch.", definition.name())
}

/// Returns the documentation of a table's module, line by line.
fn module_doc(definition: &TableDefinition) -> Vec<String> {
    let mut lines = vec![format!(" Table `{}`.", definition.name())];
    let comment = definition.comment().map(comment_docs).unwrap_or_default();
    if !comment.is_empty() {
        lines.push(String::new());
        lines.extend(comment);
    }
    lines
}
