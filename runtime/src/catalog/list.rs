// SPDX-License-Identifier: Apache-2.0

//! [`PinnedList`]: the catalogs of a session with a consistent snapshot of some tables.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::{CatalogProvider, CatalogProviderList, SchemaProvider, TableProvider};
use datafusion::datasource::TableType;
use datafusion::error::Result;

use kalamtable_provider::RowProvider;

/// Providers by schema and table name.
pub(super) type PinnedTables = HashMap<(String, String), Arc<RowProvider>>;

/// The catalogs of a session, one of which has fixed versions of some tables for one query.
#[derive(Debug)]
pub(super) struct PinnedList {
    pub(super) under: Arc<dyn CatalogProviderList>,
    /// The name of the catalog with the fixed tables.
    pub(super) catalog: String,
    pub(super) tables: Arc<PinnedTables>,
}

impl CatalogProviderList for PinnedList {
    fn register_catalog(
        &self,
        name: String,
        catalog: Arc<dyn CatalogProvider>,
    ) -> Option<Arc<dyn CatalogProvider>> {
        self.under.register_catalog(name, catalog)
    }

    fn catalog_names(&self) -> Vec<String> {
        self.under.catalog_names()
    }

    fn catalog(&self, name: &str) -> Option<Arc<dyn CatalogProvider>> {
        let under = self.under.catalog(name)?;
        if name != self.catalog {
            return Some(under);
        }
        Some(Arc::new(PinnedCatalog {
            under,
            tables: Arc::clone(&self.tables),
        }))
    }
}

#[derive(Debug)]
struct PinnedCatalog {
    under: Arc<dyn CatalogProvider>,
    tables: Arc<PinnedTables>,
}

impl CatalogProvider for PinnedCatalog {
    fn schema_names(&self) -> Vec<String> {
        self.under.schema_names()
    }

    fn schema(&self, name: &str) -> Option<Arc<dyn SchemaProvider>> {
        Some(Arc::new(PinnedSchema {
            name: name.to_string(),
            under: self.under.schema(name)?,
            tables: Arc::clone(&self.tables),
        }))
    }

    fn register_schema(
        &self,
        name: &str,
        schema: Arc<dyn SchemaProvider>,
    ) -> Result<Option<Arc<dyn SchemaProvider>>> {
        self.under.register_schema(name, schema)
    }

    fn deregister_schema(
        &self,
        name: &str,
        cascade: bool,
    ) -> Result<Option<Arc<dyn SchemaProvider>>> {
        self.under.deregister_schema(name, cascade)
    }
}

#[derive(Debug)]
struct PinnedSchema {
    name: String,
    under: Arc<dyn SchemaProvider>,
    tables: Arc<PinnedTables>,
}

#[async_trait]
impl SchemaProvider for PinnedSchema {
    fn owner_name(&self) -> Option<&str> {
        self.under.owner_name()
    }

    fn table_names(&self) -> Vec<String> {
        self.under.table_names()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        match self.tables.get(&(self.name.clone(), name.to_string())) {
            Some(pinned) => Ok(Some(Arc::clone(pinned) as Arc<dyn TableProvider>)),
            None => self.under.table(name).await,
        }
    }

    async fn table_type(&self, name: &str) -> Result<Option<TableType>> {
        self.under.table_type(name).await
    }

    fn register_table(
        &self,
        name: String,
        table: Arc<dyn TableProvider>,
    ) -> Result<Option<Arc<dyn TableProvider>>> {
        self.under.register_table(name, table)
    }

    fn deregister_table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        self.under.deregister_table(name)
    }

    fn table_exist(&self, name: &str) -> bool {
        self.under.table_exist(name)
    }
}
