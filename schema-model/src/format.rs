// SPDX-License-Identifier: Apache-2.0

//! [`format_definition`]: the text of a definition in its canonical form, with its comments.

mod anchors;
mod comments;
mod values;

use std::fmt::Write;

use toml::de::{DeTable, DeValue};

use self::anchors::{Target, anchors};
use self::comments::{Comments, OwnLine, Trivia};
use self::values::{entry_value, key_text};
use crate::canonical::{array, quoted};
use crate::check::{CheckedTable, parse_and_check};
use crate::diagnostic::Diagnostic;
use crate::parse::{COLUMN_KEYS, RESERVED_KEYS, TABLE_KEYS};
use crate::source::{SourceId, Sources};

/// Returns the definition with the layout of [`TableDefinition::to_toml`]: keys in a fixed order,
/// aligned values, and one line per column. The table that the text defines does not change.
///
/// All keys are kept, including those that state a default. Comments stay with the line that they
/// describe, and single blank lines between groups stay. A comment inside of a value moves above
/// its line. A multi-line string is unchanged.
///
/// [`TableDefinition::to_toml`]: crate::TableDefinition::to_toml
///
/// # Errors
/// The problems of the definition.
///
/// ```
/// use kalamtable_model::{SourceFile, Sources, format_definition};
///
/// let text = "primary_key = ['id']\nname='app.events' # every event\n\n[columns]\nid = {type='bigint',id=1}\n";
/// let mut sources = Sources::new();
/// let source = sources.push(SourceFile::new("events.toml", text));
/// assert_eq!(
///     format_definition(&sources, source).unwrap(),
///     r#"name        = "app.events" # every event
/// primary_key = ["id"]
///
/// [columns]
/// id = { id = 1, type = "bigint" }
/// "#
/// );
/// ```
pub fn format_definition(sources: &Sources, source: SourceId) -> Result<String, Vec<Diagnostic>> {
    let table = parse_and_check(sources, source)?;
    let text = sources.get(source).map_or("", |file| file.text());
    // The parser of definitions has accepted the text.
    let (document, _) = DeTable::parse_recoverable(text);
    let root = document.get_ref();
    let mut comments = Comments::read(text, &anchors(root, text));
    let header = comments.take_header();
    let formatter = Formatter {
        text,
        table: &table,
        root,
        comments,
    };
    let formatted = formatter.format(&header);
    let has_crlf = text
        .split_once('\n')
        .is_some_and(|(line, _)| line.ends_with('\r'));
    Ok(if has_crlf {
        formatted.replace("\r\n", "\n").replace('\n', "\r\n")
    } else {
        formatted
    })
}

struct Formatter<'a> {
    text: &'a str,
    table: &'a CheckedTable,
    root: &'a DeTable<'a>,
    comments: Comments,
}

/// A line with its comments.
struct FormattedEntry {
    key: String,
    value: String,
    trivia: Trivia,
}

impl Formatter<'_> {
    fn format(mut self, header: &[OwnLine]) -> String {
        let mut out = String::new();
        write_lines(&mut out, header);
        let keys = self.table_entries();
        write_entries(&mut out, keys);

        let columns = self.column_entries();
        self.write_section(&mut out, "columns", Target::Columns, columns);
        let reserved = self.reserved_entries();
        if !reserved.is_empty() || self.root.contains_key("reserved") {
            self.write_section(&mut out, "reserved", Target::Reserved, reserved);
        }
        let rest = self.comments.take_rest();
        write_lines(&mut out, &rest);
        while out.ends_with("\n\n") {
            out.pop();
        }
        out
    }

    fn table_entries(&mut self) -> Vec<FormattedEntry> {
        let mut entries = Vec::new();
        for key in TABLE_KEYS {
            if matches!(key, "columns" | "reserved") {
                continue;
            }
            if let Some(value) = self.root.get(key) {
                entries.push(FormattedEntry {
                    key: key.to_string(),
                    value: entry_value(value, self.text),
                    trivia: self.comments.take(&Target::Key(key.to_string())),
                });
            }
        }
        entries
    }

    fn column_entries(&mut self) -> Vec<FormattedEntry> {
        let Some(DeValue::Table(columns)) = self.root.get("columns").map(|value| value.get_ref())
        else {
            return Vec::new();
        };
        let ids = columns.iter().filter_map(|(_, column)| {
            let DeValue::Table(column) = column.get_ref() else {
                return None;
            };
            Some(entry_value(column.get("id")?, self.text).len())
        });
        let id_width = ids.max().unwrap_or(0);
        let definitions = self.table.definition.columns().iter();
        let entries = definitions.filter_map(|definition| {
            let name = definition.name.to_string();
            let DeValue::Table(column) = columns.get(name.as_str())?.get_ref() else {
                return None;
            };
            let mut value = String::from("{ ");
            let mut separator = "";
            for key in COLUMN_KEYS {
                let Some(written) = column.get(key) else {
                    continue;
                };
                let text = match (key, &definition.default) {
                    ("type", _) => quoted(&definition.ty.to_string()),
                    ("default", Some(default)) => default.to_toml(&definition.ty),
                    _ => entry_value(written, self.text),
                };
                // The ids of all columns are aligned.
                let padding = match key {
                    "id" => id_width.saturating_sub(text.len()),
                    _ => 0,
                };
                let _ = write!(value, "{separator}{key} = {text}");
                separator = if padding == 0 { ", " } else { "," };
                if padding > 0 {
                    value.push(',');
                    value.extend(std::iter::repeat_n(' ', padding + 1));
                    separator = "";
                }
            }
            value.push_str(" }");
            Some(FormattedEntry {
                trivia: self.comments.take(&Target::Column(name.clone())),
                key: key_text(&name),
                value,
            })
        });
        entries.collect()
    }

    fn reserved_entries(&mut self) -> Vec<FormattedEntry> {
        let Some(DeValue::Table(written)) = self.root.get("reserved").map(|value| value.get_ref())
        else {
            return Vec::new();
        };
        let reserved = self.table.definition.reserved();
        let mut entries = Vec::new();
        for key in RESERVED_KEYS {
            let Some(value) = written.get(key) else {
                continue;
            };
            entries.push(FormattedEntry {
                key: key.to_string(),
                value: match key {
                    "ids" => array(reserved.ids.iter().map(i32::to_string)),
                    "names" => array(reserved.names.iter().map(|name| quoted(name))),
                    _ => entry_value(value, self.text),
                },
                trivia: self.comments.take(&Target::ReservedKey(key.to_string())),
            });
        }
        entries
    }

    /// Writes a section, with a blank line between it and the previous one.
    fn write_section(
        &mut self,
        out: &mut String,
        name: &str,
        target: Target,
        entries: Vec<FormattedEntry>,
    ) {
        let mut trivia = self.comments.take(&target);
        // Comments that follow the previous section directly, and are separated from this one,
        // belong to the previous section.
        let belongs_to_previous = !matches!(trivia.leading.first(), None | Some(OwnLine::Blank))
            && trivia.leading.contains(&OwnLine::Blank);
        if !belongs_to_previous && trivia.leading.first() != Some(&OwnLine::Blank) {
            trivia.leading.insert(0, OwnLine::Blank);
        }
        write_lines(out, &trivia.leading);
        let trailing = trailing_text(&trivia);
        let _ = writeln!(out, "[{name}]{trailing}");
        write_entries(out, entries);
    }
}

fn write_entries(out: &mut String, mut entries: Vec<FormattedEntry>) {
    if let Some(first) = entries.first_mut() {
        let blanks = first.trivia.leading.iter();
        let blanks = blanks.take_while(|line| **line == OwnLine::Blank).count();
        first.trivia.leading.drain(..blanks);
    }
    let width = entries.iter().map(|entry| entry.key.len()).max();
    let width = width.unwrap_or(0);
    for FormattedEntry { key, value, trivia } in entries {
        write_lines(out, &trivia.leading);
        let trailing = trailing_text(&trivia);
        let _ = writeln!(out, "{key:width$} = {value}{trailing}");
    }
}

fn trailing_text(trivia: &Trivia) -> String {
    match &trivia.trailing {
        Some(comment) => format!(" {comment}"),
        None => String::new(),
    }
}

/// Writes comments and blank lines. Never writes a blank line at the start or after another one.
fn write_lines(out: &mut String, lines: &[OwnLine]) {
    for line in lines {
        match line {
            OwnLine::Blank if out.is_empty() || out.ends_with("\n\n") => {}
            OwnLine::Blank => out.push('\n'),
            OwnLine::Comment(comment) => {
                out.push_str(comment);
                out.push('\n');
            }
        }
    }
}
