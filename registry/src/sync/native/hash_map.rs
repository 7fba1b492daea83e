// SPDX-License-Identifier: Apache-2.0

//! [`Map`]: a hash map whose readers take no lock, and which grows by one bucket at a time.
//!
//! The map uses linear hashing: when it grows, one bucket is split in two. No insertion copies the
//! whole map, and no bucket moves in memory. Witold Litwin, "Linear Hashing: A New Tool for File
//! and Table Addressing", VLDB 1980.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use arc_swap::{ArcSwapOption, Guard};
use once_cell::race::OnceBox;

use super::paged_array::PagedArray;
use crate::map_key::MapKey;

/// The number of values that a bucket can hold without overflow.
const BUCKET_VALUES: usize = 6;

/// The average number of values per bucket at which the map grows. Among the buckets that are not
/// split yet, the average is up to one and a half times as large.
const SPLIT_AT: usize = 3;

const BUCKETS_PER_PAGE: usize = 64;

/// A hash map of values that contain their keys.
///
/// Readers take no lock. They may miss a value that is replaced or removed at the same time, but
/// not a value that only moves to another bucket.
pub(crate) struct Map<K: MapKey> {
    buckets: PagedArray<Bucket<K::Value>, BUCKETS_PER_PAGE>,
    /// The number of buckets in use. It only increases.
    bucket_count: ReadMostly<AtomicUsize>,
    /// The number of values. Its lock is held by writers.
    len: Mutex<usize>,
}

/// A value on a cache line of its own, which writers of the map rarely invalidate.
#[repr(align(64))]
struct ReadMostly<T>(T);

/// Values with equal lower digits of their hashes, on one cache line.
#[repr(align(64))]
struct Bucket<V> {
    /// A byte per value: a part of its hash, or 0 if there is no value.
    tags: AtomicU64,
    values: [ArcSwapOption<V>; BUCKET_VALUES],
    /// Further values.
    overflow: OnceBox<Bucket<V>>,
}

impl<V> Default for Bucket<V> {
    fn default() -> Self {
        Bucket {
            tags: AtomicU64::new(0),
            values: std::array::from_fn(|_| ArcSwapOption::empty()),
            overflow: OnceBox::new(),
        }
    }
}

/// A number with the value 1 in the byte of each value of a bucket.
const TAG_ONES: u64 = 0x0101_0101_0101;

/// The upper digits of a hash as the tag of a value, which is not 0.
#[inline]
fn tag(hash: u64) -> u8 {
    ((hash >> 56) as u8).max(1)
}

impl<V> Bucket<V> {
    /// Iterates over the bucket and its overflow.
    fn chain(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |bucket| bucket.overflow.get())
    }

    /// Iterates over the indices of the values with a tag, and of few other values.
    fn candidates(&self, tag: u8) -> impl Iterator<Item = usize> + use<V> {
        // The bytes of values with the tag become 0. The subtraction borrows from such bytes, and
        // may also borrow from the following byte.
        let differences = self.tags.load(Ordering::Acquire) ^ (TAG_ONES * u64::from(tag));
        let mut zeros = differences.wrapping_sub(TAG_ONES) & !differences & (TAG_ONES << 7);
        std::iter::from_fn(move || {
            let index = zeros.trailing_zeros() as usize / 8;
            zeros &= zeros.wrapping_sub(1);
            (index < BUCKET_VALUES).then_some(index)
        })
    }

    fn tag_at(&self, index: usize) -> u8 {
        (self.tags.load(Ordering::Relaxed) >> (8 * index)) as u8
    }

    /// Sets the tag of a value. The writer holds the lock of the map.
    fn set_tag(&self, index: usize, tag: u8) {
        let others = self.tags.load(Ordering::Relaxed) & !(0xff << (8 * index));
        let tags = others | u64::from(tag) << (8 * index);
        self.tags.store(tags, Ordering::Release);
    }

    /// Adds a value to the first bucket of the chain that has room.
    fn push(&self, hash: u64, value: Arc<V>) {
        let mut bucket = self;
        loop {
            if let Some(free) = (0..BUCKET_VALUES).find(|index| bucket.tag_at(*index) == 0) {
                bucket.values[free].store(Some(value));
                bucket.set_tag(free, tag(hash));
                return;
            }
            bucket = bucket.overflow.get_or_init(Box::default);
        }
    }

    /// Removes and returns a value of this bucket.
    fn take(&self, index: usize) -> Option<Arc<V>> {
        self.set_tag(index, 0);
        self.values[index].swap(None)
    }
}

/// Returns the index of the bucket of a hash among `count` buckets.
#[inline]
fn bucket_index(hash: u64, count: usize) -> usize {
    let mask = count.next_power_of_two() - 1;
    let index = hash as usize & mask;
    if index < count {
        index
    } else {
        // The bucket was not created yet by splitting this one.
        index & (mask >> 1)
    }
}

impl<K: MapKey> Map<K> {
    pub(crate) fn new() -> Self {
        Map {
            buckets: PagedArray::new(),
            bucket_count: ReadMostly(AtomicUsize::new(BUCKETS_PER_PAGE)),
            len: Mutex::new(0),
        }
    }

    /// Calls `read` with the value of `key`, or with `None` if the map has no such key.
    #[inline]
    pub(crate) fn with<R>(
        &self,
        key: K::Borrowed<'_>,
        read: impl FnOnce(Option<&Arc<K::Value>>) -> R,
    ) -> R {
        let hash = K::hash(key);
        let mut count = self.bucket_count.0.load(Ordering::Acquire);
        loop {
            if let Some(value) = self.find(key, hash, count) {
                return read(value.as_ref());
            }
            // A value that moves is added to its new bucket, then the count increases, and then the
            // value is removed from its old bucket.
            let current = self.bucket_count.0.load(Ordering::Acquire);
            if current == count {
                return read(None);
            }
            count = current;
        }
    }

    /// Inserts a value, or replaces the one with the same key.
    pub(crate) fn insert(&self, value: Arc<K::Value>) {
        let mut len = self.lock();
        let key = K::of(&value);
        let hash = K::hash(key);
        let count = self.bucket_count.0.load(Ordering::Relaxed);
        let Some(first) = self.buckets.get_or_create(bucket_index(hash, count)) else {
            return;
        };
        if let Some((bucket, index)) = position::<K>(first, key, hash) {
            let _replaced = bucket.values[index].swap(Some(value));
            return;
        }
        first.push(hash, value);
        *len += 1;
        if *len > count * SPLIT_AT {
            self.split(count);
        }
    }

    pub(crate) fn remove(&self, key: K::Borrowed<'_>) {
        let mut len = self.lock();
        let hash = K::hash(key);
        let count = self.bucket_count.0.load(Ordering::Relaxed);
        let first = self.buckets.get(bucket_index(hash, count));
        if let Some((bucket, index)) = first.and_then(|first| position::<K>(first, key, hash)) {
            *len -= 1;
            let _removed = bucket.take(index);
        }
    }

    /// Removes one value after the other.
    pub(crate) fn clear(&self) {
        let mut len = self.lock();
        let count = self.bucket_count.0.load(Ordering::Relaxed);
        for first in (0..count).filter_map(|index| self.buckets.get(index)) {
            for bucket in first.chain() {
                let occupied = (0..BUCKET_VALUES).filter(|index| bucket.tag_at(*index) != 0);
                for index in occupied {
                    let _removed = bucket.take(index);
                }
            }
        }
        *len = 0;
    }

    pub(crate) fn len(&self) -> usize {
        *self.lock()
    }

    fn lock(&self) -> MutexGuard<'_, usize> {
        self.len.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the value of a key if it is in its bucket among `count` buckets.
    #[inline]
    fn find(
        &self,
        key: K::Borrowed<'_>,
        hash: u64,
        count: usize,
    ) -> Option<Guard<Option<Arc<K::Value>>>> {
        let tag = tag(hash);
        let first = self.buckets.get(bucket_index(hash, count))?;
        for bucket in first.chain() {
            for index in bucket.candidates(tag) {
                let value = bucket.values[index].load();
                let is_found = |value: &Arc<K::Value>| K::is_of(key, value);
                if value.as_ref().is_some_and(is_found) {
                    return Some(value);
                }
            }
        }
        None
    }

    /// Adds a bucket, and moves values to it from the bucket that they shared so far.
    fn split(&self, count: usize) {
        let Some(target) = self.buckets.get_or_create(count) else {
            // The map has its maximum number of buckets, and their overflow grows instead.
            return;
        };
        // The bucket with the same lower digits.
        let source = count - (1 << count.ilog2());
        let mut moved = Vec::with_capacity(BUCKET_VALUES);
        let chain = self.buckets.get(source).into_iter().flat_map(Bucket::chain);
        for (bucket, index) in
            chain.flat_map(|bucket| (0..BUCKET_VALUES).map(move |index| (bucket, index)))
        {
            let Some(value) = bucket.values[index].load_full() else {
                continue;
            };
            let hash = K::hash(K::of(&value));
            if bucket_index(hash, count + 1) == count {
                target.push(hash, value);
                moved.push((bucket, index));
            }
        }
        self.bucket_count.0.store(count + 1, Ordering::Release);
        for (bucket, index) in moved {
            let _moved = bucket.take(index);
        }
    }
}

/// Returns the bucket of a chain that has a key, and the index of its value. The caller holds the
/// lock of the map.
fn position<'a, K: MapKey>(
    first: &'a Bucket<K::Value>,
    key: K::Borrowed<'_>,
    hash: u64,
) -> Option<(&'a Bucket<K::Value>, usize)> {
    let candidates = first.chain().flat_map(|bucket| {
        bucket
            .candidates(tag(hash))
            .map(move |index| (bucket, index))
    });
    candidates.into_iter().find(|(bucket, index)| {
        let value = bucket.values[*index].load();
        value.as_ref().is_some_and(|value| K::is_of(key, value))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::atomic::AtomicBool;

    use proptest::prelude::*;

    use super::*;

    /// Pairs of a key and a payload. The hash has few different values in its upper digits.
    enum TestKey {}

    impl MapKey for TestKey {
        type Value = (u64, u64);
        type Borrowed<'a> = u64;

        fn of(value: &(u64, u64)) -> u64 {
            value.0
        }

        fn hash(key: u64) -> u64 {
            key.wrapping_mul(0x9E37_79B9_7F4A_7C15) & 0x03ff_ffff_ffff_ffff
        }

        fn is_of(key: u64, value: &(u64, u64)) -> bool {
            value.0 == key
        }
    }

    fn payload(map: &Map<TestKey>, key: u64) -> Option<u64> {
        map.with(key, |value| value.map(|value| value.1))
    }

    #[test]
    fn buckets_occupy_one_cache_line() {
        assert_eq!(size_of::<Bucket<u64>>(), 64);
    }

    #[test]
    fn bucket_indices_change_only_by_splits() {
        for count in 1..300 {
            for hash in 0..2_000 {
                let (before, after) = (bucket_index(hash, count), bucket_index(hash, count + 1));
                assert!(before < count);
                assert!(after == before || after == count);
            }
        }
    }

    #[derive(Clone, Debug)]
    enum MapOperation {
        Insert(u64, u64),
        Remove(u64),
        Clear,
    }

    fn operation() -> impl Strategy<Value = MapOperation> {
        prop_oneof![
            200 => (0..600_u64, any::<u64>()).prop_map(|(key, payload)| MapOperation::Insert(key, payload)),
            50 => (0..600_u64).prop_map(MapOperation::Remove),
            1 => Just(MapOperation::Clear),
        ]
    }

    proptest! {
        #[test]
        fn any_operations_give_the_results_of_a_hash_map(
            operations in prop::collection::vec(operation(), 0..1200),
        ) {
            let (map, mut reference) = (Map::<TestKey>::new(), HashMap::new());
            for operation in operations {
                match operation {
                    MapOperation::Insert(key, payload) => {
                        map.insert(Arc::new((key, payload)));
                        reference.insert(key, payload);
                    }
                    MapOperation::Remove(key) => {
                        map.remove(key);
                        reference.remove(&key);
                    }
                    MapOperation::Clear => {
                        map.clear();
                        reference.clear();
                    }
                }
            }
            assert_eq!(map.len(), reference.len());
            for key in 0..600 {
                assert_eq!(payload(&map, key), reference.get(&key).copied());
            }
        }
    }

    #[test]
    fn readers_find_values_that_move() {
        let map = Map::<TestKey>::new();
        for key in 0..100 {
            map.insert(Arc::new((key, key)));
        }
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !is_over.load(Ordering::Relaxed) {
                        for key in 0..100 {
                            assert_eq!(payload(&map, key), Some(key));
                        }
                    }
                });
            }
            for key in 100..20_000 {
                map.insert(Arc::new((key, key)));
            }
            is_over.store(true, Ordering::Relaxed);
        });
    }
}
