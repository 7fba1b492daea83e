// SPDX-License-Identifier: Apache-2.0

//! [`Validity`]: which elements of a growing array are null.

use arrow::array::BooleanBufferBuilder;
use arrow::buffer::NullBuffer;

/// The number of elements per word.
pub(crate) const WORD: usize = 64;

/// The validity bitmap of a growing array. It allocates no memory before the first null.
#[derive(Debug, Default)]
pub(crate) struct Validity {
    length: usize,
    valid: Option<BooleanBufferBuilder>,
}

impl Validity {
    /// Appends elements that are not null.
    pub(crate) fn append_valid(&mut self, count: usize) {
        self.length += count;
        if let Some(valid) = &mut self.valid {
            valid.append_n(count, true);
        }
    }

    /// Appends elements that are null where `cells` has `None`.
    pub(crate) fn append<C: Copy>(&mut self, cells: &[Option<C>]) {
        for cells in cells.chunks(WORD) {
            self.append_word(cells);
        }
    }

    /// Appends at most [`WORD`] elements that are null where `cells` has `None`. Returns a bit per
    /// element, set if the element is valid, with the first element in the lowest bit.
    pub(crate) fn append_word<C: Copy>(&mut self, cells: &[Option<C>]) -> u64 {
        let mut word = 0u64;
        for (bit, cell) in cells.iter().enumerate() {
            word |= u64::from(cell.is_some()) << bit;
        }
        let length = self.length;
        self.length += cells.len();
        if self.valid.is_none() && word.count_ones() as usize == cells.len() {
            return word;
        }
        let valid = self.valid.get_or_insert_with(|| {
            let mut valid = BooleanBufferBuilder::new(length + cells.len());
            valid.append_n(length, true);
            valid
        });
        valid.append_word(word, cells.len());
        word
    }

    /// Returns the number of elements.
    pub(crate) fn len(&self) -> usize {
        self.length
    }

    /// Returns the null buffer, or `None` if no element is null.
    pub(crate) fn finish(self) -> Option<NullBuffer> {
        let nulls = NullBuffer::new(self.valid?.build());
        Some(nulls).filter(|nulls| nulls.null_count() > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bitmap_is_not_allocated_without_nulls() {
        let mut validity = Validity::default();
        validity.append_valid(3);
        validity.append(&[Some(1); 100]);
        assert!(validity.valid.is_none());
        assert_eq!(validity.len(), 103);
        assert!(validity.finish().is_none());
    }

    #[test]
    fn blocks_of_any_length_are_appended() {
        let cells: Vec<Option<usize>> = (0..1000).map(|n| (n % 7 != 0).then_some(n)).collect();
        for first in [0, 1, 63, 64, 65, 128, 200] {
            let mut validity = Validity::default();
            validity.append_valid(5);
            validity.append(&cells[..first]);
            validity.append(&cells[first..]);
            validity.append_valid(2);
            let nulls = validity.finish().expect("some are null");
            assert_eq!(nulls.len(), 1007);
            let expected = (0..1007).map(|n| !(5..1005).contains(&n) || (n - 5) % 7 != 0);
            assert!(nulls.iter().eq(expected), "first block of {first}");
        }
    }
}
