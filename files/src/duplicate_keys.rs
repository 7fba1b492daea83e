// SPDX-License-Identifier: Apache-2.0

//! [`register_duplicate_keys`]: a view of the primary keys that several rows of a table have.
//!
//! The rows of data files are not compared when a folder is registered, because that requires all
//! of them. Queries therefore never rely on a key of a table over files.

use std::fmt::Write;
use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::catalog::TableProvider;
use datafusion::common::{Result, TableReference};
use datafusion::datasource::empty::EmptyTable;
use datafusion::datasource::{ViewTable, provider_as_source};
use datafusion::error::DataFusionError;
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::logical_expr::{
    ColumnarValue, Expr, LogicalPlan, LogicalPlanBuilder, ScalarFunctionArgs, ScalarUDF,
    ScalarUDFImpl, Signature, Volatility, col, lit,
};
use datafusion::prelude::SessionContext;
use kalamtable_model::{Column, ColumnType, PrimaryKey};

use crate::registered_table::{RegisteredTable, schema_or_create};

/// Registers the view `kalamtable.duplicate_keys` in the default catalog of `context`.
///
/// The view has a row for each primary key that occurs more than once in the files of one of
/// `tables`:
///
/// | column | type | content |
/// |---|---|---|
/// | `table_schema` | text | the namespace of the table |
/// | `table_name` | text | the name of the table |
/// | `key` | text | the columns of the key and their values, as in `id = 1, day = 2024-02-29` |
/// | `rows` | bigint | the number of rows with the key |
///
/// A query over the view reads the key columns of all tables, or of those that a condition on
/// `table_schema` and `table_name` selects.
///
/// # Errors
/// Fails if the default catalog of `context` does not exist or already has the view.
pub fn register_duplicate_keys(
    context: &SessionContext,
    tables: &[RegisteredTable],
) -> Result<(), DataFusionError> {
    let mut plans = Vec::new();
    for table in tables.iter().filter(|table| table.files.is_some()) {
        plans.extend(duplicates_of(table)?);
    }
    let union = plans
        .into_iter()
        .try_fold(None, |union, plan| match union {
            None => Ok::<_, DataFusionError>(Some(plan)),
            Some(union) => {
                let union = LogicalPlanBuilder::from(union).union(plan)?;
                Ok(Some(union.build()?))
            }
        })?;
    let view: Arc<dyn TableProvider> = match union {
        Some(union) => Arc::new(ViewTable::new(union, None)),
        None => Arc::new(EmptyTable::new(Arc::new(Schema::new(vec![
            Field::new("table_schema", DataType::Utf8, false),
            Field::new("table_name", DataType::Utf8, false),
            Field::new("key", DataType::Utf8, false),
            Field::new("rows", DataType::Int64, false),
        ])))),
    };
    let schema = schema_or_create(context, "kalamtable")?;
    schema.register_table("duplicate_keys".to_string(), view)?;
    Ok(())
}

/// Returns a plan of the duplicate keys of a table, or `None` if the table has no primary key.
fn duplicates_of(table: &RegisteredTable) -> Result<Option<LogicalPlan>> {
    let definition = &table.definition;
    let PrimaryKey::Columns(key) = definition.primary_key() else {
        return Ok(None);
    };
    let columns = definition.columns();
    let key: Vec<&Column> = key.iter().map(|&position| &columns[position]).collect();
    let name = definition.name();
    let reference = TableReference::partial(&*name.namespace, &*name.table);
    let source = provider_as_source(Arc::clone(&table.provider));
    let key_columns: Vec<Expr> = key
        .iter()
        .map(|column| {
            col(datafusion::common::Column::new(
                Some(reference.clone()),
                &*column.name,
            ))
        })
        .collect();
    let text = ScalarUDF::from(KeyText::new(&key));
    let plan = LogicalPlanBuilder::scan(reference.clone(), source, None)?
        .aggregate(key_columns.clone(), [count(lit(1)).alias("rows")])?
        .filter(col("rows").gt(lit(1_i64)))?
        .project([
            lit(&*name.namespace).alias("table_schema"),
            lit(&*name.table).alias("table_name"),
            text.call(key_columns).alias("key"),
            col("rows"),
        ])?
        .build()?;
    Ok(Some(plan))
}

/// A function from the columns of a key to its text.
#[derive(Debug, PartialEq, Eq, Hash)]
struct KeyText {
    /// The name of each column, and whether it is a `uuid`.
    columns: Vec<(String, bool)>,
    signature: Signature,
}

impl KeyText {
    fn new(key: &[&Column]) -> Self {
        let columns = key.iter().map(|column| {
            let is_uuid = matches!(column.ty, ColumnType::Uuid);
            (column.name.to_string(), is_uuid)
        });
        KeyText {
            columns: columns.collect(),
            signature: Signature::variadic_any(Volatility::Immutable),
        }
    }

    fn text(&self, values: &[ArrayFormatter<'_>], row: usize) -> Result<String> {
        let mut text = String::new();
        for ((name, is_uuid), values) in self.columns.iter().zip(values) {
            let separator = if text.is_empty() { "" } else { ", " };
            let mut value = values.value(row).try_to_string()?;
            if *is_uuid {
                for at in [20, 16, 12, 8] {
                    value.insert(at, '-');
                }
            }
            write!(text, "{separator}{name} = {value}")?;
        }
        Ok(text)
    }
}

impl ScalarUDFImpl for KeyText {
    fn name(&self) -> &str {
        "kalamtable_key_text"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays: Vec<ArrayRef> = ColumnarValue::values_to_arrays(&args.args)?;
        let options = FormatOptions::default();
        let values = arrays
            .iter()
            .map(|array| ArrayFormatter::try_new(array, &options));
        let values = values.collect::<Result<Vec<_>, _>>()?;
        let rows = arrays.first().map_or(0, |array| array.len());
        let texts = (0..rows).map(|row| self.text(&values, row).map(Some));
        let texts: StringArray = texts.collect::<Result<_>>()?;
        Ok(ColumnarValue::Array(Arc::new(texts)))
    }
}
