// SPDX-License-Identifier: Apache-2.0

//! The Rust variants of labels: derived from the label, or chosen with the key `variants`.

use std::collections::{BTreeMap, HashMap};

use super::context::{Checks, TypedColumn};
use super::tables::VariantNames;
use crate::canonical::quoted;
use crate::diagnostic::backticked;
use crate::limits;
use crate::raw::{RawColumn, RawTable};
use crate::rule::Rule;
use crate::rust_names::{camel_case, is_camel_case};
use crate::source::Spanned;
use crate::suggest::nearest;
use crate::types::ColumnType;

/// Returns the chosen names of the variants of a column, by label.
pub(super) fn of_column(column: &RawColumn) -> VariantNames {
    let variants = column.variants.iter().flat_map(|variants| &variants.value);
    variants
        .map(|variant| (variant.label.value.clone(), variant.name.value.clone()))
        .collect()
}

/// Returns the chosen names of variants of all columns that have some, by column.
pub(super) fn chosen(raw: &RawTable) -> BTreeMap<String, VariantNames> {
    let columns = raw.columns.value.iter();
    columns
        .map(|column| (column.name.value.clone(), of_column(column)))
        .filter(|(_, variants)| !variants.is_empty())
        .collect()
}

impl Checks<'_> {
    /// Checks the names of the variants of one enum in `column`. The labels are those that are
    /// valid on their own.
    pub(super) fn derived_variants(&mut self, labels: &[&Spanned<String>], column: &RawColumn) {
        let chosen = of_column(column);
        let mut variants: HashMap<String, &Spanned<String>> = HashMap::new();
        for label in labels {
            let variant = match chosen.get(&label.value) {
                Some(name) => name.clone(),
                None => camel_case(&label.value),
            };
            let name_it = format!("`variants = {{ {} = \"..\" }}`", quoted(&label.value));
            if variant.is_empty() {
                let message = format!(
                    "label {} cannot become the name of a Rust variant",
                    backticked(&label.value)
                );
                let problem = self.problem(Rule::EnumLabelWithoutName, &label.span, message);
                self.push(problem.with_help(format!("name its variant: {name_it}")));
            } else if let Some(first) = variants.get(&variant) {
                let message = format!(
                    "labels {} and {} both become {} in Rust",
                    backticked(&first.value),
                    backticked(&label.value),
                    backticked(&variant),
                );
                let problem = self
                    .problem(Rule::EnumVariantClash, &label.span, message)
                    .with_label(first.span.clone(), "first here")
                    .with_help(format!("name the variant of one of the two: {name_it}"));
                self.push(problem);
            } else {
                variants.insert(variant, label);
            }
        }
    }

    /// Checks the key `variants` of each column: it names labels of an enum in the column, and its
    /// values are names of variants.
    pub(super) fn chosen_variants(&mut self, columns: &[TypedColumn<'_>]) {
        for TypedColumn { raw, ty } in columns {
            let (Some(variants), Some(ty)) = (&raw.variants, ty) else {
                continue;
            };
            let mut labels = Vec::new();
            add_labels(ty, &mut labels);
            let is_enum = matches!(ty, ColumnType::Enum(_));
            let reason = match &raw.rust {
                _ if labels.is_empty() => Some((
                    format!("a column of type `{}` has no labels", ty.keyword()),
                    "delete `variants`: only an enum has variants",
                )),
                Some(_) if !is_enum => Some((
                    "the variants are those of the type that `rust` names".to_string(),
                    "delete `variants`, or `rust` so that the types of the column are generated",
                )),
                _ => None,
            };
            if let Some((message, help)) = reason {
                let problem = self.problem(Rule::VariantsNotAllowed, &variants.span, message);
                self.push(problem.with_help(help));
                continue;
            }
            for variant in &variants.value {
                self.chosen_variant(&variant.label, &variant.name, &labels);
            }
        }
    }

    fn chosen_variant(&mut self, label: &Spanned<String>, name: &Spanned<String>, labels: &[&str]) {
        if !labels.contains(&&*label.value) {
            let message = format!("the enum has no label {}", backticked(&label.value));
            let help = match nearest(&label.value, labels.iter().copied()) {
                Some(near) => format!("did you mean {}?", quoted(near)),
                None => "write a label of the enum, in quotes".to_string(),
            };
            let problem = self.problem(Rule::VariantOfNoLabel, &label.span, message);
            self.push(problem.with_help(help));
        }
        if is_camel_case(&name.value) && name.value.len() <= limits::NAME_BYTES {
            return;
        }
        let message = format!(
            "{} is not a valid name of a Rust variant",
            backticked(&name.value)
        );
        let suggestion = camel_case(&name.value);
        let help = if is_camel_case(&suggestion) && suggestion.len() <= limits::NAME_BYTES {
            format!("write `{suggestion}`")
        } else {
            "write an identifier in CamelCase, for example `AtLeast`".to_string()
        };
        let problem = self.problem(Rule::VariantName, &name.span, message);
        self.push(problem.with_help(help));
    }
}

/// Adds the labels of all enums in `ty`.
fn add_labels<'a>(ty: &'a ColumnType, labels: &mut Vec<&'a str>) {
    if let ColumnType::Enum(own) = ty {
        labels.extend(own.iter().map(|label| &**label));
    }
    for child in ty.children() {
        add_labels(&child.ty, labels);
    }
}
