// SPDX-License-Identifier: Apache-2.0

use ::rust_decimal::Decimal;
use arrow::array::Decimal128Array;
use arrow::datatypes::DataType;
use expect_test::expect;
use kalamtable_rows::Decimal as Fixed;

use super::*;

/// The smallest number with 39 digits.
const TOO_LARGE: i128 = 10i128.pow(38);

fn unscaled(value: i128, precision: u8, scale: i8) -> ArrayRef {
    let array = Decimal128Array::from(vec![value]);
    let array = array.with_precision_and_scale(precision, scale);
    Arc::new(array.expect("a decimal type"))
}

#[test]
fn wide_integers() {
    let ty = default_type::<i128>("decimal(38, 0)");
    check(&ty, &[0, -1, 1, TOO_LARGE - 1, 1 - TOO_LARGE]);
    let ty = default_type::<u128>("decimal(38, 0)");
    check(&ty, &[0, 1, TOO_LARGE as u128 - 1]);
    let told = [
        not_written(&ty, TOO_LARGE),
        not_written(&ty, i128::MIN),
        not_written(&ty, TOO_LARGE as u128),
        not_written(&ty, u128::MAX),
        not_written(&DataType::Decimal128(38, 2), 1i128),
        not_read::<u128>(&ty, unscaled(-5, 38, 0)),
        not_read::<i128>(&ty, unscaled(5, 37, 0)),
        not_read::<i128>(&ty, units(&DataType::Int64, 5)),
    ];
    expect![[r#"
        , row 1: 100000000000000000000000000000000000000 is out of the range of decimal(38, 0)
        , row 1: -170141183460469231731687303715884105728 is out of the range of decimal(38, 0)
        , row 1: 100000000000000000000000000000000000000 is out of the range of decimal(38, 0)
        , row 1: 340282366920938463463374607431768211455 is out of the range of decimal(38, 0)
        : the type is Decimal128(38, 0), but should be Decimal128(38, 2)
        , row 0: -5 is out of the range of u128
        : the type is Decimal128(37, 0), but should be Decimal128(38, 0)
        : the type is Int64, but should be Decimal128(38, 0)
    "#]]
    .assert_eq(&told.concat());
}

#[test]
fn decimals_with_digits_in_their_type() {
    let ty = default_type::<Fixed<10, 2>>("decimal(10, 2)");
    let fixed = |unscaled| Fixed::<10, 2>::from_unscaled(unscaled).expect("it has 10 digits");
    check(&ty, &[0, 1, -1, 9_999_999_999, -9_999_999_999].map(fixed));
}

fn decimal(text: &str) -> Decimal {
    text.parse().expect("a decimal")
}

#[test]
fn decimals_are_scaled_to_their_column() {
    let decimals = ["0", "-0.00", "19.9", "19.99", "-99999999.99", "5.000000"].map(decimal);
    check(&DataType::Decimal128(10, 2), &decimals);
    let array = to_array(&DataType::Decimal128(10, 2), &[decimal("19.9000")]);
    let array = array.expect("trailing zeros are removed");
    assert_eq!(*array, *unscaled(1_990, 10, 2));
    let read = read::<Decimal>(&array, &DataType::Decimal128(10, 2)).expect("a decimal");
    assert_eq!(read[0].to_string(), "19.90");

    check(&DataType::Decimal128(38, 0), &[Decimal::MIN, Decimal::MAX]);
    // The numbers fit 96 bits without their trailing zeros.
    check(&DataType::Decimal128(38, 9), &[Decimal::MAX]);
    check(
        &DataType::Decimal128(38, 38),
        &[decimal("0.5"), Decimal::ZERO],
    );
    check(
        &DataType::Decimal128(38, 28),
        &[decimal("7.9228162514264337593543950335")],
    );
    check(
        &DataType::Decimal128(5, -3),
        &[decimal("12000"), decimal("-99999000")],
    );
}

#[test]
fn decimals_that_do_not_fit() {
    let ty = DataType::Decimal128(10, 2);
    let told = [
        not_written(&ty, decimal("19.999")),
        not_written(&ty, decimal("0.0000000000000000000000000001")),
        not_written(&ty, decimal("100000000")),
        not_written(&ty, Decimal::MAX),
        not_written(&DataType::Decimal128(38, 38), decimal("1")),
        not_written(&DataType::Decimal128(5, -3), decimal("1")),
        not_written(&DataType::Float64, decimal("1")),
        not_read::<Decimal>(&ty, unscaled(1, 10, 3)),
        not_read::<Decimal>(&DataType::Decimal128(38, 2), unscaled(TOO_LARGE - 1, 38, 2)),
        not_read::<Decimal>(&DataType::Decimal128(38, 38), unscaled(1, 38, 38)),
        not_read::<Decimal>(&DataType::Float64, units(&DataType::Float64, 1)),
    ];
    expect![[r#"
        , row 1: 19.999 cannot be represented exactly as decimal(10, 2): round it first, with `round_dp(2)`
        , row 1: 0.0000000000000000000000000001 cannot be represented exactly as decimal(10, 2): round it first, with `round_dp(2)`
        , row 1: 100000000 is out of the range of decimal(10, 2)
        , row 1: 79228162514264337593543950335 is out of the range of decimal(10, 2)
        , row 1: 1 is out of the range of decimal(38, 38)
        , row 1: 1 cannot be represented exactly as decimal(5, -3): round it first, with `round_dp(0)`
        : a column of type Float64 cannot hold decimals
        : the type is Decimal128(10, 3), but should be Decimal128(10, 2)
        , row 0: 999999999999999999999999999999999999.99 is out of the range of rust_decimal::Decimal
        , row 0: 0.00000000000000000000000000000000000001 is out of the range of rust_decimal::Decimal
        : a column of type Float64 cannot hold decimals
    "#]]
    .assert_eq(&told.concat());
}
