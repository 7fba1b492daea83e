// SPDX-License-Identifier: Apache-2.0

//! [`Pool`]: one allocation for all values that are equal.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, Weak};

use crate::sync::Mutex;

/// Values in use, by their hashes. It holds none of them itself.
pub(crate) struct Pool<T> {
    entries: Mutex<Entries<T>>,
}

struct Entries<T> {
    by_hash: HashMap<u64, Vec<Weak<T>>>,
    /// How many hashes there may be before those are forgotten whose values are gone.
    sweep_at: usize,
}

/// What an entry takes in the pool, about: a bucket, and a list of one.
pub(crate) const ENTRY_BYTES: usize = 64;

impl<T> Pool<T> {
    pub(crate) fn new() -> Self {
        Pool {
            entries: Mutex::new(Entries {
                by_hash: HashMap::new(),
                sweep_at: 64,
            }),
        }
    }

    /// The value of that hash for which `is_same` holds; or the one that `make` makes.
    pub(crate) fn intern(
        &self,
        hash: u64,
        is_same: impl Fn(&T) -> bool,
        make: impl FnOnce() -> T,
    ) -> Arc<T> {
        if let Some(found) = self.find(hash, &is_same) {
            return found;
        }
        // Without the lock: it may be long, and it may intern in another pool.
        let made = Arc::new(make());
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let values = entries.by_hash.entry(hash).or_default();
        // A value that is dropped in here drops what it holds of other pools, and nothing of this one.
        if let Some(first) = values
            .iter()
            .filter_map(Weak::upgrade)
            .find(|value| is_same(value))
        {
            return first;
        }
        values.retain(|value| value.strong_count() > 0);
        values.push(Arc::downgrade(&made));
        if entries.by_hash.len() >= entries.sweep_at {
            entries.by_hash.retain(|_, values| {
                values.retain(|value| value.strong_count() > 0);
                !values.is_empty()
            });
            entries.sweep_at = (2 * entries.by_hash.len()).max(64);
        }
        made
    }

    fn find(&self, hash: u64, is_same: &impl Fn(&T) -> bool) -> Option<Arc<T>> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let mut values = entries.by_hash.get(&hash)?.iter().filter_map(Weak::upgrade);
        values.find(|value| is_same(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_are_one_and_forgotten_ones_are_swept() {
        crate::sync::run(|| {
            let pool = Pool::new();
            let intern = |number: u64| pool.intern(number % 7, |other| *other == number, || number);
            let (first, again, other) = (intern(1), intern(1), intern(8));
            assert!(Arc::ptr_eq(&first, &again));
            assert!(!Arc::ptr_eq(&first, &other));
            drop((first, again));
            let kept: Vec<Arc<u64>> = (0..10)
                .map(|number| pool.intern(100 + number, |other| *other == number, || number))
                .collect();
            for number in 1000..5000 {
                pool.intern(number, |other| *other == number, || number);
            }
            let entries = pool.entries.lock().expect("no panic");
            assert!(entries.by_hash.len() < 200, "{}", entries.by_hash.len());
            for number in 0..10 {
                assert!(entries.by_hash.contains_key(&(100 + number)));
            }
            drop(kept);
        });
    }
}
