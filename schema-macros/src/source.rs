// SPDX-License-Identifier: Apache-2.0

//! The struct as the source of its table: a [`RawTable`] of what it says, checked as one from TOML
//! is; and checks of what only the compiler knows.

use kalamtable_codegen::{ColumnField, ColumnTokens, FlattenedField};
use kalamtable_model::rust_names::{is_identifier, snake_case};
use kalamtable_model::{
    ColumnType, DefaultFunction, MAX_ID, RawColumn, RawDefault, RawKey, RawTable, RawText,
    RawValue, Spanned, Syntax, TableDefinition, TextOrigin, TimeUnit, backticked_list, limits,
};
use proc_macro2::{Literal as Token, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned as _;

use crate::attributes::TableAttributes;
use crate::entries::DefaultAttribute;
use crate::expand::{TableOfRow, const_check};
use crate::problems::{Problems, TokenSpans, Written};
use crate::row::{FlatField, RowField, RowStruct};
use crate::rust_type::{FieldType, help_to_hold, optional, refused, rust_type};

/// The table that `row` describes; none if there are problems.
pub(crate) fn table(
    row: &RowStruct,
    attributes: &TableAttributes,
    problems: &mut Problems,
) -> Option<TableOfRow> {
    if let (Some(path), Some(_)) = (&attributes.freeze, row.types.first()) {
        let message = "a struct with parameters cannot be frozen: a test has no types for them";
        problems.push(&path.tokens, message, "delete `freeze`, or the parameters");
    }
    let definition = definition(row, attributes, Describes::Table, problems)?;
    let name = definition.name().to_string();
    let Natural {
        overrides,
        flattened,
        checks,
        ..
    } = natural(row, &definition, &name, Describes::Table);
    Some(TableOfRow {
        columns: columns(row, &definition),
        flattened,
        overrides,
        checks,
        freeze: attributes.freeze.as_ref().map(|path| path.value.clone()),
        definition,
    })
}

/// The fields as columns, checked as those of a definition in TOML are; none if there are problems.
pub(crate) fn definition(
    row: &RowStruct,
    attributes: &TableAttributes,
    describes: Describes,
    problems: &mut Problems,
) -> Option<TableDefinition> {
    for above in row
        .flattened
        .iter()
        .filter_map(|field| field.nested_ids.as_ref())
    {
        base_in_range(above, problems);
    }
    let mut places = TokenSpans::default();
    let ids = ids(row, attributes, problems);
    let mut raw = raw_table(row, attributes, &ids, &mut places, problems);
    let types = kalamtable_model::column_types(&raw);
    let columns = row.fields.iter().zip(&types).zip(&mut raw.columns.value);
    for ((field, ty), raw) in columns {
        if let Some(refused) = refused(&field.ty.value) {
            problems.push(refused.ty, &refused.message(), &refused.help);
            continue;
        }
        if let Some(ty) = ty.as_ref().filter(|_| !is_natural(field)) {
            raw.unit = unit(field, ty, &mut places);
            if !fits(field, ty, problems) {
                continue;
            }
        }
        match describes {
            Describes::Table => say_unit(field, ty.as_ref(), problems),
            Describes::Struct => no_unit(field, ty.as_ref(), problems),
        }
        nested_ids(field, problems);
        called_default(field, problems);
    }
    match kalamtable_model::check(&raw) {
        Ok(definition) => Some(definition),
        Err(diagnostics) => {
            for diagnostic in &diagnostics {
                places.report(diagnostic, problems);
            }
            None
        }
    }
}

/// The fields as the generator takes them.
pub(crate) fn columns(row: &RowStruct, definition: &TableDefinition) -> Vec<ColumnField> {
    let columns = row.fields.iter().zip(definition.columns());
    let columns = columns.map(|(field, column)| field.to_column(column));
    columns.collect()
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
            backticked_list(names, "and")
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
    places: &mut TokenSpans,
    problems: &mut Problems,
) -> RawTable {
    let columns = row.fields.iter().zip(ids);
    let columns = columns.map(|(field, id)| raw_column(field, *id, places));
    let columns = columns.collect();
    let mut key = |key: &Written<Vec<Written<String>>>, place: &str| {
        let names = key.value.iter().map(|name| Spanned {
            value: key_column(row, name, problems),
            span: places.add(&name.tokens, place),
        });
        let names = names.collect();
        Spanned::new(names, places.add(&key.tokens, place))
    };
    let primary_key = attributes.primary_key.as_ref();
    let primary_key = primary_key.map(|columns| key(columns, "`primary_key`"));
    let unique = attributes.unique.iter();
    let unique: Vec<RawKey> = unique.map(|columns| key(columns, "`unique`")).collect();
    let unique = unique
        .first()
        .map(|first| first.span.clone())
        .map(|span| Spanned::new(unique, span));
    let mut text = |text: &Option<Written<String>>, name: &str| {
        text.as_ref().map(|text| spanned(text, name, places))
    };
    let kind = text(&attributes.kind, "the kind");
    let access_level = text(&attributes.access_level, "the access level");
    let comment = text(&attributes.comment, "the comment");
    let no_primary_key = text(&attributes.no_primary_key, "the reason");
    let reserved_ids = attributes.reserved_ids.iter();
    let reserved_names = attributes.reserved_names.iter();
    let mut table = RawTable::new(
        Syntax::Rust,
        spanned(&attributes.table, "the table", places),
        Spanned::new(columns, places.add(&row.name, "the struct")),
    );
    table.kind = kind;
    table.ttl_seconds = attributes
        .ttl_seconds
        .as_ref()
        .map(|seconds| spanned(seconds, "`ttl_seconds`", places));
    table.access_level = access_level;
    table.version = attributes
        .version
        .as_ref()
        .map(|version| spanned(version, "the version", places));
    table.comment = comment;
    table.primary_key = primary_key;
    table.no_primary_key = no_primary_key;
    table.unique = unique;
    table.row = Some(Spanned::new(
        row.name.unraw().to_string(),
        places.add(&row.name, "the struct"),
    ));
    table.reserved_ids = reserved_ids
        .map(|id| spanned(id, "`reserved`", places))
        .collect();
    table.reserved_names = reserved_names
        .map(|name| spanned(name, "`reserved`", places))
        .collect();
    table
}

fn spanned<T: Clone>(written: &Written<T>, name: &str, places: &mut TokenSpans) -> Spanned<T> {
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

fn raw_column(field: &RowField, id: i128, places: &mut TokenSpans) -> RawColumn {
    let attributes = &field.attributes;
    let column = format!("column `{}`", field.column());
    let name = places.add(field.column_tokens(), &column);
    let id = match &attributes.id {
        Some(id) => spanned(id, &column, places),
        None => Spanned::new(id, places.add(&field.name, &column)),
    };
    let type_place = places.add(&field.ty.value, &column);
    let ty = match (&attributes.ty, &field.ty.known) {
        (Some(ty), _) => {
            let place = places.add(&ty.tokens, &column);
            RawText::new(&ty.value, place, TextOrigin::Quoted)
        }
        (None, Some(known)) => {
            RawText::new(known.column.to_string(), type_place, TextOrigin::RustType)
        }
        // A type that every check passes; the compiler puts the right one in its place.
        (None, None) => RawText::new(
            ColumnType::Text.to_string(),
            type_place,
            TextOrigin::RustType,
        ),
    };
    let default = attributes.default.as_ref().map(|default| {
        let value = if is_natural(field) {
            RawValue::Text(String::new())
        } else {
            default.value.clone()
        };
        let place = places.add(&default.tokens, &column);
        RawDefault::new(value, place, &default.text)
    });
    let mut raw = RawColumn::new(Spanned::new(field.column(), name), id, ty);
    raw.nullable = field
        .ty
        .nullable
        .then(|| Spanned::new(true, places.add(&field.tokens, &column)));
    raw.default = default;
    raw.comment = attributes
        .comment
        .as_ref()
        .map(|comment| spanned(comment, &column, places));
    raw
}

// ---- types ----

/// The unit that the row field counts in.
fn unit(field: &RowField, ty: &ColumnType, places: &mut TokenSpans) -> Option<Spanned<String>> {
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

/// Whether the Rust type may hold a column of its `type`; a known one that cannot is reported.
fn fits(field: &RowField, ty: &ColumnType, problems: &mut Problems) -> bool {
    let Some(known) = &field.ty.known else {
        return true;
    };
    let is_counted = field.ty.is_units() && ty.time_unit().is_some();
    if field.attributes.ty.is_none() || is_counted || known.fits(ty) {
        return true;
    }
    let name = field.ty.name();
    let message = format!("`{name}` cannot hold `{ty}`");
    let help = match (ty, rust_type(ty, None)) {
        (ty, _) if ty.time_unit().is_some() && field.attributes.unit.is_some() => {
            let rust = optional("i64".to_string(), field.ty.nullable);
            format!("write `{rust}`, of which `unit` says what it counts")
        }
        (ColumnType::Enum(labels), _) => format!(
            "derive `KalamValue` on an enum of the labels {}, and write its name",
            backticked_list(labels.iter(), "and")
        ),
        (_, Some(rust)) => format!("write `{}`", optional(rust, field.ty.nullable)),
        (_, None) => "derive `KalamValue` on a type for it, and write its name".to_string(),
    };
    problems.push(&field.ty.value, &message, &help);
    false
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

/// A field inside a column holds a time as a type that says its unit.
fn no_unit(field: &RowField, ty: Option<&ColumnType>, problems: &mut Problems) {
    let time = ty.filter(|ty| ty.time_unit().is_some());
    let typed = time.and_then(|ty| rust_type(ty, Some(TimeUnit::Millisecond)));
    let typed = typed.unwrap_or_else(|| "TimestampMillis".to_string());
    let help = format!(
        "let the field be of type `{}`",
        optional(typed, field.ty.nullable)
    );
    let name = field.ty.name();
    if let Some(unit) = &field.attributes.unit {
        let message =
            format!("`unit` has no place in a struct that is no row: `{name}` is no time");
        problems.push(&unit.tokens, &message, &help);
    } else if let Some(ty) = time.filter(|_| field.ty.is_units()) {
        let message = format!(
            "`{name}` in a `{}` field does not say its unit",
            ty.keyword()
        );
        problems.push(&field.ty.value, &message, &help);
    }
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
        return;
    }
    base_in_range(above, problems);
}

/// Reports a number above which no id can begin.
fn base_in_range(above: &Written<i128>, problems: &mut Problems) {
    if !(0..i128::from(MAX_ID)).contains(&above.value) {
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

/// What only the compiler knows of the fields.
pub(crate) struct Natural {
    /// Types and defaults, one for each column.
    pub(crate) overrides: Vec<ColumnTokens>,
    /// The flattened fields.
    pub(crate) flattened: Vec<FlattenedField>,
    /// Checks that are left to it.
    pub(crate) checks: TokenStream,
    /// How many ids are needed, as an expression.
    pub(crate) ids: TokenStream,
}

/// The types and defaults that only the compiler knows, and its checks; messages call the struct's
/// table, or the struct, `name`.
pub(crate) fn natural(
    row: &RowStruct,
    definition: &TableDefinition,
    name: &str,
    of: Describes,
) -> Natural {
    let mut bases = Bases::new(definition, of);
    let mut checks = TokenStream::new();
    let mut overrides = Vec::new();
    let mut flattened = Vec::new();
    let mut flat_fields = row.flattened.iter().peekable();
    for (position, (field, column)) in row.fields.iter().zip(definition.columns()).enumerate() {
        while let Some(flat) = flat_fields.next_if(|flat| flat.before <= position) {
            flattened.push(flat.to_columns(&mut bases));
        }
        let name = match of {
            Describes::Table => format!("column `{}` of `{name}`", column.name),
            Describes::Struct => format!("field `{}` of `{name}`", column.name),
        };
        let mut tokens = ColumnTokens::default();
        if is_natural(field) {
            let base = bases.of(&field.attributes.nested_ids, &field.ty);
            let ty = field.natural_type(&base.to_check);
            let message = unsound(field, &name);
            let constants = [("TYPE", "ColumnType", &ty)];
            checks.extend(field.const_check("assert_type", &constants, &message));
            let mut unique = definition.unique_keys().iter();
            let key = if definition.key_columns().contains(&position) {
                Some("the primary key")
            } else if unique.any(|key| key.contains(&position)) {
                Some("a unique key")
            } else {
                None
            };
            if let Some(key) = key {
                let message = format!(
                    "{name} cannot be part of {key}\n\
                     help: take it out: a key is made of booleans, integers, decimals, text, bytes, \
                     times, uuids and enums"
                );
                let constants = [("TYPE", "ColumnType", &ty)];
                checks.extend(field.const_check("assert_key", &constants, &message));
            }
            if let Some(default) = &field.attributes.default {
                let literal = literal_tokens(default);
                let message = format!(
                    "the default of {name} is no value of its type\nhelp: {}",
                    natural_default(default, &field.ty.name())
                );
                let constants = [
                    ("TYPE", "ColumnType", &ty),
                    ("DEFAULT", "Literal", &literal),
                ];
                let at = default.tokens.span();
                checks.extend(const_check(at, "assert_default", &constants, &message));
                tokens.default = Some(quote!(__kalam::model::ColumnDefault::Literal(#literal)));
            }
            tokens.ty = Some(field.natural_type(&base.of_type));
        } else {
            let message = format!(
                "`{}` cannot hold {name}, which is `{}`\nhelp: {}",
                field.ty.name(),
                column.ty,
                help_to_hold(&column.ty, column.unit)
            );
            checks.extend(field.holds_check(&column.ty, &message));
        }
        overrides.push(tokens);
    }
    flattened.extend(flat_fields.map(|flat| flat.to_columns(&mut bases)));
    if let Describes::Table = of {
        for field in &row.flattened {
            checks.extend(field.column_check(name));
        }
        if overrides.iter().any(|column| column.ty.is_some()) || !flattened.is_empty() {
            checks.extend(unique_ids(row, definition, name));
        }
    }
    Natural {
        overrides,
        flattened,
        checks,
        ids: bases.count(),
    }
}

/// Checks of the ids inside the columns of `table`, each at what says them.
fn unique_ids(row: &RowStruct, definition: &TableDefinition, table: &str) -> TokenStream {
    let columns = row.fields.iter().zip(definition.columns());
    let checks = columns
        .filter(|(field, column)| is_natural(field) || !column.ty.children().is_empty())
        .map(|(field, column)| {
            let id = Token::i32_unsuffixed(column.id);
            let message = format!(
                "an id inside column `{}` of `{table}` is another one's, or reserved\n\
                 help: say with `nested_ids` above which number those inside it begin",
                column.name
            );
            let span = match &field.attributes.nested_ids {
                Some(above) => above.tokens.span().resolved_at(Span::call_site()),
                None => field.ty.span(),
            };
            quote_spanned! {span=>
                const _: () = __kalam::assert_unique_ids(&DEFINITION, #id, #message);
            }
        });
    checks.collect()
}

/// What is said of a type that a definition cannot have.
fn unsound(field: &RowField, name: &str) -> String {
    if field.ty.name().ends_with("Decimal") {
        return format!(
            "{name} does not say its digits, and its type has none of its own\n\
             help: write for example `#[kalam(type = \"decimal(10, 2)\")]`"
        );
    }
    format!(
        "{name} cannot be of this type\n\
         help: keys of maps are text, numbers that are not floating, times or uuids; `[u8; N]` and \
         `[f32; N]` have from 1 to {} and {} elements; types nest {} deep at most",
        limits::FIXED_BYTES,
        limits::EMBEDDING,
        limits::NESTING
    )
}

impl FlatField {
    /// The field as the generator takes it.
    fn to_columns(&self, bases: &mut Bases) -> FlattenedField {
        let base = bases.of(&self.nested_ids, &self.ty).of_type;
        let docs = match &self.docs[..] {
            [] => vec![format!(" The columns of `{}`.", self.ty.name())],
            docs => docs.to_vec(),
        };
        FlattenedField {
            before: self.before,
            name: self.name.clone(),
            visibility: self.visibility.to_token_stream(),
            ty: self.ty.value.to_token_stream(),
            static_ty: self.ty.to_static(),
            base,
            docs,
        }
    }

    /// Its columns have names and ids that no other column of `table` has.
    fn column_check(&self, table: &str) -> TokenStream {
        let span = self.ty.span();
        let ty = self.ty.to_static();
        let name = self.name.unraw();
        let message = format!(
            "a column of `{name}` has the name or the id of another column of `{table}`, or one that \
             is reserved\n\
             help: rename it in `{}`, or say with `nested_ids` where the ids of `{name}` begin",
            self.ty.name()
        );
        quote_spanned! {span=>
            const _: () = __kalam::assert_flattened(
                &DEFINITION,
                <#ty as __kalam::FieldsAt<__kalam::Ids<{ 0 }>>>::COLUMNS,
                #message,
            );
        }
    }
}

/// What to write instead of a default that is no value of the Rust type `ty`.
fn natural_default(default: &DefaultAttribute, ty: &str) -> String {
    match &default.value {
        RawValue::Text(text) if *text != snake_case(text) && is_identifier(text) => format!(
            "labels are in snake case unless renamed: `default = \"{}\"`",
            snake_case(text)
        ),
        _ => format!(
            "write `true`, a number or a text, as `{ty}` holds it; a list, a map or bytes have no \
             default: let the field be an `Option`"
        ),
    }
}

/// A default as it stands; whether it is one of the column's type is for the compiler.
fn literal_tokens(default: &DefaultAttribute) -> TokenStream {
    let value = &default.tokens;
    let literal = match &default.value {
        RawValue::Boolean(_) => quote!(Boolean(#value)),
        RawValue::Integer(_) => quote!(Integer(#value)),
        RawValue::Float(_) => quote!(Float(#value)),
        RawValue::Text(_) | RawValue::Datetime(_) => {
            quote!(Text(__kalam::model::Shared::Static(#value)))
        }
    };
    quote!(__kalam::model::Literal::#literal)
}

/// What a struct describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Describes {
    /// A table, whose ids begin at 1.
    Table,
    /// A type, whose ids begin above the type `__Base`.
    Struct,
}

/// Where the ids inside each field begin.
struct Bases {
    of: Describes,
    /// The largest id that is known.
    largest: i32,
    /// How many the fields so far need, as an expression.
    used: TokenStream,
    /// The type that says above which number the next ones begin; of a struct.
    next: TokenStream,
    /// Where the ids end that begin where a field says, as expressions.
    ends: Vec<TokenStream>,
}

/// Where the ids inside one field begin, as a type.
struct Base {
    /// In its column type.
    of_type: TokenStream,
    /// In a constant, where there is no `__Base`.
    to_check: TokenStream,
}

impl Bases {
    fn new(definition: &TableDefinition, of: Describes) -> Self {
        let mut ids = definition.reserved().ids.to_vec();
        for column in definition.columns() {
            ids.push(column.id);
            add_nested(&column.ty, &mut ids);
        }
        let largest = ids.into_iter().max().unwrap_or_default();
        let above = Token::i32_unsuffixed(largest);
        Bases {
            of,
            largest,
            used: TokenStream::new(),
            next: quote!(__kalam::Above<__Base, #above>),
            ends: Vec::new(),
        }
    }

    /// Where the ids inside a field of type `ty` begin: above `said`, or else behind all others.
    fn of(&mut self, said: &Option<Written<i128>>, ty: &FieldType) -> Base {
        let ty = ty.to_static();
        let largest = Token::i32_unsuffixed(self.largest);
        let used = &self.used;
        let said = said.as_ref().map(|said| Token::i128_unsuffixed(said.value));
        let base = match (self.of, &said) {
            (Describes::Table, Some(said)) => quote!(__kalam::Ids<{ #said }>),
            (Describes::Table, None) => quote!(__kalam::Ids<{ #largest #used }>),
            (Describes::Struct, Some(said)) => quote!(__kalam::Above<__Base, #said>),
            (Describes::Struct, None) => self.next.clone(),
        };
        match said {
            Some(said) => self
                .ends
                .push(quote!(#said + <#ty as __kalam::HasType>::IDS)),
            None => {
                self.next = quote!(__kalam::After<#base, #ty>);
                self.used.extend(quote!(+ <#ty as __kalam::HasType>::IDS));
            }
        }
        let to_check = match self.of {
            Describes::Table => base.clone(),
            Describes::Struct => quote!(__kalam::Ids<{ 0 }>),
        };
        Base {
            of_type: base,
            to_check,
        }
    }

    /// How many ids the fields need, as an expression.
    fn count(&self) -> TokenStream {
        let largest = Token::i32_unsuffixed(self.largest);
        let (used, ends) = (&self.used, &self.ends);
        match &ends[..] {
            [] => quote!(#largest #used),
            ends => quote!(__kalam::largest(&[#largest #used #(, #ends)*])),
        }
    }
}

fn add_nested(ty: &ColumnType, ids: &mut Vec<i32>) {
    for field in ty.children() {
        ids.push(field.id);
        add_nested(&field.ty, ids);
    }
}
