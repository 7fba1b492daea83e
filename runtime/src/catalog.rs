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
//! [`Error::InconsistentVersions`](crate::Error::InconsistentVersions) before it runs.
//! [`DynamicTables::sql`] looks up all tables in one consistent snapshot, so that this cannot
//! happen.
//!
//! # Cached plans and prepared statements
//!
//! [`DynamicTables::session`] runs SQL with cached plans, which are validated each time and never
//! stale. It also prepares statements. `PREPARE`, `EXECUTE` and `DEALLOCATE` work there and in
//! [`DynamicTables::sql`]. In `SessionContext::sql`, a `PREPARE` of a statement over these tables
//! is an error: DataFusion would keep the plan, and run it after the tables have changed.
//!
//! # Views
//!
//! A view that `CREATE VIEW` adds to the catalog is planned again at each use, so that it always
//! reads the current tables. It belongs to the session, as in DataFusion.

mod block_on;
mod consistent_versions;
mod create_view;
mod dynamic_scans;
mod names;
mod parts;
mod prepared_plans;
mod schema;
mod session_tables;
mod views;

use std::fmt;
use std::sync::Arc;

use datafusion::catalog::{CatalogProvider, SchemaProvider, TableProvider};
use datafusion::common::{TableReference, exec_err};
use datafusion::dataframe::DataFrame;
use datafusion::error::Result;
use datafusion::prelude::SessionContext;
use kalamtable_plans::SqlSession;
use kalamtable_provider::enable_dml;

use self::consistent_versions::ConsistentVersions;
use self::names::RegisteredNames;
use self::parts::CatalogParts;
use self::prepared_plans::RejectPreparedPlans;
use self::schema::RegistrySchema;
use crate::dynamic::tables::DynamicTables;

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
        // The state owns the catalog, so that the catalog must not own the state.
        let state = ctx.state_weak_ref();
        let catalog = RegistryCatalog(Arc::new(CatalogParts {
            name: name.clone(),
            names: RegisteredNames::new(self.registry().clone()),
            tables: self.clone(),
            fixed,
            memory: Arc::default(),
            // DataFusion holds the lock while it registers a table.
            session: Box::new(move || Some(state.upgrade()?.read_recursive().clone())),
        }));
        ctx.register_catalog(name, Arc::new(catalog));
        ctx.add_analyzer_rule(Arc::new(ConsistentVersions));
        ctx.add_optimizer_rule(Arc::new(RejectPreparedPlans));
        enable_dml(ctx);
        Ok(())
    }

    /// Adds a table to the session itself, next to the tables of the registry: a table in memory,
    /// for example, which [`SessionContext::register_table`] rejects after
    /// [`register`](Self::register).
    ///
    /// # Errors
    /// Fails if [`register`](Self::register) was not called for the catalog of the name, or if a
    /// table has the name.
    pub fn register_session_table(
        &self,
        ctx: &SessionContext,
        name: impl Into<TableReference>,
        table: Arc<dyn TableProvider>,
    ) -> Result<()> {
        let defaults = ctx.copied_config().options().catalog.clone();
        let name = name.into();
        let name = name.resolve(&defaults.default_catalog, &defaults.default_schema);
        let catalog = registry_catalog(ctx, &name.catalog)?;
        let schema = RegistrySchema {
            namespace: name.schema.to_string(),
            catalog,
        };
        schema.register(name.table.to_string(), table)?;
        Ok(())
    }

    /// Plans a query or statement as [`SessionContext::sql`] does, over one consistent snapshot of
    /// the tables of the registry that it names.
    ///
    /// # Errors
    /// Fails if [`SessionContext::sql`] would fail, if [`register`](Self::register) was not called
    /// for the default catalog of `ctx`, or if the store cannot be read.
    pub async fn sql(&self, ctx: &SessionContext, sql: &str) -> Result<DataFrame> {
        self.session(ctx)?.sql(sql).await
    }

    /// Returns a session that runs SQL with cached plans and prepared statements, over one
    /// consistent snapshot of the tables per statement. All sessions share the
    /// [cache](Self::plan_cache).
    ///
    /// # Errors
    /// Fails if [`register`](Self::register) was not called for the default catalog of `ctx`.
    pub fn session(&self, ctx: &SessionContext) -> Result<SqlSession> {
        let catalog = registry_catalog(ctx, &default_catalog(ctx))?;
        Ok(session_tables::session(&catalog, ctx))
    }
}

fn default_catalog(ctx: &SessionContext) -> String {
    let config = ctx.copied_config();
    config.options().catalog.default_catalog.clone()
}

/// Returns the parts of a catalog with the tables of a registry.
fn registry_catalog(ctx: &SessionContext, name: &str) -> Result<Arc<CatalogParts>> {
    let Some(catalog) = ctx.catalog(name) else {
        return exec_err!("catalog `{name}` does not exist");
    };
    match catalog.downcast_ref::<RegistryCatalog>() {
        Some(catalog) => Ok(Arc::clone(&catalog.0)),
        None => exec_err!("the tables are not in catalog `{name}`: call `DynamicTables::register`"),
    }
}

/// A catalog with the tables of a registry and those of the catalog that it replaces.
struct RegistryCatalog(Arc<CatalogParts>);

impl CatalogProvider for RegistryCatalog {
    fn schema_names(&self) -> Vec<String> {
        let mut names = self.0.fixed.schema_names();
        names.extend(self.0.names.namespaces());
        names.sort_unstable();
        names.dedup();
        names
    }

    fn schema(&self, name: &str) -> Option<Arc<dyn SchemaProvider>> {
        let fixed = self.0.fixed.schema(name);
        if fixed.is_none() && !self.0.names.has_namespace(name) {
            return None;
        }
        Some(Arc::new(RegistrySchema {
            namespace: name.to_string(),
            catalog: Arc::clone(&self.0),
        }))
    }

    fn register_schema(
        &self,
        name: &str,
        schema: Arc<dyn SchemaProvider>,
    ) -> Result<Option<Arc<dyn SchemaProvider>>> {
        self.0.fixed.register_schema(name, schema)
    }

    fn deregister_schema(
        &self,
        name: &str,
        cascade: bool,
    ) -> Result<Option<Arc<dyn SchemaProvider>>> {
        if self.0.names.has_namespace(name) {
            return exec_err!(
                "schema `{name}` contains tables of the registry: run `DROP TABLE` for each of them with `DynamicTables::sql`"
            );
        }
        self.0.fixed.deregister_schema(name, cascade)
    }
}

impl fmt::Debug for RegistryCatalog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RegistryCatalog").field(&self.0).finish()
    }
}
