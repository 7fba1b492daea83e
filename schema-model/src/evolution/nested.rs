// SPDX-License-Identifier: Apache-2.0

//! Rules about types: primitive types by the table of types, nested fields by their ids.

use super::comparison::Evolution;
use super::types::{promotion, wider_types};
use crate::diagnostic::backticked;
use crate::rule::EvolutionRule;
use crate::types::{ColumnType, NestedField};

impl Evolution<'_> {
    /// Checks whether values of type `old`, which `version` has, can be read as type `ty` by the
    /// column or nested field `id`. Reports the reasons otherwise.
    pub(super) fn type_of(
        &mut self,
        version: u32,
        id: i32,
        path: &str,
        old: &ColumnType,
        ty: &ColumnType,
    ) {
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
            (old, ty) if promotion(old, ty).is_some() => {}
            (old, ty) => {
                let message = format!(
                    "{} (id {id}) of {} is {}, but was {} in version {version}",
                    backticked(path),
                    self.table_name(),
                    backticked(&ty.to_string()),
                    backticked(&old.to_string()),
                );
                let keep = if self.next.columns.contains_key(&id) {
                    format!("write `type = \"{old}\"`, or add another column")
                } else {
                    format!("write {} again", backticked(&old.to_string()))
                };
                let help = match wider_types(old) {
                    Some(wider) => {
                        format!(
                            "{keep}: {} can change to {wider}",
                            backticked(old.keyword())
                        )
                    }
                    None => keep,
                };
                self.push(EvolutionRule::TypeChanged, id, path, message, help);
            }
        }
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
        if self.keeps_id(version, &path, old, key) && old.ty != key.ty {
            let message = format!(
                "{} (id {}) of {} is {}, but was {} in version {version}",
                backticked(&path),
                key.id,
                self.table_name(),
                backticked(&key.ty.to_string()),
                backticked(&old.ty.to_string()),
            );
            let help = format!(
                "write {} again: the type of map keys cannot change",
                backticked(&old.ty.to_string())
            );
            self.push(EvolutionRule::MapKeyChanged, key.id, &path, message, help);
        }
    }

    /// Checks the nulls and the type of a field that both versions have.
    fn field(&mut self, version: u32, path: &str, old: &NestedField, field: &NestedField) {
        if old.nullable && !field.nullable {
            let message = format!(
                "{} (id {}) of {} is not null, but was nullable in version {version}",
                backticked(path),
                field.id,
                self.table_name(),
            );
            let help = format!(
                "write `null` after its type: {}",
                backticked(&format!("#{} .. null", field.id))
            );
            self.push(
                EvolutionRule::NullableToNotNull,
                field.id,
                path,
                message,
                help,
            );
        }
        self.type_of(version, field.id, path, &old.ty, &field.ty);
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
            let path = format!("{path}.{}", old.name);
            if let Some(field) = fields.iter().find(|field| field.id == old.id) {
                // Messages use the name in the next version.
                let path = match self.next.fields.get(&field.id) {
                    Some(named) => named.path.clone(),
                    None => path,
                };
                self.field(version, &path, old, field);
                continue;
            }
            has_all = false;
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
            self.push(EvolutionRule::NestedRemoved, old.id, &path, message, help);
        }
        for (position, field) in fields.iter().enumerate() {
            let path = format!("{path}.{}", field.name);
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
                    "{} (id {}) of {} is {what} the fields of version {version}",
                    backticked(&path),
                    field.id,
                    self.table_name(),
                );
                let help = "keep the order of the fields, and add fields at the end".to_string();
                self.push(
                    EvolutionRule::NestedNotAtEnd,
                    field.id,
                    &path,
                    message,
                    help,
                );
            }
            if is_added && has_all && !field.nullable {
                let message = format!(
                    "{} (id {}) of {} is not null, but values of version {version} do not have it",
                    backticked(&path),
                    field.id,
                    self.table_name(),
                );
                let help = format!(
                    "write {}",
                    backticked(&format!("#{} {}: {} null", field.id, field.name, field.ty))
                );
                self.push(
                    EvolutionRule::NestedAddedNotNull,
                    field.id,
                    &path,
                    message,
                    help,
                );
            }
        }
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
        let help = format!("write `#{}`", old.id);
        self.push(EvolutionRule::IdChanged, field.id, path, message, help);
        false
    }
}
