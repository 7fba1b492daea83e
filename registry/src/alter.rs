// SPDX-License-Identifier: Apache-2.0

//! How tables change: through the registry, in the store by others, and by the word of whoever knows
//! better.

use std::num::NonZeroU32;
use std::sync::{Arc, PoisonError};

use kalamtable_model::{TableDefinition, TableName, check_evolution};
use kalamtable_store::{ChangeKind, DefinitionChange, Error as StoreError, Sequence, TableId};

use crate::error::Error;
use crate::name::NameRef;
use crate::registry::{SchemaRegistry, Shared};
use crate::snapshot::TableSnapshot;

// ---- by this process ----

impl SchemaRegistry {
    /// Makes a table, at version 1.
    ///
    /// # Errors
    /// If another table has the name; if the store cannot be read or written.
    pub async fn create(&self, definition: TableDefinition) -> Result<Arc<TableSnapshot>, Error> {
        let names = vec![definition.name().clone()];
        let mut change = self.shared.begin(None, names);
        let created = change.judge(self.store().create(definition).await).await?;
        let snapshot = self.shared.snapshot(&created);
        change
            .end(created.id, Some(&snapshot), created.sequence)
            .await;
        Ok(snapshot)
    }

    /// Gives a table another definition, as the version after `current`. Another name renames the table.
    /// Once this has returned, nobody who asks later sees an older version.
    ///
    /// The definition is judged: rows that were written under any version so far must be readable under it,
    /// unchanged in meaning.
    ///
    /// # Errors
    /// [`Error::Refused`] with every reason; if the table is not at the version of `current`, or if another
    /// table has the name; each of these changes nothing. If the store cannot be read or written.
    pub async fn alter(
        &self,
        current: &TableSnapshot,
        definition: TableDefinition,
    ) -> Result<Arc<TableSnapshot>, Error> {
        let (id, version) = (current.id(), current.version());
        self.judge(current, &definition).await?;
        let names = vec![current.name().clone(), definition.name().clone()];
        let mut change = self.shared.begin(Some(id), names);
        let replaced = self.store().replace(id, version, definition).await;
        let replaced = change.judge(replaced).await?;
        let snapshot = self.shared.snapshot(&replaced);
        change.end(id, Some(&snapshot), replaced.sequence).await;
        Ok(snapshot)
    }

    /// Gives a table another name, as the version after `current`. Its id and its data stay.
    ///
    /// # Errors
    /// As [`alter`](Self::alter); [`Error::Name`] if no table may have the name.
    pub async fn rename(
        &self,
        current: &TableSnapshot,
        name: TableName,
    ) -> Result<Arc<TableSnapshot>, Error> {
        let renamed = current.definition().clone().renamed(name)?;
        self.alter(current, renamed).await
    }

    /// Drops a table that is at the version of `current`. Its name is free at once; its id is never used
    /// again, and its versions stay readable by number.
    ///
    /// # Errors
    /// If the table is not at that version, and then nothing changed; if the store cannot be read or
    /// written.
    pub async fn drop_table(&self, current: &TableSnapshot) -> Result<(), Error> {
        let id = current.id();
        let mut change = self.shared.begin(Some(id), vec![current.name().clone()]);
        let dropped = self.store().drop_table(id, current.version()).await;
        let sequence = change.judge(dropped).await?;
        change.end(id, None, sequence).await;
        Ok(())
    }

    /// Whether a definition may follow all versions so far.
    async fn judge(
        &self,
        current: &TableSnapshot,
        definition: &TableDefinition,
    ) -> Result<(), Error> {
        let history = self.store().history(current.id()).await?;
        if history.last().map(|last| last.version()) != Some(current.version()) {
            // The store refuses the change, and says what it has.
            return Ok(());
        }
        let next = NonZeroU32::MIN.saturating_add(current.version());
        let next = definition.clone().with_version(next);
        let history: Vec<&TableDefinition> = history.iter().map(|at| &*at.definition).collect();
        check_evolution(&history, &next).map_err(|problems| Error::Refused {
            table: definition.name().clone(),
            problems,
        })
    }

    // ---- by others ----

    /// Sees what other processes changed in the store, and makes it visible here. Returns the number of the
    /// last change.
    ///
    /// A server calls it at the interval by which it may be late, and whenever it hears that something has
    /// changed.
    ///
    /// # Errors
    /// If the store cannot be read; [`Error::MissingChanges`].
    pub async fn refresh(&self) -> Result<Sequence, Error> {
        self.store().refresh().await?;
        self.shared.follow().await
    }

    /// Forgets what a table is. Once this has returned, nobody who asks later is answered with what was read
    /// before.
    pub fn invalidate(&self, id: TableId) {
        self.shared.slots.alter(id, None, &[]);
    }

    /// Forgets which table has a name, as [`invalidate`](Self::invalidate) does.
    pub fn invalidate_name<'a>(&self, name: impl Into<NameRef<'a>>) {
        self.shared.slots.alter_name(name.into());
    }

    /// Forgets everything, as [`invalidate`](Self::invalidate) does.
    pub fn clear(&self) {
        self.shared.slots.clear();
    }
}

/// A change that this process makes. From before its commit until it is visible it is unsure what the store
/// has: if this is dropped in between, because the caller was cancelled or the store failed, what it
/// concerns is read again.
struct Unsure<'a> {
    shared: &'a Shared,
    /// None for a table that is made.
    id: Option<TableId>,
    names: Vec<TableName>,
    is_sure: bool,
}

impl Shared {
    fn begin(&self, id: Option<TableId>, names: Vec<TableName>) -> Unsure<'_> {
        Unsure {
            shared: self,
            id,
            names,
            is_sure: false,
        }
    }
}

impl Unsure<'_> {
    /// What the store has answered; if that is an error, nothing more is to be done.
    async fn judge<T>(&mut self, answer: Result<T, StoreError>) -> Result<T, Error> {
        let error = match answer {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        self.is_sure = changed_nothing(&error);
        let is_behind = matches!(
            error,
            StoreError::Conflict { .. }
                | StoreError::NoSuchTable { .. }
                | StoreError::NameTaken { .. }
        );
        if is_behind {
            // Another process was faster: who reads the table again is to find what it did. What keeps that
            // from being seen here, the next refresh meets too.
            let _ = self.shared.follow().await;
        }
        Err(error.into())
    }

    /// Makes a committed change visible.
    async fn end(mut self, id: TableId, altered: Option<&Arc<TableSnapshot>>, sequence: Sequence) {
        let names: Vec<&TableName> = self.names.iter().collect();
        self.shared.slots.alter(id, altered, &names);
        self.is_sure = true;
        self.shared.arrive(sequence).await;
    }
}

impl Drop for Unsure<'_> {
    fn drop(&mut self) {
        if self.is_sure {
            return;
        }
        // Of a table that was perhaps made nobody knows the id; that it is of no table is not remembered.
        if let Some(id) = self.id {
            self.shared.slots.alter(id, None, &[]);
        }
        for name in &self.names {
            self.shared.slots.alter_name(name.into());
        }
    }
}

/// Whether an error of a store that was asked for a change says that it has made none.
fn changed_nothing(error: &StoreError) -> bool {
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

// ---- the order of changes ----

impl Shared {
    /// Takes notice that a change was made visible. If there are others before it, those of other processes
    /// or of other threads, they are made visible too.
    async fn arrive(&self, sequence: Sequence) {
        {
            let mut cursor = self.cursor.lock().unwrap_or_else(PoisonError::into_inner);
            if sequence.0 == cursor.0 + 1 {
                *cursor = sequence;
                return;
            }
            if sequence <= *cursor {
                return;
            }
        }
        // The change itself is visible. What keeps the others from it, the next refresh meets too.
        let _ = self.follow().await;
    }

    /// Makes visible what the store has and this registry has not seen. A gap stops it.
    pub(crate) async fn follow(&self) -> Result<Sequence, Error> {
        let seen = *self.cursor.lock().unwrap_or_else(PoisonError::into_inner);
        let changes = match self.store.changes_since(seen).await {
            Ok(changes) => changes,
            Err(StoreError::ChangesForgotten { .. }) => {
                // Read before everything is forgotten: what is loaded afterwards is as new.
                let last = self.store.last_sequence().await?;
                self.slots.clear();
                let mut cursor = self.cursor.lock().unwrap_or_else(PoisonError::into_inner);
                *cursor = last.max(*cursor);
                return Ok(*cursor);
            }
            Err(error) => {
                if let StoreError::UnknownSequence { .. } = error {
                    // It is another store than the one that was read.
                    self.slots.clear();
                }
                return Err(error.into());
            }
        };
        let mut cursor = self.cursor.lock().unwrap_or_else(PoisonError::into_inner);
        for change in &changes {
            if change.sequence <= *cursor {
                continue;
            }
            if change.sequence.0 != cursor.0 + 1 {
                self.slots.clear();
                return Err(Error::MissingChanges {
                    last: *cursor,
                    found: change.sequence,
                });
            }
            self.see(change);
            *cursor = change.sequence;
        }
        Ok(*cursor)
    }

    fn see(&self, change: &DefinitionChange) {
        let names: Vec<&TableName> = change
            .name_before
            .iter()
            .chain(&change.name_after)
            .collect();
        // A load may have been ahead: what it has published stays, but the alteration begins here.
        let present = match change.kind {
            ChangeKind::Replaced { version } => self.slots.with_table(change.table, |known| {
                let present = known.and_then(Option::as_ref);
                let present = present.filter(|present| present.version() >= version);
                present.map(Arc::clone)
            }),
            ChangeKind::Created | ChangeKind::Dropped => None,
        };
        self.slots.alter(change.table, present.as_ref(), &names);
    }
}
