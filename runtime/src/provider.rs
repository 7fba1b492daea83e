// SPDX-License-Identifier: Apache-2.0

//! [`RowProvider`]: a table for DataFusion, over any [`TableSource`].

use std::sync::{Arc, OnceLock};

use arrow::array::RecordBatch;
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

use crate::batch_rows::BatchRows;
use crate::default::default_expr;
use crate::erased::SourceRef;
use crate::plan;
use crate::source::Statement;
use crate::{Error, TableSource};

/// A table for DataFusion, over any [`TableSource`].
///
/// A scan builds the columns that the query reads and no others, for the rows that pass its filters
/// and no others, until it has as many as are wanted; in batches of the session's size. Every
/// predicate that depends on the row alone is evaluated here, exactly. Rows that are in key order are
/// found by key, by ranges of keys, and from either end. A query sees the rows of the moment when its
/// scan began; what `count(*)`, `min` and `max` say of all rows may be of the moment when it was planned.
/// What goes wrong with a value names table, column and row, counted from 0 in the rows of the partition,
/// or of those that the source has looked up.
///
/// `INSERT` takes place as a whole or not at all, if the source takes it; `INSERT OVERWRITE` and
/// `REPLACE INTO` likewise. Its rows are matched to the columns by position, as DataFusion hands
/// them over; a column that the statement leaves out gets the default of the definition. `TRUNCATE`
/// likewise; and `UPDATE` and `DELETE`, in sessions where [`enable_changes`](crate::enable_changes) was
/// called. A provider that wraps this one can't hand these on: DataFusion tells it only a part of the
/// statement.
///
/// `SHOW CREATE TABLE` shows [`TableDefinition::to_sql`], in sessions that have an
/// `information_schema`; [`metadata`](crate::metadata) has the rest of the definition.
///
/// ```
/// use std::sync::Arc;
///
/// use datafusion::prelude::SessionContext;
/// # use kalamtable_runtime::doc_example::Event;
/// use kalamtable_runtime::{FixedRows, RowProvider};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> datafusion::error::Result<()> {
/// let events = FixedRows::new(vec![Event { id: 1, title: None }, Event { id: 2, title: None }]);
/// let server = SessionContext::new();
/// server.register_table("events", Arc::new(RowProvider::new(events)))?;
/// let found = server.sql("SELECT id FROM events WHERE id > 1").await?.count().await?;
/// assert_eq!(found, 1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct RowProvider {
    source: SourceRef,
    constraints: Constraints,
    /// For each column, its default.
    defaults: Vec<Option<Expr>>,
    create_table: OnceLock<String>,
}

impl RowProvider {
    /// The table of this source; or of an `Arc` of one, which its writers keep.
    pub fn new(source: impl TableSource) -> Self {
        RowProvider::of_source(Arc::new(source))
    }

    /// A table that was defined at run time, over fixed rows. Columns are found by id, then by name, and
    /// a nullable one may be absent.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use datafusion::arrow::array::{Int64Array, RecordBatch};
    /// use datafusion::prelude::SessionContext;
    /// use kalamtable_model::{SourceFile, Sources, parse_and_check};
    /// use kalamtable_runtime::RowProvider;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let text = r#"
    /// name = "app.points"
    /// primary_key = ["id"]
    /// [columns]
    /// id = { id = 1, type = "bigint", comment = "Which" }
    /// note = { id = 2, type = "text", nullable = true, comment = "Why" }
    /// "#;
    /// let mut sources = Sources::new();
    /// let file = sources.push(SourceFile::new("points.toml", text));
    /// let points = parse_and_check(&sources, file).map_err(|problems| format!("{problems:?}"))?;
    ///
    /// let ids = Arc::new(Int64Array::from(vec![1, 2]));
    /// let batch = RecordBatch::try_from_iter([("id", ids as _)])?;
    /// let provider = RowProvider::from_batches(points.definition, &[batch])?;
    /// let ctx = SessionContext::new();
    /// ctx.register_table("points", Arc::new(provider))?;
    /// let found = ctx.sql("SELECT id, note FROM points WHERE id = 2").await?.count().await?;
    /// assert_eq!(found, 1);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If a batch lacks a column, has another type or a null where none may be; [`Error::DuplicateKey`]
    /// if two rows have the same key.
    pub fn from_batches(
        definition: TableDefinition,
        batches: &[RecordBatch],
    ) -> Result<Self, Error> {
        let rows = BatchRows::try_new(definition, batches)?;
        Ok(RowProvider::of_source(Arc::new(rows)))
    }

    fn of_source(source: SourceRef) -> Self {
        let definition = source.definition();
        RowProvider {
            constraints: plan::constraints(definition, source.schema()),
            defaults: definition.columns().iter().map(default_expr).collect(),
            create_table: OnceLock::new(),
            source,
        }
    }

    /// What the table is.
    pub fn definition(&self) -> &TableDefinition {
        self.source.definition()
    }

    /// A plan that deletes the rows for which all of `filters` hold, and returns their number as `count`.
    ///
    /// # Errors
    /// If the source takes no `DELETE`, or a filter is no predicate over the table's columns.
    pub fn delete_plan(
        &self,
        session: &dyn Session,
        filters: &[Expr],
    ) -> Result<Arc<dyn ExecutionPlan>> {
        plan::delete(&self.source, session, filters)
    }

    /// A plan that gives columns new values in the rows for which all of `filters` hold, and returns
    /// their number as `count`. Values are made of the rows as they were before.
    ///
    /// # Errors
    /// If the source takes no `UPDATE`, or a filter or value is none over the table's columns; if a
    /// column is not there, or is assigned twice.
    pub fn update_plan(
        &self,
        session: &dyn Session,
        assignments: Vec<(String, Expr)>,
        filters: &[Expr],
    ) -> Result<Arc<dyn ExecutionPlan>> {
        plan::update(&self.source, session, assignments, filters)
    }
}

#[async_trait]
impl TableProvider for RowProvider {
    fn schema(&self) -> SchemaRef {
        self.source.schema().clone()
    }

    fn constraints(&self) -> Option<&Constraints> {
        Some(&self.constraints)
    }

    fn table_type(&self) -> TableType {
        plan::table_type(self.definition())
    }

    fn get_table_definition(&self) -> Option<&str> {
        Some(self.create_table.get_or_init(|| self.definition().to_sql()))
    }

    fn get_column_default(&self, column: &str) -> Option<&Expr> {
        let (position, _) = self.definition().column(column)?;
        self.defaults.get(position)?.as_ref()
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(plan::filter_support(self.source.schema(), filters))
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        plan::scan(&self.source, state, projection, filters, limit)
    }

    async fn insert_into(
        &self,
        _state: &dyn Session,
        input: Arc<dyn ExecutionPlan>,
        op: InsertOp,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        plan::insert(&self.source, input, op)
    }

    async fn delete_from(
        &self,
        _state: &dyn Session,
        _filters: Vec<Expr>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Err(plan::not_enabled(&self.source, Statement::Delete))
    }

    async fn update(
        &self,
        _state: &dyn Session,
        _assignments: Vec<(String, Expr)>,
        _filters: Vec<Expr>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Err(plan::not_enabled(&self.source, Statement::Update))
    }

    async fn truncate(&self, _state: &dyn Session) -> Result<Arc<dyn ExecutionPlan>> {
        plan::truncate(&self.source)
    }
}
