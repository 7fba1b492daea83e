// SPDX-License-Identifier: Apache-2.0

//! [`Filter`]: the predicates that a scan evaluates itself, and the rules for which it can.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType, Schema, SchemaRef};
use datafusion::catalog::Session;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, ScalarValue, internal_err, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::expr_rewriter::unnormalize_col;
use datafusion::logical_expr::{Expr, Operator, Volatility};
use datafusion::physical_expr::expressions::{
    BinaryExpr, Column as PhysicalColumn, DynamicFilterPhysicalExpr, Literal as PhysicalLiteral,
};
use datafusion::physical_expr::utils::{collect_columns, reassign_expr_columns};
use datafusion::physical_expr::{PhysicalExpr, conjunction, split_conjunction};

/// Returns whether a scan of a table with this schema evaluates `predicate` exactly as DataFusion's
/// `FilterExec` would, so that the plan needs no filter.
///
/// This is the case if the value of the predicate depends only on columns of the table, constants,
/// and functions of both that are neither volatile nor asynchronous. Expressions that are not
/// listed here are not exact.
pub fn is_exact(predicate: &Expr, schema: &Schema) -> bool {
    let mut exact = true;
    let visited = predicate.apply(|expr| {
        exact = match expr {
            Expr::Column(column) => schema.column_with_name(&column.name).is_some(),
            // Only a plan of its own can call an asynchronous function.
            Expr::ScalarFunction(call) => {
                call.func.signature().volatility != Volatility::Volatile
                    && call.func.as_async().is_none()
            }
            Expr::HigherOrderFunction(call) => {
                call.func.signature().volatility != Volatility::Volatile
            }
            // Parameters have values before the scan is planned.
            Expr::Placeholder(_) => true,
            Expr::Alias(_)
            | Expr::Literal(..)
            | Expr::BinaryExpr(_)
            | Expr::Like(_)
            | Expr::SimilarTo(_)
            | Expr::Not(_)
            | Expr::IsNotNull(_)
            | Expr::IsNull(_)
            | Expr::IsTrue(_)
            | Expr::IsFalse(_)
            | Expr::IsUnknown(_)
            | Expr::IsNotTrue(_)
            | Expr::IsNotFalse(_)
            | Expr::IsNotUnknown(_)
            | Expr::Negative(_)
            | Expr::Between(_)
            | Expr::Case(_)
            | Expr::Cast(_)
            | Expr::TryCast(_)
            | Expr::InList(_)
            | Expr::Lambda(_)
            | Expr::LambdaVariable(_) => true,
            _ => false,
        };
        Ok(if exact {
            TreeNodeRecursion::Continue
        } else {
            TreeNodeRecursion::Stop
        })
    });
    exact && visited.is_ok()
}

/// Returns the name of an asynchronous function that `expr` calls, or `None` if it calls none.
pub(crate) fn async_function(expr: &Expr) -> Option<String> {
    let mut found = None;
    // The closure never fails.
    let _ = expr.apply(|expr| {
        if let Expr::ScalarFunction(call) = expr
            && call.func.as_async().is_some()
        {
            found = Some(call.func.name().to_string());
            return Ok(TreeNodeRecursion::Stop);
        }
        Ok(TreeNodeRecursion::Continue)
    });
    found
}

/// Returns whether `predicate` is a constant that no row passes: false or null.
pub(crate) fn is_never(predicate: &Expr) -> bool {
    match predicate {
        Expr::Literal(ScalarValue::Boolean(value), _) => *value != Some(true),
        Expr::Literal(value, _) => value.is_null(),
        _ => false,
    }
}

/// Returns whether `filter` contains a dynamic filter, which another plan updates during execution.
pub(crate) fn is_dynamic(filter: &Arc<dyn PhysicalExpr>) -> bool {
    filter.is::<DynamicFilterPhysicalExpr>() || filter.children().into_iter().any(is_dynamic)
}

/// A conjunction of predicates over columns of a table. It may contain dynamic filters, which
/// change while the plan runs.
#[derive(Debug)]
pub struct Filter {
    /// The positions of the referenced columns in the table, in ascending order.
    columns: Vec<usize>,
    /// The schema of the referenced columns.
    schema: SchemaRef,
    predicate: Arc<dyn PhysicalExpr>,
}

impl Filter {
    /// Creates a filter from `predicates` over a table with this schema, or returns `None` if there
    /// are no predicates.
    ///
    /// # Errors
    /// Fails if one of them is not a predicate over the columns of the table.
    pub(crate) fn try_new(
        predicates: &[Expr],
        table: &Schema,
        session: &dyn Session,
    ) -> Result<Option<Self>> {
        if predicates.is_empty() {
            return Ok(None);
        }
        // The planner removes the qualifiers of the columns; other callers may not.
        let unqualified: Vec<Expr> = predicates.iter().cloned().map(unnormalize_col).collect();
        let mut positions = BTreeSet::new();
        for column in unqualified.iter().flat_map(Expr::column_refs) {
            positions.insert(table.index_of(&column.name)?);
        }
        let columns: Vec<usize> = positions.into_iter().collect();
        let schema = Arc::new(table.project(&columns)?);
        let resolved = DFSchema::try_from(Arc::clone(&schema))?;
        let physical = unqualified
            .into_iter()
            .map(|predicate| session.create_physical_expr(predicate, &resolved))
            .collect::<Result<Vec<_>>>()?;
        let predicate = conjunction(physical);
        match predicate.data_type(&schema)? {
            DataType::Boolean | DataType::Null => Ok(Some(Filter {
                columns,
                schema,
                predicate,
            })),
            other => plan_err!("a filter must be boolean, but `{predicate}` is {other}"),
        }
    }

    /// Creates the conjunction of `filter` and of `predicates`, which refer to the output of the
    /// scan: the columns of `table` at the positions `output`. Dynamic predicates change while the
    /// plan runs.
    ///
    /// # Errors
    /// Fails if a predicate refers to a column that the scan does not return.
    pub(crate) fn with_more(
        filter: Option<&Filter>,
        predicates: Vec<Arc<dyn PhysicalExpr>>,
        output: &[usize],
        table: &Schema,
    ) -> Result<Self> {
        let mut positions: BTreeSet<usize> = BTreeSet::new();
        positions.extend(filter.map_or(&[][..], Filter::columns));
        for column in predicates.iter().flat_map(collect_columns) {
            match output.get(column.index()) {
                Some(position) => positions.insert(*position),
                None => return internal_err!("the scan does not return column `{column}`"),
            };
        }
        let columns: Vec<usize> = positions.into_iter().collect();
        let schema = Arc::new(table.project(&columns)?);
        // This resolves columns by name, which is unambiguous within a table.
        let reassigned = filter
            .map(|filter| Arc::clone(&filter.predicate))
            .into_iter()
            .chain(predicates)
            .map(|predicate| reassign_expr_columns(predicate, &schema))
            .collect::<Result<Vec<_>>>()?;
        Ok(Filter {
            columns,
            schema,
            predicate: conjunction(reassigned),
        })
    }

    /// Returns the positions of the referenced columns in the table, in ascending order.
    pub fn columns(&self) -> &[usize] {
        &self.columns
    }

    /// Returns whether another plan changes the filter while the scan runs.
    pub fn is_dynamic(&self) -> bool {
        is_dynamic(&self.predicate)
    }

    pub(crate) fn predicate(&self) -> &Arc<dyn PhysicalExpr> {
        &self.predicate
    }

    /// Returns the predicate over all columns of the table.
    ///
    /// # Errors
    /// Fails if the table does not have one of the columns.
    pub fn over_table(&self, table: &Schema) -> Result<Arc<dyn PhysicalExpr>> {
        reassign_expr_columns(Arc::clone(&self.predicate), table)
    }

    /// Returns the names of the columns that have the same value in all rows that pass.
    pub(crate) fn constants(&self) -> Vec<String> {
        let conditions = split_conjunction(&self.predicate).into_iter();
        let constants = conditions.filter_map(|condition| {
            let equal = condition.downcast_ref::<BinaryExpr>()?;
            let column = equal.left().downcast_ref::<PhysicalColumn>()?;
            let literal = equal.right().downcast_ref::<PhysicalLiteral>()?;
            let is_constant = *equal.op() == Operator::Eq && !literal.value().is_null();
            is_constant.then(|| column.name().to_string())
        });
        constants.collect()
    }

    /// Evaluates the filter over `arrays`, which are the arrays of [`columns`](Self::columns). The
    /// mask has no nulls.
    ///
    /// # Errors
    /// Fails if the predicate fails, for example with a division by zero or an invalid cast.
    pub fn evaluate(&self, arrays: Vec<ArrayRef>, rows: usize) -> Result<BooleanArray> {
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays, &options)?;
        let result = self.predicate.evaluate(&batch)?.into_array(rows)?;
        Ok(match result.as_boolean_opt() {
            Some(mask) => match mask.nulls() {
                // A row passes only if the predicate is true: null counts as false.
                Some(nulls) => BooleanArray::new(mask.values() & nulls.inner(), None),
                None => mask.clone(),
            },
            // The predicate has type `Null`, the only other type that `try_new` accepts.
            None => BooleanArray::new(arrow::buffer::BooleanBuffer::new_unset(rows), None),
        })
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.predicate, f)
    }
}

#[cfg(test)]
mod tests {
    use datafusion::common::{Column, Spans};
    use datafusion::functions::expr_fn::{now, random};
    use datafusion::functions_aggregate::expr_fn::count;
    use datafusion::logical_expr::expr::Placeholder;
    use datafusion::logical_expr::{
        ColumnarValue, Subquery, create_udf, exists, in_subquery, lit, out_ref_col,
        scalar_subquery, table_scan,
    };
    use datafusion::prelude::{array_length, col, make_array};

    use super::*;
    use kalamtable_rows::doc_example::EVENTS;

    fn check(predicate: Expr, exact: bool) {
        assert_eq!(is_exact(&predicate, EVENTS.schema), exact, "{predicate}");
    }

    fn subquery() -> Arc<datafusion::logical_expr::LogicalPlan> {
        let plan = table_scan(Some("other"), EVENTS.schema, None).unwrap();
        Arc::new(plan.build().unwrap())
    }

    #[test]
    fn predicate_over_columns_is_exact() {
        check(col("id").eq(lit(1)), true);
        check(col("title").is_null(), true);
        check(
            col("title")
                .like(lit("a%"))
                .or(col("id").in_list(vec![lit(1)], true)),
            true,
        );
        check(col("id").between(lit(1), lit(2)).is_not_true(), true);
        check(array_length(make_array(vec![col("id")])).gt(lit(0)), true);
        check(lit(true), true);
    }

    #[test]
    fn qualified_column_is_exact() {
        check(col("e.id").eq(lit(1)), true);
    }

    #[test]
    fn column_of_another_table_is_not_exact() {
        check(col("other").eq(lit(1)), false);
        check(col("id").eq(col("other")), false);
    }

    #[test]
    fn parameter_is_exact() {
        let parameter = Expr::Placeholder(Placeholder::new_with_field("$1".to_string(), None));
        check(col("id").eq(parameter), true);
    }

    #[test]
    fn stable_function_is_exact() {
        check(now().is_null(), true);
    }

    #[test]
    fn nested_volatile_function_is_not_exact() {
        check(random().lt(lit(0.5)), false);
        check(
            col("id").eq(lit(1)).and(random().lt(lit(0.5)).is_true()),
            false,
        );
        let volatile = create_udf(
            "volatile",
            vec![DataType::Int64],
            DataType::Boolean,
            Volatility::Volatile,
            Arc::new(|_| Ok(ColumnarValue::Scalar(true.into()))),
        );
        check(volatile.call(vec![col("id")]), false);
    }

    #[test]
    fn subquery_is_not_exact() {
        check(exists(subquery()), false);
        check(in_subquery(col("id"), subquery()), false);
        check(col("id").eq(scalar_subquery(subquery())), false);
        let set = datafusion::logical_expr::expr::SetComparison::new(
            Box::new(col("id")),
            Subquery {
                subquery: subquery(),
                outer_ref_columns: vec![],
                spans: Spans::new(),
            },
            datafusion::logical_expr::Operator::Gt,
            datafusion::logical_expr::expr::SetQuantifier::Any,
        );
        check(Expr::SetComparison(set), false);
    }

    #[test]
    fn outer_reference_column_is_not_exact() {
        check(
            col("id").eq(out_ref_col(DataType::Int64, "outer.id")),
            false,
        );
    }

    #[test]
    fn variable_and_aggregate_are_not_exact() {
        let field = Arc::new(arrow::datatypes::Field::new("v", DataType::Int64, true));
        check(
            col("id").eq(Expr::ScalarVariable(field, vec!["@v".to_string()])),
            false,
        );
        check(
            count(Expr::Column(Column::from_name("id"))).gt(lit(0)),
            false,
        );
    }
}
