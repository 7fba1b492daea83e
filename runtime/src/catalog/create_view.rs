// SPDX-License-Identifier: Apache-2.0

//! [`create_view`]: `CREATE VIEW` in sessions with dynamic tables.
//!
//! DataFusion plans the existing view before it replaces it, and removes it before the new one is
//! checked. A view that no longer fits its tables could then not be replaced, and a rejected
//! replacement would drop the view.

use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::common::{ResolvedTableReference, exec_err};
use datafusion::error::Result;
use datafusion::execution::SessionState;
use datafusion::sql::parser::Statement;
use datafusion::sql::planner::object_name_to_table_reference;
use datafusion::sql::sqlparser::ast::{self, CreateView};
use kalamtable_plans::SqlView;

use super::parts::CatalogParts;
use super::schema::RegistrySchema;
use super::views::has_view;

/// Runs a `CREATE VIEW` in the catalog of the tables, and returns whether the statement is one.
///
/// # Errors
/// Fails if the name is taken, if the view cannot be planned, or if it would read itself. An
/// existing view is then unchanged.
pub(super) async fn create_view(
    catalog: &Arc<CatalogParts>,
    state: &SessionState,
    statement: &Statement,
) -> Result<bool> {
    let Statement::Statement(statement) = statement else {
        return Ok(false);
    };
    let ast::Statement::CreateView(create) = &**statement else {
        return Ok(false);
    };
    // DataFusion reports that it does not support these.
    if create.materialized || create.temporary {
        return Ok(false);
    }
    let name = resolved(create, state)?;
    if *name.catalog != *catalog.name {
        return Ok(false);
    }
    let exists = has_view(catalog, &name);
    match () {
        () if exists && create.or_replace => {}
        () if exists && create.if_not_exists => return Ok(true),
        () if exists => {
            return exec_err!(
                "view `{}.{}` exists already: write `CREATE OR REPLACE VIEW` to replace it",
                name.schema,
                name.table
            );
        }
        () if is_taken(catalog, &name) => {
            return exec_err!(
                "table `{}.{}` exists already: use another name for the view",
                name.schema,
                name.table
            );
        }
        () => {}
    }
    let definition = SqlView::try_new(&statement.to_string(), state)?;
    let planned: Arc<dyn TableProvider> = Arc::new(definition.plan(state).await?);
    let schema = RegistrySchema {
        namespace: name.schema.to_string(),
        catalog: Arc::clone(catalog),
    };
    schema.replace_view(&name, planned)?;
    Ok(true)
}

fn resolved(create: &CreateView, state: &SessionState) -> Result<ResolvedTableReference> {
    let options = state.config_options();
    let normalizes = options.sql_parser.enable_ident_normalization;
    let name = object_name_to_table_reference(create.name.clone(), normalizes)?;
    let defaults = &options.catalog;
    Ok(name.resolve(&defaults.default_catalog, &defaults.default_schema))
}

/// Returns whether a table of the session or of the registry has a name.
fn is_taken(catalog: &CatalogParts, name: &ResolvedTableReference) -> bool {
    catalog.is_fixed(&name.schema, &name.table)
        || catalog.names.has_table(&name.schema, &name.table)
}
