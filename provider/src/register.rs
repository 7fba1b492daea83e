// SPDX-License-Identifier: Apache-2.0

//! [`register`]: registers a table in a session under the name of its definition.

use std::sync::Arc;

use datafusion::catalog::{MemorySchemaProvider, TableProvider};
use datafusion::common::{TableReference, exec_err};
use datafusion::error::Result;
use datafusion::prelude::SessionContext;
use kalamtable_model::TableName;

use crate::change_rule::enable_dml;
use crate::provider::RowProvider;

/// Registers a table under the name of its definition, `namespace.table`, in the default catalog of
/// `ctx`. Creates a schema with the name of the namespace if it does not exist, and calls
/// [`enable_dml`], which `UPDATE` and `DELETE` require.
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
/// Fails if a table of that name exists already, or if the catalog does not allow new schemas.
pub fn register(ctx: &SessionContext, provider: RowProvider) -> Result<()> {
    let name = provider.definition().name().clone();
    register_as(ctx, &name, Arc::new(provider))
}

/// Registers any provider under `name`, as [`register`] does.
///
/// # Errors
/// Fails if a table of that name exists already, if the default catalog does not exist, or if the
/// catalog does not allow new schemas.
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
        return exec_err!(
            "catalog `{default_catalog}` does not exist: table `{name}` cannot be registered"
        );
    };
    if catalog.schema(&name.namespace).is_none() {
        catalog.register_schema(&name.namespace, Arc::new(MemorySchemaProvider::new()))?;
    }
    let reference = TableReference::partial(&*name.namespace, &*name.table);
    if ctx.table_exist(reference.clone())? {
        return exec_err!("table `{name}` exists already");
    }
    ctx.register_table(reference, provider)?;
    enable_dml(ctx);
    Ok(())
}
