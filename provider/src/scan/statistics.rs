// SPDX-License-Identifier: Apache-2.0

//! [`ScanStatistics`]: the statistics that a scan declares to the optimizer.

use datafusion::common::stats::Precision;
use datafusion::common::{ScalarValue, Statistics};

use super::columns::ScanColumns;
use crate::columnar::PlanStatistics;

/// The facts about a scan that its statistics are computed from.
pub(super) struct ScanStatistics<'a> {
    pub(super) columns: &'a ScanColumns,
    /// The statistics of the table when the query was planned.
    pub(super) planned: &'a PlanStatistics,
    /// The position of the first key column in the table. `None` if the source does not compare
    /// keys as SQL does.
    pub(super) first_key_column: Option<usize>,
    pub(super) partitions: usize,
    pub(super) has_filter: bool,
    pub(super) fetch: Option<usize>,
}

impl ScanStatistics<'_> {
    /// Computes the statistics of one partition or of all. For one of several partitions, only the
    /// columns without nulls are known.
    pub(super) fn compute(&self, partition: Option<usize>) -> Statistics {
        let schema = &self.columns.schema;
        let mut statistics = Statistics::new_unknown(schema);
        let columns = statistics.column_statistics.iter_mut();
        for (field, column) in schema.fields().iter().zip(columns) {
            if !field.is_nullable() {
                column.null_count = Precision::Exact(0);
            }
        }
        if partition.is_some() && self.partitions > 1 {
            return statistics;
        }
        if let Some(count) = self.planned.row_count {
            statistics.num_rows = self.row_count(count);
        }
        self.add_key_bounds(&mut statistics);
        statistics
    }

    /// Returns the number of rows that the scan of a table with `count` rows returns.
    fn row_count(&self, count: usize) -> Precision<usize> {
        let max_rows = self.fetch.map_or(count, |fetch| {
            fetch.saturating_mul(self.partitions).min(count)
        });
        // Zero rows are exact only for a limit of zero: the optimizer removes limits around an
        // exact zero, and the plan may be cached until the table has rows. The distribution of a
        // limit over several partitions is unknown.
        match (max_rows, self.fetch) {
            (0, Some(0)) => Precision::Exact(0),
            _ if self.planned.is_estimate => Precision::Inexact(max_rows),
            (1.., None) if !self.has_filter => Precision::Exact(max_rows),
            (1.., Some(_)) if !self.has_filter && self.partitions == 1 => {
                Precision::Exact(max_rows)
            }
            _ => Precision::Inexact(max_rows),
        }
    }

    /// Adds the minimum and the maximum of the first key column.
    fn add_key_bounds(&self, statistics: &mut Statistics) {
        let (Some([min, max]), Some(_)) = (&self.planned.key_bounds, self.first_key_column) else {
            return;
        };
        // The optimizer replaces a column whose exact minimum and maximum are equal by a constant,
        // and the plan may be cached until the table has other values.
        let is_exact = !self.has_filter && self.fetch.is_none() && min != max;
        let precision = |value: &ScalarValue| {
            if is_exact {
                Precision::Exact(value.clone())
            } else {
                Precision::Inexact(value.clone())
            }
        };
        let positions = self.columns.positions.iter();
        for (position, column) in positions.zip(&mut statistics.column_statistics) {
            if Some(*position) == self.first_key_column {
                column.min_value = precision(min);
                column.max_value = precision(max);
            }
        }
    }
}
