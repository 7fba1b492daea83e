// SPDX-License-Identifier: Apache-2.0

//! [`FlushThread`]: flushes a storage in the background, by the size and the age of its log.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::shared::SharedStorage;
use crate::error::StorageError;

/// The time after a failed flush until the next one. It doubles with each further failure.
const FIRST_RETRY: Duration = Duration::from_secs(1);
/// The maximum time after a failed flush until the next one.
const LAST_RETRY: Duration = Duration::from_secs(60);

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
        self.shared.signal.stop();
        if let Some(thread) = self.thread.take() {
            // It has no result, and its panics are caught.
            let _ = thread.join();
        }
    }
}

fn run(shared: &SharedStorage) {
    let mut retry: Option<Duration> = None;
    while shared.signal.wait(shared.flush_interval, retry) {
        // A panic must not end the thread.
        let flushed = catch_unwind(AssertUnwindSafe(|| shared.flush()));
        retry = match flushed {
            Ok(Ok(_)) => None,
            Ok(Err(_)) | Err(_) => Some(longer(retry)),
        };
    }
}

fn longer(retry: Option<Duration>) -> Duration {
    retry.map_or(FIRST_RETRY, |retry| (retry * 2).min(LAST_RETRY))
}
