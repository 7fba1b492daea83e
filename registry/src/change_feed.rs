// SPDX-License-Identifier: Apache-2.0

//! The changes of the store, which the registry applies in their order.

use std::sync::Arc;

use kalamtable_model::TableName;
use kalamtable_store::{ChangeKind, DefinitionChange, Error as StoreError, Sequence};

use crate::error::Error;
use crate::inner::RegistryInner;
use crate::slots::CachedTable;
use crate::sync::lock;

impl RegistryInner {
    /// Advances the cursor over a change that this process has made and applied. If earlier changes
    /// were not applied yet, applies them too.
    pub(crate) async fn advance_cursor(&self, sequence: Sequence) {
        {
            let mut cursor = lock(&self.cursor);
            if sequence.0 == cursor.0 + 1 {
                *cursor = sequence;
                return;
            }
            if sequence <= *cursor {
                return;
            }
        }
        // The change itself is applied. The next call of `refresh` reports the error if it
        // persists.
        let _ = self.follow().await;
    }

    /// Applies the changes that the store has recorded and this registry has not applied yet.
    /// Returns the number of the last applied change.
    ///
    /// If a change is missing, clears the cache, applies no further change, and fails.
    pub(crate) async fn follow(&self) -> Result<Sequence, Error> {
        let applied = *lock(&self.cursor);
        let changes = match self.store.changes_since(applied).await {
            Ok(changes) => changes,
            Err(StoreError::ChangesForgotten { .. }) => {
                // The number is read before the cache is cleared, so that later loads include the
                // change.
                let last = self.store.last_sequence().await?;
                self.slots.clear();
                let mut cursor = lock(&self.cursor);
                *cursor = last.max(*cursor);
                return Ok(*cursor);
            }
            Err(error) => {
                if let StoreError::UnknownSequence { .. } = error {
                    // The store is not the one whose changes were applied.
                    self.slots.clear();
                }
                return Err(error.into());
            }
        };
        let mut cursor = lock(&self.cursor);
        // The changes of a commit share a number.
        let commits = changes.chunk_by(|change, next| change.sequence == next.sequence);
        for commit in commits {
            let Some(sequence) = commit.first().map(|change| change.sequence) else {
                continue;
            };
            if sequence <= *cursor {
                continue;
            }
            if sequence.0 != cursor.0 + 1 {
                self.slots.clear();
                return Err(Error::MissingChanges {
                    last: *cursor,
                    found: sequence,
                });
            }
            for change in commit {
                self.apply(change);
            }
            *cursor = sequence;
        }
        Ok(*cursor)
    }

    fn apply(&self, change: &DefinitionChange) {
        let names: Vec<&TableName> = change
            .name_before
            .iter()
            .chain(&change.name_after)
            .collect();
        // A load may have published this version, or a later one, already. It stays published, but
        // the schema change is counted, and the epoch advances.
        let published = match change.kind {
            ChangeKind::Replaced { version } => self.slots.with_table(change.table, |cached| {
                let snapshot = cached.and_then(CachedTable::snapshot)?;
                (snapshot.version() >= version).then(|| Arc::clone(snapshot))
            }),
            ChangeKind::Created | ChangeKind::Dropped => None,
        };
        self.slots
            .apply_change(change.table, published.as_ref(), &names);
    }
}
