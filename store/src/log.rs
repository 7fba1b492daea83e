// SPDX-License-Identifier: Apache-2.0

//! [`ObjectStoreLog`]: a store in a log of changes on an object store, shared by many processes.
//!
//! `objects` names, reads and writes single objects, and `client` holds the state of this process.
//! Three files implement the operations: `catch_up` reads the changes of other processes, `append`
//! writes a change, and `checkpoints` limits the length of the log.
//!
//! # Invariants
//! - An entry is created and never overwritten. It contains the checksum of the preceding entry.
//! - If two processes write the same sequence number, one of them fails. It reads the entry of the
//!   other, checks the preconditions of its operation again, and tries the next number.
//! - An entry is deleted only if two checkpoints contain it, and from then on at least two do.
//!   `catch_up` explains why.

mod append;
mod catch_up;
mod checkpoints;
mod client;
mod objects;
mod options;

use std::path::Path as FilePath;
use std::sync::Arc;

use async_trait::async_trait;
use kalamtable_model::TableName;
use object_store::ObjectStore;
use object_store::path::Path;

pub use self::checkpoints::CleanedUp;
use self::client::LogClient;
use self::objects::FOLDERS;
pub use self::objects::check_create;
pub use self::options::LogOptions;
use crate::damage::Damage;
use crate::definition_store::DefinitionStore;
use crate::durable_folder::DurableFolder;
use crate::error::Error;
use crate::state::StoreState;
use crate::table::{DefinitionChange, Sequence, StoredTable, TableChange, TableId};

/// A [`DefinitionStore`] that keeps its definitions in a log of changes on an object store: a local
/// folder, or a bucket. Any number of processes can share a log. Each process holds all versions of
/// all definitions in memory.
///
/// ```
/// # futures::executor::block_on(async {
/// use std::sync::Arc;
///
/// use kalamtable_store::{DefinitionStore, LogOptions, ObjectStoreLog};
/// use object_store::memory::InMemory;
/// use object_store::path::Path;
///
/// // A bucket is opened the same way, with a client of `object_store`.
/// let bucket = Arc::new(InMemory::new());
/// let log = ObjectStoreLog::open(bucket, Path::from("definitions"), LogOptions::default()).await?;
/// assert_eq!(log.count().await?, 0);
/// # Ok::<(), kalamtable_store::Error>(())
/// # }).unwrap();
/// ```
///
/// # Objects
/// Each commit is one small object, `log/{sequence:020}.json`, with one or more changes. The
/// sequence numbers are the total order of all commits: if two processes write the same number, one
/// of them fails, reads the entry of the other, checks its preconditions again, and either tries
/// the next number or returns the conflict. A checkpoint, `checkpoint/{sequence:020}.json`,
/// contains all changes up to its number, so that earlier entries can be deleted.
///
/// The object store must support `PutMode::Create`, which [`open`](Self::open) checks, and a
/// listing must contain all objects whose write has completed. The implementations for local files,
/// S3, GCS and Azure meet both requirements.
///
/// # Visibility
/// A read returns the state of the last refresh, and refreshes first if that was longer than
/// [`refresh_after`](LogOptions::refresh_after) ago. A write always refreshes first. After a write
/// has returned, every later read of the same `ObjectStoreLog` sees the change. If a refresh fails
/// because the object store is not reachable, the read fails; it never returns a state that is
/// older than the options allow.
///
/// # Crashes
/// A change is in the log before the write returns, and is written atomically. A process that dies
/// leaves at most one change that was committed without a response to the caller, and temporary
/// files that [`clean_up`](ObjectStoreLog::clean_up) deletes. [`open_folder`](Self::open_folder)
/// also syncs every write to the disk. A `LocalFileSystem` that is passed to [`open`](Self::open)
/// does not.
///
/// # Damage
/// An object that was truncated or modified, or that is missing although later objects exist,
/// results in an [`Error::Damaged`] that names it. Changes are never skipped.
/// - [`open`](Self::open) fails. [`open_damaged`](Self::open_damaged) returns a store with the
///   changes before the damage.
/// - In a running process, reads return the state before the damage, and
///   [`changes_since`](DefinitionStore::changes_since) returns the changes before it and then the
///   error. Writes and [`refresh`](DefinitionStore::refresh) fail until the object is repaired.
/// - A damaged checkpoint does not matter as long as an earlier checkpoint or the whole log exists.
/// - Damage that leaves no trace in other objects, such as a deletion of the last entry, is not
///   detected.
#[derive(Debug)]
pub struct ObjectStoreLog {
    client: LogClient,
}

impl ObjectStoreLog {
    /// Opens the log in a local folder. Creates the folder if it does not exist.
    ///
    /// # Errors
    /// - [`Error::Folder`] if the folder cannot be created or read.
    /// - The errors of [`open`](Self::open).
    pub async fn open_folder(
        path: impl AsRef<FilePath>,
        options: LogOptions,
    ) -> Result<Self, Error> {
        let path = path.as_ref();
        let folder = DurableFolder::open(path, &FOLDERS).map_err(|source| Error::Folder {
            path: path.to_path_buf(),
            source,
        })?;
        let folder = Arc::new(folder);
        let objects = Arc::clone(&folder) as Arc<dyn ObjectStore>;
        let client = LogClient::new(objects, Path::default(), Some(folder), options)?;
        client.refresh().await?;
        Ok(ObjectStoreLog { client })
    }

    /// Opens the log whose objects have paths below `prefix`. If no such object exists, the log is
    /// empty.
    ///
    /// Opening a log checks that the object store supports `PutMode::Create`. It tries to create
    /// the object `probe.json`, which is never deleted, and writes nothing else.
    ///
    /// # Errors
    /// - [`Error::OverwritesObjects`] if the object store ignores `PutMode::Create`.
    /// - [`Error::Damaged`] if an object is damaged.
    /// - [`Error::ObjectStore`] if the object store cannot be read.
    /// - [`Error::Random`] if the operating system does not supply a random number.
    pub async fn open(
        objects: Arc<dyn ObjectStore>,
        prefix: Path,
        options: LogOptions,
    ) -> Result<Self, Error> {
        let client = LogClient::new(objects, prefix, None, options)?;
        client.objects.check_create().await?;
        client.refresh().await?;
        Ok(ObjectStoreLog { client })
    }

    /// Opens the log like [`open`](Self::open), but does not fail if an object is damaged. Returns
    /// the store, and the damage, or `None` if no object is damaged. The store of a damaged log can
    /// be read, and has the changes before the damage. Writes fail with [`Error::Damaged`].
    ///
    /// # Errors
    /// - [`Error::OverwritesObjects`] if the object store ignores `PutMode::Create`.
    /// - [`Error::ObjectStore`] if the object store cannot be read.
    /// - [`Error::Random`] if the operating system does not supply a random number.
    pub async fn open_damaged(
        objects: Arc<dyn ObjectStore>,
        prefix: Path,
        options: LogOptions,
    ) -> Result<(Self, Option<Arc<Damage>>), Error> {
        let client = LogClient::new(objects, prefix, None, options)?;
        client.objects.check_create().await?;
        let damage = match client.refresh().await {
            Ok(_) => None,
            Err(Error::Damaged(damage)) => Some(damage),
            Err(error) => return Err(error),
        };
        Ok((ObjectStoreLog { client }, damage))
    }

    /// Writes a checkpoint of all changes, and returns the number of the last change. Opening a log
    /// reads the newest checkpoint and the entries after it, so a recent checkpoint makes opening
    /// faster.
    ///
    /// Nothing is written if the log is empty, or if an undamaged checkpoint with that number
    /// exists.
    ///
    /// # Errors
    /// - [`Error::TooLarge`] if the checkpoint would exceed
    ///   [`max_checkpoint_bytes`](LogOptions::max_checkpoint_bytes).
    /// - [`Error::Damaged`] if an object is damaged.
    /// - [`Error::ObjectStore`] if the object store cannot be read or written.
    pub async fn checkpoint(&self) -> Result<Sequence, Error> {
        self.client.checkpoint().await
    }

    /// Deletes the objects that are no longer needed. Keeps the two newest readable checkpoints,
    /// and the entries and checkpoints after the older one of the two. If fewer than two
    /// checkpoints can be read, deletes only temporary files.
    ///
    /// Any number of processes may clean up while others read and write.
    ///
    /// # Errors
    /// If it fails, some of the objects may have been deleted.
    /// - [`Error::Damaged`] if an object is damaged.
    /// - [`Error::ObjectStore`] if the object store cannot be read or written.
    /// - [`Error::Folder`] if temporary files cannot be listed or deleted.
    pub async fn clean_up(&self) -> Result<CleanedUp, Error> {
        self.client.clean_up().await
    }
}

#[async_trait]
impl DefinitionStore for ObjectStoreLog {
    async fn get(&self, id: TableId) -> Result<Option<StoredTable>, Error> {
        self.client.read(|state| state.get(id)).await
    }

    async fn get_version(&self, id: TableId, version: u32) -> Result<Option<StoredTable>, Error> {
        // A version never changes, so a known one needs no refresh.
        let known = self.client.view().replica.state().get_version(id, version);
        match known {
            Some(table) => Ok(Some(table)),
            None => {
                let read = self.client.read(|state| state.get_version(id, version));
                read.await
            }
        }
    }

    async fn find(&self, name: &TableName) -> Result<Option<TableId>, Error> {
        self.client.read(|state| state.find(name)).await
    }

    async fn list(&self) -> Result<Vec<StoredTable>, Error> {
        self.client.read(StoreState::list).await
    }

    async fn list_versions(&self) -> Result<Vec<StoredTable>, Error> {
        self.client.read(StoreState::list_versions).await
    }

    async fn count(&self) -> Result<usize, Error> {
        self.client.read(StoreState::count).await
    }

    async fn commit(&self, changes: Vec<TableChange>) -> Result<Vec<StoredTable>, Error> {
        self.client.append(&changes).await
    }

    async fn history(&self, id: TableId) -> Result<Vec<StoredTable>, Error> {
        self.client.read(|state| state.history(id)).await
    }

    /// Returns the changes before the damage, if an object is damaged. Fails with
    /// [`Error::Damaged`] only if `sequence` is the last of them, so that a consumer stops there.
    async fn changes_since(&self, sequence: Sequence) -> Result<Vec<DefinitionChange>, Error> {
        self.client.refresh_if_due().await?;
        let view = self.client.view();
        let changes = view.replica.state().changes_since(sequence);
        match &view.damage {
            Some(damage) if changes.as_ref().map_or(true, Vec::is_empty) => {
                Err(Error::Damaged(Arc::clone(damage)))
            }
            _ => changes,
        }
    }

    async fn last_sequence(&self) -> Result<Sequence, Error> {
        self.client.read(StoreState::last_sequence).await
    }

    async fn refresh(&self) -> Result<Sequence, Error> {
        self.client.refresh().await
    }
}
