// SPDX-License-Identifier: Apache-2.0

//! Dates, times and durations of `chrono`.

use ::chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Utc};
use arrow::datatypes::TimeUnit;
use kalamtable_model::ColumnType;

use super::calendar::{CIVIL, Day, DayCodec};
use super::computed::computed_values;
use super::time_codec::{Elapsed, ElapsedCodec, INSTANT, TimeCodec, TimeOrigin, TimeValue};
use crate::error::InvalidValue;

computed_values!(
    TimeCodec<DateTime<Utc>> => DateTime<Utc>: INSTANT,
    TimeCodec<NaiveDateTime> => NaiveDateTime: CIVIL,
    TimeCodec<NaiveTime> => NaiveTime: ColumnType::Time,
    DayCodec<NaiveDate> => NaiveDate: ColumnType::Date,
    ElapsedCodec<TimeDelta> => TimeDelta: ColumnType::Interval,
);

/// Fails if `nanos` is a second or more, which is how chrono represents a leap second.
fn nanos<T: TimeValue>(time: T, nanos: u32) -> Result<u32, InvalidValue> {
    if nanos < 1_000_000_000 {
        return Ok(nanos);
    }
    Err(InvalidValue::Inexact {
        value: time.text(),
        target: "in a column".to_string(),
        help: "it is a leap second, which times of Arrow cannot represent".to_string(),
    })
}

/// Returns the number of digits after the decimal point of a second.
fn digits(unit: TimeUnit) -> u32 {
    match unit {
        TimeUnit::Second => 0,
        TimeUnit::Millisecond => 3,
        TimeUnit::Microsecond => 6,
        TimeUnit::Nanosecond => 9,
    }
}

fn rounding(unit: TimeUnit) -> String {
    let digits = digits(unit);
    format!("round it first, with `SubsecRound::trunc_subsecs({digits})`")
}

impl TimeValue for DateTime<Utc> {
    const NAME: &'static str = "chrono::DateTime<Utc>";
    const ORIGIN: TimeOrigin = TimeOrigin::Instant;

    fn split(self) -> Result<(i64, u32), InvalidValue> {
        Ok((
            self.timestamp(),
            nanos(self, self.timestamp_subsec_nanos())?,
        ))
    }

    fn join(seconds: i64, nanos: u32) -> Option<Self> {
        DateTime::from_timestamp(seconds, nanos)
    }

    fn rounding(unit: TimeUnit) -> String {
        rounding(unit)
    }
}

impl TimeValue for NaiveDateTime {
    const NAME: &'static str = "chrono::NaiveDateTime";
    const ORIGIN: TimeOrigin = TimeOrigin::Civil {
        instant: DateTime::<Utc>::NAME,
    };

    fn split(self) -> Result<(i64, u32), InvalidValue> {
        Ok((self.and_utc().timestamp(), nanos(self, self.nanosecond())?))
    }

    fn join(seconds: i64, nanos: u32) -> Option<Self> {
        DateTime::from_timestamp(seconds, nanos).map(|timestamp| timestamp.naive_utc())
    }

    fn rounding(unit: TimeUnit) -> String {
        rounding(unit)
    }
}

impl TimeValue for NaiveTime {
    const NAME: &'static str = "chrono::NaiveTime";
    const ORIGIN: TimeOrigin = TimeOrigin::OfDay;

    fn split(self) -> Result<(i64, u32), InvalidValue> {
        let seconds = self.num_seconds_from_midnight().into();
        Ok((seconds, nanos(self, self.nanosecond())?))
    }

    fn join(seconds: i64, nanos: u32) -> Option<Self> {
        NaiveTime::from_num_seconds_from_midnight_opt(seconds.try_into().ok()?, nanos)
    }

    fn rounding(unit: TimeUnit) -> String {
        rounding(unit)
    }
}

/// 1970-01-01 in the day numbers of chrono.
const EPOCH: i32 = 719_163;

impl Day for NaiveDate {
    const NAME: &'static str = "chrono::NaiveDate";

    fn days(self) -> Option<i32> {
        self.num_days_from_ce().checked_sub(EPOCH)
    }

    fn from_days(days: i32) -> Option<Self> {
        NaiveDate::from_num_days_from_ce_opt(days.checked_add(EPOCH)?)
    }
}

impl Elapsed for TimeDelta {
    const NAME: &'static str = "chrono::TimeDelta";

    fn nanos(self) -> Option<i64> {
        self.num_nanoseconds()
    }

    fn from_nanos(nanos: i64) -> Option<Self> {
        Some(TimeDelta::nanoseconds(nanos))
    }

    fn text(self) -> String {
        self.to_string()
    }
}
