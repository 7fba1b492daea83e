// SPDX-License-Identifier: Apache-2.0

//! [`ScanColumns`]: the columns that a scan builds before and after it evaluates its filter, and
//! their positions in its output.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::error::Result;

use crate::filter::Filter;

/// The column layout of a scan.
#[derive(Debug)]
pub(super) struct ScanColumns {
    /// The schema of the output.
    pub(super) schema: SchemaRef,
    /// The position in the table of each output column.
    pub(super) positions: Vec<usize>,
    /// The positions in the table of the columns that are built after the filter. Each occurs once.
    pub(super) after_filter: Vec<usize>,
    /// The origin of each output column.
    pub(super) output: Vec<OutputColumn>,
}

/// The origin of an output column.
#[derive(Clone, Copy, Debug)]
pub(super) enum OutputColumn {
    /// The column with this index among the columns of the filter.
    OfFilter(usize),
    /// The column with this index in [`ScanColumns::after_filter`].
    AfterFilter(usize),
}

impl ScanColumns {
    /// Computes the layout of a scan that returns the columns of `table` at the positions
    /// `projection`, or all columns.
    ///
    /// # Errors
    /// Fails if the table has no column at one of the positions.
    pub(super) fn try_new(
        table: &SchemaRef,
        projection: Option<&Vec<usize>>,
        filter: Option<&Filter>,
    ) -> Result<Self> {
        let (schema, positions) = match projection {
            Some(positions) => (Arc::new(table.project(positions)?), positions.clone()),
            None => (Arc::clone(table), (0..table.fields().len()).collect()),
        };
        let of_filter = filter.map_or(&[][..], Filter::columns);
        let mut after_filter: Vec<usize> = Vec::new();
        let mut output = Vec::with_capacity(positions.len());
        for position in &positions {
            let find = |columns: &[usize]| columns.iter().position(|column| column == position);
            let column = if let Some(index) = find(of_filter) {
                OutputColumn::OfFilter(index)
            } else if let Some(index) = find(&after_filter) {
                OutputColumn::AfterFilter(index)
            } else {
                after_filter.push(*position);
                OutputColumn::AfterFilter(after_filter.len() - 1)
            };
            output.push(column);
        }
        Ok(ScanColumns {
            schema,
            positions,
            after_filter,
            output,
        })
    }
}
