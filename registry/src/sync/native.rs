// SPDX-License-Identifier: Apache-2.0

//! The primitives of a program: the standard library's, and papaya's lock-free map.

use std::hash::Hash;

use papaya::{Equivalent, ResizeMode};

pub(crate) use std::sync::atomic::AtomicU64;
pub(crate) use std::sync::{Mutex, MutexGuard};
pub(crate) use std::thread::yield_now;
pub(crate) use std::thread_local;

pub(crate) use pollster::block_on;

/// The hash function of names, columns and fields.
pub(crate) type RandomState = foldhash::fast::RandomState;

/// The number of slots in each of the two tables of a thread's cache. A power of two.
pub(crate) const THREAD_CACHE_SLOTS: usize = 1024;

/// A hash map whose readers take no lock.
pub(crate) struct Map<K, V>(papaya::HashMap<K, V, RandomState>);

impl<K: Hash + Eq, V> Map<K, V> {
    pub(crate) fn new() -> Self {
        let map = papaya::HashMap::builder()
            .hasher(RandomState::default())
            // Removed entries are freed as soon as no reader uses them: their bytes are not charged
            // any more.
            .collector(seize::Collector::new().batch_size(1))
            // With incremental resizing, papaya 0.2 allocates the next table before the previous
            // one is copied if one key is removed and inserted repeatedly, and keeps all of them.
            // Readers do not wait in either mode.
            .resize_mode(ResizeMode::Blocking)
            .build();
        Map(map)
    }

    /// Calls `read` with the value of `key`, or with `None` if the map has no such key.
    pub(crate) fn with<Q, R>(&self, key: &Q, read: impl FnOnce(Option<&V>) -> R) -> R
    where
        Q: Equivalent<K> + Hash + ?Sized,
    {
        read(self.0.pin().get(key))
    }

    pub(crate) fn insert(&self, key: K, value: V) {
        self.0.pin().insert(key, value);
    }

    pub(crate) fn remove<Q>(&self, key: &Q)
    where
        Q: Equivalent<K> + Hash + ?Sized,
    {
        self.0.pin().remove(key);
    }

    pub(crate) fn clear(&self) {
        self.0.pin().clear();
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

/// Runs the body of a unit test. Model checkers provide their types only inside such a run.
#[cfg(test)]
pub(crate) fn run(test: impl Fn() + Send + Sync + 'static) {
    test();
}
