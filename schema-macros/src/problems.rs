// SPDX-License-Identifier: Apache-2.0

//! [`Problems`] collects the problems of one derive, each at its tokens. [`TokenSpans`] assigns
//! keys to tokens, which the model does not know, and resolves the keys in its diagnostics.

use kalamtable_model::{Diagnostic, Label, Location, SourceSpan};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::spanned::Spanned;

/// A value with the tokens from which it was read.
#[derive(Clone, Debug)]
pub(crate) struct Written<T> {
    pub(crate) value: T,
    pub(crate) tokens: TokenStream,
}

impl<T> Written<T> {
    pub(crate) fn new(value: T, tokens: impl ToTokens) -> Self {
        Written {
            value,
            tokens: tokens.into_token_stream(),
        }
    }
}

/// The problems of one derive.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    errors: Option<syn::Error>,
    /// The generated items that the compiler warns about.
    warnings: TokenStream,
}

impl Problems {
    /// Adds a problem at `tokens`, with its fix.
    pub(crate) fn push(&mut self, tokens: impl ToTokens, message: &str, help: &str) {
        self.error(problem(tokens, message, help));
    }

    /// Adds an error of another parser.
    pub(crate) fn error(&mut self, error: syn::Error) {
        match &mut self.errors {
            Some(all) => all.combine(error),
            None => self.errors = Some(error),
        }
    }

    /// Adds a warning at `tokens`.
    pub(crate) fn warn(&mut self, tokens: impl ToTokens, text: &str) {
        // A derive cannot emit warnings of its own. The compiler shows the note of a deprecated
        // item where the item is used, but not at spans of the derive: the name of the item has the
        // span of the user's tokens.
        let item = Ident::new("DEFINITION_WARNING", tokens.to_token_stream().span());
        self.warnings.extend(quote! {
            const _: () = {
                #[deprecated(note = #text)]
                const #item: u8 = 0;
                let _ = #item;
            };
        });
    }

    /// Returns whether there are no errors.
    pub(crate) fn is_empty(&self) -> bool {
        self.errors.is_none()
    }

    /// Returns the items that the compiler warns about.
    pub(crate) fn into_warnings(self) -> TokenStream {
        self.warnings
    }

    /// Combines the problems into one error. Callers stop only if there is at least one problem, so
    /// the fallback is never shown.
    pub(crate) fn into_error(self) -> syn::Error {
        self.errors.unwrap_or_else(|| {
            syn::Error::new(Span::call_site(), "the derive failed without a reason")
        })
    }
}

/// Creates a problem at `tokens`, with its fix.
pub(crate) fn problem(tokens: impl ToTokens, message: &str, help: &str) -> syn::Error {
    syn::Error::new_spanned(tokens, format!("{message}\nhelp: {help}"))
}

/// The tokens from which a [`RawTable`](kalamtable_model::RawTable) was built. The index of each
/// entry is its [`SourceSpan::Key`] in the table and in the diagnostics of the model.
#[derive(Debug, Default)]
pub(crate) struct TokenSpans(Vec<NamedTokens>);

#[derive(Debug)]
struct NamedTokens {
    tokens: TokenStream,
    /// The name of the tokens in notes, such as "column `id`".
    name: String,
}

impl TokenSpans {
    /// Adds tokens, which notes call `name`, and returns their key.
    pub(crate) fn add(&mut self, tokens: impl ToTokens, name: impl Into<String>) -> SourceSpan {
        self.0.push(NamedTokens {
            tokens: tokens.into_token_stream(),
            name: name.into(),
        });
        SourceSpan::Key(self.0.len() - 1)
    }

    /// Adds a diagnostic of the model to `problems`, with related parts as notes.
    pub(crate) fn report(&self, diagnostic: &Diagnostic, problems: &mut Problems) {
        let (tokens, text) = self.described(diagnostic);
        problems.error(syn::Error::new_spanned(tokens, text));
    }

    /// Adds a warning of the model to `problems`, with related parts as notes.
    pub(crate) fn warn(&self, diagnostic: &Diagnostic, problems: &mut Problems) {
        let (tokens, text) = self.described(diagnostic);
        problems.warn(tokens, &text);
    }

    /// Returns the tokens of a diagnostic, and its text with related parts as notes.
    fn described(&self, diagnostic: &Diagnostic) -> (Option<&TokenStream>, String) {
        let Location::Span { primary, related } = &diagnostic.location else {
            return (None, diagnostic.message.clone());
        };
        let mut text = format!("{} [{}]", diagnostic.message, diagnostic.rule.id());
        for label in related {
            if let Some(tokens) = self.get(label) {
                text.push_str(&format!("\nnote: {}: {}", label.text, tokens.name));
            }
        }
        for help in &diagnostic.help {
            text.push_str("\nhelp: ");
            text.push_str(help);
        }
        (self.get(primary).map(|named| &named.tokens), text)
    }

    fn get(&self, label: &Label) -> Option<&NamedTokens> {
        match label.span {
            SourceSpan::Key(key) => self.0.get(key),
            SourceSpan::Text { .. } => None,
        }
    }
}
