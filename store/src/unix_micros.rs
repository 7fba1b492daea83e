// SPDX-License-Identifier: Apache-2.0

//! [`UnixMicros`]: when a change was made.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// When a change was made, in microseconds since the beginning of 1970 in UTC; negative before that.
///
/// It is of the clock of the process that made the change. Within one store no change's moment is
/// before that of the change before it: where the clock says so, the change has the moment of the
/// one before. So a clock that was ahead holds the moments of later changes until its time has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UnixMicros(pub i64);

impl UnixMicros {
    /// What this machine's clock says.
    pub fn now() -> Self {
        SystemTime::now().into()
    }
}

/// The nearest moment, if the number of microseconds does not fit.
impl From<SystemTime> for UnixMicros {
    fn from(time: SystemTime) -> Self {
        let micros = |apart: Duration| i64::try_from(apart.as_micros()).unwrap_or(i64::MAX);
        UnixMicros(match time.duration_since(UNIX_EPOCH) {
            Ok(after) => micros(after),
            Err(before) => -micros(before.duration()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_clock_has_a_moment() {
        let apart = Duration::from_millis(1_500);
        assert_eq!(UnixMicros::from(UNIX_EPOCH), UnixMicros(0));
        assert_eq!(UnixMicros::from(UNIX_EPOCH + apart), UnixMicros(1_500_000));
        assert_eq!(UnixMicros::from(UNIX_EPOCH - apart), UnixMicros(-1_500_000));

        // Some systems' clocks cannot say these.
        let far = Duration::from_secs(i64::MAX as u64 / 2);
        let after = UNIX_EPOCH.checked_add(far);
        let before = UNIX_EPOCH.checked_sub(far);
        assert!(after.is_none_or(|time| UnixMicros::from(time) == UnixMicros(i64::MAX)));
        assert!(before.is_none_or(|time| UnixMicros::from(time) == UnixMicros(-i64::MAX)));
    }
}
