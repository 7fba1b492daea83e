// SPDX-License-Identifier: Apache-2.0

//! Reads a TOML document as a [`RawTable`], and reports missing keys and tables of the wrong shape.

use toml::de::{DeTable, DeValue};

use super::keys::{COLUMN_KEYS, TABLE_KEYS, is_misspelt};
use super::reader::{Reader, TomlKey, TomlValue, get};
use super::values::{integer_value, kind};
use crate::canonical::quoted;
use crate::diagnostic::{Diagnostic, backticked};
use crate::next_id::NextId;
use crate::raw::{RawColumn, RawKey, RawTable, RawVariant, Syntax};
use crate::rule::Rule;
use crate::source::Spanned;

impl Reader<'_> {
    /// Reads the whole document. Returns `None` if a required part is missing or invalid.
    pub(super) fn table(&mut self, root: &DeTable<'_>) -> Option<RawTable> {
        self.unknown_table_keys(root);
        let mut next_id = NextId::new();
        observe_ids(root, &mut next_id);

        let name = self.text_at(root, "name");
        let renamed_from = self.text_at(root, "renamed_from");
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

        if get(root, "name").is_none() && !is_misspelt(root, "name", &TABLE_KEYS) {
            let problem = self.whole_file(Rule::MissingKey, "the table has no `name`");
            self.push(problem.with_help("write `name = \"namespace.table\"` at the top"));
        }
        if get(root, "columns").is_none() && !is_misspelt(root, "columns", &TABLE_KEYS) {
            let problem = self.whole_file(Rule::MissingKey, "the table has no `[columns]`");
            self.push(problem.with_help(
                "write `[columns]`, and below it a line for each column:\nid = { id = 1, type = \"bigint\" }",
            ));
        }
        let mut table = RawTable::new(Syntax::Toml, name?, columns?);
        table.renamed_from = renamed_from;
        table.kind = kind;
        table.ttl_seconds = ttl_seconds;
        table.access_level = access_level;
        table.version = version;
        table.comment = comment;
        table.primary_key = primary_key;
        table.no_primary_key = no_primary_key;
        table.unique = unique;
        table.row = row;
        table.reserved_ids = reserved_ids;
        table.reserved_names = reserved_names;
        Some(table)
    }

    /// Creates a problem of the whole file, which is shown at the first line with content.
    fn whole_file(&self, rule: Rule, message: &str) -> Diagnostic {
        let mut start = 0;
        for line in self.text.split_inclusive('\n') {
            let content = line.trim_start_matches('\u{feff}').trim();
            if !content.is_empty() && !content.starts_with('#') {
                let start = start + line.find(content).unwrap_or(0);
                return self.problem(rule, start..start + content.len(), message);
            }
            start += line.len();
        }
        self.problem(rule, 0..0, message)
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
        Some(Spanned::new(columns, self.span(value.span())))
    }

    fn column(
        &mut self,
        key: TomlKey<'_, '_>,
        value: TomlValue<'_, '_>,
        next_id: &mut NextId,
    ) -> Option<RawColumn> {
        let name: &str = key.get_ref();
        let DeValue::Table(column) = value.get_ref() else {
            self.column_is_not_a_table(key, value, next_id);
            return None;
        };
        self.unknown_column_keys(name, column);
        self.missing_column_keys(key, value, column, next_id);
        let id = self.integer_at(column, "id");
        let ty = self.raw_text_at(column, "type");
        let renamed_from = self.text_at(column, "renamed_from");
        let source = self.text_at(column, "source");
        let nullable = self.boolean_at(column, "nullable");
        let default = self.default_at(column);
        let unit = self.text_at(column, "unit");
        let rust = self.text_at(column, "rust");
        let variants = self.variants_at(column);
        let deprecated = self.text_at(column, "deprecated");
        let comment = self.text_at(column, "comment");
        let name = Spanned::new(name.to_string(), self.span(key.span()));
        let mut column = RawColumn::new(name, id?, ty?);
        column.renamed_from = renamed_from;
        column.source = source;
        column.nullable = nullable;
        column.default = default;
        column.unit = unit;
        column.rust = rust;
        column.variants = variants;
        column.deprecated = deprecated;
        column.comment = comment;
        Some(column)
    }

    fn variants_at(&mut self, column: &DeTable<'_>) -> Option<Spanned<Vec<RawVariant>>> {
        let (_, value) = get(column, "variants")?;
        let DeValue::Table(written) = value.get_ref() else {
            let expected = "a table from labels to names";
            let help = "write `variants = { \"label\" = \"Variant\" }`";
            self.wrong_kind("variants", value, expected, help);
            return None;
        };
        let mut entries: Vec<_> = written.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        let variants = entries.into_iter().filter_map(|(key, value)| {
            let label = Spanned::new(key.get_ref().to_string(), self.span(key.span()));
            if let DeValue::Table(_) = value.get_ref() {
                // A label with a dot is a path if it has no quotes.
                let message = format!("label {} has no name", backticked(&label.value));
                let help = "write a label with a dot in quotes: `\"a.b\" = \"Variant\"`";
                self.report(Rule::WrongValueType, key.span(), message, help);
                return None;
            }
            let name = self.string(&label.value, value)?;
            Some(RawVariant::new(label, name))
        });
        let variants = variants.collect();
        Some(Spanned::new(variants, self.span(value.span())))
    }

    fn column_is_not_a_table(
        &mut self,
        key: TomlKey<'_, '_>,
        value: TomlValue<'_, '_>,
        next_id: &mut NextId,
    ) {
        let name: &str = key.get_ref();
        let help = match value.get_ref() {
            _ if TABLE_KEYS.contains(&name) => {
                format!(
                    "if {} is a key of the table, move the line above `[columns]`",
                    backticked(name)
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
            backticked(name),
            kind(value.get_ref())
        );
        self.report(Rule::WrongValueType, value.span(), message, help);
    }

    fn missing_column_keys(
        &mut self,
        key: TomlKey<'_, '_>,
        value: TomlValue<'_, '_>,
        column: &DeTable<'_>,
        next_id: &mut NextId,
    ) {
        let is_missing =
            |name| get(column, name).is_none() && !is_misspelt(column, name, &COLUMN_KEYS);
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
            [one] => format!("column {} has no `{one}`", backticked(name)),
            _ => format!("column {} has neither `id` nor `type`", backticked(name)),
        };
        let after_id = get(column, "id").map_or(0, |(_, id)| id.span().end);
        let help = self.line_with(key, value, after_id, id.into_iter().chain(ty).collect());
        self.report(Rule::MissingKey, key.span(), message, help);
    }

    /// Returns help with the line of the column after `additions`, which follow the id if there is
    /// one. For a long column or one of several lines, the help contains the additions only.
    fn line_with(
        &self,
        key: TomlKey<'_, '_>,
        value: TomlValue<'_, '_>,
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
        self.unknown_reserved_keys(reserved);
        let ids = self.array_at(reserved, "ids", "an array of ids", |reader, item| {
            reader.integer("ids", item)
        });
        let names = self.array_at(reserved, "names", "an array of names", |reader, item| {
            reader.string("names", item)
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
            |reader, item| reader.string("primary_key", item),
        )
    }

    fn unique_at(&mut self, root: &DeTable<'_>) -> Option<Spanned<Vec<RawKey>>> {
        let (_, value) = get(root, "unique")?;
        let is_text = |item: TomlValue<'_, '_>| matches!(item.get_ref(), DeValue::String(_));
        if let DeValue::Array(items) = value.get_ref()
            && !items.is_empty()
            && items.iter().all(is_text)
        {
            let written = self.excerpt(value.span());
            let several = match items.len() {
                1 => "",
                _ => " if they form one key, or put each into its own brackets",
            };
            let help = format!("write `unique = [{written}]`{several}");
            let message = "`unique` is an array of strings, expected an array of keys";
            self.report(Rule::WrongValueType, value.span(), message, help);
            return None;
        }
        let outer = ["unique = [[", "]]"];
        self.array(
            "unique",
            value,
            "an array of keys",
            outer,
            |reader, item| {
                let expected = "an array of column names";
                reader.array("unique", item, expected, ["[", "]"], |reader, item| {
                    reader.string("unique", item)
                })
            },
        )
    }
}

/// Marks all ids in the document as used, including those of invalid columns.
fn observe_ids(root: &DeTable<'_>, next_id: &mut NextId) {
    if let Some(DeValue::Table(columns)) = get(root, "columns").map(|(_, value)| value.get_ref()) {
        for column in columns.values() {
            if let DeValue::Table(column) = column.get_ref() {
                if let Some(DeValue::Integer(id)) = get(column, "id").map(|(_, id)| id.get_ref()) {
                    next_id.observe(integer_value(id));
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
                next_id.observe(integer_value(id));
            }
        }
    }
}
