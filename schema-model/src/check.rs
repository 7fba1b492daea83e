// SPDX-License-Identifier: Apache-2.0

//! A [`RawTable`] to a [`TableDefinition`]: one function for each rule, every problem collected.

mod arrow_type;
mod defaults;
mod ids;
mod keys;
mod names;
mod options;
mod rust;
mod tables;
mod types;
mod units;

use std::ops::Range;

pub use tables::{CheckedTable, TableSpans, check_tables};

use self::keys::Keys;
use crate::next_id::NextId;
use crate::raw::{RawColumn, RawTable, RawText};
use crate::{
    Column, ColumnType, Diagnostic, Reserved, Rule, SourceId, Sources, Spanned, TableDefinition,
    TableKind, TableName, TableParts, limits,
};

/// Reads and checks one file of `sources`.
///
/// # Errors
/// Every problem of the first stage that has any: syntax, then keys and kinds of values, then
/// everything else. What concerns several tables is left to [`check_tables`].
pub fn parse_and_check(
    sources: &Sources,
    source: SourceId,
) -> Result<CheckedTable, Vec<Diagnostic>> {
    let raw = crate::parse(sources, source)?;
    let definition = check(&raw, source)?;
    let columns = raw
        .columns
        .value
        .iter()
        .map(|column| column.name.span.clone());
    let spans = TableSpans {
        name: raw.name.span.clone(),
        columns: columns.collect(),
    };
    Ok(CheckedTable {
        definition,
        source,
        spans,
    })
}

/// Checks a table, whose spans are places in `source`.
///
/// # Errors
/// Every rule that it breaks.
pub fn check(raw: &RawTable, source: SourceId) -> Result<TableDefinition, Vec<Diagnostic>> {
    let mut checks = Checks::new(raw, source);
    match checks.table() {
        Some(parts) if checks.diagnostics.is_empty() => Ok(TableDefinition::from_checked(parts)),
        _ => Err(checks.diagnostics),
    }
}

/// The type of each column of a table that need not be sound; none where it has no valid one.
pub fn column_types(raw: &RawTable, source: SourceId) -> Vec<Option<ColumnType>> {
    let mut checks = Checks::new(raw, source);
    let columns = raw.columns.value.iter();
    columns
        .map(|column| checks.column_type(column, &mut Vec::new()))
        .collect()
}

/// Checks the text of a type on its own. Places are ranges of it.
///
/// # Errors
/// Every rule that it breaks.
pub fn check_type(text: &str, source: SourceId) -> Result<ColumnType, Vec<Diagnostic>> {
    let whole = 0..text.len();
    let column = RawColumn {
        name: Spanned::new(String::new(), whole.clone()),
        id: Spanned::new(1, whole.clone()),
        ty: RawText {
            value: text.to_string(),
            span: whole.clone(),
            content: Some(0),
        },
        nullable: None,
        default: None,
        unit: None,
        rust: None,
        comment: None,
    };
    let raw = RawTable {
        name: Spanned::new(String::new(), whole.clone()),
        kind: None,
        ttl_seconds: None,
        access_level: None,
        version: None,
        comment: None,
        primary_key: None,
        no_primary_key: None,
        unique: None,
        row: None,
        columns: Spanned::new(vec![column], whole),
        reserved_ids: Vec::new(),
        reserved_names: Vec::new(),
    };
    let mut checks = Checks::new(&raw, source);
    let ty = checks.column_type(&raw.columns.value[0], &mut Vec::new());
    match ty {
        Some(ty) if checks.diagnostics.is_empty() => Ok(ty),
        _ => Err(checks.diagnostics),
    }
}

/// What is known of the table so far, and what is wrong with it.
struct Checks<'a> {
    raw: &'a RawTable,
    source: SourceId,
    next_id: NextId,
    diagnostics: Vec<Diagnostic>,
}

/// A column whose type, if it has a valid one, is known.
struct TypedColumn<'a> {
    raw: &'a RawColumn,
    ty: Option<ColumnType>,
}

impl TypedColumn<'_> {
    fn is_nullable(&self) -> bool {
        self.raw.nullable.as_ref().is_some_and(|flag| flag.value)
    }
}

impl<'a> Checks<'a> {
    fn new(raw: &'a RawTable, source: SourceId) -> Self {
        Checks {
            raw,
            source,
            next_id: NextId::new(),
            diagnostics: Vec::new(),
        }
    }

    fn table(&mut self) -> Option<TableParts> {
        let raw = self.raw;
        ids::observe(raw, &mut self.next_id);

        let name = self.table_name();
        let kind = self.kind(name.as_ref());
        let ttl_seconds = self.ttl_seconds(kind);
        let access_level = self.access_level(kind);
        let version = self.version();
        self.column_count();
        self.comments();
        self.column_names();
        self.system_columns(kind);
        self.reserved_names();

        let mut nested_ids = Vec::new();
        let columns: Vec<TypedColumn<'a>> = raw
            .columns
            .value
            .iter()
            .map(|column| TypedColumn {
                raw: column,
                ty: self.column_type(column, &mut nested_ids),
            })
            .collect();
        self.ids(nested_ids);

        let Keys {
            primary_key,
            unique_keys,
        } = self.keys(&columns);
        let row = self.row(name.as_ref());
        self.rust_fields();
        self.rust_columns(&columns);
        self.rust_types(row.as_deref(), &columns);

        let mut checked = Vec::with_capacity(columns.len());
        for column in &columns {
            let default = self.default(column);
            let unit = self.unit(column);
            self.default_in_unit(column, default.as_ref(), unit);
            checked.push(Column {
                id: i32::try_from(column.raw.id.value).unwrap_or_default(),
                name: column.raw.name.value.as_str().into(),
                ty: column.ty.clone().unwrap_or(ColumnType::Text),
                nullable: column.is_nullable(),
                default,
                unit,
                rust: column
                    .raw
                    .rust
                    .as_ref()
                    .map(|rust| rust.value.as_str().into()),
                comment: shared(&column.raw.comment),
            });
        }
        Some(TableParts {
            name: name?,
            kind: kind?,
            ttl_seconds,
            access_level,
            version: version?,
            comment: shared(&raw.comment),
            primary_key: primary_key?,
            unique_keys,
            row: row?.into(),
            columns: checked.into(),
            reserved: self.reserved(),
        })
    }

    fn problem(&self, rule: Rule, span: &Range<usize>, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(rule, self.source, span.clone(), message)
    }

    fn push(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    fn kind(&mut self, name: Option<&TableName>) -> Option<TableKind> {
        let Some(kind) = &self.raw.kind else {
            return Some(TableKind::default_in(&name?.namespace));
        };
        let known = TableKind::ALL
            .into_iter()
            .find(|known| known.as_str() == kind.value);
        if known.is_none() {
            let names = TableKind::ALL.map(TableKind::as_str);
            let message = format!("unknown kind {}", crate::diagnostic::tick(&kind.value));
            let help = match crate::suggest::nearest(&kind.value, names) {
                Some(name) => format!("did you mean `{name}`?"),
                None => format!("the kinds are {}", crate::diagnostic::listed(names, "and")),
            };
            self.push(
                self.problem(Rule::UnknownKind, &kind.span, message)
                    .with_help(help),
            );
        }
        known
    }

    fn version(&mut self) -> Option<u32> {
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

    fn column_count(&mut self) {
        let columns = &self.raw.columns;
        let count = columns.value.len();
        let problem = if count == 0 {
            self.problem(Rule::NoColumns, &columns.span, "the table has no columns")
                .with_help("write a line for each column:\nid = { id = 1, type = \"bigint\" }")
        } else if count > limits::COLUMNS {
            let limit = limits::COLUMNS;
            let message = format!("{count} columns, more than the {limit} that a table can have");
            self.problem(Rule::TooManyColumns, &columns.span, message)
                .with_help("split the table, or nest columns in a `struct<..>`")
        } else {
            return;
        };
        self.push(problem);
    }

    fn comments(&mut self) {
        let raw = self.raw;
        let table = [&raw.comment, &raw.no_primary_key].into_iter().flatten();
        let columns = raw
            .columns
            .value
            .iter()
            .filter_map(|column| column.comment.as_ref());
        for text in table.chain(columns) {
            if text.value.len() > limits::COMMENT_BYTES {
                let message = format!(
                    "the text has {} bytes, more than the {} that it can have",
                    text.value.len(),
                    limits::COMMENT_BYTES
                );
                // The beginning is enough to see which text it is.
                let span = text.span.start..text.span.start + 1;
                let problem = self.problem(Rule::TextTooLong, &span, message);
                self.push(
                    problem.with_help("keep what is this long in a document, and name it here"),
                );
            }
        }
    }

    fn reserved(&self) -> Reserved {
        let ids = self.raw.reserved_ids.iter();
        let mut ids: Vec<i32> = ids.filter_map(|id| id.value.try_into().ok()).collect();
        ids.sort_unstable();
        let names = self.raw.reserved_names.iter();
        let mut names: Vec<crate::Shared<str>> =
            names.map(|name| name.value.as_str().into()).collect();
        names.sort_unstable();
        Reserved {
            ids: ids.into(),
            names: names.into(),
        }
    }
}

fn shared(text: &Option<Spanned<String>>) -> Option<crate::Shared<str>> {
    text.as_ref().map(|text| text.value.as_str().into())
}
