// SPDX-License-Identifier: Apache-2.0

//! [`CodegenOptions`]: the caller's choices about the generated code.

use std::collections::BTreeMap;

use kalamtable_model::{TableName, VariantNames};
use proc_macro2::TokenStream;
use quote::quote;

/// The caller's choices about the generated code.
#[derive(Clone, Debug)]
pub struct CodegenOptions {
    /// The path of a crate that has the module `__private`, for example `::kalamtable` or
    /// `::kalamtable_rows`.
    pub runtime: TokenStream,
    /// Attributes for the row type of a table, by `namespace.table`.
    pub row_attributes: BTreeMap<String, Vec<TokenStream>>,
    /// Rust types of columns, by `namespace.table.column`. They take precedence over the `rust` key
    /// of the definition.
    pub column_types: BTreeMap<String, TokenStream>,
    /// Names of variants by label, by `namespace.table.column`. They are the
    /// [`variants`](kalamtable_model::CheckedTable::variants) of checked tables.
    pub variants: BTreeMap<String, VariantNames>,
    /// The earlier names of a table that was renamed, latest first, by `namespace.table`.
    pub earlier_names: BTreeMap<String, Vec<TableName>>,
}

impl Default for CodegenOptions {
    /// Returns options with the facade `::kalamtable` as runtime, and without attributes, column
    /// types, names of variants and earlier names.
    fn default() -> Self {
        CodegenOptions {
            runtime: quote!(::kalamtable),
            row_attributes: BTreeMap::new(),
            column_types: BTreeMap::new(),
            variants: BTreeMap::new(),
            earlier_names: BTreeMap::new(),
        }
    }
}
