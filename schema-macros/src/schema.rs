// SPDX-License-Identifier: Apache-2.0

//! The struct beside a TOML file: each field is compared with its column, and each column with its
//! field. The file decides; the order of the fields does not matter.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use kalamtable_model::rust_names::{camel_case, is_identifier, snake_case};
use kalamtable_model::{
    CheckedTable, Column, ColumnType, SourceFile, Sources, Style, TimeUnit, backticked_list,
    file_too_large, limits, nearest, parse_and_check, render,
};
use proc_macro2::TokenStream;
use quote::quote;
use syn::LitStr;

use crate::expand::TableOfRow;
use crate::problems::Problems;
use crate::row::{RowField, RowStruct};
use crate::rust_type::{help_to_hold, optional, refused, rust_type};

/// The table of the file at `path` in `folder`, if `row` is a row of it; none if there are problems.
pub(crate) fn table(
    row: &RowStruct,
    path: &LitStr,
    folder: &Path,
    problems: &mut Problems,
) -> Option<TableOfRow> {
    let (sources, table) = match load(&path.value(), folder) {
        Ok(loaded) => loaded,
        Err(Unsound { message, help }) => {
            problems.push(path, &message, &help);
            return None;
        }
    };
    let comparison = Comparison {
        row,
        path: path.value(),
        lines: lines(&sources, &table),
        table: &table,
    };
    for field in &row.flattened {
        let message = "`flatten` has no place beside `schema`: the file lists every column";
        let help = "write the columns of `{}` out, a field each";
        let help = help.replace("{}", &field.ty.name());
        problems.push(&field.key, message, &help);
    }
    comparison.names(problems);
    let mut columns = Vec::new();
    // A change of the file is a reason to compile this again.
    let mut checks = quote! {
        const _: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/", #path));
    };
    for (position, column) in table.definition.columns().iter().enumerate() {
        let mut fields = row.fields.iter();
        if let Some(field) = fields.find(|field| field.column() == *column.name) {
            checks.extend(comparison.field(field, column, position, problems));
            columns.push(field.to_column(column));
        }
    }
    Some(TableOfRow {
        columns,
        checks,
        flattened: Vec::new(),
        overrides: Vec::new(),
        freeze: None,
        definition: table.definition,
    })
}

// ---- the file ----

/// Why there is no definition.
struct Unsound {
    message: String,
    help: String,
}

fn load(path: &str, folder: &Path) -> Result<(Sources, CheckedTable), Unsound> {
    let unsound = |message: String, help: &str| Unsound {
        message,
        help: help.to_string(),
    };
    if Path::new(path).is_absolute() {
        let message = format!("`{path}` is no path inside the package");
        let help = "write it as it is seen from the folder of `Cargo.toml`";
        return Err(unsound(message, help));
    }
    let bytes = read(&folder.join(path)).map_err(|error| {
        let message = match error.kind() {
            io::ErrorKind::NotFound => format!("there is no file `{path}`"),
            _ => format!("`{path}` cannot be read: {error}"),
        };
        let help = "write the path as it is seen from the folder of `Cargo.toml`";
        unsound(message, help)
    })?;
    let length = bytes.len() as u64;
    if length > limits::FILE_BYTES {
        let message = format!("`{path}`: {}", file_too_large(path, length).message);
        return Err(unsound(message, "name a file that describes one table"));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let message = format!("`{path}` is not UTF-8 at byte {at}");
        unsound(message, "save the file as UTF-8")
    })?;
    let mut sources = Sources::new();
    let source = sources.push(SourceFile::new(path, text));
    match parse_and_check(&sources, source) {
        Ok(table) => Ok((sources, table)),
        Err(diagnostics) => {
            let rendered = render(&diagnostics, &sources, Style::Plain);
            let message = format!("`{path}` describes no sound table\n\n{rendered}");
            Err(unsound(message, "mend the file first"))
        }
    }
}

/// Reads no more than one byte above the limit.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    // A pipe or a device may never end.
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let mut bytes = Vec::new();
    file.take(limits::FILE_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The line that each column is on.
fn lines(sources: &Sources, table: &CheckedTable) -> Vec<usize> {
    let Some(file) = sources.get(table.source) else {
        return Vec::new();
    };
    let spans = table.spans.columns.iter();
    spans.map(|span| file.line_column(span.start()).0).collect()
}

// ---- the comparison ----

struct Comparison<'a> {
    row: &'a RowStruct,
    path: String,
    lines: Vec<usize>,
    table: &'a CheckedTable,
}

impl Comparison<'_> {
    /// Where the file describes a column.
    fn place(&self, position: usize) -> String {
        match self.lines.get(position) {
            Some(line) => format!("{}:{line}", self.path),
            None => self.path.clone(),
        }
    }

    /// Every field is a column, every column a field, and neither is another one twice.
    fn names(&self, problems: &mut Problems) {
        let columns = self.table.definition.columns();
        let mut fields: HashMap<String, &RowField> = HashMap::new();
        let mut unknown = Vec::new();
        for field in &self.row.fields {
            let name = field.column();
            if !columns.iter().any(|column| *column.name == name) {
                unknown.push(field);
            } else if let Some(first) = fields.get(&name) {
                let message = format!("field `{}` is column `{name}` too", first.name);
                let help = "delete one of the two, or name another column";
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
                    let position = columns.iter().position(|column| *column.name == *near);
                    let position = position.unwrap_or_default();
                    missing.retain(|other| *other != position);
                    format!("did you mean `{near}`, of {}?", self.place(position))
                }
                None => format!(
                    "describe it in {}, or write `#[kalam(skip)]` for a field that is no column",
                    self.path
                ),
            };
            problems.push(field.column_tokens(), &message, &help);
        }
        // What a flattened field would have held is not missing.
        if self.row.flattened.is_empty() {
            self.missing(&missing, problems);
        }
    }

    fn missing(&self, missing: &[usize], problems: &mut Problems) {
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
            let place = self.place(*position);
            help.push_str(&format!(
                "\n    {field}: {ty}, // {place}: {}",
                short(&column.ty)
            ));
        }
        problems.push(&self.row.name, &message, &help);
    }

    /// Compares a field with its column; checks that are left to the compiler.
    fn field(
        &self,
        field: &RowField,
        column: &Column,
        position: usize,
        problems: &mut Problems,
    ) -> Option<TokenStream> {
        let place = self.place(position);
        for key in &field.attributes.of_source {
            let message = format!("`{key}` is for the TOML file to say");
            problems.push(
                key,
                &message,
                &format!("delete it: {place} describes the column"),
            );
        }
        self.null(field, column, &place, problems);
        if refused(&field.ty.value).is_some() {
            misfit(field, column, &place, problems);
            return None;
        }
        let is_time = column.ty.time_unit().is_some();
        let is_counted = is_time && field.ty.is_units();
        if let Some(known) = &field.ty.known
            && !is_counted
            && !known.fits(&column.ty)
        {
            misfit(field, column, &place, problems);
            return None;
        }
        match column.unit.or(column.ty.time_unit()) {
            Some(unit) => self.unit(field, column, unit, &place, problems),
            None => {
                if let Some(unit) = &field.attributes.unit {
                    let message = format!("column `{}` has no unit", column.name);
                    let help = format!("delete it: {place} says `{}`", short(&column.ty));
                    problems.push(&unit.tokens, &message, &help);
                }
            }
        }
        let message = format!(
            "`{}` cannot hold column `{}` of `{}`: {place} says `{}`\nhelp: {}",
            field.ty.name(),
            column.name,
            self.table.definition.name(),
            column.ty,
            help_to_hold(&column.ty, column.unit)
        );
        field.holds_check(&column.ty, &message)
    }

    fn null(&self, field: &RowField, column: &Column, place: &str, problems: &mut Problems) {
        if field.ty.nullable == column.nullable {
            return;
        }
        let (name, ty) = (&column.name, field.ty.name());
        let ty = match &field.ty.known {
            Some(known) if !known.fits(&column.ty) => value_type(column),
            _ => ty,
        };
        let (message, help) = if column.nullable {
            let message = format!("column `{name}` may be null, and the field may not");
            let help = format!("{place} says `nullable = true`: write `Option<{ty}>`");
            (message, help)
        } else {
            let message = format!("column `{name}` is never null, and the field may be");
            let help = format!("{place} does not say `nullable = true`: write `{ty}`");
            (message, help)
        };
        problems.push(&field.tokens, &message, &help);
    }

    /// The field counts in the unit of the file.
    fn unit(
        &self,
        field: &RowField,
        column: &Column,
        unit: TimeUnit,
        place: &str,
        problems: &mut Problems,
    ) {
        let (name, ty) = (&column.name, field.ty.name());
        let said = match column.unit {
            Some(unit) => format!("{place} says `unit = \"{}\"`", unit.as_str()),
            None => format!("{place} says `{}`", column.ty),
        };
        let unit_text = unit.as_str();
        let typed = rust_type(&column.ty, Some(unit)).unwrap_or_default();
        let typed = optional(typed, field.ty.nullable);
        let known = field.ty.known.as_ref().and_then(|known| known.unit);
        match (&field.attributes.unit, known) {
            (None, None) if field.ty.is_units() => {
                let message = format!("`{ty}` does not say its unit, and column `{name}` has one");
                let help = format!(
                    "{said}: write `#[kalam(unit = \"{unit_text}\")]`, or let the field be `{typed}`"
                );
                problems.push(&field.ty.value, &message, &help);
            }
            (Some(said_here), None) if field.ty.is_units() && said_here.value != unit_text => {
                let message = format!("column `{name}` counts in `{unit_text}`");
                let help = format!("{said}: write `unit = \"{unit_text}\"`");
                problems.push(&said_here.tokens, &message, &help);
            }
            (Some(_), None) if field.ty.is_units() => {}
            (Some(said_here), _) => {
                let message = match known {
                    Some(_) => format!("`{ty}` says its unit itself"),
                    None => format!("`{ty}` has no unit to say"),
                };
                let help = "delete it: only a bare `i64` needs one";
                problems.push(&said_here.tokens, &message, help);
            }
            (None, Some(known)) if known != unit => {
                let known = known.as_str();
                let message =
                    format!("`{ty}` counts in `{known}`, and column `{name}` in `{unit_text}`");
                problems.push(
                    &field.ty.value,
                    &message,
                    &format!("{said}: write `{typed}`"),
                );
            }
            (None, _) => {}
        }
    }
}

/// Reports a type that cannot hold the column.
fn misfit(field: &RowField, column: &Column, place: &str, problems: &mut Problems) {
    let name = &column.name;
    let message = format!("`{}` cannot hold column `{name}`", field.ty.name());
    let said = short(&column.ty);
    let help = match &column.ty {
        ColumnType::Enum(labels) => format!(
            "{place} says `{said}`: derive `KalamValue` on an enum of the labels {}, and write \
             its name",
            backticked_list(labels.iter(), "and")
        ),
        _ => {
            let ty = optional(value_type(column), column.nullable);
            format!("{place} says `{said}`: write `{ty}`")
        }
    };
    problems.push(&field.ty.value, &message, &help);
}

/// The Rust type to write for a column, without `Option`: one that is named after it where it is to
/// be made.
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

/// A type in a message, where only the beginning of a long one helps.
fn short(ty: &ColumnType) -> String {
    const CHARS: usize = 80;
    let text = ty.to_string();
    match text.char_indices().nth(CHARS) {
        Some((end, _)) => format!("{}..", &text[..end]),
        None => text,
    }
}
