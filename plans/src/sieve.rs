// SPDX-License-Identifier: Apache-2.0

//! [`SieveMap`]: a map that is bounded in bytes, with the eviction policy SIEVE.
//!
//! The policy keeps the entries in the order of insertion. A hand moves from the oldest entry to
//! the newest one, evicts the first entry that was not visited since it passed, and clears the mark
//! of the others. A hit only sets the mark.
//!
//! The registry has a generic `Sieve`, whose items other maps find without a lock. The keys of this
//! map are texts, which are compared under the lock of a shard, so that the shard contains both the
//! map and the order. A crate that both could use would have this file alone.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The number of shards. Each one grows on its own, so that no insertion copies a large map.
const SHARDS: usize = 64;

/// A map from keys to shared values. Keys are found by their hash and a comparison, so that a
/// lookup needs no owned key.
pub(crate) struct SieveMap<K, V> {
    shards: Vec<Mutex<Shard<K, V>>>,
    budget_bytes: usize,
    bytes: AtomicUsize,
    entries: AtomicUsize,
    evicted: AtomicU64,
    /// The shard that the next eviction begins with.
    next_shard: AtomicUsize,
}

struct Shard<K, V> {
    /// The first slot of each hash. The others follow through [`SieveSlot::same_hash`].
    by_hash: HashMap<u64, usize, BuildHasherDefault<KeptHash>>,
    slots: Vec<Option<SieveSlot<K, V>>>,
    free: Vec<usize>,
    newest: Option<usize>,
    oldest: Option<usize>,
    hand: Option<usize>,
}

struct SieveSlot<K, V> {
    key: K,
    value: Arc<V>,
    hash: u64,
    bytes: usize,
    is_visited: bool,
    newer: Option<usize>,
    older: Option<usize>,
    same_hash: Option<usize>,
}

impl<K, V> SieveMap<K, V> {
    pub(crate) fn new(budget_bytes: usize) -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::new(Shard::new()));
        SieveMap {
            shards: shards.collect(),
            budget_bytes,
            bytes: AtomicUsize::new(0),
            entries: AtomicUsize::new(0),
            evicted: AtomicU64::new(0),
            next_shard: AtomicUsize::new(0),
        }
    }

    /// Returns the value of the key with this hash for which `is_key` is true, and marks it as
    /// visited.
    pub(crate) fn get(&self, hash: u64, is_key: impl Fn(&K) -> bool) -> Option<Arc<V>> {
        let mut shard = self.shard(hash);
        let found = shard.find(hash, is_key)?;
        let slot = shard.slots[found].as_mut()?;
        slot.is_visited = true;
        Some(Arc::clone(&slot.value))
    }

    /// Inserts a value of `bytes`, replaces the value of an equal key, and evicts others until the
    /// map is within its budget. Returns `false` and changes nothing if the value alone exceeds the
    /// budget.
    pub(crate) fn insert(&self, hash: u64, key: K, value: Arc<V>, bytes: usize) -> bool
    where
        K: PartialEq,
    {
        if bytes > self.budget_bytes {
            return false;
        }
        let replaced = {
            let mut shard = self.shard(hash);
            let existing = shard.find(hash, |other| *other == key);
            let replaced = existing.and_then(|index| shard.remove(index));
            shard.push(hash, key, value, bytes);
            replaced
        };
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.entries.fetch_add(1, Ordering::Relaxed);
        if let Some(replaced) = replaced {
            self.uncharge(&replaced);
        }
        while self.bytes.load(Ordering::Relaxed) > self.budget_bytes && self.evict() {}
        true
    }

    /// Removes a key if it still has this value.
    pub(crate) fn remove(&self, hash: u64, is_key: impl Fn(&K) -> bool, value: &Arc<V>) {
        let removed = {
            let mut shard = self.shard(hash);
            let found = shard.find(hash, is_key);
            let is_same = |index: &usize| {
                let slot = shard.slots[*index].as_ref();
                slot.is_some_and(|slot| Arc::ptr_eq(&slot.value, value))
            };
            let found = found.filter(is_same);
            found.and_then(|index| shard.remove(index))
        };
        if let Some(removed) = removed {
            self.uncharge(&removed);
        }
    }

    /// Removes the entries whose values match.
    pub(crate) fn remove_matching(&self, matches: impl Fn(&V) -> bool) {
        for shard in &self.shards {
            // The values are dropped after the lock is released.
            let removed: Vec<SieveSlot<K, V>> = {
                let mut shard = lock(shard);
                let slots = shard.slots.iter().enumerate();
                let found = slots.filter_map(|(index, slot)| {
                    let slot = slot.as_ref()?;
                    matches(&slot.value).then_some(index)
                });
                let found: Vec<usize> = found.collect();
                let removed = found.into_iter();
                removed.filter_map(|index| shard.remove(index)).collect()
            };
            removed.iter().for_each(|slot| self.uncharge(slot));
        }
    }

    /// Removes all entries.
    pub(crate) fn clear(&self) {
        for shard in &self.shards {
            let removed = std::mem::replace(&mut *lock(shard), Shard::new());
            for slot in removed.slots.iter().flatten() {
                self.uncharge(slot);
            }
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.load(Ordering::Relaxed)
    }

    /// Returns the number of entries that were evicted.
    pub(crate) fn evicted(&self) -> u64 {
        self.evicted.load(Ordering::Relaxed)
    }

    /// Evicts one entry. Returns `false` if the map is empty.
    fn evict(&self) -> bool {
        for _ in 0..SHARDS {
            let next = self.next_shard.fetch_add(1, Ordering::Relaxed) % SHARDS;
            // The value is dropped after the lock is released.
            let evicted = lock(&self.shards[next]).evict();
            if let Some(evicted) = evicted {
                self.uncharge(&evicted);
                self.evicted.fetch_add(1, Ordering::Relaxed);
                return true;
            }
        }
        false
    }

    fn uncharge(&self, slot: &SieveSlot<K, V>) {
        self.bytes.fetch_sub(slot.bytes, Ordering::Relaxed);
        self.entries.fetch_sub(1, Ordering::Relaxed);
    }

    fn shard(&self, hash: u64) -> MutexGuard<'_, Shard<K, V>> {
        // The map of a shard uses the low bits.
        lock(&self.shards[(hash >> 48) as usize % SHARDS])
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<K, V> Shard<K, V> {
    fn new() -> Self {
        Shard {
            by_hash: HashMap::default(),
            slots: Vec::new(),
            free: Vec::new(),
            newest: None,
            oldest: None,
            hand: None,
        }
    }

    fn find(&self, hash: u64, is_key: impl Fn(&K) -> bool) -> Option<usize> {
        let mut next = self.by_hash.get(&hash).copied();
        while let Some(index) = next {
            let slot = self.slots[index].as_ref()?;
            if is_key(&slot.key) {
                return Some(index);
            }
            next = slot.same_hash;
        }
        None
    }

    fn push(&mut self, hash: u64, key: K, value: Arc<V>, bytes: usize) {
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() - 1
        });
        let same_hash = self.by_hash.insert(hash, index);
        self.slots[index] = Some(SieveSlot {
            key,
            value,
            hash,
            bytes,
            is_visited: false,
            newer: None,
            older: self.newest,
            same_hash,
        });
        match self.newest.replace(index) {
            Some(older) => self.link(older, |slot| slot.newer = Some(index)),
            None => self.oldest = Some(index),
        }
    }

    fn remove(&mut self, index: usize) -> Option<SieveSlot<K, V>> {
        let slot = self.slots[index].take()?;
        self.free.push(index);
        match slot.newer {
            Some(newer) => self.link(newer, |other| other.older = slot.older),
            None => self.newest = slot.older,
        }
        match slot.older {
            Some(older) => self.link(older, |other| other.newer = slot.newer),
            None => self.oldest = slot.newer,
        }
        if self.hand == Some(index) {
            self.hand = slot.newer;
        }
        let first = self.by_hash.get(&slot.hash).copied();
        if first == Some(index) {
            match slot.same_hash {
                Some(following) => self.by_hash.insert(slot.hash, following),
                None => self.by_hash.remove(&slot.hash),
            };
        } else {
            let mut next = first;
            while let Some(at) = next {
                next = self.slots[at].as_ref().and_then(|other| other.same_hash);
                if next == Some(index) {
                    self.link(at, |other| other.same_hash = slot.same_hash);
                    break;
                }
            }
        }
        Some(slot)
    }

    /// Moves the hand to the first entry that was not visited, and removes it.
    fn evict(&mut self) -> Option<SieveSlot<K, V>> {
        // The second round finds all marks cleared.
        let mut at = self.hand.or(self.oldest)?;
        loop {
            let slot = self.slots[at].as_mut()?;
            if !slot.is_visited {
                break;
            }
            slot.is_visited = false;
            at = slot.newer.or(self.oldest)?;
        }
        self.hand = Some(at);
        self.remove(at)
    }

    fn link(&mut self, index: usize, change: impl FnOnce(&mut SieveSlot<K, V>)) {
        if let Some(slot) = self.slots[index].as_mut() {
            change(slot);
        }
    }
}

/// The hasher of keys that are hashes already.
#[derive(Default)]
struct KeptHash(u64);

impl Hasher for KeptHash {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn insert(sieve: &SieveMap<u64, u64>, hash: u64, key: u64, bytes: usize) -> bool {
        sieve.insert(hash, key, Arc::new(key), bytes)
    }

    fn get(sieve: &SieveMap<u64, u64>, hash: u64, key: u64) -> Option<u64> {
        sieve.get(hash, |other| *other == key).map(|value| *value)
    }

    #[test]
    fn keys_with_one_hash_are_kept_apart() {
        let sieve = SieveMap::new(1000);
        for key in 0..5 {
            assert!(insert(&sieve, 7, key, 10));
        }
        let two = sieve.get(7, |key| *key == 2).unwrap();
        sieve.remove(7, |key| *key == 2, &two);
        let found: Vec<_> = (0..6).map(|key| get(&sieve, 7, key)).collect();
        assert_eq!(found, [Some(0), Some(1), None, Some(3), Some(4), None]);
        assert_eq!((sieve.len(), sieve.bytes()), (4, 40));
    }

    #[test]
    fn visited_entries_survive_one_pass_of_the_hand() {
        let sieve = SieveMap::new(30);
        for key in 0..3 {
            insert(&sieve, 0, key, 10);
        }
        assert_eq!(get(&sieve, 0, 0), Some(0));
        insert(&sieve, 0, 3, 10);
        let found: Vec<_> = (0..4).map(|key| get(&sieve, 0, key).is_some()).collect();
        assert_eq!(found, [true, false, true, true]);
        assert_eq!(sieve.evicted(), 1);
    }

    #[test]
    fn value_larger_than_the_budget_is_refused() {
        let sieve = SieveMap::new(30);
        insert(&sieve, 0, 1, 10);
        assert!(!insert(&sieve, 1, 2, 31));
        assert_eq!((sieve.len(), sieve.bytes()), (1, 10));
    }

    #[test]
    fn replaced_value_is_not_removed_by_the_name_of_the_old_one() {
        let sieve: SieveMap<u64, u64> = SieveMap::new(100);
        sieve.insert(1, 1, Arc::new(10), 10);
        let old = sieve.get(1, |key| *key == 1).unwrap();
        sieve.insert(1, 1, Arc::new(20), 20);
        sieve.remove(1, |key| *key == 1, &old);
        assert_eq!(get(&sieve, 1, 1), Some(20));
        assert_eq!((sieve.len(), sieve.bytes()), (1, 20));
    }

    /// The policy as a list of keys and marks, from the oldest to the newest entry.
    #[derive(Default)]
    struct NaiveSieve {
        entries: Vec<(u64, bool)>,
        hand: usize,
    }

    impl NaiveSieve {
        fn remove_at(&mut self, at: usize) -> u64 {
            let (key, _) = self.entries.remove(at);
            self.hand -= usize::from(at < self.hand);
            // After the newest entry, the hand begins with the oldest one.
            if self.hand == self.entries.len() {
                self.hand = 0;
            }
            key
        }

        fn evict(&mut self) -> Option<u64> {
            if self.entries.is_empty() {
                return None;
            }
            loop {
                self.hand %= self.entries.len();
                let (_, is_visited) = &mut self.entries[self.hand];
                if !std::mem::take(is_visited) {
                    return Some(self.remove_at(self.hand));
                }
                self.hand += 1;
            }
        }
    }

    #[test]
    fn evictions_have_the_order_of_a_naive_sieve() {
        let mut shard: Shard<u64, u64> = Shard::new();
        let mut naive = NaiveSieve::default();
        let mut random = 1_u64;
        for _ in 0..200_000 {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let key = (random >> 33) % 50;
            let hash = key / 3;
            let found = shard.find(hash, |other| *other == key);
            let position = naive.entries.iter().position(|(other, _)| *other == key);
            assert_eq!(found.is_some(), position.is_some());
            match ((random >> 20) % 5, found, position) {
                (0 | 1, Some(found), Some(position)) => {
                    shard.link(found, |slot| slot.is_visited = true);
                    naive.entries[position].1 = true;
                }
                (0 | 1, ..) => {
                    shard.push(hash, key, Arc::new(key), 1);
                    naive.entries.push((key, false));
                }
                (2, Some(found), Some(position)) => {
                    assert_eq!(shard.remove(found).map(|slot| slot.key), Some(key));
                    naive.remove_at(position);
                }
                (2, ..) => {}
                _ => assert_eq!(shard.evict().map(|slot| slot.key), naive.evict()),
            }
        }
    }

    /// Compares with a map without a budget, whose entries the sieve may have evicted.
    #[test]
    fn random_operations_agree_with_a_map() {
        let sieve = SieveMap::new(2000);
        let mut model: BTreeMap<u64, usize> = BTreeMap::new();
        let mut random = 1_u64;
        for _ in 0..200_000 {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let key = (random >> 33) % 300;
            // Some keys share a hash, and the shards are used unevenly.
            let hash = (key / 3) << 47;
            let bytes = 1 + (key as usize * 7) % 40;
            match (random >> 20) % 4 {
                0 | 1 => {
                    let found = get(&sieve, hash, key);
                    assert!(found.is_none_or(|found| found == key));
                }
                2 => {
                    insert(&sieve, hash, key, bytes);
                    model.insert(key, bytes);
                }
                _ => {
                    if let Some(value) = sieve.get(hash, |other| *other == key) {
                        sieve.remove(hash, |other| *other == key, &value);
                    }
                    model.remove(&key);
                    assert_eq!(get(&sieve, hash, key), None);
                }
            }
            assert!(sieve.bytes() <= 2000);
        }
        let kept: Vec<u64> = (0..300)
            .filter(|key| get(&sieve, (key / 3) << 47, *key).is_some())
            .collect();
        assert!(kept.iter().all(|key| model.contains_key(key)));
        assert_eq!(kept.len(), sieve.len());
        let bytes: usize = kept.iter().map(|key| model[key]).sum();
        assert_eq!(bytes, sieve.bytes());
        sieve.remove_matching(|value| *value % 2 == 0);
        let is_kept = |key: &u64| get(&sieve, (key / 3) << 47, *key).is_some();
        let odd: Vec<u64> = kept.iter().copied().filter(|key| key % 2 == 1).collect();
        assert!(odd.iter().all(is_kept));
        assert_eq!(sieve.len(), odd.len());
        sieve.clear();
        assert_eq!((sieve.len(), sieve.bytes()), (0, 0));
    }
}
