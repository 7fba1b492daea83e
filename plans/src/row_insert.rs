// SPDX-License-Identifier: Apache-2.0

//! [`RowInsert`]: an `INSERT .. VALUES` of one row, which runs without the physical planner.

use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::catalog::TableProvider;
use datafusion::common::metadata::ScalarAndMetadata;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::datasource::DefaultTableSource;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::error::Result;
use datafusion::execution::SessionState;
use datafusion::logical_expr::dml::InsertOp;
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::logical_expr::{DmlStatement, Expr, LogicalPlan, Values, WriteOp};
use datafusion::optimizer::simplify_expressions::ExprSimplifier;
use datafusion::physical_plan::ExecutionPlan;
use kalamtable_provider::__private::insert_target;

use crate::parameters::{bind, bind_expr, simplified};

/// An `INSERT .. VALUES` of one row into a table of this library.
#[derive(Debug)]
pub(crate) struct RowInsert {
    /// The optimized statement.
    plan: LogicalPlan,
    target: Arc<dyn TableProvider>,
    op: InsertOp,
    /// The value of each column of the table: an expression over parameters.
    values: Vec<Expr>,
}

impl RowInsert {
    /// Returns the insertion of an optimized plan, or `None` if it is another statement.
    pub(crate) fn of(plan: &LogicalPlan) -> Option<Self> {
        let LogicalPlan::Dml(statement) = plan else {
            return None;
        };
        let DmlStatement {
            target,
            op: WriteOp::Insert(op),
            input,
            ..
        } = statement
        else {
            return None;
        };
        insert_target(&**target)?;
        let values = match &**input {
            LogicalPlan::Values(rows) => only_row(rows)?.clone(),
            LogicalPlan::Projection(projection) => {
                let LogicalPlan::Values(rows) = &*projection.input else {
                    return None;
                };
                let row = only_row(rows)?;
                let columns = projection.expr.iter();
                columns
                    .map(|expr| over_row(expr, rows, row))
                    .collect::<Option<_>>()?
            }
            _ => return None,
        };
        Some(RowInsert {
            plan: plan.clone(),
            target: Arc::clone(&target.downcast_ref::<DefaultTableSource>()?.table_provider),
            op: *op,
            values,
        })
    }

    pub(crate) fn plan(&self) -> &LogicalPlan {
        &self.plan
    }

    /// Returns the statement with the values of its parameters.
    pub(crate) fn bind(
        &self,
        values: &[ScalarAndMetadata],
        state: &SessionState,
    ) -> Result<LogicalPlan> {
        simplified(bind(&self.plan, values)?, true, state)
    }

    /// Plans the insertion for a session. Returns `None` if a value does not become a constant.
    pub(crate) async fn physical_plan(
        &self,
        values: &[ScalarAndMetadata],
        state: &SessionState,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let LogicalPlan::Dml(statement) = &self.plan else {
            return Ok(None);
        };
        let schema = Arc::clone(statement.input.schema().inner());
        let mut arrays = Vec::with_capacity(self.values.len());
        for (value, field) in self.values.iter().zip(schema.fields()) {
            let value = constant(bind_expr(value.clone(), values)?, state)?;
            match value {
                Some(value) if value.data_type() == *field.data_type() => {
                    arrays.push(value.to_array_of_size(1)?);
                }
                _ => return Ok(None),
            }
        }
        let nullable = nullable(&schema);
        let row = RecordBatch::try_new(Arc::clone(&nullable), arrays)?;
        let input = MemorySourceConfig::try_new_exec(&[vec![row]], nullable, None)?;
        Ok(Some(self.target.insert_into(state, input, self.op).await?))
    }
}

/// Returns the schema with nullable columns: the table rejects a null with an error that names the
/// column.
fn nullable(
    schema: &datafusion::arrow::datatypes::SchemaRef,
) -> datafusion::arrow::datatypes::SchemaRef {
    let fields = schema.fields().iter();
    let fields: Vec<_> = fields
        .map(|field| field.as_ref().clone().with_nullable(true))
        .collect();
    Arc::new(datafusion::arrow::datatypes::Schema::new_with_metadata(
        fields,
        schema.metadata().clone(),
    ))
}

fn only_row(rows: &Values) -> Option<&Vec<Expr>> {
    match &rows.values[..] {
        [row] => Some(row),
        _ => None,
    }
}

/// Replaces the columns of `VALUES` in `expr` by the values of the row.
fn over_row(expr: &Expr, rows: &Values, row: &[Expr]) -> Option<Expr> {
    expr.clone()
        .unalias_nested()
        .data
        .transform(|expr| match &expr {
            Expr::Column(column) => {
                let index = rows.schema.index_of_column(column)?;
                Ok(Transformed::yes(row[index].clone()))
            }
            _ => Ok(Transformed::no(expr)),
        })
        .data()
        .ok()
}

/// Evaluates an expression without columns. Returns `None` if it is not a constant.
pub(crate) fn constant(expr: Expr, state: &SessionState) -> Result<Option<ScalarValue>> {
    let expr = match expr {
        Expr::Literal(value, _) => return Ok(Some(value)),
        expr => expr,
    };
    let context = SimplifyContext::builder()
        .with_schema(Arc::new(DFSchema::empty()))
        .with_config_options(Arc::clone(state.config_options()))
        .with_query_execution_start_time(state.execution_props().query_execution_start_time)
        .build();
    Ok(match ExprSimplifier::new(context).simplify(expr)? {
        Expr::Literal(value, _) => Some(value),
        _ => None,
    })
}
