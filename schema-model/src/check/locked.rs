// SPDX-License-Identifier: Apache-2.0

//! Definitions from a lock, which passed all checks when they were locked. Only the checks that
//! convert values are repeated, so that a rule that was added later does not make a released
//! version invalid.

use std::collections::HashSet;

use super::context::{Checks, RustCode, TypedColumn};
use super::table;
use crate::definition::{Column, PrimaryKey, TableDefinition, TableParts};
use crate::diagnostic::{Diagnostic, backticked};
use crate::raw::{RawKey, RawTable};
use crate::rule::Rule;
use crate::shared::Shared;

/// Checks the value of each column. The columns can belong to different tables.
pub(crate) fn check_columns(raw: &RawTable) -> Result<Vec<Column>, Vec<Diagnostic>> {
    let mut checks = Checks::new(raw, RustCode::NotGenerated);
    let columns = raw.columns.value.iter().map(|column| {
        let typed = TypedColumn {
            raw: column,
            ty: checks.column_type(column, &mut Vec::new()),
        };
        checks.column(&typed)
    });
    let columns = columns.collect();
    match checks.diagnostics.is_empty() {
        true => Ok(columns),
        false => Err(checks.diagnostics),
    }
}

/// Returns the definition that consists of the keys of `raw` and of `columns`, which replace the
/// columns of `raw`.
pub(crate) fn check_locked(
    raw: &RawTable,
    version: u32,
    columns: Shared<[Column]>,
) -> Result<TableDefinition, Vec<Diagnostic>> {
    let mut checks = Checks::new(raw, RustCode::NotGenerated);
    match checks.locked(version, columns) {
        Some(parts) if checks.diagnostics.is_empty() => Ok(TableDefinition::from_checked(parts)),
        _ => Err(checks.diagnostics),
    }
}

impl Checks<'_> {
    fn locked(&mut self, version: u32, columns: Shared<[Column]>) -> Option<TableParts> {
        let raw = self.raw;
        let mut names = HashSet::with_capacity(columns.len());
        for column in columns.iter() {
            if !names.insert(&*column.name) {
                let message = format!("column {} is defined twice", backticked(&column.name));
                let problem = self.problem(Rule::DuplicateName, &raw.name.span, message);
                self.push(problem);
            }
        }
        let name = self.table_name();
        let kind = self.kind(name.as_ref());
        let primary_key = match (&raw.primary_key, &raw.no_primary_key) {
            (Some(key), None) => Some(PrimaryKey::Columns(self.positions(key, &columns)?)),
            (None, Some(reason)) => Some(PrimaryKey::None {
                reason: reason.value.as_str().into(),
            }),
            _ => {
                let message = "the table needs either a primary key or a reason for having none";
                let problem = self.problem(Rule::NoKey, &raw.name.span, message);
                self.push(problem);
                None
            }
        };
        let unique = raw.unique.iter().flat_map(|keys| &keys.value);
        let unique: Option<Vec<_>> = unique.map(|key| self.positions(key, &columns)).collect();
        let row = self.row(name.as_ref());
        Some(TableParts {
            ttl_seconds: self.ttl_seconds(kind),
            access_level: self.access_level(kind),
            name: name?,
            kind: kind?,
            version,
            comment: table::shared_text(&raw.comment),
            primary_key: primary_key?,
            unique_keys: unique?.into(),
            row: row?.into(),
            columns,
            reserved: self.reserved(),
        })
    }

    /// Returns the positions of the columns of a key.
    fn positions(&mut self, key: &RawKey, columns: &[Column]) -> Option<Shared<[usize]>> {
        let mut positions = Vec::with_capacity(key.value.len());
        for name in &key.value {
            let mut known = columns.iter();
            let Some(position) = known.position(|column| *column.name == *name.value) else {
                let message = format!("the table has no column {}", backticked(&name.value));
                let problem = self.problem(Rule::KeyColumnUnknown, &name.span, message);
                self.push(problem);
                return None;
            };
            positions.push(position);
        }
        Some(positions.into())
    }
}
