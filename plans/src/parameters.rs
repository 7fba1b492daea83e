// SPDX-License-Identifier: Apache-2.0

//! The parameters of a statement: their types, values that are cast to them, and plans with the
//! values.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, FieldRef};
use datafusion::common::metadata::ScalarAndMetadata;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{ParamValues, ScalarValue};
use datafusion::error::Result;
use datafusion::execution::SessionState;
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::optimizer::Optimizer;
use datafusion::optimizer::simplify_expressions::SimplifyExpressions;

use crate::error::Error;

/// The parameters of a statement, in the order of their numbers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parameters(Vec<Option<FieldRef>>);

impl Parameters {
    /// Returns the parameters of a plan that is not optimized. `declared` are the types that a
    /// `PREPARE` states; they can be fewer than the parameters.
    ///
    /// # Errors
    /// Fails if a parameter has a name instead of a number, or if the numbers have a gap.
    pub(crate) fn of(plan: &LogicalPlan, declared: &[FieldRef]) -> Result<Self> {
        let found = plan.get_parameter_fields()?;
        let mut fields: Vec<Option<FieldRef>> = declared.iter().cloned().map(Some).collect();
        let mut numbers = Vec::new();
        for (name, field) in found {
            let number = name
                .strip_prefix('$')
                .and_then(|text| text.parse::<usize>().ok());
            let number = number.filter(|number| (1..=u16::MAX as usize).contains(number));
            let Some(number) = number else {
                return Err(Error::ParameterName { name }.into());
            };
            numbers.push(number);
            if fields.len() < number {
                fields.resize(number, None);
            }
            if fields[number - 1].is_none() {
                fields[number - 1] = field;
            }
        }
        let missing = (declared.len() + 1..=fields.len()).find(|number| !numbers.contains(number));
        if let Some(missing) = missing {
            let name = format!("${missing}");
            return Err(Error::ParameterName { name }.into());
        }
        Ok(Parameters(fields))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns the field of each parameter, or `None` for a parameter whose type the statement does
    /// not determine.
    pub(crate) fn fields(&self) -> &[Option<FieldRef>] {
        &self.0
    }

    /// Returns whether the statement determines the type of each parameter.
    pub(crate) fn have_types(&self) -> bool {
        self.0.iter().all(Option::is_some)
    }

    /// Casts values to the types of their parameters.
    ///
    /// # Errors
    /// Fails if the number of values is wrong, or if a value does not fit its type.
    pub(crate) fn bind(&self, values: Vec<ScalarValue>) -> Result<Vec<ScalarAndMetadata>, Error> {
        if values.len() != self.0.len() {
            return Err(Error::ParameterCount {
                expected: self.0.len(),
                found: values.len(),
            });
        }
        let numbered = values.into_iter().zip(&self.0).enumerate();
        numbered
            .map(|(index, (value, field))| {
                let Some(field) = field else {
                    return Ok(ScalarAndMetadata::new(value, None));
                };
                let bound =
                    cast(&value, field.data_type()).ok_or_else(|| Error::ParameterType {
                        number: index + 1,
                        expected: field.data_type().clone(),
                        value: format!("{} {value}", value.data_type()),
                    })?;
                Ok(ScalarAndMetadata::new(bound, None))
            })
            .collect()
    }
}

/// Casts a value, or returns `None` if the cast fails or changes the value.
fn cast(value: &ScalarValue, ty: &DataType) -> Option<ScalarValue> {
    let found = value.data_type();
    if found == *ty {
        return Some(value.clone());
    }
    let bound = value.cast_to(ty).ok()?;
    // A value that the cast has replaced by null.
    if bound.is_null() != value.is_null() {
        return None;
    }
    let is_text = |ty: &DataType| {
        matches!(
            ty,
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View
        )
    };
    // Several texts are notations of one value.
    if is_text(&found) || is_text(ty) || value.is_null() {
        return Some(bound);
    }
    let returned = bound.cast_to(&found).ok()?;
    (returned == *value).then_some(bound)
}

/// Replaces the parameters of an expression by their values.
pub(crate) fn bind_expr(expr: Expr, values: &[ScalarAndMetadata]) -> Result<Expr> {
    if values.is_empty() {
        return Ok(expr);
    }
    expr.transform_up(|expr| {
        let Expr::Placeholder(placeholder) = &expr else {
            return Ok(Transformed::no(expr));
        };
        let values = ParamValues::List(values.to_vec());
        let value = values.get_placeholders_with_values(&placeholder.id)?;
        let (value, metadata) = value.into_inner();
        Ok(Transformed::yes(Expr::Literal(value, metadata)))
    })
    .data()
}

/// Returns a plan with the values of its parameters.
pub(crate) fn bind(plan: &LogicalPlan, values: &[ScalarAndMetadata]) -> Result<LogicalPlan> {
    if values.is_empty() {
        return Ok(plan.clone());
    }
    plan.clone()
        .replace_params_with_values(&ParamValues::List(values.to_vec()))
}

/// Evaluates the constant parts of a bound plan, if it has any.
pub(crate) fn simplified(
    plan: LogicalPlan,
    is_needed: bool,
    state: &SessionState,
) -> Result<LogicalPlan> {
    if !is_needed {
        return Ok(plan);
    }
    let simplifier = Optimizer::with_rules(vec![Arc::new(SimplifyExpressions::default())]);
    simplifier.optimize(plan, state, |_, _| {})
}
