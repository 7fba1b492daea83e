// SPDX-License-Identifier: Apache-2.0

//! [`SearchPath`]: a schema that finds tables of other schemas by their bare names.

use std::sync::{Arc, Weak};

use async_trait::async_trait;
use datafusion::catalog::{CatalogProvider, MemorySchemaProvider, SchemaProvider, TableProvider};
use datafusion::common::Result;
use datafusion::error::DataFusionError;
use datafusion::prelude::SessionContext;

/// The default schema of a context, extended by a search path: a table that it does not have is
/// looked up in all other schemas of the catalog. A name that several of them have is an error.
///
/// Only the tables of the default schema are listed, so that no table is listed twice.
#[derive(Debug)]
pub(crate) struct SearchPath {
    own_name: String,
    own: Arc<dyn SchemaProvider>,
    /// The catalog that owns this schema.
    catalog: Weak<dyn CatalogProvider>,
}

impl SearchPath {
    /// Replaces the default schema of `context` with one that has a search path.
    ///
    /// # Errors
    /// Fails if the default catalog does not exist or rejects schemas.
    pub(crate) fn install(context: &SessionContext) -> Result<()> {
        let config = context.copied_config();
        let options = &config.options().catalog;
        let catalog = context.catalog(&options.default_catalog).ok_or_else(|| {
            let name = &options.default_catalog;
            DataFusionError::Configuration(format!("the default catalog `{name}` does not exist"))
        })?;
        let own_name = options.default_schema.clone();
        let own = catalog
            .schema(&own_name)
            .unwrap_or_else(|| Arc::new(MemorySchemaProvider::new()));
        let search_path = SearchPath {
            own_name: own_name.clone(),
            own,
            catalog: Arc::downgrade(&catalog),
        };
        catalog.register_schema(&own_name, Arc::new(search_path))?;
        Ok(())
    }

    /// Returns the other schemas that have a table of this name, sorted by schema name.
    fn others(&self, table: &str) -> Vec<(String, Arc<dyn SchemaProvider>)> {
        let Some(catalog) = self.catalog.upgrade() else {
            return Vec::new();
        };
        let mut names = catalog.schema_names();
        names.sort();
        names.retain(|name| *name != self.own_name);
        let schemas = names.into_iter().filter_map(|name| {
            let schema = catalog.schema(&name)?;
            schema.table_exist(table).then_some((name, schema))
        });
        schemas.collect()
    }
}

#[async_trait]
impl SchemaProvider for SearchPath {
    fn table_names(&self) -> Vec<String> {
        self.own.table_names()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        if let Some(table) = self.own.table(name).await? {
            return Ok(Some(table));
        }
        match &self.others(name)[..] {
            [] => Ok(None),
            [(_, schema)] => schema.table(name).await,
            [(first, _), (second, _), ..] => Err(DataFusionError::Plan(format!(
                "`{name}` is ambiguous: write `{first}.{name}` or `{second}.{name}`"
            ))),
        }
    }

    fn register_table(
        &self,
        name: String,
        table: Arc<dyn TableProvider>,
    ) -> Result<Option<Arc<dyn TableProvider>>> {
        self.own.register_table(name, table)
    }

    fn deregister_table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        self.own.deregister_table(name)
    }

    fn table_exist(&self, name: &str) -> bool {
        self.own.table_exist(name) || !self.others(name).is_empty()
    }
}
