// SPDX-License-Identifier: Apache-2.0

//! The primitives of a shuttle run, which executes random schedules of many threads.

use std::sync::{Arc, PoisonError};

use crate::map_key::MapKey;

pub(crate) use shuttle::future::block_on;
pub(crate) use shuttle::sync::atomic::AtomicU64;
pub(crate) use shuttle::sync::{Mutex, MutexGuard};
pub(crate) use shuttle::thread::yield_now;
pub(crate) use shuttle::thread_local;

pub(crate) const THREAD_CACHE_SLOTS: usize = 2;

/// Hashes are equal in every run, so that a schedule can be replayed.
pub(crate) type RandomState = foldhash::fast::FixedState;

/// A map that is locked only to find a value. Readers use the value after the lock is released.
pub(crate) struct Map<K: MapKey>(Mutex<Vec<Arc<K::Value>>>);

impl<K: MapKey> Map<K> {
    pub(crate) fn new() -> Self {
        Map(Mutex::new(Vec::new()))
    }

    pub(crate) fn with<R>(
        &self,
        key: K::Borrowed<'_>,
        read: impl FnOnce(Option<&Arc<K::Value>>) -> R,
    ) -> R {
        let value = {
            let values = self.values();
            let index = position::<K>(&values, key);
            index.map(|index| Arc::clone(&values[index]))
        };
        read(value.as_ref())
    }

    pub(crate) fn insert(&self, value: Arc<K::Value>) {
        let mut values = self.values();
        let index = position::<K>(&values, K::of(&value));
        let replaced = index.map(|index| values.swap_remove(index));
        values.push(value);
        drop(values);
        drop(replaced);
    }

    pub(crate) fn remove(&self, key: K::Borrowed<'_>) {
        let mut values = self.values();
        let index = position::<K>(&values, key);
        let removed = index.map(|index| values.swap_remove(index));
        drop(values);
        drop(removed);
    }

    /// Removes one value at a time, and releases the lock in between.
    pub(crate) fn clear(&self) {
        while let Some(value) = {
            let mut values = self.values();
            values.pop()
        } {
            drop(value);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.values().len()
    }

    fn values(&self) -> MutexGuard<'_, Vec<Arc<K::Value>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn position<K: MapKey>(values: &[Arc<K::Value>], key: K::Borrowed<'_>) -> Option<usize> {
    values.iter().position(|value| K::is_of(key, value))
}

/// Runs the body of a unit test in one schedule.
#[cfg(test)]
pub(crate) fn run(test: impl Fn() + Send + Sync + 'static) {
    shuttle::check_random(test, 1);
}
