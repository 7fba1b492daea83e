// SPDX-License-Identifier: Apache-2.0

//! [`RegistryMetrics`]: counters and byte counts that a registry shares with its snapshots.

use crate::counters::Counters;
use crate::sync::bookkeeping::AtomicUsize;

#[derive(Debug)]
pub(crate) struct RegistryMetrics {
    pub(crate) counters: Counters,
    /// The bytes of layouts and strings, which several tables share.
    pub(crate) shared_bytes: AtomicUsize,
    /// The bytes of all snapshots that are alive, including those that only queries and threads
    /// hold.
    pub(crate) live_bytes: AtomicUsize,
}

impl RegistryMetrics {
    pub(crate) fn new(registry: u64) -> Self {
        RegistryMetrics {
            counters: Counters::new(registry),
            shared_bytes: AtomicUsize::new(0),
            live_bytes: AtomicUsize::new(0),
        }
    }
}
