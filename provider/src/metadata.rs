// SPDX-License-Identifier: Apache-2.0

//! [`register`]: what the definitions of a session's tables say, as tables that SQL can query.
//!
//! | table | a row for each | |
//! |---|---|---|
//! | `kalamtable.tables` | table | kind, version, fingerprint, comment |
//! | `kalamtable.columns` | column | default, nullability, type here and in Arrow, id, labels, comment |
//! | `kalamtable.table_constraints` | key, and column with a closed set | its name and its kind |
//! | `kalamtable.key_column_usage` | column of a key | its position in the key |
//!
//! Names of tables and columns are those of the SQL standard's `information_schema`, where it has them.
//! The schema has a name of its own because DataFusion answers for `information_schema` by itself: it
//! looks there before it asks a catalog, has fewer tables and columns, and takes no others.
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
//! They cover every table of the session that asks, in each of its catalogs, whose provider has a
//! definition: [`definition_of`] says which have, and [`register_with`] takes another answer. That a
//! definition was compiled or made while the server runs makes no difference. Tables are looked up when
//! a query is planned, each time anew.

mod rows;

use std::any::Any;
use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{CatalogProviderList, Session, TableProvider};
use datafusion::common::Constraints;
use datafusion::datasource::TableType;
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::SessionContext;
use futures::future::BoxFuture;
use kalamtable_model::TableDefinition;

use kalamtable_rows::Row;

use crate::provider::RowProvider;
use crate::register::register_as;
use crate::sources::FixedRows;
use rows::{Column, KeyColumn, Place, Table, TableConstraint};

/// Finds the definition behind a provider; none if it has none, and then the metadata tables leave
/// the table out.
pub type FindDefinition = fn(&dyn TableProvider) -> Option<&TableDefinition>;

/// Adds the four tables to schema `kalamtable` of the default catalog of `ctx`, over the tables that
/// [`definition_of`] knows.
///
/// # Errors
/// If one of them is there already, or if the catalog refuses a new schema.
pub fn register(ctx: &SessionContext) -> Result<()> {
    register_with(ctx, definition_of)
}

/// Adds the four tables as [`register`] does, over the tables that `find` knows.
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
/// /// A `FileTable` is a provider of yours that keeps the definition it was made for.
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
/// If one of them is there already, or if the catalog refuses a new schema.
pub fn register_with(ctx: &SessionContext, find: FindDefinition) -> Result<()> {
    register_table::<Table>(ctx, find)?;
    register_table::<Column>(ctx, find)?;
    register_table::<TableConstraint>(ctx, find)?;
    register_table::<KeyColumn>(ctx, find)
}

/// The definition behind a provider of this library; none behind any other.
pub fn definition_of(provider: &dyn TableProvider) -> Option<&TableDefinition> {
    let provider = provider as &dyn Any;
    if let Some(table) = provider.downcast_ref::<MetadataTable>() {
        return Some(table.empty.definition());
    }
    let provider = provider.downcast_ref::<RowProvider>();
    provider.map(RowProvider::definition)
}

fn register_table<R: MetadataRow>(ctx: &SessionContext, find: FindDefinition) -> Result<()> {
    let table = MetadataTable {
        empty: RowProvider::new(FixedRows::<R>::new(Vec::new())),
        collect: collect::<R>,
        find,
    };
    let name = table.empty.definition().name().clone();
    register_as(ctx, &name, Arc::new(table))
}

/// A row of a metadata table.
trait MetadataRow: Row {
    /// Adds the rows of the table at `place`, in the order of their keys.
    fn push(rows: &mut Vec<Self>, place: &Place<'_>, definition: &TableDefinition);
}

/// A table whose rows are collected when a query over it is planned, since catalogs are asked
/// asynchronously. It holds no catalogs, which would hold it.
#[derive(Debug)]
struct MetadataTable {
    /// Everything but the rows.
    empty: RowProvider,
    collect: Collect,
    find: FindDefinition,
}

type Collect = fn(Arc<dyn CatalogProviderList>, FindDefinition) -> Collected;
type Collected = BoxFuture<'static, Result<RowProvider>>;

fn collect<R: MetadataRow>(
    catalogs: Arc<dyn CatalogProviderList>,
    find: FindDefinition,
) -> Collected {
    Box::pin(async move {
        let mut rows = Vec::new();
        for catalog_name in sorted(catalogs.catalog_names()) {
            // What is dropped meanwhile is left out.
            let Some(catalog) = catalogs.catalog(&catalog_name) else {
                continue;
            };
            for schema_name in sorted(catalog.schema_names()) {
                let Some(schema) = catalog.schema(&schema_name) else {
                    continue;
                };
                for table_name in sorted(schema.table_names()) {
                    let Some(provider) = schema.table(&table_name).await? else {
                        continue;
                    };
                    if let Some(definition) = find(&*provider) {
                        let place = Place {
                            catalog: &catalog_name,
                            schema: &schema_name,
                            table: &table_name,
                        };
                        R::push(&mut rows, &place, definition);
                    }
                }
            }
        }
        Ok(RowProvider::new(FixedRows::<R>::new(rows)))
    })
}

/// In the order of the tables' keys, and each once.
fn sorted(names: Vec<String>) -> BTreeSet<String> {
    names.into_iter().collect()
}

#[async_trait]
impl TableProvider for MetadataTable {
    fn schema(&self) -> SchemaRef {
        self.empty.schema()
    }

    fn constraints(&self) -> Option<&Constraints> {
        self.empty.constraints()
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
        let table = (self.collect)(state.catalog_list(), self.find).await?;
        table.scan(state, projection, filters, limit).await
    }
}
