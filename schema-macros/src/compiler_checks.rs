// SPDX-License-Identifier: Apache-2.0

//! Checks that only the compiler can perform, because they depend on types whose names do not show
//! their column types. Each check is a constant that calls a function of the runtime.

use kalamtable_codegen::type_tokens;
use kalamtable_model::ColumnType;
use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;

use crate::row::RowField;
use crate::rust_type::FieldType;

/// Generates a call of the runtime's check `name` as a constant, which the compiler reports at
/// `span`.
///
/// `constants` are the arguments of the check: each has a name, a type of the model and a value.
/// `message` is the last argument.
pub(crate) fn const_check(
    span: Span,
    name: &str,
    constants: &[(&str, &str, &TokenStream)],
    message: &str,
) -> TokenStream {
    let span = span.resolved_at(Span::call_site());
    let name = Ident::new(name, span);
    let arguments: Vec<Ident> = constants
        .iter()
        .map(|(name, ..)| Ident::new(name, span))
        .collect();
    let types = constants.iter().map(|(_, ty, _)| Ident::new(ty, span));
    let values = constants.iter().map(|(.., value)| value);
    let call = quote_spanned!(span=> __kalam::#name(#(#arguments,)* #message));
    // The arguments are constants because a temporary with a destructor cannot end in a constant.
    quote! {
        const _: () = {
            #(const #arguments: &__kalam::model::#types = &#values;)*
            #call;
        };
    }
}

impl RowField {
    /// Generates a call of the runtime's check `name`, which the compiler reports at the field's
    /// type.
    pub(crate) fn const_check(
        &self,
        name: &str,
        constants: &[(&str, &str, &TokenStream)],
        message: &str,
    ) -> TokenStream {
        const_check(self.ty.value.span(), name, constants, message)
    }

    /// Generates the column type of the field's Rust type, with nested ids above the type `base`.
    pub(crate) fn inferred_type(&self, base: &TokenStream) -> TokenStream {
        let span = self.ty.span();
        let ty = self.ty.to_static();
        quote_spanned!(span=> <#ty as __kalam::TypeAt<#base>>::TYPE)
    }

    /// Generates the check that the field can hold a column of type `declared`.
    ///
    /// For a type that is known by its name, it checks only that the name is not another crate's
    /// type. Returns `None` if there is nothing to check.
    pub(crate) fn holds_check(&self, declared: &ColumnType, message: &str) -> Option<TokenStream> {
        let (expected, message) = match &self.ty.known {
            // The type that Arrow's notation denotes is only known at run time.
            None if matches!(declared, ColumnType::Arrow(_)) => return None,
            None => (declared, message.to_string()),
            Some(known) if known.is_common => {
                let message = format!(
                    "`{}` is assumed to be the type of that name that is `{}`, but it is another \
                     type\n\
                     help: import it under another name",
                    self.ty.name(),
                    known.column
                );
                (&known.column, message)
            }
            Some(_) => return None,
        };
        let inferred = self.inferred_type(&quote!(__kalam::FixedBase<{ 0 }>));
        let constants = [
            ("INFERRED", "ColumnType", &inferred),
            ("EXPECTED", "ColumnType", &type_tokens(expected)),
        ];
        Some(self.const_check("assert_holds", &constants, &message))
    }
}

impl FieldType {
    /// Returns the type of the values with `'static` lifetimes, for use outside of the struct.
    pub(crate) fn to_static(&self) -> TokenStream {
        with_static_lifetimes(self.value.to_token_stream())
    }

    /// Returns the span at which the compiler reports problems of the type.
    pub(crate) fn span(&self) -> Span {
        self.value.span().resolved_at(Span::call_site())
    }
}

fn with_static_lifetimes(tokens: TokenStream) -> TokenStream {
    let mut is_lifetime = false;
    let tokens = tokens.into_iter().map(|token| match token {
        TokenTree::Punct(punct) => {
            is_lifetime = punct.as_char() == '\'';
            TokenTree::Punct(punct)
        }
        TokenTree::Ident(name) if is_lifetime => {
            is_lifetime = false;
            TokenTree::Ident(Ident::new("static", name.span()))
        }
        TokenTree::Group(group) => {
            let inner = with_static_lifetimes(group.stream());
            let mut replaced = Group::new(group.delimiter(), inner);
            replaced.set_span(group.span());
            TokenTree::Group(replaced)
        }
        token => token,
    });
    tokens.collect()
}
