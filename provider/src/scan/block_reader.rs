// SPDX-License-Identifier: Apache-2.0

//! [`BlockReader`]: reads, filters and projects the rows of a scan, one block at a time.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions, UInt64Array};
use datafusion::common::internal_err;
use datafusion::error::{DataFusionError, Result};
use datafusion::physical_plan::metrics::Count;
use kalamtable_rows::RowError;

use super::columns::{OutputColumn, ScanColumns};
use crate::columnar::SourceRef;
use crate::filter::Filter;
use crate::row_blocks::{RowBlock, RowCursor, all_rows};
use crate::row_reader::RowReader;

/// Reads the blocks of one snapshot, or of the chunks of a stream.
pub(super) struct BlockReader {
    pub(super) source: SourceRef,
    pub(super) columns: Arc<ScanColumns>,
    pub(super) filter: Option<Arc<Filter>>,
    pub(super) batch_size: usize,
    /// The snapshot or chunk that is being read; `None` before the first chunk.
    pub(super) rows: Option<Box<dyn RowReader>>,
    /// The rows of `rows` that are not read yet.
    pub(super) unread: RowCursor,
    /// Whether the rows are returned from the last one to the first one.
    pub(super) reverse: bool,
    /// The maximum number of rows to return from here on.
    pub(super) wanted: usize,
    pub(super) rows_read: Count,
    pub(super) bytes_built: Count,
}

impl BlockReader {
    /// Returns whether no more rows of the current snapshot or chunk are needed.
    pub(super) fn is_done(&self) -> bool {
        self.wanted == 0 || self.unread.is_empty()
    }

    /// Continues with the rows of another chunk.
    pub(super) fn start_chunk(&mut self, rows: Box<dyn RowReader>) {
        self.rows_read.add(rows.filtered_out());
        self.unread = RowCursor::new(all_rows(rows.len()), false);
        self.rows = Some(rows);
    }

    /// Reads the next block, and returns the rows that pass the filter, or `None` if no row passes.
    pub(super) fn next_block(&mut self) -> Result<Option<RecordBatch>> {
        match self.filter.clone() {
            Some(filter) => self.next_filtered(&filter),
            None => self.next_unfiltered().map(Some),
        }
    }

    fn next_unfiltered(&mut self) -> Result<RecordBatch> {
        let block = self.unread.next(self.batch_size.min(self.wanted));
        let length = block.len();
        self.wanted -= length;
        self.rows_read.add(length);
        let built = self.build_after_filter(&block)?;
        self.batch(&[], &built, length)
    }

    fn next_filtered(&mut self, filter: &Filter) -> Result<Option<RecordBatch>> {
        let block = self.unread.next(self.batch_size);
        let length = block.len();
        self.rows_read.add(length);
        let of_filter = self.build(&block, filter.columns())?;
        let mask = filter.evaluate(of_filter.clone(), length)?;
        let passed = mask.true_count();
        if passed == 0 {
            return Ok(None);
        }
        if passed == length && passed <= self.wanted {
            self.wanted -= passed;
            let built = self.build_after_filter(&block)?;
            return self.batch(&of_filter, &built, length).map(Some);
        }
        let count = passed.min(self.wanted);
        self.wanted -= count;
        // If more rows pass than are needed, the first ones in the order of the scan are used.
        let wanted = if self.reverse {
            passed - count..passed
        } else {
            0..count
        };
        let passing: Vec<usize> = mask.values().set_indices().collect();
        let selected = block.select(&passing[wanted.clone()]);
        let built = self.build_after_filter(&selected)?;
        let filtered = self.filter_arrays(&of_filter, &mask, &wanted)?;
        self.batch(&filtered, &built, count).map(Some)
    }

    fn build_after_filter(&mut self, block: &RowBlock) -> Result<Vec<ArrayRef>> {
        let columns = Arc::clone(&self.columns);
        self.build(block, &columns.after_filter)
    }

    /// Builds the columns at these positions in the table.
    fn build(&mut self, block: &RowBlock, columns: &[usize]) -> Result<Vec<ArrayRef>> {
        let Some(rows) = &mut self.rows else {
            return internal_err!("a block was requested before the first chunk");
        };
        let built = rows.build(block.hull.clone(), block.selected.as_deref(), columns)?;
        let bytes = built.iter().map(|array| array.get_buffer_memory_size());
        self.bytes_built.add(bytes.sum());
        Ok(built)
    }

    /// Applies `mask` to those arrays of the filter that the scan returns, and keeps the `wanted`
    /// rows of them. Other arrays are unchanged, since they are not used.
    fn filter_arrays(
        &self,
        of_filter: &[ArrayRef],
        mask: &BooleanArray,
        wanted: &Range<usize>,
    ) -> Result<Vec<ArrayRef>> {
        let mut filtered = of_filter.to_vec();
        for output in &self.columns.output {
            // A column that the scan returns twice is filtered once.
            if let OutputColumn::OfFilter(index) = *output
                && Arc::ptr_eq(&filtered[index], &of_filter[index])
            {
                let passed = arrow::compute::filter(&of_filter[index], mask)?;
                filtered[index] = passed.slice(wanted.start, wanted.len());
            }
        }
        Ok(filtered)
    }

    /// Creates an output batch, in the order of the scan.
    fn batch(
        &self,
        of_filter: &[ArrayRef],
        after_filter: &[ArrayRef],
        rows: usize,
    ) -> Result<RecordBatch> {
        let mut columns: Vec<ArrayRef> = self
            .columns
            .output
            .iter()
            .map(|output| match *output {
                OutputColumn::OfFilter(index) => Arc::clone(&of_filter[index]),
                OutputColumn::AfterFilter(index) => Arc::clone(&after_filter[index]),
            })
            .collect();
        if self.reverse && rows > 1 {
            let descending = UInt64Array::from_iter_values((0..rows as u64).rev());
            for column in &mut columns {
                *column = arrow::compute::take(column, &descending, None)?;
            }
        }
        let schema = Arc::clone(&self.columns.schema);
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(schema, columns, &options).map_err(|source| {
            let table = self.source.definition().name().clone();
            DataFusionError::from(RowError::Batch { table, source })
        })
    }
}
