// SPDX-License-Identifier: Apache-2.0

//! Metadata tables: the definitions of a session's tables, as tables for SQL. [`register`] adds
//! them to a session.
//!
//! | table | one row per | columns |
//! |---|---|---|
//! | `kalamtable.tables` | table | kind, version, fingerprint, comment |
//! | `kalamtable.columns` | column | default, nullability, column type, Arrow type, id, labels, comment |
//! | `kalamtable.table_constraints` | key, and column with a closed set | name, kind |
//! | `kalamtable.key_column_usage` | column of a key | position in the key |
//! | `kalamtable.table_errors` | table that cannot be opened | error |
//!
//! Tables and columns have the names of the SQL standard's `information_schema` where it defines
//! them. The schema has another name because DataFusion resolves `information_schema` itself,
//! before it searches the catalogs, and no table can be added there.
//!
//! ```
//! use datafusion::prelude::SessionContext;
//! # use kalamtable_rows::doc_example::Event;
//! use kalamtable_provider::{FixedRows, RowProvider, metadata, register};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> datafusion::error::Result<()> {
//! let ctx = SessionContext::new();
//! metadata::register(&ctx)?;
//! register(&ctx, RowProvider::new(FixedRows::<Event>::new(vec![])))?;
//!
//! let key = "SELECT column_name FROM kalamtable.key_column_usage
//!            WHERE table_name = 'events' ORDER BY ordinal_position";
//! assert_eq!(ctx.sql(key).await?.count().await?, 1);
//! # Ok(())
//! # }
//! ```
//!
//! The metadata tables cover every table of the querying session, in each of its catalogs, whose
//! provider has a definition, no matter whether it was compiled or created at run time. By default,
//! these are the providers that [`definition_of`] knows; pass another function to [`register_with`]
//! to include others. The catalogs are read each time a query is planned. Conditions on
//! `table_catalog`, `table_schema` and `table_name` restrict which tables are opened.
//!
//! A table that its catalog cannot open has no rows, except in `kalamtable.table_errors`. A query
//! with a condition on its name, such as `table_name = 'x'`, fails with the error of the catalog.

mod rows;

use std::any::Any;
use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{CatalogProviderList, Session, TableProvider};
use datafusion::datasource::TableType;
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::SessionContext;
use futures::future::BoxFuture;
use kalamtable_model::TableDefinition;

use crate::key_filter::text_values;
use crate::provider::RowProvider;
use crate::register::register_as;
use crate::sources::FixedRows;
use rows::{
    ColumnRow, ConstraintRow, KeyColumnRow, MetadataRow, RegisteredName, TableErrorRow, TableRow,
};

/// A function that returns the definition of a provider's table, or `None` to omit the table from
/// the metadata tables.
pub type FindDefinition = fn(&dyn TableProvider) -> Option<&TableDefinition>;

/// Adds the metadata tables to schema `kalamtable` of the default catalog of `ctx`. They cover
/// the tables whose definition [`definition_of`] returns.
///
/// # Errors
/// Fails if a table of that name exists already, or if the catalog does not allow new schemas.
pub fn register(ctx: &SessionContext) -> Result<()> {
    register_with(ctx, definition_of)
}

/// Adds the metadata tables as [`register`] does. They cover the tables whose definition
/// `find` returns.
///
/// ```
/// use std::any::Any;
///
/// use datafusion::catalog::TableProvider;
/// use datafusion::prelude::SessionContext;
/// use kalamtable_model::TableDefinition;
/// use kalamtable_provider::metadata;
///
/// # use std::sync::Arc;
/// # use datafusion::{arrow::datatypes::SchemaRef, catalog::{MemTable, Session}, logical_expr::{Expr, TableType}};
/// # use datafusion::{error::Result, physical_plan::ExecutionPlan};
/// # #[derive(Debug)]
/// # struct FileTable { definition: TableDefinition, rows: MemTable }
/// # #[async_trait::async_trait]
/// # impl TableProvider for FileTable {
/// #     fn schema(&self) -> SchemaRef { self.rows.schema() }
/// #     fn table_type(&self) -> TableType { self.rows.table_type() }
/// #     async fn scan(
/// #         &self, state: &dyn Session, projection: Option<&Vec<usize>>, filters: &[Expr], limit: Option<usize>,
/// #     ) -> Result<Arc<dyn ExecutionPlan>> {
/// #         self.rows.scan(state, projection, filters, limit).await
/// #     }
/// # }
/// /// `FileTable` is a provider of the server that has a field `definition`.
/// fn find(provider: &dyn TableProvider) -> Option<&TableDefinition> {
///     match (provider as &dyn Any).downcast_ref::<FileTable>() {
///         Some(table) => Some(&table.definition),
///         None => metadata::definition_of(provider),
///     }
/// }
///
/// metadata::register_with(&SessionContext::new(), find)?;
/// # Ok::<(), datafusion::error::DataFusionError>(())
/// ```
///
/// # Errors
/// Fails if a table of that name exists already, or if the catalog does not allow new schemas.
pub fn register_with(ctx: &SessionContext, find: FindDefinition) -> Result<()> {
    register_table::<TableRow>(ctx, find)?;
    register_table::<ColumnRow>(ctx, find)?;
    register_table::<ConstraintRow>(ctx, find)?;
    register_table::<KeyColumnRow>(ctx, find)?;
    register_table::<TableErrorRow>(ctx, find)
}

/// Returns the definition of a [`RowProvider`] or of a metadata table, or `None` for any other
/// provider.
pub fn definition_of(provider: &dyn TableProvider) -> Option<&TableDefinition> {
    let any = provider as &dyn Any;
    match any.downcast_ref::<MetadataTable>() {
        Some(table) => Some(table.empty.definition()),
        None => any
            .downcast_ref::<RowProvider>()
            .map(RowProvider::definition),
    }
}

fn register_table<R: MetadataRow>(ctx: &SessionContext, find: FindDefinition) -> Result<()> {
    let table = MetadataTable {
        empty: RowProvider::new(FixedRows::<R>::new(Vec::new())),
        collect: collect::<R>,
        requested: RequestedNames::new::<R>,
        find,
    };
    let name = table.empty.definition().name().clone();
    register_as(ctx, &name, Arc::new(table))
}

/// A table whose rows are collected when a query over it is planned: catalogs are asynchronous, and
/// sources are not. The table does not hold the catalogs, since they hold the table.
#[derive(Debug)]
struct MetadataTable {
    /// A provider without rows, for everything except scans.
    empty: RowProvider,
    collect: Collect,
    requested: fn(&[Expr]) -> RequestedNames,
    find: FindDefinition,
}

type Collect = fn(Arc<dyn CatalogProviderList>, FindDefinition, RequestedNames) -> Collected;
type Collected = BoxFuture<'static, Result<RowProvider>>;

/// The names that the conditions of a query allow; `None` stands for all names.
#[derive(Debug)]
struct RequestedNames {
    catalogs: Option<BTreeSet<String>>,
    schemas: Option<BTreeSet<String>>,
    tables: Option<BTreeSet<String>>,
    /// Whether the query asks for the errors of tables.
    has_errors: bool,
}

impl RequestedNames {
    fn new<R: MetadataRow>(filters: &[Expr]) -> Self {
        let names = |columns: [&str; 2]| {
            let restricted = columns.map(|column| text_values(filters, column));
            restricted
                .into_iter()
                .flatten()
                .reduce(|one, other| &one & &other)
        };
        RequestedNames {
            catalogs: names(["table_catalog", "constraint_catalog"]),
            schemas: names(["table_schema", "constraint_schema"]),
            tables: names(["table_name", "table_name"]),
            has_errors: R::HAS_ERRORS,
        }
    }
}

/// Returns those of `names` that are `requested`, in the order of the tables' keys.
fn select(names: Vec<String>, requested: Option<&BTreeSet<String>>) -> BTreeSet<String> {
    let is_requested = |name: &String| requested.is_none_or(|requested| requested.contains(name));
    names.into_iter().filter(is_requested).collect()
}

fn collect<R: MetadataRow>(
    catalogs: Arc<dyn CatalogProviderList>,
    find: FindDefinition,
    requested: RequestedNames,
) -> Collected {
    Box::pin(async move {
        let mut rows = Vec::new();
        for catalog_name in select(catalogs.catalog_names(), requested.catalogs.as_ref()) {
            // A catalog, schema or table that is dropped concurrently is skipped.
            let Some(catalog) = catalogs.catalog(&catalog_name) else {
                continue;
            };
            for schema_name in select(catalog.schema_names(), requested.schemas.as_ref()) {
                let Some(schema) = catalog.schema(&schema_name) else {
                    continue;
                };
                for table_name in select(schema.table_names(), requested.tables.as_ref()) {
                    let name = RegisteredName {
                        catalog: &catalog_name,
                        schema: &schema_name,
                        table: &table_name,
                    };
                    let provider = match schema.table(&table_name).await {
                        Ok(Some(provider)) => provider,
                        Ok(None) => continue,
                        Err(error) if requested.tables.is_some() && !requested.has_errors => {
                            let name = format!("{catalog_name}.{schema_name}.{table_name}");
                            return Err(error.context(format!("table `{name}` cannot be opened")));
                        }
                        Err(error) => {
                            R::push_error(&mut rows, &name, &error);
                            continue;
                        }
                    };
                    if let Some(definition) = find(&*provider) {
                        R::push(&mut rows, &name, definition);
                    }
                }
            }
        }
        Ok(RowProvider::new(FixedRows::<R>::new(rows)))
    })
}

#[async_trait]
impl TableProvider for MetadataTable {
    fn schema(&self) -> SchemaRef {
        self.empty.schema()
    }

    fn table_type(&self) -> TableType {
        self.empty.table_type()
    }

    fn get_table_definition(&self) -> Option<&str> {
        self.empty.get_table_definition()
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        self.empty.supports_filters_pushdown(filters)
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let names = (self.requested)(filters);
        let table = (self.collect)(state.catalog_list(), self.find, names).await?;
        table.scan(state, projection, filters, limit).await
    }
}
