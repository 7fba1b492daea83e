// SPDX-License-Identifier: Apache-2.0

//! [`RegistryTables`]: the tables and views of one session, for its cached plans.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::TableProvider;
use datafusion::catalog::information_schema::INFORMATION_SCHEMA;
use datafusion::common::ResolvedTableReference;
use datafusion::dataframe::DataFrame;
use datafusion::error::Result;
use datafusion::execution::SessionState;
use datafusion::prelude::SessionContext;
use datafusion::sql::parser::Statement;
use datafusion::sql::planner::object_name_to_table_reference;
use datafusion::sql::sqlparser::ast;
use kalamtable_plans::{SessionTables, SqlSession, SqlView};
use kalamtable_provider::RowProvider;
use kalamtable_registry::NameRef;

use super::create_view::create_view;
use super::parts::CatalogParts;
use super::views::view_of;
use crate::ddl::DdlTarget;
use crate::dynamic::table::DynamicTable;
use crate::error::Error;

/// The tables and views of one session.
#[derive(Debug)]
pub(super) struct RegistryTables(pub(super) Arc<CatalogParts>);

#[async_trait]
impl SessionTables for RegistryTables {
    async fn consistent(
        &self,
        _state: &SessionState,
        tables: &[ResolvedTableReference],
    ) -> Result<Vec<(ResolvedTableReference, Arc<dyn TableProvider>)>> {
        let is_registered = |table: &&ResolvedTableReference| {
            *table.catalog == *self.0.name
                // DataFusion provides this schema itself.
                && *table.schema != *INFORMATION_SCHEMA
                && !self.0.is_fixed(&table.schema, &table.table)
        };
        let tables: Vec<&ResolvedTableReference> = tables.iter().filter(is_registered).collect();
        let names: Vec<NameRef<'_>> = tables
            .iter()
            .map(|table| NameRef::from((&*table.schema, &*table.table)))
            .collect();
        let found = self.0.tables.registry().find_all(&names).await;
        let found = found.map_err(Error::from)?;
        let mut providers: Vec<(ResolvedTableReference, Arc<dyn TableProvider>)> = Vec::new();
        for (table, snapshot) in tables.into_iter().zip(found) {
            if let Some(snapshot) = snapshot {
                providers.push((table.clone(), self.0.tables.provider(&snapshot)?));
            }
        }
        Ok(providers)
    }

    fn is_current(&self, table: &ResolvedTableReference, provider: &RowProvider) -> bool {
        // A rename creates another version, so that a current version still has its name.
        let is_of_registry = provider.table::<DynamicTable>().is_some_and(|dynamic| {
            let name = dynamic.snapshot().name();
            self.0.tables.has(dynamic)
                && *name.namespace == *table.schema
                && *name.table == *table.table
        });
        is_of_registry
            && *table.catalog == *self.0.name
            && !self.0.is_fixed(&table.schema, &table.table)
            && provider.is_current() == Some(true)
    }

    async fn run(
        &self,
        ctx: &SessionContext,
        state: &SessionState,
        statement: &Statement,
    ) -> Result<Option<DataFrame>> {
        let catalog = &self.0;
        if let Some(view) = dropped_view(catalog, state, statement)? {
            let schema = catalog.fixed.schema(&view.schema);
            if let Some(schema) = schema {
                schema.deregister_table(&view.table)?;
            }
            return Ok(Some(ctx.read_empty()?));
        }
        if create_view(catalog, state, statement).await? {
            return Ok(Some(ctx.read_empty()?));
        }
        let target = DdlTarget {
            tables: &catalog.tables,
            session: session(catalog, ctx),
            state,
            catalog: &catalog.name,
            is_session_table: &|schema, table| catalog.is_fixed(schema, table),
        };
        target.run(statement).await
    }

    fn view(&self, name: &ResolvedTableReference) -> Option<Arc<SqlView>> {
        view_of(&self.0, name)
    }
}

/// Returns a session over `ctx` with the tables of a catalog.
pub(super) fn session(catalog: &Arc<CatalogParts>, ctx: &SessionContext) -> SqlSession {
    SqlSession::with_tables(
        ctx.clone(),
        Arc::clone(catalog.tables.plan_cache()),
        Arc::new(RegistryTables(Arc::clone(catalog))),
        Arc::clone(&catalog.memory),
    )
}

/// Returns the name of the view that a `DROP VIEW` drops. DataFusion plans a view before it drops
/// it, which fails if the view no longer fits its tables.
fn dropped_view(
    catalog: &CatalogParts,
    state: &SessionState,
    statement: &Statement,
) -> Result<Option<ResolvedTableReference>> {
    let Statement::Statement(statement) = statement else {
        return Ok(None);
    };
    let ast::Statement::Drop {
        object_type: ast::ObjectType::View,
        names,
        ..
    } = &**statement
    else {
        return Ok(None);
    };
    let [name] = &names[..] else {
        return Ok(None);
    };
    let options = state.config_options();
    let normalizes = options.sql_parser.enable_ident_normalization;
    let name = object_name_to_table_reference(name.clone(), normalizes)?;
    let defaults = &options.catalog;
    let name = name.resolve(&defaults.default_catalog, &defaults.default_schema);
    Ok(view_of(catalog, &name).map(|_| name))
}
