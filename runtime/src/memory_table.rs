//! [`MemoryTable`]: rows in memory, by primary key.

use std::cmp::Ordering;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use datafusion::logical_expr::dml::InsertOp;

use crate::chunks::OnConflict;
use crate::source::{BoxError, Chunks, Snapshot, TableSource};
use crate::{Error, KeyedRow};

/// Rows in memory, by primary key and in its order; written and read by any number of threads.
///
/// A snapshot costs one count, and never changes. A writer copies what a living snapshot still
/// looks at, a few hundred rows at a time; without one it writes in place. Each call is one step for
/// everyone else: a scan sees all rows that a call writes, or none.
///
/// ```
/// use std::sync::Arc;
///
/// use datafusion::prelude::SessionContext;
/// # use kalamtable_runtime::doc_example::Event;
/// use kalamtable_runtime::{MemoryTable, RowProvider};
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
    state: RwLock<Arc<Chunks<R>>>,
}

impl<R: KeyedRow> MemoryTable<R> {
    /// A table without rows.
    pub fn new() -> Self {
        MemoryTable {
            state: RwLock::new(Arc::default()),
        }
    }

    /// Adds rows, all or none of them.
    ///
    /// # Errors
    /// [`Error::DuplicateKey`] if a row with the key of one of them is there, or two of them have
    /// the same.
    pub fn insert(&self, rows: impl IntoIterator<Item = R>) -> Result<(), Error> {
        let rows = sorted_by_distinct_keys(rows)?;
        let written = self.write().write(rows, OnConflict::Refuse);
        written.map_err(|row| duplicate_key(&*row))
    }

    /// Writes rows, each in the place of the one with its key if there is one; of several with one
    /// key, the last.
    pub fn upsert(&self, rows: impl IntoIterator<Item = R>) {
        let mut rows = sorted_by_key(rows);
        // The sort is stable: keep the later of two by keeping the first of the reverse.
        rows.reverse();
        rows.dedup_by(|later, kept| later.compare_key(&kept.key()) == Ordering::Equal);
        rows.reverse();
        let written = self.write().write(rows, OnConflict::Replace);
        debug_assert!(written.is_ok(), "nothing is refused");
    }

    /// Puts `rows` in the place of all that are there.
    ///
    /// # Errors
    /// [`Error::DuplicateKey`] if two of them have the same key; nothing has changed then.
    pub fn replace_all(&self, rows: impl IntoIterator<Item = R>) -> Result<(), Error> {
        let mut state = Arc::new(Chunks::default());
        let written = state.write(sorted_by_distinct_keys(rows)?, OnConflict::Refuse);
        written.map_err(|row| duplicate_key(&*row))?;
        let before = std::mem::replace(&mut *self.write(), state);
        // Freeing many rows takes a while: not under the lock.
        drop(before);
        Ok(())
    }

    /// Changes the row with that key, and returns it as it is afterwards; `None` if there is none.
    ///
    /// `change` works on a copy, while other writers and the start of scans wait.
    ///
    /// # Errors
    /// [`Error::KeyChanged`] if `change` changes the key; nothing has changed then. To move a row,
    /// [`remove`](Self::remove) it and insert it again.
    pub fn update(
        &self,
        key: &R::Key<'_>,
        change: impl FnOnce(&mut R),
    ) -> Result<Option<Arc<R>>, Error> {
        let mut state = self.write();
        let Some(before) = state.get(key) else {
            return Ok(None);
        };
        let mut row = R::clone(before);
        change(&mut row);
        if row.compare_key(&before.key()) != Ordering::Equal {
            return Err(Error::KeyChanged {
                table: R::TABLE.definition.name().clone(),
                from: format!("{:?}", before.key()),
                to: format!("{:?}", row.key()),
            });
        }
        let row = Arc::new(row);
        let written = state.write(vec![row.clone()], OnConflict::Replace);
        debug_assert!(written.is_ok(), "nothing is refused");
        Ok(Some(row))
    }

    /// Takes the row with that key out of the table.
    pub fn remove(&self, key: &R::Key<'_>) -> Option<Arc<R>> {
        self.write().remove(key)
    }

    /// The row with that key.
    pub fn get(&self, key: &R::Key<'_>) -> Option<Arc<R>> {
        self.read().get(key).cloned()
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.read().len
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rows of this moment, in key order.
    pub fn snapshot(&self) -> Snapshot<R> {
        Snapshot::from_chunks(self.read().clone())
    }
}

// The lock's poison says nothing: what a holder calls that is not ours, clones and changes of rows,
// comes before the state changes. (A comparison of keys that panics between two rows of one call
// would leave that call half done; those of generated rows do not panic.)
impl<R> MemoryTable<R> {
    fn read(&self) -> RwLockReadGuard<'_, Arc<Chunks<R>>> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Arc<Chunks<R>>> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<R: KeyedRow> Default for MemoryTable<R> {
    fn default() -> Self {
        MemoryTable::new()
    }
}

impl<R> fmt::Debug for MemoryTable<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemoryTable({} rows)", self.read().len)
    }
}

impl<R: KeyedRow> TableSource for MemoryTable<R> {
    type Row = R;

    fn snapshot(&self) -> Result<Snapshot<R>, BoxError> {
        Ok(MemoryTable::snapshot(self))
    }

    fn is_in_key_order(&self) -> bool {
        true
    }

    fn row_count(&self) -> Option<usize> {
        Some(self.len())
    }

    fn accepts(&self, _op: InsertOp) -> bool {
        true
    }

    fn insert(&self, op: InsertOp, rows: Vec<R>) -> Result<(), BoxError> {
        match op {
            InsertOp::Append => MemoryTable::insert(self, rows)?,
            InsertOp::Overwrite => self.replace_all(rows)?,
            InsertOp::Replace => self.upsert(rows),
        }
        Ok(())
    }
}

/// The rows in the order of their keys; those with the same key in the order they came.
fn sorted_by_key<R: KeyedRow>(rows: impl IntoIterator<Item = R>) -> Vec<Arc<R>> {
    let mut rows: Vec<Arc<R>> = rows.into_iter().map(Arc::new).collect();
    rows.sort_by(|a, b| a.compare_key(&b.key()));
    rows
}

fn sorted_by_distinct_keys<R: KeyedRow>(
    rows: impl IntoIterator<Item = R>,
) -> Result<Vec<Arc<R>>, Error> {
    let rows = sorted_by_key(rows);
    let twice = rows
        .windows(2)
        .find(|pair| pair[0].compare_key(&pair[1].key()) == Ordering::Equal);
    match twice {
        Some(pair) => Err(duplicate_key(&*pair[0])),
        None => Ok(rows),
    }
}

fn duplicate_key<R: KeyedRow>(row: &R) -> Error {
    Error::DuplicateKey {
        table: R::TABLE.definition.name().clone(),
        key: format!("{:?}", row.key()),
    }
}
