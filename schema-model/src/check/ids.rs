// SPDX-License-Identifier: Apache-2.0

//! Ids: in range, unique among columns and nested fields, and not reserved for dropped columns.

use std::collections::HashMap;

use super::context::Checks;
use crate::definition::{MAX_ID, MIN_ID};
use crate::next_id::NextId;
use crate::raw::RawTable;
use crate::rule::Rule;
use crate::source::{SourceSpan, Spanned};

/// Marks the ids that the table uses or reserves as used.
pub(super) fn observe(raw: &RawTable, next_id: &mut NextId) {
    for column in &raw.columns.value {
        next_id.observe(column.id.value);
        next_id.observe_type(&column.ty.value);
    }
    for id in &raw.reserved_ids {
        next_id.observe(id.value);
    }
}

impl Checks<'_> {
    /// Checks the ids of the columns and the given ids of nested fields.
    pub(super) fn ids(&mut self, nested: Vec<Spanned<i128>>) {
        let raw = self.raw;
        let reserved = self.reserved_ids();
        let mut ids: Vec<Spanned<i128>> = raw.columns.value.iter().map(|c| c.id.clone()).collect();
        ids.extend(nested);
        // The position decides which of two equal ids is reported: the later one.
        ids.sort_by_key(|id| id.span.start());
        let mut seen: HashMap<i128, SourceSpan> = HashMap::new();
        for Spanned { value: id, span } in ids {
            if !self.is_in_range(id, &span) {
                continue;
            }
            if let Some(first) = seen.get(&id) {
                let help = self.next_id.help();
                let problem = self
                    .problem(Rule::DuplicateId, &span, format!("id {id} is used twice"))
                    .with_label(first.clone(), "first here")
                    .with_help(help);
                self.push(problem);
                continue;
            }
            if let Some(reserved) = reserved.get(&id) {
                let help = self.next_id.help();
                let problem = self
                    .problem(Rule::ReservedId, &span, format!("id {id} is reserved"))
                    .with_label(reserved.clone(), "a dropped column had this id")
                    .with_help(help);
                self.push(problem);
            }
            seen.insert(id, span);
        }
    }

    fn reserved_ids(&mut self) -> HashMap<i128, SourceSpan> {
        let raw = self.raw;
        let mut reserved: HashMap<i128, SourceSpan> = HashMap::new();
        for id in &raw.reserved_ids {
            if id.value < i128::from(MIN_ID) || id.value > i128::from(MAX_ID) {
                let message = out_of_range(id.value);
                let problem = self.problem(Rule::IdOutOfRange, &id.span, message);
                self.push(problem.with_help("delete it: no column can have this id"));
            } else if let Some(first) = reserved.get(&id.value) {
                let message = format!("id {} is reserved twice", id.value);
                let problem = self
                    .problem(Rule::DuplicateReservedId, &id.span, message)
                    .with_label(first.clone(), "first here")
                    .with_help("delete one of the two");
                self.push(problem);
            } else {
                reserved.insert(id.value, id.span.clone());
            }
        }
        reserved
    }

    fn is_in_range(&mut self, id: i128, span: &SourceSpan) -> bool {
        let is_valid = (i128::from(MIN_ID)..=i128::from(MAX_ID)).contains(&id);
        if !is_valid {
            let help = self.next_id.help();
            let problem = self.problem(Rule::IdOutOfRange, span, out_of_range(id));
            self.push(problem.with_help(help));
        }
        is_valid
    }
}

fn out_of_range(id: i128) -> String {
    // The parsers saturate, so the bounds of `i128` are not the written numbers.
    if id == i128::MAX || id == i128::MIN {
        return format!("the id is out of range: ids are from {MIN_ID} to {MAX_ID}");
    }
    format!("id {id} is out of range: ids are from {MIN_ID} to {MAX_ID}")
}
