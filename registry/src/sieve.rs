// SPDX-License-Identifier: Apache-2.0

//! [`Sieve`]: the SIEVE eviction policy over weighted items.
//!
//! Items are kept in the order in which they were inserted. A hand moves from the oldest to the
//! newest item: it skips an item that was visited since the hand passed it last, and evicts any
//! other item. One eviction skips a limited number of items. Yazhuo Zhang et al., "SIEVE is Simpler
//! than LRU: an Efficient Turn-Key Eviction Algorithm for Web Caches", NSDI 2024.

/// An item of a [`Sieve`].
pub(crate) trait Evictable {
    /// Returns whether the item was visited since the previous call of this method.
    fn take_visited(&self) -> bool;
}

/// A key of an item in a [`Sieve`]: its index, and a generation that distinguishes it from earlier
/// items at the same index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SieveKey(u64);

impl SieveKey {
    /// The key of no item.
    pub(crate) const NONE: SieveKey = SieveKey(u64::MAX);

    fn new(index: u32, generation: u32) -> Self {
        SieveKey(u64::from(generation) << 32 | u64::from(index))
    }

    pub(crate) fn as_u64(self) -> u64 {
        self.0
    }

    pub(crate) fn from_u64(key: u64) -> Self {
        SieveKey(key)
    }

    fn index(self) -> usize {
        self.0 as u32 as usize
    }

    fn generation(self) -> u32 {
        (self.0 >> 32) as u32
    }
}

#[derive(Debug)]
struct SieveEntry<T> {
    generation: u32,
    /// The index of the next older entry, or [`NIL`].
    older: u32,
    /// The index of the next newer entry, or [`NIL`]. In a free entry, the index of the next free
    /// entry.
    newer: u32,
    bytes: usize,
    /// `None` in a free entry.
    item: Option<T>,
}

/// The index of no entry.
const NIL: u32 = u32::MAX;

/// The number of entries that are allocated together. Entries are never moved, because moving a
/// million of them would block evictions and loads for too long.
const CHUNK: usize = 64;

/// The maximum number of visited items that one eviction skips. Each of them may have to be read
/// from memory, while other evictions and loads wait.
const MAX_SKIPPED: usize = 64;

/// Items with their sizes in bytes, in the order of insertion.
#[derive(Debug)]
pub(crate) struct Sieve<T> {
    chunks: Vec<Vec<SieveEntry<T>>>,
    free: u32,
    oldest: u32,
    newest: u32,
    /// The entry that the next eviction examines first, or [`NIL`] for the oldest one.
    hand: u32,
    len: usize,
    bytes: usize,
}

impl<T: Evictable> Sieve<T> {
    /// The bytes that the sieve itself uses per item, including unused capacity.
    pub(crate) const ENTRY_BYTES: usize =
        size_of::<SieveEntry<T>>() + (2 * size_of::<Vec<SieveEntry<T>>>()).div_ceil(CHUNK);

    pub(crate) fn new() -> Self {
        Sieve {
            chunks: Vec::new(),
            free: NIL,
            oldest: NIL,
            newest: NIL,
            hand: NIL,
            len: 0,
            bytes: 0,
        }
    }

    /// Returns the total size of the items.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Iterates over the items in no particular order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        let entries = self.chunks.iter().flatten();
        entries.filter_map(|entry| entry.item.as_ref())
    }

    /// Inserts an item as the newest one.
    ///
    /// Returns [`SieveKey::NONE`], and drops the item, if the sieve has 2^32 - 1 items: the entries
    /// alone would occupy more than 150 GB.
    pub(crate) fn insert(&mut self, item: T, bytes: usize) -> SieveKey {
        let Some(index) = self.take_free() else {
            return SieveKey::NONE;
        };
        let older = self.newest;
        let entry = self.at(index);
        (entry.older, entry.newer) = (older, NIL);
        (entry.bytes, entry.item) = (bytes, Some(item));
        let key = SieveKey::new(index, entry.generation);
        match older {
            NIL => self.oldest = index,
            older => self.at(older).newer = index,
        }
        self.newest = index;
        self.len += 1;
        self.bytes += bytes;
        key
    }

    /// Replaces an item, which keeps its position, and returns the key of the replacement and the
    /// previous item. If no item has the key, inserts the item as the newest one.
    pub(crate) fn replace(
        &mut self,
        key: SieveKey,
        item: T,
        bytes: usize,
    ) -> (SieveKey, Option<T>) {
        let Some(entry) = self.entry(key) else {
            return (self.insert(item, bytes), None);
        };
        let previous_bytes = std::mem::replace(&mut entry.bytes, bytes);
        let previous = entry.item.replace(item);
        entry.generation = entry.generation.wrapping_add(1);
        let key = SieveKey::new(key.index() as u32, entry.generation);
        self.bytes = self.bytes - previous_bytes + bytes;
        (key, previous)
    }

    /// Updates the size of an item. Does nothing if no item has the key.
    pub(crate) fn resize(&mut self, key: SieveKey, size_of: impl FnOnce(&T) -> usize) {
        if let Some(entry) = self.entry(key)
            && let Some(item) = &entry.item
        {
            let bytes = size_of(item);
            let previous_bytes = std::mem::replace(&mut entry.bytes, bytes);
            self.bytes = self.bytes - previous_bytes + bytes;
        }
    }

    /// Removes and returns an item, or returns `None` if no item has the key.
    pub(crate) fn remove(&mut self, key: SieveKey) -> Option<T> {
        self.entry(key)?;
        self.unlink(key.index() as u32)
    }

    /// Removes the next item to evict, and returns it with its key and size, or `None` if the sieve
    /// is empty. Skips at most [`MAX_SKIPPED`] items, so that no eviction examines all of them.
    pub(crate) fn evict(&mut self) -> Option<(SieveKey, T, usize)> {
        for skipped in 0.. {
            let index = match self.hand {
                NIL => self.oldest,
                hand => hand,
            };
            let entry = self.get(index)?;
            let is_visited = entry.item.as_ref().is_some_and(T::take_visited);
            if is_visited && skipped < MAX_SKIPPED {
                self.hand = entry.newer;
                continue;
            }
            let (key, bytes) = (SieveKey::new(index, entry.generation), entry.bytes);
            return Some((key, self.unlink(index)?, bytes));
        }
        None
    }

    /// Removes all items, and returns them from the oldest to the newest.
    pub(crate) fn clear(&mut self) -> Vec<T> {
        let mut items = Vec::with_capacity(self.len);
        while self.oldest != NIL {
            items.extend(self.unlink(self.oldest));
        }
        items
    }

    fn entry(&mut self, key: SieveKey) -> Option<&mut SieveEntry<T>> {
        let index = key.index();
        let entry = self.chunks.get_mut(index / CHUNK)?.get_mut(index % CHUNK)?;
        (entry.generation == key.generation() && entry.item.is_some()).then_some(entry)
    }

    /// Takes an entry from the free list, or adds one.
    fn take_free(&mut self) -> Option<u32> {
        if self.free != NIL {
            let index = self.free;
            self.free = self.at(index).newer;
            return Some(index);
        }
        let full = self.chunks.len().saturating_sub(1) * CHUNK;
        let index = u32::try_from(full + self.chunks.last().map_or(0, Vec::len)).ok()?;
        if index == NIL {
            return None;
        }
        if (index as usize).is_multiple_of(CHUNK) {
            self.chunks.push(Vec::with_capacity(CHUNK));
        }
        self.chunks.last_mut()?.push(SieveEntry {
            generation: 0,
            older: NIL,
            newer: NIL,
            bytes: 0,
            item: None,
        });
        Some(index)
    }

    fn get(&self, index: u32) -> Option<&SieveEntry<T>> {
        let index = index as usize;
        self.chunks.get(index / CHUNK)?.get(index % CHUNK)
    }

    /// Returns an entry that exists.
    fn at(&mut self, index: u32) -> &mut SieveEntry<T> {
        let index = index as usize;
        &mut self.chunks[index / CHUNK][index % CHUNK]
    }

    /// Removes an entry from the list, and adds it to the free list.
    fn unlink(&mut self, index: u32) -> Option<T> {
        let free = self.free;
        let entry = self.at(index);
        let (older, newer) = (entry.older, entry.newer);
        let item = entry.item.take();
        let bytes = std::mem::take(&mut entry.bytes);
        entry.newer = free;
        entry.generation = entry.generation.wrapping_add(1);
        self.free = index;
        match older {
            NIL => self.oldest = newer,
            older => self.at(older).newer = newer,
        }
        match newer {
            NIL => self.newest = older,
            newer => self.at(newer).older = older,
        }
        if self.hand == index {
            self.hand = newer;
        }
        self.len -= 1;
        self.bytes -= bytes;
        item
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;

    use proptest::prelude::*;

    use super::*;

    /// An item with a number, and a visited bit that the test can set.
    #[derive(Clone, Debug)]
    struct TestItem {
        number: u32,
        visited: Rc<Cell<bool>>,
    }

    impl TestItem {
        fn new(number: u32) -> Self {
            TestItem {
                number,
                visited: Rc::default(),
            }
        }
    }

    impl Evictable for TestItem {
        fn take_visited(&self) -> bool {
            self.visited.take()
        }
    }

    fn evict_number(sieve: &mut Sieve<TestItem>) -> Option<u32> {
        sieve.evict().map(|(_, item, _)| item.number)
    }

    /// A sieve of items `0..count` of one byte each, with their keys.
    fn sieve_of(items: &[TestItem]) -> (Sieve<TestItem>, Vec<SieveKey>) {
        let mut sieve = Sieve::new();
        let keys = items
            .iter()
            .map(|item| sieve.insert(item.clone(), 1))
            .collect();
        (sieve, keys)
    }

    #[test]
    fn unvisited_items_are_evicted_from_the_oldest() {
        let items: Vec<TestItem> = (0..3).map(TestItem::new).collect();
        let (mut sieve, _) = sieve_of(&items);
        let evicted: Vec<u32> = std::iter::from_fn(|| evict_number(&mut sieve)).collect();
        assert_eq!(evicted, [0, 1, 2]);
        assert_eq!((sieve.bytes(), sieve.iter().count()), (0, 0));
    }

    #[test]
    fn visited_items_are_kept_and_the_hand_does_not_return_to_them() {
        let items: Vec<TestItem> = (0..4).map(TestItem::new).collect();
        let (mut sieve, _) = sieve_of(&items);
        items[0].visited.set(true);
        items[2].visited.set(true);
        assert_eq!(evict_number(&mut sieve), Some(1));
        // A first-in-first-out queue would examine item 0 here.
        assert_eq!(evict_number(&mut sieve), Some(3));
        assert_eq!(evict_number(&mut sieve), Some(0));
        assert_eq!(evict_number(&mut sieve), Some(2));
    }

    #[test]
    fn all_visited_items_lose_their_bits_and_the_oldest_is_evicted() {
        let items: Vec<TestItem> = (0..3).map(TestItem::new).collect();
        let (mut sieve, _) = sieve_of(&items);
        items.iter().for_each(|item| item.visited.set(true));
        assert_eq!(evict_number(&mut sieve), Some(0));
        assert_eq!(evict_number(&mut sieve), Some(1));
    }

    #[test]
    fn an_eviction_skips_a_limited_number_of_items() {
        let items: Vec<TestItem> = (0..200).map(TestItem::new).collect();
        let (mut sieve, _) = sieve_of(&items);
        items.iter().for_each(|item| item.visited.set(true));
        assert_eq!(evict_number(&mut sieve), Some(MAX_SKIPPED as u32));
        assert!(items[MAX_SKIPPED + 1].visited.take());
        assert!(!items[0].visited.take());
    }

    #[test]
    fn keys_of_removed_and_replaced_items_find_nothing() {
        let items: Vec<TestItem> = (0..2).map(TestItem::new).collect();
        let (mut sieve, keys) = sieve_of(&items);
        assert!(sieve.remove(keys[0]).is_some());
        assert!(sieve.remove(keys[0]).is_none());
        // The entry is used again, under another key.
        let reused = sieve.insert(TestItem::new(7), 10);
        assert_ne!(reused, keys[0]);
        sieve.resize(keys[0], |_| 1000);
        let (replacement, previous) = sieve.replace(keys[1], TestItem::new(8), 20);
        assert_eq!(previous.map(|item| item.number), Some(1));
        assert!(sieve.remove(keys[1]).is_none());
        sieve.resize(replacement, |_| 30);
        assert_eq!(sieve.bytes(), 40);
        assert!(sieve.remove(SieveKey::NONE).is_none());
    }

    #[test]
    fn a_replacement_keeps_its_position() {
        let items: Vec<TestItem> = (0..3).map(TestItem::new).collect();
        let (mut sieve, keys) = sieve_of(&items);
        sieve.replace(keys[0], TestItem::new(9), 1);
        let evicted: Vec<u32> = std::iter::from_fn(|| evict_number(&mut sieve)).collect();
        assert_eq!(evicted, [9, 1, 2]);
    }

    /// The policy without linked lists, free entries and keys: a vector from the oldest to the
    /// newest item.
    #[derive(Default)]
    struct NaiveSieve {
        items: Vec<(TestItem, usize)>,
        /// The number of the item that is examined first.
        hand: Option<u32>,
    }

    impl NaiveSieve {
        fn position(&self, number: u32) -> Option<usize> {
            self.items
                .iter()
                .position(|(item, _)| item.number == number)
        }

        fn remove_at(&mut self, index: usize) -> (TestItem, usize) {
            let removed = self.items.remove(index);
            if self.hand == Some(removed.0.number) {
                self.hand = self.items.get(index).map(|(item, _)| item.number);
            }
            removed
        }

        fn evict(&mut self) -> Option<(TestItem, usize)> {
            for skipped in 0.. {
                let index = self.hand.and_then(|hand| self.position(hand)).unwrap_or(0);
                let (item, _) = self.items.get(index)?;
                if !item.take_visited() || skipped == MAX_SKIPPED {
                    return Some(self.remove_at(index));
                }
                self.hand = self.items.get(index + 1).map(|(item, _)| item.number);
            }
            None
        }

        fn bytes(&self) -> usize {
            self.items.iter().map(|(_, bytes)| bytes).sum()
        }
    }

    #[derive(Clone, Debug)]
    enum SieveOperation {
        Insert(usize),
        /// The operations below choose among all items so far, including removed ones.
        Remove(prop::sample::Index),
        Replace(prop::sample::Index, usize),
        Resize(prop::sample::Index, usize),
        Visit(prop::sample::Index),
        Evict,
        Clear,
    }

    fn operation() -> impl Strategy<Value = SieveOperation> {
        let index = || any::<prop::sample::Index>();
        prop_oneof![
            6 => (0..100_usize).prop_map(SieveOperation::Insert),
            2 => index().prop_map(SieveOperation::Remove),
            2 => (index(), 0..100_usize).prop_map(|(at, bytes)| SieveOperation::Replace(at, bytes)),
            2 => (index(), 0..100_usize).prop_map(|(at, bytes)| SieveOperation::Resize(at, bytes)),
            6 => index().prop_map(SieveOperation::Visit),
            5 => Just(SieveOperation::Evict),
            1 => Just(SieveOperation::Clear),
        ]
    }

    /// The sieve and its naive twin, which perform the same operations. Numbers of items are never
    /// reused, and are equal in both.
    struct SievePair {
        sieve: Sieve<TestItem>,
        naive: NaiveSieve,
        /// The key and visited bits of every item so far, by number.
        all: Vec<(SieveKey, [Rc<Cell<bool>>; 2])>,
    }

    impl SievePair {
        /// Returns an item for each of the two, and remembers their visited bits.
        fn items(&mut self) -> [TestItem; 2] {
            let items = [(); 2].map(|()| TestItem::new(self.all.len() as u32));
            let visited = items.each_ref().map(|item| Rc::clone(&item.visited));
            self.all.push((SieveKey::NONE, visited));
            items
        }

        fn choose(&self, index: prop::sample::Index) -> Option<u32> {
            (!self.all.is_empty()).then(|| index.index(self.all.len()) as u32)
        }

        fn perform(&mut self, operation: SieveOperation) {
            match operation {
                SieveOperation::Insert(bytes) => {
                    let [ours, naive] = self.items();
                    let number = ours.number as usize;
                    self.all[number].0 = self.sieve.insert(ours, bytes);
                    self.naive.items.push((naive, bytes));
                }
                SieveOperation::Remove(at) => {
                    let Some(number) = self.choose(at) else {
                        return;
                    };
                    let removed = self.sieve.remove(self.all[number as usize].0);
                    let position = self.naive.position(number);
                    let expected = position.map(|index| self.naive.remove_at(index).0.number);
                    assert_eq!(removed.map(|item| item.number), expected);
                }
                SieveOperation::Replace(at, bytes) => {
                    let Some(number) = self.choose(at) else {
                        return;
                    };
                    let [ours, naive] = self.items();
                    let replacement = ours.number;
                    let key = self.all[number as usize].0;
                    let (key, previous) = self.sieve.replace(key, ours, bytes);
                    self.all[replacement as usize].0 = key;
                    match self.naive.position(number) {
                        Some(index) => {
                            self.naive.items[index] = (naive, bytes);
                            if self.naive.hand == Some(number) {
                                self.naive.hand = Some(replacement);
                            }
                            assert_eq!(previous.map(|item| item.number), Some(number));
                        }
                        None => {
                            self.naive.items.push((naive, bytes));
                            assert!(previous.is_none());
                        }
                    }
                }
                SieveOperation::Resize(at, bytes) => {
                    let Some(number) = self.choose(at) else {
                        return;
                    };
                    self.sieve.resize(self.all[number as usize].0, |_| bytes);
                    if let Some(index) = self.naive.position(number) {
                        self.naive.items[index].1 = bytes;
                    }
                }
                SieveOperation::Visit(at) => {
                    let Some(number) = self.choose(at) else {
                        return;
                    };
                    for visited in &self.all[number as usize].1 {
                        visited.set(true);
                    }
                }
                SieveOperation::Evict => {
                    let evicted = self.sieve.evict().map(|(key, item, bytes)| {
                        assert_eq!(key, self.all[item.number as usize].0);
                        (item.number, bytes)
                    });
                    let expected = self.naive.evict();
                    assert_eq!(evicted, expected.map(|(item, bytes)| (item.number, bytes)));
                }
                SieveOperation::Clear => {
                    let cleared = self.sieve.clear();
                    let cleared: Vec<u32> = cleared.iter().map(|item| item.number).collect();
                    let expected = std::mem::take(&mut self.naive.items);
                    let expected: Vec<u32> = expected.iter().map(|(item, _)| item.number).collect();
                    assert_eq!(cleared, expected);
                    self.naive.hand = None;
                }
            }
        }

        fn check(&self) {
            assert_eq!(self.sieve.bytes(), self.naive.bytes());
            assert_eq!(self.sieve.len, self.naive.items.len());
            let mut ours: Vec<u32> = self.sieve.iter().map(|item| item.number).collect();
            let mut naive: Vec<u32> = self
                .naive
                .items
                .iter()
                .map(|(item, _)| item.number)
                .collect();
            ours.sort_unstable();
            naive.sort_unstable();
            assert_eq!(ours, naive);
        }
    }

    proptest! {
        #[test]
        fn any_operations_give_the_results_of_the_naive_twin(
            operations in prop::collection::vec(operation(), 0..200),
        ) {
            let mut pair = SievePair {
                sieve: Sieve::new(),
                naive: NaiveSieve::default(),
                all: Vec::new(),
            };
            for operation in operations {
                pair.perform(operation);
                pair.check();
            }
        }
    }
}
