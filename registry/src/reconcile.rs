// SPDX-License-Identifier: Apache-2.0

//! [`reconcile`]: brings the stored definitions of compiled tables up to date when a server starts.

use std::collections::{HashMap, HashSet};
use std::num::NonZeroU32;

use kalamtable_model::{CompiledTable, TableDefinition, TableName, check_evolution};
use kalamtable_store::{DefinitionStore, Error as StoreError, StoredTable, TableChange, TableId};

use crate::error::Error;
use crate::refused::RefusedTable;

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
/// A table that was renamed keeps its id and its rows: if the store has no table with its name, the
/// stored table with one of its earlier names is renamed. Build scripts generate the earlier names
/// in `COMPILED_TABLES`: those in the lock, and `renamed_from`. Without them, an empty table is
/// created. The versions of the compiled definitions are ignored, because the store assigns its
/// own.
///
/// The entries of a lock that accept a change have no effect here. If such a change makes stored
/// rows unreadable, the table is refused.
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
/// // A server passes all of its tables: `reconcile(&COMPILED_TABLES, &store)`.
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
        let committed = committed.into_iter();
        let mut committed: HashMap<TableName, StoredTable> = committed
            .map(|table| (table.definition.name().clone(), table))
            .collect();
        for table in &compiled {
            match committed.remove(table.definition.name()) {
                Some(table) if created.contains(table.definition.name()) => {
                    reconciled.created.push(table);
                }
                Some(table) => reconciled.upgraded.push(table),
                None => {}
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
        let mut created = HashSet::new();
        let mut changes = Vec::new();
        let mut refused = Vec::new();
        let (mut names, mut ids) = (HashSet::new(), HashSet::new());
        for (table, stored) in compiled.iter().zip(find_stored(compiled, store).await?) {
            let definition = table.definition;
            let name = definition.name();
            let is_first_of_id = stored.id.is_none_or(|id| ids.insert(id));
            if !names.insert(name) || !is_first_of_id {
                let table = name.clone();
                refused.push(RefusedTable::Duplicate { table });
                continue;
            }
            let Some(id) = stored.id else {
                created.insert(name.clone());
                let definition = definition.clone();
                changes.push((stored.step, TableChange::Create { definition }));
                continue;
            };
            let history = store.history(id).await?;
            match upgrade(definition, id, &history) {
                Ok(change) => changes.extend(change.map(|change| (stored.step, change))),
                Err(reason) => refused.push(reason),
            }
        }
        if !refused.is_empty() {
            return Err(Error::NotReconciled { refused });
        }
        changes.sort_by_key(|(step, _)| *step);
        Ok(StartupPlan {
            changes: changes.into_iter().map(|(_, change)| change).collect(),
            created,
        })
    }
}

/// The stored table of a compiled one.
struct StoredMatch {
    /// The id, or `None` if the table does not exist.
    id: Option<TableId>,
    /// The position of the change in the commit. A table can take a name only after the table that
    /// has it was renamed.
    step: usize,
}

/// The step of tables that keep their name or are created.
const LAST_STEP: usize = usize::MAX;

/// Returns the stored table of each compiled one: the table with its name, unless that table is
/// renamed, or else the table with the latest of its earlier names that the store has.
async fn find_stored(
    compiled: &[CompiledTable<'_>],
    store: &dyn DefinitionStore,
) -> Result<Vec<StoredMatch>, Error> {
    let mut matches = Vec::with_capacity(compiled.len());
    let mut unnamed = Vec::new();
    for (position, table) in compiled.iter().enumerate() {
        let id = store.find(table.definition.name()).await?;
        if id.is_none() {
            unnamed.push((position, table));
        }
        let step = LAST_STEP;
        matches.push(StoredMatch { id, step });
    }
    let mut renamed: HashSet<TableId> = HashSet::new();
    // Each step renames tables whose names are free, and frees the names for the next step.
    for step in 0.. {
        let mut renamed_here = HashSet::new();
        for (position, table) in &unnamed {
            let found = find_earlier(table, store, &renamed).await?;
            renamed_here.extend(found);
            if let Some(table) = matches.get_mut(*position) {
                let step = if found.is_some() { step } else { LAST_STEP };
                *table = StoredMatch { id: found, step };
            }
        }
        let tables = compiled.iter().enumerate().zip(&matches);
        let loses_name = tables.filter(|(_, stored)| {
            let id = stored.id.filter(|_| stored.step == LAST_STEP);
            id.is_some_and(|id| renamed_here.contains(&id))
        });
        unnamed = loses_name.map(|(table, _)| table).collect();
        renamed.extend(renamed_here);
        if unnamed.is_empty() {
            break;
        }
    }
    Ok(matches)
}

/// Returns the stored table with the latest earlier name of `table`, without the tables that
/// another compiled table continues.
async fn find_earlier(
    table: &CompiledTable<'_>,
    store: &dyn DefinitionStore,
    renamed: &HashSet<TableId>,
) -> Result<Option<TableId>, Error> {
    for name in table.earlier_names {
        let found = store.find(name).await?;
        if let Some(id) = found.filter(|id| !renamed.contains(id)) {
            return Ok(Some(id));
        }
    }
    Ok(None)
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
