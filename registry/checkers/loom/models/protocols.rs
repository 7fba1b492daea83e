// SPDX-License-Identifier: Apache-2.0

//! Miniature cache protocols of one table: the protocol of this crate, which holds, and common
//! alternatives, in each of which loom finds a stale read.

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

use loom::sync::atomic::AtomicU64;
use loom::sync::{Condvar, Mutex};

use super::world::{fails, holds, spawn};
use crate::sync::under_loom::PrimitiveFault;

/// The cache of a thread: a reading of the clock, and a version.
type CachedVersion = Option<(u64, u64)>;

trait Protocol: Default + Send + Sync + 'static {
    /// Returns the version of the table.
    fn look_up(&self, cache: &mut CachedVersion) -> u64;
    /// Creates the next version.
    fn alter(&self);
    fn evict(&self) {}
}

/// One thread changes the table, signals it, and looks the table up. Another thread looks it up
/// before and after.
fn run<P: Protocol>() {
    let protocol = Arc::new(P::default());
    let done = Arc::new(AtomicU64::new(0));
    let changing = {
        let (protocol, done) = (Arc::clone(&protocol), Arc::clone(&done));
        spawn(move || {
            protocol.evict();
            protocol.alter();
            done.store(1, SeqCst);
            let found = protocol.look_up(&mut None);
            assert_eq!(found, 1, "version {found} is older than schema change 1");
        })
    };
    let mut cache = None;
    for _ in 0..2 {
        let done = done.load(SeqCst);
        let found = protocol.look_up(&mut cache);
        assert!(
            found >= done,
            "version {found} is older than schema change {done}"
        );
    }
    changing.join().unwrap();
    for cache in [&mut cache, &mut None] {
        let found = protocol.look_up(cache);
        assert_eq!(found, 1, "version {found} is older than schema change 1");
    }
}

/// The version in the store, the clock and the slot of a table.
#[derive(Default)]
struct MiniatureTable {
    store: AtomicU64,
    clock: AtomicU64,
    slot: Mutex<Option<u64>>,
}

impl MiniatureTable {
    fn slot(&self) -> Option<u64> {
        *self.slot.lock().unwrap()
    }

    /// Loads the version, and publishes it if there was no schema change.
    fn load(&self) -> u64 {
        loop {
            if let Some(version) = self.slot() {
                return version;
            }
            let clock = self.clock.load(SeqCst);
            let version = self.store.load(SeqCst);
            let mut slot = self.slot.lock().unwrap();
            if self.clock.load(SeqCst) == clock {
                *slot = Some(version);
                return version;
            }
        }
    }

    fn invalidate(&self) {
        let mut slot = self.slot.lock().unwrap();
        *slot = None;
        self.clock.fetch_add(1, SeqCst);
    }

    /// Returns the version in the thread's cache if the clock has not advanced. Otherwise loads it,
    /// and caches it with a reading of the clock from before the load.
    fn look_up_cached(&self, cache: &mut CachedVersion) -> u64 {
        let clock = self.clock.load(SeqCst);
        if let Some((reading, version)) = *cache
            && reading == clock
        {
            return version;
        }
        let version = self.load();
        *cache = Some((clock, version));
        version
    }
}

/// The protocol of this crate.
#[derive(Default)]
struct CurrentProtocol(MiniatureTable);

impl Protocol for CurrentProtocol {
    fn look_up(&self, cache: &mut CachedVersion) -> u64 {
        self.0.look_up_cached(cache)
    }

    fn alter(&self) {
        self.0.store.fetch_add(1, SeqCst);
        self.0.invalidate();
    }

    fn evict(&self) {
        *self.0.slot.lock().unwrap() = None;
    }
}

#[test]
fn publishing_under_the_lock_if_the_clock_is_unchanged_holds() {
    holds("the protocol in miniature", 3, run::<CurrentProtocol>);
}

/// Several maps with a lock each. A load fills them one by one, and a schema change clears them one
/// by one.
#[derive(Default)]
struct SeparateMaps {
    store: AtomicU64,
    definitions: Mutex<Option<u64>>,
    schemas: Mutex<Option<u64>>,
    providers: Mutex<Option<u64>>,
}

impl SeparateMaps {
    fn maps(&self) -> [&Mutex<Option<u64>>; 3] {
        [&self.definitions, &self.schemas, &self.providers]
    }
}

impl Protocol for SeparateMaps {
    fn look_up(&self, _: &mut CachedVersion) -> u64 {
        if let Some(version) = *self.providers.lock().unwrap() {
            return version;
        }
        let version = self.store.load(SeqCst);
        for map in self.maps() {
            *map.lock().unwrap() = Some(version);
        }
        version
    }

    fn alter(&self) {
        self.store.fetch_add(1, SeqCst);
        for map in self.maps() {
            *map.lock().unwrap() = None;
        }
    }
}

/// The clock is checked, and then the slot is written without holding the lock over both.
#[derive(Default)]
struct CheckThenInsert(MiniatureTable);

impl Protocol for CheckThenInsert {
    fn look_up(&self, _: &mut CachedVersion) -> u64 {
        if let Some(version) = self.0.slot() {
            return version;
        }
        let clock = self.0.clock.load(SeqCst);
        let version = self.0.store.load(SeqCst);
        if self.0.clock.load(SeqCst) == clock {
            *self.0.slot.lock().unwrap() = Some(version);
        }
        version
    }

    fn alter(&self) {
        self.0.store.fetch_add(1, SeqCst);
        self.0.invalidate();
    }
}

/// The slot is written, and cleared again if the clock has advanced.
#[derive(Default)]
struct InsertCheckRemove(MiniatureTable);

impl Protocol for InsertCheckRemove {
    fn look_up(&self, _: &mut CachedVersion) -> u64 {
        if let Some(version) = self.0.slot() {
            return version;
        }
        let clock = self.0.clock.load(SeqCst);
        let version = self.0.store.load(SeqCst);
        *self.0.slot.lock().unwrap() = Some(version);
        if self.0.clock.load(SeqCst) != clock {
            *self.0.slot.lock().unwrap() = None;
        }
        version
    }

    fn alter(&self) {
        self.0.store.fetch_add(1, SeqCst);
        self.0.invalidate();
    }
}

/// The slot is cleared before the store commits.
#[derive(Default)]
struct InvalidateBeforeCommit(MiniatureTable);

impl Protocol for InvalidateBeforeCommit {
    fn look_up(&self, _: &mut CachedVersion) -> u64 {
        self.0.load()
    }

    fn alter(&self) {
        self.0.invalidate();
        self.0.store.fetch_add(1, SeqCst);
    }
}

/// The clock advances after the lock is released.
#[derive(Default)]
struct AdvanceAfterUnlock(MiniatureTable);

impl Protocol for AdvanceAfterUnlock {
    fn look_up(&self, _: &mut CachedVersion) -> u64 {
        self.0.load()
    }

    fn alter(&self) {
        self.0.store.fetch_add(1, SeqCst);
        *self.0.slot.lock().unwrap() = None;
        self.0.clock.fetch_add(1, SeqCst);
    }
}

/// The clock advances before the slot is cleared.
#[derive(Default)]
struct AdvanceBeforeSwap(MiniatureTable);

impl Protocol for AdvanceBeforeSwap {
    fn look_up(&self, cache: &mut CachedVersion) -> u64 {
        self.0.look_up_cached(cache)
    }

    fn alter(&self) {
        self.0.store.fetch_add(1, SeqCst);
        self.0.clock.fetch_add(1, SeqCst);
        *self.0.slot.lock().unwrap() = None;
    }
}

/// The clock is read after the version that is cached with the reading.
#[derive(Default)]
struct ReadClockAfterVersion(MiniatureTable);

impl Protocol for ReadClockAfterVersion {
    fn look_up(&self, cache: &mut CachedVersion) -> u64 {
        if let Some((reading, version)) = *cache
            && reading == self.0.clock.load(SeqCst)
        {
            return version;
        }
        let version = self.0.load();
        *cache = Some((self.0.clock.load(SeqCst), version));
        version
    }

    fn alter(&self) {
        self.0.store.fetch_add(1, SeqCst);
        self.0.invalidate();
    }
}

/// The clock is evicted with the slot, and restarts at 0.
#[derive(Default)]
struct ClockEvicted {
    store: AtomicU64,
    /// The clock, and the published version.
    slot: Mutex<Option<(u64, u64)>>,
}

impl Protocol for ClockEvicted {
    fn look_up(&self, cache: &mut CachedVersion) -> u64 {
        let mut slot = self.slot.lock().unwrap();
        let (clock, published) = *slot.get_or_insert_with(|| (0, self.store.load(SeqCst)));
        match *cache {
            Some((reading, version)) if reading == clock => version,
            _ => {
                *cache = Some((clock, published));
                published
            }
        }
    }

    fn alter(&self) {
        let version = self.store.fetch_add(1, SeqCst) + 1;
        if let Some((clock, published)) = &mut *self.slot.lock().unwrap() {
            (*clock, *published) = (*clock + 1, version);
        }
    }

    fn evict(&self) {
        *self.slot.lock().unwrap() = None;
    }
}

/// A lookup joins any load in progress, even if the load began before a schema change.
#[derive(Default)]
struct JoinAnyLoad {
    table: MiniatureTable,
    load: Mutex<Option<Arc<JoinableLoad>>>,
}

#[derive(Default)]
struct JoinableLoad {
    loaded: Mutex<Option<u64>>,
    has_loaded: Condvar,
}

impl Protocol for JoinAnyLoad {
    fn look_up(&self, _: &mut CachedVersion) -> u64 {
        if let Some(version) = self.table.slot() {
            return version;
        }
        let joined = {
            let mut load = self.load.lock().unwrap();
            let joined = load.clone();
            if joined.is_none() {
                *load = Some(Arc::default());
            }
            joined
        };
        if let Some(load) = joined {
            let mut loaded = load.loaded.lock().unwrap();
            loop {
                match *loaded {
                    Some(version) => return version,
                    None => loaded = load.has_loaded.wait(loaded).unwrap(),
                }
            }
        }
        let clock = self.table.clock.load(SeqCst);
        let version = self.table.store.load(SeqCst);
        {
            let mut slot = self.table.slot.lock().unwrap();
            if self.table.clock.load(SeqCst) == clock {
                *slot = Some(version);
            }
        }
        if let Some(load) = self.load.lock().unwrap().take() {
            *load.loaded.lock().unwrap() = Some(version);
            load.has_loaded.notify_all();
        }
        version
    }

    fn alter(&self) {
        self.table.store.fetch_add(1, SeqCst);
        self.table.invalidate();
    }
}

/// Checks that loom finds a stale read.
fn is_stale<P: Protocol>() {
    fails(PrimitiveFault::None, "older", run::<P>);
}

#[test]
fn separate_maps_are_stale() {
    is_stale::<SeparateMaps>();
}

#[test]
fn check_then_insert_is_stale() {
    is_stale::<CheckThenInsert>();
}

#[test]
fn insert_check_and_remove_is_stale() {
    is_stale::<InsertCheckRemove>();
}

#[test]
fn invalidating_before_the_commit_is_stale() {
    is_stale::<InvalidateBeforeCommit>();
}

#[test]
fn advancing_the_clock_after_unlocking_is_stale() {
    is_stale::<AdvanceAfterUnlock>();
}

#[test]
fn advancing_the_clock_before_the_slot_is_stale() {
    is_stale::<AdvanceBeforeSwap>();
}

#[test]
fn reading_the_clock_after_the_version_is_stale() {
    is_stale::<ReadClockAfterVersion>();
}

#[test]
fn evicting_the_clock_is_stale() {
    is_stale::<ClockEvicted>();
}

#[test]
fn joining_a_load_of_an_older_epoch_is_stale() {
    is_stale::<JoinAnyLoad>();
}
