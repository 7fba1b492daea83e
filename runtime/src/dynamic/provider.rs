// SPDX-License-Identifier: Apache-2.0

//! [`DynamicProvider`]: one version of a dynamic table for DataFusion.

use std::sync::{Arc, OnceLock};

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Constraints;
use datafusion::datasource::TableType;
use datafusion::error::Result;
use datafusion::logical_expr::dml::InsertOp;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use kalamtable_model::TableDefinition;
use kalamtable_registry::{Artefact, TableSnapshot};

use super::access::Access;
use super::source::DynamicSource;
use super::tables::DynamicTables;
use super::versions::Versions;
use crate::Error;
use crate::change_rule::{Assignments, PlansChanges};
use crate::default::default_expr;
use crate::erased::SourceRef;
use crate::plan;
use crate::source::Statement;

/// One version of a dynamic table for DataFusion: made by [`DynamicTables::provider`].
///
/// Queries and statements are answered as [`RowProvider`](crate::RowProvider) does, for the user that the
/// session speaks for. `SELECT *` of user and shared tables ends with `_seq` and `_deleted`, which the
/// system fills: an `INSERT` into one names its columns, since DataFusion counts them.
#[derive(Debug)]
pub struct DynamicProvider {
    tables: DynamicTables,
    table: Arc<TableSnapshot>,
}

/// What is made of a definition once, and kept with its snapshot: it must not point back there.
#[derive(Debug)]
struct Parts {
    constraints: Constraints,
    /// For each column, its default.
    defaults: Vec<Option<Expr>>,
    create_table: OnceLock<String>,
}

impl DynamicProvider {
    pub(super) fn new(tables: DynamicTables, table: &Arc<TableSnapshot>) -> Self {
        let mut is_hit = true;
        table.extension(|| {
            is_hit = false;
            Parts::new(table)
        });
        if !is_hit {
            table.charge(
                size_of::<Parts>() + size_of::<Option<Expr>>() * table.schema().fields().len(),
            );
        }
        table.record_lookup(Artefact::Provider, is_hit);
        DynamicProvider {
            tables,
            table: Arc::clone(table),
        }
    }

    /// The version of the table that this is about.
    pub fn snapshot(&self) -> &Arc<TableSnapshot> {
        &self.table
    }

    /// What the table is.
    pub fn definition(&self) -> &TableDefinition {
        self.table.definition()
    }

    fn parts(&self) -> &Parts {
        self.table.extension(|| Parts::new(&self.table))
    }

    async fn source(&self, session: &dyn Session, access: Access) -> Result<SourceRef> {
        let core = &self.tables.core;
        Versions::load(&core.registry, &self.table).await?;
        let source = DynamicSource::try_new(core, &self.table, session.config(), access)?;
        Ok(Arc::new(source))
    }
}

impl Parts {
    fn new(table: &TableSnapshot) -> Self {
        let definition = table.definition();
        let schema = table.schema_with_system_columns();
        Parts {
            constraints: plan::constraints(definition, schema),
            defaults: definition.columns().iter().map(default_expr).collect(),
            create_table: OnceLock::new(),
        }
    }
}

#[async_trait]
impl TableProvider for DynamicProvider {
    fn schema(&self) -> SchemaRef {
        self.table.schema_with_system_columns().clone()
    }

    fn constraints(&self) -> Option<&Constraints> {
        Some(&self.parts().constraints)
    }

    fn table_type(&self) -> TableType {
        plan::table_type(self.definition())
    }

    fn get_table_definition(&self) -> Option<&str> {
        let create_table = &self.parts().create_table;
        Some(create_table.get_or_init(|| self.definition().to_sql()))
    }

    fn get_column_default(&self, column: &str) -> Option<&Expr> {
        let (position, _) = self.definition().column(column)?;
        self.parts().defaults.get(position)?.as_ref()
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        let schema = self.table.schema_with_system_columns();
        Ok(plan::filter_support(schema, filters))
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let source = self.source(state, Access::Read).await?;
        plan::scan(&source, state, projection, filters, limit)
    }

    async fn insert_into(
        &self,
        state: &dyn Session,
        input: Arc<dyn ExecutionPlan>,
        op: InsertOp,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let source = self.source(state, Access::Write).await?;
        plan::insert(&source, input, op)
    }

    async fn delete_from(
        &self,
        state: &dyn Session,
        _filters: Vec<Expr>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let source = self.source(state, Access::Write).await?;
        Err(plan::not_enabled(&source, Statement::Delete))
    }

    async fn update(
        &self,
        state: &dyn Session,
        _assignments: Vec<(String, Expr)>,
        _filters: Vec<Expr>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let source = self.source(state, Access::Write).await?;
        Err(plan::not_enabled(&source, Statement::Update))
    }

    async fn truncate(&self, state: &dyn Session) -> Result<Arc<dyn ExecutionPlan>> {
        let source = self.source(state, Access::Write).await?;
        plan::truncate(&source)
    }
}

#[async_trait]
impl PlansChanges for DynamicProvider {
    async fn plan_delete(
        &self,
        session: &dyn Session,
        filters: &[Expr],
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let source = self.source(session, Access::Write).await?;
        plan::delete(&source, session, filters)
    }

    async fn plan_update(
        &self,
        session: &dyn Session,
        assignments: Assignments,
        filters: &[Expr],
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let of_system = self.definition().kind().system_columns().iter();
        let mut names = of_system.map(|column| &*column.name);
        let assigned = names.find(|name| assignments.iter().any(|(column, _)| column == name));
        if let Some(column) = assigned {
            return Err(Error::SystemColumn {
                table: self.definition().name().clone(),
                column: column.to_string(),
            }
            .into());
        }
        let source = self.source(session, Access::Write).await?;
        plan::update(&source, session, assignments, filters)
    }
}
