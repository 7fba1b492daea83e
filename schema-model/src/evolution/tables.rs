// SPDX-License-Identifier: Apache-2.0

//! Rules about the table as a whole: its kind and its keys.

use super::comparison::Evolution;
use super::indexed::IndexedDefinition;
use super::initial_default::default_literal;
use crate::canonical::{array, quoted};
use crate::definition::PrimaryKey;
use crate::diagnostic::backticked_list;
use crate::rule::EvolutionRule;

impl Evolution<'_> {
    pub(super) fn table(&mut self) {
        self.kind();
        self.primary_key();
        self.unique_keys();
    }

    fn kind(&mut self) {
        let kind = self.next.definition.kind();
        let changed = self
            .latest_first()
            .map(|version| (version.definition.kind(), version.definition.version()))
            .find(|(old, _)| *old != kind);
        if let Some((old, version)) = changed {
            let message = format!(
                "table {} is of kind `{}`, but was of kind `{}` in version {version}",
                self.table_name(),
                kind.as_str(),
                old.as_str()
            );
            let help = format!(
                "write `kind = \"{}\"`, or create another table",
                old.as_str()
            );
            self.push_table(EvolutionRule::KindChanged, message, help);
        }
    }

    fn primary_key(&mut self) {
        let key = self.next.ids_at(self.next.definition.key_columns());
        let changed = self
            .latest_first()
            .find(|version| version.ids_at(version.definition.key_columns()) != key);
        let Some(old) = changed else {
            return;
        };
        let key_of = |version: &IndexedDefinition<'_>| match version.definition.key_columns() {
            [] => "none".to_string(),
            positions => backticked_list(version.names_at(positions), "and"),
        };
        let message = format!(
            "the primary key of {} is {}, but was {} in version {}",
            self.table_name(),
            key_of(&self.next),
            key_of(old),
            old.definition.version()
        );
        let written = match old.definition.primary_key() {
            PrimaryKey::None { reason } => format!("no_primary_key = {}", quoted(reason)),
            PrimaryKey::Columns(positions) => {
                // With the names of the columns in the next version.
                let old_names = old.names_at(positions);
                let ids = old.ids_at(positions).into_iter().zip(old_names);
                let names = ids.map(|(id, name)| match self.next.columns.get(&id) {
                    Some(column) => quoted(&column.name),
                    None => quoted(name),
                });
                format!("primary_key = {}", array(names))
            }
        };
        let help = format!("write `{written}`, or create another table");
        self.push_table(EvolutionRule::PrimaryKeyChanged, message, help);
    }

    fn unique_keys(&mut self) {
        for positions in self.next.definition.unique_keys() {
            let key = self.next.ids_at(positions);
            let violating = self.latest_first().find(|old| !self.satisfies(old, &key));
            let Some(version) = violating.map(|old| old.definition.version()) else {
                continue;
            };
            let names = self.next.names_at(positions);
            let message = format!(
                "the unique key on {} of {} is not enforced for rows of version {version}",
                backticked_list(&names, "and"),
                self.table_name(),
            );
            let help = format!(
                "remove `{}` from `unique`, or create another table",
                array(names.into_iter().map(quoted))
            );
            self.push_table(EvolutionRule::UniqueKeyAdded, message, help);
        }
    }

    /// Returns whether the rows of version `old` satisfy the unique key on the columns `key`: a key
    /// of that version implies it, or the rows lack one of the columns and read null there.
    fn satisfies(&self, old: &IndexedDefinition<'_>, key: &[i32]) -> bool {
        let definition = old.definition;
        let mut old_keys = definition
            .unique_keys()
            .iter()
            .map(|positions| old.ids_at(positions))
            .chain([old.ids_at(definition.key_columns())])
            .filter(|old_key| !old_key.is_empty());
        if old_keys.any(|old_key| old_key.iter().all(|id| key.contains(id))) {
            return true;
        }
        key.iter().any(|id| {
            let added = self.first_with(*id, old);
            !old.columns.contains_key(id)
                && added.is_some_and(|column| default_literal(column).is_none())
        })
    }
}
