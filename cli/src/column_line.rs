// SPDX-License-Identifier: Apache-2.0

//! [`with_column`]: the text of a definition with another column. All other lines stay byte for
//! byte, except for the version.

use std::fmt::Write;
use std::ops::Range;

use kalamtable_model::{SourceFile, quoted};
use toml::de::{DeTable, DeValue};

use crate::command_error::CommandError;

/// A column as a definition writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ColumnLine {
    /// The name.
    pub(crate) name: String,
    /// The id.
    pub(crate) id: i32,
    /// The type.
    pub(crate) ty: String,
    /// Whether the column is nullable.
    pub(crate) nullable: bool,
    /// The default as a value of TOML.
    pub(crate) default: Option<String>,
    /// The comment.
    pub(crate) comment: Option<String>,
}

/// The result of [`with_column`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EditedText {
    /// The whole text.
    pub(crate) text: String,
    /// The line of the column, without the end of the line.
    pub(crate) line: String,
}

/// The keys above `version` in canonical order, latest first.
const KEYS_ABOVE_VERSION: [&str; 5] = [
    "access_level",
    "ttl_seconds",
    "kind",
    "renamed_from",
    "name",
];

/// Returns the text of a valid definition with `column` after the last column, and with `version`.
///
/// # Errors
/// Fails if the columns are not written one per line below `[columns]`.
pub(crate) fn with_column(
    file: &SourceFile,
    column: &ColumnLine,
    version: u32,
) -> Result<EditedText, CommandError> {
    let text = file.text();
    let (document, _) = DeTable::parse_recoverable(text);
    let root = document.get_ref();
    let last = last_column(root, text).ok_or_else(|| {
        let message = format!("{}: the columns are not below `[columns]`", file.path());
        CommandError::new(message).with_help(format!(
            "write one line per column: `kalamtable fmt {}`",
            file.path()
        ))
    })?;
    let line = column.aligned(text.get(last.clone()).unwrap_or_default());
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let mut text = text.to_string();
    insert_line(&mut text, last.end, &line, newline);
    // Keys of the table are above the columns, so their positions are unchanged.
    set_version(&mut text, root, version, newline);
    Ok(EditedText { text, line })
}

/// Returns the bytes of the last column, or `None` if it is not a line below `[columns]`.
fn last_column(root: &DeTable<'_>, text: &str) -> Option<Range<usize>> {
    let (header, columns) = root.get_key_value("columns")?;
    let DeValue::Table(columns) = columns.get_ref() else {
        return None;
    };
    let after_header = text.get(header.span().end..)?.trim_start();
    if !after_header.starts_with(']') {
        return None;
    }
    let (key, value) = columns.iter().max_by_key(|(key, _)| key.span().start)?;
    let is_inline = text.get(value.span())?.starts_with('{');
    is_inline.then(|| key.span().start..value.span().end)
}

/// Inserts a line after the line that contains the byte before `at`.
fn insert_line(text: &mut String, at: usize, line: &str, newline: &str) {
    let rest = text.get(at..).unwrap_or_default();
    match rest.find('\n') {
        Some(end) => text.insert_str(at + end + 1, &format!("{line}{newline}")),
        None => {
            text.push_str(newline);
            text.push_str(line);
        }
    }
}

fn set_version(text: &mut String, root: &DeTable<'_>, version: u32, newline: &str) {
    if let Some(written) = root.get("version") {
        if written
            .get_ref()
            .as_integer()
            .map(|number| number.to_string())
            != Some(version.to_string())
        {
            text.replace_range(written.span(), &version.to_string());
        }
        return;
    }
    // The default version is 1.
    let mut above = KEYS_ABOVE_VERSION.iter().filter(|_| version != 1);
    let Some((key, value)) = above.find_map(|key| root.get_key_value(*key)) else {
        return;
    };
    let width = equals_offset(text.get(key.span().start..).unwrap_or_default());
    let line = format!("{:width$}= {version}", "version ");
    insert_line(text, value.span().end, &line, newline);
}

/// Returns the number of bytes before the first `=`.
fn equals_offset(text: &str) -> usize {
    text.find('=').unwrap_or(0)
}

impl ColumnLine {
    /// Returns the line, aligned with the line of another column.
    fn aligned(&self, other: &str) -> String {
        let is_bare = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let mut line = if self.name.chars().all(is_bare) && !self.name.is_empty() {
            format!("{} ", self.name)
        } else {
            // The checks report the name.
            format!("{} ", quoted(&self.name))
        };
        pad(&mut line, equals_offset(other));
        let _ = write!(line, "= {{ id = {}, ", self.id);
        if let Some(at) = other.find("type ").or_else(|| other.find("type="))
            && other
                .get(..at)
                .is_some_and(|start| start.trim_end().ends_with(','))
        {
            pad(&mut line, at);
        }
        let _ = write!(line, "type = {}", quoted(&self.ty));
        if self.nullable {
            line.push_str(", nullable = true");
        }
        if let Some(default) = &self.default {
            let _ = write!(line, ", default = {default}");
        }
        if let Some(comment) = &self.comment {
            let _ = write!(line, ", comment = {}", quoted(comment));
        }
        line.push_str(" }");
        line
    }
}

/// Adds spaces up to the length `width`.
fn pad(line: &mut String, width: usize) {
    let missing = width.saturating_sub(line.len());
    line.extend(std::iter::repeat_n(' ', missing));
}

/// Returns whether a text is one value of TOML.
pub(crate) fn is_toml_value(text: &str) -> bool {
    let document = format!("value = {text}");
    !text.contains('\n') && DeTable::parse(&document).is_ok_and(|root| root.get_ref().len() == 1)
}
