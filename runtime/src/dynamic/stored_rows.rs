// SPDX-License-Identifier: Apache-2.0

//! [`StoredRows`]: the rows of a chunk that are not in memory.

use std::fmt::Debug;
use std::ops::Range;

use arrow::array::ArrayRef;
use arrow::datatypes::SchemaRef;
use kalamtable_provider::BoxError;

/// The rows of a chunk that are not in memory. The storage reads them when they are needed.
///
/// The rows are divided into sections, of which one is read at a time, and these into pages, which
/// can be read without their neighbours. All methods except [`read`](Self::read) and
/// [`candidates`](Self::candidates) return what is in memory.
pub trait StoredRows: Debug + Send + Sync + 'static {
    /// Returns the schema of the rows: the columns of the definition under which they were written,
    /// followed by the system columns.
    fn schema(&self) -> &SchemaRef;

    /// Returns the sections: ascending and adjacent ranges of all rows, none of which is empty.
    fn sections(&self) -> &[Range<u32>];

    /// Returns the bounds of a column in each section, or `None` if they are unknown. Each array
    /// has one element per section, and a null is an unknown bound.
    fn bounds(&self, column: usize) -> Option<ColumnBounds>;

    /// Returns the pages of a section: ascending and adjacent ranges of all its rows.
    fn pages(&self, section: usize) -> Vec<Range<u32>>;

    /// Returns the bounds of a column in each page of a section, or `None` if they are unknown.
    fn page_bounds(&self, section: usize, column: usize) -> Option<ColumnBounds>;

    /// Returns whether the bounds of the columns admit one of the keys, which are those of
    /// [`candidates`](Self::candidates).
    fn admits(&self, columns: &[usize], keys: &[ArrayRef]) -> bool;

    /// Reads the columns at the positions `columns`, of the rows in `rows`, which are ascending and
    /// disjoint. Returns batches of consecutive rows, with an array for each of `columns`. Blocks
    /// until the rows are read.
    ///
    /// # Errors
    /// Fails if the rows cannot be read, or are not those that were written.
    fn read(&self, rows: &[Range<u32>], columns: &[usize]) -> Result<Vec<Vec<ArrayRef>>, BoxError>;

    /// Returns ascending and disjoint ranges that contain every row with one of the keys. The
    /// arrays of `keys` have one element per key, and the types of the columns at the positions
    /// `columns`. Blocks until the necessary part of the storage is read.
    ///
    /// # Errors
    /// Fails if the storage cannot be read, or does not have the content that was written.
    fn candidates(&self, columns: &[usize], keys: &[ArrayRef])
    -> Result<Vec<Range<u32>>, BoxError>;
}

/// The bounds of a column in each section of stored rows, or in each page of a section.
#[derive(Clone, Debug)]
pub struct ColumnBounds {
    /// Values that are at most the smallest value that is not null.
    pub lower: ArrayRef,
    /// Values that are at least the greatest value that is not null.
    pub upper: ArrayRef,
}
