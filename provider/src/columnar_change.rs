// SPDX-License-Identifier: Apache-2.0

//! [`ColumnarChange`]: an `UPDATE` or `DELETE` as a columnar source runs it.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::SchemaRef;
use datafusion::catalog::Session;
use datafusion::common::{DFSchema, DFSchemaRef, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::logical_expr::utils::split_conjunction_owned;
use datafusion::logical_expr::{Expr, ExprSchemable, cast};
use datafusion::optimizer::simplify_expressions::ExprSimplifier;
use datafusion::physical_expr::PhysicalExpr;
use kalamtable_model::TableDefinition;

use crate::error::Error;
use crate::exact_cast::{argument, cast_column, check_cast};
use crate::filter::{Filter, async_function, is_never};
use crate::key_filter::KeyFilter;
use crate::options::allows_lossy_casts;
use crate::row_blocks::{RowBlock, RowCursor};
use crate::row_reader::RowReader;
use crate::statement::Statement;
use crate::table_fields::TableFields;

/// An `UPDATE` or `DELETE` of one table, independent of its row type.
#[derive(Debug)]
pub struct ColumnarChange {
    filter: Option<Filter>,
    /// The keys that the filter can match.
    keys: Option<KeyFilter>,
    /// Whether the filter is false for every row.
    is_never: bool,
    /// The maximum number of rows per block.
    batch_size: usize,
    /// The assignments of an `UPDATE`; `None` for a `DELETE`.
    assignments: Option<BoundAssignments>,
}

#[derive(Debug)]
struct BoundAssignments {
    table: SchemaRef,
    fields: TableFields,
    definition: TableDefinition,
    /// The position of each assigned column, and its value as an expression over all columns of the
    /// table. The values are cast to the types of their columns.
    values: Vec<(usize, Arc<dyn PhysicalExpr>)>,
}

/// The table of a statement.
#[derive(Clone, Copy)]
pub(crate) struct ChangedTable<'a> {
    pub(crate) definition: &'a TableDefinition,
    /// The schema of the source.
    pub(crate) schema: &'a SchemaRef,
    /// Whether the source orders keys as SQL orders the key columns.
    pub(crate) has_sql_order: bool,
}

impl ColumnarChange {
    /// Creates an `UPDATE` of the rows for which all of `filters` are true, or a `DELETE` if there
    /// are no `assignments`.
    ///
    /// # Errors
    /// Fails if a filter is not a predicate over the columns of the table, if a value is not an
    /// expression over them, if one of them calls an asynchronous function, or if an assigned
    /// column does not exist or is assigned twice.
    pub(crate) fn try_new(
        table: ChangedTable<'_>,
        assignments: Option<Vec<(String, Expr)>>,
        filters: &[Expr],
        session: &dyn Session,
    ) -> Result<Self> {
        let schema = table.schema;
        let values = assignments.iter().flatten().map(|(_, value)| value);
        if let Some(function) = filters.iter().chain(values).find_map(async_function) {
            let name = table.definition.name();
            return plan_err!(
                "table `{name}`: `{function}` is an asynchronous function, which `UPDATE` and \
                 `DELETE` cannot call: select its results first and list them in the statement"
            );
        }
        let resolved = Arc::new(DFSchema::try_from(Arc::clone(schema))?);
        let simplifier = simplifier(&resolved, session);
        let bound = assignments.map(|assignments| {
            BoundAssignments::try_new(table, assignments, &resolved, &simplifier, session)
        });
        let mut simplified = Vec::new();
        for filter in filters {
            // The simplifier turns a `BETWEEN` into two conditions.
            let conditions = split_conjunction_owned(simplifier.simplify(filter.clone())?);
            simplified.extend(conditions);
        }
        let (definition, has_order) = (table.definition, table.has_sql_order);
        Ok(ColumnarChange {
            filter: Filter::try_new(&simplified, schema, session)?,
            keys: KeyFilter::try_new(&simplified, schema, definition, has_order)?,
            is_never: simplified.iter().any(is_never),
            batch_size: session.config().batch_size().max(1),
            assignments: bound.transpose()?,
        })
    }

    /// Returns the keys that the statement can match, or `None` if its condition does not restrict
    /// a key.
    pub fn keys(&self) -> Option<&KeyFilter> {
        self.keys.as_ref()
    }

    /// Returns the filter and the assigned values as expressions over the columns of the table.
    pub(crate) fn expressions(&self) -> impl Iterator<Item = &Arc<dyn PhysicalExpr>> {
        let assignments = self.assignments.iter();
        let values = assignments.flat_map(|assignments| &assignments.values);
        let filter = self.filter.iter().map(Filter::predicate);
        filter.chain(values.map(|(_, value)| value))
    }

    /// Returns [`Statement::Update`] or [`Statement::Delete`].
    pub fn kind(&self) -> Statement {
        match self.assignments {
            Some(_) => Statement::Update,
            None => Statement::Delete,
        }
    }

    /// Evaluates the statement over the rows in the ranges `found`, and passes its changes to
    /// `changes`. The ranges contain row numbers of `rows`, are ascending and do not overlap.
    ///
    /// # Errors
    /// Fails if the condition or an assignment fails, or with an error of `rows` or `changes`. The
    /// receiver may then have received a part of the changes.
    pub fn run(
        &self,
        rows: &mut dyn RowReader,
        found: Vec<Range<usize>>,
        changes: &mut dyn ChangeSink,
    ) -> Result<()> {
        let mut left = RowCursor::new(found, false);
        while !left.is_empty() && !self.is_never {
            let mut block = left.next(self.batch_size);
            if let Some(filter) = &self.filter {
                let of_filter = build(rows, &block, filter.columns())?;
                let mask = filter.evaluate(of_filter, block.len())?;
                let passed: Vec<usize> = mask.values().set_indices().collect();
                block = block.select(&passed);
            }
            if block.is_empty() {
                continue;
            }
            match &self.assignments {
                Some(assignments) => {
                    changes.update(&block, &assignments.after(rows, &block)?)?;
                }
                None => changes.delete(&block),
            }
        }
        Ok(())
    }
}

impl BoundAssignments {
    fn try_new(
        table: ChangedTable<'_>,
        assignments: Vec<(String, Expr)>,
        resolved: &DFSchema,
        simplifier: &ExprSimplifier,
        session: &dyn Session,
    ) -> Result<Self> {
        let schema = table.schema;
        let mut values: Vec<(usize, Arc<dyn PhysicalExpr>)> = Vec::new();
        for (column, value) in assignments {
            let position = schema.index_of(&column)?;
            if values.iter().any(|(other, _)| *other == position) {
                let name = table.definition.name();
                return plan_err!("table `{name}`: column `{column}` is assigned twice");
            }
            let ty = schema.field(position).data_type();
            let typed = match argument(&value) {
                Some(uncast) => uncast.clone(),
                None if allows_lossy_casts(session.config().options())
                    && value.get_type(resolved)? != *ty =>
                {
                    cast(value, ty.clone())
                }
                None => value,
            };
            let coerced = simplifier.coerce(typed, resolved)?;
            check_cast(table.definition, position, &coerced.get_type(resolved)?)?;
            let simplified = simplifier.simplify(coerced)?;
            values.push((
                position,
                session.create_physical_expr(simplified, resolved)?,
            ));
        }
        Ok(BoundAssignments {
            fields: TableFields::new(schema),
            table: Arc::clone(schema),
            definition: table.definition.clone(),
            values,
        })
    }

    /// Builds the rows of `block` with the assigned values.
    fn after(&self, rows: &mut dyn RowReader, block: &RowBlock) -> Result<RecordBatch> {
        let all: Vec<usize> = (0..self.table.fields().len()).collect();
        let mut columns = build(rows, block, &all)?;
        let before = RecordBatch::try_new(Arc::clone(&self.table), columns.clone())?;
        for (position, value) in &self.values {
            let array = value.evaluate(&before)?.into_array(block.len())?;
            let number = |row| block.rows().nth(row).unwrap_or_default();
            columns[*position] = cast_column(&self.definition, *position, &array, number)?;
        }
        self.fields.batch(columns, block.len())
    }
}

/// Creates a simplifier that evaluates constant expressions such as `now()`. The optimizer has not
/// processed the expressions of the statement.
fn simplifier(table: &DFSchemaRef, session: &dyn Session) -> ExprSimplifier {
    let builder = SimplifyContext::builder()
        .with_schema(Arc::clone(table))
        .with_config_options(Arc::clone(session.config().options()));
    let timed = match session.execution_props().query_execution_start_time {
        Some(start) => builder.with_query_execution_start_time(Some(start)),
        None => builder.with_current_time(),
    };
    ExprSimplifier::new(timed.build())
}

fn build(rows: &mut dyn RowReader, block: &RowBlock, columns: &[usize]) -> Result<Vec<ArrayRef>> {
    rows.build(block.hull.clone(), block.selected.as_deref(), columns)
}

impl fmt::Display for ColumnarChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "op={}", self.kind())?;
        if let Some(assignments) = &self.assignments {
            let values = assignments.values.iter().map(|(position, value)| {
                let column = assignments.table.field(*position).name();
                format!("{column}={value}")
            });
            write!(f, ", set=[{}]", values.collect::<Vec<_>>().join(", "))?;
        }
        if let Some(filter) = &self.filter {
            write!(f, ", filter={filter}")?;
        }
        if let Some(keys) = &self.keys {
            write!(f, ", keys=[{keys}]")?;
        }
        Ok(())
    }
}

/// A receiver of the changes that [`ColumnarChange::run`] computes, in ascending order of the rows.
pub trait ChangeSink {
    /// Deletes the rows of `block`.
    fn delete(&mut self, block: &RowBlock);

    /// Replaces the rows of `block` by the rows of `after`. The batch `after` has one row for each
    /// row of `block`, and all columns of the source with their names. All its columns are
    /// nullable. The values and keys are not checked yet.
    ///
    /// # Errors
    /// Any error fails the statement.
    fn update(&mut self, block: &RowBlock, after: &RecordBatch) -> Result<(), Error>;
}
