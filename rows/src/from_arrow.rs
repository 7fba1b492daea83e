// SPDX-License-Identifier: Apache-2.0

//! [`FromArrow`], [`Row`] and [`KeyedRow`]: conversion of record batches to rows or borrowed views.

use std::fmt::Debug;
use std::ops::Range;

use arrow::array::RecordBatch;

use crate::columns::Columns;
use crate::error::RowError;
use crate::row_key::RowKey;
use crate::to_arrow::ToArrow;

/// The row type of a table that can be read from Arrow, as an owned row or as a view that borrows
/// from the batch. Generated code implements it.
///
/// Columns are matched by name, or by id if the caller states that a batch belongs to the table,
/// and never by position. A nullable column that the batch lacks is null in every row.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a row that can be read from Arrow",
    label = "not a row that can be read",
    note = "a struct that borrows can be written but not read: use owned types for its fields",
    note = "any other struct needs `#[derive(KalamTable)]` and `#[kalam(table = \"namespace.table\", primary_key(..))]`"
)]
pub trait FromArrow: ToArrow + 'static {
    /// The readers of the columns of one batch.
    type Readers: 'static;

    /// A row borrowed from a batch: `&str` for text, the number itself for a number.
    type View<'a>: Copy + Debug;

    /// Creates the readers of `columns`.
    ///
    /// # Errors
    /// Fails if a column that does not allow null is missing or has a null, or if a column has
    /// another type.
    fn readers(columns: &Columns<'_>) -> Result<Self::Readers, RowError>;

    /// Appends the rows of a range of the batch to `rows`.
    ///
    /// # Errors
    /// [`RowError::Value`] if a value does not fit its field.
    fn read(
        readers: &Self::Readers,
        range: Range<usize>,
        rows: &mut Vec<Self>,
    ) -> Result<(), RowError>;

    /// Returns a view of one row of the batch, which is in bounds.
    ///
    /// # Errors
    /// [`RowError::Value`] if a value does not fit its field.
    fn view(readers: &Self::Readers, row: usize) -> Result<Self::View<'_>, RowError>;

    /// Whether rows have fields that are not columns.
    #[doc(hidden)]
    const HAS_SKIPPED: bool = false;

    /// Moves the fields that are not columns from `before` to this row. An `UPDATE` changes rows as
    /// a batch, which does not contain these fields.
    #[doc(hidden)]
    fn keep_skipped(&mut self, _before: Self) {}

    /// Returns the rows of `batch`, whose columns are matched by name: the result of a query, or a
    /// batch of other origin.
    ///
    /// # Errors
    /// Fails if a column that does not allow null is missing or has a null, if a value does not fit
    /// its field, or if the batch has column ids that contradict the names.
    fn from_batch(batch: &RecordBatch) -> Result<Vec<Self>, RowError> {
        read_all(&Columns::by_name(Self::TABLE, batch))
    }

    /// Returns the rows of `batch`, whose columns are matched by id, and by name for columns
    /// without an id. The batch must be data of this table, such as a batch of one of its files.
    /// Its columns may have been renamed since.
    ///
    /// ```
    /// # use kalamtable_rows::doc_example::Event;
    /// use arrow::array::RecordBatch;
    /// use kalamtable_rows::{FromArrow, ToArrow};
    ///
    /// // The column `title` (id 2) had another name when the file was written.
    /// let rows = [Event { id: 1, title: Some("first".to_string()) }];
    /// let batch = Event::to_batch(&rows)?;
    /// let mut fields: Vec<_> = batch.schema().fields().to_vec();
    /// fields[1] = fields[1].as_ref().clone().with_name("caption").into();
    /// let schema = arrow::datatypes::Schema::new(fields);
    /// let stored = RecordBatch::try_new(schema.into(), batch.columns().to_vec()).unwrap();
    ///
    /// assert_eq!(Event::from_batch_by_id(&stored)?, rows);
    /// assert!(Event::from_batch(&stored).is_err());
    /// # Ok::<(), kalamtable_rows::RowError>(())
    /// ```
    ///
    /// # Errors
    /// Fails if a column that does not allow null is missing or has a null, or if a value does not
    /// fit its field.
    fn from_batch_by_id(batch: &RecordBatch) -> Result<Vec<Self>, RowError> {
        read_all(&Columns::by_id(Self::TABLE, batch))
    }

    /// Returns the rows of `batch` as views, which borrow from the batch. Columns are matched by
    /// name, as in [`from_batch`](Self::from_batch).
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
    /// Fails if a column that does not allow null is missing or has a null, or if a column has
    /// another type, or if the batch has column ids that contradict the names. Other errors of a
    /// value are returned when its row is accessed.
    fn views(batch: &RecordBatch) -> Result<Views<Self>, RowError> {
        Views::try_new(&Columns::by_name(Self::TABLE, batch))
    }

    /// Returns the rows of `batch` as views, which borrow from the batch. Columns are matched by
    /// id, as in [`from_batch_by_id`](Self::from_batch_by_id).
    ///
    /// # Errors
    /// As [`views`](Self::views), except that names and ids cannot contradict each other.
    fn views_by_id(batch: &RecordBatch) -> Result<Views<Self>, RowError> {
        Views::try_new(&Columns::by_id(Self::TABLE, batch))
    }
}

fn read_all<R: FromArrow>(columns: &Columns<'_>) -> Result<Vec<R>, RowError> {
    let readers = R::readers(columns)?;
    let count = columns.num_rows();
    let mut rows = Vec::with_capacity(count);
    R::read(&readers, 0..count, &mut rows)?;
    Ok(rows)
}

/// The rows of one batch as views. It shares the memory of the batch.
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
    fn try_new(columns: &Columns<'_>) -> Result<Self, RowError> {
        Ok(Views {
            readers: R::readers(columns)?,
            rows: columns.num_rows(),
        })
    }

    /// Returns the number of rows.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Returns whether the batch has no rows.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Returns a view of one row, or `None` if `row` is out of bounds.
    ///
    /// # Errors
    /// [`RowError::Value`] if a value does not fit its field.
    #[inline]
    pub fn get(&self, row: usize) -> Option<Result<R::View<'_>, RowError>> {
        (row < self.rows).then(|| R::view(&self.readers, row))
    }

    /// Returns an iterator over the rows.
    ///
    /// # Errors
    /// An item is [`RowError::Value`] if a value of the row does not fit its field.
    #[inline]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Result<R::View<'_>, RowError>> {
        (0..self.rows).map(|row| R::view(&self.readers, row))
    }
}

/// A row type that can be written and read. Table sources and providers require it. Every type with
/// the required traits implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a row that can be written and read",
    label = "not a row that can be written and read",
    note = "it needs `#[derive(Clone, Debug, KalamTable)]`, and owned types for its fields"
)]
pub trait Row: ToArrow + FromArrow + RowKey + Clone + Debug + Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<R: ToArrow + FromArrow + RowKey + Clone + Debug + Send + Sync + 'static> Row for R {}

/// A row type with a primary key.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a row with a primary key",
    label = "no primary key",
    note = "name the columns of the key: `#[kalam(primary_key(..))]`"
)]
pub trait KeyedRow: Row {
    /// The key, borrowed from a row: the value of the key column, or a tuple of values in key
    /// order.
    type Key<'a>: Ord + Debug;

    /// Returns the key of this row.
    fn key(&self) -> Self::Key<'_>;

    /// Compares the key of this row with `key`, in the order of [`Key`](Self::Key).
    fn compare_key(&self, key: &Self::Key<'_>) -> std::cmp::Ordering;
}

/// The type of a field with `#[kalam(skip)]`, which is not a column.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no default, which a skipped field gets when a row is read",
    label = "no default",
    note = "implement `Default` for it, or use an `Option`"
)]
pub trait Skipped {
    /// Returns the value that the field has in a row read from Arrow.
    fn skipped() -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: Default> Skipped for T {
    fn skipped() -> T {
        T::default()
    }
}

/// Returns the value of a field that is not a column. Generated code calls it.
pub fn skipped<T: Skipped>() -> T {
    T::skipped()
}
