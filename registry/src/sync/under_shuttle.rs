// SPDX-License-Identifier: Apache-2.0

//! The primitives of a shuttle run, which executes random schedules of many threads.

use std::hash::Hash;
use std::sync::{Arc, PoisonError};

use papaya::Equivalent;

pub(crate) use shuttle::future::block_on;
pub(crate) use shuttle::sync::atomic::AtomicU64;
pub(crate) use shuttle::sync::{Mutex, MutexGuard};
pub(crate) use shuttle::thread::yield_now;
pub(crate) use shuttle::thread_local;

pub(crate) const THREAD_CACHE_SLOTS: usize = 2;

/// Hashes are equal in every run, so that a schedule can be replayed.
pub(crate) type RandomState = foldhash::fast::FixedState;

/// A map that is locked only to find an entry. Readers use the entry after the lock is released.
pub(crate) struct Map<K, V>(Mutex<Vec<Arc<(K, V)>>>);

impl<K: Hash + Eq, V> Map<K, V> {
    pub(crate) fn new() -> Self {
        Map(Mutex::new(Vec::new()))
    }

    pub(crate) fn with<Q, R>(&self, key: &Q, read: impl FnOnce(Option<&V>) -> R) -> R
    where
        Q: Equivalent<K> + Hash + ?Sized,
    {
        let entry = {
            let entries = self.entries();
            entries
                .iter()
                .find(|entry| key.equivalent(&entry.0))
                .cloned()
        };
        read(entry.as_ref().map(|entry| &entry.1))
    }

    pub(crate) fn insert(&self, key: K, value: V) {
        let mut entries = self.entries();
        let index = entries.iter().position(|entry| entry.0 == key);
        let replaced = index.map(|index| entries.swap_remove(index));
        entries.push(Arc::new((key, value)));
        drop(entries);
        drop(replaced);
    }

    pub(crate) fn remove<Q>(&self, key: &Q)
    where
        Q: Equivalent<K> + Hash + ?Sized,
    {
        let mut entries = self.entries();
        let index = entries.iter().position(|entry| key.equivalent(&entry.0));
        let removed = index.map(|index| entries.swap_remove(index));
        drop(entries);
        drop(removed);
    }

    /// Removes one entry at a time, and releases the lock in between.
    pub(crate) fn clear(&self) {
        while let Some(entry) = {
            let mut entries = self.entries();
            entries.pop()
        } {
            drop(entry);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.entries().len()
    }

    fn entries(&self) -> MutexGuard<'_, Vec<Arc<(K, V)>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs the body of a unit test in one schedule.
#[cfg(test)]
pub(crate) fn run(test: impl Fn() + Send + Sync + 'static) {
    shuttle::check_random(test, 1);
}
