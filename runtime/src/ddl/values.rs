// SPDX-License-Identifier: Apache-2.0

//! [`default_of`]: the defaults of columns from SQL expressions.

use datafusion::sql::sqlparser::ast::{Expr, FunctionArguments, TypedString, UnaryOperator, Value};
use kalamtable_model::{DefaultFunction, RawValue};

use super::problem::DdlProblem;
use super::types::column_type;
use super::written_default::WrittenDefault;

/// Returns the default that an expression denotes, or `None` for `NULL`, which is no default.
pub(super) fn default_of(expr: &Expr) -> Result<Option<WrittenDefault>, DdlProblem> {
    let text = expr.to_string();
    let value = match expr {
        Expr::Nested(inner) => return default_of(inner),
        Expr::Value(value) => match literal(&value.value) {
            Some(WrittenLiteral::Null) => return Ok(None),
            Some(WrittenLiteral::Value(value)) => value,
            None => return Err(not_a_default(&text)),
        },
        Expr::UnaryOp { op, expr } => match (op, &**expr) {
            (UnaryOperator::Minus, Expr::Value(value)) => match literal(&value.value) {
                Some(WrittenLiteral::Value(RawValue::Integer(value))) => RawValue::Integer(-value),
                Some(WrittenLiteral::Value(RawValue::Float(value))) => RawValue::Float(-value),
                _ => return Err(not_a_default(&text)),
            },
            _ => return Err(not_a_default(&text)),
        },
        Expr::TypedString(TypedString {
            data_type, value, ..
        }) => match &value.value {
            Value::SingleQuotedString(text) => RawValue::Typed {
                ty: column_type(data_type)?,
                text: text.clone(),
            },
            _ => return Err(not_a_default(&text)),
        },
        Expr::Function(call) => {
            let name = call.name.to_string().to_ascii_lowercase();
            let has_arguments = match &call.args {
                FunctionArguments::None => false,
                FunctionArguments::List(list) => !list.args.is_empty(),
                FunctionArguments::Subquery(_) => true,
            };
            match &*name {
                _ if has_arguments => return Err(not_a_default(&text)),
                "now" | "current_timestamp" => RawValue::Call(DefaultFunction::Now),
                "current_date" => RawValue::Call(DefaultFunction::CurrentDate),
                "current_time" => RawValue::Call(DefaultFunction::CurrentTime),
                _ => return Err(not_a_default(&text)),
            }
        }
        _ => return Err(not_a_default(&text)),
    };
    Ok(Some(WrittenDefault { value, text }))
}

enum WrittenLiteral {
    Null,
    Value(RawValue),
}

fn literal(value: &Value) -> Option<WrittenLiteral> {
    Some(match value {
        Value::Null => WrittenLiteral::Null,
        Value::Boolean(value) => WrittenLiteral::Value(RawValue::Boolean(*value)),
        Value::SingleQuotedString(text) => WrittenLiteral::Value(RawValue::Text(text.clone())),
        Value::Number(digits, _) => match digits.parse::<i128>() {
            Ok(number) => WrittenLiteral::Value(RawValue::Integer(number)),
            Err(_) => WrittenLiteral::Value(RawValue::Float(digits.parse().ok()?)),
        },
        _ => return None,
    })
}

fn not_a_default(text: &str) -> DdlProblem {
    DdlProblem::new(format!("`{text}` is not a default"))
        .with_help("write a literal, `now()`, `CURRENT_DATE` or `CURRENT_TIME`")
}
