// SPDX-License-Identifier: Apache-2.0

//! TOML text to a [`RawTable`]: syntax, known keys, and the kind of each value. What the values
//! mean is left to [`check`](crate::check).

use std::ops::Range;

use toml::de::{DeTable, DeValue};
use toml::value::Offset;

use crate::canonical::quoted;
use crate::diagnostic::{listed, tick};
use crate::limits;
use crate::next_id::NextId;
use crate::raw::{RawColumn, RawDatetime, RawDefault, RawKey, RawTable, RawText, RawValue};
use crate::suggest::nearest;
use crate::{Diagnostic, Rule, SourceFile, SourceId, Sources, Spanned};

const TABLE_KEYS: [&str; 12] = [
    "name",
    "kind",
    "ttl_seconds",
    "access_level",
    "version",
    "comment",
    "primary_key",
    "no_primary_key",
    "unique",
    "row",
    "columns",
    "reserved",
];
const COLUMN_KEYS: [&str; 7] = [
    "id", "type", "nullable", "unit", "rust", "default", "comment",
];
const RESERVED_KEYS: [&str; 2] = ["ids", "names"];

/// Reads one file of `sources` as a definition: every syntax error, or else every key that is not
/// known or missing and every value of the wrong kind.
pub fn parse(sources: &Sources, source: SourceId) -> Result<RawTable, Vec<Diagnostic>> {
    let Some(file) = sources.get(source) else {
        let message = "the file is not among the sources of this run";
        return Err(vec![Diagnostic::at_path(Rule::PathNotFound, "", message)]);
    };
    if let Some(problem) = unfit_text(file, source) {
        return Err(vec![problem]);
    }
    let (document, errors) = DeTable::parse_recoverable(file.text());
    let mut shape = Shape {
        source,
        text: file.text(),
        diagnostics: Vec::new(),
    };
    if !errors.is_empty() {
        shape.syntax(file, document.get_ref(), &errors);
        return Err(shape.diagnostics);
    }
    match shape.table(document.get_ref()) {
        Some(table) if shape.diagnostics.is_empty() => Ok(table),
        _ => Err(shape.diagnostics),
    }
}

/// What makes a text no definition at all, whatever TOML would say about it.
fn unfit_text(file: &SourceFile, source: SourceId) -> Option<Diagnostic> {
    let text = file.text();
    if text.len() as u64 > limits::FILE_BYTES {
        return Some(too_large(file.path(), text.len() as u64));
    }
    if let Some(at) = text.find('\0') {
        let problem = Diagnostic::new(Rule::NulByte, source, at..at + 1, "NUL byte in the text");
        return Some(
            problem.with_help("delete it, or restore the file: a definition is UTF-8 text"),
        );
    }
    let mut lines = text.trim_start_matches('\u{feff}').lines().map(str::trim);
    if lines.all(|line| line.is_empty() || line.starts_with('#')) {
        let message = match text.is_empty() {
            true => "the file is empty",
            false => "the file holds no definition",
        };
        let problem = Diagnostic::at_path(Rule::EmptyFile, file.path(), message);
        return Some(problem.with_help(TEMPLATE));
    }
    None
}

const TEMPLATE: &str = r#"delete it, or describe a table:
name        = "namespace.table"
primary_key = ["id"]

[columns]
id = { id = 1, type = "bigint" }"#;

/// The problem of a file above the limit, for those who see its size before its text.
pub fn too_large(path: &str, bytes: u64) -> Diagnostic {
    let limit = limits::FILE_BYTES;
    let message = format!("the file has {bytes} bytes, more than the {limit} that are read");
    Diagnostic::at_path(Rule::FileTooLarge, path, message)
        .with_help("a definition describes one table: split the file, or move it elsewhere")
}

type Key<'a, 'i> = &'a toml::Spanned<toml::de::DeString<'i>>;
type Value<'a, 'i> = &'a toml::Spanned<DeValue<'i>>;

/// Collects what is wrong with the shape of one file.
struct Shape<'a> {
    source: SourceId,
    text: &'a str,
    diagnostics: Vec<Diagnostic>,
}

impl Shape<'_> {
    fn report(
        &mut self,
        rule: Rule,
        span: Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.push(Diagnostic::new(rule, self.source, span, message).with_help(help));
    }

    fn push(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    fn excerpt(&self, span: Range<usize>) -> &str {
        self.text.get(span).unwrap_or_default()
    }

    // ---- syntax ----

    fn syntax(&mut self, file: &SourceFile, root: &DeTable<'_>, errors: &[toml::de::Error]) {
        let mut errors: Vec<_> = errors
            .iter()
            .map(|error| {
                let end = self.text.len();
                let span = error.span().unwrap_or(end..end);
                (self.trimmed(span), error.message())
            })
            .collect();
        // Two values in a row look like one text without quotes, too; the other error, which is at
        // the end of that text, says it better.
        errors.sort_by_key(|(span, message)| {
            let is_guess = message.starts_with(UNQUOTED);
            (if is_guess { span.end } else { span.start }, is_guess)
        });
        let mut previous_line = 0;
        for (span, message) in errors {
            if message == "duplicate key" {
                self.duplicate_key(root, span);
            } else {
                // One slip makes the parser stumble several times before it finds the next line.
                let (line, _) = file.line_column(span.start);
                if line == previous_line {
                    continue;
                }
                previous_line = line;
                let problem = Diagnostic::new(Rule::Syntax, self.source, span, message);
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

    /// The parser's ranges can hold the blanks after a token.
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
        let message = format!("{} is written twice", tick(&name));
        let mut problem = Diagnostic::new(Rule::DuplicateKey, self.source, span.clone(), message);
        if let Some(first) = first_of(root, &name, &span).or_else(|| self.header(&name, &span)) {
            problem = problem.with_label(self.source, first, "first here");
        }
        self.push(problem.with_help("delete one of the two, or rename it"));
    }

    /// The first header `[name]`, which the parser forgets when it meets the second.
    fn header(&self, name: &str, before: &Range<usize>) -> Option<Range<usize>> {
        let at = self.excerpt(0..before.start).find(&format!("[{name}]"))? + 1;
        Some(at..at + name.len())
    }

    // ---- shape ----

    fn table(&mut self, root: &DeTable<'_>) -> Option<RawTable> {
        self.unknown_table_keys(root);
        let mut next_id = NextId::new();
        observe_ids(root, &mut next_id);

        let name = self.text_at(root, "name");
        let kind = self.text_at(root, "kind");
        let ttl_seconds = self.integer_at(root, "ttl_seconds");
        let access_level = self.text_at(root, "access_level");
        let version = self.integer_at(root, "version");
        let comment = self.text_at(root, "comment");
        let primary_key = self.key_at(root);
        let no_primary_key = self.text_at(root, "no_primary_key");
        let unique = self.unique_at(root);
        let row = self.text_at(root, "row");
        let columns = self.columns_at(root, &mut next_id);
        let (reserved_ids, reserved_names) = self.reserved_at(root);

        if get(root, "name").is_none() && !self.misspelt(root, "name", &TABLE_KEYS) {
            let problem = self.whole_file(Rule::MissingKey, "the table has no `name`");
            self.push(problem.with_help("write `name = \"namespace.table\"` at the top"));
        }
        if get(root, "columns").is_none() && !self.misspelt(root, "columns", &TABLE_KEYS) {
            let problem = self.whole_file(Rule::MissingKey, "the table has no `[columns]`");
            self.push(problem.with_help(
                "write `[columns]`, and below it a line for each column:\nid = { id = 1, type = \"bigint\" }",
            ));
        }
        Some(RawTable {
            name: name?,
            kind,
            ttl_seconds,
            access_level,
            version,
            comment,
            primary_key,
            no_primary_key,
            unique,
            row,
            columns: columns?,
            reserved_ids,
            reserved_names,
        })
    }

    /// A problem that has no place of its own: shown at the first line that says something.
    fn whole_file(&self, rule: Rule, message: &str) -> Diagnostic {
        let mut start = 0;
        for line in self.text.split_inclusive('\n') {
            let said = line.trim_start_matches('\u{feff}').trim();
            if !said.is_empty() && !said.starts_with('#') {
                let start = start + line.find(said).unwrap_or(0);
                return Diagnostic::new(rule, self.source, start..start + said.len(), message);
            }
            start += line.len();
        }
        Diagnostic::new(rule, self.source, 0..0, message)
    }

    /// Whether an unknown key is most likely `key`, so that its absence needs no message.
    fn misspelt(&self, table: &DeTable<'_>, key: &str, known: &[&'static str]) -> bool {
        table.iter().any(|(written, _)| {
            let written: &str = written.get_ref();
            !known.contains(&written) && nearest(written, known.iter().copied()) == Some(key)
        })
    }

    fn unknown_table_keys(&mut self, root: &DeTable<'_>) {
        for (key, value) in root.iter() {
            let name: &str = key.get_ref();
            if TABLE_KEYS.contains(&name) {
                continue;
            }
            let help = match value.get_ref() {
                DeValue::Table(table)
                    if get(table, "type").is_some() || get(table, "id").is_some() =>
                {
                    format!("columns go below `[columns]`: move {} there", tick(name))
                }
                _ => did_you_mean(name, &TABLE_KEYS, "a table takes"),
            };
            let message = format!("unknown key {}", tick(name));
            self.report(Rule::UnknownKey, key.span(), message, help);
        }
    }

    fn columns_at(
        &mut self,
        root: &DeTable<'_>,
        next_id: &mut NextId,
    ) -> Option<Spanned<Vec<RawColumn>>> {
        let (_, value) = get(root, "columns")?;
        let DeValue::Table(columns) = value.get_ref() else {
            self.wrong_kind(
                "columns",
                value,
                "a table",
                "write `[columns]`, and below it a line for each column",
            );
            return None;
        };
        let mut entries: Vec<_> = columns.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        let raw: Vec<_> = entries
            .into_iter()
            .map(|(key, value)| self.column(key, value, next_id))
            .collect();
        let columns = raw.into_iter().collect::<Option<_>>()?;
        Some(Spanned::new(columns, value.span()))
    }

    fn column(
        &mut self,
        key: Key<'_, '_>,
        value: Value<'_, '_>,
        next_id: &mut NextId,
    ) -> Option<RawColumn> {
        let name: &str = key.get_ref();
        let DeValue::Table(column) = value.get_ref() else {
            self.column_is_no_table(key, value, next_id);
            return None;
        };
        for (written, _) in column.iter() {
            let written_name: &str = written.get_ref();
            if !COLUMN_KEYS.contains(&written_name) {
                let message = format!("unknown key {}", tick(written_name));
                let help = match written_name {
                    "primary_key" | "pk" | "key" => {
                        format!("keys are named above `[columns]`: `primary_key = [\"{name}\"]`")
                    }
                    "unique" => {
                        format!("keys are named above `[columns]`: `unique = [[\"{name}\"]]`")
                    }
                    "null" | "optional" => "write `nullable = true`".to_string(),
                    "not_null" | "required" => {
                        "delete it: a column is not null unless it says `nullable = true`"
                            .to_string()
                    }
                    _ => did_you_mean(written_name, &COLUMN_KEYS, "a column takes"),
                };
                self.report(Rule::UnknownKey, written.span(), message, help);
            }
        }
        self.missing_column_keys(key, value, column, next_id);
        let id = self.integer_at(column, "id");
        let ty = self.raw_text_at(column, "type");
        let nullable = self.boolean_at(column, "nullable");
        let default = self.default_at(column);
        let unit = self.text_at(column, "unit");
        let rust = self.text_at(column, "rust");
        let comment = self.text_at(column, "comment");
        Some(RawColumn {
            name: Spanned::new(name.to_string(), key.span()),
            id: id?,
            ty: ty?,
            nullable,
            default,
            unit,
            rust,
            comment,
        })
    }

    fn column_is_no_table(&mut self, key: Key<'_, '_>, value: Value<'_, '_>, next_id: &mut NextId) {
        let name: &str = key.get_ref();
        let help = match value.get_ref() {
            _ if TABLE_KEYS.contains(&name) => {
                format!(
                    "if {} is the table's, move the line above `[columns]`",
                    tick(name)
                )
            }
            DeValue::String(ty) => match next_id.fresh() {
                Some(id) => format!("write `{name} = {{ id = {id}, type = {} }}`", quoted(ty)),
                None => format!("write `{name} = {{ id = .., type = {} }}`", quoted(ty)),
            },
            _ => format!("write `{name} = {{ id = .., type = \"..\" }}`"),
        };
        let expected = "a table with at least `id` and `type`";
        let message = format!(
            "column {} is {}, expected {expected}",
            tick(name),
            kind(value.get_ref())
        );
        self.report(Rule::WrongValueType, value.span(), message, help);
    }

    fn missing_column_keys(
        &mut self,
        key: Key<'_, '_>,
        value: Value<'_, '_>,
        column: &DeTable<'_>,
        next_id: &mut NextId,
    ) {
        let is_missing =
            |name| get(column, name).is_none() && !self.misspelt(column, name, &COLUMN_KEYS);
        let missing: Vec<&str> = ["id", "type"]
            .into_iter()
            .filter(|name| is_missing(name))
            .collect();
        if missing.is_empty() {
            return;
        }
        let id = missing.contains(&"id").then(|| match next_id.fresh() {
            Some(id) => format!("id = {id}"),
            None => "id = ..".to_string(),
        });
        let ty = missing
            .contains(&"type")
            .then(|| "type = \"text\"".to_string());
        let name: &str = key.get_ref();
        let message = match missing.as_slice() {
            [one] => format!("column {} has no `{one}`", tick(name)),
            _ => format!("column {} has neither `id` nor `type`", tick(name)),
        };
        let after_id = get(column, "id").map_or(0, |(_, id)| id.span().end);
        let help = self.line_with(key, value, after_id, id.into_iter().chain(ty).collect());
        self.report(Rule::MissingKey, key.span(), message, help);
    }

    /// The column's line with keys added, after the id if it has one, where it is one line; else
    /// what to add.
    fn line_with(
        &self,
        key: Key<'_, '_>,
        value: Value<'_, '_>,
        after_id: usize,
        additions: Vec<String>,
    ) -> String {
        let additions = additions.join(", ");
        let span = value.span();
        let written = self.excerpt(span.clone());
        let name: &str = key.get_ref();
        if !written.starts_with('{') || written.contains('\n') || written.len() > 160 {
            return format!("add `{additions}`");
        }
        let inside = self
            .excerpt(span.start + 1..span.end.saturating_sub(1))
            .trim();
        if inside.is_empty() {
            return format!("write `{name} = {{ {additions} }}`");
        }
        if span.contains(&after_id) {
            let before = self.excerpt(span.start..after_id);
            let after = self.excerpt(after_id..span.end);
            return format!("write `{name} = {before}, {additions}{after}`");
        }
        format!("write `{name} = {{ {additions}, {inside} }}`")
    }

    fn reserved_at(&mut self, root: &DeTable<'_>) -> (Vec<Spanned<i128>>, Vec<Spanned<String>>) {
        let Some((_, value)) = get(root, "reserved") else {
            return (Vec::new(), Vec::new());
        };
        let DeValue::Table(reserved) = value.get_ref() else {
            self.wrong_kind(
                "reserved",
                value,
                "a table",
                "write `[reserved]`, and below it `ids = [..]` and `names = [..]`",
            );
            return (Vec::new(), Vec::new());
        };
        for (key, _) in reserved.iter() {
            let name: &str = key.get_ref();
            if !RESERVED_KEYS.contains(&name) {
                let message = format!("unknown key {}", tick(name));
                let help = did_you_mean(name, &RESERVED_KEYS, "`[reserved]` takes");
                self.report(Rule::UnknownKey, key.span(), message, help);
            }
        }
        let ids = self.array_at(reserved, "ids", "an array of ids", |shape, item| {
            shape.integer("ids", item)
        });
        let names = self.array_at(reserved, "names", "an array of names", |shape, item| {
            shape.string("names", item)
        });
        let values = |array: Option<Spanned<_>>| array.map(|array| array.value).unwrap_or_default();
        (
            values(ids),
            names.map(|array| array.value).unwrap_or_default(),
        )
    }

    fn key_at(&mut self, root: &DeTable<'_>) -> Option<RawKey> {
        self.array_at(
            root,
            "primary_key",
            "an array of column names",
            |shape, item| shape.string("primary_key", item),
        )
    }

    fn unique_at(&mut self, root: &DeTable<'_>) -> Option<Spanned<Vec<RawKey>>> {
        let (_, value) = get(root, "unique")?;
        let is_text = |item: Value<'_, '_>| matches!(item.get_ref(), DeValue::String(_));
        if let DeValue::Array(items) = value.get_ref()
            && !items.is_empty()
            && items.iter().all(is_text)
        {
            let written = self.excerpt(value.span());
            let several = match items.len() {
                1 => "",
                _ => " if they are one key together, or each in brackets of its own",
            };
            let help = format!("write `unique = [{written}]`{several}");
            let message = "`unique` is an array of strings, expected an array of keys";
            self.report(Rule::WrongValueType, value.span(), message, help);
            return None;
        }
        let outer = ["unique = [[", "]]"];
        self.array("unique", value, "an array of keys", outer, |shape, item| {
            let expected = "an array of column names";
            shape.array("unique", item, expected, ["[", "]"], |shape, item| {
                shape.string("unique", item)
            })
        })
    }

    // ---- values ----

    fn array_at<T>(
        &mut self,
        table: &DeTable<'_>,
        name: &str,
        expected: &str,
        read: impl FnMut(&mut Self, Value<'_, '_>) -> Option<T>,
    ) -> Option<Spanned<Vec<T>>> {
        let (_, value) = get(table, name)?;
        let brackets = [&*format!("{name} = ["), "]"];
        self.array(name, value, expected, brackets, read)
    }

    /// `brackets` are what a single item lacks on either side.
    fn array<T>(
        &mut self,
        name: &str,
        value: Value<'_, '_>,
        expected: &str,
        [open, close]: [&str; 2],
        mut read: impl FnMut(&mut Self, Value<'_, '_>) -> Option<T>,
    ) -> Option<Spanned<Vec<T>>> {
        let DeValue::Array(items) = value.get_ref() else {
            let written = match value.get_ref() {
                DeValue::String(_) | DeValue::Integer(_) => self.excerpt(value.span()),
                _ => "..",
            };
            let help = format!("write `{open}{written}{close}`");
            self.wrong_kind(name, value, expected, &help);
            return None;
        };
        let values = items.iter().filter_map(|item| read(self, item)).collect();
        Some(Spanned::new(values, value.span()))
    }

    fn text_at(&mut self, table: &DeTable<'_>, name: &str) -> Option<Spanned<String>> {
        let (_, value) = get(table, name)?;
        self.string(name, value)
    }

    fn string(&mut self, name: &str, value: Value<'_, '_>) -> Option<Spanned<String>> {
        if let DeValue::String(text) = value.get_ref() {
            return Some(Spanned::new(text.to_string(), value.span()));
        }
        let help = match value.get_ref() {
            _ if name == "type" => "for example `type = \"text\"`".to_string(),
            _ if name == "unit" => "for example `unit = \"ms\"`".to_string(),
            DeValue::Array(_) | DeValue::Table(_) => "write one text in double quotes".to_string(),
            _ => format!("write it in quotes: `\"{}\"`", self.excerpt(value.span())),
        };
        self.wrong_kind(name, value, "a string", &help);
        None
    }

    fn raw_text_at(&mut self, table: &DeTable<'_>, name: &str) -> Option<RawText> {
        let text = self.text_at(table, name)?;
        let written = self.excerpt(text.span.clone());
        let quotes = ["\"\"\"", "'''", "\"", "'"]
            .into_iter()
            .find(|quotes| written.starts_with(quotes))
            .map_or(0, str::len);
        let verbatim = written
            .get(quotes..written.len().saturating_sub(quotes))
            .is_some_and(|content| content == text.value);
        Some(RawText {
            content: verbatim.then_some(text.span.start + quotes),
            value: text.value,
            span: text.span,
        })
    }

    fn integer_at(&mut self, table: &DeTable<'_>, name: &str) -> Option<Spanned<i128>> {
        let (_, value) = get(table, name)?;
        self.integer(name, value)
    }

    fn integer(&mut self, name: &str, value: Value<'_, '_>) -> Option<Spanned<i128>> {
        if let DeValue::Integer(number) = value.get_ref() {
            return Some(Spanned::new(saturating(number), value.span()));
        }
        let help = match value.get_ref() {
            DeValue::String(text) if text.trim().parse::<i64>().is_ok() => {
                format!("write it without quotes: `{}`", text.trim())
            }
            _ => "write a whole number".to_string(),
        };
        self.wrong_kind(name, value, "an integer", &help);
        None
    }

    fn boolean_at(&mut self, table: &DeTable<'_>, name: &str) -> Option<Spanned<bool>> {
        let (_, value) = get(table, name)?;
        if let DeValue::Boolean(boolean) = value.get_ref() {
            return Some(Spanned::new(*boolean, value.span()));
        }
        let help = match value.get_ref() {
            DeValue::String(text) if matches!(&**text, "true" | "false") => {
                format!("write it without quotes: `{name} = {text}`")
            }
            _ => format!("write `{name} = true`, or leave it out"),
        };
        self.wrong_kind(name, value, "a boolean", &help);
        None
    }

    fn default_at(&mut self, column: &DeTable<'_>) -> Option<RawDefault> {
        let (_, value) = get(column, "default")?;
        let raw = match value.get_ref() {
            DeValue::Boolean(boolean) => RawValue::Boolean(*boolean),
            DeValue::Integer(number) => RawValue::Integer(saturating(number)),
            DeValue::Float(number) => {
                // The parser keeps to a syntax that Rust reads; NaN would be refused like any
                // other float by every type but the two that can hold it.
                RawValue::Float(number.as_str().parse().unwrap_or(f64::NAN))
            }
            DeValue::String(text) => RawValue::Text(text.to_string()),
            DeValue::Datetime(_) => RawValue::Datetime(datetime(value.get_ref())?),
            DeValue::Array(_) | DeValue::Table(_) => {
                self.wrong_kind(
                    "default",
                    value,
                    "a single value",
                    "lists, structs and maps have no default: leave it out",
                );
                return None;
            }
        };
        Some(RawDefault {
            value: raw,
            span: value.span(),
            text: self.excerpt(value.span()).to_string(),
        })
    }

    fn wrong_kind(&mut self, name: &str, value: Value<'_, '_>, expected: &str, help: &str) {
        let message = format!("`{name}` is {}, expected {expected}", kind(value.get_ref()));
        self.report(Rule::WrongValueType, value.span(), message, help);
    }
}

fn get<'a, 'i>(table: &'a DeTable<'i>, name: &str) -> Option<(Key<'a, 'i>, Value<'a, 'i>)> {
    table.get_key_value(name)
}

/// A number beyond `i128` is beyond everything that a definition can hold, like the end of `i128`.
fn saturating(number: &toml::de::DeInteger<'_>) -> i128 {
    i128::from_str_radix(number.as_str(), number.radix()).unwrap_or_else(|_| {
        if number.as_str().starts_with('-') {
            i128::MIN
        } else {
            i128::MAX
        }
    })
}

/// A date or time that stands alone in `text`.
pub fn datetime_text(text: &str) -> Option<RawDatetime> {
    let value = DeValue::parse(text).ok()?;
    datetime(value.get_ref())
}

fn datetime(value: &DeValue<'_>) -> Option<RawDatetime> {
    let value = value.as_datetime()?;
    Some(RawDatetime {
        date: value.date.map(|date| (date.year, date.month, date.day)),
        time: value.time.map(|time| {
            let (second, nanosecond) = (time.second.unwrap_or(0), time.nanosecond.unwrap_or(0));
            (time.hour, time.minute, second, nanosecond)
        }),
        offset: value.offset.map(|offset| match offset {
            Offset::Z => 0,
            Offset::Custom { minutes } => minutes,
        }),
    })
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a float",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}

fn did_you_mean(written: &str, known: &[&'static str], otherwise: &str) -> String {
    match nearest(written, known.iter().copied()) {
        Some(key) => format!("did you mean `{key}`?"),
        None => format!("{otherwise} {}", listed(known, "and")),
    }
}

const UNQUOTED: &str = "string values must be quoted";

fn syntax_help(message: &str) -> Option<&'static str> {
    let helps = [
        ("key with no value", "write `key = value`"),
        (
            UNQUOTED,
            "write a text in double quotes, and `,` between two keys",
        ),
        (
            "invalid float",
            "write a text in double quotes, a number in digits",
        ),
        (
            "invalid basic string",
            "close the text with `\"` on the same line",
        ),
        (
            "invalid literal string",
            "close the text with `'` on the same line",
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

/// Where the key that `duplicate` repeats was written first, as far as the recovered document
/// tells: in the innermost table around it, which is an inline table or the last header above.
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

/// Notes every id in the document, wherever it has the shape of one.
fn observe_ids(root: &DeTable<'_>, next_id: &mut NextId) {
    if let Some(DeValue::Table(columns)) = get(root, "columns").map(|(_, value)| value.get_ref()) {
        for column in columns.values() {
            if let DeValue::Table(column) = column.get_ref() {
                if let Some(DeValue::Integer(id)) = get(column, "id").map(|(_, id)| id.get_ref()) {
                    next_id.observe(saturating(id));
                }
                if let Some(DeValue::String(ty)) = get(column, "type").map(|(_, ty)| ty.get_ref()) {
                    next_id.observe_type(ty);
                }
            }
        }
    }
    if let Some(DeValue::Table(reserved)) = get(root, "reserved").map(|(_, value)| value.get_ref())
        && let Some(DeValue::Array(ids)) = get(reserved, "ids").map(|(_, ids)| ids.get_ref())
    {
        for id in ids.iter() {
            if let DeValue::Integer(id) = id.get_ref() {
                next_id.observe(saturating(id));
            }
        }
    }
}
