// SPDX-License-Identifier: Apache-2.0

//! Protocols in miniature, one table each: the one that holds, and what others do, each of which loom finds
//! to fail.

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

use loom::sync::atomic::AtomicU64;
use loom::sync::{Condvar, Mutex};

use crate::model::{fails, holds, spawn};
use crate::sync::Fault;

/// What a thread keeps for itself: what was said of the time, and a version.
type Copy = Option<(u64, u64)>;

trait Protocol: Default + Send + Sync + 'static {
    /// The version of the table.
    fn look_up(&self, copy: &mut Copy) -> u64;
    /// Makes the next version.
    fn alter(&self);
    fn evict(&self) {}
}

/// One thread alters, looks up, and says so; another one looks up before and after.
fn run<P: Protocol>() {
    let protocol = Arc::new(P::default());
    let done = Arc::new(AtomicU64::new(0));
    let altering = {
        let (protocol, done) = (Arc::clone(&protocol), Arc::clone(&done));
        spawn(move || {
            protocol.evict();
            protocol.alter();
            done.store(1, SeqCst);
            let found = protocol.look_up(&mut None);
            assert_eq!(found, 1, "version {found} is older than alteration 1");
        })
    };
    let mut copy = None;
    for _ in 0..2 {
        let done = done.load(SeqCst);
        let found = protocol.look_up(&mut copy);
        assert!(
            found >= done,
            "version {found} is older than alteration {done}"
        );
    }
    altering.join().unwrap();
    for copy in [&mut copy, &mut None] {
        let found = protocol.look_up(copy);
        assert_eq!(found, 1, "version {found} is older than alteration 1");
    }
}

/// The store, the clock and the slot of one table.
#[derive(Default)]
struct Table {
    store: AtomicU64,
    clock: AtomicU64,
    slot: Mutex<Option<u64>>,
}

impl Table {
    fn slot(&self) -> Option<u64> {
        *self.slot.lock().unwrap()
    }

    /// Publishes what was loaded if there was no alteration.
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

    fn forget(&self) {
        let mut slot = self.slot.lock().unwrap();
        *slot = None;
        self.clock.fetch_add(1, SeqCst);
    }

    /// As `load`, of which the thread keeps a copy that is checked by the clock, which is read first.
    fn copied(&self, copy: &mut Copy) -> u64 {
        let clock = self.clock.load(SeqCst);
        if let Some((stamp, version)) = *copy
            && stamp == clock
        {
            return version;
        }
        let version = self.load();
        *copy = Some((clock, version));
        version
    }
}

/// The one that holds.
#[derive(Default)]
struct Sound(Table);

impl Protocol for Sound {
    fn look_up(&self, copy: &mut Copy) -> u64 {
        self.0.copied(copy)
    }

    fn alter(&self) {
        self.0.store.fetch_add(1, SeqCst);
        self.0.forget();
    }

    fn evict(&self) {
        *self.0.slot.lock().unwrap() = None;
    }
}

#[test]
fn publishing_under_the_lock_if_the_clock_stands_still_holds() {
    holds("the protocol in miniature", 3, run::<Sound>);
}

/// Several maps that know of a table, each with a lock of its own. A load fills them, an alteration clears
/// them, one by one.
#[derive(Default)]
struct Incumbent {
    store: AtomicU64,
    definitions: Mutex<Option<u64>>,
    schemas: Mutex<Option<u64>>,
    providers: Mutex<Option<u64>>,
}

impl Incumbent {
    fn maps(&self) -> [&Mutex<Option<u64>>; 3] {
        [&self.definitions, &self.schemas, &self.providers]
    }
}

impl Protocol for Incumbent {
    fn look_up(&self, _: &mut Copy) -> u64 {
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

/// The clock is looked at, and then the slot is written.
#[derive(Default)]
struct CheckThenInsert(Table);

impl Protocol for CheckThenInsert {
    fn look_up(&self, _: &mut Copy) -> u64 {
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
        self.0.forget();
    }
}

/// The slot is written, and cleared again if the clock has moved.
#[derive(Default)]
struct InsertCheckRemove(Table);

impl Protocol for InsertCheckRemove {
    fn look_up(&self, _: &mut Copy) -> u64 {
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
        self.0.forget();
    }
}

/// Everything is forgotten before the commit.
#[derive(Default)]
struct ForgetBeforeCommit(Table);

impl Protocol for ForgetBeforeCommit {
    fn look_up(&self, _: &mut Copy) -> u64 {
        self.0.load()
    }

    fn alter(&self) {
        self.0.forget();
        self.0.store.fetch_add(1, SeqCst);
    }
}

/// The clock is moved when the lock is free again.
#[derive(Default)]
struct MoveAfterUnlock(Table);

impl Protocol for MoveAfterUnlock {
    fn look_up(&self, _: &mut Copy) -> u64 {
        self.0.load()
    }

    fn alter(&self) {
        self.0.store.fetch_add(1, SeqCst);
        *self.0.slot.lock().unwrap() = None;
        self.0.clock.fetch_add(1, SeqCst);
    }
}

/// What checks the copies is moved before the slot is.
#[derive(Default)]
struct MoveBeforeSwap(Table);

impl Protocol for MoveBeforeSwap {
    fn look_up(&self, copy: &mut Copy) -> u64 {
        self.0.copied(copy)
    }

    fn alter(&self) {
        self.0.store.fetch_add(1, SeqCst);
        self.0.clock.fetch_add(1, SeqCst);
        *self.0.slot.lock().unwrap() = None;
    }
}

/// The stamp of a copy is read after what it is to stand for.
#[derive(Default)]
struct StampAfterPointer(Table);

impl Protocol for StampAfterPointer {
    fn look_up(&self, copy: &mut Copy) -> u64 {
        if let Some((stamp, version)) = *copy
            && stamp == self.0.clock.load(SeqCst)
        {
            return version;
        }
        let version = self.0.load();
        *copy = Some((self.0.clock.load(SeqCst), version));
        version
    }

    fn alter(&self) {
        self.0.store.fetch_add(1, SeqCst);
        self.0.forget();
    }
}

/// The clock is part of what is evicted, and begins again.
#[derive(Default)]
struct ClockEvicted {
    store: AtomicU64,
    /// The clock and the version.
    slot: Mutex<Option<(u64, u64)>>,
}

impl Protocol for ClockEvicted {
    fn look_up(&self, copy: &mut Copy) -> u64 {
        let mut slot = self.slot.lock().unwrap();
        let (clock, published) = *slot.get_or_insert_with(|| (0, self.store.load(SeqCst)));
        match *copy {
            Some((stamp, version)) if stamp == clock => version,
            _ => {
                *copy = Some((clock, published));
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

/// A load is joined by whoever comes, also after an alteration.
#[derive(Default)]
struct JoinAnyLoad {
    table: Table,
    load: Mutex<Option<Arc<Load>>>,
}

#[derive(Default)]
struct Load {
    loaded: Mutex<Option<u64>>,
    has_loaded: Condvar,
}

impl Protocol for JoinAnyLoad {
    fn look_up(&self, _: &mut Copy) -> u64 {
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
        self.table.forget();
    }
}

/// That a protocol answers with an old version.
fn is_stale<P: Protocol>() {
    fails(Fault::None, "older", run::<P>);
}

#[test]
fn load_and_insert_against_remove_is_stale() {
    is_stale::<Incumbent>();
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
fn forgetting_before_the_commit_is_stale() {
    is_stale::<ForgetBeforeCommit>();
}

#[test]
fn moving_the_clock_after_the_lock_is_free_is_stale() {
    is_stale::<MoveAfterUnlock>();
}

#[test]
fn moving_the_clock_before_the_slot_is_stale() {
    is_stale::<MoveBeforeSwap>();
}

#[test]
fn a_stamp_that_is_read_after_the_pointer_is_stale() {
    is_stale::<StampAfterPointer>();
}

#[test]
fn a_clock_that_is_evicted_is_stale() {
    is_stale::<ClockEvicted>();
}

#[test]
fn joining_a_load_of_an_older_epoch_is_stale() {
    is_stale::<JoinAnyLoad>();
}
