// SPDX-License-Identifier: Apache-2.0

//! [`UnixMicros`]: the timestamp of a change.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A timestamp in microseconds since 1970-01-01T00:00:00 UTC; negative for earlier times.
///
/// The timestamps in a store come from the clock of the process that made the change. They never
/// decrease from one change to the next: if the clock of a process is behind the timestamp of the
/// last change, the next change gets the timestamp of the last change. Consequently, after a change
/// by a process whose clock is ahead, further changes get the same timestamp until the clocks of
/// the other processes reach it.
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
/// use kalamtable_store::UnixMicros;
///
/// assert_eq!(UnixMicros::from(UNIX_EPOCH + Duration::from_millis(2)), UnixMicros(2_000));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UnixMicros(pub i64);

impl UnixMicros {
    /// Returns the current time of the system clock.
    pub fn now() -> Self {
        SystemTime::now().into()
    }
}

/// Drops fractions of a microsecond, and saturates if the number of microseconds does not fit into
/// 64 bits.
impl From<SystemTime> for UnixMicros {
    fn from(time: SystemTime) -> Self {
        let micros = |distance: Duration| i64::try_from(distance.as_micros()).unwrap_or(i64::MAX);
        UnixMicros(match time.duration_since(UNIX_EPOCH) {
            Ok(since) => micros(since),
            Err(earlier) => -micros(earlier.duration()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conversion_from_system_time_saturates() {
        let distance = Duration::from_millis(1_500);
        assert_eq!(UnixMicros::from(UNIX_EPOCH), UnixMicros(0));
        assert_eq!(
            UnixMicros::from(UNIX_EPOCH + distance),
            UnixMicros(1_500_000)
        );
        assert_eq!(
            UnixMicros::from(UNIX_EPOCH - distance),
            UnixMicros(-1_500_000)
        );

        // Not every platform's `SystemTime` can represent these.
        let far = Duration::from_secs(i64::MAX as u64 / 2);
        let late = UNIX_EPOCH.checked_add(far);
        let early = UNIX_EPOCH.checked_sub(far);
        assert!(late.is_none_or(|time| UnixMicros::from(time) == UnixMicros(i64::MAX)));
        assert!(early.is_none_or(|time| UnixMicros::from(time) == UnixMicros(-i64::MAX)));
    }
}
