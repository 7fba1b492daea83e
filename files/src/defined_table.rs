// SPDX-License-Identifier: Apache-2.0

//! [`DefinedTable`]: a table over files, with its definition for SQL.

use std::any::Any;
use std::sync::{Arc, OnceLock};

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{ScanArgs, ScanResult, Session, TableProvider};
use datafusion::common::{Constraints, Result, Statistics};
use datafusion::logical_expr::dml::InsertOp;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use kalamtable_model::TableDefinition;

/// A table over files, or without files, whose definition is known. `SHOW CREATE TABLE` returns the
/// definition as SQL.
#[derive(Debug)]
pub(crate) struct DefinedTable {
    definition: Arc<TableDefinition>,
    create_table: OnceLock<String>,
    rows: Arc<dyn TableProvider>,
}

impl DefinedTable {
    pub(crate) fn new(definition: Arc<TableDefinition>, rows: Arc<dyn TableProvider>) -> Self {
        DefinedTable {
            definition,
            create_table: OnceLock::new(),
            rows,
        }
    }
}

/// Returns the definition of a table that [`register_folder`](crate::register_folder) registered,
/// or `None` for any other provider.
pub fn definition_of(provider: &dyn TableProvider) -> Option<&TableDefinition> {
    let table = (provider as &dyn Any).downcast_ref::<DefinedTable>()?;
    Some(&table.definition)
}

#[async_trait]
impl TableProvider for DefinedTable {
    fn schema(&self) -> SchemaRef {
        self.rows.schema()
    }

    fn constraints(&self) -> Option<&Constraints> {
        self.rows.constraints()
    }

    fn table_type(&self) -> TableType {
        self.rows.table_type()
    }

    fn get_table_definition(&self) -> Option<&str> {
        Some(self.create_table.get_or_init(|| self.definition.to_sql()))
    }

    fn get_column_default(&self, column: &str) -> Option<&Expr> {
        self.rows.get_column_default(column)
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        self.rows.scan(state, projection, filters, limit).await
    }

    async fn scan_with_args<'a>(
        &self,
        state: &dyn Session,
        args: ScanArgs<'a>,
    ) -> Result<ScanResult> {
        self.rows.scan_with_args(state, args).await
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        self.rows.supports_filters_pushdown(filters)
    }

    fn statistics(&self) -> Option<Statistics> {
        self.rows.statistics()
    }

    async fn insert_into(
        &self,
        state: &dyn Session,
        input: Arc<dyn ExecutionPlan>,
        insert_op: InsertOp,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        self.rows.insert_into(state, input, insert_op).await
    }
}
