// SPDX-License-Identifier: Apache-2.0

//! [`ExactCast`]: replaces the casts that DataFusion adds to the values of an `INSERT` or `UPDATE`.
//!
//! DataFusion casts each value to the type of its column when it plans the statement, and such a
//! cast rounds. An explicit `CAST` to the type of the column, at the top of a value in `VALUES` or
//! of an assignment, has the same form, and is checked like the others.

use std::hash::{Hash, Hasher};

use arrow::array::{ArrayRef, new_empty_array};
use arrow::datatypes::DataType;
use datafusion::common::{ScalarValue, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::expr::Cast;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use kalamtable_model::TableDefinition;
use kalamtable_rows::{RowError, ValueError, cast_exact};

use crate::error::Error;

const NAME: &str = "kalamtable_exact_cast";

/// The function of one value: it casts the value to the type of a column, or fails if that would
/// change the value.
#[derive(Debug)]
pub(crate) struct ExactCast {
    definition: TableDefinition,
    position: usize,
    /// The number of the row in the statement. Without it, errors contain the row in the batch.
    row: Option<usize>,
    ty: DataType,
    signature: Signature,
}

impl ExactCast {
    /// Creates the function for the column at `position` of a table. `ty` is the type of the column
    /// in queries.
    pub(crate) fn new(
        definition: &TableDefinition,
        position: usize,
        ty: DataType,
        row: Option<usize>,
    ) -> Self {
        ExactCast {
            ty,
            definition: definition.clone(),
            position,
            row,
            // The optimizer evaluates other functions of constants, and would report a value of a
            // statement that changes no row.
            signature: Signature::any(1, Volatility::Volatile),
        }
    }

    /// Returns a call with `value`. If the value is a constant, the result is a constant.
    ///
    /// # Errors
    /// Fails if the value is a constant that the column cannot hold.
    pub(crate) fn call(self, value: Expr) -> Result<Expr> {
        match value {
            Expr::Literal(value, metadata) if self.row.is_some() => {
                let cast = self.cast(&value.to_array()?)?;
                Ok(Expr::Literal(
                    ScalarValue::try_from_array(&cast, 0)?,
                    metadata,
                ))
            }
            value => Ok(ScalarUDF::from(self).call(vec![value])),
        }
    }

    fn cast(&self, array: &ArrayRef) -> Result<ArrayRef> {
        let row = |row| self.row.unwrap_or(row);
        let cast = cast_column(&self.definition, self.position, array, row)?;
        // Here, the type has to be exactly the declared one.
        if *cast.data_type() == self.ty {
            return Ok(cast);
        }
        Ok(arrow::compute::cast(&cast, &self.ty)?)
    }
}

/// Casts `array` to the type of the column at `position`, or fails if that would change a value.
/// `row` returns the number of a row for the error.
pub(crate) fn cast_column(
    definition: &TableDefinition,
    position: usize,
    array: &ArrayRef,
    row: impl FnOnce(usize) -> usize,
) -> Result<ArrayRef> {
    let column = &definition.columns()[position];
    cast_exact(array, column).map_err(|source: ValueError| {
        let error = RowError::Value {
            table: definition.name().clone(),
            column: column.name.to_string(),
            source,
        };
        Error::from(error.map_row(row)).into()
    })
}

/// Checks that values of type `found` can be cast to the type of the column at `position`.
pub(crate) fn check_cast(
    definition: &TableDefinition,
    position: usize,
    found: &DataType,
) -> Result<()> {
    match cast_exact(&new_empty_array(found), &definition.columns()[position]) {
        Ok(_) => Ok(()),
        Err(error) => {
            let column = &definition.columns()[position].name;
            plan_err!("table `{}`, column `{column}`{error}", definition.name())
        }
    }
}

/// Returns the argument of a call of [`ExactCast`], or `None` for any other expression.
pub(crate) fn argument(expr: &Expr) -> Option<&Expr> {
    match expr {
        Expr::ScalarFunction(call) if call.func.name() == NAME => call.args.first(),
        _ => None,
    }
}

/// Returns the value of a cast to type `ty` that has to be exact, or `None` for another expression.
/// The time of the clock is rounded to the unit of the column.
pub(crate) fn uncast(expr: &Expr, ty: &DataType) -> Option<Expr> {
    match expr {
        Expr::Cast(Cast { expr, field }) if field.data_type() == ty && !is_clock(expr) => {
            Some((**expr).clone())
        }
        _ => None,
    }
}

/// Returns whether `expr` is the current time.
fn is_clock(expr: &Expr) -> bool {
    match expr {
        Expr::Cast(cast) => is_clock(&cast.expr),
        Expr::ScalarFunction(call) => {
            matches!(
                call.func.name(),
                "now" | "current_time" | "current_timestamp"
            )
        }
        _ => false,
    }
}

impl PartialEq for ExactCast {
    fn eq(&self, other: &Self) -> bool {
        self.definition.name() == other.definition.name()
            && self.position == other.position
            && self.row == other.row
            && self.ty == other.ty
    }
}

impl Eq for ExactCast {}

impl Hash for ExactCast {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.position, self.row, &self.ty).hash(state);
    }
}

impl ScalarUDFImpl for ExactCast {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(self.ty.clone())
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [value] = &arguments.args[..] else {
            return plan_err!("`{NAME}` has one argument");
        };
        Ok(match value {
            ColumnarValue::Array(array) => ColumnarValue::Array(self.cast(array)?),
            ColumnarValue::Scalar(value) => {
                let cast = self.cast(&value.to_array()?)?;
                ColumnarValue::Scalar(ScalarValue::try_from_array(&cast, 0)?)
            }
        })
    }
}
