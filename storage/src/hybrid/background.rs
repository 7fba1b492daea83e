// SPDX-License-Identifier: Apache-2.0

//! [`FlushThread`]: flushes a storage in the background, by the size and the age of its log.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::shared::SharedStorage;
use crate::error::StorageError;

/// The time after a failed flush until the next one. It doubles with each further failure.
const FIRST_RETRY: Duration = Duration::from_secs(1);
/// The maximum time after a failed flush until the next one.
const LAST_RETRY: Duration = Duration::from_secs(60);

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
            self.changed.notify_one();
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
        self.lock().is_full = is_full;
    }

    fn lock(&self) -> MutexGuard<'_, SignalState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The thread that flushes a storage. It ends when the value is dropped.
#[derive(Debug)]
pub(super) struct FlushThread {
    shared: Arc<SharedStorage>,
    thread: Option<JoinHandle<()>>,
}

impl FlushThread {
    pub(super) fn start(shared: &Arc<SharedStorage>) -> Result<Self, StorageError> {
        let own = Arc::clone(shared);
        let thread = thread::Builder::new()
            .name("kalamtable-flush".to_string())
            .spawn(move || run(&own))
            .map_err(StorageError::Thread)?;
        Ok(FlushThread {
            shared: Arc::clone(shared),
            thread: Some(thread),
        })
    }
}

impl Drop for FlushThread {
    fn drop(&mut self) {
        let signal = &self.shared.signal;
        signal.lock().is_stopped = true;
        signal.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            // It has no result, and its panics are caught.
            let _ = thread.join();
        }
    }
}

fn run(shared: &SharedStorage) {
    let mut retry: Option<Duration> = None;
    while wait(shared, retry) {
        // A panic must not end the thread silently.
        let flushed = catch_unwind(AssertUnwindSafe(|| shared.flush()));
        retry = match flushed {
            Ok(Ok(_)) => None,
            Ok(Err(_)) => Some(longer(retry)),
            Err(_) => {
                shared.flush_panicked();
                Some(longer(retry))
            }
        };
        if retry.is_some() {
            shared.signal.appended(false);
        }
    }
}

fn longer(retry: Option<Duration>) -> Duration {
    retry.map_or(FIRST_RETRY, |retry| (retry * 2).min(LAST_RETRY))
}

/// Waits until the storage has to be flushed. Returns `false` if the thread has to end.
fn wait(shared: &SharedStorage, retry: Option<Duration>) -> bool {
    let signal = &shared.signal;
    let failed_at = retry.map(|retry| (Instant::now(), retry));
    let mut state = signal.lock();
    loop {
        if state.is_stopped {
            return false;
        }
        let rest = match (failed_at, state.oldest) {
            (Some((at, retry)), _) => Some(retry.saturating_sub(at.elapsed())),
            (None, Some(_)) if state.is_full => return true,
            (None, Some(oldest)) => Some(shared.flush_interval.saturating_sub(oldest.elapsed())),
            (None, None) => None,
        };
        state = match rest {
            Some(Duration::ZERO) => return true,
            Some(rest) => {
                let waited = signal.changed.wait_timeout(state, rest);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
            None => {
                let waited = signal.changed.wait(state);
                waited.unwrap_or_else(PoisonError::into_inner)
            }
        };
    }
}
