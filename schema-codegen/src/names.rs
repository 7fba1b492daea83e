// SPDX-License-Identifier: Apache-2.0

//! Names of the model as identifiers.

use proc_macro2::{Ident, Span};

/// An identifier; `name` comes from the model's `rust_names`, or was checked there.
pub(crate) fn ident(name: &str) -> Ident {
    match name.strip_prefix("r#") {
        Some(raw) => Ident::new_raw(raw, Span::call_site()),
        None => Ident::new(name, Span::call_site()),
    }
}

/// The constant of a column's position.
pub(crate) fn constant(name: &str) -> Ident {
    ident(
        &kalamtable_model::rust_names::snake_case(name)
            .trim_start_matches("r#")
            .to_uppercase(),
    )
}
