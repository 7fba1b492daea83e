// SPDX-License-Identifier: Apache-2.0

//! [`RowProvider`]: the [`TableProvider`] of this library, over typed or columnar tables.

use std::any::Any;
use std::sync::{Arc, OnceLock};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::datasource::TableType;
use datafusion::error::Result;
use datafusion::logical_expr::dml::InsertOp;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use kalamtable_model::TableDefinition;

use crate::batch_rows::BatchRows;
use crate::columnar::{Access, ColumnarTable, SharedSource, SourceRef};
use crate::default::default_expr;
use crate::error::Error;
use crate::plan;
use crate::source::TableSource;
use crate::statement::Statement;

/// A [`TableProvider`] over a [`TableSource`] or a [`ColumnarTable`].
///
/// **Queries.** A scan builds only the columns that the query reads, only for the rows that pass
/// its filters, and stops at its limit. Batches have the batch size of the session. Every predicate
/// that depends only on the row is evaluated in the scan. In a source that is in key order, rows
/// are found by key and by ranges of keys, and are read from either end. A scan sees the rows that
/// the source returns when the scan starts; `count(*)`, `min` and `max` over the whole table may be
/// answered from statistics of the source at planning time. An error of a value names the table,
/// the column and the row, counted from 0 among the rows that the source returned for the
/// partition.
///
/// **DML.** `INSERT`, `INSERT OVERWRITE`, `REPLACE INTO` and `TRUNCATE` take effect completely or
/// not at all, if the source accepts them. The rows of an `INSERT` are matched to the columns by
/// position, and an omitted column gets the default of the definition. `UPDATE` and `DELETE` also
/// require [`enable_dml`](crate::enable_dml) in the session. A provider that wraps this one cannot
/// forward them, since DataFusion passes it only a part of the statement.
///
/// **Metadata.** `SHOW CREATE TABLE` shows [`TableDefinition::to_sql`], in sessions that have an
/// `information_schema`. The tables of [`metadata`](crate::metadata) contain the complete
/// definition.
///
/// ```
/// use std::sync::Arc;
///
/// use datafusion::prelude::SessionContext;
/// # use kalamtable_rows::doc_example::Event;
/// use kalamtable_provider::{FixedRows, RowProvider};
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
    table: Arc<dyn ColumnarTable>,
    parts: Arc<ProviderParts>,
}

impl RowProvider {
    /// Creates a provider over a typed source. Pass an `Arc` of the source if the server also
    /// accesses it directly.
    pub fn new(source: impl TableSource) -> Self {
        RowProvider::from_table(SharedSource::new(source))
    }

    /// Creates a provider over a table that provides its rows as columns.
    pub fn from_table(table: impl ColumnarTable) -> Self {
        let parts = ProviderParts::new(table.definition());
        RowProvider::with_parts(Arc::new(table), Arc::new(parts))
    }

    /// Creates a provider over a table whose [`ProviderParts`] have been computed before.
    #[doc(hidden)]
    pub fn with_parts(table: Arc<dyn ColumnarTable>, parts: Arc<ProviderParts>) -> Self {
        RowProvider { table, parts }
    }

    /// Creates a read-only provider over fixed rows, for a definition that is created at run time.
    ///
    /// The columns of a batch are matched by name. A nullable column may be missing, and is then
    /// null.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use datafusion::arrow::array::{Int64Array, RecordBatch};
    /// use datafusion::prelude::SessionContext;
    /// use kalamtable_model::{SourceFile, Sources, parse_and_check};
    /// use kalamtable_provider::RowProvider;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let text = r#"
    /// name = "app.points"
    /// primary_key = ["id"]
    /// [columns]
    /// id = { id = 1, type = "bigint", comment = "The number of the point" }
    /// note = { id = 2, type = "text", nullable = true, comment = "A note" }
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
    /// Fails with [`Error::Row`] if a required column is missing, if the ids of a batch contradict
    /// its names, or if a value is not a value of its column (see
    /// [`validate`](kalamtable_rows::validate)), or with [`Error::DuplicateKey`] if two rows have
    /// the same key.
    pub fn from_batches(
        definition: TableDefinition,
        batches: &[RecordBatch],
    ) -> Result<Self, Error> {
        let rows = BatchRows::try_new(definition, batches)?;
        Ok(RowProvider::from_table(SharedSource::new(rows)))
    }

    /// Returns the definition of the table.
    pub fn definition(&self) -> &TableDefinition {
        self.table.definition()
    }

    /// Returns whether the provider has the current version of its table, or `None` if the table
    /// has one version. See [`ColumnarTable::is_current`].
    pub fn is_current(&self) -> Option<bool> {
        self.table.is_current()
    }

    /// Returns the table of the provider as a `T`, or `None` if it has another type. The table of a
    /// provider over a typed source is a [`SharedSource`].
    pub fn table<T: ColumnarTable>(&self) -> Option<&T> {
        (&*self.table as &dyn Any).downcast_ref()
    }

    /// Plans the deletion of the rows for which all of `filters` are true, or of all rows if
    /// `filters` is empty. The plan returns one row with the column `count`, the number of deleted
    /// rows as `UInt64`. The session does not need [`enable_dml`](crate::enable_dml).
    ///
    /// # Errors
    /// Fails if the session may not write to the table, if its source does not accept `DELETE`, or
    /// if a filter is not a predicate over the columns of the table.
    pub async fn delete_plan(
        &self,
        session: &dyn Session,
        filters: &[Expr],
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let source = self.source(session, Access::Write).await?;
        plan::delete(&source, session, filters)
    }

    /// Plans an update of the rows for which all of `filters` are true, or of all rows if `filters`
    /// is empty. `assignments` are pairs of a column name and a value. Each value is evaluated over
    /// the row before the update. The plan returns one row with the column `count`, the number of
    /// updated rows as `UInt64`. The session does not need [`enable_dml`](crate::enable_dml).
    ///
    /// # Errors
    /// Fails if the session may not write to the table, if its source does not accept `UPDATE`, if
    /// a filter or a value is not an expression over the columns of the table, or if an assigned
    /// column does not exist, is a system column, or is assigned twice.
    pub async fn update_plan(
        &self,
        session: &dyn Session,
        assignments: Vec<(String, Expr)>,
        filters: &[Expr],
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let own_columns = self.definition().columns().len();
        let mut system_columns = self.table.schema().fields().iter().skip(own_columns);
        let is_assigned = |name: &str| assignments.iter().any(|(column, _)| column == name);
        if let Some(column) = system_columns.find(|column| is_assigned(column.name())) {
            return Err(Error::SystemColumn {
                table: self.definition().name().clone(),
                column: column.name().clone(),
            }
            .into());
        }
        let source = self.source(session, Access::Write).await?;
        plan::update(&source, session, assignments, filters)
    }

    async fn source(&self, session: &dyn Session, access: Access) -> Result<SourceRef> {
        self.table.source(session.config(), access).await
    }
}

/// The parts of a definition that DataFusion requests from a provider, each computed once.
///
/// A table that creates a provider for each lookup keeps them and passes them to
/// [`RowProvider::with_parts`].
#[derive(Debug)]
pub struct ProviderParts {
    /// The default of each column.
    defaults: Vec<Option<Expr>>,
    create_table: OnceLock<String>,
}

impl ProviderParts {
    /// Computes the parts for a definition.
    pub fn new(definition: &TableDefinition) -> Self {
        ProviderParts {
            defaults: definition.columns().iter().map(default_expr).collect(),
            create_table: OnceLock::new(),
        }
    }

    /// Returns the approximate size of the parts in memory, in bytes.
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + size_of::<Option<Expr>>() * self.defaults.len()
    }
}

// The keys of the table are not declared in `TableProvider::constraints`. DataFusion 55 keeps a key
// through an operator that repeats rows, such as `unnest`: `DISTINCT`, `GROUP BY`, `ORDER BY` and
// joins above it then return wrong results
// (https://github.com/apache/datafusion/issues/24787). `DataFrame::aggregate` by a key also groups
// by every other column. Without declared keys, a query that selects a column must name it in
// `GROUP BY`, and joins that only multiply rows by one are not removed.
#[async_trait]
impl TableProvider for RowProvider {
    fn schema(&self) -> SchemaRef {
        Arc::clone(self.table.schema())
    }

    fn table_type(&self) -> TableType {
        plan::table_type(self.definition())
    }

    fn get_table_definition(&self) -> Option<&str> {
        let create_table = &self.parts.create_table;
        Some(create_table.get_or_init(|| self.definition().to_sql()))
    }

    fn get_column_default(&self, column: &str) -> Option<&Expr> {
        let (position, _) = self.definition().column(column)?;
        self.parts.defaults.get(position)?.as_ref()
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(plan::filter_support(self.table.schema(), filters))
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let source = self.source(state, Access::Read).await?;
        plan::scan(&self.table, &source, state, projection, filters, limit)
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
