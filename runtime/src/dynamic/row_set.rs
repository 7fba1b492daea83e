// SPDX-License-Identifier: Apache-2.0

//! [`RowSet`]: a set of rows of a chunk.

/// A set of rows of a chunk, as row numbers from 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowSet {
    words: Vec<u64>,
    len: usize,
}

impl RowSet {
    /// Returns whether the set contains a row.
    pub fn contains(&self, row: u32) -> bool {
        let word = self.words.get(row as usize / 64);
        word.is_some_and(|word| word >> (row % 64) & 1 == 1)
    }

    /// Adds a row.
    pub fn insert(&mut self, row: u32) {
        let word = row as usize / 64;
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        let bit = 1 << (row % 64);
        self.len += usize::from(self.words[word] & bit == 0);
        self.words[word] |= bit;
    }

    /// Returns the rows in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        (0..)
            .zip(&self.words)
            .flat_map(|(number, word): (u32, &u64)| {
                let bits = (0..64).filter(move |bit| word >> bit & 1 == 1);
                bits.map(move |bit| number * 64 + bit)
            })
    }

    /// Returns the number of rows that are in this set, in the other one, or in both.
    pub(super) fn union_len(&self, other: &RowSet) -> usize {
        let common = self.words.iter().zip(&other.words);
        let common: u32 = common.map(|(a, b)| (a & b).count_ones()).sum();
        self.len + other.len - common as usize
    }

    /// Returns the number of rows.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Returns whether the set is empty.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}
