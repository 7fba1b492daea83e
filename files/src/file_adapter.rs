// SPDX-License-Identifier: Apache-2.0

//! The columns of a scan in one file: columns under the name and with the type that the file has
//! for them, and the values of columns that the file does not have.
//!
//! A file without a column was probably written before the column was added, so the column has its
//! default in every row, if the default is a literal. A default that is a function call has no
//! value that would be valid for old rows.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{Field, FieldRef, Schema, SchemaRef};
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, ScalarValue, internal_datafusion_err, internal_err};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::Column as PhysicalColumn;
use datafusion::physical_expr_adapter::{
    DefaultPhysicalExprAdapterFactory, PhysicalExprAdapter, PhysicalExprAdapterFactory,
    replace_columns_with_literals,
};
use kalamtable_model::TableDefinition;

use crate::default_value::default_text;
use crate::earlier_type::{ConvertedColumn, EarlierType};
use crate::file_columns::FileColumn;
use crate::text;

/// Rewrites the expressions of a scan for each file of a table.
#[derive(Debug)]
pub(crate) struct FileAdapters {
    /// The defaults by the name of the column.
    defaults: HashMap<String, ScalarValue>,
    /// For each file, its columns by the name of the column in the table.
    files: Vec<HashMap<String, FileColumn>>,
}

/// The key of the schema metadata with the number of a file. An adapter is created for a schema,
/// and files with the same schema can have their columns from different versions.
const FILE_NUMBER_KEY: &str = "kalamtable.file";

/// Returns the schema of the file with the given number, which [`FileAdapters`] recognizes.
pub(crate) fn with_file_number(schema: &Schema, number: usize) -> SchemaRef {
    let metadata = HashMap::from([(FILE_NUMBER_KEY.to_string(), number.to_string())]);
    Arc::new(Schema::new_with_metadata(schema.fields().clone(), metadata))
}

impl FileAdapters {
    /// Creates the adapters of files, given the columns of each file in the order of `definition`.
    pub(crate) fn new<'a>(
        definition: &TableDefinition,
        files: impl Iterator<Item = &'a [Option<FileColumn>]>,
    ) -> Self {
        let columns = definition.columns().iter();
        let defaults = columns.filter_map(|column| {
            let text = default_text(column)?;
            // The check of the definition has parsed the default.
            let array = text::build(&column.ty, &[Some(&text)]).ok()?;
            let value = ScalarValue::try_from_array(&array, 0).ok()?;
            Some((column.name.to_string(), value))
        });
        let files = files.map(|columns| {
            let columns = definition.columns().iter().zip(columns);
            let columns = columns.filter_map(|(column, found)| {
                let found = found.as_ref()?;
                Some((column.name.to_string(), found.clone()))
            });
            columns.collect()
        });
        FileAdapters {
            defaults: defaults.collect(),
            files: files.collect(),
        }
    }
}

impl PhysicalExprAdapterFactory for FileAdapters {
    fn create(
        &self,
        logical_file_schema: SchemaRef,
        physical_file_schema: SchemaRef,
    ) -> Result<Arc<dyn PhysicalExprAdapter>> {
        let number = physical_file_schema.metadata().get(FILE_NUMBER_KEY);
        let columns = number
            .and_then(|number| self.files.get(number.parse::<usize>().ok()?))
            .ok_or_else(|| internal_datafusion_err!("the schema is not the one of a file"))?;
        let missing = self.defaults.iter();
        let missing = missing.filter(|(name, _)| !columns.contains_key(*name));
        // DataFusion's adapter looks up columns by name, and casts columns of another type. A
        // converted column is given its type in the table, so that it is not cast.
        let mut fields: Vec<FieldRef> = Vec::with_capacity(physical_file_schema.fields().len());
        for (position, field) in physical_file_schema.fields().iter().enumerate() {
            // No column has this name.
            let unused = format!("#{position}");
            fields.push(Arc::new(Field::clone(field).with_name(unused)));
        }
        let mut converted = HashMap::new();
        for (name, column) in columns {
            let field = logical_file_schema.field_with_name(name)?;
            let Some(found) = fields.get_mut(column.position) else {
                return internal_err!("the file has no column at position {}", column.position);
            };
            *found = match &column.earlier {
                Some(earlier) => {
                    let field = Arc::new(field.clone());
                    converted.insert(column.position, (Arc::clone(earlier), Arc::clone(&field)));
                    field
                }
                None => Arc::new(Field::clone(found).with_name(name)),
            };
        }
        let named_schema = Arc::new(Schema::new(fields));
        Ok(Arc::new(FileAdapter {
            missing: missing
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
            converted,
            inner: DefaultPhysicalExprAdapterFactory.create(logical_file_schema, named_schema)?,
            physical_file_schema,
        }))
    }
}

#[derive(Debug)]
struct FileAdapter {
    /// The defaults of the columns that the file does not have.
    missing: HashMap<String, ScalarValue>,
    /// The conversions by the position of the column in the file, and the fields of the table.
    converted: HashMap<usize, (Arc<EarlierType>, FieldRef)>,
    inner: Arc<dyn PhysicalExprAdapter>,
    physical_file_schema: SchemaRef,
}

impl PhysicalExprAdapter for FileAdapter {
    fn rewrite(&self, expr: Arc<dyn PhysicalExpr>) -> Result<Arc<dyn PhysicalExpr>> {
        let expr = replace_columns_with_literals(expr, &self.missing)?;
        let expr = self.inner.rewrite(expr)?;
        // The reader finds the columns of the file by name. The columns are replaced from the root
        // down, and the column inside of a conversion is not visited again.
        let expr = expr.transform_down(|expr| {
            let Some(column) = expr.downcast_ref::<PhysicalColumn>() else {
                return Ok(Transformed::no(expr));
            };
            let index = column.index();
            let name = self.physical_file_schema.field(index).name();
            let stored: Arc<dyn PhysicalExpr> = Arc::new(PhysicalColumn::new(name, index));
            Ok(match self.converted.get(&index) {
                Some((earlier, field)) => {
                    let (earlier, field) = (Arc::clone(earlier), Arc::clone(field));
                    let converted = ConvertedColumn::new(stored, earlier, field);
                    Transformed::new(Arc::new(converted) as _, true, TreeNodeRecursion::Jump)
                }
                None if name == column.name() => Transformed::no(expr),
                None => Transformed::yes(stored),
            })
        })?;
        Ok(expr.data)
    }
}
