// SPDX-License-Identifier: Apache-2.0

//! Derive macros of KalamTable: [`KalamTable`] turns a struct into the row type of a table, and
//! [`KalamValue`] lets columns hold an enum or a struct.
//!
//! The derives are re-exported by `kalamtable` and `kalamtable_rows`, whose items the generated
//! code uses. A crate with definitions in TOML only needs `kalamtable-build` instead.
//!
//! | part | file |
//! |---|---|
//! | `#[kalam(..)]`: its syntax, its keys on structs and fields | `entries`, `attributes` |
//! | the struct and its fields | `row` |
//! | column types of Rust types and back | `rust_type` |
//! | the struct as the source of its table | `source`, `raw_table`, `field_checks` |
//! | types that only the compiler knows | `inferred`, `nested_ids`, `compiler_checks` |
//! | the struct with a TOML file as the source | `schema` |
//! | the table as the generator takes it | `mapping` |
//! | enums and newtypes; structs inside columns | `value`; `strukt` |
//! | problems at tokens | `problems` |
//! | tokens | `expand`, `output` |

mod attributes;
mod compiler_checks;
mod entries;
mod expand;
mod field_checks;
mod inferred;
mod mapping;
mod nested_ids;
mod output;
mod problems;
mod raw_table;
mod row;
mod rust_type;
mod schema;
mod source;
mod strukt;
#[cfg(test)]
mod tests;
mod value;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

#[doc = include_str!("kalam_table.md")]
#[proc_macro_derive(KalamTable, attributes(kalam))]
pub fn kalam_table(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    let folder = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default();
    expand::kalam_table(&input, folder.as_ref())
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

#[doc = include_str!("kalam_value.md")]
#[proc_macro_derive(KalamValue, attributes(kalam))]
pub fn kalam_value(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    value::kalam_value(&input)
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}
