// SPDX-License-Identifier: Apache-2.0

//! [`RegisteredTable`]: a table in the default catalog of a session.

use std::sync::Arc;

use datafusion::catalog::{MemorySchemaProvider, SchemaProvider, TableProvider};
use datafusion::error::DataFusionError;
use datafusion::prelude::SessionContext;
use kalamtable_model::TableDefinition;

use crate::data_files::DataFiles;

/// A table that [`register_folder`](crate::register_folder) registered.
#[derive(Clone, Debug)]
pub struct RegisteredTable {
    /// The definition of the table.
    pub definition: Arc<TableDefinition>,
    /// The files of the table, or `None` if the table has no files and thus no rows.
    pub files: Option<DataFiles>,
    /// The table itself.
    pub provider: Arc<dyn TableProvider>,
}

/// Returns the schema of a namespace. Creates it if it does not exist.
pub(crate) fn schema_or_create(
    context: &SessionContext,
    namespace: &str,
) -> Result<Arc<dyn SchemaProvider>, DataFusionError> {
    let options = context.copied_config();
    let catalog = &options.options().catalog.default_catalog;
    let catalog = context.catalog(catalog).ok_or_else(|| {
        DataFusionError::Configuration(format!("the default catalog `{catalog}` does not exist"))
    })?;
    if let Some(schema) = catalog.schema(namespace) {
        return Ok(schema);
    }
    let schema: Arc<dyn SchemaProvider> = Arc::new(MemorySchemaProvider::new());
    catalog.register_schema(namespace, Arc::clone(&schema))?;
    Ok(schema)
}
