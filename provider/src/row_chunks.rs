// SPDX-License-Identifier: Apache-2.0

//! [`RowChunks`]: the rows of a [`MemoryTable`](crate::MemoryTable), in chunks that snapshots
//! share.
//!
//! The keyed operations require rows in key order. A write copies the chunks that a snapshot still
//! references, and changes the others in place.

use std::cmp::Ordering;
use std::sync::Arc;

use kalamtable_rows::KeyedRow;

/// The maximum number of rows per chunk. A point write copies one chunk while a snapshot references
/// it.
const CHUNK_ROWS: usize = 512;

/// The number of rows from which building another list of chunks is cheaper than writing row by
/// row.
pub(crate) const BULK_ROWS: usize = 64;

/// Rows in chunks, none of which is empty.
pub(crate) struct RowChunks<R> {
    pub(crate) chunks: Vec<RowChunk<R>>,
    /// The number of rows in all chunks.
    pub(crate) len: usize,
}

pub(crate) type RowChunk<R> = Arc<Vec<Arc<R>>>;

/// The position of a row: its chunk, and its index in the chunk.
#[derive(Clone, Copy, Debug)]
struct ChunkPosition {
    chunk: usize,
    row: usize,
}

impl<R> RowChunks<R> {
    /// Puts rows in one chunk, in their order.
    pub(crate) fn of_rows(rows: Vec<Arc<R>>) -> Self {
        let len = rows.len();
        let chunks = match len {
            0 => Vec::new(),
            _ => vec![Arc::new(rows)],
        };
        RowChunks { chunks, len }
    }
}

impl<R> Clone for RowChunks<R> {
    fn clone(&self) -> Self {
        RowChunks {
            chunks: self.chunks.clone(),
            len: self.len,
        }
    }
}

impl<R> Default for RowChunks<R> {
    fn default() -> Self {
        RowChunks {
            chunks: Vec::new(),
            len: 0,
        }
    }
}

impl<R: KeyedRow> RowChunks<R> {
    /// Returns the row with this key.
    pub(crate) fn get(&self, key: &R::Key<'_>) -> Option<&Arc<R>> {
        let position = self.find(key).ok()?;
        Some(&self.chunks[position.chunk][position.row])
    }

    /// Returns the first and the last row, or `None` if there are no rows.
    pub(crate) fn ends(&self) -> Option<[&Arc<R>; 2]> {
        let first = self.chunks.first()?.first()?;
        let last = self.chunks.last()?.last()?;
        Some([first, last])
    }

    /// Returns the rows with these numbers, which are in ascending order.
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

    /// Returns the number of the row with this key.
    pub(crate) fn position(&self, key: &R::Key<'_>) -> Option<usize> {
        let position = self.find(key).ok()?;
        let previous = self.chunks[..position.chunk].iter();
        let rows_before: usize = previous.map(|chunk| chunk.len()).sum();
        Some(rows_before + position.row)
    }

    /// Returns the index of the first of `rows` whose key exists in the chunks.
    pub(crate) fn first_existing(&self, rows: &[Arc<R>]) -> Option<usize> {
        rows.iter().position(|row| self.find(&row.key()).is_ok())
    }

    /// Inserts rows with distinct keys. A row replaces the existing row with its key.
    pub(crate) fn put_all(&mut self, rows: &[Arc<R>]) {
        for row in rows {
            self.put(Arc::clone(row));
        }
    }

    /// Returns the rows without those with the numbers `removed`, which are in ascending order, and
    /// with `added`, which are sorted by key and have distinct keys. Chunks that are not affected
    /// are shared.
    ///
    /// # Errors
    /// Fails with the index of the first of `added` whose key belongs to a row that is not removed.
    pub(crate) fn changed(&self, removed: &[usize], added: &[Arc<R>]) -> Result<Self, usize> {
        let mut changed = RowChunks {
            chunks: Vec::with_capacity(self.chunks.len() + added.len() / CHUNK_ROWS + 1),
            len: 0,
        };
        let (mut left_removed, mut left_added) = (removed, added);
        let mut begin = 0;
        for (index, chunk) in self.chunks.iter().enumerate() {
            let end = begin + chunk.len();
            let removed_here = left_removed.partition_point(|row| *row < end);
            let (removed, following_removed) = left_removed.split_at(removed_here);
            let added_here = self.count_belonging(index, left_added);
            let (inserted, following_added) = left_added.split_at(added_here);
            if removed.is_empty() && inserted.is_empty() {
                changed.push_chunk(Arc::clone(chunk));
            } else {
                let mut skipped = removed.iter().peekable();
                let kept: Vec<Arc<R>> = (begin..end)
                    .zip(chunk.iter())
                    .filter(|(number, _)| skipped.next_if_eq(&number).is_none())
                    .map(|(_, row)| Arc::clone(row))
                    .collect();
                let duplicate = inserted.iter().position(|row| {
                    let found = kept.binary_search_by(|kept| kept.compare_key(&row.key()));
                    found.is_ok()
                });
                if let Some(duplicate) = duplicate {
                    return Err(added.len() - left_added.len() + duplicate);
                }
                changed.push_rows(&merge_sorted(&kept, inserted));
            }
            (begin, left_removed, left_added) = (end, following_removed, following_added);
        }
        changed.push_rows(left_added);
        Ok(changed)
    }

    /// Removes and returns the row with this key.
    pub(crate) fn remove(self: &mut Arc<Self>, key: &R::Key<'_>) -> Option<Arc<R>> {
        let position = self.find(key).ok()?;
        let this = Arc::make_mut(self);
        let chunk = Arc::make_mut(&mut this.chunks[position.chunk]);
        let row = chunk.remove(position.row);
        this.len -= 1;
        this.join_small(position.chunk);
        Some(row)
    }

    /// Returns the position of the row with this key, or, as an error, the position to insert it
    /// at.
    fn find(&self, key: &R::Key<'_>) -> Result<ChunkPosition, ChunkPosition> {
        // A key belongs to the last chunk whose first key is not greater, or otherwise to the first
        // chunk.
        let after = self
            .chunks
            .partition_point(|chunk| chunk[0].compare_key(key) != Ordering::Greater);
        let chunk = after.saturating_sub(1);
        let rows = self.chunks.get(chunk).map_or(&[][..], |rows| &rows[..]);
        match rows.binary_search_by(|row| row.compare_key(key)) {
            Ok(row) => Ok(ChunkPosition { chunk, row }),
            Err(row) => Err(ChunkPosition { chunk, row }),
        }
    }

    /// Inserts a row, or replaces the existing row with its key.
    fn put(&mut self, row: Arc<R>) {
        let position = self.find(&row.key());
        match position {
            Ok(existing) => Arc::make_mut(&mut self.chunks[existing.chunk])[existing.row] = row,
            Err(position) => self.insert_at(position, row),
        }
    }

    fn insert_at(&mut self, position: ChunkPosition, row: Arc<R>) {
        self.len += 1;
        let is_last = position.chunk + 1 == self.chunks.len();
        let Some(chunk) = self.chunks.get_mut(position.chunk) else {
            self.chunks.push(Arc::new(vec![row]));
            return;
        };
        if chunk.len() < CHUNK_ROWS {
            Arc::make_mut(chunk).insert(position.row, row);
        } else if is_last && position.row == CHUNK_ROWS {
            // Rows that are inserted in key order fill their chunks, where a split would leave
            // halves.
            self.chunks.push(Arc::new(vec![row]));
        } else {
            let first = Arc::make_mut(chunk);
            let mut second = first.split_off(CHUNK_ROWS / 2);
            match position.row.checked_sub(first.len()) {
                Some(in_second) => second.insert(in_second, row),
                None => first.insert(position.row, row),
            }
            self.chunks.insert(position.chunk + 1, Arc::new(second));
        }
    }

    /// Drops the chunk if it is empty, and joins it with a neighbouring chunk if both are small, so
    /// that the number of chunks stays proportional to the number of rows after many removals.
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

    /// Returns the rows together with `rows`, which are sorted by key and have distinct keys. One
    /// of `rows` replaces the existing row with its key. Chunks that receive no row are shared.
    pub(crate) fn merged(&self, rows: &[Arc<R>]) -> Self {
        let mut merged = RowChunks {
            chunks: Vec::with_capacity(self.chunks.len() + rows.len() / CHUNK_ROWS + 1),
            len: 0,
        };
        if self.chunks.is_empty() {
            merged.push_rows(rows);
            return merged;
        }
        let mut left = rows;
        for (index, chunk) in self.chunks.iter().enumerate() {
            let (inserted, following) = left.split_at(self.count_belonging(index, left));
            if inserted.is_empty() {
                merged.push_chunk(Arc::clone(chunk));
            } else {
                merged.push_rows(&merge_sorted(chunk, inserted));
            }
            left = following;
        }
        merged
    }

    /// Returns the number of rows at the start of `rows` that belong to this chunk or a previous
    /// one.
    fn count_belonging(&self, chunk: usize, rows: &[Arc<R>]) -> usize {
        let Some(next) = self.chunks.get(chunk + 1) else {
            return rows.len();
        };
        let next = next[0].key();
        rows.partition_point(|row| row.compare_key(&next) == Ordering::Less)
    }

    /// Appends a chunk. Joins it with the last chunk if both are small.
    fn push_chunk(&mut self, chunk: RowChunk<R>) {
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

/// Merges two lists in key order. Where both have a key, the row of `added` is used.
fn merge_sorted<R: KeyedRow>(existing: &[Arc<R>], added: &[Arc<R>]) -> Vec<Arc<R>> {
    let mut merged = Vec::with_capacity(existing.len() + added.len());
    let mut left = existing.iter().peekable();
    for row in added {
        let key = row.key();
        while let Some(lower) = left.next_if(|row| row.compare_key(&key) == Ordering::Less) {
            merged.push(Arc::clone(lower));
        }
        left.next_if(|row| row.compare_key(&key) == Ordering::Equal);
        merged.push(Arc::clone(row));
    }
    merged.extend(left.cloned());
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

    /// Writes rows as [`MemoryTable`](crate::MemoryTable) does: row by row, or merged if there are
    /// many.
    fn write(chunks: &mut Arc<RowChunks<Event>>, rows: &[Arc<Event>]) {
        match rows.len() {
            ..BULK_ROWS => Arc::make_mut(chunks).put_all(rows),
            _ => *chunks = Arc::new(chunks.merged(rows)),
        }
    }

    /// Returns the sizes of the chunks, after checking the invariants of the list.
    fn sizes(chunks: &RowChunks<Event>) -> Vec<usize> {
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
    fn many_rows_fill_chunks() {
        let mut chunks = Arc::new(RowChunks::default());
        write(&mut chunks, &rows(0..1200));
        assert_eq!(sizes(&chunks), [512, 512, 176]);
    }

    #[test]
    fn ascending_rows_fill_chunks_one_by_one() {
        let mut chunks = Arc::new(RowChunks::default());
        for id in 0..1200 {
            write(&mut chunks, &rows([id]));
        }
        assert_eq!(sizes(&chunks), [512, 512, 176]);
    }

    #[test]
    fn insert_into_full_chunk_splits_it() {
        let mut chunks = Arc::new(RowChunks::default());
        write(&mut chunks, &rows((0..512).map(|id| id * 2)));
        write(&mut chunks, &rows([101]));
        assert_eq!(sizes(&chunks), [257, 256]);
        write(&mut chunks, &rows([901]));
        assert_eq!(sizes(&chunks), [257, 257]);
    }

    #[test]
    fn statement_shares_unaffected_chunks() {
        let mut chunks = Arc::new(RowChunks::default());
        write(&mut chunks, &rows(0..2048));
        let removed: Vec<usize> = (512..1500).collect();
        let changed = chunks.changed(&removed, &rows([600, 5000])).unwrap();
        assert_eq!(sizes(&changed), [512, 37, 512, 1]);
        assert!(Arc::ptr_eq(&changed.chunks[0], &chunks.chunks[0]));
    }

    #[test]
    fn statement_that_duplicates_a_key_fails() {
        let mut chunks = Arc::new(RowChunks::default());
        write(&mut chunks, &rows(0..2048));
        assert_eq!(chunks.changed(&[7], &rows([7, 1000, 3000])).err(), Some(1));
        assert!(chunks.changed(&[7, 1000], &rows([7, 1000, 3000])).is_ok());
    }

    #[test]
    fn small_chunks_are_joined_after_removals() {
        let mut chunks = Arc::new(RowChunks::default());
        write(&mut chunks, &rows(0..5120));
        for id in (0..5120).filter(|id| id % 64 != 0) {
            assert!(chunks.remove(&id).is_some());
        }
        assert_eq!(chunks.len, 80);
        assert!(sizes(&chunks).len() <= 2, "{:?}", sizes(&chunks));
    }

    #[test]
    fn point_write_copies_a_chunk_only_under_a_snapshot() {
        let mut chunks = Arc::new(RowChunks::default());
        write(&mut chunks, &rows(0..2048));
        let snapshot = Arc::clone(&chunks);
        write(&mut chunks, &rows([1000]));
        let shared = |a: &RowChunks<Event>, b: &RowChunks<Event>| -> Vec<bool> {
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
