// SPDX-License-Identifier: Apache-2.0

//! Integers of 128 bits, which are decimals without digits after the decimal point in Arrow.

use std::marker::PhantomData;

use arrow::datatypes::{DataType, Decimal128Type};
use kalamtable_model::ColumnType;

use super::computed::{Codec, computed_values, only};
use super::primitive::has_digits;
use crate::error::InvalidValue;

computed_values!(
    WideCodec<i128> => i128: WIDE,
    WideCodec<u128> => u128: WIDE,
);

/// The maximum precision of a decimal.
const DIGITS: u8 = 38;

const WIDE: ColumnType = ColumnType::Decimal {
    precision: DIGITS,
    scale: 0,
};

/// Converts an integer of 128 bits.
#[derive(Debug)]
pub struct WideCodec<T>(PhantomData<T>);

impl<T> Codec for WideCodec<T>
where
    T: Copy + ToString + TryFrom<i128> + TryInto<i128>,
{
    type Value = T;
    type Primitive = Decimal128Type;
    type Form = ();

    fn form(ty: &DataType) -> Result<(), InvalidValue> {
        only(DataType::Decimal128(DIGITS, 0), ty)
    }

    fn encode(value: T, (): &()) -> Result<i128, InvalidValue> {
        let number: Option<i128> = value.try_into().ok();
        let number = number.filter(|number| has_digits(*number, DIGITS));
        number.ok_or_else(|| InvalidValue::OutOfRange {
            value: value.to_string(),
            target: WIDE.to_string(),
        })
    }

    fn decode(number: i128, (): &()) -> Result<T, InvalidValue> {
        T::try_from(number).map_err(|_| InvalidValue::OutOfRange {
            value: number.to_string(),
            target: std::any::type_name::<T>().to_string(),
        })
    }
}
