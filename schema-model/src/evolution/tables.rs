// SPDX-License-Identifier: Apache-2.0

//! Rules about the table as a whole: its kind and its keys.

use super::version::Version;
use super::{Evolution, EvolutionRule, literal};
use crate::canonical::{array, quoted};
use crate::definition::PrimaryKey;
use crate::diagnostic::backticked_list;

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
                "table {} is of kind `{}`, and was of kind `{}` in version {version}",
                self.name(),
                kind.as_str(),
                old.as_str()
            );
            let help = format!(
                "write `kind = \"{}\"`, or make a table of another name",
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
        let key_of = |version: &Version<'_>| match version.definition.key_columns() {
            [] => "none".to_string(),
            positions => backticked_list(version.names_at(positions), "and"),
        };
        let message = format!(
            "the primary key of {} is {}, and was {} in version {}",
            self.name(),
            key_of(&self.next),
            key_of(old),
            old.definition.version()
        );
        let written = match old.definition.primary_key() {
            PrimaryKey::None { reason } => format!("no_primary_key = {}", quoted(reason)),
            PrimaryKey::Columns(positions) => {
                // By the names that the columns have in the next version.
                let old_names = old.names_at(positions);
                let ids = old.ids_at(positions).into_iter().zip(old_names);
                let names = ids.map(|(id, name)| match self.next.columns.get(&id) {
                    Some(column) => quoted(&column.name),
                    None => quoted(name),
                });
                format!("primary_key = {}", array(names))
            }
        };
        let help = format!("write `{written}`, or make a table of another name");
        self.push_table(EvolutionRule::PrimaryKeyChanged, message, help);
    }

    fn unique_keys(&mut self) {
        for positions in self.next.definition.unique_keys() {
            let key = self.next.ids_at(positions);
            let unheld = self.latest_first().find(|old| !self.holds(old, &key));
            let Some(version) = unheld.map(|old| old.definition.version()) else {
                continue;
            };
            let names = self.next.names_at(positions);
            let message = format!(
                "{} of {} are a unique key, and rows of version {version} are not held to it",
                backticked_list(&names, "and"),
                self.name(),
            );
            let message = match names.len() {
                1 => message.replacen(" are a unique key", " is a unique key", 1),
                _ => message,
            };
            let help = format!(
                "take `{}` out of `unique`, or make a table of another name",
                array(names.into_iter().map(quoted))
            );
            self.push_table(EvolutionRule::UniqueKeyAdded, message, help);
        }
    }

    /// Whether no two rows of the version `old` are the same in the columns of `key`: because of a key of
    /// its own, or because they are all null in a column that they do not have.
    fn holds(&self, old: &Version<'_>, key: &[i32]) -> bool {
        let definition = old.definition;
        let unique = definition.unique_keys().iter();
        let keys = unique
            .map(|positions| old.ids_at(positions))
            .chain([old.ids_at(definition.key_columns())]);
        let mut keys = keys.filter(|of_old| !of_old.is_empty());
        if keys.any(|of_old| of_old.iter().all(|id| key.contains(id))) {
            return true;
        }
        key.iter().any(|id| {
            let added = self.first_with(*id, old);
            !old.columns.contains_key(id) && added.is_some_and(|column| literal(column).is_none())
        })
    }
}
