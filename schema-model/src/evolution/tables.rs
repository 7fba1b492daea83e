// SPDX-License-Identifier: Apache-2.0

//! Rules about the table as a whole: its kind, its keys, its names and its options.

use std::collections::HashSet;

use super::comparison::Evolution;
use super::indexed::IndexedDefinition;
use super::initial_default::default_literal;
use super::problem::EvolutionHelp;
use crate::canonical::{array, quoted};
use crate::definition::{AccessLevel, PrimaryKey, TableDefinition};
use crate::diagnostic::{backticked, backticked_list};
use crate::rule::EvolutionRule;
use crate::rust_names::camel_case;

/// The way to keep the rows of a table in SQL.
const COPY_ROWS: &str = "copy the rows with `INSERT .. SELECT`";

impl Evolution<'_> {
    pub(super) fn table(&mut self) {
        self.kind();
        self.primary_key();
        self.unique_keys();
        self.unique_keys_removed();
        self.table_renamed();
        self.row_renamed();
        self.time_to_live();
        self.access_level();
        self.table_comment();
    }

    fn kind(&mut self) {
        let kind = self.next.definition.kind();
        let changed = self
            .latest_first()
            .map(|version| (version.definition.kind(), version.version()))
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
            let help = EvolutionHelp::new(help).in_sql(format!(
                "create another table with `WITH (type = '{}')`, and {COPY_ROWS}",
                kind.as_str()
            ));
            self.push_table(EvolutionRule::KindChanged, version, message, help);
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
            old.version()
        );
        let written = match old.definition.primary_key() {
            PrimaryKey::None { reason } => format!("no_primary_key = {}", quoted(reason)),
            PrimaryKey::Columns(positions) => {
                // With the names of the columns in the next version.
                let old_names = old.names_at(positions);
                let ids = old.ids_at(positions).into_iter().zip(old_names);
                let names = ids.map(|(id, name)| match self.next.column(id) {
                    Some(column) => quoted(&column.name),
                    None => quoted(name),
                });
                format!("primary_key = {}", array(names))
            }
        };
        let help = EvolutionHelp::new(format!("write `{written}`, or create another table"))
            .in_sql(format!(
                "create another table with the key, and {COPY_ROWS}"
            ));
        let version = old.version();
        self.push_table(EvolutionRule::PrimaryKeyChanged, version, message, help);
    }

    fn unique_keys(&mut self) {
        for positions in self.next.definition.unique_keys() {
            let key = self.next.ids_at(positions);
            let violating = self.latest_first().find(|old| !self.satisfies(old, &key));
            let Some(version) = violating.map(|old| old.version()) else {
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
            let help = EvolutionHelp::new(help).in_sql(format!(
                "create another table with the key, and {COPY_ROWS}"
            ));
            self.push_table(EvolutionRule::UniqueKeyAdded, version, message, help);
        }
    }

    /// Reports the unique keys that no key of the next version implies.
    fn unique_keys_removed(&mut self) {
        let definition = self.next.definition;
        let unique = definition.unique_keys().iter();
        let keys: Vec<Vec<i32>> = unique
            .map(|positions| self.next.ids_at(positions))
            .chain([self.next.ids_at(definition.key_columns())])
            .filter(|key| !key.is_empty())
            .collect();
        let mut known: HashSet<Vec<i32>> = HashSet::new();
        let mut removed: Vec<(u32, Vec<&str>, Vec<i32>)> = Vec::new();
        for old in self.latest_first() {
            for positions in old.definition.unique_keys() {
                let key = old.ids_at(positions);
                let is_implied = keys
                    .iter()
                    .any(|kept| kept.iter().all(|id| key.contains(id)));
                let mut sorted = key.clone();
                sorted.sort_unstable();
                if !is_implied && known.insert(sorted) {
                    removed.push((old.version(), old.names_at(positions), key));
                }
            }
        }
        for (version, names, key) in removed {
            let message = format!(
                "{} has no unique key on {}, but had it in version {version}",
                self.table_name(),
                backticked_list(names, "and"),
            );
            // With the names of the columns in the next version, if it has all of them.
            let columns: Option<Vec<_>> = key.iter().map(|id| self.next.column(*id)).collect();
            let inform = "inform the authors of queries";
            let help = match columns {
                Some(columns) => {
                    let names = array(columns.iter().map(|column| quoted(&column.name)));
                    format!("write `{names}` in `unique`, or {inform}")
                }
                None => inform.to_string(),
            };
            self.push_table(EvolutionRule::UniqueKeyRemoved, version, message, help);
        }
    }

    fn table_renamed(&mut self) {
        let name = self.next.definition.name();
        let changed = self
            .latest_first()
            .find(|old| old.definition.name() != name);
        let Some(old) = changed else {
            return;
        };
        let (version, old) = (old.version(), old.definition.name().to_string());
        let message = format!(
            "table {} was named {} in version {version}",
            self.table_name(),
            backticked(&old)
        );
        let help = format!(
            "write `name = \"{old}\"`, or accept the change when all queries use the new name"
        );
        self.push_table(EvolutionRule::TableRenamed, version, message, help);
    }

    /// Reports another name of the row type, unless it follows from the name of the table.
    fn row_renamed(&mut self) {
        let next = self.next.definition;
        let is_derived =
            |definition: &TableDefinition| definition.row() == camel_case(&definition.name().table);
        let changed = self.latest_first().find(|old| {
            let both_derived = is_derived(next) && is_derived(old.definition);
            old.definition.row() != next.row() && !both_derived
        });
        let Some(old) = changed else {
            return;
        };
        let (version, row) = (old.version(), old.definition.row().to_string());
        let message = format!(
            "the row type of {} is {}, but was {} in version {version}",
            self.table_name(),
            backticked(next.row()),
            backticked(&row)
        );
        let help = format!(
            "write `row = \"{row}\"`, or change the code that uses the type in the same release"
        );
        self.push_table(EvolutionRule::RowTypeRenamed, version, message, help);
    }

    fn time_to_live(&mut self) {
        // Another kind has other options, and is reported as such.
        let Some(next) = self.next.definition.ttl_seconds() else {
            return;
        };
        let changed = self.latest_first().find_map(|old| {
            let seconds = old.definition.ttl_seconds()?;
            (seconds != next).then_some((old.version(), seconds))
        });
        if let Some((version, old)) = changed {
            let message = format!(
                "`ttl_seconds` of {} is {next}, but was {old} in version {version}",
                self.table_name()
            );
            let help = format!("write `ttl_seconds = {old}`, or inform the users of the table");
            self.push_table(EvolutionRule::OptionChanged, version, message, help);
        }
    }

    fn access_level(&mut self) {
        let Some(next) = self.next.definition.access_level() else {
            return;
        };
        let levels = self
            .latest_first()
            .filter_map(|old| Some((old.version(), old.definition.access_level()?)));
        let levels: Vec<(u32, AccessLevel)> = levels.collect();
        let widened = levels.iter().find(|(_, old)| is_wider(next, *old));
        let changed = levels.iter().find(|(_, old)| *old != next);
        let message = |version: u32, old: AccessLevel| {
            format!(
                "`access_level` of {} is `{}`, but was `{}` in version {version}",
                self.table_name(),
                next.as_str(),
                old.as_str()
            )
        };
        if let Some((version, old)) = widened {
            let help = format!(
                "write `access_level = \"{}\"`, or accept the change after a review of the stored \
                 rows",
                old.as_str()
            );
            let message = message(*version, *old);
            self.push_table(EvolutionRule::AccessWidened, *version, message, help);
        } else if let Some((version, old)) = changed {
            let help = format!(
                "write `access_level = \"{}\"`, or inform the users of the table",
                old.as_str()
            );
            let message = message(*version, *old);
            self.push_table(EvolutionRule::OptionChanged, *version, message, help);
        }
    }

    fn table_comment(&mut self) {
        if self.next.definition.comment().is_some() {
            return;
        }
        let commented = self
            .latest_first()
            .find(|old| old.definition.comment().is_some());
        if let Some(version) = commented.map(IndexedDefinition::version) {
            let message = format!(
                "table {} has no comment, but had one in version {version}",
                self.table_name()
            );
            let help = "restore `comment`, or write another one";
            self.push_table(EvolutionRule::CommentRemoved, version, message, help);
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
            old.column(*id).is_none()
                && added.is_some_and(|column| default_literal(column).is_none())
        })
    }
}

/// Returns whether a user can have access at level `next` who could not have it at level `old`.
fn is_wider(next: AccessLevel, old: AccessLevel) -> bool {
    match (old, next) {
        (AccessLevel::Public, _) | (_, AccessLevel::Dba) => false,
        (AccessLevel::Dba, _) | (_, AccessLevel::Public) => true,
        // Services use restricted tables, and users with a grant use private ones.
        (AccessLevel::Private, AccessLevel::Restricted)
        | (AccessLevel::Restricted, AccessLevel::Private) => true,
        (AccessLevel::Private, AccessLevel::Private)
        | (AccessLevel::Restricted, AccessLevel::Restricted) => false,
    }
}
