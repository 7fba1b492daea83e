// SPDX-License-Identifier: Apache-2.0

//! A checked definition to Rust tokens: pure and total, no I/O.
//!
//! Both front ends end here, so a table written as TOML and as a struct yields the same tokens.
//! The output is data and one-line calls into the runtime's `__private`, by absolute path.
//!
//! | part | file |
//! |---|---|
//! | modules of namespaces and tables | `modules` |
//! | the static definition | `definition` |
//! | row struct, closed sets, nested structs | `types` |
//! | the fields of a row struct, generated or not | `fields` |
//! | conversions, views and keys | `conversions` |
//! | structs inside columns that exist | `nested` |

mod conversions;
mod definition;
mod fields;
mod modules;
mod names;
mod nested;
mod types;

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::quote;

pub use definition::{ColumnTokens, default_tokens, type_tokens};
pub use fields::{Access, ColumnField, FlattenedField, Held, Parameters, RowFields, Time};
pub use modules::{Derived, derived, table, tables};
pub use nested::derived_value;
pub use types::value_type;

/// What a caller may choose about the output.
#[derive(Clone, Debug)]
pub struct Options {
    /// The path of a crate that has `__private`: `::kalamtable` or `::kalamtable_runtime`.
    pub runtime: TokenStream,
    /// Attributes for the row type of a table, by `namespace.table`.
    pub row_attributes: BTreeMap<String, Vec<TokenStream>>,
    /// Rust types of columns, by `namespace.table.column`; they go before the definition's own.
    pub column_types: BTreeMap<String, TokenStream>,
}

impl Default for Options {
    /// No attributes, no types, and the facade `::kalamtable`.
    fn default() -> Self {
        Options {
            runtime: quote!(::kalamtable),
            row_attributes: BTreeMap::new(),
            column_types: BTreeMap::new(),
        }
    }
}
