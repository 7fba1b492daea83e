// SPDX-License-Identifier: Apache-2.0

//! A cache per thread: snapshots that the thread has looked up, each validated by reading a clock.
//!
//! A hit takes no lock, reads no shared map, and writes no memory that other threads read. The
//! cache has a direct-mapped table for lookups by id, and one for lookups by name. A thread that
//! reads many tables at random skips most searches of its cache.

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

/// A table of the cache. The tag of a slot shows whether its entry is worth reading: the tags of
/// all slots are small enough for the first cache of a processor.
struct ThreadCacheTable {
    usefulness: Usefulness,
    tags: Box<[ThreadCacheTag]>,
    slots: Box<[ThreadCacheSlot]>,
}

/// Decides whether lookups search the table. If most of them miss, the thread reads many tables,
/// and the search takes longer than it saves. Then only a sample of the lookups search the table.
struct Usefulness {
    /// The number of hits minus the number of misses of recent searches, within limits.
    score: Cell<u32>,
    /// The number of lookups until the next search.
    skips: Cell<u32>,
}

const MAX_SCORE: u32 = 64;

/// The score with which a sample begins.
const SAMPLE_SCORE: u32 = 16;

/// The number of lookups between two samples.
const SKIPS: u32 = 1024;

impl Usefulness {
    /// Returns whether a lookup skips the table.
    #[inline]
    fn should_skip(&self) -> bool {
        let skips = self.skips.get();
        if skips > 0 {
            self.skips.set(skips - 1);
        }
        skips > 0
    }

    #[inline]
    fn hit(&self) {
        self.score.set((self.score.get() + 1).min(MAX_SCORE));
    }

    #[inline]
    fn miss(&self) {
        match self.score.get() {
            0 => {
                self.score.set(SAMPLE_SCORE);
                self.skips.set(SKIPS);
            }
            score => self.score.set(score - 1),
        }
    }
}

/// A summary of the entry in a slot, and of the lookups that missed there.
struct ThreadCacheTag {
    /// The digits of the entry's key above those of the slot's index.
    digits: Cell<u32>,
    /// The lower half of these digits of the key that missed last.
    last_missed: Cell<u16>,
    /// The number of times that this key has missed since another key has hit or missed, or
    /// [`EMPTY`] if there is no entry.
    misses: Cell<u16>,
}

/// The number of misses of an empty slot.
const EMPTY: u16 = u16::MAX;

/// The number of consecutive misses of a key after which it replaces the entry in its slot. A hit
/// of the entry, or a miss of another key, starts the count again. If lookups select one of `n`
/// tables per slot at random, about one lookup in `n` to this power replaces an entry.
const MISSES_TO_REPLACE: u16 = 8;

/// A slot of the cache, on a cache line of its own.
#[derive(Default)]
#[repr(align(64))]
struct ThreadCacheSlot(RefCell<Option<ThreadCacheEntry>>);

struct ThreadCacheEntry {
    registry: u32,
    id_or_hash: u64,
    readings: ClockReadings,
    snapshot: Arc<TableSnapshot>,
    /// The schema of the snapshot, in an `Arc` of this thread. No other thread writes its reference
    /// count.
    schema: SchemaRef,
    counters: ThreadCounters,
}

thread_local! {
    static BY_ID: OnceCell<ThreadCacheTable> = const { OnceCell::new() };
    static BY_NAME: OnceCell<ThreadCacheTable> = const { OnceCell::new() };
}

impl ThreadCacheTable {
    fn new() -> Self {
        let tags = (0..THREAD_CACHE_SLOTS).map(|_| ThreadCacheTag {
            digits: Cell::new(0),
            last_missed: Cell::new(0),
            misses: Cell::new(EMPTY),
        });
        ThreadCacheTable {
            usefulness: Usefulness {
                score: Cell::new(MAX_SCORE),
                skips: Cell::new(0),
            },
            tags: tags.collect(),
            slots: (0..THREAD_CACHE_SLOTS)
                .map(|_| ThreadCacheSlot::default())
                .collect(),
        }
    }
}

impl ThreadCacheTag {
    /// Records the miss of a key. Returns whether the key is to be inserted.
    #[inline]
    fn miss(&self, digits: u32) -> bool {
        let misses = match self.misses.get() {
            EMPTY => return true,
            misses if self.last_missed.get() == digits as u16 => misses + 1,
            _ => 1,
        };
        self.last_missed.set(digits as u16);
        self.misses.set(misses);
        misses >= MISSES_TO_REPLACE
    }

    #[inline]
    fn hit(&self) {
        if self.misses.get() != 0 {
            self.misses.set(0);
        }
    }

    fn set_entry(&self, digits: u32) {
        self.digits.set(digits);
        self.misses.set(0);
    }
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
    /// repeatedly. A thread that reads more tables than the cache has slots therefore rarely
    /// replaces entries: that takes longer than a lookup in the shared map.
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
    let look_up = |cache: &OnceCell<ThreadCacheTable>| {
        let (index, digits) = position(key);
        let Some(table) = cache.get() else {
            should_insert = true;
            return None;
        };
        if table.usefulness.should_skip() {
            return None;
        }
        let tag = table.tags.get(index)?;
        if tag.digits.get() != digits {
            should_insert = tag.miss(digits);
            table.usefulness.miss();
            return None;
        }
        // Fails if this lookup is made while `insert` replaces the entry.
        let entry = table.slots.get(index)?.0.try_borrow().ok()?;
        match entry.as_ref() {
            Some(entry) if entry.id_or_hash == key.id_or_hash && entry.registry == key.registry => {
                if is_current(&entry.snapshot, entry.readings) {
                    tag.hit();
                    table.usefulness.hit();
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
            _ => should_insert = tag.miss(digits),
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
    let put = |cache: &OnceCell<ThreadCacheTable>| {
        let (index, digits) = position(key);
        let table = cache.get_or_init(ThreadCacheTable::new);
        // Fails if this lookup is made by a function that reads the entry of another table in the
        // slot.
        let (Some(tag), Some(Ok(mut entry))) = (
            table.tags.get(index),
            table.slots.get(index).map(|slot| slot.0.try_borrow_mut()),
        ) else {
            return;
        };
        tag.set_entry(digits);
        let counters = match entry.take() {
            Some(replaced) if replaced.registry == key.registry => replaced.counters,
            _ => counters(),
        };
        *entry = Some(ThreadCacheEntry {
            registry: key.registry,
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

/// Returns the index of the slot of a key, and the digits of the key above the index. Ids are
/// dense, and hashes are well distributed, so neither is hashed again.
#[inline]
fn position(key: ThreadCacheKey) -> (usize, u32) {
    let index = key.id_or_hash as usize & (THREAD_CACHE_SLOTS - 1);
    let digits = key.id_or_hash >> THREAD_CACHE_SLOTS.ilog2();
    (index, digits as u32)
}
