// SPDX-License-Identifier: Apache-2.0

//! [`StoreState`]: the tables of a store, and the rules by which changes apply to them. It does no
//! I/O: `memory` keeps a state in a lock, `log` rebuilds one from the entries of a log.
//!
//! A write has two steps. [`StoreState::plan`] checks the preconditions of changes and returns
//! [`Action`]s, without changing anything. [`StoreState::apply`] applies the actions, and rejects
//! those that were planned on another state. Between the two, a log persists the actions.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::Arc;

use kalamtable_model::{SourceFile, Sources, TableDefinition, TableName, parse_and_check};

use crate::damage::DamageKind;
use crate::error::Error;
use crate::table::{ChangeKind, DefinitionChange, Sequence, StoredTable, TableChange, TableId};
use crate::unix_micros::UnixMicros;

/// Changes whose preconditions hold, and their results once the actions have been applied.
#[derive(Clone, Debug)]
pub(crate) struct PlannedCommit {
    pub(crate) sequence: Sequence,
    pub(crate) changed_at: UnixMicros,
    /// One action for each change.
    pub(crate) actions: Vec<Action>,
    /// For each change, the version that it creates, or the last version of the dropped table, with
    /// the number and the timestamp of the commit.
    pub(crate) tables: Vec<StoredTable>,
}

/// A change in the form that a log stores.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    Create {
        id: TableId,
        definition: StoredDefinition,
    },
    Replace {
        id: TableId,
        definition: StoredDefinition,
    },
    Drop {
        id: TableId,
    },
}

/// A definition and its canonical text. The text is kept because checksums are computed from it:
/// another version of the model may write the same definition as a different text.
#[derive(Clone, Debug)]
pub(crate) struct StoredDefinition {
    pub(crate) checked: Arc<TableDefinition>,
    pub(crate) text: Arc<str>,
}

impl StoredDefinition {
    /// Parses and checks `text`, which was read from the object at `path`.
    pub(crate) fn read(path: &str, text: &str) -> Result<Self, DamageKind> {
        let mut sources = Sources::new();
        let source = sources.push(SourceFile::new(path, text));
        match parse_and_check(&sources, source) {
            Ok(table) => Ok(StoredDefinition {
                checked: Arc::new(table.definition),
                text: text.into(),
            }),
            Err(problems) => Err(DamageKind::Definition { problems }),
        }
    }

    /// Converts `definition` to its canonical text at `version`, and parses it again, so that every
    /// process has the same definition in memory.
    fn to_store(definition: TableDefinition, version: NonZeroU32) -> Result<Self, Error> {
        let definition = definition.with_version(version);
        let text = definition.to_toml();
        let mut sources = Sources::new();
        let source = sources.push(SourceFile::new(definition.name().to_string(), &*text));
        match parse_and_check(&sources, source) {
            // Compares the texts, because a definition with a default of NaN is not equal to
            // itself.
            Ok(table) if table.definition.to_toml() == text => Ok(StoredDefinition {
                checked: Arc::new(table.definition),
                text: text.into(),
            }),
            read => Err(Error::NotStorable {
                table: definition.name().clone(),
                problems: read.err().unwrap_or_default(),
            }),
        }
    }
}

/// The tables of a store, and all changes that led to them.
#[derive(Clone, Debug, Default)]
pub(crate) struct StoreState {
    /// The number of the last commit.
    last_sequence: Sequence,
    /// The changes in the order of their sequence numbers. The changes of a commit share a number.
    changes: Vec<DefinitionChange>,
    /// Table `n` is at index `n - 1`, including dropped tables.
    tables: Vec<TableHistory>,
    /// The tables that have not been dropped.
    names: HashMap<TableName, TableId>,
}

#[derive(Clone, Debug)]
struct TableHistory {
    created_at: UnixMicros,
    /// Version `n` is at index `n - 1`. Never empty.
    versions: Vec<VersionRecord>,
    is_dropped: bool,
}

#[derive(Clone, Debug)]
struct VersionRecord {
    definition: StoredDefinition,
    sequence: Sequence,
    changed_at: UnixMicros,
}

// ---- writes ----

impl StoreState {
    /// Checks the preconditions of `changes`, each after the changes before it, and returns the
    /// commit that performs all of them. `now` is the time of the system clock.
    pub(crate) fn plan(
        &self,
        changes: &[TableChange],
        now: UnixMicros,
    ) -> Result<PlannedCommit, Error> {
        let mut commit = PlannedCommit {
            sequence: self.last_sequence.next(),
            changed_at: self.last_changed_at().map_or(now, |last| last.max(now)),
            actions: Vec::with_capacity(changes.len()),
            tables: Vec::with_capacity(changes.len()),
        };
        let mut changes = changes.iter();
        if changes.len() > 1 {
            // A later change depends on the state after the earlier ones.
            let mut state = self.clone();
            for change in changes {
                let action = state.plan_change(change, &mut commit)?;
                let applied = state.apply_change(commit.sequence, commit.changed_at, &action);
                applied.map_err(|kind| Error::Other(Box::new(kind)))?;
                commit.actions.push(action);
            }
        } else if let Some(change) = changes.next() {
            let action = self.plan_change(change, &mut commit)?;
            commit.actions.push(action);
        }
        Ok(commit)
    }

    /// Checks the preconditions of one change of `commit`, and adds its result to the commit.
    fn plan_change(
        &self,
        change: &TableChange,
        commit: &mut PlannedCommit,
    ) -> Result<Action, Error> {
        let (id, created_at, definition, action) = match change {
            TableChange::Create { definition } => {
                let id = self.next_id();
                self.check_name_is_free(definition.name(), None)?;
                let definition = StoredDefinition::to_store(definition.clone(), NonZeroU32::MIN)?;
                let checked = Arc::clone(&definition.checked);
                let action = Action::Create { id, definition };
                (id, commit.changed_at, checked, action)
            }
            TableChange::Replace {
                id,
                expected_version,
                definition,
            } => {
                let id = *id;
                let (created_at, current) = self.table_at_version(id, *expected_version)?;
                self.check_name_is_free(definition.name(), Some(id))?;
                let version = current.checked.version().checked_add(1);
                let version = version
                    .and_then(NonZeroU32::new)
                    .ok_or(Error::NoMoreVersions { id })?;
                let definition = StoredDefinition::to_store(definition.clone(), version)?;
                let checked = Arc::clone(&definition.checked);
                let action = Action::Replace { id, definition };
                (id, created_at, checked, action)
            }
            TableChange::Drop {
                id,
                expected_version,
            } => {
                let id = *id;
                let (created_at, current) = self.table_at_version(id, *expected_version)?;
                let checked = Arc::clone(&current.checked);
                (id, created_at, checked, Action::Drop { id })
            }
        };
        commit.tables.push(StoredTable {
            id,
            definition,
            sequence: commit.sequence,
            changed_at: commit.changed_at,
            created_at,
        });
        Ok(action)
    }

    /// Applies actions as the next commit. If this fails, the state is unchanged.
    pub(crate) fn apply(
        &mut self,
        changed_at: UnixMicros,
        actions: &[Action],
    ) -> Result<(), DamageKind> {
        if self.last_changed_at().is_some_and(|last| changed_at < last) {
            return Err(DamageKind::Inapplicable(
                "its timestamp is before that of the previous change",
            ));
        }
        let sequence = self.last_sequence.next();
        match actions {
            [] => return Err(DamageKind::Inapplicable("it has no changes")),
            [action] => self.apply_change(sequence, changed_at, action)?,
            actions => {
                let mut state = self.clone();
                for action in actions {
                    state.apply_change(sequence, changed_at, action)?;
                }
                *self = state;
            }
        }
        self.last_sequence = sequence;
        Ok(())
    }

    /// Applies one action of the commit `sequence`. If this fails, the state is unchanged.
    fn apply_change(
        &mut self,
        sequence: Sequence,
        changed_at: UnixMicros,
        action: &Action,
    ) -> Result<(), DamageKind> {
        let record = |definition: &StoredDefinition| VersionRecord {
            definition: definition.clone(),
            sequence,
            changed_at,
        };
        let (id, kind, name_before, name_after) = match action {
            Action::Create { id, definition } => {
                let name = definition.checked.name().clone();
                if *id != self.next_id() {
                    return Err(DamageKind::Inapplicable("the table id is not the next one"));
                }
                if definition.checked.version() != 1 {
                    return Err(DamageKind::Inapplicable("the first version is not 1"));
                }
                if self.names.contains_key(&name) {
                    return Err(NAME_TAKEN);
                }
                self.tables.push(TableHistory {
                    created_at: changed_at,
                    versions: vec![record(definition)],
                    is_dropped: false,
                });
                self.names.insert(name.clone(), *id);
                (*id, ChangeKind::Created, None, Some(name))
            }
            Action::Replace { id, definition } => {
                let (_, current) = self.existing(*id).ok_or(NO_SUCH_TABLE)?;
                let name_before = current.definition.checked.name().clone();
                let version = definition.checked.version();
                if current.definition.checked.version().checked_add(1) != Some(version) {
                    return Err(DamageKind::Inapplicable("the version is not the next one"));
                }
                let name_after = definition.checked.name().clone();
                if self.names.get(&name_after).is_some_and(|owner| owner != id) {
                    return Err(NAME_TAKEN);
                }
                self.names.remove(&name_before);
                self.names.insert(name_after.clone(), *id);
                if let Some(table) = self.table_mut(*id) {
                    table.versions.push(record(definition));
                }
                let kind = ChangeKind::Replaced { version };
                (*id, kind, Some(name_before), Some(name_after))
            }
            Action::Drop { id } => {
                let (_, current) = self.existing(*id).ok_or(NO_SUCH_TABLE)?;
                let name_before = current.definition.checked.name().clone();
                self.names.remove(&name_before);
                if let Some(table) = self.table_mut(*id) {
                    table.is_dropped = true;
                }
                (*id, ChangeKind::Dropped, Some(name_before), None)
            }
        };
        self.changes.push(DefinitionChange {
            sequence,
            changed_at,
            table: id,
            kind,
            name_before,
            name_after,
        });
        Ok(())
    }

    /// Returns the creation time and the current definition of a table. Fails unless the table
    /// exists and its current version is `expected`.
    fn table_at_version(
        &self,
        id: TableId,
        expected: u32,
    ) -> Result<(UnixMicros, &StoredDefinition), Error> {
        let (table, current) = self.existing(id).ok_or(Error::NoSuchTable { id })?;
        let found = current.definition.checked.version();
        if found != expected {
            return Err(Error::Conflict {
                id,
                expected,
                found,
            });
        }
        Ok((table.created_at, &current.definition))
    }

    /// Fails if a table other than `own` has the name.
    fn check_name_is_free(&self, name: &TableName, own: Option<TableId>) -> Result<(), Error> {
        match self.find(name) {
            Some(id) if Some(id) != own => Err(Error::NameTaken {
                name: name.clone(),
                id,
            }),
            _ => Ok(()),
        }
    }

    fn next_id(&self) -> TableId {
        TableId(self.tables.len() as u64 + 1)
    }
}

const NO_SUCH_TABLE: DamageKind = DamageKind::Inapplicable("the table does not exist");
const NAME_TAKEN: DamageKind = DamageKind::Inapplicable("the table name is taken");

// ---- reads ----

impl StoreState {
    /// See [`DefinitionStore::get`](crate::DefinitionStore::get).
    pub(crate) fn get(&self, id: TableId) -> Option<StoredTable> {
        let (table, current) = self.existing(id)?;
        Some(table.stored(id, current))
    }

    /// See [`DefinitionStore::get_version`](crate::DefinitionStore::get_version).
    pub(crate) fn get_version(&self, id: TableId, version: u32) -> Option<StoredTable> {
        let index = usize::try_from(version).ok()?.checked_sub(1)?;
        let table = self.table(id)?;
        Some(table.stored(id, table.versions.get(index)?))
    }

    /// See [`DefinitionStore::find`](crate::DefinitionStore::find).
    pub(crate) fn find(&self, name: &TableName) -> Option<TableId> {
        self.names.get(name).copied()
    }

    /// See [`DefinitionStore::count`](crate::DefinitionStore::count).
    pub(crate) fn count(&self) -> usize {
        self.names.len()
    }

    /// See [`DefinitionStore::list`](crate::DefinitionStore::list).
    pub(crate) fn list(&self) -> Vec<StoredTable> {
        self.ids().filter_map(|id| self.get(id)).collect()
    }

    /// See [`DefinitionStore::list_versions`](crate::DefinitionStore::list_versions).
    pub(crate) fn list_versions(&self) -> Vec<StoredTable> {
        let existing = self.ids().filter_map(|id| Some((id, self.existing(id)?.0)));
        existing.flat_map(|(id, table)| table.history(id)).collect()
    }

    /// See [`DefinitionStore::history`](crate::DefinitionStore::history).
    pub(crate) fn history(&self, id: TableId) -> Vec<StoredTable> {
        let table = self.table(id).into_iter();
        table.flat_map(|table| table.history(id)).collect()
    }

    /// See [`DefinitionStore::changes_since`](crate::DefinitionStore::changes_since).
    pub(crate) fn changes_since(&self, sequence: Sequence) -> Result<Vec<DefinitionChange>, Error> {
        if sequence > self.last_sequence {
            return Err(Error::UnknownSequence {
                asked: sequence,
                last: self.last_sequence,
            });
        }
        let changes = &self.changes;
        let first = changes.partition_point(|change| change.sequence <= sequence);
        Ok(changes.iter().skip(first).cloned().collect())
    }

    /// See [`DefinitionStore::last_sequence`](crate::DefinitionStore::last_sequence).
    pub(crate) fn last_sequence(&self) -> Sequence {
        self.last_sequence
    }

    fn last_changed_at(&self) -> Option<UnixMicros> {
        self.changes.last().map(|change| change.changed_at)
    }

    /// Returns the actions and the timestamp of every commit, in order. Applying them to an empty
    /// state results in this state.
    pub(crate) fn commits(&self) -> impl Iterator<Item = (UnixMicros, Vec<Action>)> {
        let commits = self
            .changes
            .chunk_by(|change, next| change.sequence == next.sequence);
        commits.filter_map(|changes| {
            let changed_at = changes.first()?.changed_at;
            let actions: Option<Vec<Action>> =
                changes.iter().map(|change| self.action(change)).collect();
            Some((changed_at, actions?))
        })
    }

    /// Returns the action that made `change`.
    fn action(&self, change: &DefinitionChange) -> Option<Action> {
        let id = change.table;
        let definition = |version: u32| {
            let index = usize::try_from(version).ok()?.checked_sub(1)?;
            Some(self.table(id)?.versions.get(index)?.definition.clone())
        };
        Some(match change.kind {
            ChangeKind::Created => Action::Create {
                id,
                definition: definition(1)?,
            },
            ChangeKind::Replaced { version } => Action::Replace {
                id,
                definition: definition(version)?,
            },
            ChangeKind::Dropped => Action::Drop { id },
        })
    }

    /// Returns the ids of all tables, including dropped ones.
    fn ids(&self) -> impl Iterator<Item = TableId> {
        (1..=self.tables.len() as u64).map(TableId)
    }

    /// Returns a table that has not been dropped, and its current version.
    fn existing(&self, id: TableId) -> Option<(&TableHistory, &VersionRecord)> {
        let table = self.table(id).filter(|table| !table.is_dropped)?;
        Some((table, table.versions.last()?))
    }

    fn table(&self, id: TableId) -> Option<&TableHistory> {
        let index = usize::try_from(id.0).ok()?.checked_sub(1)?;
        self.tables.get(index)
    }

    fn table_mut(&mut self, id: TableId) -> Option<&mut TableHistory> {
        let index = usize::try_from(id.0).ok()?.checked_sub(1)?;
        self.tables.get_mut(index)
    }
}

impl TableHistory {
    /// Returns all versions of this table, whose id is `id`.
    fn history(&self, id: TableId) -> impl Iterator<Item = StoredTable> {
        let versions = self.versions.iter();
        versions.map(move |version| self.stored(id, version))
    }

    fn stored(&self, id: TableId, version: &VersionRecord) -> StoredTable {
        StoredTable {
            id,
            definition: Arc::clone(&version.definition.checked),
            sequence: version.sequence,
            changed_at: version.changed_at,
            created_at: self.created_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition(comment: &str) -> TableDefinition {
        let text = format!(
            "name = 'app.notes'\n\
             comment = '{comment}'\n\
             primary_key = ['id']\n\
             [columns]\n\
             id = {{ id = 1, type = 'bigint' }}\n"
        );
        let read = StoredDefinition::read("notes", &text).expect("the definition is valid");
        TableDefinition::clone(&read.checked)
    }

    /// Performs `change` at time `now` of the system clock.
    fn change(state: &mut StoreState, now: i64, change: TableChange) -> StoredTable {
        let planned = state.plan(&[change], UnixMicros(now));
        let mut planned = planned.expect("the preconditions hold");
        let applied = state.apply(planned.changed_at, &planned.actions);
        applied.expect("a planned change can be applied");
        planned.tables.remove(0)
    }

    #[test]
    fn timestamps_do_not_decrease_when_the_clock_does() {
        let mut state = StoreState::default();
        let (id, mut expected) = (TableId(1), 1);
        // Timestamps before 1970 are valid.
        let create = TableChange::Create {
            definition: definition("1"),
        };
        let created = change(&mut state, -7, create);
        assert_eq!(created.changed_at, UnixMicros(-7));
        let mut times = Vec::new();
        for now in [-8, 5, 4, i64::MIN, 6, i64::MAX, 7] {
            let replace = TableChange::Replace {
                id,
                expected_version: expected,
                definition: definition(&now.to_string()),
            };
            let replaced = change(&mut state, now, replace);
            assert_eq!(replaced.created_at, UnixMicros(-7));
            assert_eq!(state.get(id), Some(replaced.clone()));
            expected = replaced.version();
            times.push(replaced.changed_at.0);
        }
        assert_eq!(times, [-7, 5, 5, 5, 6, i64::MAX, i64::MAX]);
        let drop = TableChange::Drop {
            id,
            expected_version: expected,
        };
        let dropped = change(&mut state, 8, drop);
        assert_eq!(dropped.changed_at, UnixMicros(i64::MAX));
    }

    #[test]
    fn change_with_an_earlier_timestamp_is_rejected() {
        let mut state = StoreState::default();
        let create = TableChange::Create {
            definition: definition("1"),
        };
        change(&mut state, 5, create);
        let drop = [Action::Drop { id: TableId(1) }];
        let rejected = state.apply(UnixMicros(4), &drop);
        assert!(
            matches!(rejected, Err(DamageKind::Inapplicable(_))),
            "{rejected:?}"
        );
        assert_eq!(state.last_sequence(), Sequence(1));
        assert!(state.apply(UnixMicros(5), &drop).is_ok());
    }
}
