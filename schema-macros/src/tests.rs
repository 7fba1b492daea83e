// SPDX-License-Identifier: Apache-2.0

//! Tests of the derives on source text: problems with the tokens that they point at, and the parts
//! of the output that differ from the golden file of the generator.

mod attributes;
mod expansion;
mod same_tokens;
mod schema;
mod source;
mod value;

use std::path::Path;

use expect_test::Expect;
use proc_macro2::TokenStream;
use syn::DeriveInput;

/// Expands `KalamTable` on `input` in a package at `folder`.
fn table_tokens(input: &str, folder: &Path) -> syn::Result<TokenStream> {
    let input: DeriveInput = syn::parse_str(input)?;
    crate::expand::kalam_table(&input, folder)
}

/// Expands `KalamValue` on `input`.
fn value_tokens(input: &str) -> syn::Result<TokenStream> {
    let input: DeriveInput = syn::parse_str(input)?;
    crate::value::kalam_value(&input)
}

/// Returns the problems of an expansion, each as `tokens: message` with the tokens that it points
/// at.
fn problems(expanded: syn::Result<TokenStream>) -> String {
    let Err(error) = expanded else {
        return "no problems\n".to_string();
    };
    error
        .into_iter()
        .map(|error| {
            let tokens = error.span().source_text().unwrap_or_default();
            format!("{tokens}: {error}\n")
        })
        .collect()
}

/// Checks the problems of a struct that needs no file.
fn check(input: &str, expected: Expect) {
    expected.assert_eq(&problems(table_tokens(input, Path::new(""))));
}

/// Returns the formatted items of an expansion that begin with one of `starts`, without their
/// indentation.
fn items(expanded: syn::Result<TokenStream>, starts: &[&str]) -> String {
    let file = match expanded.and_then(syn::parse2) {
        Ok(file) => file,
        Err(error) => return error.to_string(),
    };
    let text = prettyplease::unparse(&file);
    let mut output = String::new();
    let mut lines = text.lines();
    while let Some(first) = lines.next() {
        let item = first.trim_start();
        if !starts.iter().any(|start| item.starts_with(start)) {
            continue;
        }
        let indent = first.len() - item.len();
        output += &format!("{item}\n");
        let is_open = |line: &str| !line.ends_with([';', ',']) && !line.ends_with('}');
        if !is_open(first) {
            continue;
        }
        for line in lines.by_ref() {
            let line = line.get(indent..).unwrap_or(line);
            output += &format!("{line}\n");
            // `)` ends the parameters of a function, whose body follows.
            let is_last =
                line.starts_with(['}', ']', ')', '>']) && !line.ends_with(['{', '(', '<']);
            if is_last {
                break;
            }
        }
    }
    output
}
