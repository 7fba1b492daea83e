// SPDX-License-Identifier: Apache-2.0

//! The shadow mode: what is answered from memory, compared with what the store says and with what is
//! derived anew.

use std::sync::PoisonError;

use kalamtable_store::TableId;

use crate::error::Error;
use crate::registry::Shared;
use crate::shape::with_system_columns;
use crate::slots::Known;
use crate::snapshot::TableSnapshot;

impl Shared {
    pub(crate) async fn get_shadowed(&self, id: TableId) -> Result<Known, Error> {
        // What was visible before the look-up: a change that is committed and not yet visible may be missed.
        let visible = *self.cursor.lock().unwrap_or_else(PoisonError::into_inner);
        let last = self.store.last_sequence().await?;
        let stored = self.store.get(id).await?;

        let copied = self.lend(id, |lent| lent.snapshot.version());
        let found = self.get(id).await?;

        let cached = found.as_ref().map_or(0, |snapshot| snapshot.version());
        let stale = |version| Error::Stale {
            id,
            cached,
            stored: version,
        };
        match (&stored, &found) {
            (Some(stored), Some(_)) if stored.sequence <= visible => {
                let is_copy_old = matches!(copied, Some(Some(copy)) if copy < stored.version());
                if cached < stored.version() || is_copy_old {
                    return Err(stale(stored.version()));
                }
            }
            // Dropped meanwhile?
            (Some(stored), None)
                if stored.sequence <= visible && self.store.get(id).await?.is_some() =>
            {
                return Err(stale(stored.version()));
            }
            (None, Some(_)) if last <= visible && self.store.get(id).await?.is_none() => {
                return Err(stale(0));
            }
            _ => {}
        }
        if let Some(snapshot) = &found {
            self.check_derived(snapshot).await?;
        }
        Ok(found)
    }

    /// That a snapshot, and what was made of it, is what the store has under its version.
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
        // By their texts: a default that is not a number differs from itself.
        if stored.definition.to_toml() != snapshot.definition().to_toml() {
            return Err(mismatch("definition"));
        }
        let schema = stored.definition.arrow_schema();
        if **snapshot.schema() != schema {
            return Err(mismatch("schema"));
        }
        let system = with_system_columns(&schema, stored.definition.kind());
        if *snapshot.schema_with_system_columns() != system {
            return Err(mismatch("schema with the system columns"));
        }
        Ok(())
    }
}
