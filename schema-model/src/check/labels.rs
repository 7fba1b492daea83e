// SPDX-License-Identifier: Apache-2.0

//! Labels of enums: not empty, not too long, and unique. `variants` checks their names in Rust.

use std::collections::HashMap;

use super::context::Checks;
use crate::diagnostic::{Diagnostic, backticked};
use crate::limits;
use crate::rule::Rule;
use crate::source::{SourceSpan, Spanned};

impl Checks<'_> {
    /// Checks the labels of one enum, which is written at `whole`. Returns the valid ones.
    pub(super) fn labels<'l>(
        &mut self,
        labels: &'l [Spanned<String>],
        whole: &SourceSpan,
    ) -> Vec<&'l Spanned<String>> {
        if labels.is_empty() {
            let problem = self.problem(Rule::EnumEmpty, whole, "the enum has no labels");
            self.push(problem.with_help("write at least one: `enum('a', 'b')`"));
            return Vec::new();
        }
        if labels.len() > limits::ENUM_LABELS {
            let message = format!(
                "the enum has {} labels, more than the maximum of {}",
                labels.len(),
                limits::ENUM_LABELS
            );
            let problem = self.problem(Rule::EnumTooLarge, whole, message);
            self.push(problem.with_help("use `text`, and a table of the values"));
            return Vec::new();
        }
        let mut seen: HashMap<&str, &SourceSpan> = HashMap::new();
        let mut valid = Vec::with_capacity(labels.len());
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
            valid.push(label);
        }
        valid
    }

    /// Returns the problem of one label on its own.
    fn label(&self, label: &Spanned<String>) -> Option<Diagnostic> {
        if label.value.is_empty() {
            let help = self.raw.syntax.choose(
                "delete it, and write `nullable = true` if a value can be missing",
                "write a label; let the field be an `Option` if a value can be missing",
                "delete it: a value of a nullable column can be missing",
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
        None
    }
}
