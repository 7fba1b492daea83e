// SPDX-License-Identifier: Apache-2.0

//! Plans over a [`ColumnarSource`](crate::ColumnarSource): scans and DML statements, and the facts
//! about a table that the planner requests.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::catalog::Session;
use datafusion::datasource::TableType;
use datafusion::datasource::sink::DataSinkExec;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::config::SessionConfig;
use datafusion::logical_expr::dml::InsertOp;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use kalamtable_model::{TableDefinition, TableKind};

use crate::change_exec::{ChangeExec, Work};
use crate::columnar::{ColumnarTable, SourceRef};
use crate::columnar_change::{ChangedTable, ColumnarChange};
use crate::error::Error;
use crate::filter::{Filter, is_exact, is_never};
use crate::insert::RowSink;
use crate::key_filter::KeyFilter;
use crate::scan::RowScanExec;
use crate::statement::Statement;

pub(crate) fn table_type(definition: &TableDefinition) -> TableType {
    match definition.kind() {
        TableKind::View => TableType::View,
        TableKind::System | TableKind::User | TableKind::Shared | TableKind::Stream => {
            TableType::Base
        }
    }
}

pub(crate) fn filter_support(
    schema: &SchemaRef,
    filters: &[&Expr],
) -> Vec<TableProviderFilterPushDown> {
    let support = |filter: &&Expr| {
        if is_exact(filter, schema) {
            TableProviderFilterPushDown::Exact
        } else {
            TableProviderFilterPushDown::Unsupported
        }
    };
    filters.iter().map(support).collect()
}

pub(crate) fn scan(
    table: &Arc<dyn ColumnarTable>,
    source: &SourceRef,
    session: &dyn Session,
    projection: Option<&Vec<usize>>,
    filters: &[Expr],
    limit: Option<usize>,
) -> Result<Arc<dyn ExecutionPlan>> {
    let filter = Filter::try_new(filters, source.schema(), session)?;
    let (definition, has_order) = (source.definition(), source.has_sql_order());
    let keys = KeyFilter::try_new(filters, source.schema(), definition, has_order)?;
    // The scan of a filter that no row passes reads no rows.
    let fetch = if filters.iter().any(is_never) {
        Some(0)
    } else {
        limit
    };
    let scan = RowScanExec::try_new(
        Arc::clone(table),
        Arc::clone(source),
        projection,
        filter,
        keys,
        fetch,
    )?;
    Ok(Arc::new(scan))
}

/// Returns the plan of a scan without its rows, for a cached plan. Returns `None` if `plan` is not
/// a scan of this library, or if the plan above it can depend on the rows.
pub fn detached_scan(plan: &dyn ExecutionPlan) -> Option<Arc<dyn ExecutionPlan>> {
    let scan = plan.downcast_ref::<RowScanExec>()?;
    scan.is_independent_of_rows()
        .then(|| Arc::new(scan.detached()) as Arc<dyn ExecutionPlan>)
}

/// Returns the plan of a scan with the rows of a session, or `None` if `plan` is not a scan of this
/// library, or if it has to be planned again.
///
/// # Errors
/// Fails if the session may not access the rows, or if they cannot be opened.
pub async fn attached_scan(
    plan: &dyn ExecutionPlan,
    session: &SessionConfig,
) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    let Some(scan) = plan.downcast_ref::<RowScanExec>() else {
        return Ok(None);
    };
    let attached = scan.attached(session).await?;
    Ok(attached.map(|scan| Arc::new(scan) as Arc<dyn ExecutionPlan>))
}

pub(crate) fn insert(
    source: &SourceRef,
    input: Arc<dyn ExecutionPlan>,
    op: InsertOp,
) -> Result<Arc<dyn ExecutionPlan>> {
    check_accepts(source, Statement::Insert(op))?;
    let expected = source.schema().fields().len();
    let found = input.schema().fields().len();
    if expected != found {
        let table = source.definition().name().clone();
        return Err(Error::ColumnCount {
            table,
            expected,
            found,
        }
        .into());
    }
    // SQL gives the rows the names of the columns. `DataFrame::write_table` does not.
    let input_schema = input.schema();
    let names = source.schema().fields().iter().zip(input_schema.fields());
    let mut other_names = names.filter(|(expected, found)| expected.name() != found.name());
    if let Some((expected, found)) = other_names.next() {
        return Err(Error::ColumnName {
            table: source.definition().name().clone(),
            expected: expected.name().clone(),
            found: found.name().clone(),
        }
        .into());
    }
    let sink = RowSink::new(Arc::clone(source), op);
    Ok(Arc::new(DataSinkExec::new(input, Arc::new(sink), None)))
}

pub(crate) fn delete(
    source: &SourceRef,
    session: &dyn Session,
    filters: &[Expr],
) -> Result<Arc<dyn ExecutionPlan>> {
    check_accepts(source, Statement::Delete)?;
    let change = ColumnarChange::try_new(changed_table(source), None, filters, session)?;
    Ok(change_plan(source, Work::Change(Arc::new(change))))
}

pub(crate) fn update(
    source: &SourceRef,
    session: &dyn Session,
    assignments: Vec<(String, Expr)>,
    filters: &[Expr],
) -> Result<Arc<dyn ExecutionPlan>> {
    check_accepts(source, Statement::Update)?;
    let change =
        ColumnarChange::try_new(changed_table(source), Some(assignments), filters, session)?;
    Ok(change_plan(source, Work::Change(Arc::new(change))))
}

pub(crate) fn truncate(source: &SourceRef) -> Result<Arc<dyn ExecutionPlan>> {
    check_accepts(source, Statement::Truncate)?;
    Ok(change_plan(source, Work::Truncate))
}

/// Returns the error for an `UPDATE` or `DELETE` that DataFusion passes to the provider directly.
/// It may pass only a part of the predicates, so such statements are rejected.
pub(crate) fn not_enabled(source: &SourceRef, statement: Statement) -> DataFusionError {
    match check_accepts(source, statement) {
        Err(error) => error,
        Ok(()) => Error::ChangesNotEnabled {
            table: source.definition().name().clone(),
            statement: statement.to_string(),
        }
        .into(),
    }
}

fn changed_table(source: &SourceRef) -> ChangedTable<'_> {
    ChangedTable {
        definition: source.definition(),
        schema: source.schema(),
        has_sql_order: source.has_sql_order(),
    }
}

fn check_accepts(source: &SourceRef, statement: Statement) -> Result<()> {
    if source.accepts(statement)? {
        Ok(())
    } else {
        Err(Error::not_writable(source.definition().name(), statement).into())
    }
}

fn change_plan(source: &SourceRef, work: Work) -> Arc<dyn ExecutionPlan> {
    Arc::new(ChangeExec::new(Arc::clone(source), work))
}
