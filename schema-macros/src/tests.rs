// SPDX-License-Identifier: Apache-2.0

//! The derive from text to text: problems with the tokens that they point at, and what is emitted.

mod attributes;
mod expansion;
mod same_tokens;
mod schema;
mod source;

use std::path::Path;

use expect_test::Expect;
use syn::DeriveInput;

/// Expands the derive on `input` in a package at `folder`.
fn expand(input: &str, folder: &Path) -> syn::Result<String> {
    let input: DeriveInput = syn::parse_str(input)?;
    let tokens = crate::expand::kalam_table(&input, folder)?;
    let file = syn::parse2(tokens)?;
    Ok(prettyplease::unparse(&file))
}

/// Each problem of `input` as `tokens: message`, by the tokens that it points at.
fn problems(input: &str, folder: &Path) -> String {
    let error = match expand(input, folder) {
        Ok(_) => return "no problems\n".to_string(),
        Err(error) => error,
    };
    let problems = error.into_iter().map(|error| {
        let place = error.span().source_text().unwrap_or_default();
        format!("{place}: {error}\n")
    });
    problems.collect()
}

/// The problems of a struct that needs no file.
fn check(input: &str, expected: Expect) {
    expected.assert_eq(&problems(input, Path::new("")));
}
