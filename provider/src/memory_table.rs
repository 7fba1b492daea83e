// SPDX-License-Identifier: Apache-2.0

//! [`MemoryTable`]: a table in memory with concurrent readers and writers.
//!
//! A table has two locks. Writers hold the first one from their first read of the rows until they
//! commit, so they run one after the other. The second one protects the current state: scans wait
//! only while a writer replaces it. Unique indexes are updated under the second lock, together with
//! the rows.

use std::cmp::Ordering;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use datafusion::logical_expr::dml::InsertOp;

use kalamtable_model::ColumnType;
use kalamtable_rows::__private::build_columns;
use kalamtable_rows::{KeyedRow, RowError, validate};

use crate::change::{ChangeStatement, RowChange};
use crate::error::{Error, guard, values_text};
use crate::lookup::{Lookup, UniqueValues};
use crate::row_chunks::{BULK_ROWS, RowChunks};
use crate::snapshot::Snapshot;
use crate::source::{Rows, ScanRequest, SourceStatistics, TableSource};
use crate::statement::{BoxError, KeyOrder, Statement};
use crate::unique_index::{IndexChange, UniqueIndex};

/// Rows in memory in the order of their primary key, for any number of reading and writing threads.
///
/// A snapshot never changes, and creating one increments one reference count. A writer copies the
/// chunks that a snapshot still references, a few hundred rows each, and changes the others in
/// place. Each method call and each statement is atomic: a scan sees either all rows that the call
/// or statement writes, or none.
///
/// `UPDATE` and `DELETE` are serializable: the table has the same content as if the statements had
/// run one after the other. A statement first reads the rows without a lock. If another writer has
/// changed the table since, the statement reads the rows again while other writers wait. `INSERT ..
/// SELECT` is not serializable: it reads its rows before it adds them.
///
/// The unique keys of the definition are enforced like the primary key, and rows are found by them.
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
    state: RwLock<MemoryTableState<R>>,
    /// Serializes writers. A writer holds it from its first read of the rows that it changes.
    /// `state` is locked for writing only while the new state is stored, since scans wait for that
    /// lock.
    write_lock: Mutex<()>,
}

struct MemoryTableState<R> {
    chunks: Arc<RowChunks<R>>,
    /// One for each unique key of the definition.
    unique: Vec<UniqueIndex<R>>,
}

impl<R: KeyedRow> MemoryTable<R> {
    /// Creates a table without rows.
    pub fn new() -> Self {
        MemoryTable {
            state: RwLock::new(MemoryTableState::new()),
            write_lock: Mutex::new(()),
        }
    }

    /// Inserts all of `rows`, or none of them.
    ///
    /// # Errors
    /// Fails with [`Error::DuplicateKey`] if the primary key or a unique key of a row belongs to a
    /// row of the table, or to another one of `rows`, and with [`Error::Row`] if a value does not
    /// fit its column. The table is then unchanged.
    pub fn insert(&self, rows: impl IntoIterator<Item = R>) -> Result<(), Error> {
        self.insert_sorted(&SortedRows::with_distinct_keys(rows)?.with_valid_values()?)
    }

    fn insert_sorted(&self, sorted: &SortedRows<R>) -> Result<(), Error> {
        let guard = self.lock_for_writing();
        if let Some(duplicate) = self.read().chunks.first_existing(&sorted.rows) {
            return Err(sorted.duplicate(duplicate));
        }
        self.put(&guard, &[], sorted)
    }

    /// Inserts or replaces rows: each row replaces the existing row with its primary key. If
    /// several of `rows` have the same primary key, the last one is written.
    ///
    /// # Errors
    /// Fails with [`Error::DuplicateKey`] if a row has the unique key of a row that is not
    /// replaced, or if two of `rows` have the same unique key, and with [`Error::Row`] if a value
    /// does not fit its column. The table is then unchanged.
    pub fn upsert(&self, rows: impl IntoIterator<Item = R>) -> Result<(), Error> {
        self.upsert_sorted(SortedRows::new(rows).with_valid_values()?)
    }

    fn upsert_sorted(&self, mut sorted: SortedRows<R>) -> Result<(), Error> {
        sorted.keep_last_of_each_key();
        let guard = self.lock_for_writing();
        let replaced: Vec<Arc<R>> = match R::TABLE.definition.unique_keys() {
            [] => Vec::new(),
            _ => {
                let state = self.read();
                let existing = sorted
                    .rows
                    .iter()
                    .filter_map(|row| state.chunks.get(&row.key()));
                existing.cloned().collect()
            }
        };
        self.put(&guard, &replaced, &sorted)
    }

    /// Replaces all rows of the table by `rows`.
    ///
    /// # Errors
    /// Fails with [`Error::DuplicateKey`] if two of `rows` have the same primary key or unique key,
    /// and with [`Error::Row`] if a value does not fit its column. The table is then unchanged.
    pub fn replace_all(&self, rows: impl IntoIterator<Item = R>) -> Result<(), Error> {
        self.replace_by_sorted(&SortedRows::with_distinct_keys(rows)?.with_valid_values()?)
    }

    fn replace_by_sorted(&self, sorted: &SortedRows<R>) -> Result<(), Error> {
        let mut state = MemoryTableState::new();
        let changes = state.index_changes(&[], sorted)?;
        state.chunks = Arc::new(state.chunks.merged(&sorted.rows));
        state.apply(changes);
        self.replace(state);
        Ok(())
    }

    /// Updates the row with this key, and returns the updated row, or `None` if no row has the key.
    ///
    /// `change` receives a copy of the row and runs while other writers wait. It may read the
    /// table, but must not write to it: that would deadlock.
    ///
    /// # Errors
    /// Fails with [`Error::KeyChanged`] if `change` changes the primary key (to do that,
    /// [`remove`](Self::remove) the row and insert it again), with [`Error::DuplicateKey`] if the
    /// row receives the unique key of another row, and with [`Error::Row`] if a value does not fit
    /// its column. The table is then unchanged.
    pub fn update(
        &self,
        key: &R::Key<'_>,
        change: impl FnOnce(&mut R),
    ) -> Result<Option<Arc<R>>, Error> {
        let guard = self.lock_for_writing();
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
        let rows = SortedRows::new([row]).with_valid_values()?;
        self.put(&guard, &[before], &rows).map_err(without_row)?;
        Ok(rows.rows.into_iter().next())
    }

    /// Removes and returns the row with this key, or returns `None` if no row has the key.
    pub fn remove(&self, key: &R::Key<'_>) -> Option<Arc<R>> {
        let _guard = self.lock_for_writing();
        let row = self.get(key)?;
        // This does not fail: the row is in the indexes, so its values fit, and no row is added.
        let removed = std::slice::from_ref(&row);
        let changes = self
            .read()
            .index_changes(removed, &SortedRows::none())
            .ok()?;
        let mut state = self.lock();
        state.chunks.remove(key);
        state.apply(changes);
        Some(row)
    }

    /// Returns the row with this key, or `None` if no row has the key.
    pub fn get(&self, key: &R::Key<'_>) -> Option<Arc<R>> {
        self.read().chunks.get(key).cloned()
    }

    /// Returns the number of rows.
    pub fn len(&self) -> usize {
        self.read().chunks.len
    }

    /// Returns whether the table has no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns a snapshot of the current rows, in key order.
    pub fn snapshot(&self) -> Snapshot<R> {
        Snapshot::from_chunks(self.chunks())
    }

    /// Writes rows. `replaced` are the existing rows with their keys; a table without unique keys
    /// does not need them.
    fn put(
        &self,
        _guard: &WriteGuard<'_>,
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

    /// Replaces the chunks, and updates the indexes. The caller holds the write lock.
    fn exchange(&self, chunks: Arc<RowChunks<R>>, changes: Vec<IndexChange<R>>) {
        let mut state = self.lock();
        state.apply(changes);
        let before = std::mem::replace(&mut state.chunks, chunks);
        drop(state);
        // Scans wait for the lock, and freeing many rows takes time.
        drop(before);
    }

    /// Replaces the state, and returns the previous number of rows.
    fn replace(&self, state: MemoryTableState<R>) -> usize {
        let _guard = self.lock_for_writing();
        let before = std::mem::replace(&mut *self.lock(), state);
        before.chunks.len
    }

    /// Evaluates a statement over the current rows. Returns those rows and the changes.
    #[expect(
        clippy::type_complexity,
        reason = "a pair of the rows and their changes"
    )]
    fn evaluate(
        &self,
        statement: &ChangeStatement<'_, R>,
    ) -> Result<(Arc<RowChunks<R>>, Vec<RowChange<R>>), BoxError> {
        let Some(Lookup::Unique(values)) = statement.lookup() else {
            let chunks = self.chunks();
            let changes = statement.changes(&Snapshot::from_chunks(Arc::clone(&chunks)))?;
            return Ok((chunks, changes));
        };
        let (chunks, rows) = {
            let state = self.read();
            (Arc::clone(&state.chunks), state.find_unique(&values)?)
        };
        let found = Arc::new(RowChunks::of_rows(rows));
        let mut changes = statement.changes(&Snapshot::from_chunks(Arc::clone(&found)))?;
        let numbers: Vec<usize> = changes.iter().map(|change| change.row).collect();
        for (change, row) in changes.iter_mut().zip(found.rows_at(&numbers)) {
            let row = chunks.position(&row.key());
            change.row = row.ok_or("a unique index contains a row that is not in the table")?;
        }
        Ok((chunks, changes))
    }

    /// Applies the changes of a statement to `current`, the current rows of the table.
    fn apply(
        &self,
        _guard: &WriteGuard<'_>,
        current: &RowChunks<R>,
        changes: Vec<RowChange<R>>,
    ) -> Result<u64, Error> {
        let count = changes.len() as u64;
        if count == 0 {
            return Ok(0);
        }
        let removed: Vec<usize> = changes.iter().map(|change| change.row).collect();
        let updated = changes.into_iter().filter_map(|change| change.after);
        let added = SortedRows::with_distinct_keys(updated).map_err(without_row)?;
        let changed = current
            .changed(&removed, &added.rows)
            .map_err(|duplicate| without_row(added.duplicate(duplicate)))?;
        let before: Vec<Arc<R>> = match R::TABLE.definition.unique_keys() {
            [] => Vec::new(),
            _ => current.rows_at(&removed).cloned().collect(),
        };
        let index_changes = self.read().index_changes(&before, &added);
        self.exchange(Arc::new(changed), index_changes.map_err(without_row)?);
        Ok(count)
    }
}

impl<R: KeyedRow> MemoryTableState<R> {
    fn new() -> Self {
        MemoryTableState {
            chunks: Arc::default(),
            unique: UniqueIndex::of_table(),
        }
    }

    /// Returns the rows that have one of these values of a unique key, in primary key order.
    fn find_unique(&self, values: &UniqueValues) -> Result<Vec<Arc<R>>, BoxError> {
        let mut rows = self.unique[values.number()].find(values)?;
        rows.sort_by(|a, b| a.compare_key(&b.key()));
        Ok(rows)
    }

    /// Computes the changes of the unique indexes when rows are removed and added. Fails if a
    /// unique key would exist twice.
    fn index_changes(
        &self,
        removed: &[Arc<R>],
        added: &SortedRows<R>,
    ) -> Result<Vec<IndexChange<R>>, Error> {
        self.unique
            .iter()
            .map(|index| index.change(removed, &added.rows, &added.numbers))
            .collect()
    }

    fn apply(&mut self, changes: Vec<IndexChange<R>>) {
        for (index, change) in self.unique.iter_mut().zip(changes) {
            index.apply(change);
        }
    }
}

// A poisoned lock is used nevertheless: code of the user that can panic while a lock is held
// (`Clone`, the closure of `update`) runs before the state changes. (If the comparison of two keys
// panicked, a call could be applied partially; comparisons of generated rows do not panic.)
impl<R> MemoryTable<R> {
    fn chunks(&self) -> Arc<RowChunks<R>> {
        Arc::clone(&self.read().chunks)
    }

    fn read(&self) -> RwLockReadGuard<'_, MemoryTableState<R>> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> RwLockWriteGuard<'_, MemoryTableState<R>> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_for_writing(&self) -> WriteGuard<'_> {
        self.write_lock
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The exclusive right to write to a table.
type WriteGuard<'a> = MutexGuard<'a, ()>;

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
        let Some(Lookup::Unique(values)) = &request.lookup else {
            return Ok(self.snapshot().into());
        };
        let found = Arc::new(RowChunks::of_rows(self.read().find_unique(values)?));
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

    // The values of the rows of a statement have been validated.
    fn write(&self, op: InsertOp, rows: Vec<R>) -> Result<(), BoxError> {
        match op {
            InsertOp::Append => self.insert_sorted(&SortedRows::with_distinct_keys(rows)?)?,
            InsertOp::Overwrite => {
                self.replace_by_sorted(&SortedRows::with_distinct_keys(rows)?)?;
            }
            InsertOp::Replace => self.upsert_sorted(SortedRows::new(rows))?,
        }
        Ok(())
    }

    fn change(&self, statement: &ChangeStatement<'_, R>) -> Result<u64, BoxError> {
        let (read, changes) = self.evaluate(statement)?;
        let guard = self.lock_for_writing();
        // `read` keeps its chunks alive, so every write since would have created other chunks.
        if Arc::ptr_eq(&read, &self.chunks()) {
            return Ok(self.apply(&guard, &read, changes)?);
        }
        drop(read);
        let (current, changes) = self.evaluate(statement)?;
        Ok(self.apply(&guard, &current, changes)?)
    }

    fn truncate(&self) -> Result<u64, BoxError> {
        Ok(self.replace(MemoryTableState::new()) as u64)
    }
}

/// Rows in the order of their keys. Rows with the same key keep their input order.
struct SortedRows<R> {
    rows: Vec<Arc<R>>,
    /// The input position of each row.
    numbers: Vec<usize>,
}

impl<R: KeyedRow> SortedRows<R> {
    fn new(rows: impl IntoIterator<Item = R>) -> Self {
        let mut numbered: Vec<(Arc<R>, usize)> = rows.into_iter().map(Arc::new).zip(0..).collect();
        numbered.sort_by(|(a, _), (b, _)| a.compare_key(&b.key()));
        let (rows, numbers) = numbered.into_iter().unzip();
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
            self.rows = last
                .iter()
                .map(|row| Arc::clone(&self.rows[*row]))
                .collect();
            self.numbers = last.iter().map(|row| self.numbers[*row]).collect();
        }
    }

    /// Checks that every value fits its column. Otherwise the scans that read a value would fail.
    ///
    /// Values of a Rust type that holds only values of the column are not built: those of booleans,
    /// numbers, text, bytes, uuids and closed sets.
    fn with_valid_values(self) -> Result<Self, Error> {
        let definition = R::TABLE.definition;
        let is_checked = |position: &usize| can_be_unfit(&definition.columns()[*position].ty);
        let positions: Vec<usize> = (0..definition.columns().len()).filter(is_checked).collect();
        if positions.is_empty() || self.rows.is_empty() {
            return Ok(self);
        }
        let rows = self.rows.iter().map(|row| &**row);
        let schema = R::TABLE.query_schema();
        let arrays = guard::<R, _, Error>(|| Ok(build_columns(rows, &positions, schema)?));
        let valid = arrays.and_then(|arrays| {
            for (array, position) in arrays.iter().zip(&positions) {
                let column = &definition.columns()[*position];
                validate(array, column).map_err(|source| RowError::Value {
                    table: definition.name().clone(),
                    column: column.name.to_string(),
                    source,
                })?;
            }
            Ok(())
        });
        match valid {
            Ok(()) => Ok(self),
            Err(error) => Err(error.map_row(|row| self.numbers[row])),
        }
    }

    /// Returns the error for a row whose primary key belongs to another row.
    fn duplicate(&self, row: usize) -> Error {
        let definition = R::TABLE.definition;
        let columns = definition.key_columns();
        let values = match build_columns([&*self.rows[row]], columns, R::TABLE.query_schema()) {
            Ok(arrays) => values_text(&arrays, 0),
            // The key does not fit its columns.
            Err(_) => format!("{:?}", self.rows[row].key()),
        };
        Error::duplicate_key(definition, Some(self.numbers[row]), true, columns, values)
    }
}

/// Returns whether a Rust value for a column of this type can be one that the column cannot hold.
fn can_be_unfit(ty: &ColumnType) -> bool {
    !matches!(
        ty,
        ColumnType::Boolean
            | ColumnType::TinyInt
            | ColumnType::SmallInt
            | ColumnType::Int
            | ColumnType::BigInt
            | ColumnType::UTinyInt
            | ColumnType::USmallInt
            | ColumnType::UInt
            | ColumnType::UBigInt
            | ColumnType::Float
            | ColumnType::Double
            | ColumnType::Text
            | ColumnType::Bytes
            | ColumnType::Uuid
            | ColumnType::Enum(_)
    )
}

/// Removes the row number from a [`Error::DuplicateKey`]: the rows of an update have no numbers.
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
