// SPDX-License-Identifier: Apache-2.0

//! Labels of enums: not empty, not too long, unique, and usable as variants of a Rust enum.

use std::collections::HashMap;

use super::context::Checks;
use crate::diagnostic::{Diagnostic, backticked};
use crate::limits;
use crate::rule::Rule;
use crate::rust_names::camel_case;
use crate::source::{SourceSpan, Spanned};

impl Checks<'_> {
    /// Checks the labels of one enum, which is written at `whole`.
    pub(super) fn labels(&mut self, labels: &[Spanned<String>], whole: &SourceSpan) {
        if labels.is_empty() {
            let problem = self.problem(Rule::EnumEmpty, whole, "the enum has no labels");
            self.push(problem.with_help("write at least one: `enum('a', 'b')`"));
            return;
        }
        if labels.len() > limits::ENUM_LABELS {
            let message = format!(
                "the enum has {} labels, more than the maximum of {}",
                labels.len(),
                limits::ENUM_LABELS
            );
            let problem = self.problem(Rule::EnumTooLarge, whole, message);
            self.push(problem.with_help("use `text`, and a table of the values"));
            return;
        }
        let mut seen: HashMap<&str, &SourceSpan> = HashMap::new();
        let mut variants: HashMap<String, &Spanned<String>> = HashMap::new();
        for label in labels {
            if let Some(problem) = self.label(label) {
                self.push(problem);
                continue;
            }
            if let Some(first) = seen.insert(&label.value, &label.span) {
                let message = format!("label {} is listed twice", backticked(&label.value));
                let problem = self
                    .problem(Rule::EnumDuplicateLabel, &label.span, message)
                    .with_label(first.clone(), "first here")
                    .with_help("delete one of the two");
                self.push(problem);
                continue;
            }
            let variant = camel_case(&label.value);
            if let Some(first) = variants.get(&variant) {
                let message = format!(
                    "labels {} and {} both become `{variant}` in Rust",
                    backticked(&first.value),
                    backticked(&label.value)
                );
                let problem = self
                    .problem(Rule::EnumVariantClash, &label.span, message)
                    .with_label(first.span.clone(), "first here")
                    .with_help("rename one of the two, or use `text`");
                self.push(problem);
            } else {
                variants.insert(variant, label);
            }
        }
    }

    /// Returns the problem of one label on its own.
    fn label(&self, label: &Spanned<String>) -> Option<Diagnostic> {
        if label.value.is_empty() {
            let help = self.raw.syntax.choose(
                "delete it, and write `nullable = true` if a value can be missing",
                "write a label; let the field be an `Option` if a value can be missing",
            );
            let problem = self.problem(Rule::EnumEmptyLabel, &label.span, "a label is empty");
            return Some(problem.with_help(help));
        }
        if label.value.len() > limits::LABEL_BYTES {
            let message = format!(
                "the label has {} bytes, more than the maximum of {}",
                label.value.len(),
                limits::LABEL_BYTES
            );
            let problem = self.problem(Rule::EnumTooLarge, &label.span, message);
            return Some(problem.with_help("shorten it"));
        }
        if camel_case(&label.value).is_empty() {
            let message = format!(
                "label {} cannot become the name of a Rust variant",
                backticked(&label.value)
            );
            let problem = self.problem(Rule::EnumLabelWithoutName, &label.span, message);
            return Some(problem.with_help("add a letter a to z or a digit, or use `text`"));
        }
        None
    }
}
