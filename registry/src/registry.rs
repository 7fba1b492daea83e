// SPDX-License-Identifier: Apache-2.0

//! [`SchemaRegistry`]: its construction and its lookups.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use arrow_schema::SchemaRef;
use kalamtable_store::{DefinitionStore, TableId};

use crate::clocks::Epoch;
use crate::error::Error;
use crate::handle::TableHandle;
use crate::inner::RegistryInner;
use crate::name::NameRef;
use crate::options::RegistryOptions;
use crate::slots::CachedTable;
use crate::snapshot::TableSnapshot;
use crate::sync::block_on;

/// An in-memory cache of the table definitions of a [`DefinitionStore`], and of the values derived
/// from them.
///
/// A clone refers to the same registry. The [crate documentation](crate) describes which lookup to
/// use, the costs, and the guarantees.
#[derive(Clone)]
pub struct SchemaRegistry {
    pub(crate) inner: Arc<RegistryInner>,
}

impl SchemaRegistry {
    /// Opens a registry over a store. No table is loaded until it is looked up.
    ///
    /// Open one registry per store and process, and clone it. A registry treats the changes that
    /// another registry has made as changes of another process, see [`refresh`](Self::refresh).
    ///
    /// # Errors
    /// Fails with [`Error::Store`] if the store cannot be read.
    pub async fn open(
        store: Arc<dyn DefinitionStore>,
        options: RegistryOptions,
    ) -> Result<Self, Error> {
        static NEXT_NUMBER: AtomicU32 = AtomicU32::new(1);
        // The cache is empty, so it cannot be older than the current last change.
        let cursor = store.last_sequence().await?;
        let number = NEXT_NUMBER.fetch_add(1, Ordering::Relaxed);
        let inner = RegistryInner::new(number, store, cursor, &options);
        Ok(SchemaRegistry { inner })
    }

    /// Returns the store that this registry caches. To change tables, call the methods of the
    /// registry: after a write to the store itself, lookups may return older versions until the
    /// next [`refresh`](Self::refresh).
    pub fn store(&self) -> &Arc<dyn DefinitionStore> {
        &self.inner.store
    }
}

/// Lookups that load a table if it is not cached.
impl SchemaRegistry {
    /// Returns the current version of the table with this name, or `None` if no table has the name.
    ///
    /// # Errors
    /// Fails with [`Error::Store`] if the table has to be loaded and the store cannot be read, or
    /// with [`Error::NameUnsettled`] if at every attempt to load the table, the name moves to
    /// another table.
    pub async fn find<'a>(
        &self,
        name: impl Into<NameRef<'a>>,
    ) -> Result<Option<Arc<TableSnapshot>>, Error> {
        self.inner.find(name.into()).await
    }

    /// Returns the current version of a table, or `None` if the table does not exist.
    ///
    /// # Errors
    /// Fails with [`Error::Store`] if the table has to be loaded and the store cannot be read. In
    /// shadow mode, also fails with [`Error::Stale`] or [`Error::ArtefactMismatch`].
    pub async fn get(&self, id: TableId) -> Result<Option<Arc<TableSnapshot>>, Error> {
        self.inner.get_verified(id).await
    }

    /// Returns the current version of a table like [`get`](Self::get), without an async runtime.
    ///
    /// If the table has to be loaded, the call blocks the thread until the load is complete. Do not
    /// call it on a thread that has to make progress for the load, such as the only thread of a
    /// runtime.
    ///
    /// # Errors
    /// Fails under the conditions of [`get`](Self::get).
    pub fn get_blocking(&self, id: TableId) -> Result<Option<Arc<TableSnapshot>>, Error> {
        if !self.inner.is_shadowed
            && let Some(cached) = self.inner.cached(id)
        {
            return Ok(cached);
        }
        block_on(self.get(id))
    }

    /// Returns the given version of a table, or `None` if the version does not exist. It can be
    /// older than the current version, and the table may have been dropped.
    ///
    /// Use this method to read data that was written under an older version.
    ///
    /// # Errors
    /// Fails with [`Error::Store`] if the version has to be loaded and the store cannot be read.
    pub async fn get_version(
        &self,
        id: TableId,
        version: u32,
    ) -> Result<Option<Arc<TableSnapshot>>, Error> {
        let current = self.inner.slots.with_table(id, |cached| {
            let current = cached.and_then(CachedTable::snapshot);
            current
                .filter(|current| current.version() == version)
                .map(Arc::clone)
        });
        match current {
            Some(current) => Ok(Some(current)),
            None => self.inner.load_version(id, version).await,
        }
    }

    /// Creates a handle for repeated lookups of a table. The table is not looked up until the
    /// handle is used, so this method does not check whether the table exists.
    pub fn handle(&self, id: TableId) -> TableHandle {
        TableHandle::new(Arc::clone(&self.inner), id)
    }
}

/// Lookups that do not load a table. They never wait for a load or a schema change.
///
/// A hit in the cache of the thread takes no lock, and writes no memory that other threads read. A
/// miss reads the map that all threads share, also without a lock, and may insert the table into
/// the cache of the thread.
impl SchemaRegistry {
    /// Calls `read` with the current version of the table with this name, and returns its result.
    /// Returns `None` if the table is not cached or does not exist.
    ///
    /// `read` may look up other tables.
    pub fn with_name<'a, R>(
        &self,
        name: impl Into<NameRef<'a>>,
        read: impl FnOnce(&TableSnapshot) -> R,
    ) -> Option<R> {
        self.inner
            .with_named_snapshot(name.into(), |borrowed| read(borrowed.snapshot))
            .flatten()
    }

    /// Calls `read` with the current version of a table, and returns its result. Returns `None` if
    /// the table is not cached or does not exist.
    ///
    /// `read` may look up other tables.
    pub fn with<R>(&self, id: TableId, read: impl FnOnce(&TableSnapshot) -> R) -> Option<R> {
        self.inner
            .with_snapshot(id, |borrowed| read(borrowed.snapshot))
            .flatten()
    }

    /// Returns the query schema of the current version of a table, or `None` if the table is not
    /// cached or does not exist.
    ///
    /// Each thread clones an `Arc` of its own, so threads that clone the schema of one table do not
    /// contend for its reference count.
    pub fn schema(&self, id: TableId) -> Option<SchemaRef> {
        self.inner
            .with_snapshot(id, |borrowed| Arc::clone(borrowed.schema))
            .flatten()
    }
}

/// Checks whether a table has changed.
impl SchemaRegistry {
    /// Returns whether a snapshot is the current version of its table.
    ///
    /// The check does not read the store. If the table was evicted, the result can be `false` for a
    /// snapshot that is still current. The result is never `true` after the registry has applied a
    /// later schema change of the table.
    ///
    /// The call costs one atomic load if nothing was published under the table's
    /// [clock](crate::RegistryOptions::clocks) since the snapshot was published.
    pub fn is_current(&self, snapshot: &TableSnapshot) -> bool {
        let slots = &self.inner.slots;
        let clock = slots.table_clock(snapshot.id());
        if Some(slots.read_clock(clock)) == snapshot.published() {
            return true;
        }
        self.inner
            .with_resident(snapshot.id(), |current| {
                current.version() == snapshot.version()
            })
            .unwrap_or(false)
    }

    /// Returns the current epoch of a table, with one atomic load. The table does not have to be
    /// cached, or to exist.
    ///
    /// An epoch is a cheap part of the key of a cache outside of the registry. Read the epoch
    /// before the table is looked up: otherwise a value that is derived from an older version could
    /// be cached under a later epoch.
    pub fn epoch(&self, id: TableId) -> Epoch {
        let slots = &self.inner.slots;
        slots.read_clock(slots.table_clock(id)).epoch()
    }

    /// Returns the number of schema changes that lookups see, over all tables since the registry
    /// was opened. It includes created and dropped tables, and invalidations.
    ///
    /// When a method that changes a table returns, the number has already increased.
    pub fn schema_changes(&self) -> u64 {
        self.inner.slots.schema_changes()
    }
}

impl fmt::Debug for SchemaRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SchemaRegistry")
            .field("store", &self.inner.store)
            .finish_non_exhaustive()
    }
}
