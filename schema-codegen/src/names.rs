// SPDX-License-Identifier: Apache-2.0

//! Identifiers for names of the model.

use proc_macro2::{Ident, Span};

/// Returns `name` as an identifier, raw if it begins with `r#`.
///
/// `name` comes from the model's `rust_names`, or the checks have verified that it is an
/// identifier. A name that is empty, because the definition was not checked for Rust, becomes `_`,
/// which the compiler reports.
pub(crate) fn ident(name: &str) -> Ident {
    match name.strip_prefix("r#") {
        Some(raw) => Ident::new_raw(raw, Span::call_site()),
        None if name.is_empty() => Ident::new("_", Span::call_site()),
        None => Ident::new(name, Span::call_site()),
    }
}

/// Returns the names `c0`, `c1`, .. of `count` local variables.
///
/// Locals are not named after their columns, because a column may be called `row` or `readers`.
pub(crate) fn locals(count: usize) -> Vec<Ident> {
    (0..count)
        .map(|number| ident(&format!("c{number}")))
        .collect()
}
