// SPDX-License-Identifier: Apache-2.0

//! [`AppendOnlyMap`]: a map without removal, whose readers take no lock.

use std::borrow::Borrow;
use std::hash::{BuildHasher, Hash};
use std::sync::atomic::{AtomicUsize, Ordering};

use foldhash::fast::FixedState;
use once_cell::sync::OnceCell;

/// A concurrent map whose entries are never removed or replaced.
///
/// Lookups take no lock, and return references that are valid as long as the map, because an entry
/// never moves. The map is meant for values that are derived from a snapshot on demand, such as
/// parsed filters, and that are cached with
/// [`TableSnapshot::extension`](crate::TableSnapshot::extension).
///
/// The entries form a hash trie with four branches per node, so a lookup among `n` entries visits
/// about `log4(n)` nodes. Each entry occupies [`ENTRY_BYTES`](Self::ENTRY_BYTES) plus the heap
/// memory of its key and value. Keys are hashed with a fixed seed: if they come from untrusted
/// clients, limit their number.
///
/// ```
/// use kalamtable_registry::AppendOnlyMap;
///
/// let map: AppendOnlyMap<String, usize> = AppendOnlyMap::default();
/// assert_eq!(map.get("status = 'new'"), None);
/// assert_eq!(map.insert("status = 'new'".to_string(), 1), &1);
/// // The first value is kept, and every caller gets it.
/// assert_eq!(map.insert("status = 'new'".to_string(), 2), &1);
/// assert_eq!(map.get("status = 'new'"), Some(&1));
/// ```
#[derive(Debug)]
pub struct AppendOnlyMap<K, V> {
    root: TrieBranch<K, V>,
    len: AtomicUsize,
}

type TrieBranch<K, V> = OnceCell<Box<TrieNode<K, V>>>;

#[derive(Debug)]
struct TrieNode<K, V> {
    hash: u64,
    key: K,
    value: V,
    branches: [TrieBranch<K, V>; 4],
}

impl<K, V> AppendOnlyMap<K, V> {
    /// The bytes that an entry occupies, without the heap memory of its key and value.
    pub const ENTRY_BYTES: usize = size_of::<TrieNode<K, V>>();

    /// Returns the number of entries.
    pub fn len(&self) -> usize {
        self.len.load(Ordering::Relaxed)
    }

    /// Returns whether the map has no entries.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<K: Hash + Eq, V> AppendOnlyMap<K, V> {
    /// Returns the value of `key`, or `None` if the map has no such key.
    pub fn get<Q>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let hash = FixedState::default().hash_one(key);
        let (mut branch, mut digits) = (&self.root, hash);
        loop {
            let node = branch.get()?;
            if node.hash == hash && node.key.borrow() == key {
                return Some(&node.value);
            }
            branch = &node.branches[(digits >> 62) as usize];
            digits <<= 2;
        }
    }

    /// Inserts `value` unless the map has the key already, and returns the value in the map. If the
    /// map has the key, `value` is dropped.
    pub fn insert(&self, key: K, value: V) -> &V {
        let (Ok(value) | Err(value)) = self.try_insert(key, value);
        value
    }

    /// Inserts `value`, and returns a reference to it.
    ///
    /// # Errors
    /// Fails with a reference to the existing value if the map has the key already, even if another
    /// thread inserts it during the call. `value` is then dropped.
    pub fn try_insert(&self, key: K, value: V) -> Result<&V, &V> {
        let hash = FixedState::default().hash_one(&key);
        let (mut branch, mut digits) = (&self.root, hash);
        let mut node = Box::new(TrieNode {
            hash,
            key,
            value,
            branches: Default::default(),
        });
        loop {
            let (found, ours) = match branch.try_insert(node) {
                Ok(inserted) => {
                    self.len.fetch_add(1, Ordering::Relaxed);
                    return Ok(&inserted.value);
                }
                Err(occupied) => occupied,
            };
            if found.hash == hash && found.key == ours.key {
                return Err(&found.value);
            }
            node = ours;
            branch = &found.branches[(digits >> 62) as usize];
            digits <<= 2;
        }
    }
}

impl<K, V> Default for AppendOnlyMap<K, V> {
    fn default() -> Self {
        AppendOnlyMap {
            root: OnceCell::new(),
            len: AtomicUsize::new(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A key whose hash depends only on its length: the worst case for the trie.
    #[derive(Debug, PartialEq, Eq)]
    struct CollidingKey(String);

    impl Hash for CollidingKey {
        fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
            self.0.len().hash(state);
        }
    }

    #[test]
    fn keys_with_equal_hashes_are_distinguished() {
        let map = AppendOnlyMap::default();
        for number in 100..600 {
            map.insert(CollidingKey(number.to_string()), number);
        }
        assert_eq!(map.len(), 500);
        for number in 100..600 {
            assert_eq!(map.get(&CollidingKey(number.to_string())), Some(&number));
        }
        assert_eq!(map.get(&CollidingKey("600".to_string())), None);
    }

    #[test]
    fn concurrent_inserts_of_one_key_return_one_value() {
        let map: AppendOnlyMap<usize, usize> = AppendOnlyMap::default();
        let found = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|thread| {
                    let map = &map;
                    scope.spawn(move || {
                        (0..1000)
                            .map(|key| *map.insert(key, thread))
                            .collect::<Vec<_>>()
                    })
                })
                .collect();
            let joined = threads
                .into_iter()
                .map(|thread| thread.join().expect("the thread does not panic"));
            joined.collect::<Vec<_>>()
        });
        assert_eq!(map.len(), 1000);
        for key in 0..1000 {
            let value = map.get(&key);
            assert!(found.iter().all(|values| Some(&values[key]) == value));
        }
    }
}
