// SPDX-License-Identifier: Apache-2.0

//! Rules about ids and names: the ids and names of dropped columns are reserved and never reused.

use super::comparison::{Evolution, Subject};
use super::indexed::IndexedDefinition;
use super::problem::EvolutionHelp;
use crate::canonical::{array, quoted, write_keys};
use crate::definition::Column;
use crate::diagnostic::backticked;
use crate::next_id::NextId;
use crate::rule::EvolutionRule;

/// The help in SQL for ids, which DDL statements do not contain.
const ALLOCATED: &str = "add the column or field under another name: ids are allocated";

/// The ids and names that an earlier version reserves and the next one does not, each with the
/// latest version that reserves it.
struct LostReservations {
    ids: Vec<(i32, u32)>,
    names: Vec<(String, u32)>,
}

impl<'a> Evolution<'a> {
    pub(super) fn ids(&mut self) {
        let mut next_id = NextId::new();
        let versions = self.history.iter().chain([&self.next]);
        for id in versions.flat_map(IndexedDefinition::every_id) {
            next_id.observe(id.into());
        }
        let dropped = self.unreserved_columns();
        let lost = self.lost_reservations();
        // Both rules suggest the same section, so that one edit fixes the problems of both.
        let columns = || dropped.iter().map(|(_, column)| column);
        let ids = lost.ids.iter().map(|(id, _)| *id);
        let names = lost.names.iter().map(|(name, _)| name.clone());
        let lines = self.reserved_lines(
            columns().map(|column| column.id).chain(ids).collect(),
            columns()
                .map(|column| column.name.to_string())
                .chain(names)
                .collect(),
        );
        self.removed(dropped, &lines);
        self.reserve(lost, &lines);
        self.used_again(&mut next_id);
        self.changed();
        self.above(&mut next_id);
    }

    /// Returns the dropped columns whose id or name is not reserved, each with its last version.
    fn unreserved_columns(&self) -> Vec<(u32, &'a Column)> {
        let mut dropped = self.dropped_columns();
        dropped.retain(|(_, column)| {
            !self.next.reserves_id(column.id) || !self.next.reserves_name(&column.name)
        });
        dropped
    }

    /// Reports dropped columns whose id or name is not reserved. `lines` is the section to write.
    fn removed(&mut self, dropped: Vec<(u32, &Column)>, lines: &str) {
        for (version, column) in dropped {
            let (id, name) = (column.id, &column.name);
            let unreserved = match (self.next.reserves_id(id), self.next.reserves_name(name)) {
                (false, false) => "neither its id nor its name is reserved",
                (false, true) => "its id is not reserved",
                (true, _) => "its name is not reserved",
            };
            let message = format!(
                "column {} of {} (id {id} in version {version}) was dropped, but {unreserved}",
                backticked(name),
                self.table_name(),
            );
            let help = EvolutionHelp::new(format!("reserve its id and its name:\n{lines}"))
                .in_sql("drop it with `DROP COLUMN`, which reserves its id and its name");
            let rule = EvolutionRule::RemovedNotReserved;
            self.push(rule, version, column.into(), message, help);
        }
    }

    /// Returns the ids and names that an earlier version reserves and the next one does not.
    fn lost_reservations(&self) -> LostReservations {
        let mut ids: Vec<(i32, u32)> = Vec::new();
        let mut names: Vec<(String, u32)> = Vec::new();
        for version in self.latest_first() {
            let number = version.version();
            let reserved = version.definition.reserved();
            for id in reserved.ids.iter() {
                // An id that is used again is reported as such.
                let is_kept = self.next.reserves_id(*id) || self.next.field(*id).is_some();
                if !is_kept && ids.iter().all(|(known, _)| known != id) {
                    ids.push((*id, number));
                }
            }
            for name in reserved.names.iter() {
                if !self.next.reserves_name(name)
                    && names.iter().all(|(known, _)| **known != **name)
                {
                    names.push((name.to_string(), number));
                }
            }
        }
        LostReservations { ids, names }
    }

    /// Reports ids and names that are not reserved any more. `lines` is the section to write.
    fn reserve(&mut self, lost: LostReservations, lines: &str) {
        let LostReservations { ids, names } = lost;
        for (id, version) in ids {
            let message = format!(
                "id {id} is not reserved in {}, but was in version {version}",
                self.table_name()
            );
            let help =
                EvolutionHelp::new(format!("reserve it permanently:\n{lines}")).in_sql(ALLOCATED);
            self.push_table(EvolutionRule::ReserveRemoved, version, message, help);
        }
        for (name, version) in names {
            let message = format!(
                "the name {} is not reserved in {}, but was in version {version}",
                backticked(&name),
                self.table_name()
            );
            let help = match self.next.id_of(&name) {
                Some(_) => "choose another name for the column, and reserve this one".to_string(),
                None => format!("reserve it permanently:\n{lines}"),
            };
            let help = EvolutionHelp::new(help).in_sql("choose another name for the column");
            self.push_table(EvolutionRule::ReserveRemoved, version, message, help);
        }
    }

    /// Checks that no id of a dropped column, or of a field in another parent, is used again.
    fn used_again(&mut self, next_id: &mut NextId) {
        for index in 0..self.next.fields().len() {
            let field = &self.next.fields()[index];
            let (id, parent) = (field.id, field.parent);
            // Whether a version between the inspected one and the next one lacks the id.
            let mut is_absent = false;
            let mut found = None;
            for version in self.latest_first() {
                let number = version.version();
                match version.field(id) {
                    Some(field) if is_absent || field.parent != parent => {
                        let path = backticked(&version.path(field));
                        found = Some((number, format!("which {path} had in version {number}")));
                    }
                    Some(_) => continue,
                    None if version.reserves_id(id) => {
                        found = Some((number, format!("which version {number} reserves")));
                    }
                    None => {
                        is_absent = true;
                        continue;
                    }
                }
                break;
            }
            if let Some((version, found)) = found {
                let path = self.next.path(field);
                let message = format!(
                    "{} of {} has id {id}, {found}",
                    backticked(&path),
                    self.table_name()
                );
                let help = EvolutionHelp::new(self.fresh(id, next_id)).in_sql(ALLOCATED);
                let subject = Subject { id, path: &path };
                self.push(EvolutionRule::IdReused, version, subject, message, help);
            }
        }
    }

    /// Checks that a column has the id that earlier columns of its name had.
    fn changed(&mut self) {
        for column in self.next.definition.columns() {
            self.renamed_from(column);
            let changed = self.latest_first().find_map(|version| {
                // Names are unique in a version, so most versions need no search by name.
                let same = version.column(column.id);
                if same.is_some_and(|same| same.name.eq_ignore_ascii_case(&column.name)) {
                    return None;
                }
                Some((version.id_of(&column.name)?, version.version()))
            });
            let Some((old, version)) = changed else {
                continue;
            };
            let message = format!(
                "column {} of {} has id {}, but the column of that name had id {old} in version {version}",
                backticked(&column.name),
                self.table_name(),
                column.id
            );
            let is_used = self.next.field(old).is_some() || self.next.reserves_id(old);
            let help = if is_used {
                "choose a name that was never used".to_string()
            } else {
                format!("write `id = {old}`, or choose a name that was never used")
            };
            let help = EvolutionHelp::new(help).in_sql("choose a name that was never used");
            let rule = EvolutionRule::IdChanged;
            self.push(rule, version, column.into(), message, help);
        }
    }

    /// Checks that the column from which a column is renamed has the same id.
    fn renamed_from(&mut self, column: &Column) {
        let Some(name) = self.renames.columns.get(&column.id) else {
            return;
        };
        let has_name = |version: &IndexedDefinition<'_>| {
            let old = version.column(column.id);
            old.is_some_and(|old| *old.name == **name)
        };
        let Some(latest) = self.history.last().map(IndexedDefinition::version) else {
            return;
        };
        if self.latest_first().any(has_name) {
            return;
        }
        let described = self.described(column.into());
        let mut versions = self.latest_first();
        let found = versions.find_map(|old| Some((old.id_of(name)?, old.version())));
        drop(versions);
        let Some((id, version)) = found else {
            let message = format!(
                "column {described} is renamed from {}, which no earlier version has",
                backticked(name)
            );
            let help = "write the earlier name, or delete `renamed_from`";
            let rule = EvolutionRule::RenamedFromUnknown;
            self.push(rule, latest, column.into(), message, help);
            return;
        };
        let message = format!(
            "column {described} is renamed from {}, which had id {id} in version {version}",
            backticked(name)
        );
        let is_used = self.next.field(id).is_some() || self.next.reserves_id(id);
        let help = if is_used {
            "delete `renamed_from`".to_string()
        } else {
            format!("write `id = {id}`, or delete `renamed_from`")
        };
        let help = EvolutionHelp::new(help).in_sql("choose a name that was never used");
        let rule = EvolutionRule::IdChanged;
        self.push(rule, version, column.into(), message, help);
    }

    /// Checks that each id that is not in an earlier version exceeds all ids of earlier versions.
    fn above(&mut self, next_id: &mut NextId) {
        let largest_ids = self
            .latest_first()
            .filter_map(|version| Some((version.version(), version.largest_id()?)));
        let largest_ids: Vec<(u32, i32)> = largest_ids.collect();
        let Some(largest) = largest_ids.iter().map(|(_, largest)| *largest).max() else {
            return;
        };
        for index in 0..self.next.fields().len() {
            let field = &self.next.fields()[index];
            let id = field.id;
            let is_known = |version: &IndexedDefinition<'_>| {
                version.field(id).is_some() || version.reserves_id(id)
            };
            if id > largest || self.latest_first().any(is_known) {
                continue;
            }
            let Some((version, _)) = largest_ids.iter().find(|(_, largest)| *largest >= id) else {
                continue;
            };
            let path = self.next.path(field);
            let message = format!(
                "{} of {} is added with id {id}, but ids up to {largest} have been used",
                backticked(&path),
                self.table_name()
            );
            let help = EvolutionHelp::new(self.fresh(id, next_id)).in_sql(ALLOCATED);
            let subject = Subject { id, path: &path };
            self.push(EvolutionRule::IdNotAbove, *version, subject, message, help);
        }
    }

    /// Returns help with a free id to replace `id`.
    fn fresh(&self, id: i32, next_id: &mut NextId) -> String {
        match next_id.fresh() {
            Some(fresh) if self.next.column(id).is_some() => format!("write `id = {fresh}`"),
            Some(fresh) => format!("write `#{fresh}` in place of `#{id}`"),
            None => next_id.help(),
        }
    }

    /// Returns the `[reserved]` section of the next version with further ids and names.
    fn reserved_lines(&self, mut ids: Vec<i32>, mut names: Vec<String>) -> String {
        let reserved = self.next.definition.reserved();
        names.retain(|name| !self.next.reserves_name(name));
        ids.extend(reserved.ids.iter());
        ids.sort_unstable();
        ids.dedup();
        let old_names = reserved.names.iter();
        names.extend(old_names.map(|name| name.to_string()));
        names.retain(|name| self.next.id_of(name).is_none());
        names.sort_unstable();
        names.dedup();
        let mut keys = Vec::new();
        if !ids.is_empty() {
            keys.push(("ids", array(ids.iter().map(i32::to_string))));
        }
        if !names.is_empty() {
            keys.push(("names", array(names.iter().map(|name| quoted(name)))));
        }
        let mut lines = "[reserved]\n".to_string();
        write_keys(&mut lines, &keys);
        lines.trim_end().to_string()
    }
}
