// SPDX-License-Identifier: Apache-2.0

//! What threads share, as loom runs it, and what may be wrong with it: a [`Fault`] is how a twin of a model
//! differs from it.

use std::cell::Cell;
use std::hash::{BuildHasher, Hash};
use std::ops::{Deref, DerefMut};
use std::sync::atomic::Ordering;
use std::sync::{Arc, LockResult, PoisonError};

use foldhash::fast::FixedState;
use papaya::Equivalent;

// Bytes and visits decide what is evicted, never what is answered: loom does not interleave them.
pub(crate) use std::sync::atomic::{AtomicBool, AtomicUsize};

pub(crate) use loom::future::block_on;
pub(crate) use loom::thread::yield_now;

pub(crate) const COPIES: usize = 8;

/// The same in every run: loom repeats what it has seen.
pub(crate) type RandomState = FixedState;

/// What is wrong with the types below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// A section of the clocks keeps nobody out.
    OpenSections,
    /// An alteration leaves its clocks where they were.
    StillAlterations,
    /// A load that is published leaves its clock where it was.
    StillPublications,
    /// A clock says nothing of what was written before it was moved.
    RelaxedClocks,
}

std::thread_local! {
    /// That of the model that runs on this thread, with all threads of its own.
    static FAULT: Cell<Fault> = const { Cell::new(Fault::None) };
}

pub(crate) fn set_fault(fault: Fault) {
    FAULT.set(fault);
}

fn is_at_fault(fault: Fault) -> bool {
    FAULT.get() == fault
}

macro_rules! threads_own {
    ($($(#[$attribute:meta])* static $name:ident: $ty:ty = const $init:block;)*) => {
        loom::thread_local! { $($(#[$attribute])* static $name: $ty = $init;)* }
    };
}
pub(crate) use threads_own as thread_local;

/// Makes loom try both orders of any two accesses to something. By itself it remembers the last access
/// only, so that what a thread reads hides what another one has read before it, and a write after that is
/// not tried before the other's reading. It says nothing of the order of anything else.
#[derive(Debug)]
struct Turns(loom::sync::atomic::AtomicUsize);

impl Turns {
    fn new() -> Self {
        Turns(loom::sync::atomic::AtomicUsize::new(0))
    }

    fn read<R>(&self, read: impl FnOnce() -> R) -> R {
        self.0.fetch_add(1, Ordering::Relaxed);
        read()
    }

    fn write<R>(&self, write: impl FnOnce() -> R) -> R {
        self.0.fetch_add(1, Ordering::Relaxed);
        // Nobody comes between the turn and the writing.
        loom::stop_exploring();
        let made = write();
        loom::explore();
        made
    }
}

/// A clock, or a note in a snapshot.
#[derive(Debug)]
pub(crate) struct AtomicU64 {
    value: loom::sync::atomic::AtomicU64,
    turns: Turns,
}

impl AtomicU64 {
    pub(crate) fn new(value: u64) -> Self {
        AtomicU64 {
            value: loom::sync::atomic::AtomicU64::new(value),
            turns: Turns::new(),
        }
    }

    pub(crate) fn load(&self, order: Ordering) -> u64 {
        self.turns.read(|| {
            self.value.load(match is_at_fault(Fault::RelaxedClocks) {
                true => Ordering::Relaxed,
                false => order,
            })
        })
    }

    pub(crate) fn store(&self, value: u64, order: Ordering) {
        self.turns.write(|| self.value.store(value, order));
    }

    /// Only clocks are moved like this: by one when a change begins, and by the rest when it is complete.
    pub(crate) fn fetch_add(&self, value: u64, order: Ordering) -> u64 {
        self.turns.write(|| {
            if is_at_fault(Fault::RelaxedClocks) {
                return self.value.fetch_add(value, Ordering::Relaxed);
            }
            let before = self.value.fetch_add(value, order);
            let is_end = before & 1 == 1;
            if is_end && value > 1 && is_at_fault(Fault::StillAlterations)
                || is_end && value == 1 && is_at_fault(Fault::StillPublications)
            {
                self.value.fetch_sub(value + 1, order);
            }
            before
        })
    }
}

#[derive(Debug, Default)]
pub(crate) struct Mutex<T>(loom::sync::Mutex<T>);

/// None if what is locked is open.
pub(crate) struct MutexGuard<'a, T>(Option<loom::sync::MutexGuard<'a, T>>);

impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Self {
        Mutex(loom::sync::Mutex::new(value))
    }

    pub(crate) fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
        // The locks of the clocks are those without data.
        if size_of::<T>() == 0 && is_at_fault(Fault::OpenSections) {
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
        self.0.as_ref().expect("nobody looks behind an open lock")
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.as_mut().expect("nobody looks behind an open lock")
    }
}

/// A map that is read without a lock, and says as little about the order of other things as papaya's: who
/// finds an entry has seen what was written before it was inserted, and who finds an older state of the map
/// has seen less. Keys of one part are found in one order, which papaya does not promise.
pub(crate) struct Map<K, V>([Part<K, V>; 2]);

struct Part<K, V> {
    /// The number of the present state.
    state: loom::sync::atomic::AtomicUsize,
    turns: Turns,
    /// Every state so far. Loom runs one thread at a time, and knows nothing of this lock.
    states: std::sync::Mutex<Vec<State<K, V>>>,
}

type State<K, V> = Vec<Arc<(K, V)>>;

impl<K: Hash + Eq, V> Map<K, V> {
    pub(crate) fn new() -> Self {
        Map(std::array::from_fn(|_| Part {
            state: loom::sync::atomic::AtomicUsize::new(0),
            turns: Turns::new(),
            states: std::sync::Mutex::new(vec![Vec::new()]),
        }))
    }

    pub(crate) fn with<Q, R>(&self, key: &Q, read: impl FnOnce(Option<&V>) -> R) -> R
    where
        Q: Equivalent<K> + Hash + ?Sized,
    {
        let state = self.part(key).read();
        let entry = state.iter().find(|entry| key.equivalent(&entry.0));
        read(entry.map(|entry| &entry.1))
    }

    pub(crate) fn insert(&self, key: K, value: V) {
        let part = self.part(&key);
        part.write(|state| {
            state.retain(|entry| entry.0 != key);
            state.push(Arc::new((key, value)));
        });
    }

    pub(crate) fn remove<Q>(&self, key: &Q)
    where
        Q: Equivalent<K> + Hash + ?Sized,
    {
        let part = self.part(key);
        part.write(|state| state.retain(|entry| !key.equivalent(&entry.0)));
    }

    /// Part after part, as papaya's goes on from entry to entry.
    pub(crate) fn clear(&self) {
        for part in &self.0 {
            part.write(Vec::clear);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.0.iter().map(|part| part.read().len()).sum()
    }

    fn part<Q: Hash + ?Sized>(&self, key: &Q) -> &Part<K, V> {
        let hash = FixedState::default().hash_one(key);
        &self.0[(hash >> 63) as usize]
    }
}

impl<K, V> Part<K, V> {
    fn read(&self) -> State<K, V> {
        let number = self.turns.read(|| self.state.load(Ordering::Acquire));
        self.states.lock().expect("no panic")[number].clone()
    }

    fn write(&self, change: impl FnOnce(&mut State<K, V>)) {
        // No other thread runs between this and the end: it is one step.
        let number = (self.turns).write(|| self.state.fetch_add(1, Ordering::AcqRel));
        let mut states = self.states.lock().expect("no panic");
        let mut state = states[number].clone();
        change(&mut state);
        assert_eq!(states.len(), number + 1);
        states.push(state);
    }
}
