// SPDX-License-Identifier: Apache-2.0

//! A cache per thread: snapshots that the thread has looked up, each validated by reading a clock.
//!
//! A hit takes no lock, reads no shared map, and writes no memory that other threads read. The
//! cache has a direct-mapped table for lookups by id, and one for lookups by name.

use std::cell::{Cell, OnceCell, RefCell};
use std::sync::Arc;

use arrow_schema::{Schema, SchemaRef};

use crate::clocks::ClockReading;
use crate::counters::{RegistryCounter, ThreadCounters};
use crate::snapshot::TableSnapshot;
use crate::sync::{THREAD_CACHE_SLOTS, thread_local};

/// The table of the cache in which a lookup searches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LookupKind {
    Id,
    Name,
}

/// A key within one table of the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ThreadCacheKey {
    /// The number of the registry.
    pub(crate) registry: u32,
    /// A table id, or the hash of a name.
    pub(crate) id_or_hash: u64,
}

/// Clock readings from before a snapshot was read from the shared map. The snapshot is valid while
/// the clocks have these values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClockReadings {
    /// The reading of the table's clock.
    pub(crate) table: ClockReading,
    /// The reading of the clock of the lookup key: the name's clock, or the table's clock again.
    pub(crate) key: ClockReading,
}

/// A slot of the cache, on a cache line of its own.
#[derive(Default)]
#[repr(align(64))]
struct ThreadCacheSlot(RefCell<Option<ThreadCacheEntry>>);

struct ThreadCacheEntry {
    registry: u32,
    /// The lower half of the key of the last lookup that missed in this slot. If that key misses
    /// twice in a row, it replaces the entry.
    last_missed: Cell<u32>,
    id_or_hash: u64,
    readings: ClockReadings,
    snapshot: Arc<TableSnapshot>,
    /// The schema of the snapshot, in an `Arc` of this thread. No other thread writes its reference
    /// count.
    schema: SchemaRef,
    counters: ThreadCounters,
}

thread_local! {
    static BY_ID: OnceCell<Box<[ThreadCacheSlot]>> = const { OnceCell::new() };
    static BY_NAME: OnceCell<Box<[ThreadCacheSlot]>> = const { OnceCell::new() };
}

/// A snapshot that is borrowed from the cache or from the shared map.
pub(crate) struct BorrowedSnapshot<'a> {
    pub(crate) snapshot: &'a TableSnapshot,
    pub(crate) schema: &'a SchemaRef,
}

/// A cache miss.
pub(crate) struct ThreadCacheMiss<F> {
    /// The function that was to read the snapshot.
    pub(crate) read: F,
    /// Whether to insert the snapshot: the slot is empty, its entry is stale, or the key has missed
    /// twice in a row. A thread that reads more tables than the cache has slots therefore rarely
    /// replaces entries, and writes few reference counts.
    pub(crate) should_insert: bool,
}

/// Calls `read` with the cached snapshot if the cache has the key and `is_current` holds for its
/// entry.
#[inline]
pub(crate) fn with_entry<F, R>(
    kind: LookupKind,
    key: ThreadCacheKey,
    counter: RegistryCounter,
    is_current: impl FnOnce(&TableSnapshot, ClockReadings) -> bool,
    read: F,
) -> Result<R, ThreadCacheMiss<F>>
where
    F: FnOnce(BorrowedSnapshot<'_>) -> R,
{
    let mut read = Some(read);
    let mut should_insert = false;
    let look_up = |slots: &OnceCell<Box<[ThreadCacheSlot]>>| {
        let Some(slot) = slots.get().and_then(|slots| slots.get(slot_index(key))) else {
            should_insert = true;
            return None;
        };
        // Fails if this lookup is made while `insert` replaces the entry.
        let entry = slot.0.try_borrow().ok()?;
        match entry.as_ref() {
            Some(entry) if entry.id_or_hash == key.id_or_hash && entry.registry == key.registry => {
                if is_current(&entry.snapshot, entry.readings) {
                    entry.snapshot.visit();
                    entry.counters.increment(counter);
                    let borrowed = BorrowedSnapshot {
                        snapshot: &entry.snapshot,
                        schema: &entry.schema,
                    };
                    return read.take().map(|read| read(borrowed));
                }
                should_insert = true;
            }
            Some(entry) => {
                let missed = key.id_or_hash as u32;
                should_insert = entry.last_missed.replace(missed) == missed;
            }
            None => should_insert = true,
        }
        None
    };
    let found = match kind {
        LookupKind::Id => BY_ID.try_with(look_up),
        LookupKind::Name => BY_NAME.try_with(look_up),
    };
    match (found, read) {
        (Ok(Some(result)), _) => Ok(result),
        (_, Some(read)) => Err(ThreadCacheMiss {
            read,
            should_insert,
        }),
        (_, None) => unreachable!("the result of `read` was returned"),
    }
}

/// Inserts a snapshot that was read from the shared map after the clocks had these readings.
pub(crate) fn insert(
    kind: LookupKind,
    key: ThreadCacheKey,
    readings: ClockReadings,
    snapshot: &Arc<TableSnapshot>,
    counters: impl FnOnce() -> ThreadCounters,
) {
    let put = |cache: &OnceCell<Box<[ThreadCacheSlot]>>| {
        let slots = cache.get_or_init(|| {
            (0..THREAD_CACHE_SLOTS)
                .map(|_| ThreadCacheSlot::default())
                .collect()
        });
        // Fails if this lookup is made by a function that reads the entry of another table in the
        // slot.
        let Some(Ok(mut entry)) = slots
            .get(slot_index(key))
            .map(|slot| slot.0.try_borrow_mut())
        else {
            return;
        };
        let counters = match entry.take() {
            Some(replaced) if replaced.registry == key.registry => replaced.counters,
            _ => counters(),
        };
        *entry = Some(ThreadCacheEntry {
            registry: key.registry,
            last_missed: Cell::new(0),
            id_or_hash: key.id_or_hash,
            readings,
            snapshot: Arc::clone(snapshot),
            schema: Arc::new(Schema::clone(snapshot.schema())),
            counters,
        });
    };
    // A thread that is ending caches nothing.
    let _ = match kind {
        LookupKind::Id => BY_ID.try_with(put),
        LookupKind::Name => BY_NAME.try_with(put),
    };
}

/// Returns the index of the slot of a key. Ids are dense, and hashes are well distributed, so
/// neither is hashed again.
fn slot_index(key: ThreadCacheKey) -> usize {
    key.id_or_hash as usize & (THREAD_CACHE_SLOTS - 1)
}
