// SPDX-License-Identifier: Apache-2.0

//! Dates, times and durations of `jiff`.

use ::jiff::civil::{Date, DateTime, Time};
use ::jiff::{SignedDuration, Timestamp};
use arrow::datatypes::TimeUnit;
use kalamtable_model::ColumnType;

use super::calendar::{CIVIL, Day, DayCodec};
use super::computed::computed_values;
use super::time_codec::{Elapsed, ElapsedCodec, INSTANT, TimeCodec, TimeOrigin, TimeValue};
use crate::error::InvalidValue;

computed_values!(
    TimeCodec<Timestamp> => Timestamp: INSTANT,
    TimeCodec<DateTime> => DateTime: CIVIL,
    TimeCodec<Time> => Time: ColumnType::Time,
    DayCodec<Date> => Date: ColumnType::Date,
    ElapsedCodec<SignedDuration> => SignedDuration: ColumnType::Interval,
);

const EPOCH: Date = Date::constant(1970, 1, 1);

/// Rounds the seconds down, so that the nanoseconds are not negative: in jiff, both have the same
/// sign.
fn rounded_down(seconds: i64, nanos: i32) -> (i64, u32) {
    if nanos < 0 {
        // The subtraction cannot overflow: times of jiff have far fewer seconds than 64 bits hold.
        (seconds - 1, (nanos + 1_000_000_000) as u32)
    } else {
        (seconds, nanos as u32)
    }
}

fn rounding(unit: TimeUnit) -> String {
    format!("round it first, with `round(jiff::Unit::{unit:?})`")
}

impl TimeValue for Timestamp {
    const NAME: &'static str = "jiff::Timestamp";
    const ORIGIN: TimeOrigin = TimeOrigin::Instant;

    fn split(self) -> Result<(i64, u32), InvalidValue> {
        Ok(rounded_down(self.as_second(), self.subsec_nanosecond()))
    }

    fn join(seconds: i64, nanos: u32) -> Option<Self> {
        Timestamp::new(seconds, nanos as i32).ok()
    }

    fn rounding(unit: TimeUnit) -> String {
        rounding(unit)
    }
}

impl TimeValue for DateTime {
    const NAME: &'static str = "jiff::civil::DateTime";
    const ORIGIN: TimeOrigin = TimeOrigin::Civil {
        instant: Timestamp::NAME,
    };

    fn split(self) -> Result<(i64, u32), InvalidValue> {
        let after = self.duration_since(EPOCH.at(0, 0, 0, 0));
        Ok(rounded_down(after.as_secs(), after.subsec_nanos()))
    }

    fn join(seconds: i64, nanos: u32) -> Option<Self> {
        let after = SignedDuration::new(seconds, nanos as i32);
        EPOCH.at(0, 0, 0, 0).checked_add(after).ok()
    }

    fn rounding(unit: TimeUnit) -> String {
        rounding(unit)
    }
}

impl TimeValue for Time {
    const NAME: &'static str = "jiff::civil::Time";
    const ORIGIN: TimeOrigin = TimeOrigin::OfDay;

    fn split(self) -> Result<(i64, u32), InvalidValue> {
        let after = self.duration_since(Time::midnight());
        Ok(rounded_down(after.as_secs(), after.subsec_nanos()))
    }

    fn join(seconds: i64, nanos: u32) -> Option<Self> {
        let after = SignedDuration::new(seconds, nanos as i32);
        Time::midnight().checked_add(after).ok()
    }

    fn rounding(unit: TimeUnit) -> String {
        rounding(unit)
    }
}

impl Day for Date {
    const NAME: &'static str = "jiff::civil::Date";

    fn days(self) -> Option<i32> {
        i32::try_from(self.duration_since(EPOCH).as_hours() / 24).ok()
    }

    fn from_days(days: i32) -> Option<Self> {
        let after = SignedDuration::from_hours(i64::from(days) * 24);
        EPOCH.checked_add(after).ok()
    }
}

impl Elapsed for SignedDuration {
    const NAME: &'static str = "jiff::SignedDuration";

    fn nanos(self) -> Option<i64> {
        i64::try_from(self.as_nanos()).ok()
    }

    fn from_nanos(nanos: i64) -> Option<Self> {
        Some(SignedDuration::from_nanos(nanos))
    }
}
