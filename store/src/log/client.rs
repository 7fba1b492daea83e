// SPDX-License-Identifier: Apache-2.0

//! [`LogClient`]: one process's connection to a log, with the state that the log had at the last
//! refresh. The files beside this one implement its operations.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Instant;

use futures::lock::{Mutex, MutexGuard};
use object_store::ObjectStore;
use object_store::path::Path;

use crate::checksum::hex;
use crate::damage::Damage;
use crate::durable_folder::DurableFolder;
use crate::error::Error;
use crate::log::objects::LogObjects;
use crate::log::options::LogOptions;
use crate::replica::Replica;
use crate::table::Sequence;

#[derive(Debug)]
pub(crate) struct LogClient {
    pub(super) objects: LogObjects,
    /// The folder of `objects`, if this process opened the log as a folder.
    pub(super) folder: Option<Arc<DurableFolder>>,
    pub(super) options: LogOptions,
    /// Locked while the log is read or written, so that this process does one at a time.
    session: Mutex<LogSession>,
    /// Never locked across an `await`.
    view: RwLock<LogView>,
}

/// The state that is only used while the log is read or written.
#[derive(Debug)]
pub(super) struct LogSession {
    /// A random number in hexadecimal, unique to this process.
    process: String,
    /// The number of entries that this process has tried to write.
    attempts: u64,
    /// The newest checkpoint that was listed.
    pub(super) checkpoint: Sequence,
}

impl LogSession {
    /// Returns the name of the next attempt to write an entry, which no other attempt of any
    /// process has.
    pub(super) fn next_writer(&mut self) -> String {
        self.attempts += 1;
        format!("{}-{}", self.process, self.attempts)
    }
}

/// The state that reads return.
#[derive(Debug, Default)]
pub(super) struct LogView {
    pub(super) replica: Replica,
    /// The start of the last refresh that read the whole log, or all of it before the damage.
    pub(super) refreshed_at: Option<Instant>,
    /// The damage that ended the last refresh.
    pub(super) damage: Option<Arc<Damage>>,
}

impl LogClient {
    pub(super) fn new(
        store: Arc<dyn ObjectStore>,
        prefix: Path,
        folder: Option<Arc<DurableFolder>>,
        options: LogOptions,
    ) -> Result<Self, Error> {
        let mut process = [0; 16];
        getrandom::fill(&mut process)?;
        Ok(LogClient {
            objects: LogObjects::new(store, prefix, &options),
            folder,
            options,
            session: Mutex::new(LogSession {
                process: hex(&process),
                attempts: 0,
                checkpoint: Sequence::START,
            }),
            view: RwLock::default(),
        })
    }

    pub(super) async fn session(&self) -> MutexGuard<'_, LogSession> {
        self.session.lock().await
    }

    // A view is replaced or extended as a whole, so the one in a poisoned lock is valid.
    pub(super) fn view(&self) -> RwLockReadGuard<'_, LogView> {
        self.view.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn view_mut(&self) -> RwLockWriteGuard<'_, LogView> {
        self.view.write().unwrap_or_else(PoisonError::into_inner)
    }
}
