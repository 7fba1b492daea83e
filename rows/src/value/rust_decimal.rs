// SPDX-License-Identifier: Apache-2.0

//! `rust_decimal::Decimal`, whose number of digits after the decimal point varies per value. The
//! definition of the column must therefore state its type; otherwise the derive does not compile:
//!
//! ```compile_fail,E0080
//! #[derive(kalamtable_rows::KalamTable)]
//! #[kalam(table = "app.prices", no_primary_key = "an example", crate = kalamtable_rows)]
//! struct Price {
//!     // Compiles with `#[kalam(type = "decimal(10, 2)")]`.
//!     price: rust_decimal::Decimal,
//! }
//! ```

use arrow::datatypes::{DataType, Decimal128Type, DecimalType};
use rust_decimal::Decimal;

use super::computed::{Codec, computed_values};
use super::primitive::has_digits;
use crate::column_type::OPEN_DECIMAL;
use crate::error::InvalidValue;

computed_values!(DecimalCodec => Decimal: OPEN_DECIMAL);

/// Converts a decimal to the scale of its column.
#[derive(Debug)]
pub enum DecimalCodec {}

/// The digits of a decimal column.
#[derive(Clone, Copy, Debug)]
pub struct Digits {
    /// The number of digits.
    precision: u8,
    /// The number of digits after the decimal point; a negative number counts zeros before it.
    scale: i8,
}

impl Codec for DecimalCodec {
    type Value = Decimal;
    type Primitive = Decimal128Type;
    type Form = Digits;

    fn form(ty: &DataType) -> Result<Digits, InvalidValue> {
        match *ty {
            DataType::Decimal128(precision, scale) => Ok(Digits { precision, scale }),
            _ => Err(InvalidValue::NotADecimal { found: ty.clone() }),
        }
    }

    fn encode(value: Decimal, digits: &Digits) -> Result<i128, InvalidValue> {
        let more = i64::from(digits.scale) - i64::from(value.scale());
        let unscaled = if more < 0 {
            // A power of ten that overflows is larger than any mantissa, and does not divide it.
            let unit = power_of_ten(more.unsigned_abs());
            match unit.filter(|unit| value.mantissa() % unit == 0) {
                Some(unit) => Some(value.mantissa() / unit),
                None if value.is_zero() => Some(0),
                None => return Err(too_fine(value, digits)),
            }
        } else if value.is_zero() {
            Some(0)
        } else {
            let unit = power_of_ten(more.unsigned_abs());
            unit.and_then(|unit| value.mantissa().checked_mul(unit))
        };
        unscaled
            .filter(|unscaled| has_digits(*unscaled, digits.precision))
            .ok_or_else(|| InvalidValue::OutOfRange {
                value: value.to_string(),
                target: digits.to_string(),
            })
    }

    fn decode(unscaled: i128, digits: &Digits) -> Result<Decimal, InvalidValue> {
        let out_of_range = || InvalidValue::OutOfRange {
            value: Decimal128Type::format_decimal(unscaled, digits.precision, digits.scale),
            target: "rust_decimal::Decimal".to_string(),
        };
        let (mut mantissa, mut scale) = match u32::try_from(digits.scale) {
            Ok(scale) => (unscaled, scale),
            Err(_) => {
                let zeros = power_of_ten(digits.scale.unsigned_abs().into());
                let mantissa = zeros.and_then(|zeros| unscaled.checked_mul(zeros));
                (mantissa.ok_or_else(out_of_range)?, 0)
            }
        };
        loop {
            match Decimal::try_from_i128_with_scale(mantissa, scale) {
                Ok(value) => return Ok(value),
                // Removing trailing zeros does not change the value, and may make it fit.
                Err(_) if scale > 0 && mantissa % 10 == 0 => {
                    mantissa /= 10;
                    scale -= 1;
                }
                Err(_) => return Err(out_of_range()),
            }
        }
    }
}

impl std::fmt::Display for Digits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "decimal({}, {})", self.precision, self.scale)
    }
}

fn power_of_ten(exponent: u64) -> Option<i128> {
    10i128.checked_pow(u32::try_from(exponent).ok()?)
}

#[cold]
fn too_fine(value: Decimal, digits: &Digits) -> InvalidValue {
    InvalidValue::Inexact {
        value: value.to_string(),
        target: format!("as {digits}"),
        help: format!("round it first, with `round_dp({})`", digits.scale.max(0)),
    }
}
