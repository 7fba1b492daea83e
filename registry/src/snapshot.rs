// SPDX-License-Identifier: Apache-2.0

//! [`TableSnapshot`]: one version of a table, and everything that is derived from it.
//!
//! Artefacts that are stored in a snapshot do not refer back to it: such a cycle would never be
//! freed.

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};

use arrow_schema::{ArrowError, SchemaRef};
use kalamtable_model::{TableDefinition, TableName};
use kalamtable_store::{Sequence, StoredTable, TableId, UnixMicros};
use once_cell::sync::OnceCell;

use crate::clocks::{ClockReading, Epoch};
use crate::counters::{Artefact, RegistryCounter};
use crate::heap_size;
use crate::layout::TableLayout;
use crate::metrics::RegistryMetrics;
use crate::name::{HashedNameRef, InlineName, NameRef};
use crate::sieve::SieveKey;
use crate::sync::AtomicU64;
use crate::sync::bookkeeping::{AtomicBool, AtomicUsize};

/// One version of a table: its definition, its Arrow schemas, and the values that other crates
/// cache with [`extension`](Self::extension).
///
/// A snapshot never changes, and can be held for any time. It remains usable after the table was
/// altered, dropped or evicted, and everything that is derived from it belongs to the same version.
/// Snapshots are returned by the lookups of a [`SchemaRegistry`](crate::SchemaRegistry).
// The order of the fields is fixed. Those that every lookup reads share cache lines, and are
// separate from the reference counts at the start of the `Arc`, which are written often.
#[repr(C)]
pub struct TableSnapshot {
    sequence: Sequence,
    changed_at: UnixMicros,
    created_at: UnixMicros,
    metrics: Arc<RegistryMetrics>,
    size_observer: Weak<dyn SizeObserver>,
    /// The bytes of this snapshot. The bytes of its layout are charged separately.
    bytes: AtomicUsize,
    sieve_key: AtomicU64,
    definition: TableDefinition,
    /// The value of the table's clock after this snapshot was published, or [`UNPUBLISHED`].
    published: AtomicU64,
    extensions: ExtensionLink,
    layout: Arc<TableLayout>,
    id: TableId,
    name: InlineName,
    /// The schema of the layout.
    schema: SchemaRef,
    /// Whether the snapshot was read since the eviction hand passed it last. It is written only if
    /// it is unset, so that the cache line of a hot table stays shared among its readers.
    is_visited: AtomicBool,
}

/// A value that no clock reaches.
const UNPUBLISHED: u64 = u64::MAX;

/// An observer of the size of snapshots: the registry, which evicts others to make room.
pub(crate) trait SizeObserver: Send + Sync {
    /// Accounts for a snapshot whose size, or whose layout's size, has increased.
    fn size_increased(&self, snapshot: &TableSnapshot);
}

/// An element of the linked list of extensions.
struct Extension {
    value: Box<dyn Any + Send + Sync>,
    next: ExtensionLink,
}

type ExtensionLink = OnceCell<Box<Extension>>;

impl TableSnapshot {
    /// Creates the snapshot of a stored version. `definition` is the stored definition with shared
    /// parts. `name_hash` is the hash of its name.
    pub(crate) fn new(
        stored: &StoredTable,
        definition: TableDefinition,
        name_hash: u64,
        layout: Arc<TableLayout>,
        metrics: Arc<RegistryMetrics>,
        size_observer: Weak<dyn SizeObserver>,
    ) -> Self {
        let bytes = heap_size::allocation(heap_size::ARC_BYTES + size_of::<TableSnapshot>())
            + heap_size::definition(&definition);
        metrics.live_bytes.fetch_add(bytes, Ordering::Relaxed);
        TableSnapshot {
            name: InlineName::new(definition.name(), name_hash),
            definition,
            id: stored.id,
            sequence: stored.sequence,
            changed_at: stored.changed_at,
            created_at: stored.created_at,
            schema: Arc::clone(layout.schema()),
            layout,
            extensions: OnceCell::new(),
            bytes: AtomicUsize::new(bytes),
            published: AtomicU64::new(UNPUBLISHED),
            sieve_key: AtomicU64::new(SieveKey::NONE.as_u64()),
            is_visited: AtomicBool::new(false),
            metrics,
            size_observer,
        }
    }

    /// Returns the id of the table, which a rename does not change.
    pub fn id(&self) -> TableId {
        self.id
    }

    /// Returns the name of the table in this version.
    pub fn name(&self) -> &TableName {
        self.definition.name()
    }

    /// Returns the name of the table with its hash.
    #[inline]
    pub(crate) fn hashed_name(&self) -> HashedNameRef<'_> {
        HashedNameRef {
            hash: self.name.hash,
            name: self.name().into(),
        }
    }

    /// Returns whether the table has this name in this version.
    #[inline]
    pub(crate) fn has_name(&self, name: HashedNameRef<'_>) -> bool {
        self.name.hash == name.hash
            && self
                .name
                .is_equal(name.name)
                .unwrap_or_else(|| NameRef::from(self.name()) == name.name)
    }

    /// Returns the number of this version. The first version is 1.
    pub fn version(&self) -> u32 {
        self.definition.version()
    }

    /// Returns the epoch at which this snapshot was published as the current version of the table,
    /// or `None` if it was never published, for example because it was looked up as an older
    /// version.
    pub fn epoch(&self) -> Option<Epoch> {
        self.published().map(ClockReading::epoch)
    }

    /// Returns the number of the change in the store that created this version.
    pub fn sequence(&self) -> Sequence {
        self.sequence
    }

    /// Returns the timestamp of the change that created this version.
    pub fn changed_at(&self) -> UnixMicros {
        self.changed_at
    }

    /// Returns the timestamp of the change that created the table.
    pub fn created_at(&self) -> UnixMicros {
        self.created_at
    }

    /// Returns the definition of the table in this version.
    pub fn definition(&self) -> &TableDefinition {
        &self.definition
    }

    /// Returns the [query schema](TableDefinition::query_schema), which has one field per column,
    /// in the order of the definition.
    #[inline]
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Builds the [table schema](TableDefinition::arrow_schema), with the ids, comments and other
    /// metadata that files and clients need.
    ///
    /// It is not cached: it needs about 1,000 bytes per column, more than twice as much as the
    /// columns and the query schema together, and no query uses it.
    pub fn table_schema(&self) -> SchemaRef {
        Arc::new(self.definition.arrow_schema())
    }

    /// Returns the query schema with the system columns of this kind of table after the table's own
    /// columns. If the kind has no system columns, the result is [`schema`](Self::schema).
    ///
    /// The schema is created at the first call, and cached.
    pub fn schema_with_system_columns(&self) -> &SchemaRef {
        let (schema, is_created) = self.layout.schema_with_system_columns();
        if is_created {
            self.notify_size_observer();
        }
        schema
    }

    /// Returns the query schema of selected columns.
    ///
    /// `columns` holds indices into
    /// [`schema_with_system_columns`](Self::schema_with_system_columns), in any order and with
    /// repetitions. The indices of the table's own columns are those of [`schema`](Self::schema).
    ///
    /// A cached projection is returned as [`Cow::Borrowed`], any other as [`Cow::Owned`]. The cache
    /// keeps the first 512 projections that are requested. Tables of one kind with equal columns
    /// and keys share the cache.
    ///
    /// # Errors
    /// Fails with [`ArrowError::SchemaError`] if an index is out of range.
    pub fn projected_schema(&self, columns: &[usize]) -> Result<Cow<'_, SchemaRef>, ArrowError> {
        let (schema, is_created) = self.layout.projected(columns)?;
        if is_created {
            self.notify_size_observer();
        }
        Ok(schema)
    }

    /// Returns the value of type `T` that is cached with this version, and creates it with `create`
    /// if none exists.
    ///
    /// A snapshot caches one value per type. The value is dropped with the snapshot, so a value
    /// that is derived from one version is never used with another version. If two threads create a
    /// value at the same time, one of the values is kept, and both threads get it.
    ///
    /// Report the bytes of the value with [`charge`](Self::charge), and each lookup with
    /// [`record_lookup`](Self::record_lookup). The value must not hold an `Arc` of the snapshot:
    /// the cycle would never be freed. The destructor of the value must not use the registry,
    /// because the value can be dropped while the registry holds a lock.
    pub fn extension<T: Any + Send + Sync>(&self, create: impl FnOnce() -> T) -> &T {
        let mut link = &self.extensions;
        while let Some(extension) = link.get() {
            if let Some(found) = extension.value.downcast_ref::<T>() {
                return found;
            }
            link = &extension.next;
        }
        let mut created = Box::new(Extension {
            value: Box::new(create()),
            next: OnceCell::new(),
        });
        loop {
            let existing = match link.try_insert(created) {
                Ok(inserted) => match inserted.value.downcast_ref::<T>() {
                    Some(value) => return value,
                    None => unreachable!("the inserted value has type `T`"),
                },
                Err((existing, ours)) => {
                    created = ours;
                    existing
                }
            };
            // Another thread has inserted an extension first, possibly of another type.
            match existing.value.downcast_ref::<T>() {
                Some(value) => return value,
                None => link = &existing.next,
            }
        }
    }

    /// Adds `bytes` to the size of this snapshot, for a value that was cached with it. Call it once
    /// per value; the bytes are released with the snapshot.
    ///
    /// The registry may evict other tables, or this one, to stay within its
    /// [budget](crate::RegistryOptions::budget_bytes).
    pub fn charge(&self, bytes: usize) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.metrics.live_bytes.fetch_add(bytes, Ordering::Relaxed);
        self.notify_size_observer();
    }

    fn notify_size_observer(&self) {
        if let Some(registry) = self.size_observer.upgrade() {
            registry.size_increased(self);
        }
    }

    /// Counts a lookup of a value that is cached with this version, as a cache hit or a cache miss.
    ///
    /// Call it for values that are cached with [`extension`](Self::extension); the registry counts
    /// its own artefacts. [`Stats`](crate::Stats) reports the counts per artefact.
    pub fn record_lookup(&self, artefact: Artefact, is_hit: bool) {
        self.metrics.counters.increment(if is_hit {
            RegistryCounter::Hit(artefact)
        } else {
            RegistryCounter::Miss(artefact)
        });
    }

    /// Returns the size of this snapshot in bytes, including [charged](Self::charge) values, but
    /// without the schemas and columns that tables with equal columns share.
    pub fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Returns the value of the table's clock after this snapshot was published, or `None` if it
    /// never was.
    pub(crate) fn published(&self) -> Option<ClockReading> {
        let value = self.published.load(Ordering::Relaxed);
        (value != UNPUBLISHED).then_some(ClockReading::from_u64(value))
    }

    pub(crate) fn set_published(&self, reading: ClockReading) {
        self.published.store(reading.as_u64(), Ordering::Relaxed);
    }

    /// Returns the key of the snapshot in the sieve of resident items.
    pub(crate) fn sieve_key(&self) -> SieveKey {
        SieveKey::from_u64(self.sieve_key.load(Ordering::Relaxed))
    }

    pub(crate) fn set_sieve_key(&self, key: SieveKey) {
        self.sieve_key.store(key.as_u64(), Ordering::Relaxed);
    }

    /// Returns the bytes of the layout if no other snapshot uses it, and 0 otherwise.
    pub(crate) fn own_layout_bytes(&self) -> usize {
        if Arc::strong_count(&self.layout) == 1 {
            self.layout.bytes()
        } else {
            0
        }
    }

    /// Marks the snapshot as visited.
    #[inline]
    pub(crate) fn visit(&self) {
        if !self.is_visited.load(Ordering::Relaxed) {
            self.is_visited.store(true, Ordering::Relaxed);
        }
    }

    /// Returns whether the snapshot was visited since the previous call of this method.
    pub(crate) fn take_visited(&self) -> bool {
        let is_visited = self.is_visited.load(Ordering::Relaxed);
        if is_visited {
            self.is_visited.store(false, Ordering::Relaxed);
        }
        is_visited
    }
}

impl Drop for TableSnapshot {
    fn drop(&mut self) {
        let bytes = self.bytes.load(Ordering::Relaxed);
        self.metrics.live_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }
}

impl fmt::Debug for TableSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TableSnapshot")
            .field("id", &self.id)
            .field("name", &self.name().to_string())
            .field("version", &self.version())
            .field("epoch", &self.epoch())
            .finish_non_exhaustive()
    }
}
