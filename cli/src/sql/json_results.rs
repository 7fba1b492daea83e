// SPDX-License-Identifier: Apache-2.0

//! [`with_json_text`]: JSON values in the result of a query as text.
//!
//! The operator `->` returns a union of the types that a JSON value can have, so that further
//! operators need not parse text. The output formats and Parquet have no such type.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::common::metadata::FieldMetadata;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{DdlStatement, Expr, LogicalPlan, LogicalPlanBuilder};
use datafusion_functions_json::JSON_UNION_DATA_TYPE;
use datafusion_functions_json::functions::json_union_to_text;

use crate::sql::extension_types::with_extension_types;

/// Returns `plan` with the columns of its result, or of the rows that it copies to a file, as JSON
/// text if they are JSON values of the operator `->`, and with the extension types of JSON and uuid
/// columns. The JSON value `null` becomes null.
///
/// # Errors
/// Fails if a projection of all columns is invalid.
pub(crate) fn with_json_text(plan: LogicalPlan) -> Result<LogicalPlan, DataFusionError> {
    if let LogicalPlan::Copy(mut copy) = plan {
        let input = Arc::unwrap_or_clone(copy.input);
        copy.input = Arc::new(with_json_text(input)?);
        return Ok(LogicalPlan::Copy(copy));
    }
    if let LogicalPlan::Ddl(DdlStatement::CreateMemoryTable(mut create)) = plan {
        let input = Arc::unwrap_or_clone(create.input);
        create.input = Arc::new(with_extension_types(input)?);
        return Ok(LogicalPlan::Ddl(DdlStatement::CreateMemoryTable(create)));
    }
    let fields = plan.schema().fields().iter();
    let mut types = fields.map(|field| field.data_type());
    if types.all(|ty| *ty != *JSON_UNION_DATA_TYPE) {
        return with_extension_types(plan);
    }
    let extension = [
        ("ARROW:extension:name", "arrow.json"),
        ("ARROW:extension:metadata", ""),
    ];
    let extension: BTreeMap<String, String> = extension
        .map(|(key, value)| (key.to_string(), value.to_string()))
        .into();
    let columns: Vec<Expr> = plan
        .schema()
        .iter()
        .map(|(qualifier, field)| {
            let column = Expr::from((qualifier, field));
            if *field.data_type() != *JSON_UNION_DATA_TYPE {
                return column;
            }
            let metadata = FieldMetadata::new(extension.clone());
            json_union_to_text(column).alias_with_metadata(field.name(), Some(metadata))
        })
        .collect();
    with_extension_types(LogicalPlanBuilder::from(plan).project(columns)?.build()?)
}
