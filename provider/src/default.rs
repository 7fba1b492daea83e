// SPDX-License-Identifier: Apache-2.0

//! Converts the column defaults of a definition to DataFusion expressions.

use arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::ScalarValue;
use datafusion::config::ConfigOptions;
use datafusion::functions::datetime;
use datafusion::logical_expr::{Expr, cast, lit};
use kalamtable_model::{Column, ColumnDefault, DefaultFunction, Literal};

/// Returns the default of `column` as an expression of exactly its Arrow type, or `None` if the
/// column has no default.
pub(crate) fn default_expr(column: &Column) -> Option<Expr> {
    let ty = column.ty.query_type();
    match column.default.as_ref()? {
        ColumnDefault::Literal(literal) => literal_value(literal, &ty).map(lit),
        ColumnDefault::Call(function) => {
            // A row field with a coarser unit than its column rejects the digits below its unit.
            let call = match row_type(column, &ty) {
                Some(row_type) => cast(call(*function), row_type),
                None => call(*function),
            };
            Some(cast(call, ty))
        }
    }
}

/// Returns the type of `column` in the unit of its row field, or `None` if both have the same unit.
fn row_type(column: &Column, ty: &DataType) -> Option<DataType> {
    let unit = TimeUnit::from(column.unit?);
    match ty {
        DataType::Timestamp(_, zone) => Some(DataType::Timestamp(unit, zone.clone())),
        DataType::Time64(_) if unit < TimeUnit::Microsecond => Some(DataType::Time32(unit)),
        DataType::Time64(_) => Some(DataType::Time64(unit)),
        _ => None,
    }
}

/// Returns a function call that DataFusion evaluates once per statement.
fn call(function: DefaultFunction) -> Expr {
    match function {
        DefaultFunction::Now => {
            // Without a time zone, a cast to a column with another zone would read the timestamp as
            // local time in that zone.
            let mut config = ConfigOptions::default();
            config.execution.time_zone = Some("UTC".to_string());
            datetime::now(&config).call(vec![])
        }
        DefaultFunction::CurrentDate => datetime::current_date().call(vec![]),
        DefaultFunction::CurrentTime => datetime::current_time().call(vec![]),
    }
}

/// Converts `literal` to a scalar of type `ty`, or returns `None` if it does not fit, which a
/// checked definition rules out.
fn literal_value(literal: &Literal, ty: &DataType) -> Option<ScalarValue> {
    Some(match (literal, ty) {
        (Literal::Boolean(value), DataType::Boolean) => ScalarValue::Boolean(Some(*value)),
        (Literal::Integer(value), _) => return integer_value(*value, ty),
        // The column rounds every value to single precision.
        (Literal::Float(value), DataType::Float32) => ScalarValue::Float32(Some(*value as f32)),
        (Literal::Float(value), DataType::Float64) => ScalarValue::Float64(Some(*value)),
        (Literal::Text(text), DataType::Utf8) => ScalarValue::Utf8(Some(text.to_string())),
        (Literal::Bytes(bytes), DataType::FixedSizeBinary(length)) => {
            ScalarValue::FixedSizeBinary(*length, Some(bytes.to_vec()))
        }
        _ => return None,
    })
}

fn integer_value(value: i128, ty: &DataType) -> Option<ScalarValue> {
    let int64 = i64::try_from(value).ok();
    Some(match ty {
        DataType::Int8 => ScalarValue::Int8(Some(value.try_into().ok()?)),
        DataType::Int16 => ScalarValue::Int16(Some(value.try_into().ok()?)),
        DataType::Int32 => ScalarValue::Int32(Some(value.try_into().ok()?)),
        DataType::Int64 => ScalarValue::Int64(Some(int64?)),
        DataType::UInt8 => ScalarValue::UInt8(Some(value.try_into().ok()?)),
        DataType::UInt16 => ScalarValue::UInt16(Some(value.try_into().ok()?)),
        DataType::UInt32 => ScalarValue::UInt32(Some(value.try_into().ok()?)),
        DataType::UInt64 => ScalarValue::UInt64(Some(value.try_into().ok()?)),
        DataType::Float32 => ScalarValue::Float32(Some(value as f32)),
        DataType::Float64 => ScalarValue::Float64(Some(value as f64)),
        DataType::Decimal128(precision, scale) => {
            ScalarValue::Decimal128(Some(value), *precision, *scale)
        }
        DataType::Date32 => ScalarValue::Date32(Some(value.try_into().ok()?)),
        DataType::Time64(TimeUnit::Microsecond) => ScalarValue::Time64Microsecond(Some(int64?)),
        DataType::Timestamp(unit, zone) => {
            let zone = zone.clone();
            match unit {
                TimeUnit::Second => ScalarValue::TimestampSecond(Some(int64?), zone),
                TimeUnit::Millisecond => ScalarValue::TimestampMillisecond(Some(int64?), zone),
                TimeUnit::Microsecond => ScalarValue::TimestampMicrosecond(Some(int64?), zone),
                TimeUnit::Nanosecond => ScalarValue::TimestampNanosecond(Some(int64?), zone),
            }
        }
        _ => return None,
    })
}
