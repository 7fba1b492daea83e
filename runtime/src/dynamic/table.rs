// SPDX-License-Identifier: Apache-2.0

//! [`DynamicTable`]: one version of a dynamic table, which its provider holds.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::error::Result;
use datafusion::execution::config::SessionConfig;
use kalamtable_model::TableDefinition;
use kalamtable_provider::{Access, ColumnarTable, SourceRef};
use kalamtable_registry::{SchemaRegistry, TableSnapshot};

use super::shared_state::SharedState;
use super::source::DynamicSource;
use super::versions::Versions;

/// One version of a dynamic table.
///
/// [`RowProvider::table`](kalamtable_provider::RowProvider::table) returns it for the providers
/// that [`DynamicTables::provider`](crate::DynamicTables::provider) creates. `SELECT *` of user and
/// shared tables ends with the columns `_seq` and `_deleted`, which the system fills. An `INSERT`
/// into such a table must name its columns, because DataFusion compares the number of values with
/// the number of columns in the schema.
#[derive(Debug)]
pub struct DynamicTable {
    shared: Arc<SharedState>,
    table: Arc<TableSnapshot>,
}

impl DynamicTable {
    pub(super) fn new(shared: Arc<SharedState>, table: Arc<TableSnapshot>) -> Self {
        DynamicTable { shared, table }
    }

    /// Returns whether the table is one of the tables with this state.
    pub(super) fn is_of(&self, shared: &Arc<SharedState>) -> bool {
        Arc::ptr_eq(&self.shared, shared)
    }

    /// Returns the registry of the table.
    pub(crate) fn registry(&self) -> &SchemaRegistry {
        &self.shared.registry
    }

    /// Returns the snapshot of the version.
    pub fn snapshot(&self) -> &Arc<TableSnapshot> {
        &self.table
    }
}

#[async_trait]
impl ColumnarTable for DynamicTable {
    fn definition(&self) -> &TableDefinition {
        self.table.definition()
    }

    fn schema(&self) -> &SchemaRef {
        self.table.schema_with_system_columns()
    }

    fn is_current(&self) -> Option<bool> {
        Some(self.shared.registry.is_current(&self.table))
    }

    async fn source(&self, session: &SessionConfig, access: Access) -> Result<SourceRef> {
        Versions::load(&self.shared.registry, &self.table).await?;
        let source = DynamicSource::try_new(&self.shared, &self.table, session, access)?;
        Ok(Arc::new(source))
    }
}
