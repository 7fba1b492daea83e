// SPDX-License-Identifier: Apache-2.0

//! [`ObjectStoreLog`]: a log of changes on an object store, which many processes share.
//!
//! Who asks what is here; `objects` knows the names and limits of objects, `catch_up` reads what
//! others wrote, `append` writes, `checkpoints` keeps the log short.

mod append;
mod catch_up;
mod checkpoints;
mod objects;

use std::num::NonZeroU64;
use std::path::Path as FilePath;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use kalamtable_model::{TableDefinition, TableName};
use object_store::ObjectStore;
use object_store::path::Path;

pub use self::checkpoints::CleanedUp;
use self::objects::Objects;
use crate::checksum::hex;
use crate::folder::Folder;
use crate::replica::Replica;
use crate::state::{Operation, State};
use crate::{Damage, DefinitionChange, DefinitionStore, Error, Sequence, StoredTable, TableId};

/// How an [`ObjectStoreLog`] behaves. Processes that share a log may differ in it.
///
/// ```
/// use std::time::Duration;
/// use kalamtable_store::LogOptions;
///
/// let options = LogOptions {
///     refresh_after: Some(Duration::from_millis(200)),
///     ..LogOptions::default()
/// };
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogOptions {
    /// A read looks for changes of other processes if the last look began this long ago or earlier: so
    /// a change is seen everywhere within this time. Zero: each read looks. None: reads never look,
    /// only writes and [`refresh`](DefinitionStore::refresh) do. A second unless it is said.
    pub refresh_after: Option<Duration>,
    /// A write makes a checkpoint if the newest one is this many changes old or older; none if they
    /// are only made by [`checkpoint`](ObjectStoreLog::checkpoint). 256 unless it is said.
    pub checkpoint_every: Option<NonZeroU64>,
    /// The most bytes of one change that are read, and written. 8 MiB unless it is said.
    pub max_entry_bytes: u64,
    /// The most bytes of one checkpoint that are read, and written. 1 GiB unless it is said.
    pub max_checkpoint_bytes: u64,
}

impl Default for LogOptions {
    fn default() -> Self {
        LogOptions {
            refresh_after: Some(Duration::from_secs(1)),
            checkpoint_every: NonZeroU64::new(256),
            max_entry_bytes: 8 << 20,
            max_checkpoint_bytes: 1 << 30,
        }
    }
}

/// Definitions in a log of changes on an object store: a folder, or a bucket. Any number of processes
/// share one; each has every definition in memory.
///
/// # What is written
/// One small object per change, `log/{sequence:020}.json`, which is only ever created: of two who
/// write the same number one is refused, reads what the other wrote, looks at its own precondition
/// again, and tries the next number or reports the conflict. So the numbers are the one order of all
/// changes. `checkpoint/{sequence:020}.json` holds all changes up to one, so that the log before it
/// can be deleted. The object store has to support `PutMode::Create`, and to list at once what was
/// put; those of files, S3, GCS and Azure do.
///
/// # What is seen when
/// Reads serve the state of the last look at the log, and look again when
/// [`refresh_after`](LogOptions::refresh_after) has passed. Writes always look first, and what they
/// acknowledge is seen by every later read of the same `ObjectStoreLog`. If a look fails because the
/// object store cannot be reached, the read fails: it is not answered from a state that is too old.
///
/// # Crashes
/// A change is in the log before it is acknowledged, and appears there whole or not at all. A process
/// that dies leaves at most a change that was made but not acknowledged, and files that nobody reads
/// until [`clean_up`](ObjectStoreLog::clean_up) deletes them. [`open_folder`](Self::open_folder) also
/// sees to it that the disk has what was acknowledged; a `LocalFileSystem` given to
/// [`open`](Self::open) does not.
///
/// # Damage
/// An object that is cut off, altered or missing while there are later ones is an [`Error::Damaged`]
/// that names it; nothing is skipped. [`open`](Self::open) fails then, and
/// [`open_damaged`](Self::open_damaged) reads what came before. In a process that runs, reads go on
/// serving what came before, [`changes_since`](DefinitionStore::changes_since) stops there with the
/// error, and writes and [`refresh`](DefinitionStore::refresh) fail until it is repaired. A damaged
/// checkpoint alone does no harm while the one before it, or the whole log, is there. What no later
/// object tells of, such as that the last change was deleted, is not noticed.
#[derive(Debug)]
pub struct ObjectStoreLog {
    objects: Objects,
    /// To sweep, if this process opened it as a folder.
    folder: Option<Arc<Folder>>,
    options: LogOptions,
    /// Held by whoever looks at the log or writes it: this process does one thing at a time.
    gate: futures::lock::Mutex<Gate>,
    /// Held for moments only, never while something is awaited.
    view: RwLock<View>,
}

/// What only the holder of the gate uses.
#[derive(Debug)]
struct Gate {
    /// Random, so that no two processes have the same.
    process: String,
    /// How many times this process tried to write.
    attempts: u64,
    /// The newest checkpoint that was seen.
    checkpoint: Sequence,
}

/// What reads are answered from.
#[derive(Debug, Default)]
struct View {
    replica: Replica,
    /// When the last look at the log that told everything began.
    looked: Option<Instant>,
    /// What stopped the last look.
    damage: Option<Arc<Damage>>,
}

impl ObjectStoreLog {
    /// Opens the log in a folder of this machine, which is made if it is not there.
    ///
    /// # Errors
    /// [`Error::Folder`] if it cannot be made or read; else as [`open`](Self::open).
    pub async fn open_folder(
        path: impl AsRef<FilePath>,
        options: LogOptions,
    ) -> Result<Self, Error> {
        let path = path.as_ref();
        let folder = Folder::open(path, &objects::FOLDERS).map_err(|source| Error::Folder {
            path: path.to_path_buf(),
            source,
        })?;
        let folder = Arc::new(folder);
        let objects = Arc::clone(&folder) as Arc<dyn ObjectStore>;
        let log = Self::new(objects, Path::default(), Some(folder), options)?;
        log.refresh().await?;
        Ok(log)
    }

    /// Opens the log whose objects are below `prefix`. Nothing is written until something changes.
    ///
    /// # Errors
    /// [`Error::Damaged`]; [`Error::ObjectStore`].
    pub async fn open(
        objects: Arc<dyn ObjectStore>,
        prefix: Path,
        options: LogOptions,
    ) -> Result<Self, Error> {
        let log = Self::new(objects, prefix, None, options)?;
        log.refresh().await?;
        Ok(log)
    }

    /// As [`open`](Self::open), but if something is damaged, opens what came before it for reading,
    /// and says what is damaged.
    ///
    /// # Errors
    /// [`Error::ObjectStore`].
    pub async fn open_damaged(
        objects: Arc<dyn ObjectStore>,
        prefix: Path,
        options: LogOptions,
    ) -> Result<(Self, Option<Arc<Damage>>), Error> {
        let log = Self::new(objects, prefix, None, options)?;
        match log.refresh().await {
            Ok(_) => Ok((log, None)),
            Err(Error::Damaged(damage)) => Ok((log, Some(damage))),
            Err(error) => Err(error),
        }
    }

    fn new(
        store: Arc<dyn ObjectStore>,
        prefix: Path,
        folder: Option<Arc<Folder>>,
        options: LogOptions,
    ) -> Result<Self, Error> {
        let mut process = [0; 16];
        getrandom::fill(&mut process)?;
        Ok(ObjectStoreLog {
            objects: Objects::new(store, prefix, &options),
            folder,
            options,
            gate: futures::lock::Mutex::new(Gate {
                process: hex(&process),
                attempts: 0,
                checkpoint: Sequence::START,
            }),
            view: RwLock::default(),
        })
    }

    /// Looks at the log if it is time to.
    async fn refresh_if_due(&self) -> Result<(), Error> {
        let Some(after) = self.options.refresh_after else {
            return Ok(());
        };
        let asked = Instant::now();
        if !self.is_due(asked, after) {
            return Ok(());
        }
        let mut gate = self.gate.lock().await;
        // A look that began since is as good as one's own.
        if !self.is_due(asked, after) {
            return Ok(());
        }
        match self.catch_up(&mut gate).await {
            // What came before is served.
            Err(Error::Damaged(_)) => Ok(()),
            result => result,
        }
    }

    fn is_due(&self, asked: Instant, after: Duration) -> bool {
        let looked = self.view().looked;
        looked.is_none_or(|looked| looked + after <= asked)
    }

    // A view is replaced or extended whole, so one behind a poisoned lock is sound.
    fn view(&self) -> RwLockReadGuard<'_, View> {
        self.view.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn view_mut(&self) -> RwLockWriteGuard<'_, View> {
        self.view.write().unwrap_or_else(PoisonError::into_inner)
    }

    async fn read<T>(&self, question: impl FnOnce(&State) -> T) -> Result<T, Error> {
        self.refresh_if_due().await?;
        Ok(question(self.view().replica.state()))
    }
}

#[async_trait]
impl DefinitionStore for ObjectStoreLog {
    async fn get(&self, id: TableId) -> Result<Option<StoredTable>, Error> {
        self.read(|state| state.get(id)).await
    }

    async fn get_version(&self, id: TableId, version: u32) -> Result<Option<StoredTable>, Error> {
        // Versions never change: one that is known needs no look.
        let known = self.view().replica.state().get_version(id, version);
        match known {
            Some(table) => Ok(Some(table)),
            None => self.read(|state| state.get_version(id, version)).await,
        }
    }

    async fn find(&self, name: &TableName) -> Result<Option<TableId>, Error> {
        self.read(|state| state.find(name)).await
    }

    async fn list(&self) -> Result<Vec<StoredTable>, Error> {
        self.read(State::list).await
    }

    async fn list_versions(&self) -> Result<Vec<StoredTable>, Error> {
        self.read(State::list_versions).await
    }

    async fn count(&self) -> Result<usize, Error> {
        self.read(State::count).await
    }

    async fn create(&self, definition: TableDefinition) -> Result<StoredTable, Error> {
        self.append(Operation::Create { definition }).await
    }

    async fn replace(
        &self,
        id: TableId,
        expected: u32,
        definition: TableDefinition,
    ) -> Result<StoredTable, Error> {
        self.append(Operation::Replace {
            id,
            expected,
            definition,
        })
        .await
    }

    async fn drop_table(&self, id: TableId, expected: u32) -> Result<Sequence, Error> {
        let dropped = self.append(Operation::Drop { id, expected }).await?;
        Ok(dropped.sequence)
    }

    async fn history(&self, id: TableId) -> Result<Vec<StoredTable>, Error> {
        self.read(|state| state.history(id)).await
    }

    /// Up to what is damaged, and then the error: a cursor stops there.
    async fn changes_since(&self, sequence: Sequence) -> Result<Vec<DefinitionChange>, Error> {
        self.refresh_if_due().await?;
        let view = self.view();
        let changes = view.replica.state().changes_since(sequence);
        match &view.damage {
            Some(damage) if changes.as_ref().map_or(true, Vec::is_empty) => {
                Err(Error::Damaged(Arc::clone(damage)))
            }
            _ => changes,
        }
    }

    async fn last_sequence(&self) -> Result<Sequence, Error> {
        self.read(State::last_sequence).await
    }

    async fn refresh(&self) -> Result<Sequence, Error> {
        let mut gate = self.gate.lock().await;
        self.catch_up(&mut gate).await?;
        Ok(self.view().replica.last())
    }
}
