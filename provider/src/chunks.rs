// SPDX-License-Identifier: Apache-2.0

//! [`Chunks`] in key order: the state of a [`MemoryTable`](crate::MemoryTable).
//!
//! A write copies what a snapshot still looks at, a chunk at a time, and changes the rest in place.

use std::cmp::Ordering;
use std::sync::Arc;

use kalamtable_rows::KeyedRow;

use crate::snapshot::{Chunk, Chunks};

/// The most rows of one chunk: what a point write copies while a snapshot lives.
const CHUNK_ROWS: usize = 512;

/// From how many rows on a statement does better to make another list of chunks than to change it row by
/// row.
pub(crate) const BULK_ROWS: usize = 64;

/// Where a row is.
#[derive(Clone, Copy, Debug)]
struct Place {
    chunk: usize,
    row: usize,
}

impl<R> Clone for Chunks<R> {
    fn clone(&self) -> Self {
        Chunks {
            chunks: self.chunks.clone(),
            len: self.len,
        }
    }
}

impl<R> Default for Chunks<R> {
    fn default() -> Self {
        Chunks {
            chunks: Vec::new(),
            len: 0,
        }
    }
}

impl<R: KeyedRow> Chunks<R> {
    /// The row with that key.
    pub(crate) fn get(&self, key: &R::Key<'_>) -> Option<&Arc<R>> {
        let place = self.find(key).ok()?;
        Some(&self.chunks[place.chunk][place.row])
    }

    /// The first and the last row.
    pub(crate) fn ends(&self) -> Option<[&Arc<R>; 2]> {
        let first = self.chunks.first()?.first()?;
        let last = self.chunks.last()?.last()?;
        Some([first, last])
    }

    /// The rows of these numbers, which ascend.
    pub(crate) fn rows_at(&self, numbers: &[usize]) -> impl Iterator<Item = &Arc<R>> {
        let mut chunks = self.chunks.iter();
        let mut chunk: &[Arc<R>] = &[];
        let mut begin = 0;
        numbers.iter().map(move |number| {
            while *number >= begin + chunk.len() {
                begin += chunk.len();
                chunk = chunks.next().map_or(&[], |chunk| &chunk[..]);
            }
            &chunk[number - begin]
        })
    }

    /// The number of the row with that key.
    pub(crate) fn position(&self, key: &R::Key<'_>) -> Option<usize> {
        let place = self.find(key).ok()?;
        let before = self.chunks[..place.chunk].iter().map(|chunk| chunk.len());
        Some(before.sum::<usize>() + place.row)
    }

    /// The number of the first of `rows` whose key is there.
    pub(crate) fn position_there(&self, rows: &[Arc<R>]) -> Option<usize> {
        rows.iter().position(|row| self.find(&row.key()).is_ok())
    }

    /// Puts in rows that differ in their keys, each in the place of the one with its key if there is one.
    pub(crate) fn put_all(&mut self, rows: &[Arc<R>]) {
        for row in rows {
            self.put(row.clone());
        }
    }

    /// These rows without those of the numbers `removed`, which ascend, and with `added`, which are
    /// sorted by key and differ in it. Shares the chunks that neither touches.
    ///
    /// # Errors
    /// With the number of the first of `added` whose key is that of a row that stays.
    pub(crate) fn changed(&self, removed: &[usize], added: &[Arc<R>]) -> Result<Self, usize> {
        let mut changed = Chunks {
            chunks: Vec::with_capacity(self.chunks.len() + added.len() / CHUNK_ROWS + 1),
            len: 0,
        };
        let (mut removed, mut left) = (removed, added);
        let mut begin = 0;
        for (index, chunk) in self.chunks.iter().enumerate() {
            let end = begin + chunk.len();
            let (gone, later) = removed.split_at(removed.partition_point(|row| *row < end));
            let (here, behind) = left.split_at(self.belonging(index, left));
            if gone.is_empty() && here.is_empty() {
                changed.push_chunk(chunk.clone());
            } else {
                let mut gone = gone.iter().peekable();
                let rows = (begin..end).zip(chunk.iter());
                let kept = rows.filter(|(number, _)| gone.next_if_eq(&number).is_none());
                let kept: Vec<Arc<R>> = kept.map(|(_, row)| row.clone()).collect();
                let there = here.iter().position(|row| {
                    let found = kept.binary_search_by(|kept| kept.compare_key(&row.key()));
                    found.is_ok()
                });
                if let Some(there) = there {
                    return Err(added.len() - left.len() + there);
                }
                changed.push_rows(&merge_sorted(&kept, here));
            }
            (begin, removed, left) = (end, later, behind);
        }
        changed.push_rows(left);
        Ok(changed)
    }

    /// Takes the row with that key out.
    pub(crate) fn remove(self: &mut Arc<Self>, key: &R::Key<'_>) -> Option<Arc<R>> {
        let place = self.find(key).ok()?;
        let this = Arc::make_mut(self);
        let chunk = Arc::make_mut(&mut this.chunks[place.chunk]);
        let row = chunk.remove(place.row);
        this.len -= 1;
        this.join_small(place.chunk);
        Some(row)
    }

    /// Where the row with that key is, or else where it belongs.
    fn find(&self, key: &R::Key<'_>) -> Result<Place, Place> {
        // A key belongs to the last chunk that begins at or before it, or else to the first.
        let after = self
            .chunks
            .partition_point(|chunk| chunk[0].compare_key(key) != Ordering::Greater);
        let chunk = after.saturating_sub(1);
        let rows = self.chunks.get(chunk).map_or(&[][..], |rows| &rows[..]);
        match rows.binary_search_by(|row| row.compare_key(key)) {
            Ok(row) => Ok(Place { chunk, row }),
            Err(row) => Err(Place { chunk, row }),
        }
    }

    /// Puts a row in, in the place of the one with its key if there is one.
    fn put(&mut self, row: Arc<R>) {
        let place = self.find(&row.key());
        match place {
            Ok(place) => Arc::make_mut(&mut self.chunks[place.chunk])[place.row] = row,
            Err(place) => self.insert_at(place, row),
        }
    }

    fn insert_at(&mut self, place: Place, row: Arc<R>) {
        self.len += 1;
        let is_last = place.chunk + 1 == self.chunks.len();
        let Some(chunk) = self.chunks.get_mut(place.chunk) else {
            self.chunks.push(Arc::new(vec![row]));
            return;
        };
        if chunk.len() < CHUNK_ROWS {
            Arc::make_mut(chunk).insert(place.row, row);
        } else if is_last && place.row == CHUNK_ROWS {
            // Ascending keys leave full chunks behind them, not halves.
            self.chunks.push(Arc::new(vec![row]));
        } else {
            let first = Arc::make_mut(chunk);
            let mut second = first.split_off(CHUNK_ROWS / 2);
            match place.row.checked_sub(first.len()) {
                Some(in_second) => second.insert(in_second, row),
                None => first.insert(place.row, row),
            }
            self.chunks.insert(place.chunk + 1, Arc::new(second));
        }
    }

    /// Drops the chunk if it is empty, and joins it to a neighbour if both are small: after many
    /// removals the list of chunks is in proportion to the rows.
    fn join_small(&mut self, chunk: usize) {
        if self.chunks[chunk].is_empty() {
            self.chunks.remove(chunk);
            return;
        }
        for first in [Some(chunk), chunk.checked_sub(1)].into_iter().flatten() {
            let pair = self.chunks.get(first..first + 2);
            let rows: Option<usize> = pair.map(|pair| pair.iter().map(|chunk| chunk.len()).sum());
            if rows.is_some_and(|rows| rows <= CHUNK_ROWS / 2) {
                let second = self.chunks.remove(first + 1);
                Arc::make_mut(&mut self.chunks[first]).extend(second.iter().cloned());
            }
        }
    }

    /// These rows and `rows`, which are sorted by key and differ in it, and win where the keys are
    /// the same. Shares the chunks that get no row.
    pub(crate) fn merged(&self, mut rows: &[Arc<R>]) -> Self {
        let mut merged = Chunks {
            chunks: Vec::with_capacity(self.chunks.len() + rows.len() / CHUNK_ROWS + 1),
            len: 0,
        };
        if self.chunks.is_empty() {
            merged.push_rows(rows);
            return merged;
        }
        for (index, chunk) in self.chunks.iter().enumerate() {
            let (here, later) = rows.split_at(self.belonging(index, rows));
            rows = later;
            if here.is_empty() {
                merged.push_chunk(chunk.clone());
            } else {
                merged.push_rows(&merge_sorted(chunk, here));
            }
        }
        merged
    }

    /// How many of the first of `rows` belong to a chunk or before it.
    fn belonging(&self, chunk: usize, rows: &[Arc<R>]) -> usize {
        let Some(next) = self.chunks.get(chunk + 1) else {
            return rows.len();
        };
        let next = next[0].key();
        rows.partition_point(|row| row.compare_key(&next) == Ordering::Less)
    }

    /// Adds a chunk at the end, to the last one if both are small.
    fn push_chunk(&mut self, chunk: Chunk<R>) {
        self.len += chunk.len();
        match self.chunks.last_mut() {
            Some(last) if last.len() + chunk.len() <= CHUNK_ROWS / 2 => {
                Arc::make_mut(last).extend(chunk.iter().cloned());
            }
            _ => self.chunks.push(chunk),
        }
    }

    fn push_rows(&mut self, rows: &[Arc<R>]) {
        for chunk in rows.chunks(CHUNK_ROWS) {
            self.push_chunk(Arc::new(chunk.to_vec()));
        }
    }
}

/// Both, in key order; where the keys are the same, the row of `new`.
fn merge_sorted<R: KeyedRow>(old: &[Arc<R>], new: &[Arc<R>]) -> Vec<Arc<R>> {
    let mut merged = Vec::with_capacity(old.len() + new.len());
    let mut old = old.iter().peekable();
    for row in new {
        let key = row.key();
        while let Some(before) = old.next_if(|old| old.compare_key(&key) == Ordering::Less) {
            merged.push(before.clone());
        }
        old.next_if(|old| old.compare_key(&key) == Ordering::Equal);
        merged.push(row.clone());
    }
    merged.extend(old.cloned());
    merged
}

#[cfg(test)]
mod tests {
    use super::*;
    use kalamtable_rows::doc_example::Event;

    fn rows(ids: impl IntoIterator<Item = i64>) -> Vec<Arc<Event>> {
        let event = |id| Arc::new(Event { id, title: None });
        ids.into_iter().map(event).collect()
    }

    /// As [`MemoryTable`](crate::MemoryTable) writes few rows, and many.
    fn write(chunks: &mut Arc<Chunks<Event>>, rows: &[Arc<Event>]) {
        match rows.len() {
            ..BULK_ROWS => Arc::make_mut(chunks).put_all(rows),
            _ => *chunks = Arc::new(chunks.merged(rows)),
        }
    }

    /// The chunks' sizes, after a check of what must hold of them.
    fn sizes(chunks: &Chunks<Event>) -> Vec<usize> {
        let ids: Vec<i64> = chunks
            .chunks
            .iter()
            .flat_map(|c| c.iter())
            .map(|e| e.id)
            .collect();
        assert!(ids.is_sorted_by(|a, b| a < b));
        assert_eq!(ids.len(), chunks.len);
        let sizes: Vec<usize> = chunks.chunks.iter().map(|chunk| chunk.len()).collect();
        assert!(sizes.iter().all(|&size| (1..=CHUNK_ROWS).contains(&size)));
        sizes
    }

    #[test]
    fn a_bulk_of_rows_fills_chunks() {
        let mut chunks = Arc::new(Chunks::default());
        write(&mut chunks, &rows(0..1200));
        assert_eq!(sizes(&chunks), [512, 512, 176]);
    }

    #[test]
    fn ascending_rows_fill_chunks_one_by_one() {
        let mut chunks = Arc::new(Chunks::default());
        for id in 0..1200 {
            write(&mut chunks, &rows([id]));
        }
        assert_eq!(sizes(&chunks), [512, 512, 176]);
    }

    #[test]
    fn a_row_inside_a_full_chunk_splits_it() {
        let mut chunks = Arc::new(Chunks::default());
        write(&mut chunks, &rows((0..512).map(|id| id * 2)));
        write(&mut chunks, &rows([101]));
        assert_eq!(sizes(&chunks), [257, 256]);
        write(&mut chunks, &rows([901]));
        assert_eq!(sizes(&chunks), [257, 257]);
    }

    #[test]
    fn a_statement_shares_the_chunks_that_it_does_not_touch() {
        let mut chunks = Arc::new(Chunks::default());
        write(&mut chunks, &rows(0..2048));
        let removed: Vec<usize> = (512..1500).collect();
        let changed = chunks.changed(&removed, &rows([600, 5000])).unwrap();
        assert_eq!(sizes(&changed), [512, 37, 512, 1]);
        assert!(Arc::ptr_eq(&changed.chunks[0], &chunks.chunks[0]));
    }

    #[test]
    fn a_statement_that_adds_a_key_that_stays_is_refused() {
        let mut chunks = Arc::new(Chunks::default());
        write(&mut chunks, &rows(0..2048));
        assert_eq!(chunks.changed(&[7], &rows([7, 1000, 3000])).err(), Some(1));
        assert!(chunks.changed(&[7, 1000], &rows([7, 1000, 3000])).is_ok());
    }

    #[test]
    fn chunks_that_lose_their_rows_are_joined() {
        let mut chunks = Arc::new(Chunks::default());
        write(&mut chunks, &rows(0..5120));
        for id in (0..5120).filter(|id| id % 64 != 0) {
            assert!(chunks.remove(&id).is_some());
        }
        assert_eq!(chunks.len, 80);
        assert!(sizes(&chunks).len() <= 2, "{:?}", sizes(&chunks));
    }

    #[test]
    fn a_point_write_copies_one_chunk_under_a_snapshot_and_none_without() {
        let mut chunks = Arc::new(Chunks::default());
        write(&mut chunks, &rows(0..2048));
        let snapshot = chunks.clone();
        write(&mut chunks, &rows([1000]));
        let shared = |a: &Chunks<Event>, b: &Chunks<Event>| -> Vec<bool> {
            let pairs = a.chunks.iter().zip(&b.chunks);
            pairs.map(|(a, b)| Arc::ptr_eq(a, b)).collect()
        };
        assert_eq!(shared(&chunks, &snapshot), [true, false, true, true]);
        drop(snapshot);

        let before: Vec<_> = chunks.chunks.iter().map(Arc::as_ptr).collect();
        write(&mut chunks, &rows([1000]));
        assert_eq!(
            before,
            chunks.chunks.iter().map(Arc::as_ptr).collect::<Vec<_>>()
        );
    }
}
