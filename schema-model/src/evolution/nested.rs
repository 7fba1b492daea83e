// SPDX-License-Identifier: Apache-2.0

//! Rules about types: primitive types by the table of types, nested fields by their ids.

use super::comparison::{Evolution, Subject};
use super::problem::EvolutionHelp;
use super::types::{Promotion, promotion, wider_sql_types, wider_types};
use crate::diagnostic::backticked;
use crate::rule::EvolutionRule;
use crate::sql_text::quote;
use crate::types::{ColumnType, NestedField};

impl Evolution<'_> {
    /// Checks whether values of type `old`, which `version` has, can be read as type `ty` by the
    /// column or nested field `id`. Reports the reasons otherwise.
    pub(super) fn type_of(
        &mut self,
        version: u32,
        subject: Subject<'_>,
        old: &ColumnType,
        ty: &ColumnType,
    ) {
        let path = subject.path;
        match (old, ty) {
            (ColumnType::List(old), ColumnType::List(element)) => {
                self.only_field(version, path, old, element);
            }
            (ColumnType::Struct(old), ColumnType::Struct(fields)) => {
                self.struct_fields(version, path, old, fields);
            }
            (ColumnType::Map(old), ColumnType::Map(fields)) => {
                self.map_key(version, path, &old.key, &fields.key);
                self.only_field(version, path, &old.value, &fields.value);
            }
            (old, ty) => self.primitive(version, subject, old, ty),
        }
    }

    /// Reports another type of a column or field, by the promotion between the two types.
    fn primitive(&mut self, version: u32, subject: Subject<'_>, old: &ColumnType, ty: &ColumnType) {
        let message = format!(
            "{} is {}, but was {} in version {version}",
            self.described(subject),
            backticked(&ty.to_string()),
            backticked(&old.to_string()),
        );
        let keep = match self.next.column(subject.id) {
            Some(_) => format!("write `type = \"{old}\"`"),
            None => format!("write {} again", backticked(&old.to_string())),
        };
        let (rule, help) = match promotion(old, ty) {
            Some(Promotion::Unchanged) => return,
            Some(Promotion::WiderInteger | Promotion::FloatToDouble | Promotion::WiderDecimal) => (
                EvolutionRule::TypeWidened,
                format!("{keep}, or accept the change when all clients read the wider type").into(),
            ),
            Some(
                Promotion::IntegerToDouble
                | Promotion::IntegerToDecimal
                | Promotion::DateToTimestamp
                | Promotion::BytesToUuid,
            ) => (
                EvolutionRule::TypeConverted,
                format!(
                    "{keep}, or accept the change when all queries and clients use the new type"
                )
                .into(),
            ),
            Some(Promotion::MoreLabels) => {
                (EvolutionRule::EnumExtended, extended_help(old, ty).into())
            }
            None => (
                EvolutionRule::TypeChanged,
                self.unreadable_help(subject.id, keep, old),
            ),
        };
        self.push(rule, version, subject, message, help);
    }

    /// Returns help for a type that cannot read values of type `old`. `keep` is the suggestion to
    /// restore the type.
    fn unreadable_help(&self, id: i32, keep: String, old: &ColumnType) -> EvolutionHelp {
        let sql_type = backticked(&old.to_ddl());
        let (keep, sql_keep) = match self.next.column(id) {
            Some(_) => (
                format!("{keep}, or add another column"),
                format!(
                    "keep the type {sql_type}, or add another column and copy the values with \
                     `UPDATE`"
                ),
            ),
            None => (keep, format!("write {sql_type} again")),
        };
        let keyword = backticked(old.keyword());
        let (keep, sql_keep) = match (wider_types(old), wider_sql_types(old)) {
            (Some(wider), Some(wider_sql)) => (
                format!("{keep}: {keyword} can change to {wider}"),
                format!("{sql_keep}: {sql_type} can change to {wider_sql}"),
            ),
            _ => (keep, sql_keep),
        };
        EvolutionHelp::new(keep).in_sql(sql_keep)
    }

    /// Checks the element of a list, or the value of a map.
    fn only_field(&mut self, version: u32, path: &str, old: &NestedField, field: &NestedField) {
        let path = format!("{path}.{}", field.name);
        if self.keeps_id(version, &path, old, field) {
            self.field(version, &path, old, field);
        }
    }

    fn map_key(&mut self, version: u32, path: &str, old: &NestedField, key: &NestedField) {
        let path = format!("{path}.{}", key.name);
        let subject = Subject {
            id: key.id,
            path: &path,
        };
        if self.keeps_id(version, &path, old, key) && old.ty != key.ty {
            let message = format!(
                "{} is {}, but was {} in version {version}",
                self.described(subject),
                backticked(&key.ty.to_string()),
                backticked(&old.ty.to_string()),
            );
            let help = |ty: String| {
                let ty = backticked(&ty);
                format!("write {ty} again: the type of map keys cannot change")
            };
            let help = EvolutionHelp::new(help(old.ty.to_string())).in_sql(help(old.ty.to_ddl()));
            self.push(
                EvolutionRule::MapKeyChanged,
                version,
                subject,
                message,
                help,
            );
        }
    }

    /// Checks the nulls and the type of a field that both versions have.
    fn field(&mut self, version: u32, path: &str, old: &NestedField, field: &NestedField) {
        let subject = Subject { id: field.id, path };
        if old.nullable && !field.nullable {
            let message = format!(
                "{} is not null, but was nullable in version {version}",
                self.described(subject),
            );
            let help = format!(
                "write `null` after its type: {}",
                backticked(&format!("#{} .. null", field.id))
            );
            let help = EvolutionHelp::new(help).in_sql("write `null` after its type");
            let rule = EvolutionRule::NullableToNotNull;
            self.push(rule, version, subject, message, help);
        } else if field.nullable && !old.nullable {
            let message = format!(
                "{} is nullable, but was not null in version {version}",
                self.described(subject),
            );
            let help = "delete `null` after its type, or change the code that uses the field in \
                        the same release";
            let rule = EvolutionRule::NotNullToNullable;
            self.push(rule, version, subject, message, help);
        }
        self.type_of(version, subject, &old.ty, &field.ty);
    }

    fn struct_fields(
        &mut self,
        version: u32,
        path: &str,
        old: &[NestedField],
        fields: &[NestedField],
    ) {
        let mut has_all = true;
        for old in old {
            if let Some(field) = fields.iter().find(|field| field.id == old.id) {
                self.nested_renamed(version, path, old, field);
                // Messages use the name in the next version.
                let path = format!("{path}.{}", field.name);
                self.field(version, &path, old, field);
                continue;
            }
            has_all = false;
            let path = format!("{path}.{}", old.name);
            let renumbered = fields
                .iter()
                .find(|field| field.name.eq_ignore_ascii_case(&old.name));
            if let Some(field) = renumbered {
                self.keeps_id(version, &path, old, field);
                continue;
            }
            let message = format!(
                "{} of {} (id {} in version {version}) was dropped",
                backticked(&path),
                self.table_name(),
                old.id
            );
            let help = format!(
                "keep {}: a field that is no longer written can be null",
                backticked(&format!("#{} {}: {} null", old.id, old.name, old.ty))
            );
            let help = EvolutionHelp::new(help).in_sql(format!(
                "keep the field {}: a field that is no longer written can be null",
                backticked(&old.name)
            ));
            let subject = Subject {
                id: old.id,
                path: &path,
            };
            self.push(
                EvolutionRule::NestedRemoved,
                version,
                subject,
                message,
                help,
            );
        }
        for (position, field) in fields.iter().enumerate() {
            let path = format!("{path}.{}", field.name);
            let subject = Subject {
                id: field.id,
                path: &path,
            };
            let is_added = old.iter().all(|old| old.id != field.id);
            // If fields are missing, the end of the struct is unknown.
            let is_in_place = match old.get(position) {
                Some(old) => !has_all || old.id == field.id,
                None => true,
            };
            if !is_in_place {
                let what = if is_added {
                    "added before"
                } else {
                    "moved among"
                };
                let message = format!(
                    "{} is {what} the fields of version {version}",
                    self.described(subject),
                );
                let help = "keep the order of the fields, and add fields at the end";
                self.push(
                    EvolutionRule::NestedNotAtEnd,
                    version,
                    subject,
                    message,
                    help,
                );
            }
            if is_added && has_all && !field.nullable {
                let message = format!(
                    "{} is not null, but values of version {version} do not have it",
                    self.described(subject),
                );
                let help = format!(
                    "write {}",
                    backticked(&format!("#{} {}: {} null", field.id, field.name, field.ty))
                );
                let help = EvolutionHelp::new(help).in_sql("write `null` after its type");
                let rule = EvolutionRule::NestedAddedNotNull;
                self.push(rule, version, subject, message, help);
            } else if is_added
                && is_in_place
                && field.nullable
                // A field with the same name is reported as a changed id.
                && !old.iter().any(|old| old.name.eq_ignore_ascii_case(&field.name))
            {
                let message = format!(
                    "{} is added to the fields of version {version}",
                    self.described(subject),
                );
                let help =
                    "add a column, or accept the change when all code and clients know the field";
                self.push(EvolutionRule::NestedAdded, version, subject, message, help);
            }
        }
    }

    /// Reports a struct field with another name.
    fn nested_renamed(
        &mut self,
        version: u32,
        parent: &str,
        old: &NestedField,
        field: &NestedField,
    ) {
        if old.name == field.name {
            return;
        }
        let path = format!("{parent}.{}", field.name);
        let subject = Subject {
            id: field.id,
            path: &path,
        };
        let message = format!(
            "{} was named {} in version {version}",
            self.described(subject),
            backticked(&old.name)
        );
        let help = format!(
            "write {}, or accept the change when everything uses the new name",
            backticked(&format!("#{} {}: ..", old.id, old.name))
        );
        self.push(
            EvolutionRule::NestedRenamed,
            version,
            subject,
            message,
            help,
        );
    }

    /// Returns whether a field at the same position or with the same name kept its id. Reports it
    /// otherwise.
    fn keeps_id(
        &mut self,
        version: u32,
        path: &str,
        old: &NestedField,
        field: &NestedField,
    ) -> bool {
        if old.id == field.id {
            return true;
        }
        let message = format!(
            "{} of {} has id {}, but had id {} in version {version}",
            backticked(path),
            self.table_name(),
            field.id,
            old.id,
        );
        let help = EvolutionHelp::new(format!("write `#{}`", old.id))
            .in_sql(format!("keep the name {}", backticked(&old.name)));
        let subject = Subject { id: field.id, path };
        self.push(EvolutionRule::IdChanged, version, subject, message, help);
        false
    }
}

/// Returns help for an enum with further labels at the end.
fn extended_help(old: &ColumnType, ty: &ColumnType) -> String {
    let added: Vec<String> = match (old, ty) {
        (ColumnType::Enum(labels), ColumnType::Enum(more)) => {
            let added = more.iter().skip(labels.len());
            added.map(|label| backticked(&quote(label))).collect()
        }
        _ => Vec::new(),
    };
    let noun = if added.len() == 1 { "label" } else { "labels" };
    format!(
        "remove the {noun} {}, or accept the change when all code and clients handle {}",
        added.join(", "),
        if added.len() == 1 { "it" } else { "them" }
    )
}
