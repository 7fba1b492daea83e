// SPDX-License-Identifier: Apache-2.0

//! What threads share, by the names that the model checkers' tests give it too: they compile the files
//! of this crate with a `sync.rs` of their own.

pub(crate) use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};
pub(crate) use std::sync::{Mutex, MutexGuard};
pub(crate) use std::thread::yield_now;
pub(crate) use std::thread_local;

use std::hash::Hash;

use papaya::{Equivalent, ResizeMode};

/// How names, columns and fields are hashed.
pub(crate) type RandomState = foldhash::fast::RandomState;

/// How many tables a thread keeps copies of; a power of two.
pub(crate) const COPIES: usize = 1024;

/// A map that is read without a lock.
pub(crate) struct Map<K, V>(papaya::HashMap<K, V, RandomState>);

impl<K: Hash + Eq, V> Map<K, V> {
    pub(crate) fn new() -> Self {
        let map = papaya::HashMap::builder()
            .hasher(RandomState::default())
            // What is taken out goes at once, unless somebody reads it: it is accounted for as gone.
            .collector(seize::Collector::new().batch_size(1))
            // Where tables are copied piece by piece, papaya 0.2 makes the next one before the last is copied
            // if one key is taken out and put in again and again, and keeps all of them. Readers wait for
            // neither.
            .resize_mode(ResizeMode::Blocking)
            .build();
        Map(map)
    }

    /// What `read` makes of the value, which stays there as long.
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

/// Runs a future to its end on this thread.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    pollster::block_on(future)
}

/// Runs a unit test: what a model checker gives for these types works only where it runs it.
#[cfg(test)]
pub(crate) fn run(test: impl Fn() + Send + Sync + 'static) {
    test();
}
