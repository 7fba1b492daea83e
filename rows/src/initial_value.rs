// SPDX-License-Identifier: Apache-2.0

//! [`initial_value`]: the value of a column in rows that were written without the column.

use std::borrow::Borrow;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, FixedSizeBinaryArray,
    Float32Array, Float64Array, Int64Array, StringArray, Time64MicrosecondArray, UInt64Array,
    new_null_array,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimeUnit};
use kalamtable_model::{Column, ColumnType, Literal, TableDefinition, initial_default};

use crate::conversion::Conversion;
use crate::error::{InvalidValue, ValueError};

/// Returns the value of `column`, a column of the current version, in rows that were written under
/// version `absent_from`, which does not have the column. The result is an array of one element
/// with the type `ty`, the Arrow type of the column in the table schema or in the query schema.
///
/// The value is the [`initial_default`], and null if the column has none. `history` contains all
/// versions, including the current one, in any order.
///
/// # Errors
/// Fails if the initial default cannot be read as the current type of the column, or if it is null
/// and the column does not allow null.
pub fn initial_value<T: Borrow<TableDefinition>>(
    history: &[T],
    absent_from: u32,
    column: &Column,
    ty: &DataType,
) -> Result<ArrayRef, ValueError> {
    match initial_default(history, column.id, absent_from) {
        Some(initial) => {
            let value = literal_array(initial.value, initial.ty)?;
            Conversion::try_new(initial.ty, &column.ty)?.apply(&value, ty)
        }
        None if column.nullable => Ok(new_null_array(ty, 1)),
        None => Err(ValueError::whole(InvalidValue::Missing)),
    }
}

/// Returns an array of type `ty` with `literal` as its only element.
fn literal_array(literal: &Literal, ty: &ColumnType) -> Result<ArrayRef, ValueError> {
    let arrow = ty.query_type();
    let other = || {
        ValueError::whole(InvalidValue::OutOfRange {
            value: format!("{literal:?}"),
            target: ty.to_string(),
        })
    };
    let array: ArrayRef = match (literal, &arrow) {
        (Literal::Boolean(value), _) => Arc::new(BooleanArray::from(vec![*value])),
        (Literal::Integer(value), DataType::Decimal128(precision, scale)) => {
            let decimal = Decimal128Array::from(vec![*value]);
            Arc::new(decimal.with_precision_and_scale(*precision, *scale)?)
        }
        (Literal::Integer(value), DataType::Date32) => {
            let days = i32::try_from(*value).map_err(|_| other())?;
            Arc::new(Date32Array::from(vec![days]))
        }
        (Literal::Integer(value), DataType::UInt64) => {
            let value = u64::try_from(*value).map_err(|_| other())?;
            Arc::new(UInt64Array::from(vec![value]))
        }
        (Literal::Integer(value), _) => {
            let value = i64::try_from(*value).map_err(|_| other())?;
            match arrow {
                DataType::Time64(TimeUnit::Microsecond) => {
                    Arc::new(Time64MicrosecondArray::from(vec![value]))
                }
                _ => Arc::new(Int64Array::from(vec![value])),
            }
        }
        // The column rounds every value to single precision.
        (Literal::Float(value), DataType::Float32) => {
            Arc::new(Float32Array::from(vec![*value as f32]))
        }
        (Literal::Float(value), _) => Arc::new(Float64Array::from(vec![*value])),
        (Literal::Text(text), _) => Arc::new(StringArray::from(vec![&**text])),
        (Literal::Bytes(bytes), DataType::FixedSizeBinary(_)) => {
            Arc::new(FixedSizeBinaryArray::try_from_iter([bytes].into_iter())?)
        }
        (Literal::Bytes(bytes), _) => Arc::new(BinaryArray::from(vec![&**bytes])),
    };
    if *array.data_type() == arrow {
        return Ok(array);
    }
    let converted = cast(&array, &arrow)?;
    if converted.null_count() > 0 {
        return Err(other());
    }
    Ok(converted)
}
