// SPDX-License-Identifier: Apache-2.0

//! [`Clock`]: what time it is, for rows that live for a time.

use std::fmt::Debug;

use kalamtable_store::UnixMicros;

/// What time it is.
pub trait Clock: Debug + Send + Sync + 'static {
    /// This moment.
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
