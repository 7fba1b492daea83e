// SPDX-License-Identifier: Apache-2.0

//! What is wrong, each problem at its tokens: [`Problems`] collects, [`Places`] lets the model's
//! diagnostics point at tokens.

use std::ops::Range;

use kalamtable_model::{Diagnostic, Place, Rule};
use proc_macro2::{Span, TokenStream};
use quote::ToTokens;

/// A value with the tokens that say it.
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
pub(crate) struct Problems(Option<syn::Error>);

impl Problems {
    /// Adds a problem at `tokens`, with a way to mend it.
    pub(crate) fn push(&mut self, tokens: impl ToTokens, message: &str, help: &str) {
        self.error(problem(tokens, message, help));
    }

    /// Adds what another parser found.
    pub(crate) fn error(&mut self, error: syn::Error) {
        match &mut self.0 {
            Some(all) => all.combine(error),
            None => self.0 = Some(error),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Every problem as one error. Whoever asks for it has stopped because there are some.
    pub(crate) fn into_error(self) -> syn::Error {
        self.0.unwrap_or_else(|| {
            syn::Error::new(Span::call_site(), "the derive failed without a reason")
        })
    }
}

/// A problem at `tokens`, with a way to mend it.
pub(crate) fn problem(tokens: impl ToTokens, message: &str, help: &str) -> syn::Error {
    syn::Error::new_spanned(tokens, format!("{message}\nhelp: {help}"))
}

/// Tokens that a [`RawTable`](kalamtable_model::RawTable) came from. The one at index `k` is the
/// place `k..k + 1`: to the model, tokens are a text of one byte each.
#[derive(Debug, Default)]
pub(crate) struct Places(Vec<(TokenStream, String)>);

impl Places {
    /// The place of `tokens`, which messages call `name`.
    pub(crate) fn add(&mut self, tokens: impl ToTokens, name: impl Into<String>) -> Range<usize> {
        let index = self.0.len();
        self.0.push((tokens.into_token_stream(), name.into()));
        index..index + 1
    }

    /// The model's diagnostic as a problem: at its place, ranges that explain it by name.
    pub(crate) fn report(&self, diagnostic: &Diagnostic, problems: &mut Problems) {
        let Place::Text { primary, others } = &diagnostic.place else {
            return;
        };
        let tokens = self.0.get(primary.span.start);
        let tokens = tokens.map(|(tokens, _)| tokens.clone()).unwrap_or_default();
        let message = no_time(diagnostic, &tokens).unwrap_or(diagnostic.message.to_string());
        let mut text = format!("{message} [{}]", diagnostic.rule.id());
        for label in others {
            if let Some((_, name)) = self.0.get(label.span.start) {
                text.push_str(&format!("\nnote: {}: {name}", label.text));
            }
        }
        let is_rust_type = !tokens.to_string().starts_with('"');
        let is_decimal = diagnostic.rule == Rule::DecimalRange && is_rust_type;
        if is_decimal {
            text.push_str(DECIMAL);
        }
        for help in diagnostic.help.iter().filter(|_| !is_decimal) {
            text.push_str("\nhelp: ");
            text.push_str(&in_rust(diagnostic.rule, help));
        }
        problems.error(syn::Error::new_spanned(tokens, text));
    }
}

/// What the model helps with in the words of its type grammar.
const DECIMAL: &str = "\nhelp: of `Decimal<P, S>`, `P` is from 1 to 38 and `S` from 0 to `P`: for example `Decimal<10, 2>`";

/// A help as it reads where a struct is the source: the model's own is about TOML.
fn in_rust(rule: Rule, help: &str) -> String {
    match rule {
        Rule::NoColumns => "add a field for each column".to_string(),
        Rule::KeyColumnNullable => {
            "let the field be no `Option`, or take it out of the key".to_string()
        }
        Rule::NoKey => help
            .replace("primary_key = [\"", "primary_key(")
            .replace("\"]", ")"),
        Rule::NoNamespace | Rule::InvalidName => help.replace("`name = ", "`table = "),
        Rule::DefaultNotAllowed => {
            "delete it; let the field be an `Option` if an insert may leave it out".to_string()
        }
        Rule::EnumEmptyLabel => {
            "give it a label; where a value can be missing, let the field be an `Option`"
                .to_string()
        }
        Rule::TypeSyntax => help.replace(
            "write `nullable = true` beside `type`",
            "let the field be an `Option`",
        ),
        Rule::DefaultType => quoted_time(help),
        Rule::DefaultOutOfRange => match help.split_once(", or ") {
            Some((narrower, _)) => narrower.to_string(),
            None => help.to_string(),
        },
        Rule::DefaultMalformed if help.starts_with("write JSON") => {
            "write JSON: `default = r#\"{\"a\": 1}\"#`, or `r#\"\"text\"\"#` for a text".to_string()
        }
        _ => help.to_string(),
    }
}

/// What is wrong with a text that is the default of a time, and no time.
fn no_time(diagnostic: &Diagnostic, tokens: &TokenStream) -> Option<String> {
    let ty = diagnostic
        .message
        .strip_prefix("the default is a string, the column is of type ")?;
    let is_time = ["`date`", "`time`", "`timestamp`", "`datetime`"].contains(&ty);
    is_time.then(|| format!("`{}` is no {}", text_of(tokens), ty.trim_matches('`')))
}

/// A literal without its quotes.
fn text_of(tokens: &TokenStream) -> String {
    tokens.to_string().trim_matches('"').to_string()
}

/// Dates and times have no literals in Rust, so they are written in quotes.
fn quoted_time(help: &str) -> String {
    let Some((before, rest)) = help.split_once("`default = ") else {
        return help.to_string();
    };
    match rest.split_once('`') {
        Some((value, after)) if kalamtable_model::datetime_text(value).is_some() => {
            format!("{before}`default = \"{value}\"`{after}")
        }
        _ => help.to_string(),
    }
}
