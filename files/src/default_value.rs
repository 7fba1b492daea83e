// SPDX-License-Identifier: Apache-2.0

//! The values of columns that a file does not have.
//!
//! Such a file was probably written before the column was added, so the column has its default in
//! every row, if the default is a literal. A default that is a function call has no value that
//! would be valid for old rows.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::common::{Result, ScalarValue};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr_adapter::{
    DefaultPhysicalExprAdapterFactory, PhysicalExprAdapter, PhysicalExprAdapterFactory,
    replace_columns_with_literals,
};
use kalamtable_model::{Column, ColumnDefault, Literal, TableDefinition};

use crate::text;

/// Returns the default of a column as text, if it is a literal.
pub(crate) fn default_text(column: &Column) -> Option<String> {
    match column.default.as_ref()? {
        ColumnDefault::Literal(Literal::Text(text)) => Some(text.to_string()),
        default @ ColumnDefault::Literal(_) => {
            let text = default.to_toml(&column.ty);
            Some(text.trim_matches('"').to_string())
        }
        ColumnDefault::Call(_) => None,
    }
}

/// Rewrites the expressions of a scan for one file: replaces columns that the file does not have by
/// their defaults.
#[derive(Debug)]
pub(crate) struct DefaultValues {
    /// The defaults by the name of the column.
    values: HashMap<String, ScalarValue>,
}

impl DefaultValues {
    pub(crate) fn new(definition: &TableDefinition) -> Self {
        let columns = definition.columns().iter();
        let values = columns.filter_map(|column| {
            let text = default_text(column)?;
            // The check of the definition has parsed the default.
            let array = text::build(&column.ty, &[Some(&text)]).ok()?;
            let value = ScalarValue::try_from_array(&array, 0).ok()?;
            Some((column.name.to_string(), value))
        });
        DefaultValues {
            values: values.collect(),
        }
    }
}

impl PhysicalExprAdapterFactory for DefaultValues {
    fn create(
        &self,
        logical_file_schema: SchemaRef,
        physical_file_schema: SchemaRef,
    ) -> Result<Arc<dyn PhysicalExprAdapter>> {
        let is_missing = |name: &str| physical_file_schema.index_of(name).is_err();
        let missing = self.values.iter().filter(|(name, _)| is_missing(name));
        let missing = missing.map(|(name, value)| (name.clone(), value.clone()));
        Ok(Arc::new(FileAdapter {
            missing: missing.collect(),
            inner: DefaultPhysicalExprAdapterFactory
                .create(logical_file_schema, Arc::clone(&physical_file_schema))?,
        }))
    }
}

#[derive(Debug)]
struct FileAdapter {
    missing: HashMap<String, ScalarValue>,
    inner: Arc<dyn PhysicalExprAdapter>,
}

impl PhysicalExprAdapter for FileAdapter {
    fn rewrite(&self, expr: Arc<dyn PhysicalExpr>) -> Result<Arc<dyn PhysicalExpr>> {
        let expr = replace_columns_with_literals(expr, &self.missing)?;
        self.inner.rewrite(expr)
    }
}
