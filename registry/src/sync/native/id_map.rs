// SPDX-License-Identifier: Apache-2.0

//! [`IdMap`]: an array of values by their ids.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arc_swap::ArcSwapOption;

use super::hash_map::Map;
use super::paged_array::PagedArray;
use crate::map_key::DenseKey;

const SLOTS_PER_PAGE: usize = 512;

/// The number of ids that the array always covers.
const MIN_DENSE: usize = 1 << 16;

/// A map whose keys are dense: ids that a store assigns one after the other.
///
/// A lookup reads one slot of an array. Ids that are more than twice as large as the number of
/// values are in a hash map, because the array would be nearly empty there. So the array occupies
/// at most 16 bytes per value, except for the first [`MIN_DENSE`] ids.
pub(crate) struct IdMap<K: DenseKey> {
    slots: PagedArray<ArcSwapOption<K::Value>, SLOTS_PER_PAGE>,
    /// The number of values in the array.
    dense_len: AtomicUsize,
    sparse: Map<K>,
}

impl<K: DenseKey> IdMap<K> {
    pub(crate) fn new() -> Self {
        IdMap {
            slots: PagedArray::new(),
            dense_len: AtomicUsize::new(0),
            sparse: Map::new(),
        }
    }

    /// Calls `read` with the value of `key`, or with `None` if the map has no such key.
    #[inline]
    pub(crate) fn with<R>(
        &self,
        key: K::Borrowed<'_>,
        read: impl FnOnce(Option<&Arc<K::Value>>) -> R,
    ) -> R {
        if let Some(slot) = self.slot(key) {
            let value = slot.load();
            if let Some(value) = value.as_ref() {
                return read(Some(value));
            }
        }
        self.sparse.with(key, read)
    }

    /// Inserts a value, or replaces the one with the same key. No other thread changes the key.
    pub(crate) fn insert(&self, value: Arc<K::Value>) {
        let key = K::of(&value);
        let Some(slot) = self.slot_to_insert(K::number(key)) else {
            self.sparse.insert(value);
            return;
        };
        // The array may not have covered the id before.
        self.sparse.remove(key);
        if slot.swap(Some(value)).is_none() {
            self.dense_len.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Removes a value. No other thread changes the key.
    pub(crate) fn remove(&self, key: K::Borrowed<'_>) {
        if let Some(slot) = self.slot(key)
            && slot.swap(None).is_some()
        {
            self.dense_len.fetch_sub(1, Ordering::Relaxed);
            return;
        }
        self.sparse.remove(key);
    }

    /// Removes one value after the other. No other thread changes the map.
    pub(crate) fn clear(&self) {
        for slot in self.slots.iter() {
            slot.store(None);
        }
        self.dense_len.store(0, Ordering::Relaxed);
        self.sparse.clear();
    }

    pub(crate) fn len(&self) -> usize {
        self.dense_len.load(Ordering::Relaxed) + self.sparse.len()
    }

    #[inline]
    fn slot(&self, key: K::Borrowed<'_>) -> Option<&ArcSwapOption<K::Value>> {
        self.slots.get(usize::try_from(K::number(key)).ok()?)
    }

    /// Returns the slot of an id, or `None` if the id belongs in the hash map.
    fn slot_to_insert(&self, id: u64) -> Option<&ArcSwapOption<K::Value>> {
        let index = usize::try_from(id).ok()?;
        let is_dense = index < MIN_DENSE || index / 2 <= self.len();
        match is_dense {
            true => self.slots.get_or_create(index),
            false => self.slots.get(index),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map_key::MapKey;

    /// Pairs of an id and a payload.
    enum TestId {}

    impl MapKey for TestId {
        type Value = (u64, u64);
        type Borrowed<'a> = u64;

        fn of(value: &(u64, u64)) -> u64 {
            value.0
        }

        fn hash(id: u64) -> u64 {
            id.wrapping_mul(0x9E37_79B9_7F4A_7C15)
        }

        fn is_of(id: u64, value: &(u64, u64)) -> bool {
            value.0 == id
        }
    }

    impl DenseKey for TestId {
        fn number(id: u64) -> u64 {
            id
        }
    }

    fn payload(map: &IdMap<TestId>, id: u64) -> Option<u64> {
        map.with(id, |value| value.map(|value| value.1))
    }

    #[test]
    fn ids_move_to_the_array_when_it_covers_them() {
        let map = IdMap::<TestId>::new();
        let ids = [0, 7, MIN_DENSE as u64 + 1, 80_000, 1 << 40, u64::MAX];
        for id in ids {
            map.insert(Arc::new((id, 1)));
        }
        assert_eq!((map.len(), map.sparse.len()), (6, 4));
        for id in 1_000..50_000 {
            map.insert(Arc::new((id, id)));
        }
        for id in ids {
            assert_eq!(payload(&map, id), Some(1));
            map.insert(Arc::new((id, 2)));
            assert_eq!(payload(&map, id), Some(2));
        }
        assert_eq!((map.len(), map.sparse.len()), (49_006, 2));
        for id in ids {
            map.remove(id);
            assert_eq!(payload(&map, id), None);
        }
        assert_eq!((map.len(), map.sparse.len()), (49_000, 0));
        map.clear();
        assert_eq!((map.len(), payload(&map, 1_000)), (0, None));
    }
}
