// SPDX-License-Identifier: Apache-2.0

//! [`Anchor`]: a part of a TOML document to which comments can belong.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

/// A line of the formatted text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Target {
    /// A key of the table.
    Key(String),
    /// The header `[columns]`.
    Columns,
    /// A column.
    Column(String),
    /// The header `[reserved]`.
    Reserved,
    /// A key of `[reserved]`.
    ReservedKey(String),
}

/// A part of a document, and the line of the formatted text that it becomes.
#[derive(Clone, Debug)]
pub(super) struct Anchor {
    /// The bytes of the key and its value.
    pub(super) range: Range<usize>,
    pub(super) target: Target,
}

/// Returns all parts of a document, sorted by position.
pub(super) fn anchors(root: &DeTable<'_>, text: &str) -> Vec<Anchor> {
    let mut anchors = Vec::new();
    for (key, value) in root.iter() {
        let name: &str = key.get_ref();
        let parts = match value.get_ref() {
            DeValue::Table(parts) if matches!(name, "columns" | "reserved") => parts,
            _ => {
                let target = Target::Key(name.to_string());
                push(&mut anchors, key.span(), value, text, target);
                continue;
            }
        };
        let is_columns = name == "columns";
        let header = if is_columns {
            Target::Columns
        } else {
            Target::Reserved
        };
        // In `[columns.id]` and `columns.id.type = ".."`, the name is not a line of its own.
        let after = text.get(key.span().end..).unwrap_or_default();
        if !after.trim_start().starts_with('.') {
            anchors.push(Anchor {
                range: key.span(),
                target: header,
            });
        }
        for (key, value) in parts.iter() {
            let name = key.get_ref().to_string();
            let target = if is_columns {
                Target::Column(name)
            } else {
                Target::ReservedKey(name)
            };
            push(&mut anchors, key.span(), value, text, target);
        }
    }
    anchors.sort_by_key(|anchor| (anchor.range.start, anchor.range.end));
    anchors
}

/// Adds a key and its value. The keys of a table with a header or with dotted keys are parts of
/// their own, because other keys can be between them.
fn push(
    anchors: &mut Vec<Anchor>,
    key: Range<usize>,
    value: &toml::Spanned<DeValue<'_>>,
    text: &str,
    target: Target,
) {
    let span = value.span();
    let is_inline = text
        .get(span.clone())
        .is_some_and(|text| text.starts_with('{'));
    match value.get_ref() {
        DeValue::Table(table) if !is_inline => {
            anchors.push(Anchor {
                range: key,
                target: target.clone(),
            });
            for (key, value) in table.iter() {
                push(anchors, key.span(), value, text, target.clone());
            }
        }
        _ => anchors.push(Anchor {
            range: key.start..span.end,
            target,
        }),
    }
}
