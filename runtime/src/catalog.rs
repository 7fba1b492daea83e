// SPDX-License-Identifier: Apache-2.0

//! The tables of a registry in the catalog of a session: [`DynamicTables::register`].
//!
//! ```
//! use std::sync::Arc;
//!
//! use datafusion::prelude::{SessionConfig, SessionContext};
//! use kalamtable_model::{SourceFile, Sources, parse_and_check};
//! use kalamtable_registry::{RegistryOptions, SchemaRegistry};
//! use kalamtable_runtime::{Actor, DynamicTables, MemoryStorage, Role, UserId};
//! use kalamtable_store::MemoryStore;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let store = Arc::new(MemoryStore::new());
//! let registry = SchemaRegistry::open(store, RegistryOptions::default()).await?;
//! let tables = DynamicTables::new(registry.clone(), Arc::new(MemoryStorage::new()));
//!
//! let server = Actor::new(UserId::new("server").ok_or("no name")?, Role::System);
//! let config = SessionConfig::new()
//!     .with_information_schema(true)
//!     .with_extension(Arc::new(server));
//! let ctx = SessionContext::new_with_config(config);
//! tables.register(&ctx)?;
//!
//! // Tables that are created later are found as well.
//! let toml = "name = 'app.notes'\nprimary_key = ['id']\n[columns]\nid = { id = 1, type = 'bigint' }\n";
//! let mut sources = Sources::new();
//! let file = sources.push(SourceFile::new("notes.toml", toml));
//! let notes = parse_and_check(&sources, file).map_err(|problems| format!("{problems:?}"))?;
//! registry.create(notes.definition).await?;
//!
//! ctx.sql("INSERT INTO app.notes (id) VALUES (1), (2)").await?.collect().await?;
//! assert_eq!(ctx.sql("SELECT id FROM app.notes").await?.count().await?, 2);
//! assert_eq!(ctx.sql("SHOW TABLES").await?.count().await?, 8);
//! # Ok(())
//! # }
//! ```
//!
//! A query reads the version of each table that is current when the query is planned. DataFusion
//! looks up the tables one after the other. If a table is altered in between, the query fails with
//! [`Error::InconsistentVersions`] before it runs. [`DynamicTables::sql`] looks up all tables in
//! one consistent snapshot, so that this cannot happen.

mod block_on;
mod consistent_versions;
mod list;
mod names;
mod schema;

use std::fmt;
use std::sync::Arc;

use datafusion::catalog::information_schema::INFORMATION_SCHEMA;
use datafusion::catalog::{CatalogProvider, SchemaProvider};
use datafusion::common::{ResolvedTableReference, exec_err};
use datafusion::dataframe::DataFrame;
use datafusion::error::Result;
use datafusion::execution::SessionStateBuilder;
use datafusion::logical_expr::{DdlStatement, LogicalPlan};
use datafusion::prelude::SessionContext;
use kalamtable_provider::enable_dml;
use kalamtable_registry::NameRef;

use self::consistent_versions::ConsistentVersions;
use self::list::{PinnedList, PinnedTables};
use self::names::RegisteredNames;
use self::schema::RegistrySchema;
use crate::dynamic::tables::DynamicTables;
use crate::error::Error;

impl DynamicTables {
    /// Adds the tables to the default catalog of `ctx`, next to the tables that are registered
    /// there. A table is registered as `namespace.table`: its namespace is the schema. Lookups
    /// always find the current tables, including those that are created, altered, renamed or
    /// dropped later. Enables `UPDATE` and `DELETE` in the session, as [`enable_dml`] does.
    ///
    /// If the session has a table with the same name, lookups find the table of the session. `SHOW
    /// TABLES` and `information_schema.tables` list the tables without creating providers. The list
    /// of names is read again after each schema change; if the store cannot be read, the previous
    /// list is used. Reading the list may block the current thread, so the Tokio runtime should
    /// have several worker threads.
    ///
    /// # Errors
    /// Fails if `ctx` has no default catalog, or if that catalog already has the tables of a
    /// registry.
    pub fn register(&self, ctx: &SessionContext) -> Result<()> {
        let name = default_catalog(ctx);
        let Some(fixed) = ctx.catalog(&name) else {
            return exec_err!(
                "catalog `{name}` does not exist, so tables cannot be registered in it"
            );
        };
        if fixed.is::<RegistryCatalog>() {
            return exec_err!("catalog `{name}` already has the tables of a registry");
        }
        let catalog = RegistryCatalog {
            names: Arc::new(RegisteredNames::new(self.registry().clone())),
            tables: self.clone(),
            fixed,
        };
        ctx.register_catalog(name, Arc::new(catalog));
        ctx.add_analyzer_rule(Arc::new(ConsistentVersions {
            registry: self.registry().clone(),
        }));
        enable_dml(ctx);
        Ok(())
    }

    /// Plans a query or statement as [`SessionContext::sql`] does, over one consistent snapshot of
    /// the tables of the registry that it names.
    ///
    /// # Errors
    /// Fails if [`SessionContext::sql`] would fail, if [`register`](Self::register) was not called
    /// for the default catalog of `ctx`, or if the store cannot be read.
    pub async fn sql(&self, ctx: &SessionContext, sql: &str) -> Result<DataFrame> {
        let state = ctx.state();
        let options = state.config().options();
        let dialect = options.sql_parser.dialect;
        let defaults = options.catalog.clone();
        let Some(catalog) = ctx.catalog(&defaults.default_catalog) else {
            return exec_err!("catalog `{}` does not exist", defaults.default_catalog);
        };
        let Some(catalog) = catalog.downcast_ref::<RegistryCatalog>() else {
            return exec_err!(
                "the tables are not in catalog `{}`: call `DynamicTables::register`",
                defaults.default_catalog
            );
        };

        let statement = state.sql_to_statement(sql, &dialect)?;
        let references = state.resolve_table_references(&statement)?;
        let references: Vec<ResolvedTableReference> = references
            .into_iter()
            .map(|table| table.resolve(&defaults.default_catalog, &defaults.default_schema))
            .filter(|table| *table.catalog == *defaults.default_catalog)
            // DataFusion provides this schema itself.
            .filter(|table| *table.schema != *INFORMATION_SCHEMA)
            .filter(|table| !catalog.is_fixed(&table.schema, &table.table))
            .collect();
        let names: Vec<NameRef<'_>> = references
            .iter()
            .map(|table| NameRef::from((&*table.schema, &*table.table)))
            .collect();
        let found = self
            .registry()
            .find_all(&names)
            .await
            .map_err(Error::from)?;
        let mut pinned = PinnedTables::new();
        for snapshot in found.iter().flatten() {
            let name = snapshot.name();
            let name = (name.namespace.to_string(), name.table.to_string());
            pinned.insert(name, self.provider(snapshot)?);
        }
        let list = PinnedList {
            under: Arc::clone(state.catalog_list()),
            catalog: defaults.default_catalog.clone(),
            tables: Arc::new(pinned),
        };
        let state = SessionStateBuilder::new_from_existing(state)
            .with_catalog_list(Arc::new(list))
            .build();
        let plan = state.statement_to_plan(statement).await?;
        if let LogicalPlan::Ddl(DdlStatement::DropTable(drop)) = &plan {
            let table = drop.name.clone();
            let table = table.resolve(&defaults.default_catalog, &defaults.default_schema);
            catalog.check_not_of_registry(&table)?;
        }
        ctx.execute_logical_plan(plan).await
    }
}

fn default_catalog(ctx: &SessionContext) -> String {
    let config = ctx.copied_config();
    config.options().catalog.default_catalog.clone()
}

/// A catalog with the tables of a registry and those of the catalog that it replaces.
struct RegistryCatalog {
    tables: DynamicTables,
    names: Arc<RegisteredNames>,
    fixed: Arc<dyn CatalogProvider>,
}

impl RegistryCatalog {
    /// Fails if `DROP TABLE` would drop a table of the registry. DataFusion 55 reports each error
    /// of the drop as "doesn't exist", or as success if the statement contains `IF EXISTS`.
    fn check_not_of_registry(&self, table: &ResolvedTableReference) -> Result<()> {
        if self.is_fixed(&table.schema, &table.table) {
            return Ok(());
        }
        if self.names.has_table(&table.schema, &table.table) {
            return schema::not_dropped_here(&table.schema, &table.table);
        }
        Ok(())
    }

    /// Returns whether a table is registered with the session itself.
    fn is_fixed(&self, schema: &str, table: &str) -> bool {
        let schema = self.fixed.schema(schema);
        schema.is_some_and(|schema| schema.table_exist(table))
    }
}

impl CatalogProvider for RegistryCatalog {
    fn schema_names(&self) -> Vec<String> {
        let mut names = self.fixed.schema_names();
        names.extend(self.names.namespaces());
        names.sort_unstable();
        names.dedup();
        names
    }

    fn schema(&self, name: &str) -> Option<Arc<dyn SchemaProvider>> {
        let fixed = self.fixed.schema(name);
        if fixed.is_none() && !self.names.has_namespace(name) {
            return None;
        }
        Some(Arc::new(RegistrySchema {
            namespace: name.to_string(),
            tables: self.tables.clone(),
            names: Arc::clone(&self.names),
            catalog: Arc::clone(&self.fixed),
        }))
    }

    fn register_schema(
        &self,
        name: &str,
        schema: Arc<dyn SchemaProvider>,
    ) -> Result<Option<Arc<dyn SchemaProvider>>> {
        self.fixed.register_schema(name, schema)
    }

    fn deregister_schema(
        &self,
        name: &str,
        cascade: bool,
    ) -> Result<Option<Arc<dyn SchemaProvider>>> {
        if self.names.has_namespace(name) {
            return exec_err!(
                "schema `{name}` contains tables of the registry: drop them with `SchemaRegistry::drop_table`"
            );
        }
        self.fixed.deregister_schema(name, cascade)
    }
}

impl fmt::Debug for RegistryCatalog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistryCatalog")
            .field("tables", &self.tables)
            .finish_non_exhaustive()
    }
}
