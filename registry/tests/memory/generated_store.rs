// SPDX-License-Identifier: Apache-2.0

//! A store without memory: it generates each definition when it is read, so that all memory of a
//! definition belongs to the registry.

use std::num::NonZeroU32;
use std::sync::Arc;

use async_trait::async_trait;
use kalamtable_model::{SourceFile, Sources, TableDefinition, TableName, parse_and_check};
use kalamtable_store::{
    DefinitionChange, DefinitionStore, Error, Sequence, StoredTable, TableChange, TableId,
    UnixMicros,
};

/// The differences between the tables of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ColumnVariety {
    /// All tables have the same columns.
    Equal,
    /// Each table has another selection of the same columns.
    Selections,
    /// The tables have only the key column in common.
    Distinct,
}

#[derive(Debug)]
pub(crate) struct GeneratedStore {
    pub(crate) variety: ColumnVariety,
    pub(crate) tables: u64,
}

const COLUMNS: u64 = 10;

impl GeneratedStore {
    fn table(&self, id: TableId, version: u32) -> Option<StoredTable> {
        let parsed = parse(&self.text(id)).with_version(NonZeroU32::new(version)?);
        Some(StoredTable {
            id,
            definition: Arc::new(parsed),
            sequence: Sequence(id.0),
            changed_at: UnixMicros(0),
            created_at: UnixMicros(0),
        })
    }

    fn text(&self, id: TableId) -> String {
        let id = id.0;
        let mut text = format!(
            "name = 'tenant_{id}.orders'\n\
             primary_key = ['c0']\n\
             [columns]\n"
        );
        for column in 0..COLUMNS {
            let ty = ["bigint", "text", "double", "boolean", "timestamp"][column as usize % 5];
            let nullable = column > 0;
            let number = column + 1;
            let name = match self.variety {
                ColumnVariety::Equal => format!("c{column}"),
                // The base-3 digits of the id select the names.
                ColumnVariety::Selections if column > 0 => {
                    let digit = id / 3_u64.pow(column as u32 - 1) % 3;
                    format!("c{column}_{digit}")
                }
                ColumnVariety::Selections => "c0".to_string(),
                ColumnVariety::Distinct if column > 0 => format!("c{column}_of_{id}"),
                ColumnVariety::Distinct => "c0".to_string(),
            };
            text +=
                &format!("{name} = {{ id = {number}, type = '{ty}', nullable = {nullable} }}\n");
        }
        text
    }
}

fn parse(text: &str) -> TableDefinition {
    let mut sources = Sources::new();
    let source = sources.push(SourceFile::new("test.toml", text));
    match parse_and_check(&sources, source) {
        Ok(checked) => checked.definition,
        Err(problems) => panic!("{problems:#?}"),
    }
}

#[async_trait]
impl DefinitionStore for GeneratedStore {
    async fn get(&self, id: TableId) -> Result<Option<StoredTable>, Error> {
        // All other ids are those of dropped tables.
        let exists = id.0 <= self.tables;
        Ok(self.table(id, 1).filter(|_| exists))
    }

    async fn get_version(&self, id: TableId, version: u32) -> Result<Option<StoredTable>, Error> {
        Ok(self.table(id, version))
    }

    async fn find(&self, name: &TableName) -> Result<Option<TableId>, Error> {
        let number = name.namespace.strip_prefix("tenant_");
        let id = number.and_then(|number| number.parse().ok()).map(TableId);
        Ok(id.filter(|id| id.0 <= self.tables))
    }

    async fn list(&self) -> Result<Vec<StoredTable>, Error> {
        Err(Error::Other(
            "the registry does not call this method".into(),
        ))
    }

    async fn list_versions(&self) -> Result<Vec<StoredTable>, Error> {
        Err(Error::Other(
            "the registry does not call this method".into(),
        ))
    }

    async fn count(&self) -> Result<usize, Error> {
        Err(Error::Other(
            "the registry does not call this method".into(),
        ))
    }

    async fn commit(&self, _: Vec<TableChange>) -> Result<Vec<StoredTable>, Error> {
        Err(Error::Other("the store is read-only".into()))
    }

    async fn history(&self, _: TableId) -> Result<Vec<StoredTable>, Error> {
        Err(Error::Other("the store is read-only".into()))
    }

    async fn changes_since(&self, _: Sequence) -> Result<Vec<DefinitionChange>, Error> {
        Ok(Vec::new())
    }

    async fn last_sequence(&self) -> Result<Sequence, Error> {
        Ok(Sequence(self.tables))
    }

    async fn refresh(&self) -> Result<Sequence, Error> {
        self.last_sequence().await
    }
}
