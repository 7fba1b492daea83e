// SPDX-License-Identifier: Apache-2.0

//! [`Reader`]: the text of one file and the problems that were found in it.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

use crate::diagnostic::Diagnostic;
use crate::rule::Rule;
use crate::source::{SourceId, SourceSpan};

pub(super) type TomlKey<'a, 'i> = &'a toml::Spanned<toml::de::DeString<'i>>;
pub(super) type TomlValue<'a, 'i> = &'a toml::Spanned<DeValue<'i>>;

/// Reads one file. The files of this module each add the methods of one stage.
pub(super) struct Reader<'a> {
    source: SourceId,
    pub(super) text: &'a str,
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(source: SourceId, text: &'a str) -> Self {
        Reader {
            source,
            text,
            diagnostics: Vec::new(),
        }
    }

    pub(super) fn span(&self, range: Range<usize>) -> SourceSpan {
        SourceSpan::text(self.source, range)
    }

    pub(super) fn excerpt(&self, range: Range<usize>) -> &'a str {
        self.text.get(range).unwrap_or_default()
    }

    pub(super) fn problem(
        &self,
        rule: Rule,
        range: Range<usize>,
        message: impl Into<String>,
    ) -> Diagnostic {
        Diagnostic::new(rule, self.span(range), message)
    }

    pub(super) fn push(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    pub(super) fn report(
        &mut self,
        rule: Rule,
        range: Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.push(self.problem(rule, range, message).with_help(help));
    }
}

pub(super) fn get<'a, 'i>(
    table: &'a DeTable<'i>,
    name: &str,
) -> Option<(TomlKey<'a, 'i>, TomlValue<'a, 'i>)> {
    table.get_key_value(name)
}
