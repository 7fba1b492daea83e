// SPDX-License-Identifier: Apache-2.0

//! [`RowCursor`]: divides ranges of rows into [`RowBlock`]s.

use std::collections::VecDeque;
use std::ops::Range;

/// The rows that a scan has not read yet, as ascending ranges that are not adjacent. They are
/// returned from the first to the last, or from the last to the first.
#[derive(Debug)]
pub(crate) struct RowCursor {
    ranges: VecDeque<Range<usize>>,
    reverse: bool,
}

/// Rows of a snapshot or chunk, in ascending order.
#[derive(Clone, Debug, PartialEq)]
pub struct RowBlock {
    /// The range from the first to the last row, which may contain other rows.
    pub(crate) hull: Range<usize>,
    /// The offsets of the rows in `hull`; `None` if the block consists of all rows of `hull`.
    pub(crate) selected: Option<Vec<usize>>,
}

/// Returns the range of all of `rows` rows, as a list of ranges.
pub fn all_rows(rows: usize) -> Vec<Range<usize>> {
    std::iter::once(0..rows).collect()
}

impl RowCursor {
    pub(crate) fn new(ranges: Vec<Range<usize>>, reverse: bool) -> Self {
        RowCursor {
            ranges: ranges
                .into_iter()
                .filter(|range| !range.is_empty())
                .collect(),
            reverse,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// Returns the next rows, at most `count`. The rows of a block ascend in either direction.
    pub(crate) fn next(&mut self, count: usize) -> RowBlock {
        let mut taken: Vec<Range<usize>> = Vec::new();
        let mut left = count;
        while left > 0
            && let Some(range) = self.take(left)
        {
            left -= range.len();
            taken.push(range);
        }
        if self.reverse {
            taken.reverse();
        }
        let (Some(first), Some(last)) = (taken.first(), taken.last()) else {
            return RowBlock {
                hull: 0..0,
                selected: None,
            };
        };
        let hull = first.start..last.end;
        let selected = (taken.len() > 1).then(|| {
            let rows = taken.iter().cloned().flatten();
            rows.map(|row| row - hull.start).collect()
        });
        RowBlock { hull, selected }
    }

    /// Returns the next rows of one range, at most `count`.
    fn take(&mut self, count: usize) -> Option<Range<usize>> {
        let range = if self.reverse {
            self.ranges.pop_back()?
        } else {
            self.ranges.pop_front()?
        };
        if range.len() <= count {
            return Some(range);
        }
        if self.reverse {
            let split = range.end - count;
            self.ranges.push_back(range.start..split);
            Some(split..range.end)
        } else {
            let split = range.start + count;
            self.ranges.push_front(split..range.end);
            Some(range.start..split)
        }
    }
}

impl RowBlock {
    /// Returns the number of rows.
    pub fn len(&self) -> usize {
        match &self.selected {
            Some(selected) => selected.len(),
            None => self.hull.len(),
        }
    }

    /// Returns whether the block has no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the numbers of the rows in the snapshot or chunk.
    pub fn rows(&self) -> impl Iterator<Item = usize> {
        let selected = self.selected.as_deref();
        (0..self.len()).map(move |row| {
            let offset = selected.map_or(row, |selected| selected[row]);
            self.hull.start + offset
        })
    }

    /// Returns the rows with these indexes in the block, which are in ascending order.
    pub(crate) fn select(&self, numbers: &[usize]) -> RowBlock {
        let offsets = numbers.iter().map(|number| match &self.selected {
            Some(selected) => selected[*number],
            None => *number,
        });
        RowBlock {
            hull: self.hull.clone(),
            selected: Some(offsets.collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(reverse: bool, count: usize) -> Vec<Vec<usize>> {
        let mut cursor = RowCursor::new(vec![0..2, 5..5, 6..7, 10..14], reverse);
        let mut blocks = Vec::new();
        while !cursor.is_empty() {
            let block = cursor.next(count);
            let rows = match &block.selected {
                Some(selected) => selected
                    .iter()
                    .map(|offset| block.hull.start + offset)
                    .collect(),
                None => block.hull.clone().collect::<Vec<_>>(),
            };
            assert_eq!(rows.len(), block.len());
            blocks.push(rows);
        }
        blocks
    }

    #[test]
    fn blocks_cross_ranges_and_split_them() {
        assert_eq!(blocks(false, 4), [vec![0, 1, 6, 10], vec![11, 12, 13]]);
        assert_eq!(blocks(false, 1).len(), 7);
        assert_eq!(blocks(false, 100), [vec![0, 1, 6, 10, 11, 12, 13]]);
    }

    #[test]
    fn reverse_blocks_ascend_within_themselves() {
        assert_eq!(blocks(true, 3), [vec![11, 12, 13], vec![1, 6, 10], vec![0]]);
    }

    #[test]
    fn selection_of_selected_rows() {
        let block = RowCursor::new(vec![3..5, 8..10], false).next(4);
        let selected = block.select(&[1, 3]);
        assert_eq!(selected.hull, 3..10);
        assert_eq!(selected.selected, Some(vec![1, 6]));
    }
}
