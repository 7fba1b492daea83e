// SPDX-License-Identifier: Apache-2.0

use ::chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use arrow::array::{Date32Array, IntervalMonthDayNanoArray};
use arrow::datatypes::{DataType, IntervalMonthDayNano, TimeUnit};
use expect_test::expect;

use super::*;

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

fn civil(text: &str) -> NaiveDateTime {
    text.parse().expect("a date and a time")
}

fn time(text: &str) -> NaiveTime {
    text.parse().expect("a time")
}

#[test]
fn instants() {
    let ty = default_type::<DateTime<Utc>>("timestamp(ns, 'UTC')");
    let times = [
        "1970-01-01T00:00:00Z",
        "2024-05-27T12:00:00.123456789Z",
        "1969-12-31T23:59:59.999999999Z",
        "1677-09-21T00:12:43.145224192Z",
        "2262-04-11T23:47:16.854775807Z",
    ];
    check(&ty, &times.map(instant));
    let times = ["2024-05-27T12:00:00Z", "0001-01-01T00:00:00Z"].map(instant);
    let extremes = [DateTime::<Utc>::MIN_UTC, instant("+262142-12-31T23:59:59Z")];
    for unit in [
        TimeUnit::Second,
        TimeUnit::Millisecond,
        TimeUnit::Microsecond,
    ] {
        for zone in [None, Some("UTC"), Some("+02:00")] {
            check(&timestamp(unit, zone), &times);
            check(&timestamp(unit, zone), &extremes);
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
        not_written(&nanos, DateTime::<Utc>::MIN_UTC),
        not_written(&micros, instant("2024-05-27T12:00:00.123456789Z")),
        not_written(&seconds, instant("1969-12-31T23:59:59.5Z")),
        not_written(&nanos, instant("2016-12-31T23:59:60Z")),
        not_written(&DataType::Date32, instant("2016-12-31T23:59:59Z")),
        not_read::<DateTime<Utc>>(&seconds, units(&seconds, i64::MAX)),
        not_read::<DateTime<Utc>>(&seconds, units(&nanos, 1)),
    ];
    expect![[r#"
        , row 1: 2262-04-11T23:47:16.854775808Z is out of the range of 64 bits of nanoseconds
        , row 1: -262143-01-01T00:00:00Z is out of the range of 64 bits of nanoseconds
        , row 1: 2024-05-27T12:00:00.123456789Z cannot be represented exactly in microseconds: round it first, with `SubsecRound::trunc_subsecs(6)`
        , row 1: 1969-12-31T23:59:59.500Z cannot be represented exactly in seconds: round it first, with `SubsecRound::trunc_subsecs(0)`
        , row 1: 2016-12-31T23:59:60Z cannot be represented exactly in a column: it is a leap second, which times of Arrow cannot represent
        : a column of type Date32 cannot hold times
        , row 0: 9223372036854775807 seconds after 1970 is out of the range of chrono::DateTime<Utc>
        : the type is Timestamp(ns, "UTC"), but should be Timestamp(s)
    "#]]
    .assert_eq(&told.concat());
}

#[test]
fn times_without_a_zone() {
    let ty = default_type::<NaiveDateTime>("timestamp(ns)");
    let times = ["2024-05-27T12:00:00.123456789", "1969-12-31T23:59:59.5"];
    check(&ty, &times.map(civil));
    let millis = timestamp(TimeUnit::Millisecond, None);
    check(&millis, &["2999-05-27T12:00:00.123"].map(civil));

    let zoned = timestamp(TimeUnit::Millisecond, Some("UTC"));
    let told = [
        not_written(&zoned, civil("2024-05-27T12:00:00")),
        not_read::<NaiveDateTime>(&zoned, units(&zoned, 1)),
        not_read::<NaiveDateTime>(&millis, units(&zoned, 1)),
        not_written(&millis, civil("2024-05-27T12:00:00.123456")),
        not_written(&ty, NaiveDateTime::MAX),
        not_written(&millis, civil("2016-12-31T23:59:60")),
        not_read::<NaiveDateTime>(&millis, units(&millis, i64::MIN)),
    ];
    expect![[r#"
        : `chrono::NaiveDateTime` has no zone, but a column of type Timestamp(ms, "UTC") has one: use `chrono::DateTime<Utc>`
        : `chrono::NaiveDateTime` has no zone, but a column of type Timestamp(ms, "UTC") has one: use `chrono::DateTime<Utc>`
        : the type is Timestamp(ms, "UTC"), but should be Timestamp(ms)
        , row 1: 2024-05-27T12:00:00.123456 cannot be represented exactly in milliseconds: round it first, with `SubsecRound::trunc_subsecs(3)`
        , row 1: +262142-12-31T23:59:59.999999999 is out of the range of 64 bits of nanoseconds
        , row 1: 2016-12-31T23:59:60 cannot be represented exactly in a column: it is a leap second, which times of Arrow cannot represent
        , row 0: -9223372036854775808 milliseconds after 1970 is out of the range of chrono::NaiveDateTime
    "#]]
    .assert_eq(&told.concat());
}

#[test]
fn times_of_day() {
    let ty = default_type::<NaiveTime>("time");
    check(&ty, &["00:00:00", "23:59:59.999999"].map(time));
    let nanos = DataType::Time64(TimeUnit::Nanosecond);
    check(&nanos, &["00:00:00.000000001"].map(time));
    let read = read::<NaiveTime>(&units(&nanos, 1_000), &ty).expect("another unit");
    assert_eq!(read, ["00:00:00.000001"].map(time));

    let told = [
        not_written(&ty, time("12:00:00.123456789")),
        not_written(&ty, time("23:59:60")),
        not_written(&timestamp(TimeUnit::Second, None), time("12:00:00")),
        not_read::<NaiveTime>(&ty, units(&ty, -1)),
        not_read::<NaiveTime>(&ty, units(&ty, 86_400_000_000)),
    ];
    expect![[r#"
        , row 1: 12:00:00.123456789 cannot be represented exactly in microseconds: round it first, with `SubsecRound::trunc_subsecs(6)`
        , row 1: 23:59:60 cannot be represented exactly in a column: it is a leap second, which times of Arrow cannot represent
        : a column of type Timestamp(s) cannot hold times
        , row 0: -1 microseconds after midnight is out of the range of chrono::NaiveTime
        , row 0: 86400000000 microseconds after midnight is out of the range of chrono::NaiveTime
    "#]]
    .assert_eq(&told.concat());
}

#[test]
fn dates() {
    let ty = default_type::<NaiveDate>("date");
    let date = |text: &str| text.parse::<NaiveDate>().expect("a date");
    let dates = ["1970-01-01", "2024-02-29", "1969-12-31", "0001-01-01"];
    check(&ty, &dates.map(date));
    check(&ty, &[NaiveDate::MIN, NaiveDate::MAX]);
    let array = to_array(&ty, &["1970-01-02"].map(date)).expect("a date fits");
    assert_eq!(*array, Date32Array::from(vec![1]));

    let days = |days| Arc::new(Date32Array::from(vec![days])) as ArrayRef;
    let told = [
        not_written(&DataType::Date64, NaiveDate::MIN),
        not_read::<NaiveDate>(&ty, days(i32::MAX)),
        not_read::<NaiveDate>(&ty, days(i32::MIN)),
    ];
    expect![[r#"
        : the type is Date32, but should be Date64
        , row 0: 2147483647 days after 1970-01-01 is out of the range of chrono::NaiveDate
        , row 0: -2147483648 days after 1970-01-01 is out of the range of chrono::NaiveDate
    "#]]
    .assert_eq(&told.concat());
}

#[test]
fn durations() {
    let ty = default_type::<TimeDelta>("interval");
    let nanos = TimeDelta::nanoseconds;
    check(
        &ty,
        &[nanos(0), nanos(-1), nanos(i64::MIN), nanos(i64::MAX)],
    );
    let month = IntervalMonthDayNanoArray::from(vec![IntervalMonthDayNano::new(1, 0, 0)]);
    let told = [
        not_written(&ty, TimeDelta::MAX),
        not_written(&ty, TimeDelta::MIN),
        not_written(&DataType::Int64, nanos(0)),
        not_read::<TimeDelta>(&ty, Arc::new(month)),
    ];
    expect![[r#"
        , row 1: PT9223372036854775.807S is out of the range of 64 bits of nanoseconds
        , row 1: -PT9223372036854775.807S is out of the range of 64 bits of nanoseconds
        : the type is Interval(MonthDayNano), but should be Int64
        , row 0: 1 months and 0 days have no fixed length: `chrono::TimeDelta` cannot hold them
    "#]]
    .assert_eq(&told.concat());
}
