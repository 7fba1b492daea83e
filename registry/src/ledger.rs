// SPDX-License-Identifier: Apache-2.0

//! [`Ledger`]: what a registry and everything that was made of it account for together.

use crate::counters::Counters;
use crate::sync::AtomicUsize;

#[derive(Debug)]
pub(crate) struct Ledger {
    pub(crate) counters: Counters,
    /// Bytes of shapes and fields, which tables share.
    pub(crate) shared: AtomicUsize,
    /// Bytes of all snapshots that are alive, also of those that only queries and threads hold.
    pub(crate) live: AtomicUsize,
}

impl Ledger {
    pub(crate) fn new(registry: u64) -> Self {
        Ledger {
            counters: Counters::new(registry),
            shared: AtomicUsize::new(0),
            live: AtomicUsize::new(0),
        }
    }
}
