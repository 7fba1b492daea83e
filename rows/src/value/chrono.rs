// SPDX-License-Identifier: Apache-2.0

//! Times of `chrono`.

use ::chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Utc};
use arrow::datatypes::TimeUnit;
use kalamtable_model::ColumnType;

use super::calendar::{CIVIL, Day, DayCodec};
use super::computed::computed_values;
use super::moment::{Elapsed, ElapsedCodec, INSTANT, Kind, Moment, MomentCodec};
use crate::error::InvalidValue;

computed_values!(
    MomentCodec<DateTime<Utc>> => DateTime<Utc>: INSTANT,
    MomentCodec<NaiveDateTime> => NaiveDateTime: CIVIL,
    MomentCodec<NaiveTime> => NaiveTime: ColumnType::Time,
    DayCodec<NaiveDate> => NaiveDate: ColumnType::Date,
    ElapsedCodec<TimeDelta> => TimeDelta: ColumnType::Interval,
);

/// Nanoseconds after a second. Chrono tells a leap second as more of them than a second has.
fn nanos<T: Moment>(time: T, nanos: u32) -> Result<u32, InvalidValue> {
    if nanos < 1_000_000_000 {
        return Ok(nanos);
    }
    Err(InvalidValue::Inexact {
        value: time.text(),
        target: "in a column".to_string(),
        help: "it is a leap second, which Arrow's times do not have".to_string(),
    })
}

/// The digits after the seconds that a unit has.
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

impl Moment for DateTime<Utc> {
    const NAME: &'static str = "chrono::DateTime<Utc>";
    const KIND: Kind = Kind::Instant;

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

impl Moment for NaiveDateTime {
    const NAME: &'static str = "chrono::NaiveDateTime";
    const KIND: Kind = Kind::Civil {
        instant: DateTime::<Utc>::NAME,
    };

    fn split(self) -> Result<(i64, u32), InvalidValue> {
        Ok((self.and_utc().timestamp(), nanos(self, self.nanosecond())?))
    }

    fn join(seconds: i64, nanos: u32) -> Option<Self> {
        DateTime::from_timestamp(seconds, nanos).map(|moment| moment.naive_utc())
    }

    fn rounding(unit: TimeUnit) -> String {
        rounding(unit)
    }
}

impl Moment for NaiveTime {
    const NAME: &'static str = "chrono::NaiveTime";
    const KIND: Kind = Kind::OfDay;

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

/// 1970-01-01 as chrono counts days.
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
