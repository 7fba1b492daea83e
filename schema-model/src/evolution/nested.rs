// SPDX-License-Identifier: Apache-2.0

//! Rules about types: those that are not nested by the table of types, fields inside others by id.

use super::types::{reads_as, wider_types};
use super::{Evolution, EvolutionRule};
use crate::diagnostic::backticked;
use crate::types::{ColumnType, NestedField};

impl Evolution<'_> {
    /// Whether values of type `old`, which `version` has, are read as those of type `ty` by the column or
    /// nested field `id`; reports what stands against it.
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
            (old, ty) if reads_as(old, ty) => {}
            (old, ty) => {
                let message = format!(
                    "{} (id {id}) of {} is {}, and was {} in version {version}",
                    backticked(path),
                    self.name(),
                    backticked(&ty.to_string()),
                    backticked(&old.to_string()),
                );
                let keep = match self.next.columns.contains_key(&id) {
                    true => format!("write `type = \"{old}\"`, or add another column"),
                    false => format!("write {} again", backticked(&old.to_string())),
                };
                let help = match wider_types(old) {
                    Some(wider) => {
                        format!("{keep}: {} may become {wider}", backticked(old.keyword()))
                    }
                    None => keep,
                };
                self.push(EvolutionRule::TypeChanged, id, path, message, help);
            }
        }
    }

    /// The element of a list, or the value of a map.
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
                "{} (id {}) of {} is {}, and was {} in version {version}",
                backticked(&path),
                key.id,
                self.name(),
                backticked(&key.ty.to_string()),
                backticked(&old.ty.to_string()),
            );
            let help = format!(
                "write {} again: keys of maps keep their type",
                backticked(&old.ty.to_string())
            );
            self.push(EvolutionRule::MapKeyChanged, key.id, &path, message, help);
        }
    }

    /// A field that is in both: nulls, and its type.
    fn field(&mut self, version: u32, path: &str, old: &NestedField, field: &NestedField) {
        if old.nullable && !field.nullable {
            let message = format!(
                "{} (id {}) of {} is not null, and was nullable in version {version}",
                backticked(path),
                field.id,
                self.name(),
            );
            let help = format!(
                "write `null` behind its type: {}",
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
        let mut is_whole = true;
        for old in old {
            let path = format!("{path}.{}", old.name);
            if let Some(field) = fields.iter().find(|field| field.id == old.id) {
                // Under the name that it has in the next version.
                let path = match self.next.fields.get(&field.id) {
                    Some(named) => named.path.clone(),
                    None => path,
                };
                self.field(version, &path, old, field);
                continue;
            }
            is_whole = false;
            let renumbered = fields
                .iter()
                .find(|field| field.name.eq_ignore_ascii_case(&old.name));
            if let Some(field) = renumbered {
                self.keeps_id(version, &path, old, field);
                continue;
            }
            let message = format!(
                "{} of {}, id {} in version {version}, is gone",
                backticked(&path),
                self.name(),
                old.id
            );
            let help = format!(
                "keep {}: what is not written any more can be null",
                backticked(&format!("#{} {}: {} null", old.id, old.name, old.ty))
            );
            self.push(EvolutionRule::NestedRemoved, old.id, &path, message, help);
        }
        for (position, field) in fields.iter().enumerate() {
            let path = format!("{path}.{}", field.name);
            let is_added = old.iter().all(|old| old.id != field.id);
            // Without the others nobody can say where the end is.
            let is_in_place = match old.get(position) {
                Some(old) => !is_whole || old.id == field.id,
                None => true,
            };
            if !is_in_place {
                let what = if is_added {
                    "added before"
                } else {
                    "moved among"
                };
                let message = format!(
                    "{} (id {}) of {} is {what} the fields that were there in version {version}",
                    backticked(&path),
                    field.id,
                    self.name(),
                );
                let help = "keep the fields in their order, and add at the end".to_string();
                self.push(
                    EvolutionRule::NestedNotAtEnd,
                    field.id,
                    &path,
                    message,
                    help,
                );
            }
            if is_added && is_whole && !field.nullable {
                let message = format!(
                    "{} (id {}) of {} is not null, and values of version {version} do not have it",
                    backticked(&path),
                    field.id,
                    self.name(),
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

    /// Whether a field that is found by its place or its name has the id it had; reports it if not.
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
            "{} of {} has id {}, and had id {} in version {version}",
            backticked(path),
            self.name(),
            field.id,
            old.id,
        );
        let help = format!("write `#{}`", old.id);
        self.push(EvolutionRule::IdChanged, field.id, path, message, help);
        false
    }
}
