// SPDX-License-Identifier: Apache-2.0

//! [`RegistrySchema`]: the tables of one namespace.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::{MemorySchemaProvider, SchemaProvider, TableProvider};
use datafusion::common::{ResolvedTableReference, exec_err};
use datafusion::datasource::{MemTable, TableType};
use datafusion::error::Result;

use super::parts::CatalogParts;
use super::views::RegisteredView;
use crate::error::Error;

/// The tables of one namespace: those of a registry, and those of the catalog of the session.
pub(super) struct RegistrySchema {
    pub(super) namespace: String,
    pub(super) catalog: Arc<CatalogParts>,
}

impl RegistrySchema {
    fn fixed(&self) -> Option<Arc<dyn SchemaProvider>> {
        self.catalog.fixed.schema(&self.namespace)
    }

    fn is_fixed(&self, name: &str) -> bool {
        self.fixed().is_some_and(|fixed| fixed.table_exist(name))
    }

    fn has_registered(&self, name: &str) -> bool {
        self.catalog.names.has_table(&self.namespace, name)
    }

    /// Adds a table to the session itself.
    ///
    /// # Errors
    /// Fails if a table has the name, or if the table is a view that cannot be planned again.
    pub(super) fn register(
        &self,
        name: String,
        table: Arc<dyn TableProvider>,
    ) -> Result<Option<Arc<dyn TableProvider>>> {
        if self.has_registered(&name) {
            return exec_err!(
                "the registry already has a table `{}.{name}`",
                self.namespace
            );
        }
        let table = self.planned_at_each_use(&self.reference(&name), table)?;
        self.add(name, table)
    }

    /// Returns the view that is registered for `table`, or `table` if it is not such a view.
    fn planned_at_each_use(
        &self,
        name: &ResolvedTableReference,
        table: Arc<dyn TableProvider>,
    ) -> Result<Arc<dyn TableProvider>> {
        let view = RegisteredView::of(name, &table, &self.catalog)?;
        Ok(match view {
            Some(view) => Arc::new(view),
            None => table,
        })
    }

    /// Adds a table to the schema of the session, which is created if it does not exist.
    fn add(
        &self,
        name: String,
        table: Arc<dyn TableProvider>,
    ) -> Result<Option<Arc<dyn TableProvider>>> {
        let fixed = match self.fixed() {
            Some(fixed) => fixed,
            None => {
                let fixed: Arc<dyn SchemaProvider> = Arc::new(MemorySchemaProvider::new());
                let catalog = &self.catalog.fixed;
                catalog.register_schema(&self.namespace, Arc::clone(&fixed))?;
                fixed
            }
        };
        fixed.register_table(name, table)
    }

    /// Registers a view in place of the view that has its name, if there is one.
    ///
    /// # Errors
    /// Fails if the view would read itself. The existing view is then unchanged.
    pub(super) fn replace_view(
        &self,
        name: &ResolvedTableReference,
        planned: Arc<dyn TableProvider>,
    ) -> Result<()> {
        // Checked before the existing view is removed.
        let view = self.planned_at_each_use(name, planned)?;
        if let Some(fixed) = self.fixed() {
            fixed.deregister_table(&name.table)?;
        }
        self.add(name.table.to_string(), view)?;
        Ok(())
    }

    fn reference(&self, name: &str) -> ResolvedTableReference {
        ResolvedTableReference {
            catalog: self.catalog.name.as_str().into(),
            schema: self.namespace.as_str().into(),
            table: name.into(),
        }
    }
}

#[async_trait]
impl SchemaProvider for RegistrySchema {
    fn table_names(&self) -> Vec<String> {
        let mut names = self.fixed().map_or(Vec::new(), |fixed| fixed.table_names());
        names.extend(self.catalog.names.tables(&self.namespace));
        names.sort_unstable();
        names.dedup();
        names
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        if let Some(fixed) = self.fixed()
            && let Some(table) = fixed.table(name).await?
        {
            let Some(view) = table.downcast_ref::<RegisteredView>() else {
                return Ok(Some(table));
            };
            let planned = view.view.plan(&self.catalog.state()?).await?;
            return Ok(Some(Arc::new(planned)));
        }
        let tables = &self.catalog.tables;
        let registry = tables.registry();
        let found = registry.find((&*self.namespace, name)).await;
        match found.map_err(Error::from)? {
            Some(snapshot) => Ok(Some(tables.provider(&snapshot)?)),
            None => Ok(None),
        }
    }

    async fn table_type(&self, name: &str) -> Result<Option<TableType>> {
        if let Some(fixed) = self.fixed()
            && let Some(ty) = fixed.table_type(name).await?
        {
            return Ok(Some(ty));
        }
        let exists = self.has_registered(name);
        Ok(exists.then_some(TableType::Base))
    }

    fn register_table(
        &self,
        name: String,
        table: Arc<dyn TableProvider>,
    ) -> Result<Option<Arc<dyn TableProvider>>> {
        // DataFusion does not tell a `CREATE TABLE` from a call of the server.
        if table.is::<MemTable>() {
            return exec_err!(
                "table `{}.{name}` would be in the memory of the session: run `CREATE TABLE` with \
                 `DynamicTables::sql`; a server adds a `MemTable` with \
                 `DynamicTables::register_session_table`",
                self.namespace
            );
        }
        self.register(name, table)
    }

    fn deregister_table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        if let Some(fixed) = self.fixed()
            && fixed.table_exist(name)
        {
            return fixed.deregister_table(name);
        }
        if self.has_registered(name) {
            return not_dropped_here(&self.namespace, name);
        }
        Ok(None)
    }

    fn table_exist(&self, name: &str) -> bool {
        self.is_fixed(name) || self.has_registered(name)
    }
}

impl fmt::Debug for RegistrySchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistrySchema")
            .field("namespace", &self.namespace)
            .finish_non_exhaustive()
    }
}

/// Rejects the drop of a table: DataFusion does not pass the session, so that access cannot be
/// checked.
pub(super) fn not_dropped_here<T>(namespace: &str, table: &str) -> Result<T> {
    exec_err!(
        "table `{namespace}.{table}` belongs to the registry: run `DROP TABLE` with `DynamicTables::sql`"
    )
}
