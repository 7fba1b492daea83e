// SPDX-License-Identifier: Apache-2.0

//! Times of the standard library: `SystemTime` is a timestamp, and `Duration` an interval.

use std::time::{Duration, SystemTime};

use arrow::datatypes::TimeUnit;
use kalamtable_model::ColumnType;

use super::computed::computed_values;
use super::time_codec::{Elapsed, ElapsedCodec, INSTANT, TimeCodec, TimeOrigin, TimeValue};
use crate::error::InvalidValue;

computed_values!(
    TimeCodec<SystemTime> => SystemTime: INSTANT,
    ElapsedCodec<Duration> => Duration: ColumnType::Interval,
);

const NANOS_PER_SECOND: u32 = 1_000_000_000;

impl TimeValue for SystemTime {
    const NAME: &'static str = "SystemTime";
    const ORIGIN: TimeOrigin = TimeOrigin::Instant;

    fn split(self) -> Result<(i64, u32), InvalidValue> {
        let seconds_and_nanos = match self.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => (i128::from(after.as_secs()), after.subsec_nanos()),
            Err(before) => {
                let before = before.duration();
                let seconds = -i128::from(before.as_secs());
                match before.subsec_nanos() {
                    0 => (seconds, 0),
                    nanos => (seconds - 1, NANOS_PER_SECOND - nanos),
                }
            }
        };
        let (seconds, nanos) = seconds_and_nanos;
        match i64::try_from(seconds) {
            Ok(seconds) => Ok((seconds, nanos)),
            Err(_) => Err(InvalidValue::OutOfRange {
                value: format!("{seconds} seconds after 1970"),
                target: "64 bits of seconds".to_string(),
            }),
        }
    }

    fn join(seconds: i64, nanos: u32) -> Option<Self> {
        let distance = Duration::from_secs(seconds.unsigned_abs());
        let time = if seconds < 0 {
            SystemTime::UNIX_EPOCH.checked_sub(distance)
        } else {
            SystemTime::UNIX_EPOCH.checked_add(distance)
        };
        let time = time?.checked_add(Duration::from_nanos(nanos.into()))?;
        // A system's own clock may be coarser than nanoseconds.
        (time.split().ok()? == (seconds, nanos)).then_some(time)
    }

    fn rounding(unit: TimeUnit) -> String {
        let name = match unit {
            TimeUnit::Second => "TimestampSeconds",
            TimeUnit::Millisecond => "TimestampMillis",
            TimeUnit::Microsecond => "TimestampMicros",
            TimeUnit::Nanosecond => "TimestampNanos",
        };
        format!("use a field of type `{name}`, and `{name}::try_from`, which rounds down")
    }

    fn text(self) -> String {
        match self.split() {
            Ok((seconds, nanos)) => {
                let nanos_after =
                    i128::from(seconds) * i128::from(NANOS_PER_SECOND) + i128::from(nanos);
                format!("{nanos_after} nanoseconds after 1970")
            }
            Err(_) => format!("{self:?}"),
        }
    }
}

impl Elapsed for Duration {
    const NAME: &'static str = "Duration";

    fn nanos(self) -> Option<i64> {
        i64::try_from(self.as_nanos()).ok()
    }

    fn from_nanos(nanos: i64) -> Option<Self> {
        u64::try_from(nanos).ok().map(Duration::from_nanos)
    }
}
