// SPDX-License-Identifier: Apache-2.0

use ::jiff::civil::{Date, DateTime, Time};
use ::jiff::{SignedDuration, Timestamp};
use arrow::array::{Date32Array, IntervalMonthDayNanoArray};
use arrow::datatypes::{DataType, IntervalMonthDayNano, TimeUnit};
use expect_test::expect;

use super::*;

fn instant(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn civil(text: &str) -> DateTime {
    text.parse().expect("a date and a time")
}

fn time(text: &str) -> Time {
    text.parse().expect("a time")
}

#[test]
fn instants() {
    let ty = default_type::<Timestamp>("timestamp(ns, 'UTC')");
    let times = [
        "1970-01-01T00:00:00Z",
        "2024-05-27T12:00:00.123456789Z",
        "1969-12-31T23:59:59.999999999Z",
        "1969-12-31T23:59:58.000000001Z",
        "1677-09-21T00:12:43.145224192Z",
        "2262-04-11T23:47:16.854775807Z",
    ];
    check(&ty, &times.map(instant));
    let times = ["2024-05-27T12:00:00Z", "0001-01-01T00:00:00Z"].map(instant);
    for unit in [
        TimeUnit::Second,
        TimeUnit::Millisecond,
        TimeUnit::Microsecond,
    ] {
        for zone in [None, Some("UTC"), Some("+02:00")] {
            check(&timestamp(unit, zone), &times);
            check(&timestamp(unit, zone), &[Timestamp::MIN]);
        }
    }
}

#[test]
fn instants_that_do_not_fit() {
    let nanos = timestamp(TimeUnit::Nanosecond, Some("UTC"));
    let micros = timestamp(TimeUnit::Microsecond, Some("UTC"));
    let seconds = timestamp(TimeUnit::Second, None);
    let told = [
        not_written(&nanos, instant("2262-04-11T23:47:16.854775808Z")),
        not_written(&nanos, Timestamp::MIN),
        not_written(&micros, instant("2024-05-27T12:00:00.123456789Z")),
        not_written(&seconds, instant("1969-12-31T23:59:59.5Z")),
        not_written(&DataType::Date32, Timestamp::MIN),
        not_read::<Timestamp>(&seconds, units(&seconds, i64::MAX)),
        not_read::<Timestamp>(&seconds, units(&seconds, i64::MIN)),
    ];
    expect![[r#"
        , row 1: 2262-04-11T23:47:16.854775808Z is out of the range of 64 bits of nanoseconds
        , row 1: -009999-01-02T01:59:59Z is out of the range of 64 bits of nanoseconds
        , row 1: 2024-05-27T12:00:00.123456789Z cannot be represented exactly in microseconds: round it first, with `round(jiff::Unit::Microsecond)`
        , row 1: 1969-12-31T23:59:59.5Z cannot be represented exactly in seconds: round it first, with `round(jiff::Unit::Second)`
        : a column of type Date32 cannot hold times
        , row 0: 9223372036854775807 seconds after 1970 is out of the range of jiff::Timestamp
        , row 0: -9223372036854775808 seconds after 1970 is out of the range of jiff::Timestamp
    "#]]
    .assert_eq(&told.concat());
}

#[test]
fn times_without_a_zone() {
    let ty = default_type::<DateTime>("timestamp(ns)");
    let times = ["2024-05-27T12:00:00.123456789", "1969-12-31T23:59:59.5"];
    check(&ty, &times.map(civil));
    let seconds = timestamp(TimeUnit::Second, None);
    check(&seconds, &[DateTime::MIN, civil("9999-12-31T23:59:59")]);

    let zoned = timestamp(TimeUnit::Millisecond, Some("UTC"));
    let told = [
        not_written(&zoned, civil("2024-05-27T12:00:00")),
        not_read::<DateTime>(&zoned, units(&zoned, 1)),
        not_written(&seconds, DateTime::MAX),
        not_written(&ty, DateTime::MAX),
        not_read::<DateTime>(&seconds, units(&seconds, i64::MIN)),
    ];
    expect![[r#"
        : `jiff::civil::DateTime` has no zone, but a column of type Timestamp(ms, "UTC") has one: use `jiff::Timestamp`
        : `jiff::civil::DateTime` has no zone, but a column of type Timestamp(ms, "UTC") has one: use `jiff::Timestamp`
        , row 1: 9999-12-31T23:59:59.999999999 cannot be represented exactly in seconds: round it first, with `round(jiff::Unit::Second)`
        , row 1: 9999-12-31T23:59:59.999999999 is out of the range of 64 bits of nanoseconds
        , row 0: -9223372036854775808 seconds after 1970 is out of the range of jiff::civil::DateTime
    "#]]
    .assert_eq(&told.concat());
}

#[test]
fn times_of_day() {
    let ty = default_type::<Time>("time");
    check(&ty, &["00:00:00", "23:59:59.999999"].map(time));
    check(&DataType::Time64(TimeUnit::Nanosecond), &[Time::MAX]);
    let told = [
        not_written(&ty, Time::MAX),
        not_written(&timestamp(TimeUnit::Second, None), Time::MIN),
        not_read::<Time>(&ty, units(&ty, -1)),
        not_read::<Time>(&ty, units(&ty, 86_400_000_000)),
        not_read::<Time>(&ty, units(&ty, i64::MAX)),
    ];
    expect![[r#"
        , row 1: 23:59:59.999999999 cannot be represented exactly in microseconds: round it first, with `round(jiff::Unit::Microsecond)`
        : a column of type Timestamp(s) cannot hold times
        , row 0: -1 microseconds after midnight is out of the range of jiff::civil::Time
        , row 0: 86400000000 microseconds after midnight is out of the range of jiff::civil::Time
        , row 0: 9223372036854775807 microseconds after midnight is out of the range of jiff::civil::Time
    "#]]
    .assert_eq(&told.concat());
}

#[test]
fn dates() {
    let ty = default_type::<Date>("date");
    let date = |text: &str| text.parse::<Date>().expect("a date");
    let dates = ["1970-01-01", "2024-02-29", "1969-12-31", "0001-01-01"];
    check(&ty, &dates.map(date));
    check(&ty, &[Date::MIN, Date::MAX]);
    let array = to_array(&ty, &["1969-12-31"].map(date)).expect("a date fits");
    assert_eq!(*array, Date32Array::from(vec![-1]));

    let days = |days| Arc::new(Date32Array::from(vec![days])) as ArrayRef;
    let told = [
        not_written(&DataType::Date64, Date::MIN),
        not_read::<Date>(&ty, days(i32::MAX)),
        not_read::<Date>(&ty, days(i32::MIN)),
    ];
    expect![[r#"
        : the type is Date32, but should be Date64
        , row 0: 2147483647 days after 1970-01-01 is out of the range of jiff::civil::Date
        , row 0: -2147483648 days after 1970-01-01 is out of the range of jiff::civil::Date
    "#]]
    .assert_eq(&told.concat());
}

#[test]
fn durations() {
    let ty = default_type::<SignedDuration>("interval");
    let nanos = SignedDuration::from_nanos;
    check(
        &ty,
        &[nanos(0), nanos(-1), nanos(i64::MIN), nanos(i64::MAX)],
    );
    let days = IntervalMonthDayNanoArray::from(vec![IntervalMonthDayNano::new(0, 3, 0)]);
    let told = [
        not_written(&ty, SignedDuration::MAX),
        not_written(&ty, SignedDuration::MIN),
        not_written(&DataType::Int64, nanos(0)),
        not_read::<SignedDuration>(&ty, Arc::new(days)),
    ];
    expect![[r#"
        , row 1: 2562047788015215h 30m 7s 999ms 999µs 999ns is out of the range of 64 bits of nanoseconds
        , row 1: 2562047788015215h 30m 8s 999ms 999µs 999ns ago is out of the range of 64 bits of nanoseconds
        : the type is Interval(MonthDayNano), but should be Int64
        , row 0: 0 months and 3 days have no fixed length: `jiff::SignedDuration` cannot hold them
    "#]]
    .assert_eq(&told.concat());
}
