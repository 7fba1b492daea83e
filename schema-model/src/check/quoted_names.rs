// SPDX-License-Identifier: Apache-2.0

//! Warnings about names that SQL accepts only in quotes.

use super::context::Checks;
use crate::diagnostic::{backticked, backticked_list};
use crate::rule::Rule;
use crate::rust_names::snake_case;
use crate::source::{SourceSpan, Spanned};
use crate::sql_words::{is_column_word, is_namespace_word, is_table_word};
use crate::table_name::split;

/// The maximum number of names that a warning lists.
const LISTED: usize = 8;

/// The reason why a name needs quotes.
#[derive(Clone, Copy, PartialEq)]
enum Reason {
    Keyword,
    UpperCase,
}

/// A name that needs quotes.
struct QuotedName<'a> {
    name: &'a str,
    span: &'a SourceSpan,
    reason: Reason,
}

impl Checks<'_> {
    /// Adds a warning for the names of the table and its columns that are keywords, and one for
    /// those that contain upper-case letters.
    pub(super) fn quoted_names(&mut self) {
        let raw = self.raw;
        let Spanned { value, span } = &raw.name;
        let (namespace, table) = split(value, raw.syntax).unwrap_or_default();
        let parts = [
            (namespace, span, is_namespace_word(namespace)),
            (table, span, is_table_word(table)),
        ];
        let columns = raw.columns.value.iter().map(|column| {
            let Spanned { value, span } = &column.name;
            (value.as_str(), span, is_column_word(value))
        });
        let names: Vec<QuotedName<'_>> = parts
            .into_iter()
            .chain(columns)
            .filter_map(|(name, span, is_keyword)| {
                // DataFusion converts names without quotes to lower case.
                let reason = match is_keyword {
                    true => Reason::Keyword,
                    false if name.contains(|c: char| c.is_ascii_uppercase()) => Reason::UpperCase,
                    false => return None,
                };
                Some(QuotedName { name, span, reason })
            })
            .collect();
        for reason in [Reason::Keyword, Reason::UpperCase] {
            let names = names.iter().filter(|name| name.reason == reason);
            self.quoted_names_of(&names.collect::<Vec<_>>(), reason);
        }
    }

    fn quoted_names_of(&mut self, names: &[&QuotedName<'_>], reason: Reason) {
        let Some((first, others)) = names.split_first() else {
            return;
        };
        let quoted = format!("write `\"{}\"` in queries", first.name);
        let listed = backticked_list(names.iter().take(LISTED).map(|it| it.name), "and");
        let message = match names.len() {
            1 => format!("SQL accepts {} only in quotes", backticked(first.name)),
            count if count > LISTED => {
                format!("SQL accepts {count} names only in quotes, among them {listed}")
            }
            _ => format!("SQL accepts {listed} only in quotes"),
        };
        let help = match reason {
            Reason::Keyword => format!("{quoted}, or choose a name that is not a keyword"),
            Reason::UpperCase => format!(
                "{quoted}, or rename it to `{}`: SQL reads names without quotes in lower case",
                snake_case(first.name).trim_start_matches("r#")
            ),
        };
        let mut warning = self.problem(Rule::NameNeedsQuotes, first.span, message);
        for other in others.iter().take(LISTED - 1) {
            warning = warning.with_label(other.span.clone(), "here too");
        }
        self.push(warning.with_help(help));
    }
}
