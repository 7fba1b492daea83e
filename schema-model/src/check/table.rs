// SPDX-License-Identifier: Apache-2.0

//! Rules about the table as a whole: kind, version, number of columns, comments, reserved ids.

use super::context::Checks;
use crate::definition::{Reserved, TableKind};
use crate::diagnostic::{backticked, backticked_list};
use crate::limits;
use crate::rule::Rule;
use crate::shared::Shared;
use crate::source::{SourceSpan, Spanned};
use crate::suggest::nearest;
use crate::table_name::TableName;

impl Checks<'_> {
    pub(super) fn kind(&mut self, name: Option<&TableName>) -> Option<TableKind> {
        let Some(kind) = &self.raw.kind else {
            return Some(TableKind::default_in(&name?.namespace));
        };
        let known = TableKind::ALL
            .into_iter()
            .find(|known| known.as_str() == kind.value);
        if known.is_none() {
            let names = TableKind::ALL.map(TableKind::as_str);
            let message = format!("unknown kind {}", backticked(&kind.value));
            let help = match nearest(&kind.value, names) {
                Some(name) => format!("did you mean `{name}`?"),
                None => format!("the kinds are {}", backticked_list(names, "and")),
            };
            let problem = self.problem(Rule::UnknownKind, &kind.span, message);
            self.push(problem.with_help(help));
        }
        known
    }

    pub(super) fn version(&mut self) -> Option<u32> {
        let Some(version) = &self.raw.version else {
            return Some(1);
        };
        let valid = u32::try_from(version.value)
            .ok()
            .filter(|version| *version > 0);
        if valid.is_none() {
            let message = format!("a version is from 1 to {}", u32::MAX);
            let problem = self.problem(Rule::VersionOutOfRange, &version.span, message);
            self.push(problem.with_help("write `version = 1`, or leave it out"));
        }
        valid
    }

    pub(super) fn column_count(&mut self) {
        let columns = &self.raw.columns;
        let count = columns.value.len();
        if count == 0 {
            let help = self.raw.syntax.choose(
                "write a line for each column:\nid = { id = 1, type = \"bigint\" }",
                "add a field for each column",
                "write the columns in parentheses: `(id BIGINT PRIMARY KEY)`",
            );
            let problem = self.problem(Rule::NoColumns, &columns.span, "the table has no columns");
            self.push(problem.with_help(help));
        } else if count > limits::COLUMNS {
            let limit = limits::COLUMNS;
            let message =
                format!("the table has {count} columns, more than the maximum of {limit}");
            let problem = self.problem(Rule::TooManyColumns, &columns.span, message);
            self.push(problem.with_help("split the table, or nest columns in a `struct<..>`"));
        }
    }

    pub(super) fn comments(&mut self) {
        let raw = self.raw;
        let table = [&raw.comment, &raw.no_primary_key].into_iter().flatten();
        let columns = raw
            .columns
            .value
            .iter()
            .flat_map(|column| [&column.comment, &column.deprecated])
            .flatten();
        for text in table.chain(columns) {
            self.comment_characters(text);
            if text.value.len() <= limits::COMMENT_BYTES {
                continue;
            }
            let message = format!(
                "the text has {} bytes, more than the maximum of {}",
                text.value.len(),
                limits::COMMENT_BYTES
            );
            let problem = self.problem(Rule::TextTooLong, &first_byte(&text.span), message);
            self.push(problem.with_help("put long text into a document, and refer to it here"));
        }
    }

    pub(super) fn reserved(&self) -> Reserved {
        let raw = self.raw;
        let mut ids: Vec<i32> = raw
            .reserved_ids
            .iter()
            .filter_map(|id| id.value.try_into().ok())
            .collect();
        ids.sort_unstable();
        let mut names: Vec<Shared<str>> = raw
            .reserved_names
            .iter()
            .map(|name| name.value.as_str().into())
            .collect();
        names.sort_unstable();
        Reserved {
            ids: ids.into(),
            names: names.into(),
        }
    }
}

/// Returns the position of the beginning of a long text, which is enough to recognize it.
fn first_byte(span: &SourceSpan) -> SourceSpan {
    match span {
        SourceSpan::Text { source, range } => {
            SourceSpan::text(*source, range.start..range.start + 1)
        }
        SourceSpan::Key(_) => span.clone(),
    }
}

/// Converts the text of an optional key.
pub(super) fn shared_text(text: &Option<Spanned<String>>) -> Option<Shared<str>> {
    text.as_ref().map(|text| text.value.as_str().into())
}
