// SPDX-License-Identifier: Apache-2.0

//! [`FlushRun`]: the state of one flush, which the observers of a storage receive.

use std::fmt;
use std::sync::Mutex;

use kalamtable_runtime::dynamic::FlushedRows;
use kalamtable_store::UnixMicros;

use crate::log::lock;

/// One flush of a [`HybridStorage`](crate::HybridStorage).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FlushRun {
    /// The number of the flush since the storage was opened, from 1 on.
    pub number: u64,
    /// The time at which the flush began.
    pub started_at: UnixMicros,
    /// The progress of the flush.
    pub progress: FlushRunProgress,
}

/// The progress of a [`FlushRun`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FlushRunProgress {
    /// The flush has begun.
    Running,
    /// The flush has ended, and has written these rows.
    Completed(FlushedRows),
    /// The flush has failed with this error and its causes.
    Failed(String),
}

type Observer = Box<dyn Fn(&FlushRun) + Send + Sync>;

/// The functions that observe the flushes of a storage.
#[derive(Default)]
pub(super) struct FlushObservers(Mutex<Vec<Observer>>);

impl FlushObservers {
    pub(super) fn add(&self, observer: impl Fn(&FlushRun) + Send + Sync + 'static) {
        lock(&self.0).push(Box::new(observer));
    }

    pub(super) fn notify(&self, run: &FlushRun) {
        for observer in &*lock(&self.0) {
            observer(run);
        }
    }
}

impl fmt::Debug for FlushObservers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FlushObservers({})", lock(&self.0).len())
    }
}
