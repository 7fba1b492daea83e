// SPDX-License-Identifier: Apache-2.0

//! Methods of [`SchemaRegistry`] that change tables, and that make changes of other processes
//! visible.

use std::num::NonZeroU32;
use std::sync::Arc;

use kalamtable_model::{HistorySummary, TableDefinition, TableName, check_evolution};
use kalamtable_store::{Error as StoreError, Sequence, TableId};
use once_cell::sync::OnceCell;

use crate::error::Error;
use crate::inner::RegistryInner;
use crate::name::NameRef;
use crate::registry::SchemaRegistry;
use crate::snapshot::TableSnapshot;
use crate::sync::bookkeeping::{Mutex, lock};

/// Changes of this process.
///
/// Each method writes the change to the store, applies it to the cache, and returns. Lookups that
/// begin later see the change. If the returned future is dropped before it is complete, the change
/// may or may not have been made; lookups see what the store has.
impl SchemaRegistry {
    /// Creates a table, and returns its version 1. The version number in `definition` is ignored.
    ///
    /// # Errors
    /// Fails with [`Error::Name`] if the name is that of a system table or a metadata table, which
    /// queries would find in place of this one.
    ///
    /// Fails with [`Error::Store`] if another table has the name
    /// ([`NameTaken`](kalamtable_store::Error::NameTaken)), or if the store cannot be read or
    /// written.
    pub async fn create(&self, definition: TableDefinition) -> Result<Arc<TableSnapshot>, Error> {
        definition.name().check_not_provided()?;
        let names = vec![definition.name().clone()];
        let mut change = PendingChange::begin(&self.inner, None, names);
        let created = self.store().create(definition).await;
        let created = change.check(created).await?;
        let snapshot = self.inner.snapshot(&created);
        change
            .apply(created.id, Some(&snapshot), created.sequence)
            .await;
        Ok(snapshot)
    }

    /// Replaces the definition of a table, and returns the version after `current`. If the
    /// definition has another name, the table is renamed. The version number in `definition` is
    /// ignored.
    ///
    /// The definition has to be compatible with all earlier versions: rows that were written under
    /// any of them must be readable under it, with the same meaning.
    ///
    /// # Errors
    /// Fails with [`Error::Refused`] if the definition is incompatible with an earlier version.
    ///
    /// Fails with [`Error::Name`] if the table is renamed to the name of a system table or a
    /// metadata table.
    ///
    /// Fails with [`Error::Store`] if `current` is not the current version
    /// ([`Conflict`](kalamtable_store::Error::Conflict)), if the table was dropped
    /// ([`NoSuchTable`](kalamtable_store::Error::NoSuchTable)), if another table has the name
    /// ([`NameTaken`](kalamtable_store::Error::NameTaken)), or if the store cannot be read or
    /// written. After a conflict, look the table up again and retry.
    ///
    /// The table is unchanged, unless the store could not confirm the write
    /// ([`InDoubt`](kalamtable_store::Error::InDoubt)).
    pub async fn alter(
        &self,
        current: &TableSnapshot,
        definition: TableDefinition,
    ) -> Result<Arc<TableSnapshot>, Error> {
        let (id, version) = (current.id(), current.version());
        if definition.name() != current.name() {
            definition.name().check_not_provided()?;
        }
        let history = self.check_evolution(current, &definition).await?;
        let names = vec![current.name().clone(), definition.name().clone()];
        let mut change = PendingChange::begin(&self.inner, Some(id), names);
        let replaced = self.store().replace(id, version, definition).await;
        let replaced = change.check(replaced).await?;
        let snapshot = self.inner.snapshot(&replaced);
        history.extend(current, &snapshot);
        change.apply(id, Some(&snapshot), replaced.sequence).await;
        Ok(snapshot)
    }

    /// Renames a table, and returns the version after `current`. The id and the stored rows of the
    /// table are unchanged.
    ///
    /// # Errors
    /// Fails with [`Error::Name`] if the name is invalid, and under the conditions of
    /// [`alter`](Self::alter).
    pub async fn rename(
        &self,
        current: &TableSnapshot,
        name: TableName,
    ) -> Result<Arc<TableSnapshot>, Error> {
        let renamed = current.definition().clone().renamed(name)?;
        self.alter(current, renamed).await
    }

    /// Drops a table. Its name can be used again immediately. Its id is never used again, and
    /// [`get_version`](Self::get_version) continues to return its versions.
    ///
    /// # Errors
    /// Fails with [`Error::Store`] if `current` is not the current version, if the table was
    /// dropped already, or if the store cannot be read or written.
    pub async fn drop_table(&self, current: &TableSnapshot) -> Result<(), Error> {
        let id = current.id();
        let names = vec![current.name().clone()];
        let mut change = PendingChange::begin(&self.inner, Some(id), names);
        let dropped = self.store().drop_table(id, current.version()).await;
        let sequence = change.check(dropped).await?;
        change.apply(id, None, sequence).await;
        Ok(())
    }

    /// Fails unless a definition is compatible with all versions of the table. Returns the summary
    /// of these versions.
    ///
    /// The history is read only if the summary of the current version is not cached, or to report
    /// the problems of an incompatible definition.
    async fn check_evolution(
        &self,
        current: &TableSnapshot,
        definition: &TableDefinition,
    ) -> Result<CachedHistory, Error> {
        if let Some(history) = CachedHistory::of(current)
            && history.accepts(current, definition)
        {
            return Ok(history);
        }
        let stored = self.store().history(current.id()).await?;
        let versions: Vec<&TableDefinition> = stored.iter().map(|at| &*at.definition).collect();
        if versions.last().map(|last| last.version()) == Some(current.version()) {
            let version = NonZeroU32::MIN.saturating_add(current.version());
            let next = definition.clone().with_version(version);
            check_evolution(&versions, &next).map_err(|problems| Error::Refused {
                table: definition.name().clone(),
                problems,
            })?;
        }
        // If the current version has changed, the store rejects the change, with an error that
        // names it.
        Ok(CachedHistory::new(HistorySummary::of(versions)))
    }
}

/// The summary of all versions of a table. It is cached with the current version, and passed on to
/// the next one, so that its cost is not proportional to the number of versions.
#[derive(Clone)]
struct CachedHistory(Arc<Mutex<HistorySummary>>);

impl CachedHistory {
    fn new(summary: HistorySummary) -> Self {
        CachedHistory(Arc::new(Mutex::new(summary)))
    }

    /// Returns the summary that is cached with a version.
    fn of(snapshot: &TableSnapshot) -> Option<Self> {
        let cached = snapshot.extension(OnceCell::<CachedHistory>::new);
        cached.get().cloned()
    }

    /// Returns whether a definition can follow `current`. If the result is `false`, the definition
    /// may still be valid: the last version of this summary may not be `current`, or an earlier
    /// version that another program has written may break a rule.
    fn accepts(&self, current: &TableSnapshot, next: &TableDefinition) -> bool {
        let summary = lock(&self.0);
        summary.version() == Some(current.version()) && summary.accepts(next)
    }

    /// Adds the version that has replaced `current`, and caches this summary with it.
    fn extend(&self, current: &TableSnapshot, next: &TableSnapshot) {
        let mut summary = lock(&self.0);
        // The summary of an outdated version may contain later versions already.
        if summary.version() != Some(current.version()) {
            return;
        }
        summary.add(next.definition());
        let bytes = summary.bytes();
        drop(summary);
        let cached = next.extension(OnceCell::<CachedHistory>::new);
        if cached.set(self.clone()).is_ok() {
            next.charge(bytes);
        }
    }
}

/// Changes of other processes, and invalidation.
impl SchemaRegistry {
    /// Applies the changes that other processes have made in the store. Returns the number of the
    /// last change that was applied.
    ///
    /// Call this method periodically, and when another process announces a change. The interval
    /// between calls limits the time after which lookups see the changes of other processes. If the
    /// store no longer has all changes since the previous call, the cache is cleared.
    ///
    /// # Errors
    /// Fails with [`Error::Store`] if the store cannot be read, or with [`Error::MissingChanges`]
    /// if the changes of the store are not numbered consecutively. The cache is cleared after
    /// [`Error::MissingChanges`] and after
    /// [`UnknownSequence`](kalamtable_store::Error::UnknownSequence), and is unchanged after any
    /// other error.
    pub async fn refresh(&self) -> Result<Sequence, Error> {
        self.store().refresh().await?;
        self.inner.follow().await
    }

    /// Invalidates the cached table with this id. A lookup that begins after the call loads the
    /// table again. The store is unchanged.
    pub fn invalidate(&self, id: TableId) {
        self.inner.slots.apply_change(id, None, &[]);
    }

    /// Invalidates the cached result of lookups by a name: a table, or the absence of one. A lookup
    /// by this name that begins after the call reads the store again.
    pub fn invalidate_name<'a>(&self, name: impl Into<NameRef<'a>>) {
        self.inner.slots.invalidate_name(name.into());
    }

    /// Invalidates all cached tables, names and versions. A lookup that begins after the call loads
    /// its table from the store.
    pub fn clear(&self) {
        self.inner.slots.clear();
    }
}

/// A change that this process is making.
///
/// Between the write to the store and its completion, it is unknown what the store has. If this
/// value is dropped in that time, because the caller was cancelled or the store has failed, it
/// invalidates the table and the names, so that lookups load them again.
struct PendingChange<'a> {
    registry: &'a RegistryInner,
    /// `None` for a table that is created.
    id: Option<TableId>,
    names: Vec<TableName>,
    /// Whether the change was applied, or is known not to have been made.
    is_settled: bool,
}

impl<'a> PendingChange<'a> {
    fn begin(registry: &'a RegistryInner, id: Option<TableId>, names: Vec<TableName>) -> Self {
        PendingChange {
            registry,
            id,
            names,
            is_settled: false,
        }
    }

    /// Returns the result of the store. If it is an error, the change is complete.
    async fn check<T>(&mut self, result: Result<T, StoreError>) -> Result<T, Error> {
        let error = match result {
            Ok(result) => return Ok(result),
            Err(error) => error,
        };
        self.is_settled = is_unchanged_after(&error);
        let is_overtaken = matches!(
            error,
            StoreError::Conflict { .. }
                | StoreError::NoSuchTable { .. }
                | StoreError::NameTaken { .. }
        );
        if is_overtaken {
            // Another process was faster. A lookup that follows should find its change. If it
            // cannot be applied, the next call of `refresh` reports the error.
            let _ = self.registry.follow().await;
        }
        Err(error.into())
    }

    /// Applies the committed change. `changed` is `None` if the table was dropped.
    async fn apply(
        mut self,
        id: TableId,
        changed: Option<&Arc<TableSnapshot>>,
        sequence: Sequence,
    ) {
        let names: Vec<&TableName> = self.names.iter().collect();
        self.registry.slots.apply_change(id, changed, &names);
        self.is_settled = true;
        self.registry.advance_cursor(sequence).await;
    }
}

impl Drop for PendingChange<'_> {
    fn drop(&mut self) {
        if self.is_settled {
            return;
        }
        // The id of a table that may have been created is unknown, but its absence was never
        // cached.
        if let Some(id) = self.id {
            self.registry.slots.apply_change(id, None, &[]);
        }
        for name in &self.names {
            self.registry.slots.invalidate_name(name.into());
        }
    }
}

/// Returns whether an error of a write to the store implies that the store is unchanged.
fn is_unchanged_after(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::NameTaken { .. }
            | StoreError::NoSuchTable { .. }
            | StoreError::Conflict { .. }
            | StoreError::NoMoreVersions { .. }
            | StoreError::NotStorable { .. }
            | StoreError::TooLarge { .. }
            | StoreError::ObjectStore { .. }
    )
}
