// SPDX-License-Identifier: Apache-2.0

//! The primitives of a loom run, which executes every interleaving of few threads.
//!
//! A [`PrimitiveFault`] breaks one primitive on purpose: the models are shown to find each fault.

use std::cell::Cell;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::Ordering;
use std::sync::{Arc, LockResult, PoisonError};

use foldhash::fast::FixedState;

use crate::map_key::MapKey;

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

/// A map with the memory ordering of the lock-free maps of a program. A reader that finds a value
/// synchronizes with its insertion; a reader that finds an older state of the map does not
/// synchronize with later writes.
///
/// The map has two shards. Writes to one shard become visible in one order, which the lock-free
/// maps do not promise.
pub(crate) struct Map<K: MapKey>([MapShard<K>; 2]);

struct MapShard<K: MapKey> {
    /// The index of the current state.
    current: loom::sync::atomic::AtomicUsize,
    order: AccessOrder,
    /// Every state so far. Loom runs one thread at a time, and does not know this lock.
    states: std::sync::Mutex<Vec<MapState<K>>>,
}

type MapState<K> = Vec<Arc<<K as MapKey>::Value>>;

impl<K: MapKey> Map<K> {
    pub(crate) fn new() -> Self {
        Map(std::array::from_fn(|_| MapShard {
            current: loom::sync::atomic::AtomicUsize::new(0),
            order: AccessOrder::new(),
            states: std::sync::Mutex::new(vec![Vec::new()]),
        }))
    }

    pub(crate) fn with<R>(
        &self,
        key: K::Borrowed<'_>,
        read: impl FnOnce(Option<&Arc<K::Value>>) -> R,
    ) -> R {
        let state = self.shard(key).read();
        read(state.iter().find(|value| K::is_of(key, value)))
    }

    pub(crate) fn insert(&self, value: Arc<K::Value>) {
        self.shard(K::of(&value)).write(|state| {
            state.retain(|other| !K::is_of(K::of(&value), other));
            state.push(Arc::clone(&value));
        });
    }

    pub(crate) fn remove(&self, key: K::Borrowed<'_>) {
        let shard = self.shard(key);
        shard.write(|state| state.retain(|value| !K::is_of(key, value)));
    }

    /// Clears one shard after the other. The lock-free maps remove one value after the other.
    pub(crate) fn clear(&self) {
        for shard in &self.0 {
            shard.write(Vec::clear);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.0.iter().map(|shard| shard.read().len()).sum()
    }

    fn shard(&self, key: K::Borrowed<'_>) -> &MapShard<K> {
        &self.0[(K::hash(key) >> 63) as usize]
    }
}

impl<K: MapKey> MapShard<K> {
    fn read(&self) -> MapState<K> {
        let index = self.order.read(|| self.current.load(Ordering::Acquire));
        self.states.lock().expect("no test panics")[index].clone()
    }

    fn write(&self, change: impl FnOnce(&mut MapState<K>)) {
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
