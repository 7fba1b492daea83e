// SPDX-License-Identifier: Apache-2.0

//! A struct with a TOML file as the source of its table. Each field is compared with its column by
//! name, so the order of the fields does not matter.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::Path;

use kalamtable_model::rust_names::{camel_case, is_identifier, snake_case};
use kalamtable_model::{
    CheckedTable, Column, ColumnType, SourceFile, Sources, Style, TimeUnit, backticked_list,
    file_too_large, limits, nearest, parse_and_check, read_limited, render,
};
use proc_macro2::TokenStream;
use quote::quote;
use syn::LitStr;

use crate::mapping::MappedTable;
use crate::problems::Problems;
use crate::row::{RowField, RowStruct};
use crate::rust_type::{help_to_hold, optional, rust_type, unsupported};

/// Returns the table of the file at `path` in `folder`, or `None` after reporting differences
/// between the file and `row`.
pub(crate) fn table(
    row: &RowStruct,
    path: &LitStr,
    folder: &Path,
    problems: &mut Problems,
) -> Option<MappedTable> {
    let (sources, table) = match load(&path.value(), folder) {
        Ok(loaded) => loaded,
        Err(InvalidSchema { message, help }) => {
            problems.push(path, &message, &help);
            return None;
        }
    };
    for warning in &table.warnings {
        let (message, rule) = (warning.one_line(&sources), warning.rule.id());
        let help = warning.help.join("\nhelp: ");
        problems.warn(path, &format!("{message} [{rule}]\nhelp: {help}"));
    }
    let comparison = SchemaComparison {
        row,
        path: path.value(),
        lines: lines(&sources, &table),
        table: &table,
    };
    for field in &row.flattened {
        let message = "`flatten` cannot be combined with `schema`: the file lists every column";
        let help = format!("write one field per column of `{}`", field.ty.name());
        problems.push(&field.key, message, &help);
    }
    comparison.check_names(problems);
    let mut columns = Vec::new();
    // The compiler tracks included files, so a change of the file expands the derive again.
    let mut checks = quote! {
        const _: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/", #path));
    };
    for (position, column) in table.definition.columns().iter().enumerate() {
        let mut fields = row.fields.iter();
        if let Some(field) = fields.find(|field| field.column() == *column.name) {
            checks.extend(comparison.check_field(field, column, position, problems));
            columns.push(field.to_column(column));
        }
    }
    Some(MappedTable {
        columns,
        checks,
        flattened: Vec::new(),
        overrides: Vec::new(),
        freeze: None,
        definition: table.definition,
    })
}

// ---- the file ----

/// The reason why the file cannot be used.
struct InvalidSchema {
    message: String,
    help: String,
}

fn load(path: &str, folder: &Path) -> Result<(Sources, CheckedTable), InvalidSchema> {
    let invalid = |message: String, help: &str| InvalidSchema {
        message,
        help: help.to_string(),
    };
    if Path::new(path).is_absolute() {
        let message = format!("`{path}` is an absolute path");
        let help = "write the path relative to the folder of `Cargo.toml`";
        return Err(invalid(message, help));
    }
    let bytes = read(&folder.join(path)).map_err(|error| {
        let message = match error.kind() {
            io::ErrorKind::NotFound => format!("file `{path}` does not exist"),
            _ => format!("`{path}` cannot be read: {error}"),
        };
        let help = "write the path relative to the folder of `Cargo.toml`";
        invalid(message, help)
    })?;
    let length = bytes.len() as u64;
    if length > limits::FILE_BYTES {
        let message = format!("`{path}`: {}", file_too_large(path, length).message);
        return Err(invalid(message, "name a file that describes one table"));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let message = format!("`{path}` is not UTF-8 at byte {at}");
        invalid(message, "save the file as UTF-8")
    })?;
    let mut sources = Sources::new();
    let source = sources.push(SourceFile::new(path, text));
    match parse_and_check(&sources, source) {
        Ok(table) => Ok((sources, table)),
        Err(diagnostics) => {
            let rendered = render(&diagnostics, &sources, Style::Plain);
            let message = format!("`{path}` is not a valid definition\n\n{rendered}");
            Err(invalid(message, "correct the file"))
        }
    }
}

/// Reads the file, up to the size limit.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    // A pipe or a device may never end.
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    read_limited(file)
}

/// Returns the line of each column in the file.
fn lines(sources: &Sources, table: &CheckedTable) -> Vec<usize> {
    let Some(file) = sources.get(table.source) else {
        return Vec::new();
    };
    let spans = table.spans.columns.iter();
    spans.map(|span| file.line_column(span.start()).0).collect()
}

// ---- the comparison ----

/// The comparison of a struct with the table of a file.
struct SchemaComparison<'a> {
    row: &'a RowStruct,
    path: String,
    lines: Vec<usize>,
    table: &'a CheckedTable,
}

impl SchemaComparison<'_> {
    /// Returns the path and line of a column in the file.
    fn location(&self, position: usize) -> String {
        match self.lines.get(position) {
            Some(line) => format!("{}:{line}", self.path),
            None => self.path.clone(),
        }
    }

    /// Reports fields without a column, columns without a field, and fields of the same column.
    fn check_names(&self, problems: &mut Problems) {
        let columns = self.table.definition.columns();
        let mut fields: HashMap<String, &RowField> = HashMap::new();
        let mut unknown = Vec::new();
        for field in &self.row.fields {
            let name = field.column();
            if !columns.iter().any(|column| *column.name == name) {
                unknown.push(field);
            } else if let Some(first) = fields.get(&name) {
                let message = format!("field `{}` is column `{name}` as well", first.name);
                let help = "delete one of the two, or rename one";
                problems.push(field.column_tokens(), &message, help);
            } else {
                fields.insert(name, field);
            }
        }
        let mut missing: Vec<usize> = (0..columns.len())
            .filter(|position| !fields.contains_key(&*columns[*position].name))
            .collect();
        for field in unknown {
            let name = field.column();
            let message = format!("`{}` has no column `{name}`", self.table.definition.name());
            let names = missing.iter().map(|position| &*columns[*position].name);
            let help = match nearest(&name, names) {
                Some(near) => {
                    let position = columns
                        .iter()
                        .position(|column| *column.name == *near)
                        .unwrap_or_default();
                    missing.retain(|other| *other != position);
                    format!("did you mean `{near}` in {}?", self.location(position))
                }
                None => format!(
                    "describe it in {}, or write `#[kalam(skip)]` for a field that is not a column",
                    self.path
                ),
            };
            problems.push(field.column_tokens(), &message, &help);
        }
        // The flattened fields, which are reported, may contain the missing columns.
        if self.row.flattened.is_empty() {
            self.report_missing(&missing, problems);
        }
    }

    /// Reports the columns at the positions `missing`, with the fields to add.
    fn report_missing(&self, missing: &[usize], problems: &mut Problems) {
        if missing.is_empty() {
            return;
        }
        let columns = self.table.definition.columns();
        let names = missing.iter().map(|position| &columns[*position].name);
        let noun = if missing.len() == 1 {
            "column"
        } else {
            "columns"
        };
        let message = format!(
            "`{}` has no field for {noun} {} of `{}`",
            self.row.name,
            backticked_list(names, "and"),
            self.table.definition.name()
        );
        let mut help = "add".to_string();
        for position in missing {
            let column = &columns[*position];
            let field = snake_case(&column.name);
            let ty = optional(value_type(column), column.nullable);
            let location = self.location(*position);
            help.push_str(&format!(
                "\n    {field}: {ty}, // {location}: {}",
                short(&column.ty)
            ));
        }
        problems.push(&self.row.name, &message, &help);
    }

    /// Compares a field with its column. Returns the check that only the compiler can make.
    fn check_field(
        &self,
        field: &RowField,
        column: &Column,
        position: usize,
        problems: &mut Problems,
    ) -> Option<TokenStream> {
        let location = self.location(position);
        for key in &field.attributes.source_keys {
            let message = format!("`{key}` cannot be combined with `schema`");
            problems.push(
                key,
                &message,
                &format!("delete it: {location} describes the column"),
            );
        }
        self.check_nullability(field, column, &location, problems);
        if unsupported(&field.ty.value).is_some() {
            report_misfit(field, column, &location, problems);
            return None;
        }
        let is_time = column.ty.time_unit().is_some();
        let is_counted = is_time && field.ty.is_units();
        if let Some(known) = &field.ty.known
            && !is_counted
            && !known.fits(&column.ty)
        {
            report_misfit(field, column, &location, problems);
            return None;
        }
        match column.unit.or(column.ty.time_unit()) {
            Some(unit) => self.check_unit(field, column, unit, &location, problems),
            None => {
                if let Some(unit) = &field.attributes.unit {
                    let message = format!("column `{}` has no unit", column.name);
                    let help = format!("delete it: {location} has `{}`", short(&column.ty));
                    problems.push(&unit.tokens, &message, &help);
                }
            }
        }
        let message = format!(
            "`{}` cannot hold column `{}` of `{}`: {location} has `{}`\nhelp: {}",
            field.ty.name(),
            column.name,
            self.table.definition.name(),
            column.ty,
            help_to_hold(&column.ty, column.unit)
        );
        field.holds_check(&column.ty, &message)
    }

    /// Checks that the field is an `Option` if and only if the column is nullable.
    fn check_nullability(
        &self,
        field: &RowField,
        column: &Column,
        location: &str,
        problems: &mut Problems,
    ) {
        if field.ty.nullable == column.nullable {
            return;
        }
        let name = &column.name;
        let ty = match &field.ty.known {
            Some(known) if !known.fits(&column.ty) => value_type(column),
            _ => field.ty.name(),
        };
        let (message, help) = if column.nullable {
            let message = format!("column `{name}` is nullable, but the field is not");
            let help = format!("{location} has `nullable = true`: write `Option<{ty}>`");
            (message, help)
        } else {
            let message = format!("column `{name}` is not nullable, but the field is");
            let help = format!("{location} does not have `nullable = true`: write `{ty}`");
            (message, help)
        };
        problems.push(&field.declared, &message, &help);
    }

    /// Checks that the field counts in the unit of the file.
    fn check_unit(
        &self,
        field: &RowField,
        column: &Column,
        unit: TimeUnit,
        location: &str,
        problems: &mut Problems,
    ) {
        let (name, ty) = (&column.name, field.ty.name());
        let declared = match column.unit {
            Some(unit) => format!("{location} has `unit = \"{}\"`", unit.as_str()),
            None => format!("{location} has `{}`", column.ty),
        };
        let unit_text = unit.as_str();
        let time = rust_type(&column.ty, Some(unit)).unwrap_or_default();
        let typed = optional(time, field.ty.nullable);
        let known = field.ty.known.as_ref().and_then(|known| known.unit);
        match (&field.attributes.unit, known) {
            (None, None) if field.ty.is_units() => {
                let message = format!("`{ty}` has no unit, but column `{name}` has one");
                let help = format!(
                    "{declared}: write `#[kalam(unit = \"{unit_text}\")]`, or use type `{typed}`"
                );
                problems.push(&field.ty.value, &message, &help);
            }
            (Some(stated), None) if field.ty.is_units() && stated.value != unit_text => {
                let message = format!("column `{name}` counts in `{unit_text}`");
                let help = format!("{declared}: write `unit = \"{unit_text}\"`");
                problems.push(&stated.tokens, &message, &help);
            }
            (Some(_), None) if field.ty.is_units() => {}
            (Some(stated), _) => {
                let message = match known {
                    Some(_) => format!("`{ty}` already has a unit"),
                    None => format!("`{ty}` cannot have a unit"),
                };
                let help = "delete `unit`: only a bare `i64` needs it";
                problems.push(&stated.tokens, &message, help);
            }
            (None, Some(known)) if known != unit => {
                let known = known.as_str();
                let message =
                    format!("`{ty}` counts in `{known}`, but column `{name}` in `{unit_text}`");
                problems.push(
                    &field.ty.value,
                    &message,
                    &format!("{declared}: write `{typed}`"),
                );
            }
            (None, _) => {}
        }
    }
}

/// Reports a type that cannot hold the column.
fn report_misfit(field: &RowField, column: &Column, location: &str, problems: &mut Problems) {
    let name = &column.name;
    let message = format!("`{}` cannot hold column `{name}`", field.ty.name());
    let declared = short(&column.ty);
    let help = match &column.ty {
        ColumnType::Enum(labels) => format!(
            "{location} has `{declared}`: derive `KalamValue` on an enum with the labels {}, and write \
             its name",
            backticked_list(labels.iter(), "and")
        ),
        _ => {
            let ty = optional(value_type(column), column.nullable);
            format!("{location} has `{declared}`: write `{ty}`")
        }
    };
    problems.push(&field.ty.value, &message, &help);
}

/// Returns the Rust type for a column without `Option`. If the user has to write the type, it is
/// named after the column.
fn value_type(column: &Column) -> String {
    if let Some(rust) = &column.rust {
        return rust.to_string();
    }
    rust_type(&column.ty, column.unit).unwrap_or_else(|| {
        let name = camel_case(&column.name);
        if is_identifier(&name) {
            name
        } else {
            "..".to_string()
        }
    })
}

/// Returns the type for a message, truncated if it is long.
fn short(ty: &ColumnType) -> String {
    const CHARS: usize = 80;
    let text = ty.to_string();
    match text.char_indices().nth(CHARS) {
        Some((end, _)) => format!("{}..", &text[..end]),
        None => text,
    }
}
