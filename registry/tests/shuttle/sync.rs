// SPDX-License-Identifier: Apache-2.0

//! What threads share, as shuttle runs it.

use std::hash::Hash;
use std::sync::Arc;

use papaya::Equivalent;

pub(crate) use shuttle::future::block_on;
pub(crate) use shuttle::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};
pub(crate) use shuttle::sync::{Mutex, MutexGuard};
pub(crate) use shuttle::thread::yield_now;
pub(crate) use shuttle::thread_local;

pub(crate) const COPIES: usize = 2;

/// The same in every run, so that a schedule can be run again.
pub(crate) type RandomState = foldhash::fast::FixedState;

/// A map that is read at one moment, and whose values are used after that.
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
            let mut entries = entries.iter();
            entries.find(|entry| key.equivalent(&entry.0)).cloned()
        };
        read(entry.as_ref().map(|entry| &entry.1))
    }

    pub(crate) fn insert(&self, key: K, value: V) {
        let mut entries = self.entries();
        let before = entries.iter().position(|entry| entry.0 == key);
        let before = before.map(|index| entries.swap_remove(index));
        entries.push(Arc::new((key, value)));
        drop(entries);
        drop(before);
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

    /// One entry after the other.
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
        self.0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// Runs a unit test.
pub(crate) fn run(test: impl Fn() + Send + Sync + 'static) {
    shuttle::check_random(test, 1);
}
