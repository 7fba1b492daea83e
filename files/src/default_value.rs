// SPDX-License-Identifier: Apache-2.0

//! The columns of a scan in one file: columns under the name that the file has for them, and the
//! values of columns that the file does not have.
//!
//! A file without a column was probably written before the column was added, so the column has its
//! default in every row, if the default is a literal. A default that is a function call has no
//! value that would be valid for old rows.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{Field, Fields, Schema, SchemaRef};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Result, ScalarValue};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::Column as PhysicalColumn;
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
/// their defaults, and the names of columns by their sources if the file has those.
#[derive(Debug)]
pub(crate) struct DefaultValues {
    /// The defaults by the name of the column.
    values: HashMap<String, ScalarValue>,
    /// The names and sources of the columns that have a source.
    sources: Vec<(String, String)>,
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
        let columns = definition.columns().iter();
        let sources = columns.filter_map(|column| {
            let source = column.source.as_ref()?;
            Some((column.name.to_string(), source.to_string()))
        });
        DefaultValues {
            values: values.collect(),
            sources: sources.collect(),
        }
    }
}

impl PhysicalExprAdapterFactory for DefaultValues {
    fn create(
        &self,
        logical_file_schema: SchemaRef,
        physical_file_schema: SchemaRef,
    ) -> Result<Arc<dyn PhysicalExprAdapter>> {
        let is_in_file = |name: &str| physical_file_schema.index_of(name).is_ok();
        let renamed = self.sources.iter();
        let renamed: HashMap<String, String> = renamed
            .filter(|(name, source)| is_in_file(source) && !is_in_file(name))
            .cloned()
            .collect();
        let is_missing = |name: &str| !is_in_file(name) && !renamed.contains_key(name);
        let missing = self.values.iter().filter(|(name, _)| is_missing(name));
        let missing = missing.map(|(name, value)| (name.clone(), value.clone()));
        let missing = missing.collect();
        let named_schema = with_names(&physical_file_schema, &renamed);
        Ok(Arc::new(FileAdapter {
            missing,
            renamed,
            inner: DefaultPhysicalExprAdapterFactory.create(logical_file_schema, named_schema)?,
        }))
    }
}

/// Returns the schema of a file with the names of the columns instead of their sources.
fn with_names(schema: &SchemaRef, sources: &HashMap<String, String>) -> SchemaRef {
    if sources.is_empty() {
        return Arc::clone(schema);
    }
    let fields = schema.fields().iter().map(|field| {
        let mut sources = sources.iter();
        match sources.find(|(_, source)| *source == field.name()) {
            Some((name, _)) => Arc::new(Field::clone(field).with_name(name)),
            None => Arc::clone(field),
        }
    });
    let fields: Fields = fields.collect();
    Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))
}

#[derive(Debug)]
struct FileAdapter {
    missing: HashMap<String, ScalarValue>,
    /// The sources of the columns that the file has under their source, by the name of the column.
    renamed: HashMap<String, String>,
    inner: Arc<dyn PhysicalExprAdapter>,
}

impl PhysicalExprAdapter for FileAdapter {
    fn rewrite(&self, expr: Arc<dyn PhysicalExpr>) -> Result<Arc<dyn PhysicalExpr>> {
        let expr = replace_columns_with_literals(expr, &self.missing)?;
        let expr = self.inner.rewrite(expr)?;
        // The reader finds the columns of the file by name.
        let expr = expr.transform(|expr| {
            let Some(column) = expr.downcast_ref::<PhysicalColumn>() else {
                return Ok(Transformed::no(expr));
            };
            Ok(match self.renamed.get(column.name()) {
                Some(source) => {
                    Transformed::yes(Arc::new(PhysicalColumn::new(source, column.index())) as _)
                }
                None => Transformed::no(expr),
            })
        })?;
        Ok(expr.data)
    }
}
