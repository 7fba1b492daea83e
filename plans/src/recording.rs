// SPDX-License-Identifier: Apache-2.0

//! [`RecordingList`]: the catalogs of a session during the planning of one statement.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use datafusion::catalog::{CatalogProvider, CatalogProviderList, SchemaProvider, TableProvider};
use datafusion::common::ResolvedTableReference;
use datafusion::datasource::TableType;
use datafusion::error::Result;

/// The catalogs of a session during the planning of one statement. Some names refer to given
/// providers, and every table that the planner looks up is recorded.
#[derive(Debug)]
pub(crate) struct RecordingList {
    under: Arc<dyn CatalogProviderList>,
    lookups: Arc<Lookups>,
}

#[derive(Debug, Default)]
pub(crate) struct Lookups {
    pinned: Mutex<HashMap<ResolvedTableReference, Arc<dyn TableProvider>>>,
    recorded: Mutex<Vec<(ResolvedTableReference, Arc<dyn TableProvider>)>>,
}

impl Lookups {
    /// Makes a name refer to a provider.
    pub(crate) fn pin(&self, name: ResolvedTableReference, provider: Arc<dyn TableProvider>) {
        lock(&self.pinned).insert(name, provider);
    }

    /// Returns the tables that were looked up, each once.
    pub(crate) fn take_recorded(&self) -> Vec<(ResolvedTableReference, Arc<dyn TableProvider>)> {
        std::mem::take(&mut *lock(&self.recorded))
    }

    fn record(&self, name: ResolvedTableReference, provider: &Arc<dyn TableProvider>) {
        let mut recorded = lock(&self.recorded);
        let is_known = recorded
            .iter()
            .any(|(other, found)| *other == name && Arc::ptr_eq(found, provider));
        if !is_known {
            recorded.push((name, Arc::clone(provider)));
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl RecordingList {
    pub(crate) fn new(under: Arc<dyn CatalogProviderList>, lookups: Arc<Lookups>) -> Self {
        RecordingList { under, lookups }
    }
}

impl CatalogProviderList for RecordingList {
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
        Some(Arc::new(RecordingCatalog {
            under: self.under.catalog(name)?,
            catalog: name.into(),
            lookups: Arc::clone(&self.lookups),
        }))
    }
}

#[derive(Debug)]
struct RecordingCatalog {
    under: Arc<dyn CatalogProvider>,
    catalog: Arc<str>,
    lookups: Arc<Lookups>,
}

impl CatalogProvider for RecordingCatalog {
    fn schema_names(&self) -> Vec<String> {
        self.under.schema_names()
    }

    fn schema(&self, name: &str) -> Option<Arc<dyn SchemaProvider>> {
        Some(Arc::new(RecordingSchema {
            under: self.under.schema(name)?,
            catalog: Arc::clone(&self.catalog),
            schema: name.into(),
            lookups: Arc::clone(&self.lookups),
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
struct RecordingSchema {
    under: Arc<dyn SchemaProvider>,
    catalog: Arc<str>,
    schema: Arc<str>,
    lookups: Arc<Lookups>,
}

#[async_trait]
impl SchemaProvider for RecordingSchema {
    fn owner_name(&self) -> Option<&str> {
        self.under.owner_name()
    }

    fn table_names(&self) -> Vec<String> {
        self.under.table_names()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        let reference = ResolvedTableReference {
            catalog: Arc::clone(&self.catalog),
            schema: Arc::clone(&self.schema),
            table: name.into(),
        };
        let pinned = lock(&self.lookups.pinned).get(&reference).cloned();
        let found = match pinned {
            Some(pinned) => Some(pinned),
            None => self.under.table(name).await?,
        };
        if let Some(found) = &found {
            self.lookups.record(reference, found);
        }
        Ok(found)
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
