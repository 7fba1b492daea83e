//! [`State`]: what a store knows, and the rules of changes. Where it is kept is left to the stores.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::Arc;

use kalamtable_model::{SourceFile, Sources, TableDefinition, TableName, parse_and_check};

use crate::{Change, ChangeKind, DamageKind, Error, Sequence, StoredTable, TableId};

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
    /// The version that the change makes, or takes away; with the change's number.
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
    /// Change `n` is at `n - 1`.
    changes: Vec<Change>,
    /// Table `n` is at `n - 1`, dropped or not.
    tables: Vec<Table>,
    names: HashMap<TableName, TableId>,
}

#[derive(Clone, Debug)]
struct Table {
    /// Version `n` is at `n - 1`; never empty.
    versions: Vec<Version>,
    is_dropped: bool,
}

#[derive(Clone, Debug)]
struct Version {
    definition: Definition,
    sequence: Sequence,
}

// ---- changes ----

impl State {
    /// What to do next for `operation`, if it can be done.
    pub(crate) fn plan(&self, operation: &Operation) -> Result<Plan, Error> {
        let (id, definition, action) = match operation {
            Operation::Create { definition } => {
                let id = self.next_id();
                self.free_name(definition.name(), None)?;
                let definition = Definition::to_store(definition.clone(), NonZeroU32::MIN)?;
                let checked = Arc::clone(&definition.checked);
                (id, checked, Action::Create { id, definition })
            }
            Operation::Replace {
                id,
                expected,
                definition,
            } => {
                let id = *id;
                let found = self.expect(id, *expected)?;
                self.free_name(definition.name(), Some(id))?;
                let next = found.checked.version().checked_add(1);
                let next = next
                    .and_then(NonZeroU32::new)
                    .ok_or(Error::NoMoreVersions { id })?;
                let definition = Definition::to_store(definition.clone(), next)?;
                let checked = Arc::clone(&definition.checked);
                (id, checked, Action::Replace { id, definition })
            }
            Operation::Drop { id, expected } => {
                let found = self.expect(*id, *expected)?;
                (*id, Arc::clone(&found.checked), Action::Drop { id: *id })
            }
        };
        Ok(Plan {
            table: StoredTable {
                id,
                definition,
                sequence: self.last_sequence().next(),
            },
            action,
        })
    }

    /// Makes a change, if it fits.
    pub(crate) fn apply(&mut self, action: &Action) -> Result<(), DamageKind> {
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
                    versions: vec![Version {
                        definition: definition.clone(),
                        sequence,
                    }],
                    is_dropped: false,
                });
                self.names.insert(name.clone(), *id);
                Change {
                    sequence,
                    table: *id,
                    kind: ChangeKind::Created,
                    name_before: None,
                    name_after: Some(name),
                }
            }
            Action::Replace { id, definition } => {
                let newest = self.newest(*id).ok_or(NO_TABLE)?;
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
                    });
                }
                Change {
                    sequence,
                    table: *id,
                    kind: ChangeKind::Replaced { version },
                    name_before: Some(before),
                    name_after: Some(after),
                }
            }
            Action::Drop { id } => {
                let newest = self.newest(*id).ok_or(NO_TABLE)?;
                let before = newest.definition.checked.name().clone();
                self.names.remove(&before);
                if let Some(table) = self.table_mut(*id) {
                    table.is_dropped = true;
                }
                Change {
                    sequence,
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

    /// The table's newest definition, if that is of version `expected`.
    fn expect(&self, id: TableId, expected: u32) -> Result<&Definition, Error> {
        let newest = self.newest(id).ok_or(Error::NoSuchTable { id })?;
        let found = newest.definition.checked.version();
        if found != expected {
            return Err(Error::Conflict {
                id,
                expected,
                found,
            });
        }
        Ok(&newest.definition)
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
        self.newest(id).map(|version| version.stored(id))
    }

    /// As [`DefinitionStore::get_version`](crate::DefinitionStore::get_version).
    pub(crate) fn get_version(&self, id: TableId, version: u32) -> Option<StoredTable> {
        let index = usize::try_from(version).ok()?.checked_sub(1)?;
        let version = self.table(id)?.versions.get(index)?;
        Some(version.stored(id))
    }

    /// As [`DefinitionStore::find`](crate::DefinitionStore::find).
    pub(crate) fn find(&self, name: &TableName) -> Option<TableId> {
        self.names.get(name).copied()
    }

    /// As [`DefinitionStore::list`](crate::DefinitionStore::list).
    pub(crate) fn list(&self) -> Vec<StoredTable> {
        (1..=self.tables.len() as u64)
            .filter_map(|id| self.get(TableId(id)))
            .collect()
    }

    /// As [`DefinitionStore::history`](crate::DefinitionStore::history).
    pub(crate) fn history(&self, id: TableId) -> Vec<StoredTable> {
        let versions = self.table(id).map_or(&[][..], |table| &table.versions);
        versions.iter().map(|version| version.stored(id)).collect()
    }

    /// As [`DefinitionStore::changes_since`](crate::DefinitionStore::changes_since).
    pub(crate) fn changes_since(&self, sequence: Sequence) -> Result<Vec<Change>, Error> {
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

    /// Every change again, in order, as it was asked for.
    pub(crate) fn actions(&self) -> impl Iterator<Item = Action> {
        self.changes.iter().filter_map(|change| {
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
        })
    }

    fn newest(&self, id: TableId) -> Option<&Version> {
        let table = self.table(id).filter(|table| !table.is_dropped)?;
        table.versions.last()
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

impl Version {
    fn stored(&self, id: TableId) -> StoredTable {
        StoredTable {
            id,
            definition: Arc::clone(&self.definition.checked),
            sequence: self.sequence,
        }
    }
}
