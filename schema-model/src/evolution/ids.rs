// SPDX-License-Identifier: Apache-2.0

//! Rules about ids and names: what was dropped is reserved, and nothing comes back as something else.

use super::version::Version;
use super::{Evolution, EvolutionRule};
use crate::canonical::{array, quoted, write_keys};
use crate::diagnostic::backticked;
use crate::next_id::NextId;
use crate::shared::Shared;

impl Evolution<'_> {
    pub(super) fn ids(&mut self) {
        let mut next_id = NextId::new();
        let versions = self.history.iter().chain([&self.next]);
        for id in versions.flat_map(Version::every_id) {
            next_id.observe(id.into());
        }
        self.removed();
        self.reserve();
        self.used_again(&mut next_id);
        self.changed();
        self.above(&mut next_id);
    }

    /// Columns that are gone are reserved, by id and by name.
    fn removed(&mut self) {
        let mut gone: Vec<(i32, Shared<str>, u32)> = Vec::new();
        for version in self.latest_first() {
            for column in version.definition.columns() {
                let is_known = gone.iter().any(|(id, ..)| *id == column.id);
                // A column that is there under another id is one whose id changed.
                let is_there = self.next.columns.contains_key(&column.id)
                    || self.next.id_of(&column.name).is_some();
                if !is_known && !is_there {
                    gone.push((column.id, column.name.clone(), version.definition.version()));
                }
            }
        }
        gone.retain(|(id, name, _)| !self.next.reserves_id(*id) || !self.next.reserves_name(name));
        let lines = self.reserved_lines(
            gone.iter().map(|(id, ..)| *id).collect(),
            gone.iter().map(|(_, name, _)| name.to_string()).collect(),
        );
        for (id, name, version) in &gone {
            let unreserved = match (self.next.reserves_id(*id), self.next.reserves_name(name)) {
                (false, false) => "neither its id nor its name is reserved",
                (false, true) => "its id is not reserved",
                (true, _) => "its name is not reserved",
            };
            let message = format!(
                "column {} of {}, id {id} in version {version}, is gone, and {unreserved}",
                backticked(name),
                self.name(),
            );
            let help = format!("reserve what it had:\n{lines}");
            self.push(EvolutionRule::RemovedNotReserved, *id, name, message, help);
        }
    }

    /// What was reserved still is.
    fn reserve(&mut self) {
        let (mut ids, mut names) = (Vec::new(), Vec::new());
        for version in self.latest_first() {
            let number = version.definition.version();
            let reserved = version.definition.reserved();
            for id in reserved.ids.iter() {
                // One that is used again is reported as that.
                let is_kept = self.next.reserves_id(*id) || self.next.fields.contains_key(id);
                if !is_kept && ids.iter().all(|(known, _)| known != id) {
                    ids.push((*id, number));
                }
            }
            for name in reserved.names.iter() {
                if !self.next.reserves_name(name) && names.iter().all(|(known, _)| known != name) {
                    names.push((name.clone(), number));
                }
            }
        }
        let lines = self.reserved_lines(
            ids.iter().map(|(id, _)| *id).collect(),
            names.iter().map(|(name, _)| name.to_string()).collect(),
        );
        for (id, version) in ids {
            let message = format!(
                "id {id} is not reserved in {}, and was in version {version}",
                self.name()
            );
            let help = format!("reserve it for good:\n{lines}");
            self.push_table(EvolutionRule::ReserveRemoved, message, help);
        }
        for (name, version) in names {
            let message = format!(
                "the name {} is not reserved in {}, and was in version {version}",
                backticked(&name),
                self.name()
            );
            let help = match self.next.id_of(&name) {
                Some(_) => "choose another name for the column, and reserve this one".to_string(),
                None => format!("reserve it for good:\n{lines}"),
            };
            self.push_table(EvolutionRule::ReserveRemoved, message, help);
        }
    }

    /// No id of something that was dropped, or that stood elsewhere, is one again.
    fn used_again(&mut self, next_id: &mut NextId) {
        for (id, path) in self.paths() {
            let parent = self.next.fields.get(&id).and_then(|field| field.parent);
            // Since which version it is what it is in the next one, going back from there.
            let mut is_gone = false;
            let mut found = None;
            for version in self.latest_first() {
                let number = version.definition.version();
                match version.fields.get(&id) {
                    Some(field) if is_gone || field.parent != parent => {
                        found = Some(format!(
                            "which was that of {} in version {number}",
                            backticked(&field.path)
                        ));
                    }
                    Some(_) => continue,
                    None if version.reserves_id(id) => {
                        found = Some(format!("which version {number} reserves"));
                    }
                    None => {
                        is_gone = true;
                        continue;
                    }
                }
                break;
            }
            if let Some(found) = found {
                let message = format!(
                    "{} of {} has id {id}, {found}",
                    backticked(&path),
                    self.name()
                );
                let help = self.fresh(id, next_id);
                self.push(EvolutionRule::IdReused, id, &path, message, help);
            }
        }
    }

    /// A column that has a name has the id that the name always had.
    fn changed(&mut self) {
        for column in self.next.definition.columns() {
            let changed = self.latest_first().find_map(|version| {
                let old = version
                    .id_of(&column.name)
                    .filter(|old| *old != column.id)?;
                Some((old, version.definition.version()))
            });
            let Some((old, version)) = changed else {
                continue;
            };
            let message = format!(
                "column {} of {} has id {}, and id {old} had its name in version {version}",
                backticked(&column.name),
                self.name(),
                column.id
            );
            let help = match self.next.fields.contains_key(&old) || self.next.reserves_id(old) {
                true => "choose a name that no other column ever had".to_string(),
                false => {
                    format!("write `id = {old}`, or choose a name that no other column ever had")
                }
            };
            self.push(
                EvolutionRule::IdChanged,
                column.id,
                &column.name,
                message,
                help,
            );
        }
    }

    /// An id that no earlier version knows is above all that they know.
    fn above(&mut self, next_id: &mut NextId) {
        let Some(largest) = self.history.iter().flat_map(Version::every_id).max() else {
            return;
        };
        for (id, path) in self.paths() {
            let mut history = self.history.iter();
            let is_known =
                history.any(|version| version.fields.contains_key(&id) || version.reserves_id(id));
            if is_known || id > largest {
                continue;
            }
            let message = format!(
                "{} of {} is added with id {id}, and ids up to {largest} were in use",
                backticked(&path),
                self.name()
            );
            let help = self.fresh(id, next_id);
            self.push(EvolutionRule::IdNotAbove, id, &path, message, help);
        }
    }

    /// Every column and nested field of the next version, by id.
    fn paths(&self) -> Vec<(i32, String)> {
        let fields = self.next.fields.iter();
        let mut paths: Vec<_> = fields
            .map(|(id, field)| (*id, field.path.clone()))
            .collect();
        paths.sort_unstable();
        paths
    }

    /// What to write in place of an id that is taken.
    fn fresh(&self, id: i32, next_id: &mut NextId) -> String {
        match next_id.fresh() {
            Some(fresh) if self.next.columns.contains_key(&id) => format!("write `id = {fresh}`"),
            Some(fresh) => format!("write `#{fresh}` in place of `#{id}`"),
            None => next_id.help(),
        }
    }

    /// The `[reserved]` of the next version with more in it.
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
