// SPDX-License-Identifier: Apache-2.0

//! A time or a decimal is stored exactly, or is an error. The expected result is computed with
//! arithmetic that cannot overflow.

use std::time::{Duration, SystemTime};

use ::chrono::{DateTime, Utc};
use arrow::array::AsArray;
use arrow::datatypes::{Int64Type, TimeUnit};
use kalamtable_rows::{Micros, Millis, Nanos, Seconds, Timestamp, Unit};

use super::types::{i64s, split_times};
use super::*;

/// The number of random values per test.
const CASES: u32 = 500;

const UNITS: [(TimeUnit, i128); 4] = [
    (TimeUnit::Second, 1_000_000_000),
    (TimeUnit::Millisecond, 1_000_000),
    (TimeUnit::Microsecond, 1_000),
    (TimeUnit::Nanosecond, 1),
];

/// Checks `value`, which is `nanos` nanoseconds after 1970, in columns of every unit.
fn check_units<T: Same + Debug + Clone>(value: &T, nanos: i128) {
    for (unit, nanos_per_unit) in UNITS {
        let ty = DataType::Timestamp(unit, None);
        let units = i64::try_from(nanos / nanos_per_unit);
        let units = units.ok().filter(|_| nanos % nanos_per_unit == 0);
        match (to_array(&ty, std::slice::from_ref(value)), units) {
            (Ok(array), Some(units)) => {
                let numbers = cast(&array, &DataType::Int64).expect("it is a number");
                assert_eq!(numbers.as_primitive::<Int64Type>().value(0), units);
                assert_in(std::slice::from_ref(value), &array, &ty);
            }
            (Err(error), None) => assert_eq!(error.index(), Some(0)),
            (Ok(array), None) => panic!("{value:?} cannot be {array:?}"),
            (Err(error), Some(units)) => panic!("{value:?} is {units} {unit:?}s{error}"),
        }
    }
}

fn total((seconds, nanos): (i64, u32)) -> i128 {
    i128::from(seconds) * 1_000_000_000 + i128::from(nanos)
}

fn system_time((seconds, nanos): (i64, u32)) -> Option<SystemTime> {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    let time = if seconds < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(distance)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(distance)
    };
    time?.checked_add(Duration::from_nanos(nanos.into()))
}

/// Any number of seconds, and the numbers of seconds that calendar types support.
fn times() -> BoxedStrategy<(i64, u32)> {
    let years = -9_000_000_000_000..9_000_000_000_000i64;
    let near = (years, split_times()).prop_map(|(seconds, (_, nanos))| (seconds, nanos));
    prop_oneof![1 => split_times(), 2 => near].boxed()
}

#[test]
fn instants_are_exact_or_errors() {
    run(CASES, &times(), |split| {
        if let Some(time) = system_time(split) {
            check_units(&time, total(split));
        }
        if let Some(time) = DateTime::<Utc>::from_timestamp(split.0, split.1) {
            check_units(&time, total(split));
            check_units(&time.naive_utc(), total(split));
        }
        if let Ok(time) = jiff::Timestamp::new(split.0, split.1 as i32) {
            check_units(&time, total(split));
            let civil = jiff::tz::Offset::UTC.to_datetime(time);
            check_units(&civil, total(split));
        }
    });
}

#[test]
fn extreme_times_are_exact_or_errors() {
    let civil = ::chrono::NaiveDateTime::MIN;
    check_units(&civil, total((civil.and_utc().timestamp(), 0)));
    let moment = DateTime::<Utc>::MAX_UTC;
    let split = (moment.timestamp(), moment.timestamp_subsec_nanos());
    check_units(&moment, total(split));
    for moment in [jiff::Timestamp::MIN, jiff::Timestamp::MAX] {
        check_units(&moment, moment.as_nanosecond());
    }
    let seconds = [i64::MIN, i64::MIN + 1, -1, 0, i64::MAX];
    for split in seconds
        .into_iter()
        .flat_map(|s| [(s, 0), (s, 1), (s, 999_999_999)])
    {
        if let Some(time) = system_time(split) {
            check_units(&time, total(split));
        }
    }
}

fn check_timestamps<U: Unit>() {
    run(CASES, &i64s(), |units| {
        let nanos = i128::from(units) * i128::from(1_000_000_000 / U::PER_SECOND);
        check_units(&Timestamp::<U>::new(units), nanos);
    });
}

#[test]
fn timestamps_are_exact_or_errors() {
    check_timestamps::<Seconds>();
    check_timestamps::<Millis>();
    check_timestamps::<Micros>();
    check_timestamps::<Nanos>();
}

/// Checks that any number is read as a value that is written as the same number, or is an error.
fn check_read<T: Same>(ty: &DataType, units: i64) {
    let numbers: ArrayRef = Arc::new(arrow::array::Int64Array::from(vec![units]));
    let array = cast(&numbers, ty).expect("the numbers have 64 bits");
    let reader = ElementReader::try_new::<T>(&array, ty).expect("the type can be read");
    match reader.read::<T>(0) {
        Ok(value) => {
            let written = to_array(ty, &[value]).expect("the value was read");
            assert_eq!(written.to_data(), array.to_data());
        }
        Err(error) => assert_eq!(error.index(), Some(0)),
    }
}

#[test]
fn any_number_is_read_as_a_time_or_an_error() {
    run(CASES, &i64s(), |units| {
        for (unit, _) in UNITS {
            let ty = DataType::Timestamp(unit, None);
            check_read::<SystemTime>(&ty, units);
            check_read::<DateTime<Utc>>(&ty, units);
            check_read::<::chrono::NaiveDateTime>(&ty, units);
            check_read::<jiff::Timestamp>(&ty, units);
            check_read::<jiff::civil::DateTime>(&ty, units);
        }
        for unit in [TimeUnit::Microsecond, TimeUnit::Nanosecond] {
            let ty = DataType::Time64(unit);
            check_read::<::chrono::NaiveTime>(&ty, units);
            check_read::<jiff::civil::Time>(&ty, units);
        }
    });
}

#[test]
fn decimals_are_exact_or_errors() {
    let mantissa = 0..(1i128 << 96);
    let parts = (
        mantissa,
        any::<bool>(),
        0u32..=28,
        1u8..=38,
        0i8..=38,
        0u32..90,
    );
    run(
        CASES,
        &parts.boxed(),
        |(mantissa, is_negative, scale, precision, column_scale, shift)| {
            // Short numbers too: most numbers of 96 bits fit no column.
            let mantissa = (mantissa >> shift) * if is_negative { -1 } else { 1 };
            let column_scale = column_scale.min(precision as i8);
            let value = rust_decimal::Decimal::from_i128_with_scale(mantissa, scale);
            let ty = DataType::Decimal128(precision, column_scale);
            let more = i32::from(column_scale) - scale as i32;
            let unit = 10i128.pow(more.unsigned_abs());
            let unscaled = if more < 0 {
                (mantissa % unit == 0).then(|| mantissa / unit)
            } else {
                mantissa.checked_mul(unit)
            };
            let most = 10i128.pow(precision.into()) - 1;
            let unscaled = unscaled.filter(|unscaled| (-most..=most).contains(unscaled));
            match (to_array(&ty, &[value]), unscaled) {
                (Ok(array), Some(unscaled)) => {
                    let numbers = array.as_primitive::<arrow::datatypes::Decimal128Type>();
                    assert_eq!(numbers.value(0), unscaled);
                    assert_in(&[value], &array, &ty);
                }
                (Err(error), None) => assert_eq!(error.index(), Some(0)),
                (array, unscaled) => panic!("{value} as {ty}: {array:?}, and not {unscaled:?}"),
            }
        },
    );
}
