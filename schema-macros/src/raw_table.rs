// SPDX-License-Identifier: Apache-2.0

//! [`raw_table`]: the attributes and fields of a struct as a raw table of the model.

use kalamtable_model::{
    ColumnType, MAX_ID, RawColumn, RawDefault, RawKey, RawTable, RawText, RawValue, Spanned,
    Syntax, TextOrigin, backticked_list,
};
use syn::ext::IdentExt;

use crate::attributes::TableAttributes;
use crate::problems::{Problems, TokenSpans, Written};
use crate::row::{RowField, RowStruct};

/// Returns the table that `row` and its attributes describe, before the model checks it.
pub(crate) fn raw_table(
    row: &RowStruct,
    attributes: &TableAttributes,
    spans: &mut TokenSpans,
    problems: &mut Problems,
) -> RawTable {
    let ids = ids(row, attributes, problems);
    let columns = row
        .fields
        .iter()
        .zip(ids)
        .map(|(field, id)| raw_column(field, id, spans))
        .collect();
    let mut table = RawTable::new(
        Syntax::Rust,
        spanned(&attributes.table, "the table", spans),
        Spanned::new(columns, spans.add(&row.name, "the struct")),
    );
    let mut key = |key: &Written<Vec<Written<String>>>, name: &str| {
        let mut columns = Vec::with_capacity(key.value.len());
        for column in &key.value {
            let column_name = key_column(row, column, problems);
            columns.push(Spanned::new(column_name, spans.add(&column.tokens, name)));
        }
        Spanned::new(columns, spans.add(&key.tokens, name))
    };
    let primary_key = attributes.primary_key.as_ref();
    table.primary_key = primary_key.map(|columns| key(columns, "`primary_key`"));
    let unique: Vec<RawKey> = attributes
        .unique
        .iter()
        .map(|columns| key(columns, "`unique`"))
        .collect();
    let first_span = unique.first().map(|first| first.span.clone());
    table.unique = first_span.map(|span| Spanned::new(unique, span));
    let mut optional = |text: &Option<Written<String>>, name: &str| {
        text.as_ref().map(|text| spanned(text, name, spans))
    };
    table.renamed_from = optional(&attributes.renamed_from, "the earlier name");
    table.kind = optional(&attributes.kind, "the kind");
    table.access_level = optional(&attributes.access_level, "the access level");
    table.comment = optional(&attributes.comment, "the comment");
    table.no_primary_key = optional(&attributes.no_primary_key, "the reason");
    table.ttl_seconds = attributes
        .ttl_seconds
        .as_ref()
        .map(|seconds| spanned(seconds, "`ttl_seconds`", spans));
    table.version = attributes
        .version
        .as_ref()
        .map(|version| spanned(version, "the version", spans));
    table.row = Some(Spanned::new(
        row.name.unraw().to_string(),
        spans.add(&row.name, "the struct"),
    ));
    table.reserved_ids = attributes
        .reserved_ids
        .iter()
        .map(|id| spanned(id, "`reserved`", spans))
        .collect();
    table.reserved_names = attributes
        .reserved_names
        .iter()
        .map(|name| spanned(name, "`reserved`", spans))
        .collect();
    table
}

/// Returns the id of each column: the ids that the fields state, or 1, 2, .. if no field states
/// one.
fn ids(row: &RowStruct, attributes: &TableAttributes, problems: &mut Problems) -> Vec<i128> {
    let without: Vec<&RowField> = row
        .fields
        .iter()
        .filter(|field| field.attributes.id.is_none())
        .collect();
    let is_numbered = without.len() == row.fields.len();
    if let (true, Some(id)) = (is_numbered, attributes.reserved_ids.first()) {
        let message = "ids are reserved, but no column has an explicit id";
        let help = "write `#[kalam(id = ..)]` on each field: a column keeps its id when another is \
                    dropped";
        problems.push(&id.tokens, message, help);
    }
    let explicit = row
        .fields
        .iter()
        .filter_map(|field| field.attributes.id.as_ref());
    let mut largest = explicit
        .chain(&attributes.reserved_ids)
        .map(|id| id.value)
        .filter(|id| *id <= i128::from(MAX_ID))
        .max()
        .unwrap_or(0)
        .max(0);
    if let (false, Some(first)) = (is_numbered, without.first()) {
        let names = backticked_list(without.iter().map(|field| field.column()), "and");
        let (verb, more) = if without.len() == 1 {
            ("has", "")
        } else {
            ("have", " and so on")
        };
        let message = format!("{names} {verb} no id, but other columns do");
        let next = largest + 1;
        let help = format!("write `#[kalam(id = {next})]`{more}, or remove the ids of all columns");
        problems.push(&first.name, &message, &help);
    }
    let mut position = 0;
    let ids = row.fields.iter().map(|field| match &field.attributes.id {
        Some(id) => id.value,
        None if is_numbered => {
            position += 1;
            position
        }
        None => {
            largest += 1;
            largest
        }
    });
    ids.collect()
}

fn spanned<T: Clone>(written: &Written<T>, name: &str, spans: &mut TokenSpans) -> Spanned<T> {
    Spanned::new(written.value.clone(), spans.add(&written.tokens, name))
}

/// Returns the name of a key's column. Reports the name of a field whose column has another name.
fn key_column(row: &RowStruct, name: &Written<String>, problems: &mut Problems) -> String {
    let is_column = row.fields.iter().any(|field| field.column() == name.value);
    let renamed = row
        .fields
        .iter()
        .find(|field| field.name.unraw() == name.value);
    match renamed {
        Some(field) if !is_column => {
            let column = field.column();
            let message = format!("the column of field `{}` is `{column}`", field.name);
            problems.push(&name.tokens, &message, &format!("write `{column}`"));
            column
        }
        _ => name.value.clone(),
    }
}

fn raw_column(field: &RowField, id: i128, spans: &mut TokenSpans) -> RawColumn {
    let attributes = &field.attributes;
    let column = format!("column `{}`", field.column());
    let name = spans.add(field.column_tokens(), &column);
    let id = match &attributes.id {
        Some(id) => spanned(id, &column, spans),
        None => Spanned::new(id, spans.add(&field.name, &column)),
    };
    let rust_type = spans.add(&field.ty.value, &column);
    let ty = match (&attributes.ty, &field.ty.known) {
        (Some(ty), _) => {
            let span = spans.add(&ty.tokens, &column);
            RawText::new(&ty.value, span, TextOrigin::Quoted)
        }
        (None, Some(known)) => {
            RawText::new(known.column.to_string(), rust_type, TextOrigin::RustType)
        }
        // A placeholder that passes every check. The compiler checks the inferred type.
        (None, None) => RawText::new(
            ColumnType::Text.to_string(),
            rust_type,
            TextOrigin::RustType,
        ),
    };
    let default = attributes.default.as_ref().map(|default| {
        // The default of a placeholder must be a text.
        let value = match &default.value {
            value if !field.is_inferred() => value.clone(),
            RawValue::Text(text) => RawValue::Text(text.clone()),
            _ => RawValue::Text(String::new()),
        };
        let span = spans.add(&default.tokens, &column);
        RawDefault::new(value, span, &default.text)
    });
    let mut raw = RawColumn::new(Spanned::new(field.column(), name), id, ty);
    raw.nullable = field
        .ty
        .nullable
        .then(|| Spanned::new(true, spans.add(&field.declared, &column)));
    raw.default = default;
    let mut optional =
        |text: &Option<Written<String>>| text.as_ref().map(|text| spanned(text, &column, spans));
    raw.renamed_from = optional(&attributes.renamed_from);
    raw.source = optional(&attributes.source);
    raw.deprecated = optional(&attributes.deprecated);
    raw.comment = optional(&attributes.comment);
    raw
}
