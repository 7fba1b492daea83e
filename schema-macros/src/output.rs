// SPDX-License-Identifier: Apache-2.0

//! The output of a derive: items in a block where they cannot clash with names of the user.

use kalamtable_codegen::DerivedTokens;
use proc_macro2::TokenStream;
use quote::quote;

/// Puts items into a block in which `__kalam` is the runtime's `__private`.
pub(crate) fn in_scope(items: &TokenStream, runtime: &TokenStream) -> TokenStream {
    quote! {
        const _: () = {
            use #runtime::__private as __kalam;
            #items
        };
    }
}

/// Puts the view beside the struct, and the other items and the checks into a block.
pub(crate) fn beside_struct(
    derived: DerivedTokens,
    checks: &TokenStream,
    runtime: &TokenStream,
) -> TokenStream {
    let DerivedTokens { view, items } = derived;
    // A program may not use all fields of the view, since the derive always generates it.
    let allow = (!view.is_empty()).then(|| quote!(#[allow(dead_code)]));
    let block = in_scope(&quote!(#items #checks), runtime);
    quote! {
        #allow
        #view
        #block
    }
}
