// SPDX-License-Identifier: Apache-2.0

//! [`StoredFilter`]: decides by the bounds of stored rows which of them a filter can pass.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array, ArrayRef, BooleanArray, new_null_array};
use arrow::compute::{SortOptions, cast, concat};
use arrow::datatypes::{DataType, SchemaRef};
use arrow::row::{RowConverter, SortField};
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::{Column, ScalarValue};
use datafusion::error::Result;
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{
    BinaryExpr, CastExpr, Column as PhysicalColumn, DynamicFilterPhysicalExpr, NegativeExpr,
    TryCastExpr,
};
use datafusion::physical_expr::{conjunction, split_conjunction};
use datafusion::physical_expr_common::physical_expr::{
    snapshot_generation, snapshot_physical_expr,
};
use datafusion::physical_optimizer::pruning::{PruningPredicate, PruningPredicateBuilder};
use kalamtable_provider::Filter;
use kalamtable_registry::TableSnapshot;

use super::chunk::ChunkRows;
use super::storage::{PartitionChunk, PartitionRows};
use super::stored_rows::{ColumnBounds, StoredRows};
use super::versions::{VersionReader, Versions};
use crate::error::Error;

/// The filter of a scan of stored rows.
#[derive(Debug)]
pub(super) struct StoredFilter {
    filter: Arc<Filter>,
    /// The predicate of the filter over all columns of the table.
    over_table: Arc<dyn PhysicalExpr>,
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

impl StoredFilter {
    /// Creates the filter of a table with this schema.
    ///
    /// # Errors
    /// Fails if the table does not have a column of the filter.
    pub(super) fn try_new(filter: &Arc<Filter>, schema: &SchemaRef) -> Result<Self> {
        Ok(StoredFilter {
            filter: Arc::clone(filter),
            over_table: filter.over_table(schema)?,
            schema: Arc::clone(schema),
            current: Mutex::default(),
        })
    }

    /// Returns the filter of the scan.
    pub(super) fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Returns whether each section of the stored rows of a partition can have rows that pass the
    /// filter, or `None` if all can. An error of the filter is left to its evaluation.
    ///
    /// # Errors
    /// Fails if rows were written under an unknown version.
    pub(super) fn admitted_sections(
        &self,
        table: &TableSnapshot,
        partition: &PartitionRows,
    ) -> Result<Option<Vec<bool>>, Error> {
        let mut stored = Vec::new();
        for chunk in partition.chunks.iter().map(|entry| &entry.chunk) {
            if let ChunkRows::Stored(rows) = chunk.rows() {
                let reader = Versions::reader(table, chunk.definition())?;
                let of_sections = |column: usize| rows.bounds(column);
                stored.push(StoredBounds {
                    reader,
                    count: rows.sections().len(),
                    of_column: Box::new(of_sections),
                });
            }
        }
        Ok(self.admits_each(stored))
    }

    /// Returns the sort order that the dynamic filter of a query with `ORDER BY` and `LIMIT`
    /// implies, or `None` without such a filter. The filter compares a column with a value of the
    /// rows that were found so far.
    pub(super) fn preferred_order(&self) -> Option<PreferredOrder> {
        let (column, is_descending) = dynamic_comparison(&self.over_table)?;
        Some(PreferredOrder {
            column,
            is_descending,
        })
    }

    /// Returns the parts of a section that can have rows that pass the filter. An error of the
    /// filter is left to its evaluation.
    pub(super) fn admitted_ranges(
        &self,
        rows: &dyn StoredRows,
        section: usize,
        reader: &VersionReader,
    ) -> Vec<Range<u32>> {
        let Some(part) = rows.sections().get(section).cloned() else {
            return Vec::new();
        };
        let of_section = |column: usize| {
            let bounds = rows.bounds(column)?;
            Some(ColumnBounds {
                lower: bounds.lower.slice(section, 1),
                upper: bounds.upper.slice(section, 1),
            })
        };
        // Again, because a dynamic filter may have changed.
        let admitted = self.admits_each(Vec::from([StoredBounds {
            reader,
            count: 1,
            of_column: Box::new(of_section),
        }]));
        if admitted.is_some_and(|admitted| admitted == [false]) {
            return Vec::new();
        }
        let pages = rows.pages(section);
        let admitted = self.admits_each(Vec::from([StoredBounds {
            reader,
            count: pages.len(),
            of_column: Box::new(|column| rows.page_bounds(section, column)),
        }]));
        let Some(admitted) = admitted else {
            return Vec::from([part]);
        };
        let mut parts: Vec<Range<u32>> = Vec::new();
        for (page, _) in pages
            .iter()
            .zip(&admitted)
            .filter(|(_, admitted)| **admitted)
        {
            match parts.last_mut() {
                Some(last) if last.end == page.start => last.end = page.end,
                _ => parts.push(page.clone()),
            }
        }
        parts
    }

    /// Returns whether each of the sections or pages can have rows that pass, or `None` if bounds
    /// do not decide that.
    fn admits_each(&self, stored: Vec<StoredBounds<'_>>) -> Option<Vec<bool>> {
        if stored.is_empty() {
            return None;
        }
        let bounds = PruningBounds {
            stored,
            schema: &self.schema,
        };
        self.predicate()?.prune(&bounds).ok()
    }

    fn predicate(&self) -> Option<Arc<PruningPredicate>> {
        // Read before the filter, so that a later change is noticed the next time.
        let generation = snapshot_generation(&self.over_table);
        // A poisoned lock is harmless: a panic leaves the previous predicate, which is weaker.
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.generation != Some(generation) {
            let builder = PruningPredicateBuilder::new();
            let builder = builder.with_file_schema(Arc::clone(&self.schema));
            let on_bounds = snapshot_physical_expr(Arc::clone(&self.over_table));
            current.predicate = on_bounds.ok().and_then(|filter| {
                let conditions = split_conjunction(&filter).into_iter();
                let conditions =
                    conditions.filter(|condition| is_monotone(condition, &self.schema));
                builder.build(conjunction(conditions.cloned()))
            });
            current.generation = Some(generation);
        }
        current.predicate.clone()
    }
}

/// Returns whether a condition contains no cast or negation that can change the order of values.
///
/// DataFusion 55 applies casts and negations to the bounds of a column. The results are bounds only
/// if the order stays: the times of day of two timestamps do not bound those between them.
fn is_monotone(expr: &Arc<dyn PhysicalExpr>, schema: &SchemaRef) -> bool {
    let cast = expr.downcast_ref::<CastExpr>();
    let cast = cast.map(|cast| (cast.expr(), cast.cast_type()));
    let try_cast = expr.downcast_ref::<TryCastExpr>();
    let cast = cast.or_else(|| try_cast.map(|cast| (cast.expr(), cast.cast_type())));
    if let Some((from, to)) = cast
        && !from
            .data_type(schema)
            .is_ok_and(|from| keeps_order(&from, to))
    {
        return false;
    }
    !expr.is::<NegativeExpr>()
        && expr
            .children()
            .into_iter()
            .all(|child| is_monotone(child, schema))
}

/// Returns whether a cast between two types keeps the order of all values.
fn keeps_order(from: &DataType, to: &DataType) -> bool {
    use DataType as D;
    match (from, to) {
        (D::Timestamp(_, from), D::Timestamp(_, to)) => from == to,
        (D::Date32, D::Timestamp(_, None)) => true,
        (D::Dictionary(_, values), to) => **values == *to,
        (from, D::Float64) => from.is_integer(),
        (from, to) if from.is_integer() && to.is_integer() => {
            let is_wider = from.primitive_width() < to.primitive_width();
            let has_same_sign = from.is_signed_integer() == to.is_signed_integer();
            is_wider && (has_same_sign || to.is_signed_integer())
        }
        (from, to) => from == to,
    }
}

/// The order in which a query needs the first rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PreferredOrder {
    /// The position of the column in the table.
    column: usize,
    is_descending: bool,
}

impl PreferredOrder {
    /// Returns the bound of a section as bytes, which are the greatest for the section with the
    /// first rows, or `None` if the bound is unknown.
    pub(super) fn bound(
        &self,
        table: &TableSnapshot,
        entry: &PartitionChunk,
        section: usize,
    ) -> Option<Vec<u8>> {
        let ChunkRows::Stored(rows) = entry.chunk.rows() else {
            return None;
        };
        let reader = Versions::reader(table, entry.chunk.definition()).ok()?;
        let bounds = rows.bounds(reader.unconverted(self.column)?)?;
        let bound = match self.is_descending {
            true => bounds.upper,
            false => bounds.lower,
        };
        let bound = bound.slice(section, 1);
        let options = SortOptions::new(!self.is_descending, false);
        let field = SortField::new_with_options(bound.data_type().clone(), options);
        let converter = RowConverter::new(Vec::from([field])).ok()?;
        let rows = converter.convert_columns(&[Arc::clone(&bound)]).ok()?;
        (!bound.is_null(0)).then(|| rows.row(0).data().to_vec())
    }
}

/// Returns the column that a dynamic filter compares with a value, and whether its values have to
/// be greater.
fn dynamic_comparison(expr: &Arc<dyn PhysicalExpr>) -> Option<(usize, bool)> {
    if let Some(dynamic) = expr.downcast_ref::<DynamicFilterPhysicalExpr>() {
        return comparison(&dynamic.current().ok()?);
    }
    expr.children().into_iter().find_map(dynamic_comparison)
}

/// Returns the column of the first comparison with a value, and whether its values have to be
/// greater.
fn comparison(expr: &Arc<dyn PhysicalExpr>) -> Option<(usize, bool)> {
    if let Some(binary) = expr.downcast_ref::<BinaryExpr>() {
        let is_greater = match binary.op() {
            Operator::Gt | Operator::GtEq => Some(true),
            Operator::Lt | Operator::LtEq => Some(false),
            _ => None,
        };
        let column = binary.left().downcast_ref::<PhysicalColumn>();
        if let (Some(is_greater), Some(column)) = (is_greater, column) {
            return Some((column.index(), is_greater));
        }
    }
    expr.children().into_iter().find_map(comparison)
}

/// The bounds of the sections of a chunk, or of the pages of a section.
struct StoredBounds<'a> {
    /// The reader for the version for which a query was planned.
    reader: &'a VersionReader,
    /// The number of sections or pages.
    count: usize,
    /// Returns the bounds of a column of the written rows.
    of_column: Box<dyn Fn(usize) -> Option<ColumnBounds> + 'a>,
}

impl StoredBounds<'_> {
    /// Returns the lower or upper bounds of a column of the table, of which some may be null.
    fn bound(&self, position: usize, ty: &DataType, is_lower: bool) -> Option<ArrayRef> {
        if let Some(constant) = self.reader.constant(position) {
            return constant.to_array_of_size(self.count).ok();
        }
        let bounds = (self.of_column)(self.reader.unconverted(position)?)?;
        let bound = if is_lower { bounds.lower } else { bounds.upper };
        let bound = cast(&bound, ty).ok()?;
        (bound.len() == self.count).then_some(bound)
    }
}

/// The bounds of several chunks, one after the other.
struct PruningBounds<'a> {
    stored: Vec<StoredBounds<'a>>,
    schema: &'a SchemaRef,
}

impl PruningBounds<'_> {
    fn bound(&self, column: &Column, is_lower: bool) -> Option<ArrayRef> {
        let (position, field) = self.schema.column_with_name(column.name())?;
        let ty = field.data_type();
        let mut is_known = false;
        let bounds = self.stored.iter().map(|stored| {
            let bound = stored.bound(position, ty, is_lower);
            is_known |= bound.is_some();
            bound.unwrap_or_else(|| new_null_array(ty, stored.count))
        });
        let bounds: Vec<ArrayRef> = bounds.collect();
        let bounds: Vec<&dyn Array> = bounds.iter().map(AsRef::as_ref).collect();
        is_known.then(|| concat(&bounds).ok())?
    }
}

impl PruningStatistics for PruningBounds<'_> {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        self.bound(column, true)
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        self.bound(column, false)
    }

    fn num_containers(&self) -> usize {
        self.stored.iter().map(|stored| stored.count).sum()
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
