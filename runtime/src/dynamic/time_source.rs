// SPDX-License-Identifier: Apache-2.0

//! [`TimeSource`]: the time that determines when rows expire.

use std::fmt::Debug;

use kalamtable_store::UnixMicros;

/// A source of the current time, for example a fixed one in tests.
pub trait TimeSource: Debug + Send + Sync + 'static {
    /// Returns the current time.
    fn now(&self) -> UnixMicros;
}

/// The time of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemTimeSource;

impl TimeSource for SystemTimeSource {
    fn now(&self) -> UnixMicros {
        UnixMicros::now()
    }
}
