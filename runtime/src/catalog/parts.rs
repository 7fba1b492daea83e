// SPDX-License-Identifier: Apache-2.0

//! [`CatalogParts`]: the state that a catalog shares with its schemas and with the sessions.

use std::fmt;
use std::sync::Arc;

use datafusion::catalog::CatalogProvider;
use datafusion::common::exec_err;
use datafusion::error::Result;
use datafusion::execution::SessionState;
use kalamtable_plans::SessionMemory;

use super::names::RegisteredNames;
use crate::dynamic::tables::DynamicTables;

/// The parts of a catalog that its schemas and sessions share.
pub(super) struct CatalogParts {
    pub(super) name: String,
    pub(super) tables: DynamicTables,
    pub(super) names: RegisteredNames,
    pub(super) fixed: Arc<dyn CatalogProvider>,
    /// The prepared statements of the session.
    pub(super) memory: Arc<SessionMemory>,
    /// Returns the current state of the session that the catalog was added to, or `None` if that
    /// session has ended.
    pub(super) session: Box<dyn Fn() -> Option<SessionState> + Send + Sync>,
}

impl CatalogParts {
    /// Returns whether a table is registered with the session itself.
    pub(super) fn is_fixed(&self, schema: &str, table: &str) -> bool {
        let schema = self.fixed.schema(schema);
        schema.is_some_and(|schema| schema.table_exist(table))
    }

    /// Returns the current state of the session.
    ///
    /// # Errors
    /// Fails if the session has ended.
    pub(super) fn state(&self) -> Result<SessionState> {
        match (self.session)() {
            Some(state) => Ok(state),
            None => exec_err!(
                "the session that the tables were registered with has ended: call \
                 `DynamicTables::register` for each session"
            ),
        }
    }
}

impl fmt::Debug for CatalogParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CatalogParts")
            .field("name", &self.name)
            .field("tables", &self.tables)
            .finish_non_exhaustive()
    }
}
