//! The struct as the source of its table: a [`RawTable`] of what it says, checked as one from TOML
//! is; and checks of what only the compiler knows.

use std::ops::Range;

use kalamtable_codegen::ColumnTokens;
use kalamtable_model::{
    ColumnType, DefaultFunction, MAX_ID, RawColumn, RawDefault, RawTable, RawText, RawValue,
    SourceFile, Sources, Spanned, TimeUnit, datetime_text, limits, listed,
};
use proc_macro2::{Literal as Token, TokenStream};
use quote::quote;
use syn::ext::IdentExt;

use crate::attributes::TableAttributes;
use crate::entries::DefaultAttribute;
use crate::expand::TableOfRow;
use crate::problems::{Places, Problems, Written};
use crate::row::{RowField, RowStruct};
use crate::rust_type::{optional, rust_type};

/// The table that `row` describes; none if there are problems.
pub(crate) fn table(
    row: &RowStruct,
    attributes: &TableAttributes,
    problems: &mut Problems,
) -> Option<TableOfRow> {
    let mut places = Places::default();
    let ids = ids(row, attributes, problems);
    let mut raw = raw_table(row, attributes, &ids, &mut places, problems);
    let mut sources = Sources::new();
    let source = sources.push(SourceFile::new("", ""));
    let types = kalamtable_model::column_types(&raw, source);
    let columns = row.fields.iter().zip(&types).zip(&mut raw.columns.value);
    for ((field, ty), raw) in columns {
        if let Some(ty) = ty.as_ref().filter(|_| !is_natural(field)) {
            raw.unit = unit(field, ty, &mut places);
            time_default(raw, ty);
            fits(field, ty, problems);
        }
        say_unit(field, ty.as_ref(), problems);
        nested_ids(field, problems);
        called_default(field, problems);
    }
    let definition = match kalamtable_model::check(&raw, source) {
        Ok(definition) => definition,
        Err(diagnostics) => {
            for diagnostic in &diagnostics {
                places.report(diagnostic, problems);
            }
            return None;
        }
    };
    let columns = row.fields.iter().zip(definition.columns());
    let columns = columns.map(|(field, column)| field.to_column(column));
    let columns = columns.collect();
    let (overrides, checks) = natural_columns(row, &definition);
    Some(TableOfRow {
        columns,
        overrides,
        checks,
        freeze: attributes.freeze.as_ref().map(|path| path.value.clone()),
        definition,
    })
}

/// Whether the field's column type is what its Rust type says, and only the compiler knows it.
fn is_natural(field: &RowField) -> bool {
    field.ty.known.is_none() && field.attributes.ty.is_none()
}

// ---- as written ----

/// An id for each column: as they say, or in order if none does.
fn ids(row: &RowStruct, attributes: &TableAttributes, problems: &mut Problems) -> Vec<i128> {
    let without: Vec<&RowField> = row
        .fields
        .iter()
        .filter(|field| field.attributes.id.is_none())
        .collect();
    let is_numbered = without.len() == row.fields.len();
    if let (true, Some(id)) = (is_numbered, attributes.reserved_ids.first()) {
        let message = "ids are reserved, and no column says its own";
        let help =
            "write `#[kalam(id = ..)]` on each field: a column keeps its id when another goes";
        problems.push(&id.tokens, message, help);
    }
    let said = row
        .fields
        .iter()
        .filter_map(|field| field.attributes.id.as_ref());
    let reserved = attributes.reserved_ids.iter();
    let used = said.chain(reserved).map(|id| id.value);
    let mut next = used
        .filter(|id| *id <= i128::from(MAX_ID))
        .max()
        .unwrap_or(0)
        .max(0);
    if let (false, Some(first)) = (is_numbered, without.first()) {
        let names = without.iter().map(|field| field.column());
        let verb = if without.len() == 1 { "has" } else { "have" };
        let message = format!(
            "{} {verb} no id, and other columns do",
            listed(names, "and")
        );
        let more = if without.len() == 1 { "" } else { " and so on" };
        let help = format!(
            "write `#[kalam(id = {})]`{more}, or let no column say one",
            next + 1
        );
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
            next += 1;
            next
        }
    });
    ids.collect()
}

fn raw_table(
    row: &RowStruct,
    attributes: &TableAttributes,
    ids: &[i128],
    places: &mut Places,
    problems: &mut Problems,
) -> RawTable {
    let columns = row.fields.iter().zip(ids);
    let columns = columns.map(|(field, id)| raw_column(field, *id, places));
    let columns = columns.collect();
    let key = attributes.primary_key.as_ref().map(|key| {
        let names = key.value.iter().map(|name| Spanned {
            value: key_column(row, name, problems),
            span: places.add(&name.tokens, "`primary_key`"),
        });
        let names = names.collect();
        Spanned::new(names, places.add(&key.tokens, "`primary_key`"))
    });
    let mut text = |text: &Option<Written<String>>, name: &str| {
        text.as_ref().map(|text| spanned(text, name, places))
    };
    let kind = text(&attributes.kind, "the kind");
    let comment = text(&attributes.comment, "the comment");
    let no_primary_key = text(&attributes.no_primary_key, "the reason");
    let reserved_ids = attributes.reserved_ids.iter();
    let reserved_names = attributes.reserved_names.iter();
    RawTable {
        name: spanned(&attributes.table, "the table", places),
        kind,
        version: attributes
            .version
            .as_ref()
            .map(|version| spanned(version, "the version", places)),
        comment,
        primary_key: key,
        no_primary_key,
        row: Some(Spanned::new(
            row.name.unraw().to_string(),
            places.add(&row.name, "the struct"),
        )),
        columns: Spanned::new(columns, places.add(&row.name, "the struct")),
        reserved_ids: reserved_ids
            .map(|id| spanned(id, "`reserved`", places))
            .collect(),
        reserved_names: reserved_names
            .map(|name| spanned(name, "`reserved`", places))
            .collect(),
    }
}

fn spanned<T: Clone>(written: &Written<T>, name: &str, places: &mut Places) -> Spanned<T> {
    Spanned::new(written.value.clone(), places.add(&written.tokens, name))
}

/// A column of the key; a field that is named in its place is reported.
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

fn raw_column(field: &RowField, id: i128, places: &mut Places) -> RawColumn {
    let attributes = &field.attributes;
    let column = format!("column `{}`", field.column());
    let name = places.add(field.column_tokens(), &column);
    let id = match &attributes.id {
        Some(id) => spanned(id, &column, places),
        None => Spanned::new(id, places.add(&field.name, &column)),
    };
    let type_place = places.add(&field.ty.value, &column);
    let ty = match (&attributes.ty, &field.ty.known) {
        (Some(ty), _) => text(ty.value.clone(), places.add(&ty.tokens, &column)),
        (None, Some(known)) => text(known.column.to_string(), type_place),
        // A type that every check passes; the compiler puts the right one in its place.
        (None, None) => text(ColumnType::Text.to_string(), type_place),
    };
    let default = attributes.default.as_ref();
    let default = default.map(|default| RawDefault {
        value: if is_natural(field) {
            RawValue::Text(String::new())
        } else {
            default.value.clone()
        },
        span: places.add(&default.tokens, &column),
        text: default.text.clone(),
    });
    let nullable = field.ty.nullable;
    RawColumn {
        name: Spanned::new(field.column(), name),
        id,
        ty,
        nullable: nullable.then(|| Spanned::new(true, places.add(&field.tokens, &column))),
        default,
        unit: None,
        rust: None,
        comment: attributes
            .comment
            .as_ref()
            .map(|comment| spanned(comment, &column, places)),
    }
}

fn text(value: String, span: Range<usize>) -> RawText {
    RawText {
        value,
        span,
        content: None,
    }
}

// ---- types ----

/// The unit that the row field counts in.
fn unit(field: &RowField, ty: &ColumnType, places: &mut Places) -> Option<Spanned<String>> {
    ty.time_unit()?;
    let column = format!("column `{}`", field.column());
    if field.ty.is_units() {
        let unit = field.attributes.unit.as_ref()?;
        return Some(spanned(unit, &column, places));
    }
    let unit = field.ty.known.as_ref()?.unit?;
    let place = places.add(&field.ty.value, &column);
    Some(Spanned::new(unit.as_str().to_string(), place))
}

/// Dates and times have no literals in Rust: a default for one is a text.
fn time_default(raw: &mut RawColumn, ty: &ColumnType) {
    let is_time = ty.time_unit().is_some() || *ty == ColumnType::Date;
    if let (true, Some(default)) = (is_time, &mut raw.default)
        && let RawValue::Text(text) = &default.value
        && let Some(time) = datetime_text(text)
    {
        default.value = RawValue::Datetime(time);
    }
}

/// Reports a `type` that a known Rust type cannot hold.
fn fits(field: &RowField, ty: &ColumnType, problems: &mut Problems) {
    let Some(known) = &field.ty.known else { return };
    let is_counted = field.ty.is_units() && ty.time_unit().is_some();
    if field.attributes.ty.is_none() || is_counted || known.fits(ty) {
        return;
    }
    let name = field.ty.name();
    let message = format!("`{name}` cannot hold `{ty}`");
    let help = match (ty, rust_type(ty, None)) {
        (ColumnType::Enum(labels), _) => format!(
            "derive `KalamValue` on an enum of the labels {}, and write its name",
            listed(labels.iter(), "and")
        ),
        (_, Some(rust)) => format!("write `{}`", optional(rust, field.ty.nullable)),
        (_, None) => "derive `KalamValue` on a type for it, and write its name".to_string(),
    };
    problems.push(&field.ty.value, &message, &help);
}

/// A bare number in a time column says its unit, and nothing else has one to say.
fn say_unit(field: &RowField, ty: Option<&ColumnType>, problems: &mut Problems) {
    let name = field.ty.name();
    let Some(unit) = &field.attributes.unit else {
        let Some(ty) = ty.filter(|ty| ty.time_unit().is_some() && field.ty.is_units()) else {
            return;
        };
        let message = format!(
            "`{name}` in a `{}` column does not say its unit",
            ty.keyword()
        );
        let typed = rust_type(ty, Some(TimeUnit::Millisecond)).unwrap_or_default();
        let help = format!(
            "write `#[kalam(type = \"{ty}\", unit = \"ms\")]`\n\
             help: or let the field be of type `{}`",
            optional(typed, field.ty.nullable)
        );
        return problems.push(&field.ty.value, &message, &help);
    };
    let is_time = ty.is_some_and(|ty| ty.time_unit().is_some());
    let (message, help) = if !field.ty.is_units() {
        let message = match &field.ty.known {
            Some(known) if known.unit.is_some() => format!("`{name}` says its unit itself"),
            _ => format!("`{name}` has no unit to say"),
        };
        (
            message,
            "delete it: only a bare `i64` needs one".to_string(),
        )
    } else if field.attributes.ty.is_none() {
        let message = format!("`unit` makes no time of `{name}`");
        let unit = &unit.value;
        let help = format!("write `type = \"timestamp\", unit = \"{unit}\"`");
        (message, help)
    } else if !is_time && let Some(ty) = ty {
        let message = format!("a column of type `{}` has no unit", ty.keyword());
        let help = "delete it: only `timestamp`, `datetime` and `time` have one".to_string();
        (message, help)
    } else {
        return;
    };
    problems.push(&unit.tokens, &message, &help);
}

/// Nested ids are given to a type that does not say them.
fn nested_ids(field: &RowField, problems: &mut Problems) {
    let Some(above) = &field.attributes.nested_ids else {
        return;
    };
    if !is_natural(field) {
        let message = "`nested_ids` has nothing to number";
        let help = match &field.attributes.ty {
            Some(_) => "delete it: `type` says the ids itself",
            None => "delete it: the type has no fields inside",
        };
        problems.push(&above.tokens, message, help);
    } else if !(0..i128::from(MAX_ID)).contains(&above.value) {
        let message = format!("ids are from 1 to {MAX_ID}");
        let help = "it is the number above which the ids inside the column begin";
        problems.push(&above.tokens, &message, help);
    }
}

/// A default that calls a function needs a type to be a call and not a text.
fn called_default(field: &RowField, problems: &mut Problems) {
    let Some(default) = field
        .attributes
        .default
        .as_ref()
        .filter(|_| is_natural(field))
    else {
        return;
    };
    let RawValue::Text(text) = &default.value else {
        return;
    };
    let mut functions = DefaultFunction::ALL.into_iter();
    let Some(function) = functions.find(|function| *text == format!("{}()", function.name()))
    else {
        return;
    };
    let ty = match function {
        DefaultFunction::Now => "datetime",
        DefaultFunction::CurrentDate => "date",
        DefaultFunction::CurrentTime => "time",
    };
    let message = format!("whether `{text}` is a call or a text is for the column type to say");
    problems.push(
        &default.tokens,
        &message,
        &format!("write `type = \"{ty}\"` beside it"),
    );
}

// ---- what the compiler knows ----

/// The types and defaults that only the compiler knows, and its checks.
fn natural_columns(
    row: &RowStruct,
    definition: &kalamtable_model::TableDefinition,
) -> (Vec<ColumnTokens>, TokenStream) {
    let table = definition.name();
    let mut base = Bases::new(definition);
    let mut checks = TokenStream::new();
    let mut overrides = Vec::new();
    for (position, (field, column)) in row.fields.iter().zip(definition.columns()).enumerate() {
        let name = format!("column `{}` of `{table}`", column.name);
        let mut tokens = ColumnTokens::default();
        if is_natural(field) {
            let ty = field.natural_type(&base.of(field));
            let message = format!(
                "{name} cannot be of this type: keys of maps are text, numbers that are not floating, \
                 times or uuids, `[u8; N]` and `[f32; N]` have from 1 to {} and {} elements, types nest \
                 {} deep at most, and a decimal without digits of its own has them from the column: \
                 write `type = \"decimal(10, 2)\"`",
                limits::FIXED_BYTES,
                limits::EMBEDDING,
                limits::NESTING
            );
            let constants = [("TYPE", "ColumnType", &ty)];
            checks.extend(field.const_check("assert_type", &constants, &message));
            if definition.key_columns().contains(&position) {
                let message = format!(
                    "{name} cannot be part of the primary key: a key is made of booleans, integers, \
                     decimals, text, bytes, times, uuids and enums"
                );
                let constants = [("TYPE", "ColumnType", &ty)];
                checks.extend(field.const_check("assert_key", &constants, &message));
            }
            if let Some(default) = &field.attributes.default {
                let literal = literal_tokens(default);
                let message = format!("the default of {name} is no value of its type");
                let constants = [
                    ("TYPE", "ColumnType", &ty),
                    ("DEFAULT", "Literal", &literal),
                ];
                checks.extend(field.const_check("assert_default", &constants, &message));
                tokens.default = Some(quote!(kalam::model::ColumnDefault::Literal(#literal)));
            }
            tokens.ty = Some(ty);
        } else {
            let message = format!(
                "`{}` cannot hold {name}, which is `{}`",
                field.ty.name(),
                column.ty
            );
            checks.extend(field.holds_check(&column.ty, &message));
        }
        overrides.push(tokens);
    }
    if overrides.iter().any(|column| column.ty.is_some()) {
        let message = format!(
            "two ids of `{table}` are equal, or one is reserved: say with `nested_ids` where those inside a column begin"
        );
        checks.extend(quote! {
            const _: () = kalam::assert_unique_ids(&DEFINITION, #message);
        });
    }
    (overrides, checks)
}

/// A default as it stands; whether it is one of the column's type is for the compiler.
fn literal_tokens(default: &DefaultAttribute) -> TokenStream {
    let value = &default.tokens;
    let literal = match &default.value {
        RawValue::Boolean(_) => quote!(Boolean(#value)),
        RawValue::Integer(_) => quote!(Integer(#value)),
        RawValue::Float(_) => quote!(Float(#value)),
        RawValue::Text(_) | RawValue::Datetime(_) => {
            quote!(Text(kalam::model::Shared::Static(#value)))
        }
    };
    quote!(kalam::model::Literal::#literal)
}

/// Where the ids inside each column begin.
struct Bases {
    /// The largest id that is known.
    largest: i32,
    /// How many the columns so far need, as an expression.
    used: TokenStream,
}

impl Bases {
    fn new(definition: &kalamtable_model::TableDefinition) -> Self {
        let mut ids = definition.reserved().ids.to_vec();
        for column in definition.columns() {
            ids.push(column.id);
            add_nested(&column.ty, &mut ids);
        }
        Bases {
            largest: ids.into_iter().max().unwrap_or_default(),
            used: TokenStream::new(),
        }
    }

    /// The number above which the ids inside the column begin, as an expression.
    fn of(&mut self, field: &RowField) -> TokenStream {
        if let Some(above) = &field.attributes.nested_ids {
            let above = Token::i128_unsuffixed(above.value);
            return quote!(#above);
        }
        let largest = Token::i32_unsuffixed(self.largest);
        let used = &self.used;
        let base = quote!(#largest #used);
        let ty = field.static_type();
        self.used.extend(quote!(+ <#ty as kalam::HasType>::IDS));
        base
    }
}

fn add_nested(ty: &ColumnType, ids: &mut Vec<i32>) {
    for field in ty.children() {
        ids.push(field.id);
        add_nested(&field.ty, ids);
    }
}
