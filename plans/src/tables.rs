// SPDX-License-Identifier: Apache-2.0

//! [`SessionTables`]: the tables and views of a session that change while the server runs.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::TableProvider;
use datafusion::common::ResolvedTableReference;
use datafusion::dataframe::DataFrame;
use datafusion::error::Result;
use datafusion::execution::SessionState;
use datafusion::prelude::SessionContext;
use datafusion::sql::parser::Statement;
use kalamtable_provider::RowProvider;

use crate::view::SqlView;

/// The tables and views of a session that change while the server runs.
///
/// The default methods are those of a session whose tables change only if another provider is
/// registered under their name.
#[async_trait]
pub trait SessionTables: Debug + Send + Sync {
    /// Returns the providers of those tables that have versions, as one consistent snapshot. Tables
    /// that are not returned are looked up in the catalogs of the session.
    ///
    /// # Errors
    /// Fails if the tables cannot be looked up.
    async fn consistent(
        &self,
        _state: &SessionState,
        _tables: &[ResolvedTableReference],
    ) -> Result<Vec<(ResolvedTableReference, Arc<dyn TableProvider>)>> {
        Ok(Vec::new())
    }

    /// Returns whether a name of the session refers to this version of a table, which
    /// [`consistent`](Self::consistent) has returned for it. The method must not block.
    fn is_current(&self, _table: &ResolvedTableReference, _provider: &RowProvider) -> bool {
        false
    }

    /// Returns the view with a name, or `None` if the name does not refer to a view that is planned
    /// at each use. The method must not block.
    fn view(&self, _name: &ResolvedTableReference) -> Option<Arc<SqlView>> {
        None
    }

    /// Runs a statement that DataFusion does not run in the same way, such as DDL, and returns its
    /// result. Returns `None` for any other statement.
    ///
    /// # Errors
    /// Fails if the statement fails.
    async fn run(
        &self,
        _ctx: &SessionContext,
        _state: &SessionState,
        _statement: &Statement,
    ) -> Result<Option<DataFrame>> {
        Ok(None)
    }
}

/// The tables of a session without dynamic tables.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CompiledTables;

impl SessionTables for CompiledTables {}
