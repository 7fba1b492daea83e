// SPDX-License-Identifier: Apache-2.0

//! [`MemoryTable`]: rows in memory, by primary key.

use std::cmp::Ordering;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use datafusion::logical_expr::dml::InsertOp;

use kalamtable_rows::__private::build_columns;
use kalamtable_rows::KeyedRow;

use crate::change::{ChangeStatement, RowChange};
use crate::chunks::BULK_ROWS;
use crate::error::{Error, values_text};
use crate::look_up::{LookUp, UniqueValues};
use crate::snapshot::{Chunks, Snapshot};
use crate::source::{Rows, ScanRequest, SourceStatistics, TableSource};
use crate::statement::{BoxError, KeyOrder, Statement};
use crate::unique_index::{IndexChange, UniqueIndex};

/// Rows in memory, by primary key and in its order; written and read by any number of threads.
///
/// A snapshot costs one count, and never changes. A writer copies what a living snapshot still
/// looks at, a few hundred rows at a time; without one it writes in place. Each call, and each
/// statement, is one step for everyone else: a scan sees all rows that it writes, or none.
///
/// `UPDATE` and `DELETE` read and write in one step: the table is as if statements had run one after the
/// other. The first to be done wins; one that has read rows that others have changed meanwhile reads
/// them again, while they wait. (`INSERT .. SELECT` reads its rows first, and adds them then.)
///
/// Unique keys of the definition are kept as the primary key is, and rows are found by them.
///
/// ```
/// use std::sync::Arc;
///
/// use datafusion::prelude::SessionContext;
/// # use kalamtable_rows::doc_example::Event;
/// use kalamtable_provider::{MemoryTable, RowProvider};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let events = Arc::new(MemoryTable::new());
/// events.insert([Event { id: 1, title: None }])?;
///
/// let server = SessionContext::new();
/// server.register_table("events", Arc::new(RowProvider::new(events.clone())))?;
/// server.sql("INSERT INTO events VALUES (2, 'from SQL')").await?.collect().await?;
///
/// let from_sql = events.get(&2).and_then(|event| event.title.clone());
/// assert_eq!(from_sql.as_deref(), Some("from SQL"));
/// # Ok(())
/// # }
/// ```
pub struct MemoryTable<R> {
    state: RwLock<State<R>>,
    /// Held by whoever writes, from when it begins to read what it will change.
    writing: Mutex<()>,
}

struct State<R> {
    chunks: Arc<Chunks<R>>,
    /// One for each unique key of the definition.
    unique: Vec<UniqueIndex<R>>,
}

impl<R: KeyedRow> MemoryTable<R> {
    /// A table without rows.
    pub fn new() -> Self {
        MemoryTable {
            state: RwLock::new(State::new()),
            writing: Mutex::new(()),
        }
    }

    /// Adds rows, all or none of them.
    ///
    /// # Errors
    /// [`Error::DuplicateKey`] if a row with the key of one of them is there, or two of them have
    /// the same.
    pub fn insert(&self, rows: impl IntoIterator<Item = R>) -> Result<(), Error> {
        let rows = SortedRows::with_distinct_keys(rows)?;
        let writing = self.begin_writing();
        if let Some(there) = self.read().chunks.position_there(&rows.rows) {
            return Err(rows.duplicate(there));
        }
        self.put(&writing, &[], &rows)
    }

    /// Writes rows, each in the place of the one with its key if there is one; of several with one
    /// key, the last.
    ///
    /// # Errors
    /// [`Error::DuplicateKey`] if one of them has the unique key of a row that stays, or two of them
    /// have the same; nothing has changed then. Never, if the table has no unique keys.
    pub fn upsert(&self, rows: impl IntoIterator<Item = R>) -> Result<(), Error> {
        let mut rows = SortedRows::new(rows);
        rows.keep_last_of_each_key();
        let writing = self.begin_writing();
        let replaced: Vec<Arc<R>> = match R::TABLE.definition.unique_keys() {
            [] => Vec::new(),
            _ => {
                let state = self.read();
                let there = rows
                    .rows
                    .iter()
                    .filter_map(|row| state.chunks.get(&row.key()));
                there.cloned().collect()
            }
        };
        self.put(&writing, &replaced, &rows)
    }

    /// Puts `rows` in the place of all that are there.
    ///
    /// # Errors
    /// [`Error::DuplicateKey`] if two of them have the same key; nothing has changed then.
    pub fn replace_all(&self, rows: impl IntoIterator<Item = R>) -> Result<(), Error> {
        let rows = SortedRows::with_distinct_keys(rows)?;
        let mut state = State::new();
        let changes = state.index_changes(&[], &rows)?;
        state.chunks = Arc::new(state.chunks.merged(&rows.rows));
        state.apply(changes);
        self.replace(state);
        Ok(())
    }

    /// Changes the row with that key, and returns it as it is afterwards; `None` if there is none.
    ///
    /// `change` works on a copy, while other writers wait: it may read the table, and not write to it.
    ///
    /// # Errors
    /// [`Error::KeyChanged`] if `change` changes the key: to move a row, [`remove`](Self::remove) it
    /// and insert it again. [`Error::DuplicateKey`] if the row gets the unique key of another. Nothing
    /// has changed then.
    pub fn update(
        &self,
        key: &R::Key<'_>,
        change: impl FnOnce(&mut R),
    ) -> Result<Option<Arc<R>>, Error> {
        let writing = self.begin_writing();
        let Some(before) = self.get(key) else {
            return Ok(None);
        };
        let mut row = R::clone(&before);
        change(&mut row);
        if row.compare_key(&before.key()) != Ordering::Equal {
            return Err(Error::KeyChanged {
                table: R::TABLE.definition.name().clone(),
                from: format!("{:?}", before.key()),
                to: format!("{:?}", row.key()),
            });
        }
        let rows = SortedRows::new([row]);
        self.put(&writing, &[before], &rows).map_err(without_row)?;
        Ok(rows.rows.into_iter().next())
    }

    /// Takes the row with that key out of the table.
    pub fn remove(&self, key: &R::Key<'_>) -> Option<Arc<R>> {
        let _writing = self.begin_writing();
        let row = self.get(key)?;
        // The indexes know the row: nothing of it can fail to fit, and nothing is added.
        let removed = std::slice::from_ref(&row);
        let changes = self.read().index_changes(removed, &SortedRows::none());
        let changes = changes.ok()?;
        let mut state = self.lock();
        state.chunks.remove(key);
        state.apply(changes);
        Some(row)
    }

    /// The row with that key.
    pub fn get(&self, key: &R::Key<'_>) -> Option<Arc<R>> {
        self.read().chunks.get(key).cloned()
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.read().chunks.len
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rows of this moment, in key order.
    pub fn snapshot(&self) -> Snapshot<R> {
        Snapshot::from_chunks(self.chunks())
    }

    /// Writes rows in the place of those with their keys, which are `replaced`.
    fn put(
        &self,
        _writing: &Writing<'_>,
        replaced: &[Arc<R>],
        rows: &SortedRows<R>,
    ) -> Result<(), Error> {
        let changes = self.read().index_changes(replaced, rows)?;
        if rows.rows.len() < BULK_ROWS {
            let mut state = self.lock();
            Arc::make_mut(&mut state.chunks).put_all(&rows.rows);
            state.apply(changes);
        } else {
            let merged = Arc::new(self.chunks().merged(&rows.rows));
            self.exchange(merged, changes);
        }
        Ok(())
    }

    /// Puts `chunks` in the place of those that are there; while the caller writes.
    fn exchange(&self, chunks: Arc<Chunks<R>>, changes: Vec<IndexChange<R>>) {
        let mut state = self.lock();
        state.apply(changes);
        let before = std::mem::replace(&mut state.chunks, chunks);
        drop(state);
        // Freeing many rows takes a while: not under the lock that scans wait for.
        drop(before);
    }

    /// Puts `state` in the place of what is there, and returns how many rows that were.
    fn replace(&self, state: State<R>) -> usize {
        let _writing = self.begin_writing();
        let before = std::mem::replace(&mut *self.lock(), state);
        before.chunks.len
    }

    /// What a statement does to the rows of this moment.
    #[expect(clippy::type_complexity, reason = "the rows, and what becomes of them")]
    fn ask(
        &self,
        statement: &ChangeStatement<'_, R>,
    ) -> Result<(Arc<Chunks<R>>, Vec<RowChange<R>>), BoxError> {
        let Some(LookUp::Unique(values)) = statement.look_up() else {
            let chunks = self.chunks();
            let changes = statement.changes(&Snapshot::from_chunks(chunks.clone()))?;
            return Ok((chunks, changes));
        };
        let (chunks, found) = {
            let state = self.read();
            (state.chunks.clone(), state.find_unique(&values)?)
        };
        let found = Arc::new(Chunks::of_rows(found));
        let mut changes = statement.changes(&Snapshot::from_chunks(found.clone()))?;
        let numbers: Vec<usize> = changes.iter().map(|change| change.row).collect();
        for (change, row) in changes.iter_mut().zip(found.rows_at(&numbers)) {
            let row = chunks.position(&row.key());
            change.row = row.ok_or("a unique index has a row that the table does not have")?;
        }
        Ok((chunks, changes))
    }

    /// Makes changes to the rows of `now`, which are those of the table.
    fn apply(
        &self,
        _writing: &Writing<'_>,
        now: &Chunks<R>,
        changes: Vec<RowChange<R>>,
    ) -> Result<u64, Error> {
        let count = changes.len() as u64;
        if count == 0 {
            return Ok(0);
        }
        let removed: Vec<usize> = changes.iter().map(|change| change.row).collect();
        let added = changes.into_iter().filter_map(|change| change.after);
        let added = SortedRows::with_distinct_keys(added).map_err(without_row)?;
        let changed = now.changed(&removed, &added.rows);
        let changed = changed.map_err(|there| without_row(added.duplicate(there)))?;
        let before: Vec<Arc<R>> = match R::TABLE.definition.unique_keys() {
            [] => Vec::new(),
            _ => now.rows_at(&removed).cloned().collect(),
        };
        let changes = self.read().index_changes(&before, &added);
        self.exchange(Arc::new(changed), changes.map_err(without_row)?);
        Ok(count)
    }
}

impl<R: KeyedRow> State<R> {
    fn new() -> Self {
        State {
            chunks: Arc::default(),
            unique: UniqueIndex::of_table(),
        }
    }

    /// The rows that have one of these values, in key order.
    fn find_unique(&self, values: &UniqueValues) -> Result<Vec<Arc<R>>, BoxError> {
        let mut rows = self.unique[values.number()].find(values)?;
        rows.sort_by(|a, b| a.compare_key(&b.key()));
        Ok(rows)
    }

    /// What it means for the indexes that some rows go and others come.
    fn index_changes(
        &self,
        removed: &[Arc<R>],
        added: &SortedRows<R>,
    ) -> Result<Vec<IndexChange<R>>, Error> {
        let indexes = self.unique.iter();
        let changes = indexes.map(|index| index.change(removed, &added.rows, &added.numbers));
        changes.collect()
    }

    fn apply(&mut self, changes: Vec<IndexChange<R>>) {
        for (index, change) in self.unique.iter_mut().zip(changes) {
            index.apply(change);
        }
    }
}

// The locks' poison says nothing: what a holder calls that is not ours, clones and changes of rows,
// comes before the state changes. (A comparison of keys that panics between two rows of one call
// would leave that call half done; those of generated rows do not panic.)
impl<R> MemoryTable<R> {
    fn chunks(&self) -> Arc<Chunks<R>> {
        self.read().chunks.clone()
    }

    fn read(&self) -> RwLockReadGuard<'_, State<R>> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> RwLockWriteGuard<'_, State<R>> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin_writing(&self) -> Writing<'_> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whoever holds it is the only one to write.
type Writing<'a> = MutexGuard<'a, ()>;

impl<R: KeyedRow> Default for MemoryTable<R> {
    fn default() -> Self {
        MemoryTable::new()
    }
}

impl<R> fmt::Debug for MemoryTable<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemoryTable({} rows)", self.read().chunks.len)
    }
}

impl<R: KeyedRow> TableSource for MemoryTable<R> {
    type Row = R;

    fn scan(&self, request: &ScanRequest<R>) -> Result<Rows<R>, BoxError> {
        let Some(LookUp::Unique(values)) = &request.look_up else {
            return Ok(self.snapshot().into());
        };
        let found = Arc::new(Chunks::of_rows(self.read().find_unique(values)?));
        Ok(Rows::from(Snapshot::from_chunks(found)).looked_up())
    }

    fn key_order(&self) -> KeyOrder {
        KeyOrder::Either
    }

    fn statistics(&self) -> SourceStatistics<R> {
        let state = self.read();
        let statistics = SourceStatistics::of_count(state.chunks.len);
        match state.chunks.ends() {
            Some([first, last]) => statistics.with_ends(first.clone(), last.clone()),
            None => statistics,
        }
    }

    fn accepts(&self, _statement: Statement) -> bool {
        true
    }

    fn write(&self, op: InsertOp, rows: Vec<R>) -> Result<(), BoxError> {
        match op {
            InsertOp::Append => self.insert(rows)?,
            InsertOp::Overwrite => self.replace_all(rows)?,
            InsertOp::Replace => self.upsert(rows)?,
        }
        Ok(())
    }

    fn change(&self, statement: &ChangeStatement<'_, R>) -> Result<u64, BoxError> {
        let (chunks, changes) = self.ask(statement)?;
        let writing = self.begin_writing();
        // While the snapshot lives, a writer makes other chunks.
        if Arc::ptr_eq(&chunks, &self.chunks()) {
            return Ok(self.apply(&writing, &chunks, changes)?);
        }
        drop(chunks);
        let (chunks, changes) = self.ask(statement)?;
        Ok(self.apply(&writing, &chunks, changes)?)
    }

    fn truncate(&self) -> Result<u64, BoxError> {
        Ok(self.replace(State::new()) as u64)
    }
}

/// Rows in the order of their keys; those with the same key in the order they came.
struct SortedRows<R> {
    rows: Vec<Arc<R>>,
    /// For each, its number among those that came.
    numbers: Vec<usize>,
}

impl<R: KeyedRow> SortedRows<R> {
    fn new(rows: impl IntoIterator<Item = R>) -> Self {
        let rows = rows.into_iter().map(Arc::new);
        let mut rows: Vec<(Arc<R>, usize)> = rows.zip(0..).collect();
        rows.sort_by(|(a, _), (b, _)| a.compare_key(&b.key()));
        let (rows, numbers) = rows.into_iter().unzip();
        SortedRows { rows, numbers }
    }

    fn none() -> Self {
        SortedRows {
            rows: Vec::new(),
            numbers: Vec::new(),
        }
    }

    fn with_distinct_keys(rows: impl IntoIterator<Item = R>) -> Result<Self, Error> {
        let sorted = SortedRows::new(rows);
        let mut pairs = sorted.rows.windows(2);
        let twice = pairs.position(|pair| pair[0].compare_key(&pair[1].key()) == Ordering::Equal);
        match twice {
            Some(pair) => Err(sorted.duplicate(pair + 1)),
            None => Ok(sorted),
        }
    }

    fn keep_last_of_each_key(&mut self) {
        let is_last = |row: usize| {
            let next = self.rows.get(row + 1);
            next.is_none_or(|next| self.rows[row].compare_key(&next.key()) != Ordering::Equal)
        };
        let last: Vec<usize> = (0..self.rows.len()).filter(|row| is_last(*row)).collect();
        if last.len() < self.rows.len() {
            self.rows = last.iter().map(|row| self.rows[*row].clone()).collect();
            self.numbers = last.iter().map(|row| self.numbers[*row]).collect();
        }
    }

    /// That the primary key of a row is that of another.
    fn duplicate(&self, row: usize) -> Error {
        let definition = R::TABLE.definition;
        let columns = definition.key_columns();
        let values = match build_columns([&*self.rows[row]], columns) {
            Ok(arrays) => values_text(&arrays, 0),
            // Keys that do not fit their columns.
            Err(_) => format!("{:?}", self.rows[row].key()),
        };
        Error::duplicate_key(definition, Some(self.numbers[row]), true, columns, values)
    }
}

/// The same error for rows that nobody has numbered.
fn without_row(error: Error) -> Error {
    match error {
        Error::DuplicateKey {
            table,
            is_primary,
            columns,
            values,
            ..
        } => Error::DuplicateKey {
            table,
            row: None,
            is_primary,
            columns,
            values,
        },
        error => error,
    }
}
