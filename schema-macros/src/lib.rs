//! The struct front end of KalamTable.
#![allow(dead_code)]
mod attributes;
mod expand;
mod problems;
mod row;
mod rust_type;
mod schema;
mod source;
#[cfg(test)]
mod tests;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Makes a struct the row of a table.
#[proc_macro_derive(KalamTable, attributes(kalam))]
pub fn kalam_table(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    let folder = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default();
    expand::kalam_table(&input, folder.as_ref())
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}
