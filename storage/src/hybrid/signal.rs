// SPDX-License-Identifier: Apache-2.0

//! [`FlushSignal`]: tells the thread in the background when a storage has to be flushed.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Tells the thread when to flush.
#[derive(Debug, Default)]
pub(super) struct FlushSignal {
    state: Mutex<SignalState>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct SignalState {
    /// The time at which the oldest entry was appended that is not flushed.
    oldest: Option<Instant>,
    /// Whether the log has reached the size at which it is flushed.
    is_full: bool,
    is_stopped: bool,
    /// Whether the last flush failed.
    has_failed: bool,
}

impl FlushSignal {
    /// Reports that the log has entries that are not flushed.
    pub(super) fn appended(&self, is_full: bool) {
        let mut state = self.lock();
        let is_first = state.oldest.is_none();
        state.oldest.get_or_insert_with(Instant::now);
        let is_news = is_first || (is_full && !state.is_full);
        state.is_full |= is_full;
        drop(state);
        if is_news {
            self.changed.notify_all();
        }
    }

    /// Reports that a flush begins. Entries that are appended from now on are for the next one.
    pub(super) fn flush_begins(&self) {
        let mut state = self.lock();
        state.oldest = None;
        state.is_full = false;
    }

    /// Reports that a flush has succeeded, and whether the log has reached the size at which it is
    /// flushed again.
    pub(super) fn flush_ends(&self, is_full: bool) {
        let mut state = self.lock();
        state.is_full = is_full;
        state.has_failed = false;
        drop(state);
        self.changed.notify_all();
    }

    /// Reports that a call that flushes has succeeded, possibly without a flush.
    pub(super) fn flush_succeeded(&self) {
        self.lock().has_failed = false;
        self.changed.notify_all();
    }

    /// Reports that a flush has failed. Its entries are still to be flushed.
    pub(super) fn flush_failed(&self) {
        self.appended(false);
        self.lock().has_failed = true;
        self.changed.notify_all();
    }

    /// Waits for flushes while `is_full` returns true. Returns `false` if the last flush has
    /// failed, or if no flush follows.
    pub(super) fn wait_for_flush(&self, is_full: impl Fn() -> bool) -> bool {
        let mut state = self.lock();
        while is_full() {
            if !state.is_full {
                state.is_full = true;
                state.oldest.get_or_insert_with(Instant::now);
                self.changed.notify_all();
            }
            if state.is_stopped || state.has_failed {
                return false;
            }
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        true
    }

    /// Ends the waiting of the thread.
    pub(super) fn stop(&self) {
        self.lock().is_stopped = true;
        self.changed.notify_all();
    }

    /// Waits until the storage has to be flushed: for a while after a failed flush, and otherwise
    /// until the log is full or its oldest entry has an age. Returns `false` if the thread has to
    /// end.
    pub(super) fn wait(&self, max_age: Duration, retry: Option<Duration>) -> bool {
        let failed_at = retry.map(|retry| (Instant::now(), retry));
        let mut state = self.lock();
        loop {
            if state.is_stopped {
                return false;
            }
            let rest = match (failed_at, state.oldest) {
                (Some((at, retry)), _) => Some(retry.saturating_sub(at.elapsed())),
                (None, Some(_)) if state.is_full => return true,
                (None, Some(oldest)) => Some(max_age.saturating_sub(oldest.elapsed())),
                (None, None) => None,
            };
            state = match rest {
                Some(Duration::ZERO) => return true,
                Some(rest) => {
                    let waited = self.changed.wait_timeout(state, rest);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                None => {
                    let waited = self.changed.wait(state);
                    waited.unwrap_or_else(PoisonError::into_inner)
                }
            };
        }
    }

    fn lock(&self) -> MutexGuard<'_, SignalState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
