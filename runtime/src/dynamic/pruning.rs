// SPDX-License-Identifier: Apache-2.0

//! [`Pruner`]: decides by the bounds of stored rows whether a filter can pass any of them.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{ArrayRef, BooleanArray};
use arrow::compute::cast;
use arrow::datatypes::SchemaRef;
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::{Column, ScalarValue};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr_common::physical_expr::snapshot_generation;
use datafusion::physical_optimizer::pruning::{PruningPredicate, PruningPredicateBuilder};

use super::stored_rows::StoredRows;
use super::versions::VersionReader;

/// Decides which sections of stored rows a filter has to read.
#[derive(Debug)]
pub(super) struct Pruner {
    filter: Arc<dyn PhysicalExpr>,
    schema: SchemaRef,
    current: Mutex<CurrentPredicate>,
}

/// The predicate over bounds for the current values of the dynamic filters.
#[derive(Debug, Default)]
struct CurrentPredicate {
    /// The generation of the dynamic filters, or `None` if the predicate was not computed yet.
    generation: Option<u64>,
    /// `None` if bounds cannot decide the filter.
    predicate: Option<Arc<PruningPredicate>>,
}

impl Pruner {
    /// Creates a pruner for a filter over the columns of `schema`.
    pub(super) fn new(filter: &Arc<dyn PhysicalExpr>, schema: &SchemaRef) -> Self {
        Pruner {
            filter: Arc::clone(filter),
            schema: Arc::clone(schema),
            current: Mutex::default(),
        }
    }

    /// Returns whether some rows of a section can pass the filter. An error of the filter is left
    /// to its evaluation.
    pub(super) fn admits(
        &self,
        rows: &dyn StoredRows,
        section: usize,
        reader: &VersionReader,
    ) -> bool {
        let Some(predicate) = self.predicate() else {
            return true;
        };
        let bounds = BoundsOfSection {
            rows,
            section,
            reader,
            schema: &self.schema,
        };
        let admitted = predicate.prune(&bounds);
        admitted.map_or(true, |sections| sections.first() != Some(&false))
    }

    fn predicate(&self) -> Option<Arc<PruningPredicate>> {
        // Read before the filter, so that a later change is noticed the next time.
        let generation = snapshot_generation(&self.filter);
        // A poisoned lock is harmless: a panic leaves the previous predicate, which is weaker.
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.generation != Some(generation) {
            let builder = PruningPredicateBuilder::new();
            let builder = builder.with_file_schema(Arc::clone(&self.schema));
            current.predicate = builder.build(Arc::clone(&self.filter));
            current.generation = Some(generation);
        }
        current.predicate.clone()
    }
}

/// The bounds of one section, under the version for which a query was planned.
struct BoundsOfSection<'a> {
    rows: &'a dyn StoredRows,
    section: usize,
    reader: &'a VersionReader,
    schema: &'a SchemaRef,
}

impl BoundsOfSection<'_> {
    fn bound(&self, column: &Column, is_lower: bool) -> Option<ArrayRef> {
        let (position, field) = self.schema.column_with_name(column.name())?;
        if let Some(constant) = self.reader.constant(position) {
            return constant.to_array_of_size(1).ok();
        }
        let bounds = self.rows.bounds(self.reader.unconverted(position)?)?;
        let bound = if is_lower { bounds.lower } else { bounds.upper };
        cast(&bound.slice(self.section, 1), field.data_type()).ok()
    }
}

impl PruningStatistics for BoundsOfSection<'_> {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        self.bound(column, true)
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        self.bound(column, false)
    }

    fn num_containers(&self) -> usize {
        1
    }

    fn null_counts(&self, _column: &Column) -> Option<ArrayRef> {
        None
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        None
    }

    fn contained(&self, _column: &Column, _values: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        None
    }
}
