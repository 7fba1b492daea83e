// SPDX-License-Identifier: Apache-2.0

//! The tables of a store for models. It has no lock, and keeps definitions without serializing
//! them.

use std::num::NonZeroU32;
use std::sync::{Arc, LazyLock};

use kalamtable_model::{SourceFile, Sources, TableDefinition, TableName, parse_and_check};
use kalamtable_store::{
    ChangeKind, DefinitionChange, Error, Sequence, StoredTable, TableId, UnixMicros,
};

/// Every version of every table, and every change.
#[derive(Debug, Default)]
pub(crate) struct StoredTables {
    tables: Vec<TableVersions>,
    changes: Vec<DefinitionChange>,
}

#[derive(Debug)]
struct TableVersions {
    history: Vec<StoredTable>,
    is_dropped: bool,
}

impl StoredTables {
    pub(crate) fn get(&self, id: TableId) -> Option<StoredTable> {
        let table = self.table(id).filter(|table| !table.is_dropped)?;
        table.history.last().cloned()
    }

    pub(crate) fn history(&self, id: TableId) -> Vec<StoredTable> {
        let table = self.table(id);
        table.map_or_else(Vec::new, |table| table.history.clone())
    }

    pub(crate) fn get_version(&self, id: TableId, version: u32) -> Option<StoredTable> {
        let mut history = self.table(id)?.history.iter();
        history.find(|at| at.version() == version).cloned()
    }

    pub(crate) fn find(&self, name: &TableName) -> Option<TableId> {
        let mut all = self.list().into_iter();
        all.find(|table| table.definition.name() == name)
            .map(|table| table.id)
    }

    pub(crate) fn list(&self) -> Vec<StoredTable> {
        let ids = 1..=self.tables.len() as u64;
        ids.filter_map(|id| self.get(TableId(id))).collect()
    }

    pub(crate) fn create(&mut self, definition: TableDefinition) -> Result<StoredTable, Error> {
        let name = definition.name().clone();
        self.check_name(&name, None)?;
        let id = TableId(self.tables.len() as u64 + 1);
        self.tables.push(TableVersions {
            history: Vec::new(),
            is_dropped: false,
        });
        self.record(id, ChangeKind::Created, None, Some(name));
        Ok(self.push(id, definition))
    }

    pub(crate) fn replace(
        &mut self,
        id: TableId,
        expected: u32,
        definition: TableDefinition,
    ) -> Result<StoredTable, Error> {
        let current = self.expect(id, expected)?;
        let name = definition.name().clone();
        self.check_name(&name, Some(id))?;
        let kind = ChangeKind::Replaced {
            version: current.version() + 1,
        };
        self.record(
            id,
            kind,
            Some(current.definition.name().clone()),
            Some(name),
        );
        Ok(self.push(id, definition))
    }

    pub(crate) fn drop_table(&mut self, id: TableId, expected: u32) -> Result<Sequence, Error> {
        let current = self.expect(id, expected)?;
        self.tables[id.0 as usize - 1].is_dropped = true;
        let name = current.definition.name().clone();
        self.record(id, ChangeKind::Dropped, Some(name), None);
        Ok(self.last_sequence())
    }

    pub(crate) fn changes_since(&self, sequence: Sequence) -> Vec<DefinitionChange> {
        self.changes[sequence.0 as usize..].to_vec()
    }

    pub(crate) fn last_sequence(&self) -> Sequence {
        Sequence(self.changes.len() as u64)
    }

    fn table(&self, id: TableId) -> Option<&TableVersions> {
        self.tables.get((id.0 as usize).checked_sub(1)?)
    }

    fn expect(&self, id: TableId, expected: u32) -> Result<StoredTable, Error> {
        let current = self.get(id).ok_or(Error::NoSuchTable { id })?;
        let found = current.version();
        if found != expected {
            return Err(Error::Conflict {
                id,
                expected,
                found,
            });
        }
        Ok(current)
    }

    fn check_name(&self, name: &TableName, own: Option<TableId>) -> Result<(), Error> {
        match self.find(name) {
            Some(id) if Some(id) != own => Err(Error::NameTaken {
                name: name.clone(),
                id,
            }),
            _ => Ok(()),
        }
    }

    fn push(&mut self, id: TableId, definition: TableDefinition) -> StoredTable {
        let sequence = self.last_sequence();
        let history = &mut self.tables[id.0 as usize - 1].history;
        let version = NonZeroU32::MIN.saturating_add(history.len() as u32);
        let stored = StoredTable {
            id,
            definition: Arc::new(definition.with_version(version)),
            sequence,
            changed_at: UnixMicros(0),
            created_at: UnixMicros(0),
        };
        history.push(stored.clone());
        stored
    }

    fn record(
        &mut self,
        table: TableId,
        kind: ChangeKind,
        name_before: Option<TableName>,
        name_after: Option<TableName>,
    ) {
        self.changes.push(DefinitionChange {
            sequence: Sequence(self.changes.len() as u64 + 1),
            changed_at: UnixMicros(0),
            table,
            kind,
            name_before,
            name_after,
        });
    }
}

/// The definitions with 1 to [`COLUMNS`] columns. They are parsed once, and not in every run of a
/// model.
static DEFINITIONS: LazyLock<Vec<TableDefinition>> =
    LazyLock::new(|| (1..=COLUMNS).map(parse).collect());

/// The maximum number of columns of a table of the models.
pub(crate) const COLUMNS: u32 = 40;

fn parse(columns: u32) -> TableDefinition {
    let mut toml = "name = 'app.any'\nprimary_key = ['id']\n[columns]\n".to_string();
    toml += "id = { id = 1, type = 'bigint' }\n";
    for column in 2..=columns {
        toml += &format!("c{column} = {{ id = {column}, type = 'bigint', nullable = true }}\n");
    }
    let mut sources = Sources::new();
    let source = sources.push(SourceFile::new("test.toml", toml));
    let checked = parse_and_check(&sources, source);
    checked.expect("a valid definition").definition
}

/// Returns the definition of table `app.<name>` with this number of columns, but at least 1 and at
/// most [`COLUMNS`].
pub(crate) fn table(name: &str, columns: u32) -> TableDefinition {
    let columns = columns.clamp(1, COLUMNS);
    let mut parts = DEFINITIONS[columns as usize - 1].parts().clone();
    parts.name = TableName {
        namespace: "app".into(),
        table: name.into(),
    };
    TableDefinition::from_checked(parts)
}
