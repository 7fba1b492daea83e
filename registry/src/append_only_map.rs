// SPDX-License-Identifier: Apache-2.0

//! [`AppendOnlyMap`]: values by key that are only ever added, and found without a lock while others add.

use std::borrow::Borrow;
use std::hash::{BuildHasher, Hash};
use std::sync::atomic::{AtomicUsize, Ordering};

use foldhash::fast::FixedState;
use once_cell::sync::OnceCell;

/// Values by key that are only ever added.
///
/// A tree whose branches follow the digits of a key's hash, so that the first values are found without
/// a walk, and a value never moves: it is lent for as long as the memo lives.
///
/// ```
/// use kalamtable_registry::AppendOnlyMap;
///
/// let memo: AppendOnlyMap<String, usize> = AppendOnlyMap::default();
/// assert_eq!(memo.get("status = 'new'"), None);
/// assert_eq!(memo.insert("status = 'new'".to_string(), 1), &1);
/// // Of two that were made at the same time, both makers get the first.
/// assert_eq!(memo.insert("status = 'new'".to_string(), 2), &1);
/// assert_eq!(memo.get("status = 'new'"), Some(&1));
/// ```
#[derive(Debug)]
pub struct AppendOnlyMap<K, V> {
    root: Branch<K, V>,
    len: AtomicUsize,
}

type Branch<K, V> = OnceCell<Box<Node<K, V>>>;

#[derive(Debug)]
struct Node<K, V> {
    hash: u64,
    key: K,
    value: V,
    branches: [Branch<K, V>; 4],
}

impl<K, V> AppendOnlyMap<K, V> {
    /// The bytes that one value takes besides what its key and itself own.
    pub const ENTRY_BYTES: usize = size_of::<Node<K, V>>();

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.len.load(Ordering::Relaxed)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<K: Hash + Eq, V> AppendOnlyMap<K, V> {
    /// The value of a key.
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

    /// The value of a key: this one, unless there was one.
    pub fn insert(&self, key: K, value: V) -> &V {
        let (Ok(value) | Err(value)) = self.try_insert(key, value);
        value
    }

    /// Adds the value of a key.
    ///
    /// # Errors
    /// The value that was there, or that another thread has added meanwhile.
    pub fn try_insert(&self, key: K, value: V) -> Result<&V, &V> {
        let hash = FixedState::default().hash_one(&key);
        let (mut branch, mut digits) = (&self.root, hash);
        let mut node = Box::new(Node {
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
                Err(taken) => taken,
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

    /// All keys have the hash of their length: the worst case.
    #[derive(Debug, PartialEq, Eq)]
    struct Colliding(String);

    impl Hash for Colliding {
        fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
            self.0.len().hash(state);
        }
    }

    #[test]
    fn keys_with_one_hash_are_told_apart() {
        let memo = AppendOnlyMap::default();
        for number in 100..600 {
            memo.insert(Colliding(number.to_string()), number);
        }
        assert_eq!(memo.len(), 500);
        for number in 100..600 {
            assert_eq!(memo.get(&Colliding(number.to_string())), Some(&number));
        }
        assert_eq!(memo.get(&Colliding("600".to_string())), None);
    }

    #[test]
    fn threads_that_add_at_once_agree() {
        let memo: AppendOnlyMap<usize, usize> = AppendOnlyMap::default();
        let found = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|thread| {
                    let memo = &memo;
                    scope.spawn(move || {
                        (0..1000)
                            .map(|key| *memo.insert(key, thread))
                            .collect::<Vec<_>>()
                    })
                })
                .collect();
            let joined = threads
                .into_iter()
                .map(|thread| thread.join().expect("no panic"));
            joined.collect::<Vec<_>>()
        });
        assert_eq!(memo.len(), 1000);
        for key in 0..1000 {
            let value = memo.get(&key);
            assert!(found.iter().all(|values| Some(&values[key]) == value));
        }
    }
}
