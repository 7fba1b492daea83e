// SPDX-License-Identifier: Apache-2.0

//! [`State`]: what a store knows, and the rules of changes. Where it is kept is left to the stores.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::Arc;

use kalamtable_model::{SourceFile, Sources, TableDefinition, TableName, parse_and_check};

use crate::{
    ChangeKind, DamageKind, DefinitionChange, Error, Sequence, StoredTable, TableId, UnixMicros,
};

/// What a caller asks for.
#[derive(Clone, Debug)]
pub(crate) enum Operation {
    Create {
        definition: TableDefinition,
    },
    Replace {
        id: TableId,
        expected: u32,
        definition: TableDefinition,
    },
    Drop {
        id: TableId,
        expected: u32,
    },
}

/// The next change of a state, and what the caller is told when it was made.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) action: Action,
    /// The version that the change makes, or takes away; with the change's number and moment.
    pub(crate) table: StoredTable,
}

/// A change that can be made: what the log holds.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    Create { id: TableId, definition: Definition },
    Replace { id: TableId, definition: Definition },
    Drop { id: TableId },
}

/// A definition with its canonical text. The text is kept because it is what checksums were made of:
/// another version of the model might write the same definition differently.
#[derive(Clone, Debug)]
pub(crate) struct Definition {
    pub(crate) checked: Arc<TableDefinition>,
    pub(crate) text: Arc<str>,
}

impl Definition {
    /// The definition that `text`, from the object at `path`, says.
    pub(crate) fn read(path: &str, text: &str) -> Result<Self, DamageKind> {
        let mut sources = Sources::new();
        let source = sources.push(SourceFile::new(path, text));
        match parse_and_check(&sources, source) {
            Ok(table) => Ok(Definition {
                checked: Arc::new(table.definition),
                text: text.into(),
            }),
            Err(problems) => Err(DamageKind::Definition { problems }),
        }
    }

    /// `definition` as what its text reads back as.
    fn to_store(definition: TableDefinition, version: NonZeroU32) -> Result<Self, Error> {
        let definition = definition.with_version(version);
        let text = definition.to_toml();
        let mut sources = Sources::new();
        let source = sources.push(SourceFile::new(definition.name().to_string(), &*text));
        match parse_and_check(&sources, source) {
            // The texts are compared: by `PartialEq`, a default that is not a number differs from itself.
            Ok(table) if table.definition.to_toml() == text => Ok(Definition {
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

/// The tables of a store, and every change that led to them.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    /// DefinitionChange `n` is at `n - 1`.
    changes: Vec<DefinitionChange>,
    /// Table `n` is at `n - 1`, dropped or not.
    tables: Vec<Table>,
    names: HashMap<TableName, TableId>,
}

#[derive(Clone, Debug)]
struct Table {
    created_at: UnixMicros,
    /// Version `n` is at `n - 1`; never empty.
    versions: Vec<Version>,
    is_dropped: bool,
}

#[derive(Clone, Debug)]
struct Version {
    definition: Definition,
    sequence: Sequence,
    changed_at: UnixMicros,
}

// ---- changes ----

impl State {
    /// What to do next for `operation`, if it can be done, when the clock says `now`.
    pub(crate) fn plan(&self, operation: &Operation, now: UnixMicros) -> Result<Plan, Error> {
        let changed_at = self.last_changed_at().map_or(now, |last| last.max(now));
        let (id, created_at, definition, action) = match operation {
            Operation::Create { definition } => {
                let id = self.next_id();
                self.free_name(definition.name(), None)?;
                let definition = Definition::to_store(definition.clone(), NonZeroU32::MIN)?;
                let checked = Arc::clone(&definition.checked);
                (id, changed_at, checked, Action::Create { id, definition })
            }
            Operation::Replace {
                id,
                expected,
                definition,
            } => {
                let id = *id;
                let (created_at, found) = self.expect(id, *expected)?;
                self.free_name(definition.name(), Some(id))?;
                let next = found.checked.version().checked_add(1);
                let next = next
                    .and_then(NonZeroU32::new)
                    .ok_or(Error::NoMoreVersions { id })?;
                let definition = Definition::to_store(definition.clone(), next)?;
                let checked = Arc::clone(&definition.checked);
                let action = Action::Replace { id, definition };
                (id, created_at, checked, action)
            }
            Operation::Drop { id, expected } => {
                let id = *id;
                let (created_at, found) = self.expect(id, *expected)?;
                let checked = Arc::clone(&found.checked);
                (id, created_at, checked, Action::Drop { id })
            }
        };
        Ok(Plan {
            table: StoredTable {
                id,
                definition,
                sequence: self.last_sequence().next(),
                changed_at,
                created_at,
            },
            action,
        })
    }

    /// Makes a change, if it fits.
    pub(crate) fn apply(
        &mut self,
        changed_at: UnixMicros,
        action: &Action,
    ) -> Result<(), DamageKind> {
        if self.last_changed_at().is_some_and(|last| changed_at < last) {
            return Err(DamageKind::Misfit(
                "its moment is before that of the last change",
            ));
        }
        let sequence = self.last_sequence().next();
        let change = match action {
            Action::Create { id, definition } => {
                let name = definition.checked.name().clone();
                if *id != self.next_id() {
                    return Err(DamageKind::Misfit("the table's id is not the next one"));
                }
                if definition.checked.version() != 1 {
                    return Err(DamageKind::Misfit("the first version is not 1"));
                }
                if self.names.contains_key(&name) {
                    return Err(DamageKind::Misfit("the name is taken"));
                }
                self.tables.push(Table {
                    created_at: changed_at,
                    versions: vec![Version {
                        definition: definition.clone(),
                        sequence,
                        changed_at,
                    }],
                    is_dropped: false,
                });
                self.names.insert(name.clone(), *id);
                DefinitionChange {
                    sequence,
                    changed_at,
                    table: *id,
                    kind: ChangeKind::Created,
                    name_before: None,
                    name_after: Some(name),
                }
            }
            Action::Replace { id, definition } => {
                let (_, newest) = self.live(*id).ok_or(NO_TABLE)?;
                let before = newest.definition.checked.name().clone();
                let version = definition.checked.version();
                if newest.definition.checked.version().checked_add(1) != Some(version) {
                    return Err(DamageKind::Misfit("the version is not the next one"));
                }
                let after = definition.checked.name().clone();
                if self.names.get(&after).is_some_and(|owner| owner != id) {
                    return Err(DamageKind::Misfit("the name is taken"));
                }
                self.names.remove(&before);
                self.names.insert(after.clone(), *id);
                if let Some(table) = self.table_mut(*id) {
                    table.versions.push(Version {
                        definition: definition.clone(),
                        sequence,
                        changed_at,
                    });
                }
                DefinitionChange {
                    sequence,
                    changed_at,
                    table: *id,
                    kind: ChangeKind::Replaced { version },
                    name_before: Some(before),
                    name_after: Some(after),
                }
            }
            Action::Drop { id } => {
                let (_, newest) = self.live(*id).ok_or(NO_TABLE)?;
                let before = newest.definition.checked.name().clone();
                self.names.remove(&before);
                if let Some(table) = self.table_mut(*id) {
                    table.is_dropped = true;
                }
                DefinitionChange {
                    sequence,
                    changed_at,
                    table: *id,
                    kind: ChangeKind::Dropped,
                    name_before: Some(before),
                    name_after: None,
                }
            }
        };
        self.changes.push(change);
        Ok(())
    }

    /// When the table was made, and its newest definition, if that is of version `expected`.
    fn expect(&self, id: TableId, expected: u32) -> Result<(UnixMicros, &Definition), Error> {
        let (table, newest) = self.live(id).ok_or(Error::NoSuchTable { id })?;
        let found = newest.definition.checked.version();
        if found != expected {
            return Err(Error::Conflict {
                id,
                expected,
                found,
            });
        }
        Ok((table.created_at, &newest.definition))
    }

    /// That no table but `own` has the name.
    fn free_name(&self, name: &TableName, own: Option<TableId>) -> Result<(), Error> {
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

const NO_TABLE: DamageKind = DamageKind::Misfit("the table is not there");

// ---- questions ----

impl State {
    /// As [`DefinitionStore::get`](crate::DefinitionStore::get).
    pub(crate) fn get(&self, id: TableId) -> Option<StoredTable> {
        let (table, newest) = self.live(id)?;
        Some(table.stored(id, newest))
    }

    /// As [`DefinitionStore::get_version`](crate::DefinitionStore::get_version).
    pub(crate) fn get_version(&self, id: TableId, version: u32) -> Option<StoredTable> {
        let index = usize::try_from(version).ok()?.checked_sub(1)?;
        let table = self.table(id)?;
        Some(table.stored(id, table.versions.get(index)?))
    }

    /// As [`DefinitionStore::find`](crate::DefinitionStore::find).
    pub(crate) fn find(&self, name: &TableName) -> Option<TableId> {
        self.names.get(name).copied()
    }

    /// As [`DefinitionStore::count`](crate::DefinitionStore::count).
    pub(crate) fn count(&self) -> usize {
        self.names.len()
    }

    /// As [`DefinitionStore::list`](crate::DefinitionStore::list).
    pub(crate) fn list(&self) -> Vec<StoredTable> {
        self.ids().filter_map(|id| self.get(id)).collect()
    }

    /// As [`DefinitionStore::list_versions`](crate::DefinitionStore::list_versions).
    pub(crate) fn list_versions(&self) -> Vec<StoredTable> {
        let live = self.ids().filter_map(|id| Some((id, self.live(id)?.0)));
        live.flat_map(|(id, table)| table.history(id)).collect()
    }

    /// As [`DefinitionStore::history`](crate::DefinitionStore::history).
    pub(crate) fn history(&self, id: TableId) -> Vec<StoredTable> {
        let table = self.table(id).into_iter();
        table.flat_map(|table| table.history(id)).collect()
    }

    /// As [`DefinitionStore::changes_since`](crate::DefinitionStore::changes_since).
    pub(crate) fn changes_since(&self, sequence: Sequence) -> Result<Vec<DefinitionChange>, Error> {
        let after = usize::try_from(sequence.0).ok();
        match after.and_then(|after| self.changes.get(after..)) {
            Some(changes) => Ok(changes.to_vec()),
            None => Err(Error::UnknownSequence {
                asked: sequence,
                last: self.last_sequence(),
            }),
        }
    }

    /// As [`DefinitionStore::last_sequence`](crate::DefinitionStore::last_sequence).
    pub(crate) fn last_sequence(&self) -> Sequence {
        Sequence(self.changes.len() as u64)
    }

    fn last_changed_at(&self) -> Option<UnixMicros> {
        self.changes.last().map(|change| change.changed_at)
    }

    /// Every change again, in order, as it was asked for, with its moment.
    pub(crate) fn actions(&self) -> impl Iterator<Item = (UnixMicros, Action)> {
        self.changes.iter().filter_map(|change| {
            let id = change.table;
            let definition = |version: u32| {
                let index = usize::try_from(version).ok()?.checked_sub(1)?;
                Some(self.table(id)?.versions.get(index)?.definition.clone())
            };
            let action = match change.kind {
                ChangeKind::Created => Action::Create {
                    id,
                    definition: definition(1)?,
                },
                ChangeKind::Replaced { version } => Action::Replace {
                    id,
                    definition: definition(version)?,
                },
                ChangeKind::Dropped => Action::Drop { id },
            };
            Some((change.changed_at, action))
        })
    }

    /// Of every table that ever was there.
    fn ids(&self) -> impl Iterator<Item = TableId> {
        (1..=self.tables.len() as u64).map(TableId)
    }

    /// A table that is there, and its newest version.
    fn live(&self, id: TableId) -> Option<(&Table, &Version)> {
        let table = self.table(id).filter(|table| !table.is_dropped)?;
        Some((table, table.versions.last()?))
    }

    fn table(&self, id: TableId) -> Option<&Table> {
        let index = usize::try_from(id.0).ok()?.checked_sub(1)?;
        self.tables.get(index)
    }

    fn table_mut(&mut self, id: TableId) -> Option<&mut Table> {
        let index = usize::try_from(id.0).ok()?.checked_sub(1)?;
        self.tables.get_mut(index)
    }
}

impl Table {
    /// Every version, of the table with that id.
    fn history(&self, id: TableId) -> impl Iterator<Item = StoredTable> {
        let versions = self.versions.iter();
        versions.map(move |version| self.stored(id, version))
    }

    fn stored(&self, id: TableId, version: &Version) -> StoredTable {
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
        let read = Definition::read("notes", &text).expect("the definition is sound");
        TableDefinition::clone(&read.checked)
    }

    /// Makes a change when the clock says `now`.
    fn change(state: &mut State, now: i64, operation: &Operation) -> StoredTable {
        let plan = state
            .plan(operation, UnixMicros(now))
            .expect("it can be done");
        let applied = state.apply(plan.table.changed_at, &plan.action);
        applied.expect("what was planned fits");
        plan.table
    }

    #[test]
    fn clock_that_goes_back_does_not_take_moments_with_it() {
        let mut state = State::default();
        let (id, mut expected) = (TableId(1), 1);
        // Before 1970 is as good a beginning as any.
        let created = change(
            &mut state,
            -7,
            &Operation::Create {
                definition: definition("1"),
            },
        );
        assert_eq!(created.changed_at, UnixMicros(-7));
        let mut moments = Vec::new();
        for now in [-8, 5, 4, i64::MIN, 6, i64::MAX, 7] {
            let operation = Operation::Replace {
                id,
                expected,
                definition: definition(&now.to_string()),
            };
            let replaced = change(&mut state, now, &operation);
            assert_eq!(replaced.created_at, UnixMicros(-7));
            assert_eq!(state.get(id), Some(replaced.clone()));
            expected = replaced.version();
            moments.push(replaced.changed_at.0);
        }
        assert_eq!(moments, [-7, 5, 5, 5, 6, i64::MAX, i64::MAX]);
        let dropped = change(&mut state, 8, &Operation::Drop { id, expected });
        assert_eq!(dropped.changed_at, UnixMicros(i64::MAX));
    }

    #[test]
    fn change_before_the_last_one_does_not_fit() {
        let mut state = State::default();
        let create = Operation::Create {
            definition: definition("1"),
        };
        change(&mut state, 5, &create);
        let drop = Action::Drop { id: TableId(1) };
        let refused = state.apply(UnixMicros(4), &drop);
        assert!(matches!(refused, Err(DamageKind::Misfit(_))), "{refused:?}");
        assert_eq!(state.last_sequence(), Sequence(1));
        assert!(state.apply(UnixMicros(5), &drop).is_ok());
    }
}
