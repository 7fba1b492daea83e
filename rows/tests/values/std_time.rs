// SPDX-License-Identifier: Apache-2.0

use std::time::{Duration, SystemTime};

use arrow::array::IntervalMonthDayNanoArray;
use arrow::datatypes::{DataType, IntervalMonthDayNano, IntervalUnit, TimeUnit};
use expect_test::expect;

use super::*;

fn after(seconds: u64, nanos: u32) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::new(seconds, nanos)
}

fn before(seconds: u64, nanos: u32) -> SystemTime {
    SystemTime::UNIX_EPOCH - Duration::new(seconds, nanos)
}

#[test]
fn system_times_in_columns_of_every_unit() {
    let ty = default_type::<SystemTime>("timestamp(ns, 'UTC')");
    check(
        &ty,
        &[
            after(0, 0),
            after(1_700_000_000, 123_456_789),
            before(0, 1),
            before(1, 999_999_999),
            // The first and the last time that 64 bits of nanoseconds hold.
            before(9_223_372_036, 854_775_808),
            after(9_223_372_036, 854_775_807),
        ],
    );
    for (unit, nanos) in [
        (TimeUnit::Second, 0),
        (TimeUnit::Millisecond, 5_000_000),
        (TimeUnit::Microsecond, 5_000),
    ] {
        for zone in [None, Some("UTC"), Some("Europe/Berlin")] {
            let times = [
                after(7, nanos),
                before(7, nanos),
                // The year 11476, which is out of range for nanoseconds.
                after(300_000_000_000, nanos),
            ];
            check(&timestamp(unit, zone), &times);
        }
    }
}

#[test]
fn system_times_that_do_not_fit() {
    let nanos = timestamp(TimeUnit::Nanosecond, Some("UTC"));
    let micros = timestamp(TimeUnit::Microsecond, None);
    let told = [
        not_written(&nanos, after(9_223_372_036, 854_775_808)),
        not_written(&nanos, before(9_223_372_036, 854_775_809)),
        not_written(&micros, before(0, 1)),
        not_written(&DataType::Int64, after(0, 0)),
        not_written(&DataType::Time64(TimeUnit::Nanosecond), after(0, 0)),
        not_read::<SystemTime>(&nanos, units(&micros, 1)),
        not_read::<SystemTime>(&nanos, units(&DataType::Int64, 1)),
    ];
    expect![[r#"
        , row 1: 9223372036854775808 nanoseconds after 1970 is out of the range of 64 bits of nanoseconds
        , row 1: -9223372036854775809 nanoseconds after 1970 is out of the range of 64 bits of nanoseconds
        , row 1: -1 nanoseconds after 1970 cannot be represented exactly in microseconds: use a field of type `TimestampMicros`, and `TimestampMicros::try_from`, which rounds down
        : a column of type Int64 cannot hold times
        : a column of type Time64(ns) cannot hold times
        : the type is Timestamp(µs), but should be Timestamp(ns, "UTC")
        : the type is Int64, but should be Timestamp(ns, "UTC")
    "#]]
    .assert_eq(&told.concat());
}

#[test]
fn durations() {
    let ty = default_type::<Duration>("interval");
    let most = Duration::from_nanos(i64::MAX as u64);
    check(&ty, &[Duration::ZERO, Duration::from_nanos(1), most]);
    let interval = |months, days, nanos| {
        let interval = IntervalMonthDayNano::new(months, days, nanos);
        Arc::new(IntervalMonthDayNanoArray::from(vec![interval])) as ArrayRef
    };
    let told = [
        not_written(&ty, most + Duration::from_nanos(1)),
        not_written(&ty, Duration::MAX),
        not_written(&DataType::Interval(IntervalUnit::DayTime), Duration::ZERO),
        not_read::<Duration>(&ty, interval(0, 0, -1)),
        not_read::<Duration>(&ty, interval(1, 0, 5)),
        not_read::<Duration>(&ty, interval(0, -2, 5)),
        not_read::<Duration>(&ty, units(&DataType::Int64, 1)),
    ];
    expect![[r#"
        , row 1: 9223372036.854775808s is out of the range of 64 bits of nanoseconds
        , row 1: 18446744073709551615.999999999s is out of the range of 64 bits of nanoseconds
        : the type is Interval(MonthDayNano), but should be Interval(DayTime)
        , row 0: -1 nanoseconds is out of the range of Duration
        , row 0: 1 months and 0 days have no fixed length: `Duration` cannot hold them
        , row 0: 0 months and -2 days have no fixed length: `Duration` cannot hold them
        : the type is Int64, but should be Interval(MonthDayNano)
    "#]]
    .assert_eq(&told.concat());
}
