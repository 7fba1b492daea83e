// SPDX-License-Identifier: Apache-2.0

//! Rust names: fields and types of the generated code are valid and unique.

use std::collections::HashMap;

use super::context::{Checks, TypedColumn};
use super::variants;
use crate::diagnostic::backticked;
use crate::limits;
use crate::rule::Rule;
use crate::rust_names::{
    camel_case, generated_types, is_camel_case, is_identifier, is_never_raw, snake_case,
    variant_names, view_name,
};
use crate::source::SourceSpan;
use crate::sql_text::is_bare_name;
use crate::table_name::{TableName, check_module};
use crate::types::ColumnType;

impl Checks<'_> {
    /// Returns the name of the row type.
    pub(super) fn row(&mut self, name: Option<&TableName>) -> Option<String> {
        if let Some(row) = &self.raw.row {
            self.is_type_name(&row.value, &row.span);
            return Some(row.value.clone());
        }
        let name = name?;
        let row = camel_case(&name.table);
        if !self.has_rust_code() && !is_camel_case(&row) {
            return Some("Row".to_string());
        }
        if self.has_rust_code() && check_module(&name.table).is_ok() && !is_identifier(&row) {
            let message = format!(
                "table name {} cannot become a Rust type name",
                backticked(&name.table)
            );
            let problem = self.problem(Rule::RustNameImpossible, &self.raw.name.span, message);
            self.push(problem.with_help("name the row type: `row = \"MyRow\"`"));
        }
        Some(row)
    }

    /// Checks that the namespace and the table can be modules.
    pub(super) fn rust_modules(&mut self, name: Option<&TableName>) {
        let Some(name) = name else { return };
        for part in [&name.namespace, &name.table] {
            if let Err(error) = check_module(part) {
                self.push_name_error(error, &self.raw.name.span);
                return;
            }
        }
    }

    /// Checks that each column has a valid and unique field name.
    pub(super) fn rust_fields(&mut self) {
        let raw = self.raw;
        let mut fields: HashMap<String, (&str, &SourceSpan)> = HashMap::new();
        for column in &raw.columns.value {
            let (name, span) = (column.name.value.as_str(), &column.name.span);
            // Invalid names have been reported.
            if !is_bare_name(name) {
                continue;
            }
            let ident = snake_case(name);
            if is_never_raw(&ident) {
                let message = format!("column {} cannot be a field in Rust", backticked(name));
                let problem = self.problem(Rule::RustNameImpossible, span, message);
                self.push(problem.with_help("choose another name for the column"));
                continue;
            }
            let Some((first, first_span)) = fields.get(&ident) else {
                fields.insert(ident, (name, span));
                continue;
            };
            // Names that differ only in case have been reported.
            if first.eq_ignore_ascii_case(name) {
                continue;
            }
            let message = format!(
                "columns {} and {} both become the field `{ident}` in Rust",
                backticked(first),
                backticked(name)
            );
            let problem = self
                .problem(Rule::RustFieldClash, span, message)
                .with_label((*first_span).clone(), "first here")
                .with_help("rename one of the two");
            self.push(problem);
        }
    }

    /// Checks `rust`, which is a type name for an enum and a path for other columns.
    pub(super) fn rust_columns(&mut self, columns: &[TypedColumn<'_>]) {
        for column in columns {
            let (Some(rust), Some(ty)) = (&column.raw.rust, &column.ty) else {
                continue;
            };
            if let ColumnType::Enum(_) = ty {
                self.is_type_name(&rust.value, &rust.span);
            } else if !is_path(&rust.value) {
                let message = format!("{} is not the path of a Rust type", backticked(&rust.value));
                let problem = self.problem(Rule::RustPath, &rust.span, message);
                let help = if rust.value.contains('<') {
                    "use a type without parameters, or an alias for a type with parameters"
                } else {
                    "for example `rust = \"crate::JobId\"`"
                };
                self.push(problem.with_help(help));
            }
        }
    }

    /// Checks that the types in the module of the table have unique names. Enums with equal labels
    /// can share a type.
    pub(super) fn rust_types(&mut self, row: Option<&str>, columns: &[TypedColumn<'_>]) {
        let Some(row) = row else { return };
        let row_span = self.raw.row.as_ref().unwrap_or(&self.raw.name).span.clone();
        let row_type = (row_span.clone(), "the row type".to_string(), None);
        let row_view = (row_span, "the view of a row".to_string(), None);
        let mut types = HashMap::from([(row.to_string(), row_type), (view_name(row), row_view)]);
        for TypedColumn { raw, ty } in columns {
            let Some(ty) = ty else { continue };
            let rust = raw.rust.as_ref();
            let span = rust.unwrap_or(&raw.name).span.clone();
            let of = format!("a type of column {}", backticked(&raw.name.value));
            let generated = generated_types(row, &raw.name.value, rust.map(|r| &*r.value), ty);
            let chosen = variants::of_column(raw);
            let views: Vec<_> = generated
                .iter()
                .filter(|(_, ty)| matches!(ty, ColumnType::Struct(_)))
                .map(|(name, ty)| (view_name(name), *ty))
                .collect();
            for (name, ty) in generated.into_iter().chain(views) {
                let labels = match ty {
                    ColumnType::Enum(labels) => Some((labels, variant_names(labels, &chosen))),
                    _ => None,
                };
                let Some((first_span, first_of, first_labels)) = types.get(&name) else {
                    types.insert(name, (span.clone(), of.clone(), labels));
                    continue;
                };
                let problem = match (first_labels, &labels) {
                    (Some(first), Some(labels)) if first == labels => continue,
                    (Some((first, _)), Some((labels, _))) if first == labels => {
                        let message = format!(
                            "enum {} has different variants in another column",
                            backticked(&name)
                        );
                        self.problem(Rule::EnumShared, &span, message)
                            .with_label(first_span.clone(), "the other column")
                            .with_help("write the same `variants` on both columns, or give each column its own `rust = \"..\"`")
                    }
                    (Some(_), Some(_)) => {
                        let message = format!(
                            "enum {} has different labels in another column",
                            backticked(&name)
                        );
                        self.problem(Rule::EnumShared, &span, message)
                            .with_label(first_span.clone(), "the other column")
                            .with_help("write the same labels in the same order, or give each column its own `rust = \"..\"`")
                    }
                    _ => {
                        let message = format!(
                            "{of} and {first_of} are both named {} in Rust",
                            backticked(&name)
                        );
                        self.problem(Rule::RustTypeClash, &span, message)
                            .with_label(first_span.clone(), "the other type")
                            .with_help("rename the column, or change the names with `rust = \"..\"` on an enum or `row = \"..\"` on the table")
                    }
                };
                self.push(problem);
            }
        }
    }

    fn is_type_name(&mut self, name: &str, span: &SourceSpan) {
        if name.len() > limits::NAME_BYTES {
            self.is_name(name, span, "Rust type");
            return;
        }
        if is_camel_case(name) {
            return;
        }
        let message = format!("{} is not a valid name of a Rust type", backticked(name));
        let suggestion = camel_case(name.rsplit("::").next().unwrap_or(name));
        let help = if !is_camel_case(&suggestion) {
            "write an identifier in CamelCase, for example `JobStatus`".to_string()
        } else if name.contains("::") {
            format!("write `{suggestion}`: the type is generated, so its name is not a path")
        } else {
            format!("write `{suggestion}`")
        };
        self.push(
            self.problem(Rule::RustTypeName, span, message)
                .with_help(help),
        );
    }
}

fn is_path(text: &str) -> bool {
    let path = text.strip_prefix("::").unwrap_or(text);
    let mut segments = path.split("::").enumerate();
    let starts_anywhere = !text.starts_with("::");
    let all_fit = segments.all(|(index, segment)| {
        let is_root =
            index == 0 && starts_anywhere && matches!(segment, "crate" | "self" | "super");
        is_root || is_identifier(segment) || is_raw(segment)
    });
    all_fit && !matches!(path, "crate" | "self" | "super")
}

fn is_raw(segment: &str) -> bool {
    segment
        .strip_prefix("r#")
        .is_some_and(|word| is_bare_name(word) && !is_never_raw(word))
}
