// SPDX-License-Identifier: Apache-2.0

//! [`RegisteredView`]: a view in the catalog of a session, which is planned at each use.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{ResolvedTableReference, exec_err, internal_err};
use datafusion::datasource::{TableType, ViewTable};
use datafusion::error::Result;
use datafusion::execution::SessionState;
use datafusion::logical_expr::Expr;
use datafusion::physical_plan::ExecutionPlan;
use futures::FutureExt;
use kalamtable_plans::SqlView;

use super::dynamic_scans::dynamic_table_of;
use super::parts::CatalogParts;

/// A view in the catalog of a session.
#[derive(Debug)]
pub(super) struct RegisteredView {
    pub(super) view: Arc<SqlView>,
    /// The columns of the view when it was created.
    schema: SchemaRef,
}

impl RegisteredView {
    /// Returns the view that is registered for `table`: a view that is planned at each use, for
    /// the view of a `CREATE VIEW` statement. Returns `None` for a table, and for a plan without
    /// dynamic tables, which are registered unchanged.
    ///
    /// # Errors
    /// Fails if a plan with dynamic tables has no text, or if the view would read itself.
    pub(super) fn of(
        name: &ResolvedTableReference,
        table: &Arc<dyn TableProvider>,
        catalog: &CatalogParts,
    ) -> Result<Option<Self>> {
        let (schema, view) = (&name.schema, &name.table);
        let created = table.downcast_ref::<ViewTable>();
        let Some(definition) = created.and_then(ViewTable::definition) else {
            let plan = table.get_logical_plan();
            let dynamic = plan.map(|plan| dynamic_table_of(&plan)).transpose()?;
            return match dynamic.flatten() {
                None => Ok(None),
                Some(table) => exec_err!(
                    "view `{schema}.{view}` has a plan and no text, so that it cannot follow changes \
                     of table `{table}`: create it with `CREATE VIEW`"
                ),
            };
        };
        let state = catalog.state()?;
        let parsed = SqlView::try_new(definition, &state)?;
        if reads(&parsed, name, catalog, &state)? {
            return exec_err!("view `{schema}.{view}` would read itself");
        }
        Ok(Some(RegisteredView {
            view: Arc::new(parsed),
            schema: table.schema(),
        }))
    }
}

/// Returns whether a view reads the table or view with a name, directly or through other views.
fn reads(
    view: &SqlView,
    name: &ResolvedTableReference,
    catalog: &CatalogParts,
    state: &SessionState,
) -> Result<bool> {
    let mut unread = view.references(state)?;
    let mut known = HashSet::new();
    while let Some(reference) = unread.pop() {
        if reference == *name {
            return Ok(true);
        }
        if let Some(view) = view_of(catalog, &reference)
            && known.insert(reference)
        {
            unread.extend(view.references(state)?);
        }
    }
    Ok(false)
}

/// Returns the view with a name, or `None` if the name refers to something else.
pub(super) fn view_of(
    catalog: &CatalogParts,
    name: &ResolvedTableReference,
) -> Option<Arc<SqlView>> {
    if *name.catalog != *catalog.name {
        return None;
    }
    let schema = catalog.fixed.schema(&name.schema)?;
    let table = schema.table(&name.table).now_or_never()?.ok()??;
    let view = table.downcast_ref::<RegisteredView>()?;
    Some(Arc::clone(&view.view))
}

/// Returns whether a view has a name: one that is planned at each use, or one without tables.
pub(super) fn has_view(catalog: &CatalogParts, name: &ResolvedTableReference) -> bool {
    let schema = catalog.fixed.schema(&name.schema);
    let table = schema.and_then(|schema| schema.table(&name.table).now_or_never());
    let table = table.and_then(|table| table.ok()?);
    table.is_some_and(|table| table.table_type() == TableType::View)
}

#[async_trait]
impl TableProvider for RegisteredView {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::View
    }

    fn get_table_definition(&self) -> Option<&str> {
        Some(self.view.definition())
    }

    async fn scan(
        &self,
        _state: &dyn Session,
        _projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        // The catalog returns the plan of the view in place of this provider.
        internal_err!("a view was scanned before it was planned")
    }
}
