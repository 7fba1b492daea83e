// SPDX-License-Identifier: Apache-2.0

//! The columns of a query, for `CREATE TABLE .. AS SELECT`.

use datafusion::common::DFSchema;
use kalamtable_model::ColumnType;

use super::apply::InferredColumn;
use super::problem::DdlProblem;

/// Returns the columns of a query.
///
/// # Errors
/// Fails if a column has a type that tables do not have.
pub(super) fn columns_of(schema: &DFSchema) -> Result<Vec<InferredColumn>, Vec<DdlProblem>> {
    let mut columns = Vec::new();
    let mut problems = Vec::new();
    for field in schema.fields() {
        match ColumnType::from_field(field) {
            Some(ty) => columns.push(InferredColumn {
                name: field.name().clone(),
                ty,
                nullable: field.is_nullable(),
            }),
            None => problems.push(
                DdlProblem::new(format!(
                    "column `{}` of the query has type {}, which tables do not have",
                    field.name(),
                    field.data_type()
                ))
                .with_help("cast it to another type, such as `TEXT`"),
            ),
        }
    }
    if problems.is_empty() {
        Ok(columns)
    } else {
        Err(problems)
    }
}
