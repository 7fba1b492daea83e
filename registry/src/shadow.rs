// SPDX-License-Identifier: Apache-2.0

//! Shadow mode: lookups that are verified against the store, and schemas that are derived again and
//! compared.

use std::sync::Arc;

use kalamtable_store::TableId;

use crate::error::Error;
use crate::inner::RegistryInner;
use crate::layout::with_system_columns;
use crate::snapshot::TableSnapshot;
use crate::sync::lock;

impl RegistryInner {
    /// Returns the current version of a table, and verifies it if the registry is in shadow mode.
    pub(crate) async fn get_verified(
        &self,
        id: TableId,
    ) -> Result<Option<Arc<TableSnapshot>>, Error> {
        if self.is_shadowed {
            self.get_shadowed(id).await
        } else {
            self.get(id).await
        }
    }

    async fn get_shadowed(&self, id: TableId) -> Result<Option<Arc<TableSnapshot>>, Error> {
        // The lookup must include the changes that were applied before it began. It may miss a
        // change that is committed and not applied yet.
        let applied = *lock(&self.cursor);
        let last = self.store.last_sequence().await?;
        let stored = self.store.get(id).await?;

        let borrowed = self.with_snapshot(id, |borrowed| borrowed.snapshot.version());
        let found = self.get(id).await?;

        let cached = found.as_ref().map_or(0, |snapshot| snapshot.version());
        let stale = |version| Error::Stale {
            id,
            cached,
            stored: version,
        };
        match (&stored, &found) {
            (Some(stored), Some(_)) if stored.sequence <= applied => {
                let is_borrowed_stale =
                    matches!(borrowed, Some(Some(version)) if version < stored.version());
                if cached < stored.version() || is_borrowed_stale {
                    return Err(stale(stored.version()));
                }
            }
            // The store is read again, because the table may have been dropped after the first
            // read.
            (Some(stored), None)
                if stored.sequence <= applied && self.store.get(id).await?.is_some() =>
            {
                return Err(stale(stored.version()));
            }
            (None, Some(_)) if last <= applied && self.store.get(id).await?.is_none() => {
                return Err(stale(0));
            }
            _ => {}
        }
        if let Some(snapshot) = &found {
            self.check_derived(snapshot).await?;
        }
        Ok(found)
    }

    /// Fails unless a snapshot and its schemas match the definition that the store has for its
    /// version.
    async fn check_derived(&self, snapshot: &TableSnapshot) -> Result<(), Error> {
        let (id, version) = (snapshot.id(), snapshot.version());
        let mismatch = |artefact| Error::ArtefactMismatch {
            id,
            version,
            artefact,
        };
        let Some(stored) = self.store.get_version(id, version).await? else {
            return Err(mismatch("definition"));
        };
        // The texts are compared, because a default of NaN is not equal to itself.
        if stored.definition.to_toml() != snapshot.definition().to_toml() {
            return Err(mismatch("definition"));
        }
        let schema = stored.definition.query_schema();
        if **snapshot.schema() != schema {
            return Err(mismatch("schema"));
        }
        let expected = with_system_columns(&schema, stored.definition.kind());
        if *snapshot.schema_with_system_columns() != expected {
            return Err(mismatch("schema with the system columns"));
        }
        Ok(())
    }
}
