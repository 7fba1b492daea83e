// SPDX-License-Identifier: Apache-2.0

//! Rules for data of the next version that earlier versions read: during a rolling upgrade, or
//! after a rollback.

use super::comparison::{Evolution, Subject};
use super::initial_default::default_literal;
use super::types::promotion;
use crate::definition::Column;
use crate::diagnostic::backticked;
use crate::rule::EvolutionRule;
use crate::types::{ColumnType, NestedField};

impl Evolution<'_> {
    pub(super) fn forward(&mut self) {
        for index in (0..self.history.len()).rev() {
            let old = &self.history[index];
            let version = old.version();
            for column in old.definition.columns() {
                match self.next.column(column.id) {
                    None => self.required(version, column),
                    Some(next) => {
                        if next.nullable && !column.nullable {
                            self.null(version, next.into());
                        }
                        self.read_as(version, next.into(), &next.ty, &column.ty);
                    }
                }
            }
        }
    }

    /// Checks that a version can read rows without `column`.
    fn required(&mut self, version: u32, column: &Column) {
        if column.nullable || default_literal(column).is_some() {
            return;
        }
        let message = format!(
            "column {} was dropped, but is not null and has no literal as default in version \
             {version}",
            self.described(column.into()),
        );
        let help = "keep the column until no server runs that version";
        self.push(
            EvolutionRule::ForwardRequired,
            version,
            column.into(),
            message,
            help,
        );
    }

    fn null(&mut self, version: u32, subject: Subject<'_>) {
        let message = format!(
            "{} is nullable, but version {version} cannot read null in it",
            self.described(subject),
        );
        let help = "keep it not null until no server runs that version";
        self.push(EvolutionRule::ForwardNull, version, subject, message, help);
    }

    /// Checks that a version with type `old` can read values of type `ty`.
    fn read_as(&mut self, version: u32, subject: Subject<'_>, ty: &ColumnType, old: &ColumnType) {
        match (ty, old) {
            (ColumnType::List(field), ColumnType::List(old)) => {
                self.field_read_as(version, subject, field, old);
            }
            (ColumnType::Map(fields), ColumnType::Map(old)) => {
                // A changed type of keys is reported as such in both directions.
                self.field_read_as(version, subject, &fields.value, &old.value);
            }
            (ColumnType::Struct(fields), ColumnType::Struct(old)) => {
                for old in old.iter() {
                    if let Some(field) = fields.iter().find(|field| field.id == old.id) {
                        self.field_read_as(version, subject, field, old);
                    } else if !old.nullable {
                        self.nested_required(version, subject, old);
                    }
                }
            }
            (ty, old) if promotion(ty, old).is_some() => {}
            (ty, old) => {
                let message = format!(
                    "{} is {}, but version {version} can read only {}",
                    self.described(subject),
                    backticked(&ty.to_string()),
                    backticked(&old.to_string()),
                );
                let help = "keep the type until no server runs that version";
                self.push(EvolutionRule::ForwardType, version, subject, message, help);
            }
        }
    }

    fn field_read_as(
        &mut self,
        version: u32,
        parent: Subject<'_>,
        field: &NestedField,
        old: &NestedField,
    ) {
        let path = format!("{}.{}", parent.path, field.name);
        let subject = Subject {
            id: field.id,
            path: &path,
        };
        if field.nullable && !old.nullable {
            self.null(version, subject);
        }
        self.read_as(version, subject, &field.ty, &old.ty);
    }

    fn nested_required(&mut self, version: u32, parent: Subject<'_>, old: &NestedField) {
        let path = format!("{}.{}", parent.path, old.name);
        let subject = Subject {
            id: old.id,
            path: &path,
        };
        let message = format!(
            "{} was dropped, but is not null in version {version}",
            self.described(subject),
        );
        let help = "keep the field until no server runs that version";
        self.push(
            EvolutionRule::ForwardRequired,
            version,
            subject,
            message,
            help,
        );
    }
}
