// SPDX-License-Identifier: Apache-2.0

//! [`InternPool`]: one allocation for all equal values.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use crate::sync::bookkeeping::{Mutex, lock};

/// Weak references to the values in use, by hash. The pool itself keeps no value alive.
pub(crate) struct InternPool<T> {
    values: Mutex<PooledValues<T>>,
}

struct PooledValues<T> {
    by_hash: HashMap<u64, Vec<Weak<T>>>,
    /// The number of hashes at which references to dropped values are removed.
    sweep_at: usize,
}

impl<T> InternPool<T> {
    /// The approximate number of bytes that a value occupies in the pool: a bucket, and a list of
    /// one element.
    pub(crate) const ENTRY_BYTES: usize = 64;

    pub(crate) fn new() -> Self {
        InternPool {
            values: Mutex::new(PooledValues {
                by_hash: HashMap::new(),
                sweep_at: 64,
            }),
        }
    }

    /// Returns the value with this hash for which `is_equal` holds. If the pool has none, adds the
    /// value that `create` returns.
    pub(crate) fn intern(
        &self,
        hash: u64,
        is_equal: impl Fn(&T) -> bool,
        create: impl FnOnce() -> T,
    ) -> Arc<T> {
        if let Some(found) = self.find(hash, &is_equal) {
            return found;
        }
        // The lock is not held here: `create` can be slow, and can intern in another pool.
        let created = Arc::new(create());
        let mut values = lock(&self.values);
        let with_hash = values.by_hash.entry(hash).or_default();
        // Dropping a value under this lock can drop values of other pools, but none of this pool.
        if let Some(first) = with_hash
            .iter()
            .filter_map(Weak::upgrade)
            .find(|value| is_equal(value))
        {
            return first;
        }
        with_hash.retain(|value| value.strong_count() > 0);
        with_hash.push(Arc::downgrade(&created));
        if values.by_hash.len() >= values.sweep_at {
            values.by_hash.retain(|_, with_hash| {
                with_hash.retain(|value| value.strong_count() > 0);
                !with_hash.is_empty()
            });
            values.sweep_at = (2 * values.by_hash.len()).max(64);
        }
        created
    }

    fn find(&self, hash: u64, is_equal: &impl Fn(&T) -> bool) -> Option<Arc<T>> {
        let values = lock(&self.values);
        let mut with_hash = values.by_hash.get(&hash)?.iter().filter_map(Weak::upgrade);
        with_hash.find(|value| is_equal(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_share_an_allocation_and_unused_ones_are_swept() {
        crate::sync::run(|| {
            let pool = InternPool::new();
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
            let values = lock(&pool.values);
            assert!(values.by_hash.len() < 200, "{}", values.by_hash.len());
            for number in 0..10 {
                assert!(values.by_hash.contains_key(&(100 + number)));
            }
            drop(kept);
        });
    }
}
