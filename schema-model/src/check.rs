// SPDX-License-Identifier: Apache-2.0

//! The checks: a [`RawTable`] to a [`TableDefinition`]. Each rule has its own function, and all
//! problems are collected.

mod arrow_parts;
mod arrow_type;
mod characters;
mod context;
mod default_calls;
mod default_context;
mod default_literals;
mod default_times;
mod defaults;
mod ids;
mod keys;
mod labels;
mod locked;
mod names;
mod options;
mod quoted_names;
mod renames;
mod rust;
mod table;
mod tables;
mod types;
mod units;
mod variants;

pub(crate) use self::locked::{check_columns, check_locked};
pub use self::tables::{
    CheckedTable, TableSpans, VariantNames, check_provided_names, check_tables,
};

use self::context::{Checks, RustCode, TypedColumn};
use self::keys::Keys;
use crate::definition::{Column, TableDefinition, TableParts};
use crate::diagnostic::Diagnostic;
use crate::parse::parse;
use crate::raw::{RawColumn, RawTable, RawText, Syntax, TextOrigin};
use crate::source::{SourceId, SourceSpan, Sources, Spanned};
use crate::type_ids::with_placeholder_ids;
use crate::types::ColumnType;

/// Parses and checks one file of `sources`. The table can be one without Rust code: names and
/// labels need not be names in Rust.
///
/// # Errors
/// All problems of the first stage that has any. The stages are TOML syntax, then keys and types of
/// values, then all other rules. Rules that concern several tables are left to [`check_tables`].
///
/// ```
/// use kalamtable_model::{ColumnType, SourceFile, Sources, parse_and_check};
///
/// let text = r#"
/// name        = "app.events"
/// primary_key = ["id"]
///
/// [columns]
/// id    = { id = 1, type = "bigint" }
/// title = { id = 2, type = "text", nullable = true }
/// "#;
/// let mut sources = Sources::new();
/// let source = sources.push(SourceFile::new("events.toml", text));
/// let definition = parse_and_check(&sources, source).unwrap().definition;
///
/// assert_eq!(definition.name().to_string(), "app.events");
/// assert_eq!(definition.columns()[1].ty, ColumnType::Text);
/// ```
pub fn parse_and_check(
    sources: &Sources,
    source: SourceId,
) -> Result<CheckedTable, Vec<Diagnostic>> {
    let raw = parse(sources, source)?;
    let definition = check(&raw)?;
    Ok(checked_table(&raw, definition, source))
}

/// Parses and checks one file of `sources`, including the names of the Rust code that is generated
/// for the table.
///
/// # Errors
/// All problems of the first stage that has any, as in [`parse_and_check`].
///
/// ```
/// use kalamtable_model::{SourceFile, Sources, parse_and_check, parse_and_check_for_rust};
///
/// let text = r#"
/// name        = "app.filters"
/// primary_key = ["id"]
///
/// [columns]
/// id       = { id = 1, type = "bigint" }
/// operator = { id = 2, type = "enum('=', '>=')", variants = { "=" = "Equal", ">=" = "AtLeast" } }
/// "#;
/// let mut sources = Sources::new();
/// let named = sources.push(SourceFile::new("filters.toml", text));
/// let unnamed = text.replace(r#", variants = { "=" = "Equal", ">=" = "AtLeast" }"#, "");
/// let unnamed = sources.push(SourceFile::new("unnamed.toml", unnamed));
///
/// let table = parse_and_check_for_rust(&sources, named).unwrap();
/// assert_eq!(table.variants["operator"][">="], "AtLeast");
/// assert!(parse_and_check(&sources, unnamed).is_ok());
/// assert!(parse_and_check_for_rust(&sources, unnamed).is_err());
/// ```
pub fn parse_and_check_for_rust(
    sources: &Sources,
    source: SourceId,
) -> Result<CheckedTable, Vec<Diagnostic>> {
    let raw = parse(sources, source)?;
    let definition = checked(Checks::new(&raw, RustCode::Generated))?;
    Ok(checked_table(&raw, definition, source))
}

fn checked_table(raw: &RawTable, definition: TableDefinition, source: SourceId) -> CheckedTable {
    let columns = raw
        .columns
        .value
        .iter()
        .map(|column| column.name.span.clone());
    let spans = TableSpans {
        name: raw.name.span.clone(),
        renamed_from: raw.renamed_from.as_ref().map(|name| name.span.clone()),
        columns: columns.collect(),
    };
    CheckedTable {
        definition,
        source,
        spans,
        variants: variants::chosen(raw),
        renames: renames::renames(raw),
        warnings: warnings(raw),
    }
}

/// Checks one table, except for the names of generated Rust code.
///
/// # Errors
/// One diagnostic for each broken rule.
pub fn check(raw: &RawTable) -> Result<TableDefinition, Vec<Diagnostic>> {
    checked(Checks::new(raw, RustCode::NotGenerated))
}

fn checked(mut checks: Checks<'_>) -> Result<TableDefinition, Vec<Diagnostic>> {
    match checks.table() {
        Some(parts) if checks.diagnostics.is_empty() => Ok(TableDefinition::from_checked(parts)),
        _ => Err(checks.diagnostics),
    }
}

/// Returns the warnings about a table. They do not make it invalid.
pub fn warnings(raw: &RawTable) -> Vec<Diagnostic> {
    let mut checks = Checks::new(raw, RustCode::NotGenerated);
    checks.quoted_names();
    checks.diagnostics
}

/// Returns the type of each column of a table that may be invalid; `None` for a column without a
/// valid type.
#[doc(hidden)]
pub fn column_types(raw: &RawTable) -> Vec<Option<ColumnType>> {
    let mut checks = Checks::new(raw, RustCode::NotGenerated);
    let columns = raw.columns.value.iter();
    columns
        .map(|column| checks.column_type(column, &mut Vec::new()))
        .collect()
}

/// Checks the text of a column type, which is the whole text of `source`.
///
/// # Errors
/// One diagnostic for each broken rule.
#[doc(hidden)]
pub fn check_type(text: &str, source: SourceId) -> Result<ColumnType, Vec<Diagnostic>> {
    let span = SourceSpan::text(source, 0..text.len());
    type_of_text(text, span, TextOrigin::Verbatim(0), Syntax::Toml)
}

/// Checks the text of a column type without ids, as a DDL statement contains it in double quotes.
/// The ids of nested fields in the result are placeholders.
///
/// # Errors
/// One diagnostic for each broken rule. It has no position.
#[doc(hidden)]
pub fn check_type_without_ids(text: &str) -> Result<ColumnType, Vec<Diagnostic>> {
    let text = with_placeholder_ids(text);
    type_of_text(&text, SourceSpan::Key(0), TextOrigin::Quoted, Syntax::Sql)
}

fn type_of_text(
    text: &str,
    span: SourceSpan,
    origin: TextOrigin,
    syntax: Syntax,
) -> Result<ColumnType, Vec<Diagnostic>> {
    let column = RawColumn::new(
        Spanned::new(String::new(), span.clone()),
        Spanned::new(1, span.clone()),
        RawText::new(text, span.clone(), origin),
    );
    let name = Spanned::new(String::new(), span.clone());
    let raw = RawTable::new(syntax, name, Spanned::new(Vec::new(), span));
    let mut checks = Checks::new(&raw, RustCode::NotGenerated);
    match checks.column_type(&column, &mut Vec::new()) {
        Some(ty) if checks.diagnostics.is_empty() => Ok(ty),
        _ => Err(checks.diagnostics),
    }
}

/// Checks the labels of an enum that is written at `whole`, outside of any table.
#[doc(hidden)]
pub fn check_labels(
    syntax: Syntax,
    labels: &[Spanned<String>],
    whole: &SourceSpan,
) -> Vec<Diagnostic> {
    let name = Spanned::new(String::new(), whole.clone());
    let raw = RawTable::new(syntax, name, Spanned::new(Vec::new(), whole.clone()));
    let mut checks = Checks::new(&raw, RustCode::NotGenerated);
    checks.labels(labels, whole);
    checks.diagnostics
}

impl<'a> Checks<'a> {
    /// Runs all checks of one table. Returns `None` if a part has no valid value.
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
        self.column_sources();
        self.table_rename();
        self.column_renames();
        self.deprecations();
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
        self.rust_columns(&columns);
        self.chosen_variants(&columns);
        if self.has_rust_code() {
            self.rust_modules(name.as_ref());
            self.rust_fields();
            self.rust_types(row.as_deref(), &columns);
        }

        let columns: Vec<Column> = columns.iter().map(|column| self.column(column)).collect();
        Some(TableParts {
            name: name?,
            kind: kind?,
            ttl_seconds,
            access_level,
            version: version?,
            comment: table::shared_text(&raw.comment),
            primary_key: primary_key?,
            unique_keys,
            row: row?.into(),
            columns: columns.into(),
            reserved: self.reserved(),
        })
    }

    /// Checks the default and the unit of a column. Placeholders fill in for invalid parts, which
    /// have been reported.
    fn column(&mut self, column: &TypedColumn<'_>) -> Column {
        let default = self.default(column);
        let unit = self.unit(column);
        self.default_in_unit(column, default.as_ref(), unit);
        let raw = column.raw;
        Column {
            id: i32::try_from(raw.id.value).unwrap_or_default(),
            name: raw.name.value.as_str().into(),
            source: names::source(raw),
            ty: column.ty.clone().unwrap_or(ColumnType::Text),
            nullable: column.is_nullable(),
            default,
            unit,
            rust: table::shared_text(&raw.rust),
            deprecated: table::shared_text(&raw.deprecated),
            comment: table::shared_text(&raw.comment),
        }
    }
}
