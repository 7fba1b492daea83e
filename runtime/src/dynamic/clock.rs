// SPDX-License-Identifier: Apache-2.0

//! [`Clock`]: the time that determines when rows expire.

use std::fmt::Debug;

use kalamtable_store::UnixMicros;

/// A source of the current time.
pub trait Clock: Debug + Send + Sync + 'static {
    /// Returns the current time.
    fn now(&self) -> UnixMicros;
}

/// The clock of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UnixMicros {
        UnixMicros::now()
    }
}
