// SPDX-License-Identifier: Apache-2.0

//! [`FromArrow`], [`Row`] and [`KeyedRow`]: record batches to rows, owned or borrowed.

use std::fmt::Debug;
use std::ops::Range;

use arrow::array::RecordBatch;

use crate::columns::Columns;
use crate::error::RowError;
use crate::row_key::RowKey;
use crate::to_arrow::ToArrow;

/// A row of one table that can be read from Arrow: as itself, or as a view that copies nothing.
/// Implemented by generated code.
///
/// Columns are matched by id, then by name among those without an id, never by position. A nullable
/// column that the batch lacks is null in every row.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no row that can be read from Arrow",
    label = "not a row that can be read",
    note = "a struct that borrows is written and not read: let its fields own what they hold",
    note = "on any other: `#[derive(KalamTable)]` and `#[kalam(table = \"namespace.table\", primary_key(..))]`"
)]
pub trait FromArrow: ToArrow + 'static {
    /// What reads the columns of one batch.
    type Readers: 'static;

    /// A row as it stands in a batch: `&str` for text, a number for a number.
    type View<'a>: Copy + Debug;

    /// What reads `columns`.
    ///
    /// # Errors
    /// If a required column is absent or has a null, or if a column has another type.
    fn readers(columns: &Columns<'_>) -> Result<Self::Readers, RowError>;

    /// Adds to `rows` those of a range of a batch.
    ///
    /// # Errors
    /// [`RowError::Value`] if a value does not fit its field.
    fn read(
        readers: &Self::Readers,
        range: Range<usize>,
        rows: &mut Vec<Self>,
    ) -> Result<(), RowError>;

    /// A view of one row of a batch, which is in bounds.
    ///
    /// # Errors
    /// [`RowError::Value`] if a value does not fit its field.
    fn view(readers: &Self::Readers, row: usize) -> Result<Self::View<'_>, RowError>;

    /// Whether rows have fields that are no columns.
    #[doc(hidden)]
    const HAS_SKIPPED: bool = false;

    /// Takes from `before` the fields that are no columns: for a row that was changed as a batch.
    #[doc(hidden)]
    fn keep_skipped(&mut self, _before: Self) {}

    /// The rows of `batch`.
    ///
    /// # Errors
    /// If a required column is absent or has a null, or a value does not fit its field.
    fn from_batch(batch: &RecordBatch) -> Result<Vec<Self>, RowError> {
        let readers = Self::readers(&Columns::new(Self::TABLE, batch))?;
        let count = batch.num_rows();
        let mut rows = Vec::with_capacity(count);
        Self::read(&readers, 0..count, &mut rows)?;
        Ok(rows)
    }

    /// The rows of `batch` as views, which copy nothing out of it.
    ///
    /// ```
    /// # use kalamtable_rows::doc_example::Event;
    /// use kalamtable_rows::{FromArrow, ToArrow};
    ///
    /// let batch = Event::to_batch(&[Event { id: 1, title: Some("first".to_string()) }])?;
    /// for event in Event::views(&batch)?.iter() {
    ///     let title: Option<&str> = event?.title;
    ///     assert_eq!(title, Some("first"));
    /// }
    /// # Ok::<(), kalamtable_rows::RowError>(())
    /// ```
    ///
    /// # Errors
    /// If a required column is absent or has a null, or if a column has another type. What else is
    /// wrong with a value is told when its row is looked at.
    fn views(batch: &RecordBatch) -> Result<Views<Self>, RowError> {
        Ok(Views {
            readers: Self::readers(&Columns::new(Self::TABLE, batch))?,
            rows: batch.num_rows(),
        })
    }
}

/// The rows of one batch as views. It shares the batch's memory.
pub struct Views<R: FromArrow> {
    readers: R::Readers,
    rows: usize,
}

impl<R: FromArrow> Debug for Views<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Views({} rows)", self.rows)
    }
}

impl<R: FromArrow> Views<R> {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// One row; `None` past the last.
    ///
    /// # Errors
    /// [`RowError::Value`] if a value does not fit its field.
    #[inline]
    pub fn get(&self, row: usize) -> Option<Result<R::View<'_>, RowError>> {
        (row < self.rows).then(|| R::view(&self.readers, row))
    }

    /// One row after the other.
    ///
    /// # Errors
    /// For each row that has a value which does not fit its field.
    #[inline]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Result<R::View<'_>, RowError>> {
        (0..self.rows).map(|row| R::view(&self.readers, row))
    }
}

/// A row that goes both ways: what sources, providers and registries work with.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no row of a table that is written and read",
    label = "not such a row",
    note = "it needs `#[derive(Clone, Debug, KalamTable)]`, and fields that own what they hold"
)]
pub trait Row: ToArrow + FromArrow + RowKey + Clone + Debug + Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<R: ToArrow + FromArrow + RowKey + Clone + Debug + Send + Sync + 'static> Row for R {}

/// A row that its primary key tells from the others.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no row with a primary key",
    label = "no key",
    note = "say which columns it is made of: `#[kalam(primary_key(..))]`"
)]
pub trait KeyedRow: Row {
    /// The key, borrowed from a row: the key column's value, or a tuple in key order.
    type Key<'a>: Ord + Debug;

    /// This row's key.
    fn key(&self) -> Self::Key<'_>;

    /// How this row's key compares with `key`.
    fn compare_key(&self, key: &Self::Key<'_>) -> std::cmp::Ordering;
}

/// What a field that is no column holds when a row is read.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no default, which a field that is skipped gets when a row is read",
    label = "no default",
    note = "implement `Default` for it, or let the field be an `Option`"
)]
pub trait Skipped {
    /// Its default.
    fn skipped() -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: Default> Skipped for T {
    fn skipped() -> T {
        T::default()
    }
}

/// The value of a field that is no column; for generated code.
pub fn skipped<T: Skipped>() -> T {
    T::skipped()
}
