// SPDX-License-Identifier: Apache-2.0

//! TOML syntax errors, with the fix for the frequent ones.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::reader::{Reader, get};
use crate::diagnostic::backticked;
use crate::limits;
use crate::rule::Rule;
use crate::source::SourceFile;

impl Reader<'_> {
    /// Reports the errors of the TOML parser. `root` is the part of the document that it recovered.
    pub(super) fn syntax_errors(
        &mut self,
        file: &SourceFile,
        root: &DeTable<'_>,
        errors: &[toml::de::Error],
    ) {
        let mut sorted: Vec<_> = errors
            .iter()
            .map(|error| {
                let end = self.text.len();
                let span = error.span().unwrap_or(end..end);
                (self.trimmed(span), error.message())
            })
            .collect();
        // Two values in a row are also reported as one string without quotes. The error at the end
        // of that string is more helpful, so it is sorted first.
        sorted.sort_by_key(|(span, message)| {
            let is_guess = message.starts_with(UNQUOTED);
            (if is_guess { span.end } else { span.start }, is_guess)
        });
        let mut previous_line = 0;
        for (span, message) in sorted {
            if message == "duplicate key" {
                self.duplicate_key(root, span);
            } else {
                // One mistake can cause several errors until the parser reaches the next line.
                let (line, _) = file.line_column(span.start);
                if line == previous_line {
                    continue;
                }
                previous_line = line;
                let problem = self.problem(Rule::Syntax, span, message);
                self.push(match syntax_help(message) {
                    Some(help) => problem.with_help(help),
                    None => problem,
                });
            }
            if self.diagnostics.len() == limits::SYNTAX_ERRORS {
                if let Some(last) = self.diagnostics.last_mut() {
                    let shown = limits::SYNTAX_ERRORS;
                    last.help.push(format!(
                        "only the first {shown} syntax errors of a file are shown"
                    ));
                }
                return;
            }
        }
    }

    /// Removes the blanks after a token, which the ranges of the parser can include.
    fn trimmed(&self, span: Range<usize>) -> Range<usize> {
        let length = self.excerpt(span.clone()).trim_end().len();
        if length == 0 {
            span
        } else {
            span.start..span.start + length
        }
    }

    fn duplicate_key(&mut self, root: &DeTable<'_>, span: Range<usize>) {
        let written = self.excerpt(span.clone());
        let name = written.trim_matches(['"', '\'']).to_string();
        let message = format!("{} is written twice", backticked(&name));
        let mut problem = self.problem(Rule::DuplicateKey, span.clone(), message);
        if let Some(first) = first_of(root, &name, &span).or_else(|| self.header(&name, &span)) {
            problem = problem.with_label(self.span(first), "first here");
        }
        self.push(problem.with_help("delete one of the two, or rename it"));
    }

    /// Returns the range of the first header `[name]`, which the recovered document lacks.
    fn header(&self, name: &str, before: &Range<usize>) -> Option<Range<usize>> {
        let at = self.excerpt(0..before.start).find(&format!("[{name}]"))? + 1;
        Some(at..at + name.len())
    }
}

const UNQUOTED: &str = "string values must be quoted";

/// Returns the fix for an error message of the TOML parser.
fn syntax_help(message: &str) -> Option<&'static str> {
    let helps = [
        ("key with no value", "write `key = value`"),
        (
            UNQUOTED,
            "write a string in double quotes, and `,` between two keys",
        ),
        (
            "invalid float",
            "write a string in double quotes, a number in digits",
        ),
        (
            "invalid basic string",
            "close the string with `\"` on the same line",
        ),
        (
            "invalid literal string",
            "close the string with `'` on the same line",
        ),
        ("missing comma", "put a `,` between the two"),
        ("extra comma", "delete it"),
        ("extra `=`", "delete it"),
        ("unclosed table", "close the header with `]`"),
        ("unclosed array", "close the array with `]`"),
        ("unclosed inline table", "close the column with `}`"),
        ("missing escaped value", "write `\\\\` for a backslash"),
        ("unexpected key or value", "begin a new line here"),
        (
            "cannot recurse further",
            "a definition needs no deep nesting: types nest in the text of `type`",
        ),
    ];
    helps
        .iter()
        .find(|(start, _)| message.starts_with(start))
        .map(|(_, help)| *help)
}

/// Returns the range of the key that `duplicate` repeats. The key is in the innermost table around
/// the duplicate: an inline table, or the table of the last header above it. Returns `None` if the
/// recovered document does not contain it.
fn first_of(root: &DeTable<'_>, name: &str, duplicate: &Range<usize>) -> Option<Range<usize>> {
    let mut best = None;
    let mut tables = vec![(0, root)];
    while let Some((start, table)) = tables.pop() {
        if let Some((key, _)) = get(table, name)
            && key.span().start < duplicate.start
            && best.as_ref().is_none_or(|(other, _)| start >= *other)
        {
            best = Some((start, key.span()));
        }
        for (key, value) in table.iter() {
            if let DeValue::Table(inner) = value.get_ref() {
                let span = value.span();
                let is_inline = span.start > key.span().end;
                if !is_inline || (span.start < duplicate.start && duplicate.end <= span.end) {
                    tables.push((key.span().start, inner));
                }
            }
        }
    }
    best.map(|(_, span)| span)
}
