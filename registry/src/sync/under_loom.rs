// SPDX-License-Identifier: Apache-2.0

//! The primitives of a loom run, which executes every interleaving of few threads.
//!
//! A [`PrimitiveFault`] breaks one primitive on purpose: the models are shown to find each fault.

use std::cell::Cell;
use std::hash::{BuildHasher, Hash};
use std::ops::{Deref, DerefMut};
use std::sync::atomic::Ordering;
use std::sync::{Arc, LockResult, PoisonError};

use foldhash::fast::FixedState;
use papaya::Equivalent;

pub(crate) use loom::future::block_on;
pub(crate) use loom::thread::yield_now;

pub(crate) const THREAD_CACHE_SLOTS: usize = 8;

/// Hashes are equal in every run: loom replays executions.
pub(crate) type RandomState = FixedState;

/// A defect of the primitives below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PrimitiveFault {
    None,
    /// Locking a set of clocks excludes no other thread.
    UnlockedClocks,
    /// A schema change does not advance its clocks.
    SchemaChangeWithoutAdvance,
    /// A load that is published does not advance its clock.
    LoadWithoutAdvance,
    /// Reads of a clock do not synchronize with its writers.
    RelaxedClocks,
}

std::thread_local! {
    /// The fault of the model that runs on this operating system thread, and so of all its loom
    /// threads.
    static FAULT: Cell<PrimitiveFault> = const { Cell::new(PrimitiveFault::None) };
}

#[cfg(test)]
pub(crate) fn set_fault(fault: PrimitiveFault) {
    FAULT.set(fault);
}

fn has_fault(fault: PrimitiveFault) -> bool {
    FAULT.get() == fault
}

macro_rules! loom_thread_local {
    ($($(#[$attribute:meta])* static $name:ident: $ty:ty = const $init:block;)*) => {
        loom::thread_local! { $($(#[$attribute])* static $name: $ty = $init;)* }
    };
}
pub(crate) use loom_thread_local as thread_local;

/// Makes loom explore both orders of any two accesses to a value.
///
/// Loom remembers only the last access to an object. A read by one thread therefore hides the
/// previous read by another thread, and a later write is not tried before that previous read. A
/// relaxed read-modify-write per access avoids this, and adds no ordering between other accesses.
#[derive(Debug)]
struct AccessOrder(loom::sync::atomic::AtomicUsize);

impl AccessOrder {
    fn new() -> Self {
        AccessOrder(loom::sync::atomic::AtomicUsize::new(0))
    }

    fn read<R>(&self, read: impl FnOnce() -> R) -> R {
        self.0.fetch_add(1, Ordering::Relaxed);
        read()
    }

    fn write<R>(&self, write: impl FnOnce() -> R) -> R {
        self.0.fetch_add(1, Ordering::Relaxed);
        // No other thread runs between the access above and the write.
        loom::stop_exploring();
        let result = write();
        loom::explore();
        result
    }
}

/// A clock, or an atomic field of a snapshot.
#[derive(Debug)]
pub(crate) struct AtomicU64 {
    value: loom::sync::atomic::AtomicU64,
    order: AccessOrder,
}

impl AtomicU64 {
    pub(crate) fn new(value: u64) -> Self {
        AtomicU64 {
            value: loom::sync::atomic::AtomicU64::new(value),
            order: AccessOrder::new(),
        }
    }

    pub(crate) fn load(&self, ordering: Ordering) -> u64 {
        let ordering = if has_fault(PrimitiveFault::RelaxedClocks) {
            Ordering::Relaxed
        } else {
            ordering
        };
        self.order.read(|| self.value.load(ordering))
    }

    pub(crate) fn store(&self, value: u64, ordering: Ordering) {
        self.order.write(|| self.value.store(value, ordering));
    }

    /// Advances a clock: by one when an update begins, and by the rest of the step when it ends. No
    /// other value is changed by this method.
    pub(crate) fn fetch_add(&self, value: u64, ordering: Ordering) -> u64 {
        self.order.write(|| {
            if has_fault(PrimitiveFault::RelaxedClocks) {
                return self.value.fetch_add(value, Ordering::Relaxed);
            }
            let previous = self.value.fetch_add(value, ordering);
            let is_end = previous & 1 == 1;
            if is_end && value > 1 && has_fault(PrimitiveFault::SchemaChangeWithoutAdvance)
                || is_end && value == 1 && has_fault(PrimitiveFault::LoadWithoutAdvance)
            {
                self.value.fetch_sub(value + 1, ordering);
            }
            previous
        })
    }
}

#[derive(Debug, Default)]
pub(crate) struct Mutex<T>(loom::sync::Mutex<T>);

/// A guard that holds nothing if [`PrimitiveFault::UnlockedClocks`] is set.
pub(crate) struct MutexGuard<'a, T>(Option<loom::sync::MutexGuard<'a, T>>);

impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Self {
        Mutex(loom::sync::Mutex::new(value))
    }

    pub(crate) fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
        // Only the locks of the clocks protect no data.
        if size_of::<T>() == 0 && has_fault(PrimitiveFault::UnlockedClocks) {
            return Ok(MutexGuard(None));
        }
        match self.0.lock() {
            Ok(guard) => Ok(MutexGuard(Some(guard))),
            Err(poisoned) => Err(PoisonError::new(MutexGuard(Some(poisoned.into_inner())))),
        }
    }
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_ref().expect("a lock of a clock protects no data")
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.as_mut().expect("a lock of a clock protects no data")
    }
}

/// A map with the memory ordering of papaya's. A reader that finds an entry synchronizes with its
/// insertion; a reader that finds an older state of the map does not synchronize with later writes.
///
/// The map has two shards. Writes to one shard become visible in one order, which papaya does not
/// promise.
pub(crate) struct Map<K, V>([MapShard<K, V>; 2]);

struct MapShard<K, V> {
    /// The index of the current state.
    current: loom::sync::atomic::AtomicUsize,
    order: AccessOrder,
    /// Every state so far. Loom runs one thread at a time, and does not know this lock.
    states: std::sync::Mutex<Vec<MapState<K, V>>>,
}

type MapState<K, V> = Vec<Arc<(K, V)>>;

impl<K: Hash + Eq, V> Map<K, V> {
    pub(crate) fn new() -> Self {
        Map(std::array::from_fn(|_| MapShard {
            current: loom::sync::atomic::AtomicUsize::new(0),
            order: AccessOrder::new(),
            states: std::sync::Mutex::new(vec![Vec::new()]),
        }))
    }

    pub(crate) fn with<Q, R>(&self, key: &Q, read: impl FnOnce(Option<&V>) -> R) -> R
    where
        Q: Equivalent<K> + Hash + ?Sized,
    {
        let state = self.shard(key).read();
        let entry = state.iter().find(|entry| key.equivalent(&entry.0));
        read(entry.map(|entry| &entry.1))
    }

    pub(crate) fn insert(&self, key: K, value: V) {
        let shard = self.shard(&key);
        shard.write(|state| {
            state.retain(|entry| entry.0 != key);
            state.push(Arc::new((key, value)));
        });
    }

    pub(crate) fn remove<Q>(&self, key: &Q)
    where
        Q: Equivalent<K> + Hash + ?Sized,
    {
        let shard = self.shard(key);
        shard.write(|state| state.retain(|entry| !key.equivalent(&entry.0)));
    }

    /// Clears one shard after the other. Papaya removes one entry after the other.
    pub(crate) fn clear(&self) {
        for shard in &self.0 {
            shard.write(Vec::clear);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.0.iter().map(|shard| shard.read().len()).sum()
    }

    fn shard<Q: Hash + ?Sized>(&self, key: &Q) -> &MapShard<K, V> {
        let hash = FixedState::default().hash_one(key);
        &self.0[(hash >> 63) as usize]
    }
}

impl<K, V> MapShard<K, V> {
    fn read(&self) -> MapState<K, V> {
        let index = self.order.read(|| self.current.load(Ordering::Acquire));
        self.states.lock().expect("no test panics")[index].clone()
    }

    fn write(&self, change: impl FnOnce(&mut MapState<K, V>)) {
        // No other thread runs between this access and the end: the write is one step.
        let index = (self.order).write(|| self.current.fetch_add(1, Ordering::AcqRel));
        let mut states = self.states.lock().expect("no test panics");
        let mut state = states[index].clone();
        change(&mut state);
        assert_eq!(states.len(), index + 1);
        states.push(state);
    }
}

/// Runs the body of a unit test as a model.
#[cfg(test)]
pub(crate) fn run(test: impl Fn() + Send + Sync + 'static) {
    loom::model(test);
}
