// SPDX-License-Identifier: Apache-2.0

//! [`register`]: a table into a session, under its own name.

use std::sync::Arc;

use datafusion::catalog::{MemorySchemaProvider, TableProvider};
use datafusion::common::{TableReference, exec_err};
use datafusion::error::Result;
use datafusion::prelude::SessionContext;
use kalamtable_model::TableName;

use crate::change_rule::enable_dml;
use crate::provider::RowProvider;

/// Registers a table under its own name, `namespace.table`: in the default catalog of `ctx`, in a
/// schema named like the namespace, which is made if it is not there. Lets `UPDATE` and `DELETE` run
/// in the session, as [`enable_dml`] does.
///
/// ```
/// use datafusion::prelude::SessionContext;
/// # use kalamtable_rows::doc_example::Event;
/// use kalamtable_provider::{FixedRows, RowProvider, register};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> datafusion::error::Result<()> {
/// let ctx = SessionContext::new();
/// register(&ctx, RowProvider::new(FixedRows::<Event>::new(vec![])))?;
/// assert_eq!(ctx.sql("SELECT * FROM app.events").await?.count().await?, 0);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// If a table of that name is there already, or if the catalog refuses a new schema.
pub fn register(ctx: &SessionContext, provider: RowProvider) -> Result<()> {
    let name = provider.definition().name().clone();
    register_as(ctx, &name, Arc::new(provider))
}

/// Registers any provider under `name`, as [`register`] does.
///
/// # Errors
/// If a table of that name is there already, or if the catalog refuses a new schema.
pub fn register_as(
    ctx: &SessionContext,
    name: &TableName,
    provider: Arc<dyn TableProvider>,
) -> Result<()> {
    let default_catalog = ctx
        .copied_config()
        .options()
        .catalog
        .default_catalog
        .clone();
    let Some(catalog) = ctx.catalog(&default_catalog) else {
        return exec_err!("there is no catalog `{default_catalog}` to register `{name}` in");
    };
    if catalog.schema(&name.namespace).is_none() {
        catalog.register_schema(&name.namespace, Arc::new(MemorySchemaProvider::new()))?;
    }
    let reference = TableReference::partial(&*name.namespace, &*name.table);
    if ctx.table_exist(reference.clone())? {
        return exec_err!("there is a table `{name}` already");
    }
    ctx.register_table(reference, provider)?;
    enable_dml(ctx);
    Ok(())
}
