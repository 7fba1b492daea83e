// SPDX-License-Identifier: Apache-2.0

//! [`reconcile`]: brings the stored definitions of compiled tables up to date when a server starts.

use std::collections::HashSet;
use std::num::NonZeroU32;

use kalamtable_model::{TableDefinition, TableName, check_evolution};
use kalamtable_store::{DefinitionStore, Error as StoreError, StoredTable, TableChange, TableId};

use crate::error::Error;
use crate::refused::RefusedTable;

/// A table that is compiled into a server.
#[derive(Clone, Debug)]
pub struct CompiledTable<'a> {
    /// The definition. Its version is ignored: the store assigns versions.
    pub definition: &'a TableDefinition,
    /// The earlier name of the table, if it was renamed. Ignored if the store has a table with the
    /// current name, or none with the earlier name.
    pub renamed_from: Option<TableName>,
}

impl<'a> From<&'a TableDefinition> for CompiledTable<'a> {
    fn from(definition: &'a TableDefinition) -> Self {
        CompiledTable {
            definition,
            renamed_from: None,
        }
    }
}

/// The result of [`reconcile`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reconciled {
    /// The tables that this call has created, in the order of the compiled tables.
    pub created: Vec<StoredTable>,
    /// The tables that this call has upgraded, at their next version, in the order of the compiled
    /// tables.
    pub upgraded: Vec<StoredTable>,
    /// The number of tables whose stored definition is equal to the compiled one.
    pub unchanged: usize,
}

/// The number of times that other servers may change the tables between a read of the store and the
/// commit. Each time, another server has made progress.
const MAX_CONFLICTS: usize = 1000;

/// Compares the tables that are compiled into a server with those in `store`, and brings the store
/// up to date: creates the tables that do not exist, and replaces the definitions that differ, by
/// the rules of [`check_evolution`].
///
/// The call is atomic. If a table is refused, nothing is written for any table. If several servers
/// start together, one of them writes the changes, and the others find their tables unchanged.
/// Stored tables that are not compiled into the server are not affected.
///
/// Call it before a [`SchemaRegistry`](crate::SchemaRegistry) is opened over the store, or call
/// [`refresh`](crate::SchemaRegistry::refresh) afterwards.
///
/// # Errors
/// - [`Error::NotReconciled`] with all tables that are refused.
/// - [`Error::Store`] if the store cannot be read or written.
///
/// ```
/// use kalamtable_model::{SourceFile, Sources, TableDefinition, parse_and_check};
/// use kalamtable_registry::{Error, reconcile};
/// use kalamtable_store::MemoryStore;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # pollster::block_on(async {
/// # fn table(columns: &str) -> TableDefinition {
/// #     let toml = format!("name = 'app.notes'\nprimary_key = ['id']\n[columns]\n{columns}");
/// #     let mut sources = Sources::new();
/// #     let file = sources.push(SourceFile::new("notes.toml", toml));
/// #     parse_and_check(&sources, file).expect("a valid definition").definition
/// # }
/// let store = MemoryStore::new();
/// // In a server, the definitions are the generated constants `DEFINITION`.
/// let first = table("id = { id = 1, type = 'int' }");
/// let wider = table("id = { id = 1, type = 'bigint' }");
///
/// assert_eq!(reconcile([&first], &store).await?.created.len(), 1);
/// assert_eq!(reconcile([&first], &store).await?.unchanged, 1);
/// assert_eq!(reconcile([&wider], &store).await?.upgraded[0].version(), 2);
///
/// // A server of the previous release would read wrong types.
/// let error = reconcile([&first], &store).await.unwrap_err();
/// assert!(error.to_string().contains("has version 2 in the store"));
/// # Ok(())
/// # })
/// # }
/// ```
pub async fn reconcile<'a>(
    compiled: impl IntoIterator<Item = impl Into<CompiledTable<'a>>>,
    store: &dyn DefinitionStore,
) -> Result<Reconciled, Error> {
    let compiled: Vec<CompiledTable<'a>> = compiled.into_iter().map(Into::into).collect();
    store.refresh().await?;
    let mut conflicts = 0;
    loop {
        let plan = StartupPlan::new(&compiled, store).await?;
        let created = plan.created;
        let committed = match store.commit(plan.changes).await {
            Ok(committed) => committed,
            Err(error) if is_conflict(&error) && conflicts < MAX_CONFLICTS => {
                conflicts += 1;
                store.refresh().await?;
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let mut reconciled = Reconciled {
            unchanged: compiled.len() - committed.len(),
            ..Reconciled::default()
        };
        for table in committed {
            if created.contains(table.definition.name()) {
                reconciled.created.push(table);
            } else {
                reconciled.upgraded.push(table);
            }
        }
        return Ok(reconciled);
    }
}

/// Returns whether another server has changed a table since it was read.
fn is_conflict(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::Conflict { .. } | StoreError::NameTaken { .. } | StoreError::NoSuchTable { .. }
    )
}

/// The changes that bring a store up to date.
#[derive(Default)]
struct StartupPlan {
    changes: Vec<TableChange>,
    /// The names of the tables that are created.
    created: HashSet<TableName>,
}

impl StartupPlan {
    /// Compares the compiled tables with the current state of the store.
    async fn new(
        compiled: &[CompiledTable<'_>],
        store: &dyn DefinitionStore,
    ) -> Result<Self, Error> {
        let mut plan = StartupPlan::default();
        let mut refused = Vec::new();
        let (mut names, mut ids) = (HashSet::new(), HashSet::new());
        for table in compiled {
            let definition = table.definition;
            let name = definition.name();
            let id = stored_id(table, store).await?;
            let is_first_of_id = id.is_none_or(|id| ids.insert(id));
            if !names.insert(name) || !is_first_of_id {
                let table = name.clone();
                refused.push(RefusedTable::Duplicate { table });
                continue;
            }
            let Some(id) = id else {
                plan.created.insert(name.clone());
                plan.changes.push(TableChange::Create {
                    definition: definition.clone(),
                });
                continue;
            };
            let history = store.history(id).await?;
            match upgrade(definition, id, &history) {
                Ok(change) => plan.changes.extend(change),
                Err(reason) => refused.push(reason),
            }
        }
        if !refused.is_empty() {
            return Err(Error::NotReconciled { refused });
        }
        Ok(plan)
    }
}

/// Returns the id of the stored table that `table` describes, or `None` if it does not exist.
async fn stored_id(
    table: &CompiledTable<'_>,
    store: &dyn DefinitionStore,
) -> Result<Option<TableId>, Error> {
    let found = store.find(table.definition.name()).await?;
    match (&table.renamed_from, found) {
        (Some(earlier), None) => Ok(store.find(earlier).await?),
        _ => Ok(found),
    }
}

/// Returns the change from the last version of `history` to `definition`, or `None` if they are
/// equal.
fn upgrade(
    definition: &TableDefinition,
    id: TableId,
    history: &[StoredTable],
) -> Result<Option<TableChange>, RefusedTable> {
    let versions = history.iter().map(StoredTable::version);
    let current = versions.max().unwrap_or_default();
    let next = definition
        .clone()
        .with_version(NonZeroU32::MIN.saturating_add(current));
    // Compares the texts, because a definition with a default of NaN is not equal to itself.
    let is_equal = |stored: &&StoredTable| {
        let version = NonZeroU32::new(stored.version()).unwrap_or(NonZeroU32::MIN);
        definition.clone().with_version(version).to_toml() == stored.definition.to_toml()
    };
    match history.iter().rev().find(is_equal) {
        Some(equal) if equal.version() == current => return Ok(None),
        Some(equal) => {
            return Err(RefusedTable::Superseded {
                table: definition.name().clone(),
                compiled: equal.version(),
                stored: current,
            });
        }
        None => {}
    }
    let history: Vec<&TableDefinition> = history.iter().map(|stored| &*stored.definition).collect();
    if let Err(problems) = check_evolution(&history, &next) {
        return Err(RefusedTable::Incompatible {
            table: definition.name().clone(),
            problems,
        });
    }
    Ok(Some(TableChange::Replace {
        id,
        expected_version: current,
        definition: definition.clone(),
    }))
}
