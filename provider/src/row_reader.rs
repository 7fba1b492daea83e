// SPDX-License-Identifier: Apache-2.0

//! [`RowReader`]: random access to the rows of a snapshot or a chunk, column by column.

use std::ops::Range;

use arrow::array::ArrayRef;
use datafusion::error::Result;

/// Builds the columns of selected rows of one snapshot or chunk.
///
/// The rows are numbered from 0 and do not change while the reader exists.
pub trait RowReader: Send {
    /// Returns the number of rows.
    fn len(&self) -> usize;

    /// Returns whether there are no rows.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the number of rows of the source that are not among these rows, because the reader
    /// has evaluated the filter of the scan on them.
    fn filtered_out(&self) -> usize {
        0
    }

    /// Builds one array for each of `columns`, which are positions in the schema of the source, in
    /// any order and possibly repeated.
    ///
    /// `block` is a range of row numbers below [`len`](Self::len). `selected` contains ascending
    /// offsets from the start of `block`. Each array has one element for each of these offsets, or,
    /// if `selected` is `None`, for each row of `block`.
    ///
    /// # Errors
    /// Fails if a value cannot be represented in its column. The error names the row by its number
    /// in the partition.
    fn build(
        &mut self,
        block: Range<usize>,
        selected: Option<&[usize]>,
        columns: &[usize],
    ) -> Result<Vec<ArrayRef>>;
}
